"""`quiz_01`; its questions stand in the notebook."""

from grader.spec import Question, quiz

QUIZ_01 = quiz(
    "quiz_01",
    "01_gradients",
    (
        Question(
            "q1",
            "where the gradient points",
            "c",
            {
                "a": "Only where the contours are circles does the gradient lie on the line through the minimum. In a "
                "ravine it points across to the other wall.",
                "b": "Along the contour the loss does not change at all: that is what a contour is. The gradient "
                "stands at right angles to it.",
                "d": "That is minus the gradient. The gradient itself points where the loss rises fastest; "
                "the minus sign in gradient descent turns it round.",
            },
        ),
        Question(
            "q2",
            "halving the step of a central difference",
            "b",
            {
                "a": "That is the forward difference, whose error goes like h. The central one goes like h squared: "
                "looking both ways cancels the first term of the error.",
                "c": "A factor of 8 would be an error like h cubed. That term cancels by symmetry only for h; "
                "the h squared term stays.",
                "d": "Rounding takes over only when h is very small, near 0.00001 and below. At h = 0.1 the error is "
                "the formula's own, and it shrinks.",
            },
        ),
        Question(
            "q3",
            "float32 in a gradient check",
            "d",
            {
                "a": "Speed is a reason for float32 in training. In a gradient check it is no concern: "
                "you check a few entries, once.",
                "b": "A float32 reaches to 10 to the power 38; nothing overflows here. What it lacks is digits.",
                "c": "The formula's own error (h squared) is the same in both. What differs is how many digits of the "
                "two values are right.",
            },
        ),
        Question(
            "q4",
            "a first loss that is too high",
            "a",
            {
                "b": "An untrained model knows nothing, and the loss of knowing nothing is log 100 = 4.6, however many "
                "steps follow. 12 is worse than knowing nothing, before the first step.",
                "c": "The learning rate has done nothing yet: this is the loss before the first step.",
                "d": "Few classes would make chance better than log 100, not worse. A loss above log K means confident "
                "mistakes.",
            },
        ),
        Question(
            "q5",
            "one entry fails near a kink",
            "b",
            {
                "a": "It may be right. The numerical gradient mixes the slopes left and right of the kink when it lies "
                "within h: there, the difference is the one to mistrust.",
                "c": "A tolerance of 0.5 would pass nearly every wrong gradient as well. Move the point, not the bar.",
                "d": "In float64, rounding is smaller. Here the two values lie on different branches of the function; "
                "more digits do not change that.",
            },
        ),
    ),
)

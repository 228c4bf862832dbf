"""`quiz_01`; its questions stand in the notebook."""

from grader.spec import Question, quiz

QUIZ_01 = quiz(
    "quiz_01",
    "01_gradients",
    (
        Question(
            "q1",
            "a step along a contour",
            "c",
            {
                "a": "That step goes along the gradient: J rises by 3 times 0.0006 plus 4 times 0.0008, which is "
                "0.005, the most that a step of this length can bring.",
                "b": "That step goes against the gradient, and J falls by 0.005. It is the step of gradient descent.",
                "d": "To first order J changes by the gradient times the step. There is a direction in which this "
                "product is 0: along the contour, at right angles to the gradient.",
            },
        ),
        Question(
            "q2",
            "halving the step of a central difference",
            "b",
            {
                "a": "That is the forward difference, whose error goes like h. The central one goes like h squared: "
                "looking both ways cancels the first term of the error.",
                "c": "A factor of 8 would be an error like h cubed. By symmetry all odd powers of h cancel, and the "
                "first that stays is h squared.",
                "d": "Rounding takes over only when h is very small, near 0.00001 and below. At h = 0.1 the error is "
                "the formula's own, and it shrinks.",
            },
        ),
        Question(
            "q3",
            "the gradient of cross-entropy",
            "d",
            {
                "a": "Those are the probabilities p, what the model believes. The gradient is p - y: take 1 away at "
                "the right class.",
                "b": "The sign is turned round. A larger logit for the right class makes the loss smaller, so its "
                "entry is below 0: p - y, not y - p.",
                "c": "That is -y alone, without what the model believes: p is 1/3 for each class. And each row of the "
                "gradient sums to 0.",
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
            "a few entries fail near a kink",
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

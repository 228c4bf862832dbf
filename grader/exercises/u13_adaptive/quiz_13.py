"""The quiz; its questions stand in the notebook."""

from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Question, quiz

QUIZ_13 = quiz(
    "quiz_13",
    UNIT,
    (
        Question(
            "q1",
            "who loads fewer bytes",
            answer="b",
            wrong={
                "a": "Two of them do. An array with zeros has as many entries as before, and each takes its four "
                "bytes.",
                "c": "Fewer channels are fewer bytes, that is right. But a number of one byte is also loaded four "
                "times as fast as one of four, whatever it is multiplied as afterwards.",
                "d": "A zero in an array takes its four bytes like any other number: the first colleague loads as "
                "much as before.",
            },
        ),
        Question(
            "q2",
            "what to ask a paper for",
            answer="c",
            wrong={
                "a": "A larger network would be another experiment. In this one, one side may have been held back.",
                "b": "More seeds tell how far chance reaches. A rate that suits one side only is no chance: it favours "
                "this side for every seed.",
                "d": "It does not tell whether the comparison is fair: both sides may fit their training images badly "
                "or well at a rate that suits only one.",
            },
        ),
        Question(
            "q3",
            "numbers of one copy of three",
            answer="a",
            wrong={
                "b": "With a ReLU this would preserve the function, but the units would be no copies: what comes in "
                "stays as it is, and what goes out is shared.",
                "c": "Both sides are divided here, so the three together send a third of what one sent.",
                "d": "Three copies with whole outgoing weights send three times as much on.",
            },
        ),
        Question(
            "q4",
            "copies under dropout",
            answer="b",
            wrong={
                "a": "On average over many steps both are treated alike; in one step they are not, and a step's change "
                "stays.",
                "c": "Evaluated, where nothing is dropped, the function is what it was. The question is what training "
                "does.",
                "d": "A dropped unit gets no gradient at all in this step: neither its weights nor its bias.",
            },
        ),
        Question(
            "q5",
            "which way the alphas move",
            answer="b",
            wrong={
                "a": "How large a share is does not say whether it helps. s does: more of the first operation raises "
                "the loss.",
                "c": "That is the other turn. In the alphas' own step the weights stand still, and the alphas move.",
                "d": "Shares sum to 1: one of them cannot fall without the other rising.",
            },
        ),
        Question(
            "q6",
            "what to report of a threshold",
            answer="d",
            wrong={
                "a": "That is what was aimed at on other images. What it gave on images that chose nothing is the "
                "result.",
                "b": "Then the test images have chosen, and nobody is left to say what the choice is worth.",
                "c": "Taking the better of two numbers is choosing by them.",
            },
        ),
    ),
)

"""The quiz; its questions stand in the notebook."""

from grader.exercises.u05_adam.common import UNIT
from grader.spec import Question, quiz

QUIZ_05 = quiz(
    "quiz_05",
    UNIT,
    (
        Question(
            "q1",
            "the first step without bias correction",
            answer="c",
            wrong={
                "a": "It would be so if both averages were short by the same factor. m is short by 0.1, and the root "
                "of v by the root of 0.001, which is 0.03.",
                "b": "That is m alone. But v is too small as well, and it stands below the fraction bar.",
                "d": "By itself v would make the step 31.6 times too long, but m, ten times too small, takes most of "
                "that back.",
            },
        ),
        Question(
            "q2",
            "Adam's steps when the loss is multiplied by 1,000",
            answer="a",
            wrong={
                "b": "That is what plain descent does. Adam divides m, a thousand times as large, by the root of v, "
                "also a thousand times as large.",
                "c": "True, v grows by a million, but its root divides, and that grows by a thousand, as m does.",
                "d": "While gradients are far above eps, eps does not count, at the first step or at any other.",
            },
        ),
        Question(
            "q3",
            "where Adam's steps become shorter than alpha",
            answer="d",
            wrong={
                "a": "The size of a gradient cancels while it stays the same: m^ and the root of v^ both have it.",
                "b": "The size of a gradient cancels, large or small, as long as it is far above eps.",
                "c": "The correction is there so that this does not happen: from the first step on, a constant "
                "gradient makes steps of alpha.",
            },
        ),
        Question(
            "q4",
            "AdamW against L2 in Adam",
            answer="b",
            wrong={
                "a": "In plain gradient descent they are the same up to a factor. In Adam the gradient is divided by "
                "its own size, and a decay inside it is divided along.",
                "c": "The other way round: L2 in Adam is divided by the root of v^, so large gradients weaken it. "
                "AdamW's decay never meets v.",
                "d": "Both leave m, v and the gradient in place; they differ only in where the decay enters.",
            },
        ),
        Question(
            "q5",
            "a fair comparison of two optimizers",
            answer="c",
            wrong={
                "a": "One alpha means something else in each: SGD's step is alpha times the gradient, Adam's about "
                "alpha. An alpha that suits one is far off for the other.",
                "b": "Defaults were chosen by somebody for something else, and for SGD there is none at all. That "
                "compares defaults, not methods.",
                "d": "Then you compare one lucky run with one unlucky run. Several seeds show how large the luck is.",
            },
        ),
    ),
)

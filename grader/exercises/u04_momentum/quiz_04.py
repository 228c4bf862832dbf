"""The quiz; its questions stand in the notebook."""

from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Question, quiz

QUIZ_04 = quiz(
    "quiz_04",
    UNIT,
    (
        Question(
            "q1",
            "the first averages of a series around 10",
            answer="b",
            wrong={
                "a": "That would be so if the average started at the first value. It starts at 0, and its first value "
                "is 0.9 * 0 + 0.1 * 10 = 1.",
                "c": "A long memory makes the average slow, not noisy: the more values it spreads over, the less each "
                "of them shakes it.",
                "d": "It does come near 10 in the end: the weights add up to 1 - 0.9^t, which goes to 1. It is only "
                "the young average that is short.",
            },
        ),
        Question(
            "q2",
            "going from plain descent to momentum 0.9",
            answer="c",
            wrong={
                "a": "With the same learning rate, steps along a lasting slope become ten times as long. The old "
                "learning rate was tuned for steps of one gradient each.",
                "b": "It is the other way round: in torch's convention momentum lengthens the steps, so the learning "
                "rate that gives the same pace is smaller.",
                "d": "The factor beta multiplies the velocity and not the learning rate; what it does to a lasting "
                "slope is the geometric series 1 + 0.9 + 0.81 + ... = 10.",
            },
        ),
        Question(
            "q3",
            "which code notices a drop of the learning rate late",
            answer="a",
            wrong={
                "b": "Here lr multiplies the whole velocity at the moment of the step, old gradients included: a drop "
                "counts at once.",
                "c": "An average is a rescaled sum. lr still stands outside it, so that a drop counts at once.",
                "d": "With a constant lr the three agree up to a rescaling. When it changes, the one that stores lr "
                "inside the velocity goes on with what it has stored.",
            },
        ),
        Question(
            "q4",
            "AdaGrad that stops too early",
            answer="d",
            wrong={
                "a": "An eps matters where gradients are as small as eps itself, 1e-8. A sum of squares after ten "
                "thousand steps is far larger.",
                "b": "AdaGrad has no velocity, so there is nothing to reset; what it carries is the sum of squares, "
                "and that is just what never shrinks.",
                "c": "A larger learning rate buys a constant factor. The steps still shrink like one over the root of "
                "the number of steps.",
            },
        ),
        Question(
            "q5",
            "rescaling the loss by 1,000",
            answer="b",
            wrong={
                "a": "Both numerator and denominator grow by 1,000: the gradient, and the root of the mean of its "
                "square. Their ratio does not notice.",
                "c": "The root is there to prevent that: without it the step would shrink by 1,000, with it nothing "
                "changes.",
                "d": "Plain descent and momentum move 1,000 times as far, since their steps are proportional to the "
                "gradient; that is a different learning rate altogether.",
            },
        ),
    ),
)

"""The quiz; its questions stand in the notebook."""

from grader.exercises.u04_momentum.steps import UNIT
from grader.spec import Question, quiz

QUIZ_04 = quiz(
    "quiz_04",
    UNIT,
    (
        Question(
            "q1",
            "what stands behind a young average",
            answer="b",
            wrong={
                "a": "So it would be if the average had started at the first value. It started at 0, and after 34 "
                "days half of the weight still lies on that start.",
                "c": "That lets nothing fade: the share of the first day was multiplied by 0.98 on each day since. "
                "All weights together are 1 - 0.98^34.",
                "d": "So it would be after the first day, with one share of 2% in the average. By now there are 34 "
                "shares in it, the older ones a little faded.",
            },
        ),
        Question(
            "q2",
            "more momentum on a long slope",
            answer="c",
            wrong={
                "a": "The velocity on a lasting slope is 1 / (1 - beta) gradients: 10 with 0.9, and 100 with 0.99. "
                "With the same learning rate the steps become ten times as long.",
                "b": "It is the other way round: with 0.99 the velocity is ten times as long as with 0.9, so the "
                "learning rate has to make up for that by being smaller.",
                "d": "Not beta itself decides how much adds up, but 1 - beta: one tenth before, one hundredth now.",
            },
        ),
        Question(
            "q3",
            "from an average to a sum",
            answer="a",
            wrong={
                "b": "The velocities differ by a constant factor: an average takes 1 - beta of each gradient, a sum "
                "takes all of it. With the same learning rate the sum's steps are ten times as long.",
                "c": "A factor of ten, in the wrong direction: the sum's velocity is the longer one.",
                "d": "As long as the learning rate is constant, they are one method: one velocity is the other one "
                "times 1 - beta, and the learning rate can make up for it.",
            },
        ),
        Question(
            "q4",
            "AdaGrad meets a gradient larger than all before",
            answer="d",
            wrong={
                "a": "So it would be if the gradient were 1 once more. This one is ten times as large, and it stands "
                "above the fraction bar too; the sum is 99 + 100.",
                "b": "So it is at the first step, when the sum has seen this gradient alone. Now there are 99 "
                "other squares in it as well.",
                "c": "Its own square goes into the sum before the step is made: no step of AdaGrad from a sum of zero "
                "or more is longer than alpha.",
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
        Question(
            "q6",
            "where the cliff is with momentum",
            answer="a",
            wrong={
                "b": "1.9 times as far is the limit for a beta of 0.9. Here it is 0.5.",
                "c": "A lasting slope makes steps twice as long. But at the cliff the gradient changes its sign each "
                "time, and the velocity makes steps shorter there: the limit moves out.",
                "d": "You divided by 1 - beta, as on a lasting slope. At the cliff gradients alternate, and a velocity "
                "adds them up with alternating signs.",
            },
        ),
    ),
)

"""The quiz; its questions stand in the notebook."""

from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Question, quiz

QUIZ_06 = quiz(
    "quiz_06",
    UNIT,
    (
        Question(
            "q1",
            "how regularization prevents overfitting",
            answer="c",
            wrong={
                "a": "It does the opposite: the training loss gets worse. That is the price.",
                "b": "The minimum of the penalized loss is no easier to find by itself, and an optimizer that finds it "
                "sooner would not make the network any better on new data.",
                "d": "Noise in the labels stays where it is. What changes is how much of it the network can follow.",
            },
        ),
        Question(
            "q2",
            "exact zeros with L1",
            answer="d",
            wrong={
                "a": "However small the learning rate is, the subgradient step has a length of about lr lam near zero: "
                "it jumps over, and back. A smaller lr only makes the jumps shorter.",
                "b": "A larger lam presses harder, and makes the jumps across zero longer. They still do not end at "
                "zero.",
                "c": "L2 presses less and less the smaller a weight is: it divides, and nothing becomes zero by "
                "division.",
            },
        ),
        Question(
            "q3",
            "decay, and the learning rate",
            answer="c",
            wrong={
                "a": "The share that a weight loses is alpha times lambda, and alpha has become a hundred times "
                "smaller: "
                "the weights would hardly decay any more.",
                "b": "A smaller alpha shrinks the share already, alpha times lambda. A smaller decay on top makes it "
                "ten "
                "thousand times smaller in all. Which way must lambda go?",
                "d": "That is what happens to a penalty in Adam's gradient. In AdamW the decay stands beside the "
                "step, and "
                "nothing divides it.",
            },
        ),
        Question(
            "q4",
            "what dropout does at test",
            answer="a",
            wrong={
                "b": "That was the recipe of the first paper, where nothing was rescaled in training. With inverted "
                "dropout the survivors were enlarged already.",
                "c": "Then the answer to an image would depend on chance. Averaging many such answers is a method of "
                "its own, to see how unsure a network is; plain prediction drops nothing.",
                "d": "Enlarging again would make every activation too large by 1 / (1 - p): what was to be made up for "
                "happened in training.",
            },
        ),
        Question(
            "q5",
            "choosing the strength of a penalty",
            answer="b",
            wrong={
                "a": "On the training set the best lam is always 0: a penalty can only make its loss worse.",
                "c": "Then the test set has taken part in the choice, and its number is too good to be true for new "
                "data.",
                "d": "The right strength depends on the data, on their number and on the network. There are good first "
                "tries, and no number for all.",
            },
        ),
    ),
)

"""The quiz; its questions stand in the notebook."""

from grader.exercises.u06_regularization.common import UNIT
from grader.spec import Question, quiz

QUIZ_06 = quiz(
    "quiz_06",
    UNIT,
    (
        Question(
            "q1",
            "a penalty ten times as strong",
            answer="c",
            wrong={
                "a": "Overfitting widens the gap between the two losses. Here it is smaller than before, 0.03 against "
                "0.05, and the training loss has risen as well.",
                "b": "A loss that still needs time still falls. These curves are flat: this is where the new penalty "
                "leads.",
                "d": "The training loss may rise; that is the price. What is bought with it is a lower loss on new "
                "data, and that one has risen too. The price was too high.",
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
            "features picked before cross-validation",
            answer="b",
            wrong={
                "a": "Six examples are a noisy judge, but all ten folds together judge by all sixty. Noise does not "
                "make a loss excellent; a judge that has been seen beforehand does.",
                "c": "Then the new examples would have taken part in the choice, and would be new no longer. There "
                "would be no data left that tell how good the model really is.",
                "d": "On the training set the best lam is always 0: a penalty can only make its loss worse.",
            },
        ),
    ),
)

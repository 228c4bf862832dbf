"""The quiz; its questions stand in the notebook."""

from grader.exercises.u03_sgd.by_torch import UNIT
from grader.spec import Question, quiz

QUIZ_03 = quiz(
    "quiz_03",
    UNIT,
    (
        Question(
            "q1",
            "what a minibatch's gradient is",
            answer="b",
            wrong={
                "a": "The mean over a random batch is right on average, not each time: its expected value is the full "
                "gradient, and a single one scatters around it.",
                "c": "A batch can point uphill for the full loss, and near the minimum many do. What holds is weaker "
                "and enough: on average it points the right way.",
                "d": "The scatter does not favour a side: averaged over all possible batches it cancels exactly. A "
                "mean over a random batch is unbiased.",
            },
        ),
        Question(
            "q2",
            "a third of the distance",
            answer="c",
            wrong={
                "a": "Three times the examples bring the variance to a third. The distance is its root, and the root "
                "of a "
                "third is 0.58: you would be at 0.17.",
                "b": "With all examples the distance is 0. A third of it is to be had for far less.",
                "d": "27 times the examples bring the distance down by the root of 27, to 0.06. You pay for more than "
                "you "
                "asked for.",
            },
        ),
        Question(
            "q3",
            "a loss that stops falling",
            answer="a",
            wrong={
                "b": "A larger learning rate makes the noise ball larger: the loss would settle higher. It is the "
                "right idea only while the loss is still falling steadily.",
                "c": "More epochs at the same learning rate only walk around in the same ball: the noise pushes "
                "outward as strongly as the gradient pulls inward.",
                "d": "Smaller batches make each step noisier, so the ball grows. Larger batches would shrink it, at "
                "the price of fewer steps an epoch.",
            },
        ),
        Question(
            "q4",
            "a loss stuck near log K",
            answer="d",
            wrong={
                "a": "A learning rate that is too large makes the loss jump and grow far beyond log K. Staying close "
                "to log K means guessing, calmly.",
                "b": "A dropped last batch costs a few examples an epoch. The rest would teach the model well enough.",
                "c": "Without a shuffle training is worse, and in sorted data much worse, but each example still comes "
                "with its own label, and the loss moves.",
            },
        ),
        Question(
            "q5",
            "reading a range test",
            answer="b",
            wrong={
                "a": "It may turn out best, or too large for a whole run: the low loss was partly earned by the "
                "smaller rates before it. One short run cannot tell; compare with smaller ones.",
                "c": "Where the picture is flat, the model hardly moves. Such a rate is stable and needs a hundred "
                "times the epochs. Stable is necessary, not enough.",
                "d": "Where the loss explodes, the run is over the cliff. A warm-up helps where only the start is "
                "steep, and this end of the picture was not reached at the start.",
            },
        ),
    ),
)

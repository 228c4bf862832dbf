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
                "d": "That is 27 times the examples, and they bring the distance down by the root of 27, to 0.06. You "
                "pay for more than "
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
            "data that are never shuffled",
            answer="d",
            wrong={
                "a": "It stays at log K where the labels say nothing about the examples. Here each image still has "
                "its own "
                "label, and there is something to learn.",
                "b": "Each batch holds one kind only, and pulls everything towards this kind; the next one pulls it "
                "away "
                "again. Some of what was learned is unlearned in every epoch.",
                "c": "No step is longer than with shuffling, so a small enough learning rate is as stable as ever. The "
                "order costs quality, not stability.",
            },
        ),
        Question(
            "q5",
            "reading a range test",
            answer="b",
            wrong={
                "a": "It may turn out best, or too large for a whole run: the low loss was partly earned by the "
                "smaller rates before it. One short run cannot tell; compare with smaller ones.",
                "c": "Where the picture is flat, the model hardly moves. Such a rate is stable and needs "
                "hundreds of times the epochs. Stable is necessary, not enough.",
                "d": "Where the loss explodes, the run is over the cliff. A warm-up helps where only the start is "
                "steep; this test met its explosion at the end, long after the start.",
            },
        ),
    ),
)

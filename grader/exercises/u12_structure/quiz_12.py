"""The concept quiz of unit 12."""

from grader.exercises.u12_structure.common import UNIT
from grader.spec import Question, quiz

QUIZ_12 = quiz(
    "quiz_12",
    UNIT,
    (
        Question(
            "q1",
            "where parameters are",
            "a",
            {
                "b": "The layer fc1 has a tenth of the MACs, so no more work goes away. Most of it is in conv2, "
                "which keeps its place.",
                "c": "Most of the time goes to convolutions, ReLU and pooling on large images, and all of these stay.",
                "d": "Parameters and work lie in different layers: fc1 has 95 % of the one and 10 % of the other.",
            },
        ),
        Question(
            "q2",
            "MACs and time",
            "b",
            {
                "a": "The count is right. It is a count of multiplications, and time has other parts: numbers have to "
                "be brought from memory and back.",
                "c": "Convolutions of 1x1 are matrix products, the very thing that processors do best.",
                "d": "Evaluation mode changes what a normalization uses, and hardly the time.",
            },
        ),
        Question(
            "q3",
            "deep plain networks",
            "c",
            {
                "a": "Overfitting is a low training loss with a high test loss. Here the training loss itself is high.",
                "b": "It can express at least as much: layers beyond the ninth could hand their input on. That they do "
                "not learn to is the point.",
                "d": "The residual network of the same depth sees the same images, and learns.",
            },
        ),
        Question(
            "q4",
            "the Pareto front",
            "a",
            {
                "b": "B scores more than A, and costs more: neither beats the other.",
                "c": "C costs as much as B and scores less. Who would take C?",
                "d": "D scores as much as B and costs more: B beats it.",
            },
        ),
        Question(
            "q5",
            "choosing and reporting",
            "d",
            {
                "a": "Test images that were used to choose are no test images any more: the choice has seen them.",
                "b": "Training on all images may help a little, but the reported number is flattered, not modest.",
                "c": "The more structures are tried, the larger the luck of the best one.",
            },
        ),
    ),
)

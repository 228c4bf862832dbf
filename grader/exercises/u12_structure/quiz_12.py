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
                "a": "The counts may both be right. MACs are a count of multiplications; time also goes into starting "
                "each "
                "layer and into moving numbers.",
                "c": "Parameters are read once for an image, and a convolution uses each many times: their number says "
                "little about the time.",
                "d": "Training mode changes what a normalization uses, and hardly the time.",
            },
        ),
        Question(
            "q3",
            "which side of the triangle is loose",
            "c",
            {
                "a": "Overfitting is a gap: training far better than validation. Here the two are one point apart.",
                "b": "What should dropout close? Between 71 % and 70 % there is no gap worth closing, and dropout "
                "makes "
                "training harder still.",
                "d": "More images help where training goes well and validation does not. Here training itself does "
                "not go well.",
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
            "random search and grids",
            "b",
            {
                "a": "Random points leave holes and form clumps: a grid is the more even one. Evenness in all six "
                "dials is "
                "not what counts when two of them matter.",
                "c": "Either way, somebody has to choose the best of 12, and that is done on validation images.",
                "d": "Laid well would mean: fine in the two dials that matter. Which two these are is what nobody "
                "knows yet.",
            },
        ),
    ),
)

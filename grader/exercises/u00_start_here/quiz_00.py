"""`quiz_00`: how the course works."""

from __future__ import annotations

from grader.spec import Question, quiz

QUIZ_00 = quiz(
    "quiz_00",
    "00_start_here",
    (
        Question(
            "q1",
            "what a check compares",
            "b",
            {
                "a": "A check does not compare your text with a model answer. Ten people may write ten different right "
                "functions, and all ten are green.",
                "c": "What a function prints is for people; a check looks only at what it returns.",
                "d": "Running without an error is a beginning, but wrong numbers arrive without any error too. "
                "A check looks at the returned values.",
            },
        ),
        Question(
            "q2",
            "what standardizing does to a change of units",
            "b",
            {
                "a": "The mean and the standard deviation of that column are 10.76 times as large too. The first is "
                "subtracted, the second divides: the factor cancels.",
                "c": "The mean of the column is subtracted in whatever unit it stands, so what is left has mean 0.",
                "d": "Each column has a mean and a standard deviation of its own; those of the rooms know nothing of "
                "the areas.",
            },
        ),
        Question(
            "q3",
            "a table divided by the sums of its rows",
            "a",
            {
                "b": "With axis=1 the columns disappear, not the rows: one sum for each of the 100 rows. And the "
                "table that they divide keeps its shape.",
                "c": "That is the shape of the sums alone, without keepdims. Here they stand as (100, 1), and the "
                "table that they divide keeps its shape.",
                "d": "With keepdims=True the sums have the shape (100, 1). Lined up from the right, 1 stands beside 3 "
                "and 100 beside 100: both fit. Without it, (100,) would stand beside 3, and NumPy would stop.",
            },
        ),
        Question(
            "q4",
            "what grading runs",
            "c",
            {
                "a": "Grading calls your function with inputs that your notebook has never seen, "
                "so the copied numbers belong to other questions.",
                "b": "Nobody looks for copied numbers by eye. It is simpler: grading calls your function with other "
                "inputs, and the copied numbers do not fit them.",
                "d": "Grading stops nobody's notebook. It calls your function with other inputs than the check did, "
                "looks at what comes back, and the copied numbers do not fit.",
            },
        ),
        Question(
            "q5",
            "how arrays of different shapes meet",
            "d",
            {
                "a": "NumPy lines shapes up from the right, so the (4,) is laid beside the 3 columns, and does not "
                "fit. To give each row its own number, it would need the shape (4, 1).",
                "b": "NumPy never cuts numbers off to make shapes fit. It lines them up from the right, 3 beside 4, "
                "and gives up.",
                "c": "Where shapes fit, the result has the larger one. Here they do not: from the right, 3 stands "
                "beside 4.",
            },
        ),
    ),
)

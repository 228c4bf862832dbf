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
            "what the tolerance is for",
            "b",
            {
                "a": "Floats round: even 0.1 + 0.2 differs from 0.3 in the last place. If every bit counted, "
                "right code written in another order would be called wrong.",
                "c": "One percent would let real mistakes pass: a forgotten small term, N - 1 in place of N. "
                "The tolerance is about a millionth of the value.",
                "d": "Rounding to two decimals would call 0.001 and 0.004 equal. The tolerance is relative: "
                "it shrinks and grows with the value.",
            },
        ),
        Question(
            "q3",
            "a table less the means of its columns",
            "a",
            {
                "b": "That is the shape of X.mean(axis=0) alone. Subtracted from X, its three numbers are used again "
                "in "
                "each of the 100 rows, and the table keeps its shape.",
                "c": "With axis=0 the 100 rows are averaged away: one mean for each of the three columns. And the "
                "table "
                "that they are subtracted from keeps its shape.",
                "d": "Shapes are lined up from the right: (100, 3) and (3,) share their last axis, so the three means "
                "go "
                "under every row.",
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
                "fit. To "
                "give each row its own number, it would need the shape (4, 1).",
                "b": "NumPy never cuts numbers off to make shapes fit. It lines them up from the right, 3 beside 4, "
                "and "
                "gives up.",
                "c": "Where shapes fit, the result has the larger one. Here they do not: from the right, 3 stands "
                "beside 4.",
            },
        ),
    ),
)

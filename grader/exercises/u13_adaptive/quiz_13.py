"""The quiz; its questions stand in the notebook."""

from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Question, quiz

QUIZ_13 = quiz(
    "quiz_13",
    UNIT,
    (
        Question(
            "q1",
            "nine weights of ten are zero in a dense layer",
            answer="d",
            wrong={
                "a": "A matrix product multiplies zeros like any other numbers. To skip them it would have to know "
                "where they are, before it gets there.",
                "b": "The array has as many entries as before, and each takes its four bytes, zero or not. Only a "
                "format that stores places, or a compressor, makes use of them.",
                "c": "The count of weights that matter has fallen, but what the machine computes and stores has not.",
            },
        ),
        Question(
            "q2",
            "what the lottery ticket is",
            answer="b",
            wrong={
                "a": "Fine-tuning keeps the trained values. The ticket goes back to the first day's numbers.",
                "c": "That is the control: the same structure with new numbers. It is what the ticket is compared "
                "with.",
                "d": "The mask comes from a training run: which weights stay is learned, and only then the values are "
                "set back.",
            },
        ),
        Question(
            "q3",
            "one unit becomes three copies",
            answer="c",
            wrong={
                "a": "Three copies with whole outgoing weights send three times as much on.",
                "b": "Halves of three copies are one and a half times the old sum.",
                "d": "Then the copies would not be copies any more: with a bias and a bend, a third of the input is "
                "not a third of the output.",
            },
        ),
        Question(
            "q4",
            "true copies, trained on without noise",
            answer="a",
            wrong={
                "b": "They would, if anything told them apart. They start equal, get equal gradients, and stay equal.",
                "c": "The function is the same at the moment of growing, and the loss is as well: nothing jumps.",
                "d": "Both layers get gradients, as they did before. The trouble is that copies get the same ones.",
            },
        ),
        Question(
            "q5",
            "a slow learner in successive halving",
            answer="b",
            wrong={
                "a": "Only those who are still in the race are evaluated. A candidate that is out gets no second look.",
                "c": "It would do so if each rung trained everybody; that is the full search, which costs far more.",
                "d": "The final score counts only for those that reach the last rung.",
            },
        ),
    ),
)

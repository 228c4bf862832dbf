"""The quiz; its questions stand in the notebook."""

from grader.exercises.u14_seeing_inside.networks import UNIT
from grader.spec import Question, quiz

QUIZ_14 = quiz(
    "quiz_14",
    UNIT,
    (
        Question(
            "q1",
            "a map that survives the loss of the weights",
            answer="c",
            wrong={
                "a": "A robust method would say the same about two networks that do the same. Before and after the "
                "weights are lost the network does not do the same at all.",
                "b": "Random weights know nothing of shirts. What looks like a shirt in both maps must come from what "
                "both have in common: the image.",
                "d": "Its accuracy does not enter: the map is the same for the network that is right in four of five "
                "cases and for the one that guesses.",
            },
        ),
        Question(
            "q2",
            "completeness of integrated gradients",
            answer="a",
            wrong={
                "b": "Pixels that speak against the class get negative shares. Only with their signs do the shares add "
                "up.",
                "c": "Completeness compares with the baseline. Another baseline is another question, and shares out "
                "another difference.",
                "d": "That is the softmax's sum over classes. Completeness is a sum over the pixels, for one class.",
            },
        ),
        Question(
            "q3",
            "the gradient of the probability",
            answer="b",
            wrong={
                "a": "They would be, if each score only moved its own probability. The softmax ties every probability "
                "to all scores.",
                "c": "Autograd goes through a softmax like through any other operation.",
                "d": "Only close to zero does the probability follow its score that simply. Near 1 it hardly moves.",
            },
        ),
        Question(
            "q4",
            "what a deletion curve needs beside it",
            answer="d",
            wrong={
                "a": "A second network tells how much networks differ. Whether this order is better than no order it "
                "does not tell.",
                "b": "A figure with more points is a smoother figure. It is still unclear what a bad order would do.",
                "c": "Smoothing changes the order that is to be tested. It gives nothing to compare with.",
            },
        ),
        Question(
            "q5",
            "filter normalization",
            answer="b",
            wrong={
                "a": "The drawing costs the same: one pass over the data for each point.",
                "c": "Minima lie where the gradient vanishes, and no choice of units moves them. What changes is how "
                "wide they look.",
                "d": "A random direction in a space of that many dimensions is nearly at right angles to everything, "
                "with or without it.",
            },
        ),
    ),
)

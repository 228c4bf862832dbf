"""The quiz; its questions stand in the notebook."""

from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Question, quiz

QUIZ_09 = quiz(
    "quiz_09",
    UNIT,
    (
        Question(
            "q1",
            "two calls of backward",
            answer="c",
            wrong={
                "a": "That would be a .grad that is overwritten. backward adds to what is there; whoever wants a fresh "
                "gradient has to clear the old one.",
                "b": "The second call records nothing of its own: each call went through a forward pass of its own, "
                "and both are allowed.",
                "d": "Gradients of different calls are never multiplied: they are summed, as the derivative of a sum "
                "of two losses would be.",
            },
        ),
        Question(
            "q2",
            "p = p - lr * p.grad in a loop over parameters",
            answer="d",
            wrong={
                "a": "A step it is, but of whom? The new tensor is known as p in your loop, and to nobody else.",
                "b": "The line runs. That is the trouble with it: no error tells you that the model stayed as it was.",
                "c": "The graph would grow if the new tensor were used in the next forward pass. The model never sees "
                "it; its parameters are still the old tensors.",
            },
        ),
        Question(
            "q3",
            "predictions (32, 1) against targets (32,)",
            answer="a",
            wrong={
                "b": "Broadcasting sees it otherwise: (32,) is read as (1, 32), and both are stretched to (32, 32).",
                "c": "NumPy and torch stretch axes of size 1 without asking; only mse_loss warns, and a hand-written "
                "mean does not.",
                "d": "It learns something, and quickly: the mean of all targets, since each prediction is compared "
                "with all of them.",
            },
        ),
        Question(
            "q4",
            "where an optimizer's velocity belongs",
            answer="b",
            wrong={
                "a": "An attribute of your own works until somebody saves and resumes: state_dict() does not know it.",
                "c": "Groups hold settings, and one entry there is shared by all parameters of the group, while each "
                "parameter has a history of its own.",
                "d": "What is in .grad belongs to the model and to backward, and is cleared before each step.",
            },
        ),
        Question(
            "q5",
            "Adam with weight_decay=0.01, and AdamW with the same",
            answer="c",
            wrong={
                "a": "They agree for plain gradient descent. Adam divides all that is in the gradient by the root of "
                "v, the decay included.",
                "b": "It is the other way round: in Adam's gradient the decay of exactly these weights is divided by "
                "their large root of v.",
                "d": "Both use the moments of the gradient in the same way; the difference is whether the decay goes "
                "through them.",
            },
        ),
    ),
)

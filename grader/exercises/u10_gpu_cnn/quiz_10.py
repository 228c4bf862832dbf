"""The quiz; its questions stand in the notebook."""

from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Question, quiz

QUIZ_10 = quiz(
    "quiz_10",
    UNIT,
    (
        Question(
            "q1",
            "a batch of 128 through the published flatten",
            answer="c",
            wrong={
                "a": "It does not guess what you mean: view needs 3,136 numbers a row, and there are 50,176 for each "
                "image.",
                "b": "The number of entries is a multiple of 3,136, so view is content, and says nothing. The loss "
                "will.",
                "d": "Nothing is dropped: view keeps every number, and only decides where a row ends.",
            },
        ),
        Question(
            "q2",
            "log_softmax before CrossEntropyLoss",
            answer="b",
            wrong={
                "a": "Count again: what is the softmax of log-probabilities? Their exponentials already add up to 1.",
                "c": "That is softmax before it, whose outputs lie between 0 and 1. Log-probabilities go down as far "
                "as they like.",
                "d": "The gradient comes out the same, since the function is the same.",
            },
        ),
        Question(
            "q3",
            "which images may decide when to stop",
            answer="d",
            wrong={
                "a": "The training loss goes on falling while the network learns its examples by heart.",
                "b": "Whoever looks at the test set to decide has trained on it, a little; the number that is "
                "reported afterwards is too good.",
                "c": "Two test sets do not help if both are looked at to decide: the question is what you do with a "
                "number, and not what the set is called.",
            },
        ),
        Question(
            "q4",
            "model.eval() and torch.no_grad()",
            answer="a",
            wrong={
                "b": "Under no_grad nobody asks the modules anything; dropout goes on dropping.",
                "c": "Autograd does not ask for the mode: gradients can be had in evaluation mode, and unit 14 "
                "needs them there.",
                "d": "Each does one thing, and evaluation needs both.",
            },
        ),
        Question(
            "q5",
            "where clip_grad_norm_ belongs",
            answer="c",
            wrong={
                "a": "Before backward there are no gradients of this batch to clip.",
                "b": "After the step the gradients have done their work; clipping them then changes nothing.",
                "d": "The loss's size is not the gradient's: a small loss can be steep.",
            },
        ),
    ),
)

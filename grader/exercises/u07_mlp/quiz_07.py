"""The quiz; its questions stand in the notebook."""

from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Question, quiz

QUIZ_07 = quiz(
    "quiz_07",
    UNIT,
    (
        Question(
            "q1",
            "three linear layers without ReLU",
            answer="c",
            wrong={
                "a": "More parameters, yes, but the product of three matrices is one matrix: whatever the three can "
                "do, one layer can do alone.",
                "b": "Depth alone bends nothing. A composition of linear maps is linear, and so is the border between "
                "two classes.",
                "d": "Gradients pass through linear layers, and the loss falls. It falls to what one linear layer "
                "reaches.",
            },
        ),
        Question(
            "q2",
            "a value that is used in two places",
            answer="b",
            wrong={
                "a": "A mean would be right if each way counted by half. A small change of the value changes the loss "
                "by both ways, each in full.",
                "c": "The later one overwrites the earlier one where code assigns in place of adding, and that is "
                "the bug of the clinic.",
                "d": "Multiplying belongs along *one* way, from factor to factor. Different ways add up.",
            },
        ),
        Question(
            "q3",
            "all weights zero at the start",
            answer="d",
            wrong={
                "a": "Zero is the middle, but the start is a saddle that no gradient leaves: all hidden values are 0, "
                "and so are all gradients of the weights.",
                "b": "Nothing explodes: with weights of zero, every product on the way back is zero.",
                "c": "It would be slow if the gradients of the weights were small. They are exactly zero, so waiting "
                "does not help.",
            },
        ),
        Question(
            "q4",
            "a first loss of 9.7 with ten classes",
            answer="a",
            wrong={
                "b": "Weights that are too small make all logits nearly equal, and equal logits give log 10 = 2.30, "
                "not more.",
                "c": "A network that knows nothing and says so has a loss of log 10 = 2.30. 9.7 means that it is sure "
                "of itself, and wrong.",
                "d": "The learning rate acts in the first step, and this loss was measured before it.",
            },
        ),
        Question(
            "q5",
            "50 images that cannot be learned by heart",
            answer="b",
            wrong={
                "a": "Too few images make overfitting easier. That is the point of the test: it should succeed.",
                "c": "Regularization works against learning by heart, and adding some would hide the symptom's cause "
                "still further.",
                "d": "A test set says how a network that learns does on new images. This one does not learn yet.",
            },
        ),
    ),
)

"""The quiz; its questions stand in the notebook."""

from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Question, quiz

QUIZ_07 = quiz(
    "quiz_07",
    UNIT,
    (
        Question(
            "q1",
            "a network with f(z) = 3z + 1 in place of ReLU",
            answer="c",
            wrong={
                "a": "More parameters, yes, but the product of three matrices is one matrix, and the constants add up "
                "to one bias: whatever the three layers can do, one layer can do alone.",
                "b": "The graph of 3z + 1 is a straight line. A composition of straight lines is straight, and so is "
                "the border between two classes.",
                "d": "Gradients pass, and are multiplied by 3. The loss falls, to what one linear layer reaches.",
            },
        ),
        Question(
            "q2",
            "a matrix that two layers share",
            answer="b",
            wrong={
                "a": "A mean would be right if each way counted by half. A small change of the entry changes the loss "
                "by both ways, each in full.",
                "c": "The part that comes later overwrites the earlier one where code assigns in place of adding, and "
                "that is the bug of the clinic.",
                "d": "Multiplying belongs along *one* way, from factor to factor. Different ways add up.",
            },
        ),
        Question(
            "q3",
            "a last layer of zeros",
            answer="d",
            wrong={
                "a": "With W2 = 0 all logits are equal, so that every class has the probability 1/K, and the first "
                "loss is log K exactly.",
                "b": "The gradient of W2 is made of what came into the layer and of dout. Neither is zero: the hidden "
                "values differ, since W1 was drawn by chance. All weights at zero would be another matter.",
                "c": "In the first step, dout times W2 is zero, so W1 gets nothing. But this step changes W2, and then "
                "something comes through.",
            },
        ),
        Question(
            "q4",
            "a first loss of 2.3 with two classes",
            answer="a",
            wrong={
                "b": "Weights that are too small make the logits nearly equal, and equal logits of two classes give "
                "log 2 = 0.69, not more.",
                "c": "With ten classes it would be. A network without an opinion about two has a loss of log 2 = 0.69.",
                "d": "The learning rate acts in the first step, and this loss was measured before it.",
            },
        ),
        Question(
            "q5",
            "93% on the training images, 11% on the test images",
            answer="b",
            wrong={
                "a": "A network that learns 50 images by heart and 93% of 10,000 has gradients that serve. And a wrong "
                "gradient would not tell training images from test images.",
                "c": "With a bad learning rate it would be bad on the training images as well.",
                "d": "Too many units may cost some points on new images. 11% of ten classes is what guessing gives: "
                "the test images do not look to it like those that it was trained on, or their labels are others.",
            },
        ),
    ),
)

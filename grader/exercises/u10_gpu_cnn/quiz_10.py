"""The quiz; its questions stand in the notebook."""

from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Question, quiz

QUIZ_10 = quiz(
    "quiz_10",
    UNIT,
    (
        Question(
            "q1",
            "words in rows of 640",
            answer="c",
            wrong={
                "a": "Every number is kept by view, and a text has 1,280 of them: 32 rows of 640 would not do.",
                "b": "There are 40,960 numbers, 64 times 640, so view is content, and says nothing. The loss will.",
                "d": "Nothing is computed by view. It keeps the numbers in their order, and decides where a row ends.",
            },
        ),
        Question(
            "q2",
            "a loss that stops at 5.92",
            answer="b",
            wrong={
                "a": "With steps that are too short the loss goes on falling, slowly. This one stopped at a certain "
                "number: which one is it, for 1,000 classes?",
                "c": "Then the loss would still be near log 1,000, which is 6.9. This network has learned something.",
                "d": "That shifts the mean by a little. It does not hold a loss at one number for a day.",
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
            "batch normalization without eval()",
            answer="a",
            wrong={
                "b": "Running statistics are no parameters: in training mode every forward pass changes them, with "
                "gradients or without.",
                "c": "The mode says what the layers do, and no_grad what autograd does. Neither asks for the other.",
                "d": "In training mode each image is normalized by its own batch, and a batch of one class has other "
                "means than all classes.",
            },
        ),
        Question(
            "q5",
            "clipping a gradient of four parts",
            answer="c",
            wrong={
                "a": "There is nothing to clip before the first backward.",
                "b": "Then a part of the sum is shortened before the others are added: its direction is no longer "
                "that of the whole gradient.",
                "d": "After the step the gradients have done their work; clipping them then changes nothing.",
            },
        ),
    ),
)

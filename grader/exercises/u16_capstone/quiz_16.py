"""The quiz; its questions stand in the notebook."""

from grader.exercises.u16_capstone.compare_seeds import UNIT
from grader.spec import Question, quiz

QUIZ_16 = quiz(
    "quiz_16",
    UNIT,
    (
        Question(
            "q1",
            "91 % on the test images, 64 % in the shop",
            answer="b",
            wrong={
                "a": "Luck of that size is not to be had: the standard error of 91 % on 2,000 images is 0.6 points, "
                "and 27 points are more than forty of these.",
                "c": "The test number was honest about what it was measured on, images like those of the training. It "
                "says nothing about dim and tilted ones.",
                "d": "A network that has learned its training images by heart falls behind on the test images, too. "
                "This one does not: it falls where the images are of another kind.",
            },
        ),
        Question(
            "q2",
            "0.4 points with an error of 0.3",
            answer="d",
            wrong={
                "a": "A mean of 0.4 is little more than one standard error away from 0: a difference like this comes "
                "up often between two recipes that are the same.",
                "b": "The data do not show that they are equal either; they are too few to tell.",
                "c": "Leaving out seeds that do not fit is how one gets any result one likes.",
            },
        ),
        Question(
            "q3",
            "half the parameters, a third of a point less",
            answer="c",
            wrong={
                "a": "More accurate is better only if nothing else counts. Here a budget counts as well.",
                "b": "Smaller is better only if nothing else counts. Here accuracy counts as well.",
                "d": "They can be compared: each is better in one respect, and that is a result.",
            },
        ),
        Question(
            "q4",
            "where a loss of accuracy comes from",
            answer="a",
            wrong={
                "b": "If the training loss is low, the optimizer has done its work. More of it fits the training "
                "images even better.",
                "c": "A larger network learns its training images even better, and these are nearly all right already. "
                "What is missing shows on the others.",
                "d": "The test set is not for finding out what to try next: each look at it uses up some of it.",
            },
        ),
    ),
)

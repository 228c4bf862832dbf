"""The quiz; its questions stand in the notebook."""

from grader.exercises.u11_speed.common import UNIT
from grader.spec import Question, quiz

QUIZ_11 = quiz(
    "quiz_11",
    UNIT,
    (
        Question(
            "q1",
            "a card twice as fast for 200 short kernels",
            answer="b",
            wrong={
                "a": "That would hold if the card were busy all the time. It does each kernel in 2 microseconds, and "
                "the next one comes after 5.",
                "c": "Only if both limits applied to each kernel one after the other, and the card were busy.",
                "d": "Nothing gets slower: the kernels are shorter, the launches as before.",
            },
        ),
        Question(
            "q2",
            "an activation function in bfloat16",
            answer="a",
            wrong={
                "b": "Compare the two times: an operation for each number is nothing beside the eight bytes that move.",
                "c": "Reading and writing are both halved, and a half of each is a half of the sum.",
                "d": "Tensor cores multiply matrices. Here nothing is multiplied, and arithmetic is not the limit.",
            },
        ),
        Question(
            "q3",
            "two copies with 96 and 32 images",
            answer="d",
            wrong={
                "a": "That is the plain mean, in which an image of the smaller part counts three times as much as one "
                "of the larger.",
                "b": "That is the sum: the step would be as long as two steps.",
                "c": "Then the copies part with the first step, and after some more nobody knows which one is meant.",
            },
        ),
        Question(
            "q4",
            "a step in float16 that changed nothing",
            answer="c",
            wrong={
                "a": "A gradient that is too small to matter would not halve the scale.",
                "b": "Then everything would be NaN from here on; the scaler is there so that it does not come to that.",
                "d": "Autocast computes with copies, and changes no parameter's type.",
            },
        ),
        Question(
            "q5",
            "four micro-batches for one step",
            answer="b",
            wrong={
                "a": "Each backward adds to what is there. Four gradients of means over 32 make four times the "
                "gradient of the mean over 128.",
                "c": "That makes a step four times too long another four times longer.",
                "d": "Then only the last 32 images are in the gradient when the step is made.",
            },
        ),
    ),
)

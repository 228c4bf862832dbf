"""The quiz; its questions stand in the notebook."""

from grader.exercises.u08_cnn.common import UNIT
from grader.spec import Question, quiz

QUIZ_08 = quiz(
    "quiz_08",
    UNIT,
    (
        Question(
            "q1",
            "how many numbers a convolution learns",
            answer="c",
            wrong={
                "a": "A filter has a kernel for each input channel: 3 x 3 x 3 weights, and there are 16 filters. The "
                "formula is F (C KH KW + 1).",
                "b": "Nearly: these are the weights. Each filter has a bias, too: 16 more.",
                "d": "That would be a layer with separate weights at every place. A convolution uses the same filter "
                "everywhere: the size of the image does not come in.",
            },
        ),
        Question(
            "q2",
            "the size of the output",
            answer="b",
            wrong={
                "a": "There are 32 + 2 * 2 - 5 = 31 pixels left to walk in steps of 2: 15 steps, and one more place "
                "where the kernel stands at first.",
                "c": "That is the size for a stride of 1: there, a padding of 2 keeps the size for a kernel of 5. At "
                "a stride of 2 every second place is left out.",
                "d": "The padding is missing: it adds 2 pixels at each of the two ends.",
            },
        ),
        Question(
            "q3",
            "how many pixels a number sees through three convolutions",
            answer="b",
            wrong={
                "a": "It sees 3 x 3 numbers of the map below it. But each of these has seen 3 x 3 of the one below, "
                "and they do not all see the same.",
                "c": "The lengths do not add up: each kernel begins from one number and reaches one further on each "
                "side. That is K - 1 = 2 more for each of the three, beginning with 1.",
                "d": "The lengths would multiply if the windows stood side by side, with a stride of 3. With a stride "
                "of 1 they overlap, and each layer adds K - 1 = 2.",
            },
        ),
        Question(
            "q4",
            "a max pooling window of negative numbers, two of them equal",
            answer="a",
            wrong={
                "b": "The gradient would then arrive twice, although the loss knows one value of it only.",
                "c": "That is the largest in size, and the smallest of the four. Pooling keeps the largest value: -1.",
                "d": "Nothing here looks at signs: that would be a ReLU. The largest of four negative numbers is "
                "handed on like any other.",
            },
        ),
        Question(
            "q5",
            "a gradient that is wrong only where windows overlap",
            answer="c",
            wrong={
                "a": "A flipped kernel would be wrong with stride 3 as well: there, too, each number has to go to the "
                "pixel that it was multiplied with.",
                "b": "A frame that was left on would give dX another shape, whatever the stride.",
                "d": "Such a factor would be there for both strides, in the corners too.",
            },
        ),
    ),
)

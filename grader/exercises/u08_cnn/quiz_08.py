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
                "a": "Without padding 32 - 5 = 27 pixels are left to walk in steps of 2: 13 steps, and the place where "
                "the kernel stands at first. The result is 14 long.",
                "c": "As wide as the kernel is too much: 32 + 2 * 5 - 5 = 37 pixels are left to walk, which makes 18 "
                "steps and 19 places.",
                "d": "Count on both ends: 32 + 2 * 1 - 5 = 29 pixels are left to walk in steps of 2: 14 steps, 15 "
                "places. One is missing.",
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

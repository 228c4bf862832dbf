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
            "where the gradient of a pixel comes from",
            answer="d",
            wrong={
                "a": "The pixel took part in up to nine output values, and the loss depends on it through each of "
                "them. Ways that meet add up; none replaces another.",
                "b": "The derivative of a sum of ways is the sum over the ways. A mean would make the gradient nine "
                "times too small, and a gradient check would say so.",
                "c": "The largest wins in max pooling, where only the largest went forward. In a convolution all nine "
                "went forward.",
            },
        ),
        Question(
            "q4",
            "a max pooling window full of zeros behind a ReLU",
            answer="a",
            wrong={
                "b": "The gradient would then arrive four times, although the loss knows one value of it only.",
                "c": "Sharing would be a convention as good as any, but it is not torch's, nor the one of this unit.",
                "d": "Pooling does hand its gradient on, to one of them. It is the ReLU behind it that stops it where "
                "the pixel was below zero.",
            },
        ),
        Question(
            "q5",
            "feature maps in stripes",
            answer="c",
            wrong={
                "a": "A flipped kernel turns what a filter looks for by 180 degrees; the maps stay smooth, and no "
                "stripes come of it.",
                "b": "Too little padding makes maps smaller, or shifts them. It does not mix values of two filters.",
                "d": "A bias shifts a whole map by one number: no stripe comes of that.",
            },
        ),
    ),
)

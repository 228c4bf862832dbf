"""`output_size`: how many places a kernel has along an axis."""

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def size_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, length: int, kernel: int, stride: int, padding: int) -> Case:
        return Case(label, group, {"length": length, "kernel": kernel, "stride": stride, "padding": padding})

    def draw(group: str, stride: int, padding: int, rest: int) -> Case:
        """A random length such that `rest` pixels are left over behind the last place of the kernel."""
        kernel, places = int(rng.integers(2, 6)) + 2 * padding, int(rng.integers(4, 1000))
        length = kernel + stride * places + rest - 2 * padding
        label = f"length {length}, kernel {kernel}, stride {stride}, padding {padding}"
        return case(label, group, length, kernel, stride, padding)

    return [
        case("5 pixels, kernel 3", "places", 5, 3, 1, 0),
        case("kernel as long as the row", "places", 7, 7, 1, 0),
        draw("places", 1, 0, 0),
        case("28 pixels, kernel 5, padding 2", "padding", 28, 5, 1, 2),
        draw("padding", 1, 4, 0),
        draw("padding", 1, 3, 0),
        case("7 pixels, kernel 3, stride 2: it fits", "stride", 7, 3, 2, 0),
        draw("stride", 3, 0, 0),
        case("8 pixels, kernel 3, stride 2: one is left over", "rest", 8, 3, 2, 0),
        draw("rest", 3, 0, 2),
        draw("rest", 4, 2, 1),
    ]


def size_oracle(length: int, kernel: int, stride: int, padding: int) -> int:
    """torch counts: it convolves a row of zeros."""
    import torch

    row, ones = torch.zeros(1, 1, length), torch.zeros(1, 1, kernel)
    return int(torch.nn.functional.conv1d(row, ones, stride=stride, padding=padding).shape[2])


def output_size(length, kernel, stride, padding):
    return (length + 2 * padding - kernel) // stride + 1


def size_by_counting(length, kernel, stride, padding):
    return len(range(0, length + 2 * padding - kernel + 1, stride))


def size_by_rounding(length, kernel, stride, padding):
    return int(np.floor((length + 2 * padding - kernel) / stride)) + 1


def size_by_walking(length, kernel, stride, padding):
    start, places = -padding, 0
    while start + kernel <= length + padding:
        start, places = start + stride, places + 1
    return places


def size_by_divmod(length, kernel, stride, padding):
    whole, _ = divmod(length + padding + padding - kernel, stride)
    return 1 + whole


NEAREST = (
    "You round to the nearest whole number. A place where the kernel would stick out does not count, however little it "
    "sticks out: round down."
)


OUTPUT_SIZE = Exercise(
    name="output_size",
    unit=UNIT,
    returns=("size",),
    groups=(
        Group("places", "counts every place, the first one too", 1, hint=1),
        Group("padding", "counts the padding at both ends", 1, hint=1),
        Group("stride", "walks with the stride", 1, hint=2),
        Group("rest", "leaves out a place that would stick out", 1, hint=2),
    ),
    cases=size_cases,
    reference=size_oracle,
    misconceptions=(
        Misconception(
            "a_float",
            change(size_by_rounding, "int(np.floor((", "np.floor((", "stride)) + 1", "stride) + 1"),
            "The number is right, but it is a float, such as 24.0. np.zeros and range want a whole number: round down "
            "with `//`, or make an int of it.",
            hint=2,
        ),
        Misconception(
            "first_place_forgotten",
            change(output_size, " + 1", ""),
            "Your sizes are one too small. A kernel as long as the row has nowhere to go, and yet one place: you "
            "count the steps between the places.",
        ),
        Misconception(
            "rounded_up",
            change(
                output_size,
                "(length + 2 * padding - kernel) // stride",
                "-(-(length + 2 * padding - kernel) // stride)",
            ),
            "Where the stride does not come out even, you count one place too many: there the kernel would stick out. "
            "Pixels that no whole step reaches are left unseen.",
        ),
        Misconception(
            "padding_once",
            change(output_size, "2 * padding", "padding"),
            "You add the padding once. It stands at both ends of the row: how much longer does that make it?",
        ),
        Misconception(
            "padding_forgotten",
            change(output_size, " + 2 * padding", ""),
            "Your sizes are those without padding. With padding the row is longer, so that there are more places.",
        ),
        Misconception(
            "stride_divides_everything",
            change(output_size, "- kernel) // stride + 1", "- kernel + 1) // stride"),
            "You divide the number of all places by the stride, the first place too. The kernel stands at the first "
            "place without a step; only what lies behind that is walked in strides.",
        ),
        Misconception(
            "kernel_forgotten",
            change(output_size, " - kernel) // stride + 1", ") // stride"),
            "Your sizes do not depend on the kernel. The longer the kernel, the sooner its far end reaches the end of "
            "the row: draw a row of 5 and a kernel of 3.",
        ),
        Misconception(
            "stride_forgotten",
            change(output_size, " // stride", ""),
            "Your sizes do not depend on the stride. With a stride of 2 the kernel skips every second place.",
            hint=1,
        ),
        Misconception(
            "fraction",
            change(output_size, "//", "/"),
            "Where the stride does not come out even, you return a fraction of a place. How many *whole* steps fit?",
            hint=2,
        ),
        Misconception(
            "rounded_to_the_nearest",
            change(
                output_size,
                "(length + 2 * padding - kernel) // stride",
                "round((length + 2 * padding - kernel) / stride)",
            ),
            NEAREST,
        ),
        Misconception(
            "brackets_forgotten",
            change(output_size, "(length + 2 * padding - kernel) // stride", "length + 2 * padding - kernel // stride"),
            "The stride divides the kernel alone: without brackets, // comes before + and -. It is the whole way "
            "to walk that is cut into strides.",
        ),
        Misconception(
            "padding_taken_off",
            change(output_size, "+ 2 * padding", "- 2 * padding"),
            "You take the padding off. It makes the row longer, by one frame at each of its two ends.",
        ),
        Misconception(
            "same_padding",
            change(output_size, "(length + 2 * padding - kernel) // stride + 1", "-(-length // stride)"),
            "You divide the length by the stride and round up, whatever the kernel and the padding are. So it is with "
            'the padding that some libraries call "same"; here it is a number, and counts, and so does the kernel.',
        ),
        Misconception(
            "rounded_at_last",
            change(
                output_size,
                "(length + 2 * padding - kernel) // stride + 1",
                "round((length + 2 * padding - kernel) / stride + 1)",
            ),
            NEAREST,
        ),
    ),
    also_right=(
        output_size,
        size_by_counting,
        size_by_rounding,
        size_by_walking,
        size_by_divmod,
        change(
            output_size,
            "(length + 2 * padding - kernel) // stride + 1",
            "(length + 2 * padding - kernel + stride) // stride",
        ),
        change(
            output_size,
            "(length + 2 * padding - kernel) // stride + 1",
            "-(-(length + 2 * padding - kernel + 1) // stride)",
        ),
    ),
    forbidden=FORBIDDEN,
)

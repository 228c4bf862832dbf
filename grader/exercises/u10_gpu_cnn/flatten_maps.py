"""`flatten_maps`: the published flatten swallows the batch."""

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def flatten_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, shape: tuple[int, int, int, int], layout: str = "rows") -> Case:
        return Case(label, group, {"shape": list(shape), "offset": int(rng.integers(1, 1000)), "layout": layout})

    N = int(rng.integers(2, 5))
    return [
        case("two images, 64 maps of 28 x 28", "rows", (2, 64, 28, 28)),
        case("three images, 64 maps of 14 x 14", "rows", (3, 64, 14, 14)),
        case("32 maps of 14 x 14", "own", (N, 32, 14, 14)),
        case("128 maps of 7 x 7", "own", (N, 128, 7, 7)),
        case("three maps of 4 x 6", "sizes", (5, 3, 4, 6)),
        case("two maps of 3 x 5, one image", "sizes", (1, 2, 3, 5)),
        case("maps that lie in memory with the channels last", "layout", (N, 5, 4, 7), "channels last"),
        case("so they do, and 64 maps of 14 x 14", "layout", (2, 64, 14, 14), "channels last"),
    ]


def flatten_oracle(shape: list[int], offset: int, layout: str) -> tuple[list[int], np.ndarray]:
    """Image i begins at offset + i C H W and ends before the next."""
    N, size = shape[0], shape[1] * shape[2] * shape[3]
    begin = offset + size * np.arange(N, dtype=float)
    return [N, size], np.stack([begin, begin + 1, begin + 2, begin + size - 1], axis=1)


def flatten_maps(maps):
    return maps.reshape(len(maps), -1)


def of_each_image(maps):
    import torch

    return torch.stack([image.flatten() for image in maps])


FLATTEN_MAPS = Exercise(
    name="flatten_maps",
    unit=UNIT,
    returns=("shape", "entries"),
    driver="flattened",
    groups=(
        Group("rows", "makes one row of each image", 1, hint=1),
        Group("own", "fills each row with the image's own numbers, in their order", 1, hint=2),
        Group("sizes", "does so for maps of any number and size", 1, hint=1),
        Group("layout", "does so however the maps lie in memory", 1, hint=2),
    ),
    cases=flatten_cases,
    reference=flatten_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(flatten_maps, "reshape(len(maps), -1)", "view(-1, 64 * 7 * 7)"),
            "This is the published line: -1 lets torch choose how many rows there are, so that numbers of one image "
            "that find no room go on in the next row. Say how many rows you want, and let -1 stand for the rest.",
        ),
        Misconception(
            "everything_flat",
            change(flatten_maps, "reshape(len(maps), -1)", "flatten()"),
            "One row for the whole batch: flatten without an argument begins at the first axis, and that is the "
            "batch. From which axis on should it begin?",
        ),
        Misconception(
            "view_of_any_layout",
            change(flatten_maps, "reshape", "view"),
            "Right, until the maps lie otherwise in memory. view only gives a new shape to what lies there in order, "
            "and stops where that cannot be; reshape and flatten copy if they must.",
        ),
        Misconception(
            "channels_last",
            change(flatten_maps, "reshape", "permute(0, 2, 3, 1).reshape"),
            "Each row has its own image's numbers in another order: you put the channels last. A linear layer that "
            "was trained with one order gets nonsense in the other.",
            hint=2,
        ),
        Misconception(
            "axes_mixed",
            change(flatten_maps, "reshape(len(maps), -1)", "reshape(-1, len(maps)).T"),
            "The shape is right, and each row holds a little of every image: reshape fills row by row, and the "
            "transpose does not sort them again. Keep the batch's axis first.",
        ),
        Misconception(
            "maps_kept_apart",
            change(flatten_maps, "reshape(len(maps), -1)", "flatten(2)"),
            "Your rows are maps: (N, C, H W). A linear layer would treat each map as an example. One axis of each "
            "image is asked for.",
        ),
        Misconception(
            "mean_of_each_map",
            change(flatten_maps, "reshape(len(maps), -1)", "mean(dim=(2, 3))"),
            "You take the mean of each map. Some networks do that (global average pooling), but then fc1 has 64 "
            "inputs, and where in the image something was is gone.",
        ),
        Misconception(
            "rows_left_to_torch",
            change(flatten_maps, "len(maps), -1", "-1, 64 * 7 * 7"),
            "A row of 3,136 numbers fits maps of 64 x 7 x 7 alone. With others, -1 lets torch choose how "
            "many rows there are, so that numbers of one image go on in the next row. Name the number of "
            "rows, and let -1 stand for the rest.",
        ),
        Misconception(
            "size_of_one_network",
            change(flatten_maps, "-1", "64 * 7 * 7"),
            "You name the length of a row, 3,136, which only maps of 64 x 7 x 7 have. The number of rows is "
            "what you know for sure; let -1 stand for their length.",
        ),
        Misconception(
            "height_and_width_swapped",
            change(flatten_maps, "reshape", "transpose(2, 3).reshape"),
            "Each row has its own image's numbers in another order: height and width have changed places. "
            "The maps come as C, H, W, and are wanted in this order.",
            hint=2,
        ),
        Misconception(
            "left_as_it_came",
            change(flatten_maps, "maps.reshape(len(maps), -1)", "maps.squeeze()"),
            "The maps come back as maps. squeeze drops axes of length 1 and nothing else: three axes have to "
            "become one.",
        ),
    ),
    also_right=(
        flatten_maps,
        change(flatten_maps, "reshape(len(maps), -1)", "flatten(1)"),
        change(flatten_maps, "reshape(len(maps), -1)", "contiguous().view(maps.size(0), -1)"),
        change(flatten_maps, "reshape(len(maps), -1)", "reshape(maps.shape[0], maps[0].numel())"),
        change(
            flatten_maps, "return maps.reshape(len(maps), -1)", "from torch import nn\n\n    return nn.Flatten()(maps)"
        ),
        of_each_image,
    ),
)

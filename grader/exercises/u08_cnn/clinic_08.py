"""The bug clinic: feature maps that are cut into stripes and shifted."""

import numpy as np

from grader.changes import change
from grader.exercises.u08_cnn.common import FORBIDDEN, UNIT
from grader.spec import Case, Exercise, Group, Misconception


def clinic_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, height: int, width: int, F: int, K: int) -> Case:
        return Case(
            label, group, {"images": rng.normal(size=(N, height, width)), "filters": rng.normal(size=(F, K, K))}
        )

    return [
        case("3 filters of 1 x 1", "maps", 1, 4, 5, 3, 1),
        case("4 filters of 1 x 1", "maps", 1, 3, 4, 4, 1),
        case("one filter of 3 x 3", "places", 1, 5, 4, 1, 3),
        case("one filter of 5 x 5", "places", 1, 4, 6, 1, 5),
        case("2 filters of 3 x 3", "both", 1, 5, 6, 2, 3),
        case("3 filters of 5 x 5", "both", 1, 6, 5, 3, 5),
        case("3 images, 2 filters of 3 x 3", "images", 3, 4, 5, 2, 3),
        case("2 images, 3 filters of 5 x 5", "images", 2, 6, 5, 3, 5),
    ]


def clinic_oracle(images: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """torch.nn.functional.conv2d with the padding "same"."""
    import torch

    x, weight = (torch.from_numpy(array)[:, None] for array in (images, filters))
    return np.asarray(torch.nn.functional.conv2d(x, weight, padding="same"))


def clinic_08(images, filters):
    N, H, W = images.shape
    F, K, _ = filters.shape
    padded = np.pad(images, ((0, 0), (K // 2, K // 2), (K // 2, K // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))
    answers = windows.reshape(N, H * W, K * K) @ filters.reshape(F, K * K).T
    return answers.transpose(0, 2, 1).reshape(N, F, H, W)


still_shifted = change(clinic_08, "(K // 2, K // 2), (K // 2, K // 2)", "(0, K - 1), (0, K - 1)")


def clinic_einsum(images, filters):
    half = filters.shape[1] // 2
    padded = np.pad(images, ((0, 0), (half, half), (half, half)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, filters.shape[1:], axis=(1, 2))
    return np.einsum("nijkm,fkm->nfij", windows, filters)


def clinic_shifts(images, filters):
    N, H, W = images.shape
    F, K, _ = filters.shape
    padded = np.zeros((N, 1, H + K - 1, W + K - 1))
    padded[:, 0, K // 2 : K // 2 + H, K // 2 : K // 2 + W] = images
    maps = np.zeros((N, F, H, W))
    for k, m in np.ndindex(K, K):
        maps += filters[:, k, m][:, None, None] * padded[:, :, k : k + H, m : m + W]
    return maps


CLINIC_08 = Exercise(
    name="clinic_08",
    unit=UNIT,
    returns=("maps",),
    groups=(
        Group("maps", "keeps the maps of several filters apart", 2, hint=1),
        Group("places", "leaves everything at the place where it was seen", 1, hint=2),
        Group("both", "gives the right maps for several filters of any odd size", 1, hint=2),
        Group("images", "keeps several images apart", 1, hint=1),
    ),
    cases=clinic_cases,
    reference=clinic_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(still_shifted, ".transpose(0, 2, 1)", ""),
            "These are still the maps of the broken code. Begin with the stripes: give it two filters of 1 x 1, with "
            "the values 1 and -1, and look at what comes where. How do the axes of `answers` stand?",
        ),
        Misconception(
            "still_striped",
            change(clinic_08, ".transpose(0, 2, 1)", ""),
            "One cause is found: nothing is shifted any more. With two filters the maps are still cut into stripes, "
            "because `reshape` changes the names of axes and not their order.",
        ),
        Misconception(
            "still_shifted",
            still_shifted,
            "One cause is found: every filter has its own map. But what a filter sees stands half a kernel too far to "
            "the top left. On which sides of the image do the zeros stand?",
        ),
        Misconception(
            "all_axes_turned",
            change(clinic_08, ".transpose(0, 2, 1)", ".T"),
            "For one image this is right. But `.T` turns the order of all axes round: with several images, their axis "
            "comes to stand last, and each map is put together from pixels of all of them. Of the three axes of "
            "`answers`, only two should change places.",
        ),
        Misconception(
            "height_and_width_mixed",
            change(clinic_08, "reshape(N, F, H, W)", "reshape(N, F, W, H).swapaxes(2, 3)"),
            "The filters are apart and nothing is shifted, but height and width are mixed up, which shows on images "
            "that are not square. Only the filters' axis has to move.",
        ),
        Misconception(
            "shifted_the_other_way",
            change(clinic_08, "(K // 2, K // 2), (K // 2, K // 2)", "(K - 1, 0), (K - 1, 0)"),
            "Every filter has its own map now, but everything stands half a kernel too far to the bottom right: "
            "all zeros are at the top and on the left. A window stands *around* its pixel when there are equally "
            "many on all sides.",
        ),
        Misconception(
            "padded_by_one",
            change(clinic_08, "(K // 2, K // 2), (K // 2, K // 2)", "(1, 1), (1, 1)"),
            "One pixel of zeros on each side is right for filters of 3 x 3 alone. How many does a filter of K x K "
            "need, so that it can stand around the first pixel?",
            hint=2,
        ),
        Misconception(
            "padded_with_the_edge",
            change(clinic_08, "(K // 2, K // 2)))", '(K // 2, K // 2)), mode="edge")'),
            "Everything is in its place, but around the image you repeat its edge. Zeros stand there: the "
            "docstring asks for them.",
        ),
        Misconception(
            "filters_flipped",
            change(clinic_08, "filters.reshape", "filters[:, ::-1, ::-1].reshape"),
            "The maps are apart and in their place, but your filters are turned by 180 degrees. They lie on the "
            "window as they are.",
        ),
        Misconception(
            "images_and_filters_mixed",
            change(clinic_08, ".transpose(0, 2, 1)", ".transpose(2, 0, 1)"),
            "For one image this is right. With several, you have put the filters before the images, and `reshape` "
            "does not bring them back: the images come first, then the filters, then the places.",
        ),
        Misconception(
            "shifted_and_all_axes_turned",
            change(still_shifted, ".transpose(0, 2, 1)", ".T"),
            "Neither cause is gone. `.T` turns the order of all axes round, so that images are mixed up where "
            "there are several; and everything still stands half a kernel too far to the top left.",
            hint=1,
        ),
        Misconception(
            "filters_reshaped",
            change(clinic_08, "filters.reshape(F, K * K).T", "filters.reshape(K * K, F)"),
            "To get K K rows and F columns you reshape the filters, and that scrambles them: `reshape` never "
            "moves a number. As it was, this part is right.",
            hint=1,
        ),
        Misconception(
            "padded_by_the_whole_kernel",
            change(clinic_08, "(K // 2, K // 2), (K // 2, K // 2)", "(K - 1, K - 1), (K - 1, K - 1)"),
            "You add as many zeros on each side as are needed in all: K - 1. So there are more windows than "
            "pixels. Half of them belongs on each side.",
        ),
        Misconception(
            "filters_last",
            change(clinic_08, ".transpose(0, 2, 1).reshape(N, F, H, W)", ".reshape(N, H, W, F)"),
            "Nothing is mixed up or shifted any more, but the axis of the filters stands last. Maps are asked "
            "for: (N, F, H, W).",
        ),
    ),
    also_right=(
        clinic_08,
        clinic_einsum,
        clinic_shifts,
        change(clinic_08, ".transpose(0, 2, 1).reshape(N, F, H, W)", ".reshape(N, H, W, F).transpose(0, 3, 1, 2)"),
        change(
            clinic_08,
            "windows.reshape(N, H * W, K * K) @ filters.reshape(F, K * K).T",
            "filters.reshape(F, -1) @ windows.reshape(N, H * W, -1).swapaxes(1, 2)",
            ".transpose(0, 2, 1)",
            "",
        ),
        change(clinic_08, ".transpose(0, 2, 1)", ".swapaxes(1, 2).copy()"),
    ),
    forbidden=FORBIDDEN,
)

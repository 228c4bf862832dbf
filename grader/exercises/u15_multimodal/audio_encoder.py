"""`AudioEncoder`: two convolutions over time, the mean over the frames that are speech, a projection."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def audio_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: tuple[int, int, int], lengths: list[int], T: int, **more: float) -> Case:
        M, C, out = sizes
        weights = {
            "conv1.weight": rng.normal(0, 0.4, size=(C, M, 5)),
            "conv1.bias": rng.uniform(0.2, 1, size=C) * rng.choice([-1, 1, 1], size=C),
            "conv2.weight": rng.normal(0, 0.4, size=(C, C, 5)),
            "conv2.bias": rng.uniform(0.2, 1, size=C) + more.get("active", 0.0),
            "projection.weight": rng.normal(0, 0.5, size=(out, C)),
            "projection.bias": rng.normal(size=out),
        }
        # What lies beyond a clip's end is whatever the row was filled up with: not zero.
        x = rng.normal(0.3, 1, size=(len(lengths), M, T))
        return Case(
            label,
            group,
            {
                "sizes": list(sizes),
                "weights": weights,
                "data": {"x": x, "lengths": np.array(lengths)},
                "asks": "gradients" if group == "gradients" else "output",
                "direction": rng.normal(size=(len(lengths), out)),
            },
        )

    return [
        case("one clip of 8 frames", "whole", (4, 5, 3), [8], 8),
        case("three clips of 7 frames", "whole", (3, 4, 2), [7, 7, 7], 7),
        case("3 bands, 6 channels, 1 frame", "whole", (3, 6, 2), [1], 1),
        case("6 frames in a row of 10", "padded", (4, 5, 3), [6], 10),
        case("1 frame in a row of 9", "padded", (3, 4, 3), [1], 9),
        case("clips of 9, 4 and 6 frames together", "mixed", (4, 4, 3), [9, 4, 6], 9),
        case("clips of 2 and 7 frames in rows of 12", "mixed", (3, 5, 2), [2, 7], 12),
        case("gradients, 8 frames", "gradients", (3, 4, 2), [8, 8], 8),
        case("gradients, 5 and 3 frames in rows of 7", "gradients", (3, 3, 2), [5, 3], 7),
        case("gradients, where ReLU lets all of 4 frames through", "gradients", (3, 3, 2), [4, 2], 4, active=5.0),
    ]


def audio_oracle(
    sizes: list[int],
    weights: dict[str, np.ndarray],
    data: dict[str, np.ndarray],
    asks: str,
    direction: np.ndarray,
) -> tuple[Any, Any]:
    """Each clip by itself, cut to its own length, so that there is nothing to be masked."""
    import torch
    from torch.nn import functional

    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    rows = []
    for clip, length in zip(data["x"], data["lengths"], strict=True):
        maps = torch.tensor(clip[None, :, :length])
        for layer in ("conv1", "conv2"):
            maps = functional.conv1d(maps, tensors[f"{layer}.weight"], tensors[f"{layer}.bias"], padding="same").relu()
        rows.append(maps[0].mean(1) @ tensors["projection.weight"].T + tensors["projection.bias"])
    out = torch.stack(rows)
    if asks != "gradients":
        return out, None
    grads = torch.autograd.grad((out * torch.from_numpy(direction)).sum(), list(tensors.values()))
    return None, dict(zip(tensors, (grad.numpy() for grad in grads), strict=True))


def audio_by_loop(M, C, out):
    import torch
    from torch import nn

    class ByLoop(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv1d(M, C, kernel_size=5, padding="same")
            self.conv2 = nn.Conv1d(C, C, kernel_size=5, padding="same")
            self.projection = nn.Linear(C, out)

        def forward(self, x, lengths):
            heard = [clip[None, :, : int(n)] for clip, n in zip(x, lengths, strict=True)]
            maps = [self.conv2(self.conv1(clip).clamp(min=0)).clamp(min=0) for clip in heard]
            return self.projection(torch.cat([one.mean(2) for one in maps]))

    return ByLoop()


def audio_masked_fill(M, C, out):
    import torch
    from torch import nn

    class MaskedFill(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x, lengths):
            beyond = torch.arange(x.size(-1)).expand(len(x), -1) >= lengths.unsqueeze(1)
            beyond = beyond.unsqueeze(1)
            for layer in (self.conv1, self.conv2):
                x = nn.functional.relu(layer(x.masked_fill(beyond, 0.0)))
            mean = x.masked_fill(beyond, 0.0).sum(-1) / (~beyond).sum(-1)
            return self.projection(mean)

    return MaskedFill()


def AudioEncoder(M, C, out):
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x, lengths):
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv1(x * mask)) * mask
            x = torch.relu(self.conv2(x)) * mask
            return self.projection(x.sum(2) / lengths[:, None])

    return Encoder()


masks_the_input = change(
    AudioEncoder, "(self.conv1(x * mask)) * mask", "(self.conv1(x * mask))", "(self.conv2(x)) * mask", "(self.conv2(x))"
)
masks_the_input = change(masks_the_input, "x.sum(2) / lengths[:, None]", "x.mean(2)")


AUDIO_ENCODER = Exercise(
    name="AudioEncoder",
    unit=UNIT,
    returns=("out", "grads"),
    driver="encoder",
    groups=(
        Group("whole", "gives convolutions, mean and projection of clips without padding", 2, hint=1),
        Group("padded", "says of a clip the same in a longer row", 2, hint=3),
        Group("mixed", "treats each clip of a batch by its own length", 2, hint=2),
        Group("gradients", "can be trained, and padding leaves no trace in the gradients", 1, hint=4),
    ),
    cases=audio_cases,
    reference=audio_oracle,
    misconceptions=(
        Misconception(
            "no_mask",
            change(
                AudioEncoder,
                "(torch.arange(x.shape[2]) < lengths[:, None])[:, None]",
                "1",
                "x.sum(2) / lengths[:, None]",
                "x.mean(2)",
            ),
            "The lengths do nothing. Your mean runs to the end of the row, so that a clip sounds different as soon as "
            "a longer one is in the same batch.",
            hint=2,
        ),
        Misconception(
            "no_padding",
            change(
                AudioEncoder,
                "M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)",
                "M, C, 5), nn.Conv1d(C, C, 5)",
                """            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv1(x * mask)) * mask
            x = torch.relu(self.conv2(x)) * mask
            return self.projection(x.sum(2) / lengths[:, None])
""",
                """            x = torch.relu(self.conv1(x))
            x = torch.relu(self.conv2(x))
            return self.projection(x.mean(2))
""",
            ),
            "Your convolutions have no padding: each makes the row four frames shorter, and of a short clip nothing is "
            "left. With padding=2 a kernel of 5 keeps the length.",
        ),
        Misconception(
            "mask_at_the_end_only",
            change(AudioEncoder, "(self.conv1(x * mask)) * mask", "(self.conv1(x))"),
            "Your mean leaves the padding out, but the convolutions looked at it before: each frame sees two to either "
            "side, and the last frames of a clip see what lies beyond its end.",
        ),
        Misconception(
            "mask_at_the_start_only",
            masks_the_input,
            "You clear the padding before the first convolution. After it there is something again: a bias, through a "
            "ReLU, is not zero. The second convolution sees it, and so does the mean if you let it.",
        ),
        Misconception(
            "second_sees_padding",
            change(AudioEncoder, "(self.conv1(x * mask)) * mask", "(self.conv1(x * mask))"),
            "Nearly right: what the first convolution leaves beyond a clip's end (its bias, and what the last frames "
            "reach over) is seen by the second. Clear it in between, too.",
        ),
        Misconception(
            "divides_by_row",
            change(AudioEncoder, "x.sum(2) / lengths[:, None]", "x.mean(2)"),
            "You sum over the frames of the clip and divide by the length of the row: the shorter the clip, the "
            "quieter its features.",
            hint=2,
        ),
        Misconception(
            "loudest",
            change(AudioEncoder, "x.sum(2) / lengths[:, None]", "x.amax(2)"),
            "You keep the largest value over time. That is a fine way to find out whether a sound occurs anywhere; the "
            "mean is asked for here.",
            hint=2,
        ),
        Misconception(
            "no_second_relu",
            change(AudioEncoder, "torch.relu(self.conv2(x))", "self.conv2(x)"),
            "The ReLU after the second convolution is missing. A mean of a convolution without one is only a weighted "
            "sum of its inputs: the second layer would be nearly for nothing.",
        ),
        Misconception(
            "no_relu_at_all",
            change(
                AudioEncoder,
                "torch.relu(self.conv1(x * mask))",
                "self.conv1(x * mask)",
                "torch.relu(self.conv2(x))",
                "self.conv2(x)",
            ),
            "Without a ReLU two convolutions in a row are one convolution, a linear filter. It belongs after each of "
            "them.",
        ),
        Misconception(
            "longest_for_all",
            change(
                AudioEncoder,
                "lengths[:, None])[:, None]",
                "lengths.max())[None, None]",
                "x.sum(2) / lengths[:, None]",
                "x.sum(2) / lengths.max()",
            ),
            "All clips of a batch are treated as if they were as long as the longest one. Compare the frames' numbers "
            "with each clip's own length: lengths[:, None].",
        ),
        Misconception(
            "one_frame_too_long",
            change(AudioEncoder, "< lengths", "<= lengths"),
            "Your mask is one frame too long: a clip of n frames has the frames 0 to n - 1.",
            hint=2,
        ),
        Misconception(
            "relu_at_the_end",
            change(
                AudioEncoder,
                "self.projection(x.sum(2) / lengths[:, None])",
                "torch.relu(self.projection(x.sum(2) / lengths[:, None]))",
            ),
            "After the projection you cut off what is negative. The encoder returns the projection as it is: a "
            "direction has both signs.",
        ),
        Misconception(
            "no_first_relu",
            change(AudioEncoder, "torch.relu(self.conv1(x * mask))", "self.conv1(x * mask)"),
            "The ReLU after the first convolution is missing. It belongs after each of them.",
        ),
        Misconception(
            "first_sees_padding",
            change(AudioEncoder, "self.conv1(x * mask)", "self.conv1(x)"),
            "What lies beyond a clip's end gets in through the first convolution: it looks two frames ahead. Clear "
            "it before that one, too.",
        ),
        Misconception(
            "mean_of_the_padding_too",
            change(AudioEncoder, "(self.conv2(x)) * mask", "(self.conv2(x))"),
            "Both convolutions are kept from the padding. After the second there is something beyond the clip's end "
            "again, and your sum counts it.",
            hint=2,
        ),
        Misconception(
            "relu_after_the_mean",
            change(
                AudioEncoder,
                "torch.relu(self.conv2(x))",
                "self.conv2(x)",
                "self.projection(x.sum(2) / lengths[:, None])",
                "self.projection(torch.relu(x.sum(2) / lengths[:, None]))",
            ),
            "You take the mean first and the ReLU after it. What is negative in one frame then cancels what is "
            "positive in another: the ReLU belongs to each frame.",
        ),
        Misconception(
            "last_frame",
            change(AudioEncoder, "x.sum(2) / lengths[:, None]", "x[torch.arange(len(x)), :, lengths - 1]"),
            "You keep what is found at the last frame alone. The mean over all of the clip's frames is asked for.",
            hint=2,
        ),
    ),
    also_right=(
        AudioEncoder,
        audio_by_loop,
        audio_masked_fill,
        change(
            AudioEncoder,
            "(self.conv1(x * mask)) * mask",
            "(self.conv1(x * mask))",
            "(self.conv2(x)) * mask",
            "(self.conv2(x * mask)) * mask",
            "x.sum(2) / lengths[:, None]",
            "x.sum(2) / mask.sum(2)",
        ),
        change(
            AudioEncoder,
            "(torch.arange(x.shape[2]) < lengths[:, None])[:, None]",
            "(torch.arange(x.shape[2]) < lengths[:, None])[:, None].double()",
        ),
    ),
)

"""What people write as `AudioEncoder`: first the wrong ones, then right ones written otherwise."""

from typing import Any


def audio_no_mask(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class NoMask(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            return self.projection(torch.relu(self.conv2(torch.relu(self.conv1(x)))).mean(2))

    return NoMask()


def audio_mask_at_end(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class MaskAtEnd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
            return self.projection((x * mask).sum(2) / lengths[:, None])

    return MaskAtEnd()


def audio_mask_at_start(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class MaskAtStart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv2(torch.relu(self.conv1(x * mask))))
            return self.projection(x.mean(2))

    return MaskAtStart()


def audio_second_unmasked(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class SecondUnmasked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv2(torch.relu(self.conv1(x * mask))))
            return self.projection((x * mask).sum(2) / lengths[:, None])

    return SecondUnmasked()


def audio_divides_by_row(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class DividesByRow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv1(x * mask)) * mask
            return self.projection((torch.relu(self.conv2(x)) * mask).mean(2))

    return DividesByRow()


def audio_max(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class Loudest(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = torch.relu(self.conv1(x * mask)) * mask
            return self.projection((torch.relu(self.conv2(x)) * mask).amax(2))

    return Loudest()


def audio_no_second_relu(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class NoSecondRelu(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = self.conv2(torch.relu(self.conv1(x * mask)) * mask)
            return self.projection((x * mask).sum(2) / lengths[:, None])

    return NoSecondRelu()


def audio_no_relu(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class NoRelu(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = self.conv2(self.conv1(x * mask) * mask)
            return self.projection((x * mask).sum(2) / lengths[:, None])

    return NoRelu()


def audio_longest(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class LongestForAll(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            x = x[:, :, : int(lengths.max())]
            return self.projection(torch.relu(self.conv2(torch.relu(self.conv1(x)))).mean(2))

    return LongestForAll()


def audio_by_loop(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class ByLoop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv1d(M, C, kernel_size=5, padding="same")
            self.conv2 = nn.Conv1d(C, C, kernel_size=5, padding="same")
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            heard = [clip[None, :, : int(n)] for clip, n in zip(x, lengths, strict=True)]
            maps = [self.conv2(self.conv1(clip).clamp(min=0)).clamp(min=0) for clip in heard]
            return self.projection(torch.cat([one.mean(2) for one in maps]))

    return ByLoop()


def audio_masked_fill(M: int, C: int, out: int) -> "Any":
    import torch
    from torch import nn

    class MaskedFill(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(M, C, 5, padding=2), nn.Conv1d(C, C, 5, padding=2)
            self.projection = nn.Linear(C, out)

        def forward(self, x: "Any", lengths: "Any") -> "Any":
            beyond = torch.arange(x.size(-1)).expand(len(x), -1) >= lengths.unsqueeze(1)
            beyond = beyond.unsqueeze(1)
            for layer in (self.conv1, self.conv2):
                x = nn.functional.relu(layer(x.masked_fill(beyond, 0.0)))
            mean = x.masked_fill(beyond, 0.0).sum(-1) / (~beyond).sum(-1)
            return self.projection(mean)

    return MaskedFill()

"""What people write as `TextEncoder`: first the wrong ones, then right ones written otherwise."""

from typing import Any


def text_plain_mean(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class PlainMean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            return self.projection(self.embedding(ids).mean(1))

    return PlainMean()


def text_divides_by_length(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class DividesByLength(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            return self.projection((self.embedding(ids) * mask[:, :, None]).mean(1))

    return DividesByLength()


def text_sum(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            return self.projection((self.embedding(ids) * mask[:, :, None]).sum(1))

    return Sum()


def text_inverted(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class Inverted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            padding = (~mask)[:, :, None]
            return self.projection((self.embedding(ids) * padding).sum(1) / padding.sum(1).clamp(min=1))

    return Inverted()


def text_max(V: int, dim: int, out: int) -> "Any":
    import torch
    from torch import nn

    class Largest(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            largest = self.embedding(ids).masked_fill(~mask[:, :, None], -1e9).amax(1)
            return self.projection(torch.where(mask.any(1)[:, None], largest, 0.0))

    return Largest()


def text_nan(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class EmptyIsNan(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            real = mask[:, :, None]
            return self.projection((self.embedding(ids) * real).sum(1) / real.sum(1))

    return EmptyIsNan()


def text_frozen(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            real = mask[:, :, None]
            words = self.embedding(ids).detach()
            return self.projection((words * real).sum(1) / real.sum(1).clamp(min=1))

    return Frozen()


def text_relu(V: int, dim: int, out: int) -> "Any":
    import torch
    from torch import nn

    class WithRelu(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            real = mask[:, :, None]
            mean = (self.embedding(ids) * real).sum(1) / real.sum(1).clamp(min=1)
            return self.projection(torch.relu(mean))

    return WithRelu()


def text_by_matmul(V: int, dim: int, out: int) -> "Any":
    from torch import nn

    class ByMatmul(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            words = self.embedding(ids)
            share = mask.to(words.dtype)
            share = share / share.sum(1, keepdim=True).clamp(min=1)
            return self.projection((share[:, None] @ words)[:, 0])

    return ByMatmul()


def text_by_loop(V: int, dim: int, out: int) -> "Any":
    import torch
    from torch import nn

    class ByLoop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            means = []
            for row, real in zip(ids, mask, strict=True):
                words = self.embedding(row[real])
                means.append(words.mean(0) if len(words) else words.sum(0))
            return self.projection(torch.stack(means))

    return ByLoop()


def text_projected_first(V: int, dim: int, out: int) -> "Any":
    import torch
    from torch import nn

    class ProjectedFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids: "Any", mask: "Any") -> "Any":
            words = nn.functional.linear(self.embedding(ids), self.projection.weight)
            kept = torch.where(mask[:, :, None], words, 0.0)
            return kept.sum(1) / mask.sum(1, keepdim=True).clamp(min=1) + self.projection.bias

    return ProjectedFirst()

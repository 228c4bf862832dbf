"""What people write in place of `EarlyExit`; each function can be pasted into a notebook as it stands."""

from typing import Any


def exit_together(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = (logits.softmax(dim=1).max(dim=1).values < self.threshold).any().repeat(len(x))
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_inverted(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values >= self.threshold
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_by_logit(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.max(dim=1).values < self.threshold
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_everything_computed(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            late = self.exit2(self.stage2(h))
            return torch.where(stay[:, None], late, logits), torch.where(stay, 2, 1)

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_concatenated(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            if not stay.any():
                return logits, torch.where(stay, 2, 1)
            return torch.cat([logits[~stay], self.exit2(self.stage2(h[stay]))]), torch.where(stay, 2, 1)

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_from_zero(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            exits = torch.where(stay, 1, 0)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_fixed_threshold(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < threshold
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_last_loss(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            _, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(last, y)

    return Network()


def exit_mean_loss(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stage1, self.exit1, self.stage2, self.exit2 = stage1, exit1, stage2, exit2
            self.threshold = threshold

        def forward(self, x: "Any") -> "Any":
            h = self.stage1(x)
            logits = self.exit1(h)
            if self.training:
                return logits, self.exit2(self.stage2(h))
            stay = logits.softmax(dim=1).max(dim=1).values < self.threshold
            exits = torch.where(stay, 2, 1)
            if stay.any():
                logits = logits.clone()
                logits[stay] = self.exit2(self.stage2(h[stay]))
            return logits, exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return (cross_entropy(first, y) + cross_entropy(last, y)) / 2

    return Network()

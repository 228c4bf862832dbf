"""`EarlyExit` written otherwise, and right."""

from typing import Any


def exit_one_by_one(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
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
            rows, exits = [], []
            for i in range(len(x)):
                sure = logits[i].softmax(dim=0).max() >= self.threshold
                rows.append(logits[i] if sure else self.exit2(self.stage2(h[i : i + 1]))[0])
                exits.append(1 if sure else 2)
            return torch.stack(rows), torch.tensor(exits)

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return cross_entropy(first, y) + cross_entropy(last, y)

    return Network()


def exit_scattered(stage1: "Any", exit1: "Any", stage2: "Any", exit2: "Any", threshold: float) -> "Any":
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
            confidence = logits.exp().amax(dim=1) / logits.exp().sum(dim=1)
            places = torch.nonzero(confidence < self.threshold)[:, 0]
            exits = torch.ones(len(x), dtype=torch.int64).index_fill(0, places, 2)
            if len(places) == 0:
                return logits, exits
            return logits.index_copy(0, places, self.exit2(self.stage2(h.index_select(0, places)))), exits

        def loss(self, x: "Any", y: "Any") -> "Any":
            first, last = self(x)
            cross_entropy = nn.functional.cross_entropy
            return sum(cross_entropy(logits, y) for logits in (first, last))

    return Network()

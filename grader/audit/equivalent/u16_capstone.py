"""What survives in 16_capstone and is right after all."""

from grader.audit.equivalent.explained import Explained

WIDE = "nn.Conv2d(1, 24, 5, stride=2, padding={padding}, bias=False), nn.BatchNorm2d(24), nn.ReLU(), *layer(24, 48), "
WIDE += "nn.MaxPool2d(2), *layer(48, 72), Residual(72), nn.AdaptiveAvgPool2d(1), {end}, nn.Linear(72, 10)"


def _structure(padding: int = 2, end: str = "nn.Flatten(), nn.Dropout(0.1)") -> str:
    return f"return nn.Sequential({WIDE.format(padding=padding, end=end)})"


EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "clinic_16": (
        Explained(
            "mean = valid.mean(axis=1)",
            ("mean = valid.sum(axis=1)",),
            "Every recipe has the same number of seeds, so the largest sum is the largest mean.",
        ),
    ),
    "capstone_net": (
        Explained(
            _structure(),
            (
                _structure(end="nn.Dropout(0.1), nn.Flatten()"),
                *(_structure(end=f"nn.Flatten(), nn.Dropout({p})") for p in ("1.0", "0.01", "0.0")),
            ),
            "Dropout lets everything through in evaluation mode, in which a network is judged.",
        ),
        Explained(
            _structure(),
            (_structure(padding=3),),
            "A frame that is wider by one pixel of black moves what the network sees by one pixel, for which it was "
            "trained; everybody's structure is their own, and accuracy counts.",
        ),
        Explained(
            "return x + self.body(x)",
            ("return self.body(x)",),
            "These weights name as many images right without the connection (90.05 % of the validation images, 89.80 % "
            "with it). Everybody's structure is their own, and accuracy counts.",
        ),
        Explained(
            "return model.eval()",
            ("return model",),
            "The grader puts a network into evaluation mode before it judges it; who forgets that loses no point.",
        ),
    ),
}

"""What the specs of this unit share: its name, and layers as cases describe them."""

from typing import Any

UNIT = "12_structure"
Layer = dict[str, Any]


def conv(name: str, C: int, F: int, kernel: Any, more: Layer | None = None, **options: Any) -> Layer:
    """A convolution as cases describe it."""
    return {"name": name, "kind": "conv", "args": [C, F, kernel], "options": options, **(more or {})}


def linear(name: str, D: int, M: int, more: Layer | None = None, **options: Any) -> Layer:
    """A linear layer as cases describe it."""
    return {"name": name, "kind": "linear", "args": [D, M], "options": options, **(more or {})}


def norm(name: str, C: int, more: Layer | None = None) -> Layer:
    """A batch normalization as cases describe it."""
    return {"name": name, "kind": "norm", "args": [C], "options": {}, **(more or {})}


def plain(name: str, kind: str) -> Layer:
    """A layer without sizes as cases describe it."""
    return {"name": name, "kind": kind}

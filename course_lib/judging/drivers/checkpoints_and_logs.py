"""What stands around a training loop: logs, and a network from a file.

Nothing here needs TensorBoard: a writer is simulated, so that what a learner's code does with it comes out as plain
data. torch is imported inside the functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver


class _Recorder:
    """A writer with the methods of torch.utils.tensorboard's SummaryWriter that notes what it is given."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, list[Any]]] = {"scalars": {}, "histograms": {}, "images": {}}
        self.others: set[str] = set()

    def _note(self, kind: str, tag: Any, value: Any, step: Any) -> None:
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        number = -1 if step is None else int(step)
        self.notes[kind].setdefault(str(tag), []).append({"step": number, "value": np.array(value)})

    def add_scalar(self, tag: Any, scalar_value: Any, global_step: Any = None, *rest: Any, **more: Any) -> None:
        self._note("scalars", tag, float(scalar_value), global_step)

    def add_histogram(self, tag: Any, values: Any, global_step: Any = None, *rest: Any, **more: Any) -> None:
        if values is None:
            raise TypeError("add_histogram got None in place of values")
        self._note("histograms", tag, values, global_step)

    def add_images(self, tag: Any, img_tensor: Any, global_step: Any = None, *rest: Any, **more: Any) -> None:
        if np.ndim(img_tensor) != 4 or len(img_tensor) == 0:
            raise ValueError("add_images wants a batch of images (N, 1, H, W), with N at least 1")
        self._note("images", tag, img_tensor, global_step)

    def flush(self) -> None:
        """There is nothing to be written."""

    def close(self) -> None:
        """There is nothing to be closed."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_"):
            raise AttributeError(f"'SummaryWriter' object has no attribute '{name}'")
        return lambda *args, **more: self.others.add(name)

    def missed(self, kind: str) -> None:
        """Say so where another method took the place of the one whose notes are asked for."""
        other, asked = {
            "scalars": ("add_scalars", "add_scalar, one curve at a time"),
            "histograms": ("add_histogram_raw", "add_histogram"),
            "images": ("add_image", "add_images, which takes a batch"),
        }[kind]
        if other in self.others:
            raise AnswerError(f"You call writer.{other}. Here another method is asked for: {asked}.")


def logged(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(writer, epoch, model, scores, images, labels, predicted)` once for each epoch; the writer takes notes.

    The model has the linear layers `first` and `second` of `params`, with the gradients `grads`, an array or None each.
    scores: for each epoch {"train": [loss, accuracy], "valid": [loss, accuracy]}; the function gets tuples.
    predicted: (epochs, N).  Returns (scalars, histograms, images), for each tag what was logged and at which step; None
    but for what `asks` names: "scalars", "images" or "most" for these, "weights" or "gradients" for the histograms
    whose tags begin so.
    """
    import torch

    model: Any = torch.nn.Sequential()
    for name, (W, b) in zip(("first", "second"), zip(*[iter(inputs["params"])] * 2, strict=True), strict=True):
        model.add_module(name, torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64))
        with torch.no_grad():
            model[-1].weight.copy_(torch.from_numpy(W))
            model[-1].bias.copy_(torch.from_numpy(b))
    for param, grad in zip(model.parameters(), inputs["grads"], strict=True):
        param.grad = None if grad is None else torch.from_numpy(grad.copy())
    recorder, asks = _Recorder(), inputs["asks"]
    images, labels = torch.from_numpy(inputs["images"]), torch.from_numpy(inputs["labels"])
    for epoch, scores, predicted in zip(inputs["epochs"], inputs["scores"], inputs["predicted"], strict=True):
        pairs = {part: tuple(values) for part, values in scores.items()}
        obj(recorder, epoch, model, pairs, images, labels, torch.from_numpy(predicted))
    wanted = {"weights": "histograms", "gradients": "histograms", "most": "images"}.get(asks, asks)
    recorder.missed(wanted)
    if wanted == "histograms":
        found = recorder.notes["histograms"]
        apart = {tag: notes for tag, notes in found.items() if tag.startswith("grad") == (asks == "gradients")}
        return None, apart, None
    return tuple(recorder.notes[kind] if kind == wanted else None for kind in ("scalars", "histograms", "images"))


ALONE = 20
"""Images that are asked about one by one."""


def network_from_file(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(images)`, which reads a network from a file that lies beside the notebook; `asks` is for the judge.

    images: (N, 28, 28) uint8, or the indices (N,) of images of the embedded test set. Where `asks` is "company", the
    first `ALONE` are given one by one, too. Returns the labels, and those of the ones alone, or None.
    """
    images = inputs["images"]
    if images.ndim == 1:
        images = embedded_test_images()[images]
    labels = obj(images.copy())
    if labels is None or inputs["asks"] != "company":
        return labels, None
    return labels, [np.asarray(obj(images[i : i + 1].copy())) for i in range(ALONE)]


def embedded_test_images() -> np.ndarray:
    """The 2,000 test images that come with the course, (2000, 28, 28) uint8."""
    from course_lib.data import load_fashion_mnist

    return np.rint(load_fashion_mnist().X_test * 255).astype(np.uint8)


DRIVERS: dict[str, Driver] = {
    "logged": logged,
    "network_from_file": network_from_file,
}

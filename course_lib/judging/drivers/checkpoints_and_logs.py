"""What stands around a training loop: logs, stopwatches, mixed precision, and a network from a file.

Nothing here needs a GPU, TensorBoard or a clock: a device that works on while nobody waits, and a writer, are
simulated, so that what a learner's code does with them comes out as plain data. torch is imported inside the functions.
"""

from __future__ import annotations

from functools import partial
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


class _Device:
    """A simulated device and its clock: a step is handed over, and done later; times are in seconds.

    launch: what handing over takes.  work: how long the device works on each step; the last one repeats for ever.
    wait: what a call of `synchronize` takes besides the waiting.  waits: whether a step returns only when it is done,
    as on a CPU.
    """

    def __init__(self, inputs: dict[str, Any]) -> None:
        self.now, self.free, self.steps = 1000.0, 0.0, 0
        self.launch, self.work, self.wait = inputs["launch"], inputs["work"], inputs["wait"]
        self.waits = inputs["waits"]

    def step(self) -> None:
        """Hand over the next step."""
        self.now += self.launch
        length = float(self.work[min(self.steps, len(self.work) - 1)])
        self.free = max(self.free, self.now) + length
        self.steps += 1
        if self.waits:
            self.now = self.free

    def synchronize(self) -> None:
        """Wait until everything that was handed over is done."""
        self.now = max(self.now, self.free) + self.wait

    def clock(self) -> float:
        """The time in seconds."""
        return self.now


def stopwatch(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(step, images_per_step, warmup, steps, synchronize, clock)` with a simulated device.

    Returns (rate, made): the images per second, and how many steps were made, None where `asks` is not "steps".
    """
    device = _Device(inputs)
    count = (inputs["images_per_step"], inputs["warmup"], inputs["steps"])
    rate = obj(device.step, *count, device.synchronize, device.clock)
    if rate is None:
        return None
    return (None, device.steps) if inputs["asks"] == "steps" else (rate, None)


def mixed_precision(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, images, labels, optimizer, scaler, max_norm)` once for each batch, with torch's SGD, float32.

    params: W1, b1, W2, b2 of a network with a ReLU.  images: (steps, N, D).  labels: (steps, N).  scale: what the
    scaler, torch's own, begins with; it doubles after each good step; None for no scaler.  stale: what lies in `.grad`
    at first.  Returns (params, losses, scales, facts), None but for what `asks` names. "steps": the parameters after
    all of them.  "losses".  "scales": the scale after each step, with the parameters.  "types": which types and modes
    the passes have, and whether the losses have been rounded to bfloat16.
    """
    import torch

    W1, _, W2, _ = inputs["params"]
    layers = [torch.nn.Linear(W.shape[1], W.shape[0]) for W in (W1, W2)]
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    with torch.no_grad():
        for param, value in zip(model.parameters(), inputs["params"], strict=True):
            param.copy_(torch.from_numpy(value))
            param.grad = torch.full_like(param, inputs["stale"]) if inputs["stale"] else None
    optimizer = torch.optim.SGD(model.parameters(), lr=inputs["lr"])
    scaler, scale = None, inputs["scale"]
    if scale is not None:
        scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1)
    seen: dict[str, Any] = {"forward": "never", "backward": "never", "passes": 0}
    model.register_forward_hook(partial(_look, seen))
    losses, scales = [], []
    for images, labels in zip(inputs["images"], inputs["labels"], strict=True):
        tensors = torch.from_numpy(images), torch.from_numpy(labels)
        losses.append(obj(model, *tensors, optimizer, scaler, inputs["max_norm"]))
        scales.append(0.0 if scaler is None else scaler.get_scale())
    params = [param.detach().float().numpy().copy() for param in model.parameters()]
    asks = inputs["asks"]
    if asks == "losses":
        return None, np.array([_plain_number(loss) for loss in losses]), None, None
    if asks == "types":
        kinds = sorted({str(param.dtype).removeprefix("torch.") for param in model.parameters()})
        left_on = {"autocast is left on": torch.is_autocast_enabled("cpu"), "parameters are": ", ".join(kinds)}
        return None, None, None, seen | left_on | {"the loss is rounded to bfloat16": _rounded(losses)}
    return params, None, np.array(scales) if asks == "scales" else None, None


def _look(seen: dict[str, Any], module: Any, args: Any, out: Any) -> None:
    import torch

    def on_the_way_back(grad: Any) -> None:
        seen["backward"] = "under autocast" if torch.is_autocast_enabled("cpu") else "as usual"

    seen["passes"] += 1
    seen["forward"] = str(out.dtype).removeprefix("torch.")
    if out.requires_grad:
        out.register_hook(on_the_way_back)


def _rounded(losses: list[Any]) -> bool:
    """Whether all of several losses are numbers of 8 binary digits, as hardly any other loss is."""
    import torch

    numbers = [torch.as_tensor(loss).detach().double() for loss in losses if loss is not None]
    return bool(numbers) and all(torch.equal(number.bfloat16().double(), number) for number in numbers)


def _plain_number(loss: Any) -> float:
    if loss is None or hasattr(loss, "requires_grad"):
        kind = "nothing" if loss is None else "a tensor"
        raise AnswerError(f"The loss should come back as a plain number, and it is {kind}: .item() makes one.")
    return float(loss)


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
    "stopwatch": stopwatch,
    "mixed_precision": mixed_precision,
    "network_from_file": network_from_file,
}

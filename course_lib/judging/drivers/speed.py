"""How fast a training step is, and how it is made fast: stopwatches, mixed precision, copies that share a batch.

Nothing here needs a GPU or a clock: a device that works on while nobody waits is simulated, so that what a learner's
code does with it comes out as plain data. torch is imported inside the functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver


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


class _Rehearsed(_Device):
    """A `_Device` whose steps take a prepared batch and return a loss that lies on it; `losses`: one a batch."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        super().__init__(inputs)
        self.losses, self.preparing = inputs["losses"], inputs["prepare"]

    def prepare(self, index: int) -> _Batch:
        """Batch `index`, which takes the processor its time."""
        self.now += self.preparing
        return _Batch(int(index))

    def step_on(self, batch: Any) -> _Loss:
        """Hand over the step of a batch."""
        if not isinstance(batch, _Batch):
            raise AnswerError("step wants what prepare(i) returns: a batch.")
        self.step()
        return _Loss(self, self.free, float(self.losses[batch.index]))


@dataclass(frozen=True)
class _Batch:
    index: int


class _Loss:
    """A loss on the device: whoever wants its value waits until the device has got there."""

    def __init__(self, on: _Device, ready: float, value: float) -> None:
        self._on, self._ready, self._value = on, ready, value

    def item(self) -> float:
        """The value, a plain number."""
        self._on.now = max(self._on.now, self._ready) + self._on.wait
        return self._value

    def __float__(self) -> float:
        return self.item()

    def detach(self) -> _Loss:
        """Without a history; nobody waits for that."""
        return self


def rehearsed(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `seconds, losses = obj(prepare, step, warmup, steps, synchronize, clock)` with a simulated device.

    prepare: what preparing a batch takes.  losses: the loss of each batch.  Returns (seconds, losses), None but for
    what `asks` names.
    """
    on = _Rehearsed(inputs)
    returned = obj(on.prepare, on.step_on, inputs["warmup"], inputs["steps"], on.synchronize, on.clock)
    if returned is None:
        return None
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise AnswerError("It should return two things: the seconds of a step, and the list of losses.")
    seconds, losses = returned
    if inputs["asks"] == "seconds":
        return seconds, None
    if any(isinstance(loss, _Loss) for loss in losses):
        raise AnswerError("The losses should come back as plain numbers: .item() makes one of each.")
    return None, [float(loss) for loss in losses]


def mixed_precision(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(model, images, labels, optimizer, dtype, scaler, max_norm)` for each batch, with torch's SGD, float32.

    params: W1, b1, W2, b2 of a network with a ReLU.  images: (steps, N, D).  labels: (steps, N).  scale: what the
    scaler, torch's own, begins with; it doubles after each good step; None for no scaler.  stale: what lies in `.grad`
    at first.  kind: "bfloat16" or "float16", for dtype.  Returns (params, losses, scales, facts), None but for what
    `asks` names. "steps": the parameters after all of them.  "losses".  "scales": the scale after each step, with the
    parameters.  "types": which types and modes the passes have, and whether the losses have been rounded to `kind`.
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
    low = torch.bfloat16 if inputs["kind"] == "bfloat16" else torch.float16
    scaler, scale = None, inputs["scale"]
    if scale is not None:
        scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1)
    seen: dict[str, Any] = {"forward": "never", "backward": "never", "passes": 0}
    model.register_forward_hook(partial(_look, seen))
    losses, scales = [], []
    for images, labels in zip(inputs["images"], inputs["labels"], strict=True):
        tensors = torch.from_numpy(images), torch.from_numpy(labels)
        losses.append(obj(model, *tensors, optimizer, low, scaler, inputs["max_norm"]))
        scales.append(0.0 if scaler is None else scaler.get_scale())
    params = [param.detach().float().numpy().copy() for param in model.parameters()]
    asks = inputs["asks"]
    if asks == "losses":
        return None, np.array([_plain_number(loss) for loss in losses]), None, None
    if asks == "types":
        kinds = sorted({str(param.dtype).removeprefix("torch.") for param in model.parameters()})
        left_on = {"autocast is left on": torch.is_autocast_enabled("cpu"), "parameters are": ", ".join(kinds)}
        return None, None, None, seen | left_on | {"the loss is rounded to half the bits": _rounded(losses, low)}
    return params, None, np.array(scales) if asks == "scales" else None, None


def _look(seen: dict[str, Any], module: Any, args: Any, out: Any) -> None:
    import torch

    def on_the_way_back(grad: Any) -> None:
        seen["backward"] = "under autocast" if torch.is_autocast_enabled("cpu") else "as usual"

    seen["passes"] += 1
    seen["forward"] = str(out.dtype).removeprefix("torch.")
    if out.requires_grad:
        out.register_hook(on_the_way_back)


def _rounded(losses: list[Any], low: Any) -> bool:
    """Whether all of several losses are numbers of a type with few digits, as hardly any other loss is."""
    import torch

    numbers = [torch.as_tensor(loss).detach().double() for loss in losses if loss is not None]
    return bool(numbers) and all(torch.equal(number.to(low).double(), number) for number in numbers)


def _plain_number(loss: Any) -> float:
    if loss is None or hasattr(loss, "requires_grad"):
        kind = "nothing" if loss is None else "a tensor"
        raise AnswerError(f"The loss should come back as a plain number, and it is {kind}: .item() makes one.")
    return float(loss)


def copies(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(models, counts)` for copies of a linear layer of `params`, each with its own of `grads`, None for none.

    Returns (gradients, facts, params), None but for what `asks` names. "gradients": those of each copy afterwards.
    "apart": whether two of them share memory, and whether the parameters were changed.  "training": the parameters of
    each copy after some steps, each of which gives copy r the next counts[r] of a step's `images`, (steps, N, D), and
    `labels`.
    """
    import torch

    counts, models = list(inputs["counts"]), []
    for _ in counts:
        W, b = inputs["params"]
        model = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(W))
            model.bias.copy_(torch.from_numpy(b))
        models.append(model)
    if inputs["asks"] == "training":
        _train_copies(obj, models, counts, inputs)
        return None, None, [[param.detach().numpy().copy() for param in model.parameters()] for model in models]
    for model, grads in zip(models, inputs["grads"], strict=True):
        for param, grad in zip(model.parameters(), grads, strict=True):
            param.grad = None if grad is None else torch.from_numpy(grad.copy())
    obj(models, counts)
    found = [[param.grad for param in model.parameters()] for model in models]
    if inputs["asks"] == "gradients":
        values = [[NO_GRADIENT if grad is None else grad.detach().numpy().copy() for grad in part] for part in found]
        return values, None, None
    places = [grad.data_ptr() for part in found for grad in part if grad is not None]
    same = all(
        np.array_equal(param.detach().numpy(), value)
        for model in models
        for param, value in zip(model.parameters(), inputs["params"], strict=True)
    )
    shared = f"{len(places) - len(set(places))} of {len(places)}, for {sum(counts)} examples"
    return None, {"gradients that share memory": shared, "the parameters are as they were": same}, None


NO_GRADIENT = "no gradient"


def _train_copies(obj: Any, models: list[Any], counts: list[int], inputs: dict[str, Any]) -> None:
    import torch

    optimizers = [torch.optim.SGD(model.parameters(), lr=inputs["lr"], momentum=0.9) for model in models]
    for images, labels in zip(inputs["images"], inputs["labels"], strict=True):
        parts = zip(torch.from_numpy(images).split(counts), torch.from_numpy(labels).split(counts), strict=True)
        for model, (X, y) in zip(models, parts, strict=True):
            model.zero_grad()
            torch.nn.functional.cross_entropy(model(X), y).backward()
        obj(models, list(counts))
        for optimizer in optimizers:
            optimizer.step()


DRIVERS: dict[str, Driver] = {
    "copies": copies,
    "stopwatch": stopwatch,
    "rehearsed": rehearsed,
    "mixed_precision": mixed_precision,
}

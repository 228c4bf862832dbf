"""What stands around a training loop: checkpoints, logs, stopwatches, mixed precision, and a network from a file.

Nothing here needs a GPU, TensorBoard or a clock: a device that works on while nobody waits, and a writer, are
simulated, so that what a learner's code does with them comes out as plain data. torch is imported inside the functions.
"""

from __future__ import annotations

import io
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.probes.base import Probe


class Training:
    """A small run of training on the CPU, in float64: a network with dropout, an optimizer and a schedule.

    seed: of torch's random numbers and of the generator that shuffles. A fresh one (`fresh=True`) has other parameters
    than the case's, as a network has that was just constructed.
    """

    def __init__(self, inputs: dict[str, Any], seed: int, fresh: bool = False) -> None:
        import torch

        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.X, self.y = torch.from_numpy(inputs["X"]), torch.from_numpy(inputs["y"])
        self.shuffle, self.batch_size = inputs["shuffle"], inputs["batch_size"]
        W1, _, W2, _ = inputs["params"]
        first, second = (torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64) for W in (W1, W2))
        layers = [first, torch.nn.Tanh(), torch.nn.Dropout(inputs["dropout"]), second]
        if inputs["normalized"]:
            layers.insert(1, torch.nn.BatchNorm1d(len(W1), affine=False, dtype=torch.float64))
        self.model = torch.nn.Sequential(*layers)
        if not fresh:
            with torch.no_grad():
                for param, value in zip(self.model.parameters(), inputs["params"], strict=True):
                    param.copy_(torch.from_numpy(value))
        make: Any = {"momentum": partial(torch.optim.SGD, momentum=0.9), "adam": torch.optim.Adam}[inputs["optimizer"]]
        self.optimizer = make(self.model.parameters(), lr=inputs["lr"])
        decay = inputs["decay"]
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda epoch: 1 / (1 + decay * epoch))

    @property
    def parts(self) -> tuple[Any, Any, Any, Any]:
        """Model, optimizer, scheduler and generator."""
        return self.model, self.optimizer, self.scheduler, self.generator

    def run(self, epochs: int) -> np.ndarray:
        """Train for some epochs; returns the learning rate after each."""
        import torch

        rates = []
        for _ in range(epochs):
            order = torch.arange(len(self.y))
            if self.shuffle:
                order = torch.randperm(len(self.y), generator=self.generator)
            for index in order.split(self.batch_size):
                loss = torch.nn.functional.mse_loss(self.model(self.X[index]).squeeze(1), self.y[index])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.scheduler.step()
            rates.append(self.optimizer.param_groups[0]["lr"])
        return np.array(rates)

    def params(self) -> list[np.ndarray]:
        """Copies of the parameters, and of the running means and variances if there are any."""
        kept = [*self.model.parameters(), *(b for b in self.model.buffers() if b.is_floating_point())]
        return [tensor.detach().numpy().copy() for tensor in kept]


def interrupted_run(obj: Any, inputs: dict[str, Any]) -> Any:
    """Train, save with `obj(path).save(epoch, *parts)`, lose everything, `obj(path).load(*parts)`, and train on.

    The parts are those of `Training`.  saved: after which epochs a checkpoint is made, the last of them being the one
    that the run is resumed from.  lost: how many epochs follow that are not saved.  more: how many follow after the
    resume.  killed: None, or one more save is tried after the lost epochs, and the process is killed in the middle of
    it: "writing", when half of a file is written, or "placing", when a file that is whole is to be renamed or copied.
    Returns (params, schedule, file), None but for what `asks` names. "parameters": those that load brings.
    "training": the parameters after `more` epochs.  "schedule": the epoch that load returns, and the learning rates of
    the epochs after it.  "file": what lies in the folder, whether torch reads it without running any code of it, and
    how many saves there were.  "stranger": whether load runs the code in another's file.
    """
    import torch

    seeds = inputs["seed"], inputs["seed"] + 1
    state = torch.get_rng_state()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.pt"
            before = Training(inputs, seeds[0])
            checkpoint = obj(path)
            for method in ("save", "load"):
                if not callable(getattr(checkpoint, method, None)):
                    raise AnswerError(f"Your class has no method `{method}`. Is its `def` still inside the class?")
            done = 0
            for epoch in inputs["saved"]:
                before.run(epoch - done)
                done = epoch
                checkpoint.save(epoch, *before.parts)
            before.run(inputs["lost"])
            if inputs["killed"]:
                with _killed(inputs["killed"]):
                    checkpoint.save(done + inputs["lost"], *before.parts)
            if inputs["asks"] == "file":
                return None, None, _described_folder(path) | {"saves": len(inputs["saved"])}
            if inputs["asks"] == "stranger":
                return None, None, {"code in the file is run": _runs_code(checkpoint, path, before)}
            after = Training(inputs, seeds[1], fresh=True)
            try:
                epoch = obj(path).load(*after.parts)
            except FileNotFoundError:  # whose text names the folder, another one each time
                raise AnswerError("load finds no file at self.path, where a checkpoint should still lie.") from None
            loaded = after.params()
            rates = after.run(inputs["more"])
            return _asked(inputs["asks"], epoch, loaded, rates, after)
    finally:
        torch.set_rng_state(state)


def _asked(asks: str, epoch: Any, loaded: list[np.ndarray], rates: np.ndarray, after: Training) -> Any:
    if asks == "parameters":
        return loaded, None, None
    if asks == "training":
        return after.params(), None, None
    if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer):
        raise AnswerError(f"load should return the epoch that was saved, a whole number; it is {epoch!r}.")
    return None, np.array([epoch, *rates]), None


def _described_folder(path: Path) -> dict[str, Any]:
    import torch

    names = sorted(each.name for each in path.parent.iterdir())
    try:
        torch.load(path, weights_only=True)
        plain = True
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError):
        plain = False
    return {
        "files in the folder": ", ".join("the path" if n == path.name else "another" for n in names),
        "plain": plain,
    }


_RUN: list[str] = []
"""What a stranger's file has run."""


class _Stranger:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _note_that_code_runs, ("code",)


def _note_that_code_runs(what: str) -> None:
    _RUN.append(what)


def _runs_code(checkpoint: Any, path: Path, training: Training) -> bool:
    """Whether load runs the code in a file that was put in the checkpoint's place."""
    import torch

    torch.save({"epoch": _Stranger()}, path)
    _RUN.clear()
    with suppress(Exception):  # to refuse the file is right
        checkpoint.load(*training.parts)
    return bool(_RUN)


class _Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


@contextmanager
def _killed(at: str) -> Iterator[None]:
    """Whoever writes a file, or copies one, gets half of it done and stops there; at "placing", before it is renamed.

    A file is written with torch, or with a path's `write_bytes`; at "placing" torch still writes the whole of it.
    """
    import torch

    kept = [(torch, "save"), (Path, "write_bytes"), (os, "rename"), (os, "replace"), (shutil, "copyfile")]
    usual = [getattr(owner, name) for owner, name in kept]
    save, write_bytes = usual[:2]

    def half_of(value: Any, f: Any, *args: Any, **settings: Any) -> None:
        if isinstance(f, io.BytesIO):
            return save(value, f, *args, **settings)
        whole = io.BytesIO()
        save(value, whole)
        half = whole.getvalue()[: len(whole.getvalue()) // 2]
        if hasattr(f, "write"):
            f.write(half)
            f.flush()
        else:
            write_bytes(Path(f), half)
        raise _Killed

    def half_of_bytes(self: Path, data: bytes) -> int:
        write_bytes(self, data[: len(data) // 2])
        raise _Killed

    def half_of_copy(source: Any, target: Any, **settings: Any) -> Any:
        half_of_bytes(Path(target), Path(source).read_bytes())

    def not_at_all(*args: Any, **settings: Any) -> None:
        raise _Killed

    placing = [save, half_of_bytes, not_at_all, not_at_all, half_of_copy]
    stopped = placing if at == "placing" else [half_of, half_of_bytes, *usual[2:]]
    try:
        for (owner, name), made in zip(kept, stopped, strict=True):
            setattr(owner, name, made)
        yield
    except _Killed:
        return
    finally:
        for (owner, name), made in zip(kept, usual, strict=True):
            setattr(owner, name, made)


class _Recorder:
    """A writer with the methods of torch.utils.tensorboard's SummaryWriter that notes what it is given."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, list[Any]]] = {"scalars": {}, "histograms": {}, "images": {}}

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
        for_one = {"add_scalars": "add_scalar, one curve at a time", "add_image": "add_images, which takes a batch"}
        asked = for_one.get(name, "add_scalar, add_histogram and add_images")
        raise AnswerError(f"You call writer.{name}. Here the log is made of other calls: {asked}.")


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
    if asks in ("weights", "gradients"):
        found = recorder.notes["histograms"]
        apart = {tag: notes for tag, notes in found.items() if tag.startswith("grad") == (asks == "gradients")}
        return None, apart, None
    wanted = "images" if asks == "most" else asks
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


PROBES: dict[str, Probe] = {
    "interrupted_run": interrupted_run,
    "logged": logged,
    "stopwatch": stopwatch,
    "mixed_precision": mixed_precision,
    "network_from_file": network_from_file,
}

"""A run of training that is saved, lost, killed and resumed: what a checkpoint brings back, and what it leaves.

torch is imported inside the functions.
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
from course_lib.judging.drivers.base import Driver


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


DRIVERS: dict[str, Driver] = {"interrupted_run": interrupted_run}

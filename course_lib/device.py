"""What this machine is, and where PyTorch would compute on it."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np

Accelerator = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True)
class GPU:
    """One graphics processor; memory in GiB, None where the system shares its own."""

    name: str
    memory: float | None = None

    def __str__(self) -> str:
        return self.name if self.memory is None else f"{self.name} ({self.memory:.0f} GiB)"


@dataclass(frozen=True)
class DeviceReport:
    """The machine in a few lines. memory: GiB, None if unknown.  torch: its version, None if it is not there.

    accelerator: the device to hand to PyTorch, `model.to(report.accelerator)`; reason: why it is this one.
    """

    python: str
    numpy: str
    torch: str | None
    system: str
    cores: int
    memory: float | None
    gpus: tuple[GPU, ...]
    accelerator: Accelerator
    reason: str

    def _rows(self) -> list[tuple[str, str]]:
        memory = "" if self.memory is None else f", {self.memory:.0f} GiB of memory"
        return [
            ("Python", self.python),
            ("NumPy", self.numpy),
            ("PyTorch", self.torch or "not installed here"),
            ("System", self.system),
            ("CPU", f"{self.cores} core{'s' if self.cores != 1 else ''}{memory}"),
            ("GPU", ", ".join(map(str, self.gpus)) or "none that PyTorch can use"),
            ("Computes on", f"{self.accelerator}. {self.reason}"),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name:<12} {value}" for name, value in self._rows())

    def _repr_html_(self) -> str:
        cell = "padding:2px 14px 2px 0;text-align:left;vertical-align:top;border:0;white-space:normal"
        rows = "".join(
            f'<tr style="background:none"><td style="{cell};opacity:.75">{escape(name)}</td>'
            f'<td style="{cell}">{escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        return (
            '<div style="border-left:5px solid #3b82b8;padding:8px 14px;margin:4px 0;max-width:56em">'
            '<div style="font-weight:600">Your machine</div>'
            f'<table style="border-collapse:collapse;margin:4px 0;font-size:95%">{rows}</table></div>'
        )


def report() -> DeviceReport:
    """Look at this machine. Never fails: what cannot be found out is None, and the reason says so."""
    torch, problem = _torch()
    gpus, accelerator, reason = ((), "cpu", problem) if torch is None else _accelerator(torch)
    return DeviceReport(
        python=platform.python_version(),
        numpy=np.__version__,
        torch=None if torch is None else str(torch.__version__),
        system=f"{platform.system()} on {platform.machine()}",
        cores=_cores(),
        memory=_memory(),
        gpus=gpus,
        accelerator=accelerator,
        reason=reason,
    )


def _torch() -> tuple[Any, str]:
    """The module, or None and a sentence: an early unit does without it, and so does the grader there."""
    try:
        import torch
    except ModuleNotFoundError:
        return None, "PyTorch is not installed here; the first units do without it."
    except (ImportError, OSError) as error:  # a library that it needs is missing or does not fit
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return None, f"PyTorch is installed but does not start: {first}"
    return torch, ""


def _accelerator(torch: Any) -> tuple[tuple[GPU, ...], Accelerator, str]:
    if torch.cuda.is_available():
        properties = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        gpus = tuple(GPU(str(p.name), p.total_memory / 2**30) for p in properties)
        return gpus, "cuda", f"PyTorch found {len(gpus)} GPU{'s' if len(gpus) != 1 else ''}."
    if torch.backends.mps.is_available():
        return (GPU("Apple GPU"),), "mps", "PyTorch uses the GPU of this Mac through Metal."
    if shutil.which("nvidia-smi"):
        built = getattr(torch.version, "cuda", None)
        why = (
            f"its CUDA {built} cannot use it: the driver may be too old"
            if built
            else "this PyTorch was built without CUDA: pytorch.org/get-started/locally says which one to install"
        )
        return (), "cpu", f"There is an NVIDIA driver on this machine, but {why}."
    return (), "cpu", "There is no GPU that PyTorch can use; every unit runs on the CPU as well."


def _cores() -> int:
    """The cores that this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> float | None:
    try:
        import psutil
    except ImportError:
        return None
    return float(psutil.virtual_memory().total / 2**30)

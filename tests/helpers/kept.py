"""What takes minutes and hangs on files alone is kept until one of them changes: units that were run, audits.

A fingerprint is of all that decides: the course's files that are named, the installed versions, the machine. What is
looked at is looked at each time; and where that finds something wrong, nothing is kept. With CI set nothing is read or
kept. It lies in pytest's own cache, which `--cache-clear` empties.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from helpers.course import ROOT, beside

COURSE, GRADER = ROOT / "course_lib", ROOT / "grader"
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "COURSE_LANGUAGE", "CUDA_VISIBLE_DEVICES")


class Kept:
    """What is kept in a folder, a file for each name; without a folder nothing is."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @contextmanager
    def made(self, name: str, decides: list[Path | str], make: Callable[[], Any]) -> Iterator[Any]:
        """What `make` gives, which has to be plain JSON; kept if the `with` block raises nothing.

        decides: all that it hangs on; of a path the file, or all files below it, and else the text itself.
        """
        if self.folder is None:
            yield make()
            return
        before, path = fingerprint(decides), self.folder / f"{name}.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if found.get("fingerprint") == before:
            yield found["made"]
            return
        made = make()
        yield made
        if fingerprint(decides) == before:  # nobody has changed a file meanwhile
            temporary = path.with_name(f"{name}.{os.getpid()}.tmp")
            temporary.write_text(json.dumps({"fingerprint": before, "made": made}), encoding="utf-8")
            temporary.replace(path)


def read_by(unit: str) -> list[Path | str]:
    """What a unit's notebook reads, wherever it runs: the library, its handed-out copy, what its solution hands in."""
    return [COURSE, ROOT / "notebooks" / unit, *beside(unit)]


def fingerprint(decides: list[Path | str]) -> str:
    """A hash of what decides, with the machine and what is installed on it."""
    digest = hashlib.sha256(_machine().encode())
    for name in VARIABLES:
        digest.update(f"{name}={os.environ.get(name)}\n".encode())
    for item in decides:
        if isinstance(item, str):
            digest.update(hashlib.sha256(item.encode()).digest())
            continue
        for path in sorted(_files(item)):
            state = path.stat()
            digest.update(f"{path.relative_to(item.parent)}".encode())
            digest.update(_digest(path, state.st_mtime_ns, state.st_size))
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    below = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return [each for each in below if "__pycache__" not in each.parts]


@cache
def _digest(path: Path, changed: int, size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@cache
def _machine() -> str:
    processor = Path("/proc/cpuinfo")
    lines = processor.read_text(encoding="utf-8").splitlines() if processor.is_file() else []
    model = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    versions = sorted(f"{each.name} {each.version}" for each in distributions())
    return "\n".join([sys.version, platform.platform(), *model, *versions])

"""A real ipykernel for tests: run a cell, get what a person would see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager


@dataclass
class Seen:
    """What one cell showed."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None

    @property
    def html(self) -> str:
        return "\n".join(o["data"].get("text/html", "") for o in self.outputs if "data" in o)

    @property
    def text(self) -> str:
        parts = [o["data"].get("text/plain", "") if "data" in o else o.get("text", "") for o in self.outputs]
        return "\n".join(parts)

    @property
    def traceback(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(self.error["traceback"])) if self.error else ""


class Kernel:
    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, timeout: float = 60) -> Seen:
        seen = Seen()

        def note(message: dict[str, Any]) -> None:
            kind, content = message["header"]["msg_type"], message["content"]
            if kind in ("display_data", "execute_result", "stream"):
                seen.outputs.append(content)
            elif kind == "error":
                seen.error = content

        self.client.execute_interactive(code, output_hook=note, timeout=timeout, store_history=True)
        return seen


@contextmanager
def kernel(cwd: Path, arguments: Sequence[str] = (), **environment: str) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(cwd), env={**os.environ, **environment}, extra_arguments=list(arguments))
    try:
        yield Kernel(manager)
    finally:
        manager.shutdown_kernel(now=True)

"""Where the time of `./course start` goes, from the command to a notebook with a kernel; without a browser's own.

    python benchmarks/start_time.py                 a learner's first start, then a later one
    python benchmarks/start_time.py --runs 5        the medians of so many later ones

Each step says its seconds and the processor time of all processes in it: what else the machine does changes the first.
The last lines take the steps before JupyterLab apart, each in a Python of its own. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking import BlockingKernelClient

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "start-time"
UNIT = "00_start_here"
PATIENCE, EVERY = 120.0, 0.01
CHECK = "import importlib.util as u; s = u.spec_from_file_location('e', 'course_lib/commands/environment.py'); "
PARTS = {
    "Python": "pass",
    "is the environment complete": CHECK + "m = u.module_from_spec(s); s.loader.exec_module(m); m.find_or_make()",
    "import of the command": "import course_lib.commands.start",
    "import of jupyterlab": "import jupyterlab.labapp",
}
"""What `./course start` does before JupyterLab serves, as Python text."""

Step = tuple[float, float]
"""Seconds, and seconds of processor time."""


class Start:
    """One start, taken apart."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.runtime = home / "runtime"
        environment = os.environ | {
            "COURSE_HOME": str(home),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_TOKEN": TOKEN,
        }
        line = [sys.executable, str(ROOT / "course"), "start", UNIT[:2], "--no-browser", "--port", str(self.port)]
        self.steps: dict[str, Step] = {}
        self._now, self._spent = time.perf_counter(), 0.0
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
        self._look = psutil.Process(self.process.pid)

    def run(self) -> dict[str, Step]:
        """Go through all steps."""
        try:
            self._until("./course, until it is JupyterLab", lambda: "jupyterlab" in self._look.cmdline())
            self._until("JupyterLab, until it answers", lambda: self._ask("/api/status"))
            self._until("its page", lambda: self._ask(f"/lab/tree/work/{UNIT}/{UNIT}.ipynb"))
            self._until("the notebook", lambda: self._ask(f"/api/contents/work/{UNIT}/{UNIT}.ipynb?content=1"))
            wanted = {"path": f"work/{UNIT}/{UNIT}.ipynb", "name": UNIT, "type": "notebook"}
            session = self._ask("/api/sessions", wanted | {"kernel": {"name": "python3"}})
            assert session, "no kernel was begun"
            kernel = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{session['kernel']['id']}.json"))
            kernel.load_connection_file()
            kernel.start_channels(hb=False)  # a busy machine is taken for a dead kernel
            self._until("a kernel", lambda: kernel.wait_for_ready(PATIENCE) is None)
            self._until("import course_lib, in its first cell", lambda: kernel.execute_interactive("import course_lib"))
            kernel.stop_channels()
        finally:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
        return self.steps

    def _until(self, what: str, ready: Callable[[], Any]) -> None:
        last = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > last:
                raise SystemExit(f"./course start never came to this: {what}.")
            time.sleep(EVERY)
        now, spent = time.perf_counter(), self._processor()
        self.steps[what] = now - self._now, spent - self._spent
        self._now, self._spent = now, spent

    def _processor(self) -> float:
        """Seconds of processor time of the process, those below it, and their children that have ended."""
        total = 0.0
        for process in [self._look, *self._look.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
        return total

    def _ask(self, path: str, send: dict[str, Any] | None = None) -> Any:
        """What the server answers, as JSON where it is that; None while it does not."""
        data = None if send is None else json.dumps(send).encode()
        head = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://localhost:{self.port}{path}", data, head)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                text = answer.read()
        except (urllib.error.URLError, OSError):
            return None
        return json.loads(text) if text.startswith(b"{") else {"text": len(text)}


def parts() -> Iterator[tuple[str, Step]]:
    """What runs before JupyterLab serves, each in a Python of its own, less Python itself; the best of three."""
    bare: Step | None = None
    for what, code in PARTS.items():
        runs = []
        for _ in range(3):
            wall, spent = time.perf_counter(), sum(os.times()[2:4])
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
            runs.append((time.perf_counter() - wall, sum(os.times()[2:4]) - spent))
        best = min(run[0] for run in runs), min(run[1] for run in runs)
        yield what, best if bare is None else (best[0] - bare[0], best[1] - bare[1])
        bare = bare or best


def main() -> None:
    """Print the first start, a later one, and the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="later starts (default: 3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        first, *later = (Start(Path(folder)).run() for _ in range(options.runs + 1))
    middle = {
        what: tuple(statistics.median(run[what][i] for run in later) for i in (0, 1))
        for what in (first if later else ())
    }
    for title, steps in (("a first start", first), (f"a later one, the median of {len(later)}", middle)):
        if steps:
            wall, spent = (sum(step[i] for step in steps.values()) for i in (0, 1))
            print(f"{title}: {wall:.2f} s, processor {spent:.2f} s")
        for what, (wall, spent) in steps.items():
            print(f"  {what:<34} {wall:6.2f} s  processor {spent:6.2f} s")
    print("taken apart:")
    for what, (wall, spent) in parts():
        print(f"  {what:<34} {wall:6.2f} s  processor {spent:6.2f} s", flush=True)


if __name__ == "__main__":
    main()

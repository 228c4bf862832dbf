"""`./course start`: JupyterLab in the course's folder, open on your own copy of a unit."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from course_lib.workspace import course_root, find_unit, is_changed, notebook, units, work_copy


def start(unit: str | None, browser: bool, port: int | None) -> int:
    """Run JupyterLab until it is shut down; without a unit, on the one that you saved last, at first on 00.

    JupyterLab takes the next free port when `port` is taken. jupytext, which the course installs, has JupyterLab keep
    a paired `.py` and `.ipynb` in `solutions/` in step.
    """
    chosen = find_unit(unit) if unit else latest_unit()
    for each in units():  # all of them: a unit's links lead to its neighbours
        work_copy(each)
    command = lab_command(chosen, browser, port)
    # This environment's kernel, even where the home folder has another one under the same name.
    environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(course_root())
        os.execve(command[0], command, environment)  # Ctrl-C and signals are JupyterLab's from here on
    with subprocess.Popen(command, cwd=course_root(), env=environment) as lab:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return lab.wait()


def latest_unit() -> str:
    """The unit that you worked on last; the first one when there is none."""
    mine = [unit for unit in units() if is_changed(unit)]
    return max(mine, key=lambda unit: notebook(unit).stat().st_mtime) if mine else find_unit("00")


def lab_command(unit: str, browser: bool, port: int | None) -> list[str]:
    """The command line that opens JupyterLab on your notebook of `unit`."""
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/work/{unit}/{unit}.ipynb"]
    # The course works offline, and a question about news would cover the notebook's corner.
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if not browser:
        command.append("--no-browser")
    if port is not None:
        command.append(f"--port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; JupyterLab refuses root otherwise
    return command

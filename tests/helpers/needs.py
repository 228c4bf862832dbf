"""Programs that some tests need and a bare machine lacks: what they are, and what a test does without one.

A test says it with the marker `needs("chromium")`, or where it comes to it with `program("chromium")`. Without the
program it is skipped, and the end of the run says how many were, and what installs it. Where CI is set, a missing
program is a failure: there nothing may be left out unseen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from grader.sandbox import bwrap

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Program(NamedTuple):
    """What looks for a program (it gives None where there is none), what it is for, and the line that installs it."""

    find: Callable[[], str | None]
    what: str
    install: str


def postgres(name: str = "initdb") -> str | None:
    """A program of PostgreSQL's server; Debian keeps them off the PATH."""
    debian = sorted(Path(os.environ.get("POSTGRES", "/usr/lib/postgresql")).glob(f"*/bin/{name}"))
    return str(debian[-1]) if debian else shutil.which(name)


def first(*names: str) -> str | None:
    """The first of the programs that is on the PATH."""
    return next((path for name in names if (path := shutil.which(name))), None)


def fonts() -> str | None:
    """What lists the fonts, where there are any; macOS and Windows always have some."""
    if sys.platform != "linux":
        return "the system's"
    lister = shutil.which("fc-list")
    return lister if lister and subprocess.run([lister], capture_output=True).stdout.strip() else None


def python_for_everybody() -> Path:
    """A Python of this version that another user can run: this one may lie in root's home."""
    for path in (Path(sys.executable).resolve(), Path("/usr/bin/python3")):
        if not path.exists() or not all(folder.stat().st_mode & 0o005 for folder in path.parents):
            continue
        version = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if version.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return path
    return without(Program(lambda: None, "a Python that a plain user can run", "sudo apt-get install python3"))


def proxy() -> str | None:
    """JupyterHub's proxy, from npm: on the PATH, or where `.ci/run` puts it, with a node to run it."""
    local = Path(__file__).parents[2] / ".course" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy"
    return first("configurable-http-proxy", str(local)) if first("node") else None


PROGRAMS = {
    "bwrap": Program(
        lambda: None if bwrap.unavailable() else "bwrap",
        "a sandbox by bubblewrap, in which submissions run",
        "sudo apt-get install bubblewrap",
    ),
    "chromium": Program(lambda: first(*BROWSERS), "a browser, Chromium", "sudo apt-get install chromium"),
    "postgres": Program(postgres, "a PostgreSQL server", "sudo apt-get install postgresql"),
    "git": Program(lambda: first("git"), "git", "sudo apt-get install git"),
    "fonts": Program(
        fonts,
        "fonts, without which Chromium draws empty boxes",
        "sudo apt-get install fontconfig fonts-dejavu-core",
    ),
    "chmod": Program(lambda: first("chmod"), "chmod", "sudo apt-get install coreutils"),
    "setpriv": Program(lambda: first("setpriv"), "setpriv", "sudo apt-get install util-linux"),
    "useradd": Program(lambda: first("useradd", "/usr/sbin/useradd"), "useradd", "sudo apt-get install passwd"),
    "root": Program(
        lambda: "root" if sys.platform == "linux" and os.geteuid() == 0 else None,
        "root's rights on Linux, to make users and to start servers as them",
        "run it as root, in a container for instance",
    ),
    "proxy": Program(
        proxy,
        "JupyterHub's proxy, and node to run it",
        "sudo apt-get install nodejs npm && sudo npm install --global configurable-http-proxy",
    ),
    "bash": Program(lambda: first("bash"), "bash", "sudo apt-get install bash"),
}


def program(name: str) -> str:
    """Where a program is; without it the test that asked is skipped, or with CI set fails."""
    wanted = PROGRAMS[name]
    found = wanted.find()
    return found if found is not None else without(wanted)


def without(wanted: Program) -> NoReturn:
    """End the test that cannot go on without a program."""
    sentence = f"needs {wanted.what}: {wanted.install}"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"This test {sentence}. Nothing is left out where CI is set.", pytrace=False)
    pytest.skip(sentence)

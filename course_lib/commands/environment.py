"""The environment that the course runs in: is the active one suitable, and if not, make one in `.venv`.

`./course` loads this file by its path, before anything is installed: it uses the standard library alone and imports
nothing of `course_lib`. uv makes the environment where it is on the PATH, else pip does; each goes on with what the
other began. An environment in `.venv` is complete when its mark says so, which is written last.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
MADE = VENV / "course-made"  # the mark of one that was made here: what it is complete for, or BEGUN
BEGUN = "begun"
PYTHON = VENV / ("bin/python" if os.name == "posix" else "Scripts/python.exe")
INSIDE = Path(sys.prefix).resolve() == VENV.resolve()
LOG = ROOT / ".course" / "install.log"
LOCK = ROOT / ".course" / "install.lock"
PINS = ("constraints.txt", "pyproject.toml")
PROJECT = "optimization-course"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PIP = ("-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar")
GO_ON = "With the network there and 2 GB of free disk, run the same command again: it goes on where it stopped."
WITHOUT_UV = "COURSE_INSTALLER=pip does without uv."
CONDA = "Where pip has no package for your machine, use conda: conda env create -f environment.yml"
DEBIAN = "On Debian and Ubuntu, install python3-venv before: sudo apt install python3-venv"
# What a shell may set for a person's own Python. In `.venv` it would bring other packages or stop all.
FOR_ANOTHER_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT")


class SetupError(Exception):
    """What keeps the course from being installed, as sentences for the person at the keyboard."""


# ---- Is an environment suitable? -------------------------------------------------------------------------------------


def missing(extra: str = "") -> list[str]:
    """What this interpreter lacks of pyproject.toml's needs, the project included; reads metadata, imports nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    # The root is on the path of `course` alone; a build's leftover metadata there says nothing about notebooks.
    path = [entry for entry in sys.path if entry and Path(entry).resolve() != ROOT]
    lacking = [need for need in needs if not satisfies(need, path)]
    return lacking if has_project(project["version"], path) else [PROJECT, *lacking]


def satisfies(requirement: str, path: list[str]) -> bool:
    """Whether a requirement in pyproject.toml's form, `name>=1.2`, is met by what is installed on `path`."""
    name, _, oldest = requirement.partition(">=")
    found = installed(name.strip(), path)
    return found is not None and numbers(found.version) >= numbers(oldest)


def has_project(version: str, path: list[str]) -> bool:
    """Whether the project is installed, and not from another folder."""
    found = installed(PROJECT, path)
    if found is None or found.version != version:
        return False
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return True
    return Path(urllib.request.url2pathname(urllib.parse.urlparse(origin["url"]).path)).resolve() == ROOT


def installed(name: str, path: list[str]) -> importlib.metadata.Distribution | None:
    """The installed package of that name, if there is one with readable metadata."""
    found = importlib.metadata.distributions(name=name, path=path)
    return next((each for each in found if each.metadata["Version"]), None)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `2.13.0+cpu` gives (2, 13, 0)."""
    return tuple(int(part) for part in re.split(r"[^\d.]", version.strip())[0].split(".") if part)


# ---- Making .venv ----------------------------------------------------------------------------------------------------


def find_or_make(extra: str = "") -> Path | None:
    """The interpreter to hand over to, None when the running one will do.

    When `.venv` is complete, nothing is installed. Raises `SetupError` when it cannot be made.
    """
    if not (INSIDE and MADE.exists()) and not missing(extra):
        return None
    foreign = any(name in os.environ for name in FOR_ANOTHER_PYTHON)
    try:
        if not is_ready(extra):
            with install_lock() as lock:
                if not is_ready(extra):  # another call may have finished while this one waited
                    install(extra, lock)
    except OSError as error:
        raise SetupError(
            f"The environment in {VENV} could not be made: {error}. It takes the right to write in this folder. {GO_ON}"
        ) from error
    return None if INSIDE and not foreign else PYTHON


def own_variables() -> dict[str, str]:
    """The environment variables for a program of `.venv`: this process's, without those for another Python."""
    return {name: value for name, value in os.environ.items() if name not in FOR_ANOTHER_PYTHON}


def is_ready(extra: str) -> bool:
    """Whether `.venv` runs, has what is needed and, if this script made it, was completed with today's pins."""
    if MADE.exists() and not {pins(), extra or "runtime"} <= set(MADE.read_text(encoding="utf-8").split()):
        return False
    return succeeds([str(PYTHON), str(ROOT / "course"), "--is-suitable", extra])


def install(extra: str, lock: int) -> None:
    """Make or mend `.venv`. The mark of completion comes last: a run that was stopped anywhere is taken up again."""
    active = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    if active and not INSIDE and (lacking := missing(extra)):
        say(f"The active environment ({sys.prefix}) lacks {', '.join(lacking)}: the course uses its own, .venv.")
    LOG.write_text("", encoding="utf-8")
    by = f"{'uv' if uv() else 'pip'} (log: {LOG.relative_to(ROOT)})"
    if can_be_mended():
        say(f"Bringing the course's environment in .venv up to date with {by}.")
    else:
        if VENV.exists() or VENV.is_symlink():
            say("The environment in .venv does not run (half made, or its Python is gone): making it anew.")
            PYTHON.unlink(missing_ok=True)  # first: what is half removed must not run
            shutil.rmtree(VENV)
        say(f"Making the course's own environment in .venv with {by}: once, a few minutes, about 1.5 GB.")
        make_venv(lock)
    MADE.write_text("", encoding="utf-8")
    if not uv():  # that version is the first to tell its progress in numbers
        run([str(PYTHON), *PIP, "off", "pip>=24.1"], lock, own_variables())
    install_cpu_torch(lock)
    install_packages(lock, "-e", f".[{extra}]" if extra else ".", "-c", "constraints.txt")
    MADE.write_text(f"{pins()} runtime {extra}", encoding="utf-8")
    say("The environment is complete.")


def pins() -> str:
    """A fingerprint of what is to be installed."""
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in PINS)).hexdigest()


def site_packages() -> Path:
    """Where `.venv` keeps its packages."""
    return next(VENV.glob("lib/python3.*/site-packages"), VENV / "Lib" / "site-packages")


def can_be_mended() -> bool:
    """Whether `.venv` runs, and uv or a whole pip of its own can do the rest."""
    modern = [str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if not succeeds(modern) or (MADE.exists() and MADE.read_text(encoding="utf-8") == BEGUN):
        return False
    if MADE.exists():
        drop_unfinished()
    # Other tools make environments without pip; Python brings one along.
    pip = [str(PYTHON), "-m", "pip", "--version"]
    return bool(uv()) or succeeds(pip) or succeeds([str(PYTHON), "-m", "ensurepip"])


def drop_unfinished() -> None:
    """Forget packages that were left half written, so that they are installed again.

    uv and pip take a package for complete even without its RECORD. They write it last, with a row for INSTALLER.
    """
    for info in site_packages().glob("*.dist-info"):
        try:
            with (info / "RECORD").open(encoding="utf-8", newline="") as record:
                names = [row[0] for row in csv.reader(record) if row and not row[0].endswith(".pyc")]
        except OSError:
            names = []
        if f"{info.name}/INSTALLER" not in names or not all((info.parent / name).exists() for name in names):
            shutil.rmtree(info)


def install_cpu_torch(lock: int) -> None:
    """Install PyTorch's CPU build first, where it is wanted and to be had; otherwise the default build comes."""
    pin = re.search(r"^torch==([\d.]+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    if not wants_cpu_torch() or pin is None or any(site_packages().glob(f"torch-{pin[1]}[+.]*dist-info")):
        return
    if not reachable(f"{CPU_INDEX}/torch/"):
        say(f"{CPU_INDEX} cannot be reached: taking the default index's PyTorch, perhaps with 2.7 GB for GPUs.")
        return
    try:
        # Its dependencies come from the default index with everything else: this one holds few versions of them.
        install_packages(lock, "--no-deps", "--index-url", CPU_INDEX, f"torch=={pin[1]}")
    except SetupError:
        say(f"PyTorch's CPU build could not be installed from {CPU_INDEX}: taking the default index's.")


def wants_cpu_torch() -> bool:
    """Whether PyTorch's default build would bring GPU libraries that this machine cannot use."""
    choice = setting("COURSE_TORCH", "cpu", "default")
    has_gpu = shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()
    return choice == "cpu" or (not choice and sys.platform == "linux" and not has_gpu)


def reachable(url: str, seconds: float = 5) -> bool:
    """Whether the address answers in time. Another process asks: looking up a name knows no time limit of its own."""
    ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
    return succeeds([sys.executable, "-I", "-c", ask, url], seconds)


def setting(name: str, *values: str) -> str:
    """What a variable of the environment chooses among these values; empty when it is not set."""
    choice = os.environ.get(name, "")
    if choice not in ("", *values):
        raise SetupError(f"{name} is {choice!r}; it can be {' or '.join(values)}. Set one of them, or unset it.")
    return choice


# ---- uv and pip ------------------------------------------------------------------------------------------------------


@functools.cache
def uv() -> str:
    """Where uv is, if it is on the PATH and runs; empty when pip is to install."""
    choice = setting("COURSE_INSTALLER", "uv", "pip")
    found = (choice != "pip" and shutil.which("uv")) or ""
    works = found and succeeds([found, "--version"])
    if choice == "uv" and not works:
        raise SetupError("COURSE_INSTALLER is uv, but there is no uv on the PATH that runs. Install it, or unset that.")
    return found if works else ""


def make_venv(lock: int) -> None:
    """An empty environment in `.venv`, with a pip also where uv makes it: `%pip` in a notebook needs one."""
    VENV.mkdir()
    MADE.write_text(BEGUN, encoding="utf-8")
    base = getattr(sys, "_base_executable", None) or sys.executable
    by_uv = [uv(), "venv", "--seed", "--allow-existing", "--python", base, str(VENV)]
    run(by_uv if uv() else [base, "-m", "venv", str(VENV)], lock, os.environ, "" if uv() else DEBIAN)


def install_packages(lock: int, *arguments: str) -> None:
    """`pip install` into `.venv`, by uv or by the environment's own pip, which take the same arguments."""
    # pip compiles unasked, and a sandbox cannot write bytecode where it reads.
    by_uv = [uv(), "pip", "install", "--compile-bytecode", "--python", str(PYTHON)]
    run([*(by_uv if uv() else [str(PYTHON), *PIP, "raw"]), *arguments], lock, own_variables())


def run(command: list[str], lock: int, variables: Mapping[str, str], advice: str = "") -> None:
    """Run a command in the course's folder: its output goes to the log, its progress to one line on the terminal."""
    settings = {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "PIP_USER": "0", "NO_COLOR": "1"}
    options: dict[str, Any] = {"env": {**variables, **settings}, "encoding": "utf-8", "errors": "replace"}
    if (
        os.name == "posix"
    ):  # what outlives this script keeps the lock: nobody else writes into .venv before it has ended
        options["pass_fds"] = (lock,)
    line = ProgressLine(sys.stderr)
    with LOG.open("a", encoding="utf-8") as log:
        print(*command, file=log, flush=True)
        with subprocess.Popen(command, cwd=ROOT, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, **options) as child:
            try:
                for text in child.stdout or ():
                    if not text.startswith("Progress "):
                        print(text, end="", file=log, flush=True)
                    line.show(text)
            finally:
                line.show("")
    if child.returncode:
        last = LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        advice = advice or (WITHOUT_UV if uv() else CONDA)
        raise SetupError("\n".join([*last, f"That failed; above are the last lines of {LOG}. {GO_ON} {advice}"]))


def succeeds(command: list[str], seconds: float | None = None) -> bool:
    """Whether a command can be started and exits with 0, in time if there is a limit."""
    quiet: dict[str, Any] = {"stdin": DEVNULL, "stdout": DEVNULL, "stderr": DEVNULL}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, cwd=ROOT, env=own_variables(), timeout=seconds, **quiet).returncode == 0
    return False


class ProgressLine:
    """The last line of what installs, behind a bar and rewritten in place; nothing where there is no terminal.

    pip's bar is of the file that it downloads. uv downloads many at once: its bar is of the files that have come.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.step, self.done, self.total = "", 0, 0

    def show(self, text: str) -> None:
        """Take in one line of output; an empty one clears the terminal's line for what comes next."""
        if counted := re.match(r"Progress (\d+) of (\d+)", text):
            self.done, self.total = int(counted[1]), int(counted[2])
        else:
            self.step = text.strip()
            if not text or text.startswith(("Collecting ", "Installing ")):  # pip is done with a file
                self.done = self.total = 0
            self.done += self.step.startswith("Downloaded ")
            self.total += self.step.startswith("Downloading ")
        bar = f"[{'#' * (20 * self.done // self.total):.<20}] " if self.total else ""
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + f"  {bar}{self.step}"[:width].ljust(width) + ("" if text else "\r"))
            self.stream.flush()


@contextlib.contextmanager
def install_lock() -> Iterator[int]:
    """Hold the right to change `.venv`, waiting for it if need be. The system frees it when its holder dies."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        if not try_lock(file):
            say("Another command is installing in .venv; waiting for it to finish.")
            while not try_lock(file):
                time.sleep(0.2)
        yield file.fileno()


def try_lock(file: TextIO) -> bool:
    """Lock the file unless another process has it. A file system without locks counts as free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError | PermissionError)
    return True


def say(sentence: str) -> None:
    """Tell the person what happens; not on stdout, which belongs to the command."""
    print(sentence, file=sys.stderr, flush=True)

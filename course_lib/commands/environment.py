"""The environment that the course runs in: is the active one suitable, and if not, make one in `.venv`.

`./course` loads this file by its path, before anything is installed: it uses the standard library alone and imports
nothing of `course_lib`. An environment in `.venv` is complete when its stamp says so; the stamp is written last.
"""

from __future__ import annotations

import collections
import contextlib
import csv
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOG = VENV / "course-install.log"  # also the mark of an environment that was made here
MADE = VENV / "course-made"
LOCK = ROOT / ".course" / "install.lock"
PINS = ("constraints.txt", "pyproject.toml")
PROJECT = "optimization-course"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PIP = ("-m", "pip")
OLDEST_PIP = (24, 1)  # the first that reports its progress as numbers
# What a shell may set for a person's own Python. In `.venv` it would bring other packages or stop all.
FOR_ANOTHER_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT")


class SetupError(Exception):
    """What keeps the course from being installed, as sentences for the person at the keyboard."""


# ---- Is an environment suitable? -------------------------------------------------------------------------------------


def missing(extra: str = "") -> list[str]:
    """What this interpreter lacks of pyproject.toml's needs, the project included; reads metadata, imports nothing."""
    import tomllib

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
    leading = re.match(r"[\d.]*", version.strip())
    return tuple(int(part) for part in leading.group().split(".") if part) if leading else ()


# ---- Making .venv ----------------------------------------------------------------------------------------------------


def find_or_make(extra: str = "") -> Path | None:
    """The interpreter to hand over to, None when the running one will do.

    When `.venv` is complete, no pip is started. Raises `SetupError` when it cannot be made.
    """
    inside = is_inside()
    if not (inside and LOG.exists()) and not missing(extra):
        return None
    foreign = any(name in os.environ for name in FOR_ANOTHER_PYTHON)
    try:
        if not is_ready(extra):
            with install_lock() as lock:
                if not is_ready(extra):  # another call may have finished while this one waited
                    install(extra, lock)
    except OSError as error:
        raise SetupError(
            f"The environment in {VENV} could not be made: {error}. It takes 2 GB of free disk and the right to write "
            "in this folder. Then run the same command again: it goes on where it stopped."
        ) from error
    return None if inside and not foreign else venv_python()


def own_variables() -> dict[str, str]:
    """The environment variables for a program of `.venv`: this process's, without those for another Python."""
    return {name: value for name, value in os.environ.items() if name not in FOR_ANOTHER_PYTHON}


def is_ready(extra: str) -> bool:
    """Whether `.venv` runs, has what is needed and, if this script made it, was completed with today's pins."""
    stamp = stamp_of(extra)
    if LOG.exists() and not (stamp.is_file() and stamp.read_text(encoding="utf-8") == pins()):
        return False
    return succeeds([str(venv_python()), str(ROOT / "course"), "--is-suitable", extra])


def install(extra: str, lock: int) -> None:
    """Make or mend `.venv`. The stamps come last, so that a run that was stopped anywhere is taken up again."""
    explain_choice(extra)
    if can_be_mended():
        say("Bringing the course's environment in .venv up to date.")
        for stamp in VENV.glob("course-*.stamp"):
            stamp.unlink()
    else:
        make_venv()
    MADE.touch()
    if pip_version() < OLDEST_PIP:
        run_pip(lock, "--upgrade", "pip", progress="off")
    install_cpu_torch(lock)
    run_pip(lock, "-e", f".[{extra}]" if extra else ".", "-c", "constraints.txt")
    for name in {"", extra}:
        stamp = stamp_of(name)
        stamp.with_suffix(".new").write_text(pins(), encoding="utf-8")
        stamp.with_suffix(".new").replace(stamp)
    say("The environment is complete.")


def explain_choice(extra: str) -> None:
    """Tell a person who activated an environment why the course does not use it."""
    active = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    lacking = missing(extra)
    if active and lacking and not is_inside():
        say(f"The active environment ({sys.prefix}) lacks {', '.join(lacking)}: the course uses its own, .venv.")


def is_inside() -> bool:
    """Whether the running interpreter is the one in `.venv`."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def venv_python() -> Path:
    """The interpreter in `.venv`."""
    return VENV / ("bin/python" if os.name == "posix" else "Scripts/python.exe")


def site_packages() -> Path:
    """Where `.venv` keeps its packages."""
    return next(VENV.glob("lib/python3.*/site-packages"), VENV / "Lib" / "site-packages")


def stamp_of(extra: str) -> Path:
    """The file that says with which pins the environment was completed."""
    return VENV / f"course-{extra or 'runtime'}.stamp"


def pins() -> str:
    """A fingerprint of what is to be installed."""
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in PINS)).hexdigest()


def succeeds(command: list[str]) -> bool:
    """Whether a command can be started and exits with 0."""
    with contextlib.suppress(OSError):
        quiet = subprocess.DEVNULL
        done = subprocess.run(
            command, cwd=ROOT, env=own_variables(), stdin=quiet, stdout=quiet, stderr=quiet, check=False
        )
        return done.returncode == 0
    return False


def make_venv() -> None:
    """An empty environment in `.venv`, in place of one that does not run."""
    if VENV.exists() or VENV.is_symlink():
        say("The environment in .venv does not run (half made, or its Python is gone): making it anew.")
        shutil.rmtree(VENV)
    say("Making the course's own environment in .venv: once, a few minutes, about 1.5 GB.")
    VENV.mkdir()
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-m", "venv", str(VENV)]
    with LOG.open("w", encoding="utf-8") as log:
        print(*command, file=log, flush=True)
        # -m looks in the working directory first, which may be any folder, with a venv.py in it.
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if status:
        raise SetupError(
            f"{last_lines()}\nPython could not make an environment in {VENV}. On Debian and Ubuntu, install "
            "python3-venv (sudo apt install python3-venv); then run the command again."
        )


def can_be_mended() -> bool:
    """Whether `.venv` runs and has a whole pip, so that pip can do the rest."""
    made_here = LOG.exists()
    modern = [str(venv_python()), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if (made_here and not MADE.exists()) or not succeeds(modern):
        return False
    if made_here:
        drop_unfinished()
    # Other tools make environments without pip; Python brings one along.
    return pip_version() != () or succeeds([str(venv_python()), "-m", "ensurepip"])


def pip_version() -> tuple[int, ...]:
    """The version of pip in `.venv`; empty when it has none."""
    found = installed("pip", [str(site_packages())])
    return numbers(found.version) if found else ()


def drop_unfinished() -> None:
    """Forget packages that a stopped pip left half written, so that pip installs them again.

    pip writes a package's RECORD last and takes a package without one for complete.
    """
    for info in site_packages().glob("*.dist-info"):
        try:
            with (info / "RECORD").open(encoding="utf-8", newline="") as record:
                complete = all((info.parent / row[0]).exists() for row in csv.reader(record) if row)
        except OSError:
            complete = False
        if not complete:
            shutil.rmtree(info)


def install_cpu_torch(lock: int) -> None:
    """Install PyTorch's CPU build first, where it is wanted and to be had; otherwise pip takes the default build."""
    pin = re.search(r"^torch==([\d.]+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    if not wants_cpu_torch() or pin is None or any(site_packages().glob(f"torch-{pin[1]}[+.]*dist-info")):
        return
    if reachable(f"{CPU_INDEX}/torch/"):
        try:
            # Its dependencies come from the default index with everything else: this one holds few versions of them.
            run_pip(lock, "--no-deps", "--index-url", CPU_INDEX, f"torch=={pin[1]}")
        except SetupError:
            say(f"PyTorch's CPU build could not be installed from {CPU_INDEX}: taking the default index's.")
    else:
        say(f"{CPU_INDEX} cannot be reached: taking the default index's PyTorch, perhaps with 2.7 GB for GPUs.")


def wants_cpu_torch() -> bool:
    """Whether PyTorch's default build would bring GPU libraries that this machine cannot use."""
    choice = os.environ.get("COURSE_TORCH", "")
    if choice not in ("", "cpu", "default"):
        raise SetupError(f"COURSE_TORCH is {choice!r}; it can be cpu or default. Set one of them, or unset it.")
    has_gpu = shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()
    return choice == "cpu" or (not choice and sys.platform == "linux" and not has_gpu)


def reachable(url: str, seconds: float = 3.0) -> bool:
    """Whether the address answers in time. A thread asks, because looking up a name knows no time limit."""
    answers: list[bool] = []

    def ask() -> None:
        with contextlib.suppress(Exception), urllib.request.urlopen(url, timeout=seconds):
            answers.append(True)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers)


def run_pip(lock: int, *arguments: str, progress: str = "raw") -> None:
    """`pip install` in `.venv`: its output goes to the log, its progress to one line on the terminal."""
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar", progress]
    command = [str(venv_python()), *PIP, "install", *options, *arguments]
    environment = own_variables() | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "PIP_USER": "0"}
    # A pip that outlives this script keeps the lock: nobody else writes into .venv before it has ended.
    inherited = (lock,) if os.name == "posix" else ()
    line = ProgressLine(sys.stderr)
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=inherited,
        ) as child,
    ):
        assert child.stdout is not None
        try:
            for text in child.stdout:
                if not text.startswith("Progress "):
                    print(text, end="", file=log, flush=True)
                line.show(text)
        finally:
            line.clear()
    if child.returncode:
        raise SetupError(
            f"{last_lines()}\npip could not install what the course needs; above are its last lines, and {LOG} has "
            "them all. Is the network there, and 2 GB of free disk? Then run the same command again: it goes on where "
            "it stopped. Where pip has no package for your machine (an Intel Mac, a very new Python), use conda: "
            "conda env create -f environment.yml"
        )


def last_lines(count: int = 15) -> str:
    """The end of the log."""
    with LOG.open(encoding="utf-8", errors="replace") as log:
        return "".join(collections.deque(log, maxlen=count)).rstrip()


class ProgressLine:
    """What pip is doing: one line rewritten in place on a terminal, a plain line for each step elsewhere."""

    STEPS = (
        (r"\s*Downloading (\S+).*?(\(.*\))", "downloading {0} {1}"),
        (r"Collecting (\S+)", "collecting {0}"),
        (r"\s*(Installing build|Getting requirements|Preparing|Building)", "preparing the course's own package"),
        (r"Installing collected packages: (.*)", "installing the packages: {count}"),
        (r".*WARNING: (Retrying).*", "the package index does not answer, pip tries again"),
    )

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.in_place = stream.isatty()
        self.step = ""

    def show(self, text: str) -> None:
        """Take in one line of pip's output."""
        done = re.match(r"Progress (\d+) of (\d+)", text)
        if done:
            if self.in_place and int(done[2]):
                self.write(f"{self.step}: {100 * int(done[1]) // int(done[2])} %")
            return
        for pattern, form in self.STEPS:
            match = re.match(pattern, text)
            if match:
                before, self.step = self.step, form.format(*match.groups(), count=match[1].count(",") + 1)
                if self.step != before:
                    self.write(self.step)
                return

    def write(self, text: str) -> None:
        """Show a step."""
        if self.in_place:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + f"  {text}"[:width].ljust(width))
        else:
            self.stream.write(f"  {text}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Leave the terminal's line empty for what comes next."""
        if self.in_place:
            self.write("")
            self.stream.write("\r")


@contextlib.contextmanager
def install_lock() -> Iterator[int]:
    """Hold the right to change `.venv`, waiting for it if need be. The system frees it when its holder dies."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        told = False
        while not try_lock(file):
            if not told:
                say("Another command is installing in .venv; waiting for it to finish.")
                told = True
            time.sleep(0.2)
        yield file.fileno()


def try_lock(file: TextIO) -> bool:
    """Lock the file unless another process has it. A file system without locks counts as free."""
    if sys.platform == "win32":
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def say(sentence: str) -> None:
    """Tell the person what happens; not on stdout, which belongs to the command."""
    if sentence:
        print(sentence, file=sys.stderr, flush=True)

"""A machine where nothing is installed: a copy of the bootstrap, with stand-ins for `venv`, `pip`, `pytest` and `uv`.

The stand-ins come first on PYTHONPATH, are packages of the environment that they make, and leave behind at once, and
offline, what the real ones would. The PATH is a folder with nothing in it, or with `uv` where a test brings it.
FAKE_PIP=fail makes pip or uv fail, FAKE_PIP=halt makes it stop halfway until a file `go` is there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]

TOLD = """
def tell_commands(): pass
def shown(text): return text
"""

VENV = """
import os, pathlib, subprocess, sys
clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
if "FAKE_VENV" in clean:
    sys.exit("the stand-in started itself instead of the real venv")
clean["FAKE_VENV"] = "1"
subprocess.run([sys.executable, "-m", "venv", "--without-pip", sys.argv[1]], env=clean, check=True)
for site in pathlib.Path(sys.argv[1]).glob("lib/python3.*/site-packages"):
    info = site / "pip-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: pip\\nVersion: 99.0\\n")
    (info / "INSTALLER").write_text("pip")
    (info / "RECORD").write_text("pip-99.0.dist-info/METADATA,,\\npip-99.0.dist-info/INSTALLER,,\\n")
    # The stand-ins are this environment's packages: no PYTHONPATH reaches what runs in it.
    (site / "fakes.pth").write_text(str(pathlib.Path(__file__).resolve().parents[1]))
"""

PIP = """
import json, os, pathlib, re, shutil, sys, time, tomllib
here = pathlib.Path(__file__).resolve().parents[1]
with (here / "calls").open("a") as calls:
    print(json.dumps([os.environ.get("FAKE_UV", "pip"), *sys.argv[1:]]), file=calls)
plan = os.environ.get("FAKE_PIP")
site = next(pathlib.Path(sys.prefix).glob("lib/python3.*/site-packages"))

def put(name, version, origin=None, complete=True):
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))
    if complete:
        (info / "INSTALLER").write_text(os.environ.get("FAKE_UV", "pip"))
        (info / "RECORD").write_text(f"{info.name}/METADATA,,\\n{info.name}/INSTALLER,,\\n")

if "-e" in sys.argv:
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    extra = re.search(r"\\[(.*)\\]", " ".join(sys.argv))
    needs = project["dependencies"] + (project["optional-dependencies"][extra[1]] if extra else [])
    pins = dict(re.findall(r"^([\\w.-]+)==([^\\s#]+)", pathlib.Path("constraints.txt").read_text().lower(), re.M))
    print("Collecting numpy>=2.0 (from optimization-course)")
    if plan == "fail":
        sys.exit("ERROR: No space left on device")
    if plan == "halt":
        put("numpy", pins["numpy"], complete=False)
        (here / "halted").touch()
        while not (here / "go").exists():
            time.sleep(0.02)
        shutil.rmtree(next(site.glob("numpy-*")))
    for need in needs:
        name = need.split(">=")[0].lower()
        if not list(site.glob(f"{name.replace('-', '_')}-*.dist-info")):
            put(name, pins[name])
    for old in site.glob("optimization_course-*.dist-info"):
        shutil.rmtree(old)
    put(project["name"], project["version"], {"dir_info": {"editable": True}, "url": pathlib.Path.cwd().as_uri()})
    print("Installing collected packages: numpy, scipy")
"""

# `uv venv` makes what `venv` makes, without a pip that runs; `uv pip` does in the environment what `pip` does there.
UV = """
import os, pathlib, subprocess, sys
here = pathlib.Path(__file__).resolve().parent
given = sys.argv[1:]
python = given[given.index("--python") + 1] if "--python" in given else sys.executable
fakes = {**os.environ, "PYTHONPATH": str(here), "FAKE_UV": "uv"}
if given == ["--version"]:
    print("uv 99.0")
elif given[0] == "venv":
    assert pathlib.Path(given[-1]).is_dir() and "--allow-existing" in given, "uv refuses a folder that is there"
    sys.exit(subprocess.run([python, "-m", "venv", given[-1]], env=fakes).returncode)
elif given[:2] == ["pip", "install"]:
    sys.exit(subprocess.run([python, here / "pip" / "__main__.py", *given[1:]], env=fakes).returncode)
"""

PYTEST = """
import os, sys
print("pytest", os.getcwd(), sys.argv[1:])
sys.exit(6 if os.environ.get("PYTHONDONTWRITEBYTECODE") else 5)
"""

PROGRESS = """
import errno, os, sys
from course_lib.errors import CourseError
def main(page=False):
    print(sys.prefix)
    print(os.environ.get("VIRTUAL_ENV"))
    if os.environ.get("FAKE_COMMAND") == "fail":
        raise CourseError("The unit has no notebook. Build it.")
    if os.environ.get("FAKE_COMMAND") == "full":
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("nothing could be graded")
    if os.environ.get("FAKE_COMMAND") == "variables":
        names = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONINSPECT")
        print([name for name in names if name in os.environ])
    if os.environ.get("FAKE_COMMAND") == "signs":
        print("\u2713 \u2717 \u2026 \u5f20 \u674e")
    return 7
"""


class Course:
    """A copy of the course's bootstrap in a folder whose name has a space, with stand-ins for what installs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my course"
        self.fakes = folder / "fakes"
        self.installer = "pip"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.root / "course_lib" / "commands").mkdir(parents=True)
        for name in (
            "course",
            "pyproject.toml",
            "constraints.txt",
            "course_lib/commands/environment.py",
            "course_lib/errors.py",
        ):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "course_lib" / "__init__.py").touch()
        (self.root / "course_lib" / "told.py").write_text(TOLD)
        (self.root / "course_lib" / "commands" / "progress.py").write_text(PROGRESS)
        for name, source in (("venv", VENV), ("pip", PIP), ("pytest", PYTEST)):
            (self.fakes / name).mkdir(parents=True)
            (self.fakes / name / "__init__.py").touch()
            (self.fakes / name / "__main__.py").write_text(source)

    def bring_uv(self) -> None:
        """Put uv on the PATH."""
        (self.fakes / "fake_uv.py").write_text(UV)
        program = self.bin / "uv"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{self.fakes / "fake_uv.py"}" "$@"\n')
        program.chmod(0o755)

    @property
    def venv(self) -> Path:
        """The environment that the course makes."""
        return self.root / ".venv"

    @property
    def made(self) -> Path:
        """The mark in it."""
        return self.venv / "course-made"

    @property
    def log(self) -> Path:
        """What uv or pip said."""
        return self.root / ".course" / "install.log"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `./course` from another folder, in a process group of its own."""
        unwanted = ("COURSE_ROOT", "CONDA_PREFIX", "COURSE_INSTALLER")
        inherited = {key: value for key, value in os.environ.items() if key not in unwanted}
        bare = {"PATH": str(self.bin), "PYTHONPATH": str(self.fakes), "COURSE_TORCH": "default"}
        return subprocess.Popen(
            [sys.executable, str(self.root / "course"), *(arguments or ("progress",))],
            cwd=self.fakes,
            env=inherited | bare | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding=environment.get("PYTHONIOENCODING", "utf-8"),
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `./course` to its end."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run_until_halted(self, **environment: str) -> subprocess.Popen[str]:
        """Start `./course` with a pip or uv that stops halfway, and return when it has."""
        process = self.start(FAKE_PIP="halt", **environment)
        wait_until((self.fakes / "halted").exists)
        return process

    def calls(self) -> list[list[str]]:
        """Each installation of the course that was started: `pip` or `uv`, and its arguments."""
        path = self.fakes / "calls"
        calls = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [call for call in calls if "-e" in call]

    def info(self, name: str) -> Path:
        """The metadata folder of a package in `.venv`."""
        return next(self.venv.glob(f"lib/python3.*/site-packages/{name}-*.dist-info"))

    def load(self) -> ModuleType:
        """The copy's `course_lib/commands/environment.py`, as the script loads it."""
        return load("environment_copy", self.root / "course_lib" / "commands" / "environment.py")


def load(name: str, path: Path) -> ModuleType:
    """A module from any file, without leaving it in `sys.modules`."""
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def wait_until(condition: Callable[[], object]) -> None:
    """Poll a condition; a test that waits in vain ends at pytest's time limit."""
    while not condition():
        time.sleep(0.01)


def read_until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process tells on stderr up to the line with these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"the process ended without saying {words!r}")

"""What a person's own settings of Jupyter, Python and Matplotlib would decide about the course, and what does instead.

`./course start` goes before them where its printed address or its kernels depend on them; `./course doctor` looks at
what may still be in the way.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from course_lib.commands.environment import FOR_ANOTHER_PYTHON
from course_lib.commands.findings import ERROR, OK, WARNING, Finding
from course_lib.kernel.backend import VARIABLE, shows_in_a_page

CONTENTS_MANAGER = "AsyncLargeFileManager"
"""JupyterLab's own class that reads and writes notebooks. A setting of it goes before the same one of its parents."""

JUPYTER_TRAITS = {
    "ServerApp.contents_manager_class": f"jupyter_server.services.contents.largefilemanager.{CONTENTS_MANAGER}",
    f"{CONTENTS_MANAGER}.preferred_dir": "",
    "ServerApp.port_retries": "50",
    "ServerApp.base_url": "/",
    "ServerApp.sock": "",
    "ServerApp.custom_display_url": "",
    # Kernels run here, not behind a gateway that knows nothing of the course.
    "GatewayClient.url": "",
    "LabApp.dev_mode": "False",
}
"""Beside folder, address and port: what `./course start` sets on JupyterLab's command line."""

WITHOUT_CERTIFICATES = {f"ServerApp.{name}": "" for name in ("certfile", "keyfile", "client_ca")}
"""They are for a server that others reach, not for one that answers this machine alone."""

# PYTHONPATH and PYTHONHOME stay here: an environment of your own may be made of them; `.venv` is entered without.
CLEARED = {"MPLBACKEND", *FOR_ANOTHER_PYTHON} - {"PYTHONPATH", "PYTHONHOME"}
"""Environment variables that a kernel of the course must not obey."""

JUPYTER_FILES = ("jupyter_config", "jupyter_server_config", "jupyter_lab_config", "jupyter_notebook_config")
ASKED_FOR = re.compile(r"(token|password|hashed_password)$")
TRY = "import sys; from jupyterlab.labapp import LabApp; LabApp.initialize_server(sys.argv[1:])"


def check_jupyter() -> list[Finding]:
    """The settings of your own that JupyterLab reads, by file, and whether it starts with them."""
    try:
        files = jupyter_files()
    except ImportError:
        return []  # that Jupyter is missing is told with the kernel
    if not files:
        return [Finding(OK, "Jupyter has no settings of your own that the course would meet")]
    findings = [about_file(path) for path in files]
    failure = why_jupyterlab_fails()
    if failure:
        names = ", ".join(map(str, files))
        remedy = f"The setting is in one of these: {names}. Take it out, or give the file another name while you learn."
        findings.append(Finding(ERROR, f"JupyterLab does not start with your own settings: {failure}", remedy))
    return findings


def jupyter_files() -> list[Path]:
    """The files of settings that JupyterLab reads beside those of this environment."""
    from jupyter_core.paths import jupyter_config_path

    ours = (Path(sys.prefix).resolve(), Path(__file__).resolve().parents[1])
    found: list[Path] = []
    for folder in map(Path, jupyter_config_path()):
        if not any(folder.resolve().is_relative_to(each) for each in ours):
            found += [
                path for name in JUPYTER_FILES for end in (".py", ".json") if (path := folder / (name + end)).is_file()
            ]
            found += sorted((folder / "jupyter_server_config.d").glob("*.json"))
    return found


def about_file(path: Path) -> Finding:
    """What one file of settings sets, and what of it `./course start` decides itself."""
    try:
        names = settings_in(path)
    except (OSError, ValueError, SyntaxError) as error:
        return Finding(WARNING, f"{path} cannot be read ({error}): JupyterLab passes it over", "Mend or delete it.")
    what = f"{path} sets {', '.join(names) or 'nothing'}"
    if any(ASKED_FOR.search(name) for name in names):
        return Finding(WARNING, what, "JupyterLab asks for the password or token that is set there: have it at hand.")
    return Finding(OK, f"{what}; ./course start decides folder, address, port and certificates itself")


def settings_in(path: Path) -> list[str]:
    """The names, as `ServerApp.root_dir`, that a file sets; a Python file is read and not run."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".py":
        compile(text, str(path), "exec")
        return sorted(set(re.findall(r"^\s*c\.(\w+\.\w+)", text, re.M)))
    data = json.loads(text)
    sections = data.items() if isinstance(data, dict) else []
    return sorted(f"{name}.{key}" for name, section in sections if isinstance(section, dict) for key in section)


def why_jupyterlab_fails(seconds: float = 120) -> str:
    """What keeps JupyterLab from starting, in its own words; empty where it starts, and where it takes too long."""
    ours = {"ServerApp.port": 0} | JUPYTER_TRAITS | WITHOUT_CERTIFICATES
    command = [sys.executable, "-c", TRY, *(f"--{name}={value}" for name, value in ours.items()), "--allow-root"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    critical = [line for line in lines if line.startswith("[C ")] or lines[-1:] or [f"status {done.returncode}"]
    return critical[-1].split("] ", 1)[-1]


def check_python_settings() -> list[Finding]:
    """Variables and start-up files that change what a notebook's kernel has, where ours do not start it."""
    findings = []
    chosen = os.environ.get(VARIABLE)
    if chosen and not shows_in_a_page(chosen):
        what = f"{VARIABLE} is {chosen}, which shows no pictures in a notebook"
        findings.append(Finding(WARNING, what, "./course start goes without it; elsewhere, unset it."))
    for name in FOR_ANOTHER_PYTHON:
        if os.environ.get(name):
            what = f"{name} is set: {os.environ[name]}"
            findings.append(
                Finding(WARNING, what, "It may bring other packages or start-up code than the course's: unset it.")
            )
    profile = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default"
    files = sorted([*profile.glob("startup/*.py"), *profile.glob("startup/*.ipy"), *profile.glob("ipython*_config.py")])
    if files:
        what = f"IPython runs {', '.join(map(str, files))} before a notebook's first cell"
        remedy = (
            "./course start goes without them, as grading does; elsewhere, what they import may be missing when graded."
        )
        findings.append(Finding(WARNING, what, remedy))
    return findings or [Finding(OK, "No settings of Python or Matplotlib that the course would meet")]

"""`./course start`: JupyterLab in the course's folder, open on your own copy of a unit."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from course_lib.commands.user_settings import CLEARED, CONTENTS_MANAGER, JUPYTER_TRAITS, WITHOUT_CERTIFICATES
from course_lib.errors import CourseError
from course_lib.language import choice
from course_lib.progress import state_directory
from course_lib.workspace import (
    course_root,
    find_unit,
    guides,
    home,
    is_changed,
    language,
    locales,
    notebook,
    retell,
    units,
    work_copy,
)

# What JupyterLab is set to in the course, unless you have chosen otherwise: the course works offline, and the question
# whether to fetch news would cover the notebook's corner. `labconfig/default_setting_overrides.json` is JupyterLab's
# place for such defaults; a choice of your own, in your settings, goes before them. `labextensions/` is where it looks
# for extensions: the course's one gives pictures their words for a screen reader.
DEFAULTS = Path(__file__).parents[1] / "jupyter"
PORT = 8888


def start(
    unit: str | None, browser: bool, port: int | None, address: str | None = None, language: str | None = None
) -> int:
    """Run JupyterLab until it is shut down; without a unit, on the one that you saved last, at first on 00.

    A language is remembered; your copies are then told in it, and your answers stay.

    JupyterLab takes the next free port when `port` is taken. jupytext, which the course installs, has JupyterLab keep
    a paired `.py` and `.ipynb` in `solutions/` in step.
    """
    if language is not None:
        choose_language(language)
    chosen = find_unit(unit) if unit else latest_unit()
    for each in units():  # all of them: a unit's links lead to its neighbours
        work_copy(each)
    guides()
    for sentence in retell_all():
        print(sentence)
    if home() != course_root():
        print(f"Your own copies of the notebooks are in {home() / 'work'}.")
    command = lab_command(chosen, browser, port, address)
    environment = lab_environment()
    with contextlib.suppress(OSError):  # IPython takes a temporary one where there is none
        Path(environment["IPYTHONDIR"]).mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(home())
        os.execve(command[0], command, environment)  # Ctrl-C and signals are JupyterLab's from here on
    with subprocess.Popen(command, cwd=home(), env=environment) as lab:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return lab.wait()


def choose_language(text: str) -> None:
    """Remember the language that a person means. Raises `CourseError` with those that there are."""
    meant = choice.named(text, locales())
    other = os.environ.get(choice.VARIABLE, "").strip()
    choice.keep(meant, state_directory())
    if other and choice.named(other, locales()) != meant:
        print(f"{choice.VARIABLE}={other} is set and goes before --language: unset it.")


def retell_all() -> list[str]:
    """Bring the prose of all your copies into your language; what stands in the way of it, a sentence each."""
    told = []
    for unit in units():
        try:
            retell(unit)
        except CourseError as error:
            told.append(f"{unit} stays in the language that it is in: {error}")
    return told


def lab_environment() -> dict[str, str]:
    """The environment variables that JupyterLab runs with: this process's, and the course's defaults."""
    programs = [sysconfig.get_path("scripts"), os.environ.get("PATH")]
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    menus = DEFAULTS / "languages" / language()  # without its language pack JupyterLab stays English
    return kept | {
        # What a cell starts, as `%tensorboard` does, is this environment's.
        "PATH": _path(*programs),
        # This environment's kernel, even where the home folder has another one under the same name.
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_PATH": _path(os.environ.get("JUPYTER_CONFIG_PATH"), str(menus), str(DEFAULTS)),
        "JUPYTER_PATH": _path(os.environ.get("JUPYTER_PATH"), str(DEFAULTS)),
        # A kernel without your own start-up files: what they import would work here and be missing when graded.
        "IPYTHONDIR": str(state_directory() / "ipython"),
    }


def _path(*folders: str | None) -> str:
    """Folders as a variable has them; what is unset or empty is left out."""
    return os.pathsep.join(folder for folder in folders if folder)


def latest_unit() -> str:
    """The unit that you worked on last; the first one when there is none."""
    mine = [unit for unit in units() if is_changed(unit)]
    return max(mine, key=lambda unit: notebook(unit).stat().st_mtime) if mine else find_unit("00")


def lab_command(unit: str, browser: bool, port: int | None, address: str | None = None) -> list[str]:
    """The command line that opens JupyterLab on your notebook of `unit`.

    It says all that the printed address depends on, because what you have set for your own Jupyter would else decide.
    """
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/work/{unit}/{unit}.ipynb"]
    command.append("--log-level=WARN")  # the address is printed all the same, and not below forty lines of log
    # Whatever the settings say, nothing is fetched: the course works offline.
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    ours: dict[str, object] = {f"{manager}.root_dir": home() for manager in ("ServerApp", CONTENTS_MANAGER)}
    ours |= {"ServerApp.ip": address or "localhost", "ServerApp.port": PORT if port is None else port}
    ours |= {"ServerApp.open_browser": browser, "LabApp.open_browser": browser, "ServerApp.preferred_dir": home()}
    ours |= JUPYTER_TRAITS if address else JUPYTER_TRAITS | WITHOUT_CERTIFICATES
    command += [f"--{trait}={value}" for trait, value in ours.items()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; JupyterLab refuses root otherwise
    return command

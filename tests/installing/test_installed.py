"""The course as Colab and Kaggle have it: the package alone, from a wheel, and a notebook in some other folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from helpers.course import ROOT, source_notebook
from helpers.kernel import kernel

UNIT, LATER, USES = "01_gradients", "06_regularization", "05_adam"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel was installed; it holds nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("course_lib", "grader"):
        shutil.copytree(ROOT / package, source / package, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-CC-BY-4.0.md"):
        shutil.copy(ROOT / name, source)
    # The build tools of this environment: fetching fresh ones takes a network.
    make = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(source),
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(folder),
    ]
    subprocess.run(make, check=True, capture_output=True, timeout=200)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(autouse=True)
def no_course_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COURSE_ROOT", "COURSE_HOME", "COURSE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)


def elsewhere(installed: Path, tmp_path: Path) -> dict[str, str]:
    """The variables of a kernel there: the installed package first, and nothing that leads to this course's folder."""
    return {
        "PYTHONPATH": str(installed),
        "HOME": str(tmp_path / "home"),
        "XDG_DATA_HOME": str(tmp_path / "home" / "data"),
    }


def lay(unit: str, folder: Path) -> Path:
    """A solved notebook in a folder of its own; returns the folder."""
    (folder / unit).mkdir(parents=True)
    nbformat.write(source_notebook(unit), folder / unit / f"{unit}.ipynb")
    return folder / unit


def test_a_unit_runs_green_from_another_folder_and_progress_is_the_users(installed: Path, tmp_path: Path) -> None:
    with kernel(lay(UNIT, tmp_path), **elsewhere(installed, tmp_path)) as running:
        assert str(installed) in running.run("import course_lib; print(course_lib.__file__)").text
        pictures = checks = 0
        for cell in source_notebook(UNIT).cells:
            if cell.cell_type == "code":
                seen = running.run(cell.source, timeout=120)
                assert seen.error is None, seen.traceback
                pictures += sum("image/png" in output.get("data", {}) for output in seen.outputs)
                checks += "all right" in seen.text
        kept = running.run(
            "from course_lib.progress import state_directory as d, events; print(d(), len(events()))"
        ).text
    assert pictures > 0 and checks > 2
    assert kept.startswith(str(tmp_path / "home" / "data" / "optimization-course"))
    assert int(kept.split()[-1]) >= checks


def test_earlier_answers_are_found_beside_the_notebook_and_else_a_librarys_stand_in(
    installed: Path, tmp_path: Path
) -> None:
    folder = lay(LATER, tmp_path)
    ask = "from course_lib import earlier\nAdam = earlier('Adam')"
    with kernel(folder, **elsewhere(installed, tmp_path)) as running:
        assert "no notebook of 05_adam was found beside this one" in running.run(ask).text
        lay(USES, tmp_path)
        assert "Adam: yours, from 05_adam." in running.run(ask, timeout=120).text

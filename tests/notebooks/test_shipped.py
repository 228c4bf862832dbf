"""The copy in `notebooks/` is not mistaken for the learner's: who works in it is told, and loses nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from helpers.course import ROOT, source_notebook
from helpers.kernel import kernel

from course_lib import shipped, workspace
from course_lib.commands import progress
from course_lib.commands.reset import reset
from course_lib.errors import CourseError
from grader.commands import check as check_command
from grader.submissions.samples import find_cell

UNIT = "00_start_here"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with one unit, nothing of it worked on."""
    shutil.copytree(ROOT / "notebooks" / UNIT, tmp_path / "notebooks" / UNIT)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    for name in ("COURSE_HOME", "COURSE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def handed_out(root: Path) -> Path:
    return root / "notebooks" / UNIT / f"{UNIT}.ipynb"


def answer_in_it(root: Path) -> None:
    notebook = nbformat.read(handed_out(root), as_version=4)
    find_cell(notebook, "mean_square").source = find_cell(source_notebook(UNIT), "mean_square").source
    nbformat.write(notebook, handed_out(root))


@pytest.mark.fast
def test_it_is_edited_when_an_answer_differs_or_something_was_run(root: Path) -> None:
    assert shipped.edited() == []
    notebook = nbformat.read(handed_out(root), as_version=4)
    notebook.cells[1].metadata["collapsed"] = True  # a view, not an answer
    nbformat.write(notebook, handed_out(root))
    assert shipped.edited() == []
    answer_in_it(root)
    assert shipped.edited() == [UNIT]


@pytest.mark.fast
def test_check_progress_and_reset_say_so_and_start_takes_the_work_along(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_in_it(root)
    with pytest.raises(CourseError, match=r"was worked in\. ./course start 00 copies it as it is"):
        check_command.main("00")
    progress.main()
    assert "./course start 00 copies it" in capsys.readouterr().out
    workspace.work_copy(UNIT)
    assert workspace.notebook(UNIT).read_bytes() == handed_out(root).read_bytes()
    progress.main()
    assert "counts only if you copy it into your own" in capsys.readouterr().out
    workspace.notebook(UNIT).write_text("mine", encoding="utf-8")
    reset("00")
    said = capsys.readouterr().out
    assert "not as it was handed out" in said and "is a fresh copy" not in said
    assert [path.read_text() for path in workspace.notebook(UNIT).parent.glob("*T*.ipynb")] == ["mine"]


def test_a_check_in_the_handed_out_copy_reminds_once_a_kernel_and_elsewhere_never(root: Path) -> None:
    mine = workspace.work_copy(UNIT)
    settings = {"COURSE_ROOT": str(root), "COURSE_STATE_DIR": str(root / "state"), "PYTHONPATH": str(ROOT)}
    code = "from contextlib import suppress\nfrom course_lib import check\nfor _ in range(2):\n"
    code += "    with suppress(Exception):\n        check('mean_square')"
    for folder, times in ((root / "notebooks" / UNIT, 1), (mine, 0)):
        with kernel(folder, **settings) as running:
            seen = running.run(code)
        assert seen.error is None
        assert seen.text.count("You are working in notebooks/00_start_here") == times

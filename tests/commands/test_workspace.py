"""A learner's own copies: found by any name, made once, reset without ever losing an answer."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from pathlib import Path

import pytest

from course_lib import progress, workspace
from course_lib.commands import start
from course_lib.commands.reset import reset
from course_lib.errors import CourseError
from course_lib.workspace import guides

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.fast


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with three units, the last with a folder of its own, and one script that is not built yet."""
    for unit in ("00_start_here", "02_gradient_descent", "10_gpu_cnn"):
        folder = tmp_path / "notebooks" / unit
        folder.mkdir(parents=True)
        (folder / f"{unit}.ipynb").write_text(f"shipped {unit}")
    (tmp_path / "notebooks" / "10_gpu_cnn" / "scripts").mkdir()
    (tmp_path / "notebooks" / "10_gpu_cnn" / "scripts" / "parallel.py").write_text("shipped script")
    (tmp_path / "notebooks" / "10_gpu_cnn" / "notes.ipynb").write_text("not a unit")
    (tmp_path / "solutions" / "03_sgd").mkdir(parents=True)
    (tmp_path / "solutions" / "03_sgd" / "03_sgd.py").touch()
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls(2026, 11, 24, 10, 56, 0)

    monkeypatch.setattr(workspace, "datetime", Clock)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_course_root_is_the_one_above_this_package_unless_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.course_root() == root
    monkeypatch.delenv("COURSE_ROOT")
    assert (workspace.course_root() / "course_lib" / "workspace.py").samefile(workspace.__file__)
    monkeypatch.setenv("COURSE_ROOT", str(root / "work"))
    with pytest.raises(CourseError, match="Set COURSE_ROOT"):
        workspace.course_root()


def test_units_are_the_folders_with_a_notebook_of_their_name(root: Path) -> None:
    (root / "notebooks" / "12_structure").mkdir()
    assert workspace.units() == ["00_start_here", "02_gradient_descent", "10_gpu_cnn"]


@pytest.mark.parametrize(
    "text",
    [
        "02",
        "2",
        " 2 ",
        "02_gradient_descent",
        "gradient_descent",
        "Gradient_Descent",
        "notebooks/02_gradient_descent/",
        r"work\02_gradient_descent",
        "work/02_gradient_descent/02_gradient_descent.ipynb",
    ],
)
def test_a_unit_is_found_by_number_topic_name_or_path(root: Path, text: str) -> None:
    assert workspace.find_unit(text) == "02_gradient_descent"


def test_an_author_can_name_a_unit_that_is_not_built_yet(root: Path) -> None:
    assert workspace.find_unit("3") == "03_sgd"
    with pytest.raises(CourseError, match=r"\./course build 03"):
        workspace.work_copy("03_sgd")


@pytest.mark.parametrize(
    ("text", "near"), [("gradient_decent", "02_gradient_descent"), ("10_gpu_cn", "10_gpu_cnn"), ("7", None), ("", None)]
)
def test_an_unknown_unit_is_told_with_all_units_and_the_nearest(root: Path, text: str, near: str | None) -> None:
    with pytest.raises(CourseError) as caught:
        workspace.find_unit(text)
    sentence = str(caught.value)
    assert "00_start_here, 02_gradient_descent, 03_sgd, 10_gpu_cnn" in sentence
    assert (f"Did you mean {near}?" in sentence) if near else ("Did you mean" not in sentence)


def test_a_work_copy_has_the_units_files_and_later_leaves_the_learners_alone(root: Path) -> None:
    folder = workspace.work_copy("10_gpu_cnn")
    assert folder == root / "work" / "10_gpu_cnn"
    assert files(folder) == files(root / "notebooks" / "10_gpu_cnn")
    (folder / "10_gpu_cnn.ipynb").write_text("my answers")
    (folder / "scripts" / "parallel.py").unlink()
    workspace.work_copy("10_gpu_cnn")
    assert (folder / "10_gpu_cnn.ipynb").read_text() == "my answers"
    assert (folder / "scripts" / "parallel.py").read_text() == "shipped script"


def test_a_copy_of_a_read_only_course_can_be_written(root: Path) -> None:
    (root / "notebooks" / "00_start_here" / "00_start_here.ipynb").chmod(0o444)
    copy = workspace.work_copy("00_start_here") / "00_start_here.ipynb"
    assert copy.stat().st_mode & 0o777 == 0o644


def test_reset_keeps_the_old_notebook_under_a_dated_name(
    root: Path, one_second: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace.work_copy("02_gradient_descent")
    (folder / "02_gradient_descent.ipynb").write_text("my answers")
    assert reset("02") == 0
    assert files(folder) == {
        "02_gradient_descent.ipynb": "shipped 02_gradient_descent",
        "02_gradient_descent.2026-11-24T105600.ipynb": "my answers",
    }
    assert "02_gradient_descent.2026-11-24T105600.ipynb" in capsys.readouterr().out


def test_three_resets_within_a_second_lose_nothing(root: Path, one_second: None) -> None:
    folder = workspace.work_copy("02_gradient_descent")
    for answers in ("first", "second", "third"):
        (folder / "02_gradient_descent.ipynb").write_text(answers)
        reset("02")
    kept = {name: text for name, text in files(folder).items() if "T105600" in name}
    assert sorted(kept.values()) == ["first", "second", "third"]


def test_reset_without_a_change_leaves_no_clutter(root: Path) -> None:
    reset("10")
    reset("10")
    assert files(root / "work" / "10_gpu_cnn") == files(root / "notebooks" / "10_gpu_cnn")


@pytest.mark.parametrize("step", ["write", "replace"])
def test_a_full_disk_during_reset_leaves_the_answers_where_they_were(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = workspace.work_copy("02_gradient_descent")
    mine = folder / "02_gradient_descent.ipynb"
    mine.write_text("my answers")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if step == "write":
            patched.setattr(os, "fsync", full)
        else:
            patched.setattr(Path, "replace", full)
        with pytest.raises(CourseError, match=r"No space left on device.*Nothing of yours is lost"):
            reset("02")
    assert files(folder) == {"02_gradient_descent.ipynb": "my answers"}
    assert mine.stat().st_nlink == 1, "a name that stays linked would change with the next save"


def test_reset_works_where_the_file_system_has_no_links(
    root: Path, one_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    folder = workspace.work_copy("02_gradient_descent")
    for answers in ("first", "second"):
        (folder / "02_gradient_descent.ipynb").write_text(answers)
        reset("02")
    assert files(folder) == {
        "02_gradient_descent.ipynb": "shipped 02_gradient_descent",
        "02_gradient_descent.2026-11-24T105600.ipynb": "first",
        "02_gradient_descent.2026-11-24T105600-2.ipynb": "second",
    }


def test_start_opens_the_unit_in_jupyterlab_with_its_work_copy_made(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], Path]] = []
    monkeypatch.setattr(os, "execve", lambda program, command, environment: started.append((command, Path.cwd())))
    monkeypatch.setattr(start.subprocess, "Popen", lambda *a, **k: pytest.fail("on POSIX, exec is enough"))
    monkeypatch.chdir(root)
    with pytest.raises(pytest.fail.Exception):  # a faked exec comes back, the real one does not
        start.start("gradient_descent", browser=False, port=8901)
    [(command, folder)] = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/work/02_gradient_descent/02_gradient_descent.ipynb" in command
    assert {"--ServerApp.open_browser=False", "--ServerApp.port=8901", f"--ServerApp.root_dir={root}"} <= set(command)
    assert folder == root
    assert workspace.notebook("02_gradient_descent").read_text() == "shipped 02_gradient_descent"


@pytest.mark.parametrize(("uid", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_where_the_user_is_root(monkeypatch: pytest.MonkeyPatch, uid: int, allowed: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    command = start.lab_command("00_start_here", browser=True, port=None)
    assert ("--allow-root" in command) is allowed
    assert {"--ServerApp.port=8888", "--ServerApp.open_browser=True", "--ServerApp.ip=localhost"} <= set(command)


def test_for_other_machines_the_address_and_the_certificates_are_the_users() -> None:
    command = start.lab_command("00_start_here", browser=True, port=None, address="0.0.0.0")
    assert "--ServerApp.ip=0.0.0.0" in command
    assert not any("certfile" in part for part in command)


def test_a_kernel_obeys_no_variable_that_is_for_another_python(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MPLBACKEND", "PYTHONSTARTUP", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("IPYTHONDIR", "/mine")
    given = start.lab_environment()
    assert not {"MPLBACKEND", "PYTHONSTARTUP", "PYTHONWARNINGS"} & given.keys()
    assert given["IPYTHONDIR"] == str(root / ".course" / "ipython")


def test_one_setting_moves_work_and_progress_to_another_folder(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path_factory.mktemp("我的 home")
    monkeypatch.setenv("COURSE_HOME", str(mine))
    monkeypatch.delenv("COURSE_STATE_DIR", raising=False)
    workspace.work_copy("02_gradient_descent")
    reset("02")
    assert (
        workspace.notebook("02_gradient_descent") == mine / "work" / "02_gradient_descent" / "02_gradient_descent.ipynb"
    )
    assert progress.state_directory() == mine / ".course"
    assert not (root / "work").exists()
    assert f"--ServerApp.root_dir={mine}" in start.lab_command("02_gradient_descent", browser=False, port=0)


def test_where_the_course_cannot_be_written_the_copies_lie_below_the_home_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(Path, "home", lambda: root / "me")
    assert workspace.work_copy("02_gradient_descent").is_relative_to(root / "me" / "optimization-course" / "work")
    assert workspace.notebook("02_gradient_descent").is_file()


def test_other_line_ends_are_no_change(root: Path) -> None:
    shipped = root / "notebooks" / "02_gradient_descent" / "02_gradient_descent.ipynb"
    shipped.write_bytes(b"one\r\ntwo\r\n")
    workspace.work_copy("02_gradient_descent")
    workspace.notebook("02_gradient_descent").write_bytes(b"one\ntwo\n")
    assert not workspace.is_changed("02_gradient_descent")
    workspace.notebook("02_gradient_descent").write_bytes(b"one\ntwo and mine\n")
    assert workspace.is_changed("02_gradient_descent")


def test_without_a_unit_start_opens_the_one_you_worked_on_last(root: Path) -> None:
    for unit in workspace.units():
        workspace.work_copy(unit)
    assert start.latest_unit() == "00_start_here"
    for age, unit in enumerate(["10_gpu_cnn", "02_gradient_descent"]):
        workspace.notebook(unit).write_text("my answers", encoding="utf-8")
        os.utime(workspace.notebook(unit), (1e9 - age, 1e9 - age))
    assert start.latest_unit() == "10_gpu_cnn"


def test_an_assistant_finds_beside_the_notebooks_that_it_is_to_tutor(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    assert [path.name for path in guides()] == ["AGENTS.md", "CLAUDE.md"]
    mine = tmp_path / "work" / "AGENTS.md"
    assert "do not write it for them" in mine.read_text(encoding="utf-8")
    mine.write_text("my own rules", encoding="utf-8")
    assert guides() == [] and mine.read_text(encoding="utf-8") == "my own rules"


def test_what_an_assistant_is_told_exists():
    """The paths and commands of both pages; and the other program's name leads to the same."""
    for folder in (ROOT, ROOT / "notebooks"):
        assert (folder / "CLAUDE.md").read_text(encoding="utf-8").strip() == "@AGENTS.md"
    text = (ROOT / "notebooks" / "AGENTS.md").read_text(encoding="utf-8")
    for place in ("solutions", "grader/exercises", "course_lib/stand_ins", "course_lib/reference"):
        assert f"`{place}/`" in text and (ROOT / place).is_dir()
    commands = (ROOT / "course").read_text(encoding="utf-8")
    for verb in re.findall(r"\./course (\w+)", text):
        assert f'"{verb}",' in commands

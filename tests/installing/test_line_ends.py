"""A checkout by a git that makes Windows' line ends (core.autocrlf=true) runs under a Unix kernel, and is in sync."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.course import ROOT

from course_lib.workspace import course_root
from grader.building import build

UNIT = "00_start_here"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git on Windows checks out of this tree as it is, committed or not."""
    folder = tmp_path_factory.mktemp("lines")
    made, cloned = folder / "made", folder / "cloned"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith(("solutions/1", "tests/", "grader/exercises/u1")):
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes((ROOT / name).read_bytes())
            (made / name).chmod((ROOT / name).stat().st_mode)
    as_somebody = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(made)]
    for order in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "as it is"]):
        subprocess.run([*as_somebody, *order], check=True, capture_output=True)
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", str(made), str(cloned)], check=True)
    return cloned


@pytest.mark.needs("git")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this copy of the course is no git checkout")
def test_the_command_line_runs_and_no_byte_differs(checkout: Path) -> None:
    help_ = [sys.executable, "-B", "course", "--help"]  # nothing is to be written beside the files that are compared
    done = subprocess.run(help_, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"\r" not in (checkout / "course").read_bytes(), "env would look for a program named python3\\r"
    differing = [
        path.relative_to(checkout).as_posix()
        for path in checkout.rglob("*")
        if path.is_file()
        and ".git" not in path.parts
        and path.read_bytes() != (ROOT / path.relative_to(checkout)).read_bytes()
    ]
    assert differing == []


def test_a_learners_edition_with_other_line_ends_is_not_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "notebooks" / UNIT / f"{UNIT}.ipynb"
    kept.parent.mkdir(parents=True)
    shipped = (course_root() / "notebooks" / UNIT / f"{UNIT}.ipynb").read_bytes()
    script = tmp_path / "solutions" / UNIT / f"{UNIT}.py"
    script.parent.mkdir(parents=True)
    script.write_bytes((ROOT / "solutions" / UNIT / f"{UNIT}.py").read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(build, "course_root", lambda: tmp_path)
    monkeypatch.setattr(build, "record", lambda folder, unit: [])
    monkeypatch.setattr(build, "DIRECTORY", tmp_path)
    kept.write_bytes(shipped.replace(b"\n", b"\r\n"))
    assert build.stale(UNIT) == []
    kept.write_bytes(shipped.replace(b"mean_square", b"mean_circle"))
    assert build.stale(UNIT) == [f"notebooks/{UNIT}/{UNIT}.ipynb"]

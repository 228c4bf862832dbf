"""Outputs are kept for as long as nothing has changed that they come from, and are nobody's own."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from helpers.course import ROOT, UNITS
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.errors import CourseError
from grader.site import build, outputs

pytestmark = pytest.mark.fast

UNIT = "02_gradient_descent"
LANGUAGES = ["en", "zh_CN"]
SHOWN: outputs.Outputs = {"a-cell": [{"output_type": "stream", "name": "stdout", "text": "0.5\n"}]}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a unit's outputs come from."""
    root = tmp_path / "course"
    shutil.copytree(ROOT / "solutions" / UNIT, root / "solutions" / UNIT)
    shutil.copytree(ROOT / "locale", root / "locale", ignore=shutil.ignore_patterns("notebooks", "docs", "checks"))
    shutil.copytree(ROOT / "course_lib", root / "course_lib", ignore=shutil.ignore_patterns("reference", "datasets"))
    monkeypatch.setattr(outputs, "course_root", lambda: root)
    return root


@pytest.mark.parametrize(
    ("file", "english", "counts"),
    [
        (f"units/{UNIT}", "# 02 · Gradient descent", False),
        (f"units/{UNIT}", "what the slope promised", True),
        ("course", "What the experiment shows", True),
        ("course", "nothing handed in", False),
    ],
)
def test_in_another_language_translations_count_that_an_output_may_show(
    course: Path, file: str, english: str, counts: bool
) -> None:
    before = [outputs.fingerprint(UNIT, language) for language in LANGUAGES]
    assert before[0] != before[1] and outputs.fingerprint(UNIT) == before[0]
    path = course / "locale" / "zh_CN" / f"{file}.po"
    text = path.read_text(encoding="utf-8")
    changed = re.sub(rf'^(msgid "{re.escape(english)}"\nmsgstr ")', r"\g<1>另", text, count=1, flags=re.M)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    after = [outputs.fingerprint(UNIT, language) for language in LANGUAGES]
    assert after[0] == before[0]
    assert (after[1] != before[1]) is counts


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        (f"solutions/{UNIT}/{UNIT}.py", True),
        ("course_lib/drawing/style.py", True),
        ("course_lib/predict.py", True),
        ("course_lib/judging/judge.py", False),
        ("course_lib/commands/start.py", False),
        ("course_lib/language/blocks.py", False),
    ],
)
def test_the_fingerprint_changes_with_what_outputs_come_from(course: Path, file: str, counts: bool) -> None:
    before = outputs.fingerprint(UNIT)
    text = (course / file).read_text(encoding="utf-8")
    (course / file).write_bytes(text.replace("\n", "\r\n").encode())
    assert outputs.fingerprint(UNIT) == before, "another tool's line ends are no difference"
    (course / file).write_text(text + "# changed\n", encoding="utf-8")
    assert (outputs.fingerprint(UNIT) != before) is counts


def test_weights_and_versions_count_too(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {outputs.fingerprint(UNIT)}
    (course / "solutions" / UNIT / "net.safetensors").write_bytes(b"weights")
    seen.add(outputs.fingerprint(UNIT))
    monkeypatch.setattr(outputs.metadata, "version", lambda name: "99.1")
    seen.add(outputs.fingerprint(UNIT))
    monkeypatch.setattr(outputs.metadata, "version", lambda name: "99.1+cpu")
    seen.add(outputs.fingerprint(UNIT))
    assert len(seen) == 3


def test_what_is_kept_is_used_and_what_is_old_goes(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(unit: str, language: str) -> outputs.Outputs:
        ran.append(f"{unit} {language}")
        return SHOWN

    monkeypatch.setattr(outputs, "execute", run)
    said: list[str] = []
    folder = tmp_path / "kept"
    for _ in range(2):
        assert build.outputs_for([UNIT], LANGUAGES, folder, said.append) == dict.fromkeys(LANGUAGES, {UNIT: SHOWN})
    assert ran == [f"{UNIT} en", f"{UNIT} zh_CN"] and len(said) == 4
    script = course / "solutions" / UNIT / f"{UNIT}.py"
    script.write_text(script.read_text(encoding="utf-8") + "\n# %%\n1\n", encoding="utf-8")
    build.outputs_for([UNIT], LANGUAGES, folder, said.append)
    assert ran[2:] == ran[:2] and len(list(folder.rglob("*.json"))) == 2


def test_a_damaged_file_is_made_anew(course: Path, tmp_path: Path) -> None:
    outputs.keep(UNIT, SHOWN, tmp_path)
    assert outputs.kept(UNIT, tmp_path) == SHOWN
    outputs.place(UNIT, tmp_path).write_text(json.dumps(SHOWN)[:-5], encoding="utf-8")
    assert outputs.kept(UNIT, tmp_path) is None


def test_the_kernel_has_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COURSE_GRADING", "COURSE_GRADED", "COURSE_HOME", "MPLBACKEND"):
        monkeypatch.setenv(name, "mine")
    given = outputs.environment(tmp_path)
    assert "mine" not in given.values()
    assert given["COURSE_HOME"] == str(tmp_path) and given["OMP_NUM_THREADS"] == "1"
    assert given["PATH"] == os.environ["PATH"]
    assert given["COURSE_LANGUAGE"] == "en", "whatever this machine speaks"
    assert outputs.environment(tmp_path, "zh_CN")["COURSE_LANGUAGE"] == "zh_CN"


def test_a_solution_that_does_not_run_is_named_with_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = new_output("error", ename="CheckFailed", evalue="gd_step: not right yet.", traceback=[])
    notebook = new_notebook(cells=[new_code_cell('check("gd_step")', id="check_gd_step", outputs=[failed])])
    monkeypatch.setattr(outputs, "read_script", lambda path: notebook)
    monkeypatch.setattr(outputs.NotebookClient, "execute", lambda self, **options: None)
    with pytest.raises(CourseError, match=r"02_gradient_descent.*check_gd_step.*CheckFailed: gd_step: not right yet"):
        outputs.execute(UNIT)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(CourseError, match="Name another folder"):
        build.build(UNITS[:1], tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_dead_links_are_told_with_their_place() -> None:
    report = [
        {"filename": "units/02.ipynb", "lineno": 7, "status": "broken", "uri": "https://gone.org", "info": "404"},
        {"filename": "units/02.ipynb", "lineno": 8, "status": "working", "uri": "https://there.org", "info": ""},
    ]
    told = build.told_of_links("\n".join(map(json.dumps, report)))
    assert told == ["units/02.ipynb, line 7: https://gone.org does not answer: 404"]

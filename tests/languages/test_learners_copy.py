"""A learner's own copies in another language, from the first start to the grade."""

from __future__ import annotations

import json
import os

import nbformat
import pytest
from helpers.course import ROOT
from nbformat.v4 import new_code_cell

from course_lib import workspace
from course_lib.commands.start import choose_language, retell_all
from course_lib.errors import CourseError
from course_lib.language import editions
from course_lib.language.catalogues import read
from grader.languages.catalogues import written
from grader.preprocessors.repair import as_handed_out, repair

pytestmark = pytest.mark.fast

UNIT = "00_start_here"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one unit with a Chinese catalogue in which every text has a translation."""
    folder = tmp_path / "notebooks" / UNIT
    folder.mkdir(parents=True)
    (folder / f"{UNIT}.ipynb").write_bytes((ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb").read_bytes())
    catalog = read(ROOT / "locale" / "zh_CN" / "units" / f"{UNIT}.po")
    for message in catalog:
        if message.id:
            message.string = message.id if message.id.startswith("|") else f"中文 {message.id}".replace("\n", "\n中文 ")
    path = tmp_path / "locale" / "zh_CN" / "units" / f"{UNIT}.po"
    path.parent.mkdir(parents=True)
    path.write_text(written(catalog), encoding="utf-8")
    (tmp_path / "locale" / "zh_CN" / "course.po").touch()
    for name in ("COURSE_LANGUAGE", "COURSE_STATE_DIR", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    return tmp_path


def mine():
    return json.loads(workspace.notebook(UNIT).read_text(encoding="utf-8"))


def first_text():
    return "".join(mine()["cells"][0]["source"])


def test_chosen_once_it_stays_chosen_and_can_be_taken_back(course):
    choose_language("zh")
    workspace.work_copy(UNIT)
    assert first_text().startswith("中文 ")
    assert workspace.language() == "zh_CN"
    assert not workspace.is_changed(UNIT), "a copy as it was handed out in Chinese was not worked in"
    assert retell_all() == []
    choose_language("english")
    assert retell_all() == []
    assert workspace.notebook(UNIT).read_bytes() == (course / "notebooks" / UNIT / f"{UNIT}.ipynb").read_bytes()


def test_an_answer_survives_the_switch_and_is_a_change(course):
    workspace.work_copy(UNIT)
    notebook = mine()
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "mean_square")
    cell["source"] = ["def mean_square(x):\n", "    return 1  # 我的答案\n"]
    workspace.notebook(UNIT).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    choose_language("zh")
    assert retell_all() == []
    assert first_text().startswith("中文 ")
    assert cell in mine()["cells"]
    assert workspace.is_changed(UNIT)
    kept = dict(workspace.fresh_copy(UNIT))
    assert "# 我的答案" in kept[f"{UNIT}.ipynb"].read_text(encoding="utf-8")


def test_a_broken_catalogue_leaves_the_copy_in_the_language_that_it_is_in(course):
    choose_language("zh")
    (course / "locale" / "zh_CN" / "units" / f"{UNIT}.po").write_text('msgid "half')
    workspace.work_copy(UNIT)
    assert first_text().startswith("# 00")
    told = retell_all()
    assert len(told) == 1 and UNIT in told[0]
    assert first_text().startswith("# 00")


def test_a_damaged_copy_is_left_alone(course):
    workspace.work_copy(UNIT)
    workspace.notebook(UNIT).write_bytes(b'{"cells": [')
    choose_language("zh")
    assert retell_all() == []
    assert workspace.notebook(UNIT).read_bytes() == b'{"cells": ['


def test_a_variable_goes_before_the_choice_and_says_so(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    choose_language("zh")
    assert "goes before --language" in capsys.readouterr().out
    assert workspace.language() == "en"


def released(course):
    return nbformat.read(course / "notebooks" / UNIT / f"{UNIT}.ipynb", as_version=4)


def handed_in(course):
    return nbformat.from_dict(editions.edition(released(course), UNIT, "zh_CN", course / "locale"))


def test_a_chinese_submission_is_repaired_towards_the_chinese_edition(course):
    submission = handed_in(course)
    edition, done = as_handed_out(submission, released(course), UNIT)
    assert done == []
    assert repair(submission, edition) == []
    assert not any(cell.metadata.get("course_added") for cell in submission.cells)
    assert editions.language_of(submission) == "zh_CN"


@pytest.mark.parametrize("metadata", [None, {"language": "tlh"}, {"language": "../../etc"}, 7])
def test_a_submission_that_does_not_say_its_language_is_known_by_its_prose(course, metadata):
    submission = handed_in(course)
    submission.metadata.pop(editions.KEY)
    if metadata is not None:
        submission.metadata[editions.KEY] = metadata
    edition, done = as_handed_out(submission, released(course), UNIT)
    assert editions.language_of(edition) == editions.language_of(submission) == "zh_CN"
    assert bool(done) == isinstance(metadata, dict)
    assert not any("course_added" in cell.metadata for cell in submission.cells)


def test_both_languages_restore_a_lost_cell_alike(course):
    for make in (handed_in, released):
        submission = make(course)
        answer = next(cell for cell in submission.cells if cell.id == "check_mean_square")
        submission.cells.remove(answer)
        submission.cells.append(new_code_cell("x = 1", id="mine"))
        edition, _ = as_handed_out(submission, released(course), UNIT)
        assert repair(submission, edition) == ["check_mean_square was missing and was put back as it was handed out."]


def test_a_choice_that_cannot_be_kept_is_a_sentence(course, monkeypatch):
    monkeypatch.setenv("COURSE_STATE_DIR", str(course / "a file" / "state"))
    (course / "a file").write_text("")
    with pytest.raises(CourseError, match="could not be written"):
        choose_language("zh")
    assert "COURSE_HOME" in os.environ

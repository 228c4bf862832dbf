"""A class of two languages in one gradebook: the same answers earn the same, and each reads feedback in their own."""

from __future__ import annotations

import html
import re

import nbformat
import pytest
from helpers.course import ROOT, source_notebook
from helpers.submissions import UNIT, bonus, classroom, points, released, right
from nbformat import NotebookNode

from course_lib.language.editions import KEY, edition
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.sandbox.bwrap import unavailable
from grader.submissions.samples import fill, find_cell, hand_in, known_wrong

GIVEN = "given_setup"
HAN = re.compile(r"[\u4e00-\u9fff]")
SAME = {"zh_cut": "en_right", "zh_nameless": "en_wrong"}


def chinese() -> NotebookNode:
    return nbformat.from_dict(edition(released(), UNIT, "zh_CN", ROOT / "locale"))


def handed_in() -> dict[str, str]:
    """Right and wrong in both languages; one Chinese copy lost a given cell, the other the note of its language."""
    cut = fill(chinese(), source_notebook(UNIT))
    cut.cells.remove(find_cell(cut, GIVEN))
    nameless = chinese()
    del nameless.metadata[KEY]
    return {
        "en_right": nbformat.writes(right()),
        "en_wrong": known_wrong(released(), source_notebook(UNIT), UNIT),
        "zh_cut": nbformat.writes(cut),
        "zh_nameless": known_wrong(nameless, source_notebook(UNIT), UNIT),
    }


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The class's results and pages by learner, and the gradebook's rows."""
    room = classroom(tmp_path_factory.mktemp("class"))
    for student, text in handed_in().items():
        hand_in(text, room.root / "submitted", student, UNIT)
    results = {r.student: r for r in grade_class(room, UNIT, room.root / "submitted", workers=1, say=print)}
    pages = {student: html.unescape(r.feedback.read_text(encoding="utf-8")) for student, r in results.items()}
    return results, pages, rows(room)


def rows(room: Classroom):
    """By learner: every graded cell's name, its points, their most, and whether a person is waited for."""
    with room.gradebook() as gradebook:
        return {
            submission.student.id: sorted(
                (grade.name, grade.score, grade.max_score, bool(grade.needs_manual_grade))
                for notebook in submission.notebooks
                for grade in notebook.grades
            )
            for submission in gradebook.assignment_submissions(UNIT)
        }


def test_the_same_answers_earn_the_same_in_both_languages(lesson):
    results, _, gradebook = lesson
    assert results["en_right"].points == points() + bonus() > results["en_wrong"].points
    for theirs, english in SAME.items():
        assert gradebook[theirs] == gradebook[english], theirs
        for one, other in zip(results[theirs].checks, results[english].checks, strict=True):
            assert (one.exercise, one.by_property, one.diagnoses) == (
                other.exercise,
                other.by_property,
                other.diagnoses,
            )


def test_each_page_is_in_its_learners_language(lesson):
    _, pages, _ = lesson
    for student, language in {"en_right": "en", "en_wrong": "en", "zh_cut": "zh-CN", "zh_nameless": "zh-CN"}.items():
        assert f'<html lang="{language}">' in pages[student], student
    assert "mean_square: all right, 3 of 3 points" in pages["en_right"]
    assert "mean_square：全部正确，得 3 分，满分 3 分" in pages["zh_cut"]
    assert "No response." in pages["en_wrong"]
    assert "没有回答。" in pages["zh_nameless"] and "No response." not in pages["zh_nameless"]
    assert "（得分：" in pages["zh_cut"] and "(得分" not in pages["zh_cut"]


@pytest.mark.skipif(unavailable() is not None, reason="only a sandbox is handed a language's words")
def test_what_the_course_shows_while_it_is_graded_is_in_the_learners_language(lesson):
    _, pages, _ = lesson
    figure = re.compile(r'<img[^>]*\salt="([^"]*)"')
    english, theirs = (figure.findall(pages[student]) for student in ("en_right", "zh_cut"))
    assert len(english) == len(theirs) > 0
    assert all(HAN.search(words) for words in theirs) and not any(HAN.search(words) for words in english)
    for words, told in {
        "What the experiment shows": "实验的结果",
        "Your prediction is still open": "你还没有写下预测",
    }.items():
        assert (words in pages["en_right"]) == (told in pages["zh_cut"]), words
        assert words not in pages["zh_cut"], words


def test_what_was_put_back_is_told_in_the_learners_language_and_the_instructors(lesson):
    results, pages, _ = lesson
    assert results["zh_cut"].notes == (f"{GIVEN} was missing and was put back as it was handed out.",)
    assert f"{GIVEN} 不见了，已按发放时的样子放回。" in pages["zh_cut"]
    assert "评分前已修复" in pages["zh_cut"] and "Repaired before grading" not in pages["zh_cut"]

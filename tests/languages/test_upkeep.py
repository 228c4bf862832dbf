"""Catalogues stay in step with the English course; what is broken in one is a sentence, and nothing is written."""

from __future__ import annotations

import json

import pytest
from helpers.course import ROOT

from course_lib.errors import CourseError
from course_lib.language.catalogues import read, translations
from grader.languages import extraction, upkeep
from grader.languages.catalogues import done, updated
from grader.languages.extraction import Entry
from grader.languages.literals import literals

pytestmark = pytest.mark.fast

NAME = "units/00_toy"
ENTRIES = [
    Entry("The rate $x$ is 0.1.", "00_toy", "text", "aaaa"),
    Entry("## A title", "00_toy", "text", "aaaa"),
    Entry("It fell to {loss:.2f}.", "00_toy/code", "code: print", "bbbb"),
]
WORDS = {
    "The rate $x$ is 0.1.": "学习率 $x$ 是 0.1。",
    "## A title": "## 标题",
    "It fell to {loss:.2f}.": "降到 {loss:.2f}。",
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one unit, whose catalogue is `path`, in which nothing is translated."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setattr(upkeep, "extracted", lambda unit=None: {NAME: list(ENTRIES)})
    folder = tmp_path / "locale" / "zh_CN"
    folder.mkdir(parents=True)
    (folder / "course.po").write_text("")
    upkeep.update()
    return tmp_path


def path_in(course):
    return course / "locale" / "zh_CN" / f"{NAME}.po"


def translate(course, words):
    path = path_in(course)
    text = path.read_text(encoding="utf-8")
    for english, other in words.items():
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{other}"')
    path.write_text(text, encoding="utf-8")


def test_a_fresh_catalogue_is_in_step_and_a_second_update_changes_nothing(course):
    assert upkeep.amiss() == []
    assert upkeep.update() == []
    assert [message.id for message in read(path_in(course)) if message.id] == [entry.text for entry in ENTRIES]


def test_translations_are_kept_and_the_budget_only_falls(course):
    translate(course, WORDS)
    upkeep.update()
    budget = course / "locale" / "zh_CN" / upkeep.BUDGET
    assert json.loads(budget.read_text()) == {NAME: 0}
    assert upkeep.amiss() == []
    ENTRIES.append(Entry("A new one.", "00_toy", "text", "cccc"))
    try:
        upkeep.update()
        assert json.loads(budget.read_text()) == {NAME: 0}
        assert any("1 texts are untranslated, 0 are allowed" in sentence for sentence in upkeep.amiss())
    finally:
        ENTRIES.pop()


def test_a_changed_text_is_fuzzy_and_not_shown(course):
    translate(course, WORDS)
    changed = [Entry("The rate $x$ is 0.2.", "00_toy", "text", "aaaa"), *ENTRIES[1:]]
    text = updated(path_in(course), changed, "zh_CN", NAME)
    path_in(course).write_text(text, encoding="utf-8")
    first = next(message for message in read(path_in(course)) if message.id)
    assert first.fuzzy and first.string == "学习率 $x$ 是 0.1。" and not done(first)
    assert "The rate $x$ is 0.2." not in translations(path_in(course))["00_toy"]


@pytest.mark.parametrize(
    ("english", "other", "named"),
    [
        ("The rate $x$ is 0.1.", "学习率是 0.1。", "the formula $x$ is lost"),
        ("## A title", "# 标题", "line 1 begins"),
        ("It fell to {loss:.2f}.", "降到 {los:.2f}。", "the field {loss:.2f} is lost"),
    ],
)
def test_what_a_translation_lost_fails_the_check(course, english, other, named):
    translate(course, {english: other})
    told = upkeep.amiss()
    assert any(named in sentence and NAME in sentence for sentence in told), told


@pytest.mark.parametrize(
    "data",
    [
        b'msgid "half',
        b'msgid "a"\nmsgstr "b"\nmsgstr "c',
        b"\xff\xfem\x00",
        b'<<<<<<< HEAD\nmsgid "a"\nmsgstr "b"\n',
        b"this is no catalogue",
        b'msgid ""\nmsgstr "Content-Type: text/plain; charset=klingon\\n"\n\nmsgid "a"\nmsgstr "b"\n',
    ],
)
def test_a_broken_catalogue_is_a_sentence_and_stays_as_it_is(course, data):
    path_in(course).write_bytes(data)
    try:
        read(path_in(course))
    except CourseError as error:
        assert path_in(course).name in str(error)
        told = upkeep.amiss()
        assert len(told) == 1 and path_in(course).name in told[0]
        with pytest.raises(CourseError):
            upkeep.update()
        assert path_in(course).read_bytes() == data
    else:
        assert upkeep.amiss(), "what Babel can read is then not what extraction gives"


def test_windows_line_ends_and_a_mark_at_the_beginning_are_no_difference(course):
    translate(course, WORDS)
    upkeep.update()
    path = path_in(course)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert upkeep.amiss() == []
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert translations(path)["00_toy"]["## A title"] == "## 标题"


@pytest.mark.parametrize("data", ["{", "[1]", '{"a": "b"}'])
def test_a_broken_budget_is_a_sentence(course, data):
    (course / "locale" / "zh_CN" / upkeep.BUDGET).write_text(data)
    with pytest.raises(CourseError, match="restore it from git"):
        upkeep.read_budget("zh_CN")


def test_a_language_that_nobody_speaks_is_a_sentence(course):
    with pytest.raises(CourseError, match="no language that Babel knows"):
        upkeep.known("klingon")
    assert upkeep.known("pt-br") == "pt_BR"


def test_what_code_shows_is_found_and_what_names_things_is_not():
    source = (
        'def f():\n    """A docstring."""\n    ax.set(xlabel="step", loc="lower right")\n'
        '    print(f"loss {x:.2f}, " + "and so on")\n    assert x, "no reader sees this"\n'
        '    d["a key of words"]\n    raise CourseError("Put it back.")\n    raise ValueError("not for readers")\n'
    )
    found = [(each.role, each.text) for each in literals(source, frozenset({"xlabel", "print"}))]
    assert found == [
        ("xlabel", "step"),
        ("print", "loss {x:.2f}, and so on"),
        ("CourseError", "Put it back."),
    ]


def test_a_choice_of_words_is_two_sentences_and_an_ending_is_one():
    source = "print(f\"file{'s' if n > 1 else ''} {name}, {'kept' if old else f'new from {day}'}\")"
    assert [each.text for each in literals(source)] == [
        "file{'s' if n > 1 else ''} {name}, kept",
        "file{'s' if n > 1 else ''} {name}, new from {day}",
        "new from {day}",
    ]


def test_what_the_courses_own_errors_say_is_for_who_meets_them():
    source = 'raise AnswerError("A pair should come.")\nraise TypeError("not a pair")'
    assert [each.text for each in literals(source)] == ["A pair should come."]


FOR_AUTHORS = (
    *("course_lib/graded", "grader/audit", "grader/building", "grader/exercises", "grader/languages"),
    *("grader/scripts.py", "grader/search", "grader/site"),
)


def test_no_package_that_speaks_to_learners_or_teachers_is_forgotten():
    told = {entry.place for entry in [*extraction.course_entries(), *extraction.shared_entries()]}
    modules = [
        file.relative_to(ROOT).as_posix() for top in ("course_lib", "grader") for file in (ROOT / top).rglob("*.py")
    ]
    silent = [
        (name, said.text)
        for name in sorted(modules)
        if name not in told and not name.startswith(FOR_AUTHORS)
        for said in literals((ROOT / name).read_text(encoding="utf-8"))
        if said.role.endswith("Error")
    ]
    assert silent == []


def test_the_keys_of_a_dict_are_names_unless_it_is_a_style_or_made_for_a_call():
    source = (
        'runs = {"forward": 1, "best_lr": 2}\nax.plot(x, **{"color": "red", "marker": "circle"})\n'
        'STYLE = {"linewidth": 2, "zorder": 3}\nfor name, run in {"backward": 3}.items():\n    f({"inner": run})\n'
    )
    assert [each.text for each in literals(source, frozenset({"name"}))] == ["forward", "backward"]


@pytest.mark.thorough
def test_the_courses_own_catalogues_are_in_step():
    """As `./course build --check` finds: a new sentence of the course's code is in the catalogues, and translated."""
    assert upkeep.amiss() == []

"""Which language a learner reads: asked for, remembered, or the system's; an unknown one is a sentence."""

from __future__ import annotations

import pytest

from course_lib.errors import CourseError
from course_lib.language import choice

pytestmark = pytest.mark.fast


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The folder of languages, and `.course/`; the system says nothing."""
    (tmp_path / "locale" / "zh_CN").mkdir(parents=True)
    (tmp_path / "locale" / "zh_CN" / "course.po").touch()
    for name in (choice.VARIABLE, "LC_ALL", "LC_MESSAGES", "COURSE_GRADED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return tmp_path / "locale", tmp_path / ".course"


@pytest.mark.parametrize("name", ["zh", "zh_CN", "zh-cn", "ZH-Hans", "zh_CN.UTF-8", "中文", "Chinese", " zh "])
def test_chinese_has_many_names(places, name):
    assert choice.named(name, places[0]) == "zh_CN"


@pytest.mark.parametrize("name", ["", "klingon", "../../etc", "zh_TW", "zh\0"])
def test_an_unknown_language_is_a_sentence(places, name):
    with pytest.raises(CourseError, match="It has: en, zh_CN"):
        choice.named(name, places[0])


def test_the_system_decides_where_nobody_has_chosen(places, monkeypatch):
    assert choice.chosen(*places) == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert choice.chosen(*places) == "zh_CN"
    choice.keep("en", places[1])
    assert choice.chosen(*places) == "en"
    monkeypatch.setenv(choice.VARIABLE, "zh")
    assert choice.chosen(*places) == "zh_CN"
    monkeypatch.setenv("COURSE_GRADED", "1")
    assert choice.chosen(*places) == "en", "what is judged is English"


def test_an_unknown_one_in_the_variable_says_where_it_stands(places, monkeypatch):
    monkeypatch.setenv(choice.VARIABLE, "tlh")
    with pytest.raises(CourseError, match=choice.VARIABLE):
        choice.chosen(*places)


@pytest.mark.parametrize("kept", [b"", b"\xff\xfe\x00", b"tlh\n", b"\xef\xbb\xbfzh_CN\r\n"])
def test_a_damaged_choice_is_none(places, kept):
    places[1].mkdir()
    (places[1] / choice.FILE).write_bytes(kept)
    assert choice.chosen(*places) == ("zh_CN" if b"zh" in kept else "en")

"""A notebook in another language has the same cells, ids, code and points; a switch leaves a learner's work alone."""

from __future__ import annotations

import copy
import os

import pytest
from helpers.course import UNITS

from course_lib.language import editions
from course_lib.language.catalogues import read
from course_lib.language.choice import ENGLISH
from course_lib.workspace import course_root
from grader.languages.catalogues import written

pytestmark = pytest.mark.fast


def english(unit):
    return editions.loads((course_root() / "notebooks" / unit / f"{unit}.ipynb").read_bytes())


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A folder of languages in which each text has a translation: itself, in brackets."""
    folder = tmp_path_factory.mktemp("locale")
    for unit in UNITS:
        catalog = read(course_root() / "locale" / "zh_CN" / "units" / f"{unit}.po")
        for message in catalog:
            if message.id:
                lines = message.id.split("\n")
                message.string = "\n".join(line if line.startswith("|") else f"{line}〕" for line in lines)
                message.flags.discard("fuzzy")
        path = folder / "zh_CN" / "units" / f"{unit}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(catalog), encoding="utf-8")
    return folder


@pytest.mark.parametrize("unit", UNITS)
def test_ids_points_and_code_are_identical(unit, full):
    before = english(unit)
    told = editions.edition(before, unit, "zh_CN", full)
    changed = 0
    for mine, other in zip(before["cells"], told["cells"], strict=True):
        assert {**mine, "source": None} == {**other, "source": None}
        is_prose = any(mine is cell for cell in editions.prose(before))
        assert is_prose or mine["source"] == other["source"]
        changed += mine["source"] != other["source"]
    assert changed == sum(1 for _ in editions.prose(before))
    assert before == english(unit), "the English edition is never touched"
    assert editions.language_of(told) == "zh_CN"


@pytest.mark.parametrize("unit", UNITS[2:4])
def test_switching_there_and_back_gives_the_same_file(unit, full):
    mine = editions.edition(english(unit), unit, "zh_CN", full)
    assert editions.retold(mine, english(unit), unit, ENGLISH, full)
    assert editions.dumps(mine) == (course_root() / "notebooks" / unit / f"{unit}.ipynb").read_bytes()


def test_switching_leaves_answers_outputs_and_own_words_alone(full):
    unit = UNITS[2]
    mine = editions.edition(english(unit), unit, "zh_CN", full)
    cells = {cell["id"]: cell for cell in mine["cells"]}
    cells["gd_step"]["source"] = ["def gd_step(theta, grad, lr):\n", "    return theta - lr * grad"]
    cells["gd_step"]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["mine\n"]}]
    cells["reflection_02"]["source"] = ["My own words."]
    own = next(cell for cell in editions.prose(mine))
    own["source"] = ["I wrote over this."]
    kept = copy.deepcopy([cells["gd_step"], cells["reflection_02"], own])
    assert editions.retold(mine, english(unit), unit, ENGLISH, full)
    assert [cells["gd_step"], cells["reflection_02"], own] == kept
    second = list(editions.prose(mine))[1]
    assert "〕" not in editions.source_of(second)


def test_a_newer_translation_comes_into_an_older_copy(full, tmp_path):
    unit = UNITS[0]
    mine = editions.edition(english(unit), unit, "zh_CN", full)
    path = tmp_path / "zh_CN" / "units" / f"{unit}.po"
    path.parent.mkdir(parents=True)
    text = (full / "zh_CN" / "units" / f"{unit}.po").read_text(encoding="utf-8")
    path.write_text(text.replace("〕", "】"), encoding="utf-8")
    assert editions.retold(mine, english(unit), unit, "zh_CN", tmp_path)
    assert all("〕" not in editions.source_of(cell) for cell in editions.prose(mine))


@pytest.mark.parametrize("metadata", [[], {}, {editions.KEY: 3}, {editions.KEY: {"language": ["zh"], "told": 7}}])
def test_a_language_that_is_none_is_english(metadata):
    assert editions.language_of({"metadata": metadata}) == ENGLISH
    assert editions.told_marks({"metadata": {editions.KEY: {"told": 7}}}) == {}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_notebook_is_none(data):
    assert editions.loads(data) is None


def test_an_untranslated_edition_reads_as_the_english_one(tmp_path):
    unit = UNITS[1]
    source = course_root() / "locale" / "zh_CN" / "units" / f"{unit}.po"
    catalog = read(source)
    for message in catalog:
        if message.id:
            message.string, message.flags = "falsch", message.flags | {"fuzzy"}
    path = tmp_path / "zh_CN" / "units" / f"{unit}.po"
    path.parent.mkdir(parents=True)
    path.write_text(written(catalog), encoding="utf-8")
    os.utime(path)
    told = editions.edition(english(unit), unit, "zh_CN", tmp_path)
    assert [cell["source"] for cell in told["cells"]] == [cell["source"] for cell in english(unit)["cells"]]

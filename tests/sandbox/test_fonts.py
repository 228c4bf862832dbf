"""A sandbox knows the fonts that Matplotlib has found on this machine, but for those that it cannot see."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.sandbox.fonts import known_fonts
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import Sandbox


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    return tmp_path


@pytest.mark.fast
def test_fonts_that_a_sandbox_does_not_see_are_left_out(cache):
    files = ("fonts/ttf/DejaVuSans.ttf", "/usr/share/fonts/a.ttf", "/home/ada/.fonts/a.ttf")
    told = {"_version": "3", "ttflist": [{"fname": file} for file in files], "afmlist": []}
    (cache / "fontlist-v3.json").write_text(json.dumps(told), encoding="utf-8")
    (cache / "fontlist-v2.json").write_text("[1, 2", encoding="utf-8")
    (list_,) = known_fonts().values()
    assert [font["fname"] for font in json.loads(list_)["ttflist"]] == [*files[:2]]


@pytest.mark.fast
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ttflist": [1], "afmlist": []}', '{"ttflist": 3, "afmlist": []}'])
def test_a_damaged_list_is_none(cache, text):
    (cache / "fontlist-v3.json").write_text(text, encoding="utf-8")
    assert known_fonts() == {}


@pytest.mark.needs("bwrap")
def test_a_sandbox_reads_the_list_that_is_kept(cache):
    from matplotlib.font_manager import FontManager, fontManager, json_dump

    made = copy.copy(fontManager)
    made.ttflist = [replace(fontManager.ttflist[0], name="Only in the list"), *fontManager.ttflist]
    json_dump(made, cache / f"fontlist-v{FontManager.__version__}.json")
    source = "import os\nfrom matplotlib.font_manager import fontManager\n"
    source += "'Only in the list' in [font.name for font in fontManager.ttflist], os.listdir()"
    notebook = new_notebook(cells=[new_code_cell(source)])
    with Sandbox("01_gradients") as worker:
        run_notebook(notebook, {}, worker)
    assert notebook.cells[0].outputs[-1]["data"]["text/plain"] == "(True, [])"

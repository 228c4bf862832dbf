"""A cell's text is taken apart and put together again without a loss, and only its prose is a translator's."""

from __future__ import annotations

import pytest
from helpers.course import SCRIPTS

from course_lib.language.blocks import join, split, translated
from grader.scripts import read_script

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_cell_survives_the_round_trip(script):
    cells = [cell.source for cell in read_script(script).cells if cell.cell_type == "markdown"]
    assert cells
    for source in cells:
        assert join(split(source)) == source
        assert translated(source, lambda block: None) == source


def blocks(source):
    return [piece.block for piece in split(source) if piece.block]


def test_a_block_is_unwrapped_and_a_list_keeps_its_items():
    source = "One sentence that\ngoes on.\n\n- first item\n  goes on\n- second\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert blocks(source) == [
        "One sentence that goes on.",
        "- first item goes on\n- second",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ]


def test_code_formulas_tags_and_marks_are_never_extracted():
    source = (
        "Text.\n\n```python\nx = 1\n\ny = 2\n```\n\n$$\nx = 1\n$$\n\n$$y = 2$$\n\n"
        "<details><summary>Hint 1: why</summary>\n\nBecause.\n</details>\n\n### BEGIN SOLUTION\nMine.\n### END SOLUTION"
    )
    assert blocks(source) == ["Text.", "Hint 1: why", "Because.", "Mine."]


def test_a_translation_stands_where_the_block_stood():
    source = "<details><summary>Hint 1</summary>\n\nLook\nthere.\n</details>\n\n> A quote that\n> goes on."
    words = {"Hint 1": "提示 1", "Look there.": "看那里。", "A quote that goes on.": "一段\n引文。"}
    assert translated(source, words.get) == (
        "<details><summary>提示 1</summary>\n\n看那里。\n</details>\n\n> 一段\n> 引文。"
    )

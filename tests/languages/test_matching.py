"""An English sentence with its values in it is found by its template; what nobody translated stays English."""

from __future__ import annotations

import pytest

from course_lib.language.matching import Teller

pytestmark = pytest.mark.fast

WORDS = {
    "{name} stopped at {where} with {what}. {advice}": "{name} 停在{where}，原因是 {what}。{advice}",
    "line {line} of your cell, `{code}`": "你的单元格第 {line} 行 `{code}`",
    "An index is past the end.": "下标越界了。",
    "{says} (Hint {hint} goes on from here.)": "{says}（提示 {hint} 接着讲。）",
    "Your step goes uphill.": "你的步子迈向了上坡。",
    "it has {have}, and {want} is expected.": "它的形状是 {have}，应为 {want}。",
    "alpha = {lr:<5}   gained {value:7.3f}": "alpha = {lr:<5}   降低 {value:7.3f}",
    "{a} of {b}": "{b} 的 {a}",
    "loss": "损失",
    "test accuracy after 30 and 100 steps: {:.1%}, {:.1%}": "30 步和 100 步之后的测试准确率：{:.1%}，{:.1%}",
}


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("Your step goes uphill.", "你的步子迈向了上坡。"),
        ("Your step goes uphill. (Hint 1 goes on from here.)", "你的步子迈向了上坡。（提示 1 接着讲。）"),
        (
            "f stopped at line 3 of your cell, `x[9]` with IndexError: 9 is too large. An index is past the end.",
            "f 停在你的单元格第 3 行 `x[9]`，原因是 IndexError: 9 is too large。下标越界了。",
        ),
        ("It has shape (2,), and shape (3,) is expected.", "它的形状是 shape (2,)，应为 shape (3,)。"),
        ("alpha = 0.1     gained   0.207", "alpha = 0.1     降低   0.207"),
        ("test accuracy after 30 and 100 steps: 68.4%, 74.5%", "30 步和 100 步之后的测试准确率：68.4%，74.5%"),
        ("a case: An index is past the end.", "a case：下标越界了。"),
        ("A sentence of nobody's.", "A sentence of nobody's."),
        ("a mean of all of them", "a mean of all of them"),
        ("", ""),
        ("0.1", "0.1"),
    ],
)
def test_a_sentence_is_told(english, told):
    assert Teller(WORDS).tell(english) == told


def test_only_what_may_stand_alone_is_told_of_a_print():
    lines = Teller(WORDS, only=frozenset({"alpha = {lr:<5}   gained {value:7.3f}"}))
    assert lines.tell("alpha = 0.1     gained   0.207") == "alpha = 0.1     降低   0.207"
    assert lines.tell("loss") == "loss"


def test_a_very_long_text_is_left_alone():
    text = "line 3 of your cell, `" + "x" * 30_000 + "`"
    assert Teller(WORDS).tell(text) == text

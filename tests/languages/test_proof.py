"""What a translation must not lose is missed by a sentence, and each such check can fail."""

from __future__ import annotations

import pytest

from grader.languages.proof import lost

pytestmark = pytest.mark.fast

ENGLISH = (
    "The rate $\\alpha$ of `gd_step` is 0.1, see [unit 01](../01_gradients/01_gradients.ipynb), after 20,000 steps."
)
GOOD = "`gd_step` 的学习率 $\\alpha$ 是 0.1，见[单元 01](../01_gradients/01_gradients.ipynb)，走了 2 万步之后。"


def test_a_good_translation_has_nothing_amiss():
    assert lost(ENGLISH, GOOD, "zh_CN") == []


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("$\\alpha$", "$\\beta$", "formula"),
        ("`gd_step`", "gd_step", "name `gd_step` is lost"),
        ("../01_gradients/01_gradients.ipynb", "../01_gradients.ipynb", "link target"),
        ("0.1", "0.2", "number 0.1 is lost"),
        ("2 万", "3 万", "number 20,000 is lost"),
        ("`gd_step` 的", "`gd_step`的", "a blank is missing"),
        ("之后。", "之后.", "full-width"),
        (GOOD, "  ", "it is empty"),
        ("走了", "走\n了", "lines"),
    ],
)
def test_what_is_lost_is_told(before, after, named):
    told = lost(ENGLISH, GOOD.replace(before, after), "zh_CN")
    assert any(named in sentence for sentence in told), told


@pytest.mark.parametrize(
    ("english", "other", "named"),
    [
        ("- a) one\n- b) two", "- a) 一\n* b) 二", "line 2 begins with '*'"),
        ("## A title", "# 标题", "line 1 begins with '#'"),
        ("| a | b |\n|---|---|\n| c | d |", "| 甲 | 乙 |\n|---|---|\n| 丙丁 |", "columns"),
        ("It is **so** here.", "这里**如此（真）**是。", "no partner"),
        ("A line<br>break.", "一行断开。", "the tag <br> is lost"),
    ],
)
def test_the_form_is_kept(english, other, named):
    told = lost(english, other, "zh_CN")
    assert any(named in sentence for sentence in told), told


def test_fields_of_a_sentence_of_code_are_kept():
    english = "{name} stopped at {where}: {value:.2f}"
    assert lost(english, "{name} 停在 {where}：{value:.2f}", "zh_CN", code=True) == []
    assert "the field {where} is lost" in lost(english, "{name} 停了：{value:.2f}", "zh_CN", code=True)
    assert any("{wo}" in s for s in lost(english, "{name} 停在 {wo}：{value:.2f}", "zh_CN", code=True))


def test_millions_may_be_counted_in_tens_of_thousands():
    assert lost("5.96 million products", "596 万次乘法", "zh_CN") == []
    assert lost("5.96 million products", "59.6 万次乘法", "zh_CN") != []

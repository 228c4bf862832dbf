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
    "{name:8}{'its loss':10} of all": "{name:8}{'its loss':10} 全部",
    "step {t}: {a:.3f}, corrected {b:.3f}": "第 {t} 步：{a:.3f}，校正后 {b:.3f}",
    "its loss": "它的损失",
    "  most right": "  答对最多",
    "alpha": "alpha",
    "{name} right in each class: ": "{name} 各类别的正确率： ",
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
        ("loss    its loss   of all", "损失    它的损失   全部"),
        (
            "step 1: 0.097, corrected 0.968   step 2: 0.1, corrected 1.0",
            "第 1 步：0.097，校正后 0.968     第 2 步：0.1，校正后 1.0",
        ),
        ("alpha   0.7   most right", "alpha   0.7   答对最多"),
        ("net right in each class: Shirt 60%", "net 各类别的正确率： Shirt 60%"),
        (
            "f stopped at line 3 of your cell, `x` with ValueError: Size: (3). Loss: small.. An index is past the end.",
            "f 停在你的单元格第 3 行 `x`，原因是 ValueError: Size: (3). Loss: small.。下标越界了。",
        ),
        ("a case: An index is past the end.", "a case：下标越界了。"),
        ("A sentence of nobody's.", "A sentence of nobody's."),
        ("a mean of all of them", "a mean of all of them"),
        ("", ""),
        ("0.1", "0.1"),
    ],
)
def test_a_sentence_is_told(english, told):
    assert Teller(WORDS).tell(english) == told


CLAUSES = {
    "{what} is left out": "少了 {what}",
    "the factor {expression}": "因子 {expression}",
    "{clause} where {target} is computed": "计算 {target} 时，{clause}",
    "Your {output} comes out when {when}, or when {other}.": "{output} 这样得到：{when}；或者：{other}。",
    "{a} counts on the other side where it equals {b}": "{a} 等于 {b} 时被算到了另一边",
    "{name} of the list{'s' * (n > 1)}": "列表中的 {name}{'s' * (n > 1)}",
    "step": "步",
}


def test_a_name_in_code_is_no_word_and_a_blank_stands_only_beside_latin_letters():
    teller = Teller(CLAUSES, of_code=CLAUSES)
    assert teller.tell("step is left out where lr is computed") == "计算 lr 时，少了 step"
    assert teller.tell("the factor 2 * eps is left out") == "少了因子 2 * eps"
    assert teller.tell("step") == "步"
    assert teller.tell("x of the lists") == "列表中的 x"


def test_a_clause_ends_before_the_next_one():
    teller = Teller(CLAUSES, of_code=CLAUSES)
    clause = "{} counts on the other side where it equals count"
    english = f"Your best comes out when {clause.format('x')}, or when {clause.format('y')}."
    told = [f"{name} 等于 count 时被算到了另一边" for name in "xy"]
    assert teller.tell(english) == f"best 这样得到：{told[0]}；或者：{told[1]}。"


def test_of_two_ways_to_part_a_text_the_one_that_leaves_less_english():
    words = {"right": "正确", "right: a sum of sines": "正确：正弦之和", "It is false.": "不成立。"}
    assert Teller(words).tell("right: a sum of sines: It is false.") == "正确：正弦之和：不成立。"


def test_only_what_may_stand_alone_is_told_of_a_print():
    lines = Teller(WORDS, only=frozenset({"alpha = {lr:<5}   gained {value:7.3f}"}))
    assert lines.tell("alpha = 0.1     gained   0.207") == "alpha = 0.1     降低   0.207"
    assert lines.tell("loss") == "loss"


JOINED = {
    "gradient descent": "梯度下降",
    "constant $\\alpha$": "恒定 $\\alpha$",
    "kept:": "保留：",
    "in {unit}": "在 {unit} 中",
    "after {wrong} steps": "{wrong} 步之后",
    "none": "一个也没有",
    "file{'s' if n > 1 else ''} of {who}": "{who} 的文件",
    "Adam": "Adam",
    "{first} to {last}": "{first} 到 {last}",
    "Why: {because}": "原因：{because}",
    "It rises; it falls.": "先升后降。",
}


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("gradient descent, $\\alpha$ = 0.017", "梯度下降，$\\alpha$ = 0.017"),
        ("gradient descent \u2212 Adam", "梯度下降 \u2212 Adam"),
        ("gradient descent\n100 %", "梯度下降\n100 %"),
        ("gradient descent, theirs", "gradient descent, theirs"),
        ("constant alpha", "恒定 alpha"),
        ("kept: gradient descent, Adam", "保留：梯度下降，Adam"),
        ("['gradient descent'][0]", "['梯度下降'][0]"),
        ("in +0.7", "in +0.7"),
        ("in 02_gradient_descent", "在 02_gradient_descent 中"),
        ("after sixty steps", "sixty 步之后"),
        ("None", "None"),
        ("0.5 to 3", "0.5 到 3"),
        ("Why: It rises; it falls.", "原因：先升后降。"),
        ("files of gradient descent", "梯度下降的文件"),
    ],
)
def test_what_a_unit_puts_together_is_told_by_its_parts(english, told):
    assert Teller(JOINED, of_cells=set(JOINED) - {"in {unit}", "{first} to {last}"}).tell(english) == told


def test_a_learners_own_list_of_single_words_is_nobodys():
    lines = Teller({"loss": "损失", "test loss": "测试损失"}, only=frozenset({"test loss"}))
    assert lines.tell("loss: 0.3") == "loss: 0.3"
    assert lines.tell("test loss: 0.3") == "测试损失：0.3"


def test_a_very_long_text_is_left_alone():
    text = "line 3 of your cell, `" + "x" * 30_000 + "`"
    assert Teller(WORDS).tell(text) == text


def test_a_text_with_too_many_ways_to_part_it_is_left_alone():
    teller = Teller(WORDS)
    assert teller.tell("x: " * 1_300) == "x: " * 1_300
    assert teller.tell("loss") == "损失"

"""What is seen in another language: panels, cards, prints and figures; what is kept and counted stays English."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers.course import ROOT
from nbformat.v4 import new_code_cell

from course_lib import told
from course_lib.check import outcomes_of
from course_lib.drawing import foreign
from course_lib.judging import render
from course_lib.judging.judge import judge
from course_lib.judging.reference import load
from course_lib.language.catalogues import read
from course_lib.predict import predict
from grader.languages.catalogues import written
from grader.preprocessors.verify_answers import VERDICT, write_verdict

pytestmark = pytest.mark.fast

UNIT = "02_gradient_descent"
WORDS = {
    "Your step goes uphill. The gradient points to where the loss grows fastest; which way do you want to go?": (
        "你的步子迈向了上坡。梯度指向损失增长最快的方向，你想往哪边走？"
    ),
    "{says} (Hint {hint} goes on from here.)": "{says}（提示 {hint} 接着讲。）",
    "{name}: not right yet, {earned} of {points} points": "{name}：还不对，{earned} 分，满分 {points} 分",
    "takes one step downhill, lr times the gradient long": "沿下坡方向走一步，步长为 lr 乘以梯度",
    "You predict": "你的预测",
    "It rises.": "它会上升。",
    "learning rate of this one step": "这一步的学习率",
    "$\\alpha$ = {lr}: {distance[lr]:.2f} away": "$\\alpha$ = {lr}：还差 {distance[lr]:.2f}",
    "The best learning rate lies close to the cliff": "最好的学习率就在悬崖边上",
    "alpha = {lr:<6} distance after 20 steps: {distance[lr]:.3f}   loss: {valley(path[-1]):.4f}": (
        "alpha = {lr:<6} 20 步之后的距离：{distance[lr]:.3f}   损失：{valley(path[-1]):.4f}"
    ),
}


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """The course, read in Chinese by somebody who works in unit 02; the catalogues hold `WORDS` and nothing else."""
    for name in ("course", "checks/shared", f"checks/u{UNIT}", f"units/{UNIT}"):
        catalog = read(ROOT / "locale" / "zh_CN" / f"{name}.po")
        for message in catalog:
            message.string = WORDS.get(str(message.id), "") if message.id else message.string
        path = tmp_path / "locale" / "zh_CN" / f"{name}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(catalog), encoding="utf-8")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks", target_is_directory=True)
    folder = tmp_path / "work" / UNIT
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    told._words.cache_clear()
    told._teller.cache_clear()
    with told.in_language("zh_CN"):
        yield tmp_path
    told._words.cache_clear()
    told._teller.cache_clear()


def uphill():
    reference = load("gd_step")
    return judge(outcomes_of("gd_step", lambda theta, grad, lr: theta + lr * grad, reference), reference)


def test_a_panel_is_told_and_the_verdict_stays_english(chinese):
    verdict = uphill()
    page, text = render.html(verdict), render.text(verdict)
    for words in ("gd_step：还不对，0 分，满分 4 分", "你的步子迈向了上坡。", "（提示 1 接着讲。）", "沿下坡方向"):
        assert words in page
        assert words in text
    assert "works for parameters of any shape" in page, "what has no translation is English"
    assert verdict.diagnoses[0].says.startswith("Your step goes uphill.")


def test_feedback_answers_in_the_language_of_the_submission(chinese):
    cell = new_code_cell('check("gd_step")')
    with told.in_language("en"):
        write_verdict(cell, uphill(), language="zh_CN")
        assert "你的步子迈向了上坡。" in cell.outputs[0].data["text/html"]
        assert cell.outputs[0].data[VERDICT]["diagnoses"] == ["uphill"]
        assert cell.outputs[1].data["text/plain"] == "0"
        for language in ("en", "tlh", "../.."):
            write_verdict(cell, uphill(), language=language)
            assert "Your step goes uphill." in cell.outputs[0].data["text/html"]


def test_a_card_is_told(chinese, capsys):
    predict("up", "a", options={"a": "It rises.", "b": "It falls."})
    assert capsys.readouterr().out == "你的预测\n  a) 它会上升。\n  Run on and see.\n"


def test_a_figure_speaks_chinese_while_its_picture_is_made(chinese):
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.subplots()
    ax.set_xlabel("learning rate of this one step")
    ax.set_xticks([0, 1], ["It rises.", "mine"])
    title = ax.set_title("$\\alpha$ = 0.1: 0.25 away")
    figure.suptitle("The best learning rate\nlies close to the cliff")
    with foreign.told(figure):
        assert ax.get_xlabel() == "这一步的学习率"
        assert title.get_text() == "$\\alpha$ = 0.1：还差 0.25"
        assert figure.get_suptitle().replace("\n", "") == "最好的学习率就在悬崖边上"
        assert [each.get_text() for each in ax.get_xticklabels()] == ["它会上升。", "mine"]
    assert ax.get_xlabel() == "learning rate of this one step"
    assert title.get_text() == "$\\alpha$ = 0.1: 0.25 away"
    assert [each.get_text() for each in ax.get_xticklabels()] == ["It rises.", "mine"]


def test_what_a_cell_prints_is_told_and_nothing_else(chinese, capsys, monkeypatch):
    monkeypatch.setattr(builtins, "print", print)
    told.tell_prints()
    there = {"__name__": "__main__"}
    exec('print(f"alpha = {0.1:<6} distance after 20 steps: {0.25:.3f}   loss: {1.5:.4f}")', there)
    exec('print("It rises.", 3, sep="|")', there)
    exec('import sys; print("It rises.", file=sys.stderr)', there)
    exec('print("It rises.")', {"__name__": "elsewhere"})
    taken = capsys.readouterr()
    assert taken.out == "alpha = 0.1    20 步之后的距离：0.250   损失：1.5000\nIt rises.|3\nIt rises.\n"
    assert taken.err == "It rises.\n"


def test_a_broken_catalogue_costs_nobody_a_panel(chinese, capsys):
    (chinese / "locale" / "zh_CN" / "checks" / "shared.po").write_text('msgid "half')
    told._words.cache_clear()
    told._teller.cache_clear()
    assert "你的步子迈向了上坡。" in render.text(uphill())
    assert "shared.po" in capsys.readouterr().err


def test_every_sign_of_the_figures_is_in_the_font():
    from matplotlib.font_manager import get_font

    signs = set()
    for path in sorted((ROOT / "locale" / "zh_CN" / "units").glob("*.po")):
        for message in read(path):
            if message.id and str(message.context).endswith("/code"):
                signs |= set(str(message.string))
    fonts = sorted(foreign.FONTS.glob("NotoSansSC-*.ttf"))
    assert len(fonts) == 2
    for path in fonts:
        has = get_font(path).get_charmap()
        assert {ord(sign) for sign in "学习率太大，损失就会上升。（）：α0.1−×"} <= set(has)
        lacking = sorted(sign for sign in signs if "\u3000" <= sign <= "\uffef" and ord(sign) not in has)
        assert not lacking, f"{path.name} lacks {lacking}"


def test_english_learners_load_no_catalogue_and_no_font():
    code = (
        "import json, sys; from course_lib import check, plots; plots.use_style(); import matplotlib as mpl; "
        "from matplotlib.font_manager import fontManager; "
        "print(json.dumps([mpl.rcParams['font.family'], 'babel' in sys.modules, "
        "any('NotoSansSC' in e.fname for e in fontManager.ttflist)]))"
    )
    environment = {**os.environ, "COURSE_LANGUAGE": "en", "MPLBACKEND": "agg"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [["sans-serif"], False, False], ran.stderr
    assert np.isfinite(uphill().points)

"""The site's pages in another language: the same pages, each beside its English one, with nothing left in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.course import EXERCISES, ROOT, UNITS

from course_lib.language.choice import ENGLISH
from course_lib.predict import Card
from course_lib.told import in_language, shown
from grader.languages.extraction import SITE, course_entries, site_entries
from grader.languages.proof import lost
from grader.site import cards, gallery, search, words
from grader.site.cells import STANDS_IN, checked, page_of
from grader.site.editions import Edition, editions, short
from grader.site.filling import filled
from grader.site.proof import leaks
from grader.site.secrets import Secrets, telling_lines
from grader.site.units import about, released

pytestmark = pytest.mark.fast

CHINESE = "zh_CN"
HAN = re.compile(r"[\u4e00-\u9fff]")
UNIT = "02_gradient_descent"


def test_the_languages_are_those_that_have_catalogues() -> None:
    first, *others = editions()
    assert (first.language, first.folder) == (ENGLISH, "")
    assert [(other.language, other.folder, other.code, other.name) for other in others] == [
        (CHINESE, "zh", "zh-CN", "中文")
    ]
    assert short("de") == "de"


@pytest.mark.parametrize(
    ("page", "to_chinese", "to_english"),
    [
        ("index", "zh/index.html", "../index.html"),
        ("units/02", "../zh/units/02.html", "../../units/02.html"),
    ],
)
def test_a_page_leads_to_itself(page: str, to_chinese: str, to_english: str) -> None:
    english, chinese = editions([ENGLISH, CHINESE])
    assert english.link(page, chinese) == to_chinese
    assert chinese.link(page, english) == to_english
    assert editions([ENGLISH])[0].others == ()


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_says_of_itself_in_chinese_what_it_says_in_english(unit: str) -> None:
    english, chinese = about(unit), about(unit, CHINESE)
    assert chinese.title.startswith(english.title[:5])
    assert (chinese.title == english.title) is (unit == "05_adam"), "which is a name"
    assert chinese.aim.startswith("**学完本单元，你") and HAN.search(chinese.time)
    assert chinese.difficulty == english.difficulty
    assert [cell["id"] for cell in released(unit, CHINESE).cells] == [cell["id"] for cell in released(unit).cells]


def test_cards_and_checks_speak_the_language_of_now() -> None:
    told = Card("实验的结果", ("实验表明：b) 它不变。", "原因：`slope` 是零。", "（你没有写下预测。）"))
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": repr(told)}}
    assert cards.revealed(output) is None
    with in_language(CHINESE):
        answer = cards.revealed(output)
        assert answer == cards.Answer("b) 它不变。", "`slope` 是零。")
        assert "实验的结果" in cards.question({"b": "它不变。"}, answer)
        line = checked("gd_step")
    assert "4 分" in line and '<code>check("gd_step")</code>' in line and "{" not in line


def test_predictions_and_what_speaks_of_you_are_told_in_chinese() -> None:
    unit = "01_gradients"
    asked = [cell for cell in released(unit, CHINESE).cells if cards.predictions(cell.source)]
    with in_language(CHINESE):
        own = shown(STANDS_IN)
        cell = next(cell["id"] for cell in asked)
        output = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": f"SGD：{own}"}}
        given = next(cell["id"] for cell in released(unit).cells if cell["id"].startswith("given"))
        made = page_of(released(unit, CHINESE), {given: [output]}, lambda text: text, unit)
    assert HAN.search(own) and STANDS_IN in " ".join((ROOT / "course_lib" / "earlier.py").read_text("utf-8").split())
    card = next(each for each in made.cells if each["id"] == cell)
    options = re.findall(r"<li>.*?</li>", card.source)
    assert options and all(HAN.search(option) for option in options)
    assert all(own not in str(each.get("outputs")) for each in made.cells)


def test_the_gallery_is_in_chinese_and_tells_as_much() -> None:
    with in_language(CHINESE):
        made = gallery.page(about(UNIT, CHINESE))
    assert made.count("<li>") == gallery.page(about(UNIT)).count("<li>")
    assert all(HAN.search(line) for line in re.findall(r"<li>(.*?)</li>", made))


def test_templates_lose_no_place_and_are_all_translated() -> None:
    values = {"mistakes": "1,243", "exercises": 7, "rows": "| a | b |", "pages": "00"}
    with in_language(CHINESE):
        made = filled("gallery.md", **values)
    assert HAN.search(made) and "1,243" in made and "| a | b |" in made and "learner" not in made
    assert {entry.context for entry in site_entries()} == {"gallery.md", "index.md", "plan.md"}
    assert lost("{{ a }} of {{ b }}.", "共 {{ a }}。", CHINESE) == ["the place {{ b }} is lost"]
    assert SITE == "site"


def test_what_the_site_hands_over_is_extracted_and_nothing_else_of_it() -> None:
    own = [entry.text for entry in course_entries() if entry.place.startswith("grader/site/")]
    assert {"Show the code", "For teachers and authors", "Download the notebook", "{points} points"} <= set(own)
    assert not [text for text in own if text.startswith(("---", "def ", "```"))]


def test_words_of_the_theme_and_of_the_script_are_written(tmp_path: Path) -> None:
    from babel.messages.mofile import read_mo

    words.for_the_theme(tmp_path, ENGLISH)
    assert list(tmp_path.iterdir()) == []
    with in_language(CHINESE):
        words.for_the_theme(tmp_path, CHINESE)
        assert '"Table": "表格"' in words.for_the_browser()
    with (tmp_path / CHINESE / "LC_MESSAGES" / "sphinx.mo").open("rb") as file:
        assert all(HAN.search(str(message.string)) for message in read_mo(file) if message.id)


def test_chinese_is_found_by_any_piece_of_it() -> None:
    made = search.SearchChinese({}).split("学习率 $x$ 太大，Adam 也会发散")
    assert {"Adam", "学习", "习率", "大", "也会", "|学习率", "|也会发散"} <= set(made)
    assert "率太" not in made
    assert "学习率" not in made, "a browser would take it for a whole word, and look nowhere else"
    assert search.SearchChinese.language_name == "English", "Sphinx calls the stemmer of the browser by it"


def test_an_explanation_of_a_quiz_is_found_in_chinese(tmp_path: Path) -> None:
    lines = dict(telling_lines())
    quiz = next(exercise for exercise in EXERCISES if exercise.name == "quiz_03")
    with in_language(CHINESE):
        told = [shown(mistake.says, quiz.unit) for mistake in quiz.misconceptions]
    file = tmp_path / "zh" / "gallery" / "03.html"
    file.parent.mkdir(parents=True)
    for sentence in told:
        file.write_text(f"<li>{sentence}</li>", encoding="utf-8")
        assert leaks([file], tmp_path, Secrets(lines, {}, {})), sentence
    assert any(what.startswith("the model answer of a reflection") and HAN.search(line) for line, what in lines.items())


def test_an_edition_alone_is_named_by_what_people_call_it() -> None:
    assert Edition("pt_BR", "pt_BR").code == "pt-BR"

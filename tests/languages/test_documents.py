"""README and guides in other languages lose nothing, lead where the English ones do, and are never stale in silence."""

from __future__ import annotations

import posixpath
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from course_lib.language.blocks import join, split, translated
from course_lib.language.catalogues import read
from course_lib.workspace import course_root
from grader.building.links import PLACE, broken_links, headings, retargeted, slugs, targets
from grader.languages import documents, upkeep
from grader.languages.catalogues import folder, languages, path_of, written
from grader.languages.extraction import DOCUMENTS, document_entries, english, name_of
from grader.languages.extraction import documents as all_documents

pytestmark = pytest.mark.fast

README = """\
# The course

English · [简体中文](locale/zh_CN/README.md)

Read [the plan](docs/plan.md#a-week), [the audit](docs/audit.md) or
[the site](https://example.org).

![A picture](docs/images/a.png)

<!-- buttons -->
<!-- end of buttons -->

```bash
./course start  # [no link](docs/plan.md)
```
"""
PLAN = """\
# Plan

## A week

| day | what |
|---|---|
| Monday | 3 hours of [units](../notebooks/) |

Back to [the start](../README.md) and [the week](#a-week).
"""
TABLE = "| day | what |\n|---|---|\n| Monday | 3 hours of [units](../notebooks/) |"
TOLD = {
    "# The course": "# 课程",
    "Read [the plan](docs/plan.md#a-week), [the audit](docs/audit.md) or [the site](https://example.org).": (
        "看[安排](docs/plan.md#a-week)、[审核](docs/audit.md)或[网站](https://example.org)。"
    ),
    "![A picture](docs/images/a.png)": "![一幅图](docs/images/a.png)",
    "# Plan": "# 安排",
    "## A week": "## 一周",
    TABLE: "| 日子 | 内容 |\n|---|---|\n| 星期一 | 3 小时的[单元](../notebooks/) |",
    "Back to [the start](../README.md) and [the week](#a-week).": "回到[开头](../README.md)和[这一周](#a-week)。",
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of a README and a plan, told in Chinese whole."""
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setattr(upkeep, "extracted", entries)
    for name, text in (("README.md", README), ("docs/plan.md", PLAN), ("locale/zh_CN/course.po", "")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    upkeep.update()
    tell(TOLD)
    upkeep.update()
    return tmp_path


def entries(unit=None):
    """What there is to translate in the toy."""
    return {} if unit else {name_of(path): list(document_entries(path)) for path in all_documents()}


def tell(words):
    """Put translations into the toy's catalogues, whatever they had before."""
    for path in all_documents():
        catalogue = path_of("zh_CN", name_of(path))
        catalog = read(catalogue)
        for message in catalog:
            message.string = words.get(message.id, message.string)
        catalogue.write_text(written(catalog), encoding="utf-8")


# ---- The course's own ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_survives_the_round_trip(name):
    source = english(Path(name))
    assert join(split(source)) == source == translated(source, lambda block: None)
    assert documents.document(Path(name), "de") == source, "nobody has begun German"


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("language", languages())
def test_every_english_anchor_is_in_the_edition(name, language):
    told = documents.document(Path(name), language)
    assert set(slugs(english(Path(name)))) <= {*slugs(told), *PLACE.findall(told)}
    assert [line[:2] for line in fences(told)] == [line[:2] for line in fences(english(Path(name)))]


def fences(text):
    return re.findall(r"^ *```.*$", text, re.M)


@pytest.mark.parametrize("language", languages())
def test_every_link_of_an_edition_is_to_something_that_is_there(language):
    root = course_root()
    made = documents.editions(language)
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run ./course build"
        found = [urlsplit(target) for _, target in targets(text)]
        near = [unquote(parts.path) for parts in found if parts.path and not parts.scheme]
        aims = [Path(posixpath.normpath((path.parent / name).as_posix())) for name in near]
        assert [aim.relative_to(root) for aim in aims if not aim.exists()] == [], path.relative_to(root)
        back, *others = aims
        assert back == root / path.relative_to(folder(language)), "the first link is the way back to English"
        told = {root / one.relative_to(folder(language)) for one in made}
        assert told.isdisjoint(others), f"{path.relative_to(root)}: a page that is there in its language"


def test_the_readme_leads_to_each_of_its_editions():
    line = (course_root() / "README.md").read_text(encoding="utf-8").split("\n")[2]
    for language in languages():
        if course_root() / "locale" / language / "README.md" in documents.editions(language):
            assert f"(locale/{language}/README.md)" in line


# ---- A toy -----------------------------------------------------------------------------------------------------------


def test_an_edition_is_read_from_its_own_folder(course):
    assert (course / "locale/zh_CN/README.md").read_text(encoding="utf-8") == (
        "<!-- Made by `./course build` from README.md and README.po: edit these. -->\n\n"
        "[English](../../README.md) · 中文\n\n"
        '<a id="the-course"></a>\n\n# 课程\n\n'
        "看[安排](docs/plan.md#a-week)、[审核](../../docs/audit.md)或[网站](https://example.org)。\n\n"
        "![一幅图](../../docs/images/a.png)\n\n"
        "<!-- buttons -->\n<!-- end of buttons -->\n\n"
        "```bash\n./course start  # [no link](docs/plan.md)\n```\n"
    )
    plan = (course / "locale/zh_CN/docs/plan.md").read_text(encoding="utf-8")
    assert '<a id="a-week"></a>\n\n## 一周' in plan and "回到[开头](../README.md)和[这一周](#a-week)。" in plan
    assert "[单元](../../../notebooks)" in plan and plan.startswith("<!--")


def test_what_nobody_has_begun_has_no_edition_and_links_lead_to_the_english_one(course):
    tell(dict.fromkeys([entry.text for entry in document_entries(Path("docs/plan.md"))], ""))
    upkeep.update()
    assert "[安排](../../docs/plan.md#a-week)" in (course / "locale/zh_CN/README.md").read_text(encoding="utf-8")
    told = upkeep.amiss()
    assert any(s.startswith("locale/zh_CN/docs/plan.md") and "delete it" in s for s in told), told


def test_an_anchor_can_be_sphinxs_or_left_out(course):
    assert "(a-week)=\n\n## 一周" in documents.document(Path("docs/plan.md"), "zh_CN", anchor="({})=")
    assert not list(PLACE.findall(documents.document(Path("docs/plan.md"), "zh_CN", anchor="")))


def test_in_step_it_says_nothing_and_a_second_build_changes_nothing(course):
    assert upkeep.amiss() == []
    assert upkeep.update() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"## A week": "# 一周"}, "line 1 begins with"),
        ({"## A week": "> ## 一周"}, "line 1 begins with '>'"),
        (
            {"Back to [the start](../README.md) and [the week](#a-week).": "回到[开头](../README.md)和这一周。"},
            "the link target #a-week is lost",
        ),
        ({TABLE: "| 日子 | 内容 |\n|---|---|"}, "it has 2 lines, the English text 3"),
        ({"![A picture](docs/images/a.png)": "![一幅图](docs/a.png)"}, "the link target docs/images/a.png is lost"),
    ],
)
def test_what_a_translation_lost_is_told(course, words, said):
    tell(words)
    told = upkeep.amiss()
    assert any(said in sentence for sentence in told), told


def test_a_stale_edition_is_told_and_a_build_mends_it(course):
    path = course / "locale/zh_CN/README.md"
    good = path.read_text(encoding="utf-8")
    for text in (good + "more\n", ""):
        path.write_text(text, encoding="utf-8")
        assert upkeep.amiss() == [f"locale/zh_CN/README.md: {upkeep.MADE}"]
        assert upkeep.amiss("02_gradient_descent") == [], "a unit's check leaves documents alone"
        assert upkeep.update() == [path] and path.read_text(encoding="utf-8") == good


def test_changed_english_is_shown_in_english_until_somebody_has_looked(course):
    (course / "docs/plan.md").write_text(PLAN.replace("Back to", "Go back to"), encoding="utf-8")
    upkeep.update()
    assert "Go back to [the start](../README.md)" in (course / "locale/zh_CN/docs/plan.md").read_text(encoding="utf-8")
    assert any("1 texts are untranslated, 0 are allowed" in sentence for sentence in upkeep.amiss())


def test_a_broken_catalogue_is_one_sentence_and_leaves_the_edition(course):
    good = (course / "locale/zh_CN/README.md").read_bytes()
    path_of("zh_CN", "README").write_text('msgid "half', encoding="utf-8")
    told = upkeep.amiss()
    assert len(told) == 1 and "README.po" in told[0]
    assert (course / "locale/zh_CN/README.md").read_bytes() == good


def test_the_line_between_editions_is_nobodys_to_translate(course):
    assert "locale/" not in "".join(entry.text for entry in document_entries(Path("README.md")))


def test_links_in_code_stay_and_headings_know_their_lines():
    assert retargeted("[a](b) `[a](b)`\n", str.upper) == "[a](B) `[a](b)`\n"
    assert list(headings("# A\n\n```\n# no\n```\n\n## B c\n")) == [(0, "a"), (6, "b-c")]


@pytest.mark.needs("git")
def test_lint_knows_an_anchor_of_its_own(tmp_path):
    text = '<a id="a-week"></a>\n\n## 一周\n\n[x](#a-week) [y](#no-week)\n'
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "a.md"], cwd=tmp_path, check=True)
    [sentence] = broken_links(tmp_path)
    assert "#no-week" in sentence

"""What Sphinx does beside its own: the course's formulas, texts of figures, and a way to report each cell."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from course_lib.sentences import say
from course_lib.told import shown
from grader.site import formulas
from grader.site.addresses import Repository
from grader.site.cells import DESCRIPTION
from grader.site.editions import Edition
from grader.site.search import SearchChinese
from grader.site.sections import ShareSections


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx. `course_texts`: what figures show, by their names; `course_address`: the repository's.

    `course_edition`: the pages of which language these are; `course_english`: which of them are English all the same;
    `course_anchors`: the ids of the English pages.
    """
    formulas.setup(app)
    app.add_config_value("course_texts", {}, "env", types=dict)
    app.add_config_value("course_address", "", "env", types=str)
    app.add_config_value("course_edition", None, "env", types=Edition)
    app.add_config_value("course_english", set(), "env", types=set)
    app.add_config_value("course_anchors", {}, "", types=dict)
    app.add_search_language(SearchChinese)
    app.add_transform(ShareSections)
    app.connect("html-page-context", lead_to_other_languages)
    app.connect("doctree-read", describe_figures)
    app.connect("doctree-read", offer_reports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lead_to_other_languages(
    app: Sphinx, page: str, template: str, context: dict[str, Any], document: nodes.document | None
) -> None:
    """Have each page know itself in other languages, for readers and search engines; say of one that it has none."""
    here: Edition = app.config.course_edition
    links = [{"href": here.link(page, other), "code": other.code, "name": other.name} for other in here.others]
    context["course_editions"] = links
    context["course_languages"] = shown("This page in other languages")
    every = [{"href": f"{page.rpartition('/')[2]}.html", "code": here.code}, *links] if links else []
    alternates = (f'<link rel="alternate" hreflang="{each["code"]}" href="{each["href"]}">' for each in every)
    context["metatags"] = "\n".join([context.get("metatags", ""), *alternates])
    if page in app.config.course_english:
        note = shown("This page is there in English alone.")
        context["body"] = f'<p class="only-english">{note}</p>\n<div lang="en">{context["body"]}</div>'


def describe_figures(app: Sphinx, document: nodes.document) -> None:
    """Give each figure its text; MyST-NB names its file by what is in it."""
    for picture in document.findall(nodes.image):
        if "alt" not in picture:
            picture["alt"] = app.config.course_texts.get(PurePosixPath(picture["uri"]).stem, shown(DESCRIPTION))


def offer_reports(app: Sphinx, document: nodes.document) -> None:
    """Put a link to the form for a mistake into each cell of a unit, where the repository has an address."""
    home, page = Repository(app.config.course_address), app.env.current_document.docname
    if not home.name or not page.startswith("units/"):
        return
    for place, cell in list(reportable(document)):
        to = escape(home.report(page.removeprefix("units/"), cell))
        said = f"<span>{say(shown('Report a mistake in: {cell}'), cell=escape(cell))}</span>"
        link = f'<a class="report" href="{to}" title="{shown("Report a mistake in this cell")}">{said}</a>'
        place += nodes.raw("", link, format="html")


def reportable(document: nodes.document) -> Iterator[tuple[nodes.Element, str]]:
    """Each section of text with its heading, and each code cell with its first line."""
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is not None:
            yield title, title.astext()
    for cell in document.findall(nodes.container):
        if "cell" in cell["classes"]:
            code = cell.next_node(nodes.literal_block)
            if code is not None:
                yield cell, next(iter(code.astext().splitlines()), "")[:80]

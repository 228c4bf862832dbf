"""What Sphinx does beside its own: the course's formulas, texts of figures, and a way to report each cell."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from grader.site import formulas
from grader.site.addresses import Repository
from grader.site.cells import DESCRIPTION


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx. `course_texts`: what figures show, by their names; `course_address`: the repository's."""
    formulas.setup(app)
    app.add_config_value("course_texts", {}, "env", types=dict)
    app.add_config_value("course_address", "", "env", types=str)
    app.connect("doctree-read", describe_figures)
    app.connect("doctree-read", offer_reports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def describe_figures(app: Sphinx, document: nodes.document) -> None:
    """Give each figure its text; MyST-NB names its file by what is in it."""
    for picture in document.findall(nodes.image):
        if "alt" not in picture:
            picture["alt"] = app.config.course_texts.get(PurePosixPath(picture["uri"]).stem, DESCRIPTION)


def offer_reports(app: Sphinx, document: nodes.document) -> None:
    """Put a link to the form for a mistake into each cell of a unit, where the repository has an address."""
    home, page = Repository(app.config.course_address), app.env.current_document.docname
    if not home.name or not page.startswith("units/"):
        return
    for place, cell in list(reportable(document)):
        to = escape(home.report(page.removeprefix("units/"), cell))
        said = f"<span>Report a mistake in: {escape(cell)}</span>"
        link = f'<a class="report" href="{to}" title="Report a mistake in this cell">{said}</a>'
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

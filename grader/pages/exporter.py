"""Graded pages (nbgrader's feedback and its formgrade view) that need no network and run nothing a learner wrote.

nbgrader's templates load MathJax from a host, and pass a submission's HTML through as it is. Here formulas become
MathML when the page is made, so that a feedback page is one small file that needs no script and can be mailed, and
what could run or load from elsewhere is taken out. `templates/` holds what stands in for nbconvert's own pieces.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from html import escape
from pathlib import Path
from typing import Any

import bleach
import nbgrader
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from bs4 import BeautifulSoup
from jinja2 import pass_context
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import ansi2html as coloured
from nbconvert.filters import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor, Preprocessor
from nbformat import NotebookNode
from traitlets.config import Config

from course_lib.language.choice import ENGLISH
from course_lib.language.editions import spoken
from course_lib.sentences import say
from course_lib.told import FULL_WIDTH, in_language, shown, speaking
from course_lib.workspace import locales
from grader.pages.formulas import typeset
from grader.pages.opening import opening_html, opening_of, tell_cells
from grader.pages.pieces import (
    MOST_CODE,
    TOO_LONG,
    PlainError,
    as_plain,
    begin_page,
    made,
    text_of,
    too_long,
)
from grader.pages.words import language_tag
from grader.preprocessors.verify_answers import VERDICT

TEMPLATES = Path(__file__).parent / "templates"
NBGRADER_TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"

LITERAL_DOLLAR = "\ue024"
"""Stands, while a page is made, for a dollar sign that is no delimiter; a private-use character, unlike any text's."""

REMEMBERED = 20_000
"""Pieces up to this many characters are remembered: most of a class's pages say the same things."""

NO_DESCRIPTION = "No description has been provided for this image"
"""The alternative text of a picture without one, in nbconvert's words."""

MOST_WORDS = 1_000
"""Characters of a picture's alternative text."""

FRAME = (
    ("<html>", '<html lang="{language}">'),
    ('<meta charset="utf-8" />', '<meta charset="utf-8" />\n<meta name="viewport" content="width=device-width">'),
    ('<div class="panel-heading">', '<div class="panel-heading" role="banner">'),
    ("<h4>", '<h1 class="h4">'),
    ("</h4>", "</h1>"),
    (
        '<div id="toc">',
        '</div>\n{opening}<div class="panel-heading">\n<div id="toc" role="navigation" aria-label="{graded}">',
    ),
)
"""What nbgrader's frame of a feedback page lacks: for a screen reader, and the page's opening, between title and list.

The first of each is the frame's own.
"""

WORDS = (
    *((">", words, "</a> (") for words in map(say, ("Test cell", "Coding free-response", "Written response", "Task"))),
    (">", say("Comment"), "</a></li>"),
    (">", say("Late submission penalty"), " ("),
    (" (", say("Score:"), " "),
    ('<span class="pull-right">\n      ', say("Score:"), " "),
    ('<a href="#top">', say("(Top)"), "</a>"),
    ('<span class="nbgrader-label">', say("Student's answer"), "</span>"),
    ('<span class="nbgrader-label">', say("Grade cell:"), " <code>"),
    ("<b>", say("Comments:"), "</b>"),
)
"""nbgrader's own words on a feedback page, each with what is before and after it."""

RUNS = ["script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "form", "button", "select"]
PICTURE = "data:image/"
TAGS = (
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i img ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul"
)
ATTRIBUTES = ("align", "alt", "aria-label", "colspan", "height", "open", "rowspan", "scope", "start", "title", "width")
ROLES = ("group", "img")  # a panel's and a mark's; others would claim to be a part of the page
STYLES = (
    "background border border-bottom border-left border-radius border-right border-top gap grid-template-columns "
    "margin margin-bottom margin-left margin-right margin-top max-width min-width opacity overflow-x padding "
    "padding-bottom padding-left padding-right padding-top"
)
# The classes of highlighted code and of tables of data: others could imitate the page's own parts.
CLASS = re.compile(r"(highlight|dataframe|[a-z]{1,2}[a-z0-9]?)( (highlight|dataframe|[a-z]{1,2}[a-z0-9]?))*")
SIGNS = r"(?:[\t\n !\"#$%'-;=?-~\xa0-\u1fff\u2030-\ud7ff]|&(?:amp|lt|gt);)*+"
# Code in colours as a highlighter writes it: signs that no browser takes for anything else, in spans with a class of
# those above. Cleaning leaves it as it is, but for the class around it, and takes longer than to colour it.
SPAN = rf'<span(?: class="[a-z]{{1,2}}[a-z0-9]?")?>{SIGNS}</span>'
COLOURS = re.compile(rf'<div class=" highlight hl-[a-z0-9]+">(<pre>{SIGNS}(?:{SPAN}{SIGNS})*+</pre>)</div>\n')
LOADS = re.compile(r"url|image|\\|@|expression", re.I)


def html_exporter() -> Config:
    """The `HTMLExporter` section of nbgrader's configuration; the page's template stays nbgrader's own."""
    config = Config()
    config.extra_template_basedirs = [str(TEMPLATES), str(NBGRADER_TEMPLATES)]
    config.sanitize_html = True
    config.filters = {
        "markdown2html": markdown2html,
        "clean_html": clean_html,
        "highlight_code": highlight_code,
        "ansi2html": ansi2html,
        "strip_files_prefix": unchanged,
        "font_url": font_url,
    }
    config.preprocessors = [PlainOutputs]
    return config


class PageExporter(HTMLExporter):
    """nbconvert's exporter of pages, without its last step.

    `HTMLExporter` parses the finished page, which takes longer than all the rest, for two things: it gives pictures
    without an alternative text one, as `PlainOutputs` and `clean_html` have done here, and it marks what only
    JupyterLab's template has.
    """

    def from_notebook_node(  # type: ignore[override]  # as nbconvert's own: text, where its base class gives a notebook
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """A notebook's page, and the resources."""
        prepared = self._init_resources(resources)
        try:
            page, prepared = TemplateExporter.from_notebook_node(self, nb, prepared, **options)
        finally:
            begin_page()  # what is made next is not of this page
        with in_language(spoken(nb, locales())):
            page = _in_frame(page, prepared.pop("course_opening", ""))
        return page, prepared

    def _preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """As nbconvert's, without copying the copy twice more, and looking at its format after each preprocessor."""
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        grades = resources.get("nbgrader", {})
        if "score" in grades:  # as GetGrades has written them
            with in_language(spoken(nb, locales())):
                opening = opening_of(nb, grades["score"], grades["max_score"])
                resources["course_opening"] = opening_html(opening, partial(markdown2html, {}))
                tell_cells(nb)
        return nb, resources


def _in_frame(page: str, opening: str) -> str:
    """The page with what its frame lacks, and the frame's words in the language of now."""
    here = {"{language}": language_tag(), "{graded}": escape(shown("What was graded", unit="")), "{opening}": opening}
    parts, end = [], 0
    for start, before, after in sorted((page.find(before), before, after) for before, after in FRAME):
        if start < end:  # it is not there
            continue
        for name, value in here.items():
            after = after.replace(name, value)
        parts += [page[end:start], after]
        end = start + len(before)
    page = "".join([*parts, page[end:]])  # once: a page is long, and its fonts make it longer
    for before, words, after in WORDS if speaking() != ENGLISH else ():
        told = escape(shown(words, unit=""), quote=False)
        page = page.replace(
            before + words + after, before + told + (after.lstrip() if told[-1] in FULL_WIDTH else after)
        )
        if before == " (" and told[-1] in FULL_WIDTH:  # as its colon, so its brackets
            page = re.sub(rf" \(({re.escape(told)}[-\d./ ]*)\)", r"（\1）", page)
    return page


class StyleOnce(CSSHTMLHeaderPreprocessor):
    """`CSSHTMLHeaderPreprocessor` for a class, whose pages all have the same style sheet."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """As nbconvert's, which is asked for the first page."""
        if self._made is None:
            nb, resources = super().preprocess(nb, resources)
            self._made = list(resources["inlining"]["css"])
        resources["inlining"] = {"css": list(self._made)}
        return nb, resources

    _made: list[str] | None = None


class PlainOutputs(Preprocessor):
    """Leave of each output only what the filters see, and no picture without an alternative text.

    LaTeX goes as text, vector graphics as a picture, and of metadata nothing stays but pictures' words. It runs first
    on every page, so the page's time begins here; what the grader itself wrote does not depend on that.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Called by nbconvert for each page."""
        begin_page()
        result: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        return result

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called by nbconvert for each cell."""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VERDICT in data:
                data["text/html"] = _cleaned_verdict(data["text/html"])
            if "text/latex" in data and "text/html" not in data:
                data["text/html"] = escape(data["text/latex"], quote=False)
            if "image/svg+xml" in data and "text/html" not in data and "text/markdown" not in data:
                words = _alternative(output, "image/svg+xml", cell)
                data["text/html"] = _vector_graphics(data["image/svg+xml"], words)
            if "metadata" in output:
                output.metadata = NotebookNode(
                    {kind: NotebookNode(alt=_alternative(output, kind, cell)) for kind in ("image/png", "image/jpeg")}
                )
        return cell, resources


def _alternative(output: NotebookNode, kind: str, cell: NotebookNode) -> str:
    """What a picture says to somebody who does not see it: the figure's own words, the cell's, or that there are none.

    It is a learner's text, whatever the course wrote there: any value, of any length; who sets it escapes it.
    """
    own = (output.get("metadata") or {}).get(kind)
    for told in (own.get("alt") if isinstance(own, dict) else None, cell.metadata.get("alt")):
        words = " ".join(told[: 2 * MOST_WORDS].split()) if isinstance(told, str) else ""
        if words:
            return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 4] + " ..."
    return NO_DESCRIPTION


def _vector_graphics(svg: str, words: str) -> Markup:
    """An SVG as a picture, in which a browser runs and loads nothing."""
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    return Markup(f'<img alt="{escape(words)}" src="{PICTURE}svg+xml;base64,{encoded}"/>')


def highlight_code(source: str, language: str | None = None, metadata: dict[str, Any] | None = None) -> Markup:
    """nbconvert's filter of this name: code in colours. Most cells of a class's notebooks are the same."""
    source = without_trailing_blanks(source)
    if len(source) > MOST_CODE:
        return as_plain(source, TOO_LONG)
    try:
        return Markup(_highlighted_before(source, language or (metadata or {}).get("magics_language")))
    except PlainError as error:
        return as_plain(source, str(error))


def without_trailing_blanks(source: str) -> str:
    """The same text to look at; a highlighter takes minutes for some thousand lines of one blank."""
    return "\n".join(line.rstrip(" \t\f\v") for line in source.split("\n"))


def _highlighted(source: str, language: str | None = None) -> str:
    return str(Highlight2HTML(pygments_lexer="ipython3")(source, language))


@lru_cache(maxsize=256)
def _highlighted_before(source: str, language: str | None) -> str:
    return made(_clean_code, source, language)


def _clean_code(source: str, language: str | None) -> str:
    colours = _highlighted(source, language)
    plain = COLOURS.fullmatch(colours)
    return f"<div>{plain[1]}</div>\n" if plain else _cleaned(colours)


def ansi2html(text: str) -> str:
    """nbconvert's filter of this name: a terminal's text, with its colours."""
    if "\x1b" not in text:
        return escape(text, quote=False)
    try:
        return made(coloured, text)
    except PlainError:
        return escape(strip_ansi(text), quote=False)


def unchanged(text: str) -> str:
    """In place of nbconvert's `strip_files_prefix`, for links of IPython 1: no picture but data is left on a page."""
    return text


class _Renderer(IPythonRenderer):
    def text(self, text: str) -> str:
        """Plain text: a dollar sign that Markdown did not take for a formula's stays a dollar sign."""
        return str(super().text(text)).replace("$", LITERAL_DOLLAR)


@pass_context
def markdown2html(context: Mapping[str, Any], source: str) -> Markup:
    """nbconvert's filter of this name, with formulas as MathML and without what could run."""
    attachments = (context.get("cell") or {}).get("attachments", {})
    if too_long(source):
        return as_plain(source, TOO_LONG)
    try:
        if attachments or len(source) > REMEMBERED:
            return Markup(made(_rendered, source, attachments))
        return Markup(_rendered_before(source))
    except PlainError as error:
        return as_plain(source, str(error))


def _rendered(source: str, attachments: dict[str, dict[str, str]]) -> str:
    renderer = _Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return _cleaned(MarkdownWithMath(renderer=renderer).render(source))


@lru_cache(maxsize=512)
def _rendered_before(source: str) -> str:
    return made(_rendered, source, {})


def clean_html(element: object) -> Markup:
    """What remains of a piece of HTML without all that could run or load from elsewhere; formulas become MathML.

    The result is marked as clean: cleaned again, as nbconvert does with Markdown outputs, it stays as it is.
    """
    if isinstance(element, Markup):
        return element
    text = element.decode() if isinstance(element, bytes) else str(element)
    try:
        return Markup(made(_cleaned, text) if len(text) > REMEMBERED else _cleaned_before(text))
    except PlainError as error:
        return as_plain(text_of(text), str(error))


def _cleaned(text: str) -> str:
    soup = BeautifulSoup(text, "html.parser")
    for tag in soup.find_all(RUNS):
        tag.decompose()
    for picture in soup.find_all("img"):
        if not str(picture.get("src", "")).startswith(PICTURE):
            picture.replace_with(f"[{picture.get('alt') or 'a picture'}: not part of this page]")
        elif "alt" not in picture.attrs:
            picture["alt"] = NO_DESCRIPTION
    clean = bleach.clean(
        str(soup),
        tags=TAGS.split(),
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties={*ALLOWED_CSS_PROPERTIES, *STYLES.split()}),
    )
    return typeset(clean).replace(LITERAL_DOLLAR, "$")


@lru_cache(maxsize=512)
def _cleaned_before(text: str) -> str:
    return made(_cleaned, text)


@lru_cache(maxsize=512)
def _cleaned_verdict(html: str) -> Markup:
    """A verdict is the grader's and short: it is made here, whatever the rest of the page takes."""
    return Markup(_cleaned(html))


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "src":
        return tag == "img" and value.startswith(PICTURE)
    if name == "href":
        return tag == "a" and value.startswith(("http://", "https://", "mailto:", "#"))
    if name == "class":
        return CLASS.fullmatch(value) is not None
    if name == "style":
        return LOADS.search(value) is None
    if name == "role":
        return value in ROLES
    return name in ATTRIBUTES


@cache
def font_url(name: str) -> str:
    """A font of `templates/fonts` as a data URL."""
    data = base64.b64encode((TEMPLATES / "fonts" / name).read_bytes()).decode("ascii")
    return f"data:font/woff2;base64,{data}"

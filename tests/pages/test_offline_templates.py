"""Graded pages need no network and no script, draw every formula, and run nothing that a learner wrote."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from helpers.axe import findings
from helpers.browser_driver import chromium
from helpers.course import UNITS, source_notebook
from helpers.submissions import classroom as a_classroom
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from course_lib.drawing.described import UNKNOWN
from course_lib.judging import render
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.reference import load
from grader.config import nbgrader_config
from grader.exercises import find_exercise
from grader.pages.exporter import (
    NBGRADER_TEMPLATES,
    NO_DESCRIPTION,
    PageExporter,
    clean_html,
    html_exporter,
    markdown2html,
)
from grader.pages.formulas import FORMULA, mathml, typeset
from grader.submissions.samples import fill, hand_in, paste_misconception

UNIT = "00_start_here"
OUTSIDE = "https://outside.example/"

WIDER_THAN_A_PHONE = " + ".join(rf"(y_{{{i}}} - w^\top x_{{{i}}})^2" for i in range(12))
HOSTILE_MARKDOWN = rf"""
$$ L(w) = {WIDER_THAN_A_PHONE} $$

My answer: $\frac{{1}}{{N}} \sum_i x_i^2$, and it costs \$5 or \$6.

<script>window.hacked = "script"</script>
<img src="{OUTSIDE}picture.png" onerror="window.hacked = 'onerror'">
<a href="javascript:window.hacked='link'">a link</a> and <a href="{OUTSIDE}">another</a>
<iframe src="{OUTSIDE}frame.html"></iframe>
<p style="background: url({OUTSIDE}style.png); color: red" onmouseover="window.hacked='mouse'">red</p>
<form action="{OUTSIDE}"><input name="check_standardize" id="check_standardize"><button>Send</button></form>
![]({OUTSIDE}markdown.png)
"""
HOSTILE_CODE = f"""
from IPython.display import HTML, Javascript, Markdown, Math, display
display(HTML('<b>kept</b><script>window.hacked = "output"</script><img src="{OUTSIDE}o.png"><svg onload="hacked=1">'))
display(Javascript('window.hacked = "javascript"'))
display(Math(r"\\frac{{a}}{{b}}"))
display(Markdown(r"**bold** $\\frac{{c}}{{d}}$ <script>window.hacked = 'markdown'</script>"))
display({{"image/png": "iVBORw0KGgo="}}, metadata={{"filenames": {{"image/png": "{OUTSIDE}file.png"}}}}, raw=True)
display({{"text/html": "<b>isolated</b>"}}, metadata={{"text/html": {{"isolated": True}}}}, raw=True)
display({{"image/svg+xml": "<svg onload='hacked=1'><script>window.hacked = 'svg'</script></svg>"}}, raw=True)
display(HTML('<img src="data:image/png;base64,iVBORw0KGgo="><img alt="told" src="data:image/png;base64,iVBORw0KGgo=">'))
"""


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class of one, whose notebook is hostile, right but for one known mistake, and graded through nbgrader."""
    room = a_classroom(tmp_path_factory.mktemp("class"))
    room.register(UNIT)
    released = nbformat.read(room.root / "notebooks" / UNIT / f"{UNIT}.ipynb", as_version=4)
    submission = fill(released, source_notebook(UNIT))
    paste_misconception(submission, find_exercise("mean_square"))
    submission.cells += [new_markdown_cell(HOSTILE_MARKDOWN), new_code_cell(HOSTILE_CODE)]
    hand_in(nbformat.writes(submission), room.root / "submitted", "mallory", UNIT)
    room.autograde(UNIT, "mallory", room.root / "submitted")
    return room


@pytest.fixture(scope="module")
def feedback(classroom) -> Path:
    return classroom.feedback(UNIT, "mallory")


@pytest.fixture(scope="module")
def formgrade(classroom) -> str:
    """The page that the formgrader shows of the submission, made as its server extension makes it."""
    config = Config({"HTMLExporter": {"template_name": "formgrade", "extra_template_basedirs": [NBGRADER_TEMPLATES]}})
    config.merge(nbgrader_config())
    graded = classroom.path("autograded", "mallory", UNIT) / f"{UNIT}.ipynb"
    resources = {"base_url": "/base", "notebook_id": UNIT, "index": 0, "total": 1}
    html, _ = HTMLExporter(config=config).from_filename(str(graded), resources=resources)
    return str(html)


def loads(html: str) -> set[str]:
    """All that a page would fetch: whatever stands in an attribute that is fetched, or in a style."""
    soup = BeautifulSoup(html, "html.parser")
    found = {
        str(tag[name]) for name in ("src", "srcset", "data", "poster", "action") for tag in soup.select(f"[{name}]")
    }
    found |= {str(tag["href"]) for tag in soup.select("[href]") if tag.name != "a"}
    styles = [style.get_text() for style in soup.select("style")] + [
        str(tag["style"]) for tag in soup.select("[style]")
    ]
    return found | {url.strip("'\" ") for style in styles for url in re.findall(r"url\(([^)]*)\)", style)}


def test_feedback_loads_nothing_and_runs_nothing(feedback):
    html = feedback.read_text(encoding="utf-8")
    soup = BeautifulSoup(html, "html.parser")
    fetched = {url for url in loads(html) if not url.startswith("data:")}
    assert all(url.startswith("../fonts/glyphicons") for url in fetched), fetched  # Bootstrap's icons, never used here
    assert not soup.select(".glyphicon, script, iframe, form, input, svg")
    assert not [tag for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert "default-src 'none'" in soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert {a["href"].partition(":")[0] for a in soup.select("a[href]") if not a["href"].startswith("#")} <= {
        "http",
        "https",
    }


def test_feedback_keeps_what_is_harmless(feedback):
    soup = BeautifulSoup(feedback.read_text(encoding="utf-8"), "html.parser")
    text = soup.get_text()
    assert "it costs $5 or $6" in text
    assert {b.get_text() for b in soup.select(".output_html b")} >= {"kept", "isolated"}
    assert [p.attrs for p in soup.select("p") if p.get_text() == "red"] == [{}]
    for of in ("ab", "cd"):
        assert of in {fraction.get_text() for fraction in soup.select(".output_area math mfrac")}
    assert "[a picture: not part of this page]" in text
    assert "window.hacked" in text  # the code that the learner wrote is shown as code
    assert "standardize: all right, 6 of 6 points" in text
    assert "mean_square: not right yet" in text


@pytest.mark.parametrize("page", ["feedback", "formgrade"])
def test_every_picture_has_an_alternative_text(page, feedback, formgrade):
    soup = BeautifulSoup(
        {"feedback": feedback.read_text(encoding="utf-8"), "formgrade": formgrade}[page], "html.parser"
    )
    outputs = soup.select(".output_area img")
    assert all(picture["alt"] for picture in outputs)
    assert [picture["alt"] for picture in outputs][-4:] == [NO_DESCRIPTION] * 3 + ["told"]  # PNG, SVG, two as HTML
    assert outputs[-3]["src"].startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize("page", ["feedback", "formgrade"])
def test_a_figure_has_its_own_words_there(page, feedback, formgrade):
    """The unit's own figures were drawn in the sandbox; their findings are the pictures' alternatives."""
    text = {"feedback": feedback.read_text(encoding="utf-8"), "formgrade": formgrade}[page]
    figures = BeautifulSoup(text, "html.parser").select(".output_png img")[:-1]
    assert len(figures) >= 3
    assert all(len(picture["alt"]) > 20 and picture["alt"] not in (NO_DESCRIPTION, UNKNOWN) for picture in figures)


@pytest.mark.fast
def test_an_outputs_words_come_before_the_cells_and_are_bounded():
    picture = {"image/png": "iVBORw0KGgo="}
    told = [
        {"image/png": {"alt": ' "onerror=alert(1)\n<b> '}},
        {"image/png": {"alt": "word " * 10**5}},
        {"image/png": {"alt": 7}},
        {"image/png": "no dictionary"},
        {"image/png": {"alt": "  "}},
    ]
    outputs = [new_output("display_data", picture, metadata=metadata) for metadata in told]
    cell = new_code_cell("", outputs=outputs, metadata={"alt": "the cell's"})
    svg = new_output("display_data", {"image/svg+xml": "<svg/>"}, metadata={"image/svg+xml": {"alt": 'a "drawing"'}})
    plain = new_code_cell("", outputs=[new_output("display_data", picture), svg])
    config = Config({"HTMLExporter": html_exporter() | {"template_name": "classic"}})  # feedback's, without its frame
    html, _ = PageExporter(config=config).from_notebook_node(new_notebook(cells=[cell, plain]))
    pictures = BeautifulSoup(html, "html.parser").select("img")
    assert all(set(each.attrs) == {"alt", "src"} for each in pictures)
    alts = [each["alt"] for each in pictures]
    assert alts[0] == '"onerror=alert(1) <b>'
    assert len(alts[1]) <= 1_000 and alts[1].endswith(" ...")
    assert alts[2:] == ["the cell's"] * 3 + [NO_DESCRIPTION, 'a "drawing"']


def test_a_page_a_learner_gets_is_small_enough_to_mail(feedback):
    pictures = sum(len(url) for url in loads(feedback.read_text(encoding="utf-8")) if url.startswith("data:image"))
    assert feedback.stat().st_size - pictures < 600_000


@pytest.mark.browser
def test_feedback_has_no_serious_finding_of_accessibility(feedback):
    with chromium() as browser:
        page = browser.new_page()
        page.goto(feedback.as_uri())
        assert findings(page) == []
        for width in (640, 390):  # 1280 pixels at 200 %, and a phone
            page.set_viewport_size({"width": width, "height": 450})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert findings(page) == []


@pytest.mark.browser
def test_feedback_is_drawn_alone_in_its_folder(feedback, tmp_path):
    page_file = tmp_path / "mailed.html"
    page_file.write_bytes(feedback.read_bytes())
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        assert page.evaluate("document.fonts.load('16px \"Course Math\"').then(fonts => fonts.length)") == 1
        assert page.evaluate("window.hacked === undefined")
        fractions = page.locator("mfrac")
        assert fractions.count() > 3
        assert page.evaluate(
            "[...document.querySelectorAll('math > mfrac')].every(f => f.firstChild.getBoundingClientRect().bottom"
            " <= f.lastChild.getBoundingClientRect().top + 1)"
        )
        # Without the font's table of stretched signs a root is no higher than a letter.
        root, inside = (page.locator(f"msqrt{part}").first.bounding_box()["height"] for part in ("", " > *"))
        assert root > inside > 20
        # Bootstrap's icons, which the page's policy does not let through, stand beside the page in vain.
        rest = [url for url in asked if not url.startswith("data:") and "/fonts/glyphicons" not in url]
        assert rest == [page_file.as_uri()]
        page.screenshot(path=tmp_path / "feedback.png", full_page=True)


def test_the_formgrader_shows_the_same_without_an_outside_host(formgrade):
    soup = BeautifulSoup(formgrade, "html.parser")
    fetched = {url for url in loads(formgrade) if not url.startswith("data:")}
    assert fetched
    assert all(url.startswith("/base/formgrader/static/") for url in fetched), fetched
    assert len(soup.select("math mfrac")) > 3
    notebook = soup.select_one("#notebook")
    assert not notebook.select("script, iframe, form, svg, [onerror], [onload], [onmouseover]")
    assert len(notebook.select("[id=check_standardize]")) == 1  # nbgrader's own; a second one would take its place
    assert "default-src 'self'" in soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]


@pytest.mark.fast
def test_the_formgraders_other_pages_load_from_the_server_only():
    for template in sorted(NBGRADER_TEMPLATES.glob("*.tpl")):
        fetched = loads(template.read_text(encoding="utf-8"))
        assert all(re.match(r"\{\{ (resources\.)?base_url \}\}/", url) for url in fetched), (template.name, fetched)


@pytest.mark.fast
@pytest.mark.parametrize("unit", UNITS)
def test_every_formula_of_the_course_is_typeset(unit):
    cells = [cell for cell in source_notebook(unit).cells if cell.cell_type == "markdown"]
    for cell in cells:
        soup = BeautifulSoup(markdown2html({"cell": cell}, cell.source), "html.parser")
        assert not soup.select("code[title]"), [(tag.get_text(), tag["title"]) for tag in soup.select("code[title]")]
        for tag in soup.select("code, pre"):
            tag.decompose()
        assert not FORMULA.search(soup.get_text()), cell.source
    assert sum("$" in cell.source for cell in cells) >= 1


FORMULAS = {
    r"\theta_{t+1} = \theta_t - \alpha \nabla J(\theta_t; x_i)": "msub",
    r"\hat m_t = \frac{m_t}{1-\beta_1^t}": "mfrac",
    r"\theta_{t+1} = \theta_t - \alpha_t \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}": "msqrt",
    r"\begin{aligned} m &= \beta_1 m + (1-\beta_1) g \\ v &= \beta_2 v + (1-\beta_2) g^2 \end{aligned}": "mtable",
    r"A = \begin{pmatrix} 1 & 0 \\ 0 & 25 \end{pmatrix}": "mtable",
    r"\lVert w \rVert_2^2 + \|w\|_1": "msubsup",
    r"\operatorname*{arg\,max}_k z_k": "munder",
    r"\underbrace{a + b}_{\text{sum}}": "munder",
}


@pytest.mark.fast
@pytest.mark.parametrize("tex", FORMULAS)
def test_the_kinds_of_formulas(tex):
    soup = BeautifulSoup(mathml(tex, display=True), "html.parser")
    assert soup.select_one(f"math[display=block] {FORMULAS[tex]}") is not None
    assert "\\" not in soup.get_text()


@pytest.mark.fast
def test_only_formulas_are_typeset():
    html = typeset("<p>$a < b$ and \\(c\\)</p><pre>$d$</pre><code>$e$</code>\\begin{align} f &= g \\end{align} 5$")
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.select("math")) == 3
    assert soup.pre.get_text() == "$d$"
    assert soup.select_one("p").get_text() == "a<b and c"
    assert html.endswith("5$")


@pytest.mark.fast
def test_the_keyboard_reaches_a_formula_that_a_phone_must_scroll_and_no_other():
    html = typeset(f"<p>$${WIDER_THAN_A_PHONE}$$ $$a^2 + b^2$$ ${WIDER_THAN_A_PHONE}$</p>")
    reached = BeautifulSoup(html, "html.parser").select("[tabindex]")
    assert len(reached) == 1 and reached[0]["class"] == ["display-math"]


@pytest.mark.fast
def test_math_in_an_html_summary_is_typeset():
    html = markdown2html({}, "<details><summary>Hint: $\\beta_1$</summary>\n\ntext with $\\beta_2$\n\n</details>")
    assert len(BeautifulSoup(html, "html.parser").select("details > summary > math, details > p > math")) == 2


@pytest.mark.fast
@pytest.mark.parametrize(
    "tex",
    [
        r"\unknown{x}",
        r"\frac{1",
        r"\href{javascript:alert(1)}{x}",
        "{" * 50_000,
        r"\sqrt" * 900 + "x",
        r"\def\a{\sqrt\sqrt\sqrt}\def\b{\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b}\c\c\c\c\c\c\c\c x",
    ],
    ids=["unknown", "cut off", "link", "braces", "roots", "macros"],
)
def test_what_cannot_be_typeset_stays_readable(tex):
    soup = BeautifulSoup(mathml(tex), "html.parser")
    assert [tag.name for tag in soup.find_all(True)] == ["code"]
    assert soup.get_text() == tex
    assert soup.code["title"]


@pytest.mark.fast
def test_a_tag_in_a_formula_is_text():
    soup = BeautifulSoup(mathml(r"a <script> \text{<img src=x>}"), "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= {"math", "mi", "mo", "mn", "mtext", "mspace"}


@pytest.mark.fast
def test_a_label_cannot_take_the_name_of_a_part_of_the_page():
    assert 'id="check_x"' not in mathml(r"\begin{equation} a \label{checkx} \end{equation}", display=True)


@pytest.mark.fast
@pytest.mark.parametrize("unit", UNITS)
def test_a_verdict_passes_unchanged(unit):
    """Cleaning must not touch what the course itself shows."""
    name = next(n for n in names(unit) if not find_exercise(n).withheld)
    reference = load(name)
    verdict = judge(run_cases(name, find_exercise(name).misconceptions[0].answer, reference), reference)
    for html in (render.html(verdict), render.html(verdict, private=True)):
        before, after = (BeautifulSoup(text, "html.parser") for text in (html, clean_html(html)))
        assert after.get_text() == before.get_text()
        assert elements(after) == elements(before)


def names(unit: str) -> list[str]:
    return [cell.metadata["exercise"] for cell in source_notebook(unit).cells if "exercise" in cell.metadata]


def elements(soup: BeautifulSoup) -> list[tuple[str | None | dict[str, str], ...]]:
    """Every element's name, style, role and label; a table's body, which HTML adds by itself, left out."""
    return [
        (tag.name, styles(tag.get("style", "")), tag.get("role"), tag.get("aria-label"))
        for tag in soup.find_all(True)
        if tag.name != "tbody"
    ]


def styles(text: str) -> dict[str, str]:
    """What a style says, however it is written."""
    pairs = (part.split(":", 1) for part in text.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s+", "", value) for name, value in pairs}

"""Attacks on whoever opens the graded page: the learner's classmates, or an instructor with a Jupyter session."""

from __future__ import annotations

from dataclasses import replace

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_raw_cell

from grader.audit.attacks.attack import Attack, adding
from grader.audit.attacks.draft import Draft

BROWSER = "the reader's browser"
STALL = "stopping the grader"

ACTIVE = """
<script>window.attacked = 1</script><img src=x onerror="window.attacked = 1"><svg onload="window.attacked = 1"></svg>
<iframe srcdoc="<script>parent.attacked = 1</script>"></iframe><a href="javascript:window.attacked = 1">x</a>
<a href="data:text/html,<script>1</script>">x</a><form action="https://example.org"><button>x</button></form>
<meta http-equiv="refresh" content="0; url=https://example.org"><base href="https://example.org">
<link rel="stylesheet" href="https://example.org/x.css"><style>@import "https://example.org";</style>
<div style="background: url(https://example.org); position: fixed">x</div>
<details ontoggle="window.attacked = 1" open>
<math><mtext><img src=x onerror="window.attacked = 1"></mtext></math><object data="x"></object><embed src="x">
<template><script>window.attacked = 1</script></template>
<noscript><p title="</noscript><script>window.attacked=1</script>">
<img src="https://example.org/spy.png"><input autofocus onfocus="window.attacked = 1"><isindex><!--[if gte IE 4]>-->
"""

HTML = f"from IPython.display import display, HTML\ndisplay(HTML(r'''{ACTIVE}'''))"

KINDS = f"""
from IPython.display import display
text = r'''{ACTIVE}'''
for kind in ("text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript", "text/vnd.mermaid",
             "application/vnd.jupyter.widget-view+json", "application/x-unknown", "text/x-html", "application/pdf"):
    display({{kind: text}}, raw=True)
    display({{kind: text, "text/plain": text}}, raw=True)
breakout = 'AAAA" onerror="window.attacked = 1" x="'
for kind in ("image/png", "image/jpeg", "image/gif", "image/svg+xml"):
    display({{kind: breakout}}, raw=True, metadata={{kind: {{"width": '1" onerror="window.attacked = 1'}}}})
display({{"image/png": "iVBORw0KGgo="}}, raw=True, metadata={{"filenames": {{"image/png": "https://example.org/x.png"}}}})
"""

TEXTS = f"""
import sys
text = r'''{ACTIVE}'''
print(text)
print(text, file=sys.stderr)
def VICTIM(*args):
    raise type(text, (Exception,), {{}})(text)
Named = type(text[:60], (Exception,), {{"__module__": text, "__qualname__": text}})
exec(compile("raise Named(text)", text, "exec"))
"""

IMITATION = """
from IPython.display import display, HTML
display(HTML('<div class="jp-Cell-outputWrapper nbgrader-label" id="check_VICTIM">VICTIM: 100 of 100 points</div>'
             '<div style="position:absolute;top:0;left:0;width:100%;height:100%;z-index:9999">A</div>'))
"""

BOMB = "from IPython.display import HTML, display\nshow = lambda text: (print(text), display(HTML(text)))\n"
BOMBS = {
    "tags in tags": "show('<div>' * 60_000)",
    "tags that never end": "show('<a href=\"' * 60_000)",
    "comments that never end": "show('<!--' * 60_000)",
    "formulas that never end": "show(r'\\begin{a}' * 30_000 + '$' * 30_000)",
    "a million colours": "show(chr(27).join(['[31mx'] * 200_000))",
}


TEXTS_THAT_NEVER_END = (
    "|" * 20_000,
    "|a" * 200 + "\n" + "|-" * 200 + "\n" + ("|x" * 200 + "\n") * 200,
    "```" * 10_000,
    "`" * 5_000 + "a" + "`" * 5_001,
    "*a_ " * 20_000,
    "**" * 20_000,
    "[" * 20_000,
    "![a](" * 10_000,
    "[a][b]\n\n" * 2_000 + "[b]: x\n" * 2_000,
    "> " * 2_000 + "deep",
    "".join(" " * depth + "- x\n" for depth in range(300)),
    "<" * 20_000,
    "&" * 20_000,
    "$a" * 10_000,
    "\\(" * 10_000,
    "a\u0301" * 20_000,
    " " * 50_000 + "x",
    "\n" * 50_000,
    "<!-- " * 10_000,
)


def _blank_lines(draft: Draft) -> None:
    draft.notebook.cells.append(new_code_cell(" \n" * 8_000))


def _long_lines(draft: Draft) -> None:
    for text in ("x = '" + "a\\" * 50_000, "(" * 20_000 + "#" * 20_000, "\t" * 20_000 + '"' * 15_000):
        draft.notebook.cells.append(new_code_cell(text))


def _endless_texts(draft: Draft) -> None:
    for text in TEXTS_THAT_NEVER_END:
        draft.add_text(text)


def _text_cells(draft: Draft) -> None:
    draft.add_text(ACTIVE)
    draft.add_text('[x](javascript:window.attacked=1) ![x](x"onerror="window.attacked=1) <https://a"onclick="1> `<b>`')
    draft.add_text("$\\href{javascript:window.attacked=1}{x}$ $$\\text{<script>window.attacked=1</script>}$$")
    draft.notebook.cells.append(new_raw_cell(ACTIVE, metadata={"raw_mimetype": "text/html", "format": "text/html"}))


def _metadata(draft: Draft) -> None:
    script = "</title></script><script>window.attacked = 1</script>"
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"x": script}, "version_major": 2}}
    draft.notebook.metadata |= {"title": script, "widgets": state, "authors": [{"name": script}]}
    draft.notebook.metadata["language_info"] = {"name": script, "pygments_lexer": script, "mimetype": script}
    for cell in draft.notebook.cells:
        cell.metadata["tags"] = [script, '" onclick="window.attacked = 1']
        cell.metadata["slideshow"] = {"slide_type": script}
    _add_attachment(draft.notebook.cells[-1], script)


def _add_attachment(cell: NotebookNode, script: str) -> None:
    cell["attachments"] = {"x.png": {"image/png": f'AAAA"><img src=x onerror="window.attacked=1">{script}'}}
    cell.source += "\n\n![x](attachment:x.png)"


_ALL = [
    adding("scripts, forms, frames and loads in displayed HTML", BROWSER, HTML),
    adding("the same as every other kind of output", BROWSER, KINDS),
    adding("the same in texts, names and exceptions", BROWSER, TEXTS),
    Attack("the same in text cells, links and formulas", BROWSER, _text_cells),
    Attack("the same in metadata, widgets and attachments", BROWSER, _metadata),
    adding("an imitation of the grader's panel", "the reader's trust", IMITATION),
    *(adding(f"a page that takes hours to make: {name}", STALL, BOMB + text) for name, text in BOMBS.items()),
    Attack("a page that takes hours to make: 8,000 lines of one blank", STALL, _blank_lines),
    Attack("a page that takes hours to make: long lines of code", STALL, _long_lines),
    Attack("a page that takes hours to make: every mark of Markdown, again and again", STALL, _endless_texts),
    Attack("a page that takes hours to make: a text cell", STALL, lambda draft: draft.add_text("<div>" * 60_000)),
]
ATTACKS = [replace(attack, read=True) for attack in _ALL]

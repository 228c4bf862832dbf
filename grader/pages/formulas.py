"""Formulas in a piece of HTML become MathML, which every current browser draws by itself, without a script."""

from __future__ import annotations

import re
from functools import cache
from html import escape

from bs4 import BeautifulSoup, NavigableString
from math_core import LatexError, LatexToMathML

FORMULA = re.compile(
    r"\$\$(?P<dollars>.{1,4000}?)\$\$"
    r"|\\\[(?P<brackets>.{1,4000}?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.{1,4000}?\\end\{(?P=name)\})"
    r"|(?<!\\)\$(?P<inline>[^$]{1,4000}?)\$"
    r"|\\\((?P<parentheses>.{1,4000}?)\\\)",
    re.S,
)
DISPLAY = ("dollars", "brackets", "environment")

# The converter recurses: a formula nested deeper than any that is meant to be read would crash it. Each level takes
# one of these to open, so that their number bounds the depth.
OPENING = re.compile(r"\\[A-Za-z]+|[{(\[^_]")
MOST_OPENING = 250

TAG = re.compile(r"<[^>]*>")
MOST_ON_A_PHONE = 24
"""Signs of a formula: about so many of them fill 300 pixels."""


def typeset(html: str) -> str:
    """Turn the formulas in a piece of HTML into MathML; code stays as it is."""
    if not FORMULA.search(html):
        return html
    soup = BeautifulSoup(html, "html.parser")
    for node in list(soup.find_all(string=FORMULA)):
        if type(node) is NavigableString and not node.find_parent(["code", "pre", "samp", "kbd"]):
            node.replace_with(BeautifulSoup(_pieces(str(node)), "html.parser"))
    return str(soup)


def _pieces(text: str) -> str:
    parts, end = [], 0
    for match in FORMULA.finditer(text):
        kind = next(k for k in (*DISPLAY, "inline", "parentheses") if match[k] is not None)
        formula = mathml(match[kind], display=kind in DISPLAY)
        parts += [escape(text[end : match.start()], quote=False), _block(formula) if kind in DISPLAY else formula]
        end = match.end()
    return "".join([*parts, escape(text[end:], quote=False)])


def _block(formula: str) -> str:
    """A formula on a line of its own; one that a phone may have to scroll can be reached by keyboard."""
    reach = ' tabindex="0"' if len(TAG.sub("", formula)) > MOST_ON_A_PHONE else ""
    return f'<span class="display-math"{reach}>{formula}</span>'


def mathml(tex: str, display: bool = False) -> str:
    """MathML of a formula in TeX; one that cannot be converted stays readable as TeX, with the reason as tooltip."""
    reason = "This formula is too deeply nested to be typeset."
    if len(OPENING.findall(tex)) <= MOST_OPENING:
        try:
            return _converter().convert_with_local_state(tex.strip(), displaystyle=display)
        except LatexError as error:
            reason = str(error)
    return f'<code title="{escape(reason)}">{escape(tex.strip())}</code>'


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(
        fancy_error=False,
        allow_unreliable_rendering=True,
        # A few macros, nested, make a formula of any depth out of a short text.
        max_expansions=0,
        # A label must not take the name of a part of the page.
        id_prefix="formula-",
    )

"""Sphinx's formulas by the course's own code: MathML, which a browser draws by itself, in the course's font."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from grader.pages.formulas import mathml

NAME = "course-mathml"
logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Add the renderer, for `html_math_renderer`."""
    app.add_html_math_renderer(NAME, (_inline, None), (_display, None))


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_made(node, display=False))
    raise nodes.SkipNode


def _display(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{_made(node, display=True)}</div>')
    raise nodes.SkipNode


def _made(node: nodes.Element, *, display: bool) -> str:
    made = mathml(node.astext(), display=display)
    if made.startswith("<code"):
        logger.warning("a formula cannot be typeset, and stays TeX: %s", node.astext(), location=node)
    return made

"""Every figure's words beside its picture, in the output that a notebook shows and keeps.

They stand where each program looks: in the metadata of the picture as `alt` (feedback pages, the site, JupyterLab with
the course's extension), and as the plain text of the same output, which VS Code takes for the picture's alternative.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.drawing.described import describe
from course_lib.drawing.foreign import told

PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Picture:
    """A PNG that is shown with its words, as an output of its own."""

    png: bytes
    words: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"image/png": self.png, "text/plain": self.words}, {"image/png": {"alt": self.words}}


@dataclass(frozen=True)
class WithWords:
    """A formatter of figures that gives the words along: its own data, and them as metadata."""

    formatter: Callable[[Any], Any]

    def __call__(self, figure: Any) -> Any:
        """Called by IPython: the picture's data and its metadata, or None where it would show no picture."""
        with told(figure):
            made = self.formatter(figure)
            if made is None:  # nothing is drawn in it
                return None
            data, metadata = made if isinstance(made, tuple) else (made, {})
            return data, {**metadata, "alt": describe(figure)}


def give_figures_words() -> None:
    """Have every figure that IPython shows from now on carry its words; without IPython, do nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    formatter = getattr(shell, "display_formatter", None)
    if formatter is None:
        return
    from matplotlib.figure import Figure

    def prepare(_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # Asked first of all whenever a figure is shown. Whoever chose the formats since (`%matplotlib inline`,
        # `%config InlineBackend.figure_format = "retina"`) registered formatters that have no words.
        for kind in PICTURES:
            each = formatter.formatters.get(kind)
            chosen = each.type_printers.get(Figure) if each is not None else None
            if chosen is not None and not isinstance(chosen, WithWords):
                each.for_type(Figure, WithWords(chosen))
        formatter.formatters["text/plain"].for_type(Figure, _write)
        return {}, {}

    formatter.mimebundle_formatter.for_type(Figure, prepare)


def _write(figure: Any, printer: Any, cycle: bool) -> None:
    drawn = figure.axes or figure.lines  # IPython shows no picture of any other
    with told(figure):
        printer.text(describe(figure) if drawn else repr(figure))

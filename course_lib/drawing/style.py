"""The look of every figure: one card, one palette, one kind of title.

A figure is an opaque light card, so that it reads the same on a light page, on a dark one and in print. Colours are
Okabe and Ito's, which stay apart for colour-blind readers (https://jfly.uni-koeln.de/color/). Matplotlib is
imported inside the functions: `import course_lib` stays quick.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.drawing.alternatives import give_figures_words
from course_lib.drawing.foreign import use_font
from course_lib.errors import CourseError
from course_lib.kernel.backend import bring_inline, forget_unusable_choice
from course_lib.told import tell_prints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

forget_unusable_choice()

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
YELLOW = "#F0E442"  # too light for a line on the card: for fills only
INK = "#222222"
MUTED = "#666666"  # 5.6 : 1 on the card
CARD = "#FCFCFA"
GRID = "#DDDDD8"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)

WIDTH = 7.0  # inches: 770 pixels, and still readable when a phone shrinks them to 360


def use_style() -> None:
    """Give every later figure the course's look, in a kernel in the notebook's page; its first cell calls it once.

    Where the course is read in another language, figures and what the cells print are told in it from here on.
    """
    import matplotlib as mpl
    from cycler import cycler

    bring_inline()  # first: it may set a few of these itself
    give_figures_words()

    # Past the seventh line the dashes tell the colours apart.
    lines = cycler(linestyle=["-", "--"]) * cycler(color=PALETTE)
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 4.2),
            "figure.dpi": 110,
            "savefig.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.h_pad": 0.08,
            "figure.constrained_layout.w_pad": 0.08,
            "figure.facecolor": CARD,
            "savefig.facecolor": CARD,
            "axes.facecolor": CARD,
            "contour.negative_linestyle": "solid",  # a loss below zero is a loss like any other
            "axes.prop_cycle": lines,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 12.5,
            "axes.titleweight": "bold",
            "axes.titlepad": 9,
            "figure.titlesize": 12.5,
            "figure.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.8,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "text.color": INK,
            "font.size": 11.5,
            "legend.fontsize": 10.5,
            "legend.frameon": True,
            "legend.facecolor": CARD,
            "legend.edgecolor": GRID,
            "legend.framealpha": 0.9,
            "lines.linewidth": 2.0,
            "lines.markersize": 5,
            "image.cmap": "cividis",
            "image.interpolation": "nearest",
        }
    )
    use_font()
    tell_prints()


def finding(target: Axes | Figure, text: str) -> None:
    """Title that states what the picture shows, at the left, on as many lines as it needs.

    For one panel hand over its Axes, for several panels together their Figure. It returns nothing, so that a cell
    may end on it without printing noise.
    """
    from matplotlib.axes import Axes

    if isinstance(target, Axes):
        title = target.set_title("", loc="left")
        spec = target.get_subplotspec()
        columns = spec.get_gridspec().ncols / len(spec.colspan) if spec is not None else 1
        # An inch less than the panel's share: the title begins where the axis does, right of its labels.
        figure = target.get_figure(root=True)
        room = (figure.get_figwidth() if figure is not None else WIDTH) / columns - 0.95
    else:
        title = target.suptitle("", x=0.015, ha="left")
        room = target.get_figwidth() * 0.97
    title.set_text(_wrapped(text, title, room))


def _wrapped(text: str, like: Any, inches: float) -> str:
    """`text` broken into lines that fit into `inches` in the font of the Text `like`."""
    from matplotlib.cbook import is_math_text
    from matplotlib.textpath import text_to_path

    font = like.get_fontproperties()

    def width(line: str) -> float:
        return float(text_to_path.get_text_width_height_descent(line, font, bool(is_math_text(line)))[0]) / 72

    lines: list[str] = []
    for word in re.findall(r"(?:\$[^$]*\$|\S)+", text):  # a formula stays in one piece
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer) > inches:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return "\n".join(lines)


def axes_or_new(ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    """`ax`, or the Axes of a new figure of `size` inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1]


def name_axes(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Set both labels."""
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)


def as_seeds(values: Any, label: str) -> np.ndarray:
    """`values` as float64 of shape (seeds, T); a 1-D array is one seed. Raises `CourseError` for other shapes."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if array.ndim != 2 or array.size == 0:
        raise CourseError(
            f"The values of {label!r} have shape {np.shape(values)}; a plot needs (T,), or (seeds, T), with T > 0."
        )
    return array

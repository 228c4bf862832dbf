"""The leaderboard as one HTML file: no script, nothing to load, every picture with a table that has its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.drawing.style import BLUE, MUTED, ORANGE, name_axes, use_style
from course_lib.private_files import write_private
from course_lib.sentences import say
from course_lib.told import shown
from grader.pages.words import environment
from grader.reports.class_plots import Plot, as_plot, new_figure
from grader.reports.leaderboard import Entry, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEMPLATES = Path(__file__).parents[1] / "pages" / "templates"
AXES = (
    ("parameters", "parameters", "parameters"),
    ("time", "time of a prediction, in multiples of what unit 10's network takes", "time"),
)
"""What costs: the entry's field, the axis's name, and the word for the title."""


def write_page(entries: Sequence[Entry], unit: str, named: bool, path: Path, shared: bool = False) -> None:
    """Write the page for these entries; `named`: they carry learners' names, so the page says to keep it in."""
    write_private(path, make_page(entries, unit, named), shared)


def make_page(entries: Sequence[Entry], unit: str, named: bool) -> str:
    """The page's text."""
    folders = [TEMPLATES / "leaderboard", TEMPLATES / "class_report"]  # the second has the style sheet
    columns = [(title, cells) for title, cells in numbers(entries) if any(cells)]
    return (
        environment(*folders)
        .get_template("leaderboard.html.j2")
        .render(
            unit=unit,
            named=named,
            entries=entries,
            titles=[title for title, _ in columns],
            cells=list(zip(*(cells for _, cells in columns), strict=True)) if columns else [()] * len(entries),
            plots=draw(entries),
        )
    )


def draw(entries: Sequence[Entry]) -> list[Plot]:
    """Accuracy against parameters, and against time, where two networks or more have these."""
    import matplotlib as mpl

    plots = []
    with mpl.rc_context():
        use_style()
        for key, label, cost in AXES:
            points = [(getattr(entry, key), entry) for entry in entries if getattr(entry, key)]
            if len(points) > 1:
                plots.append(_against(points, label, cost))
    return plots


def _against(points: Sequence[tuple[float, Entry]], label: str, cost: str) -> Plot:
    front = _front(points)
    figure, axes = new_figure(4.6)
    axes.set_xscale("log")
    axes.plot([x for x, _ in points], [100 * e.accuracy for _, e in points], "o", color=MUTED, label="other networks")
    costs, scores = [x for x, _ in front], [100 * entry.accuracy for _, entry in front]
    axes.step(costs, scores, "-", color=BLUE, where="post", linewidth=1.4)
    axes.plot(costs, scores, "o", color=ORANGE, markersize=9, label="Pareto front: nothing beats these in both")
    _plain_ticks(axes)
    name_axes(axes, label, "hidden images named right, in %")
    figure.legend(loc="outside lower left", ncols=2)
    if len(front) > 1:
        gained, factor = scores[-1] - scores[0], costs[-1] / costs[0]
        template = shown("On the front, {gained} points more accuracy take {factor} times the {cost}")
        says = say(template, gained=f"{gained:.1f}", factor=f"{factor:.2g}", cost=shown(cost))
    else:
        says = say(shown("{name} is first in both"), name=front[0][1].name)
    _name_front(figure, axes, front)
    return as_plot(figure, says)


def _front(points: Sequence[tuple[float, Entry]]) -> list[tuple[float, Entry]]:
    """From cheap to dear: each more accurate than everything that costs as much or less."""
    found: list[tuple[float, Entry]] = []
    for x, entry in sorted(points, key=lambda point: (point[0], -point[1].accuracy)):
        if not found or entry.accuracy > found[-1][1].accuracy:
            found.append((x, entry))
    return found


def _plain_ticks(axes: Axes) -> None:
    """Ticks at 1, 2 and 5 times the powers of ten, written out; room above and on the left for names."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_xlim()
    axes.set_xlim(low / (high / low) ** 0.25, high)
    axes.margins(y=0.15)


def _name_front(figure: Any, axes: Axes, front: Sequence[tuple[float, Entry]]) -> None:
    """Names above and left of their points, where by the front's nature no point lies; of two that would overlap, the
    more accurate one's stays."""
    names = []
    for x, entry in reversed(front):
        place: Any = {"xytext": (-6, 4), "textcoords": "offset points", "ha": "right"}
        name = axes.annotate(entry.name, (x, 100 * entry.accuracy), fontsize=9, parse_math=False, **place)
        name.set_in_layout(False)
        names.append(name)
    figure.draw_without_rendering()
    taken: list[Any] = []
    for name in names:
        box = name.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            name.remove()
        else:
            taken.append(box)

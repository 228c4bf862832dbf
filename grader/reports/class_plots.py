"""The figures of the class report, in the course's style, each as a PNG in a data URL with its finding in words."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_lib.drawing.foreign import told
from course_lib.drawing.style import BLUE, MUTED, ORANGE, SKY, VERMILLION, WIDTH, finding, name_axes, use_style
from course_lib.sentences import say
from course_lib.told import shown
from grader.reports.class_facts import Bin, Met, Property, Slow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = 12
"""As many bars as a figure shows; the tables have all."""
DPI = 165  # half as many again as in a notebook: text stays sharp on dense screens


@dataclass(frozen=True)
class Plot:
    """A picture as the source of an `<img>`, and its finding in a sentence."""

    source: str
    finding: str


def draw(
    bins: Sequence[Bin], lost: Sequence[Property], met: Sequence[Met], slow: Sequence[Slow], graded: int
) -> dict[str, Plot]:
    """The figures by their section's name; a section without anything to show has none."""
    import matplotlib as mpl

    found = {}
    with mpl.rc_context():  # this process may draw other figures in another style
        use_style()
        if graded:
            found["scores"] = _scores(bins, graded)
        if any(each.lost for each in lost):
            found["lost"] = _lost(lost, graded)
        if met:
            found["met"] = _met(met, graded)
        if slow:
            found["slow"] = _slow(slow)
    return found


def _scores(bins: Sequence[Bin], graded: int) -> Plot:
    from matplotlib.ticker import MaxNLocator

    high, low = bins[9].count + bins[10].count, sum(each.count for each in bins[:5])
    says = say(_how_many(high, low), graded=graded, high=high, low=low)
    figure, axes = new_figure(3.4)
    bars = axes.bar(range(len(bins)), [each.count for each in bins], color=[*[BLUE] * 10, SKY], width=0.9)
    axes.bar_label(bars, [str(each.count or "") for each in bins], padding=2, fontsize=10)
    axes.set_xticks([*(i - 0.5 for i in range(11)), 10], [*(str(10 * i) for i in range(10)), "", "100+"])
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(y=0.12)
    name_axes(axes, "points earned, in % of the most", "learners")
    return as_plot(figure, says)


def _how_many(high: int, low: int) -> str:
    """The template that says how many have nearly all points, and how many less than half."""
    if not high:
        none = shown("None of {graded} have 90 % of the points or more, {low} less than half")
        return none if low else shown("None of {graded} have 90 % of the points or more, none less than half")
    if high == 1:
        one = shown("1 of {graded} has 90 % of the points or more, {low} less than half")
        return one if low else shown("1 of {graded} has 90 % of the points or more, none less than half")
    many = shown("{high} of {graded} have 90 % of the points or more, {low} less than half")
    return many if low else shown("{high} of {graded} have 90 % of the points or more, none less than half")


def _lost(lost: Sequence[Property], graded: int) -> Plot:
    worst = sorted((each for each in lost if each.lost), key=lambda each: -each.lost)[:BARS]
    first = worst[0]
    most = sum(each.lost for each in lost)
    template = shown("{lost} of the {most} points that the class lost went with {exercise}: {key}")
    says = say(template, lost=first.lost, most=most, exercise=first.exercise, key=first.key)
    figure, axes = new_figure(1.35 + 0.33 * len(worst))
    names = [f"{each.exercise}: {each.key}" for each in worst]
    by = shown("{lost} by {some} of {graded}")
    labels = [say(by, lost=each.lost, some=each.lost_by, graded=graded) for each in worst]
    _lying(axes, names, [each.lost for each in worst], labels, VERMILLION)
    axes.set_xlabel("points that the class lost")
    return as_plot(figure, says)


def _met(met: Sequence[Met], graded: int) -> Plot:
    most = met[:BARS]
    first = most[0]
    template = shown("Most frequent: {exercise}: {name}, {count} of {graded} learners")
    says = say(template, exercise=first.exercise, name=first.name, count=len(first.students), graded=graded)
    figure, axes = new_figure(1.35 + 0.33 * len(most))
    counts = [len(each.students) for each in most]
    _lying(axes, [f"{each.exercise}: {each.name}" for each in most], counts, [str(count) for count in counts], ORANGE)
    axes.set_xlabel("learners")
    return as_plot(figure, says)


def _slow(slow: Sequence[Slow]) -> Plot:
    first = slow[0]
    template = shown("The slowest ran {seconds} s")
    longest = [each.cells[0][1] if each.cells else 0.0 for each in slow]
    if longest[0]:
        template = shown("The slowest ran {seconds} s, {longest} s of them in one cell")
    says = say(template, seconds=f"{first.seconds:.3g}", longest=f"{longest[0]:.3g}")
    figure, axes = new_figure(1.75 + 0.33 * len(slow))
    places = range(len(slow))
    rest = [max(0.0, each.seconds - long) for each, long in zip(slow, longest, strict=True)]
    axes.barh(places, longest, color=VERMILLION, label="its slowest cell", height=0.7)
    axes.barh(places, rest, left=longest, color=SKY, label="everything else", height=0.7)
    axes.set_yticks(places, [str(place + 1) for place in places])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right")
    name_axes(axes, "seconds", "number in the table")
    return as_plot(figure, says)


def _lying(axes: Axes, names: list[str], values: list[int], labels: list[str], colour: str) -> None:
    """Bars from left to right, the first on top, each with its label at its end."""
    from matplotlib.ticker import MaxNLocator

    bars = axes.barh(range(len(names)), values, color=colour, height=0.7)
    axes.bar_label(bars, labels, padding=4, fontsize=10, color=MUTED)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(axis="y", length=0, labelsize=10.5)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.16)


def new_figure(height: float) -> tuple[Any, Axes]:
    """A figure as wide as a page's, `height` inches high, with its one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.subplots()


def as_plot(figure: Any, says: str) -> Plot:
    """The figure with its finding as a title, ready for a page."""
    finding(figure, says)  # the figure's own, for the names on the left leave the panel little room
    buffer = io.BytesIO()
    with told(figure):
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return Plot(f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}", says)

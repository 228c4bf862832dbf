"""What a figure says to somebody who does not see it: its findings, and what is drawn in it.

The text is read from the figure when it is shown, so that a learner's own figure has one as well. It stands in the
output's metadata (`course_lib.drawing.alternatives`), where feedback pages, the site and JupyterLab find it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.drawing.spoken import spoken
from course_lib.sentences import say
from course_lib.told import put_together, shown, sign

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 700
"""Characters: what is longer is not listened to."""
NAMES, PANELS = 8, 6
"""As many names of lines, and panels, are listed one by one."""
FEW = 4
"""So many lines are told with where they begin and end."""
WRONG_MARK = "\u2717"
"""What `image_grid` writes before a label that is wrong."""
UNKNOWN = "A picture of which nothing more is known."


def describe(figure: Figure) -> str:
    """One to a few sentences, never empty: the figure's finding, its panels' titles in order, and what they show."""
    try:
        return _described(figure) or shown(UNKNOWN)
    except Exception:  # of whatever kind: a figure without words is still to be seen
        return shown(UNKNOWN)


def _described(figure: Figure) -> str:
    panels = [panel for panel in map(_Panel, _of_panels(figure)) if panel.title or panel.shows]
    names = [text for legend in figure.legends for text in _names_in(legend)]
    heading = spoken(figure.get_suptitle())
    parts = [heading]
    if len(panels) == 1:
        parts += [panels[0].title, panels[0].shows]
    elif panels:
        parts.append(_about_panels(panels))
    if names:
        parts.append(say(shown("In the legend: {names}"), names=_listed(names)))
    if not any(parts):
        parts = [_written(figure.texts) or shown("Empty axes, in which nothing is drawn")]
    return _shortened(put_together(_sentence(part) for part in parts if part))


class _Panel:
    """One panel's title, and what it shows, as text."""

    def __init__(self, axes: Sequence[Axes]) -> None:
        places: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
        titles = [spoken(ax.get_title(place)) for ax in axes for place in places]
        self.title = put_together(f"{title}{sign('.')}" for title in dict.fromkeys(filter(None, titles)))
        self.title = self.title.removesuffix(sign("."))
        self.shows = sign("; ").join(filter(None, map(_shown, axes)))


def _about_panels(panels: Sequence[_Panel]) -> str:
    """Several panels: what all of them show is said once."""
    count = say(shown("{count} panels"), count=len(panels))
    titles = [panel.title for panel in panels if panel.title]
    listed = _listed(titles, 2 * PANELS, sign("; "))
    order = say(shown(". In order: {titles}"), titles=listed) if titles else ""
    kinds = list(dict.fromkeys(panel.shows for panel in panels if panel.shows))
    if len({panel.shows for panel in panels}) == 1:
        return (say(shown("{count}, in each {kind}"), count=count, kind=kinds[0]) if kinds else count) + order
    if len(panels) > PANELS:
        return say(shown("{count}, with {kinds}"), count=count, kinds=_listed(kinds, 3, sign("; "))) + order
    said = [_sentence(count)]
    for number, panel in enumerate(panels, 1):
        said += [say(shown("Panel {number}:"), number=number)]
        said += [_sentence(text) for text in (panel.title, panel.shows) if text]
    return put_together(said)


def _of_panels(figure: Figure) -> list[list[Axes]]:
    """The figure's Axes by panel: twins, which lie on each other, are one; a bar of colours is part of another."""
    panels: dict[Any, list[Axes]] = {}
    for ax in figure.axes:
        if ax.get_visible() and ax.get_label() != "<colorbar>":
            panels.setdefault(tuple(round(side, 4) for side in ax.get_position(original=True).bounds), []).append(ax)
    return list(panels.values())


# --- What one Axes shows ---------------------------------------------------------------------------------------------


def _shown(ax: Axes) -> str:
    """ "loss over steps, 2 lines: SGD, Adam"; empty where nothing is drawn."""
    things = _things(ax)
    if not things:
        words = _written(ax.texts)
        return words[:1].lower() + words[1:] if words else ""
    axes_names, named = _over(ax), _names(ax) or _bar_names(ax)
    said = _listed(things)
    if named and not ax.images:
        ends = _ends(ax)
        between = sign("; ") if any(sign(", ") in name for name in named) else sign(", ")
        with_ends = [
            say(shown("{name} ({ends})"), name=name, ends=ends[name]) if name in ends else name for name in named
        ]
        names = _listed(with_ends, between=between)
        some = shown("{things}; named: {names}")  # a legend may leave out what is drawn many times
        said = say(some, things=said, names=names) if len(_curves(ax)) > 2 * len(named) else said + sign(": ") + names
    return put_together([axes_names + sign(","), said]) if axes_names else said


def _things(ax: Axes) -> list[str]:
    """What is drawn, by kind, with how many there are."""
    lines, curves = _lines(ax), _curves(ax)
    kinds = [type(each).__name__ for each in ax.collections]
    points = sum(
        len(np.asarray(each.get_offsets()))
        for each, kind in zip(ax.collections, kinds, strict=True)
        if kind == "PathCollection"
    )
    bars = sum(len(getattr(container, "patches", ())) for container in ax.containers)
    found = []
    if ax.images:
        found.append(_images(ax))
    if any("ContourSet" in kind for kind in kinds):
        found.append(shown("contours"))
    elif any(kind == "QuadMesh" for kind in kinds):
        found.append(shown("a map in colours"))
    if bars:
        found.append(_count(bars, shown("a bar"), shown("{count} bars")))
    if curves:
        found.append(_count(len(curves), shown("a line"), shown("{count} lines")))
    if points:
        found.append(_count(points, shown("a point"), shown("{count} points")))
    elif lines and not curves:
        found.append(shown("marked points"))
    if not found and ax.patches:
        found.append(_with_words(shown("a drawing"), ax.texts))
    return found


def _lines(ax: Axes) -> list[Any]:
    return [line for line in ax.lines if line.get_visible() and not _is_guide(line)]


def _curves(ax: Axes) -> list[Any]:
    return [line for line in _lines(ax) if line.get_linestyle() != "None"]


def _images(ax: Axes) -> str:
    if len(ax.images) > 1:
        wrong = sum(text.get_text().startswith(WRONG_MARK) for text in ax.texts)
        if wrong:
            one = shown("{count} images, one of them marked as wrong")
            template = one if wrong == 1 else shown("{count} images, {wrong} of them marked as wrong")
        else:
            template = shown("{count} images")
        return say(template, count=len(ax.images), wrong=wrong)
    rows, columns = np.asarray(ax.images[0].get_array()).shape[:2]
    measured = ax.axison and (ax.get_xlabel() or ax.get_ylabel())
    map_of = shown("a map of {rows} by {columns} values")
    return say(map_of, rows=rows, columns=columns) if measured else shown("an image")


def _is_guide(line: Any) -> bool:
    """A straight line across the panel (`axhline`, `axvline`) without a name: an aid to the eye, nothing measured."""
    return not _is_named(line) and (len(line.get_xdata()) < 2 or line.get_transform() != line.axes.transData)


def _is_named(artist: Any) -> bool:
    label = str(artist.get_label())
    return bool(label) and not label.startswith("_")


def _over(ax: Axes) -> str:
    """ "loss over steps": the names of the axes, those of panels that share them included."""
    y, x = _axis_name(ax, "y"), _axis_name(ax, "x")
    said = say(shown("{y} over {x}"), y=y, x=x) if x and y else y or x
    logarithmic = (ax.get_xscale() == "log", ax.get_yscale() == "log")
    if said and shown("logarithmic") not in said and any(logarithmic):
        horizontal, vertical = (
            shown("{axes} (horizontal axis logarithmic)"),
            shown("{axes} (vertical axis logarithmic)"),
        )
        one = horizontal if logarithmic[0] else vertical
        said = say(shown("{axes} (both axes logarithmic)") if all(logarithmic) else one, axes=said)
    return said


def _axis_name(ax: Axes, which: str) -> str:
    shared = ax.get_shared_x_axes() if which == "x" else ax.get_shared_y_axes()
    for each in (ax, *shared.get_siblings(ax)):
        name = spoken(getattr(each, f"get_{which}label")())
        if name:
            return name
    return spoken(getattr(ax.get_figure(), f"get_sup{which}label", str)())


def _names(ax: Axes) -> list[str]:
    """What the legend names; without one, what it would name."""
    legend = ax.get_legend()
    names = (
        _names_in(legend)
        if legend is not None
        else [spoken(shown(label)) for label in ax.get_legend_handles_labels()[1]]
    )
    return [name for name in dict.fromkeys(names) if name]


def _ends(ax: Axes) -> dict[str, str]:
    """Of a few named lines that run from left to right: "2.3 to 0.4", where each begins and where it ends."""
    found = {}
    for line in ax.lines:
        x, y = (np.ma.filled(data, np.nan) for data in line.get_data(orig=False))
        measured = line.get_transform() == ax.transData and line.get_linestyle() != "None" and len(x) > 2
        if _is_named(line) and measured and (np.diff(x) > 0).all():
            seen = y[np.isfinite(y)]
            if seen.size > 1:
                found[spoken(shown(str(line.get_label())))] = say(
                    shown("{first} to {last}"), first=_number(seen[0]), last=_number(seen[-1])
                )
    return found if len(found) <= FEW else {}


def _number(value: float) -> str:
    """Three digits, with a true minus sign."""
    return f"{value:.3g}".replace("-", "\u2212")


def _names_in(legend: Any) -> list[str]:
    return [spoken(text.get_text()) for text in legend.get_texts()]


def _bar_names(ax: Axes) -> list[str]:
    """What stands beneath (or beside) bars, where it is words and not a scale."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter

    for axis in (ax.xaxis, ax.yaxis):
        formatter = axis.get_major_formatter()
        if ax.containers and isinstance(formatter, FixedFormatter | StrCategoryFormatter):
            labels = [spoken(label.get_text()) for label in axis.get_ticklabels()]
            return [label for label in labels if label]
    return []


# --- Words -----------------------------------------------------------------------------------------------------------


def _written(texts: Iterable[Any]) -> str:
    """A drawing that is made of words alone."""
    return _with_words(shown("A drawing"), texts) if any(text.get_text().strip() for text in texts) else ""


def _with_words(thing: str, texts: Iterable[Any]) -> str:
    found = [text for text in dict.fromkeys(spoken(text.get_text()) for text in texts) if text]
    words = [text for text in found if re.search(r"[^\W\d_]{2}", text)]  # what else stands there is numbers in a table
    if words:
        return say(shown("{thing} with the words: {words}"), thing=thing, words=_listed(words, 2 * NAMES))
    one, many = shown("{thing} with a number or sign"), shown("{thing} with {count:,} numbers or signs")
    return say(one if len(found) == 1 else many, thing=thing, count=len(found)) if found else thing


def _count(count: int, one: str, many: str) -> str:
    return one if count == 1 else say(many, count=f"{count:,}")


def _listed(names: Sequence[str], most: int = NAMES, between: str = "") -> str:
    left = len(names) - most
    between = between or sign(", ")
    if left <= 1:
        return between.join(names)
    return say(shown("{names} and {count} more"), names=between.join(names[:most]), count=left)


def _sentence(text: str) -> str:
    if re.match(r"([a-z]{2,}|a)(?![\w=(^'])", text):  # a word, and not a variable's name
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ":", "。", "！", "？", "：")) else text + sign(".")


def _shortened(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 4].rsplit(" ", 1)[0].rstrip(",;:，；：、") + " ..."

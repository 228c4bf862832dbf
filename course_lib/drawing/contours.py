"""Contours of a function of two parameters, and the paths that optimizers take over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.drawing.style import CARD, INK, axes_or_new, name_axes
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Window = tuple[float, float, float, float]

MARKERS = ".s^DvP"  # along paths that share a picture: a grey print tells them apart by these
MOST_MARKED = 60  # steps; on a longer path some are marked, or none where it is alone
VALLEY, LINES = "#CFE0EC", "#9FB3C2"  # the lower, the bluer; up to the card's own colour


def contour_with_paths(
    f: Callable[[np.ndarray], float],
    paths: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    minimum: Sequence[float] | np.ndarray | None = None,
    window: Window | None = None,
    resolution: int = 101,
    equal: bool = False,
) -> Axes:
    """Contours of `f` and, over them, one trajectory per label, from its ring (start) to its dot (end).

    f: takes theta, shape (2,), and gives a float.  paths: label -> (steps + 1, 2).  window: (xmin, xmax, ymin, ymax);
    without it the picture holds the whole of every path, or what it does near its start where it runs away: then it is
    cut at the edge and the legend says so.  equal: one unit is as long on both axes, so that a gradient stands at
    right angles to the contour.
    """
    ax = axes_or_new(ax, (7.0, 4.6))
    tracks = {label: _track(path, label) for label, path in paths.items()}
    xmin, xmax, ymin, ymax = window or _window(f, list(tracks.values()), minimum)
    x, y = np.linspace(xmin, xmax, resolution), np.linspace(ymin, ymax, resolution)
    _contours(ax, x, y, np.array([[f(np.array([a, b])) for a in x] for b in y], dtype=np.float64))
    for number, (label, path) in enumerate(paths.items()):
        line = _draw_track(ax, label, tracks[label], np.array([[xmin, ymin], [xmax, ymax]]), len(path))
        _mark(line, MARKERS[number % len(MARKERS)], alone=len(paths) == 1)
    if minimum is not None:
        ax.plot(*minimum, marker="*", color=INK, markersize=12, linestyle="none", label="minimum", zorder=4)
    ax.set(xlim=(xmin, xmax), ylim=(ymin, ymax))
    if equal:
        ax.set_aspect("equal")
    ax.grid(False)
    name_axes(ax, xlabel, ylabel)
    if tracks:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    return ax


def _track(path: Any, label: str) -> np.ndarray:
    """The path up to its first value that is not finite."""
    track = np.asarray(path, dtype=np.float64)
    if track.ndim != 2 or track.shape[1] != 2 or len(track) == 0:
        raise CourseError(f"The path {label!r} has shape {track.shape}; a plot needs (steps + 1, 2).")
    bad = ~np.isfinite(track).all(axis=1)
    track = track[: int(bad.argmax())] if bad.any() else track
    if len(track) == 0:
        raise CourseError(f"The path {label!r} starts at a value that is not finite, so there is nothing to draw.")
    return track


def _window(
    f: Callable[[np.ndarray], float], tracks: list[np.ndarray], minimum: Sequence[float] | np.ndarray | None
) -> Window:
    """A box around the starts, the minimum (or the best point seen), and each path as far as it does not run away."""
    if not tracks:
        raise CourseError("contour_with_paths needs a window=(xmin, xmax, ymin, ymax) when it is given no path.")
    best = np.asarray(minimum if minimum is not None else min(np.concatenate(tracks), key=f), dtype=np.float64)
    anchors = np.array([*(track[0] for track in tracks), best])
    low, high = anchors.min(axis=0), anchors.max(axis=0)
    span = _span(low, high)
    shown = [anchors]
    for track in tracks:
        stays = _within(track, low - 3 * span, high + 3 * span).all()
        shown.append(track if stays else track[_within(track, low - 1.2 * span, high + 1.2 * span)])
    points = np.concatenate(shown)
    low, high = points.min(axis=0), points.max(axis=0)
    (xmin, ymin), (xmax, ymax) = (low + high) / 2 - 0.6 * _span(low, high), (low + high) / 2 + 0.6 * _span(low, high)
    return float(xmin), float(xmax), float(ymin), float(ymax)


def _span(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The box's sides, never flatter than one to four: a path along an axis still shows its surroundings."""
    sides = high - low
    return np.maximum(sides, 0.25 * sides.max() or 1.0)


def _within(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.asarray(((points >= low) & (points <= high)).all(axis=1))


def _contours(ax: Axes, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    finite = z[np.isfinite(z)]
    if finite.size == 0:
        raise CourseError("The function is not finite anywhere in the window, so it has no contours to draw.")
    # Squared quantiles: evenly spaced ellipses for a quadratic, and a valley that shows for a Rosenbrock function.
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, 16) ** 2))
    if levels.size < 6:
        return  # flat but for a few values: there are no contours
    shade = np.ma.masked_invalid(np.where(np.isfinite(z), np.searchsorted(levels, z) / levels.size, np.nan))
    fill = LinearSegmentedColormap.from_list("valley", [VALLEY, CARD])
    ax.pcolormesh(x, y, shade, cmap=fill, shading="gouraud", rasterized=True, zorder=0)
    # The lowest levels are thinner than the grid's cells in a narrow valley, and would be drawn as crumbs.
    ax.contour(x, y, np.ma.masked_invalid(z), levels=levels[3:-1], colors=LINES, linewidths=0.8, zorder=1)


def _draw_track(ax: Axes, label: str, track: np.ndarray, box: np.ndarray, steps: int) -> Line2D:
    low, high = box
    # Far points only overflow the renderer: keep the first of them, which carries the line over the edge.
    far = (np.abs(track - (low + high) / 2) > 20 * (high - low)).any(axis=1)
    shown = track[: int(far.argmax()) + 1] if far.any() else track
    leaves = bool(far.any()) or len(track) < steps or not _within(track[-1:], low, high)[0]
    if far.any():  # ... and not further away than that
        shown = np.clip(shown, low - 20 * (high - low), high + 20 * (high - low))
    name = f"{label}\n(leaves the picture)" if leaves else label
    (line,) = ax.plot(*shown.T, linewidth=1.8, label=name, zorder=3)
    ring: dict[str, Any] = {
        "markerfacecolor": CARD,
        "markeredgecolor": INK,
        "markeredgewidth": 1.8,
        "linestyle": "none",
    }
    ax.plot(*shown[0], marker="o", markersize=8, color=INK, zorder=5, **ring)
    if not leaves:
        ax.plot(*shown[-1], marker="o", markersize=7, color=line.get_color(), linestyle="none", zorder=5)
    return line


def _mark(line: Line2D, marker: str, alone: bool) -> None:
    """Mark the steps of a short path, and of a long one that shares its picture a few."""
    count = len(np.asarray(line.get_xdata()))
    if count <= MOST_MARKED:
        line.set(marker=marker, markersize=5 if marker == "." else 4)
    elif not alone:
        line.set(marker=marker, markersize=8 if marker == "." else 5, markevery=count // 8)

"""The pictures of the course, by kind: each function draws one kind of figure and returns its Axes.

The look is in `style`, contours are in `contours`, controls in `interactive`; a notebook finds all of it here:
`from course_lib import plots`, once `plots.use_style()`, then a plot and its `plots.finding(ax, "...")`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.drawing.contours import contour_with_paths
from course_lib.drawing.described import WRONG_MARK
from course_lib.drawing.interactive import play
from course_lib.drawing.style import (
    BLUE,
    CARD,
    GREEN,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PALETTE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    YELLOW,
    as_seeds,
    axes_or_new,
    finding,
    name_axes,
    use_style,
)
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "BLUE",
    "CARD",
    "GREEN",
    "GRID",
    "INK",
    "MUTED",
    "ORANGE",
    "PALETTE",
    "PURPLE",
    "SKY",
    "VERMILLION",
    "YELLOW",
    "bands",
    "contour_with_paths",
    "error_plot",
    "finding",
    "image_grid",
    "loss_curves",
    "play",
    "sweep",
    "use_style",
]

Band = Literal["std", "minmax"]

CROSS: dict[str, Any] = {"marker": "x", "markersize": 6.5, "markeredgewidth": 2, "linestyle": "none"}
MARKERS = "os^DvP"  # on curves that share a picture: a grey print and a tired eye tell them apart by these
BAND = "band"  # how a line that `bands` drew is known again
GAP = 0.1  # between tiles, in tiles
LABEL_SIZE = 9.5  # points, under a tile
WRONG_INK = "#B84F00"  # vermillion, as dark as letters have to be: 5 : 1 on the card


def bands(ax: Axes, x: Any, values: Any, *, label: str, band: Band = "std", color: str | None = None) -> Axes:
    """One line, the mean over seeds, and around it one standard deviation or the range from worst to best.

    x: (T,).  values: (T,) or (seeds, T).  A standard deviation is never drawn beyond the values that occurred. From the
    second one on, the lines of one Axes differ by markers, too.
    """
    array = as_seeds(values, label)
    # A run that diverged is inf or NaN from some step on: the mean then ends there, and so does the line.
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = array.mean(axis=0), array.std(axis=0)
        low, high = array.min(axis=0), array.max(axis=0)
        if band == "std":
            low, high = np.maximum(low, mean - std), np.minimum(high, mean + std)
    mean = np.where(np.isfinite(mean), mean, np.nan)
    (line,) = ax.plot(x, mean, label=label, color=color, gid=BAND)
    _tell_apart([each for each in ax.lines if each.get_gid() == BAND])
    if len(array) > 1:
        ok = np.isfinite(mean) & np.isfinite(low) & np.isfinite(high)
        ax.fill_between(x, low, high, where=ok, color=line.get_color(), alpha=0.22, linewidth=0)
    return ax


def _tell_apart(lines: Sequence[Line2D]) -> None:
    """Give lines that share an Axes a marker each, where they have none yet; on long ones a few, along the page."""
    if len(lines) == 1:
        return
    for number, line in enumerate(lines):
        if line.get_marker() == "None":
            line.set(marker=MARKERS[number % len(MARKERS)], markersize=5)
            if len(np.asarray(line.get_xdata())) > 12:
                line.set_markevery((0.03 * (number % len(MARKERS)), 0.18))  # in diagonals, whatever the scale becomes


def loss_curves(
    curves: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    x: Any = None,
    logx: bool = False,
    logy: bool = False,
    band: Band = "std",
) -> Axes:
    """One curve per label: label -> (T,), or (seeds, T), drawn as mean and band.

    x: (T,) for all curves, or label -> (T,); else the steps 0, 1, ...  A curve that explodes runs out at the top
    and does not flatten the others. Several curves differ by sparse markers, too, not by colour alone.
    """
    ax = axes_or_new(ax)
    arrays = {label: as_seeds(values, label) for label, values in curves.items()}
    top = _ceiling(list(arrays.values()), logy)
    if logx:
        ax.set_xscale("log")
    if logy:
        ax.set_yscale("log")
    for number, (label, array) in enumerate(arrays.items()):
        own = x.get(label) if isinstance(x, Mapping) else x
        # Values far above the edge would only overflow the renderer.
        drawn = array if top is None else np.minimum(array, 100 * top)
        bands(ax, np.arange(array.shape[1]) if own is None else own, drawn, label=label, band=band)
        if len(arrays) > 1:
            _set_apart(ax.lines[-1], number / len(arrays), MARKERS[number % len(MARKERS)], logx)
    if top is not None:
        values = np.concatenate([array.ravel() for array in arrays.values()])
        shown = values[(values <= top) & ((values > 0) | (not logy))]
        ax.set_ylim(shown.min() / 1.5 if logy else shown.min() - 0.05 * (top - shown.min()), top)
    name_axes(ax, xlabel, ylabel)
    if len(curves) > 1:
        ax.legend()
    return ax


def _set_apart(line: Line2D, shift: float, marker: str, logx: bool) -> None:
    """Give one of several curves its marker, six times at equal distances and beside those of the others.

    shift: from 0 to 1, how far into such a distance the first one stands. A curve of few points has one on each.
    """
    line.set(marker=marker, markersize=5.5)
    x = np.asarray(line.get_xdata(), dtype=np.float64)
    if len(x) > 12:
        along = np.log(x) if logx else x
        places = along[0] + (np.arange(6) + shift) / 6 * (along[-1] - along[0])
        line.set_markevery(np.unique(np.searchsorted(along, places)).tolist())


def _ceiling(arrays: Sequence[np.ndarray], logy: bool) -> float | None:
    """Where to end the y axis when a curve explodes: not far above where the curves began; else None."""
    values = np.concatenate([array.ravel() for array in arrays])
    first = np.concatenate([array[:, 0] for array in arrays])
    values, first = values[np.isfinite(values)], first[np.isfinite(first)]
    if first.size == 0 or first.max() <= 0 or values.max() <= 100 * first.max():
        return None
    return float(first.max() * (30.0 if logy else 2.0))


def error_plot(
    h: Any,
    errors: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    orders: Mapping[str, int] | None = None,
) -> Axes:
    """Errors against the step h, both on logarithmic axes: label -> (len(h),).

    orders: label -> p draws a dotted guide that falls like h^p beside that curve.  An error of exactly 0 has no
    place on a logarithmic axis and is left out.
    """
    ax = axes_or_new(ax)
    h = np.asarray(h, dtype=np.float64)
    ax.set(xscale="log", yscale="log")
    for number, (label, values) in enumerate(errors.items()):
        error = np.abs(np.asarray(values, dtype=np.float64))
        error = np.where(np.isfinite(error) & (error > 0), error, np.nan)
        (line,) = ax.plot(h, error, marker=MARKERS[number % len(MARKERS)], markersize=4, markevery=2, label=label)
        order = (orders or {}).get(label)
        if order is not None and np.isfinite(error).any():
            _guide(ax, h, error, order, line.get_color())
    name_axes(ax, xlabel, ylabel)
    ax.legend()
    return ax


def _guide(ax: Axes, h: np.ndarray, error: np.ndarray, order: int, color: Any) -> None:
    seen = np.flatnonzero(np.isfinite(error))
    start = seen[np.argmax(h[seen])]  # the largest step, where truncation rules
    guide = 3.0 * error[start] * (h / h[start]) ** order
    keep = guide >= np.nanmin(error)
    ax.plot(h[keep], guide[keep], linestyle=":", linewidth=1.5, color=color, label=f"falls like $h^{order}$")


def sweep(
    lrs: Any,
    losses: Any,
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    start_loss: float | None = None,
    limit: tuple[float, str] | None = None,
    logy: bool = True,
    band: Band = "minmax",
) -> Axes:
    """The loss that each learning rate ended at, over a logarithmic axis; the best is ringed, diverged runs are marked.

    lrs: (L,).  losses: (L,), (seeds, L), or label -> one of these.  A run has diverged when its loss is not finite
    or above `start_loss`, the loss before the first step. A cross at the top edge says so of a curve's first such
    learning rate, beyond which all others do as badly, and of each single one before.  limit: (learning rate, text)
    draws a vertical line, such as (2 / L, "2 / L").
    """
    ax = axes_or_new(ax)
    lrs = np.asarray(lrs, dtype=np.float64)
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    ax.set(xscale="log", yscale="log" if logy else "linear")
    ax.margins(y=0.12)  # room for the rings below and the crosses above
    bound = np.inf if start_loss is None else start_loss
    finite = False  # whether some run only ended above its start, which is not the same as diverging
    for number, (label, values) in enumerate(curves.items()):
        array = as_seeds(values, label)
        diverged = (~np.isfinite(array) | (array > bound)).any(axis=0)
        finite |= bool((np.isfinite(array) & (array > bound)).any())
        shown = np.where(diverged, np.nan, array)
        bands(ax, lrs, shown, label=label or "_loss", band=band)
        ax.lines[-1].set(marker=MARKERS[number % len(MARKERS)], markersize=4.5)
        _mark_sweep(ax, lrs, shown.mean(axis=0), str(ax.lines[-1].get_color()))
    if any(line.get_marker() == "x" for line in ax.lines):
        ax.plot([], [], color=MUTED, label="worse than at the start" if finite else "diverged", **CROSS)
    if limit is not None:
        ax.axvline(limit[0], color=MUTED, linestyle="--", linewidth=1.4)
        ax.annotate(
            limit[1],
            (limit[0], 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(5, 0),
            textcoords="offset points",
            color=MUTED,
        )
    name_axes(ax, xlabel, ylabel)
    if ax.get_legend_handles_labels()[1]:
        ax.legend()
    return ax


def _mark_sweep(ax: Axes, lrs: np.ndarray, mean: np.ndarray, colour: str) -> None:
    """A ring at the best learning rate, crosses at the top edge where runs diverged (`mean` is NaN there).

    Of those from which on all diverged, the first has the cross: it is what a reader looks for.
    """
    diverged = np.isnan(mean)
    if not diverged.all():
        best = int(np.nanargmin(mean))
        ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 2, "linestyle": "none"}
        ax.plot(lrs[best], mean[best], marker="o", markersize=11, color=colour, **ring)
    if diverged.any():
        order = np.argsort(lrs)
        behind = np.minimum.accumulate(diverged[order][::-1])[::-1]  # all from here on diverged
        cross = diverged.copy()
        cross[order[np.flatnonzero(behind)[1:]]] = False
        rows = sum(line.get_marker() == "x" for line in ax.lines)
        height = np.full(int(cross.sum()), 0.97 - 0.045 * rows)  # one row a curve
        ax.plot(lrs[cross], height, color=colour, transform=ax.get_xaxis_transform(), **CROSS)


def image_grid(
    images: Any,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    *,
    columns: int = 8,
    wrong: Any = None,
    signed: bool = False,
) -> Axes:
    """Small images side by side on one Axes, each with its label beneath.

    images: (N, H, W), (N, 1, H, W) or (N, H, W, 3).  wrong: (N,) bool marks those labels with a cross, in vermillion.
    signed: for filters and gradients, colours centred on zero; else grey from the lowest to the highest value.
    """
    tiles = _tiles(images)
    if labels is not None and len(labels) != len(tiles):
        raise CourseError(f"There are {len(tiles)} images but {len(labels)} labels.")
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    inches = (WIDTH - 0.2) / (max(columns, 4) * (1 + GAP) - GAP)  # a tile's side; four at least share the page
    texts = [] if labels is None else [_tile_text(str(label), inches) for label in labels]
    lines = max((text.count("\n") + 1 for text in texts), default=0)
    pitch = 1 + GAP + lines * 1.25 * LABEL_SIZE / 72 / inches
    ax = axes_or_new(ax, (WIDTH, rows * pitch * inches + 0.45))
    limit = float(np.abs(tiles).max()) if signed else 0.0
    low, high = (-limit, limit) if signed else (float(tiles.min()), float(tiles.max()))
    for i, tile in enumerate(tiles):
        x, y = (i % columns) * (1 + GAP), -(i // columns) * pitch
        ax.imshow(tile, cmap="PuOr" if signed else "gray", vmin=low, vmax=high, extent=(x, x + 1, y - 1, y))
        if texts:
            mark = f"{WRONG_MARK} " if wrong is not None and wrong[i] else ""
            ax.text(
                x + 0.5,
                y - 1.03,
                mark + texts[i],
                ha="center",
                va="top",
                fontsize=LABEL_SIZE,
                color=WRONG_INK if mark else INK,
                weight="bold" if mark else "normal",
                linespacing=1.0,
            )
    ax.set(xlim=(0, columns * (1 + GAP) - GAP), ylim=(-rows * pitch + GAP, 0))
    ax.set_axis_off()
    ax.set_anchor("NW")
    return ax


def _tiles(images: Any) -> np.ndarray:
    tiles = np.asarray(images)
    if tiles.ndim == 4 and tiles.shape[1] == 1:
        tiles = tiles[:, 0]
    if tiles.ndim not in (3, 4) or tiles.size == 0 or (tiles.ndim == 4 and tiles.shape[3] != 3):
        raise CourseError(
            f"The images have shape {np.shape(images)}; a grid needs (N, H, W), or (N, H, W, 3) for colour."
        )
    return tiles


def _tile_text(label: str, inches: float) -> str:
    """The label on two lines where it is wider than its tile."""
    if len(label) * 0.62 * LABEL_SIZE / 72 <= 0.92 * inches:
        return label
    return label.replace("/", "/\n", 1) if "/" in label else label.replace(" ", "\n", 1)

"""The pictures of the course: one style, and a function for each kind of figure that returns in many units.

A figure is an opaque light card, so that it reads the same on a light page, on a dark one and in print. Colours are
Okabe and Ito's, which stay apart for colour-blind readers (https://jfly.uni-koeln.de/color/). Matplotlib is
imported inside the functions: `import course_lib` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
VALLEY, HILL = "#CFE0EC", CARD  # contour fills: the lower, the bluer

Band = Literal["std", "minmax"]


def use_style() -> None:
    """Give every later figure the course's look; a notebook's first cell calls it once."""
    import matplotlib as mpl
    from cycler import cycler

    # Past the seventh line the dashes tell the colours apart.
    lines = cycler(linestyle=["-", "--"]) * cycler(color=PALETTE)
    mpl.rcParams.update(
        {
            "figure.figsize": (7.0, 4.2),
            "figure.dpi": 110,
            "savefig.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": CARD,
            "savefig.facecolor": CARD,
            "axes.facecolor": CARD,
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


def _axes(ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1]


def _label(ax: Axes, xlabel: str, ylabel: str) -> None:
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)


def _series(values: Any, label: str) -> np.ndarray:
    """`values` as float64 of shape (seeds, T); a 1-D array is one seed."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if array.ndim != 2 or array.shape[1] == 0:
        raise CourseError(
            f"The values of {label!r} have shape {np.shape(values)}; a plot needs (T,), or (seeds, T), with T > 0."
        )
    return array


# --- Objectives in two dimensions ------------------------------------------------------------------------------


def contour_with_paths(
    f: Callable[[np.ndarray], float],
    paths: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    minimum: Sequence[float] | None = None,
    window: tuple[float, float, float, float] | None = None,
    resolution: int = 81,
    equal: bool = False,
) -> Axes:
    """Contours of `f` and, over them, one trajectory per label, from its ring (start) to its dot (end).

    f: takes theta, shape (2,), and gives a float.  paths: label -> (T+1, 2).  window: (xmin, xmax, ymin, ymax);
    without it, the picture holds the starts, the minimum and what the paths do near them: a path that runs away
    is cut at the edge and says so in the legend.  equal: one unit is as long on both axes, so that a gradient
    stands at right angles to the contour.
    """
    ax = _axes(ax, (7.0, 4.6))
    tracks = {label: _track(path, label) for label, path in paths.items()}
    xmin, xmax, ymin, ymax = window or _window(f, tracks, minimum)
    x, y = np.linspace(xmin, xmax, resolution), np.linspace(ymin, ymax, resolution)
    _contours(ax, x, y, np.array([[f(np.array([a, b])) for a in x] for b in y], dtype=np.float64))
    for label, track in tracks.items():
        _draw_track(ax, label, track, np.array([[xmin, ymin], [xmax, ymax]]))
    if minimum is not None:
        ax.plot(*minimum, marker="*", color=INK, markersize=12, linestyle="none", label="minimum", zorder=4)
    ax.set(xlim=(xmin, xmax), ylim=(ymin, ymax))
    if equal:
        ax.set_aspect("equal")
    ax.grid(False)
    _label(ax, xlabel, ylabel)
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
    f: Callable[[np.ndarray], float], tracks: Mapping[str, np.ndarray], minimum: Sequence[float] | None
) -> tuple[float, float, float, float]:
    """A box around the starts, the minimum (or the best point seen) and the paths' points nearby."""
    if not tracks and minimum is None:
        raise CourseError("contour_with_paths needs a window=(xmin, xmax, ymin, ymax) when it is given no path.")
    points = np.concatenate(
        [*tracks.values(), np.reshape(minimum, (-1, 2)) if minimum is not None else [[]] * 0 or np.empty((0, 2))]
    )
    best = np.asarray(minimum if minimum is not None else min(points, key=f), dtype=np.float64)
    anchors = np.array([*(track[0] for track in tracks.values()), best])
    low, high = anchors.min(axis=0), anchors.max(axis=0)
    reach = 0.75 * np.maximum(high - low, 0.25 * (high - low).max() or 1.0)
    near = points[((points >= low - reach) & (points <= high + reach)).all(axis=1)]
    low, high = near.min(axis=0), near.max(axis=0)
    # Never flatter than one to four, so that a path along an axis still shows its surroundings.
    span = np.maximum(high - low, 0.25 * (high - low).max() or 1.0)
    middle = (low + high) / 2
    (xmin, ymin), (xmax, ymax) = middle - 0.6 * span, middle + 0.6 * span
    return float(xmin), float(xmax), float(ymin), float(ymax)


def _contours(ax: Axes, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    finite = z[np.isfinite(z)]
    if finite.size == 0:
        raise CourseError("The function is not finite anywhere in the window, so it has no contours to draw.")
    # Squared quantiles: evenly spaced ellipses for a quadratic, and a valley that shows for a Rosenbrock.
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, 16) ** 2))
    if levels.size < 3:
        return  # a constant function has no contours
    fill = LinearSegmentedColormap.from_list("valley", [VALLEY, HILL])
    shade = np.ma.masked_invalid(np.searchsorted(levels, z) / levels.size)
    ax.pcolormesh(x, y, shade, cmap=fill, shading="gouraud", rasterized=True, zorder=0)
    ax.contour(x, y, np.ma.masked_invalid(z), levels=levels[1:-1], colors="#9FB3C2", linewidths=0.8, zorder=1)


def _draw_track(ax: Axes, label: str, track: np.ndarray, box: np.ndarray) -> None:
    low, high = box
    outside = (track < low) | (track > high)
    leaves = bool(outside[-1].any())
    # Far points only overflow the renderer: keep the first of them, which carries the line over the edge.
    far = (np.abs(track - (low + high) / 2) > 20 * (high - low)).any(axis=1)
    shown = track[: int(far.argmax()) + 1] if far.any() else track
    dots = "." if len(shown) <= 60 else ""
    name = f"{label} (leaves the picture)" if leaves or far.any() else label
    (line,) = ax.plot(*shown.T, marker=dots, linewidth=1.8, label=name, zorder=3)
    colour = line.get_color()
    ax.plot(
        *shown[0], marker="o", markersize=8, markerfacecolor=CARD, markeredgecolor=colour, markeredgewidth=2, zorder=5
    )
    if not (leaves or far.any()):
        ax.plot(*shown[-1], marker="o", markersize=7, color=colour, zorder=5)


# --- Curves ----------------------------------------------------------------------------------------------------


def bands(ax: Axes, x: Any, values: Any, *, label: str, band: Band = "std", color: str | None = None) -> Axes:
    """One line, the mean over seeds, and around it one standard deviation or the range from worst to best.

    x: (T,).  values: (T,) or (seeds, T).  A standard deviation is never drawn beyond the values that occurred.
    """
    array = _series(values, label)
    # A run that diverged is inf or NaN from some step on: the mean then ends there, and so does the line.
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = array.mean(axis=0), array.std(axis=0)
        low, high = array.min(axis=0), array.max(axis=0)
        if band == "std":
            low, high = np.maximum(low, mean - std), np.minimum(high, mean + std)
    mean = np.where(np.isfinite(mean), mean, np.nan)
    (line,) = ax.plot(x, mean, label=label, color=color)
    if len(array) > 1:
        ok = np.isfinite(mean) & np.isfinite(low) & np.isfinite(high)
        ax.fill_between(x, low, high, where=ok, color=line.get_color(), alpha=0.18, linewidth=0)
    return ax


def loss_curves(
    curves: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str,
    x: Any = None,
    logy: bool = False,
    band: Band = "std",
) -> Axes:
    """One curve per label: label -> (T,), or (seeds, T), drawn as mean and band.

    x: (T,) for all curves, or label -> (T,); else the steps 0, 1, ...  A curve that explodes runs out at the top
    and does not flatten the others.
    """
    ax = _axes(ax)
    for label, values in curves.items():
        array = _series(values, label)
        own = x.get(label) if isinstance(x, Mapping) else x
        bands(ax, np.arange(array.shape[1]) if own is None else own, array, label=label, band=band)
    if logy:
        ax.set_yscale("log")
    _cap(ax, [_series(values, label) for label, values in curves.items()], logy)
    _label(ax, xlabel, ylabel)
    if len(curves) > 1:
        ax.legend()
    return ax


def _cap(ax: Axes, arrays: Sequence[np.ndarray], logy: bool) -> None:
    """Keep the y axis near where the curves began when one of them explodes."""
    values = np.concatenate([a.ravel() for a in arrays])
    first = np.concatenate([a[:, 0] for a in arrays])
    values, first = values[np.isfinite(values)], first[np.isfinite(first)]
    if first.size == 0 or first.max() <= 0 or values.max() <= 100 * first.max():
        return
    top = first.max() * (30.0 if logy else 2.0)
    shown = values[(values <= top) & ((values > 0) | (not logy))]
    ax.set_ylim(top=top)
    if shown.size:
        ax.set_ylim(bottom=shown.min() / 1.5 if logy else shown.min() - 0.05 * (top - shown.min()))


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

    orders: label -> p draws a dashed guide that falls like h^p beside that curve.  An error of exactly 0 has no
    place on a logarithmic axis and is left out.
    """
    ax = _axes(ax)
    h = np.asarray(h, dtype=np.float64)
    ax.set(xscale="log", yscale="log")
    for label, values in errors.items():
        error = np.abs(np.asarray(values, dtype=np.float64))
        error = np.where(np.isfinite(error) & (error > 0), error, np.nan)
        (line,) = ax.plot(h, error, marker=".", label=label)
        order = (orders or {}).get(label)
        if order is not None and np.isfinite(error).any():
            _guide(ax, h, error, order, line.get_color())
    _label(ax, xlabel, ylabel)
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
    or above `start_loss`, the loss before the first step; it is a cross at the top edge.  limit: (learning rate, text)
    draws a vertical line, such as (2 / L, "2 / L").
    """
    ax = _axes(ax)
    lrs = np.asarray(lrs, dtype=np.float64)
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    ax.set(xscale="log", yscale="log" if logy else "linear")
    for label, values in curves.items():
        _sweep_curve(ax, lrs, _series(values, label), label, start_loss, band)
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
    _label(ax, xlabel, ylabel)
    if ax.get_legend_handles_labels()[1]:
        ax.legend()
    return ax


def _sweep_curve(
    ax: Axes, lrs: np.ndarray, array: np.ndarray, label: str, start_loss: float | None, band: Band
) -> None:
    worst = np.inf if start_loss is None else start_loss
    diverged = (~np.isfinite(array) | (array > worst)).any(axis=0)
    shown = np.where(diverged, np.nan, array)
    bands(ax, lrs, shown, label=label or "_loss", band=band)
    line = ax.lines[-1]
    line.set_marker(".")
    colour = line.get_color()
    if not diverged.all():
        best = int(np.nanargmin(np.where(diverged, np.nan, array.mean(axis=0))))
        ax.plot(
            lrs[best],
            shown[:, best].mean(),
            marker="o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=2,
            linestyle="none",
        )
    if diverged.any():
        name = f"{label}: diverged" if label else "diverged"
        ax.plot(
            lrs[diverged],
            np.full(diverged.sum(), 0.975),
            marker="x",
            markersize=7,
            markeredgewidth=2,
            linestyle="none",
            color=colour if label else VERMILLION,
            transform=ax.get_xaxis_transform(),
            label=name,
        )


# --- Images ----------------------------------------------------------------------------------------------------


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
    tiles = np.asarray(images)
    if tiles.ndim == 4 and tiles.shape[1] == 1:
        tiles = tiles[:, 0]
    if tiles.ndim not in (3, 4) or len(tiles) == 0 or (tiles.ndim == 4 and tiles.shape[3] != 3):
        raise CourseError(
            f"The images have shape {np.shape(images)}; a grid needs (N, H, W), or (N, H, W, 3) for colour."
        )
    if labels is not None and len(labels) != len(tiles):
        raise CourseError(f"There are {len(tiles)} images but {len(labels)} labels.")
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    row_height = 7.0 / columns * (1.42 if labels is not None else 1.06)
    ax = _axes(ax, (7.0, rows * row_height + 0.5))
    limit = float(np.abs(tiles).max()) if signed else 0.0
    colours = (
        {"cmap": "PuOr", "vmin": -limit, "vmax": limit}
        if signed
        else {"cmap": "gray", "vmin": tiles.min(), "vmax": tiles.max()}
    )
    pitch = 1.42 if labels is not None else 1.06
    for i, tile in enumerate(tiles):
        x, y = (i % columns) * 1.06, -(i // columns) * pitch
        ax.imshow(tile, extent=(x, x + 1, y - 1, y), **colours)
        if labels is not None:
            bad = wrong is not None and bool(wrong[i])
            _tile_label(ax, x + 0.5, y - 1.03, labels[i], bad)
    ax.set(xlim=(0, columns * 1.06 - 0.06), ylim=(-rows * pitch + 0.02, 0.02))
    ax.set_axis_off()
    return ax


def _tile_label(ax: Axes, x: float, y: float, label: str, bad: bool) -> None:
    text = f"x {label}" if bad else str(label)
    weight = "bold" if bad else "normal"
    ax.text(
        x,
        y,
        text.replace("/", "/\n").replace(" ", "\n", 1) if len(text) > 8 else text,
        ha="center",
        va="top",
        fontsize=9.5,
        color=VERMILLION if bad else INK,
        weight=weight,
        linespacing=0.95,
    )


# --- Words and play --------------------------------------------------------------------------------------------


def finding(target: Axes | Figure, text: str) -> None:
    """Title that states what the picture shows, at the left, on as many lines as it needs.

    It returns nothing, so that a cell may end on it without printing noise.
    """
    from matplotlib.axes import Axes

    if isinstance(target, Axes):
        title = target.set_title("", loc="left")
        spec = target.get_subplotspec()
        columns = spec.get_gridspec().ncols / len(spec.colspan) if spec is not None else 1
        room = target.get_figure(root=True).get_figwidth() / columns - 0.95
    else:
        title = target.suptitle("", x=0.015, ha="left")
        room = target.get_figwidth() * 0.97
    title.set_text(_wrap(text, title, room))


def _wrap(text: str, like: Any, inches: float) -> str:
    """`text` broken into lines that fit into `inches` at the font of the Text `like`."""
    from matplotlib.textpath import TextPath

    font = like.get_fontproperties()

    def width(line: str) -> float:
        return float(TextPath((0, 0), line, prop=font).get_extents().width) / 72

    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}") <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def play(draw: Callable[..., Any], **controls: Any) -> None:
    """Draw once with `draw`'s default values; where a notebook is live, with controls above that draw again.

    draw: makes one figure; every control is one of its parameters and has a default.  controls: as for
    `ipywidgets.interact`: (low, high, step) is a slider, a list is a menu, True or False is a box to tick, or any widget.
    The picture is an ordinary output that the controls replace, so that print and a saved notebook keep it. In
    grading (COURSE_GRADING is set), or outside a notebook, there is only the picture.
    """
    values = _defaults(draw, controls)
    if os.environ.get("COURSE_GRADING") or not _in_kernel():
        draw(**values)
        return
    _play_live(draw, controls)


def _defaults(draw: Callable[..., Any], controls: Mapping[str, Any]) -> dict[str, Any]:
    import inspect

    parameters = inspect.signature(draw).parameters
    for name in controls:
        if name not in parameters or parameters[name].default is inspect.Parameter.empty:
            raise CourseError(
                f"play() controls {name!r}, so its drawing function needs a parameter {name!r} with a default value."
            )
    return {name: parameters[name].default for name in controls}


def _in_kernel() -> bool:
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _play_live(draw: Callable[..., Any], controls: Mapping[str, Any]) -> None:
    import ipywidgets
    from IPython.display import Image, display

    box = ipywidgets.interactive(draw, {"manual": False}, **controls)
    widgets = box.kwargs_widgets
    display(ipywidgets.HBox(widgets, layout=ipywidgets.Layout(flex_flow="row wrap")))

    def picture() -> Image:
        return Image(_png(draw, {widget._kwarg: widget.value for widget in widgets}))

    handle = display(picture(), display_id=True)
    for widget in widgets:
        widget.observe(lambda _: handle.update(picture()), names="value")


def _png(draw: Callable[..., Any], values: Mapping[str, Any]) -> bytes:
    """The picture that `draw` makes, as PNG; its figures are closed, so that the cell does not show them again."""
    import io

    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    with plt.ioff():
        draw(**values)
        made = sorted(set(plt.get_fignums()) - before)
        if not made:
            raise CourseError("The drawing function that play() was given made no new figure.")
        buffer = io.BytesIO()
        plt.figure(made[-1]).savefig(buffer, format="png")
        for number in made:
            plt.close(number)
    return buffer.getvalue()

"""Pictures in a check's panel: your result over the right one, where a picture says more than numbers.

A spec names its picture in `plot`: "trajectory" for points moving in a plane, "curve" for a row of values.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import numpy as np

from course_lib.judging.judge import Difference, Verdict
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference

YOURS, RIGHT = "#D55E00", "#0072B2"  # vermilion and blue, told apart by the colour-blind


def picture(reference: Reference, outcomes: list[Outcome], verdict: Verdict) -> str:
    """An `<img>` of the first wrong case that can be drawn, or an empty string."""
    draw = PICTURES[reference.plot or ""]
    for difference in verdict.differences:
        values = outcomes[difference.case].values
        expected = reference.cases[difference.case].expected
        if values is None or expected is None or difference.stage == "type":
            continue
        key = difference.output or next(iter(expected))
        got, right = np.asarray(values.get(key)), np.asarray(expected[key])
        if got.dtype.kind in "fiu" and _drawable(got) and _drawable(right):
            return _image(draw, got.astype(float), right.astype(float), reference, difference)
    return ""


def _drawable(array: np.ndarray) -> bool:
    return array.ndim in (1, 2) and 2 <= len(array) <= 5000


def _image(
    draw: Callable[..., None], got: np.ndarray, right: np.ndarray, reference: Reference, difference: Difference
) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A fixed frame: fitting one, as the notebook's style asks for, would draw everything twice.
    figure = Figure(figsize=(4.6, 2.7), dpi=110)
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(gridspec_kw={"left": 0.15, "right": 0.97, "bottom": 0.19, "top": 0.89})
    draw(axes, got, right, difference.inputs)
    axes.set_title(reference.cases[difference.case].label, loc="left", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, framealpha=0.8)
    buffer = io.BytesIO()
    canvas.print_png(buffer)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    alt = escape(f"Your result and the right one for the case {reference.cases[difference.case].label}")
    return f'<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{data}">'


def _trajectory(axes: Any, got: np.ndarray, right: np.ndarray, inputs: Mapping[str, Any]) -> None:
    """Points (T+1, d) in the plane of the first two coordinates; a run that leaves is cut at the frame."""
    if right.ndim != 2 or right.shape[1] < 2 or got.ndim != 2 or got.shape[1] < 2:
        _curve(axes, got, right, inputs)
        return
    axes.plot(right[:, 0], right[:, 1], "o-", color=RIGHT, ms=3, lw=1.2, label="right")
    axes.plot(got[:, 0], got[:, 1], "x--", color=YOURS, ms=4, lw=1.2, label="yours")
    for setter, column in ((axes.set_xlim, 0), (axes.set_ylim, 1)):
        low, high = float(np.min(right[:, column])), float(np.max(right[:, column]))
        margin = 0.6 * (high - low) + 1e-3
        setter(low - margin, high + margin)
    axes.set_xlabel("first coordinate", fontsize=8)
    axes.set_ylabel("second coordinate", fontsize=8)


def _curve(axes: Any, got: np.ndarray, right: np.ndarray, inputs: Mapping[str, Any]) -> None:
    """Values over the steps that a schedule was asked for, `ts` in any order, else over their index.

    Of a table, the first column is drawn.
    """
    first = [array if array.ndim == 1 else array[:, 0] for array in (right, got)]
    for values, mark, color, size, label in ((first[0], "o-", RIGHT, 3, "right"), (first[1], "x--", YOURS, 4, "yours")):
        x = np.asarray(inputs.get("ts", ()))
        x = x if len(x) == len(values) else np.arange(len(values))
        order = np.argsort(x, kind="stable")
        axes.plot(x[order], values[order], mark, color=color, ms=size, lw=1.2, label=label)
    finite = first[0][np.isfinite(first[0])]
    if finite.size and np.nanmax(np.abs(np.nan_to_num(first[1]))) > 20 * (np.max(np.abs(finite)) + 1e-9):
        margin = 0.6 * float(np.ptp(finite)) + 1e-3
        axes.set_ylim(float(finite.min()) - margin, float(finite.max()) + margin)
    axes.set_xlabel("step", fontsize=8)
    axes.set_ylabel("value", fontsize=8)


PICTURES: dict[str, Callable[..., None]] = {"trajectory": _trajectory, "curve": _curve}

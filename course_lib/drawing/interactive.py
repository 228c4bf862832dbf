"""Controls above a picture, where a notebook is live; the picture alone in print and in grading."""

from __future__ import annotations

import inspect
import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from course_lib.drawing.alternatives import Picture
from course_lib.drawing.described import describe
from course_lib.drawing.foreign import told
from course_lib.errors import CourseError
from course_lib.told import shown


def play(draw: Callable[..., Any], **controls: Any) -> None:
    """Draw once with `draw`'s default values; where a notebook is live, with controls above that draw again.

    draw: makes one new figure; every control is one of its parameters and has a default.  controls: (low, high, step)
    is a slider, (low, high, "log") a slider over powers of ten, a list is a menu, True or False is a box to tick.
    The picture is an ordinary output that the controls replace, so that print and a saved notebook keep it. While
    grading (COURSE_GRADING is set), or outside a notebook, there is only the picture.
    """
    values = _defaults(draw, controls)
    if os.environ.get("COURSE_GRADING") or not _in_kernel():
        draw(**values)
    else:
        _play_live(draw, values, controls)


def _defaults(draw: Callable[..., Any], controls: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(draw).parameters
    for name in controls:
        if name not in parameters or parameters[name].default is inspect.Parameter.empty:
            raise CourseError(
                f"play() controls {name!r}, so its drawing function needs a parameter {name!r} with a default value."
            )
    return {name: parameters[name].default for name in controls}


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _play_live(draw: Callable[..., Any], values: dict[str, Any], controls: Mapping[str, Any]) -> None:
    import ipywidgets as widgets
    from IPython.display import display

    boxes = {name: _widget(name, control, values[name]) for name, control in controls.items()}
    trouble = widgets.Output()  # an error in a redraw would otherwise vanish into the log
    row = widgets.HBox(list(boxes.values()), layout=widgets.Layout(flex_flow="row wrap"))
    display(widgets.VBox([row, trouble]))
    handle = display(_picture(draw, values), display_id=True)

    def redraw(_: Any) -> None:
        trouble.clear_output(wait=False)
        with trouble:
            handle.update(_picture(draw, {name: box.value for name, box in boxes.items()}))

    for box in boxes.values():
        box.observe(redraw, names="value")


def _widget(name: str, control: Any, value: Any) -> Any:
    import ipywidgets as widgets

    if isinstance(control, tuple) and len(control) == 3 and control[2] == "log":
        low, high = math.log10(control[0]), math.log10(control[1])
        made = widgets.FloatLogSlider(value=value, min=low, max=high, step=(high - low) / 60, readout_format=".2g")
    else:
        made = widgets.interactive.widget_from_abbrev(control, value)
    if made is None:
        raise CourseError(
            f"The control {name!r} is {control!r}; play() makes controls of (low, high, step), (low, high, 'log'), "
            "lists, True and False."
        )
    made.value = value
    made.description = made.tooltip = shown(name.replace("_", " "))
    made.style.description_width = "initial"
    return made


def _picture(draw: Callable[..., Any], values: Mapping[str, Any]) -> Picture:
    """The picture that `draw` makes; its figures are closed, so that the cell does not show them again."""
    import io

    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    try:
        # Not within plt.ioff(): the first figure of a notebook loads its backend, which must stay interactive.
        draw(**values)
        made = sorted(set(plt.get_fignums()) - before)
        if not made:
            raise CourseError("The drawing function that play() was given made no new figure.")
        buffer = io.BytesIO()
        figure = plt.figure(made[-1])
        with told(figure):
            figure.savefig(buffer, format="png")
            return Picture(buffer.getvalue(), describe(figure))
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)

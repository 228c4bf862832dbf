"""`play` in a real kernel, its controls moved as JupyterLab moves them: by messages."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from helpers.kernel import kernel

CELL = """
from course_lib import plots
import matplotlib.pyplot as plt
plots.use_style()

def draw(learning_rate=0.1, kind="falls", grid=True):
    if learning_rate > 5:
        raise ValueError("too large to draw")
    fig, ax = plt.subplots()
    ax.plot([1.0, learning_rate])
    plots.finding(ax, f"{kind} {grid}")

plots.play(draw, learning_rate=(0.001, 10.0, "log"), kind=["rises", "falls"], grid=True)
"""


@dataclass
class Front:
    """What a front end keeps: the widgets that the kernel opened, and the messages it was sent."""

    client: Any
    messages: list[tuple[str, dict]] = field(default_factory=list)
    widgets: dict[str, dict] = field(default_factory=dict)  # comm -> state

    def run(self, code):
        self.messages.clear()
        self.client.execute_interactive(code, output_hook=self._note, timeout=60)

    def move(self, description, **state):
        """Move a control, and take in all that the kernel sends until it is idle again."""
        self.messages.clear()
        content = {
            "comm_id": next(comm for comm, w in self.widgets.items() if w.get("description") == description),
            "data": {"method": "update", "state": state, "buffer_paths": []},
        }
        sent = self.client.session.msg("comm_msg", content)
        self.client.shell_channel.send(sent)
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != sent["header"]["msg_id"]:
                continue
            self._note(message)
            if message["content"].get("execution_state") == "idle":
                return

    def _note(self, message):
        kind, content = message["header"]["msg_type"], message["content"]
        self.messages.append((kind, content))
        if kind in ("comm_open", "comm_msg") and "state" in content["data"]:
            self.widgets.setdefault(content["comm_id"], {}).update(content["data"]["state"])

    def widget(self, description):
        return next(state for state in self.widgets.values() if state.get("description") == description)

    def pictures(self, kind):
        return [c for k, c in self.messages if k == kind and "image/png" in c["data"]]

    def shown(self):
        """The kinds of what lies beneath the cell, in order."""
        return [
            "picture" if "image/png" in c["data"] else "controls"
            for k, c in self.messages
            if k in ("display_data", "execute_result")
        ]


@pytest.fixture
def front(tmp_path, request):
    with kernel(tmp_path, COURSE_STATE_DIR=str(tmp_path), **getattr(request, "param", {})) as running:
        yield Front(running.client)


def test_the_controls_replace_one_picture(front):
    front.run(CELL)
    assert front.shown() == ["controls", "picture"]  # one picture: the cell does not show the figure again
    (first,) = front.pictures("display_data")
    assert front.widget("learning rate")["value"] == pytest.approx(0.1)
    assert front.widget("learning rate")["_model_name"] == "FloatLogSliderModel"
    assert front.widget("kind")["index"] == 1  # "falls", the drawing's default, and not the first of the list
    assert front.widget("grid")["value"] is True

    words = first["metadata"]["image/png"]["alt"]
    assert words == first["data"]["text/plain"] == "Falls True. A line."

    seen, told = {first["data"]["image/png"]}, {words}
    for description, state in (("learning rate", {"value": 2.0}), ("kind", {"index": 0}), ("grid", {"value": False})):
        front.move(description, **state)
        (again,) = front.pictures("update_display_data")
        assert again["transient"]["display_id"] == first["transient"]["display_id"]
        seen.add(again["data"]["image/png"])
        told.add(again["metadata"]["image/png"]["alt"])
    assert len(seen) == 4
    assert told == {"Falls True. A line.", "Rises True. A line.", "Rises False. A line."}

    front.run("fig, ax = plt.subplots()\nNone")
    assert front.shown() == ["picture"]  # figures after it show as ever
    front.run("print(plt.get_fignums())")
    assert ("stream", {"name": "stdout", "text": "[]\n"}) in front.messages  # no figure is left open


def test_an_error_while_playing_is_seen_and_playing_goes_on(front):
    front.run(CELL)
    front.move("learning rate", value=9.0)
    assert not front.pictures("update_display_data")
    assert any("too large to draw" in str(content) for _, content in front.messages)
    front.move("learning rate", value=1.0)
    assert front.pictures("update_display_data")


def test_a_drawing_that_draws_nothing_is_a_sentence(front):
    front.run("from course_lib import plots\nplots.play(lambda lr=1.0: None, lr=(0.0, 2.0, 0.1))")
    (error,) = [content for kind, content in front.messages if kind == "error"]
    assert error["evalue"] == "The drawing function that play() was given made no new figure."


def test_a_control_of_no_known_kind_is_a_sentence(front):
    front.run("from course_lib import plots\nplots.play(lambda lr=1.0: None, lr=object())")
    (error,) = [content for kind, content in front.messages if kind == "error"]
    assert "The control 'lr' is <object" in error["evalue"]


@pytest.mark.parametrize("front", [{"COURSE_GRADING": "1"}], indirect=True)
def test_while_grading_there_is_the_picture_alone(front):
    front.run(CELL)
    assert front.shown() == ["picture"]
    assert front.widgets == {}

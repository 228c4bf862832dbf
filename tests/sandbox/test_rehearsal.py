"""What the sandbox rehearses before it forks runs as it should, and nothing of it is left for a learner to see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import bwrap

pytestmark = pytest.mark.fast

SCRIPT = """
import json, sys
from pathlib import Path

sys.path.insert(0, {inside!r})
from rehearsal import rehearse
from shell import RecordingShell
from course_lib.graded.names import Names

shell = RecordingShell.make(10_000)


def state():
    history = shell.history_manager
    lists = [history.input_hist_parsed, history.input_hist_raw, dict(history.output_hist), history.db_input_cache]
    latest = [history._i, history._ii, history._iii, history._i00]
    names = {{name: repr(value) for name, value in shell.user_ns.items()}}
    return json.dumps([lists, latest, names, shell.execution_count, "run_code" in vars(shell)])


before = state()
outputs = rehearse(shell, Names, Path.cwd())
print(json.dumps({{"same": state() == before, "outputs": outputs, "files": [str(p) for p in Path.cwd().iterdir()]}}))
"""


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    inside = str(Path(bwrap.__file__).parent / "inside")
    line = [sys.executable, "-c", SCRIPT.format(inside=inside)]
    folder = tmp_path_factory.mktemp("rehearsal")
    told = subprocess.run(line, capture_output=True, text=True, cwd=folder, check=True).stdout
    return json.loads(told.splitlines()[-1])


def test_every_cell_and_the_check_run(rehearsed):
    printed, value, answer = rehearsed["outputs"]
    assert printed["text"] == "0: 0.00\n1: 1.00\n"
    assert value["data"]["text/plain"] == "array([1., 1.])"
    (data,) = [data for kind, data in answer["data"].items() if kind != "text/plain"]
    (outcome,) = data["outcomes"]
    assert outcome["values"]["value"]["shape"] == [1] and not outcome.get("problem")


def test_nothing_of_it_is_left(rehearsed):
    assert rehearsed["same"] and rehearsed["files"] == []

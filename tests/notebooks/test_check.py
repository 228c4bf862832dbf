"""`check` in a real kernel: bad input becomes a sentence with the learner's line; in grading it only computes."""

import json

import pytest
from helpers.kernel import kernel
from helpers.toy import REFERENCE

from course_lib import progress
from course_lib.check import MIME
from course_lib.judging import codec
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome
from grader.exercises import find_exercise
from grader.judging.references import visible_reference

SETUP = """
import numpy as np
from pathlib import Path
import course_lib.judging.reference
course_lib.judging.reference.DIRECTORY = Path({directory!r})
from course_lib import check, waits_for
"""
RIGHT = "def scale_shift(x, a):\n    y = a * x\n    return y, y.sum()\n"


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    REFERENCE.save(folder)
    with kernel(folder, COURSE_STATE_DIR=str(folder)) as running:
        assert running.run(SETUP.format(directory=str(folder))).error is None
        running.folder = folder
        yield running


def test_a_right_answer_is_green_and_raises_nothing(shell):
    seen = shell.run(RIGHT + 'check("scale_shift")')
    assert seen.error is None
    assert "scale_shift: all right, 4 of 4 points" in seen.text
    assert "#2e9e6b" in seen.html and "✗" not in seen.html


def test_a_known_mistake_is_named_with_its_hint(shell):
    seen = shell.run("def scale_shift(x, a):\n    return a + x, (a + x).sum()\n\ncheck('scale_shift')")
    assert seen.error["ename"] == "CheckFailed"
    assert "You added where scaling multiplies. (Hint 1 goes on from here.)" in seen.text
    assert "You added where scaling multiplies." in seen.html
    assert "you got" in seen.html and "expected" in seen.html


# fmt: off
BAD_INPUTS = {
    "exception": ("def scale_shift(x, a):\n    y = a * x\n    return y[5], y.sum()", "line 3", "IndexError"),
    "name": ("def scale_shift(x, a):\n    return factor * x, 0", "line 2", "`return factor * x, 0`"),
    "recursion": ("def scale_shift(x, a):\n    return scale_shift(x, a)", "line 2", "calls itself without end"),
    "signature": ("def scale_shift(x):\n    return x, x.sum()", "Keep the arguments"),
    "shape": ("def scale_shift(x, a):\n    return (a * x).T, (a * x).sum()", "transpose"),
    "scalar": ("def scale_shift(x, a):\n    return a * x, a * x", "one number is expected"),
    "nan": ("def scale_shift(x, a):\n    return a * x / 0 * 0, (a * x).sum()", "NaN"),
    "text": ("def scale_shift(x, a):\n    return 'y', 'total'", "it is a text"),
    "object": ("def scale_shift(x, a):\n    return object(), 1.0", "value of type 'object'"),
    "mutation": ("def scale_shift(x, a):\n    x += 1\n    return a * (x - 1), 0.0", "changed its argument `x`"),
    "nothing": ("def scale_shift(x, a):\n    y = a * x", "returned nothing (None)"),
    "print": ("def scale_shift(x, a):\n    print(a * x)", "printed a value but returned nothing"),
    "one thing": ("def scale_shift(x, a):\n    return a * x", "2 things, (y, total), and returned one value"),
    "stub": ("def scale_shift(x, a):\n    raise NotImplementedError('Exercise scale_shift')", "not written yet"),
    "exit": ("def scale_shift(x, a):\n    raise SystemExit", "calls exit()"),
    "not a function": ("scale_shift = 3", "line 1 of a cell, `scale_shift = 3`, gave the name another meaning"),
    "hostile eq": (
        "class Yes:\n    def __eq__(self, other): return True\ndef scale_shift(x, a):\n    return Yes(), Yes()",
        "value of type 'Yes'",
    ),
    "answers to any name": (
        "class Any:\n    def __getattr__(self, name): return self\n    def __call__(self, *a, **k): return self\n"
        "def scale_shift(x, a):\n    return Any(), 1.0",
        "is a function or a class",
    ),
    "lazy": (
        "class Later:\n    def __getattr__(self, name): return self\n"
        "def scale_shift(x, a):\n    return Later(), 1.0",
        "value of type 'Later'",
    ),
    "generator": ("def scale_shift(x, a):\n    yield a * x\n    yield x.sum()", "is a generator"),
    "fails when looked at": (
        "class Row(list):\n    def __iter__(self): raise OSError('gone')\n"
        "def scale_shift(x, a):\n    return Row([1, 2]), 1.0",
        "looking at it raises OSError",
    ),
    "an exception that cannot be told": (
        "class Silent(Exception):\n    def __str__(self): raise self\n"
        "def scale_shift(x, a):\n    raise Silent",
        "stopped at line 4 of your cell, `raise Silent` with Silent.",
    ),
    "an end of its own": (
        "class Stop(BaseException): pass\ndef scale_shift(x, a):\n    raise Stop('now')", "with Stop: now"
    ),
    "prints a book": (
        "def scale_shift(x, a):\n    for _ in range(300):\n        print('x' * 100_000)",
        "printed a value but returned nothing"
    ),
    "a partial": (
        "from functools import partial\nscale_shift = partial(lambda f, x, a: (f + x, (f + x).sum()), 1.0)",
        "Not yet: scales every entry",
    ),
    "hidden source": (
        "exec('def scale_shift(x, a):\\n    return a * x, (a * x).mean()')", "The total is a sum, not a mean."
    ),
    "an object that answers to any name": (
        "class All:\n    def __getattr__(self, name): return self\n    def __call__(self, x, a): return a * x\n"
        "scale_shift = All()",
        "2 things, (y, total), and returned one value",
    ),
    "changes the notebook": (
        "def scale_shift(x, a):\n    global np, x0\n    x0, np = x, None\n    return a * x, (a * x).mean()",
        "The total is a sum, not a mean.",
    ),
    "np again": ("import numpy as np\ndel scale_shift", "There is no scale_shift here"),
    "deleted": ("scale_shift = 1\ndel scale_shift", "There is no scale_shift here"),
}
# fmt: on


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_gets_a_sentence_and_no_library_traceback(shell, name):
    code, *sentences = BAD_INPUTS[name]
    shell.run(RIGHT)
    shell.run(code)
    seen = shell.run("check('scale_shift')")
    assert seen.error["ename"] == "CheckFailed"
    for sentence in sentences:
        assert sentence in seen.text, seen.text
    assert len(seen.traceback.splitlines()) == 1
    assert "Traceback" not in seen.text and "site-packages" not in seen.text + seen.traceback


def test_an_endless_loop_stopped_by_the_learner_names_the_line(shell):
    loop = (
        "import threading, _thread\n"
        "threading.Timer(0.3, _thread.interrupt_main).start()\n"
        "def scale_shift(x, a):\n    while True:\n        x = x\n\ncheck('scale_shift')"
    )
    seen = shell.run(loop)
    assert "was stopped before it finished; it was at line" in seen.text and "never end" in seen.text


def test_an_unknown_exercise_names_the_nearest(shell):
    seen = shell.run("check('scale_shfit', lambda: 0)")
    assert "Did you mean check('scale_shift')?" in seen.traceback


def test_an_object_can_be_handed_over(shell):
    assert shell.run("check('scale_shift', lambda x, a: (a * x, (a * x).sum()))").error is None


def test_a_long_experiment_is_left_out_while_grading(shell):
    block = "with waits_for('scale_shift'):\n    not_while_grading()\n    print('trained for an hour')"
    shell.run("import os\nfrom course_lib import not_while_grading, waits_for")
    assert "trained" in shell.run(block).text
    left_out = shell.run(f"os.environ['COURSE_GRADED'] = '1'\n{block}\ndel os.environ['COURSE_GRADED']").text
    assert "left out while grading" in left_out
    assert "trained" not in left_out


def test_an_experiment_waits_for_its_exercise(shell):
    shell.run(
        "def scale_shift(x, a):\n    raise NotImplementedError('Exercise scale_shift')\n"
        "try: check('scale_shift')\nexcept Exception: pass"
    )
    waiting = shell.run("with waits_for('scale_shift'):\n    scale_shift(1, 2)[0].plot()")
    assert waiting.error is None and "waits for your scale_shift" in waiting.text
    shell.run(RIGHT + "check('scale_shift')")
    assert shell.run("with waits_for('scale_shift'):\n    1 / 0").error["ename"] == "ZeroDivisionError"


def test_progress_is_recorded(shell, monkeypatch):
    shell.run(RIGHT + "check('scale_shift')")
    monkeypatch.setenv("COURSE_STATE_DIR", str(shell.folder))
    mine = progress.best()["scale_shift"]
    assert mine["earned"] == mine["points"] == 4 and mine["tries"] >= 1


def test_in_grading_a_check_only_computes(tmp_path):
    REFERENCE.without_answers().save(tmp_path)
    with kernel(tmp_path, COURSE_GRADING=str(tmp_path), COURSE_STATE_DIR=str(tmp_path)) as running:
        running.run("from course_lib import check")
        seen = running.run(RIGHT + "check('scale_shift')")
        missing = running.run("del scale_shift\ncheck('scale_shift')")
    assert seen.error is None and missing.error is None
    payload = json.loads(json.dumps(seen.outputs[-1]["data"][MIME]))
    outcomes = [Outcome.from_json(item) for item in payload["outcomes"]]
    assert judge(outcomes, REFERENCE).passed
    assert not (tmp_path / progress.FILE).exists()
    outcomes = [Outcome.from_json(item) for item in missing.outputs[-1]["data"][MIME]["outcomes"]]
    assert {outcome.problem.kind for outcome in outcomes} == {"missing"}


@pytest.mark.fast
@pytest.mark.parametrize(
    "forged", [None, [], {"values": [1]}, {"values": {}, "problem": 3}, {"values": {"y": {"__array__": "|O"}}}]
)
def test_forged_outcomes_are_refused(forged):
    with pytest.raises(codec.CodecError):
        Outcome.from_json(forged)


def test_a_quiz_says_which_question_waits_and_a_caller_which_exercise(shell):
    quiz = visible_reference(find_exercise("quiz_02"))
    assert "q2 waits for your answer" in run_cases("quiz_02", {"q1": "a"}, quiz)[1].problem.message
    shell.run("def other(x):\n    raise NotImplementedError('Exercise other')")
    shell.run("def scale_shift(x, a):\n    return other(x), 0.0")
    assert "scale_shift calls your other, which is not written yet." in shell.run("check('scale_shift')").text

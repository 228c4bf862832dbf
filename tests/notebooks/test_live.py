"""A kernel that somebody works in tells a name of the course's that was taken, and why there is nothing to check."""

from __future__ import annotations

import pytest
from helpers.kernel import kernel
from helpers.toy import REFERENCE

from course_lib.judging.failures import Failure
from course_lib.kernel import live

FIRST = "import numpy as np\nfrom course_lib import check, plots, predict"
WHERE = (
    "import course_lib.judging.reference\nfrom pathlib import Path\ncourse_lib.judging.reference.DIRECTORY = Path({!r})"
)
RIGHT = "def scale_shift(x, a):\n    y = np.multiply(a, x)\n    return y, y.sum()"


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    REFERENCE.save(folder)
    with kernel(folder, COURSE_STATE_DIR=str(folder)) as running:
        assert running.run(WHERE.format(str(folder))).error is None
        yield running


@pytest.fixture(autouse=True)
def fresh(shell):
    seen = shell.run(FIRST)
    assert seen.error is None and seen.text == ""
    shell.run(RIGHT)


def test_a_check_whose_name_was_taken_is_told_at_once_and_again(shell):
    told = shell.run("y = 2\ncheck = float(y)").text
    assert "`check` is no longer the course's own function here; it is a float" in told
    assert "line 2 of a cell, `check = float(y)`, gave it another meaning" in told
    assert shell.run("y + 1").text == "3"
    again = shell.run('check("scale_shift")')
    assert again.error["ename"] == "TypeError" and "`check` is no longer" in again.text
    assert shell.run(FIRST).text == ""
    assert shell.run('check("scale_shift")').error is None


# fmt: off
TAKEN = {
    "a number": ("np = 5", "`np` is no longer the module numpy here; it is an int"),
    "None": ("plots = None", "`plots` is no longer the module course_lib.plots here; it is None"),
    "a function": ("def predict(x):\n    return x", "`predict` is no longer the course's own function here; it is"),
    "a class": ("class check:\n    pass", "it is the class check"),
    "a loop": ("for check in range(3):\n    pass", "it is an int: line 1 of a cell, `for check in range(3):`"),
    "a global": ("def f():\n    global np\n    np = 3\nf()", "`np` is no longer the module numpy here; it is an int"),
    "a magic": ("%time np = 3", "`np` is no longer"),
    "del": ("del check", "`check`: a name that this notebook needs, deleted by now"),
    "reset": ("%reset -f", "Run its first cell again"),
}
# fmt: on


@pytest.mark.parametrize("name", TAKEN)
def test_a_course_name_that_was_taken_is_told_once(shell, name):
    source, sentence = TAKEN[name]
    assert sentence in shell.run(source).text
    assert shell.run("3").text == "3"


@pytest.mark.parametrize(
    "source", ["import numpy as np", "from course_lib import check", "nap = 3", "x = np.ones(2)", "1/0"]
)
def test_nothing_is_said_where_no_name_was_taken(shell, source):
    assert shell.run(source).text == ""


def test_an_answer_that_fails_by_a_name_that_was_taken_says_so(shell):
    shell.run("np = 5")
    seen = shell.run('check("scale_shift")').text
    assert "AttributeError" in seen and "`np` is no longer the module numpy here; it is an int" in seen
    assert "Print type(...)" not in seen
    shell.run("import numpy as np")
    assert shell.run('check("scale_shift")').error is None


# fmt: off
NOT_THERE = {
    "a full-width colon": ("def scale_shift(x, a)\uff1a\n    return x", "a full-width colon"),
    "a package": ("import a_package_that_nobody_has\n" + RIGHT, "The package a_package_that_nobody_has is not there"),
    "an error": ("one = 1\none[0]\n" + RIGHT, "line 2, `one[0]`, with TypeError"),
    "another spelling": ("def Scale_Shift(x, a):\n    return x", "there is Scale_Shift (line 1 of your cell"),
    "inside a class": ("class Mine:\n    def scale_shift(x, a):\n        return x", "defines it inside of Mine"),
    "deleted": (RIGHT + "\ndel scale_shift", "`del scale_shift`, deletes it"),
    "not run": ("x = 1", "Run the cell that defines it"),
}
# fmt: on


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_failed_is_named(tmp_path, name):
    REFERENCE.save(tmp_path)
    source, sentence = NOT_THERE[name]
    with kernel(tmp_path, COURSE_STATE_DIR=str(tmp_path)) as running:
        running.run(f"{FIRST}\n{WHERE.format(str(tmp_path))}")
        running.run(source)
        seen = running.run('check("scale_shift")')
    assert sentence in seen.text and seen.error["ename"] == "CheckFailed"


def test_nobody_is_asked_for_input_by_a_check(shell):
    shell.run("def scale_shift(x, a):\n    return input('? '), 0")
    assert "Nobody answers an input()" in shell.run('check("scale_shift")', timeout=20).text
    assert "raw_input" in shell.run("import builtins\nprint(builtins.input)").text


class Broken:
    def __getattr__(self, name):
        raise RuntimeError


@pytest.mark.fast
def test_the_hook_never_raises():
    notebook = live.Notebook(Broken())
    for result in (None, Broken(), 3):
        notebook.after_cell(result)


@pytest.mark.fast
def test_outside_of_a_kernel_nothing_is_watched(monkeypatch):
    monkeypatch.setattr(live, "_notebook", None)
    live.watch()
    assert live._notebook is None


@pytest.mark.fast
def test_the_line_of_an_error_is_that_of_the_cell():
    try:
        exec(compile("x = 1\ny = [][x]", "<cell>", "exec"), {"__name__": "__main__"})
    except IndexError as error:
        assert live.failure_of(error) == Failure("IndexError", "list index out of range", 2)

"""Why there is no object to check: the cell that should define it is named with its error, and no other cell is blamed.

From texts alone (fast), then as a class meets it: in the sandbox, in the feedback's text and in the class table.
"""

from __future__ import annotations

import pytest
from test_names import GIVEN, answer, cell, check, given, verdicts

from course_lib.judging import render
from course_lib.judging.failures import Failure, Ran, other_meaning, read_text, why_missing
from grader.grading.results import CheckResult, Result
from grader.reports.table import class_table
from grader.sandbox.sandbox import MIB, Limits, Sandbox

RIGHT = "def mean_square(x):\n    return np.mean(x**2)"
INDENTED = "    def mean_square(x):\n        return x"
LIMITS = Limits(cell_seconds=4, submission_seconds=30, memory=2048 * MIB, output=200_000, results=8 * MIB)


def said(*cells):
    return why_missing("mean_square", [Ran(c) if isinstance(c, str) else c for c in cells])


# fmt: off
UNREADABLE = {
    "no-break spaces": (RIGHT.replace(" ", "\u00a0"), "a no-break space", "an ordinary space"),
    "a full-width colon": (RIGHT.replace(":", "\uff1a"), "line 1", "a full-width colon", "a plain `:`"),
    "full-width brackets": (RIGHT.replace("(x)", "\uff08x\uff09"), "full-width left parenthesis", "a plain `(`"),
    "curly quotes": (RIGHT + " + len(\u201cab\u201d)", "line 2", "double quotation mark", 'a plain `"`'),
    "a typeset minus": (RIGHT + " \u2212 0", "minus sign", "a plain `-`"),
    "a multiplication sign": (RIGHT + " \u00d7 1", "multiplication sign", "a plain `*`"),
    "a zero-width space": (RIGHT.replace("return ", "return \u200b"), "a zero-width space", "Take it out"),
    "no colon": (RIGHT.replace(":", ""), "line 1", "SyntaxError"),
    "tabs and spaces": ("def mean_square(x):\n    y = x\n\treturn y", "line 3", "TabError"),
    "an open bracket": ("def mean_square(x):\n    return np.mean(x**2", "line 2", "never closed"),
    "no indentation": ("def mean_square(x):\nreturn x", "line 2", "IndentationError"),
}
# fmt: on


@pytest.mark.fast
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_cell_that_python_cannot_read_is_named_by_line_and_character(name):
    source, *sentences = UNREADABLE[name]
    wrong = read_text(source).wrong
    problem = said(Ran(source, Failure(wrong.kind, wrong.text, wrong.line)))
    for sentence in (*sentences, f"line {wrong.line}"):
        assert sentence in problem.message
    assert f"`{source.splitlines()[wrong.line - 1].strip()}`" in problem.message
    assert problem.detail == f"{wrong.kind} in line {wrong.line}"


@pytest.mark.fast
@pytest.mark.parametrize(
    "near", ["Mean_Square", "meansquare", "mean_sqaure", "mean_squared", "MeanSquare", "mean_squre"]
)
def test_the_nearest_name_is_told(near):
    problem = said("x = 1", f"# mine\ndef {near}(x):\n    return x")
    assert f"there is {near} (line 2 of your cell, `def {near}(x):`)" in problem.message


@pytest.mark.fast
@pytest.mark.parametrize("other", ["standardize", "gd_step", "mse_grad", "mse", "square", "x"])
def test_no_name_is_told_that_is_another_exercise_or_not_near(other):
    message = why_missing(
        "sgd_step" if other == "gd_step" else "gd_step", [Ran(f"def {other}(x):\n    return x")]
    ).message
    assert f"there is {other}" not in message


@pytest.mark.fast
def test_an_error_of_another_cell_is_never_blamed():
    other = Ran("import pandas\ny = mean_square_of(3)", Failure("ModuleNotFoundError", "No module named 'pandas'", 1))
    assert "pandas" not in said(other).message
    assert "pandas" not in said(other, RIGHT.replace("mean_square", "meansquare")).message
    broken = Ran("for x in\n    mean_square(x)", Failure("SyntaxError", "invalid syntax", 1))
    assert "SyntaxError" not in said(broken).message


@pytest.mark.fast
def test_an_error_below_the_definition_is_not_the_reason():
    below = Ran(f"{RIGHT}\n1 / 0", Failure("ZeroDivisionError", "division by zero", 3))
    assert "ZeroDivisionError" not in said(below, "del mean_square").message
    assert "line 1 of a cell, `del mean_square`, deletes it" in said(below, "del mean_square").message
    above = Ran(f"1 / 0\n{RIGHT}", Failure("ZeroDivisionError", "division by zero", 1))
    assert "line 1, `1 / 0`" in said(above).message


@pytest.mark.fast
def test_the_latest_version_of_a_cell_is_the_one_that_is_told():
    failed = Ran(f"import pandas\n{RIGHT}", Failure("ModuleNotFoundError", "No module named 'pandas'", 1))
    assert "there is Mean_Square" in said(failed, RIGHT.replace("mean_square", "Mean_Square")).message
    assert "pandas is not there" in said(RIGHT.replace("mean_square", "Mean_Square"), failed).message


@pytest.mark.fast
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (f"def outer():\n{INDENTED}", "line 2 of its cell, `def mean_square(x):`, defines it inside of outer"),
        (f"class Answer:\n{INDENTED}", "inside of Answer"),
        (f"{RIGHT}\ndel mean_square", "line 3 of a cell, `del mean_square`, deletes it"),
        (f"{RIGHT}\n%reset -f", "line 3 of a cell, `%reset -f`, deletes it"),
        (f"%%timeit\n{RIGHT}", "begins with %%timeit"),
        (f"%%writefile answer.py\n{RIGHT}", "begins with %%writefile"),
        (f"if False:\n{INDENTED}", "line 2 of its cell, `def mean_square(x):`, defines it, but was not run"),
    ],
)  # fmt: skip
def test_a_definition_that_came_to_nothing_is_told(source, sentence):
    assert sentence in said(Ran(source, own=True)).message


@pytest.mark.fast
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("", "its cell is empty"),
        ("# def mean_square(x):\n#     return 3", "every line of its cell is a comment"),
        ("print(3)", "no line of its cell gives the name mean_square a meaning"),
    ],
)
def test_an_own_cell_without_a_definition_is_told(source, sentence):
    assert sentence in said(Ran(source, own=True)).message


@pytest.mark.fast
def test_a_cell_that_was_never_run_is_asked_for():
    assert "Run the cell that defines it" in said("x = 3").message


@pytest.mark.fast
def test_a_name_that_means_something_else_is_told_with_its_line():
    problem = other_meaning("mean_square", [Ran(RIGHT), Ran("# try\nmean_square = mean_square(x)")])
    assert "no longer your function: line 2 of a cell, `mean_square = mean_square(x)`" in problem.message
    assert other_meaning("mean_square", [Ran("mean_square = 3"), Ran(RIGHT)]) is None
    stopped = Ran("1 / 0\nmean_square = 3", Failure("ZeroDivisionError", "", 1))
    assert other_meaning("mean_square", [Ran(RIGHT), stopped]) is None
    assert "makes it another kind of value" in other_meaning("mean_square", [Ran("mean_square = 12.5")]).message


@pytest.fixture(scope="module")
def worker():
    with Sandbox("00_start_here", LIMITS) as running:
        yield running


# fmt: off
GRADED = {
    "a full-width colon": ("def {name}(x, a)\uff1a\n    return x", "a full-width colon", "SyntaxError in line 1"),
    "a package": ("import pandas\n{right}", "The package pandas is not there", "ModuleNotFoundError in line 1"),
    "an error above": ("y = 1\nz = y[0]\n{right}", "line 2, `z = y[0]`, with TypeError: ", "TypeError in line 2"),
    "a default value": ("def {name}(x, a=no):\n    return x", "name 'no' is not defined", "NameError in line 1"),
    "input in the cell": ("n = input('n?')\n{right}", "Nobody answers an input()", "EOFError in line 1"),
    "input in the function": (
        "def {name}(x, a):\n    return input(), 0", "Nobody answers an input()", "EOFError in line 2",
    ),
    "another spelling": ("def Second(x, a):\n    return x", "there is Second (line 1 of your cell", "spelled Second"),
    "a value": ("{right}\n{name} = 3", "line 4 of a cell, `second = 3`", "its name means something else"),
    "a loop above": (
        "while True: pass\n{right}", "line 1, `while True: pass`, with KeyboardInterrupt",
        "KeyboardInterrupt in line 1",
    ),
    "an end above": (
        "import os\nos._exit(1)", "begins with `import os`: Python itself ended", "the notebook stopped above it",
    ),
    "an end in the function": (
        "def {name}(x, a):\n    import os\n    os._exit(1)", "Python itself ended in it", "Python ended in the check",
    ),
    "an endless function": (
        "def {name}(x, a):\n    import signal\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    while True: pass",
        "your code ran longer in it than a cell may", "it ran too long",
    ),
    "too much": ("def {name}(x, a):\n    return np.ones(10**5), 0", "longer than a grader reads", "too much came back"),
}
# fmt: on


@pytest.mark.parametrize("name", GRADED)
def test_the_reason_that_is_told_is_the_true_one_in_feedback_and_table(worker, name):
    source, sentence, reason = GRADED[name]
    right = "def second(x, a):\n    y = np.multiply(float(a), x)\n    return y, y.sum()"
    source = source.replace("{right}", right)
    verdict = verdicts(worker, given(GIVEN), answer("first"), check("first"), answer(source=source), check())["second"]
    text = render.text(verdict, private=True)
    assert sentence in text and verdict.earned == 0
    assert "the cell is gone" not in text
    assert render.reason(verdict) == reason
    row = CheckResult("second", 0, 4, False, False, True, (), text, reason=reason)
    assert f"second -4 (no value: {reason})" in class_table([Result("ada", 0, 4, checks=(row,))])


def test_what_was_checked_before_an_end_keeps_its_points(worker):
    found = verdicts(
        worker, given(GIVEN), answer("first"), check("first"), cell("import os\nos._exit(1)"), answer(), check()
    )
    assert found["first"].passed and "stopped in a cell above it" in render.text(found["second"], private=True)


def test_a_right_answer_whose_cell_displays_a_lot_is_not_cut(worker):
    source = (
        "def {name}(x, a):\n    from IPython.display import HTML, display\n    display(HTML('x' * 10**6))\n"
        "    return a * x, (a * x).sum()"
    )
    assert verdicts(worker, given(GIVEN), answer(source=source), check())["second"].passed

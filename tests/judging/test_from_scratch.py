"""The rule "from scratch" looks at what the judged object rests on, through aliases, and leaves the rest alone."""

import nbformat
import pytest
from helpers.course import EXERCISES, ROOT, UNITS, source_notebook

from course_lib.cells import reach
from course_lib.cells.reach import Cell, Program
from course_lib.judging import packages
from course_lib.judging.from_scratch import forbidden_problem, import_problem
from course_lib.kernel.ran import file_beside
from grader.preprocessors.verify_answers import cells_above
from grader.submissions.samples import fill, find_cell

pytestmark = pytest.mark.fast

RULES = ("np.gradient", "torch.optim.SGD", "scipy.special.softmax")
MINE = "import numpy as np\n\ndef g(x):\n    return np.gradient(x)"

# fmt: off
# ruff: noqa: E501 - a table
LEFT_TO_A_LIBRARY = {
    "plainly": (["def f(x):\n    return np.gradient(x)"], "Line 2 of your cell, `return np.gradient(x)`, leaves the work to np.gradient."),
    "by a module's other name": (["import numpy as n\n\ndef f(x):\n    return n.gradient(x)"], "Line 4 of your cell"),
    "by another name of its own": (["from numpy import gradient as g\nf = lambda x: g(x)"], "leaves the work to g (numpy.gradient)"),
    "by a name for the module": (["import torch", "o = torch.optim", "def f(x):\n    return o.SGD(x)"], "Line 2 of your cell, `return o.SGD(x)`"),
    "by a name for the module inside": (["def f(x):\n    o = torch.optim\n    p = o\n    return p.SGD(x)"], "Line 4 of your cell"),
    "imported inside": (["def f(x):\n    from scipy.special import softmax\n    return softmax(x)"], "Line 3 of your cell"),
    "imported with a star": (["from numpy import *\ndef f(x):\n    return gradient(x)"], "gradient (numpy.gradient)"),
    "imported by a call": (["from importlib import import_module\no = import_module('torch.optim')\ndef f(x):\n    return o.SGD(x)"], "Line 4"),
    "by a text": (["def f(x):\n    return getattr(np, 'gradient')(x)"], "leaves the work to np.gradient"),
    "as the value itself": (["f = np.gradient"], "Line 1 of your cell, `f = np.gradient`"),
    "as the import itself": (["from numpy import gradient as f"], "Line 1 of your cell, `from numpy import gradient as f`"),
    "as one of two": (["f, g = np.gradient, abs"], "Line 1"),
    "as one of several in a loop": (["for op in [np.gradient]:\n    f = op"], "Line 1"),
    "in a branch": (["if n > 1:\n    def f(x):\n        return np.gradient(x)"], "Line 3"),
    "in a try": (["try:\n    f = np.gradient\nexcept AttributeError:\n    f = None"], "Line 2"),
    "in a with": (["with np.errstate():\n    f = np.gradient"], "Line 2"),
    "by globals()": (["globals()['f'] = np.gradient"], "Line 1"),
    "by global": (["def install():\n    global f\n    f = np.gradient\n\ninstall()"], "Line 3"),
    "by a walrus": (["(f := np.gradient)"], "Line 1"),
    "by partial": (["from functools import partial\nf = partial(np.gradient, axis=0)"], "Line 2"),
    "by a base class": (["from torch import optim\nclass f(optim.SGD):\n    pass"], "Line 2 of your cell, `class f(optim.SGD):`"),
    "by a base class in another cell": (["class Base(torch.optim.SGD):\n    pass", "class f(Base):\n    pass"],
                                        "Line 1 of another cell, `class Base(torch.optim.SGD):`, which your f uses, leaves"),
    "by a helper in another cell": (["def h(x):\n    return np.gradient(x)", "def f(x):\n    return h(x)"], "Line 2 of another cell"),
    "by a helper that is defined below": (["def f(x):\n    return h(x)", "h = np.gradient"], "Line 2 of your cell, `return h(x)`, leaves the work to h (numpy.gradient)."),
    "by a default": (["def f(x, g=np.gradient):\n    return g(x)"], "Line 1"),
    "by a decorator": (["def swap(fn):\n    return np.gradient", "@swap\ndef f(x):\n    return x"], "Line 2 of another cell"),
    "by a patch": (["class f:\n    pass", "f.step = torch.optim.SGD.step"], "Line 1 of another cell, `f.step = torch.optim.SGD.step`"),
    "by setattr": (["class f:\n    pass\n\nsetattr(f, 'step', torch.optim.SGD.step)"], "Line 4 of your cell"),
    "by a table": (["OPS = {}\nOPS.update(g=np.gradient)\ndef f(x):\n    return OPS['g'](x)"], "Line 2"),
    "by a comprehension": (["def f(x):\n    return [np.gradient(row) for row in x]"], "Line 2"),
    "by a method": (["class f:\n    def step(self, x):\n        return np.gradient(x)"], "Line 3"),
    "below a line magic": (["%load_ext autoreload\n!ls \\\n  -l\ndef f(x):\n    return np.gradient(x)"], "Line 5 of your cell"),
    "below a cell magic": (["\n%%time\n\ndef f(x):\n    return np.gradient(x)"], "Line 5 of your cell"),
    "below two cell magics": (["%%capture\n%%time\nf = np.gradient"], "Line 3 of your cell"),
    "in a timed line": (["%time f = np.gradient"], "Line 1 of your cell, `%time f = np.gradient`"),
    "in a cell with a question": (["np.gradient?\nf = np.gradient"], "Line 2"),
    "in a cell that waits": (["await asyncio.sleep(0)\nf = np.gradient"], "Line 2"),
    "by a file beside": (["from mine import g as f"], "Line 4 of mine.py, `return np.gradient(x)`, which your f uses, leaves"),
    "through a file beside": (["import mine\ndef f(x):\n    return mine.g(x)"], "Line 4 of mine.py"),
    "by a star from a file beside": (["from mine import *\ndef f(x):\n    return g(x)"], "Line 4 of mine.py"),
    "by a file that is run": (["%run mine.py\nf = g"], "Line 4 of mine.py"),
    "by a file that the notebook writes": (["%%writefile own.py\nimport numpy as np\nf = np.gradient", "from own import f"], "Line 2 of own.py, `f = np.gradient`"),
    "as what a star brings": (["%%writefile own.py\nimport numpy as np\nf = np.gradient", "from own import *"], "Line 2 of own.py"),
    "by a version that was run last": (["def f(x):\n    return x", "def f(x):\n    return np.gradient(x)"], "Line 2"),
}
FROM_SCRATCH = {
    "nothing of a library": ["def f(x):\n    return x"],
    "a comparison in the cell": ["def f(x):\n    return x\n\nassert f(1) != np.gradient(1)\nref = torch.optim.SGD([w])"],
    "an experiment in other cells": ["help(np.gradient)", "ref = np.gradient(3)", "def f(x):\n    return x", "np.gradient?"],
    "an older version": ["def f(x):\n    return np.gradient(x)", "def f(x):\n    return x"],
    "an older version that is kept": ["f = np.gradient\nold = f\ndef f(x):\n    return x"],
    "an older helper": ["h = np.gradient", "h = abs", "def f(x):\n    return h(x)"],
    "a helper with its name from before": ["h = abs", "class f(h):\n    pass", "h = np.gradient"],
    "an import that is not used": ["from scipy.special import softmax\nfrom torch.optim import SGD\ndef f(x):\n    return x"],
    "every cell copied below itself": ["def f(x):\n    return x", "def f(x):\n    return x", "np.gradient(2)"],
    "an argument's name": ["from numpy import gradient\ndef f(gradient):\n    return gradient(1)"],
    "an argument called np": ["def f(np):\n    return np.gradient"],
    "a variable's name": ["F, C = 1, 2\ndef f(W):\n    softmax, gradient = W.shape\n    return softmax"],
    "a loop's variable": ["from numpy import gradient", "def f(x):\n    return [gradient for gradient in x]"],
    "an attribute": ["def f(x):\n    return x.gradient + x.np.gradient"],
    "a name of a class that its methods do not see": ["class f:\n    gradient = 1\n    def step(self):\n        return self.gradient"],
    "texts and comments": ["def f(x):\n    'np.gradient'  # np.gradient\n    return 'torch.optim.SGD'"],
    "annotations": ["def f(x: np.gradient, o: torch.optim.SGD = None) -> np.gradient:\n    y: np.gradient = x\n    return y"],
    "a question about a type": ["def f(x):\n    return isinstance(x, torch.optim.SGD)"],
    "what is never run": ["def f(x):\n    if False:\n        return np.gradient(x)\n    return x", "if 0:\n    f = np.gradient"],
    "another function of the library": ["from scipy.special import logsumexp\ndef f(x):\n    return logsumexp(np.exp(x))"],
    "a cell that goes to a file": ["def f(x):\n    return x", "%%writefile f.py\nf = np.gradient"],
    "a cell for the shell": ["def f(x):\n    return x", "%%bash\nf = np.gradient"],
    "a cell that is no Python": ["def f(x):\n    return x", "f = np.gradient("],
}
# fmt: on


def said_of(cells, name="f", rules=RULES):
    cells = [Cell(cell) if isinstance(cell, str) else cell for cell in cells]
    reached = Program(cells, lambda module: MINE if module == "mine" else None).reached(name)
    problem = forbidden_problem(name, reached, rules)
    return problem.message if problem else ""


@pytest.mark.parametrize(("cells", "sentence"), LEFT_TO_A_LIBRARY.values(), ids=LEFT_TO_A_LIBRARY)
def test_work_that_is_left_to_a_library_is_found_at_its_line(cells, sentence):
    assert sentence in said_of(cells)


@pytest.mark.parametrize("cells", FROM_SCRATCH.values(), ids=FROM_SCRATCH)
def test_what_the_answer_does_not_rest_on_is_left_alone(cells):
    assert not said_of(cells)


def test_the_sentence_says_what_to_do():
    assert said_of(["\n\nf = np.gradient"]) == (
        "Line 3 of your cell, `f = np.gradient`, leaves the work to np.gradient. In f you write from scratch what it "
        "does; afterwards, it is yours to use."
    )
    assert not said_of(["from numpy import gradient as f"], rules=())


def test_what_came_with_the_unit_is_nobodys_answer():
    helper = "def h(x):\n    return np.gradient(x)\n\nfrom course_lib import earlier\nSGD = earlier('SGD')"
    answer = "def f(x):\n    return h(SGD(x))"
    assert not said_of([Cell(helper, given=True), answer])
    assert not said_of([Cell(helper, given=True), "SGD = earlier('SGD')", answer])
    assert "np.gradient" in said_of([helper, answer])
    assert "course_lib.earlier" in said_of(["from course_lib import earlier\nSGD = earlier('SGD')", answer])
    assert "n.gradient" in said_of([Cell("import numpy as n", given=True), "def f(x):\n    return n.gradient(x)"])


def test_what_a_cell_did_not_come_to_do_does_not_count():
    wrong, right = "def f(x):\n    return np.gradient(x)", "import nothing\ndef f(x):\n    return x"
    assert "np.gradient" in said_of([wrong, Cell(right, stopped=1)])
    assert not said_of([wrong, right])
    assert not said_of([right, Cell(f"1 / 0\n{wrong}", stopped=1)])


def test_an_import_that_the_unit_has_brought_already_does_not_rest_on_the_learners_cell():
    first, own = Cell("import numpy as np", given=True), "import scipy\nimport numpy as np"
    answer = "def f(x):\n    return np.mean(x)"
    for cells, lines in (([first, Cell(own), Cell(answer)], None), ([Cell(own), Cell(answer)], 1)):
        problem = import_problem("f", "00_start_here", Program(cells).reached("f"), packages.importable)
        assert (problem and problem.line) == lines


@pytest.mark.parametrize("unit", UNITS)
def test_the_recorded_answers_of_a_unit_are_from_scratch_and_need_nothing_that_is_not_there(unit):
    released = nbformat.read(ROOT / "notebooks" / unit / f"{unit}.ipynb", as_version=4)
    notebook = fill(released, source_notebook(unit))
    for exercise in EXERCISES:
        if exercise.unit == unit:
            cells = cells_above(notebook, find_cell(notebook, f"check_{exercise.name}"))
            reached = Program(cells).reached(exercise.name)
            assert reached.bindings, exercise.name
            assert forbidden_problem(exercise.name, reached, exercise.forbidden) is None
            assert import_problem(exercise.name, unit, reached, packages.importable) is None


RULED = [exercise for exercise in EXERCISES if exercise.forbidden]
WAYS = {
    "in a function": "%matplotlib inline\ndef {name}(*args):\n    return {call}(*args)",
    "in a class": "class {name}:\n    def step(self):\n        return {call}(self)",
    "as a base": "class {name}({call}):\n    pass",
    "by another name": "%%time\nlibrary = {call}\n{name} = library",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("exercise", RULED, ids=lambda exercise: exercise.name)
def test_every_name_that_an_exercise_forbids_is_found(exercise, way):
    for call in exercise.forbidden:
        source = way.format(name=exercise.name, call=call)
        assert "leaves the work to" in said_of([source], exercise.name, exercise.forbidden), call
        helped = f"def {exercise.name}(*args):\n    return helper(*args)"
        assert "leaves the work to" in said_of([helped, f"helper = {call}"], exercise.name, exercise.forbidden), call


# fmt: off
@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["import scipy\ndef f(x):\n    return x"], 1),
        (["from scipy import linalg", "def f(x):\n    return linalg.norm(x)"], 1),
        (["def f(x):\n    import scipy.linalg\n    return x"], 2),
        (["import numpy as np\nif True:\n    import scipy\nf = abs"], 3),
        (["%pip install scipy\nimport scipy\nf = abs"], 2),
        (["import torch\ndef h(x):\n    return x", "def f(x):\n    return h(x)"], 1),
    ],
)
def test_an_answer_that_needs_a_package_which_grading_has_not_is_told(cells, line):
    reached = Program([Cell(cell) for cell in cells]).reached("f")
    problem = import_problem("f", "00_start_here", reached, packages.importable)
    assert problem is not None and problem.line == line and "is not there when unit 00 is graded" in problem.message


@pytest.mark.parametrize(
    "cells",
    [
        ["import numpy, json, tqdm\nfrom collections import deque\ndef f(x):\n    return x"],
        ["def f(x):\n    return x\n\nimport scipy"],
        ["import scipy", "def f(x):\n    return x"],
        ["try:\n    import scipy\nexcept ImportError:\n    scipy = None\ndef f(x):\n    return x"],
        ["import contextlib\nwith contextlib.suppress(ImportError):\n    import scipy\ndef f(x):\n    return x"],
        ["def g():\n    import scipy\n\ndef f(x):\n    return x"],
        ["import my_own_module\ndef f(x):\n    return x"],
    ],
)
def test_a_package_that_is_there_or_not_needed_is_nobodys_matter(cells):
    reached = Program([Cell(cell) for cell in cells]).reached("f")
    assert import_problem("f", "00_start_here", reached, packages.importable) is None
# fmt: on


def test_a_file_beside_the_notebook_is_found_and_nothing_else(tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("f = 1", encoding="utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "mine.py")
    (tmp_path / "broken.py").write_bytes(b"\xff\xfe\x00")
    beside = file_beside(tmp_path)
    assert beside("mine") == MINE and beside("pack") == "f = 1"
    assert [beside(name) for name in ("link", "broken", "../mine", "/etc/passwd", "no", "")] == [None] * 6


def test_a_cell_is_gone_through_once_and_each_run_of_it_keeps_its_place(monkeypatch):
    helper, mine = Cell("def seen_once(x):\n    return np.gradient(x)"), Cell("def f(x):\n    return seen_once(x)")
    before = Program([helper, mine]).reached("f")
    monkeypatch.setattr(reach, "_bindings", lambda *_: pytest.fail("gone through again"))
    again = Cell(mine.source)
    program = Program([Cell("", given=True), mine, helper, again])
    assert [use.name for use in program.reached("f").uses] == [use.name for use in before.uses]
    assert [binding.cell for binding in program.bindings("f")] == [mine, again]
    assert program.bindings("f")[1].cell is again and program.last("f") == program.bindings("f")[1:]
    assert [binding.place for name in ("f", "seen_once") for binding in program.bindings(name)] == [0, 2, 1]

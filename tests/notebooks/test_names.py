"""Grading's names are its own: what one cell binds, deletes, resets or patches costs no other exercise a point.

And a right answer that relies on names of its own keeps its points: nothing is put in the place of what it means.
"""

from __future__ import annotations

import json
from dataclasses import replace

import nbformat
import pytest
from helpers.kernel import kernel
from nbformat.v4 import new_code_cell, new_notebook
from helpers.toy import REFERENCE

from course_lib.check import MIME
from course_lib.graded.kernel import packed
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome
from grader.commands import check as check_command
from grader.grading.classroom import Classroom
from grader.judging.answers import read_outcomes
from grader.sandbox.notebook import part_of, run_notebook
from grader.sandbox.sandbox import MIB, Limits, Sandbox
from grader.submissions.samples import fill, find_cell

LIMITS = Limits(cell_seconds=10, submission_seconds=60, memory=2048 * MIB, output=200_000, results=8 * MIB)
GIVEN = "import json\nimport matplotlib.pyplot as plt\nimport numpy as np\nfrom course_lib import check, predict"
RIGHT = "def {name}(x, a):\n    y = np.multiply(float(a), x)\n    return y, sum(y.ravel().tolist())"
CLASS = "class Scaled:\n    pass\n"


def cell(source, name="", **mark):
    made = new_code_cell(source)
    if name:
        made.metadata["nbgrader"] = {"grade_id": name} | mark
    return made


def given(source):
    return cell(source, "given_setup", locked=True, solution=False, grade=False)


def answer(name="second", source=RIGHT):
    return cell(source.format(name=name), name, locked=False, solution=True, grade=False)


def check(name="second"):
    return cell(f'check("{name}")', f"check_{name}", locked=True, solution=False, grade=True)


def references(cells):
    names = [made.metadata.nbgrader.grade_id for made in cells if "nbgrader" in made.metadata]
    return {
        name.removeprefix("check_"): replace(REFERENCE, exercise=name.removeprefix("check_"))
        for name in names
        if name.startswith("check_")
    }


@pytest.fixture(scope="module")
def worker():
    with Sandbox("00_start_here", LIMITS) as running:
        yield running


def verdicts(worker, *cells):
    """The verdict of each exercise that the cells check, after they ran in the sandbox."""
    wanted = references(cells)
    notebook = new_notebook(cells=list(cells))
    run_notebook(notebook, {n: json.dumps(r.without_answers().to_json()) for n, r in wanted.items()}, worker)
    checks = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if c.source.startswith("check(")}
    return {
        name: judge(read_outcomes(checks[f"check_{name}"], reference, [c.source for c in cells], notebook), reference)
        for name, reference in wanted.items()
    }


# fmt: off
SCRATCH = {
    "check": "check = 3.0",
    "np": "np = 5",
    "plt and json": "plt = json = None",
    "an import under a given name": "import math as np",
    "a class under a given name": "class np:\n    pass",
    "a function under a given name": "def np():\n    pass\ndef check(name):\n    return 100",
    "global in a function": "def f():\n    global np, check\n    np = check = None\nf()",
    "exec": "exec('np = 7; del check')",
    "a loop variable": "for np in range(3):\n    pass",
    "del": "del check, np, predict",
    "del of another exercise": "del first",
    "reset": "%reset -f",
    "xdel": "%xdel np",
    "reset_selective": "%reset_selective -f .*",
    "globals": "globals().clear()",
    "a new session": "get_ipython().reset(new_session=True)",
    "builtins by assignment": "sum = 3\nlen = range = float = list = 4",
    "builtins deleted": "import builtins\ndel builtins.len, builtins.sum",
    "builtins replaced": "import builtins\nbuiltins.print = builtins.isinstance = builtins.str = None",
    "no builtin left": "import builtins\nvars(builtins).clear()",
    "no builtins by name": "__builtins__ = {}\n__name__ = 'other'",
    "stars": "from numpy import *\nfrom math import *",
    "names of the course's own": "class Outcome:\n    pass\nclass Reference:\n    pass\nMIME = MISSING = 0",
    "IPython's names": "In = 5\nOut = _oh = None\nget_ipython = 3\n_ih = exit = quit = 1",
    "IPython's names deleted": "del In, Out, _ih, _oh, _dh, get_ipython",
    "streams": "import sys\nsys.stdout = sys.stderr = None",
    "the environment": "import os\nos.environ.clear()",
    "the folder": "import os\nos.chdir('/')",
    "exit": "import sys\nsys.exit = None\nraise SystemExit(3)",
    "the course's modules": (
        "import course_lib.check, course_lib.judging.compute, course_lib.judging.codec, course_lib.judging.reference\n"
        "course_lib.judging.compute.DRIVERS.clear()\ncourse_lib.judging.outcome.Outcome.to_json = None\n"
        "for module in (course_lib.check, course_lib.judging.compute, course_lib.judging.codec):\n"
        "    for name in [n for n in vars(module) if not n.startswith('__')]:\n        setattr(module, name, None)"
    ),
    "functions of modules": (
        "import base64, contextlib, copy, io, json, os, signal, time, traceback, warnings\n"
        "os.write = os.read = os.fork = os.getcwd = json.dumps = json.loads = time.monotonic = signal.signal = None\n"
        "copy.deepcopy = io.StringIO = contextlib.redirect_stdout = warnings.catch_warnings = None\n"
        "base64.b64encode = traceback.walk_tb = None\nos.environ = {}"
    ),
    "functions of NumPy": "np.multiply = np.sum = np.asarray = None\nnp.linalg.norm = 1\ndel np.array_equal",
    "modules deleted": "import sys\nfor name in list(sys.modules):\n    del sys.modules[name]",
    "modules replaced": "import sys\nfor name in list(sys.modules):\n    sys.modules[name] = None",
    "nothing to import from": "import sys\nfor each in (sys.path, sys.meta_path, sys.path_hooks):\n    each.clear()",
    "the recursion limit": "import sys\nsys.setrecursionlimit(60)",
    "a tracer": "import sys\ndef trace(*a):\n    raise ValueError\nsys.settrace(trace)",
    "warnings and floats": "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    "hooks": "def bad(*a):\n    raise KeyboardInterrupt\n"
             "for event in ('pre_run_cell', 'post_run_cell'):\n    get_ipython().events.register(event, bad)",
    "transformers": "def bad(lines):\n    raise ValueError\n"
                    "get_ipython().input_transformers_cleanup.append(bad)\n"
                    "get_ipython().input_transformers_post.append(bad)",
    "a transformer that drops functions": (
        "import ast\nclass Drop(ast.NodeTransformer):\n"
        "    def visit_FunctionDef(self, node):\n        return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    "the shell's methods": "get_ipython().run_cell = get_ipython().transform_cell = None",
    "the shell's parts": "get_ipython().compile = get_ipython().history_manager = None",
    "the shell's names": "get_ipython().user_ns = {}",
    "config": "%config InteractiveShell.ast_node_interactivity = 'all'",
    "a finalizer": "class Last:\n    def __del__(self):\n        raise SystemExit\nlast = Last()\ndel last",
    "an alarm": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.alarm(1)",
    "the working folder removed": "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)",
}
# fmt: on


@pytest.mark.parametrize("name", SCRATCH)
def test_a_scratch_cell_costs_no_other_exercise_a_point(worker, name):
    cells = [given(GIVEN), answer("first"), check("first"), cell(SCRATCH[name]), answer("second")]
    found = verdicts(
        worker, *cells, check("second"), given("np.ones(3).sum(), len([predict])"), answer("third"), check("third")
    )
    assert {name: verdict.earned for name, verdict in found.items()} == {"first": 4, "second": 4, "third": 4}


@pytest.mark.parametrize("name", ["np", "builtins by assignment", "reset", "no builtin left", "the course's modules"])
def test_a_scratch_cell_between_an_answer_and_its_check_costs_nothing(worker, name):
    found = verdicts(worker, given(GIVEN), answer(), cell(SCRATCH[name]), check())
    assert found["second"].passed


def test_an_exercise_that_calls_another_finds_it_again(worker):
    calls = "def second(x, a):\n    return first(x, a)"
    for scratch in ("del first", "first = first(np.ones(2), 2)", "%reset -f", "globals().clear()"):
        found = verdicts(worker, given(GIVEN), answer("first"), cell(scratch), answer(source=calls), check())
        assert found["second"].passed, scratch


OWN = {
    "an import in the answer": ("", "import numpy as np\n" + RIGHT),
    "a wrapper in the answer": (
        "",
        "class Wrapper:\n    def scaled(self, a, x):\n        return a * x\nnp = Wrapper()\n"
        "def {name}(x, a):\n    y = np.scaled(a, x)\n    return y, y.sum()",
    ),
    "a parameter called np": ("", "def {name}(x, np):\n    return np * x, (np * x).sum()"),
    "a builtin's name in the answer": ("", "sum = np.sum\ndef {name}(x, a):\n    return a * x, sum(a * x, axis=None)"),
    "a constant in the answer": ("", "max = 1.0\ndef {name}(x, a):\n    return max * a * x, (a * x).sum()"),
    "a wrapper in a cell above": (
        "class Wrapper:\n    def scaled(self, a, x):\n        return a * x\nnp = Wrapper()",
        "def {name}(x, a):\n    y = np.scaled(a, x)\n    return y, y.sum()",
    ),
    "a star import above": ("from numpy import *", "def {name}(x, a):\n    return a * x, sum(a * x, axis=None)"),
    "a star import above, and a total over a table": (
        "from numpy import *",
        "def {name}(x, a):\n    return multiply(a, x), sum(a * x)",
    ),
    "another module above": (
        "import types\nnp = types.SimpleNamespace(scaled=lambda a, x: a * x)",
        "def {name}(x, a):\n    y = np.scaled(a, x)\n    return y, y.sum()",
    ),
    "a helper above": (
        "def helper(x, a):\n    return a * x",
        "def {name}(x, a):\n    y = helper(x, a)\n    return y, y.sum()",
    ),
    "a value above": ("ONE = 1.0", "def {name}(x, a):\n    y = ONE * a * x\n    return y, y.sum()"),
    "a given value that was changed": (
        "json = 2.0",
        "def {name}(x, a):\n    y = json / 2 * a * x\n    return y, y.sum()",
    ),
    "a given name used when it is defined": (
        "np = 5",
        "def {name}(x, a, y=np.float64(1)):\n    y = a * x\n    return y, y.sum()",
    ),
    "its own folder": (
        "",
        "import os\nos.mkdir('mine')\nos.chdir('mine')\nopen('one.txt', 'w').write('1')\n"
        "def {name}(x, a):\n    y = float(open('one.txt').read()) * a * x\n    return y, y.sum()",
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_right_answer_keeps_the_meaning_that_it_gives_its_names(worker, name):
    above, source = OWN[name]
    assert verdicts(worker, given(GIVEN), cell(above or "pass"), answer(source=source), check())["second"].passed


def test_a_better_version_below_the_answer_is_the_one_that_counts(worker):
    wrong = "def {name}(x, a):\n    return x, 0.0"
    found = verdicts(worker, given(GIVEN), answer(source=wrong), cell(RIGHT.format(name="second")), check())
    assert found["second"].passed


@pytest.mark.parametrize(
    "source",
    [
        "def {name}(x, a):\n    return a + x, 0.0",
        "def {name}(x, a):\n    raise ValueError",
        "{name} = 3",
        "raise NotImplementedError('Exercise {name}')",
        "",
    ],
)
def test_a_wrong_answer_earns_nothing_by_names_that_changed(worker, source):
    scratch = "np = sum = 3\nfirst_time = True"
    assert verdicts(worker, given(GIVEN), cell(scratch), answer(source=source), check())["second"].earned == 0


def test_a_check_leaves_no_trace_in_the_notebook(worker):
    look = cell("np, sum")
    notebook = new_notebook(cells=[given(GIVEN), answer(), cell("np = sum = 5"), check(), look])
    run_notebook(notebook, {"second": json.dumps(REFERENCE.without_answers().to_json())}, worker)
    assert notebook.cells[-1].outputs[-1]["data"]["text/plain"] == "(5, 5)"


def test_an_answer_that_failed_by_names_is_shown_once(worker):
    cells = [given(GIVEN), cell("import math as np"), answer(source="one = np.ones(1)\n" + RIGHT), check()]
    assert verdicts(worker, *cells)["second"].passed
    assert cells[2].outputs == [] and cells[2].execution_count == 3


def test_a_plain_kernel_that_grades_holds_the_same(tmp_path):
    names = list(SCRATCH)
    cells = [given(GIVEN)]
    for number, name in enumerate(names):
        cells += [cell(SCRATCH[name]), answer(f"toy{number}"), check(f"toy{number}")]
    for name, reference in references(cells).items():
        reference.without_answers().save(tmp_path)
        assert (tmp_path / f"{name}.json").is_file()
    work = tmp_path / "work"
    work.mkdir()
    arguments = ["--ext=course_lib.graded.kernel"]
    environment = {"COURSE_GRADING": str(tmp_path), "COURSE_GRADED": "1", "COURSE_STATE_DIR": str(tmp_path)}
    lost = []
    with kernel(work, arguments, **environment) as running:
        for made in cells:
            role, name = part_of(made)
            seen = running.run(packed(made.source, role, name))
            if role == "check":
                payload = next((o["data"][MIME] for o in seen.outputs if MIME in o.get("data", {})), {"outcomes": []})
                outcomes = [Outcome.from_json(item) for item in payload["outcomes"]]
                if not outcomes or not judge(outcomes, REFERENCE).passed:
                    lost.append(names[int(name.removeprefix("toy"))])
    assert lost == []


@pytest.mark.parametrize("sandboxed", [True, False])
def test_a_whole_unit_keeps_its_points_beside_scratch_cells(tmp_path, monkeypatch, sandboxed):
    unit = "00_start_here"
    if not sandboxed:
        monkeypatch.setattr(check_command, "unavailable", lambda: "There is no sandbox here.")
    classroom = Classroom(tmp_path / "class")
    classroom.take_over(unit)
    source, released = (
        nbformat.read(classroom.path(step, ".", unit) / f"{unit}.ipynb", as_version=4) for step in ("source", "release")
    )
    notebook = fill(released, source)
    for name, scratch in {
        "mean_square": "check = np = 5\n%reset -f",
        "standardize": "import builtins\ndel builtins.len",
    }.items():
        at = next(i for i, made in enumerate(notebook.cells) if made is find_cell(notebook, name))
        notebook.cells.insert(at, cell(scratch))
    path = tmp_path / unit / f"{unit}.ipynb"
    path.parent.mkdir()
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    result, _ = check_command.grade_alone(unit, path)
    assert {c.exercise: c.earned - c.points for c in result.checks} == dict.fromkeys(
        (c.exercise for c in result.checks), 0
    )


TORCH_GIVEN = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nfrom course_lib import check"
TORCH_RIGHT = (
    "class Scale(nn.Module):\n    def forward(self, x, a):\n        return F.relu(a * x) - F.relu(-a * x)\n"
    "def {name}(x, a):\n    x = torch.tensor(x, requires_grad=True)\n    y = Scale()(x, a)\n    y.sum().backward()\n"
    "    assert torch.zeros(1).dtype == torch.float32\n    return y, y.sum()"
)
TORCH_SCRATCH = (
    "torch = F = nn = None",
    "F, C, KH, KW = 1, 2, 3, 4",
    "torch.set_grad_enabled(False)",
    "torch.set_default_dtype(torch.float64)",
    "torch.tensor = torch.nn.Module = torch.nn.functional.relu = None",
    "import sys\nfor name in list(sys.modules):\n    if name.startswith('torch'):\n        del sys.modules[name]",
    "%reset -f",
)


def test_what_is_set_in_pytorch_costs_no_other_exercise_a_point():
    cells = [given(TORCH_GIVEN)]
    for number, scratch in enumerate(TORCH_SCRATCH):
        cells += [cell(scratch), answer(f"toy{number}", TORCH_RIGHT), check(f"toy{number}")]
    with Sandbox("09_to_pytorch", replace(LIMITS, memory=4096 * MIB)) as running:
        found = verdicts(running, *cells)
    assert [TORCH_SCRATCH[int(name.removeprefix("toy"))] for name, verdict in found.items() if not verdict.passed] == []

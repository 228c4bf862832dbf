"""What a unit's code may import: one list, and the same answer with a sandbox, without one, and beforehand."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.errors import CourseError
from course_lib.judging import packages
from course_lib.judging.packages import importable, modules_of
from grader.commands import check as check_command
from grader.config import nbgrader_config
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import Limits, Sandbox
from grader.submissions.samples import find_cell

ROOT = Path(check_command.__file__).resolve().parents[2]
LIMITS = Limits(cell_seconds=20, submission_seconds=60)


@pytest.fixture(scope="module")
def worker():
    with Sandbox("01_gradients", LIMITS) as running:
        yield running


def shown(worker, sources, files):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    assert run_notebook(notebook, {}, worker, {name: text.encode() for name, text in files.items()}).ended == "finished"
    return [cell.outputs[-1].get("evalue") or cell.outputs[-1]["data"]["text/plain"] for cell in notebook.cells]


HARMLESS = ("import tqdm", "from tqdm.auto import tqdm", "from tqdm.notebook import tqdm", "import ipywidgets")


def test_what_does_nobodys_work_is_in_every_sandbox(worker):
    sources = [f"{line}\n1" for line in (*HARMLESS, "from PIL import Image", "import matplotlib.animation")]
    used = "from tqdm.auto import tqdm\nsum(tqdm(range(4)))"
    assert shown(worker, [*sources, used], {}) == ["1"] * 6 + ["6"]


@pytest.mark.fast
@pytest.mark.parametrize("unit", ["00_start_here", "06_regularization"])
def test_no_library_that_does_an_exercises_work_is_in_reach_of_the_units_by_hand(unit):
    doing = {"scipy", "torch", "torchvision", "sklearn", "pandas", "jax", "sympy", "autograd", "networkx", "grader"}
    assert not doing & modules_of(unit)
    assert not {"jupyter_server", "notebook", "zmq", "tornado", "nbformat", "ipykernel"} & modules_of(unit)
    assert not importable(unit, "grader") and not importable(unit, "zmq.asyncio") and not importable(unit, "scipy")
    assert importable(unit, "numpy.linalg") and importable(unit, "random") and importable(unit, "my_own_file")


@pytest.mark.fast
def test_a_package_that_is_missing_here_is_named(monkeypatch):
    monkeypatch.setattr(packages, "EVERYWHERE", ("numpy", "no-such-package"))
    with pytest.raises(CourseError, match="no-such-package is not installed"):
        packages.require_packages("01_gradients")


BESIDE = {
    "helpers.py": "from more import twice\n\ndef four(): return twice(2)\n",
    "more.py": "def twice(x): return 2 * x\n",
    "tools/__init__.py": "from tools.inner import deep\n",
    "tools/inner.py": "deep = 'deep'\n",
    "test.py": "mine = 'mine'\n",
    "data/numbers.txt": "1 2",
}


def test_files_beside_the_notebook_are_modules(worker):
    sources = [
        "from helpers import four\nfour()",
        "import tools\ntools.deep",
        "def late():\n    from tools.inner import deep\n    return deep\nlate()",
        "import importlib\nimportlib.import_module('tools.inner').deep",
        "from test import mine\nmine",
        "open('data/numbers.txt').read()",
        "from pathlib import Path\nPath('written.py').write_text('new = 5')\nimport written\nwritten.new",
    ]
    assert shown(worker, sources, BESIDE) == ["4", "'deep'", "'deep'", "'deep'", "'mine'", "'1 2'", "5"]


def test_what_lies_beside_one_notebook_is_not_there_for_the_next(worker):
    assert shown(worker, ["from one import x\nx"], {"one.py": "x = 1"}) == ["1"]
    assert shown(worker, ["from one import x\nx"], {"two.py": "x = 1"}) == ["No module named 'one'"]
    assert shown(worker, ["from one import x\nx"], {"one.py": "x = 2"}) == ["2"]


@pytest.mark.parametrize("name", ["numpy.py", "random.py", "course_lib.py", "json.py", "matplotlib/__init__.py"])
def test_a_file_named_like_a_library_breaks_nothing_that_does_not_ask_for_it(worker, name):
    sources = [
        "import numpy as np, random, json\nfrom course_lib import check\nimport matplotlib.pyplot as plt\n"
        "float(np.mean(np.random.default_rng(0).normal(size=3)) * 0), json.dumps([1])",
    ]
    assert shown(worker, sources, {name: "raise RuntimeError('the wrong one')"}) == ["(0.0, '[1]')"]


def test_a_library_gets_pythons_own_module_and_the_learner_the_one_beside(worker):
    loaded = "import sys\nsys.modules.pop('cProfile', None), sys.modules.pop('profile', None)\n"
    library = loaded + "import cProfile\ncProfile._pyprofile.__file__.startswith('/work')"
    own = loaded + "import profile\nprofile.__file__"
    assert shown(worker, [library], {"profile.py": ""}) == ["False"]
    assert shown(worker, [own], {"profile.py": ""}) == ["'/work/profile.py'"]


WITHOUT = """
import sys
from fnmatch import fnmatch
from pathlib import Path
from course_lib.graded import listed_only
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
listed_only.hide("01_gradients", folder)
def tried(source):
    names = {"__name__": "__main__"}
    try:
        exec(source, names)
    except ImportError as error:
        return f"{type(error).__name__}: {error} {error.name}"
    return names.get("got", "imported")
for line in open(folder / "lines.txt", encoding="utf-8").read().split("---"):
    print(tried(line.strip()))
"""
LINES = {
    "import scipy": "ModuleNotFoundError: No module named 'scipy' scipy",
    "import scipy.special as s": "ModuleNotFoundError: No module named 'scipy' scipy",
    "from scipy.special import erf": "ModuleNotFoundError: No module named 'scipy' scipy",
    "def f():\n    import torch\nf()": "ModuleNotFoundError: No module named 'torch' torch",
    "import importlib\nimportlib.import_module('scipy.linalg')": "ModuleNotFoundError: No module named 'scipy' scipy",
    "__import__('zmq')": "ModuleNotFoundError: No module named 'zmq' zmq",
    "import grader": "ModuleNotFoundError: No module named 'grader' grader",
    "import helper": "ModuleNotFoundError: No module named 'scipy' scipy",
    "import importlib.util\ngot = importlib.util.find_spec('scipy')": "None",
    "import numpy.linalg, tqdm, random, course_lib.check, matplotlib.pyplot": "imported",
    "import nbformat_of_mine": "imported",
    "import no_such_thing": "ModuleNotFoundError: No module named 'no_such_thing' no_such_thing",
    "import sqlalchemy": "imported",
}


def test_without_a_sandbox_the_same_packages_are_hidden(tmp_path):
    (tmp_path / "helper.py").write_text("import scipy\n", encoding="utf-8")
    (tmp_path / "nbformat_of_mine.py").write_text("from course_lib import speech\n", encoding="utf-8")
    (tmp_path / "sqlalchemy.py").write_text("", encoding="utf-8")  # a learner's own file of that name
    (tmp_path / "lines.txt").write_text("---".join(LINES), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(LINES.values())


def test_a_library_may_import_what_the_notebook_may_not(worker, tmp_path):
    (tmp_path / "lines.txt").write_text(
        "import nbclient\n---\nimport tqdm.std\ngot = tqdm.std.__name__", encoding="utf-8"
    )
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.splitlines()[1] == "tqdm.std", done.stderr


NAMES = {"helper.py": True, "numpy.py": True, "03_sgd.py": False, "16_capstone.py": False, "my_03_sgd.py": True}
ANSWERS = {
    "scipy": "from scipy import linalg\ndef mean_square(x):\n    return linalg.norm(x) ** 2 / len(x)\n",
    "own file": "from helper import mean_square\n",
    "tqdm": "import numpy as np\nfrom tqdm import tqdm\ndef mean_square(x):\n    return np.mean(x**2)\n",
}
POINTS = {"scipy": 0, "own file": 3, "tqdm": 3}


@pytest.mark.parametrize("sandboxed", [True, False])
@pytest.mark.parametrize("kind", ANSWERS)
def test_check_says_the_same_with_a_sandbox_and_without_one(kind, sandboxed, tmp_path, monkeypatch):
    if not sandboxed:
        monkeypatch.setattr(check_command, "unavailable", lambda: "there is none")
    unit = "00_start_here"
    notebook = nbformat.read(ROOT / "notebooks" / unit / f"{unit}.ipynb", as_version=4)
    find_cell(notebook, "mean_square").source = ANSWERS[kind]
    path = tmp_path / f"{unit}.ipynb"
    nbformat.write(notebook, path)
    (tmp_path / "helper.py").write_text("def mean_square(x):\n    return (x * x).mean()\n", encoding="utf-8")
    result, _ = check_command.grade_alone(unit, path)
    assert next(check.earned for check in result.checks if check.exercise == "mean_square") == POINTS[kind]


@pytest.mark.fast
def test_a_learners_module_goes_along_and_a_units_script_does_not():
    ignored = nbgrader_config().CourseDirectory.ignore
    taken = {name: not any(fnmatch(name, pattern) for pattern in ignored) for name in NAMES}
    assert taken == NAMES

"""`earlier`: the learner's own answer of an earlier unit if it is right, else a library's, and a sentence for it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from helpers.course import source_notebook
from nbformat.v4 import new_code_cell

from course_lib import earlier, stand_ins, waits_for
from course_lib.errors import CourseError, LeftOut
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.packages import packages_of
from course_lib.judging.reference import load
from course_lib.stand_ins import library
from grader.exercises import find_exercise
from grader.judging.private import seed_of
from grader.judging.references import make_reference
from grader.sandbox import bwrap
from grader.submissions.samples import fill

pytestmark = pytest.mark.fast

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(Path(stand_ins.__file__).parent.glob("u*.py"))
SGD_UNIT = "04_momentum"


def names_in(module: Path) -> list[str]:
    """The public functions and classes of a module, by its text: what `earlier` can be asked for."""
    found = ast.parse(module.read_text(encoding="utf-8")).body
    return [n.name for n in found if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]


STAND_INS = [
    pytest.param(module.stem[1:], name, id=name, marks=[pytest.mark.thorough] if module.stem[1:] >= "09" else [])
    for module in MODULES
    for name in names_in(module)
]
"""Those in PyTorch train, and take seconds together."""


@pytest.fixture
def study(tmp_path, monkeypatch, capsys):
    """A folder of a learner's units, at work in a later one; returns a function that saves their unit 04."""
    here = tmp_path / "05_adam"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    (tmp_path / "notebooks").mkdir()

    def save(notebook):
        folder = tmp_path / SGD_UNIT
        folder.mkdir(exist_ok=True)
        (folder / f"{SGD_UNIT}.ipynb").write_text(
            notebook if isinstance(notebook, str) else nbformat.writes(notebook), encoding="utf-8"
        )

    return save


def released():
    return nbformat.read(ROOT / "notebooks" / SGD_UNIT / f"{SGD_UNIT}.ipynb", as_version=4)


def solved():
    return fill(released(), source_notebook(SGD_UNIT))


def cell_of(notebook, grade_id):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


@pytest.mark.parametrize(("unit", "name"), STAND_INS)
def test_a_stand_in_passes_the_exercise_that_it_stands_for(unit, name, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "anywhere")
    assert load(name).unit == unit
    bare = replace(find_exercise(name), misconceptions=())  # of which nobody asks here, and which take long
    private = make_reference(bare, seed_of(name, b"a secret of thirty-two bytes or more"), private=True)
    for reference in (load(name), private):
        verdict = judge(run_cases(name, earlier(name), reference), reference)
        assert verdict.passed, verdict.differences[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_stand_in_is_no_answer_where_it_stands_for_one(module):
    """The sandbox of its unit holds neither the module nor, up to unit 06, any library that could do its work."""
    line = bwrap.command(module.stem[1:], 0)
    assert not any(word.endswith(f"stand_ins/{module.name}") for word in line)
    assert any(word.endswith(f"stand_ins/{module.name}") for word in bwrap.command("16_capstone", 0))
    asked = {
        call.args[0].value.split(".")[0]
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "library"
    }
    assert asked
    if module.name < "u07":
        assert not asked & set(packages_of(module.stem[1:]))


def test_what_is_right_in_the_saved_notebook_is_used(study, capsys):
    study(solved())
    SGD, step = earlier("SGD", "momentum_step")
    assert SGD.__module__ == step.__module__ == f"earlier_{SGD_UNIT}"
    assert capsys.readouterr().out == (f"SGD: yours, from {SGD_UNIT}.\nmomentum_step: yours, from {SGD_UNIT}.\n")


def test_an_answer_may_lean_on_what_its_notebook_says_elsewhere(study):
    """Given cells, other exercises, IPython's own syntax: but no experiment, check, quiz or clinic is run."""
    notebook = solved()
    cell = cell_of(notebook, "SGD")
    cell_of(notebook, "ema").source += "\nfactor = 1.0\n%matplotlib inline\n"
    cell.source = cell.source.replace("self.lr * ", "factor * self.lr * ")
    assert "factor" in cell.source
    notebook.cells.append(new_code_cell("raise SystemExit('an experiment was run')"))
    study(notebook)
    assert earlier("SGD").__module__ == f"earlier_{SGD_UNIT}"


UNUSABLE = {
    "no notebook": (None, "no notebook of 04_momentum was found"),
    "cut off": ('{"cells": [', "no notebook of 04_momentum was found"),
    "no notebook at all": ("[1, 2]", "no notebook of 04_momentum was found"),
    "untouched": ("untouched", "not written yet in your 04_momentum"),
    "wrong": (
        "class SGD:\n    def __init__(self, params, lr, momentum=0.0):\n        pass\n    step = print",
        "not right yet",
    ),
    "syntax error": ("class SGD(:", "not written yet"),
    "deleted": ("", "not written yet"),
    "an exception": ("1 / 0", "not written yet"),
    "the stand-in itself": ("from course_lib.stand_ins.u04_momentum import SGD", "not written yet"),
    "earlier": ("from course_lib import earlier\nSGD = earlier('SGD')", "not written yet"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_otherwise_a_library_stands_in_and_says_why(study, capsys, case):
    content, sentence = UNUSABLE[case]
    if content is not None and content[:1] in ("{", "["):
        study(content)
    elif content == "untouched":
        study(released())
    elif content is not None:
        notebook = solved()
        cell_of(notebook, "SGD").source = content
        study(notebook)
    assert earlier("SGD").__module__ == f"course_lib.stand_ins.u{SGD_UNIT}"
    said = capsys.readouterr().out
    assert sentence in said and "A library's version stands in here" in said


def test_a_mistake_is_mended_by_saving_the_notebook(study):
    study(released())
    assert earlier("SGD").__module__.startswith("course_lib.")
    study(solved())
    assert not earlier("SGD").__module__.startswith("course_lib.")


def test_while_grading_a_library_stands_in_for_all(study, monkeypatch, capsys):
    study(solved())
    monkeypatch.setenv("COURSE_GRADING", "anywhere")
    assert earlier("SGD").__module__ == f"course_lib.stand_ins.u{SGD_UNIT}"
    assert "while grading" in capsys.readouterr().out


def test_without_its_library_a_part_is_left_out(monkeypatch, capsys):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setenv("COURSE_GRADING", "anywhere")
    monkeypatch.setattr(library.importlib, "import_module", absent)
    with pytest.raises(LeftOut, match="torch, which would stand in for it, is not there"):
        library.library("torch.optim")
    with waits_for("SGD"):
        library.library("torch.optim")
        pytest.fail("the block went on")
    assert "No point depends on it" in capsys.readouterr().out


def test_a_name_without_exercise_or_stand_in_is_a_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "anywhere")
    with pytest.raises(CourseError, match="no exercise called 'SDG'"):
        earlier("SDG")
    with pytest.raises(CourseError, match="mean_square of 00_start_here cannot be had here"):
        earlier("mean_square")


def test_an_exercise_is_not_answered_by_what_stands_in():
    from course_lib.cells.reach import Cell, Program
    from course_lib.judging.from_scratch import forbidden_problem

    for source in ("from course_lib.stand_ins.u04_momentum import SGD", "SGD = earlier('SGD')"):
        reached = Program([Cell(source)]).reached("SGD")
        problem = forbidden_problem("SGD", reached, find_exercise("SGD").forbidden)
        assert problem is not None and "you write from scratch" in problem.message

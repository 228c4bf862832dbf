"""Each unit as a person runs it: the solution edition all green, the untouched edition kind from top to bottom."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import pytest
from helpers.course import EXERCISES, ROOT, SCRIPTS, UNITS, lay_beside, read_once, source_notebook
from helpers.kept import GRADER, read_by
from helpers.kernel import kernel
from nbclient import NotebookClient

from course_lib.drawing.described import UNKNOWN
from course_lib.judging.reference import DIRECTORY, load
from grader.building.build import release, scripts, stale, strangers
from grader.building.leaks import find_leaks
from grader.judging.references import record, same_reference
from grader.scripts import read_script, write_missing_sources, write_source


def execute(notebook, folder, monkeypatch):
    monkeypatch.setenv("COURSE_STATE_DIR", str(folder))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def errors(notebook):
    return [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]


def shown(cell):
    """What a cell shows, as text: streams, plain results and the text of panels."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        parts.append(output.get("text", "") + data.get("text/plain", "") + data.get("text/html", ""))
    return "\n".join(parts)


def alternatives(notebook):
    """What every picture says to somebody who does not see it; "" for one that says nothing."""
    return [
        output.get("metadata", {}).get(kind, {}).get("alt", "").strip()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_the_solution_edition_runs_green(unit, tmp_path, monkeypatch, kept):
    source = source_notebook(unit)
    decides = [Path(__file__), nbformat.writes(source), *read_by(unit)]

    def run():
        return execute(source, lay_beside(unit, tmp_path), monkeypatch)

    with kept.made(f"solution {unit}", decides, run) as ran:
        is_green(nbformat.from_dict(ran), unit)


def is_green(notebook, unit):
    assert errors(notebook) == []
    noise = [o.text for c in notebook.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert noise == []
    checks = [cell for cell in notebook.cells if cell.metadata.get("check")]
    assert len(checks) == sum(exercise.unit == unit for exercise in EXERCISES)
    for cell in checks:
        assert "all right" in shown(cell) or "every question is answered" in shown(cell), cell.source
    assert not any("waits for your" in shown(cell) for cell in notebook.cells)
    words = alternatives(notebook)
    assert len(words) >= 2
    assert all(words) and UNKNOWN not in words


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_long_given_cells_are_folded_and_no_question_is(script):
    for cell in read_once(script.stem).cells:
        if cell.cell_type != "code":
            continue
        asks = {"exercise", "check"} & cell.metadata.keys() or re.search(r"^predict\(", cell.source, re.MULTILINE)
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert not (asks and hidden), cell.source
        decided = asks or "folded" in cell.metadata or cell.source.count("\n") < 25
        assert decided, f"{script.stem}: say folded=true, or why it is to be read, of the cell\n{cell.source[:200]}"


@pytest.mark.parametrize("unit", UNITS)
def test_the_untouched_edition_is_kind_from_top_to_bottom(unit, tmp_path, monkeypatch, kept):
    path = ROOT / "notebooks" / unit / f"{unit}.ipynb"

    def run():
        return execute(nbformat.read(path, as_version=4), tmp_path, monkeypatch)

    with kept.made(f"untouched {unit}", [Path(__file__), *read_by(unit)], run) as ran:
        is_kind(nbformat.from_dict(ran))


def is_kind(notebook):
    assert {error.ename for error in errors(notebook)} <= {"CheckFailed"}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("check_"):
            assert re.search("not written yet|not right yet|not complete yet", shown(cell)), name
        for error in (o for o in cell.get("outputs", []) if o.output_type == "error"):
            assert len(error.traceback) == 1, "one sentence, not a wall"


@pytest.mark.parametrize("unit", UNITS)
def test_a_real_kernel_names_every_misconception_and_passes_every_equivalent(unit, tmp_path, kept):
    says = {}
    for exercise in (e for e in EXERCISES if e.unit == unit and not e.withheld):
        found = f"check({exercise.name!r}, find_exercise({exercise.name!r})"
        says |= {f"{found}.right_answers[{index}])": None for index in range(len(exercise.also_right))}
        wrong = enumerate(exercise.misconceptions)
        says |= {f"{found}.misconceptions[{index}].answer)": each.says for index, each in wrong}

    def run():
        with kernel(lay_beside(unit, tmp_path), COURSE_STATE_DIR=str(tmp_path)) as running:
            running.run("from course_lib import check\nfrom grader.exercises import find_exercise")
            seen = {code: running.run(code) for code in says}
        return {code: [each.error and each.error["ename"], each.text] for code, each in seen.items()}

    decides = [Path(__file__), GRADER, *read_by(unit)]
    with kept.made(f"answers {unit}", decides, run) as seen:
        for code, sentence in says.items():
            error, text = seen[code]
            assert error == (None if sentence is None else "CheckFailed"), code
            assert sentence is None or sentence in text, code


@pytest.fixture(scope="session")
def gradebook(tmp_path_factory):
    """Where nbgrader's scratch gradebook is made by the first release, which takes it longer than a release."""
    return tmp_path_factory.mktemp("releases") / "gradebook.db"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A unit's references made anew, for all who compare them."""
    return cache(lambda unit: record(tmp_path_factory.mktemp("references"), unit))


@pytest.mark.parametrize("unit", UNITS)
def test_everything_built_is_in_sync(unit, gradebook, recorded, kept, monkeypatch):
    """References, signatures and the learner's edition, made anew; a unit each, so that processes share the work."""
    monkeypatch.setattr("grader.building.build.record", lambda directory, unit: recorded(unit))
    decides = [Path(__file__), GRADER, *scripts(unit), ROOT / "nbgrader_config.py", *read_by(unit)]
    with kept.made(f"built {unit}", decides, lambda: stale(unit, gradebook)) as differing:
        assert differing == []


@pytest.mark.fast
def test_nothing_built_is_left_of_an_exercise_or_a_unit_that_is_gone():
    assert strangers() == []


@pytest.mark.fast
@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit < "09"])
def test_the_recorded_references_are_in_sync(unit, recorded, kept):
    """Of the units in NumPy, a moment each; those in PyTorch take minutes, and are compared with all that is built."""

    def compare():
        fresh = {path.name: load(path.stem, path.parent) for path in recorded(unit)}
        return {name: same_reference(DIRECTORY / name, new) for name, new in fresh.items()}

    with kept.made(f"references {unit}", [Path(__file__), GRADER, *read_by(unit)], compare) as same:
        assert same.keys() == {f"{exercise.name}.json" for exercise in EXERCISES if exercise.unit == unit}
        assert [name for name, agrees in same.items() if not agrees] == []


@pytest.mark.fast
def test_a_reference_differs_by_more_than_the_last_digits(tmp_path):
    name = EXERCISES[0].name
    path = tmp_path / f"{name}.json"
    recorded = load(name)
    text = recorded.save(tmp_path).read_text(encoding="utf-8")
    assert same_reference(path, recorded)
    case = recorded.cases[0]
    for factor, same in ((1 + 1e-12, True), (1 + 1e-6, False)):
        moved = {key: value * factor for key, value in case.expected.items()}
        other = replace(recorded, cases=(replace(case, expected=moved), *recorded.cases[1:]))
        assert same_reference(path, other) is same
    mistake = recorded.misconceptions[0]
    for factor, same in ((1 + 1e-7, True), (1 + 1e-2, False)):  # what a mistake leaves may be rounding, made large
        moved = {key: value * factor for key, value in mistake.outcomes[0].values.items()}
        outcomes = (replace(mistake.outcomes[0], values=moved), *mistake.outcomes[1:])
        other = replace(recorded, misconceptions=(replace(mistake, outcomes=outcomes), *recorded.misconceptions[1:]))
        assert same_reference(path, other) is same
    path.write_text(text.replace(recorded.groups[0].states, "does something else"), encoding="utf-8")
    assert not same_reference(path, recorded)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_build_is_deterministic_and_valid(script, tmp_path, gradebook):
    """The build that is compared with what is committed is another one: `test_everything_built_is_in_sync`."""
    write_source(script)
    made = release(script, tmp_path, gradebook).read_text(encoding="utf-8")
    assert made == (ROOT / "notebooks" / script.stem / f"{script.stem}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(made, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert read_script(script) == read_script(script)


@pytest.mark.fast
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_no_answer_survives_in_the_learners_edition(script):
    released = (ROOT / "notebooks" / script.stem / f"{script.stem}.ipynb").read_text(encoding="utf-8")
    assert find_leaks(nbformat.writes(read_once(script.stem)), released) == []
    assert sorted(path.name for path in (ROOT / "notebooks" / script.stem).iterdir()) == [f"{script.stem}.ipynb"]


@pytest.mark.fast
def test_trained_weights_are_solutions_and_never_released():
    assert [str(path) for path in (ROOT / "notebooks").rglob("*.safetensors")] == []
    for path in (ROOT / "solutions").rglob("*.safetensors"):
        assert path.stat().st_size < 2**20, f"{path.name}: float16 is enough"


@pytest.mark.fast
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_saved_in_jupyterlab_flows_back_into_the_very_same_script(script):
    saved = nbformat.reads(nbformat.writes(read_once(script.stem)), as_version=4)
    assert jupytext.writes(saved, fmt="py:percent") == script.read_text(encoding="utf-8")


@pytest.mark.fast
def test_source_notebooks_that_are_missing_or_old_are_made(tmp_path):
    folder = tmp_path / "00_start_here"
    folder.mkdir()
    script = folder / "00_start_here.py"
    shutil.copy(SCRIPTS[0], script)
    source = script.with_suffix(".ipynb")
    assert write_missing_sources(tmp_path) == [source]
    assert write_missing_sources(tmp_path) == []
    os.utime(source, (1, 1))
    assert write_missing_sources(tmp_path) == [source]
    assert write_missing_sources(tmp_path) == []

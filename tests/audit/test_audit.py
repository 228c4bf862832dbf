"""The audit of the grader: that it finds a hole where there is one, and finds none in the course."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import needs
from helpers.course import ROOT, SCRIPTS, UNITS, beside
from helpers.kept import COURSE, GRADER

from course_lib.errors import CourseError
from grader.audit.equivalent import EQUIVALENT, Explained
from grader.audit.examine import examine, examine_answers
from grader.audit.fingerprint import chosen, fingerprint, what_decides
from grader.audit.replay import given_away, points_of, replayed, right_values
from grader.audit.report import document, plain_table, unit_section, with_section
from grader.audit.row import HELD, Row
from grader.audit.trial import Answer, try_all
from grader.commands import audit
from grader.exercises import exercises_of
from grader.judging.references import make_reference
from grader.search.mutants import Mutant, mutants_of
from grader.spec import Case, Exercise, Group, Misconception

COLUMN_SUMS = """\
def column_sums(X):
    ### BEGIN SOLUTION
    return X.sum(axis=0)
    ### END SOLUTION
"""
HALVINGS = """\
def halvings(x):
    count = 0
    ### BEGIN SOLUTION
    while x > 1:
        x = x / 2
        count += 1
    ### END SOLUTION
    return count
"""
SETUP = ("import numpy as np",)


def exercise(name, cases, reference, wrong, right):
    return Exercise(
        name=name,
        unit="00_toy",
        returns=("value",),
        groups=(Group("all", "is right", 1),),
        cases=cases,
        reference=reference,
        misconceptions=(Misconception("wrong", wrong, "This is wrong."),),
        also_right=(right,),
    )


def column_sums(rows):
    """The answer of an exercise whose cases all have so many rows."""
    return Answer(
        exercise(
            "column_sums",
            lambda rng: [Case("random numbers", "all", {"X": rng.normal(size=(rows, 3))})],
            lambda X: np.ones(len(X)) @ X,
            lambda X: X.sum(axis=1),
            lambda X: np.sum(X, axis=-2),
        ),
        COLUMN_SUMS,
        SETUP,
    )


def halvings():
    return Answer(
        exercise(
            "halvings",
            lambda rng: [Case(f"about 2^{k}", "all", {"x": 2.0**k * rng.uniform(0.6, 0.9)}) for k in (1, 3, 6, -2)],
            lambda x: max(0, int(np.ceil(np.log2(x)))),
            lambda x: int(x),
            lambda x: sum(x > 2**k for k in range(20)),
        ),
        HALVINGS,
        SETUP,
    )


def made(source, name="column_sums"):
    """A mutant that no operator makes."""
    return Mutant(name, "by hand", "", "", source)


@pytest.fixture(scope="module")
def weak():
    """What the audit finds of an exercise whose only table has one row: a sum and a mean are the same there."""
    needs.program("bwrap")
    return examine_answers([column_sums(rows=1)], {})[0]


def test_a_mistake_that_the_cases_miss_is_reported_with_its_line(weak):
    assert weak.killed < len(weak.trials) and not weak.right
    (mean,) = (sentence for sentence in weak.findings if "X.mean(axis=0)" in sentence)
    assert "column_sums passes the visible and the private 1 and the private 2 cases" in mean
    assert "\n  - return X.sum(axis=0)\n  + return X.mean(axis=0)" in mean


@pytest.mark.needs("bwrap")
def test_better_cases_leave_nothing_to_report():
    found = examine_answers([column_sums(rows=2)], {})[0]
    assert found.findings == () and found.killed == len(found.trials) >= 6
    assert found.named == 1 and found.passed == 1


def test_a_survivor_may_be_explained_and_an_explanation_needs_a_survivor(weak):
    line = "return X.sum(axis=0)"
    survivors = tuple(trial.mutant.becomes for trial in weak.trials if not trial.killed)
    explained = {"column_sums": (Explained(line, survivors, "A sum of one row is the row."),)}
    found = examine_answers([column_sums(rows=1)], explained)[0]
    assert found.findings == () and found.right == len(survivors) and found.killed + found.right == len(found.trials)
    (stale,) = examine_answers([column_sums(rows=2)], {"column_sums": (Explained(line, ("pass",), "Why."),)})[
        0
    ].findings
    assert "no such survivor" in stale and "+ pass" in stale


def halves(group_cases, **rest):
    """An exercise whose right answer is x / 2, with the cases of one group."""
    made = exercise("halves", group_cases, lambda x: x / 2, lambda x: x, lambda x: 0.5 * x)
    return replace(made, **rest)


@pytest.mark.fast
def test_answers_that_the_visible_cases_give_away_earn_points_by_replaying():
    constant = halves(lambda rng: [Case("four", "all", {"x": 4.0}), Case("minus two", "all", {"x": -2.0})])
    assert {(one.group, one.points) for one in replayed(constant)} == {("all", 1)}
    assert points_of(replayed(constant)) == 1


@pytest.mark.fast
def test_one_private_case_that_no_visible_answer_is_right_of_keeps_the_points():
    drawn = halves(lambda rng: [Case("four", "all", {"x": 4.0}), Case("drawn", "all", {"x": float(rng.normal())})])
    assert replayed(drawn) == [] and points_of([]) == 0
    assert replayed(replace(drawn, withheld=True)) == []


@pytest.mark.fast
def test_of_an_exercise_with_a_property_a_right_answer_is_replayed():
    by_share = {"fan_in": 50, "fan_out": 40, "asks": "shape"}
    made = halves(
        lambda rng: [Case("a layer", "all", by_share | {"seed": int(rng.integers(99))})],
        returns=("first", "second", "again"),
        driver="initializer",
        reference=None,
        verify="initial_weights",
        also_right=(lambda rng, fan_in, fan_out: rng.normal(size=(fan_in, fan_out)),),
    )
    assert {one.group for one in replayed(made)} == {"all"}
    visible = make_reference(replace(made, misconceptions=()), 1)
    (answer,) = right_values(made, visible)
    assert given_away(visible, [answer | {"first": answer["first"].T}]) == set()


def test_what_replaying_earns_is_reported(weak):
    assert weak.replayed == 0 and "points by replaying" in plain_table([weak]).splitlines()[0]
    constant = replace(column_sums(rows=2).exercise, cases=lambda rng: [Case("ones", "all", {"X": np.ones((2, 3))})])
    found = examine_answers([Answer(constant, COLUMN_SUMS, SETUP)], {})[0]
    assert found.replayed == 1
    assert any("earns the group 'all' of column_sums (1 of 1 points)" in f for f in found.findings)


@pytest.mark.needs("bwrap")
def test_a_mutant_caught_by_some_courses_only_is_a_survivor():
    answer = column_sums(rows=2)
    lucky = answer.sets["private 2"].cases[0].inputs["X"]
    source = f"def column_sums(X):\n    return X.sum(axis=0) if {lucky[0, 0]!r} in X else X.mean(axis=0)"
    (trial,) = try_all([(answer, [made(source.replace("np.float64", ""))])])
    assert trial.passes == ("private 2",) and not trial.killed


@pytest.mark.needs("bwrap")
def test_a_mutant_that_never_ends_is_killed_by_its_time():
    endless, wrong, same = ("x = x / 2", "pass"), ("count += 1", "count -= 1"), ("while x > 1:", "while x >= 1:")
    mutants = [mutant for mutant in mutants_of("halvings", HALVINGS) if mutant.change in (endless, wrong, same)]
    trials = {trial.mutant.change: trial for trial in try_all([(halvings(), mutants)])}
    assert trials[endless].killed and not trials[endless].by_values
    assert trials[wrong].killed and trials[wrong].by_values
    assert trials[same].passes == ("visible", "private 1", "private 2")


@pytest.mark.needs("bwrap")
def test_no_mutant_meets_what_another_left_behind():
    vandal = "import os, sys\nnp.ndarray = None\nsys.modules.pop('course_lib', None)\ndef column_sums(X): os._exit(0)"
    fails_to_be_defined = "column_sums = no_such_name"
    trials = try_all([(column_sums(rows=2), [made(vandal), made(COLUMN_SUMS), made(fails_to_be_defined)])])
    assert [trial.killed for trial in trials] == [True, False, True]


@pytest.mark.needs("bwrap")
def test_a_solution_that_fails_its_own_cases_is_an_error():
    answer = Answer(column_sums(rows=2).exercise, COLUMN_SUMS.replace("axis=0", "axis=1"), SETUP)
    with pytest.raises(CourseError, match="solution of column_sums does not pass its own cases"):
        try_all([(answer, [])])


@pytest.mark.fast
@pytest.mark.parametrize(
    ("line", "mistakes"),
    [
        ("y = a - b * c", ["y = a + b * c", "y = a", "y = b * c", "y = b * c - a", "y = a - b / c", "y = a - b"]),
        ("y = x.mean(axis=1, keepdims=True)", ["y = x.mean(axis=1)", "y = x.mean(axis=0, keepdims=True)"]),
        ("y = np.log(np.sum(x))", ["y = np.sum(x)", "y = np.log(np.mean(x))", "y = np.log1p(np.sum(x))"]),
        ("y = X.T @ r", ["y = X @ r", "y = X.T * r", "y = r @ X.T"]),
        ("y = x[:, None]", ["y = x"]),
        ("y = x.copy()", ["y = x"]),
        ("y = y + x", ["y += x"]),
        ("y += x", ["y -= x", "y = x", "pass"]),
        ("y = x if x > 1e-8 else 0", ["y = x", "y = x if x >= 1e-08 else 0", "y = x if x > 1e-07 else 0"]),
        ("y = not (a and b)", ["y = a and b", "y = not (a or b)", "y = not a"]),
        ("return a, b", ["return (b, a)", "return (-a, b)", "pass"]),
        ("for t in range(n): f(t)", ["for t in range(n - 1):", "for t in range(n)[1:]:", "pass"]),
        ("y = f(x, y)", ["y = f(y, x)", "y = f(x)", "y = x"]),
    ],
)
def test_the_mistakes_that_are_made(line, mistakes):
    source = f"def answer(x):\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION"
    assert set(mistakes) <= {mutant.becomes for mutant in mutants_of("answer", source)}


@pytest.mark.fast
def test_only_what_a_learner_writes_is_changed():
    source = (
        'def answer(f, lr=0.5, c=2):\n    """Return 1."""\n    scale = 3 * lr\n    ### BEGIN SOLUTION\n'
        "    # a step of 4\n    total = f(lr)\n    ### END SOLUTION\n    return scale + total + 5\n"
    )
    found = mutants_of("answer", source)
    assert {mutant.was for mutant in found} == {"total = f(lr)"}
    assert {mutant.becomes for mutant in found} == {"pass", "total = lr", "total = f(c)"}
    assert len({mutant.source for mutant in found}) == len(found)
    with pytest.raises(CourseError, match="no lines between BEGIN SOLUTION"):
        mutants_of("answer", "answer = 1")


def published():
    return (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")


@pytest.mark.fast
@pytest.mark.parametrize("script", SCRIPTS, ids=UNITS)
def test_the_published_audit_is_of_the_sources_as_they_are(script):
    """All units take a quarter of an hour, so they are audited where they change, by who changes them."""
    section = f"## {script.stem}\n\n<!-- sources: {fingerprint(script)} -->\n"
    assert section in published(), f"run ./course audit {script.stem[:2]} and commit docs/audit.md"


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("number", ["01", "15"])
def test_an_audit_gives_what_is_published_and_finds_nothing_else(number, kept, monkeypatch):
    """One unit by hand and one in PyTorch, in earnest. Why a replayed answer is not right is asked of none."""
    monkeypatch.setattr("grader.audit.examine.replayed", without_diagnoses)
    (script,) = (script for script in SCRIPTS if script.stem.startswith(number))

    def run():
        audited = examine([script])
        exercises = [
            {"trials": len(e.trials), "held": e.killed + e.right, "withheld": e.exercise.withheld} for e in audited
        ]
        found = [finding for one in audited for finding in one.findings]
        return {"exercises": exercises, "findings": found, "section": unit_section(audited)}

    with kept.made(f"audit {number}", [Path(__file__), COURSE, GRADER, script, *beside(script.stem)], run) as audited:
        assert audited["exercises"]
        assert audited["findings"] == []
        assert all(one["held"] == one["trials"] for one in audited["exercises"])
        assert all(one["trials"] >= 10 or one["withheld"] for one in audited["exercises"])
        assert audited["section"] in published()


def without_diagnoses(exercise):
    """What replaying earns, of thousands of answers: each is asked whether it is right alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("course_lib.judging.judge.diagnose", lambda *wrong: ())
        return replayed(exercise)


@pytest.mark.fast
def test_a_fingerprint_is_of_answers_and_judges_and_not_of_text(tmp_path, monkeypatch):
    script = next(script for script in SCRIPTS if script.stem.startswith("01"))
    before = fingerprint(script)
    source = script.read_text(encoding="utf-8")

    def of(text):
        changed = tmp_path / script.name
        changed.write_text(text, encoding="utf-8")
        return fingerprint(changed)

    assert of(source) == before == of(source.replace("# %% [markdown]\n", "# %% [markdown]\n# One more line.\n", 1))
    marker = "### BEGIN SOLUTION\n"
    assert of(source.replace(marker, f"{marker}    # another answer\n", 1)) != before
    monkeypatch.setattr(
        "grader.audit.fingerprint.what_decides", lambda root: {root / "course_lib" / "judging" / "judge.py"}
    )
    assert fingerprint(script) != before


@pytest.mark.fast
def test_a_fingerprint_finds_new_modules_by_itself(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write("grader/audit/examine.py", "from course_lib.judging import judge\nfrom grader.sandbox.walls import worker\n")
    write(
        "course_lib/judging/judge.py",
        "import course_lib.wares\n"
        "def f():\n    import course_lib.newcomer as n\n    from course_lib.judging import drivers, render\n",
    )
    write("course_lib/newcomer.py", "from numpy import pi\nfrom . import nothing\n")
    write("course_lib/judging/drivers/__init__.py", "from pkgutil import iter_modules\n")
    write("course_lib/judging/drivers/base.py", "")
    write("course_lib/judging/drivers/steps.py", "")
    write("course_lib/wares/__init__.py", "from pkgutil import iter_modules\n")
    write("course_lib/wares/shelf.py", "")
    for apart in ("course_lib/judging/render.py", "course_lib/unused.py", "grader/sandbox/walls.py"):
        write(apart, "")
    names = {path.relative_to(tmp_path).as_posix() for path in what_decides(tmp_path)}
    assert names == {
        "grader/audit/examine.py",
        "course_lib/judging/judge.py",
        "course_lib/newcomer.py",
        "course_lib/judging/drivers/__init__.py",
        "course_lib/judging/drivers/base.py",
        "course_lib/wares/__init__.py",
        "course_lib/wares/shelf.py",
    }


@pytest.mark.fast
def test_a_unit_is_judged_by_the_drivers_and_properties_that_its_exercises_name():
    """So a new driver for one unit does not ask for all audits again."""
    of = {
        unit: {path.relative_to(ROOT / "course_lib" / "judging").as_posix() for path in chosen(ROOT, exercises)}
        for unit in ("02_gradient_descent", "06_regularization", "09_to_pytorch")
        if (exercises := exercises_of(unit))
    }
    assert "drivers/descent.py" in of["02_gradient_descent"]
    assert not any("torch" in name for name in of["02_gradient_descent"])
    assert "properties/masks.py" in of["06_regularization"]
    assert "drivers/torch_optimizers.py" in of["09_to_pytorch"]


@pytest.mark.fast
def test_what_judges_the_course_decides():
    found = {path.relative_to(ROOT).as_posix() for path in what_decides(ROOT)}
    judges = ("judge", "compare", "compute", "codec", "problems", "packages", "drivers/base", "properties/base")
    assert {f"course_lib/judging/{name}.py" for name in judges} <= found
    assert {
        "grader/spec.py",
        "grader/judging/references.py",
        "grader/search/operators.py",
        "grader/audit/replay.py",
    } <= found
    assert not any(
        name.startswith(("grader/sandbox", "grader/exercises", "course_lib/judging/render")) for name in found
    )


@pytest.mark.fast
def test_one_units_section_takes_the_place_of_its_earlier_one():
    text = "# The audit\n\n## 01_a\n\nold\n\n## 02_b\n\nkept\n"
    assert with_section(text, "## 01_a\n\nnew\n") == text.replace("old", "new")
    assert with_section(text, "## 02_b\n\nnew\n") == text.replace("kept", "new")
    with pytest.raises(CourseError, match="no section 03_c"):
        with_section(text, "## 03_c\n\nnew\n")


@pytest.mark.fast
def test_every_explanation_belongs_to_an_exercise_and_says_why():
    assert audit.strangers() == []
    entries = [entry for listed in EQUIVALENT.values() for entry in listed]
    assert all(entry.becomes and entry.because.endswith(".") for entry in entries)


def test_the_command_says_what_it_found_and_fails(weak, monkeypatch, tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(audit, "examine", lambda scripts: [weak])
    monkeypatch.setattr(audit, "course_root", lambda: tmp_path)
    monkeypatch.setattr(audit, "_outsiders", lambda: ([Row("forged pickle", "codec", "earned 3 points")], []))
    assert audit.main(None) == 1
    said = capsys.readouterr().out
    assert "+ return X.mean(axis=0)" in said
    assert "forged pickle, which aims at codec: earned 3 points." in said
    assert "| forged pickle | codec | earned 3 points |" in (tmp_path / "docs" / "audit.md").read_text()


@pytest.mark.fast
def test_the_command_is_content_with_nothing_and_writes_the_units_section(monkeypatch, tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "audit.md"
    page.write_text(f"# The audit\n\n## {UNITS[0]}\n\nold\n")
    monkeypatch.setattr(audit, "course_root", lambda: tmp_path)
    monkeypatch.setattr(audit, "examine", lambda scripts: [])
    monkeypatch.setattr(audit, "unit_section", lambda examined: f"## {UNITS[0]}\n\nnew\n")
    assert audit.main(UNITS[0]) == 0
    assert "Nothing survives unexplained." in capsys.readouterr().out
    assert page.read_text() == f"# The audit\n\n## {UNITS[0]}\n\nnew\n"


def test_the_report_is_plain_and_its_tables_hold(weak):
    text = document([weak], [Row("a | b", "the table", HELD)], [])
    assert text == document([weak], [Row("a | b", "the table", HELD)], [])
    assert "| a \\| b | the table | held |  |" in text
    lines = plain_table([weak]).splitlines()
    assert lines[0].startswith("exercise") and lines[1].split()[:3] == [
        "column_sums",
        str(len(weak.trials)),
        str(weak.killed),
    ]

"""Search: what small changes of right answers give, known again by signatures, and what is said of them."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import pytest
from helpers import toy
from helpers.course import EXERCISES, ROOT, UNITS, solutions

from course_lib.errors import CourseError
from course_lib.judging.compute import run_cases
from course_lib.judging.diagnosis import search
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Problem, Tolerance
from course_lib.judging.reference import DIRECTORY, load, with_search
from course_lib.judging.signatures import (
    Edit,
    Signature,
    by_unit,
    marks_of,
    path_of,
    read,
    same,
    signature_of,
    signature_of_problem,
)
from grader.audit.examine import answers_of
from grader.audit.told import Told, contradicted_searches, told
from grader.judging.references import make_reference
from grader.search import kept
from grader.search.bench import Bench
from grader.search.edits import Small, bases_of, edits_of
from grader.search.mutants import changes_of, mutants_of
from grader.search.runner import apart
from grader.search.signatures import agree, made_from, make_signatures, searched, stale_signatures
from grader.search.words import CLAUSES, Context, clause_of

pytestmark = pytest.mark.fast

MUTANTS = 8
"""Of an exercise's."""
BARE = replace(toy.REFERENCE, misconceptions=())


TRIES = 4
"""An edit has a fifth of a second of processor time, and beside other work a fork needs more of it."""


@pytest.fixture(scope="module")
def bench():
    with Bench() as bench:
        yield bench


@pytest.fixture(scope="module")
def signatures(bench):
    return make_signatures(toy.EXERCISE, BARE, bench)


def found(answer, signatures):
    """What search says of an answer to the toy exercise."""
    return said_of(run_cases("scale_shift", answer, BARE), replace(BARE, search=lambda: signatures))


def said_of(outcomes, reference):
    """What search says where no other way has explained anything."""
    return tuple(search.find(outcomes, frozenset(search.wrong_outputs(outcomes, reference)), reference))


def kept_form(value):
    """A value's signature as it is kept."""
    return marks_of({(0, "y"): signature_of(value, Tolerance())}, ("y",))[0]


RANDOM = np.random.default_rng(3).normal(size=(4, 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RANDOM, RANDOM * (1 + 1e-7)),
        (RANDOM, RANDOM.astype(np.float32)),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (2, np.float64(2.0)),
        ([1.0, RANDOM], (np.array(1.0), RANDOM)),
        ({"a": RANDOM, "b": "text"}, {"a": RANDOM.copy(), "b": "text"}),
        (np.array([np.nan, 1.0, -np.inf]), np.array([np.nan, 1.0, -np.inf])),
        (1e200 * RANDOM, 1e200 * RANDOM * (1 + 1e-9)),
        (None, None),
    ],
)
def test_values_that_agree_have_one_signature(one, other):
    assert same(signature_of(other, Tolerance()), kept_form(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RANDOM, RANDOM.T),
        (RANDOM, RANDOM.reshape(5, 4)),
        (RANDOM, RANDOM[::-1]),
        (RANDOM, RANDOM * (1 + 1e-4)),
        (RANDOM, RANDOM + 1e-3 * (RANDOM.max() == RANDOM)),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
        (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0])),
        (1e200 * RANDOM, 1e201 * RANDOM),
        (0.0, 1e-3),
        ("a", "b"),
        ([1.0], {"a": 1.0}),
    ],
)
def test_values_that_differ_have_others(one, other):
    assert not same(signature_of(other, Tolerance()), kept_form(one))


def test_two_errors_are_one_only_if_their_types_are():
    first = Problem("raised", "message", detail="ValueError")
    mark = marks_of({(2, ""): signature_of_problem(first)}, ("y",))
    assert by_unit(mark, ("y",)).keys() == {(2, "")}
    assert same(signature_of_problem(replace(first, message="another")), mark[0])
    assert not same(signature_of_problem(replace(first, detail="TypeError")), mark[0])


def test_what_is_saved_is_read_again(signatures, tmp_path):
    path = path_of("scale_shift", tmp_path)
    signatures.save(path)
    again = read(path)
    assert again is not None and again.made_from == signatures.made_from == made_from(toy.EXERCISE)
    for one, other in zip(again.edits, signatures.edits, strict=True):
        assert (one.name, one.says, one.many, one.places) == (other.name, other.says, other.many, other.places)
        assert np.array_equal(one.marks, other.marks)
    before = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"edits": []}', b'{"exercise": 1, "edits": 3}', b"\xff"])
def test_a_file_that_is_damaged_says_nothing(damage, tmp_path):
    path = path_of("scale_shift", tmp_path)
    assert read(path) is None
    path.parent.mkdir()
    path.write_bytes(damage)
    assert read(path) is None
    reference = with_search(BARE, path)
    outcomes = run_cases("scale_shift", toy.plus, reference)
    assert not judge(outcomes, reference).passed and said_of(outcomes, reference) == ()


def test_a_change_that_somebody_wrote_differently_is_known_and_told(signatures):
    (said,) = found(lambda x, a: ([*x], sum(x.ravel())), signatures)
    assert said.says == "Your numbers are what comes out when the factor a is left out where y is computed."
    assert said.kind == "search" and said.groups == ("value", "large")


def test_two_readings_of_one_value_are_both_told():
    mean, left_out = ("no mean is taken", {}), ("{what} is left out", {"what": "N"})
    none = np.zeros(0)
    edit = [Edit("two", (left_out, mean), False, (), none), Edit("many", (mean,), True, (), none)]
    told = [search._diagnosis(one, output, {}, BARE).says for one in edit for output in ("", "total")]
    assert told == [
        "Your numbers are what comes out when N is left out in one place, or when no mean is taken in one place.",
        "Your total is what comes out when N is left out in one place, or when no mean is taken in one place.",
        "Your numbers are what comes out of several small slips, for instance when no mean is taken in one place.",
        "Your total is what comes out of several small slips, for instance when no mean is taken in one place.",
    ]


def test_what_the_edit_gets_right_the_learner_must_too(signatures):
    """One output more, or one case fewer, and it is another mistake."""

    def wrong_total_too(x, a):
        return x.copy(), x.sum() + 1

    def once(x, a):
        return (a * x, (a * x).sum()) if x.ndim == 2 else (x.copy(), x.sum())

    assert found(wrong_total_too, signatures) == ()
    assert found(once, signatures) == ()


def test_one_output_is_told_where_the_rest_is_explained(signatures):
    outcomes = run_cases("scale_shift", lambda x, a: (x + 5, (a * x).mean()), BARE)
    reference = replace(BARE, search=lambda: signatures)
    unexplained = frozenset((case, "total") for case in range(4))
    (said,) = search.find(outcomes, unexplained, reference)
    assert said.says.startswith("Your total is what comes out when the mean stands in the place of the sum")
    assert {output for _, output in said.explains} == {"total"}
    assert search.find(outcomes, unexplained | {(0, "y")}, reference) == []


def test_zeros_and_errors_alone_tell_nothing(signatures):
    assert found(lambda x, a: (0 * x, 0.0), signatures) == ()
    assert found(lambda x, a: x["no"], signatures) == ()


def small(text):
    return Small("by hand", ("it is changed", {}), text, toy.right, 0)


def test_what_never_ends_or_eats_memory_or_dies_ends_alone(bench):
    bodies = ["while True: pass", "x = np.zeros((1 << 40,))", "import os; os._exit(3)", "raise SystemExit"]
    texts = [f"def scale_shift(x, a):\n    {body}\n    return x, 1.0\n" for body in bodies]
    right = "def scale_shift(x, a):\n    return x, 7.0\n"
    ran = bench.run(toy.EXERCISE, BARE, [small(text) for text in (right, *texts, right)])
    assert ran[0] and agree(ran[0], ran[-1], BARE)
    assert ran[1:-1] == [None] * len(texts)


def test_a_right_answer_that_is_wrong_is_an_error(bench):
    wrong = replace(small("def scale_shift(x, a):\n    return x, 1.0\n"), right=toy.plus)
    with pytest.raises(CourseError, match="scale_shift of scale_shift does not pass its own cases"):
        bench.run(toy.EXERCISE, BARE, [wrong])


def test_a_bench_without_time_gives_nothing():
    with Bench(seconds=0.0) as late:
        assert set(late.run(toy.EXERCISE, BARE, edits_of(toy.EXERCISE))) == {None}


def test_private_signatures_are_made_once_and_kept_for_all(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(kept, "DIRECTORY", tmp_path)
    private = make_reference(replace(toy.EXERCISE, misconceptions=()), 9)
    assert kept.kept_signatures(toy.EXERCISE, private, b"secret") is None, "nothing is recorded"
    with Bench() as bench:
        make_signatures(toy.EXERCISE, BARE, bench).save(path_of("scale_shift", tmp_path))
    made = kept.kept_signatures(toy.EXERCISE, private, b"secret")
    reference = replace(private, search=lambda: made)
    outcomes = run_cases("scale_shift", lambda x, a: (x.copy(), x.sum()), reference)
    assert [d.says for d in said_of(outcomes, reference)] == [
        "Your numbers are what comes out when the factor a is left out where y is computed."
    ]
    monkeypatch.setattr(kept, "Bench", None)
    again = kept.kept_signatures(toy.EXERCISE, private, b"secret")
    assert again is not None and len(again.edits) == len(made.edits)
    with pytest.raises(TypeError):
        kept.kept_signatures(toy.EXERCISE, private, b"another secret")


def test_a_folder_of_somebody_else_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = kept._folder()
    assert folder.parent == tmp_path and kept._folder() == folder
    folder.chmod(0o755)
    with pytest.raises(PermissionError):
        kept._folder()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("v = v + (1 - beta) * grad", "the factor 1 - beta is left out where v is computed"),
        ("v = v + grad", "grad is subtracted and not added where v is computed"),
        ("v = np.mean(grad)", "the sum stands in the place of the mean where v is computed"),
        ("v = grad.T @ v", "grad is not transposed where v is computed"),
        ("v = grad / len(grad)", "the length of grad is left out where v is computed"),
        ("v = grad[:, None]", "grad has no axis of its own for broadcasting where v is computed"),
        ("v = grad.sum(axis=0, keepdims=True)", "the axis that the sum runs along is lost where v is computed"),
        ("v = grad.sum(axis=1)", "the sum runs along another axis where v is computed"),
        ("v = beta", "grad stands in the place of beta where v is computed"),
        ("v = grad.copy()", "no copy is made of grad where v is computed"),
        ("for g in grad: v = v + g", "only the first round over grad is made"),
        ("if beta > 1: v = grad", "the condition on beta is taken as always met"),
        ("v = hidden * grad", "one factor is left out where v is computed"),
    ],
)
def test_what_is_said_of_a_change(line, said):
    source = f"def answer(v, grad, beta):\n    {line}\n    return v\n"
    tree = ast.parse(source)
    context = Context(tree, "def answer(v, grad, beta):", ("v",))
    clauses = [clause_of(change, context) for change in changes_of(tree, {2})]
    told = [template.format(**values) for template, values in filter(None, clauses)]
    assert any(one.startswith(said) for one in told), told
    assert not any("hidden" in one for one in told)


def smallest(unit):
    """The exercise of a unit with the shortest right answer: its edits are made in a moment."""
    return min(searched(unit), key=lambda exercise: len(bases_of(exercise)[0].text))


@pytest.mark.parametrize("unit", UNITS)
def test_clauses_have_their_values_and_show_no_line_of_an_answer(unit):
    exercise = smallest(unit)
    lines = {line.strip() for base in bases_of(exercise) for line in base.text.splitlines()}
    long = [line for line in lines if len(line) > 24]
    for edit in edits_of(exercise):
        assert edit.operator in CLAUSES or edit.operator == "given"
        words = edit.in_words
        assert words == " ".join(words.split()) and "{" not in words
        assert not any(line in words for line in long)


@pytest.mark.parametrize("unit", UNITS)
def test_the_recorded_signatures_are_of_the_sources_as_they_are(unit):
    """All are not made anew here: that takes minutes."""
    assert stale_signatures(unit) == [], f"run ./course build {unit[:2]} and commit course_lib/reference/search/"


@pytest.mark.thorough
@pytest.mark.parametrize("unit", UNITS)
def test_a_sample_made_anew_gives_what_is_recorded(unit, bench):
    exercise = smallest(unit)
    reference = load(exercise.name)
    recorded = reference.search()
    assert recorded is not None
    sample = recorded.edits[:: max(1, len(recorded.edits) // 5)]
    every = edits_of(exercise)
    for edit in sample:
        small = every[edit.places[0]]
        tries = (bench.run(exercise, reference, [small])[0] for _ in range(TRIES))
        assert any(wrong and search.is_of(edit, wrong, reference) for wrong in tries)


@pytest.mark.thorough
@pytest.mark.parametrize("unit", UNITS)
def test_what_a_sample_of_mutants_is_told_is_so_elsewhere(unit, bench, monkeypatch):
    """A few mutants of one solution a unit, each in a fork; the audit tries all of them."""
    monkeypatch.chdir(ROOT / "solutions" / unit)
    exercise, names = smallest(unit), solutions(unit)
    answer = next(a for a in answers_of(ROOT / "solutions" / unit / f"{unit}.py") if a.exercise.name == exercise.name)
    assert list(answer.sets) == ["visible", "private 1", "private 2"]  # made here, and not in each fork
    mutants = mutants_of(exercise.name, answer.source)
    mutants = mutants[:: max(1, len(mutants) // MUTANTS)]

    def tell(mutant):
        """As plain data, since it is told in a fork."""
        namespace = dict(names)
        exec(mutant.source, namespace)
        outcomes = {key: run_cases(exercise.name, namespace[exercise.name], r) for key, r in answer.sets.items()}
        verdict = judge(outcomes["visible"], answer.sets["visible"])
        if not any(d.stage != "problem" for d in verdict.differences):
            return None
        one = told(verdict, outcomes, answer.sets)
        elsewhere = {k: [(u, vars(m)) for u, m in wrong.items()] for k, wrong in (one.elsewhere or {}).items()}
        return one.kind, one.contradicted, one.claims, elsewhere

    lines = [json.loads(line) for line in apart([partial(tell, mutant) for mutant in mutants], 20.0)]
    every = [
        Told(kind, tuple(false), tuple((says, tuple(places)) for says, places in claims), by_set(elsewhere))
        for kind, false, claims, elsewhere in filter(None, lines)
    ]
    searches = contradicted_searches(exercise, every, answer.sets, bench)
    assert [*chain(*(one.contradicted for one in every)), *chain(*searches)] == []
    assert len(every) >= 2


def by_set(elsewhere):
    """What a fork told of the wrong outputs in each set of cases."""
    return {key: {tuple(unit): Signature(**mark) for unit, mark in wrong} for key, wrong in elsewhere.items()}


def test_all_signatures_together_stay_small():
    files = list(path_of("x", DIRECTORY).parent.glob("*.json"))
    assert sum(file.stat().st_size for file in files) <= 4 * 2**20


def test_what_may_enter_a_learners_process_has_no_search():
    assert load("mse_loss").search is not None and load("mse_loss").without_answers().search is None
    for exercise in EXERCISES:
        if exercise.withheld or exercise.verify:
            assert load(exercise.name).search is None

"""Relations of wrong values to the case: what is said is borne out by every case, and chance is no evidence."""

import dataclasses

import numpy as np
import pytest

from course_lib.judging.compute import run_cases
from course_lib.judging.diagnosis import relations
from course_lib.judging.differences import differences_of
from course_lib.judging.outcome import Outcome, Problem
from course_lib.judging.reference import RecordedCase, RecordedGroup, Reference
from grader.exercises import find_exercise
from grader.judging.references import make_reference, visible_reference

pytestmark = pytest.mark.fast
RNG = np.random.default_rng(4)


def reference_of(right, returns, inputs, driver="call", sizes=None):
    """The reference of `right`, a function that gives its outputs as a tuple."""
    cases = [
        RecordedCase(f"case {i}", "all", given, dict(zip(returns, right(**given), strict=True)))
        for i, given in enumerate(inputs)
    ]
    groups = (RecordedGroup("all", "is right", 1),)
    return Reference("toy", "00", returns, driver, groups, tuple(cases), sizes=sizes or {})


def found(reference, wrong):
    """The relations between what `wrong` gives and what is right."""
    outcomes = [Outcome(dict(zip(reference.returns, wrong(**case.inputs), strict=True))) for case in reference.cases]
    return relations.find(outcomes, unexplained(outcomes, reference), reference)


def unexplained(outcomes, reference):
    return frozenset(
        (each.case, each.output)
        for i, (outcome, case) in enumerate(zip(outcomes, reference.cases, strict=True))
        for each in differences_of(i, outcome, case.expected, reference.tolerance)
    )


def tables(*shapes):
    return [{"X": RNG.normal(size=shape), "lr": float(RNG.uniform(0.1, 0.9))} for shape in shapes]


TABLES = tables((5, 3), (4, 2), (7, 4), (6, 5))
SQUARE = tables((4, 4), (3, 3), (5, 5))
SAME = reference_of(lambda X, lr: (X + 0.0,), ("out",), TABLES)
SQUARES = reference_of(lambda X, lr: (X * X + 1,), ("out",), SQUARE)
MEANS = reference_of(lambda X, lr: (np.mean(X**2), X.mean(axis=0)), ("loss", "grad"), TABLES)
SCALED = reference_of(lambda X, lr: (lr * X,), ("out",), TABLES)


@pytest.mark.parametrize(
    ("reference", "wrong", "words"),
    [
        (MEANS, lambda X, lr: (np.sum(X**2) / X.shape[1], X.mean(0)), "Your `loss` is N times the right value"),
        (SAME, lambda X, lr: (np.zeros(0),), "Your result comes back empty."),
        (MEANS, lambda X, lr: (np.mean(X**2), X.mean(0) / X.shape[1]), "Your `grad` is 1/D times the right value"),
        (MEANS, lambda X, lr: (np.mean(X**2), -X.mean(0)), "Your `grad` has the right size and the wrong sign"),
        (MEANS, lambda X, lr: (np.sqrt(np.mean(X**2)), X.mean(0)), "Your `loss` is the square root"),
        (MEANS, lambda X, lr: (np.mean(X**2), X.mean(0) + lr), "Your `grad` is lr more than the right value"),
        (SCALED, lambda X, lr: (X / lr,), "1/lr² times"),
        (SCALED, lambda X, lr: ((1 - lr) * lr * X,), "(1 - lr) times the right value"),
        (SCALED, lambda X, lr: (X.copy(),), "is the input `X` as it came"),
        (SCALED, lambda X, lr: (lr * X * X,), "the right value times `X`, entry by entry"),
        (SQUARES, lambda X, lr: (X * X + 1 - X,), "the right value minus `X`"),
        (SCALED, lambda X, lr: (lr * X * RNG.uniform(2, 3),), "a multiple of the right value in every case"),
        (SQUARES, lambda X, lr: ((X * X + 1).T,), "the transpose of what is right"),
        (SQUARES, lambda X, lr: ((X * X + 1)[::-1],), "in reverse order, the last one first"),
        (SQUARES, lambda X, lr: (np.log(X * X + 1),), "the natural logarithm of the right value"),
        (SQUARES, lambda X, lr: ((X * X + 1)[:-1],), "lacks the last entry"),
        (SQUARES, lambda X, lr: (np.roll(X * X + 1, 1, axis=0),), "one late"),
        (SQUARES, lambda X, lr: (np.tril(X * X + 1) + np.triu(X * X + 1, 1) * (1 + np.eye(*X.shape)),), None),
        (SQUARES, lambda X, lr: (X * X + 1 + np.diag(X[0]),), "right but for its diagonal"),
        (SAME, lambda X, lr: (np.maximum(X, 0),), "right where the right value is positive, and 0 where"),
        (SAME, lambda X, lr: (np.where(X < 0, np.sin(X), X),), "wrong only where `X` is negative"),
        (SAME, lambda X, lr: (np.cumsum(X, axis=0),), "the running sum"),
        (SAME, lambda X, lr: (np.broadcast_to(np.sin(X[:1]), X.shape).copy(),), "All rows of your result are equal"),
        (SAME, lambda X, lr: (np.sin(X) * 3 + np.cos(7 * X),), None),
    ],
)  # fmt: skip
def test_a_relation_is_told(reference, wrong, words):
    said = found(reference, wrong)
    assert [words in each.says for each in said] == ([] if words is None else [True]), said
    assert all(each.kind == "relation" and each.groups == ("all",) and each.explains for each in said)


@pytest.mark.parametrize(("name", "told"), [("counts", True), ("sizes", False)])
def test_a_condition_names_only_inputs_that_a_learner_has_read(name, told):
    """`sizes` is a driver's own, of which it makes the batches that the learner's code is handed."""
    rows = [{"x": RNG.normal(size=4), name: np.ones(1 + i % 2)} for i in range(8)]
    reference = reference_of(lambda x, **rest: (x + 0.0,), ("out",), rows)
    said = found(reference, lambda x, **rest: (x * (1 if rest[name].size == 1 else RNG.normal(size=4)),))
    assert any(f"`{name}` has a single entry" in each.says for each in said) == told


def test_a_relation_of_two_outputs_is_told_once_and_explains_both():
    (said,) = found(MEANS, lambda X, lr: (len(X) * np.mean(X**2), X.sum(axis=0)))
    assert said.says.startswith("Each of `loss` and `grad` is N times")
    assert said.explains == {(case, output) for case in range(4) for output in ("loss", "grad")}


def test_the_letters_are_those_of_the_exercise():
    lettered = dataclasses.replace(MEANS, sizes={"B": ("X", 0)})
    (said,) = found(lettered, lambda X, lr: (np.mean(X**2), X.sum(axis=0)))
    assert "B times the right value in every case (B: the number of rows of `X`)" in said.says


def test_a_case_that_is_right_contradicts():
    wrong = [-1.0, -1.0, 1.0, -1.0]
    outcomes = [Outcome({"out": sign * case.expected["out"]}) for sign, case in zip(wrong, SAME.cases, strict=True)]
    assert not any("sign" in each.says for each in relations.find(outcomes, unexplained(outcomes, SAME), SAME))


def test_a_single_wrong_case_of_a_number_is_no_evidence():
    outcomes = [Outcome(dict(case.expected)) for case in MEANS.cases]
    outcomes[0].values["loss"] = 5 * outcomes[0].values["loss"]
    assert relations.find(outcomes, unexplained(outcomes, MEANS), MEANS) == []


def test_a_factor_that_is_the_same_everywhere_is_not_put_down_to_an_argument():
    same = reference_of(lambda X, lr: (X,), ("out",), [given | {"lr": 0.37} for given in TABLES])
    (said,) = found(same, lambda X, lr: (lr * X,))
    assert " lr" not in said.says and "0.37" not in said.says and "one and the same number" in said.says


def test_where_one_case_stopped_nothing_is_said():
    outcomes = [Outcome({"out": -case.expected["out"]}) for case in SAME.cases]
    outcomes[1] = Outcome(problem=Problem("raised", "stopped", detail="ValueError"))
    assert relations.find(outcomes, unexplained(outcomes, SAME), SAME) == []


def test_of_several_arrays_those_are_named_that_are_wrong():
    inputs = [{"params": [RNG.normal(size=(n, 2)), RNG.normal(size=n)], "lr": 0.1 * n} for n in (3, 4, 5)]
    nested = reference_of(lambda params, lr: ([2 * each for each in params],), ("params",), inputs)
    (said,) = found(nested, lambda params, lr: ([2 * params[0], lr * params[1]],))
    assert said.says == "In your `params`, each array of one axis is lr/2 times the right value in every case. " \
        "The rest is right."  # fmt: skip


def test_what_is_explained_already_is_neither_for_nor_against():
    outcomes = [Outcome({"out": -case.expected["out"]}) for case in SAME.cases]
    outcomes[3] = Outcome({"out": SAME.cases[3].expected["out"] + 1e3})
    units = unexplained(outcomes, SAME) - {(3, "out")}
    (said,) = relations.find(outcomes, units, SAME)
    assert "wrong sign" in said.says and said.explains == units


WRITTEN = {
    "gd_step": lambda theta, grad, lr: theta - grad,
    "mse_loss": lambda theta, X, y: (np.mean((X @ theta - y) ** 2), X.T @ (X @ theta - y)),
    "gradient_noise": lambda grads, batch_size: np.sum((grads - grads.mean(0)) ** 2) / batch_size,
    "rmsprop_step": lambda theta, s, grad, lr, beta, eps: (
        theta - grad / (np.sqrt(beta * s + (1 - beta) * grad**2) + eps),
        beta * s + (1 - beta) * grad**2,
    ),
    "compare_seeds": lambda first, second: ((first - second).mean(), (first - second).std(ddof=1)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_said_of_the_visible_cases_is_said_of_others_too(name):
    exercise = find_exercise(name)
    said = []
    for reference in (visible_reference(exercise), make_reference(exercise, [7, 1], private=True)):
        outcomes = run_cases(name, WRITTEN[name], reference)
        said.append([d.name for d in relations.find(outcomes, unexplained(outcomes, reference), reference)])
    assert said[0] == said[1]


def test_sizes_are_recorded_where_they_are_stated(tmp_path):
    assert "sizes" not in SAME.to_json()
    lettered = dataclasses.replace(SAME, sizes={"N": ("X", 0)})
    assert Reference.from_json(lettered.to_json()).sizes == {"N": ("X", 0)}

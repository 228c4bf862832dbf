"""The judge on a small exercise: points by property, stages, diagnosis by name."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.toy import EXERCISE, REFERENCE, in_place, mean, plus, right

from course_lib.judging import render
from course_lib.judging.compare import compare
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome, Problem, Tolerance
from course_lib.judging.properties import PROPERTIES
from course_lib.judging.reference import Reference
from grader.exercises import all_exercises, find_exercise
from grader.judging.references import make_reference
from grader.spec import Case, Exercise, Group, Misconception

pytestmark = pytest.mark.fast


def verdict_of(function, reference=REFERENCE):
    return judge(run_cases("scale_shift", function, reference), reference)


def test_the_right_function_earns_everything():
    verdict = verdict_of(right)
    assert verdict.passed and verdict.earned == verdict.points == 4 and not verdict.diagnoses


@pytest.mark.parametrize("right", EXERCISE.right_answers)
def test_right_answers_pass(right):
    assert verdict_of(right).passed


def test_float32_passes_with_the_tolerance_of_float32_only():
    small = REFERENCE.cases[:3]  # 1e200 does not fit float32
    single = dataclasses.replace(REFERENCE, cases=small, misconceptions=())

    def in_single(x, a):
        y = np.float32(a) * x.astype(np.float32)
        return y, y.sum()

    def slightly_off(x, a):
        return a * x * (1 + 1e-5), (a * x * (1 + 1e-5)).sum()

    assert judge(run_cases("scale_shift", in_single, single), single).passed
    assert not judge(run_cases("scale_shift", slightly_off, single), single).passed


@pytest.mark.parametrize("misconception", EXERCISE.misconceptions, ids=lambda m: m.name)
def test_a_misconception_is_named(misconception):
    verdict = verdict_of(misconception.answer)
    assert not verdict.passed
    assert [d.name for d in verdict.diagnoses] == [misconception.name]


def test_two_mistakes_at_once_are_both_named():
    def both(x, a):
        y = a + x
        return y, (a * x).mean()

    assert {d.name for d in verdict_of(both).diagnoses} == {"plus", "mean"}


def test_an_unknown_mistake_is_not_given_a_name():
    def unknown(x, a):
        return a * x + 0.5, (a * x).sum()

    verdict = verdict_of(unknown)
    assert verdict.differences[0].stage == "values"
    assert [d.kind for d in verdict.diagnoses] == ["relation"]  # what is seen is told, and no misconception named


def test_a_chance_agreement_is_no_evidence():
    def zeros(x, a):  # agrees with `plus` nowhere, and with `mean` only where everything is zero
        return np.zeros_like(x), 0.0

    assert not [d for d in verdict_of(zeros).diagnoses if d.kind == "named"]


def test_points_go_by_property():
    def overflows(x, a):
        y = np.log(np.exp(np.abs(a * x))) * np.sign(a * x)
        return y, y.sum()

    verdict = verdict_of(overflows)
    assert [(g.key, g.earned) for g in verdict.groups] == [("value", 2), ("zero", 1), ("large", 0)]
    assert verdict.groups[2].first.stage == "finite"


def test_a_mutated_argument_costs_the_points_even_when_the_values_are_right():
    verdict = verdict_of(in_place)
    # Scaling zeros in place changes nothing, so that property holds.
    assert [g.passed for g in verdict.groups] == [False, True, False]
    assert verdict.differences[0].stage == "problem"


def test_withheld_answers_are_judged_by_form_only():
    withheld = dataclasses.replace(REFERENCE, withheld=True).without_answers()
    verdict = verdict_of(mean, withheld)
    assert verdict.passed and verdict.withheld
    assert not verdict_of(lambda x, a: None, withheld).passed


def test_not_started_is_told_apart_from_wrong():
    def stub(x, a):
        raise NotImplementedError("Exercise scale_shift")

    verdict = verdict_of(stub)
    assert verdict.not_started and verdict.earned == 0 and not verdict.diagnoses
    assert not verdict_of(plus).not_started


def test_the_number_of_outcomes_must_agree():
    with pytest.raises(ValueError, match="3 outcomes for the 4 cases"):
        judge([Outcome(problem=Problem("missing", ""))] * 3, REFERENCE)


def test_recording_is_deterministic_and_round_trips(tmp_path):
    again = make_reference(EXERCISE, 0)
    first, second = REFERENCE.save(tmp_path).read_bytes(), again.save(tmp_path).read_bytes()
    assert first == second
    assert make_reference(EXERCISE, 1).to_json() != again.to_json()
    assert Reference.from_json(again.to_json()).to_json() == again.to_json()


def test_what_enters_a_learners_process_holds_no_answer():
    handed = REFERENCE.without_answers().to_json()
    assert handed["misconceptions"] == [] and all(case["expected"] is None for case in handed["cases"])


B = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("got", "expected", "stage", "says"),
    [
        (-B, B, "values", "wrong sign"),
        (2 * B, B, "values", "2 times"),
        (B / 3, B, "values", "0.3333 times"),
        (B + 1, B, "values", "6 of 6 differ"),
        (B.T, B, "shape", "transpose"),
        (B[0], B, "shape", "shape (3,)"),
        (B.ravel(), B, "shape", "arranged differently"),
        (B, np.float64(3.0), "shape", "one number is expected"),
        (np.float64(3.0), B, "shape", "one value for each entry"),
        (np.where(B > 6, np.nan, B), B, "finite", "1 NaN of 6"),
        (B.astype(int) // 2, B / 2, "dtype", "whole numbers"),
        (6.0, np.float64(3.0), "values", "2 times the right value"),
        (3.1, np.float64(3.0), "values", "it is 3.1, and 3 is right"),
        ("a", "b", "values", "'b' is right"),
        ("text", B, "type", "it is a text"),
        (True, "b", "values", "it is True"),
        ({"a": 1.0}, {"b": 1.0}, "type", "keys b"),
        ([B], [B, B], "shape", "2 items, and holds 1"),
        ([B, B + 1], [B, B], "values", "at [1]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_difference_is_said_in_a_sentence(got, expected, stage, says):
    found = compare(got, expected, Tolerance())
    assert found is not None and found[0] == stage and says in found[1]
    assert compare(expected, expected, Tolerance()) is None


def test_infinities_and_nans_that_are_right_pass():
    value = np.array([np.inf, -np.inf, np.nan, 1.0])
    assert compare(value.copy(), value, Tolerance()) is None
    assert compare(np.array([np.inf, np.inf, np.nan, 1.0]), value, Tolerance()) is not None


# --- properties in place of a reference --------------------------------------------------------------------------

VERIFIED = find_exercise("minibatches")
BY_PROPERTY = make_reference(VERIFIED, 3)


def verified(function, reference=BY_PROPERTY):
    return judge(run_cases("minibatches", function, reference), reference)


def shuffled(X, y, batch_size, rng):
    order = rng.permutation(len(y))
    return [(X[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(y), batch_size)]


def in_order(X, y, batch_size, rng):
    return [(X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(y), batch_size)]


def test_many_right_results_all_earn_everything():
    def backwards(X, y, batch_size, rng):
        return shuffled(X[::-1], y[::-1], batch_size, rng)

    for right_one in (shuffled, backwards):
        verdict = verified(right_one)
        assert verdict.passed and verdict.earned == verdict.points == 8 and not verdict.diagnoses


def test_a_flaw_costs_the_points_of_its_property_alone_and_is_the_diagnosis():
    verdict = verified(in_order)
    assert [(g.key, g.passed) for g in verdict.groups] == [
        ("once", True),
        ("pairs", True),
        ("last", True),
        ("order", False),
    ]
    (diagnosis,) = verdict.diagnoses
    assert (diagnosis.name, diagnosis.groups) == ("no_shuffle", ("order",))
    assert diagnosis.says == next(m.says for m in VERIFIED.misconceptions if m.name == "no_shuffle")


def test_two_flaws_are_both_named_and_a_nameless_one_keeps_its_sentence():
    def no_shuffle_and_drops(X, y, batch_size, rng):
        return in_order(X[: len(y) // batch_size * batch_size], y, batch_size, rng)[: len(y) // batch_size]

    assert {d.name for d in verified(no_shuffle_and_drops).diagnoses} == {"no_shuffle", "last_dropped"}
    scaled = verified(lambda X, y, b, rng: shuffled(2 * X, y, b, rng))
    assert not scaled.diagnoses and "in X nowhere" in scaled.differences[0].message


@pytest.mark.parametrize(
    "answer",
    [
        lambda X, y, batch_size, rng: [],
        lambda X, y, batch_size, rng: 3,
        lambda X, y, batch_size, rng: [X, y],
        lambda X, y, batch_size, rng: [(X[:0], y[:0])],
        lambda X, y, batch_size, rng: [(X, y[:-1])],
        lambda X, y, batch_size, rng: [(X.ravel(), y)],
        lambda X, y, batch_size, rng: None,
        lambda X, y: None,
    ],
)
def test_no_property_holds_of_an_answer_of_another_form(answer):
    verdict = verified(answer)
    assert verdict.earned == 0 and all(difference.message for difference in verdict.differences)


@pytest.mark.parametrize("value", [None, 1.5, "text", [], {}, [1], [{"X": 1, "y": 2}], [{"X": B}], np.zeros((2, 3))])
def test_forged_values_are_a_flaw_and_stop_nobody(value):
    forged = [Outcome({"first": value, "second": value, "again": value})] * len(BY_PROPERTY.cases)
    assert judge(forged, BY_PROPERTY).earned == 0
    assert judge([Outcome({"other": value})] * len(BY_PROPERTY.cases), BY_PROPERTY).earned == 0


def test_a_case_that_was_verified_shows_no_expected_value():
    verdict = verified(in_order)
    shown = render.html(verdict)
    assert "order in which they were handed in" in shown and "two epochs" in shown
    assert "expected" not in shown and "you got" not in shown
    assert "expected" in render.html(verdict_of(plus))


def test_a_panel_says_in_words_what_its_colours_say():
    shown = render.html(verdict_of(plus))
    assert shown.startswith('<div role="group" aria-label="') and 'aria-label="open">✗' in shown
    assert not re.search(r"[;\"]color:", shown), "letters take the page's own colour, on a light page and a dark one"
    for bar in (render.GREEN, render.RED, render.AMBER):
        assert min(contrast(bar, "#ffffff"), contrast(bar, "#111111")) >= 3


def contrast(one: str, other: str) -> float:
    """How far apart two colours (#rrggbb) are in lightness, 1 to 21: the ratio of WCAG 2.2."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_verified_reference_round_trips_and_enters_a_learners_process_without_its_sentences():
    assert Reference.from_json(BY_PROPERTY.to_json()).to_json() == BY_PROPERTY.to_json()
    assert "verify" not in REFERENCE.to_json()
    handed = BY_PROPERTY.without_answers()
    assert handed.verify == "minibatches" and handed.misconceptions == ()


def test_an_exercise_has_an_oracle_or_a_property():
    with pytest.raises(ValueError, match="needs a reference, or a property"):
        dataclasses.replace(EXERCISE, reference=None)


NAMES = np.array([0, 1, 2, 3, 1, 2, 3, 0, 0, 2])


def labelling(images):
    """An exercise that is right as far as enough labels are; the grader's images are others than the learner's."""
    return Exercise(
        name="name_images",
        unit="99_toy",
        returns=("labels",),
        groups=(Group("some", "names half of the images", 1), Group("most", "names nine of ten", 2)),
        cases=lambda rng: [
            Case(f"{share:.0%}", key, {"images": images, "at_least": share})
            for key, share in (("some", 0.5), ("most", 0.9))
        ],
        private_cases=lambda rng: [Case("hidden", "some", {"images": images + 10, "at_least": 0.5})],
        reference=lambda images, at_least: images % 10,
        verify="accuracy",
        misconceptions=(Misconception("one_class", lambda images, at_least: 0 * images, "All the same."),),
    )


@pytest.mark.parametrize(
    ("answer", "earned", "flaws"),
    [
        (NAMES, 3, []),
        (np.where(np.arange(10) < 9, NAMES, 1), 3, []),
        (np.where(np.arange(10) < 7, NAMES, 1), 1, ["below"]),
        (np.where(np.arange(10) < 4, NAMES, 9), 0, ["chance", "chance"]),
        (0 * NAMES, 0, ["one_class", "one_class"]),
        (NAMES[:5], 0, ["form", "form"]),
        (NAMES * 1.0, 0, ["form", "form"]),
        (NAMES[:, None], 0, ["form", "form"]),
    ],
)
def test_points_by_accuracy(answer, earned, flaws):
    reference = make_reference(labelling(NAMES), 0)
    verdict = judge(run_cases("name_images", lambda images, at_least: answer, reference), reference)
    assert verdict.earned == earned and [d.flaw for d in verdict.differences] == flaws
    assert [d.name for d in verdict.diagnoses] == list(dict.fromkeys(flaws))[:1] * (flaws[:1] == ["one_class"])
    assert all(case.expected is None for case in reference.without_answers().cases)


def test_the_graders_images_may_be_others():
    private = make_reference(labelling(NAMES), 0, private=True)
    assert [case.inputs["images"].min() for case in private.cases] == [10]
    assert judge([Outcome({"labels": NAMES})], private).passed


def test_what_is_verified_is_known():
    assert {e.verify for e in all_exercises().values()} - {None} <= PROPERTIES.keys()

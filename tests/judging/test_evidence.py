"""What may be said of a wrong answer: nothing that a case contradicts, and nothing that only a part of it bears out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.judging import render
from course_lib.judging.compare import compare
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Tolerance
from course_lib.judging.precision import agree
from grader.changes import change
from grader.exercises import find_exercise
from grader.judging.references import make_reference, visible_reference
from grader.judging.steadiness import shake
from grader.spec import Case, Exercise, Group, Misconception

pytestmark = pytest.mark.fast


def two_parts(x, a, b):
    low = x * a
    return low, (low + b).sum()


def two_cases(rng):
    def case(label, group, a, b, N=3):
        return Case(label, group, {"x": rng.normal(size=N), "a": a, "b": b})

    return [
        case("plain", "plain", 2.0, 0.0),
        case("another", "plain", 1.5, 0.0, 4),
        case("with b", "b", 2.0, 0.5),
        case("with a large b", "b", -3.0, 4.0, 5),
    ]


def exercise(*misconceptions: Misconception, **more) -> Exercise:
    groups = (Group("plain", "multiplies by a", 2, hint=2), Group("b", "adds b to each", 2, hint=3))
    return Exercise(
        "two_parts", "99_toy", ("low", "total"), groups, two_cases, two_parts, misconceptions, **{"plot": None} | more
    )


plus = change(two_parts, "x * a", "x + a")
b_once = change(two_parts, "(low + b).sum()", "low.sum() + b")
no_b = change(two_parts, "low + b", "low")
mean = change(two_parts, ".sum()", ".mean()")


def verdict(spec: Exercise, wrong):
    reference = make_reference(spec, 0)
    return judge(run_cases(spec.name, wrong, reference), reference)


def named(spec: Exercise, wrong) -> list[str]:
    return [d.name for d in verdict(spec, wrong).diagnoses]


def test_a_right_output_that_a_mistake_would_spoil_rules_it_out():
    only_low = change(two_parts, "return low, (low + b).sum()", "return x + a, (low + b).sum()")
    spec = exercise(Misconception("plus", plus, "You add a."))
    assert named(spec, plus) == ["plus"]
    assert named(spec, only_low) == []
    spoken_of = exercise(Misconception("plus", plus, "You add a.", about=("low",)))
    assert named(spoken_of, only_low) == ["plus"]


def test_a_mistake_of_some_cases_is_not_told_to_who_is_wrong_in_others_as_well():
    spec = exercise(Misconception("b_once", b_once, "You add b once."))
    assert named(spec, b_once) == ["b_once"]
    both = change(b_once, "low.sum() + b", "low.sum() + b + 1.0 * (b == 0)")
    assert named(spec, both) == []


def test_a_second_mistake_in_another_output_hides_nothing():
    spec = exercise(Misconception("plus", plus, "You add a.", about=("low",)), Misconception("mean", mean, "A mean."))
    assert named(spec, change(two_parts, "return low, (low", "return x + a, (7 * low")) == ["plus"]


def test_two_mistakes_that_show_in_one_output_vouch_for_each_other():
    def uneven(rng):
        return [
            Case("a alone", "plain", {"x": rng.normal(size=3), "a": 2.0, "b": 0.0}),
            Case("b alone", "b", {"x": rng.normal(size=3), "a": 0.0, "b": 2.0}),
            Case("b alone again", "b", {"x": rng.normal(size=4), "a": 0.0, "b": 1.0}),
            Case("a alone again", "plain", {"x": rng.normal(size=2), "a": 3.0, "b": 0.0}),
            Case("both", "b", {"x": rng.normal(size=3), "a": 2.0, "b": 2.0}),
        ]

    def one(name):
        source = {"right": "x * a + b", "halved": "x * a / 2 + b", "no_b": "x * a", "both": "x * a / 2"}[name]
        return eval(f"lambda x, a, b: {source}")  # noqa: S307 - our own text

    spec = dataclasses.replace(
        exercise(), reference=one("right"), cases=uneven, returns=("low",),
        misconceptions=(Misconception("halved", one("halved"), "H."), Misconception("no_b", one("no_b"), "B.")),
    )  # fmt: skip
    assert named(spec, one("halved")) == ["halved"] and named(spec, one("no_b")) == ["no_b"]
    assert set(named(spec, one("both"))) == {"halved", "no_b"}


def test_of_two_mistakes_that_no_case_tells_apart_neither_is_said():
    twin = change(two_parts, "(low + b).sum()", "low.sum()")
    spec = exercise(Misconception("one", no_b, "One."), Misconception("two", twin, "Two."))
    assert not {"one", "two"} & set(named(spec, no_b))


def of_a_processor(number: float):
    """A mistake whose total is all rounding, made large, as processors would leave it."""

    def wrong(x, a, b):
        return x * a, float(((x * 0.1 * 3 - x * 0.3) * 1e17).sum()) + number

    return wrong


def test_what_hangs_on_rounding_is_no_evidence_and_hides_none():
    here, there = of_a_processor(0.0), of_a_processor(7.0)
    of_rounding = Misconception("rounding", here, "Your total is what rounding leaves.")
    spec = exercise(of_rounding, Misconception("no_b", no_b, "You forget b."))
    recorded = visible_reference(spec)
    assert recorded.misconceptions[0].unsteady == {(index, "total") for index in range(4)}
    assert recorded.misconceptions[1].unsteady == frozenset()
    assert judge(run_cases(spec.name, there, recorded), recorded).diagnoses == ()


def test_where_the_rest_agrees_rounding_is_not_held_against_a_mistake():
    def wrong(number):
        rounding = of_a_processor(number)
        return lambda x, a, b: (x + a, rounding(x, a, b)[1])

    spec = exercise(Misconception("adds", wrong(0.0), "You add a, and your total is what rounding leaves."))
    recorded = visible_reference(spec)
    for number in (0.0, 7.0):
        verdict = judge(run_cases(spec.name, wrong(number), recorded), recorded)
        assert [d.name for d in verdict.diagnoses] == ["adds"]


def test_last_bits_are_shaken_alike_and_exact_numbers_stay():
    given = {"x": np.array([0.1, 0.5, -3.0, np.nan, 0.1]), "y": [np.array([[0.1], [np.inf]])], "n": 3, "lr": 0.1}
    shaken = shake(given)
    assert shaken["x"][0] == shaken["x"][4] == shaken["y"][0][0, 0] != 0.1
    assert abs(shaken["x"][0] - 0.1) < 1e-16
    assert list(shaken["x"][1:3]) == [0.5, -3.0] and np.isnan(shaken["x"][3]) and np.isinf(shaken["y"][0][1, 0])
    assert shaken["n"] == 3 and shaken["lr"] == 0.1


def test_crashes_are_the_same_only_in_type_text_and_operation():
    by_key = change(two_parts, "x * a", 'x * a["factor"]')
    spec = exercise(Misconception("by_key", by_key, "a is a number."))
    assert named(spec, by_key) == ["by_key"]
    assert named(spec, lambda x, a, b: a["other"]) == ["by_key"]  # the same crash, on another line of other names
    assert named(spec, lambda x, a, b: x.nothing) == []
    assert named(spec, lambda x, a, b: a[0:1] if b else two_parts(x, a, b)) == []
    assert named(spec, lambda x, a, b: len(a)) == []


def test_a_crash_tells_nothing_of_a_mistake_in_values():
    mixed = change(two_parts, "x * a", "x * a if len(x) == 3 else x[9]", "low + b", "low - b")
    spec = exercise(Misconception("mixed", mixed, "The sign of b."))
    assert named(spec, mixed) == ["mixed"]
    assert named(spec, change(two_parts, "x * a", "x * a if len(x) == 3 else x[9]")) == []


# --- one precision -----------------------------------------------------------------------------------------------

V = np.random.default_rng(0).normal(size=50)
TIGHT = Tolerance()


def test_what_passed_through_float32_is_judged_as_float32():
    rounded = (V.astype(np.float32) * np.float32(1.1)).astype(float)
    assert agree(rounded, V * 1.1, TIGHT) and not agree(V * 1.1 * (1 + 2e-6), V * 1.1, TIGHT)
    assert agree(np.asarray(float(np.float32(1 / 3))), np.asarray(1 / 3), TIGHT)


def test_numbers_that_any_precision_holds_are_no_sign_of_float32():
    assert not agree(np.array([0.5, 0.25]), np.array([0.50001, 0.25]), TIGHT)
    assert not agree(np.array(2.0), np.array(2.00001), TIGHT)


def test_an_entry_near_zero_is_as_exact_as_the_large_ones():
    right = np.array([1.0, 3e-4, 1e-9])
    assert agree(right + 5e-8, right, TIGHT) and not agree(right + 1e-6, right, TIGHT)


def test_an_exercise_may_ask_for_more_than_float32():
    found = compare(V.astype(np.float32), V, Tolerance(rtol32=1e-10, atol32=1e-12))
    assert found is not None and found[0] == "dtype" and "float32" in found[1]


def test_a_size_is_a_whole_number():
    stage, sentence, _ = compare(24.0, 24, TIGHT)
    assert stage == "dtype" and "float" in sentence and "24" not in sentence
    assert (
        compare(np.float64(24), np.array(24), TIGHT)[0] == "dtype"
        and compare(np.array(24, dtype=np.int32), 24, TIGHT) is None
    )
    assert compare(np.array([1.0, 2.0]), np.array([1, 2]), TIGHT) is None
    assert compare({"t": 3.0}, {"t": 3}, TIGHT) is None
    assert compare(23.0, 24, TIGHT)[0] == "values"


# --- numbers in sentences ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "right", "says"),
    [
        (0.333, 1 / 3, "it is 0.333, and 0.3333 is right."),
        (0.33333, 1 / 3, "it is 0.33333, and 0.333333 is right."),
        ("a" * 80 + "b", "a" * 80 + "c", "aab', and "),
    ],
)
def test_two_numbers_are_never_the_same_words(got, right, says):
    _, sentence, _ = compare(got, right, TIGHT)
    mine, theirs = sentence.removeprefix("it is ").split(", and ", 1)
    assert says in sentence and mine != theirs.removesuffix(" is right.")


def test_classes_are_no_multiples():
    assert "times" not in compare(np.array([2, 4, 6]), np.array([1, 2, 3]), TIGHT)[1]
    assert "times" not in compare(4, 2, TIGHT)[1]


def test_fractions_are_cut_off_only_where_they_were():
    assert compare(np.array([1, 2]), np.array([1.7, 2.2]), TIGHT)[0] == "dtype"
    assert compare(np.array([0, 0]), np.array([0.7, 0.2]), TIGHT)[0] == "values"
    assert compare(np.array([4, 9]), np.array([1.7, 2.2]), TIGHT)[0] == "values"


def test_a_factor_that_changes_from_case_to_case_is_no_factor():
    by_a = change(two_parts, "(low + b).sum()", "(low + b).sum() * abs(a)")
    found = verdict(exercise(), by_a)
    assert all("times" not in d.message and "is right" in d.message for d in found.differences)
    doubled = verdict(exercise(), change(two_parts, "(low + b).sum()", "(low + b).sum() * 2"))
    assert all("2 times" in d.message for d in doubled.differences)
    of_arrays = verdict(exercise(), change(two_parts, "return low,", "return low * abs(a),"))
    assert all("In other cases it is another factor." in d.message for d in of_arrays.differences)


# --- the property as headline ------------------------------------------------------------------------------------


def test_the_broken_property_is_the_headline_with_its_hint():
    found = dataclasses.replace(verdict(exercise(), no_b), diagnoses=())
    (sentence,) = render.advice(found)
    assert sentence.startswith("Not yet: adds b to each; the other one holds. In the case “with b”: `total`: it is ")
    assert sentence.endswith("Hint 3 is about this.")
    (private,) = render.advice(found, private=True)
    assert private == "Not yet: adds b to each; the other one holds. `total`: it is not the right value. " + (
        "Hint 3 is about this."
    )


def test_no_headline_is_only_that_values_are_wrong():
    found = verdict(exercise(), change(two_parts, "x * a", "x * a + 1"))
    (sentence,) = render.advice(dataclasses.replace(found, diagnoses=()))
    assert sentence.startswith("Not yet: multiplies by a (2 of 2 properties are open). In the case “plain”: ")


def test_a_problem_speaks_for_itself():
    (sentence,) = render.advice(verdict(exercise(), lambda x, a, b: None))
    assert sentence.startswith("two_parts returned nothing")


# --- flaws -------------------------------------------------------------------------------------------------------


def dropped(keeps, factor):
    def dropout_forward(x, p, rng, training):
        if not training:
            return x, np.ones(x.shape, dtype=bool)
        kept = keeps(rng, x, p)
        return x * kept * factor(p), kept

    return dropout_forward


def by_chance(rng, x, p):
    return rng.random(x.shape) >= p


def cut(rng, fan_in, fan_out):
    deviation = np.sqrt(2 / fan_in)
    return np.clip(rng.normal(0, deviation, size=(fan_in, fan_out)), -deviation, deviation)


def rescue(which):
    def modality_dropout(present, p, rng):
        kept = present & (rng.random(present.shape) >= p)
        return which(kept, present, p, rng)

    return modality_dropout


def drawn_again(kept, present, p, rng):
    while (lost := ~kept.any(axis=1)).any():
        kept[lost] = (present & (rng.random(present.shape) >= p))[lost]
    return kept


def one_draw_for_all(kept, present, p, rng):
    lost = np.flatnonzero(~kept.any(axis=1))
    kept[lost, np.where(present, rng.random((1, present.shape[1])), -1).argmax(axis=1)[lost]] = True
    return kept


@pytest.mark.parametrize(
    ("name", "answer", "flaw"),
    [
        ("dropout_forward", dropped(by_chance, lambda p: 1 / p if p else 1.0), "divided_by_p"),
        ("he_init", cut, "cut_off"),
        ("modality_dropout", rescue(drawn_again), "wrong_share_alone"),
        ("modality_dropout", rescue(one_draw_for_all), "uneven_otherwise"),
    ],
)
def test_a_flaw_has_no_name_that_was_not_measured(name, answer, flaw):
    spec = find_exercise(name)
    for seed in (1, 2):
        reference = make_reference(spec, seed)
        found = judge(run_cases(name, answer, reference), reference)
        assert flaw in {d.flaw for d in found.differences}
        assert {d.name for d in found.diagnoses} <= {flaw}


def test_weights_in_float32_are_right():
    def he_init(rng, fan_in, fan_out):
        return rng.standard_normal((fan_in, fan_out), dtype=np.float32) * np.float32(np.sqrt(2 / fan_in))

    reference = make_reference(find_exercise("he_init"), 4)
    assert judge(run_cases("he_init", he_init, reference), reference).passed

"""What comes back from a learner's code: what can be taken is taken as it is meant, the rest is told by its name."""

import collections
import decimal
import fractions
import json

import numpy as np
import pytest

from course_lib.judging import codec, problems
from course_lib.judging.compare import compare
from course_lib.judging.compute import run_cases
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome, Tolerance
from course_lib.judging.reference import RecordedCase, RecordedGroup, Reference
from grader.judging.answers import _told

pytestmark = pytest.mark.fast

X = np.array([1.0, 2.0, 4.0])


def reference(returns=("out",), **inputs):
    case = RecordedCase("one", "all", {"x": X} | inputs, dict.fromkeys(returns, X))
    return Reference("thing", "00_start_here", returns, "call", (RecordedGroup("all", "works", 2),), (case,))


def outcome(made, returns=("out",)):
    (found,) = run_cases("thing", lambda x: made(x), reference(returns))
    return found


def tensor(x, **more):
    torch = pytest.importorskip("torch")
    return torch.tensor(x, **more)


class Column:
    """What a column of a data frame looks like from outside."""

    def to_numpy(self):
        return X

    def __array__(self, *_, **__):
        return X


class Own:
    def __array__(self, *_, **__):
        raise RuntimeError("no")


def looped():
    items = []
    items.append(items)
    return items


# fmt: off
TAKEN = {
    "a list": lambda x: list(x), "a tuple": lambda x: tuple(x), "a deque": lambda x: collections.deque(x),
    "a tuple of all sorts of numbers": lambda x: (1.0, 2, np.array(4.0)),
    "NumPy numbers": lambda x: [np.float64(v) for v in x],
    "more precision": lambda x: x.astype(np.longdouble),
    "numbers with more precision": lambda x: [np.longdouble(v) for v in x],
    "an array of objects that are numbers": lambda x: np.array([float(v) for v in x], dtype=object),
    "a matrix": lambda x: np.asarray(np.matrix(x)).ravel(),
    "a masked array that hides nothing": lambda x: np.ma.array(x),
    "big-endian numbers": lambda x: x.astype(">f8"), "a view": lambda x: np.repeat(x, 2)[::2],
    "a tensor": lambda x: tensor(x), "a tensor that needs gradients": lambda x: tensor(x, requires_grad=True),
    "a list of tensors": lambda x: [tensor(v, requires_grad=True) for v in x],
    "a tuple of arrays without axes": lambda x: tuple(np.array(v) for v in x),
}
REFUSED = {
    "complex": [lambda x: x + 0j, lambda x: [complex(v) for v in x], lambda x: np.complex64(1),
                lambda x: tensor(x + 1j)],
    "decimal": [lambda x: [decimal.Decimal(int(v)) for v in x], lambda x: np.array([decimal.Decimal(1)] * 3)],
    "fraction": [lambda x: fractions.Fraction(1, 3), lambda x: {"a": [fractions.Fraction(1)]}],
    "generator": [lambda x: (v for v in x), lambda x: map(float, x), lambda x: {1: 2}.values(), lambda x: iter(x)],
    "set": [lambda x: set(x), lambda x: frozenset({1})],
    "function": [lambda x: np.mean, lambda x: x.sum, lambda x: int, lambda x: [lambda: 1]],
    "none": [lambda x: np.array(None), lambda x: {"mask": np.array([1, None])}],
    "ragged": [lambda x: np.array([[1], [1, 2]], dtype=object)],
    "masked": [lambda x: np.ma.masked_less(x, 3)],
    "table": [lambda x: Column()],
    "bfloat16": [lambda x: tensor(x).bfloat16()],
    "sparse": [lambda x: tensor(x).to_sparse()],
    "tensor": [lambda x: tensor(x).to("meta")],
    "deep": [lambda x: looped(), lambda x: [[[[[[[[[["a"]]]]]]]]]]],
    "number": [lambda x: {"a": 2**80}],
    "long": [lambda x: "x" * 20_000, lambda x: ["a"] * 20_000],
    "large": [lambda x: np.zeros(2**22)],
    "keys": [lambda x: {1: 2}],
}
# fmt: on


@pytest.mark.parametrize("made", TAKEN.values(), ids=TAKEN)
def test_what_means_the_right_numbers_is_right(made):
    verdict = judge([outcome(made)], reference())
    assert verdict.passed, verdict.differences


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_compared_is_told_by_its_kind_live_and_graded(kind):
    for made in REFUSED[kind]:
        one = outcome(made).problem
        two = outcome(lambda x, made=made: (x, made(x)), ("out", "cache")).problem
        assert one == problems.incomparable(None, kind), one
        assert two == problems.incomparable("cache", kind), two
        assert "dtype object" not in two.message
        told = _told(Outcome.from_json(Outcome(problem=two).to_json()).problem, reference().cases[0], pair(), [])
        assert told == two


def pair():
    return reference(("out", "cache"))


def test_every_sentence_has_an_instance():
    assert problems.KINDS.keys() == REFUSED.keys()


@pytest.mark.parametrize("made", [lambda x: Own(), lambda x: object(), lambda x: b"bytes"])
def test_any_other_object_is_told_too(made):
    assert "cannot be compared" in outcome(made).problem.message


def test_none_among_several_values_is_called_none():
    verdict = judge([outcome(lambda x: (x, None), ("out", "cache"))], pair())
    (difference,) = verdict.differences
    assert difference.output == "cache" and "it is None" in difference.message
    assert "holds None" in compare([1, None], X, Tolerance())[1]
    assert "rows have different lengths" in compare([[1], [1, 2]], np.eye(2), Tolerance())[1]
    assert compare(None, None, Tolerance()) is None


def test_float16_is_named_where_only_its_digits_are_missing():
    right = np.array([0.1, 0.2, 0.3])
    stage, sentence, _ = compare(right.astype(np.float16), right, Tolerance())
    assert stage == "dtype" and "float16" in sentence
    assert compare((2 * right).astype(np.float16), right, Tolerance())[0] == "values"


def test_tuples_and_lists_that_come_back_are_alike():
    assert compare(("a", 1), ["a", 1], Tolerance()) is None
    assert compare(["a", 1], ("a", 1), Tolerance()) is None
    assert compare(("a",), ["a", 1], Tolerance())[0] == "shape"


def test_inputs_arrive_as_the_spec_states_them():
    stated = {"stride": (1, 2), "sizes": [3, 4], "both": [(1, 2), {"a": (None, (X,))}]}
    seen = {}
    asked = Reference.from_json(json.loads(json.dumps(reference(**stated).to_json())))
    run_cases("thing", lambda x, **more: None, asked)
    (_,) = run_cases("thing", lambda x, stride, sizes, both: seen.update(stride=stride, sizes=sizes, both=both), asked)
    assert seen["stride"] == (1, 2) and seen["sizes"] == [3, 4]
    assert isinstance(seen["both"][0], tuple) and isinstance(seen["both"][1]["a"][1], tuple)


def test_an_array_in_a_tuple_that_is_changed_in_place_is_noticed():
    asked = reference(pair=(X.copy(), 1))

    def changes(x, pair):
        pair[0][:] = 0
        return x

    (found,) = run_cases("thing", changes, asked)
    assert found.problem.kind == "mutated" and found.problem.detail == "pair"


def test_a_tuple_that_is_none_is_refused():
    for forged in ({"__tuple__": 1}, {"__tuple__": [], "a": 1}, {"__tuple__": {"a": 1}}):
        with pytest.raises(codec.CodecError, match="a tuple is not a list of its items"):
            codec.decode(forged)
    deep = [1]
    for _ in range(20):
        deep = {"__tuple__": [deep]}
    with pytest.raises(codec.CodecError, match="nested"):
        codec.decode(deep)


class Odd:
    """Equal to nothing that Python could say yes or no to."""

    def __eq__(self, other):
        raise TypeError("no answer")

    __hash__ = None


def test_an_argument_that_becomes_something_odd_was_changed():
    asked = reference(rows=[1.0, 2.0])

    def changes(x, rows):
        rows[0] = Odd()
        return x

    (found,) = run_cases("thing", changes, asked)
    assert found.problem.kind == "mutated" and found.problem.detail == "rows"

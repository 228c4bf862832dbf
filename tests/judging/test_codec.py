"""Arrays and plain values survive the journey; whatever `encode` cannot have written is refused with a sentence."""

import base64
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.judging.codec import DTYPES, MAX_BYTES, CodecError, decode, encode

pytestmark = pytest.mark.fast

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
arrays = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)


def same(a, b):
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@given(plain)
def test_plain_values_survive(value):
    travelled = json.loads(json.dumps(encode(value), allow_nan=False))
    assert same(value, decode(travelled))


@given(arrays)
def test_arrays_survive_bit_for_bit(array):
    back = decode(json.loads(json.dumps(encode(array), allow_nan=False)))
    assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


def test_non_contiguous_and_big_endian_arrays_keep_their_values():
    table = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(decode(encode(table.T)), table.T)
    assert np.array_equal(decode(encode(table.astype(">f8"))), table)


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, {1: 2}, {"__array__": 1}, np.array(["a"]), np.array([1j]), np.array([None]), 2**70, "x" * 20_000,
     [0] * 20_000, np.zeros(MAX_BYTES // 8 + 1), lambda: 0, b"bytes"],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_what_cannot_travel_is_refused(value):
    with pytest.raises(CodecError, match="it holds"):
        encode(value)


def test_endless_nesting_is_refused_on_both_sides():
    nested: list = []
    nested.append(nested)
    with pytest.raises(CodecError, match="nested"):
        encode(nested)
    deep: object = 0
    for _ in range(50):
        deep = [deep]
    with pytest.raises(CodecError, match="nested"):
        decode(deep)


def array_of(**changes):
    data = base64.b64encode(np.zeros(3).tobytes()).decode()
    return {"__array__": "<f8", "shape": [3], "data": data} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"__array__": "|O"}, {"__array__": "<U9"}, {"__array__": "<c16"}, {"__array__": ["<f8"][0] + ",O"},
        {"shape": [4]}, {"shape": [-3]}, {"shape": [3.0]}, {"shape": [True, 3]}, {"shape": "3"}, {"shape": [1] * 40},
        {"shape": [2**40, 2**40]}, {"shape": [MAX_BYTES]}, {"data": "%%%"}, {"data": 5}, {"data": None},
    ],
    ids=str,
)  # fmt: skip
def test_forged_arrays_are_refused(changes):
    assert np.array_equal(decode(array_of()), np.zeros(3))
    with pytest.raises(CodecError):
        decode(array_of(**changes))


@pytest.mark.parametrize("value", [{"__float__": "1e999"}, {"__float__": 3}, object(), "x" * 20_000])
def test_other_forgeries_are_refused(value):
    with pytest.raises(CodecError):
        decode(value)

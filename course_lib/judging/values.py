"""What came back from a learner's code as arrays, numbers, texts, lists and dicts, whatever it was made of.

What cannot be made so is refused by its kind, for which `course_lib.judging.problems` has a sentence.
"""

from __future__ import annotations

import collections
import decimal
import fractions
import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

from course_lib.judging.codec import CodecError

DEEPEST = 32


def plain(value: Any) -> Any:
    """`value` in a form that `codec.encode` takes, or a `CodecError` with the kind of what it is.

    Lists of numbers become arrays, as do tensors, and a tuple counts as a list.
    """
    value = _natural(value, 0)
    if isinstance(value, list) and value:
        try:
            array = np.asarray(value)
        except (ValueError, TypeError):
            return value
        if array.dtype.kind in "bifu":
            return array
    return value


def _natural(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise CodecError(f"it is nested more than {DEEPEST} levels deep", "deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _array(value, depth)
    if isinstance(value, list | tuple | range | collections.deque):
        return [_natural(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _natural(item, depth + 1) for key, item in value.items()}
    if _knows(value, "detach") and _knows(value, "cpu"):
        return _array(_of_tensor(value), depth)
    kind = _kind(value)
    if kind:
        raise CodecError(f"it holds a value of type {type(value).__name__!r}", kind)
    if _knows(value, "__array__"):
        try:
            return _array(np.asarray(value), depth)
        except Exception as error:  # whatever another library's array does when it is asked for its values
            raise CodecError(f"a {type(value).__name__} gives no array", "type") from error
    return value


def _knows(value: Any, method: str) -> bool:
    """Whether its class has a method: some objects answer to any name, and are asked nothing for that."""
    return callable(inspect.getattr_static(type(value), method, None))


def is_lazy(value: Any) -> bool:
    """Whether it is a generator or the like, which holds no values itself."""
    return _kind(value) == "generator"


def _kind(value: Any) -> str:
    """The kind of a value that is refused, or an empty string."""
    if isinstance(value, decimal.Decimal):
        return "decimal"
    if isinstance(value, fractions.Fraction):
        return "fraction"
    if isinstance(value, complex):
        return "complex"
    if isinstance(value, set | frozenset):
        return "set"
    if _knows(value, "to_numpy"):
        return "table"
    if _knows(value, "toarray"):
        return "sparse"
    if _knows(value, "__next__") or isinstance(value, collections.abc.MappingView):
        return "generator"
    if callable(value):
        return "function"
    return ""


def _of_tensor(tensor: Any) -> np.ndarray:
    """A tensor's values, wherever they are and whether or not they need gradients."""
    dtype = str(getattr(tensor, "dtype", ""))
    if "bfloat16" in dtype or "float8" in dtype:
        raise CodecError(f"it holds a tensor of {dtype}", "bfloat16")
    if "complex" in dtype:
        raise CodecError(f"it holds a tensor of {dtype}", "complex")
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        raise CodecError("it holds a sparse tensor", "sparse")
    try:
        return np.asarray(tensor.detach().cpu().numpy())
    except Exception as error:  # a tensor without values, as on the device "meta", or of a kind that NumPy has not
        raise CodecError("it holds a tensor whose values cannot be had", "tensor") from error


def _array(array: Any, depth: int) -> Any:
    """An array of a type that travels."""
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise CodecError("it holds a masked array", "masked")
        array = array.data
    kind = array.dtype.kind
    if kind == "c":
        raise CodecError(f"it holds an array of dtype {array.dtype}", "complex")
    if kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(all="ignore"):
            return array.astype(np.float64)
    if kind == "O":
        return _of_objects(array, depth)
    if kind == "U":
        return array.tolist()
    if kind not in "biuf":
        raise CodecError(f"it holds an array of dtype {array.dtype}", "type")
    return np.asarray(array) if isinstance(array, np.matrix) else array


def _of_objects(array: np.ndarray, depth: int) -> np.ndarray:
    """An array of Python objects as one of numbers, if they are."""
    items = [_natural(item, depth + 1) for item in array.ravel().tolist()]
    if any(item is None for item in items):
        raise CodecError("it holds None", "none")
    try:
        numbers = np.asarray(items)
    except (ValueError, TypeError):
        raise CodecError("its rows have different lengths", "ragged") from None
    if numbers.dtype.kind not in "biuf":
        raise CodecError("it holds objects that are no numbers", "type")
    return numbers.reshape(array.shape + numbers.shape[1:])


def holds_none(values: Iterable[Any]) -> bool:
    """Whether None stands anywhere in a list of lists."""
    return any(item is None or isinstance(item, list) and holds_none(item) for item in values)

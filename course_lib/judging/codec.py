"""How answers and cases travel: JSON whose arrays are raw bytes with dtype and shape. No pickle anywhere.

The grader reads what a learner's process wrote, so `decode` trusts nothing: dtypes are whitelisted, sizes
are bounded and must agree, nesting is bounded, and every refusal is a `CodecError` with a sentence.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np

DTYPES = frozenset(
    np.dtype(t).str
    for t in (
        np.bool_,
        np.int8,
        np.int16,
        np.int32,
        np.int64,
        np.uint8,
        np.uint16,
        np.uint32,
        np.uint64,
        np.float16,
        np.float32,
        np.float64,
    )
)
MAX_BYTES = 16 * 2**20
MAX_TEXT = 10_000
MAX_ITEMS = 10_000
MAX_DEPTH = 8


class CodecError(ValueError):
    """A value that cannot travel, or bytes that are not what they say they are; the text says which.

    kind: for a value, what it is, which may be one of `course_lib.judging.problems.KINDS`.
    """

    def __init__(self, text: str, kind: str = "type") -> None:
        super().__init__(text)
        self.kind = kind


def encode(value: Any, depth: int = 0) -> Any:
    """`value` as plain JSON. Raises `CodecError` for what is no array, number, string, list, tuple or dict of these."""
    if depth > MAX_DEPTH:
        raise CodecError(f"it is nested more than {MAX_DEPTH} levels deep", "deep")
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(np.asarray(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise CodecError("it holds a whole number of more than 64 bits", "number")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"__float__": repr(float(value))}
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise CodecError(f"it holds a text of {len(value):,} characters; {MAX_TEXT:,} is the limit", "long")
        return value
    if isinstance(value, list | tuple):
        if len(value) > MAX_ITEMS:
            raise CodecError(f"it holds a list of {len(value):,} items; {MAX_ITEMS:,} is the limit", "long")
        items = [encode(item, depth + 1) for item in value]
        return {"__tuple__": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        if not all(isinstance(key, str) and not key.startswith("__") for key in value):
            raise CodecError("it holds a dict whose keys are not plain names", "keys")
        if len(value) > MAX_ITEMS:
            raise CodecError(f"it holds a dict of {len(value):,} items; {MAX_ITEMS:,} is the limit", "long")
        return {key: encode(item, depth + 1) for key, item in value.items()}
    raise CodecError(f"it holds a value of type {type(value).__name__!r}")


def _encode_array(array: np.ndarray) -> dict[str, Any]:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in DTYPES:
        raise CodecError(f"it holds an array of dtype {array.dtype}")
    if little.nbytes > MAX_BYTES:
        size, most = little.nbytes / 2**20, MAX_BYTES // 2**20
        raise CodecError(f"it holds an array of {size:.0f} MiB; {most} MiB is the limit", "large")
    data = base64.b64encode(np.ascontiguousarray(little).tobytes()).decode("ascii")
    return {"__array__": little.dtype.str, "shape": list(array.shape), "data": data}


def decode(value: Any, depth: int = 0) -> Any:
    """The value that `encode` was given. Raises `CodecError` for anything that `encode` cannot have written."""
    if depth > MAX_DEPTH:
        raise CodecError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        if "__array__" in value:
            return _decode_array(value)
        if "__float__" in value:
            if value["__float__"] not in ("nan", "inf", "-inf"):
                raise CodecError("a float is written in an unknown way")
            return float(value["__float__"])
        if "__tuple__" in value:
            if len(value) != 1 or not isinstance(value["__tuple__"], list):
                raise CodecError("a tuple is not a list of its items")
            return tuple(decode(item, depth + 1) for item in value["__tuple__"])
        return {str(key): decode(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _decode_text(value)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise CodecError("a whole number has more than 64 bits")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise CodecError(f"a value of type {type(value).__name__!r} is not JSON")


def _decode_text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise CodecError(f"a text has more than {MAX_TEXT:,} characters")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise CodecError("a text holds half a character, which cannot be written to a file")
    return value


def _decode_array(value: dict[str, Any]) -> np.ndarray:
    dtype, shape, data = value.get("__array__"), value.get("shape"), value.get("data")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise CodecError(f"an array has the dtype {str(dtype)[:40]!r}, which is not allowed")
    if not isinstance(shape, list) or len(shape) > 32:
        raise CodecError("an array's shape is not a list of at most 32 sizes")
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= MAX_BYTES for n in shape):
        raise CodecError("an array's shape holds something that is not a size")
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if expected > MAX_BYTES or not isinstance(data, str) or len(data) > 4 * (MAX_BYTES // 3 + 2):
        raise CodecError(f"an array is larger than {MAX_BYTES // 2**20} MiB")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise CodecError("an array's bytes are not base64") from None
    if len(raw) != expected:
        raise CodecError(f"an array holds {len(raw)} bytes where its shape and dtype say {expected}")
    try:
        return np.frombuffer(raw, dtype=dtype).reshape(shape).copy()
    except ValueError:  # an empty array whose other sizes multiply to more than any array has
        raise CodecError("an array's shape is none that an array can have") from None

"""How large JSON from others may be, found out before it is parsed: 60 MiB of `[[],[],...` become gigabytes of objects.

A scan over the bytes counts what would be made, at the speed of memory; only then is anything made of it.
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

MOST_VALUES = 1_000_000
"""Far more than any answer or any honest notebook has; as Python objects about 100 MB."""
MOST_NESTED = 100
BRACKETS = b"[]{}"


class TooLargeError(ValueError):
    """JSON that would become more than a grader holds; the text completes "it ..."."""


def load_json(data: bytes | str, values: int = MOST_VALUES, nested: int = MOST_NESTED) -> Any:
    """As `json.loads`, of what `check_json` lets pass; raises `ValueError` for everything else."""
    check_json(data, values, nested)
    return parse(data)


def parse(data: bytes | str) -> Any:
    """The JSON in `data`, which `check_json` has seen; raises `ValueError` for what is none."""
    try:  # bytes are UTF-8 and nothing else: json itself would guess, and what was counted could be something else
        return json.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except RecursionError:
        raise TooLargeError("it is nested too deep") from None


def check_json(data: bytes | str, values: int = MOST_VALUES, nested: int = MOST_NESTED) -> int:
    """How many values the JSON text holds, at most: each is counted before any is made.

    Raises `TooLargeError` for more than `values`, or for brackets in more than `nested` others. What is no JSON at all
    is left to the parser, which then makes no more than was counted here.
    """
    text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if text.count(b'"') > 4 * values:  # a name and a value each
        raise TooLargeError(f"it holds more than {values:,} values")
    outside = b"".join(text.split(b'"')[::2])
    found = 1 + sum(map(outside.count, (b",", b"[", b"{")))
    if found > values:
        raise TooLargeError(f"it holds more than {values:,} values")
    brackets = outside.translate(None, bytes(set(range(256)) - set(BRACKETS)))
    if len(brackets) > 2 * values:
        raise TooLargeError(f"it holds more than {values:,} values")
    if max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0) > nested:
        raise TooLargeError(f"it is nested more than {nested} levels deep")
    return found

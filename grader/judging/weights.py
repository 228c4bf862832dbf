"""How many numbers the handed-in files of weights hold, by count and by bits, where no learner's code runs.

A learner's own process could report any number of parameters. The format safetensors is data alone (no pickle), so the
grader may read it, and what is counted here is what a budget is judged by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from safetensors import SafetensorError, deserialize

SUFFIX = ".safetensors"
MARK = "course_weights"
"""The notebook's metadata that carries the counts from the run to the judge; whatever a learner put there is gone."""


BITS = 32
"""What one number may have: more numbers in one, packed into 64 bits, count as what they are."""
NAMING = 256
"""Bytes of a file's header for each tensor (name, shape, place) that are no weights; real files have about 80."""


def count_weights(files: Mapping[str, bytes]) -> dict[str, int]:
    """Numbers in each file of weights, by the file's name; one that cannot be read has none.

    A number counts as one, and as two where it has 64 bits. A header that is longer than names need counts as well.
    """
    counts = {}
    for name, data in files.items():
        if name.endswith(SUFFIX):
            try:
                tensors = [tensor for _, tensor in deserialize(data)]
                counts[name] = sum(map(_numbers, tensors)) + _hidden(data, len(tensors))
            except (SafetensorError, ValueError, TypeError, KeyError):
                counts[name] = 0
    return counts


def _numbers(tensor: Mapping[str, Any]) -> int:
    return max(math.prod(tensor["shape"]), math.ceil(8 * len(tensor["data"]) / BITS))


def _hidden(data: bytes, tensors: int) -> int:
    """How many numbers the text of a file's header could hold, beyond what it is for."""
    header = int.from_bytes(data[:8], "little")
    return math.ceil(8 * max(0, header - NAMING * (tensors + 1)) / BITS)

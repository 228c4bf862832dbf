"""How many numbers the handed-in files of weights hold, counted where no learner's code runs.

A learner's own process could report any number of parameters. The format safetensors is data alone (no pickle), so the
grader may read it, and what is counted here is what a budget is judged by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from safetensors import SafetensorError, deserialize

SUFFIX = ".safetensors"
MARK = "course_weights"
"""The notebook's metadata that carries the counts from the run to the judge; whatever a learner put there is gone."""


def count_weights(files: Mapping[str, bytes]) -> dict[str, int]:
    """Numbers in each file of weights, by the file's name; one that cannot be read has none."""
    counts = {}
    for name, data in files.items():
        if name.endswith(SUFFIX):
            try:
                counts[name] = sum(math.prod(tensor["shape"]) for _, tensor in deserialize(data))
            except (SafetensorError, ValueError, TypeError, KeyError):
                counts[name] = 0
    return counts

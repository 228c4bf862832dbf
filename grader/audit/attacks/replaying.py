"""Replaying in the learner's process: whatever is asked there, a recorded right answer of a visible case comes back."""

from __future__ import annotations

STRATEGIES = {
    "the answer in the same place": "lambda inputs: place[0] % len(seen.cases)",
    "the answer to the nearest inputs": "lambda inputs: min(range(len(seen.cases)), key=lambda i: far(i, inputs))",
    "the answer to inputs of the same shapes": (
        "lambda inputs: min(range(len(seen.cases)), key=lambda i: (shapes(seen.cases[i].inputs) != shapes(inputs), i))"
    ),
    "the answer to the same words and whole numbers": (
        "lambda inputs: min(range(len(seen.cases)), key=lambda i: (-alike(seen.cases[i].inputs, inputs), i))"
    ),
    "always the first answer": "lambda inputs: 0",
    "always the last answer": "lambda inputs: -1",
}
"""How a visible case is picked for the inputs of a private one."""

CODE = """
import numpy as np
from course_lib.judging.drivers import DRIVERS
from course_lib.judging.reference import load

def shapes(inputs):
    return {key: np.shape(value) if isinstance(value, np.ndarray) else type(value) for key, value in inputs.items()}

def alike(mine, other):
    plain = [key for key in mine if isinstance(mine[key], (str, bool, int, list)) and key in other]
    return sum(mine[key] == other[key] for key in plain)

class Replay:
    def __init__(self, name):
        self.seen, self.place = load(name), [-1]

    def answer(self, inputs):
        seen, place = self.seen, self.place
        place[0] += 1

        def far(i, inputs):
            mine, total = seen.cases[i].inputs, 0.0
            for key, value in inputs.items():
                a, b = mine.get(key), value
                if isinstance(b, (np.ndarray, float, int)) and np.shape(a) == np.shape(b) and a is not None:
                    total += float(np.sum((np.asarray(a, float) - np.asarray(b, float)) ** 2))
                else:
                    total += 1e6 * (repr(a) != repr(b))
            return total

        expected = seen.cases[(PICK)(inputs)].expected
        if expected is None:
            return None
        values = tuple(expected[key] for key in seen.returns)
        return values if len(values) > 1 else values[0]

    def __call__(self, *args):
        return self.answer(dict(zip(self.seen.cases[0].inputs, args)))

for driver in DRIVERS:  # whatever an object is driven by, it answers by itself
    DRIVERS[driver] = lambda obj, inputs: obj.answer(inputs)
for name in NAMES:
    globals()[name] = Replay(name)
"""


def replaying(how: str) -> str:
    """The cell that makes every exercise of a unit replay by one of the strategies."""
    return CODE.replace("PICK", STRATEGIES[how])

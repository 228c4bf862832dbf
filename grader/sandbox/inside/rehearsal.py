"""A notebook of nobody's, run before anybody's: what Python does at a first use is done once, and not in every fork.

Cells and a check are gone through several times in the process from which all others are forked. Patterns are compiled
then, caches are full, and Python has adapted its code to what runs through it, which it would otherwise write into each
fork's own copy of the memory. Nothing of it is left in what is forked. Lives inside the sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from learner import as_frame, run_cell

ROUNDS = 12
"""Python adapts a piece of code when it has run eight times."""
EXERCISE = "rehearsed"
GIVEN = """
from contextlib import suppress

import matplotlib.pyplot as plt
import numpy as np
"""
ANSWER = f'''
def {EXERCISE}(x):
    """The squares of x.

    x: (N,)  Returns (N,).
    """
    return np.square(x)
'''
OTHER = f"""
for n in range(2):
    print(f"{{n}}: {{{EXERCISE}(n):.2f}}")  # a comment
{EXERCISE}(np.ones(2))
"""
CELLS = (("given", "given_rehearsal", GIVEN), ("answer", EXERCISE, ANSWER), ("other", "", OTHER))
REFERENCE = {
    "exercise": EXERCISE,
    "unit": "",
    "returns": ["value"],
    "driver": "call",
    "plot": None,
    "bonus": False,
    "withheld": False,
    "forbidden": [],
    "tolerance": {"rtol": 1e-6, "atol": 1e-9, "rtol32": 1e-4, "atol32": 1e-6},
    "groups": [{"key": "one", "states": "squares", "points": 1}],
    "cases": [
        {
            "label": "one",
            "group": "one",
            "inputs": {"x": {"__array__": "<f8", "shape": [1], "data": "AAAAAAAA8D8="}},
            "expected": None,
        }
    ],
    "misconceptions": [],
}
"""What the grader hands in for an exercise, as JSON: one case, whose x is [1.0]."""


def rehearse(shell: Any, make_names: Callable[[Any], Any], folder: Path) -> list[dict[str, Any]]:
    """Go through it all; the outputs of the last time. `folder` holds a file for the while."""
    before = dict(shell.user_ns)
    file = folder / f"{EXERCISE}.json"
    file.write_text(json.dumps(REFERENCE), encoding="utf-8")
    names = make_names(shell)
    outputs: list[dict[str, Any]] = []
    for turn in range(ROUNDS):
        outputs = []
        for role, name, source in CELLS:
            outputs += run_cell(f"{source}# {turn}", 60.0, shell, names.attempts(role, name))[0]
        outputs += shell.run_recorded(lambda: shell.show(names.answer(EXERCISE, str(folder))), 60.0)[0]
        as_frame(0, outputs, 1, 0.0)
    file.unlink()
    _forget(shell, before)
    return outputs


def _forget(shell: Any, before: dict[str, Any]) -> None:
    del shell.run_code  # what `Surroundings` have put around it
    history = shell.history_manager
    history.reset(new_session=False)
    history.input_hist_parsed[:], history.input_hist_raw[:] = [""], [""]
    history.db_input_cache.clear()
    history._i = history._ii = history._iii = history._i00 = ""
    shell.user_ns.clear()
    shell.user_ns.update(before)
    shell.execution_count = 1
    shell.recorder.start()

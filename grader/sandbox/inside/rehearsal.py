"""A notebook of nobody's, run before anybody's: what Python does at a first use is done once, and not in every fork.

Cells, a figure and a check are gone through several times, in the process from which all others are forked. Patterns
are compiled then and fonts found, caches are full, and Python has adapted its code to what runs through it, which it
would otherwise write into each fork's own copy of the memory. Nothing of it is left in the notebook that is forked.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from learner import _frame, _run_cell

ROUNDS = 12
"""Python adapts a piece of code when it has run eight times."""
CELLS = (
    ("given", "given_rehearsal", "import numpy as np\nimport matplotlib.pyplot as plt\nfrom course_lib import check\n"),
    ("answer", "rehearsed", 'def rehearsed(x):\n    """What it returns: x, squared."""\n    return np.square(x)  # 1\n'),
    ("other", "", 'rows = [f"{n}: {rehearsed(n):.3f}" for n in range(3)]\nprint("\\n".join(rows))\nrehearsed(np.ones(2))'),
)
FIGURE = "fig, ax = plt.subplots()\nax.plot([0, 1], [1, 2], label='a')\nax.set(title='Some words', xlabel='x')\nax.legend()\nplt.show()"
CASE = {"label": "1", "group": "values", "inputs": {"x": {"__array__": "<f8", "shape": [1], "data": "AAAAAAAA8D8="}}}
REFERENCE = {
    "exercise": "rehearsed", "unit": "", "returns": ["value"], "driver": "call", "plot": None, "bonus": False,
    "withheld": False, "forbidden": [], "tolerance": {"rtol": 1e-6, "atol": 1e-9, "rtol32": 1e-4, "atol32": 1e-6},
    "groups": [{"key": "values", "states": "squares", "points": 1}],
    "cases": [{**CASE, "expected": None}], "misconceptions": [],
}


def rehearse(shell: Any, make_names: Any, folder: Path) -> None:
    """Go through it all; `folder` takes a file for the while."""
    space, lists = dict(shell.user_ns), [(x, list(x)) for x in (shell.user_ns["In"],)]
    out = shell.user_ns["Out"]
    outs = dict(out)
    file = folder / "rehearsed.json"
    file.write_text(json.dumps(REFERENCE), encoding="utf-8")
    for turn in range(ROUNDS):
        names = make_names(shell)
        for number, (role, name, source) in enumerate((*CELLS, ("other", "", FIGURE)) if turn in (0, 1) else CELLS):
            outputs, _ = _run_cell(source + f"# {turn}", 60.0, shell, names.attempts(role, name))
            json.loads(_frame(number, outputs, 1, 0.0))
            if any(o["output_type"] == "error" for o in outputs): raise RuntimeError(outputs)
        shell.run_recorded(lambda: shell.show(names.answer("rehearsed", str(folder))), 60.0)
        shell.recorder.take()
        sys.modules["matplotlib.pyplot"].close("all")
    file.unlink()
    for key in set(shell.user_ns) - set(space):
        del shell.user_ns[key]
    shell.user_ns.update(space)
    for now, kept in lists:
        now[:] = kept
    out.clear(); out.update(outs)
    shell.execution_count = 1
    shell.recorder.start()

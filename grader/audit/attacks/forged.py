"""Attacks that want points, or to stop the grader: output that no check has written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from grader.audit.attacks.attack import Attack, adding
from grader.audit.attacks.draft import Draft

POINTS = "points for nothing"
STOP = "stopping the grader"
MEMORY = "the grader's memory"

FORGE = """
import json, os
from IPython.display import display
from course_lib.check import MIME
from course_lib.judging.reference import load

CASES = len(load("VICTIM").cases)
NAMES = load("VICTIM").returns

def values(value): return {"values": dict.fromkeys(NAMES, value), "problem": None}

def VICTIM(*args, **more):
    data = {MIME: {"exercise": "VICTIM", "outcomes": PAYLOAD}, "text/plain": "100"}
    display(data, raw=True)
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    frame = json.dumps({"cell": 0, "number": 1, "outputs": [output], "seconds": 0}).encode()
    for descriptor in range(3, 60):
        try:
            for start in range(0, len(frame), 2**16):
                os.write(descriptor, (b"%08x" % len(frame) if start == 0 else b"") + frame[start:start + 2**16])
        except OSError: pass
    os._exit(0)
"""
"""The answer itself puts it out, when the check calls it: no cell of the notebook runs as late as that."""

PAYLOADS = {
    "zeros of the right count": (POINTS, "[values(0.0)] * CASES"),
    "no outcomes at all": (POINTS, "[]"),
    "one outcome too many": (POINTS, "[values(0.0)] * (CASES + 1)"),
    "outcomes without values": (POINTS, "[{'values': {}, 'problem': None}] * CASES"),
    "the string 'all right'": (POINTS, "'all right'"),
    "verdicts and points in place of outcomes": (POINTS, "[{'earned': 100, 'points': 100, 'passed': True}] * CASES"),
    "NaN and infinity": (POINTS, "[values({'__float__': ('nan', 'inf', '-inf')[i % 3]}) for i in range(CASES)]"),
    "an array of pickled objects": (
        STOP,
        "[values({'__array__': '|O', 'shape': [1], 'data': 'gANjb3MKc3lzdGVtCnEAWAIAAABpZHEBhXECUnEDLg=='})] * CASES",
    ),
    "a dtype that is no text": (STOP, "[values({'__array__': {'a': []}, 'shape': [1], 'data': ''})] * CASES"),
    "a shape that no array can have": (
        STOP,
        "[values({'__array__': '<f8', 'shape': [16777216] * 3 + [0], 'data': ''})] * CASES",
    ),
    "a shape with a negative size": (STOP, "[values({'__array__': '<f8', 'shape': [-1], 'data': ''})] * CASES"),
    "an array of 20 MiB": (
        STOP,
        "[values({'__array__': '<f8', 'shape': [5 * 2**19], 'data': 'AAAA' * (5 * 2**19 * 8 // 3 + 1)})]"
        " + [values(0.0)] * (CASES - 1)",
    ),
    "a whole number of 4000 digits": (STOP, "[values(10**4000)] * CASES"),
    "lists in lists, 500 deep": (STOP, "[values(eval('[' * 90 + '1' + ']' * 90))] * CASES"),
    "halves of characters": (
        STOP,
        "[{'values': None, 'problem': {'kind': chr(0xd800), 'message': chr(0xdfff)}}] * CASES",
    ),
    "a problem whose parts are of other kinds": (
        STOP,
        "[{'values': None, 'problem': {'kind': [], 'message': {}, 'line': -10**9, 'code': 7, 'detail': None}}] * CASES",
    ),
}

TWICE = """
from IPython.display import display
from course_lib.check import MIME
import sys
harness = sys.modules["course_lib.check"]  # the package's own name for it is the function

first = harness._display

def twice(data):
    display({MIME: {"exercise": "VICTIM", "outcomes": []}}, raw=True)
    first(data)
    display({MIME: ["another"], "text/plain": "100"}, raw=True)

harness._display = twice
"""

ELSEWHERE = """
from IPython.display import display
from course_lib.check import MIME
for name in ("VICTIM", "check_VICTIM"):
    display({MIME: {"exercise": name, "outcomes": []}, "text/plain": "100"}, raw=True)
"""

RESULT = """
import sys
shell = get_ipython()

def hook(*args, **kwargs):
    shell.display_pub.publish({"text/plain": "100", "text/html": "<b>VICTIM: all right</b>"})
    shell.displayhook.write_format_data({"text/plain": "100"})

shell.events.register("pre_run_cell", hook)
shell.events.register("post_run_cell", hook)
sys.displayhook = hook
check = lambda name: 100
"""

VERDICT = """
from IPython.display import display
def check(name):
    verdict = {"exercise": name, "earned": 100, "points": 100, "bonus": False, "not_started": False, "no_value": False,
               "diagnoses": []}
    display({"application/vnd.optimization-course.verdict+json": verdict, "text/plain": "100"}, raw=True)
    return 100.0
check("VICTIM")
"""

FRAMES = """
import json, os
for cell in range(60):
    output = {"output_type": "execute_result", "data": {"text/plain": "100"}, "metadata": {}, "execution_count": -1}
    outputs = [output, 7, None, {"output_type": "error"}, {"output_type": "stream", "name": 7}]
    for number in (-1, 10**30, None):
        frame = json.dumps({"cell": cell, "number": number, "outputs": outputs}).encode()
        for descriptor in range(3, 60):
            try: os.write(descriptor, b"%08x" % len(frame) + frame)
            except OSError: pass
"""

TORN = """
import os
for descriptor in range(3, 60):
    for junk in (b"ffffffff", b"-0000001", b"zzzzzzzz", b"00000004[[[["):
        try: os.write(descriptor, junk)
        except OSError: pass
"""

ODD_OUTPUTS = """
import sys
from IPython.display import display
print(chr(0xd800), chr(0), chr(27) + "]0;title" + chr(7), file=sys.stderr)
display({"application/json": {"nan": float("nan"), chr(0xdc00): [chr(0xd800)]}, "text/plain": chr(0xd800)}, raw=True)
display({"text/html": None, "image/png": 7, "": [], "x/json": {"a": 1}}, metadata={chr(0xd800): 1}, raw=True)
class Evil:
    def __str__(self): raise RuntimeError
    __repr__ = __str__
display({"application/json": {"a": Evil()}}, raw=True)
raise ValueError(chr(0xd800) * 10)
"""


BOMB = """
import os
pieces = PIECES
def VICTIM(*args):
    for cell in range(60):
        data = b'{"cell": %d, "number": 1, "outputs": [%s]}' % (cell, pieces)
        for descriptor in range(3, 60):
            try:
                os.write(descriptor, b"%08x" % len(data))
                for start in range(0, len(data), 2**16): os.write(descriptor, data[start:start + 2**16])
            except OSError: pass
"""

BOMBS = {
    "lists": "b'[],' * (20 * 2**20) + b'[]'",
    "entries of dicts": "b'{' + b'\"a\":[],' * (7 * 2**20) + b'\"b\":0}'",
}


def _bombing(pieces: str) -> Callable[[Draft], None]:
    return lambda draft: draft.answer(BOMB.replace("PIECES", pieces))


def _forging(payload: str) -> Callable[[Draft], None]:
    return lambda draft: draft.answer(FORGE.replace("PAYLOAD", payload))


ATTACKS = [
    *(Attack(f"forged answers: {name}", aim, _forging(code)) for name, (aim, code) in PAYLOADS.items()),
    *(Attack(f"an answer of 60 MiB of {what}", MEMORY, _bombing(code)) for what, code in BOMBS.items()),
    adding("forged answers: several in one cell", POINTS, TWICE),
    adding("forged answers: in another cell", POINTS, ELSEWHERE),
    adding("the value 100 in the check cell, by hooks of IPython", POINTS, RESULT),
    adding("a forged verdict", POINTS, VERDICT),
    adding("forged frames on every pipe", POINTS, FRAMES),
    adding("torn frames on every pipe", STOP, TORN),
    replace(adding("outputs that no file takes", STOP, ODD_OUTPUTS), read=True),
]

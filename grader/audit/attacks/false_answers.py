"""Attacks that want points: values that lie, a patched harness, answers that somebody else has worked out."""

from __future__ import annotations

from grader.audit.attacks.attack import Attack, adding, answering
from grader.audit.attacks.draft import Draft

POINTS = "points for nothing"

YES = """
class Yes:
    __hash__ = None
    shape, dtype, ndim, size = (), float, 0, 1
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __bool__(self): return True
    def __float__(self): return 1.0
    def __len__(self): return 1
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter([self])

def VICTIM(*args, **kwargs):
    return Yes()
"""

LYING_ARRAY = """
class Liar(np.ndarray):
    def __eq__(self, other): return np.ones(np.shape(other), bool)
    def __sub__(self, other): return np.zeros(np.shape(other))
    __rsub__ = __sub__
    def __abs__(self): return np.zeros(self.shape)
    def __array_ufunc__(self, *args, **kwargs): return np.True_
    def __array_function__(self, *args, **kwargs): return True
    def astype(self, *args, **kwargs): return self
    def tobytes(self, *args, **kwargs): return b""
    def all(self, *args, **kwargs): return True

def VICTIM(X, *args, **kwargs):
    return np.zeros(np.shape(X)).view(Liar)
"""

TENSOR = """
class Tensor:
    def detach(self): return self
    def cpu(self): return self
    def numpy(self):
        import inspect
        for frame in inspect.stack():  # whoever asks may hold what is right
            for value in frame.frame.f_locals.values():
                if getattr(value, "expected", None): return next(iter(value.expected.values()))
        return np.zeros(1)

def VICTIM(*args, **kwargs):
    return Tensor()
"""

QUIZ = """
class Joker(str):
    __hash__ = str.__hash__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def strip(self, *args): return self
    def lower(self): return self

class Answers(dict):
    def get(self, key, default=None): return Joker("*")
    __getitem__ = get

QUIZ = Answers(q1=Joker("*"))
"""

REPLAY = """
from course_lib.judging.reference import load

SEEN = load("VICTIM")

def same(a, b):
    return np.shape(a) == np.shape(b) and np.array_equal(a, b)

def VICTIM(*args):
    for case in SEEN.cases:
        if all(same(a, b) for a, b in zip(args, case.inputs.values())):
            return next(iter(case.expected.values()))
    right = [v for c in SEEN.cases for v in c.expected.values() if np.shape(v) == np.shape(args[0])]
    return right[0] if right else np.zeros(np.shape(args[0]))
"""

BY_LABEL = """
import json, os

def VICTIM(*args):
    from course_lib.judging import codec
    data = json.load(open(os.environ["COURSE_GRADING"] + "/VICTIM.json"))
    for case in data["cases"]:
        inputs = codec.decode(case["inputs"])
        if all(np.array_equal(a, b) for a, b in zip(args, inputs.values())):
            found = codec.decode(case["expected"]) or {}
            for other in data["misconceptions"]: found.update(other["outcomes"][0]["values"])
            return next(iter(found.values()), np.zeros(np.shape(args[0])))
"""

PATCHES = {
    "course_lib.judging.judge": "import course_lib.judging.judge as m\nm.judge = m._differences = lambda *a, **k: []",
    "course_lib.judging.compare": "import course_lib.judging.compare as m\nm.compare = m.agree = lambda *a, **k: None",
    "course_lib.judging.compute": (
        "import sys, course_lib.judging.compute as m\nfrom course_lib.judging.reference import Outcome\n"
        "def every(name, obj, reference):\n"
        "    return [Outcome(case.expected or dict.fromkeys(reference.returns, 1.0)) for case in reference.cases]\n"
        "sys.modules['course_lib.check'].run_cases = m.run_cases = every"
    ),
    "course_lib.judging.codec": (
        "import course_lib.judging.codec as m\nm.encode = lambda v, depth=0: {'__array__': 'right', 'ok': 1}"
    ),
    "course_lib.judging.render": (
        "import course_lib.judging.render as m\n"
        "m.html = m.text = m.headline = lambda *a, **k: 'VICTIM: all right, 6 of 6 points'"
    ),
    "course_lib.check": (
        "import sys, course_lib\nm = sys.modules['course_lib.check']\n"
        "m._emit = m._display = lambda *a, **k: 100\ncourse_lib.check = lambda *a, **k: 100"
    ),
    "numpy.allclose and its kind": (
        "import numpy\nyes = lambda *a, **k: True\n"
        "numpy.allclose = numpy.array_equal = numpy.array_equiv = yes\n"
        "numpy.isclose = lambda a, *r, **k: numpy.ones(numpy.shape(a), bool)\n"
        "numpy.testing.assert_allclose = yes"
    ),
}

TRACER = """
import sys

def trace(frame, event, arg):
    if frame.f_code.co_name in ("run_cases", "_run_case", "_emit", "to_json") and event == "return":
        for name, value in list(frame.f_locals.items()):
            if hasattr(value, "problem"):
                object.__setattr__(value, "problem", None)
                object.__setattr__(value, "values", dict.fromkeys(("result", "Z", "value"), 1.0))
    return trace

sys.settrace(trace)
sys.setprofile(lambda *args: None)
"""

GARBAGE = """
import gc

def VICTIM(*args):
    for thing in gc.get_objects():
        if isinstance(thing, dict) and thing.get("expected") and thing.get("exercise") == "VICTIM":
            return thing["expected"]
        if type(thing).__name__ == "RecordedCase" and thing.expected:
            return next(iter(thing.expected.values()))
    return np.zeros(np.shape(args[0]))
"""

MEMORY = """
import ctypes, json, os, re

class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

def memory(address, size):
    found = ctypes.create_string_buffer(size)
    mine, there = Piece(ctypes.cast(found, ctypes.c_void_p), size), Piece(address, size)
    got = ctypes.CDLL(None).process_vm_readv(os.getpid(), ctypes.byref(mine), 1, ctypes.byref(there), 1, 0)
    return found.raw[:max(got, 0)]

def left_over():
    start = b'"exercise": "' + b'VICTIM", "outcomes": '
    for line in open("/proc/self/maps"):
        first, last = (int(part, 16) for part in line.split()[0].split("-"))
        if "w" not in line.split()[1] or last - first > 2**28:
            continue
        data = memory(first, last - first)
        for match in re.finditer(re.escape(start), data):
            try:
                return json.JSONDecoder().raw_decode(data[match.end():match.end() + 10**6].decode("latin1"))[0]
            except ValueError:
                pass
    return []

def check(name):
    from IPython.display import display
    from course_lib.check import MIME
    display({MIME: {"exercise": name, "outcomes": left_over()}}, raw=True)
"""


def _quiz(draft: Draft) -> None:
    draft.answer(QUIZ, "QUIZ")


ATTACKS = [
    answering("an object that equals everything", POINTS, YES),
    answering("an array that lies about itself", POINTS, LYING_ARRAY),
    answering("a tensor that looks for what is right in its callers' variables", POINTS, TENSOR),
    answering("NaN everywhere", POINTS, "def VICTIM(X, *args):\n    return np.full(np.shape(X), np.nan)"),
    Attack("a quiz of strings that equal every letter", POINTS, _quiz, about="QUIZ"),
    answering("replaying the visible right values", POINTS, REPLAY),
    answering("looking the right value up by the private inputs", POINTS, BY_LABEL),
    *(adding(f"patching {name}", POINTS, code) for name, code in PATCHES.items()),
    adding("rewriting the harness's variables by sys.settrace", POINTS, TRACER),
    answering("searching the garbage collector for right values", POINTS, GARBAGE),
    adding("searching the process's memory for an earlier submission's answers", POINTS, MEMORY),
]

"""Attacks on the process, the machine and the next submission: ending, hanging, filling, flooding, staying."""

from __future__ import annotations

from dataclasses import replace

from nbformat.v4 import new_code_cell

from grader.audit.attacks.attack import Attack, adding, answering
from grader.audit.attacks.draft import Draft

REST = "the rest of the class"
MACHINE = "the machine"

GUARD = 'import os\nassert os.path.isdir("/inside"), "only where nothing can be harmed"\n'
"""In front of what would take a machine down if the sandbox were not there."""

ENDINGS = {
    "os._exit in an answer": "import os\ndef VICTIM(*args):\n    os._exit(0)",
    "SystemExit in an answer": "def VICTIM(*args):\n    raise SystemExit(0)",
    "KeyboardInterrupt in an answer": "def VICTIM(*args):\n    raise KeyboardInterrupt",
    "an exception of the lowest kind": (
        "class Low(BaseException):\n    def __str__(self): raise Low\ndef VICTIM(*args):\n    raise Low"
    ),
    "a segmentation fault": "import ctypes\ndef VICTIM(*args):\n    ctypes.string_at(0)",
    "SIGKILL to itself": "import os\ndef VICTIM(*args):\n    os.kill(os.getpid(), 9)",
    "recursion without end": "import sys\nsys.setrecursionlimit(10**9)\ndef VICTIM(*args):\n    return VICTIM(*args)",
    "a loop without end": "def VICTIM(*args):\n    while True: pass",
    "a loop that swallows every interrupt": (
        "import signal\ndef VICTIM(*args):\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass"
    ),
}

KILLS = (
    GUARD
    + """
import signal
for target in (1, os.getppid(), -1):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try: os.kill(target, number)
        except OSError: pass
"""
)

FORKS = (
    GUARD
    + """
while True:
    try: os.fork()
    except OSError: pass
"""
)

THREADS = (
    GUARD
    + """
import threading, time
for _ in range(10**4):
    try: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    except RuntimeError: break
"""
)

MEMORY = (
    GUARD
    + """
def VICTIM(*args):
    held = []
    while True: held.append(bytearray(b"x" * 2**24))
"""
)

PROCESSES_OF_MEMORY = (
    GUARD
    + """
import time
for _ in range(3):
    if os.fork() == 0:
        held = []
        try:
            while len(held) < 16: held.append(bytearray(b"x" * 2**24))
        except MemoryError: pass
        time.sleep(60)
        os._exit(0)
"""
)

DISK = (
    GUARD
    + """
for folder in ("/work", "/tmp", "/dev/shm", "/cases", "/var/tmp", "/"):
    for number in range(300):
        try: open(f"{folder}/fill{number}", "wb").write(b"x" * 2**20)
        except OSError: break
"""
)

FLOODS = {
    "stdout": "while True: print('x' * 10**6)",
    "displayed HTML": (
        "from IPython.display import display, HTML\nfor _ in range(10**5): display(HTML('<b>' * 10**4))"
    ),
    "a traceback": "raise ValueError('x' * 10**8)",
    "the result pipe": (
        "import os\nfor d in range(3, 60):\n    try:\n        for _ in range(1000): os.write(d, b'z' * 10**5)\n"
        "    except OSError: pass"
    ),
}

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for _ in range(6000):
            for path in ("/work/numpy.py", "/cases/KEPT.json", "/dev/shm/numpy.py"):
                try: open(path, "w").write("left by MARK")
                except OSError: pass
            time.sleep(0.01)
    os._exit(0)
"""

FILES = """
import os
for name in ("numpy.py", "sitecustomize.py", "usercustomize.py", "matplotlibrc", "course_lib.py", "IPython.py"):
    for folder in ("/work", "/site", "/inside", "/tmp", os.path.expanduser("~"), "/dev/shm"):
        try: open(f"{folder}/{name}", "w").write("raise RuntimeError('left by MARK')")
        except OSError: pass
os.makedirs("/work/profile_default/startup", exist_ok=True)
open("/work/profile_default/startup/00.py", "w").write("raise RuntimeError('left by MARK')")
"""

MONKEYS = """
import atexit, builtins, gc, os, signal, sys, threading, time
atexit.register(time.sleep, 600)
gc.callbacks.append(lambda *args: None)
os.register_at_fork(before=lambda: None, after_in_child=lambda: sys.stderr.write("x"), after_in_parent=lambda: None)
for number in range(1, 65):
    try: signal.signal(number, lambda *args: None)
    except (OSError, ValueError): pass
sys.stdout = sys.stderr = sys.stdin = None
sys.excepthook = sys.unraisablehook = lambda *args: time.sleep(600)
sys.addaudithook(lambda *args: None)
threading.setprofile(lambda *args: None)
builtins.print = builtins.open = builtins.__import__ = lambda *args, **kwargs: None
os.close = os.write = os._exit = lambda *args: None
np.ndarray = np.mean = np.asarray = None
get_ipython().run_cell = get_ipython().reset = None
"""


def _long_chain(draft: Draft) -> None:
    draft.answer(f"x = lambda: x{'.a' * 2500}\ndef VICTIM(*args):\n    pass")
    draft.add("(" * 90 + ")" * 90 + "\n" + "-" * 10**5 + "1")


def _cells(draft: Draft) -> None:
    draft.notebook.cells += [new_code_cell(f"x = {number}") for number in range(20_000)]


def _characters(draft: Draft) -> None:
    draft.notebook.cells += [new_code_cell("x = [" + "[], " * 50_000 + "]") for _ in range(20)]


_ALL = [
    *(answering(name, REST, code) for name, code in ENDINGS.items()),
    adding("killing every process it can see", REST, KILLS),
    adding("a fork bomb", MACHINE, FORKS),
    adding("a thread bomb", MACHINE, THREADS),
    answering("a memory bomb", MACHINE, MEMORY),
    adding("a memory bomb in many processes", MACHINE, PROCESSES_OF_MEMORY),
    adding("filling every disk", MACHINE, DISK),
    *(replace(adding(f"a flood: {name}", MACHINE, code), read=True) for name, code in FLOODS.items()),
    adding("a daemon that stays and alters the next submission", REST, DAEMON),
    adding("files left for the next submission", REST, FILES),
    adding("patching atexit, gc, signals, streams, imports and forks", REST, MONKEYS),
    Attack("source text too deep for a parser", "stopping the grader", _long_chain),
    Attack("twenty thousand cells", "stopping the grader", _cells, refused=True),
    Attack("four megabytes of nested lists as source", "stopping the grader", _characters),
]
ATTACKS = [replace(attack, neighbours=True) for attack in _ALL]

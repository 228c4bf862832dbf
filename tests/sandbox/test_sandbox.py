"""The sandbox: what a learner's process can do, what it cannot, and what is left of it afterwards."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import numpy
import pytest
from helpers import needs
from nbformat.v4 import new_code_cell, new_notebook

from grader.sandbox import bwrap
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import MIB, Limits, Sandbox

LIMITS = Limits(cell_seconds=2, submission_seconds=6, memory=2048 * MIB, output=100_000, results=4 * MIB)


@pytest.fixture(scope="module")
def worker():
    with Sandbox("01_gradients", LIMITS) as running:
        yield running


def run(worker, *sources, cases=None):
    """The outputs of each cell, and how the run ended."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    ended = run_notebook(notebook, cases or {}, worker).ended
    return [cell.outputs for cell in notebook.cells], ended


def value(outputs):
    """The text of a cell's last value."""
    return outputs[-1]["data"]["text/plain"]


def error(outputs):
    return next(output["ename"] for output in outputs if output["output_type"] == "error")


def test_rich_output_comes_in_order(worker):
    cells, ended = run(
        worker,
        "import sys\nprint('a')\nprint('warn', file=sys.stderr)\n"
        "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\nprint('b')\n1 + 1",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
        "%%time\nsum(range(10))",
        "1 / 0",
        "handle = display('old', display_id='d')\nhandle.update('new')",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
        "!echo from the shell",
        "display({'application/json': {'a': [1, 2]}, 'text/plain': 'json'}, raw=True)",
    )
    assert ended == "finished"
    kinds = [output["output_type"] for output in cells[0]]
    assert kinds == ["stream", "stream", "display_data", "stream", "execute_result"]
    assert [o.get("name") for o in cells[0]] == ["stdout", "stderr", None, "stdout", None]
    assert value(cells[0]) == "2"
    assert cells[1][0]["data"]["image/png"].startswith("iVBOR")
    assert value(cells[2]) == "'awaited'"
    assert "Wall time" in cells[3][0]["text"] and value(cells[3]) == "45"
    assert error(cells[4]) == "ZeroDivisionError" and "----> 1 1 / 0" in "\n".join(cells[4][0]["traceback"])
    assert [o["data"]["text/plain"] for o in cells[5]] == ["'new'"]
    assert "".join(o["text"] for o in cells[6]) == "kept\n"
    assert "from the shell" in cells[7][0]["text"]
    assert cells[8][0]["data"]["application/json"] == {"a": [1, 2]}


def test_files_beside_the_notebook_are_in_its_folder_and_gone_with_it(worker):
    notebook = new_notebook(cells=[new_code_cell("open('a/b.bin', 'rb').read(), open('c.txt', 'a').write('!')")])
    run_notebook(notebook, {}, worker, {"a/b.bin": bytes(range(3)), "c.txt": b"mine"})
    assert value(notebook.cells[0].outputs) == r"(b'\x00\x01\x02', 1)"
    cells, _ = run(worker, "import os\nos.listdir()")
    assert value(cells[0]) == "[]"


def test_a_hung_cell_is_interrupted_and_the_rest_runs(worker):
    cells, ended = run(worker, "while True: pass", "'after'")
    assert ended == "finished" and error(cells[0]) == "KeyboardInterrupt" and value(cells[1]) == "'after'"
    assert "ran longer than 2 s" in cells[0][-1]["text"]
    assert "shell.py" not in str(cells[0])


def test_a_cell_that_swallows_interrupts_ends_the_run_and_keeps_what_came_before(worker):
    stubborn = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    cells, ended = run(worker, "'before'", stubborn, "'never'")
    assert ended == "timed out" and value(cells[0]) == "'before'"
    assert error(cells[1]) == "KernelStopped" and cells[2] == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import os\nos._exit(0)", "KernelStopped"),
        ("import ctypes\nctypes.string_at(0)", "KernelStopped"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "KernelStopped"),
        ("bytearray(10**11)", "MemoryError"),
        ("import torch", "ModuleNotFoundError"),
        ("import grader", "ModuleNotFoundError"),
        ("import nbgrader", "ModuleNotFoundError"),
        ("open('/work/big', 'wb').write(bytes(200 * 2**20))", "OSError"),
        ("files = [open('/dev/null') for _ in range(1000)]", "OSError"),
        ("open('/site/course_lib/check.py', 'a')", "OSError"),
        ("open('/inside/zygote.py', 'a')", "OSError"),
        ("open('/here', 'w')", "OSError"),
        ("open('/dev/left', 'w')", "OSError"),
        ("open('/usr/bin/left', 'w')", "OSError"),
        ("open('/proc/1/environ').read()", "PermissionError"),
        ("import os\nos.listdir('/proc/1/fd')", "PermissionError"),
        ("open('/proc/1/mem', 'rb')", "PermissionError"),
        ("import os\nos.listdir(f'/proc/{os.getppid()}/fd')", "PermissionError"),
        ("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb')", "PermissionError"),
        ("open('/cases/left', 'w')", "OSError"),
        ("input('?')", "EOFError"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_what_a_process_may_not_do(worker, code, name):
    cells, _ = run(worker, code, "'after'")
    got = error(cells[0])
    assert got == name or (name == "OSError" and got in ("PermissionError", "FileNotFoundError")), got
    if name != "KernelStopped":
        assert value(cells[1]) == "'after'"


LOADED = """
import multiprocessing, torch
assert multiprocessing.get_start_method() == "fork"  # whatever this Python's default: else a cell's class is unknown
class Rows(torch.utils.data.Dataset):
    def __len__(self): return 100
    def __getitem__(self, i): return torch.arange(10.0) + 10 * i
sum(float(batch.sum()) for batch in torch.utils.data.DataLoader(Rows(), 10, num_workers=2))
"""
FLOOD = """
import os
written = 0
try:
    for number in range(1000):
        with open(f"/dev/shm/{number}", "wb") as file:
            written += file.write(bytes(2**20))
            file.flush()
except OSError as refusal:
    print(os.strerror(refusal.errno))
written // 2**20
"""


def test_a_dataloader_has_workers_and_what_they_share_is_bounded_and_swept():
    with Sandbox("09_to_pytorch", Limits()) as running:
        assert value(run(running, LOADED)[0][0]) == "499500.0"
        cells, ended = run(running, FLOOD, "open('/dev/left', 'w')")
        assert ended == "finished" and "No space left" in cells[0][0]["text"]
        assert 0 < int(value(cells[0])) <= bwrap.SHARED_BYTES // MIB
        assert error(cells[1]) in ("OSError", "PermissionError")
        assert value(run(running, "import os\nos.listdir('/dev/shm')")[0][0]) == "[]"


def test_there_is_no_network(worker):
    code = "import socket\nsocket.create_connection(('{}', 80), timeout=1)"
    cells, _ = run(worker, code.format("192.0.2.1"), code.format("127.0.0.1"))
    assert error(cells[0]) == "OSError" and error(cells[1]) == "ConnectionRefusedError"


def test_the_outside_is_not_there(worker):
    root = Path(bwrap.__file__).resolve().parents[2]
    listing = (
        f"import os\n[os.path.exists(p) for p in ({str(root)!r}, {str(Path.home())!r} + '/.bashrc', '/etc/passwd')]"
    )
    cells, _ = run(worker, listing, "sorted(os.listdir('/work'))", "sorted(os.environ)")
    assert value(cells[0]) == "[False, False, False]"
    assert value(cells[1]) == "[]"
    assert not any(word in value(cells[2]) for word in ("VIRTUAL_ENV", "PIP", "TOKEN", "PYTEST"))


def test_a_flood_is_cut(worker):
    cells, ended = run(worker, "print('x' * 1_000_000)", "for _ in range(10**4): print('y' * 100)", "'after'")
    assert ended == "finished" and value(cells[2]) == "'after'"
    for outputs in cells[:2]:
        assert sum(len(output["text"]) for output in outputs) < 2 * LIMITS.output
        assert "was cut here" in outputs[0]["text"]


def test_a_flood_past_the_recorder_ends_the_run(worker):
    pipe = "import os\nfor d in range(3, 30):\n    try:\n        for _ in range(100): os.write(d, b'z' * 10**5)\n"
    cells, ended = run(worker, "'before'", pipe + "    except OSError: pass")
    assert ended in ("flooded", "timed out") and value(cells[0]) == "'before'"


def test_forged_frames_are_data_at_most(worker):
    forged = (
        "import os\nfor d in range(3, 30):\n    try: os.write(d, b'00000010' + b'[' * 16)\n    except OSError: pass"
    )
    cells, _ = run(worker, "'before'", forged, "'after'")
    assert value(cells[0]) == "'before'"


def test_a_fork_bomb_harms_nobody(worker):
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    _, ended = run(worker, bomb)
    assert ended in ("timed out", "killed", "finished")
    cells, ended = run(worker, "'the next one'")
    assert ended == "finished" and value(cells[0]) == "'the next one'"


def test_nothing_of_one_submission_reaches_the_next(worker):
    leave = (
        "import os, sys, builtins, numpy, course_lib.check\nfrom pathlib import Path\n"
        "builtins.left = numpy.left = course_lib.check.left = 1\nPath('/work/left').write_text('x')\n"
        "Path('/work/.hidden').mkdir()\nos.environ['LEFT'] = '1'\nx = 1"
    )
    look = (
        "import os, builtins, numpy, course_lib.check\n"
        "[hasattr(builtins, 'left'), hasattr(numpy, 'left'), hasattr(course_lib.check, 'left'), 'LEFT' in os.environ,\n"
        " sorted(set(os.listdir('/work')) & {'left', '.hidden'}), 'x' in globals()]"
    )
    _, ended = run(worker, leave)
    assert ended == "finished"
    cells, _ = run(worker, look)
    assert value(cells[0]) == "[False, False, False, False, [], False]"


def test_a_process_left_behind_is_ended_and_the_worker_thrown_away(worker):
    daemon = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)"
    )
    run(worker, daemon)
    assert worker._process is None
    cells, _ = run(
        worker,
        "import os\nmine = (1, os.getppid(), os.getpid())\n"
        "[p for p in os.listdir('/proc') if p.isdigit() and int(p) not in mine]",
    )
    assert value(cells[0]) == "[]"


READ = "import os\nopen(os.environ['COURSE_GRADING'] + '/toy.json').read()"


def check_cell(source, name="toy"):
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": f"check_{name}", "grade": True}
    return cell


def test_a_check_cell_has_the_private_inputs_and_the_state_of_its_place(worker):
    cells = [new_code_cell("x = 1"), check_cell(READ + " + str(x)"), new_code_cell("x = 2"), new_code_cell("x")]
    notebook = new_notebook(cells=cells)
    assert run_notebook(notebook, {"toy": "private"}, worker).ended == "finished"
    assert value(notebook.cells[1].outputs) == "'private1'" and value(notebook.cells[3].outputs) == "2"
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]


def test_a_long_experiment_is_left_out(worker):
    setup = "from course_lib import not_while_grading, waits_for"
    cells, _ = run(worker, f"{setup}\nwith waits_for('toy'):\n    not_while_grading()\n    x = 1", "'x' in globals()")
    assert "left out while grading" in str(cells[0]) and value(cells[1]) == "False"


def test_only_a_check_cell_can_see_private_inputs(worker):
    look = "import os\n[os.environ.get('COURSE_GRADING'), os.listdir('/cases')]"
    cells = [new_code_cell(look), check_cell(READ), new_code_cell(look)]
    notebook = new_notebook(cells=cells)
    run_notebook(notebook, {"toy": "private"}, worker)
    assert value(notebook.cells[0].outputs) == value(notebook.cells[2].outputs) == "[None, []]"
    cells, _ = run(worker, look)
    assert value(cells[0]) == "[None, []]"


def test_a_check_that_crashes_or_hangs_costs_only_itself(worker):
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    hang = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    notebook = new_notebook(cells=[check_cell(crash), check_cell(hang), check_cell(READ), new_code_cell("'after'")])
    assert run_notebook(notebook, {"toy": "private"}, worker).ended == "finished"
    told = [[(o.ename, o.evalue) for o in cell.outputs] for cell in notebook.cells[:2]]
    assert told == [[("NoAnswer", "killed")], [("NoAnswer", "timed out")]]
    assert value(notebook.cells[2].outputs) == "'private'" and value(notebook.cells[3].outputs) == "'after'"


def test_what_was_answered_before_a_notebook_ended_counts(worker):
    notebook = new_notebook(cells=[check_cell(READ), new_code_cell("import os\nos._exit(1)"), check_cell(READ)])
    assert run_notebook(notebook, {"toy": "private"}, worker).ended == "killed"
    assert value(notebook.cells[0].outputs) == "'private'" and error(notebook.cells[1].outputs) == "KernelStopped"
    assert notebook.cells[2].outputs == []


SCAN = """
import ctypes, os, re

libc = ctypes.CDLL(None, use_errno=True)
libc.write.argtypes = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t
reading, writing = os.pipe()

def memory(address, size):
    '''The kernel copies, and refuses what cannot be read, where Python itself would crash.'''
    found = b""
    for piece in range(address, address + size, 2**16):
        got = libc.write(writing, piece, min(2**16, address + size - piece))
        found += os.read(reading, got) if got > 0 else b""
    return found

word = b"FIRST_" + b"SUBMISSION_"
found = set()
for line in open("/proc/self/maps"):
    first, last = (int(part, 16) for part in line.split()[0].split("-"))
    for address in range(first, last, 2**20):
        found |= set(re.findall(re.escape(word) + rb"[A-Z]+", memory(address, min(2**20, last - address))))
sorted(found)
"""


def test_memory_tells_nothing_of_an_earlier_submission(worker):
    first = [check_cell("'FIRST_SUBMISSION_ANSWER'"), new_code_cell("'FIRST_SUBMISSION_SOURCE'")]
    for _ in range(2):
        run_notebook(new_notebook(cells=first), {"toy": "FIRST_SUBMISSION_INPUTS"}, worker)
    cells, _ = run(worker, SCAN.replace('word = b"FIRST_"', 'mine = b"FIRST_SUBMISSION_" + b"OWN"\nword = b"FIRST_"'))
    assert value(cells[0]) == "[b'FIRST_SUBMISSION_OWN']"


@pytest.mark.needs("bwrap")
def test_a_plain_user_has_the_same_sandbox(tmp_path):
    code = (
        "from grader.sandbox.sandbox import Sandbox\n"
        "w = Sandbox('01_gradients')\n"
        "cells = ['import os; os.getuid(), os.access(\"/\", os.W_OK)', 'open(\"/proc/1/mem\")',\n"
        "         'open(f\"/proc/{os.getppid()}/mem\")', 'open(\"/cases/toy.json\").read()']\n"
        "r = w.run(list(enumerate(cells)), {'toy': 'private'}, {3})\n"
        "print(r.ended, r.outputs[0][0]['data']['text/plain'], r.outputs[1][0]['ename'], r.outputs[2][0]['ename'],\n"
        "      r.answers[3][0]['data']['text/plain'], w._process is not None)"
    )
    path = os.pathsep.join([str(Path(numpy.__file__).parents[1]), str(Path(bwrap.__file__).resolve().parents[2])])
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*become, needs.python_for_everybody(), "-c", code],
        capture_output=True, text=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": str(tmp_path)},
        cwd="/",
    )  # fmt: skip
    expected = "finished (65534, False) PermissionError PermissionError 'private' True"
    assert done.stdout.split("\n")[0] == expected, done.stderr


def test_a_worker_killed_from_outside_is_started_again(worker):
    run(worker, "1")
    worker._process.kill()
    worker._process.wait()
    started = time.monotonic()
    cells, ended = run(worker, "'again'")
    assert ended == "finished" and value(cells[0]) == "'again'" and time.monotonic() > started


FORGED = """
import os
data = b'{"cell": 1, "outputs": [' + b'[[]],' * (4 * 2**20) + b'0], "number": 1}'
for descriptor in range(3, 40):
    try:
        os.write(descriptor, b'%08x' % len(data) + data)
    except OSError:
        pass
"""


def test_a_forged_answer_is_left_out_and_the_sandbox_goes_on():
    with Sandbox("01_gradients", Limits(cell_seconds=10, submission_seconds=20)) as worker:
        run = worker.run([(0, "'before'"), (1, FORGED), (2, "'after'")], {"toy": "private"}, {1})
        assert run.outputs[0][0]["data"]["text/plain"] == "'before'"
        assert len(str(run.answers[1])) < 1000
        assert worker.run([(0, "1 + 1")], {}).outputs[0][0]["data"]["text/plain"] == "2"

"""The walls of the sandbox: the same ones where the grader is root and where it is a plain user."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from helpers import needs

from grader.sandbox import bwrap, seccomp
from grader.sandbox.inside.memory import PAGE, Watch
from grader.sandbox.sandbox import MIB, Limits, Sandbox

LIMITS = Limits(cell_seconds=20, submission_seconds=40, memory=1024 * MIB)
ALONE = """
import json, sys
from grader.sandbox.sandbox import Limits, Sandbox
job = json.load(sys.stdin)
with Sandbox("01_gradients", Limits(**job["limits"])) as worker:
    run = worker.run([tuple(cell) for cell in job["cells"]], {})
json.dump([run.ended, {str(index): outputs for index, outputs in run.outputs.items()}], sys.stdout)
"""


def as_plain_user(cells: list[str], limits: Limits = LIMITS) -> tuple[str, dict[int, list]]:
    """Run the cells in a sandbox of a grader without any right."""
    needs.program("bwrap")
    job = {"cells": list(enumerate(cells)), "limits": vars(limits)}
    path = os.pathsep.join([str(Path(numpy.__file__).parents[1]), str(Path(bwrap.__file__).resolve().parents[2])])
    become = []
    if os.geteuid() == 0:
        become = [needs.program("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    python = needs.python_for_everybody() if become else sys.executable
    done = subprocess.run(
        [*become, python, "-c", ALONE], input=json.dumps(job), capture_output=True, text=True, cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": "/nowhere"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ended, outputs = json.loads(done.stdout)
    return ended, {int(index): shown for index, shown in outputs.items()}


def as_root(cells: list[str], limits: Limits = LIMITS) -> tuple[str, dict[int, list]]:
    """Run the cells in a sandbox of this process, which is root."""
    if os.geteuid() != 0:
        pytest.skip("only root can test what root's sandbox is")
    with Sandbox("01_gradients", limits) as worker:
        ran = worker.run(list(enumerate(cells)), {})
    return ran.ended, ran.outputs


@pytest.fixture(params=[as_root, as_plain_user])
def inside(request):
    """Both ways to have a sandbox: a function from cells to how the run ended, and the cells' outputs."""
    return request.param


def value(outputs: list) -> object:
    """What a cell's last line gave, a plain literal."""
    import ast

    return ast.literal_eval(outputs[-1]["data"]["text/plain"])


CALL = """
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def call(number, *arguments):
    ctypes.set_errno(0)
    got = libc.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments))
    return errno.errorcode.get(ctypes.get_errno(), "done") if got == -1 else "done"
"""


def test_every_refused_call_is_refused_by_the_kernel(inside):
    column = seccomp.MACHINES[os.uname().machine][0]
    numbers = {name: found[column] for name, found in seccomp.FORBIDDEN.items() if found[column] is not None}
    # With such arguments the kernel itself would say EINVAL, EFAULT or EBADF to nearly all of them, or do it.
    ended, outputs = inside([CALL, f"{{name: call(number, 0, 0, 0, 0, 0, 0) for name, number in {numbers!r}.items()}}"])
    assert ended == "finished"
    expected = {name: "ENOSYS" if name in seccomp.ABSENT else "EPERM" for name in numbers}
    assert value(outputs[1]) == expected


def test_there_are_no_new_namespaces(inside):
    flags = {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000, "user and more": 0x7C020000}
    column = seccomp.MACHINES[os.uname().machine][0]
    ended, outputs = inside(
        [
            CALL,
            f"{{name: call({seccomp.CLONE[column]}, bits | 17, 0, 0, 0, 0) for name, bits in {flags!r}.items()}}",
            f"call({seccomp.CLONE3[column]}, 0, 0)",
            "import subprocess\nsubprocess.run(['unshare', '-Urm', 'mount', '-t', 'tmpfs', 'none', '/work'],"
            " capture_output=True).returncode",
            "[os.path.exists(f'/proc/self/ns/{name}') and os.open(f'/proc/self/ns/{name}', os.O_RDONLY) > 0 and"
            " libc.setns(os.open(f'/proc/self/ns/{name}', os.O_RDONLY), 0) for name in ('user', 'mnt', 'net')]",
        ]
    )
    assert ended == "finished"
    assert value(outputs[1]) == dict.fromkeys(flags, "EPERM")
    assert value(outputs[2]) == "ENOSYS"
    assert value(outputs[3]) != 0
    assert value(outputs[4]) == [-1, -1, -1]


def test_only_what_a_program_may_ask_for_is_a_socket(inside):
    cell = """
import socket
def kind(family, protocol=0):
    try:
        return socket.socket(family, socket.SOCK_DGRAM, protocol).family > 0
    except OSError as error:
        return errno.errorcode[error.errno]
[kind(1), kind(2), kind(10), kind(16), kind(16, 9), kind(17), kind(38), kind(40), len(socket.if_nameindex()) > 0]
"""
    _, outputs = inside([CALL, cell])
    refused = "EAFNOSUPPORT"
    assert value(outputs[1]) == [True, True, True, True, refused, refused, refused, refused, True]


def test_nothing_of_the_kernel_can_be_written_to(inside):
    cell = """
import os
writable = []
for folder, _, names in os.walk("/proc/sys"):
    writable += [os.path.join(folder, name) for name in names if os.access(os.path.join(folder, name), os.W_OK)]
def opened(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
        return path
    except OSError:
        return None
[os.path.exists("/sys/kernel"), [path for path in map(opened, writable) if path],
 [path for path in ("/proc/sysrq-trigger", "/proc/kcore", "/dev/kmsg", "/dev/mem") if opened(path)]]
"""
    _, outputs = inside([cell])
    assert value(outputs[0]) == [False, [], []]


def test_what_notebooks_do_works_behind_the_filter(inside):
    cells = [
        "import threading\ndone = []\nt = threading.Thread(target=done.append, args=(1,)); t.start(); t.join(); done",
        "import subprocess\nsubprocess.run(['echo', 'a'], capture_output=True, text=True).stdout",
        "found = !echo shell\nfound[0]",
        "from concurrent.futures import ProcessPoolExecutor\nimport multiprocessing as mp\n"
        "with ProcessPoolExecutor(1, mp_context=mp.get_context('fork')) as pool:\n"
        "    got = pool.submit(abs, -3).result()\ngot",
        "import os\nos.getrandom(4) != b'' and len(os.sched_getaffinity(0)) > 0",
        "import tempfile\ntempfile.TemporaryFile().write(b'abc')",
    ]
    ended, outputs = inside(cells)
    assert ended == "finished"
    assert [value(outputs[index]) for index in range(len(cells))] == [[1], "a\n", "shell", 3, True, 3]


FORKS = """
import os, time
left = []
for _ in range(12):
    child = os.fork()
    if child == 0:
        piece = bytearray(b"x") * (150 * 2**20)
        time.sleep(3)
        os._exit(0)
    left.append(child)
statuses = [os.waitpid(child, 0)[1] for child in left]
[statuses.count(0) < 8, statuses.count(9) > 3]
"""


def test_memory_counts_for_all_of_a_submission(inside):
    """Each process is far below the limit of one; together they are beyond it, and the machine is short of memory."""
    ended, outputs = inside([FORKS, "'after'"], replace(LIMITS, spare=1.0))
    assert ended == "finished" and value(outputs[0]) == [True, True] and value(outputs[1]) == "after"


def test_many_processes_may_share_what_they_were_forked_with_while_memory_is_free(inside):
    ended, outputs = inside([FORKS.replace("150 * 2**20", "10 * 2**20")], replace(LIMITS, spare=0.0))
    assert ended == "finished" and value(outputs[0]) == [False, False]


@pytest.mark.fast
def test_the_largest_processes_are_ended_until_the_rest_is_within_the_limit(tmp_path):
    sizes = {1: 900, os.getpid(): 100, 7: 300, 8: 500, 9: 160}
    for process, pages in sizes.items():
        (tmp_path / str(process)).mkdir()
        (tmp_path / str(process) / "statm").write_text(f"9999 {pages + 50} 50 0 0 0 0", encoding="ascii")
    (tmp_path / "10").mkdir()  # it has ended meanwhile
    (tmp_path / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable: 10 kB\n", encoding="ascii")
    assert Watch(660 * PAGE, 11 * 1024, tmp_path).surplus() == []
    assert Watch(659 * PAGE, 11 * 1024, tmp_path).surplus() == [8]
    assert Watch(100 * PAGE, 11 * 1024, tmp_path).surplus() == [8, 7]
    assert Watch(0, 10 * 1024, tmp_path).surplus() == [], "nothing is ended while the machine has enough"


@pytest.mark.fast
@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_lets_pass_and_refuses_what_its_tables_say(machine):
    column, architecture = seccomp.MACHINES[machine]
    ask = Filter(seccomp.program(machine), architecture)
    for name, numbers in seccomp.FORBIDDEN.items():
        if numbers[column] is not None:
            refused = errno.ENOSYS if name in seccomp.ABSENT else errno.EPERM
            assert ask(numbers[column]) == seccomp.REFUSE | refused, name
    taken = {numbers[column] for numbers in seccomp.FORBIDDEN.values()} | {seccomp.CLONE3[column]}
    for number in set(range(seccomp.LAST_KNOWN + 1)) - taken - {seccomp.SOCKET[column]}:
        assert ask(number) == seccomp.ALLOW, number
    assert ask(seccomp.CLONE[column], 0x3D0F00) == seccomp.ALLOW, "a thread"
    assert ask(seccomp.CLONE[column], 17) == seccomp.ALLOW, "a process"
    assert ask(seccomp.CLONE[column], 0x10000011) == seccomp.REFUSE | errno.EPERM
    assert ask(seccomp.CLONE3[column]) == seccomp.REFUSE | errno.ENOSYS
    assert ask(seccomp.LAST_KNOWN + 1) == seccomp.REFUSE | errno.ENOSYS
    assert ask(0, architecture=1) == seccomp.KILL
    if machine == "x86_64":
        assert ask(seccomp.X32 | 1) == seccomp.KILL


@pytest.mark.fast
def test_a_machine_without_tables_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(seccomp.platform, "machine", lambda: "riscv64")
    assert "riscv64" in str(seccomp.unsupported())


class Filter:
    """The kernel's machine for such programs, as far as they go here."""

    def __init__(self, program: bytes, architecture: int) -> None:
        self.lines = list(struct.iter_unpack("=HBBI", program))
        self.architecture = architecture

    def __call__(self, number: int, *arguments: int, architecture: int | None = None) -> int:
        data = struct.pack("<IIQ6Q", number, architecture or self.architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
        at = held = 0
        while True:
            code, true, false, operand = self.lines[at]
            at += 1
            if code == seccomp.RETURN:
                return int(operand)
            if code == seccomp.LOAD:
                held = struct.unpack_from("<I", data, operand)[0]
                continue
            holds = {
                seccomp.JUMP_EQUAL: held == operand,
                seccomp.JUMP_GREATER: held > operand,
                seccomp.JUMP_BITS: bool(held & operand),
            }[code]
            at += true if holds else false

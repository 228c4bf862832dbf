"""The queue for GPUs, with files for devices: no job beside another, whatever dies; and nothing of it unless asked for.

A job writes into the file that stands for its device, which both the sandbox and the test see.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from helpers.course import ROOT
from helpers.submissions import UNIT, course_copy, released
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.errors import CourseError
from grader.commands.grade import main
from grader.grading.classroom import Classroom
from grader.preprocessors import ComputeAnswers
from grader.preprocessors.compute_answers import gpu_problem
from grader.sandbox import bwrap, gpu
from grader.sandbox.notebook import run_notebook
from grader.sandbox.sandbox import MIB, Limits, Sandbox
from grader.submissions.samples import hand_in

TORCH_UNIT = "12_probe"
LIMITS = Limits(cell_seconds=20, submission_seconds=40, memory=2048 * MIB)
STANDARD = {"console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero"}
STANDARD |= {"stderr", "stdin", "stdout"}
LOOK = (
    "import os, torch\n[sorted(os.listdir('/dev')), os.environ.get('CUDA_VISIBLE_DEVICES'), torch.cuda.is_available()]"
)
BEAT = """
import os, time
(mine,) = [f"/dev/{{name}}" for name in os.listdir("/dev") if name[6:].isdigit() and name.startswith("nvidia")]
end = time.monotonic() + {seconds}
with open(mine, "a", buffering=1) as device:
    while time.monotonic() < end:
        print("{job}", time.monotonic(), file=device)
        time.sleep(0.001)
"""
"""A job that says all the time that it computes."""


@pytest.fixture
def dev(tmp_path, monkeypatch):
    """A folder with two devices, of the numbers 0 and 3."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    folder = tmp_path / "dev"
    folder.mkdir()
    for name in ("nvidia0", "nvidia3", *gpu.SHARED, "nvidia-modeset"):
        (folder / name).touch()
        (folder / name).chmod(0o666)
    return folder


def beats(device):
    """The jobs of a device in the order of time, each as long as it went on without another between."""
    told = sorted((float(moment), job) for job, moment in re.findall(r"^(\w+) ([\d.]+)$", device.read_text(), re.M))
    jobs = [job for _, job in told]
    return [job for job, before in zip(jobs, [None, *jobs], strict=False) if job != before]


def until(told, seconds=60):
    for _ in range(20 * seconds):
        if told():
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing after {seconds} s")


@pytest.mark.fast
def test_devices_are_those_of_the_folder_and_of_the_graders_environment(dev, monkeypatch):
    assert [device.number for device in gpu.devices(dev)] == [0, 3]
    assert [node.name for node in gpu.devices(dev)[1].nodes] == ["nvidia3", *gpu.SHARED]
    for chosen, numbers in {"3": [3], " 3, 0": [0, 3], "7": [], "": [], "-1": [], "0,-1,3": [0]}.items():
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
        assert [device.number for device in gpu.devices(dev)] == numbers, chosen
        assert (gpu.missing(dev) is None) == bool(numbers)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "no NVIDIA GPU that CUDA_VISIBLE_DEVICES leaves to the grader" in gpu.missing(dev)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-8932f937-d72c-4106")
    assert "name devices by number" in gpu.missing(dev)


@pytest.mark.fast
def test_what_is_missing_is_said(dev, tmp_path):
    assert "has no NVIDIA GPU: there is no" in gpu.missing(tmp_path)
    (dev / "nvidia-uvm").unlink()
    assert "nvidia-uvm is missing" in gpu.missing(dev) and "nvidia-modprobe" in gpu.missing(dev)
    assert "08_inits uses no GPU" in gpu_problem("08_inits", True, dev)
    assert "without a sandbox, every submission sees all GPUs" in gpu_problem("09_torch", False, dev)
    assert gpu_problem("09_torch", True, None) is None


@pytest.mark.fast
def test_a_device_is_taken_once_and_the_free_one_that_is_wished_for(dev):
    zero, three = gpu.devices(dev)
    first = gpu.take_turn(dev, rather=three)
    second = gpu.take_turn(dev, rather=three)
    assert (first.gpu, second.gpu) == (three, zero)
    assert gpu._try(dev / "queue" / "nvidia0.lock") is None
    second.give_back(clean=True)
    again = gpu.take_turn(dev, rather=three)
    assert again.gpu == zero
    for turn in (first, again):
        turn.give_back(clean=True)


@pytest.mark.fast
def test_a_device_is_not_free_before_the_last_sandbox_is_gone(dev):
    (dev / "nvidia3").unlink()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as sandbox:
        turn = gpu.take_turn(dev)
        turn.note(sandbox.pid)
        turn.give_back(clean=False)
        assert gpu._try(dev / "queue" / "nvidia0.lock") is None
        sandbox.kill()
    assert gpu.take_turn(dev).gpu.number == 0


@pytest.mark.fast
def test_a_queue_that_belongs_to_somebody_else_is_refused(dev, tmp_path):
    (dev / "queue").symlink_to(tmp_path)
    with pytest.raises(CourseError, match="should be a folder of your account"):
        gpu.take_turn(dev)


@pytest.mark.fast
def test_the_switch_is_off_and_no_unit_before_09_has_any_use_for_it(dev):
    assert ComputeAnswers().gpu is False and Path(ComputeAnswers().devices) == gpu.DEV
    assert Classroom(ROOT).devices(TORCH_UNIT) is None and Classroom(ROOT).gpu_problem(TORCH_UNIT) is None
    assert "--dev-bind" not in bwrap.command(TORCH_UNIT, MIB)
    assert Classroom(ROOT, gpu=True).devices(TORCH_UNIT) == gpu.DEV
    assert Classroom(ROOT, gpu=True).devices("08_inits") is None
    wanted = ComputeAnswers(gpu=True, devices=str(dev.parent))
    wanted._require_gpu("08_inits")
    with pytest.raises(CourseError, match="no NVIDIA GPU.*c.ComputeAnswers.gpu = True"):
        wanted._require_gpu(TORCH_UNIT)


@pytest.mark.needs("bwrap")
@pytest.mark.fast
def test_the_command_refuses_in_a_sentence(dev, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course_copy(tmp_path / "course")))
    assert main(UNIT, gpu=True) == 1
    assert f"{UNIT} uses no GPU: of all units, only 09 to 16 have PyTorch." in capsys.readouterr().err
    course = torch_course(tmp_path / "other", dev.parent, 1)
    monkeypatch.setenv("COURSE_ROOT", str(course))
    assert main(TORCH_UNIT, gpu=True) == 1
    assert "has no NVIDIA GPU" in capsys.readouterr().err
    assert main(TORCH_UNIT, gpu=True, unsandboxed=True) == 1
    assert "every submission sees all GPUs" in capsys.readouterr().err
    assert not (course / "gradebook.db").exists(), "nothing was begun"


def torch_course(root, devices, count):
    """A course with one unit that has PyTorch, made of unit 00, and `count` submissions that only beat."""
    course_copy(root)
    for step in ("solutions", "notebooks"):
        (root / step / UNIT).rename(root / step / TORCH_UNIT)
        for path in (root / step / TORCH_UNIT).glob(f"{UNIT}.*"):
            path.rename(path.with_stem(TORCH_UNIT))
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"\nc.ComputeAnswers.devices = {str(devices)!r}\n")
    for number in range(count):
        notebook = released()
        beat = BEAT.format(seconds=0.5, job=f"{root.name}{number}")
        notebook.cells.append(new_code_cell(beat, id="beat"))
        hand_in(nbformat.writes(notebook), root / "submitted", f"s{number}", TORCH_UNIT)
    return root


@pytest.fixture
def off():
    with Sandbox(TORCH_UNIT, LIMITS) as worker:
        yield worker


def outputs(worker, *cells):
    notebook = new_notebook(cells=[c if hasattr(c, "source") else new_code_cell(c) for c in cells])
    assert run_notebook(notebook, {"toy": "{}"}, worker).ended == "finished"
    return [cell.outputs[-1].get("data", {}).get("text/plain") or cell.outputs[-1].ename for cell in notebook.cells]


def test_unless_asked_for_a_sandbox_has_no_gpu(off):
    nodes, visible, available = eval(outputs(off, LOOK)[0])
    assert set(nodes) <= STANDARD and visible is None and available is False


def test_with_one_it_has_that_one_its_memory_is_bounded_and_checks_compute_without(dev):
    """What PyTorch says of a GPU is said for it here; a check must hear that there is none."""
    check = new_code_cell("import torch\n[torch.cuda.is_available(), torch.cuda.device_count()]")
    check.metadata["nbgrader"] = {"grade_id": "check_toy", "grade": True}
    pretend = "torch.cuda.is_available, torch.cuda.device_count = lambda: True, lambda: 1\ntorch.cuda.is_available()"
    untouched = "[torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()]"
    reserve = (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.mmap.restype = ctypes.c_void_p\n"
        "address = libc.mmap(None, ctypes.c_size_t(2**40), 0, 0x4022, -1, ctypes.c_long(0))\n"
        "address != ctypes.c_void_p(-1).value"
    )
    taken = gpu.take_turn(dev)  # the other one is left
    with Sandbox(TORCH_UNIT, LIMITS, dev) as worker:
        told = outputs(worker, LOOK, untouched, "bytearray(2**33)", reserve, pretend, check, pretend)
    nodes, visible, _ = eval(told[0])
    assert set(nodes) - STANDARD == {"nvidia3", *gpu.SHARED} and visible == "0"
    assert told[1:] == ["[False, False]", "MemoryError", "True", "True", "[False, 0]", "True"]
    taken.give_back(clean=True)


def test_a_run_that_is_interrupted_ends_its_job_before_the_next_one(dev):
    (dev / "nvidia3").unlink()
    device = dev / "nvidia0"

    def interrupt(*_):
        if "stopped" in device.read_text():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        with Sandbox(TORCH_UNIT, LIMITS, dev) as worker, pytest.raises(KeyboardInterrupt):
            worker.run([(0, BEAT.format(job="stopped", seconds=30))], {})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with Sandbox(TORCH_UNIT, LIMITS, dev) as worker:
        assert worker.run([(0, BEAT.format(job="after", seconds=0.1))], {}).ended == "finished"
    assert beats(device) == ["stopped", "after"]


WORK = """
import sys
from pathlib import Path
from grader.sandbox.sandbox import Limits, Sandbox
with Sandbox({unit!r}, Limits(cell_seconds=60), Path({dev!r})) as worker:
    for job in sys.argv[1:]:
        print(worker.run([(0, job)], {{}}).ended, flush=True)
        sys.stdin.readline()
"""


@pytest.mark.needs("bwrap")
def test_a_killed_workers_device_is_free_once_its_job_has_ended(dev):
    """The one that waits has its sandbox ready already: without a queue, it would begin at once."""
    (dev / "nvidia3").unlink()
    code, device = WORK.format(unit=TORCH_UNIT, dev=str(dev)), dev / "nvidia0"

    def worker(**jobs):
        arguments = [sys.executable, "-c", code, *(BEAT.format(job=job, seconds=s) for job, s in jobs.items())]
        pipe, place = subprocess.PIPE, {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(arguments, env=place, stdin=pipe, stdout=pipe, text=True)

    with worker(first=0.1, after=0.1) as waits:
        assert waits.stdout.readline() == "finished\n"
        killed = worker(killed=60)
        until(lambda: "killed" in device.read_text())
        waits.stdin.write("go on\n")
        waits.stdin.flush()
        time.sleep(0.5)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert waits.stdout.readline() == "finished\n" and killed.returncode == -signal.SIGKILL
        waits.stdin.close()
    assert beats(device) == ["first", "killed", "after"]


@pytest.mark.needs("bwrap")
def test_two_commands_at_once_share_the_devices(dev, tmp_path):
    (dev / "nvidia3").unlink()
    asked = "main('12', workers=1, feedback=False, gpu=True)"
    command = f"import sys; from grader.commands.grade import main; sys.exit({asked})"
    started = []
    for name in ("one", "two"):
        course = torch_course(tmp_path / name, dev, 2)
        place = {**os.environ, "PYTHONPATH": str(ROOT), "COURSE_ROOT": str(course)}
        started.append(
            subprocess.Popen([sys.executable, "-c", command], env=place, stdout=subprocess.PIPE, text=True, cwd=course)
        )
    said = [process.communicate(timeout=200)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert sorted(beats(dev / "nvidia0")) == ["one0", "one1", "two0", "two1"], "each once, and nobody between"

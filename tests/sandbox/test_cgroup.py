"""Control groups of a sandbox: which one is ours to change, what is written there, and that nothing stays.

A folder stands for the kernel's file system: what is decided can be tested where the kernel lends nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from grader.sandbox import cgroup
from grader.sandbox.sandbox import Limits, Sandbox

MIB = 2**20


@pytest.fixture
def kernel(tmp_path):
    """Make the groups of a machine: path below the root to the controllers that its children have."""

    def made(groups, own):
        root = tmp_path / "cgroup"
        for name, given in groups.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            (root / name / "cgroup.subtree_control").write_text(given + "\n", encoding="ascii")
            (root / name / "cgroup.procs").write_text("", encoding="ascii")
        (tmp_path / "own").write_text(f"1:name=systemd:/x\n0::/{own}\n", encoding="ascii")
        return root, tmp_path / "own"

    return made


SYSTEMD = {"": "cpu memory pids", "user": "memory pids", "user/app": "cpu memory pids", "user/app/shell": ""}


@pytest.mark.fast
def test_the_nearest_group_that_hands_on_memory_and_processes_is_taken(kernel):
    root, own = kernel(SYSTEMD, "user/app/shell")
    group = cgroup.make(100 * MIB, 64, root, own)
    assert group.folder.parent == root / "user/app"
    assert (group.folder / "memory.max").read_text() == str(100 * MIB + cgroup.BESIDE)
    assert (group.folder / "pids.max").read_text() == "72"
    assert cgroup.unavailable(root, own) is None


@pytest.mark.fast
@pytest.mark.parametrize(
    ("groups", "own"),
    [
        ({"": "cpu", "a": "memory"}, "a"),
        ({"": "", "a": ""}, "a"),
        ({}, "a"),
        ({"": "memory pids"}, "../../elsewhere"),
    ],
)
def test_without_both_there_is_none_and_a_sentence_says_so(kernel, groups, own):
    root, text = kernel(groups, own)
    if own.startswith(".."):
        (root / "cgroup.subtree_control").unlink()
    assert cgroup.make(MIB, 1, root, text) is None
    assert "each process" in str(cgroup.unavailable(root, text))


@pytest.mark.fast
def test_a_machine_with_the_old_groups_alone_has_none(tmp_path):
    (tmp_path / "own").write_text("4:memory:/a\n1:name=systemd:/\n", encoding="ascii")
    assert cgroup.make(MIB, 1, tmp_path, tmp_path / "own") is None
    assert cgroup.make(MIB, 1, tmp_path, tmp_path / "no such file") is None


@pytest.mark.fast
def test_a_command_is_in_the_group_before_it_starts(kernel):
    root, own = kernel(SYSTEMD, "user/app/shell")
    group = cgroup.make(MIB, 1, root, own)
    command = group.wrapped(["/bin/sh", "-c", "echo $$ $0 $1", "a b", "c"])
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(maxsplit=1)
    assert (group.folder / "cgroup.procs").read_text().strip() == said[0] and said[1] == "a b c\n"


@pytest.mark.fast
def test_what_a_killed_grader_left_is_removed_and_what_lives_stays(kernel):
    root, own = kernel(SYSTEMD, "user/app/shell")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, mine = (root / f"user/app/{cgroup.NAME}-{process}-0" for process in (gone.pid, os.getppid()))
    left.mkdir()
    mine.mkdir()
    cgroup.make(MIB, 1, root, own)
    assert not left.exists() and mine.exists()


@pytest.mark.fast
def test_a_group_ends_with_its_sandbox(kernel, tmp_path):
    group = cgroup.Group(tmp_path / "group")
    group.folder.mkdir()
    group.end()
    assert not group.folder.exists()
    group.end()  # twice is no error


def test_a_sandbox_makes_its_group_and_removes_it(kernel, monkeypatch):
    root, own = kernel(SYSTEMD, "user/app/shell")
    made, real = [], cgroup.make

    def make(memory, processes):
        made.append(real(memory, processes, root, own))
        return made[-1]

    monkeypatch.setattr("grader.sandbox.sandbox.cgroup.make", make)
    with Sandbox("01_gradients", Limits(memory=2048 * MIB)) as worker:
        assert worker.run([(0, "1 + 1")], {}).ended == "finished"
        (group,) = made
        assert (group.folder / "memory.max").read_text() == str(3072 * MIB)
        assert int((group.folder / "cgroup.procs").read_text()) == worker._process.pid
        for path in group.folder.iterdir():  # the kernel's own files go with their folder
            path.unlink()
    assert not group.folder.exists()

"""`--scheduler`: real Dask processes give the results of local ones; and what is said when they are not there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from helpers.course import ROOT
from helpers.submissions import UNIT, bonus, brief, classroom, course_copy, points
from nbformat.v4 import new_code_cell
from test_engine import prepared, rows

from course_lib.errors import CourseError
from grader.commands.grade import main
from grader.grading import cluster
from grader.grading.classroom import Classroom
from grader.grading.cluster import about, cluster_pool
from grader.grading.grade_class import grade_class
from grader.grading.run import GradeOptions
from grader.grading.workers import ClusterError
from grader.submissions.samples import hand_in

HOSTED = ["--host", "127.0.0.1", "--no-dashboard"]
SCHEDULER = ["-m", "distributed.cli.dask_scheduler", "--port", "0", *HOSTED]
WORKER = ["-m", "distributed.cli.dask_worker", "--nthreads", "1", *HOSTED]


LEFT_OUT = ("ben_half_right", "cleo_known_wrong", "dan_empty", "eve_crashing", "finn_late", "gita_damaged")
"""Whom the sample class does without: what they add is no matter of where they are graded."""


class Dask:
    """A scheduler, and worker processes to start and to kill; what a test leaves of them is used by the next one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started, self.usual = folder, [], []
        self.scheduler = None

    def ready(self, workers: int) -> None:
        """Have a scheduler with exactly so many workers, all of them in order."""
        for process in [p for p in self.started if p is not self.scheduler and p not in self.usual[:workers]]:
            self._end(process)
        if self.scheduler is None or self.scheduler.poll() is not None:
            self.close()
            told = self.folder / "scheduler.json"
            told.unlink(missing_ok=True)
            self.scheduler = self._start(SCHEDULER + ["--scheduler-file", str(told)])
            self.address = json.loads(until(told.read_text))["address"]
        self.usual = [process for process in self.usual if process.poll() is None]
        until(lambda: self.count() == len(self.usual) or None)
        while len(self.usual) < workers:
            self.usual.append(self.worker("--no-nanny", wait=False))
        until(lambda: self.count() == workers or None)

    def worker(self, *options, path=(), wait=True, before=""):
        """One worker process. path: folders whose packages come first; before: code that it runs at its start."""
        arguments = [*WORKER, "--local-directory", str(self.folder), *options, self.address]
        if before:
            run = f"{before}; from distributed.cli.dask_worker import main; main({arguments[2:]!r})"
            arguments = ["-c", run]
        count = self.count()
        process = self._start(arguments, path)
        if wait:
            until(lambda: self.count() > count or None)
        return process

    def count(self):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())

    def _start(self, arguments, path=()):
        place = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), str(ROOT)])}
        with tempfile.TemporaryFile("w", dir=self.folder) as log:
            process = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log, env=place, cwd=self.folder)
        self.started.append(process)
        return process

    def _end(self, process):
        process.kill()
        process.wait()
        self.started.remove(process)

    def close(self):
        for process in self.started[::-1]:
            self._end(process)


def until(told, seconds=60):
    """What `told` gives, once it gives something; it may fail before."""
    for _ in range(10 * seconds):
        with contextlib.suppress(OSError, ValueError):
            if (found := told()) is not None:
                return found
        time.sleep(0.1)
    raise AssertionError(f"nothing after {seconds} s")


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    started = Dask(tmp_path_factory.mktemp("dask"))
    yield started
    started.close()


def sleepy_class(root, count):
    """Right answers of `count` students, whose notebooks take a second more."""
    course, sleepy = course_copy(root), brief()
    sleepy.cells.append(new_code_cell("import time\ntime.sleep(1)", id="sleep"))
    for number in range(count):
        hand_in(nbformat.writes(sleepy), course / "submitted", f"s{number}", UNIT)
    return course


def scores(course):
    with Classroom(course).gradebook() as gradebook:
        return sorted((s.student.id, s.score) for s in gradebook.assignment_submissions(UNIT))


def test_two_dask_workers_give_the_rows_and_pages_of_local_ones(dask, tmp_path):
    dask.ready(2)
    rooms = local, remote = [prepared(tmp_path / name, without=LEFT_OUT) for name in ("local", "remote")]
    assert len(list((local.root / "submitted").iterdir())) == 3  # right, with a file beside; tampered; cut off
    here = grade_class(local, UNIT, local.root / "submitted", workers=1)
    there = grade_class(remote, UNIT, remote.root / "submitted", scheduler=dask.address)
    assert rows(remote) == rows(local)
    assert [(r.student, r.points, r.checks, r.problem) for r in there] == [
        (r.student, r.points, r.checks, r.problem) for r in here
    ]
    for step in ("autograded", "feedback"):
        files = [{p.relative_to(r.root / step): p for p in (r.root / step).rglob("*") if p.is_file()} for r in rooms]
        assert files[0].keys() == files[1].keys() and len(files[0]) >= 2
        for path, mine in files[0].items():
            assert files[1][path].read_bytes() == mine.read_bytes(), path
    again = grade_class(remote, UNIT, remote.root / "submitted", scheduler=dask.address)
    assert all(result.seconds is None for result in again), "nothing is executed twice"


def test_a_worker_that_is_killed_loses_nothing_and_nothing_is_graded_twice(dask, tmp_path):
    course = sleepy_class(tmp_path, 4)
    dask.ready(2)
    doomed, lines = dask.usual[0], []

    def say(line):
        lines.append(line)
        if len(lines) == 1:
            doomed.send_signal(signal.SIGKILL)

    room = classroom_of(course)
    results = grade_class(
        room, UNIT, course / "submitted", GradeOptions(feedback=False), scheduler=dask.address, say=say
    )
    assert [result.points for result in results] == [points() + bonus()] * 4
    assert scores(course) == [(f"s{number}", points() + bonus()) for number in range(4)]
    assert sorted(line.split("  ")[1] for line in lines) == [f"s{number}" for number in range(4)]
    assert doomed.wait() == -signal.SIGKILL and dask.count() == 1


def classroom_of(course):
    room = Classroom(course, classroom(course / "elsewhere").unsandboxed)
    shutil.rmtree(course / "elsewhere")
    return room


def test_a_cluster_that_dies_ends_the_run_and_the_next_one_goes_on(dask, tmp_path):
    course = sleepy_class(tmp_path, 3)
    dask.ready(2)
    lines = []

    def say(line):
        lines.append(line)
        if len(lines) == 1:
            dask.close()

    room = classroom_of(course)
    with pytest.raises(ClusterError, match="same command goes on with the rest"):
        grade_class(room, UNIT, course / "submitted", GradeOptions(feedback=False), scheduler=dask.address, say=say)
    before = {name for name, _ in scores(course)}
    assert 1 <= len(lines) <= len(before) < 3
    again = []
    results = grade_class(room, UNIT, course / "submitted", GradeOptions(feedback=False), workers=1, say=again.append)
    assert [result.points for result in results] == [points() + bonus()] * 3
    assert {r.student for r in results if r.seconds is None} == before, "what was graded is not executed again"
    assert scores(course) == [(f"s{number}", points() + bonus()) for number in range(3)]
    assert not [path for path in (course / "reports").iterdir() if "tmp" in path.name]


def test_a_cluster_without_workers_any_more_is_not_waited_for(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    monkeypatch.setattr("grader.grading.workers.LOOK_SECONDS", 0.5)
    dask.ready(1)
    with (
        pytest.raises(ClusterError, match="has had no workers for 1 s"),
        cluster_pool(dask.address, sandboxed=False) as pool,
    ):
        pool.submit("key", time.sleep, 60)
        dask.usual[0].kill()
        list(pool.finished())


def test_workers_without_the_course_or_with_another_version_are_named_before_anything_runs(dask, tmp_path):
    other = tmp_path / "other"
    for package in ("course_lib", "grader"):
        shutil.copytree(ROOT / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "grader" / "judging" / "policy.py").open("a", encoding="ascii").write("# another version\n")
    dask.ready(0)
    dask.worker("--no-nanny", before="import sys; sys.modules['grader'] = None")
    dask.worker("--no-nanny", path=[other])
    course = sleepy_class(tmp_path / "course", 1)
    with pytest.raises(CourseError) as caught:
        grade_class(classroom_of(course), UNIT, course / "submitted", scheduler=dask.address)
    said = str(caught.value)
    assert "2 of the 2 Dask workers" in said and "nothing was begun" in said
    assert "It does not have this course" in said and "another version of this course" in said
    assert len(re.findall(r"tcp://127\.0\.0\.1:\d+: It ", said)) == 2
    assert scores(course) == []


def test_a_worker_of_another_version_that_joins_later_gets_nothing_graded(dask, tmp_path, monkeypatch):
    dask.ready(1)
    with pytest.raises(ClusterError, match="joined meanwhile"), cluster_pool(dask.address, sandboxed=False) as pool:
        monkeypatch.setattr(cluster, "code_hash", lambda: "the instructor's")
        pool.submit("key", abs, -1)
        list(pool.finished())


def test_a_scheduler_without_workers_says_how_to_start_one(dask):
    dask.ready(0)
    with pytest.raises(CourseError, match=f"has no workers: start some with `dask worker {dask.address}`"):
        enter(dask.address)


def enter(address):
    with cluster_pool(address, sandboxed=False):
        raise AssertionError("there is no such cluster")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "nonsense://here", "127.0.0.1"])
def test_where_nobody_answers_it_is_said(address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = address.format(port=closed.getsockname()[1])
        with pytest.raises(CourseError, match=f"No Dask scheduler answers at {address}"):
            enter(address)


@pytest.mark.fast
def test_without_distributed_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r'pip install -e "\.\[cluster\]"'):
        enter("tcp://127.0.0.1:1")


@pytest.mark.fast
def test_what_a_worker_lacks_is_said_in_a_sentence():
    here = about() | {"no_sandbox": None}  # whatever this machine has
    assert cluster._problem(here, here, sandboxed=False) == ""
    old = here | {"versions": here["versions"] | {"numpy": "1.0"}}
    assert "It has numpy 1.0 (here " in cluster._problem(here, old, sandboxed=True)
    bare = here | {"no_sandbox": "There is no bubblewrap."}
    assert "no bubblewrap. Grading there without one takes --unsandboxed" in cluster._problem(here, bare, True)
    assert cluster._problem(here, bare, sandboxed=False) == ""
    assert "no NVIDIA GPU" in cluster._problem(here, here | {"no_gpu": "It has no NVIDIA GPU."}, True, gpu=True)
    assert cluster._problem(here, here | {"no_gpu": "It has no NVIDIA GPU."}, sandboxed=True) == ""
    assert "could not say" in cluster._problem(here, ValueError("odd"), sandboxed=False)


@pytest.mark.fast
def test_workers_are_counted_here_or_there():
    with pytest.raises(CourseError, match="--workers counts processes on this machine"):
        main(UNIT, workers=2, scheduler="tcp://127.0.0.1:1")

"""What runs in a process of its own ends in time, whatever it does, and the next call is none the wiser."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from grader.pages.pieces import text_of
from grader.sandbox import time_limit
from grader.sandbox.time_limit import Helper, HelperError, OverdueError, TooLongError, deadline, run_limited
from grader.submissions.reading import UnreadableError, understand

pytestmark = pytest.mark.fast

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
ENDLESS = "(a+)+$", "a" * 64 + "b"
"""A regular expression that answers no signal within any lifetime."""


def test_a_result_and_an_error_come_back_as_they_are():
    assert run_limited(sorted, [3, 1, 2], seconds=60) == [1, 2, 3]
    with pytest.raises(ValueError, match="invalid literal for int"):
        run_limited(int, "no number", seconds=60)
    with pytest.raises(UnreadableError, match="^it is no notebook$|is not a Jupyter notebook$"):
        run_limited(understand, "[]", "it", None, seconds=60)


def test_the_process_stays_for_the_next_call():
    assert run_limited(os.getpid, seconds=60) == run_limited(os.getpid, seconds=60) != os.getpid()


def test_what_does_not_end_is_ended_and_the_next_call_has_another_process():
    import re

    before = run_limited(os.getpid, seconds=60)
    with pytest.raises(TooLongError, match="took longer than 0.2 s"):
        run_limited(re.match, *ENDLESS, seconds=0.2)
    assert run_limited(os.getpid, seconds=60) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_no_time_at_all_is_over_at_once():
    with pytest.raises(TooLongError):
        run_limited(time.sleep, 60, seconds=0)


def test_a_process_that_dies_costs_its_own_call_only():
    with pytest.raises(TooLongError, match="ended the process"):
        run_limited(os._exit, 3, seconds=60)
    assert run_limited(len, "abc", seconds=60) == 3


@pytest.mark.skipif(os.name != "posix", reason="Windows has no limit of this kind")
def test_memory_has_an_end():
    with pytest.raises(TooLongError, match="memory"):
        run_limited(bytes, 2 * time_limit.MEMORY, seconds=60)


def test_what_a_function_prints_is_no_answer(capfd):
    assert run_limited(print, "a word", seconds=60) is None
    assert run_limited(os.system, "echo another", seconds=60) == 0
    assert capfd.readouterr().out == ""


def test_an_error_that_cannot_travel_comes_as_its_words():
    raises = "class Odd(Exception):\n    pass\nraise Odd('one of its own')"
    with pytest.raises(RuntimeError, match="Odd: one of its own"):
        run_limited(exec, raises, seconds=60)


def test_a_function_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(ImportError):
        run_limited(watch_nothing, seconds=60)


def watch_nothing():
    """Of a module that the process cannot import."""


@forks
def test_a_fork_of_this_process_has_one_of_its_own():
    mine = run_limited(os.getpid, seconds=60)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(run_limited(os.getpid, seconds=60)).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 100)) != mine == run_limited(os.getpid, seconds=60)


@pytest.fixture
def forked():
    helper = Helper()
    helper.fork()
    yield helper
    helper.end()


@forks
def test_a_fork_serves_as_a_process_of_its_own_does(forked, capfd):
    assert forked.call(os.getppid, seconds=60) == os.getpid()
    assert forked.call(os.getpid, seconds=60) == forked.call(os.getpid, seconds=60)
    assert forked.call(print, "a word", seconds=60) is None
    with pytest.raises(ValueError, match="invalid literal for int"):
        forked.call(int, "no number", seconds=60)
    assert capfd.readouterr().out == ""


@forks
def test_a_fork_holds_no_file_of_its_parent(forked, tmp_path):
    open_ones = "__import__('os').listdir('/proc/self/fd')" if Path("/proc/self/fd").is_dir() else "[]"
    with (tmp_path / "a").open("w"):
        later = Helper()
        later.fork()
        assert (
            len(later.call(eval, open_ones, seconds=60)) <= 7
        )  # the streams, one again, its two pipes, and the folder
        later.end()


@forks
def test_what_does_not_end_in_a_fork_is_ended_and_the_next_call_has_a_process(forked):
    import re

    before = forked.call(os.getpid, seconds=60)
    with pytest.raises(TooLongError, match="took longer than 0.2 s"):
        forked.call(re.match, *ENDLESS, seconds=0.2)
    assert forked.call(os.getpid, seconds=60) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


@forks
def test_a_fork_has_a_limit_of_memory(forked):
    with pytest.raises(TooLongError, match="memory"):
        forked.call(bytes, 2 * time_limit.MEMORY, seconds=60)


@forks
def test_a_fork_ends_with_its_parent():
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        helper = Helper()
        helper.fork()
        os.write(writing, str(helper.call(os.getpid, seconds=60)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    orphan = int(os.read(reading, 100))
    for _ in range(200):
        try:
            os.kill(orphan, 0)
        except ProcessLookupError:
            return
        if (Path("/proc") / str(orphan) / "stat").read_text(encoding="ascii").split()[2] == "Z":
            return  # ended; whoever inherited it has not looked yet
        time.sleep(0.05)
    pytest.fail("it lives on")


def test_an_environment_without_the_course_is_said_to_be_one(monkeypatch):
    monkeypatch.setattr(time_limit.sys, "executable", "/bin/false")
    with pytest.raises(HelperError, match="could not be started"):
        time_limit.Helper().call(len, "abc", seconds=60)


def test_the_text_of_a_piece_of_html_takes_time_by_its_length():
    assert text_of("<p>a &lt; b</p>") == "a < b"
    assert text_of("<" * 100_000) == "<" * 100_000


def test_a_block_ends_with_its_time_whatever_it_catches():
    with pytest.raises(OverdueError), deadline(0.05):
        while True:
            with contextlib.suppress(Exception):
                sum(range(100))


def test_a_block_that_is_in_time_is_left_alone_and_so_is_what_follows():
    with deadline(60):
        found = sorted([2, 1])
    for _ in range(50):
        try:
            with deadline(0.001):
                sum(range(20_000))
        except OverdueError:
            continue
    assert found == [1, 2] and sum(range(10)) == 45

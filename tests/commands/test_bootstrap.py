"""`./course` on a machine where nothing is installed: it makes its environment, once, and survives being stopped.

The script runs for real, as in `tests/helpers/bare_machine.py`, where `venv`, `pip`, `pytest` and `uv` are stand-ins.
"""

from __future__ import annotations

import ast
import contextlib
import http.server
import importlib
import inspect
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from helpers.bare_machine import ROOT, Course, load, read_until


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


@pytest.fixture(params=["pip", "uv"])
def either(request: pytest.FixtureRequest, course: Course) -> Course:
    """The bare machine, once without uv and once with it on the PATH."""
    if request.param == "uv":
        course.bring_uv()
    course.installer = request.param
    return course


@pytest.mark.fast
def test_alone_it_prints_its_help_and_installs_nothing(course: Course) -> None:
    done = course.run("--help")
    assert (done.returncode, course.run("frobnicate").returncode, course.run("reset").returncode) == (0, 2, 2)
    bare = subprocess.run(
        [sys.executable, course.root / "course"], capture_output=True, text=True, check=True, timeout=60
    )
    assert bare.stdout == done.stdout
    assert all(f" {name} " in done.stdout for name in ("start", "test", "doctor", "reset", "grade", "demo"))
    assert not course.venv.exists()


@pytest.mark.fast
def test_a_reader_that_has_seen_enough_is_no_error(course: Course) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    command = [sys.executable, course.root / "course"]
    done = subprocess.run(command, env=buffered, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.fast
def test_a_misspelt_option_is_refused_before_anything_is_installed(course: Course) -> None:
    done = course.run("progress", "--verbose")
    assert done.returncode == 2
    assert "--verbose" in done.stderr
    assert not course.venv.exists()


def test_the_first_run_installs_and_hands_over_and_the_second_installs_nothing(either: Course) -> None:
    course = either
    first = course.run()
    assert first.returncode == 7, first.stderr
    assert first.stdout.splitlines() == [str(course.venv), str(course.venv)]
    said = [line for line in first.stderr.splitlines() if not line.startswith("The active environment")]
    assert len(said) == 2, "where there is no terminal, not a line for each package"
    assert f".venv with {course.installer} (log: " in said[0]
    assert said[1] == "The environment is complete."
    assert "Installing collected packages: numpy, scipy" in course.log.read_text()
    calls = course.calls()
    assert [[call[0], *call[-4:]] for call in calls] == [[course.installer, "-e", ".", "-c", "constraints.txt"]]
    second = course.run()
    assert (second.returncode, second.stdout, second.stderr) == (7, first.stdout, "")
    assert course.calls() == calls


def test_the_active_environment_is_told_what_it_lacks(course: Course) -> None:
    assert sys.prefix != sys.base_prefix, "this suite runs in an environment"
    leftover = course.root / "optimization_course.egg-info"  # on this script's path, of no use to a notebook
    leftover.mkdir()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    (leftover / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: optimization-course\nVersion: {version}\n")
    assert "lacks optimization-course: the course uses its own" in course.run().stderr


def test_an_environment_that_has_everything_is_used_as_it_is(course: Course) -> None:
    course.run()
    mine = course.root.parent / "mine"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", mine], check=True)
    site = next(mine.glob("lib/python3.*/site-packages"))
    for info in course.venv.glob("lib/python3.*/site-packages/*.dist-info"):
        shutil.copytree(info, site / info.name)
    shutil.rmtree(course.venv)
    calls = course.calls()
    done = subprocess.run(
        [mine / "bin" / "python", course.root / "course", "progress"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout.splitlines()[0] == str(mine)
    assert not course.venv.exists()
    assert course.calls() == calls


def test_a_virtual_environment_made_by_hand_is_not_touched(course: Course) -> None:
    course.run()
    course.made.unlink()
    calls = course.calls()
    assert course.run().returncode == 7
    assert course.calls() == calls


def test_the_test_command_brings_its_extra_and_passes_on_what_pytest_should_get(course: Course) -> None:
    course.run()
    done = course.run("test", "--fast", "-k", "adam and step", "-x", "tests/judging/test_judge.py")
    assert done.returncode == 5, done.stderr
    passed_on = ["-m", "fast and not thorough", "-k", "adam and step", "-x", "tests/judging/test_judge.py"]
    said, given = done.stdout.rstrip().split(" [", 1)
    assert said == f"pytest {course.root}" and f"[{given}".endswith(str(passed_on)[1:]) and "'-n', 'auto'" in given
    assert course.calls()[-1][-4:] == ["-e", ".[test]", "-c", "constraints.txt"]
    calls = course.calls()
    assert course.run("test", "--gpu", "-x").stdout.rstrip().endswith("'-m', 'gpu', '-n', '0', '-rs', '-x']")
    assert "choose one" in course.run("test", "--gpu", "--fast").stderr
    assert (course.run("test").returncode, course.run().returncode) == (5, 7)
    assert course.calls() == calls


def test_what_the_tests_compile_is_kept_whatever_a_shell_says(course: Course) -> None:
    course.run()
    assert course.run("test", PYTHONDONTWRITEBYTECODE="1").returncode == 5


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml"])
def test_a_changed_pin_installs_again(either: Course, name: str) -> None:
    course = either
    course.run()
    with (course.root / name).open("a") as file:
        file.write("\n# changed\n")
    assert course.run().returncode == 7
    assert len(course.calls()) == 2


def test_a_package_that_was_removed_is_installed_again(course: Course) -> None:
    course.run()
    shutil.rmtree(course.info("scipy"))
    assert course.run().returncode == 7
    assert course.info("scipy").is_dir()


def test_a_moved_folder_is_repaired(course: Course) -> None:
    course.run()
    moved = course.root.with_name("moved")
    course.root.rename(moved)
    course.root = moved
    done = course.run()
    assert done.returncode == 7, done.stderr
    assert json.loads((course.info("optimization_course") / "direct_url.json").read_text())["url"] == moved.as_uri()


def test_killed_halfway_it_goes_on_and_repairs_what_was_half_written(either: Course) -> None:
    course = either
    process = course.run_until_halted()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert course.made.read_text() == ""
    done = course.run()
    assert done.returncode == 7, done.stderr
    assert "making it anew" not in done.stderr, "what was there is kept"
    assert (course.info("numpy") / "RECORD").is_file(), "pip takes a package without a RECORD for installed"
    assert course.made.read_text().endswith(" runtime ")


def test_ctrl_c_ends_with_a_sentence(course: Course) -> None:
    process = course.run_until_halted()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith("Stopped. Run the same command again: it goes on from here.\n")
    assert "most recent call last" not in err
    assert course.run().returncode == 7


@pytest.mark.parametrize("damage", ["hardly begun", "half made", "python gone"])
def test_a_broken_environment_is_made_anew(either: Course, damage: str) -> None:
    course = either
    if damage == "hardly begun":
        course.venv.mkdir()
        course.made.write_text("begun")
    elif damage == "half made":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", course.venv], check=True)
        (course.venv / "bin" / "activate").unlink()  # what venv writes last
        course.made.write_text("begun")
    else:
        course.run()
        (course.venv / "bin" / "python").unlink()
        (course.venv / "bin" / "python").symlink_to("/nonexistent/python3")
    done = course.run()
    assert done.returncode == 7, done.stderr
    assert "does not run (half made, or its Python is gone): making it anew" in done.stderr


def test_two_calls_at_once_install_once(course: Course) -> None:
    first = course.run_until_halted()
    second = course.start()
    read_until(second, "waiting for it to finish")
    (course.fakes / "go").touch()
    for process in (first, second):
        process.communicate(timeout=60)
        assert process.returncode == 7
    assert len(course.calls()) == 1


def test_what_outlived_its_parent_is_waited_for(either: Course) -> None:
    course = either
    process = course.run_until_halted()
    process.kill()  # the script alone; pip or uv goes on writing into .venv
    process.wait()
    second = course.start()
    read_until(second, "waiting for it to finish")
    assert len(course.calls()) == 1
    (course.fakes / "go").touch()
    second.communicate(timeout=60)
    process.communicate(timeout=60)
    assert second.returncode == 7
    assert len(course.calls()) == 2, "nobody saw the first one end well, so a second one made sure"


def test_a_failure_shows_the_last_lines_and_what_to_do(either: Course) -> None:
    course = either
    done = course.run(FAKE_PIP="fail")
    assert done.returncode == 2
    assert "ERROR: No space left on device" in done.stderr
    assert "run the same command again" in done.stderr
    assert str(course.log) in done.stderr
    assert ("COURSE_INSTALLER=pip" if course.installer == "uv" else "conda env create") in done.stderr
    assert "Traceback" not in done.stderr
    assert course.run().returncode == 7


def test_a_folder_that_cannot_be_written_is_a_sentence(course: Course) -> None:
    (course.root / ".course").write_text("a file where the lock's folder should be")
    done = course.run()
    assert done.returncode == 2
    assert "could not be made" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_commands_course_error_is_its_sentence_and_exit_2(course: Course) -> None:
    course.run()
    done = course.run(FAKE_COMMAND="fail")
    assert (done.returncode, done.stderr) == (2, "The unit has no notebook. Build it.\n")


def test_a_full_disk_is_a_sentence_however_deep_it_was_met(course: Course) -> None:
    course.run()
    done = course.run(FAKE_COMMAND="full")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "The disk takes no more" in done.stderr and "COURSE_HOME" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "utf-8"])
def test_well_and_amiss_look_different_in_every_encoding(course: Course, encoding: str) -> None:
    course.run()
    done = course.run(FAKE_COMMAND="signs", PYTHONIOENCODING=encoding)
    assert done.returncode == 7, done.stderr
    said = done.stdout.splitlines()[-1].split(" ")
    assert len(set(said)) == 5 and "?" not in said
    assert encoding == "utf-8" or said[:2] == ["ok", "NO"]


def test_what_a_shell_sets_for_another_python_does_not_reach_the_environment(course: Course) -> None:
    course.run()
    settings = {"PYTHONPATH": str(course.fakes), "PYTHONSTARTUP": "/none", "PYTHONOPTIMIZE": "2", "PYTHONINSPECT": ""}
    done = course.run("test", "-x", **settings)
    assert done.returncode == 5, done.stderr
    shown = course.run(FAKE_COMMAND="variables", **settings).stdout.splitlines()[-1]
    assert shown == "[]"
    inside = subprocess.run(
        [course.venv / "bin" / "python", course.root / "course", "progress"],
        env=os.environ | settings | {"FAKE_COMMAND": "variables"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert inside.stdout.splitlines()[-1] == "[]", inside.stderr


def test_an_unknown_build_of_torch_is_refused(course: Course) -> None:
    done = course.run(COURSE_TORCH="gpu")
    assert done.returncode == 2
    assert "it can be cpu or default" in done.stderr


# ---- uv or pip -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [["pip", "uv"], ["uv", "pip"]], ids=" then ".join)
def test_each_takes_over_what_the_other_left_half_done(course: Course, order: list[str]) -> None:
    course.bring_uv()
    process = course.run_until_halted(COURSE_INSTALLER=order[0])
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = course.run(COURSE_INSTALLER=order[1])
    assert done.returncode == 7, done.stderr
    assert f"Bringing the course's environment in .venv up to date with {order[1]}" in done.stderr
    assert (course.info("numpy") / "RECORD").is_file()
    assert [call[0] for call in course.calls()] == order
    assert course.run(COURSE_INSTALLER=order[0]).stderr == "", "what is complete is complete, whoever made it"


def test_uv_makes_an_environment_in_which_pip_goes_on_working(course: Course) -> None:
    course.bring_uv()
    course.run()
    made, installed = [line for line in course.log.read_text().splitlines() if line.startswith(str(course.bin))]
    assert made.split()[1:4] == ["venv", "--seed", "--allow-existing"]
    assert installed.split()[1:3] == ["pip", "install"] and f"--python {course.venv}" in installed


def test_a_uv_that_does_not_run_is_passed_over(course: Course) -> None:
    course.bring_uv()
    (course.bin / "uv").write_text("#!/bin/sh\nexit 127\n")
    assert course.run().returncode == 7
    assert [call[0] for call in course.calls()] == ["pip"]


def test_the_installer_is_chosen_by_hand(course: Course) -> None:
    assert "there is no uv on the PATH that runs" in course.run(COURSE_INSTALLER="uv").stderr
    assert "it can be uv or pip" in course.run(COURSE_INSTALLER="conda").stderr
    assert not course.venv.exists()
    course.bring_uv()
    assert course.run(COURSE_INSTALLER="pip").returncode == 7
    assert [call[0] for call in course.calls()] == ["pip"]


# ---- Which PyTorch ---------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(course: Course, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The copy's environment module on a Linux machine without an NVIDIA GPU, whose installations are only noted."""
    module = course.load()
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "install_packages", lambda lock, *arguments: calls.append(arguments))
    monkeypatch.setattr(module, "calls", calls, raising=False)
    monkeypatch.setattr(module, "wants_cpu_torch", lambda: True)
    return module


@contextlib.contextmanager
def local_server(status: int) -> Iterator[str]:
    """A package index on this machine that answers everything with one status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/whl/cpu"
        server.shutdown()


@pytest.mark.fast
def test_an_index_that_answers_gives_the_cpu_build(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with local_server(200) as url:
        monkeypatch.setattr(environment, "CPU_INDEX", url)
        environment.install_cpu_torch(0)
    assert environment.calls == [("--no-deps", "--index-url", url, "torch==2.13.0")]


@pytest.mark.fast
def test_an_index_that_refuses_is_told_and_passed_over(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(environment, "CPU_INDEX", f"http://127.0.0.1:{free.getsockname()[1]}/whl/cpu")
        environment.install_cpu_torch(0)  # bound, but nobody listens
    assert environment.calls == []
    assert "cannot be reached: taking the default index's PyTorch" in capsys.readouterr().err


@pytest.mark.fast
def test_an_index_that_never_answers_or_errs_is_not_reachable(environment: ModuleType) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        assert not environment.reachable(f"http://127.0.0.1:{mute.getsockname()[1]}/", seconds=0.2)
    with local_server(500) as url:
        assert not environment.reachable(url)


@pytest.mark.fast
def test_whatever_hangs_does_not_hang_the_probe(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a name server may, for which Python's sockets have no time limit."""
    asleep = tmp_path / "asleep"
    asleep.write_text("#!/bin/sh\nexec sleep 60\n")
    asleep.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(asleep))
    start = time.monotonic()
    assert not environment.reachable("http://index.invalid/", seconds=0.2)
    assert time.monotonic() - start < 30


@pytest.mark.fast
def test_a_cpu_index_without_the_version_falls_back(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(lock: int, *arguments: str) -> None:
        raise environment.SetupError("no such version")

    monkeypatch.setattr(environment, "install_packages", fail)
    monkeypatch.setattr(environment, "reachable", lambda url: True)
    environment.install_cpu_torch(0)
    assert "taking the default index's" in capsys.readouterr().err


@pytest.mark.fast
@pytest.mark.parametrize(
    ("choice", "platform", "gpu", "expected"),
    [
        ("", "linux", None, True),
        ("", "linux", "/usr/bin/nvidia-smi", False),
        ("", "darwin", None, False),
        ("", "win32", None, False),
        ("cpu", "linux", "/usr/bin/nvidia-smi", True),
        ("default", "linux", None, False),
    ],
)
def test_the_cpu_build_is_for_linux_without_a_gpu_or_on_request(
    course: Course, monkeypatch: pytest.MonkeyPatch, choice: str, platform: str, gpu: str | None, expected: bool
) -> None:
    module = course.load()
    monkeypatch.setenv("COURSE_TORCH", choice)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(shutil, "which", lambda name: gpu)
    monkeypatch.setattr(Path, "exists", lambda path: False)  # no /proc/driver/nvidia either
    assert module.wants_cpu_torch() is expected


# ---- Small parts -----------------------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize(
    ("version", "satisfied"),
    [("2.6", True), ("2.13.0+cpu", True), ("2.6.0rc1", True), ("2.5.9", False), ("1.13", False)],
)
def test_versions_are_compared_as_numbers(course: Course, tmp_path: Path, version: str, satisfied: bool) -> None:
    info = tmp_path / "site" / f"torch-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
    module = course.load()
    assert module.satisfies("torch>=2.6", [str(info.parent)]) is satisfied
    assert not module.satisfies("numpy>=2.0", [str(info.parent)])


PIP_SAYS = """\
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp311.whl (190.2 MB)
Progress 50 of 200
Progress 150 of 200
Collecting numpy==2.4.6
Installing collected packages: torch, numpy, scipy
"""
UV_SAYS = """\
Resolved 131 packages in 885ms
Downloading numpy (16.1MiB)
Downloading torch (190.2MiB)
 Downloaded numpy
Installed 131 packages in 1.2s
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.fast
@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (
            PIP_SAYS,
            [
                "Collecting torch==2.13.0",
                "[....................] Downloading torch-2.13.0-cp311.whl (190.2 MB)",
                "[#####...............] Downloading torch-2.13.0-cp311.whl (190.2 MB)",
                "[###############.....] Downloading torch-2.13.0-cp311.whl (190.2 MB)",
                "Collecting numpy==2.4.6",
                "Installing collected packages: torch, numpy, scipy",
                "",
            ],
        ),
        (
            UV_SAYS,
            [
                "Resolved 131 packages in 885ms",
                "[....................] Downloading numpy (16.1MiB)",
                "[....................] Downloading torch (190.2MiB)",
                "[##########..........] Downloaded numpy",
                "[##########..........] Installed 131 packages in 1.2s",
                "",
            ],
        ),
    ],
    ids=["pip", "uv"],
)
def test_progress_is_one_line_on_a_terminal_and_nothing_elsewhere(
    course: Course, monkeypatch: pytest.MonkeyPatch, output: str, shown: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        line = course.load().ProgressLine(stream)
        for text in [*output.splitlines(keepends=True), ""]:
            line.show(text)
    assert file.getvalue() == ""
    assert "\n" not in terminal.getvalue() and terminal.getvalue().endswith("\r")
    assert [text.strip() for text in terminal.getvalue()[1:-1].split("\r")] == shown


@pytest.mark.fast
def test_an_old_python_can_read_the_script_up_to_the_sentence_that_refuses_it() -> None:
    ast.parse((ROOT / "course").read_text(encoding="utf-8"), feature_version=(3, 8))


def load_script() -> ModuleType:
    return load("course_script", ROOT / "course")


@pytest.mark.parametrize("name", [command.name for command in load_script().COMMANDS])
def test_each_command_calls_its_handler_with_the_arguments_that_it_takes(name: str) -> None:
    script = load_script()
    command = next(command for command in script.COMMANDS if command.name == name)
    _, keywords = script.parse(command.example.split())
    handler = command.handler
    if isinstance(handler, str):
        module, _, function = handler.partition(":")
        handler = getattr(importlib.import_module(module), function)
    inspect.signature(handler).bind(**keywords)

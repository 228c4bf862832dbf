"""The command that measures everything on a card: its plan, its time, and what a part leaves that fails or hangs."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import gpu_all
import psutil
import pytest
import unit_11
from gpu_all import Part, arguments_of, chosen_by, measure, parts
from helpers.course import ROOT

from grader.scripts import read_script

OPTIONS = Namespace(device=None, embedded=True, small=False)
SAYS = "import sys, pathlib; pathlib.Path(sys.argv[-1]).write_text('| 1 |'); print('pid', 1 + 1, flush=True); "
# With a process of its own, as a loader has workers; and both wait for what never comes.
HANGS = (
    SAYS.replace("1 + 1", "child.pid")
    .replace("pathlib; ", "pathlib, subprocess; child = {}; ")
    .format("subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)")
)


@pytest.mark.fast
def test_the_plan_takes_a_quarter_of_an_hour_and_says_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    plan = parts(small=False)
    assert sum(part.seconds for part in plan[:-1]) <= 15 * 60  # the last one has what the others leave
    assert gpu_all.main(["--dry-run", "--embedded"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(plan)
    assert [f" {part.name}: " in line for part, line in zip(plan, said, strict=True)] == [True] * len(plan)
    trainings = [line for line in said if "gpu_training.py" in line]
    assert len(trainings) == 4 and all("--embedded" in line for line in trainings)
    assert str(ROOT) not in "".join(said)


@pytest.mark.fast
def test_what_tuning_found_is_what_the_trainings_after_it_take() -> None:
    found = chosen_by("Best so far: `--set lr=0.4 shift=1`")
    assert found == ["lr=0.4", "shift=1"] and chosen_by("Best so far: the recipe as it is") == []
    by_name = {part.name: part for part in parts(small=True)}
    line = arguments_of(by_name["recipe"], Path("kept"), 240, OPTIONS, found)
    assert line[-3:] == ["--set", "lr=0.4", "shift=1"] and "epochs=1" in line  # which the program adds up
    assert "lr=0.4" not in arguments_of(by_name["ladder"], Path("kept"), 240, OPTIONS, found)


def section(folder: Path, code: str, keeps: bool = True) -> str:
    part = Part("part", "A part", ("-c", code), 9, keeps, images=False)
    return measure(part, folder, 99, OPTIONS, [])


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.fast
def test_a_part_that_hangs_is_ended_with_what_it_started_and_leaves_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, wait = tmp_path / "part.log", subprocess.Popen.wait

    def until_at_work(process: Any, timeout: float | None = None) -> int:
        """In place of the 99 seconds: the time is over when the part is at work."""
        if timeout is None:
            return wait(process)
        while not log.read_text(encoding="utf-8").endswith("\n"):
            time.sleep(0.01)
        raise subprocess.TimeoutExpired("part", timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", until_at_work)
    said = section(tmp_path, HANGS + "child.communicate()")
    assert "### A part\n\n| 1 |" in said
    assert "**Not all of it**: this part was stopped: it may take 99 seconds" in said
    (child,) = re.findall(r"^pid (\d+)$", said, re.M)  # its last words
    until = time.monotonic() + 60  # it is told to end, and does when it has its turn
    while is_running(int(child)):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.fast
def test_a_part_that_fails_leaves_what_it_had_and_says_why(tmp_path: Path) -> None:
    fails = section(tmp_path, SAYS + "sys.exit('no such card')")
    assert "| 1 |" in fails and "ended with status 1" in fails and "pid 2\nno such card" in fails
    well = section(tmp_path, SAYS)
    assert "| 1 |" in well and "Not all" not in well and "pid 2" not in well
    assert "\n3 passed\n" in section(tmp_path, "print('...'); print(1 + 2, 'passed')", keeps=False)


@pytest.mark.fast
def test_a_part_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(SystemExit, match="no part 'speed'. The parts are: parity, ladder, "):
        gpu_all.main(["--only", "speed"])


@pytest.mark.fast
def test_without_time_left_the_rest_is_not_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_all.main(["--minutes", "0.1", "--folder", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.count("Not begun: the time was over.") == len(parts(small=False))


def test_in_the_small_it_measures_on_the_cpu(tmp_path: Path) -> None:
    line = [sys.executable, "benchmarks/gpu_all.py", "--small", "--device", "cpu", "--only", "ladder", "recipe"]
    done = subprocess.run(
        [*line, "--folder", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert report.strip() == done.stdout.strip()
    assert "| naive loop | " in report and "| mean | " in report and "Not all" not in report


@pytest.mark.fast
def test_what_unit_11_found_is_told_with_the_knobs_that_it_left_out() -> None:
    step = unit_11.section("step", {"batches": (1, 256), "predicted": [0.1, 2.0], "measured": [0.4, 3.0]})
    assert "| 256 | 2.000 | 3.000 | 1.5 times |" in step
    found = {"baseline": [1.0, 1.0, 1.0], "TF32": [1.0, 1.4, 1.2]}
    knobs = {"ratios": found, "middle": {"baseline": 1.0, "TF32": 1.2}, "knobs": lambda: [*found, "CUDA graph"]}
    assert unit_11.section("knobs", knobs).splitlines()[3:] == [
        "| TF32 | 1.20 times | 1.00 to 1.40 |",
        "| CUDA graph | left out: not to be had here | |",
    ]
    roof = {"peak": 6e13, "bandwidth": 3e12, "launch": 5e-6, "attained": {"fc1": 3e12}, "roof": {"fc1": 2e12}}
    said = unit_11.section("roof", roof | {"above": ["fc1"]})
    assert "| fc1 | 3,000.0 | 150% |" in said and "Above the roof: fc1;" in said


@pytest.mark.fast
def test_the_cells_that_are_measured_are_in_unit_11() -> None:
    code = [cell.source for cell in read_script(unit_11.SCRIPT).cells if cell.cell_type == "code"]
    for name, mark in unit_11.EXPERIMENTS.items():
        assert sum(mark in source for source in code) == 1, name

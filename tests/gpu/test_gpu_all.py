"""The command that measures everything on a card: its plan, its time, and what a part leaves that fails or hangs."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import gpu_all
import pytest
import unit_11
from gpu_all import Part, arguments_of, chosen_by, measure, parts
from helpers.course import ROOT

from grader.scripts import read_script

OPTIONS = Namespace(device=None, embedded=True, small=False)
SAYS = "import sys, time, pathlib; pathlib.Path(sys.argv[-1]).write_text('| 1 |'); print('at work', flush=True); "


@pytest.mark.fast
def test_the_plan_takes_a_quarter_of_an_hour_and_says_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    plan = parts(small=False)
    assert sum(part.seconds for part in plan[:-1]) <= 15 * 60  # the last one has what the others leave
    assert gpu_all.main(["--dry-run", "--embedded"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(plan)
    assert [f" {part.name}: " in line for part, line in zip(plan, said, strict=True)] == [True] * len(plan)
    trainings = [line for line in said if "gpu_training.py" in line]
    assert len(trainings) == 4 and all("--embedded" in line and "--keep" in line for line in trainings)


@pytest.mark.fast
def test_what_tuning_found_is_what_the_trainings_after_it_take() -> None:
    found = chosen_by("Best so far: `--set lr=0.4 shift=1`")
    assert found == ["lr=0.4", "shift=1"] and chosen_by("Best so far: the recipe as it is") == []
    by_name = {part.name: part for part in parts(small=True)}
    line = arguments_of(by_name["recipe"], Path("kept"), 240, OPTIONS, found)
    last = line[len(line) - line[::-1].index("--set") :]
    assert last == ["epochs=1", "width=4", "batch_size=32", "lr=0.4", "shift=1"]
    assert "lr=0.4" not in arguments_of(by_name["ladder"], Path("kept"), 240, OPTIONS, found)


@pytest.mark.fast
def test_a_part_that_hangs_or_fails_leaves_what_it_had_and_says_why(tmp_path: Path) -> None:
    def section(code: str, seconds: float, keeps: bool = True) -> str:
        part = Part("part", "A part", ("-c", code), 9, keeps, images=False)
        return measure(part, tmp_path, seconds, OPTIONS, [])

    hangs = section(SAYS + "time.sleep(600)", 5)
    assert "### A part\n\n| 1 |" in hangs
    assert "**Not all of it**: this part was stopped: it may take 5 seconds" in hangs and "at work" in hangs
    fails = section(SAYS + "sys.exit('no such card')", 60)
    assert "| 1 |" in fails and "ended with status 1" in fails and "no such card" in fails
    well = section(SAYS, 60)
    assert "| 1 |" in well and "Not all" not in well and "at work" not in well
    assert "2 passed" in section("print('...'); print('2 passed')", 60, keeps=False)


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
def test_the_cells_that_are_measured_are_in_unit_11() -> None:
    code = [cell.source for cell in read_script(unit_11.SCRIPT).cells if cell.cell_type == "code"]
    for name, mark in unit_11.EXPERIMENTS.items():
        assert sum(mark in source for source in code) == 1, name

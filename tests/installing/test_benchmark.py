"""The benchmark of grading runs, and a class has the same scores by stock nbgrader and by `./course grade`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from helpers.course import ROOT


@pytest.mark.needs("bwrap")  # the benchmark is of grading in a sandbox
def test_both_ways_give_the_same_scores(tmp_path):
    told = tmp_path / "figures.json"
    line = [sys.executable, str(ROOT / "benchmarks" / "grading.py"), "--only", "ratio", "--graded-cells", "--no-pages"]
    small = ["--students", "2", "--stock-students", "2", "--workers", "1", "--json", str(told)]
    done = subprocess.run([*line, *small], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(told.read_text(encoding="utf-8"))
    assert figures["machine"].split(",")[0] in done.stdout
    (ratio,) = figures["ratio"].values()
    assert ratio["same_scores"] == 2 * 4  # untouched and partly right; four exercises each
    assert "the same 8 scores of 2 students by both" in done.stdout

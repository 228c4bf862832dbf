"""The benchmark of grading runs: the same scores by stock nbgrader and here, and shares of time that add up."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from helpers.course import ROOT

pytestmark = pytest.mark.needs("bwrap")  # the benchmark is of grading in a sandbox


def benchmark(folder, *options):
    """What it wrote, and what it printed."""
    told = folder / "figures.json"
    line = [sys.executable, str(ROOT / "benchmarks" / "grading.py"), "--graded-cells", "--json", str(told)]
    done = subprocess.run([*line, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(told.read_text(encoding="utf-8")), done.stdout


def test_both_ways_give_the_same_scores(tmp_path):
    small = ["--students", "2", "--stock-students", "2", "--workers", "1"]
    figures, said = benchmark(tmp_path, "--only", "ratio", "--no-pages", *small)
    assert figures["machine"].split(",")[0] in said
    (ratio,) = figures["ratio"].values()
    assert ratio["same_scores"] == 2 * 4  # untouched and partly right; four exercises each
    assert "the same 8 scores of 2 students by both" in said


def test_the_shares_of_a_submission_add_up_and_feed_the_model(tmp_path):
    figures, said = benchmark(tmp_path, "--only", "phases", "cluster", "--students", "1")
    found = figures["phases"]["graded cells"]
    owners = found["owners_ms"]
    assert sum(owners.values()) == pytest.approx(found["whole_ms"])
    assert sum(sum(row.values()) for row in found["phases_ms"].values()) == pytest.approx(found["whole_ms"])
    assert {"bare cells", "Python's forks", "sandbox around them", "nbgrader's own", "ours"} == set(owners)
    assert owners["bare cells"] > 0 and owners["nbgrader's own"] > 0 and owners["ours"] > 0
    # The whole lies between two looks at the clock that take in the first submission, too.
    assert 0 < found["whole_ms"] / 1e3 < found["run_s"] - found["first_s"]
    (steps,) = found["steps_s"]
    assert sum(steps.values()) == pytest.approx(found["whole_ms"] / 1e3)
    assert figures["cluster"]["steps_ms"] == pytest.approx({step: 1e3 * seconds for step, seconds in steps.items()})
    assert [row["per_hour"] for row in figures["cluster"]["rows"]][-1] == 100_000
    assert all(row["bottleneck"] in said for row in figures["cluster"]["rows"])

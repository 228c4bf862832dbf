"""A notebook's first cell in a kernel that lacks the course: one sentence, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.course import UNITS, source_notebook

from course_lib.errors import CourseError
from grader.scripts import read_script
from grader.submissions.samples import find_cell

RUN = """
import json, sys
sys.modules["course_lib"] = None  # as where it is not installed
from IPython.core.interactiveshell import InteractiveShell
for source in json.load(sys.stdin):
    InteractiveShell.instance().run_cell(source)
"""


def test_every_unit_says_what_to_do_in_one_sentence_and_shows_no_traceback(tmp_path: Path) -> None:
    sources = [find_cell(source_notebook(unit), "given_setup").source for unit in UNITS]
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(sources), capture_output=True, text=True, cwd=tmp_path, check=True
    )
    said = done.stdout + done.stderr
    assert said.count("run ./course start in the course's folder, or see docs/running.md") == len(UNITS)
    assert "Traceback" not in said and "raise SystemExit" not in said


@pytest.mark.fast
def test_a_unit_that_begins_otherwise_is_not_built(tmp_path: Path) -> None:
    script = tmp_path / "03_sgd.py"
    script.write_text('# %% given="setup"\nfrom course_lib import check\n', encoding="utf-8")
    with pytest.raises(CourseError, match="first code cell must begin as the other units' do"):
        read_script(script)

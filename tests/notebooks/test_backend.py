"""Figures appear in the notebook's page, whatever backend was set up outside it; a script keeps its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.course import ROOT
from helpers.kernel import Kernel, kernel

FIRST_CELL = "from course_lib import plots\nimport matplotlib.pyplot as plt\nplots.use_style()"
DRAW = "axes = plt.subplots()[1]\naxes.plot([1, 2])\nplt.show()"


def pictures(running: Kernel, code: str) -> int:
    return sum("image/png" in output.get("data", {}) for output in running.run(code).outputs)


@pytest.mark.parametrize("chosen", ["Agg", "TkAgg", "nbagg", "no-such-backend", "module://no_such_module", "ipympl"])
def test_a_kernel_shows_pictures_whatever_mplbackend_says(tmp_path: Path, chosen: str) -> None:
    with kernel(tmp_path, PYTHONPATH=str(ROOT), MPLBACKEND=chosen) as running:
        assert running.run(FIRST_CELL).error is None
        assert pictures(running, DRAW) == 1


@pytest.mark.parametrize("line", ["%pylab", "import matplotlib\nmatplotlib.use('Agg')", "%matplotlib agg"])
def test_what_a_start_up_file_chose_shows_pictures_too(tmp_path: Path, line: str) -> None:
    with kernel(tmp_path, PYTHONPATH=str(ROOT)) as running:
        running.run(line)
        assert running.run(FIRST_CELL).error is None
        assert pictures(running, DRAW) == 1


def test_a_backend_made_for_a_page_is_a_choice_that_stays(tmp_path: Path) -> None:
    (tmp_path / "made_for_a_page.py").write_text("from matplotlib.backends.backend_agg import *\n", encoding="utf-8")
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    with kernel(tmp_path, PYTHONPATH=path, MPLBACKEND="module://made_for_a_page") as running:
        assert running.run(FIRST_CELL).error is None
        assert running.run("print(plt.get_backend())").text.strip() == "module://made_for_a_page"


def test_where_the_page_cannot_have_pictures_one_sentence_says_so(tmp_path: Path) -> None:
    break_it = "get_ipython().enable_matplotlib = lambda gui: 1 / 0"
    with kernel(tmp_path, PYTHONPATH=str(ROOT)) as running:
        running.run(break_it)
        seen = running.run(FIRST_CELL)
    assert seen.error is None
    assert "Pictures cannot be shown in this notebook: division by zero." in seen.text


@pytest.mark.fast
def test_a_script_keeps_its_backend() -> None:
    code = (
        "from course_lib import plots; import matplotlib; plots.use_style(); print(matplotlib.get_backend(), end='')\n"
        "import os; print('', os.environ['MPLBACKEND'], 'matplotlib_inline' in __import__('sys').modules)"
    )
    environment = os.environ | {"MPLBACKEND": "svg"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "svg svg False\n"

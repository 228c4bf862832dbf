"""Processes that Python starts by spawn or forkserver, as on Windows and macOS and on Linux from Python 3.14 on."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.course import ROOT
from helpers.kernel import kernel

from grader.grading import workers

METHODS = [each for each in ("spawn", "forkserver") if each in multiprocessing.get_all_start_methods()]
# In unit 11's words: a Dataset in a cell, and the two lines of its text that bring it from a module.
IN_A_CELL = """
class MyDataset(torch.utils.data.Dataset):
    def __len__(self):
        return 6
    def __getitem__(self, index):
        return torch.full((2,), float(index))
"""
LOAD = "sum(float(batch.sum()) for batch in torch.utils.data.DataLoader(MyDataset(), 3, num_workers=2))"


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("method", METHODS)
def test_a_class_is_graded_by_processes_of_every_start_method(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    offered = [method] if method == "spawn" else multiprocessing.get_all_start_methods()
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: offered)
    with workers.processes(2) as pool:
        assert list(pool.map(square, range(4))) == [0, 1, 4, 9]


@pytest.mark.parametrize("method", METHODS)
def test_the_way_that_unit_11_shows_gives_a_notebooks_dataset_workers(tmp_path: Path, method: str) -> None:
    """Beside it, what the unit says of the class in the cell: that it does not work."""
    text = (ROOT / "notebooks" / "11_speed" / "11_speed.ipynb").read_text(encoding="utf-8")
    told = next(
        "".join(c["source"]) for c in json.loads(text)["cells"] if "%%writefile my_data.py" in "".join(c["source"])
    )
    shown = next(line for line in told.splitlines() if line.startswith("from my_data import MyDataset"))
    with kernel(tmp_path, PYTHONPATH=str(ROOT)) as running:
        running.run(f"import multiprocessing, torch\nmultiprocessing.set_start_method({method!r}, force=True)")
        running.run(IN_A_CELL)
        assert running.run(LOAD, timeout=120).error is not None, "then the unit need not say it"
        running.run(f"%%writefile my_data.py\nimport torch\n{IN_A_CELL}")
        seen = running.run(f"{shown}\n{LOAD}", timeout=120)
    assert seen.error is None, seen.traceback
    assert seen.text.strip() == "30.0"


@pytest.mark.parametrize("method", METHODS)
def test_the_courses_own_data_reaches_workers_by_every_start_method(tmp_path: Path, method: str) -> None:
    """As unit 11 measures its loader: a TensorDataset of the course's images, from the main module of a process."""
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, torch\n"
        "from course_lib.data import load_fashion_mnist, subset\n"
        "from course_lib.fit import image_tensors\n"
        "if __name__ == '__main__':\n"
        f"    multiprocessing.set_start_method({method!r})\n"
        "    images = torch.arange(24.0).reshape(12, 2)\n"
        "    data = torch.utils.data.TensorDataset(images)\n"
        "    loader = torch.utils.data.DataLoader(data, 4, num_workers=2, persistent_workers=True)\n"
        "    print(sum(float(batch.sum()) for (batch,) in loader))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True, timeout=200, cwd=ROOT)
    assert done.stdout == "276.0\n"

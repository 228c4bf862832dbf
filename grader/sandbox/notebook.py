"""Run a whole notebook in a sandbox and put what came back into its cells, as a kernel would have."""

from __future__ import annotations

import atexit
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, ValidationError, from_dict, validate
from nbformat.v4 import new_output

from course_lib.language.choice import ENGLISH
from grader.sandbox.sandbox import Limits, Run, Sandbox

JSON = re.compile(r"application/(.*\+)?json")
"""The kinds of output that hold more than text."""

HEADING = re.compile(r"^#+ +(.+)$", re.M)
WORTH_TELLING = 0.01
"""Seconds from which on a cell's time is told."""

ENDINGS = {
    "timed out": "the whole notebook took longer than allowed",
    "flooded": "the notebook wrote more than a grader reads",
    "killed": "Python itself ended here (a call of os._exit, memory that ran out, or recursion without an end)",
}

STOPPED = "KernelStopped"
"""What the error of a cell is called in which the whole run ended."""

OTHER = ("other", "")
"""The part of a cell that the unit does not need: what a learner added, or an experiment."""

_NOTEBOOK: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
_CELL: dict[str, Any] = {"cell_type": "code", "id": "cell", "metadata": {}, "source": "", "execution_count": None}

_workers: dict[tuple[str, Limits, Path | None, str], Sandbox] = {}


def shared_worker(unit: str, limits: Limits, devices: Path | None = None, language: str = ENGLISH) -> Sandbox:
    """This process's sandbox for the unit; started once, used for one submission after another.

    devices: the folder with the device nodes of GPUs, where submissions are to wait for one. language: that of the
    submissions, in which their cells show what the course says.
    """
    key = (unit, limits, devices, language)
    if key not in _workers:
        if not _workers:
            atexit.register(close_workers)
        _workers[key] = Sandbox(unit, limits, devices, language)
    return _workers[key]


def close_workers() -> None:
    """End all sandboxes of this process."""
    while _workers:
        _workers.popitem()[1].close()


def run_notebook(
    nb: NotebookNode, cases: dict[str, str], worker: Sandbox, files: Mapping[str, bytes] | None = None
) -> Run:
    """Run the code cells of `nb` in `worker`, beside its `files`, and fill in outputs and numbers.

    The cells that nbgrader knows as `check_NAME` see the private inputs `cases`; of these, the outputs hold what is
    to be judged and must not be shown.
    """
    cells = [(index, cell.source, *part_of(cell)) for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    checks = {index for index, *_ in cells if checked_exercise(nb.cells[index]) in cases}
    run = worker.run(cells, cases, checks, files)
    stopped = False
    for index, *_ in cells:
        cell = nb.cells[index]
        reached = run.outputs.get(index, [])  # of a check that was not, the answer would say that it ended
        outputs = run.answers.get(index, []) if index in checks and index in run.outputs else reached
        cell.outputs = [made for output in outputs if (made := _output(output)) is not None]
        cell.execution_count = _number(run.numbers.get(index))
        if index not in run.outputs and not stopped:
            stopped = True
            cell.outputs = [_stopped(run.ended)]
    return run


def time_spent(nb: NotebookNode, run: Run) -> list[tuple[str, float]]:
    """The cells that took longest, at most five: what each is, in words, and its seconds."""
    spent = dict(run.spent)
    cells = [index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    unfinished = next((index for index in cells if index not in run.outputs), None)
    if unfinished is not None:  # it never said how long it took
        spent[unfinished] = max(0.0, run.seconds - sum(spent.get(i, 0.0) for i in cells if i not in run.answers))
    longest = sorted((index for index in cells if spent.get(index, 0.0) >= WORTH_TELLING), key=lambda i: -spent[i])
    return [(_words(nb, index), round(spent[index], 3)) for index in longest[:5]]


def _words(nb: NotebookNode, index: int) -> str:
    """What a cell is: the exercise that it answers or checks, else the heading that it stands under."""
    name = str(nb.cells[index].metadata.get("nbgrader", {}).get("grade_id", ""))
    if name:
        return name.replace("check_", "the check of ", 1) if name.startswith("check_") else name
    above = (cell.source for cell in reversed(nb.cells[:index]) if cell.cell_type == "markdown")
    heading = next((found[1] for source in above if (found := HEADING.search(source))), "")
    return f"a cell under “{heading.replace('`', '').strip()[:60]}”" if heading else "a cell before the first heading"


def checked_exercise(cell: NotebookNode) -> str | None:
    """The exercise that a cell checks, by nbgrader's mark; None for every other cell."""
    name = str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
    return name.removeprefix("check_") if name.startswith("check_") else None


def part_of(cell: NotebookNode) -> tuple[str, str]:
    """The role of a cell in its unit ("given", "answer", "check" or "other") and its name, by nbgrader's marks.

    A check is the one-liner of the learner's edition; of anything else in its cell nobody can say what it computes.
    """
    mark = cell.metadata.get("nbgrader", {})
    name = str(mark.get("grade_id", ""))
    exercise = checked_exercise(cell)
    if exercise is not None:
        return ("check", exercise) if cell.source.strip() in (f'check("{exercise}")', f"check('{exercise}')") else OTHER
    if not name:
        return OTHER
    return ("answer" if mark.get("solution") else "given", name)


def _stopped(ended: str) -> NotebookNode:
    """The output that tells a learner why nothing from here on was run."""
    why = ENDINGS.get(ended, "what it wrote could not be read")
    sentence = f"The run stopped in this cell: {why}. Nothing from here on was run, so it earns nothing."
    return new_output("error", ename=STOPPED, evalue=sentence, traceback=[f"{STOPPED}: {sentence}"])


def _output(output: dict[str, Any]) -> NotebookNode | None:
    """One output as nbformat has it; None for what no front end would show. It comes from a learner's process."""
    try:
        return _made(_writable(output))
    except ValidationError:
        return None


def _made(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return NotebookNode(output_type=kind, name=output["name"], text=str(output.get("text", "")))
    if kind == "error":
        lines = output.get("traceback")
        return NotebookNode(
            output_type=kind,
            ename=str(output.get("ename", ""))[:200],
            evalue=str(output.get("evalue", "")),
            traceback=[str(line) for line in lines] if isinstance(lines, list) else [],
        )
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    metadata = output.get("metadata")
    made = {
        "output_type": kind,
        "data": {k: v if JSON.fullmatch(k) else str(v) for k, v in data.items()},
        "metadata": metadata if isinstance(metadata, dict) else {},
    }
    if kind == "execute_result":
        made["execution_count"] = _number(output.get("execution_count"))
    # In a notebook: nbformat's check of a whole one is compiled, and takes a fifth of that of an output by itself.
    cell = NotebookNode(_CELL, outputs=[from_dict(made)])
    validate(NotebookNode(_NOTEBOOK, cells=[cell]))
    return cell.outputs[0]


def _writable(output: dict[str, Any]) -> Any:
    """The output without what no file or no other program takes: half characters, numbers that are none."""
    text = json.dumps(output, ensure_ascii=False).encode("utf-8", "replace")
    return json.loads(text, parse_constant=str)


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None  # True is no number to nbformat

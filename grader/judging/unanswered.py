"""What a notebook that was run for a grade tells of the checks that got no value: in its cells, errors and endings.

All of it was put out before the private inputs were there, so an error may be quoted. Of what a check itself puts out
only a word is believed: how it ended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbformat import NotebookNode

from course_lib.judging import problems
from course_lib.judging.failures import Failure, Ran, first_line, other_meaning, uncalled, why_missing
from course_lib.judging.outcome import Outcome, Problem
from grader.sandbox.inside.shell import CUT
from grader.sandbox.notebook import ENDINGS, part_of

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LINE = re.compile(r"Cell In\[\d+\], line (\d+)|<ipython-input[^>]*> in <module>.*?line (\d+)")
SYNTAX_PLACE = re.compile(r"\s*\([^()]*, line (\d+)\)$")
ADDED = "course_added"
"""Marks a cell that the learner added or changed, for whoever reads the answers' text later."""
SELF_ENDED = "Python itself ended in it (a call of os._exit, memory that ran out, or recursion without an end)"


def why_nothing(check: NotebookNode, nb: NotebookNode | None, name: str, outcomes: Sequence[Outcome]) -> Problem | None:
    """Why there is nothing to call for a check, if all its outcomes say that; the reason is found in the notebook."""
    found = [outcome.problem for outcome in outcomes]
    if nb is None or not found or any(problem is None for problem in found):
        return None
    cells = cells_above(check, nb, name)
    if all(problem and problem.kind == "missing" for problem in found):
        return why_missing(name, cells)
    return other_meaning(name, cells) if all(problem and uncalled(problem) for problem in found) else None


def why_silent(check: NotebookNode, nb: NotebookNode | None) -> Problem:
    """Why a check gave no answer: where the notebook stopped, or how the check itself ended."""
    stopped = None if nb is None else _stopped_above(check, nb)
    if stopped is not None:
        where = next((line.strip() for line in stopped.source.splitlines() if line.strip()), "")[:80]
        return problems.no_answer(
            f"the notebook stopped in a cell above it, the one that begins with `{where}`: {_ending(stopped)}. "
            "Nothing below that cell was run.",
            "the notebook stopped above it",
        )
    for output in check.get("outputs", []):
        if output.get("output_type") == "stream" and CUT.strip() in str(output.get("text", "")):
            return problems.no_answer("what it returns is longer than a grader reads.", "too much came back")
        if output.get("output_type") == "error" and output.get("ename") == "NoAnswer":
            return problems.no_answer(*ITSELF.get(str(output.get("evalue")), ITSELF["killed"]))
        if output.get("output_type") == "error":
            return problems.no_answer(*ITSELF["timed out" if _interrupted(output) else "raised"])
    return problems.no_answer(*ITSELF["killed"])


ITSELF = {
    "timed out": ("your code ran longer in it than a cell may.", "it ran too long"),
    "flooded": ("your code put out more in it than a grader reads.", "too much came back"),
    "killed": (f"{SELF_ENDED} while it called your code.", "Python ended in the check"),
    "raised": ("it stopped with an error before your code had returned.", "the check stopped with an error"),
}


def cells_above(check: NotebookNode, nb: NotebookNode, name: str) -> list[Ran]:
    """The code cells that ran before a check, each with the error that it ended with."""
    found = []
    for cell in nb.cells:
        if cell is check:
            break
        if cell.cell_type == "code":
            part = part_of(cell)
            given = part[0] != "answer" and not cell.metadata.get(ADDED)
            found.append(Ran(cell.source, failure_in(cell), part == ("answer", name), given))
    return found


def failure_in(cell: NotebookNode) -> Failure | None:
    """The error that a cell ended with, from its outputs."""
    error = next((o for o in cell.get("outputs", []) if o.get("output_type") == "error"), None)
    if error is None:
        return None
    kind, text = first_line(error.get("ename", ""))[:80], first_line(COLOUR.sub("", str(error.get("evalue", ""))))
    place = SYNTAX_PLACE.search(text)
    if place:
        return Failure(kind, text[: place.start()], int(place[1]))
    return Failure(kind, text, line_of(error))


def line_of(error: NotebookNode) -> int | None:
    """The line of its cell that an error's output names: IPython's traceback begins with it."""
    found = LINE.search(COLOUR.sub("", "\n".join(map(str, error.get("traceback", [])))))
    return int(found[1] or found[2]) if found else None


def _stopped_above(check: NotebookNode, nb: NotebookNode) -> NotebookNode | None:
    for cell in nb.cells:
        if any(output.get("ename") == "KernelStopped" for output in cell.get("outputs", [])):
            return cell
        if cell is check:
            break
    return None


def _ending(cell: NotebookNode) -> str:
    said = " ".join(str(output.get("evalue", "")) for output in cell.get("outputs", []))
    return next((why for why in ENDINGS.values() if why in said), SELF_ENDED)


def _interrupted(output: NotebookNode) -> bool:
    return output.get("ename") in ("KeyboardInterrupt", "CellTimeoutError")

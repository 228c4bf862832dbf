"""The rule "from scratch" under attack, and where it must stay silent: every exercise of every unit, without a kernel.

Each text is judged as a whole notebook is: what its check computed is all right, so that only the rule can take the
points. A forbidden call that the answer rests on, however it is written, costs them; one that only stands somewhere in
the notebook costs nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.check import MIME
from course_lib.judging.from_scratch import GIVEN_ALIASES
from course_lib.judging.outcome import Outcome
from course_lib.judging.reference import Reference
from grader.audit.examine import answers_of
from grader.audit.replay import right_values
from grader.audit.row import HELD, RIGHT_WORK, Row
from grader.audit.trial import Answer
from grader.building.build import scripts
from grader.judging.private import FILE, private_reference
from grader.judging.unanswered import ADDED
from grader.preprocessors.verify_answers import VERDICT, VerifyAnswers
from grader.submissions.samples import MARKER

SECRET = "5ec2e7" * 11


@dataclass(frozen=True)
class Text:
    """The code cells above a check: `write` makes them of the right answer, its name and a forbidden dotted name."""

    name: str
    write: Callable[[str, str, str], Sequence[str]]
    allowed: bool = False
    """Whether the answer does not rest on the forbidden call, so that it keeps its points."""


def _full(dotted: str) -> str:
    first, _, rest = dotted.partition(".")
    full = GIVEN_ALIASES.get(first, first)
    return f"{full}.{rest}" if rest else full


def _alias(answer: str, name: str, dotted: str) -> list[str]:
    module, _, last = _full(dotted).rpartition(".")
    line = f"from {module} import {last} as mine" if module else f"import {last} as mine"
    return [line, _rebound(answer, name, "mine")]


def _rebound(answer: str, name: str, used: str) -> str:
    """The answer, which is bound once more: to something that uses `used` and then does what the answer does."""
    again = f"def {name}(*args, **settings):\n    {used}\n    return _own(*args, **settings)"
    return f"{answer}\n\n\n_own = {name}\n\n\n{again}"


def _as_class(answer: str, name: str, dotted: str) -> list[str]:
    return [
        f"import {_full(dotted).split('.')[0]}",
        f"{answer}\n\n\n_own = {name}\n\n\nclass {name}:\n    helper = {_full(dotted)}\n\n"
        "    def __new__(cls, *args, **settings):\n        return _own(*args, **settings)",
    ]


def _importing(dotted: str) -> str:
    return f"import {_full(dotted).split('.')[0]}"


TEXTS = [
    Text("a forbidden call in the answer", lambda a, n, d: [_importing(d), _rebound(a, n, _full(d))]),
    Text("below a line of IPython", lambda a, n, d: ["%load_ext autoreload\n" + _rebound(a, n, _with_import(d))]),
    Text("in a cell that is timed", lambda a, n, d: ["%%time\n" + _rebound(a, n, _with_import(d))]),
    Text("above a line for the shell", lambda a, n, d: [_rebound(a, n, _with_import(d)) + "\n!echo done"]),
    Text("under another name", _alias),
    Text(
        "by a name that was given to it in another cell",
        lambda a, n, d: [f"{_importing(d)}\nmine = {_full(d)}", _rebound(a, n, "mine")],
    ),
    Text(
        "in a helper of another cell",
        lambda a, n, d: [f"def helper():\n    {_with_import(d)}", _rebound(a, n, "helper()")],
    ),
    Text("in a class", _as_class),
    Text("in the answer, which stands in a new cell", lambda a, n, d: ["", _rebound(a, n, _with_import(d)), "1 + 1"]),
    Text(
        "a scratch cell that asks for help on it",
        lambda a, n, d: [a, f"{_importing(d)}\nhelp({_full(d)})"],
        allowed=True,
    ),
    Text(
        "a scratch cell that compares with it",
        lambda a, n, d: [f"{_importing(d)}\nref = {_full(d)}\nprint(ref)", a],
        allowed=True,
    ),
    Text("every cell copied below itself", lambda a, n, d: [a, a, f"{_importing(d)}\n{_full(d)}"] * 2, allowed=True),
    Text(
        "a comparison below the answer, in its own cell",
        lambda a, n, d: [f"{a}\n\n\n{_importing(d)}\nref = {_full(d)}"],
        allowed=True,
    ),
    Text(
        "an earlier version of the answer used it", lambda a, n, d: [_rebound(a, n, _with_import(d)), a], allowed=True
    ),
    Text("a comment and a text that name it", lambda a, n, d: [f"{a}\n# not {_full(d)}\nnote = '{d}'"], allowed=True),
]


def _with_import(dotted: str) -> str:
    return f"{_importing(dotted)}; {_full(dotted)}"


def run_rules(unit: str | None = None, texts: Sequence[Text] = TEXTS) -> list[Row]:
    """What became of each text with a name that an exercise forbids, for each exercise of one unit or of all."""
    answers = [answer for script in scripts(unit) for answer in answers_of(script) if _is_ruled(answer)]
    found: list[list[str]] = [[] for _ in texts]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(SECRET, encoding="ascii")
        for answer in answers:
            outcomes = _right_outcomes(answer)
            names = answer.exercise.forbidden
            for number, (harms, text) in enumerate(zip(found, texts, strict=True)):  # each with another name
                harms += _harm(answer, names[number % len(names)], text, outcomes, Path(folder))
    return [
        Row(
            f"the rule “from scratch”: {text.name}",
            RIGHT_WORK if text.allowed else "points for a library's work",
            "; ".join(harms) or HELD,
            f"Tried on {len(answers)} exercises.",
        )
        for text, harms in zip(texts, found, strict=True)
    ]


def _is_ruled(answer: Answer) -> bool:
    return bool(answer.exercise.forbidden) and answer.exercise.private_cases is None


def _right_outcomes(answer: Answer) -> list[dict[str, Any]]:
    """What the check of a right answer emits for the private cases."""
    reference: Reference = private_reference(answer.exercise.name, SECRET.encode("ascii"))
    return [Outcome(values=values).to_json() for values in right_values(answer.exercise, reference)]


def _harm(answer: Answer, dotted: str, text: Text, outcomes: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    """What is wrong with the points of one text, in words."""
    name = answer.exercise.name
    cells = [new_code_cell(source) for source in answer.setup]
    own = text.write(MARKER.sub("", answer.source).strip(), name, dotted)
    cells += [_cell(source, "" if place else name) for place, source in enumerate(own)]
    check = _cell(f'check("{name}")', f"check_{name}")
    check.outputs = [new_output("display_data", data={MIME: {"exercise": name, "outcomes": outcomes}})]
    notebook = new_notebook(cells=[*cells, check])
    resources = {
        "nbgrader": {"db_url": f"sqlite:///{folder / 'gradebook.db'}"},
        "metadata": {"path": str(folder), "name": "notebook"},
    }
    VerifyAnswers().preprocess(notebook, resources)
    verdict = check.outputs[0].data[VERDICT]
    if text.allowed and verdict["earned"] < verdict["points"]:
        yield f"{name} lost its points where {dotted} is only named"
    elif not text.allowed and verdict["earned"]:
        yield f"{name} earned {verdict['earned']} points with {dotted}"


def _cell(source: str, name: str) -> NotebookNode:
    cell = new_code_cell(source)
    if name:
        cell.metadata["nbgrader"] = {"grade_id": name, "solution": not name.startswith("check_")}
    else:
        cell.metadata[ADDED] = True  # as a repaired notebook has it
    return cell

"""What an attack is: a submission with something malicious in it, and what it would have done had it come through."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.exercises import exercises_of
from grader.samples import fill, find_cell

if TYPE_CHECKING:
    from grader.audit.attacks.school import Graded, School


@dataclass
class Draft:
    """A learner's notebook to write an attack into. The exercise KEPT is solved; the others wait.

    In code, KEPT, VICTIM and QUIZ stand for the names of the solved exercise, of the one that the attack wants points
    for, and of the quiz; PLACES for a list of folders outside of the sandbox, MARK for a word to leave there, PORT for
    the port of a local server.
    """

    notebook: NotebookNode
    words: dict[str, str]
    links: dict[str, str] = field(default_factory=dict)
    """Links to lie beside the notebook: name, and target in the class's folder."""

    def text(self, code: str) -> str:
        """`code` with the words filled in."""
        for word, value in self.words.items():
            code = code.replace(word, value)
        return code.strip("\n")

    def cell(self, name: str) -> NotebookNode:
        """The cell with a grade_id."""
        return find_cell(self.notebook, self.text(name))

    def answer(self, code: str, name: str = "VICTIM") -> None:
        """Write an answer."""
        self.cell(name).source = self.text(code)

    def add(self, code: str, name: str = "check_VICTIM", after: bool = False) -> None:
        """Add a code cell above (or below) the one with a grade_id."""
        place = self.notebook.cells.index(self.cell(name)) + after
        self.notebook.cells.insert(place, new_code_cell(self.text(code)))

    def add_text(self, markdown: str) -> None:
        """Add a Markdown cell at the end."""
        self.notebook.cells.append(new_markdown_cell(self.text(markdown)))


@dataclass(frozen=True)
class Aftermath:
    """What grading made of one attack."""

    draft: Draft
    graded: Graded
    school: School

    @property
    def outputs(self) -> str:
        """All that the learner gets to read that is not the notebook's own text, pictures aside."""
        texts = []
        for cell in self.graded.notebook.cells:
            texts.append(f"[{cell.get('execution_count')}]")
            for output in cell.get("outputs", []):
                texts += [str(v) for k, v in output.get("data", {}).items() if not k.startswith("image/")]
                texts += [str(output.get(key, "")) for key in ("text", "ename", "evalue", "traceback")]
        return "\n".join(texts)


def none(aftermath: Aftermath) -> str:
    """No other harm than what is always looked for."""
    return ""


@dataclass(frozen=True)
class Attack:
    """`write` puts the attack into a draft; `harm` says what it did besides what is always looked for, or nothing.

    `about` is the exercise whose verdict tells what the grader made of it.
    """

    name: str
    aims_at: str
    write: Callable[[Draft], None]
    harm: Callable[[Aftermath], str] = none
    about: str = "VICTIM"
    neighbours: bool = False
    """Whether it aims at other submissions, so that an honest one follows at once."""
    read: bool = False
    """Whether it aims at who reads: then `./course grade` grades it, too, and its page is looked over."""
    refused: bool = False
    """Whether the right thing to do is not to grade it."""


def answering(name: str, aims_at: str, code: str, harm: Callable[[Aftermath], str] = none) -> Attack:
    """An attack that is an answer."""
    return Attack(name, aims_at, lambda draft: draft.answer(code), harm)


def adding(name: str, aims_at: str, code: str, harm: Callable[[Aftermath], str] = none) -> Attack:
    """An attack that is a cell above the check."""
    return Attack(name, aims_at, lambda draft: draft.add(code), harm)


def draft_of(released: NotebookNode, source: NotebookNode, unit: str, words: dict[str, str]) -> Draft:
    """A fresh draft of a unit that has two functions to write, and a quiz."""
    functions = [e.name for e in exercises_of(unit) if not e.withheld and not e.bonus]
    quizzes = [e.name for e in exercises_of(unit) if e.withheld]
    notebook = _short(fill(released, source, functions[:1]))
    return Draft(notebook, {"VICTIM": functions[1], "KEPT": functions[0], "QUIZ": quizzes[0]} | words)


def honest(released: NotebookNode, source: NotebookNode) -> NotebookNode:
    """A submission that is all right, short like the attacks."""
    return _short(fill(released, source))


def _short(notebook: NotebookNode) -> NotebookNode:
    """Without the texts and experiments, which a learner may delete: they only take time here."""
    short = copy.copy(notebook)
    short.cells = notebook.cells[:1] + [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return short

"""What an attack writes into, what it could reach, and what grading made of it."""

from __future__ import annotations

import contextlib
import copy
import socket
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.exercises import exercises_of
from grader.submissions.samples import fill, find_cell


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
class Graded:
    """What grading made of one submission; `page` is empty where none was made, `beside` names all other files."""

    notebook: NotebookNode
    scores: dict[str, float]
    page: str
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Servers:
    """What the sandbox must not reach: a TCP and a UDP port, and a socket with an abstract name."""

    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket

    def reached(self) -> list[str]:
        """Which of them somebody has reached."""
        found = []
        for name, server in (("TCP", self.tcp), ("abstract", self.abstract)):
            with contextlib.suppress(BlockingIOError):
                server.accept()[0].close()
                found.append(f"a {name} socket")
        with contextlib.suppress(BlockingIOError):
            self.udp.recv(64)
            found.append("a UDP socket")
        return found


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

"""What an attack is: a submission with something malicious in it, and what it would have done had it come through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode

from grader.audit.attacks.draft import Draft, Graded, Servers
from grader.grading.classroom import Classroom


@dataclass(frozen=True)
class Aftermath:
    """What grading made of one attack, and of its class what an attack can have touched."""

    draft: Draft
    graded: Graded
    unit: str
    source: NotebookNode
    room: Classroom
    servers: Servers

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

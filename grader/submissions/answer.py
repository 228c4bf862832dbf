"""Which of a learner's files is the answer: one rule, whatever the files came in.

Never a copy that the machine made: the dated ones that `./course reset` keeps, checkpoints, autosaves. Of the rest,
what is a notebook of the unit by its content, whatever its name. Of several: the one that was worked on; of these the
latest attempt, then the unit's own name, then the highest number behind it. A person is told of every choice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nbformat import NotebookNode

from course_lib.language.editions import mark, told_marks
from grader.preprocessors.recognise import is_answer, plain, worked_on
from grader.preprocessors.repair import grade_id
from grader.submissions.files import FILE_BYTES, File, UnusableError, printable
from grader.submissions.reading import UnreadableError, decode, defining, kind, understand

DATED = re.compile(r"\d\d[_ -][\w -]+[._ -]\d{4}-\d\d-\d\dT\d{6}(?!\d).*", re.S)
"""`UNIT.2026-11-01T101500.ipynb` is what `./course reset` calls the notebook that it replaces."""
MACHINES = re.compile(r"\..*|#.*#|.*~|~\$.*|.*[-.]checkpoint(\W.*)?\.ipynb.*|.*\.(swp|swo|autosave)", re.I | re.S)
"""Autosaves and checkpoints, as editors call them."""
NOTEBOOKS = re.compile(r".+\.ipynb(\W.*)?", re.I | re.S)
LOOKED_AT = 40
"""So many notebooks of one learner are compared, those whose names are nearest to the unit's."""
UNTOUCHED, WRITTEN_IN, WORKED_ON = range(3)


@dataclass(frozen=True)
class Piece:
    """A learner's file."""

    name: str
    """What the learner called it, below their folder or archive."""
    file: File
    attempt: str = ""


@dataclass(frozen=True)
class Answer:
    """The piece to grade with its notes, or the `problem` that there is none."""

    piece: Piece | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""
    candidates: frozenset[str] = frozenset()
    """The names of all that look like notebooks: they do not go along with the answer."""


@dataclass(frozen=True)
class _Seen:
    """A candidate that was looked at."""

    piece: Piece
    level: int = UNTOUCHED
    error: str = ""
    rank: tuple[int, ...] = field(default=())

    @property
    def key(self) -> tuple[int, str, tuple[int, ...]]:
        return self.level, self.piece.attempt, self.rank

    @property
    def told(self) -> str:
        """Its name, with what is wrong with it."""
        name = printable(self.piece.name)
        return f"{name} ({self.error.removeprefix(name).strip()})" if self.error else name


def choose(pieces: Sequence[Piece], unit: str, released: NotebookNode) -> Answer:
    """The answer among a learner's files; `released` is the notebook as it was handed out."""
    copies = [piece for piece in pieces if is_copy(piece.name)]
    candidates = [piece for piece in pieces if not is_copy(piece.name) and is_notebook(piece)]
    candidates.sort(key=lambda piece: ([-number for number in _rank(piece.name, unit)], piece.name))
    names = frozenset(piece.name for piece in [*candidates, *copies])
    if not candidates:
        return Answer(problem=_nothing(pieces, copies, unit), candidates=names)
    if len(candidates) == 1 and not copies and PurePosixPath(candidates[0].name).name == f"{unit}.ipynb":
        return Answer(candidates[0], candidates=names)  # what is wrong with it, reading says
    seen = [look(piece, unit, released) for piece in candidates[:LOOKED_AT]]
    good = [one for one in seen if not one.error]
    if not good:
        if len(candidates) == 1:
            return Answer(problem=f"could not be read: {seen[0].error}", candidates=names)
        told = "; ".join(one.error for one in seen[:4])
        return Answer(problem=f"could not be read: {told}{_more(len(candidates) - 4)}", candidates=names)
    best = max(good, key=lambda one: one.key)  # the first of equals, by name
    notes = [_choice(best, seen, len(candidates), unit), _kept(best, copies, unit, released)]
    return Answer(best.piece, tuple(filter(None, notes)), candidates=names)


def is_copy(name: str) -> bool:
    """Whether a file is a copy that the course, Jupyter or an editor made by itself."""
    path = PurePosixPath(name)
    dated = DATED.fullmatch(path.name) is not None and ".ipynb" in path.name.lower()
    return ".ipynb_checkpoints" in path.parts or dated or MACHINES.fullmatch(path.name) is not None


def is_notebook(piece: Piece) -> bool:
    """Whether a file is called a notebook, or begins as the text of one whatever it is called."""
    if NOTEBOOKS.fullmatch(PurePosixPath(piece.name).name):
        return True
    if piece.file.refused or piece.file.size > FILE_BYTES:
        return False
    head = piece.file.head(4096).replace(b"\0", b"")  # in UTF-16 every second byte is zero
    begin = rb"(\xff\xfe|\xfe\xff|\xef\xbb\xbf)?\s*\{\s*\"(cells|metadata|nbformat|nbformat_minor|worksheets)\""
    return re.match(begin, head) is not None


def look(piece: Piece, unit: str, released: NotebookNode) -> _Seen:
    """What a candidate is worth."""
    rank, name = _rank(piece.name, unit), printable(piece.name)
    try:
        text, _ = decode(piece.file.read(), name)
        notebook, _ = understand(text, name, released)
    except UnusableError as error:
        return _Seen(piece, error=f"{name} {error}", rank=rank)
    except UnreadableError as error:
        return _Seen(piece, error=str(error), rank=rank)
    return _Seen(piece, work_in(notebook, released), rank=rank)


def work_in(notebook: NotebookNode, released: NotebookNode) -> int:
    """Whether an answer was worked on, or at least something was written, or nothing."""
    answers = {grade_id(cell): cell for cell in released.cells if grade_id(cell) and is_answer(cell)}
    handed_out = {plain(cell.source) for cell in released.cells} | {""}
    told = told_marks(notebook)  # prose that the course put there in another language
    own = [
        cell
        for cell in notebook.cells
        if plain(cell.source) not in handed_out and told.get(cell.get("id")) != mark(cell.source)
    ]
    pattern = defining(sorted(answers))
    for cell in own:
        wanted = answers.get(grade_id(cell))
        if wanted is not None and worked_on(cell, wanted) or pattern.search(cell.source):
            return WORKED_ON
    return WRITTEN_IN if own else UNTOUCHED


def _rank(name: str, unit: str) -> tuple[int, ...]:
    """How near a name is to the unit's own: in its folder, the name itself, a number behind it, how deep it lies."""
    path = PurePosixPath(name)
    stem, exact = path.name.partition(".ipynb")[0], path.name == f"{unit}.ipynb"
    alike = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", stem).casefold()).strip("_")
    mine = unit.casefold()
    number = re.fullmatch(rf"{re.escape(mine)}_(\d{{1,6}})", alike)
    steps = (exact, alike == mine, number is not None, alike.startswith(mine), mine in alike, True)
    return int(unit in path.parts[:-1]), -steps.index(True), int(number[1]) if number else 0, -len(path.parts)


def _choice(best: _Seen, seen: list[_Seen], count: int, unit: str) -> str:
    """The sentence about a choice among several; empty where there was none."""
    if count < 2:
        return ""
    good = sorted((one for one in seen if not one.error), key=lambda one: one.key)
    second = good[-2] if len(good) > 1 else None
    others = [one.told for one in seen if one is not best]
    latest = max(one.piece.attempt for one in seen)
    old = " The latest attempt holds no notebook that was worked on." if best.piece.attempt < latest else ""
    return (
        f"Of {count} notebooks, {printable(best.piece.name)} was graded: {_why(best, second, unit)}. "
        f"Not graded: {', '.join(others[:5])}{_more(count - 1 - 5)}.{old}"
    )


def _why(best: _Seen, second: _Seen | None, unit: str) -> str:
    if second is None:
        return "it is the only one of this unit that can be read"
    if best.level > second.level:
        return "it is the only one that was worked on"
    if best.piece.attempt > second.piece.attempt:
        return "it is of the latest attempt"
    reasons = (
        f"it lies in the folder {unit}",
        "its name is nearest to the unit's own",
        "its number is the highest",
        "it lies highest",
    )
    differing = (why for why, mine, other in zip(reasons, best.rank, second.rank, strict=True) if mine != other)
    return next(differing, "it is the first by name")


def _kept(best: _Seen, copies: Sequence[Piece], unit: str, released: NotebookNode) -> str:
    """The sentence about dated copies, which are never graded."""
    dated = [piece for piece in copies if DATED.fullmatch(PurePosixPath(piece.name).name)]
    if not dated:
        return ""
    names = ", ".join(printable(piece.name) for piece in dated[:3]) + _more(len(dated) - 3)
    told = f"Never graded are the copies that ./course reset keeps: {names}."
    if best.level < WORKED_ON and any(look(piece, unit, released).level == WORKED_ON for piece in dated[:LOOKED_AT]):
        told += f" But one of these was worked on, and {printable(best.piece.name)} was not: ask the learner."
    return told


def _nothing(pieces: Sequence[Piece], copies: Sequence[Piece], unit: str) -> str:
    """Why nothing of what there is can be graded; empty where there is nothing."""
    if not pieces:
        return ""
    if copies:
        names = ", ".join(printable(piece.name) for piece in copies[:3]) + _more(len(copies) - 3)
        return f"could not be read: there is no {unit}.ipynb, only copies that the course or an editor made: {names}"
    told = [f"{printable(piece.name)} {_what(piece)}".strip() for piece in pieces[:4]]
    return f"could not be read: there is no {unit}.ipynb; what there is: {', '.join(told)}{_more(len(pieces) - 4)}"


def _what(piece: Piece) -> str:
    if piece.file.refused:
        return f"({piece.file.refused})"
    head = piece.file.head()
    what = kind(head) or ("empty" if not head else "")
    if not what and PurePosixPath(piece.name).suffix.lower() in (".zip", ".tar", ".tgz", ".gz"):
        what = "not an archive, whatever its name says"
    return f"({what})" if what else ""


def _more(count: int) -> str:
    return f", and {count} more" if count > 0 else ""

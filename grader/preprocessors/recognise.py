"""Find the cells of a unit again in a notebook that has been through many hands: by mark, by text, by place."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from nbformat import NotebookNode

from course_lib.cells.sources import defined, parses

ALIKE = 0.6
"""From this share of common text on, two texts are versions of one."""
COMPARED = 2_000
"""So many characters of a text are compared: more says no more."""


@dataclass
class Found:
    """Which cell of a submission is which. `found`: by grade_id, `by_text`: those whose marks were lost.

    `elsewhere`: the answers that stand in another answer's cell, with that cell.
    """

    found: dict[str, NotebookNode] = field(default_factory=dict)
    by_text: list[str] = field(default_factory=list)
    elsewhere: dict[str, NotebookNode] = field(default_factory=dict)

    def has(self, cell: NotebookNode) -> bool:
        """Whether the cell was found to be one of the unit's."""
        return any(cell is mine for mine in self.found.values())


def grade_id(cell: NotebookNode) -> str:
    """The cell's grade_id, or an empty string; tolerates metadata of any shape."""
    metadata = cell.get("metadata", {}).get("nbgrader", {})
    return str(metadata.get("grade_id", "")) if isinstance(metadata, dict) else ""


def is_answer(wanted: NotebookNode) -> bool:
    """Whether a cell of the learner's edition is there to be written in."""
    return bool(wanted.metadata.nbgrader.get("solution"))


@lru_cache(maxsize=8192)
def plain(source: str) -> str:
    """A text without what editors change by themselves: blanks at the ends of lines, empty lines around it."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip("\n")


def worked_on(cell: NotebookNode, wanted: NotebookNode) -> bool:
    """Whether a learner has written something other than what was handed out."""
    return plain(cell.source) not in ("", plain(wanted.source))


def recognise(nb: NotebookNode, released: NotebookNode) -> Found:
    """Find every marked cell of the learner's edition `released` in `nb`; what is not in the result is not there."""
    result = Found()
    handed_out = frozenset(plain(cell.source) for cell in released.cells)
    wanted = [cell for cell in released.cells if grade_id(cell)]
    marked = {
        grade_id(w): _best(same, w) for w in wanted if (same := [c for c in nb.cells if grade_id(c) == grade_id(w)])
    }
    result.found = {name: cell for name, cell in marked.items() if _is_it(cell, name, released)}
    for cell in wanted:
        name = grade_id(cell)
        if name in result.found:
            continue
        free = [c for c in nb.cells if not result.has(c)]
        match = _by_text(cell, free, handed_out)
        if match is None and name not in marked and is_answer(cell):
            match = _by_place(cell, free, nb, released, handed_out) or _by_likeness(cell, free, handed_out)
        if match is not None:
            result.found[name] = match
            if grade_id(match) != name:
                result.by_text.append(name)
    for cell in wanted:
        name, mine = grade_id(cell), marked.get(grade_id(cell))
        if name not in result.found and mine is not None and not result.has(mine):
            result.found[name] = mine
        if is_answer(cell) and cell.cell_type == "code" and not _is_done(result.found.get(name), cell):
            others = [c for c in result.found.values() if _defines(c, cell) and _is_own(c, handed_out)]
            if others:
                result.elsewhere[name] = others[-1]
    return result


def _is_it(cell: NotebookNode, name: str, released: NotebookNode) -> bool:
    """Whether nothing speaks against a cell's mark: an answer should have been worked on, and define what is asked."""
    wanted = next(w for w in released.cells if grade_id(w) == name)
    return not is_answer(wanted) or wanted.cell_type != "code" or _is_done(cell, wanted) and _defines(cell, wanted)


def _is_done(cell: NotebookNode | None, wanted: NotebookNode) -> bool:
    return cell is not None and worked_on(cell, wanted)


def _best(same: list[NotebookNode], wanted: NotebookNode) -> NotebookNode:
    """Of several cells with one mark: one of the right type that was worked on, and of these the last."""
    worked = [c for c in same if worked_on(c, wanted)]
    right = [c for c in worked if c.cell_type == wanted.cell_type and _defines(c, wanted)]
    return (right or worked or same)[-1]


def _by_text(wanted: NotebookNode, free: list[NotebookNode], handed_out: frozenset[str]) -> NotebookNode | None:
    """The last cell that defines what the wanted one should, or else says the same."""
    if is_answer(wanted) and wanted.cell_type == "code":
        defining = [c for c in free if _defines(c, wanted) and _is_own(c, handed_out)]
        code = [c for c in defining if c.cell_type == "code"]
        if defining:
            return (code or defining)[-1]
    same = [c for c in free if plain(c.source) == plain(wanted.source)]
    return same[-1] if same else None


def _by_place(
    wanted: NotebookNode, free: list[NotebookNode], nb: NotebookNode, released: NotebookNode, handed_out: frozenset[str]
) -> NotebookNode | None:
    """The learner's own cell that stands where the wanted one stood: right below the cell above it, or above the next.

    A reflection has no text in common with what was handed out. The learner's only text is known to be it.
    """
    at = next(i for i, cell in enumerate(released.cells) if cell is wanted)
    for step in (-1, 1):
        if not 0 <= at + step < len(released.cells):
            continue
        neighbour = plain(released.cells[at + step].source)
        places = [i for i, cell in enumerate(nb.cells) if plain(cell.source) == neighbour]
        for cell in nb.cells[places[-1] - step :: -step] if places and places[-1] >= step else ():
            if not plain(cell.source):
                continue
            if any(cell is one for one in free) and _is_own(cell, handed_out) and _could_be(cell, wanted):
                return cell
            break
    own = [
        c for c in free if _is_own(c, handed_out) and c.cell_type == wanted.cell_type == "markdown" and plain(c.source)
    ]
    return own[0] if len(own) == 1 else None


def _could_be(cell: NotebookNode, wanted: NotebookNode) -> bool:
    return cell.cell_type == wanted.cell_type or cell.cell_type == "raw" or wanted.cell_type == "markdown"


def _by_likeness(wanted: NotebookNode, free: list[NotebookNode], handed_out: frozenset[str]) -> NotebookNode | None:
    """The learner's own cell whose text is most like the wanted one's, if it is like it at all."""
    best: tuple[float, NotebookNode | None] = (ALIKE, None)
    for cell in free:
        if _is_own(cell, handed_out) and (alike := likeness(cell.source, wanted.source)) > best[0]:
            best = (alike, cell)
    return best[1]


def likeness(one: str, other: str) -> float:
    """The share of two texts that their words have in common, from 0 to 1; a long word counts more than a bracket."""
    a, b = _words(one[:COMPARED]), _words(other[:COMPARED])
    common = sum(len(word) * count for word, count in (a & b).items())
    return 2 * common / max(sum(len(word) * count for word, count in (*a.items(), *b.items())), 1)


@lru_cache(maxsize=4096)
def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+|[^\w\s]", text))


def _is_own(cell: NotebookNode, handed_out: frozenset[str]) -> bool:
    return plain(cell.source) not in handed_out


def _defines(cell: NotebookNode, wanted: NotebookNode) -> bool:
    """Whether a cell defines all that the wanted answer defines; true for a text, which defines nothing."""
    if wanted.cell_type != "code":
        return True
    names = defined(wanted.source)
    if not names:
        return False
    if defined(cell.source) >= names:
        return True
    if parses(cell.source):
        return False
    return all(re.search(rf"^(def|class)\s+{name}\b|^{name}\s*[:=]", cell.source, re.M) for name in names)

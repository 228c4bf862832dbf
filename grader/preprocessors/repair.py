"""Bring a damaged submission back into the form that nbgrader grades, and say what was done.

nbgrader aborts on a duplicated or split cell and gives zero for a lost one. Here every graded cell of the learner's
edition is found again; what is lost is put back; nothing that a learner wrote is thrown away.
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from course_lib.cells.sources import defined, parses
from course_lib.errors import CourseError
from course_lib.language.catalogues import changed
from course_lib.language.choice import ENGLISH, languages
from course_lib.language.editions import KEY, catalogue_of, edition, language_of, note, prose, source_of
from course_lib.workspace import locales
from grader.judging.unanswered import ADDED
from grader.preprocessors.lighten import MOST_CELLS, MOST_CODE, lighten, weight
from grader.preprocessors.recognise import (
    Found,
    grade_id,
    is_answer,
    plain,
    recognise,
    worked_on,
)

__all__ = ["HEADING", "Repair", "grade_id", "repair"]

HEADING = "**Repaired before grading**"


class Repair(NbGraderPreprocessor):
    """The first change in autograding; the released notebook is what it repairs towards."""

    release_directory = Unicode("notebooks", help="Where the learner's editions are.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        where = resources["nbgrader"]
        path = Path(self.release_directory) / where["assignment"] / f"{where['notebook']}.ipynb"
        if not path.is_file():
            raise CourseError(
                f"{path} is missing: release the unit (./course build, or Create Assignment) and try again."
            )
        released = _released(path.read_text(encoding="utf-8"))
        _plain_sources(nb)
        released, done = as_handed_out(nb, released, where["notebook"])
        done += lighten(nb, released)
        cells, characters = weight(nb)
        if cells > MOST_CELLS or characters > MOST_CODE:
            raise CourseError(
                f"{where['notebook']} has {cells:,} cells of code with {characters:,} characters; {MOST_CELLS:,} and "
                f"{MOST_CODE:,} are the most that is graded."
            )
        done += repair(nb, released)
        if done:
            for sentence in done:
                self.log.warning("Repaired %s of %s: %s", where["notebook"], where["student"], sentence)
            lines = "\n".join(f"- {sentence}" for sentence in done)
            nb.cells.insert(0, new_markdown_cell(f"{HEADING}\n\n{lines}", id="course-repairs"))
            _unique_ids(nb)
        resources["course_repairs"] = done
        return nb, resources


@lru_cache(maxsize=2)
def _released(text: str) -> NotebookNode:
    """The learner's edition, the same for a whole class: nothing may be changed in it."""
    return nbformat.reads(text, as_version=4)


@lru_cache(maxsize=16)
def _edition(english: str, unit: str, language: str, folder: Path, stamp: int) -> NotebookNode:
    """The learner's edition in a language, the same for a whole class: nothing may be changed in it.

    stamp: another one where a catalogue has changed. Raises `CourseError` where the catalogue cannot be read.
    """
    told: NotebookNode = nbformat.from_dict(edition(json.loads(english), unit, language, folder))
    return told


def as_handed_out(nb: NotebookNode, released: NotebookNode, unit: str) -> tuple[NotebookNode, list[str]]:
    """The learner's edition that a submission was made from, in its language, and what had to be said about that.

    A submission says its language; where it does not, its prose does. Code, marks and points are the same in all.
    """
    said = language_of(nb)
    known = languages(locales())
    if said not in known:
        done = [f"The notebook says that it is in the language {said[:20]!r}, which the course does not have."]
        nb.metadata.pop(KEY, None)
    else:
        done = []
    best, most, text = released, -1, json.dumps(released)
    for language in dict.fromkeys((said if said in known else ENGLISH, *known)):
        try:
            told = _edition(text, unit, language, locales(), changed(catalogue_of(locales(), language, unit)))
        except CourseError as error:  # a translator's fault is no learner's
            done += [f"The texts were compared with the English ones: {error}"] if language == said else []
            continue
        alike = _alike(nb, told)
        if alike > most:
            best, most = told, alike
    if language_of(best) != language_of(nb):
        note(nb, language_of(best))
    return best, done


def _alike(nb: NotebookNode, told: dict[str, Any]) -> int:
    """How many of an edition's cells of prose stand in a notebook as they were handed out."""
    mine = {plain(cell.source) for cell in nb.cells if cell.cell_type == "markdown"}
    return sum(plain(source_of(cell)) in mine for cell in prose(told))


def repair(nb: NotebookNode, released: NotebookNode) -> list[str]:
    """Repair `nb` in place towards `released`; returns one sentence for each thing done."""
    done: list[str] = []
    wanted = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
    _tidy(nb)
    if nb.cells and nb.cells[0].source.startswith(HEADING):
        done.append("The notebook began with a text that looks like this report; it is the learner's own, and stays.")
    _free_locked(nb, released, wanted, done)
    _join_split(nb, wanted, done)
    result = recognise(nb, released)
    if result.by_text:
        names = _listed(result.by_text)
        done.append(f"No mark for grading was found for {names}: recognised by text and place.")
    _sort_out_others(nb, wanted, result, done)
    _restore(nb, released, wanted, result, done)
    for name, cell in wanted.items():
        _dress(result.found[name], cell, done)
    _order(nb, wanted, result, done)
    handed_out = {plain(cell.source) for cell in released.cells}
    for cell in nb.cells:
        if "nbgrader" not in cell.metadata and plain(cell.source) not in handed_out:
            cell.metadata[ADDED] = True
    _unique_ids(nb)
    return done


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plain_sources(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if isinstance(cell.source, list):
            cell.source = "".join(map(str, cell.source))
        cell.source = cell.source.replace("\r\n", "\n").replace("\r", "\n")


def _tidy(nb: NotebookNode) -> None:
    """Sources are texts with plain line ends, marks are dicts with a grade_id or not there."""
    _plain_sources(nb)
    for cell in nb.cells:
        cell.metadata.pop(ADDED, None)
        if not grade_id(cell):
            cell.metadata.pop("nbgrader", None)


def _free_locked(nb: NotebookNode, released: NotebookNode, wanted: dict[str, NotebookNode], done: list[str]) -> None:
    """What a learner wrote into a locked cell moves into a cell of its own above: nbgrader would overwrite it."""
    handed_out = {plain(cell.source) for cell in released.cells}
    for cell in list(nb.cells):
        name = grade_id(cell)
        if name not in wanted or is_answer(wanted[name]) or not worked_on(cell, wanted[name]):
            continue
        if plain(cell.source) in handed_out:  # a mark that has come to another cell
            del cell.metadata["nbgrader"]
            continue
        make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
        kept = make(cell.source, id=f"kept-{name}"[:60])  # no id by chance: grading gives the same file every time
        nb.cells.insert(_index(nb, cell), kept)
        cell.source = wanted[name].source
        done.append(f"{name} is a locked cell and was changed; what was written in it stands in a cell above it now.")


def _join_split(nb: NotebookNode, wanted: dict[str, NotebookNode], done: list[str]) -> None:
    """Join the pieces of an answer that are Python only together."""
    answers = {n: defined(cell.source) for n, cell in wanted.items() if is_answer(cell) and cell.cell_type == "code"}
    for cell in list(nb.cells):
        for _ in range(4):
            rest = _following_code(nb, cell)
            if rest is None or _stands_alone(cell.source) and _stands_alone(rest.source):
                break
            whole = f"{cell.source.rstrip()}\n{rest.source}"
            marks = {grade_id(cell), grade_id(rest)} - {""}
            names = [n for n, needed in answers.items() if needed and defined(whole) >= needed]
            if not names or len(marks) > 1 or not marks <= answers.keys():
                break
            cell.source = whole
            if grade_id(rest):
                cell.metadata["nbgrader"] = rest.metadata.nbgrader
            nb.cells.pop(_index(nb, rest))
            done.append(f"{names[0]} had been split and was joined again.")


def _stands_alone(source: str) -> bool:
    """Whether a text is a cell of its own; IPython would run an indented piece, too, and not as what it was."""
    first = next((line for line in source.splitlines() if line.strip()), "")
    return parses(source) and not first[:1].isspace()


def _following_code(nb: NotebookNode, cell: NotebookNode) -> NotebookNode | None:
    """The next cell with anything in it, if it is code, and `cell` is, too."""
    if cell.cell_type != "code" or not any(cell is one for one in nb.cells):
        return None
    below = (c for c in nb.cells[_index(nb, cell) + 1 :] if c.source.strip())
    found = next(below, None)
    return found if found is not None and found.cell_type == "code" else None


def _sort_out_others(nb: NotebookNode, wanted: dict[str, NotebookNode], result: Found, done: list[str]) -> None:
    """Every other cell loses its marks, which nbgrader would grade or refuse; untouched copies are left out.

    An untouched copy of an answer would undo the answer when it is run.
    """
    copies: dict[str, int] = {}
    kept: dict[str, int] = {}
    stubs = {plain(cell.source): name for name, cell in wanted.items() if is_answer(cell) and cell.cell_type == "code"}
    for cell in list(nb.cells):
        if result.has(cell):
            continue
        name = grade_id(cell) if grade_id(cell) in wanted else stubs.get(plain(cell.source), "")
        if name and plain(cell.source) in ("", plain(wanted[name].source)):
            nb.cells.pop(_index(nb, cell))
            copies[name] = copies.get(name, 0) + 1
        elif name and grade_id(cell):
            kept[name] = kept.get(name, 0) + 1
        cell.metadata.pop("nbgrader", None)
    for name in copies:
        done.append(f"{name} was there {copies[name] + 1} times; an untouched copy was left out.")
    for name in kept:
        done.append(f"{name} was there {kept[name] + 1} times; one was graded, the others are plain cells now.")


def _restore(
    nb: NotebookNode, released: NotebookNode, wanted: dict[str, NotebookNode], result: Found, done: list[str]
) -> None:
    """Put what is missing back where it stood: below the nearest cell above it that is still there."""
    for name, cell in wanted.items():
        if name in result.elsewhere:
            done.append(_refer(nb, released, cell, result))
        if name in result.found:
            continue
        result.found[name] = copy.deepcopy(cell)
        nb.cells.insert(_place(nb, released, cell, result), result.found[name])
        done.append(f"{name} was missing and was put back as it was handed out.")


def _place(nb: NotebookNode, released: NotebookNode, wanted: NotebookNode, result: Found) -> int:
    texts = {plain(cell.source): i for i, cell in enumerate(nb.cells) if not result.has(cell)}
    for above in reversed(released.cells[: _index(released, wanted)]):
        if grade_id(above) in result.found:
            return _index(nb, result.found[grade_id(above)]) + 1
        if plain(above.source) and plain(above.source) in texts:
            return texts[plain(above.source)] + 1
    return 0


def _refer(nb: NotebookNode, released: NotebookNode, wanted: NotebookNode, result: Found) -> str:
    """An answer that stands in another answer's cell: a stub of its own would undo it."""
    name = grade_id(wanted)
    if name not in result.found:
        cell = copy.deepcopy(wanted)
        nb.cells.insert(_place(nb, released, wanted, result), cell)
        result.found[name] = cell
    result.found[name].source = f"# {name} stands in another cell."
    other = next(key for key, cell in result.found.items() if cell is result.elsewhere[name])
    return f"{name} was found in the cell of {other}."


def _dress(cell: NotebookNode, wanted: NotebookNode, done: list[str]) -> None:
    """Give a cell its type and nbgrader's metadata again."""
    if cell.cell_type != wanted.cell_type:
        done.append(
            f"{grade_id(wanted)} had become a {cell.cell_type} cell and was made a {wanted.cell_type} cell again."
        )
        cell.cell_type = wanted.cell_type
        if wanted.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.pop("attachments", None)
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    cell.metadata["nbgrader"] = copy.deepcopy(wanted.metadata.nbgrader)


def _order(nb: NotebookNode, wanted: dict[str, NotebookNode], result: Found, done: list[str]) -> None:
    """What is given comes before all that was below it, a check after its answer. The rest stays where it is."""
    names = list(wanted)
    for place, name in enumerate(names):
        cell, exercise = result.found[name], name.removeprefix("check_")
        if not is_answer(wanted[name]) and exercise == name:
            first = min(
                (result.found[other] for other in names[place + 1 :]), key=lambda c: _index(nb, c), default=cell
            )
            moved = _move(nb, cell, first, above=True)
        else:
            homes = [c for c in (result.found.get(exercise), result.elsewhere.get(exercise)) if c is not None]
            last = max(homes, key=lambda c: _index(nb, c), default=cell)
            moved = _move(nb, cell, last, above=False)
        if moved:
            done.append(f"{name} stood in the wrong place and was moved.")


def _move(nb: NotebookNode, cell: NotebookNode, other: NotebookNode, above: bool) -> bool:
    """Move a cell right above (or below) another one, unless it stands anywhere above (or below) it already."""
    if cell is other or (_index(nb, cell) < _index(nb, other)) == above:
        return False
    nb.cells.pop(_index(nb, cell))
    nb.cells.insert(_index(nb, other) + (not above), cell)
    return True


def _index(nb: NotebookNode, cell: NotebookNode) -> int:
    """The position of this very cell: two cells can be equal."""
    return next(i for i, one in enumerate(nb.cells) if one is cell)


def _unique_ids(nb: NotebookNode) -> None:
    """Cell ids that are there and differ, as nbformat 4.5 wants them."""
    seen: set[str] = set()
    for index, cell in enumerate(nb.cells):
        if (nb.nbformat, nb.nbformat_minor) < (4, 5):
            cell.pop("id", None)
            continue
        name = str(cell.get("id") or f"cell-{index}")
        while name in seen:
            name = f"{name[:50]}-{index}"
        seen.add(name)
        cell["id"] = name

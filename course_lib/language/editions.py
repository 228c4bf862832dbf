"""A unit's notebook in another language: the English one, cell by cell, with its prose told by a catalogue.

Cells, ids, code and metadata are those of the English notebook, so that nothing about points or checks can differ.
A reflection's cell is the learner's to write in and stays as it is.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.language.blocks import translated
from course_lib.language.catalogues import translations
from course_lib.language.choice import ENGLISH, languages

KEY = "optimization_course"
"""In a notebook's metadata: its language, and marks of the prose that was put there."""

Notebook = dict[str, Any]


def edition(english: Notebook, unit: str, language: str, locales: Path) -> Notebook:
    """The learner's notebook of a unit in a language; the English one itself is left as it is.

    Raises `CourseError` where the catalogue cannot be read.
    """
    told = copy.deepcopy(english)
    if language == ENGLISH:
        return told
    known = translations(catalogue_of(locales, language, unit)).get(unit, {})
    for cell in prose(told):
        put_source(cell, translated(source_of(cell), known.get))
    note(told, language)
    return told


def catalogue_of(locales: Path, language: str, unit: str) -> Path:
    """The file with a unit's texts in a language; there is none for English."""
    return locales / language / "units" / f"{unit}.po"


def retold(mine: Notebook, english: Notebook, unit: str, language: str, locales: Path) -> bool:
    """Bring the prose of a learner's own notebook into a language, in place; whether anything changed.

    A cell changes only if it is as the course put it there, in whichever language: what a learner wrote stays.
    """
    wanted = {cell["id"]: cell for cell in prose(edition(english, unit, language, locales))}
    handed_out = {cell["id"]: {_plain(source_of(cell))} for cell in prose(english)}
    before = language_of(mine)
    marks = told_marks(mine)
    changed = before != language
    for cell in prose(mine):
        name = str(cell.get("id"))
        if name not in wanted:
            continue
        text = source_of(cell)
        if _plain(text) in handed_out[name] or marks.get(name) == mark(text):
            new = source_of(wanted[name])
            changed |= new != text
            put_source(cell, new)
    if changed:
        note(mine, language)
    return changed


def language_of(notebook: Notebook) -> str:
    """The language that a notebook says it is in; English where it says none, or nothing that can be one."""
    said = notebook.get("metadata", {})
    said = said.get(KEY, {}) if isinstance(said, dict) else {}
    language = said.get("language") if isinstance(said, dict) else None
    return language if isinstance(language, str) else ENGLISH


def spoken(notebook: Notebook, locales: Path) -> str:
    """The language in which a notebook is answered: its own, or English where the course does not speak that."""
    language = language_of(notebook)
    return language if language in languages(locales) else ENGLISH


def told_marks(notebook: Notebook) -> dict[str, str]:
    """Of each cell whose prose the course put there, the mark of it."""
    said = notebook.get("metadata", {}).get(KEY, {})
    marks = said.get("told", {}) if isinstance(said, dict) else {}
    return marks if isinstance(marks, dict) else {}


def note(notebook: Notebook, language: str) -> None:
    """Write into a notebook which language its prose is in; nothing for English, as it is handed out."""
    metadata = notebook.setdefault("metadata", {})
    if language == ENGLISH:
        metadata.pop(KEY, None)
        return
    marks = {cell["id"]: mark(source_of(cell)) for cell in prose(notebook) if "id" in cell}
    metadata[KEY] = {"language": language, "told": marks}


def prose(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """The cells of text that are the course's: all but those that are there to be written in."""
    for cell in notebook.get("cells", []):
        marks = cell.get("metadata", {}).get("nbgrader", {})
        mine = isinstance(marks, dict) and marks.get("solution")
        if cell.get("cell_type") == "markdown" and not mine:
            yield cell


def source_of(cell: dict[str, Any]) -> str:
    """A cell's text, whichever of the two ways of writing it down the file has."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def put_source(cell: dict[str, Any], text: str) -> None:
    """Give a cell another text, written down as its old one was."""
    cell["source"] = text.splitlines(keepends=True) if isinstance(cell.get("source"), list) else text


def mark(text: str) -> str:
    """Twelve digits by which a text is known again, whatever an editor did to the blanks at the ends of its lines."""
    return hashlib.sha256(_plain(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def loads(data: bytes) -> Notebook | None:
    """A notebook from the bytes of its file; None for what is none."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    cells = found.get("cells") if isinstance(found, dict) else None
    return found if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells) else None


def dumps(notebook: Notebook) -> bytes:
    """The bytes of a notebook's file, as nbformat writes them."""
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")

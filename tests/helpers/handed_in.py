"""What the tests of `grader.submissions` share: notebooks by how much was done, folders and zip files of them."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path

import nbformat
from helpers.submissions import MINE, UNIT, released, right
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.submissions.gather import Arrivals, gather
from grader.submissions.samples import find_cell

BLANK_NOTEBOOK = released()
RIGHT = nbformat.writes(right()).encode()
BLANK = nbformat.writes(BLANK_NOTEBOOK).encode()
DATED = f"{UNIT}.2026-11-01T101500.ipynb"
"""What `./course reset` calls the notebook that it keeps."""


def _other() -> bytes:
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell("1 + 1", id="one")])
    return nbformat.writes(notebook).encode()


def _scratch_only() -> bytes:
    notebook = copy.deepcopy(BLANK_NOTEBOOK)
    notebook.cells.append(new_code_cell("print('hello')", id="scratch"))
    return nbformat.writes(notebook).encode()


def tagged(word: str, done: bool = True) -> bytes:
    """A notebook that can be told from others by a word in it; right, or untouched but for the word in its metadata."""
    notebook = copy.deepcopy(right() if done else BLANK_NOTEBOOK)
    notebook.metadata["word"] = word
    return nbformat.writes(notebook).encode()


def one_answer(word: str) -> bytes:
    """A notebook with one answer begun and nothing else."""
    notebook = copy.deepcopy(BLANK_NOTEBOOK)
    find_cell(notebook, MINE[0].name).source += f"\n# {word}"
    notebook.metadata["word"] = word
    return nbformat.writes(notebook).encode()


OTHER, SCRATCH_ONLY = _other(), _scratch_only()


def zip_bytes(files: dict) -> bytes:
    """A zip file of these names and contents; a name may also be a `ZipInfo`."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def zipped(path: Path, files: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zip_bytes(files))
    return path


def put(folder: Path, files: dict) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return folder


def from_zip(tmp_path: Path, files: dict, roster: dict | None = None) -> Arrivals:
    return gather(zipped(tmp_path / "class.zip", files), UNIT, tmp_path / "scratch", BLANK_NOTEBOOK, roster)


def from_folder(tmp_path: Path, files: dict, roster: dict | None = None) -> Arrivals:
    return gather(put(tmp_path / "inbox", files), UNIT, tmp_path / "scratch", BLANK_NOTEBOOK, roster)


def one(found: Arrivals):
    """The only submission; nothing else came."""
    assert found.unknown == {}
    (submission,) = found.submissions
    return submission


def words(found: Arrivals) -> dict[str, str]:
    """The word of each learner's notebook that is graded, or the problem."""
    return {s.student: s.problem or _word(s.notebook) for s in found.submissions}


def _word(path: Path | None) -> str:
    return json.loads(path.read_bytes())["metadata"].get("word", "") if path else "(nothing)"


def with_line(line: str, word: str = "x") -> bytes:
    """The unit's notebook, `tagged` with the word, and with a text cell that has a line."""
    notebook = nbformat.reads(tagged(word).decode(), as_version=4)
    notebook.cells.insert(1, new_markdown_cell(f"# Us\n\n{line}\n"))
    return nbformat.writes(notebook).encode()

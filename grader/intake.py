"""What was handed in: find it, and read it without trusting it.

Whatever cannot be graded is said in a sentence with the student's name, and the rest of the class goes on. The files
that were handed in are only ever read.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize
from nbgrader.utils import parse_utc

from course_lib.errors import CourseError
from grader.preprocessors.repair import grade_id


class UnreadableError(Exception):
    """A submission that is not a notebook of the unit; the text completes "could not be read: ..."."""


@dataclass(frozen=True)
class Submission:
    """One student's folder. `notebook` is None when nothing was handed in for the unit."""

    student: str
    unit: str
    notebook: Path | None
    timestamp: Path
    extra: Path | None = None
    """The folder whose other files go along (a picture in a text cell, data), where it is the unit's alone."""
    origin: str = ""
    """The file of a learning platform that it came as."""
    note: str = ""
    """What a person should know about how it came."""

    def fingerprint(self) -> str:
        """What tells two submissions apart: a hash over everything that was handed in."""
        digest = hashlib.sha256()
        for path in [*self._files(), self.timestamp]:
            if path.is_file() and not path.is_symlink():
                digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _files(self) -> list[Path]:
        return sorted(self.extra.rglob("*")) if self.extra else [self.notebook] if self.notebook else []

    def moment(self) -> tuple[str, str]:
        """The timestamp's text, and a sentence about a timestamp that cannot be read."""
        if not self.timestamp.is_file():
            return "", ""
        try:
            text = self.timestamp.read_text(encoding="utf-8-sig").strip()
            parse_utc(text)
        except (ValueError, OverflowError, OSError):
            return "", "Its timestamp.txt could not be read, so nothing says whether it was late."
        return text, ""


def find_submissions(directory: Path, unit: str) -> list[Submission]:
    """Everyone's submission, in the order of their names: `DIR/STUDENT/UNIT/UNIT.ipynb` or `DIR/STUDENT/UNIT.ipynb`."""
    if not directory.is_dir():
        raise CourseError(
            f"There is no folder {directory}. Put each notebook into {directory}/STUDENT/{unit}/{unit}.ipynb, "
            "or name another folder with --submissions."
        )
    students = [p for p in sorted(directory.iterdir()) if p.is_dir() and not p.name.startswith((".", "__"))]
    if not students:
        raise CourseError(
            f"{directory} holds no student's folder. It should hold STUDENT/{unit}/{unit}.ipynb for each."
        )
    return [submission_in(folder, unit) for folder in students]


def submission_in(folder: Path, unit: str) -> Submission:
    """The submission in a student's folder."""
    name = f"{unit}.ipynb"
    nested, flat = folder / unit, folder / name
    if nested.is_dir() and ((nested / name).exists() or not flat.exists()):
        return Submission(folder.name, unit, nested / name, nested / "timestamp.txt", nested)
    if flat.exists():
        return Submission(folder.name, unit, flat, folder / "timestamp.txt")
    return Submission(folder.name, unit, None, folder / "timestamp.txt")


def read(path: Path, released: NotebookNode) -> tuple[NotebookNode, str]:
    """The notebook in today's format, without outputs, and a note on what had to be done for that.

    Raises `UnreadableError` for what is missing, empty, damaged, or not a notebook of the unit `released`.
    """
    return understand(read_text(path), path.name, released)


def understand(text: str, name: str, released: NotebookNode) -> tuple[NotebookNode, str]:
    """As `read`, from the text of the file `name`."""
    data = _json(text, name)
    if not isinstance(data, dict) or not isinstance(data.get("cells", data.get("worksheets")), list):
        raise UnreadableError(f"{name} is not a Jupyter notebook")
    version = data.get("nbformat")
    if not isinstance(version, int) or version > nbformat.current_nbformat:
        raise UnreadableError(f"{name} has the notebook format {version!r}, which is unknown here")
    notebook = _upgraded(text, name)
    if not _belongs(notebook, released):
        raise UnreadableError(f"{name} is another notebook: it has none of this unit's exercises")
    return notebook, f"Its old notebook format ({version}) was converted." if version < 4 else ""


def read_text(path: Path) -> str:
    """The text of the file. Raises `UnreadableError` for what is no file, a link, empty or not text."""
    if not path.is_file():
        others = sorted(p.name for p in path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
        hint = f" (there is {', '.join(others[:3])}: was it renamed?)" if others else ""
        raise UnreadableError(f"there is no {path.name}{hint}")
    if path.is_symlink():  # it could name the solution, or a neighbour's notebook
        raise UnreadableError(f"{path.name} is a link, not a file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"{path.name} is not text (a zip file, or another program's format?)") from None
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be opened ({error.strerror})") from None
    if not text.strip():
        raise UnreadableError(f"{path.name} is empty")
    return text


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos == 0 and len(text) > 8:  # a login page that was saved in its place, for instance
            raise UnreadableError(f"{name} is not a notebook: it begins with {text[:16]!r}") from None
        if error.pos >= len(text.rstrip()) - 8 or error.msg.startswith("Unterminated"):
            raise UnreadableError(f"{name} breaks off in line {error.lineno} (an interrupted upload?)") from None
        raise UnreadableError(f"{name} is damaged in line {error.lineno} ({error.msg})") from None
    except (ValueError, RecursionError):
        raise UnreadableError(f"{name} is damaged (no notebook has such numbers or such nesting)") from None


def _upgraded(text: str, name: str) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(text, as_version=4)
            for cell in notebook.cells:
                if cell.cell_type == "code":  # grading starts without outputs, and damaged ones are no reason to fail
                    cell.outputs, cell.execution_count = [], None
            _, notebook = normalize(notebook)  # cell ids that are there and differ
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode("utf-8")
    except Exception as error:  # nbformat's converters raise whatever a damaged cell makes them
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UnreadableError(f"{name} is not a valid notebook ({reason})") from None
    return notebook


def _belongs(notebook: NotebookNode, released: NotebookNode) -> bool:
    """Whether any cell is one of the unit's: by its mark, or where the marks are lost by a check or a definition."""
    wanted = [cell for cell in released.cells if cell.cell_type == "code" and not _only_given(cell)]
    names = {name.removeprefix("check_") for name in map(grade_id, wanted)}
    if any(grade_id(cell) in {grade_id(c) for c in wanted} for cell in notebook.cells):
        return True
    either = "|".join(map(re.escape, sorted(names)))
    pattern = re.compile(rf"^(def|class)\s+({either})\b|^({either})\s*=|\bcheck\(\s*[\"']({either})[\"']", re.M)
    return any(pattern.search(cell.source) for cell in notebook.cells)


def _only_given(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return not (marks.get("grade") or marks.get("solution"))


def files_beside(submission: Submission) -> dict[str, Path]:
    """The other files that were handed in, by their name below the submission's folder.

    Links are not followed: one could name any file of yours, and what lies here comes back with the feedback.
    """
    found = {}
    for path in sorted(submission.extra.rglob("*")) if submission.extra else []:
        inside = path.relative_to(submission.extra) if submission.extra else path
        linked = any(part.is_symlink() for part in (path, *path.parents[: len(inside.parts)]))
        if path.is_file() and not linked and path.suffix != ".ipynb" and path != submission.timestamp:
            found[inside.as_posix()] = path
    return found

"""Where nbgrader keeps what was graded: `autograded/STUDENT/UNIT/` and `feedback/STUDENT/UNIT/`, written as it does.

A folder appears whole or not at all: it is made beside, and then renamed.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from nbgrader import utils
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.submissions.submission import SECRET, Submission


class Files:
    """The class's folders for one unit."""

    def __init__(self, config: Config, unit: str, scratch: Path) -> None:
        """scratch: a folder on the same file system, where things are made before they are put in place."""
        self.unit, self._scratch = unit, scratch
        self._course = CourseDirectory(config=config)
        self._ignored = [*self._course.ignore, "*.ipynb"]
        self._autograde = Autograde(coursedir=self._course, config=config)
        self._feedback = GenerateFeedback(coursedir=self._course, config=config)
        # Kept in the source folder for everybody: data, pictures. Here as in nbgrader, they win over the learner's.
        self._given = self._other_files(self._folder(self._course.source_directory, "."))

    def graded(self, student: str) -> Path:
        """The graded notebook."""
        return self._folder(self._course.autograded_directory, student) / f"{self.unit}.ipynb"

    def page(self, student: str) -> Path:
        """The feedback page."""
        return self._folder(self._course.feedback_directory, student) / f"{self.unit}.html"

    def beside(self, submission: Submission) -> dict[str, Path]:
        """The files that go along with a submission's notebook, by their name there."""
        mine = {name: path for name, path in submission.beside.items() if not path.is_symlink()}
        return {name: path for name, path in mine.items() if self._goes_along(name)} | self._given

    def put_graded(self, submission: Submission, notebook: str) -> None:
        """Write a graded notebook, and what lies beside it, over what was there."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            fresh = Path(scratch) / self.unit
            _copy(self.beside(submission), fresh)
            if submission.moment.text:
                (fresh / "timestamp.txt").write_text(f"{submission.moment.text}\n", encoding="utf-8")
            if submission.by:
                (fresh / SECRET).write_text(self._own_secret(submission.student), encoding="utf-8")
            (fresh / f"{self.unit}.ipynb").write_text(notebook, encoding="utf-8")
            replace_folder(self.graded(submission.student).parent, fresh)
        self._autograde.set_permissions(self.unit, submission.student)

    def put_page(self, student: str, page: str) -> None:
        """Write a feedback page, and what lies beside the graded notebook, over what was there."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            fresh = Path(scratch) / self.unit
            _copy(self._other_files(self.graded(student).parent), fresh)
            (fresh / f"{self.unit}.html").write_text(page, encoding="utf-8")
            replace_folder(self.page(student).parent, fresh)
        self._feedback.set_permissions(self.unit, student)

    def _own_secret(self, student: str) -> str:
        """The secret of what the student handed in to an exchange; else one that nobody knows.

        nbgrader's `release_feedback` stops at a page without; and with another's it would overwrite their page.
        """
        own = self._folder(self._course.submitted_directory, student) / SECRET
        if own.is_file() and not own.is_symlink():
            return own.read_text(encoding="utf-8", errors="replace")
        return secrets.token_hex(64)

    def _other_files(self, folder: Path) -> dict[str, Path]:
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return {name: path for name, path in found.items() if self._goes_along(name)}

    def _goes_along(self, name: str) -> bool:
        return not any(fnmatch(part, pattern) for part in Path(name).parts for pattern in self._ignored)

    def _folder(self, step: str, student: str) -> Path:
        return Path(self._course.format_path(step, student, self.unit))


def _copy(files: dict[str, Path], folder: Path) -> None:
    folder.mkdir()
    for name, path in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def replace_folder(folder: Path, fresh: Path) -> None:
    """Put a folder that was made beside in another's place."""
    if folder.exists():
        utils.rmtree(str(folder))  # nbgrader's: it takes files away that are read-only
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(folder)

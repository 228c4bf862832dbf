"""The folders and the gradebook of one class, driven through nbgrader's own converters.

`./course grade`, `./course check`, `./course demo` and the tests all grade through this class, so that they do what
`nbgrader autograde` and the formgrader's buttons do, and add only how it is said.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from course_lib.errors import CourseError
from course_lib.private_files import make_private
from course_lib.workspace import course_root
from grader.config import nbgrader_config, withheld
from grader.preprocessors.compute_answers import gpu_problem
from grader.preprocessors.repair import grade_id
from grader.privacy import CONFIG_FILE, close, shared_by_group
from grader.sandbox.bwrap import unavailable
from grader.sandbox.gpu import DEV, uses_gpu
from grader.scripts import read_script


class GradingError(Exception):
    """One submission that nbgrader could not take through; `log` is all that nbgrader said about it."""

    def __init__(self, sentence: str, log: str) -> None:
        super().__init__(sentence)
        self.log = log


@dataclass(frozen=True)
class Classroom:
    """nbgrader's layout under `root`: solutions/, notebooks/, autograded/, feedback/ and the gradebook.

    `unsandboxed`: learners' code runs with all rights of this account, whatever the configuration says.
    `gpu`: submissions wait for a GPU, whatever the configuration says.
    `tells`: what feedback tells of the private cases (`VerifyAnswers.tells`), where it is not the configuration's.
    """

    root: Path
    unsandboxed: bool = False
    gpu: bool = False
    tells: str = ""

    def config(self) -> Config:
        """A fresh configuration: the folder's own `nbgrader_config.py` where there is one, as for the formgrader."""
        if (self.root / CONFIG_FILE).is_file():
            config = PyFileConfigLoader(CONFIG_FILE, path=str(self.root)).load_config()
        else:
            config = nbgrader_config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.ignore = [*config.CourseDirectory.ignore, *withheld(self.root)]
        if self.unsandboxed:
            config.ComputeAnswers.sandbox = False
        if self.gpu:
            config.ComputeAnswers.gpu = True
        if self.tells:
            config.VerifyAnswers.tells = self.tells
        return config

    def devices(self, unit: str) -> Path | None:
        """The folder with the device nodes, where the unit's submissions are to wait for a GPU; else None."""
        chosen = self.config().ComputeAnswers
        return Path(chosen.get("devices", DEV)) if chosen.get("gpu", False) and uses_gpu(unit) else None

    def gpu_problem(self, unit: str, elsewhere: bool = False) -> str | None:
        """Why the unit cannot be graded with the GPU that was asked for, in a sentence; None when nothing is wrong.

        elsewhere: other machines than this one are to have it.
        """
        devices = self.devices(unit)
        if devices is None and not self.gpu:
            return None
        sandboxed = bool(self.config().ComputeAnswers.get("sandbox", True))
        return gpu_problem(unit, sandboxed, None if elsewhere else devices)

    def require_sandbox(self) -> None:
        """Raise a `CourseError` where submissions should run in a sandbox and this machine has none."""
        why = unavailable()
        if why and self.config().ComputeAnswers.get("sandbox", True):
            raise CourseError(
                f"{why} Without one, learners' code runs with all rights of your account: it could read and change "
                "your files. If you want that, add --unsandboxed."
            )

    def path(self, step: str, student: str, unit: str) -> Path:
        """The folder of one step (`autograded`, `feedback`, ...), wherever the configuration puts it."""
        course = NbGraderAPI(config=self.config()).coursedir
        return Path(course.format_path(getattr(course, f"{step}_directory"), student, unit))

    def close(self) -> list[Path]:
        """Close what others on this machine could read of the class; what this user may not change comes back."""
        course = NbGraderAPI(config=self.config()).coursedir
        steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
        submitted, *made = [Path(course.format_path(step, ".", ".")) for step in steps]
        for folder in made:
            make_private(folder, shared_by_group(self.root))
        database = str(course.db_url).removeprefix("sqlite:///")
        return close(self.root, [submitted, *made, Path(database)])

    def db_url(self) -> str:
        """Where the gradebook is."""
        return str(NbGraderAPI(config=self.config()).coursedir.db_url)

    def require_gradebook(self) -> None:
        """Raise a `CourseError` where the gradebook is on a server that cannot be reached. SQLite's is a file."""
        url = self.db_url()
        if url.startswith("sqlite:"):
            return
        if not NbGraderAPI(config=self.config()).coursedir.course_id:  # a server keeps the key that SQLite overlooks
            raise CourseError(
                "A gradebook on a server needs a name for the course; write one beside c.CourseDirectory.db_url into "
                f'{CONFIG_FILE}: c.CourseDirectory.course_id = "optimization".'
            )
        try:
            engine = create_engine(url)
            with engine.connect():
                pass
            engine.dispose()
        except ModuleNotFoundError as error:
            raise CourseError(
                f"c.CourseDirectory.db_url asks for the driver {error.name}, which is not installed. For PostgreSQL, "
                'in the course\'s folder: pip install -e ".[postgres]" -c constraints.txt; the address then begins '
                "with postgresql+psycopg://."
            ) from None
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).strip().splitlines()[-1]
            raise CourseError(
                f"The gradebook's server cannot be used: {why} (c.CourseDirectory.db_url in {CONFIG_FILE}). Nothing "
                "was graded."
            ) from None

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, open for the block."""
        course = NbGraderAPI(config=self.config()).coursedir
        with Gradebook(course.db_url, course.course_id) as gradebook:
            yield gradebook

    def has(self, unit: str) -> bool:
        """Whether the gradebook has a submission of the unit."""
        with self.gradebook() as gradebook:
            return bool(gradebook.assignment_submissions(unit))

    def take_over(self, unit: str) -> None:
        """Bring a unit into this folder, as an instructor's copy of the course has it; the course is only read."""
        released = course_root() / "notebooks" / unit / f"{unit}.ipynb"
        if not released.is_file():
            raise CourseError(f"{released} is missing: run ./course build {unit}.")
        for step in ("solutions", "notebooks"):
            (self.root / step / unit).mkdir(parents=True, exist_ok=True)
        script = course_root() / "solutions" / unit / f"{unit}.py"
        source = self.root / "solutions" / unit / f"{unit}.ipynb"
        source.write_text(nbformat.writes(read_script(script)) + "\n", encoding="utf-8")
        shutil.copy(released, self.root / "notebooks" / unit)
        if not (self.root / CONFIG_FILE).exists():
            shutil.copy(course_root() / CONFIG_FILE, self.root)

    def register(self, unit: str) -> None:
        """Enter the unit's cells and points into the gradebook; the due date, grades and comments in it stay.

        Raises `CourseError` when the source and the edition handed out differ, or nbgrader refuses.
        """
        self._require_same_cells(unit)
        config = self.config()
        with tempfile.TemporaryDirectory() as scratch:
            # The edition that learners have is not made anew here: what was handed out is what is graded against.
            config.CourseDirectory.release_directory = scratch
            config.CourseDirectory.assignment_id = unit
            try:
                run_converter(GenerateAssignment, config, create_assignment=True)
            except GradingError as error:
                raise CourseError(_refusal(unit, error)) from error

    def _require_same_cells(self, unit: str) -> None:
        source = self.path("source", ".", unit) / f"{unit}.ipynb"
        released = self.path("release", ".", unit) / f"{unit}.ipynb"
        for path in (source, released):
            if not path.is_file():
                raise CourseError(f"{path} is missing: run ./course build {unit}.")
        before, after = ({grade_id(c) for c in nbformat.read(p, as_version=4).cells} for p in (source, released))
        if before != after:
            raise CourseError(
                f"{released} does not have the cells of {source} (they differ in {', '.join(sorted(before ^ after))}). "
                f"Run ./course build {unit}; if learners already work on the older edition, go back to its script."
            )

    def set_due(self, unit: str, moment: datetime) -> None:
        """Set when the unit is due, a time in UTC; as `nbgrader db assignment add UNIT --duedate` does."""
        with self.gradebook() as gradebook:
            gradebook.update_or_create_assignment(unit, duedate=moment)

    def due(self, unit: str) -> datetime | None:
        """When the unit is due, in UTC, or None."""
        with self.gradebook() as gradebook:
            try:
                found: datetime | None = gradebook.find_assignment(unit).duedate
            except MissingEntry:
                return None
            return found

    def autograde(self, unit: str, student: str, submitted: Path) -> str:
        """Grade `submitted/STUDENT/UNIT/`, over whatever an earlier run left; returns nbgrader's log.

        Raises `GradingError`; a student who was graded before keeps that grade in the gradebook then.
        """
        config = self._config_for(unit, student)
        config.CourseDirectory.submitted_directory = str(submitted)
        return run_converter(Autograde, config, force=True)

    def feedback(self, unit: str, student: str) -> Path:
        """Make the student's feedback page from the graded notebook and the gradebook; returns its path."""
        run_converter(GenerateFeedback, self._config_for(unit, student), force=True)
        return self.path("feedback", student, unit) / f"{unit}.html"

    def _config_for(self, unit: str, student: str) -> Config:
        config = self.config()
        config.CourseDirectory.assignment_id = unit
        config.CourseDirectory.student_id = student
        return config


def run_converter(kind: type[BaseConverter], config: Config, **options: bool) -> str:
    """Run one of nbgrader's converters; returns its log. `KeyboardInterrupt` passes, anything else: `GradingError`.

    `NbGraderAPI`'s own methods would do, but they report Ctrl-C as a submission that failed.
    """
    api = NbGraderAPI(config=config)
    converter = kind(coursedir=api.coursedir, parent=api)
    for name, value in options.items():
        setattr(converter, name, value)
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    converter.log.addHandler(handler)
    propagate, converter.log.propagate = converter.log.propagate, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's own, about its database
            converter.start()
    except Exception as error:
        raise GradingError(_cause(text.getvalue()) or str(error), text.getvalue()) from error
    finally:
        converter.log.removeHandler(handler)
        converter.log.propagate = propagate
    return text.getvalue()


def _cause(log: str) -> str:
    """The last line of the last traceback in nbgrader's log: `SomeError: what happened`."""
    lines = log.splitlines()
    starts = [i for i, line in enumerate(lines) if "Traceback (most recent call last)" in line]
    if not starts:
        return ""
    for line in lines[starts[-1] + 1 :]:
        if line and not line[0].isspace():
            return line.rpartition("CourseError: ")[2]
    return ""


def _refusal(unit: str, error: GradingError) -> str:
    if "Cannot add or remove cells" in f"{error} {error.log}":
        return (
            f"{unit} has other cells now than when its submissions were graded, and nbgrader does not mix the two. "
            f"Go back to the script of that time, or keep a copy of the gradebook and start the unit over with "
            f"`nbgrader db assignment remove {unit} --force`."
        )
    return f"nbgrader could not enter {unit} into the gradebook: {error}"

"""All that a worker needs to know of a unit, as plain data: the class's folder and the gradebook may be elsewhere."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, NotebookExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor, Preprocessor
from nbformat import NotebookNode
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    GetGrades,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets.config import Config, PyFileConfigLoader

from course_lib.errors import CourseError
from grader.config import nbgrader_config
from grader.grading.offline_steps import (
    CheckCellMetadataOnce,
    GetGradesFromSheet,
    OverwriteCellsFromData,
    OverwriteKernelspecFromData,
    SourceCell,
)
from grader.judging import private
from grader.pages.exporter import StyleOnce
from grader.preprocessors import SaveExtraCredit

CONFIG_FILE = "nbgrader_config.py"
WRITERS = (SaveAutoGrades, SaveExtraCredit, AssignLatePenalties)
"""What these do is the one writer's: `grader.grading.gradebook`."""

PAGE_STEPS = {GetGrades: GetGradesFromSheet, CSSHTMLHeaderPreprocessor: StyleOnce}
"""Steps that make a page, and what a worker has in their place."""


@dataclass(frozen=True)
class UnitData:
    """One unit of one class. Holds the course's secret: it goes to the grader's own processes, never further."""

    unit: str
    released: str
    """The learner's edition, the text of the file."""
    cells: tuple[SourceCell, ...]
    kernelspec: str | None
    secret: bytes
    config: str | None
    """The text of the class's `nbgrader_config.py`; None for the course's own configuration."""
    unsandboxed: bool = False
    gpu: bool = False
    tells: str = ""
    """What feedback tells (`VerifyAnswers.tells`), where it is said for a run; else the configuration says it."""
    scratch: str = ""
    """A folder that the class's own machine empties afterwards; elsewhere a worker has a temporary one."""


class Steps(NotebookExporter):
    """nbgrader's kind of exporter, for a notebook in memory: nothing is copied, written and read again on the way."""

    def apply(self, notebook: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Let all preprocessors change `notebook`; the notebook that came of it, and the resources."""
        resources = self._init_resources(resources)
        for preprocessor in self._preprocessors:
            notebook, resources = preprocessor(notebook, resources)
        return notebook, resources


class WorkerContext:
    """A worker's place for one unit: its configuration, and nbgrader's exporters with this course's preprocessors.

    The preprocessors find the learner's edition and the secret in files, as they do in a class's folder: a temporary
    folder, readable by this user only, has these.
    """

    def __init__(self, data: UnitData) -> None:
        self.data = data
        self.folder = Path(
            tempfile.mkdtemp(prefix="worker-", dir=data.scratch if Path(data.scratch or "/-").is_dir() else None)
        )
        self._tidy = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        released = self.folder / "notebooks" / data.unit / f"{data.unit}.ipynb"
        released.parent.mkdir(parents=True)
        released.write_text(data.released, encoding="utf-8")
        handle = os.open(self.folder / private.FILE, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data.secret)
        self.released: NotebookNode = nbformat.reads(data.released, as_version=4)
        self.config = self._config()
        steps = Autograde(coursedir=CourseDirectory(config=self.config), config=self.config)
        autograde = steps.autograde_preprocessors
        run = [i for i, kind in enumerate(autograde) if issubclass(kind, Execute)]
        if not run:
            raise CourseError(
                f"{CONFIG_FILE} has nothing in c.Autograde.autograde_preprocessors that runs a notebook: "
                "let it keep ComputeAnswers."
            )
        self.sanitizer = self._steps(steps.sanitize_preprocessors)
        self.runner = self._steps(autograde[: run[-1] + 1])
        self.judge = self._steps(autograde[run[-1] + 1 :])
        self.refresher = self._steps([OverwriteCells, CheckCellMetadata])

    def _config(self) -> Config:
        if self.data.config is None:
            config = nbgrader_config()
        else:
            (self.folder / CONFIG_FILE).write_text(self.data.config, encoding="utf-8")
            config = PyFileConfigLoader(CONFIG_FILE, path=str(self.folder)).load_config()
        config.CourseDirectory.root = str(self.folder)
        config.Repair.release_directory = str(self.folder / "notebooks")
        if self.data.unsandboxed:
            config.ComputeAnswers.sandbox = False
        if self.data.gpu:
            config.ComputeAnswers.gpu = True
        if self.data.tells:
            config.VerifyAnswers.tells = self.data.tells
        base = Config()
        base.Exporter.default_preprocessors = []  # as nbgrader's converters have it
        config.merge(base)
        return config

    def _steps(self, kinds: list[type[Preprocessor]]) -> Steps:
        """What reads the gradebook reads `UnitData`; what writes it is left out."""
        exporter = Steps(config=self.config)
        kinds = [kind for kind in kinds if not issubclass(kind, WRITERS)]
        for kind in kinds:
            if kind is OverwriteCells:
                exporter.register_preprocessor(OverwriteCellsFromData(self.data.cells, parent=exporter))
            elif kind is OverwriteKernelspec:
                exporter.register_preprocessor(OverwriteKernelspecFromData(self.data.kernelspec, parent=exporter))
            elif kind is CheckCellMetadata:
                exporter.register_preprocessor(CheckCellMetadataOnce(parent=exporter))
            else:
                exporter.register_preprocessor(kind)
        return exporter

    @cached_property
    def page_maker(self) -> Exporter:
        """nbgrader's exporter of feedback pages, with its configuration and templates."""
        steps = GenerateFeedback(coursedir=CourseDirectory(config=self.config), config=self.config)
        exporter: Exporter = steps.exporter_class(parent=steps, config=steps.config)
        for kind in steps.preprocessors:
            exporter.register_preprocessor(PAGE_STEPS.get(kind, kind))
        return exporter

    def resources(self, student: str, path: Path | str = "") -> dict[str, Any]:
        """What nbgrader's converters hand to every preprocessor."""
        return {
            "unique_key": self.data.unit,
            "output_files_dir": f"{self.data.unit}_files",
            "metadata": {"name": self.data.unit, "path": str(path), "modified_date": ""},
            "nbgrader": {
                "student": student,
                "assignment": self.data.unit,
                "notebook": self.data.unit,
                "db_url": f"sqlite:///{self.folder / 'gradebook.db'}",  # never opened; the secret lies beside it
            },
        }


@lru_cache(maxsize=1)
def context_for(data: UnitData) -> WorkerContext:
    """This process's context for the unit; a class is one unit, so one is kept."""
    return WorkerContext(data)

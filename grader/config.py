"""nbgrader's configuration for this course, in one place: `nbgrader_config.py` and the build both use it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from traitlets.config import Config

COURSE_ID = "optimization"
"""The course's name in the gradebook and the exchange; deploy/hub/nbgrader_config.py tells learners the same one."""


def find_tools() -> None:
    """Put this environment's programs on the PATH: nbgrader starts `alembic` by name to make a gradebook.

    Without this, whatever starts Python by its path (`.venv/bin/python`, an editor, a service) fails on a new one.
    """
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def withheld(root: Path) -> list[str]:
    """Patterns, for `CourseDirectory.ignore`, of the solution's trained weights: what no release of `root` may hold.

    They are absolute, and so concern no submission: a learner's own file of the same name goes along to grading.
    nbgrader compares texts, and writes its own paths with a student "." in them.
    """
    bases = dict.fromkeys((root.absolute(), root.resolve()))
    return [f"{base}/solutions/{student}*/*.safetensors" for base in bases for student in ("", "./")]


def nbgrader_config() -> Config:
    """A fresh `Config`: directories, what is never copied, and the preprocessors that grade."""
    find_tools()
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as stock

    from grader.pages.export_grades import ExportGrades
    from grader.pages.exporter import PageExporter, html_exporter
    from grader.preprocessors import (
        AssignLatePenalties,
        BoundOutputs,
        ClearAnswers,
        ComputeAnswers,
        DropMarks,
        RefuseLinks,
        Repair,
        SaveExtraCredit,
        VerifyAnswers,
    )
    from grader.privacy import keep_private

    config = Config()
    keep_private()
    config.CourseDirectory.course_id = COURSE_ID
    if os.name == "posix":  # nbgrader's exchange is not there on Windows
        from grader.submissions.collecting import CollectOwn

        config.ExchangeFactory.collect = CollectOwn
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "notebooks"
    # A unit's script holds the solutions and lies beside its notebook: it must never be copied to a learner. What a
    # learner hands in beside a notebook has another name, for nothing that begins with a digit can be imported.
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        ".nbgrader.log",
        "feedback",
        "[0-9][0-9]_*.py",
        "*.tmp",
    ]
    # The learner's editions are part of the course and already there; making one again gives the same bytes.
    config.GenerateAssignment.force = True
    config.GenerateAssignment.preprocessors = [
        stock.IncludeHeaderFooter,
        stock.LockCells,
        ClearAnswers,
        stock.ClearOutput,
        stock.CheckCellMetadata,
        stock.ComputeChecksums,
        stock.SaveCells,
        stock.ClearHiddenTests,
        stock.ClearMarkScheme,
        stock.ComputeChecksums,
        stock.CheckCellMetadata,
        DropMarks,
    ]
    config.Autograde.sanitize_preprocessors = [
        RefuseLinks,
        Repair,
        stock.ClearOutput,
        stock.DeduplicateIds,
        stock.OverwriteKernelspec,
        stock.OverwriteCells,
        stock.CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        ComputeAnswers,
        VerifyAnswers,
        BoundOutputs,
        ClearMetadataPreprocessor,
        stock.LimitOutput,
        stock.SaveAutoGrades,
        SaveExtraCredit,
        AssignLatePenalties,
        stock.CheckCellMetadata,
    ]
    # nbgrader's own preprocessors delete these, and the cells' metadata with them, unless told not to.
    config.ClearMetadataPreprocessor.preserve_cell_metadata_mask = ["nbgrader", "deletable", "editable", "course_added"]
    # Feedback and the formgrader: no network, no script for a formula, nothing run that a learner wrote.
    config.HTMLExporter = html_exporter()
    config.GenerateFeedback.exporter_class = PageExporter
    config.ExportApp.plugin_class = ExportGrades
    return config

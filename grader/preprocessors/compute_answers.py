"""Run a submission so that its check cells only compute: they find the private inputs, and nothing that is right."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Integer

from course_lib.check import GRADING
from grader.private import private_reference, secret_for


class ComputeAnswers(Execute):
    """nbgrader's Execute with the private inputs of the notebook's exercises in a folder of their own."""

    timeout = Integer(60, allow_none=True, help="Seconds a cell may take before it is interrupted.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        secret = secret_for(resources["nbgrader"]["db_url"])
        with tempfile.TemporaryDirectory(prefix="cases-") as folder:
            for name in checked_exercises(nb):
                private_reference(name, secret).without_answers().save(Path(folder))
            with _environment(folder):
                try:
                    result: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources, **kwargs)
                except (DeadKernelError, CellTimeoutError) as error:
                    # What was answered before counts; nbgrader alone would give the whole submission back ungraded.
                    self.log.warning("%s stopped at cell %d: %s", resources["nbgrader"]["student"], self.at + 1, error)
                    nb.cells[self.at].outputs.append(_stopped())
                    return nb, resources
                return result

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        self.at = index
        result: tuple[NotebookNode, dict[str, Any]] = super().preprocess_cell(cell, resources, index)
        return result


def _stopped() -> NotebookNode:
    """The output that tells a learner why nothing below it was run."""
    sentence = (
        "Python itself ended in this cell (a call of os._exit, memory that ran out, or recursion without an end), "
        "or could not be interrupted. Nothing below was run, so it earns nothing."
    )
    return new_output("error", ename="KernelStopped", evalue=sentence, traceback=[f"KernelStopped: {sentence}"])


def checked_exercises(nb: NotebookNode) -> list[str]:
    """The exercises that the notebook's grade cells check."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in nb.cells]
    return [grade_id.removeprefix("check_") for grade_id in ids if grade_id.startswith("check_")]


@contextmanager
def _environment(folder: str) -> Iterator[None]:
    """The kernel inherits this process's environment; these two are set for it and taken back."""
    # One thread a kernel: a class is graded side by side, and results must not depend on the machine's cores.
    added = {GRADING: folder, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before = {key: os.environ.get(key) for key in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value

"""Run a submission so that its check cells only compute: they find the private inputs, and nothing that is right."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer, Unicode

from course_lib.check import GRADED, GRADING
from course_lib.errors import CourseError
from course_lib.graded import kernel, listed_only
from course_lib.graded.kernel import packed
from course_lib.judging.reference import Reference
from course_lib.language.editions import spoken
from course_lib.workspace import locales
from grader.judging.private import private_reference, secret_for
from grader.judging.weights import MARK, count_weights
from grader.sandbox.bwrap import unavailable
from grader.sandbox.gpu import missing, uses_gpu
from grader.sandbox.notebook import STOPPED, checked_exercise, part_of, run_notebook, shared_worker, time_spent
from grader.sandbox.sandbox import MIB, Limits


class ComputeAnswers(Execute):
    """Runs a submission in the sandbox; where an instructor switches that off, in a kernel by nbgrader's Execute."""

    timeout = Integer(60, allow_none=True, help="Seconds a cell may take before it is interrupted.").tag(config=True)
    record_timing = Bool(
        False, help="Keep in the notebook when each cell began and ended: no two gradings then write the same."
    ).tag(config=True)
    sandbox = Bool(
        True, help="Run submissions in a sandbox. If False, learners' code runs with all rights of your account."
    ).tag(config=True)
    submission_timeout = Integer(300, help="Seconds a whole submission may take in the sandbox.").tag(config=True)
    memory = Integer(4096, help="MiB of memory that a submission may use in the sandbox.").tag(config=True)
    gpu = Bool(
        False, help="Let submissions of units 09 to 16 wait for an NVIDIA GPU of this machine, one at a time for each."
    ).tag(config=True)
    devices = Unicode("/dev", help="The folder with the GPUs' device nodes.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        secret = secret_for(resources["nbgrader"]["db_url"])
        references = {name: _open_reference(name, secret) for name in checked_exercises(nb)}
        self._require_gpu(resources["nbgrader"]["assignment"])
        nb.metadata.pop(MARK, None)
        files = self._files_beside(Path(resources["metadata"]["path"]), Limits().file_size)
        try:
            return self._run(nb, resources, references, files, **kwargs)
        finally:
            nb.metadata[MARK] = count_weights(files)  # of what was handed in, not of what the run has made

    def _run(
        self,
        nb: NotebookNode,
        resources: dict[str, Any],
        references: dict[str, Reference],
        files: dict[str, bytes],
        **kwargs: Any,
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if self.sandbox:
            self._run_in_sandbox(nb, resources, references, files)
            return nb, resources
        with tempfile.TemporaryDirectory(prefix="cases-") as folder:
            for reference in references.values():
                reference.save(Path(folder))
            # First what is hidden, then what keeps the surroundings as they are from then on.
            self.extra_arguments = [f"--ext={module.__name__}" for module in (listed_only, kernel)]
            with _environment(folder, resources["nbgrader"]["assignment"]):
                try:
                    result: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources, **kwargs)
                except (DeadKernelError, CellTimeoutError) as error:
                    # What was answered before counts; nbgrader alone would give the whole submission back ungraded.
                    self.log.warning("%s stopped at cell %d: %s", resources["nbgrader"]["student"], self.at + 1, error)
                    nb.cells[self.at].outputs.append(_stopped())
                    return nb, resources
                return result

    def _require_gpu(self, unit: str) -> None:
        why = gpu_problem(unit, self.sandbox, Path(self.devices)) if self._wants_gpu(unit) else None
        if why:
            raise CourseError(f"{why} Or leave out `c.ComputeAnswers.gpu = True` in nbgrader_config.py, and --gpu.")

    def _wants_gpu(self, unit: str) -> bool:
        return self.gpu and uses_gpu(unit)

    def _run_in_sandbox(
        self, nb: NotebookNode, resources: dict[str, Any], references: dict[str, Reference], files: dict[str, bytes]
    ) -> None:
        why = unavailable()
        if why:
            raise CourseError(
                f"{why} Learners' code is not run without a sandbox unless you say so: `./course grade UNIT "
                "--unsandboxed`, or `c.ComputeAnswers.sandbox = False` in nbgrader_config.py. It then runs with all "
                "rights of your account."
            )
        limits = Limits(
            cell_seconds=float(self.timeout or self.submission_timeout),
            submission_seconds=float(self.submission_timeout),
            memory=self.memory * MIB,
        )
        cases = {name: _as_text(name, secret_for(resources["nbgrader"]["db_url"])) for name in references}
        unit = resources["nbgrader"]["assignment"]
        devices = Path(self.devices) if self._wants_gpu(unit) else None
        worker = shared_worker(unit, limits, devices, spoken(nb, locales()))
        run = run_notebook(nb, cases, worker, files)
        resources["course_seconds"] = run.seconds
        resources["course_spent"] = time_spent(nb, run)
        if run.ended != "finished":
            self.log.warning("%s: the run was %s", resources["nbgrader"]["student"], run.ended)

    def _files_beside(self, folder: Path, most: int) -> dict[str, bytes]:
        """What was handed in beside the notebook, such as trained weights; no more than `most` bytes in all."""
        files: dict[str, bytes] = {}
        paths = sorted(folder.rglob("*"), key=lambda path: path.stat(follow_symlinks=False).st_size)
        for path in paths:
            inside = path.relative_to(folder)
            linked = any((folder / part).is_symlink() for part in (inside, *inside.parents))
            if linked or not path.is_file() or path.suffix == ".ipynb":
                continue
            if path.stat().st_size + sum(map(len, files.values())) > most:
                self.log.warning("%s is too large to be handed to the notebook; it was left out.", inside)
                continue
            files[inside.as_posix()] = path.read_bytes()
        return files

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        self.at = index
        source = cell.source
        if cell.cell_type == "code" and source.strip():
            cell.source = packed(source, *part_of(cell))
        try:
            result: tuple[NotebookNode, dict[str, Any]] = super().preprocess_cell(cell, resources, index)
            return result
        finally:
            cell.source = source


@lru_cache(maxsize=256)
def _open_reference(name: str, secret: bytes) -> Reference:
    """The private cases of an exercise, without what tells what is right."""
    return private_reference(name, secret).without_answers()


@lru_cache(maxsize=256)
def _as_text(name: str, secret: bytes) -> str:
    """The same, as a sandbox is handed it."""
    return json.dumps(_open_reference(name, secret).to_json())


def gpu_problem(unit: str, sandboxed: bool, dev: Path | None) -> str | None:
    """Why a unit's submissions cannot have a GPU, in a sentence; None when they can.

    dev: the folder with the device nodes; None where other machines than this one are to have them.
    """
    if not uses_gpu(unit):
        return f"{unit} uses no GPU: of all units, only 09 to 16 have PyTorch. Grade it without --gpu."
    if not sandboxed:
        return "The queue for GPUs is the sandbox's; without a sandbox, every submission sees all GPUs anyway."
    return None if dev is None else missing(dev)


def _stopped() -> NotebookNode:
    """The output that tells a learner why nothing below it was run."""
    sentence = (
        "Python itself ended in this cell (a call of os._exit, memory that ran out, or recursion without an end), "
        "or could not be interrupted. Nothing below was run, so it earns nothing."
    )
    return new_output("error", ename=STOPPED, evalue=sentence, traceback=[f"{STOPPED}: {sentence}"])


def checked_exercises(nb: NotebookNode) -> list[str]:
    """The exercises that the notebook's grade cells check."""
    return [name for cell in nb.cells if (name := checked_exercise(cell)) is not None]


@contextmanager
def _environment(folder: str, unit: str) -> Iterator[None]:
    """The kernel inherits this process's environment; these are set for it and taken back."""
    # One thread a kernel: a class is graded side by side, and results must not depend on the machine's cores.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    added = threads | {GRADING: folder, GRADED: "1", listed_only.UNIT: unit}
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

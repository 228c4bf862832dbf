"""What a unit's solution shows when it runs, by cell id, kept for as long as nothing that it comes from has changed.

The pages are the learner's edition; of the solution they get outputs alone, so no line of an answer is kept here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.language.catalogues import done, read, translations
from course_lib.language.choice import ENGLISH, VARIABLE
from course_lib.workspace import course_root
from grader.scripts import read_script
from grader.submissions.samples import files_of

VERSIONS = ("numpy", "torch", "matplotlib")
"""The packages whose version may change what a cell shows."""
APART = ("commands", "datasets", "graded", "judging", "jupyter", "kernel", "reference")
"""Folders of course_lib that judge, start and record: the pages show no check, so nothing of theirs is on a page.

The data sets are apart for their size; with other data come other readers."""
PROSE = ("language/blocks.py", "language/editions.py")
"""What of course_lib reads prose, which is on no output."""
PATIENCE = 900
"""Seconds that a cell may take; the slowest train a network."""

Outputs = dict[str, list[dict[str, Any]]]
"""The outputs of each cell that has some, by the cell's id, as in a notebook's file."""


def fingerprint(unit: str, language: str = ENGLISH) -> str:
    """16 hexadecimal digits of what a unit's outputs come from: its source, its files, course_lib, the packages.

    In another language also the translations that an output may show; the unit's prose is on no output.
    """
    root = course_root()
    digest = hashlib.sha256()
    for english, other in translated(unit, language):
        digest.update(f"{english}\0{other}\0".encode())
    for name in VERSIONS:
        digest.update(f"{name} {metadata.version(name).split('+')[0]}\n".encode())
    files = [*(root / "course_lib").rglob("*.py")]
    files = [file for file in files if file.relative_to(root / "course_lib").parts[0] not in APART]
    files = [file for file in files if file.relative_to(root / "course_lib").as_posix() not in PROSE]
    own = root / "solutions" / unit
    for file in sorted([*files, own / f"{unit}.py", *own.glob("*.safetensors")]):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        content = file.read_bytes()
        digest.update(content.replace(b"\r\n", b"\n") if file.suffix == ".py" else content)
    return digest.hexdigest()[:16]


def translated(unit: str, language: str) -> list[tuple[str, str]]:
    """The sentences that a unit's code or `course_lib` may show, with their translations; none for English."""
    if language == ENGLISH:
        return []
    folder = course_root() / "locale" / language
    apart = tuple(f"course_lib/{name}/" for name in APART)
    shared = {
        str(message.id): str(message.string)
        for message in read(folder / "course.po")
        if done(message)
        and any(place.startswith("course_lib/") and not place.startswith(apart) for place, _ in message.locations)
    }
    own = translations(folder / "units" / f"{unit}.po").get(f"{unit}/code", {})
    return sorted((shared | own).items())


def place(unit: str, folder: Path, language: str = ENGLISH) -> Path:
    """Where the outputs of the unit, as it is now, are kept in `folder`; other languages have folders of their own."""
    name = f"{unit}-{fingerprint(unit, language)}.json"
    return folder / name if language == ENGLISH else folder / language / name


def kept(unit: str, folder: Path, language: str = ENGLISH) -> Outputs | None:
    """The unit's outputs if they are kept and still hold; a file that cannot be read is as good as none."""
    try:
        found: Outputs = json.loads(place(unit, folder, language).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def keep(unit: str, found: Outputs, folder: Path, language: str = ENGLISH) -> Path:
    """Put outputs by, whole or not at all, and throw away what an older state of the unit showed."""
    target = place(unit, folder, language)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(found, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    temporary.replace(target)
    for older in target.parent.glob(f"{unit}-*.json"):
        if older != target:
            older.unlink()
    return target


def execute(unit: str, language: str = ENGLISH) -> Outputs:
    """Run the unit's solution in a kernel of its own; what its cells showed to a learner who reads this language.

    One thread, no progress of yours, no notebook of an earlier unit: the same source shows the same everywhere, but
    for what a clock says. Raises `CourseError` where a cell fails, as a check does that is not right.
    """
    notebook = read_script(course_root() / "solutions" / unit / f"{unit}.py")
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "unit" / unit
        folder.mkdir(parents=True)
        for name, data in files_of(course_root() / "solutions" / unit).items():
            (folder / name).write_bytes(data)
        client = NotebookClient(
            notebook,
            timeout=PATIENCE,
            allow_errors=True,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        _run(client, Path(scratch), language)
    failed = next(_failures(notebook), None)
    if failed:
        raise CourseError(f"The solution of {unit} does not run, so the site has nothing to show of it: {failed}")
    return {
        str(cell["id"]): json.loads(json.dumps(cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs
    }


def _run(client: NotebookClient, scratch: Path, language: str) -> None:
    """Run the client's cells; what the kernel itself says is of interest only where it dies."""
    words = scratch / "kernel.log"
    with words.open("wb") as log:
        try:
            client.execute(env=environment(scratch, language), stderr=log)
        except DeadKernelError as error:
            last = words.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise CourseError(f"The kernel that ran {client.resources['metadata']['path']} died: {last}") from error


def environment(home: Path, language: str = ENGLISH) -> dict[str, str]:
    """The environment of the kernel: a learner's, with a home of its own, one thread, and a language."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    mine.pop("MPLBACKEND", None)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    own = {"COURSE_ROOT": str(course_root()), "COURSE_HOME": str(home), "COURSE_STATE_DIR": str(home / "state")}
    own[VARIABLE] = language
    path = os.pathsep.join([str(course_root()), *filter(None, [mine.get("PYTHONPATH")])])
    return mine | threads | own | {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}


def _failures(notebook: NotebookNode) -> Iterator[str]:
    """A sentence for each cell that ended with an error."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"the cell {cell['id']} ended with {output.ename}: {output.evalue}"

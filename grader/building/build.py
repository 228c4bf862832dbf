"""From scripts and specs to references, source notebooks and the learner's edition.

The learner's edition is made by nbgrader's own `generate_assignment`, in a scratch folder with a scratch gradebook,
so that what is committed is what an instructor's Create Assignment makes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from course_lib.errors import CourseError
from course_lib.judging.reference import DIRECTORY, Reference, load
from course_lib.judging.signatures import path_of
from course_lib.workspace import course_root
from grader.building.leaks import find_leaks
from grader.config import nbgrader_config
from grader.exercises import all_exercises
from grader.judging.references import record, same_reference
from grader.scripts import write_source
from grader.search.signatures import record_signatures, searched, stale_signatures


def scripts(unit: str | None = None) -> list[Path]:
    """The scripts of all units, or of one."""
    found = sorted((course_root() / "solutions").glob("[0-9][0-9]_*/*.py"))
    return [path for path in found if path.stem == path.parent.name and unit in (None, path.stem)]


def release(script: Path, directory: Path, gradebook: Path | None = None) -> Path:
    """Make the learner's edition of a unit in `directory`; its source notebook must be up to date.

    gradebook: a scratch one for several units, made when it is missing, which takes nbgrader longer than the rest.
    Raises `CourseError` when nbgrader refuses the notebook or an answer would survive in it.
    """
    unit = script.stem
    with tempfile.TemporaryDirectory() as scratch:
        config = Config(nbgrader_config())
        config.CourseDirectory.root = scratch
        config.CourseDirectory.db_url = f"sqlite:///{gradebook or Path(scratch) / 'gradebook.db'}"
        source = Path(scratch) / "solutions" / unit
        source.mkdir(parents=True)
        shutil.copy(script.with_suffix(".ipynb"), source)
        result = NbGraderAPI(config=config).generate_assignment(unit, force=True, create=True)
        if not result["success"]:
            raise CourseError(
                f"nbgrader could not release {unit}:\n{(result.get('log') or result.get('error'))[-3000:]}"
            )
        made = Path(scratch) / "notebooks" / unit / f"{unit}.ipynb"
        text = made.read_text(encoding="utf-8")
    leaks = find_leaks(script.with_suffix(".ipynb").read_text(encoding="utf-8"), text)
    if leaks:
        raise CourseError(f"{unit}: an answer survives in the learner's edition:\n  " + "\n  ".join(leaks))
    target = directory / unit / f"{unit}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def build(unit: str | None = None) -> list[Path]:
    """Bring references, source notebooks and learner's editions up to date; returns the files of the latter two."""
    record(unit=unit)
    record_signatures(unit)
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        for script in scripts(unit):
            made.append(write_source(script))
            made.append(release(script, course_root() / "notebooks", Path(scratch) / "gradebook.db"))
    return made


def stale(unit: str | None = None, gradebook: Path | None = None) -> list[str]:
    """What a build would change, as paths from the course's root; changes nothing but the ignored source notebooks.

    gradebook: a scratch one, as for `release`.
    """
    root = course_root()
    differing = strangers() if unit is None else []
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        recorded = {path.name: load(path.stem, path.parent) for path in record(fresh / "reference", unit)}
        wrong = {name for name, new in recorded.items() if not _says(DIRECTORY / name, new)}
        differing += [str((DIRECTORY / name).relative_to(root)) for name in wrong]
        differing += [str(path.relative_to(root)) for path in stale_signatures(unit)]
        pairs = []
        for script in scripts(unit):
            write_source(script)
            made = release(script, fresh / "notebooks", gradebook or fresh / "gradebook.db")
            pairs.append((made, root / "notebooks" / script.stem / made.name))
        for new, kept in pairs:
            # Read as text: a checkout of another tool may have other line ends, and is in sync all the same.
            if not kept.is_file() or kept.read_text(encoding="utf-8") != new.read_text(encoding="utf-8"):
                differing.append(str(kept.relative_to(root)))
    return sorted({*differing})


def _says(path: Path, reference: Reference) -> bool:
    """Whether there is a recorded reference that says this."""
    return path.is_file() and same_reference(path, reference)


def strangers() -> list[str]:
    """References and signatures of exercises that are gone, as paths from the course's root."""
    named = {f"{name}.json" for name in all_exercises()}
    searching = {f"{exercise.name}.json" for exercise in searched()}
    folder = path_of("x", DIRECTORY).parent
    left = [path for path in DIRECTORY.glob("*.json") if path.name not in named]
    left += [path for path in folder.glob("*.json") if path.name not in searching]
    return sorted(str(path.relative_to(course_root())) for path in left)

"""The copy in `notebooks/` is the one that is handed out, and not the learner's: who works in it is told, once.

An update of the course overwrites it. Nothing that was written in it is lost by the course's own commands.
"""

from __future__ import annotations

from pathlib import Path

from course_lib.errors import CourseError
from course_lib.workspace import course_root, notebook, units


def unit_worked_on_in(folder: Path) -> str | None:
    """The unit whose folder in `notebooks/` this is; None for any other folder."""
    try:
        handed_out = course_root() / "notebooks"
        folder = folder.resolve()
    except (CourseError, OSError):  # no course folder here, or the working folder is gone
        return None
    return folder.name if folder.parent == handed_out.resolve() and folder.name in units() else None


def reminder(unit: str) -> str:
    """What to tell whoever has the handed-out copy open."""
    begin = f"You are working in notebooks/{unit}, the copy that is handed out: an update of the course overwrites it. "
    if notebook(unit).is_file():
        return f"{begin}Your own is work/{unit}/{unit}.ipynb: open that one, and copy into it what you wrote here."
    return (
        f"{begin}Save it, close it and run ./course start {unit[:2]}: that makes and opens a copy of your own in work/."
    )


def edited() -> list[str]:
    """The units whose handed-out notebook was worked in: an answer's cell differs, or something was run."""
    return [unit for unit in units() if _is_edited(course_root() / "notebooks" / unit / f"{unit}.ipynb")]


def about_edited(unit: str) -> str:
    """What to do about a handed-out notebook that was worked in."""
    if notebook(unit).is_file():
        return (
            f"notebooks/{unit}/{unit}.ipynb, the copy that is handed out, was worked in as well. What is there counts "
            f"only if you copy it into your own, work/{unit}/{unit}.ipynb."
        )
    return (
        f"notebooks/{unit}/{unit}.ipynb, the copy that is handed out, was worked in. ./course start {unit[:2]} copies "
        "it as it is into work/, where an update of the course does not overwrite it."
    )


def _is_edited(path: Path) -> bool:
    """By nbgrader's checksums, which the release wrote into the cells; a file without them says nothing."""
    import nbformat
    from nbgrader.utils import compute_checksum

    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # whatever nbformat makes of a file that is no notebook
        return False
    for cell in cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            return True
        checksum = cell.metadata.get("nbgrader", {}).get("checksum")
        if checksum and checksum != compute_checksum(cell):
            return True
    return False

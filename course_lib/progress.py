"""What you have done so far, as one JSON line an event, in a file of your own.

The file is only ever appended to: a full disk or a killed kernel can lose the line being written, never the ones
before it. Reading skips a torn line.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.judging.reference import DIRECTORY, load
from course_lib.workspace import home

FILE = "progress.jsonl"


def state_directory() -> Path:
    """Where progress is kept: COURSE_STATE_DIR, else `.course/` beside `work/`, else the user's data folder.

    The last where the package alone is installed, as on Colab, and there is no course folder.
    """
    chosen = os.environ.get("COURSE_STATE_DIR")
    if chosen:
        return Path(chosen)
    try:
        return home() / ".course"
    except CourseError:
        from platformdirs import user_data_path

        return user_data_path("optimization-course")


def record(kind: str, **fields: Any) -> None:
    """Append one event. Does nothing while grading; a disk that cannot be written is a sentence, never an error."""
    if os.environ.get("COURSE_GRADING"):
        return
    event = {"kind": kind, "time": datetime.now(UTC).isoformat(timespec="seconds")} | fields
    path = state_directory() / FILE
    line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.tell() and not _ends_in_newline(file):
                line = b"\n" + line  # an earlier write was torn: do not glue this event to its rest
            file.write(line)
    except OSError as error:
        print(
            f"Your progress could not be written to {path} ({error.strerror}); your answers are not affected. "
            "Free some space or set COURSE_STATE_DIR to a folder that you can write.",
            file=sys.stderr,
        )


def _ends_in_newline(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def events() -> list[dict[str, Any]]:
    """All readable events, oldest first."""
    path = state_directory() / FILE
    if not path.is_file():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            found.append(event)
    return found


def best() -> dict[str, dict[str, Any]]:
    """For each exercise tried, its best check so far (`earned`, `points`) and the number of tries."""
    found: dict[str, dict[str, Any]] = {}
    for event in events():
        if event.get("kind") != "check" or not isinstance(event.get("exercise"), str):
            continue
        if not all(isinstance(event.get(each, 0), int | float) for each in ("earned", "points")):
            continue  # a line that no version of the course wrote
        mine = found.setdefault(event["exercise"], {"earned": 0, "points": 0, "tries": 0})
        mine["tries"] += 1
        if event.get("earned", 0) >= mine["earned"]:
            mine |= {"earned": event.get("earned", 0), "points": event.get("points", 0)}
    return found


def tried() -> set[str]:
    """The exercises with a try on record: an answer that was judged, right or wrong, and was no longer the blank one.

    Lines from before tries were marked count where something was earned or recognized.
    """
    found: set[str] = set()
    for event in events():
        if event.get("kind") == "check" and isinstance(event.get("exercise"), str):
            if event.get("started", bool(event.get("earned") or event.get("diagnoses"))):
                found.add(event["exercise"])
        elif event.get("kind") == "graded" and isinstance(event.get("started"), list):
            found |= {name for name in event["started"] if isinstance(name, str)}
    return found


def summary() -> str:
    """A table of the course's units and exercises with what you have reached, as plain text."""
    done = best()
    lines = []
    by_unit: dict[str, list[str]] = {}
    for path in sorted(DIRECTORY.glob("*.json")):
        by_unit.setdefault(load(path.stem).unit, []).append(path.stem)
    for unit, names in sorted(by_unit.items()):
        complete = sum(_complete(done.get(name)) for name in names)
        lines.append(f"{unit}   {complete} of {len(names)} exercises")
        for name in names:
            mine = done.get(name)
            if mine is None:
                lines.append(f"   ·  {name}")
            else:
                mark = "✓" if _complete(mine) else "…"
                tries = "1 try" if mine["tries"] == 1 else f"{mine['tries']} tries"
                lines.append(f"   {mark}  {name:32} {mine['earned']:>3} of {mine['points']} points, {tries}")
    return "\n".join(lines)


def _complete(mine: dict[str, Any] | None) -> bool:
    return mine is not None and mine["points"] > 0 and mine["earned"] >= mine["points"]

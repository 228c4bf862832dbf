"""What nbgrader's gradebook has no column for: a learner's section, group and ids at the platform, and extensions.

It lies beside the gradebook, in `gradebook.classlist.json`, and so outlives a unit that is graded anew or removed: the
gradebook keeps an extension with a submission, and there is none before something was handed in.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.private_files import write_private

FILE = "gradebook.classlist.json"
LOCAL = "sqlite:///"
FORM = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True)
class Enrolled:
    """What a roster said of a learner besides their name."""

    login: str = ""
    """How they log in at the platform."""
    number: str = ""
    """The institution's number of them: SIS User ID, ID number, OrgDefinedId, Student ID."""
    section: str = ""
    group: str = ""


@dataclass
class ClassList:
    """Learners by their id in the gradebook; and until when whose submission of a unit is in time."""

    learners: dict[str, Enrolled] = field(default_factory=dict)
    extensions: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """By unit, then by learner; moments are in UTC and, as nbgrader's, without a zone."""

    def until(self, unit: str, student: str) -> datetime | None:
        """When the learner's submission is due, where that is another time than everybody's."""
        return self.extensions.get(unit, {}).get(student)

    def extend(self, unit: str, student: str, until: datetime | None) -> None:
        """Enter an extension, or take one back."""
        self.extensions.setdefault(unit, {}).pop(student, None)
        if until is not None:
            self.extensions[unit][student] = until

    def groups(self) -> dict[str, list[str]]:
        """The learners of each group, of groups with more than one."""
        found: dict[str, list[str]] = defaultdict(list)
        for student, enrolled in sorted(self.learners.items()):
            if enrolled.group:
                found[enrolled.group].append(student)
        return {group: members for group, members in found.items() if len(members) > 1}


def class_list_path(db_url: str, root: Path | None = None) -> Path:
    """Beside the gradebook at `db_url`; for a server's database, in the class's folder `root`."""
    return (Path(db_url.removeprefix(LOCAL)).parent if db_url.startswith(LOCAL) else root or Path.cwd()) / FILE


def read_class_list(db_url: str, root: Path | None = None) -> ClassList:
    """The class's list; an empty one where there is none. Raises `CourseError` for a damaged file."""
    path = class_list_path(db_url, root)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ClassList()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None
    try:
        held = json.loads(text)
        learners = {str(student): _enrolled(told) for student, told in held["learners"].items()}
        extensions = {
            str(unit): {str(student): datetime.strptime(text, FORM) for student, text in told.items()}
            for unit, told in held["extensions"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None
    return ClassList(learners, extensions)


def write_class_list(path: Path, known: ClassList, shared: bool = False) -> None:
    """Write the list, whole or not at all, so that nobody else can read it; `shared`: the class's group can."""
    told = {
        "learners": {student: _told(enrolled) for student, enrolled in sorted(known.learners.items())},
        "extensions": {
            unit: {student: when.strftime(FORM) for student, when in sorted(those.items())}
            for unit, those in sorted(known.extensions.items())
            if those
        },
    }
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        write_private(fresh, json.dumps(told, indent=1, ensure_ascii=False) + "\n", shared)
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def naive(moment: datetime) -> datetime:
    """A moment as nbgrader keeps it: UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def apply_extension(submission: Any, until: datetime | None) -> bool:
    """Give one of the gradebook's submissions its extension; returns whether that changed it.

    Without one, what nbgrader's own `grant_extension` entered stays.
    """
    wanted = extension(submission.assignment.duedate, submission.extension, until)
    changed = bool(submission.extension != wanted)
    submission.extension = wanted
    return changed


def extension(due: datetime | None, stands: timedelta | None, until: datetime | None) -> timedelta | None:
    """A submission's extension: what makes it due at `until`, or else what `stands`; none without a due date."""
    if due is None:  # nbgrader adds an extension to the due date, and fails where there is none
        return None
    if until is None:
        return stands
    return until - due if until > due else None


def _told(enrolled: Enrolled) -> dict[str, str]:
    return {key: value for key, value in asdict(enrolled).items() if value}


def _enrolled(told: dict[str, object]) -> Enrolled:
    known = {each.name for each in fields(Enrolled)}
    return Enrolled(**{key: str(value) for key, value in told.items() if key in known})


def _damaged(path: Path, why: str) -> CourseError:
    return CourseError(
        f"{path} is damaged ({why}). It has the class's sections, groups and extensions: restore it from a backup, or "
        "move it away, import the roster again and enter the extensions again."
    )

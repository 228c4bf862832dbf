"""The signatures of private cases, made when a wrong answer is first left unexplained, and kept for all workers.

They are made in a process that is neither a learner's nor this one, within a few seconds, and lie in a folder that only
this user reads. Where that fails nothing is said beyond the property; no grade waits for it or depends on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections import deque
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.judging.reference import DIRECTORY, Reference
from course_lib.judging.signatures import Signatures, path_of, read
from grader.search.bench import Bench
from grader.search.signatures import made_from, make_signatures
from grader.spec import Exercise

MOST_SECONDS = 20.0
"""For one exercise; most take two."""
ALLOWANCE, WINDOW = 60.0, 120.0
"""Seconds that may go into this in so many: judging a submission has a time of its own."""
_spent: deque[tuple[float, float]] = deque()


def kept_signatures(exercise: Exercise, reference: Reference, secret: bytes) -> Signatures | None:
    """The signatures for these private cases of an exercise; None where there are none to be had in time."""
    visible = read(path_of(exercise.name, DIRECTORY))
    origin = made_from(exercise)
    if visible is None or visible.made_from != origin:
        return None
    key = hashlib.sha256(b"\0".join((secret, exercise.name.encode(), origin.encode()))).hexdigest()
    try:
        path = _folder() / f"{key}.json"
        return read(path) or _made(exercise, reference, visible, path)
    except (OSError, CourseError, ValueError):
        return None


def _made(exercise: Exercise, reference: Reference, visible: Signatures, path: Path) -> Signatures | None:
    """Make them, of those edits alone that the visible cases tell apart, and keep them."""
    begun = time.monotonic()
    while _spent and _spent[0][0] < begun - WINDOW:
        _spent.popleft()
    left = ALLOWANCE - sum(seconds for _, seconds in _spent)
    if left < 1:
        return None
    places = [place for edit in visible.edits for place in edit.places]
    try:
        with Bench(min(MOST_SECONDS, left)) as bench:
            made = make_signatures(exercise, reference, bench, sorted(places))
            whole = not bench.is_late
    finally:
        _spent.append((begun, time.monotonic() - begun))
    if not whole:  # it serves this process, and the next may have more time
        return made
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    made.save(temporary)
    temporary.replace(path)
    return made


def _folder() -> Path:
    """A folder in the system's temporary one that is this user's alone. Raises OSError where somebody else made it."""
    mine = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"course-signatures-{mine}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if hasattr(os, "getuid") and (found.st_uid != mine or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077):
        raise PermissionError(f"{folder} is not this user's alone")
    return folder

"""nbgrader's collecting from an exchange, held to what the system itself knows: the owner of each file.

nbgrader goes by a folder's name and follows links with the teacher's rights: a learner could hand in for another, or
get the gradebook back as feedback.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from nbgrader.exchange.default import ExchangeCollect

from grader.submissions.copying import Copier, Patterns
from grader.submissions.deliveries import NoDeliveryError, read_delivery, require_own
from grader.submissions.files import FILE_BYTES
from grader.submissions.moments import LONGEST, UnknownTimeError, instant, written

SKEW = timedelta(minutes=10)
"""Two machines' clocks may differ by so much, and a slow one may take it to hand in."""


class Fetched(NamedTuple):
    """What is to be told of a copy."""

    left_out: list[tuple[str, str]]
    """Files, each with the reason, which completes "it ..."."""
    doubt: str
    """A sentence where the time that it bears may not be when it came; empty in an exchange without users."""


class CollectOwn(ExchangeCollect):
    """Collects a folder only where it belongs to the learner whose name it bears, and of it only that learner's files.

    What is left out is told in the log, a sentence each, and never stops the collecting of anything else. With
    `check_owner = False` the owner is not looked at (an exchange without users); links are refused all the same.
    """

    def init_src(self) -> None:
        """Find each learner's latest hand-in; what is nobody's own has been refused before the latest is chosen."""
        super().init_src()
        self.src_records: list[dict[str, Any]] = [record for record in self.src_records if record["filename"]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        folder = Path(path)
        try:
            found = read_delivery(folder.name, self.coursedir.assignment_id)
            require_own(folder, found.student, self.check_owner)
        except NoDeliveryError as error:
            self.log.warning("%s is not collected: %s.", path, error)
            return {"username": path, "filename": "", "timestamp": datetime.min}  # a group by itself, and left out
        return {"username": found.student, "filename": found.name, "timestamp": found.when.replace(tzinfo=None)}

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a hand-in, closed to others; links and other people's files are left out and told."""
        try:
            student = read_delivery(Path(src).name, self.coursedir.assignment_id).student
            fetched = self.fetch(Path(src), student, Path(dest))
        except (NoDeliveryError, OSError) as error:
            shutil.rmtree(dest, ignore_errors=True)  # half of one would pass for all of it
            self.log.error("%s is not collected: %s.", src, error)
            return
        for name, why in fetched.left_out:
            self.log.warning("%s/%s is left out: it %s.", src, name, why)
        if fetched.doubt:
            self.log.warning("%s: %s", src, fetched.doubt)

    def fetch(self, folder: Path, student: str, target: Path) -> Fetched:
        """Copy the student's hand-in to `target`, which is made.

        Raises `NoDeliveryError` for one that is too large or somebody else's, `OSError` where it cannot be copied.
        """
        owner = require_own(folder, student, self.check_owner)
        course, limit = self.coursedir, 1000 * self.coursedir.max_dir_size
        if self.get_size(str(folder)) > limit:
            raise NoDeliveryError(f"it is larger than {limit} bytes (CourseDirectory.max_dir_size)")
        copier = Copier(owner, Patterns(course.ignore, course.include, 1000 * course.max_file_size or FILE_BYTES))
        copier.copy(folder, target)
        self.set_perms(str(target), *((0o660, 0o2770) if course.groupshared else (0o600, 0o700)))
        return Fetched(copier.left_out, doubt(target, copier.changed) if self.check_owner else "")


def doubt(folder: Path, changed: float) -> str:
    """A sentence where a hand-in bears a time long before it was `changed` last, in seconds since 1970; else empty.

    Learners write their own timestamp.txt. It stands all the same: in an exchange that was moved, all files are new.
    """
    try:
        with (folder / "timestamp.txt").open(encoding="utf-8", errors="replace") as file:
            said = instant(file.read(LONGEST + 1))
    except (OSError, UnknownTimeError):
        return ""
    found = datetime.fromtimestamp(changed, UTC)
    if found - said <= SKEW:
        return ""
    return (
        f"Its timestamp.txt says {written(said)}, and the file system that it was changed at "
        f"{found:%Y-%m-%d %H:%M:%S} UTC. If only one of them is in time, ask before you decide."
    )

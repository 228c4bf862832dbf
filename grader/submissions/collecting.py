"""nbgrader's collecting from an exchange, held to what the system itself knows: the owner of each file.

In an exchange everybody may lay down a folder with any name, and put links into it. nbgrader goes by the name and
follows links with the teacher's rights: a learner could hand in for another, or get the gradebook back as feedback.
"""

from __future__ import annotations

import os
import shutil
import stat
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import find_owner, ignore_patterns, parse_utc


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
        why = self._refused(Path(path))
        if why is None:
            return dict(super()._path_to_record(path))
        self.log.warning("%s is not collected: %s", path, why)
        return {"username": path, "filename": "", "timestamp": datetime.min}  # a group by itself, and left out

    def _refused(self, path: Path) -> str | None:
        """Why a folder in the exchange is no hand-in, in a sentence; None where it is one."""
        parts = path.name.rsplit("+", 3)  # name, unit, time and, mostly, a random text; a name may hold a "+" itself
        if len(parts) < 3:
            return "its name does not say whose it is and when it came."
        try:
            parse_utc(parts[2])
            if not stat.S_ISDIR(path.lstat().st_mode):
                return "it is not a folder."
            owner = find_owner(str(path)) if self.check_owner else parts[0]
        except (ValueError, OverflowError):
            return "the time in its name cannot be read."
        except KeyError:
            return "it belongs to a user whom this machine does not know."
        except OSError as error:
            return f"it cannot be looked at ({error.strerror})."
        if owner != parts[0]:
            return f"it bears the name of {parts[0]} and belongs to {owner}, who may have tried to hand in for them."
        return None

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a hand-in, closed to others; links and other people's files are left out and told."""
        limit = 1000 * self.coursedir.max_dir_size
        if self.get_size(src) > limit:
            self.log.error(
                "%s is not collected: it is larger than %d bytes (CourseDirectory.max_dir_size).", src, limit
            )
            return
        owner = Path(src).lstat().st_uid if self.check_owner else None
        try:
            shutil.copytree(src, dest, symlinks=True, ignore=self._left_out, copy_function=partial(copy_own, owner))
        except (shutil.Error, OSError) as error:
            causes = error.args[0] if isinstance(error, shutil.Error) else [(src, dest, error)]
            for path, _, cause in causes:
                self.log.warning("%s is left out: %s", path, cause)
        if Path(dest).is_dir():
            self.set_perms(dest, *((0o660, 0o2770) if self.coursedir.groupshared else (0o600, 0o700)))

    def _left_out(self, folder: str, names: list[str]) -> list[str]:
        """For `copytree`: what nbgrader's configuration leaves out, and links."""
        course = self.coursedir
        chosen = ignore_patterns(course.ignore, course.include, course.max_file_size, self.log)(folder, names)
        links = [name for name in names if (Path(folder) / name).is_symlink()]
        for name in links:
            self.log.warning("%s is left out: it is a link, not a file.", Path(folder) / name)
        return [*chosen, *links]


def copy_own(owner: int | None, source: str, target: str) -> None:
    """Copy a regular file of this owner; looked at once it is open, so that no link takes its place in between.

    Raises OSError, with the sentence, for anything else.
    """
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError("it is not a file.")
        if owner is not None and about.st_uid != owner:
            raise OSError("it belongs to somebody else.")
        with Path(target).open("wb") as copy:
            shutil.copyfileobj(file, copy)

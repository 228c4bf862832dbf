"""A user number for each name on the Hub, for good: pods of Kubernetes all run as one user unless they are told.

nbgrader's exchange is kept apart by users. The Hub writes the numbers into a file like /etc/passwd on the shared
volume; pods read it there through libnss-extrausers, so that a file's owner has a name in each of them.
"""

import fcntl
import os
import re
from pathlib import Path

PASSWD = Path("/srv/nbgrader/users/passwd")
FIRST, LAST = 20_000, 59_999  # what no system account has, and below the sandbox's own
NAME = re.compile(r"[a-z0-9_][a-z0-9_.@-]{0,63}")


def number_of(name: str, passwd: Path = PASSWD) -> int:
    """The number of `name`, the same each time; a new name gets the next one, and none is ever given twice.

    Raises ValueError, with a sentence, for a name that cannot stand in such a file, and where all numbers are taken.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be a user's name here: it may have small letters, digits and . _ @ - (64 at most)."
        )
    passwd.parent.mkdir(parents=True, exist_ok=True)
    with passwd.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        lines = [line.split(":") for line in text.splitlines()]
        known = {line[0]: int(line[2]) for line in lines if len(line) == 7 and line[2].isdigit()}
        if name in known:
            return known[name]
        number = max([FIRST - 1, *known.values()]) + 1
        if number > LAST:
            raise ValueError(f"All user numbers up to {LAST} in {passwd} are taken.")
        end = "" if not text or text.endswith("\n") else "\n"  # a line that a full disk cut off stays, and is nobody's
        file.write(f"{end}{name}:x:{number}:100::/home/jovyan:/bin/bash\n")
        file.flush()
        os.fsync(file.fileno())
    passwd.chmod(0o644)
    return number

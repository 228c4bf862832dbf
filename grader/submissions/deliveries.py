"""A folder in nbgrader's exchange: whose it says that it is, when it came, and whether the system agrees.

In an exchange everybody may lay down a folder with any name. nbgrader goes by the name; a learner could hand in for
another, or put a folder of the year 9999 before all that the other hands in.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nbgrader.utils import parse_utc

from grader.submissions.identity import unfit_folder


class NoDeliveryError(Exception):
    """A folder that is not taken; the text completes "... is not collected: "."""


class Delivery(NamedTuple):
    """A folder, by its name; of two the later one is greater."""

    when: datetime
    """In UTC. A zone in letters that may be several, which a class's own configuration can have chosen, counts as UTC:
    this orders what one learner hands in, and says nothing of who is late."""
    name: str
    student: str


def read_delivery(name: str, unit: str) -> Delivery:
    """What the name of a folder tells: STUDENT+UNIT+TIME, mostly with a random text behind.

    Raises `NoDeliveryError` with the reason.
    """
    found = re.fullmatch(rf"(?P<student>.+)\+{re.escape(unit)}\+(?P<when>[^+]+)(\+[^+]*)?", name, re.S)
    if found is None:
        raise NoDeliveryError("its name does not say whose it is and when it came")
    student = unicodedata.normalize("NFC", found["student"])
    why = unfit_folder(student)
    if why:
        raise NoDeliveryError(why)
    try:
        return Delivery(parse_utc(found["when"]).replace(tzinfo=UTC), name, student)
    except (ValueError, OverflowError, TypeError):
        raise NoDeliveryError("the time in its name cannot be read") from None


def require_own(folder: Path, student: str, check_owner: bool) -> int | None:
    """The owner of a folder that bears the student's name, whose files alone are to be taken; None for anybody's.

    check_owner: whether the owner has to be the student. Raises `NoDeliveryError` with the reason.
    """
    try:
        found = folder.lstat()
    except OSError as error:
        raise NoDeliveryError(f"it cannot be looked at ({error.strerror})") from None
    if not stat.S_ISDIR(found.st_mode):
        raise NoDeliveryError("it is not a folder")
    if not check_owner:
        return None
    owner = owner_name(found)
    if unicodedata.normalize("NFC", owner) != student:
        raise NoDeliveryError(
            f"it bears the name of {student} and belongs to {owner}, who may have tried to hand in for them. Where "
            "all share an account, as in containers, write c.ExchangeCollect.check_owner = False into "
            "nbgrader_config.py"
        )
    return found.st_uid


def owner_name(found: os.stat_result) -> str:
    """What this machine calls the owner of what was looked at."""
    import pwd  # not on Windows, where nbgrader has no exchange

    try:
        return pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return f"the user with the number {found.st_uid}, whom this machine does not know"

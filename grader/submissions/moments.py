"""When something was handed in: a time that has one meaning, in UTC, or a sentence that says why it is not known.

Nothing is guessed: a zone in letters may be several (CST, IST), and 01/02 is January or February. Such a time counts as
one that cannot be read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from dateutil.tz import datetime_ambiguous, datetime_exists, gettz

LONGEST = 200
"""No time takes more characters."""
ISO = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(.*)", re.I | re.S | re.A)
OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?", re.I | re.A)
NUMBERS = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b.*", re.S | re.A)


class Moment(NamedTuple):
    """When it came: `text` as nbgrader reads it, in UTC, or empty; `note` says why a time that is there is not used."""

    text: str = ""
    note: str = ""


NO_MOMENT = Moment()


class UnknownTimeError(ValueError):
    """A time without one meaning; the text says why."""


def moment(text: str) -> Moment:
    """The time in a timestamp.txt, or the note on why it cannot be told."""
    try:
        return Moment(written(instant(text)))
    except UnknownTimeError as error:
        return unread(str(error))


def unread(why: str, what: str = "Its timestamp.txt") -> Moment:
    """What is told of a time that cannot be used."""
    return Moment(note=f"{what} could not be read ({why}), so nothing says whether it was late.")


def written(when: datetime) -> str:
    """A time as nbgrader writes it."""
    utc = when.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S}{f'.{utc.microsecond:06}' if utc.microsecond else ''} UTC"


def instant(text: str) -> datetime:
    """The one moment that a text means. Raises `UnknownTimeError` with the reason.

    A time without a zone counts as UTC where it has nbgrader's own form, 2026-01-30 22:15:00.
    """
    text = text.strip()
    found = ISO.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        if NUMBERS.fullmatch(text[:LONGEST]):
            raise UnknownTimeError("a date such as 01/02/2026 has two readings: write 2026-01-30 22:15:00 UTC")
        raise UnknownTimeError("it is no time such as 2026-01-30 22:15:00 UTC")
    day, between, clock, zone = found.groups()
    try:
        naive = datetime.fromisoformat(f"{day}T{clock}")
        when = _zoned(naive, zone.strip(), own_form=between == " " and clock.count(":") == 2)
        return when.astimezone(UTC)
    except UnknownTimeError:
        raise
    except (ValueError, OverflowError):
        raise UnknownTimeError("there is no such day or hour") from None


def _zoned(naive: datetime, zone: str, own_form: bool) -> datetime:
    if zone.upper() in ("UTC", "GMT", "Z") or not zone and own_form:
        return naive.replace(tzinfo=UTC)
    if not zone:
        raise UnknownTimeError("it names no zone: write UTC, or an offset such as +01:00, behind it")
    offset = OFFSET.fullmatch(zone)
    if offset:
        sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
        if hours > 14 or minutes > 59:
            raise UnknownTimeError(f"no place on earth has the offset {zone}")
        apart = timedelta(hours=hours, minutes=minutes)
        return naive.replace(tzinfo=timezone(-apart if sign == "-" else apart))
    place = gettz(zone) if re.fullmatch(r"[A-Za-z]+(/[A-Za-z_+-]+)+", zone) else None
    if place is None:
        raise UnknownTimeError(f"the zone {zone[:20]!r} has no one meaning: write UTC, or an offset such as +01:00")
    if datetime_ambiguous(naive, place) or not datetime_exists(naive, place):
        raise UnknownTimeError(f"the clocks of {zone} were changed in that hour: write an offset such as +01:00")
    return naive.replace(tzinfo=place)

"""Who a learner is: one id for each, readable, the same over attempts, units and downloads, and fit to be a folder.

The id is made of the name. Where two are called the same, the platform's number tells them apart; and the gradebook
remembers whose number it has seen (`lms_user_id`, which you may also fill in yourself), so that the id of the one who
was there first stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from grader.submissions.files import printable

LONGEST = 60
"""An id made of a name has so many characters, the number aside."""
COLUMN = 128
"""The gradebook keeps so many characters of an id."""
FOLDER_BYTES = 180
"""A student's folder name may be so long: names of files are made of it."""
PATTERN = set("[]*?")
"""nbgrader takes a student's name for a file pattern, in several places."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.I)
"""No folder on Windows can be called so."""
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
JOINERS = str.maketrans("", "", "\u200c\u200d")
"""They belong to the writing of Persian and of Indian languages; an id is as readable without."""


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as a platform says it."""

    platform: str
    name: str
    """A person's name; in nbgrader's layout the folder's."""
    number: str = ""
    """What the platform tells people of one name apart by."""
    lasting: bool = False
    """Whether the number is the person's in every assignment."""
    by_folder: bool = False
    """Whether the name is an id already: a folder that you, or nbgrader's collecting, made."""
    anonymous: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for all files of one person: in one download a person has one name, so two names are two people."""
        return self.platform, self.number, self.name if self.by_folder else plain(self.name)

    @property
    def lms_id(self) -> str:
        """What the gradebook remembers; empty where the platform has no lasting number."""
        return f"{self.platform}:{self.number}"[:COLUMN] if self.lasting else ""


@dataclass(frozen=True)
class Identity:
    """An owner's id, or why there is none (`problem` completes "could not be graded: ...")."""

    student: str
    problem: str = ""
    note: str = ""
    lms_id: str = ""
    """What the gradebook is to remember."""


def plain(name: str) -> str:
    """A name without what nobody sees: its accents in one form, small, no invisible characters."""
    return unicodedata.normalize("NFC", INVISIBLE.sub("", name).translate(JOINERS).casefold())


def slug(name: str) -> str:
    """A name as an id: letters, marks and digits of any script, small, joined by `_`."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", name)).translate(JOINERS).lower()
    kept = "".join(
        c if c.isalnum() or unicodedata.category(c).startswith("M") else "-" if c in "-'’ʼ" else " " for c in text
    )
    return unicodedata.normalize("NFC", "_".join(kept.split())[:LONGEST]).strip("_")


def identify(
    owners: Iterable[Owner], roster: Mapping[str, str], names: Mapping[str, str] | None = None
) -> dict[Owner, Identity]:
    """An id for each owner. roster: the gradebook's students, with the `lms_user_id` of each or an empty text.

    names: students by their names, as `by_name` makes it; it counts where nobody else that came is called so.
    """
    owners = list(owners)
    found: dict[Owner, Identity] = {}
    known = {lms_id: student for student, lms_id in roster.items() if lms_id}
    with_number = Counter(owner.lms_id for owner in owners if owner.lasting)
    doubtful = {owner for owner in owners if owner.lasting and with_number[owner.lms_id] > 1}
    named: dict[str, list[Owner]] = defaultdict(list)
    called = Counter(plain(owner.name) for owner in owners if not owner.by_folder and not owner.anonymous)
    for owner in owners:
        remembered = owner.lasting and owner not in doubtful and (known.get(owner.lms_id) or known.get(owner.number))
        if owner.by_folder:
            named[unicodedata.normalize("NFC", owner.name)].append(owner)
        elif remembered:
            found[owner] = Identity(remembered)
        elif called[plain(owner.name)] == 1 and (student := _by_its_name(owner, roster, names or {})):
            found[owner] = Identity(student)
        else:
            named[slug(owner.name)].append(owner)
    taken = {identity.student.casefold() for identity in found.values()}
    for base, same in named.items():
        folders = sum(owner.by_folder for owner in same)
        for owner in same:
            if owner.by_folder:
                found[owner] = _of_folder(owner.name, base, folders > 1)
            else:  # with a folder of yours of the same name, it is for you to say whether they are one
                found[owner] = _of_name(owner, base, len(same) - folders > 1 or base.casefold() in taken, roster)
    return _told_apart({owner: _to_remember(owner, found[owner], owner in doubtful) for owner in found})


def _by_its_name(owner: Owner, roster: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The one student of this name; nobody where the number of the platform says that it is somebody else."""
    student = "" if owner.anonymous else names.get(plain(owner.name), "")
    other_number = owner.lasting and roster.get(student, "")
    return "" if other_number else student


def by_name(students: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Students by their names, from ids, first and last names: in either order, and only where one has the name."""
    found: dict[str, set[str]] = defaultdict(set)
    for student, first, last in students:
        for name in {f"{first} {last}".strip(), f"{last} {first}".strip()} - {""}:
            found[plain(name)].add(student)
    return {name: next(iter(those)) for name, those in found.items() if len(those) == 1}


def _to_remember(owner: Owner, identity: Identity, doubtful: bool) -> Identity:
    """With the platform's lasting number, unless it came with two names: then whose it is, nothing says."""
    if not doubtful:
        return replace(identity, lms_id=owner.lms_id)
    number = printable(owner.number)
    told = f"{owner.platform} gives the number {number} to several names; they count as several learners."
    return replace(identity, note=" ".join(filter(None, [identity.note, told])))


def _of_folder(name: str, student: str, twice: bool) -> Identity:
    why = unfit_folder(name)
    if not why and twice:
        why = "two folders have this name, with its accents written in two ways: keep one of them"
    return Identity(printable(student), why)


def unfit_folder(name: str) -> str:
    """Why a folder's name cannot be a learner's id, and what to do."""
    why = unfit(name)
    return f"{why}: rename the folder" if why else ""


def unfit(name: str) -> str:
    """Why a name cannot be a learner's id."""
    if set(name) & PATTERN:
        return "nbgrader does not take such a name (it has one of [ ] * ?)"
    if name != name.strip() or name.endswith("."):
        return "nbgrader does not take such a name (a blank or a dot at an end)"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name) or set(name) & set('/\\:<>|"'):
        return "nbgrader does not take such a name (it has characters that no folder should have)"
    if INVISIBLE.search(name):
        return "its name has invisible characters, so it can look like another's"
    if RESERVED.fullmatch(name):
        return "on Windows no folder can have this name"
    if len(name) > COLUMN or len(name.encode()) > FOLDER_BYTES:
        return f"its name has {len(name)} characters, more than nbgrader and file systems take"
    return ""


def _of_name(owner: Owner, base: str, shared: bool, roster: Mapping[str, str]) -> Identity:
    number = slug(owner.number)
    others = roster.get(base, "")
    shared = shared or owner.anonymous or bool(others) and owner.lasting
    if not base or RESERVED.fullmatch(base):
        base, shared = f"{base or 'learner'}", True
    if not shared:
        return Identity(base)
    if not number:
        return Identity(base, f"{owner.platform} calls two learners {printable(owner.name)} and gives no number")
    note = ""
    if not owner.lasting and not owner.anonymous:
        note = (
            f"Several learners are called {printable(owner.name)}; {owner.platform}'s number behind the id is of this "
            "assignment alone, so compare with the other units who is who."
        )
    return Identity(f"{base}_{number}", note=note)


def _told_apart(found: dict[Owner, Identity]) -> dict[Owner, Identity]:
    """Adds a note for ids that differ in nothing that one sees at once."""
    alike: dict[str, set[str]] = defaultdict(set)
    for identity in found.values():
        alike[plain(identity.student)].add(identity.student)
    told = {}
    for owner, identity in found.items():
        others = sorted(alike[plain(identity.student)] - {identity.student})
        note = f"Another learner's id differs only in capital letters: {', '.join(others)}." if others else ""
        told[owner] = replace(identity, note=" ".join(filter(None, [identity.note, note])))
    return told

"""Submissions as learning platforms hand them over: Moodle's and Canvas's zip files, and what becomes of them unpacked.

A zip file is a stranger's: nothing of it is written but regular files, below one folder, under names made here, and
within bounds. Whose a file is, its name says; a file whose name says nobody's is reported.
"""

from __future__ import annotations

import contextlib
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from course_lib.errors import CourseError
from grader.intake import Submission, find_submissions, submission_in

FILE_BYTES = 64 * 2**20
TOTAL_BYTES = 8 * 2**30
MEMBERS = 200_000
JUNK = re.compile(r"__MACOSX|__pycache__|Thumbs\.db|desktop\.ini|\..*|.*_assignsubmission_onlinetext.*", re.I)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_file_?(?P<rest>.*)")
CANVAS = re.compile(r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<rest>.+)")
LATE = "The learning platform marked it as late and does not say by how much, so it counts as in time."


@dataclass(frozen=True)
class Arrivals:
    """Everyone's submission, and the files that are nobody's, each with the reason (it completes "it ...")."""

    submissions: list[Submission]
    unknown: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Entry:
    """A file on its way in."""

    name: str
    """Its path below the folder or in the zip file, with slashes."""
    open: Callable[[], IO[bytes]]
    archive: str = ""
    """The zip file that it lies in, where that is one of several."""


@dataclass(frozen=True)
class _Owner:
    """Whose a file is: a name, and the platform's number for it."""

    name: str
    number: str = ""
    late: bool = False


def gather(source: Path, unit: str, scratch: Path) -> Arrivals:
    """Find everyone's submission in a folder or a zip file; what has to be unpacked goes below `scratch`.

    Raises `CourseError` when there is nothing, or nothing that can be read.
    """
    unknown: dict[str, str] = {}
    if source.is_dir():
        inside = [path for path in sorted(source.iterdir()) if not JUNK.fullmatch(path.name)]
        arrived = [path for path in inside if _is_a_platforms(path)]
        if not arrived:
            return Arrivals(find_submissions(source, unit))
        plain = [submission_in(path, unit) for path in inside if path.is_dir() and path not in arrived]
        entries = [entry for path in arrived for entry in _entries(path, unknown)]
    elif source.is_file():
        plain, entries = [], list(_members(source, unknown))
    else:
        return Arrivals(find_submissions(source, unit))
    unpacked = _unpack(entries, unit, scratch / "submitted", unknown)
    if not plain and not unpacked and not unknown:
        raise CourseError(f"{source} holds no file. It should hold STUDENT/{unit}.ipynb for each.")
    names = {submission.student for submission in plain}
    for submission in unpacked:
        if submission.student in names:
            unknown[submission.origin] = f"is {submission.student}'s, who has a folder there, too: keep one of the two"
    found = [*plain, *(s for s in unpacked if s.student not in names)]
    return Arrivals(sorted(found, key=lambda submission: submission.student), unknown)


def _is_a_platforms(path: Path) -> bool:
    if path.is_dir():
        return MOODLE.fullmatch(path.name) is not None
    return path.suffix.lower() in (".zip", ".ipynb")


def _entries(path: Path, unknown: dict[str, str]) -> Iterator[_Entry]:
    """The files that one item of a folder stands for."""
    if path.is_symlink():
        unknown[path.name] = "is a link, not a file"
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path.parent)
            if file.is_file() and not any((path.parent / part).is_symlink() for part in [name, *name.parents]):
                yield _Entry(name.as_posix(), lambda file=file: file.open("rb"))  # type: ignore[misc]
    elif path.suffix.lower() == ".zip":
        try:
            yield from _members(path, unknown, path.name)
        except CourseError as error:
            unknown[path.name] = f"cannot be read ({error})"
    else:
        yield _Entry(path.name, lambda: path.open("rb"))


def _members(path: Path, unknown: dict[str, str], archive: str = "") -> Iterator[_Entry]:
    """The files in a zip file that are fit to be looked at."""
    try:
        file = zipfile.ZipFile(path)
        members = file.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CourseError(f"{path} is not a zip file that can be read: {error}") from None
    if len(members) > MEMBERS:
        raise CourseError(f"{path} holds {len(members)} files, more than a class has ({MEMBERS}).")
    for member in members:
        name = _told_name(member)
        if member.is_dir() or any(JUNK.fullmatch(part) for part in name.split("/") if part != ".."):
            continue
        problem = _refused(member, name)
        if problem:
            unknown[f"{archive}: {name}" if archive else name] = problem
        else:
            yield _Entry(name, lambda member=member: file.open(member), archive)  # type: ignore[misc]


def _told_name(member: zipfile.ZipInfo) -> str:
    """The name with slashes; UTF-8 that is not declared as such (macOS does that) is read as UTF-8."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _refused(member: zipfile.ZipInfo, name: str) -> str:
    """Why a member is not unpacked; empty when it is."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or ":" in name or not name.isprintable():
        return "has a name that leads out of the folder"
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device, not a file"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.file_size > FILE_BYTES:
        return f"is larger than a submission may be ({FILE_BYTES // 2**20} MiB)"
    return ""


def _owner(entry: _Entry, unit: str) -> tuple[_Owner, str] | None:
    """Whose a file is, and what its owner called it; None when its name does not say so."""
    parts = PurePosixPath(entry.name).parts
    for place, part in enumerate(parts):
        moodle = MOODLE.fullmatch(part)
        if moodle:
            name = "/".join([*filter(None, [moodle["rest"]]), *parts[place + 1 :]])
            return (_Owner(moodle["name"], moodle["number"]), name) if name else None
    canvas = CANVAS.fullmatch(parts[-1])
    if canvas:
        return _Owner(canvas["name"], canvas["number"], bool(canvas["late"])), canvas["rest"]
    if unit in parts[1:-1]:
        place = parts.index(unit, 1)
        return _Owner(parts[place - 1]), "/".join(parts[place + 1 :])
    if len(parts) > 1 and parts[-2] != unit:
        return _Owner(parts[-2]), parts[-1]
    if entry.archive:
        return _Owner(Path(entry.archive).stem), parts[-1]
    return None


def _unpack(entries: list[_Entry], unit: str, folder: Path, unknown: dict[str, str]) -> list[Submission]:
    owned: dict[_Owner, dict[str, _Entry]] = defaultdict(dict)
    for entry in entries:
        found = _owner(entry, unit)
        if found is None:
            unknown[entry.name] = "is nobody's: its name tells no learner"
        else:
            owner = _Owner(found[0].name, found[0].number)
            owned[owner][found[1]] = entry
            if found[0].late:
                owned[owner].setdefault("", entry)  # no file is called so: the mark of a late one
    room, submissions = [TOTAL_BYTES], []
    for owner, student in _students(list(owned)).items():
        files = owned[owner]
        late = files.pop("", None) is not None
        chosen, note = _choose(list(files), unit)
        target = folder / student / unit
        for name, entry in files.items():
            if name == chosen or not name.lower().endswith(".ipynb"):
                inside = f"{unit}.ipynb" if name == chosen else name
                problem = _write(entry, target / inside, room)
                if problem:
                    unknown[entry.name] = problem
        origin = files[chosen].name if chosen else next(iter(files.values())).name
        notes = " ".join(filter(None, [note, LATE if late else ""]))
        submission = Submission(
            student, unit, target / f"{unit}.ipynb", target / "timestamp.txt", target, origin, notes
        )
        submissions.append(submission)
    return submissions


def _students(owners: list[_Owner]) -> dict[_Owner, str]:
    """An id for each: made of the name, and where two are called the same, of the platform's number, too."""
    names = {owner: _slug(owner.name) if owner.number else owner.name for owner in owners}
    same = [name.casefold() for name in names.values()]
    return {
        owner: f"{name}_{owner.number}" if not name or same.count(name.casefold()) > 1 and owner.number else name
        for owner, name in names.items()
    }


def _slug(name: str) -> str:
    """A name as an id: letters and digits of any script, small, joined by `_`."""
    letters = "".join(c if c.isalnum() else "-" if c in "-'" else " " for c in unicodedata.normalize("NFC", name))
    return "_".join(letters.lower().split())


def _choose(names: list[str], unit: str) -> tuple[str, str]:
    """The notebook to grade of a learner's files, and a note where that was a choice; empty when there is none."""
    notebooks = [name for name in names if name.lower().endswith(".ipynb")]
    named = [name for name in notebooks if PurePosixPath(name).stem.startswith(unit)]
    candidates = named or notebooks
    if not candidates or (not named and len(notebooks) > 1):
        return "", ""
    # "UNIT-1.ipynb" and "UNIT (1).ipynb" are what browsers and platforms make of a second one.
    chosen = max(
        candidates, key=lambda name: [int(n) for n in re.findall(r"\d+", PurePosixPath(name).stem[len(unit) :])]
    )
    if len(candidates) > 1:
        return chosen, f"Of {len(candidates)} notebooks, {chosen} was graded."
    return chosen, ""


def _write(entry: _Entry, path: Path, room: list[int]) -> str:
    """Unpack one file; why that was not possible, or an empty text. A header may lie about a size: bytes count."""
    size = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with entry.open() as source, path.open("xb") as target:
            while chunk := source.read(2**20):
                size, room[0] = size + len(chunk), room[0] - len(chunk)
                if size > FILE_BYTES:
                    raise ValueError(f"it is larger than {FILE_BYTES // 2**20} MiB")
                if room[0] < 0:
                    raise CourseError(f"The submissions are larger than {TOTAL_BYTES // 2**30} GiB when unpacked.")
                target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        path.unlink(missing_ok=True)
        return f"could not be unpacked ({error})"
    return ""

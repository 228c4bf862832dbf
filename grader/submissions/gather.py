"""Everyone's submission, from a folder or a zip file as a learning platform hands it over.

Every file that came is accounted for: it is graded, goes along with what is graded, or is told with the reason. Nothing
is written but below the folder that is given for it.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.workspace import units
from grader.submissions.answer import Answer, Piece, choose, is_copy
from grader.submissions.files import (
    File,
    Room,
    UnusableError,
    expand,
    in_archive,
    in_folder,
    printable,
    short,
)
from grader.submissions.hand_ins import HandIn, by_owner, is_a_class, tell
from grader.submissions.identity import Identity, identify
from grader.submissions.moments import NO_MOMENT, Moment, moment, unread
from grader.submissions.platforms import LATE
from grader.submissions.reading import UnreadableError, decode
from grader.submissions.submission import Submission

TIMESTAMP = "timestamp.txt"
NESTED = 2
"""So many archives may lie in each other: an archive that holds what a browser has packed once more."""
NOT_BELIEVED = "Its timestamp.txt is the learner's own file, so nothing says whether it was late."


@dataclass(frozen=True)
class Arrivals:
    """Everyone's submission, and the files that are nobody's, each with the reason (it completes "it ...")."""

    submissions: list[Submission]
    unknown: dict[str, str] = field(default_factory=dict)


def gather(
    source: Path,
    unit: str,
    scratch: Path,
    released: NotebookNode,
    roster: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
    wanted: Callable[[HandIn], bool] | None = None,
) -> Arrivals:
    """Find everyone's submission in a folder or a zip file; what has to be unpacked goes below `scratch`.

    released: the notebook as it was handed out; roster: the gradebook's students, each with its `lms_user_id`;
    names: students by their names (`identity.by_name`); only: look at nothing but these names in the folder; wanted:
    leave the other hand-ins unopened.
    Raises `CourseError` when there is nothing, or nothing that can be read.
    """
    if not source.exists():
        raise CourseError(
            f"There is no folder {source}. Put each notebook into {source}/STUDENT/{unit}/{unit}.ipynb, "
            "or name another folder with --submissions."
        )
    found = list(in_folder(source, only) if source.is_dir() else in_archive(source))
    unknown: dict[str, str] = {}
    hand_ins = by_owner(found, unit, unknown, keep_top=source.is_dir())
    if not hand_ins and not unknown:
        kind = "student's folder" if source.is_dir() else "file"
        raise CourseError(f"{source} holds no {kind}. It should hold STUDENT/{unit}/{unit}.ipynb for each.")
    scratch.mkdir(parents=True, exist_ok=True)
    identities = identify([one.owner for one in hand_ins], roster or {}, names)
    maker = _Maker(unit, released, scratch, unknown)
    submissions: dict[str, Submission] = {}
    # A folder of your own goes before what a platform calls the same.
    for one in sorted(hand_ins, key=lambda one: (one.platform, identities[one.owner].student)):
        who = identities[one.owner]
        if wanted is not None and not wanted(one):
            continue
        if who.student in submissions:
            where = one.pieces[0].file.name if one.pieces else one.owner.name
            tell(unknown, where, f"is {who.student}'s, whose files are there in another form, too: keep one of the two")
        else:
            submissions[who.student] = maker.submission(one, who)
    return Arrivals([submissions[student] for student in sorted(submissions)], unknown)


def _expanded(piece: Piece, spool: Path, room: Room, depth: int = 0) -> Iterator[Piece]:
    """The piece, or the files in it where it is an archive. What cannot be taken apart keeps the reason."""
    try:
        inside = None if piece.file.refused or is_copy(piece.name) else expand(piece.file, spool, room)
        if inside is not None and depth == NESTED:
            raise UnusableError("is an archive in an archive in an archive")
        if inside is not None and not inside:
            raise UnusableError("is an empty archive")
    except UnusableError as error:
        inside, piece = None, replace(piece, file=replace(piece.file, refused=str(error)))
    if inside is None:
        yield piece
        return
    for file in inside:
        within = unicodedata.normalize("NFC", file.name.removeprefix(f"{piece.file.name}/"))
        yield from _expanded(Piece(f"{piece.name}/{short(within)}", file, piece.attempt), spool, room, depth + 1)


@dataclass
class _Maker:
    """Makes submissions of what was handed in."""

    unit: str
    released: NotebookNode
    scratch: Path
    unknown: dict[str, str]
    room: Room = field(default_factory=Room)

    def submission(self, one: HandIn, who: Identity) -> Submission:
        """One learner's; files of theirs that could not be taken are told."""
        if who.problem:
            return Submission(who.student, self.unit, problem=f"could not be graded: {who.problem}")
        room = self.room.learner()
        with tempfile.TemporaryDirectory(dir=self.scratch) as spool:
            made = self._made(one, who, room, Path(spool))
            room.give_back(Path(spool))
        return made

    def _made(self, one: HandIn, who: Identity, room: Room, spool: Path) -> Submission:
        notes = [who.note, LATE if one.late else ""]
        pieces, stamps = self._pieces(one, room, spool)
        if not one.platform and is_a_class(pieces, self.unit):
            return Submission(
                who.student,
                self.unit,
                problem="could not be graded: it holds files of several learners. If it is what a platform lets you "
                "download, name it itself with --submissions; if it is one learner's, leave only their own files in it",
                origin=one.pieces[0].file.name,
            )
        answer = choose(pieces, self.unit, self.released)
        if answer.piece is None:
            empty = f"could not be read: there is no {self.unit}.ipynb" if self.unit in one.folders else ""
            return Submission(who.student, self.unit, problem=answer.problem or empty, notes=tuple(filter(None, notes)))
        when = self._moment(one, answer.piece, stamps)
        if not when.text and not when.note and any(map(_is_stamp, [*pieces, *stamps])):
            when = Moment(note=NOT_BELIEVED)
        notes += answer.notes
        target = self.scratch / "submitted" / who.student / self.unit
        try:
            notebook = self._placed(answer.piece.file, target / f"{self.unit}.ipynb", room)
        except UnusableError as error:
            problem = f"could not be read: {printable(answer.piece.name)} {error}"
            return Submission(who.student, self.unit, problem=problem, notes=tuple(filter(None, notes)))
        beside, left_out = self._beside(one, pieces, answer, target, room)
        return Submission(
            who.student,
            self.unit,
            notebook,
            beside=beside,
            moment=when,
            origin=_origin(one, answer.piece, self.unit),
            notes=tuple(filter(None, [*notes, left_out])),
            lms_id=who.lms_id,
        )

    def _pieces(self, one: HandIn, room: Room, spool: Path) -> tuple[list[Piece], list[Piece]]:
        """The learner's files, archives taken apart, without other units' folders; and the timestamps among them."""
        stamps = [piece for piece in one.pieces if _is_stamp(piece)]
        rest = [piece for piece in one.pieces if not _is_stamp(piece)]
        if not one.platform:
            others = set(units()) - {self.unit}
            rest = [piece for piece in rest if not _of_another_unit(piece.name, self.unit, others)]
            if any(piece.name == f"{self.unit}.ipynb" for piece in rest):  # one folder for the notebooks of all units
                rest = [piece for piece in rest if piece.name.removesuffix(".ipynb") not in others]
        pieces = [found for piece in rest for found in _expanded(piece, spool, room)]
        return pieces, stamps

    def _moment(self, one: HandIn, chosen: Piece, stamps: Sequence[Piece]) -> Moment:
        """When it came. What stands in a learner's own upload is not believed; what collecting wrote is."""
        if one.platform:
            return one.moments.get(chosen.attempt, NO_MOMENT)
        in_folder_of_unit = PurePosixPath(chosen.name).parts[0] == self.unit
        for name in (f"{self.unit}/{TIMESTAMP}", TIMESTAMP) if in_folder_of_unit else (TIMESTAMP,):
            file = next((piece.file for piece in stamps if piece.name == name), None)
            if file is not None:
                try:
                    return moment(decode(file.read(4096), TIMESTAMP)[0])
                except (UnusableError, UnreadableError) as error:
                    return unread(str(error))
        return NO_MOMENT

    def _placed(self, file: File, path: Path, room: Room) -> Path:
        """Where a file can be read: where it lies, or unpacked."""
        if file.refused:
            raise UnusableError(file.refused)
        if file.path is None:
            room.copy(file, path)
        return file.path or path

    def _beside(
        self, one: HandIn, pieces: Iterable[Piece], answer: Answer, target: Path, room: Room
    ) -> tuple[dict[str, Path], str]:
        """The files that go along, by their name below the notebook's folder; and a note on what was left out."""
        assert answer.piece is not None
        attempt, base = answer.piece.attempt, PurePosixPath(answer.piece.name).parent
        mine = [piece for piece in pieces if piece.name not in answer.candidates and not _is_stamp(piece)]
        mine = [piece for piece in mine if piece.attempt == attempt or not attempt or piece.attempt.isdecimal()]
        near = {piece.name: PurePosixPath(piece.name).is_relative_to(base) for piece in mine}
        found: dict[str, Path] = {}
        left_out = []
        for piece in sorted(mine, key=lambda piece: not near[piece.name]):  # what lies with the notebook comes first
            path = PurePosixPath(piece.name).relative_to(base) if near[piece.name] else PurePosixPath(piece.name)
            if not near[piece.name] and not one.platform:
                continue
            if "is a link" in piece.file.refused or path.as_posix() in found:
                why = piece.file.refused or "has the name of another file"
                left_out.append(say("{name}, since it {why}", name=printable(piece.name), why=why))
                continue
            try:
                found[path.as_posix()] = self._placed(piece.file, target / "beside" / path, room)
            except UnusableError as error:
                tell(self.unknown, f"{target.parent.name}: {piece.name}", str(error))
        for name in sorted(found, key=_number, reverse=True) if one.platform else ():
            found.setdefault(_usual(name), found[name])
        return found, f"These were left out: {'; '.join(left_out[:5])}." if left_out else ""


def _is_stamp(piece: Piece) -> bool:
    return PurePosixPath(piece.name).name.lower() == TIMESTAMP


def _number(name: str) -> int:
    again = re.fullmatch(r".+?(?:-| \(|\()(\d{1,3})\)?(\.\w+)", name, re.S)
    return int(again[1]) if again else 0


def _usual(name: str) -> str:
    """What a file is called without the number that a platform or a browser puts behind the name of a second one."""
    return re.sub(r"(-| ?\()\d{1,3}\)?(?=\.\w+$)", "", name)


def _of_another_unit(name: str, unit: str, others: set[str]) -> bool:
    path = PurePosixPath(name)
    return path.parts[0] in others and len(path.parts) > 1 and not path.name.casefold().startswith(unit.casefold())


def _origin(one: HandIn, chosen: Piece, unit: str) -> str:
    """The file that it came as; empty for nbgrader's layout in a folder."""
    usual = (
        not one.platform and chosen.file.path is not None and chosen.name in (f"{unit}/{unit}.ipynb", f"{unit}.ipynb")
    )
    return "" if usual else unicodedata.normalize("NFC", chosen.file.name)

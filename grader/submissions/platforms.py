"""Learning platforms, one adapter each: what their files are called, whose a file is by that, and when it came.

The platform's own name decides, which is the topmost one: what a learner's folder or archive holds never tells whose it
is. The table in docs/instructors.md is made of the adapters (`table`).
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from course_lib.workspace import course_root
from grader.submissions.files import NAME, File, UnusableError, printable
from grader.submissions.identity import Owner
from grader.submissions.moments import NO_MOMENT, Moment, UnknownTimeError, instant, unread, written

LATE = "The learning platform marked it as late and does not say by how much, so it counts as in time."
NO_ZONE = "{}'s time names no zone, so nothing says whether it was late."
UNIT = "02_gradient_descent"
"""The unit of the examples."""


@dataclass(frozen=True)
class Claim:
    """What a platform's name says of a file."""

    owners: tuple[Owner, ...]
    rest: str = ""
    """What the learner called it; empty for a folder, and for what the platform itself has written."""
    attempt: str = ""
    """Sorts the attempts of one learner; empty where the name does not tell."""
    late: bool = False
    moment: Moment = NO_MOMENT


class Adapter:
    """One platform. `examples`: names of files as they come, each with the id that its owner gets."""

    title = ""
    examples: Mapping[str, str] = {}
    takes = ""
    """What a person should know: which attempt counts, what tells two of one name apart."""
    times = "none"

    def look(self, files: Mapping[str, File]) -> None:
        """Take note of the platform's own files among those at the top, by their names."""

    def claim(self, part: str, folder: bool) -> Claim | None:
        """Whose the file or folder is that is called `part` at the top; None where that is no name of this platform."""
        raise NotImplementedError

    def owns(self, part: str) -> bool:
        """Whether the file at the top is the platform's own, and no learner's."""
        return False


class Moodle(Adapter):
    """`Doe Jane_102_assignsubmission_file_`, a folder, or with the file's name right behind it."""

    title = "Moodle"
    examples = {
        f"Doe Jane_102_assignsubmission_file_/{UNIT}.ipynb": "doe_jane",
        f"Doe Jane_102_assignsubmission_file_{UNIT}.ipynb": "doe_jane",
        f"Participant_103_assignsubmission_file_/{UNIT}.ipynb": "participant_103",
    }
    takes = "with and without folders, in every language; its number is another one in each assignment"
    pattern = re.compile(
        r"(?P<name>.+?)_(?P<number>\d{1,18})_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?", re.S
    )
    nobody = re.compile(
        r"participant\w*|teilnehmer\w*(/in)?|partecipante|deelnemer|uczestnik|участник|учасник|katılımcı|参加者|参与者|參與者"
        r"|참가자|مشارك|משתתף|účastník|deltager|deltagare|osallistuja|résztvevő",
        re.I,
    )

    def claim(self, part: str, folder: bool) -> Claim | None:
        found = self.pattern.fullmatch(part)
        if not found:
            return None
        anonymous = self.nobody.fullmatch(found["name"]) is not None
        owner = Owner(self.title, found["name"], found["number"], anonymous=anonymous)
        rest = found["rest"] or ""
        return Claim((owner,), rest if found["plugin"] == "file" else f"{found['plugin']}/{rest}")


class Brightspace(Adapter):
    """`12345-67890 - Jane Roe - Jan 30, 2026 1015 PM`, a folder, or with ` - ` and the file's name behind it."""

    title = "Brightspace"
    examples = {f"12345-67890 - Jane Roe - Jan 30, 2026 1015 PM/{UNIT}.ipynb": "jane_roe"}
    takes = "of several attempts the latest that was worked on"
    times = "the site's, without a zone: not used"
    pattern = re.compile(
        r"(?P<number>\d{1,18})-\d{1,18} - (?P<name>.+?) - "
        r"(?P<time>[^/]{0,40}?\b\d{4}\b[\d\s:.hAaPpMm,]*)(?: - (?P<rest>.+))?",
        re.S,
    )
    days = ("%b %d, %Y", "%B %d, %Y", "%d %b, %Y", "%d %B, %Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d")
    clocks = ("%I%M %p", "%H%M")

    def claim(self, part: str, folder: bool) -> Claim | None:
        found = self.pattern.fullmatch(part)
        if not found:
            return None
        owner = Owner(self.title, found["name"], found["number"], lasting=True)
        note = NO_ZONE.format(self.title)
        return Claim((owner,), found["rest"] or "", self._attempt(found["time"]), moment=Moment(note=note))

    def _attempt(self, text: str) -> str:
        text = " ".join(text.replace(":", "").split())
        hour = re.search(r"(?<= )\d{3}(?= [AP]M$)", text)
        text = f"{text[: hour.start()]}0{text[hour.start() :]}" if hour else text
        for day, clock in itertools.product(self.days, self.clocks):
            with contextlib.suppress(ValueError):
                return datetime.strptime(text, f"{day} {clock}").isoformat()
        return ""

    def owns(self, part: str) -> bool:
        return part.lower() in ("index.html", "index.htm")


class Blackboard(Adapter):
    """`Unit 2_s1234567_attempt_2026-01-30-22-15-00_FILE`, and for each attempt a text without `_FILE`."""

    title = "Blackboard"
    examples = {f"Unit 2_s1234567_attempt_2026-01-30-22-15-00_{UNIT}.ipynb": "s1234567"}
    takes = "the user's name is the id; of several attempts the latest that was worked on"
    times = "the site's, without a zone: not used"
    pattern = re.compile(
        r"(?P<head>.+)_attempt_(?P<time>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<rest>.+)|(?P<own>\.txt))?", re.S
    )
    user = re.compile(r"^\s*[^:\n]{1,40}:[^\n]*\((?P<user>[^()\n]{1,80})\)\s*$", re.M)

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._heads: dict[str, set[str]] = defaultdict(set)

    def look(self, files: Mapping[str, File]) -> None:
        for name, file in files.items():
            found = self.pattern.fullmatch(name)
            if found:
                self._heads[found["head"].rpartition("_")[2]].add(found["head"])
            if found and found["own"]:
                with contextlib.suppress(UnusableError):
                    told = self.user.search(file.read(2**16).decode("utf-8-sig", "replace"))
                    if told and found["head"].endswith(f"_{told['user']}"):
                        self._users.add(told["user"])

    def claim(self, part: str, folder: bool) -> Claim | None:
        found = self.pattern.fullmatch(part)
        if not found or found["own"]:
            return None
        ends = [user for user in self._users if found["head"].endswith(f"_{user}")]
        last = found["head"].rpartition("_")[2]
        # A user's name may hold a `_`, as the assignment's may. Two people are never taken for one.
        user = max(ends, key=len) if ends else last if len(self._heads[last]) < 2 else found["head"]
        owner = Owner(self.title, user, user, lasting=True)
        return Claim((owner,), found["rest"] or "", found["time"], moment=Moment(note=NO_ZONE.format(self.title)))

    def owns(self, part: str) -> bool:
        found = self.pattern.fullmatch(part)
        return bool(found and found["own"])


class Canvas(Adapter):
    """`doejane_4001_90001_FILE`, with `_LATE` behind the name where it came late."""

    title = "Canvas"
    examples = {
        f"doejane_4001_90001_{UNIT}.ipynb": "doejane",
        f"doejane_LATE_4001_90002_{UNIT}-1.ipynb": "doejane",
    }
    takes = "`-1` behind a file's name is a second attempt; `_LATE` is told"
    pattern = re.compile(
        r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d{1,18}|[A-Za-z0-9]{5})_\d{1,18}_(?P<rest>.+)", re.S
    )
    again = re.compile(r".+-(\d{1,3})\.\w+", re.S)

    def claim(self, part: str, folder: bool) -> Claim | None:
        found = None if folder else self.pattern.fullmatch(part)
        if not found:
            return None
        anonymous = found["name"].lower() in ("anonymous", "anon")
        if not anonymous and not found["number"].isdecimal():
            return None
        owner = Owner(self.title, found["name"], found["number"], lasting=not anonymous, anonymous=anonymous)
        again = self.again.fullmatch(found["rest"])
        return Claim((owner,), found["rest"], f"{int(again[1]) if again else 0:03}", bool(found["late"]))


class Gradescope(Adapter):
    """`submission_123456`, a folder; whose it is, and when it came, stands in `submission_metadata.yml` beside it."""

    title = "Gradescope"
    examples = {f"submission_123456/{UNIT}.ipynb": "jane_roe"}
    takes = "who it is stands in `submission_metadata.yml`; a group's file counts for each of its members"
    times = "taken, from `created_at`"
    own_file = "submission_metadata.yml"

    def __init__(self) -> None:
        self._told: Mapping[str, Any] = {}

    def look(self, files: Mapping[str, File]) -> None:
        if self.own_file in files:
            with contextlib.suppress(UnusableError, yaml.YAMLError, ValueError, RecursionError):
                told = yaml.load(files[self.own_file].read(), _Plain)  # noqa: S506  it makes plain data only
                self._told = told if isinstance(told, dict) else {}

    def claim(self, part: str, folder: bool) -> Claim | None:
        if not folder or not re.fullmatch(r"submission_\d{1,18}", part):
            return None
        told = self._told.get(part)
        told = told if isinstance(told, dict) else {}
        people = told.get(":submitters")
        owners = tuple(self._owners(people if isinstance(people, list) else []))
        return Claim(owners or (Owner(self.title, part),), moment=self._moment(told.get(":created_at")))

    def _owners(self, people: Sequence[Any]) -> Iterator[Owner]:
        for person in people:
            if isinstance(person, dict):
                number = str(person.get(":sid") or person.get(":email") or "")
                name = str(person.get(":name") or number.partition("@")[0])
                if name:
                    yield Owner(self.title, name, number, lasting=bool(number))

    def _moment(self, text: object) -> Moment:
        if not text:
            return NO_MOMENT
        try:
            return Moment(written(instant(str(text))))
        except UnknownTimeError as error:
            return unread(str(error), "Gradescope's created_at")

    def owns(self, part: str) -> bool:
        return part == self.own_file


class _Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as plain data: Ruby's own kinds of object as what they hold, times as texts."""


def _held(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


_Plain.add_multi_constructor("!", _held)
_Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


class GoogleClassroom(Adapter):
    """`Jane Roe - FILE` in the assignment's folder on Google Drive."""

    title = "Google Classroom"
    examples = {f"Jane Roe - {UNIT}.ipynb": "jane_roe"}
    takes = "the assignment's folder on Drive, downloaded; it has no number, so two of one name have to be renamed"
    pattern = re.compile(r"(?P<name>[^/]{1,200}?) - (?P<rest>.+)", re.S)

    def claim(self, part: str, folder: bool) -> Claim | None:
        found = None if folder else self.pattern.fullmatch(part)
        return Claim((Owner(self.title, found["name"]),), found["rest"]) if found else None


class Folder(Adapter):
    """A folder, or an archive, that is named as its learner: nbgrader's layout."""

    title = "nbgrader's layout"
    examples = {f"ada/{UNIT}/{UNIT}.ipynb": "ada", f"ada/{UNIT}.ipynb": "ada", "ada.zip": "ada"}
    takes = "`nbgrader collect` and `nbgrader zip_collect` make it; the folder's name is the id"
    times = "`timestamp.txt` in the learner's folder"
    archive = re.compile(r"(?P<name>.+)\.(zip|tar|tgz|tar\.gz)", re.I | re.S)

    def claim(self, part: str, folder: bool) -> Claim | None:
        if folder:
            own = not part.startswith((".", "__"))  # not Jupyter's or Python's
            return Claim((Owner(self.title, part, by_folder=True),)) if own else None
        found = self.archive.fullmatch(part)
        return Claim((Owner(self.title, found["name"], by_folder=True),), part) if found else None


ADAPTERS: tuple[type[Adapter], ...] = (Moodle, Brightspace, Blackboard, Canvas, Gradescope, GoogleClassroom, Folder)
"""The first that knows a name decides."""


class Platforms:
    """The adapters, for one class's files."""

    def __init__(self, top: Mapping[str, File], kinds: Sequence[type[Adapter]] = ADAPTERS) -> None:
        self._adapters = [kind() for kind in kinds]
        for adapter in self._adapters:
            adapter.look(top)
        self.claim = lru_cache(maxsize=None)(self._claim)
        self._seen: set[str] = set()

    def _claim(self, part: str, folder: bool) -> Claim | None:
        """Whose the file or folder at the top is; None where its name tells no learner."""
        if len(part) > NAME:  # it was made to keep a pattern busy
            return None
        for adapter in self._adapters:
            claim = adapter.claim(part, folder)
            if claim:
                self._seen.add(adapter.title)
                return claim
        return None

    def owns(self, part: str) -> bool:
        """Whether a file at the top is a platform's own. Ask when all claims were made: others' index.html is told."""
        return any(adapter.owns(part) for adapter in self._adapters if adapter.title in self._seen)


def platform_of(part: str, folder: bool) -> Claim | None:
    """What a learning platform's own name says; None for one in nbgrader's layout, and for a person's own file name."""
    return Platforms({}, [kind for kind in ADAPTERS if kind not in (Folder, GoogleClassroom)]).claim(part, folder)


def table() -> str:
    """The table of docs/instructors.md: what is taken from which platform."""
    lines = ["| from | a file's name | the learner's id | times |", "|---|---|---|---|"]
    for kind in ADAPTERS:
        for number, (name, student) in enumerate(kind.examples.items()):
            first = f"{kind.title}: {kind.takes}" if number == 0 else ""
            lines.append(f"| {first} | `{printable(name)}` | `{student}` | {kind.times if number == 0 else ''} |")
    return "\n".join(lines)


PAGE, BEGIN, END = "docs/instructors.md", "<!-- begin platforms -->", "<!-- end platforms -->"


def write_table() -> Path:
    """Bring the table in docs/instructors.md up to date; returns the page."""
    page = course_root() / PAGE
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return page


if __name__ == "__main__":
    print(f"{write_table()} has the table.")

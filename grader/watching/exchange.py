"""nbgrader's exchange folder: `nbgrader submit` puts submissions there, `nbgrader fetch_feedback` finds pages there."""

from __future__ import annotations

import contextlib
import errno
import html
import logging
import os
import shutil
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader.apps import NbGraderAPI
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash
from traitlets.config import Config, PyFileConfigLoader

from course_lib.errors import CourseError
from course_lib.language import editions
from course_lib.language.choice import ENGLISH
from course_lib.private_files import make_private
from course_lib.sentences import say
from course_lib.told import in_language, shown
from course_lib.workspace import locales
from grader.grading.classroom import Classroom
from grader.grading.files import replace_folder
from grader.grading.grade_class import released
from grader.privacy import CONFIG_FILE, shared_by_group
from grader.submissions.collecting import CollectOwn
from grader.submissions.copying import FLAGS
from grader.submissions.deliveries import Delivery, NoDeliveryError, read_delivery, require_own
from grader.submissions.files import FILE_BYTES, printable
from grader.submissions.gather import gather
from grader.submissions.submission import SECRET, Submission
from grader.watching.arrivals import PATIENCE, Arrival, NotReleasedError

SHORTEST = 32
"""What `nbgrader submit` writes last has at least so many characters: in 0.9, 128."""
NOBODY_FETCHES = (
    "They handed in nothing to the exchange themselves, and so can fetch nothing there: hand them their page, which is "
    "in feedback/."
)
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""The class's own disk is full, or cannot be written."""
TOLD = 5
"""A note names so many of the files that were left out."""
PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{unit}</title></head>
<body style="font-family: sans-serif; max-width: 40em; margin: 2em auto"><h1>{unit}</h1><p>{sentence}</p></body></html>
"""


class Exchange:
    """What `nbgrader submit` hands in to one unit of the class.

    A submission is copied into the class's folder for submissions, as `nbgrader collect` does, and graded from
    there; in the exchange nothing is changed but for the feedback.
    """

    def __init__(self, classroom: Classroom, unit: str, scratch: Path) -> None:
        """scratch: the run's own folder. Raises `CourseError` where there is no such exchange."""
        self._classroom, self._unit, self._scratch = classroom, unit, scratch
        self._config = with_exchange(classroom.config())
        self._api = NbGraderAPI(config=self._config)
        collect = self._part("Collect")
        if not isinstance(collect, ExchangeCollect):
            raise CourseError(
                f"This class's exchange is {type(collect).__module__}, and only nbgrader's own, a folder, can be "
                "watched. Collect by its own means, and watch the folder: --submissions submitted."
            )
        course = self._api.coursedir.course_id
        if not course:
            raise CourseError(
                f"The exchange sorts by courses, and this one has no name: write c.CourseDirectory.course_id = "
                f'"optimization" into {CONFIG_FILE}, the same as in your learners\' configuration.'
            )
        api = self._api
        self._collect = CollectOwn(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
        self._inbound = Path(self._collect.root) / course / "inbound"
        self.name = say(shown("the exchange, {folder}"), folder=self._inbound)
        if not self._inbound.is_dir():
            raise CourseError(
                f"There is no folder {self._inbound}, where submissions would arrive: nbgrader makes it when a unit is "
                "first released (nbgrader release_assignment). To watch another folder, name it with --submissions."
            )
        self._released = released(classroom, unit)
        self._read: dict[str, Delivery | None] = {}
        """What each folder's name tells; None for what is no delivery."""
        self._given: dict[str, Delivery] = {}
        self._since: dict[str, float] = {}
        """When a folder was first seen."""
        self._told: set[str] = set()
        self._unpacked: dict[str, Path] = {}

    def look(self) -> list[Arrival]:
        """The newest whole submission of each learner that was not given before; and what can be none, once."""
        arrivals: list[Arrival] = []
        by_student: dict[str, list[Delivery]] = defaultdict(list)
        with os.scandir(self._inbound) as entries:
            names = [entry.name for entry in entries if f"+{self._unit}+" in entry.name]
        for name in names:
            if name not in self._read:
                arrivals += self._read_name(name)
            delivery = self._read[name]
            if delivery is not None:
                by_student[delivery.student].append(delivery)
        for deliveries in by_student.values():
            arrivals += self._newest(sorted(deliveries, reverse=True))
        return sorted(arrivals, key=lambda arrival: (arrival.when, arrival.student))

    def _read_name(self, name: str) -> list[Arrival]:
        """Note what a name tells, once; what is no delivery is an arrival with that problem."""
        self._read[name] = None
        try:
            self._read[name] = read_delivery(name, self._unit)
        except NoDeliveryError as error:
            return self._refused(name.rpartition(f"+{self._unit}+")[0], name, str(error))
        return []

    def _newest(self, deliveries: list[Delivery]) -> list[Arrival]:
        """The newest that is whole and its learner's own, if that was not given before."""
        arrivals: list[Arrival] = []
        given = self._given.get(deliveries[0].student)
        for delivery in deliveries:
            student, path = delivery.student, self._inbound / delivery.name
            if given is not None and delivery <= given:
                break
            try:
                require_own(path, student, self._collect.check_owner)
            except NoDeliveryError as error:
                arrivals += self._refused(student, delivery.name, str(error))
                continue
            seen = self._since.setdefault(delivery.name, time.monotonic())
            why = self._not_whole(path)
            if not why:
                self._given[student] = delivery
                take = partial(self._take, student, path)
                arrivals.append(Arrival(student, delivery.name, delivery.when, seen, take, place=path))
                break
            if time.monotonic() - seen > PATIENCE:  # told, and taken all the same should its end still come
                arrivals += self._refused(student, delivery.name, why)
        return arrivals

    def _refused(self, student: str, name: str, why: str) -> list[Arrival]:
        if name in self._told:
            return []
        self._told.add(name)
        return [Arrival(printable(student), name, problem=f"could not be graded: {why}", place=self._inbound / name)]

    def _not_whole(self, path: Path) -> str:
        """Why a submission cannot be taken yet; empty when it can."""
        try:
            secret = (path / SECRET).lstat()
            if stat.S_ISREG(secret.st_mode) and secret.st_size >= SHORTEST and os.access(path / SECRET, os.R_OK):
                return ""
        except OSError:
            pass
        return f"it is not whole: {SECRET}, which nbgrader writes last, is not there, or cannot be read"

    def _take(self, student: str, path: Path) -> Submission:
        folder = self._classroom.path("submitted", student, self._unit)
        note = ""
        try:
            if self._secret(path) != self._secret(folder):
                note = self._take_in(student, path, folder)
        except (NoDeliveryError, OSError) as error:
            if isinstance(error, OSError) and error.errno in DISK:
                raise  # nothing of the learner's: it is tried again
            return Submission(student, self._unit, problem=f"could not be collected: {error}")
        top = self._classroom.path("submitted", ".", ".")
        scratch = self._unpacked[path.name] = Path(tempfile.mkdtemp(dir=self._scratch))
        with contextlib.suppress(CourseError):
            found = gather(top, self._unit, scratch, self._released, only={student})
            for submission in found.submissions:
                if submission.student != student:
                    why = "could not be graded: its learner's name looks like a learning platform's name of a file"
                    return Submission(student, self._unit, problem=why)
                return replace(submission, notes=(*submission.notes, *filter(None, [note])))
        return Submission(student, self._unit, problem=f"could not be read: there is no {self._unit}.ipynb")

    def _take_in(self, student: str, path: Path, folder: Path) -> str:
        """Copy it to the class, as collecting does; a note on what was left out, and on a time that may not be true."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            fetched = self._collect.fetch(path, student, Path(scratch) / self._unit)
            make_private(self._classroom.path("submitted", ".", "."), shared_by_group(self._classroom.root))
            replace_folder(folder, Path(scratch) / self._unit)
        told = [say("{name}, since it {why}", name=name, why=why) for name, why in fetched.left_out[:TOLD]]
        return " ".join(filter(None, [f"These were left out: {'; '.join(told)}." if told else "", fetched.doubt]))

    def _secret(self, folder: Path) -> str:
        """A submission's secret, by which it is known. Empty where there is none."""
        return _bytes(folder / SECRET, 4096).decode("utf-8", "replace")

    def _language(self, folder: Path) -> str:
        """The language in which a submission is answered."""
        notebook = editions.loads(_bytes(folder / f"{self._unit}.ipynb", FILE_BYTES))
        return ENGLISH if notebook is None else editions.spoken(notebook, locales())

    def release(self, student: str) -> str:
        """Hand back the learner's newest page, by nbgrader's own `release_feedback`."""
        if not self._secret(self._classroom.path("submitted", student, self._unit)):
            return NOBODY_FETCHES
        with _quiet(), _only(self._api.coursedir, self._unit, student):
            part = self._part("ReleaseFeedback")
            try:
                part.start()
            except Exception as error:  # its own, or the file system's
                raise NotReleasedError(str(error) or type(error).__name__) from error
        return ""

    def say_kept(self, arrival: Arrival, sentence: str) -> None:
        """Put a page with the sentence where this submission's feedback will be."""
        secret = self._secret(arrival.place)
        part = self._part("ReleaseFeedback")
        if not secret or not isinstance(part, ExchangeReleaseFeedback):
            return
        with _quiet(), contextlib.suppress(Exception):  # it is in the log all the same
            part.init_dest()
            name = notebook_hash(secret=secret, notebook_id=self._unit)
            fresh = Path(part.dest_path) / f"{name}-tmp.html"
            language = self._language(arrival.place)
            with in_language(language):
                told = html.escape(shown(sentence))
            page = PAGE.format(language=language.replace("_", "-"), unit=self._unit, sentence=told)
            fresh.write_text(page, encoding="utf-8")
            fresh.chmod(0o644)
            fresh.replace(Path(part.dest_path) / f"{name}.html")

    def done(self, arrival: Arrival) -> None:
        """What was unpacked for it goes; what was collected stays."""
        shutil.rmtree(self._unpacked.pop(arrival.key, self._scratch / "nothing"), ignore_errors=True)

    def _part(self, name: str) -> Any:
        api = self._api
        return getattr(api.exchange, name)(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)


def _bytes(path: Path, most: int) -> bytes:
    """The first bytes of a file, never through a link; none of what is no file, or cannot be read."""
    try:
        opened = os.open(path, FLAGS)
    except OSError:
        return b""
    with os.fdopen(opened, "rb") as file:
        return file.read(most) if stat.S_ISREG(os.fstat(opened).st_mode) else b""


def with_exchange(config: Config) -> Config:
    """The class's configuration, and where it says nothing of the exchange, what this machine's says.

    On a Hub the exchange's folder often stands in /etc/jupyter/nbgrader_config.py, which nbgrader's own commands read.
    """
    machine = Config()
    for folder in reversed(jupyter_config_path()):
        if (Path(folder) / CONFIG_FILE).is_file():
            try:
                machine.merge(PyFileConfigLoader(CONFIG_FILE, path=folder).load_config())
            except Exception as error:  # it is a program of somebody else's
                raise CourseError(f"{Path(folder) / CONFIG_FILE} cannot be read: {error}") from error
    told = Config({name: section for name, section in machine.items() if name.startswith("Exchange")})
    if "course_id" in machine.CourseDirectory:
        told.CourseDirectory.course_id = machine.CourseDirectory.course_id
    told.merge(config)
    return told


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """nbgrader says each step in the log of the program; what goes wrong comes as an exception."""
    log = logging.getLogger("traitlets")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@contextlib.contextmanager
def _only(course: Any, unit: str, student: str) -> Iterator[None]:
    """nbgrader's converters are told by their course what they are about."""
    before = course.assignment_id, course.student_id
    course.assignment_id, course.student_id = unit, student
    try:
        yield
    finally:
        course.assignment_id, course.student_id = before

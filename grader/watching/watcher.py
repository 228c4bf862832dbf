"""The loop of grading on arrival: what arrived is begun, what is graded is handed back, until it is told to stop.

Nothing is remembered here that a restart would need: what was graded, counted and handed back stands in the run's
journal, and what arrived lies where it arrived.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from course_lib.errors import CourseError
from course_lib.judging.packages import require_packages
from course_lib.sentences import say
from course_lib.told import shown
from grader.class_list import class_list_path, read_class_list
from grader.grading.attempts import attempts_of
from grader.grading.classroom import CONFIG_FILE, Classroom
from grader.grading.grade_class import grading_run, outcome, who_is_who
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.grading.run import GradeOptions, GradingRun
from grader.grading.workers import WorkerPool, processes
from grader.pages.plain_cells import one_line
from grader.submissions.submission import Submission
from grader.watching.arrivals import Arrival, NotReleasedError, Source
from grader.watching.exchange import Exchange
from grader.watching.folder import Folder
from grader.watching.limits import Limits, now
from grader.watching.partners import Partners

LOOK_SECONDS = 0.5
"""Between two looks at where submissions arrive. Looking works on every file system; a network's tells no events."""
LOOK_SHARE = 5
"""So many times as long as a look took passes before the next: looking at a large folder is not all that it does."""
SELDOM_SECONDS = 10.0
"""Between two looks at what changes seldom: the unit, the due date, what is kept, pages that could not be released."""
QUIET_SECONDS = 60.0
"""After so long without work the class report is written."""
LONGEST_PAUSE = 60.0
CHANGED = "the unit, its due date, the configuration or the class list"


@dataclass
class Orders:
    """What is to be watched, and how."""

    classroom: Classroom
    unit: str
    source: Path | None = None
    """A folder; None for nbgrader's exchange."""
    attempts: int = 0
    """A learner's attempts a day; 0 for any number."""
    workers: int | None = None
    say: Callable[[str], None] = print
    stop: threading.Event = field(default_factory=threading.Event)
    """Set from outside: what is under way is finished, and nothing else begun."""
    report: Callable[[list[Result]], None] = lambda results: None
    """Called with all results so far when it is quiet."""


def watch(orders: Orders) -> None:
    """Grade what arrives until `orders.stop` is set.

    Raises `CourseError` when it cannot begin: no sandbox, no such place, a unit that is not in order, another watcher.
    """
    classroom, unit = orders.classroom, orders.unit
    classroom.require_sandbox()
    require_packages(unit)
    classroom.require_gradebook()
    journal = RunJournal(classroom, unit)
    with journal.scratch() as scratch:
        Watcher(orders, journal, scratch).run()


class Watcher:
    """Goes on after whatever can be mended from outside: a full disk, a locked gradebook, a place that is away."""

    def __init__(self, orders: Orders, journal: RunJournal, scratch: Path) -> None:
        self.orders, self.journal, self.scratch = orders, journal, scratch
        self.results: dict[str, Result] = {}
        self._said: set[tuple[str, ...]] = set()

    def run(self) -> None:
        """Until told to stop. Raises `CourseError` only before anything was watched."""
        pause = 0.0
        workers = self.orders.workers or os.cpu_count() or 1
        while not self.orders.stop.wait(pause):
            began = time.monotonic()
            try:
                with WorkerPool(workers, processes) as pool:
                    while not self.orders.stop.is_set():
                        self._watch(pool)
                pause = 0.0
            except (CourseError, SQLAlchemyError, OSError) as error:
                if not self._said and isinstance(error, CourseError):
                    raise
                pause = 1.0 if time.monotonic() - began > LONGEST_PAUSE else min(max(1.0, 2 * pause), LONGEST_PAUSE)
                self.log("", f"cannot go on ({_first_line(error)}); tried again in {pause:g} s")
        self.log("", "stopped; the same command goes on from here")

    def _watch(self, pool: WorkerPool) -> None:
        """Watch until told to stop, or until everything has to be looked at again."""
        session: Session | None = None

        def tell(result: Result, as_before: bool) -> None:
            assert session is not None
            session.take(result, as_before)

        self.orders.classroom.register(self.orders.unit)
        with grading_run(self.journal, self.scratch, GradeOptions(), tell) as grading:
            session = Session(self, grading, pool, self._source())
            watched = {"place": session.source.name, "graded": shown(self._allowed())}
            self.say_once("", say(shown("watching {place}; {graded}"), **watched))
            session.run()

    def _source(self) -> Source:
        classroom, unit = self.orders.classroom, self.orders.unit
        if self.orders.source is None:
            return Exchange(classroom, unit, self.scratch)
        return Folder(classroom, unit, self.scratch, self.orders.source)

    def _allowed(self) -> str:
        many = self.orders.attempts
        return f"{many} a day are graded of each learner's" if many else "all that arrives is graded"

    def log(self, student: str, text: str) -> None:
        """One line, with the time."""
        parts = [f"{now():%Y-%m-%d %H:%M:%S}", student, self.orders.unit, shown(text)]
        self.orders.say(one_line("  ".join(filter(None, parts))))

    def say_once(self, student: str, text: str, key: str = "") -> None:
        """One line, unless it was said before of the same delivery."""
        if (student, text, key) not in self._said:
            self._said.add((student, text, key))
            self.log(student, text)


class Session:
    """One unit as it was when this began, with its workers, the open gradebook and the place that is watched."""

    def __init__(self, watcher: Watcher, grading: GradingRun, pool: WorkerPool, source: Source) -> None:
        self.watcher, self.grading, self.pool, self.source = watcher, grading, pool, source
        self.orders, self.journal = watcher.orders, watcher.journal
        self.limits = Limits(self.journal, grading.writer, self.orders.attempts)
        self.partners = self._partners()
        self.waiting: dict[str, Arrival] = {}
        """What is to be graded next, by learner: the newest of each."""
        self.kept: dict[str, Arrival] = {}
        """What is beyond a learner's attempts."""
        self._held: dict[str, Arrival] = {}
        """What is graded and may still have to be given to another one of a group."""
        self.running: dict[str, Arrival] = {}
        self._to_release: dict[str, Arrival] = {}
        self._worked = self._seldom = time.monotonic()
        self._to_report = False
        self._book: tuple[int, int] | None = None
        """The gradebook's file when everything had been looked at; it changes with a person's points, too."""
        self._basis = self._what_changes_seldom()

    def run(self) -> None:
        """Until told to stop, or until the unit, its due date or a person's points may be others than before."""
        if not self.pool.is_warm:
            self.grading.warm(self.pool)
        next_look = 0.0
        while not self.orders.stop.is_set():
            if time.monotonic() >= next_look:
                began = time.monotonic()
                self._look()
                next_look = time.monotonic() + max(LOOK_SECONDS, LOOK_SHARE * (time.monotonic() - began))
            if time.monotonic() - self._seldom >= SELDOM_SECONDS:
                self._seldom = time.monotonic()
                if self._what_changes_seldom() != self._basis:
                    self.watcher.log("", f"{CHANGED} changed: all is looked at again")
                    break
                self._try_again()
            self._begin()
            if self.grading.busy(self.pool):
                self.grading.go_on(self.pool, LOOK_SECONDS)
                self._worked = time.monotonic()
            elif self._is_due_again():
                break
            else:
                self.orders.stop.wait(LOOK_SECONDS)
        while self.grading.busy(self.pool):  # what was begun is finished
            self.grading.go_on(self.pool, LOOK_SECONDS)

    def _is_due_again(self) -> bool:
        """Nothing is to be done: after a while report, and see whether a person wrote into the gradebook since.

        Then pages and points are looked at again, as by another `./course grade`. What was written by this process
        makes no difference to that: it is seen once, too.
        """
        book = _stamp(Path(self.orders.classroom.db_url().removeprefix("sqlite:///")))
        if self._book is None:
            self._book = book
        if time.monotonic() - self._worked < QUIET_SECONDS:
            return False
        if self._to_report:
            self._to_report = False
            self.orders.report(list(self.watcher.results.values()))
        return book != self._book

    def _look(self) -> None:
        try:
            arrived = self.source.look()
        except OSError as error:
            return self.watcher.say_once("", f"cannot look into {self.source.name}: {_first_line(error)}")
        for arrival in arrived:
            if arrival.problem:
                self.watcher.say_once(arrival.student, arrival.problem, arrival.key)
                continue
            for before in (self.waiting.pop(arrival.student, None), self.kept.pop(arrival.student, None)):
                if before is not None:
                    self.source.done(before)
            if self.limits.allows(arrival):
                self.waiting[arrival.student] = arrival
            else:
                self._keep(arrival)
        return None

    def _keep(self, arrival: Arrival) -> None:
        self.kept[arrival.student] = arrival
        sentence = self.limits.kept(arrival)
        self.watcher.say_once(arrival.student, sentence, arrival.key)
        self.source.say_kept(arrival, sentence)

    def _try_again(self) -> None:
        """Whose day has come, and pages that could not be handed back."""
        for student, arrival in list(self.kept.items()):
            if self.limits.allows(arrival):
                self.waiting[student] = self.kept.pop(student)
        for student, arrival in list(self._to_release.items()):
            if student not in self.running:
                self._release(arrival, self.watcher.results[student], False)

    def _begin(self) -> None:
        given = {arrival.giver for arrival in self.running.values()}
        for student in [student for student in self.waiting if student not in self.running and student not in given]:
            if not self.pool.has_room:
                break
            arrival = self.waiting[student]
            if not arrival.giver and not self.limits.allows(arrival):  # the last attempt was begun since
                self._keep(self.waiting.pop(student))
                continue
            assert arrival.take is not None
            submission = arrival.take()
            del self.waiting[student]
            if not arrival.giver:
                submission = self._share(arrival, submission)
                arrival = replace(arrival, giver=submission.by)
            self.running[student] = arrival
            fingerprint = submission.fingerprint()
            new = submission.notebook is not None and not self.grading.is_graded(student, fingerprint)
            if new and not arrival.giver:
                self.limits.count(arrival, fingerprint)
            self.grading.begin(submission, self.pool)

    def _share(self, arrival: Arrival, submission: Submission) -> Submission:
        """Let what arrived count for the others of its group, too; it costs them no attempt."""
        student = arrival.student
        if (before := self._held.pop(student, None)) is not None:
            self.source.done(before)
        for earlier in [other for other, waits in self.waiting.items() if waits.giver == student]:
            del self.waiting[earlier]
        own = {other for waits in (self.waiting, self.kept) for other, one in waits.items() if not one.giver}
        submission, others = self.partners.take(submission, own)
        for other in others:
            key = f"{arrival.key} for {other.student}"
            self.waiting[other.student] = replace(
                arrival, student=other.student, key=key, take=partial(_same, other), giver=other.by or student
            )
        return submission

    def take(self, result: Result, as_before: bool) -> None:
        """What came of a submission: hand it back, and say it in a line."""
        student = result.student
        arrival = self.running.pop(student)
        self.watcher.results[student] = result
        self._to_report = True
        if result.points is None:
            if not arrival.giver:
                self.limits.give_back(arrival)
            self.watcher.say_once(student, result.problem or "nothing handed in", arrival.key)
        elif self._is_of_a_watcher(arrival):
            self._release(arrival, result, as_before)
        if self.partners.stays(student):
            self._held.setdefault(student, arrival)
        else:
            self.source.done(arrival)

    def _is_of_a_watcher(self, arrival: Arrival) -> bool:
        """Whether the grade that stands was given on arrival; what a person has graded, a person hands back."""
        if arrival.giver:
            return bool(attempts_of(self.journal, arrival.giver))
        student = arrival.student
        return any(
            self.grading.is_graded(student, attempt.submission) for attempt in attempts_of(self.journal, student)
        )

    def _release(self, arrival: Arrival, result: Result, as_before: bool) -> None:
        student = result.student
        page, released = self.journal.noted(student, "page"), self.journal.noted(student, "released")
        if released == page:
            return
        try:
            unseen = self.source.release(student)
        except NotReleasedError as error:
            self._to_release[student] = arrival
            self.watcher.say_once(student, f"its feedback could not be released, and is tried again: {error}")
            return
        self._to_release.pop(student, None)
        self.journal.note(student, released=page)
        if as_before and released:
            self.watcher.log(student, f"its page is a new one  {outcome(result)}")
            return
        seconds = time.monotonic() - arrival.seen
        which = f"handed in by {arrival.giver}" if arrival.giver else self.limits.in_words(arrival)
        self.watcher.log(student, f"{which}  {outcome(result)}  {seconds:.1f} s")
        for note in (*result.notes, *filter(None, [unseen])):
            self.watcher.say_once(student, note, arrival.key)

    def _partners(self) -> Partners:
        classroom, unit = self.orders.classroom, self.orders.unit
        groups = read_class_list(classroom.db_url(), classroom.root).groups()
        known, _ = who_is_who(classroom)

        def has_files(student: str) -> bool:
            return (classroom.path("submitted", student, unit) / f"{unit}.ipynb").exists()

        return Partners(groups, known, has_files)

    def _what_changes_seldom(self) -> tuple[object, ...]:
        classroom, unit = self.orders.classroom, self.orders.unit
        paths = [classroom.path(step, ".", unit) / f"{unit}.ipynb" for step in ("source", "release")]
        paths += [classroom.root / CONFIG_FILE, class_list_path(classroom.db_url(), classroom.root)]
        stamps = [_stamp(path) for path in paths]
        return (*stamps, classroom.due(unit))


def _same(submission: Submission) -> Submission:
    return submission


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]

"""One class's grading from its submissions to its results: hands tasks to workers, and writes what comes back.

A submission goes through two tasks: `tasks.grade`, after which it is entered into the gradebook, and
`tasks.make_page`, which needs the points and comments that stand there. At whatever moment this ends, the journal has
noted what is finished and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from grader.grading.attempts import attempts_of, told
from grader.grading.files import Files
from grader.grading.gradebook import GradebookEntry, GradebookWriter
from grader.grading.journal import RunJournal
from grader.grading.results import Result, graded_cells, make_result, read_graded
from grader.grading.tasks import Graded, Page, Submitted, grade, make_page
from grader.grading.unit import UnitData
from grader.grading.workers import WorkerPool
from grader.pages.opening import unread_page
from grader.submissions.reading import UnreadableError, read_text
from grader.submissions.submission import Submission


@dataclass(frozen=True)
class GradeOptions:
    """What is to be done again, or not at all."""

    force: bool = False
    """Grade what has not changed, too."""
    reverify: bool = False
    """Judge what was answered before anew, without executing it."""
    feedback: bool = True


@dataclass
class _State:
    """A submission under way."""

    submission: Submission
    mark: str
    text: str
    fingerprint: str
    graded: str = ""
    """The graded notebook's text."""
    entry: GradebookEntry | None = None
    note: str = ""
    read_as: str = ""
    """What had to be done to read the file as text."""
    seconds: float | None = None
    as_before: bool = False


class GradingRun:
    """Grades the submissions of one unit; `results` are in the order of `submissions` when `run` is through."""

    def __init__(
        self,
        journal: RunJournal,
        unit: UnitData,
        writer: GradebookWriter,
        files: Files,
        options: GradeOptions,
        tell: Callable[[Result, bool], None],
    ) -> None:
        self.journal, self.unit, self.writer, self.files = journal, unit, writer, files
        self.options, self._tell = options, tell
        self._basis = journal.basis()
        self._has_due_date = journal.classroom.due(unit.unit) is not None
        self._pages: deque[_State] = deque()
        self._results: dict[str, Result] = {}

    def run(self, submissions: list[Submission], pool: WorkerPool) -> list[Result]:
        """Grade them all; every one ends up as a result."""
        for submission in submissions:
            self.begin(submission, pool)
            while self._pages or not pool.has_room:
                self.go_on(pool)
        while self.busy(pool):
            self.go_on(pool)
        return [replace(self._results[s.student], origin=s.origin) for s in submissions]

    def busy(self, pool: WorkerPool) -> bool:
        """Whether anything that was begun is not yet finished."""
        return bool(self._pages or pool.busy)

    def go_on(self, pool: WorkerPool, seconds: float | None = None) -> None:
        """Hand over pages that are due, and take what the workers give back; waits no longer than `seconds` for it."""
        while self._pages and pool.has_room:
            state = self._pages.popleft()
            assert state.entry is not None
            page = Page(self.unit, _student(state), state.graded, state.entry.sheet, self._attempt(state))
            pool.submit(state, make_page, page)
        for state, came in pool.finished(seconds) if pool.busy else ():
            if state is not None:
                self._take(state, came)

    def warm(self, pool: WorkerPool) -> None:
        """Let each worker grade the edition that was handed out, so that the first to hand in does not wait for it."""
        for _ in range(pool.workers):
            pool.submit(None, grade, Submitted(self.unit, "", self.unit.released, ""))

    def is_graded(self, student: str, fingerprint: str) -> bool:
        """Whether this very submission has its grade, by the journal."""
        return self.journal.noted(student, "grade") == _hash(self._basis, fingerprint)

    def begin(self, submission: Submission, pool: WorkerPool) -> None:
        """Look at a submission, and hand it over if there is something to do."""
        student = submission.student
        if submission.problem:
            return self._fail(student, submission.problem, submission.notes)
        if submission.notebook is None:
            return self._finish(Result(student, handed_in=False))
        try:
            text, read_as = read_text(submission.notebook)
        except UnreadableError as error:
            return self._fail(student, f"could not be read: {error}", submission.notes, theirs=True)
        fingerprint = submission.fingerprint()
        state = _State(submission, _hash(self._basis, fingerprint), text, fingerprint, read_as=read_as)
        if not self._stands(state):
            pool.submit(state, grade, self._task(state, fingerprint))
        return None

    def _stands(self, state: _State) -> bool:
        """Whether the grade is there already; then only the page may be due."""
        student = _student(state)
        if self.options.force or self.options.reverify or self.journal.noted(student, "grade") != state.mark:
            return False
        notebook, entry = read_graded(self.files.graded(student)), self.writer.entry(student)
        if notebook is None or entry is None:
            return False
        state.graded = self.files.graded(student).read_text(encoding="utf-8")
        state.entry, state.as_before = entry, True
        self._page_or_finish(state, notebook)
        return True

    def _task(self, state: _State, fingerprint: str) -> Submitted:
        beside = self.files.beside(state.submission)
        return Submitted(
            self.unit,
            _student(state),
            state.text,
            fingerprint,
            kept=self.journal.kept(_student(state)) if self.options.reverify else "",
            files={name: path.read_bytes() for name, path in beside.items()},
        )

    def _take(self, state: _State, came: Graded | str | Exception) -> None:
        """What a worker gave back: a graded notebook, a page, or what went wrong."""
        student = _student(state)
        if isinstance(came, Exception):
            log = self.journal.keep_log(student, repr(came))
            self._fail(student, f"could not be graded: {came} (details: {log})", state.submission.notes)
        elif isinstance(came, str):
            self.files.put_page(student, came)
            self.journal.note(student, page=self._page_mark(state))
            self._finish(self._result(state), state.as_before)
        elif came.problem:
            where = f" (nbgrader's log: {self.journal.keep_log(student, came.log)})" if came.log else ""
            self._fail(student, came.problem + where, state.submission.notes, theirs=not where)
        else:
            self._enter(state, came)

    def _enter(self, state: _State, came: Graded) -> None:
        """Write down a graded submission; the journal says so last."""
        student = _student(state)
        self.journal.note(student, grade="")
        if came.executed:
            self.journal.keep(student, came.kept)
            self.journal.note_time(student, came.seconds, came.spent)
        assert came.scores is not None
        submission = state.submission
        state.entry = self.writer.save(student, came.scores, submission.moment.text, submission.lms_id)
        self.files.put_graded(state.submission, came.notebook)
        self.journal.note(student, grade=state.mark)
        state.graded, state.note, state.text = came.notebook, came.note, ""
        state.seconds = came.seconds if came.executed else None
        self._page_or_finish(state)

    def _attempt(self, state: _State) -> str:
        """Which attempt it is, in words; empty where it was not graded on arrival."""
        return told(attempts_of(self.journal, _student(state)), state.fingerprint)

    def _page_mark(self, state: _State) -> str:
        assert state.entry is not None
        return _hash(self._basis, state.graded, repr(state.entry.sheet), *filter(None, [self._attempt(state)]))

    def _page_or_finish(self, state: _State, notebook: NotebookNode | None = None) -> None:
        current = self.journal.noted(_student(state), "page") == self._page_mark(state)
        if self.options.feedback and not (current and self.files.page(_student(state)).is_file()):
            self._pages.append(state)
        else:
            self._finish(self._result(state, notebook), state.as_before)

    def _result(self, state: _State, notebook: NotebookNode | None = None) -> Result:
        student, page = _student(state), self.files.page(_student(state))
        notebook = notebook or graded_cells(state.graded)
        assert notebook is not None and state.entry is not None
        current = self.journal.noted(student, "page") == self._page_mark(state) and page.is_file()
        result = make_result(student, notebook, state.entry, page if current else None)
        submission = state.submission
        when = submission.moment.note if self._has_due_date else ""  # else nobody can be late
        notes = (*result.notes, state.read_as, state.note, *submission.notes, when)
        took, spent = self.journal.noted_time(student)
        said = tuple(note for note in notes if note)
        return replace(result, notes=said, seconds=state.seconds, took=took, spent=spent)

    def _fail(self, student: str, problem: str, notes: tuple[str, ...] = (), theirs: bool = False) -> None:
        """A submission without a grade; where its file is why (`theirs`), its learner reads that on a page."""
        earlier = "; the gradebook keeps an earlier submission's grade" if self.writer.entry(student) else ""
        if theirs and not earlier and self.options.feedback:
            self.files.put_page(student, unread_page(self.unit.unit, problem))
        self._finish(Result(student, problem=problem + earlier, notes=notes))

    def _finish(self, result: Result, as_before: bool = False) -> None:
        self._results[result.student] = result
        self._tell(result, as_before)


def _student(state: _State) -> str:
    return state.submission.student


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

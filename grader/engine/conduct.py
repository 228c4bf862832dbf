"""One class's grading from its submissions to its results: hands tasks to workers, and writes what comes back.

A submission goes through two tasks: `tasks.grade`, after which it is entered into the gradebook, and
`tasks.make_page`, which needs the points and comments that stand there. At whatever moment this ends, the ledger has
noted what is finished and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from grader.engine.book import Book, Standing
from grader.engine.crew import Crew
from grader.engine.files import Files
from grader.engine.tasks import Graded, Page, Submitted, grade, make_page
from grader.engine.unit import UnitData
from grader.ledger import Ledger
from grader.results import Result, make_result, read_graded
from grader.submissions.reading import UnreadableError, read_text
from grader.submissions.submission import Submission


@dataclass(frozen=True)
class Wish:
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
    graded: str = ""
    """The graded notebook's text."""
    standing: Standing | None = None
    note: str = ""
    read_as: str = ""
    """What had to be done to read the file as text."""
    seconds: float | None = None
    as_before: bool = False


class Conductor:
    """Grades the submissions of one unit; `results` are in the order of `submissions` when `run` is through."""

    def __init__(
        self, ledger: Ledger, unit: UnitData, book: Book, files: Files, wish: Wish, tell: Callable[[Result, bool], None]
    ) -> None:
        self.ledger, self.unit, self.book, self.files, self.wish, self._tell = ledger, unit, book, files, wish, tell
        self._basis = ledger.basis()
        self._has_due_date = ledger.classroom.due(unit.unit) is not None
        self._pages: deque[_State] = deque()
        self._results: dict[str, Result] = {}

    def run(self, submissions: list[Submission], crew: Crew) -> list[Result]:
        """Grade them all; every one ends up as a result."""
        waiting = iter(submissions)
        for submission in waiting:
            self._begin(submission, crew)
            while self._pages or not crew.has_room:
                self._go_on(crew)
        while self._pages or crew.busy:
            self._go_on(crew)
        return [replace(self._results[s.student], origin=s.origin) for s in submissions]

    def _go_on(self, crew: Crew) -> None:
        while self._pages and crew.has_room:
            state = self._pages.popleft()
            assert state.standing is not None
            crew.submit(state, make_page, Page(self.unit, _student(state), state.graded, state.standing.sheet))
        for state, came in crew.finished() if crew.busy else ():
            self._take(state, came)

    def _begin(self, submission: Submission, crew: Crew) -> None:
        """Look at a submission, and hand it over if there is something to do."""
        student = submission.student
        if submission.problem:
            return self._fail(student, submission.problem, submission.notes)
        if submission.notebook is None:
            return self._finish(Result(student, handed_in=False))
        try:
            text, read_as = read_text(submission.notebook)
        except UnreadableError as error:
            return self._fail(student, f"could not be read: {error}", submission.notes)
        fingerprint = submission.fingerprint()
        state = _State(submission, _hash(self._basis, fingerprint), text, read_as=read_as)
        if not self._stands(state):
            crew.submit(state, grade, self._task(state, fingerprint))
        return None

    def _stands(self, state: _State) -> bool:
        """Whether the grade is there already; then only the page may be due."""
        student = _student(state)
        if self.wish.force or self.wish.reverify or self.ledger.noted(student, "grade") != state.mark:
            return False
        notebook, standing = read_graded(self.files.graded(student)), self.book.standing(student)
        if notebook is None or standing is None:
            return False
        state.graded = self.files.graded(student).read_text(encoding="utf-8")
        state.standing, state.as_before = standing, True
        self._page_or_finish(state, notebook)
        return True

    def _task(self, state: _State, fingerprint: str) -> Submitted:
        beside = self.files.beside(state.submission)
        return Submitted(
            self.unit,
            _student(state),
            state.text,
            fingerprint,
            kept=self.ledger.kept(_student(state)) if self.wish.reverify else "",
            files={name: path.read_bytes() for name, path in beside.items()},
        )

    def _take(self, state: _State, came: Graded | str | Exception) -> None:
        """What a worker gave back: a graded notebook, a page, or what went wrong."""
        student = _student(state)
        if isinstance(came, Exception):
            log = self.ledger.keep_log(student, repr(came))
            self._fail(student, f"could not be graded: {came} (details: {log})", state.submission.notes)
        elif isinstance(came, str):
            self.files.put_page(student, came)
            self.ledger.note(student, page=_page_mark(self._basis, state))
            self._finish(self._result(state), state.as_before)
        elif came.problem:
            where = f" (nbgrader's log: {self.ledger.keep_log(student, came.log)})" if came.log else ""
            self._fail(student, came.problem + where, state.submission.notes)
        else:
            self._enter(state, came)

    def _enter(self, state: _State, came: Graded) -> None:
        """Write down a graded submission; the ledger says so last."""
        student = _student(state)
        self.ledger.note(student, grade="")
        if came.executed:
            self.ledger.keep(student, came.kept)
            self.ledger.note_time(student, came.seconds, came.spent)
        assert came.slip is not None
        submission = state.submission
        state.standing = self.book.save(student, came.slip, submission.moment.text, submission.lms_id)
        self.files.put_graded(state.submission, came.notebook)
        self.ledger.note(student, grade=state.mark)
        state.graded, state.note, state.text = came.notebook, came.note, ""
        state.seconds = came.seconds if came.executed else None
        self._page_or_finish(state)

    def _page_or_finish(self, state: _State, notebook: NotebookNode | None = None) -> None:
        current = self.ledger.noted(_student(state), "page") == _page_mark(self._basis, state)
        if self.wish.feedback and not (current and self.files.page(_student(state)).is_file()):
            self._pages.append(state)
        else:
            self._finish(self._result(state, notebook), state.as_before)

    def _result(self, state: _State, notebook: NotebookNode | None = None) -> Result:
        student, page = _student(state), self.files.page(_student(state))
        notebook = notebook or read_graded(self.files.graded(student))
        assert notebook is not None and state.standing is not None
        current = self.ledger.noted(student, "page") == _page_mark(self._basis, state) and page.is_file()
        result = make_result(student, notebook, state.standing, page if current else None)
        submission = state.submission
        when = submission.moment.note if self._has_due_date else ""  # else nobody can be late
        notes = (*result.notes, state.read_as, state.note, *submission.notes, when)
        took, spent = self.ledger.noted_time(student)
        told = tuple(note for note in notes if note)
        return replace(result, notes=told, seconds=state.seconds, took=took, spent=spent)

    def _fail(self, student: str, problem: str, notes: tuple[str, ...] = ()) -> None:
        earlier = "; the gradebook keeps an earlier submission's grade" if self.book.standing(student) else ""
        self._finish(Result(student, problem=problem + earlier, notes=notes))

    def _finish(self, result: Result, as_before: bool = False) -> None:
        self._results[result.student] = result
        self._tell(result, as_before)


def _student(state: _State) -> str:
    return state.submission.student


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _page_mark(basis: str, state: _State) -> str:
    assert state.standing is not None
    return _hash(basis, state.graded, repr(state.standing.sheet))

"""Answers that two learners have to the letter, and wrong values that only these two have: information, and no proof.

An answer here is 1 to 15 lines of which most are given by a formula, so the same few lines are what one expects of two
people who understood it. Told is only what is long enough, or wrong in a way of its own: see `LINES`, `WORDS`,
`NUMBERS` and `rare`. What equals the published solution is left out, for anybody can have read that; so are members
of a group. Nothing of this reaches a feedback page or a grade.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from course_lib.check import MIME
from course_lib.judging import codec
from course_lib.judging.outcome import Outcome
from grader.class_list import read_class_list
from grader.exercises import exercises_of
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal
from grader.grading.results import Result
from grader.pages.plain_cells import one_line
from grader.preprocessors.repair import grade_id
from grader.submissions.groups import partners
from grader.submissions.samples import fill

LINES = 8
"""So many lines of one's own, besides those that were given, make an answer long enough."""
WORDS = 60
"""Or so many characters of comments of one's own: two people seldom write the same sentence."""
NUMBERS = 5
"""Wrong values tell something if there are so many different ones among them that are no whole numbers."""
READ_THIS = """\
What follows is information for you and proves nothing. Two people who understood a formula write the same five lines;
two who sat together, were helped by the same tutor or asked the same assistant may share more; and of two that are the
same, nothing says who had it first. Left out are short answers, answers that many have, the published solution, members
of a group, and wrong values that have a known cause. If you want to know, ask both to explain a line."""


@dataclass(frozen=True)
class Work:
    """What one learner wrote and what came of it, by exercise."""

    student: str
    answers: Mapping[str, str] = field(default_factory=dict)
    """The lines of their own."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """A digest of values that are wrong for no known reason."""
    together: frozenset[str] = frozenset()
    """With whom they handed in."""


@dataclass(frozen=True)
class Pair:
    """Two learners, and what they have in common, in sentences by exercise."""

    students: tuple[str, str]
    shared: tuple[str, ...]


def rare(count: int, learners: int) -> bool:
    """Whether so few of a class have something that two of them having it says anything: two, or a twentieth."""
    return 2 <= count <= max(2, learners // 20)


def identical(works: Sequence[Work]) -> list[Pair]:
    """The pairs, those who share most first."""
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for what, of in (("answers", lambda work: work.answers), ("wrong", lambda work: work.wrong)):
        have: dict[tuple[str, str], list[Work]] = defaultdict(list)
        for work in works:
            for exercise, text in of(work).items():
                have[exercise, text].append(work)
        for (exercise, text), those in sorted(have.items()):
            if not rare(len(those), len(works)) or (what == "answers" and not _long_enough(text)):
                continue
            for one, other in itertools.combinations(sorted(those, key=lambda work: work.student), 2):
                if other.student not in one.together and one.student not in other.together:
                    shared[one.student, other.student].append(f"{exercise}: {_said(what, text)}")
    pairs = [Pair(students, tuple(sentences)) for students, sentences in shared.items()]
    return sorted(pairs, key=lambda pair: (-len(pair.shared), pair.students))


def _said(what: str, text: str) -> str:
    if what == "wrong":
        return "the same wrong values, which have no known cause and which nobody else has"
    comments = len(_comments(text))
    return f"{len(text.splitlines())} lines to the letter{', comments included' if comments else ''}"


def _long_enough(text: str) -> bool:
    return len(text.splitlines()) >= LINES or sum(map(len, _comments(text))) >= WORDS


def _comments(text: str) -> list[str]:
    return [found.strip() for found in re.findall(r"#(.*)", text)]


def own_lines(source: str, given: str) -> str:
    """The lines of an answer that were not given, without blank ones and blanks at their ends."""
    known = {line.strip() for line in given.splitlines()}
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip() and line.strip() not in known)


def read_works(classroom: Classroom, unit: str, results: Iterable[Result]) -> list[Work]:
    """What everybody with a grade wrote, from the graded notebooks and from what the journal kept of the values."""
    journal = RunJournal(classroom, unit)
    functions = {exercise.name for exercise in exercises_of(unit) if not exercise.withheld}
    blank, source = (_notebook(classroom, step, unit) for step in ("release", "source"))
    given, solved = ({grade_id(cell): cell.source for cell in nb.cells} for nb in (blank, fill(blank, source)))
    groups = read_class_list(classroom.db_url(), classroom.root).groups().values()
    works = []
    for result in results:
        if result.points is None:
            continue
        path = classroom.path("autograded", result.student, unit) / f"{unit}.ipynb"
        try:
            text = path.read_text(encoding="utf-8")
            cells = nbformat.v4.reads(text).cells
        except (OSError, ValueError, AttributeError, KeyError):
            continue
        answers = {}
        for cell in cells:
            name = grade_id(cell)
            own = own_lines(cell.source, given.get(name, "")) if name in functions else ""
            if own and own != own_lines(solved.get(name, ""), given.get(name, "")):
                answers[name] = own
        unexplained = {c.exercise for c in result.checks if c.lost and not (c.diagnoses or c.not_started or c.no_value)}
        wrong = dict(_wrong_values(journal.kept(result.student), unexplained & functions))
        members = {member for group in groups if result.student in group for member in group}
        works.append(Work(result.student, answers, wrong, frozenset(members | set(partners(text)))))
    return works


def _notebook(classroom: Classroom, step: str, unit: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(classroom.path(step, ".", unit) / f"{unit}.ipynb", as_version=4)
    return notebook


def _wrong_values(kept: str, exercises: set[str]) -> Iterator[tuple[str, str]]:
    """A digest of what each of these exercises gave, where it is many numbers."""
    try:
        cells = nbformat.v4.reads(json.loads(kept)["notebook"]).cells if kept and exercises else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    for cell in cells:
        name = grade_id(cell).removeprefix("check_")
        if name not in exercises or not grade_id(cell).startswith("check_"):
            continue
        payloads = [output.data[MIME] for output in cell.get("outputs", []) if MIME in output.get("data", {})]
        try:
            outcomes = [Outcome.from_json(item) for item in payloads[-1]["outcomes"]]
        except (codec.CodecError, LookupError, TypeError, AttributeError, RecursionError):
            continue
        if len({number for outcome in outcomes for number in _fractions(outcome.values)}) >= NUMBERS:
            held = json.dumps(payloads[-1]["outcomes"], sort_keys=True)
            yield name, hashlib.sha256(held.encode()).hexdigest()


def _fractions(value: Any) -> Iterator[float]:
    """The numbers in a value that are finite and not whole."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _fractions(each)
    elif isinstance(value, float | np.ndarray | np.floating):
        numbers = np.asarray(value)
        if numbers.dtype.kind == "f":
            numbers = numbers[np.isfinite(numbers) & (numbers != np.round(numbers))].ravel()
            yield from numbers[:1000].tolist()


def as_text(pairs: Sequence[Pair], unit: str, learners: int) -> str:
    """What is shown, with what it means before it."""
    lines = [f"{unit}: identical answers of {learners} learners", "", READ_THIS, ""]
    for pair in pairs:
        lines.append(" and ".join(map(one_line, pair.students)))
        lines += [f"  {one_line(sentence)}" for sentence in pair.shared]
    if not pairs:
        lines.append("No two learners share anything that is worth a look.")
    return "\n".join(lines)

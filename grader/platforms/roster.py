"""A platform's roster into the gradebook: who is new, whose name, address or group changes; nobody is ever removed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nbgrader.api import Gradebook

from course_lib.sentences import say
from course_lib.told import shown
from grader.class_list import ClassList, Enrolled, class_list_path, read_class_list, write_class_list
from grader.grading.alone import alone
from grader.grading.classroom import Classroom
from grader.platforms.formats import TITLES, Format, Person, people, recognise
from grader.platforms.matching import Learner, match
from grader.platforms.tables import read_table
from grader.privacy import shared_by_group
from grader.submissions.identity import slug, unfit


@dataclass(frozen=True)
class Change:
    """A learner as the roster has them. `before`: as the gradebook has them; None for somebody new."""

    after: Learner
    before: Learner | None = None

    @property
    def differences(self) -> list[str]:
        """What changes, in words."""
        before, after = self.before, self.after
        if before is None:
            return ["new"]
        changes = (
            (shown("first name {old} → {new}"), before.first, after.first),
            (shown("last name {old} → {new}"), before.last, after.last),
            (shown("e-mail {old} → {new}"), before.email, after.email),
            (shown("id at the platform {old} → {new}"), before.lms_id, after.lms_id),
            (shown("login {old} → {new}"), before.enrolled.login, after.enrolled.login),
            (shown("number {old} → {new}"), before.enrolled.number, after.enrolled.number),
            (shown("section {old} → {new}"), before.enrolled.section, after.enrolled.section),
            (shown("group {old} → {new}"), before.enrolled.group, after.enrolled.group),
        )
        return [say(text, old=old or shown("none"), new=new) for text, old, new in changes if new and old != new]


@dataclass
class Plan:
    """What importing a roster would do."""

    form: Format
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    """Learners whom the gradebook has just so."""
    problems: list[str] = field(default_factory=list)
    """Lines and persons that are left out, with the reason."""
    absent: list[Learner] = field(default_factory=list)
    """In the gradebook and not in the file; they stay."""
    note: str = ""


def class_list(classroom: Classroom) -> ClassList:
    """What the gradebook has no column for."""
    return read_class_list(classroom.db_url(), classroom.root)


@contextlib.contextmanager
def changed_class_list(classroom: Classroom) -> Iterator[ClassList]:
    """The class list for the block to change, and written after it; another command that changes it is refused."""
    path, shared = class_list_path(classroom.db_url(), classroom.root), shared_by_group(classroom.root)
    with alone(path.with_suffix(".lock"), "{process} changes the class list already.", shared):
        known = class_list(classroom)
        yield known
        write_class_list(path, known, shared)


def learners_of(gradebook: Gradebook, known: ClassList) -> list[Learner]:
    """Everybody in the gradebook, by their id."""
    return [
        Learner(
            student.id,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            str(student.lms_user_id or ""),
            known.learners.get(student.id, Enrolled()),
        )
        for student in sorted(gradebook.students, key=lambda student: str(student.id))
    ]


def plan_import(classroom: Classroom, path: Path, platform: str | None = None) -> Plan:
    """Look what a roster would change; nothing is written. Raises `CourseError` for a file that is no roster."""
    table = read_table(path)
    form = recognise(table, platform)
    persons, problems = people(table, form)
    with classroom.gradebook() as gradebook:
        learners = learners_of(gradebook, class_list(classroom))
    found = match(learners, persons, form)
    plan = Plan(form, problems=[*problems, *found.refused], absent=found.learners, note=table.note)
    by_id = {learner.student: learner for learner in learners}
    for student, person in found.pairs.items():
        change = Change(_merged(by_id[student], person, form), by_id[student])
        if change.differences:
            plan.changes.append(change)
        else:
            plan.same += 1
    plan.changes += _new(found.people, form, set(by_id), plan.problems)
    return plan


def _new(persons: Sequence[Person], form: Format, taken: set[str], problems: list[str]) -> list[Change]:
    """Learners whom the gradebook does not have, each with an id of their own."""
    folded = {student.casefold() for student in taken}
    made = []
    wanted = {person.line: _id_for(person) for person in persons}
    for person in persons:
        student = wanted[person.line]
        rivals = [line for line, other in wanted.items() if other.casefold() == student.casefold()]
        if len(rivals) > 1 or student.casefold() in folded:  # two of one name: a number tells them apart
            student = "_".join(filter(None, [student, slug(person.number or person.own_id or person.email)]))
        why = unfit(student) if student else "nothing in it can be an id"
        if not why and student.casefold() in folded:
            why = f"its id would be {student}, which another learner has"
        if why:
            why = say(shown("as an id, {student!r}: {why}"), student=student, why=shown(why))
            line = {"line": person.line, "person": person.shown}
            problems.append(say(shown("line {line} ({person}) is left out: {why}"), **line, why=why))
            continue
        folded.add(student.casefold())
        made.append(Change(_merged(Learner(student), person, form)))
    return made


def _id_for(person: Person) -> str:
    """The login, where there is one: on a Hub it names the learner's folder. Else as uploads are: by the name."""
    return person.login or slug(person.name) or slug(person.number) or slug(person.email.partition("@")[0])


def _merged(learner: Learner, person: Person, form: Format) -> Learner:
    """The learner with what the file says; what it does not say stays."""
    upload = (person.login if form.platform == "blackboard" else person.own_id) if form.lasting else ""
    title = TITLES[form.platform.split()[0]]
    ours = not learner.lms_id or learner.lms_id.startswith(f"{title}:")  # the first platform's number stays
    first, last = (person.first, person.last) if person.first or person.last else _divided(person.full, learner)
    return replace(
        learner,
        first=first or learner.first,
        last=last or learner.last,
        email=person.email or learner.email,
        lms_id=f"{title}:{upload}" if upload and ours else learner.lms_id,
        enrolled=Enrolled(
            person.login or learner.enrolled.login,
            person.number or learner.enrolled.number,
            person.section or learner.enrolled.section,
            person.group or learner.enrolled.group,
        ),
    )


def _divided(full: str, learner: Learner) -> tuple[str, str]:
    """A name in one piece: as the gradebook divides it, or whole, as the last name."""
    return (learner.first, learner.last) if learner.name == full else ("", full)


def apply(classroom: Classroom, plan: Plan) -> None:
    """Write a plan: the class list first, then the gradebook, which says what there is left to do if this ends."""
    with changed_class_list(classroom) as known:
        known.learners |= {change.after.student: change.after.enrolled for change in plan.changes}
    with classroom.gradebook() as gradebook:
        for learner in (change.after for change in plan.changes):
            gradebook.update_or_create_student(
                learner.student,
                first_name=learner.first if learner.name else None,  # one half of a name shows the other as "None"
                last_name=learner.last if learner.name else None,
                email=learner.email or None,
                lms_user_id=learner.lms_id or None,
            )

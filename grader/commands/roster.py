"""`./course roster import|extend|list`: who is in the class, as the platform says it, and who has more time."""

from __future__ import annotations

from pathlib import Path

from course_lib.errors import CourseError
from course_lib.sentences import say
from course_lib.told import shown, sign
from course_lib.workspace import course_root
from grader.grading.classroom import Classroom
from grader.pages.plain_cells import one_line
from grader.platforms.export import told
from grader.platforms.extensions import extend, read_many, read_one
from grader.platforms.roster import Plan, apply, class_list, learners_of, plan_import


def main(action: str, values: list[str], platform: str | None = None, yes: bool = False) -> int:
    """`./course roster`; 0 when all was taken, 1 when lines of a roster were left out."""
    classroom = Classroom(course_root())
    classroom.require_gradebook()
    if action == "list" and not values:
        return _list(classroom)
    if action == "import" and len(values) == 1:
        return _import(classroom, Path(values[0]), platform, yes)
    if action == "extend" and len(values) in (1, 3):
        many = read_many(classroom, Path(values[0])) if len(values) == 1 else [read_one(classroom, *values)]
        print("\n".join(extend(classroom, many)))
        for unit in dict.fromkeys(one.unit for one in many):
            print(f"Feedback pages and the report follow with the next ./course grade {unit}.")
        return 0
    raise CourseError(
        "Say ./course roster import FILE, ./course roster extend STUDENT UNIT UNTIL (or extend FILE.csv), or ./course "
        'roster list. UNTIL is a time such as "2026-02-07 23:59 UTC", +3d behind the due date, or none.'
    )


def _import(classroom: Classroom, path: Path, platform: str | None, yes: bool) -> int:
    plan = plan_import(classroom, path, platform)
    print("\n".join(_preview(plan, path)))
    if plan.changes and not yes:
        print("\nNothing is written yet. To do it: the same command with --yes.")
    elif plan.changes:
        apply(classroom, plan)
        print(f"\n{len(plan.changes)} learners written into the gradebook.")
    return 1 if plan.problems else 0


def _preview(plan: Plan, path: Path) -> list[str]:
    new = [change for change in plan.changes if change.before is None]
    changed = [change for change in plan.changes if change.before is not None]
    lines = [
        f"{one_line(path.name)} is {plan.form.title}: {len(new)} new, {len(changed)} changed, {plan.same} as they are."
    ]
    for change in new:
        enrolled = change.after.enrolled
        rest = [change.after.email, enrolled.section, _group(enrolled.group)]
        lines.append(f"  + {'  '.join(map(one_line, filter(None, [change.after.student, change.after.name, *rest])))}")
    for change in changed:
        lines.append(f"  ~ {one_line(change.after.student)}  {one_line(sign('; ').join(change.differences))}")
    if plan.problems:
        lines += ["Left out:", *(f"  {one_line(sentence)}" for sentence in plan.problems)]
    if plan.absent:
        names = told([learner.student for learner in plan.absent])
        lines.append(f"In the gradebook and not in this file (they stay): {names}")
    return lines + ([one_line(plan.note)] if plan.note else [])


def _group(name: str) -> str:
    return say(shown("group {group}"), group=name) if name else ""


def _list(classroom: Classroom) -> int:
    known = class_list(classroom)
    with classroom.gradebook() as gradebook:
        learners = learners_of(gradebook, known)
    for learner in learners:
        more = [learner.enrolled.section, _group(learner.enrolled.group)]
        more += [
            f"{unit} until {those[learner.student]:%Y-%m-%d %H:%M} UTC"
            for unit, those in sorted(known.extensions.items())
            if learner.student in those
        ]
        cells = [learner.student, learner.name or "(no name)", learner.email, *more]
        print("  ".join(one_line(cell) for cell in cells if cell))
    print(f"{len(learners)} learners in the gradebook.")
    return 0

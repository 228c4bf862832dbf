"""`./course export PLATFORM UNIT...`: grades, or feedback pages, in the form that a learning platform takes."""

from __future__ import annotations

from pathlib import Path

from course_lib.errors import CourseError
from course_lib.workspace import course_root, find_unit
from grader.grading.classroom import Classroom
from grader.pages.plain_cells import one_line
from grader.platforms.export import Export, export, told
from grader.platforms.feedback import write_feedback
from grader.platforms.formats import TITLES
from grader.platforms.scores import Scores, read_scores
from grader.platforms.tables import write_whole
from grader.privacy import shared_by_group


def main(
    platform: str,
    units: list[str],
    roster: Path | None = None,
    to: Path | None = None,
    feedback: bool = False,
    submissions: Path | None = None,
    scale: bool = False,
) -> int:
    """`./course export`; 0 when everybody on either side was matched, else 1."""
    classroom = Classroom(course_root())
    classroom.require_gradebook()
    names = list(dict.fromkeys(map(find_unit, units)))
    folder = classroom.root / "reports"
    if feedback:
        return _feedback(classroom, platform, names, submissions or roster, to)
    if submissions is not None:
        raise CourseError("--submissions is for --feedback; grades are matched with --roster.")
    scores = read_scores(classroom, names)
    made = export(scores, platform, roster, scale)
    path = to or folder / f"{'-'.join(name.partition('_')[0] for name in names)}.{platform}.{made.suffix}"
    if roster is not None and path.resolve() == roster.resolve():
        raise CourseError(f"{path} is the file that the roster is read from: name another one with --to.")
    write_whole(path, made.data, shared_by_group(classroom.root))
    print("\n".join(_lines(made, scores, platform, path)))
    return 0 if made.complete else 1


def _lines(made: Export, scores: Scores, platform: str, path: Path) -> list[str]:
    lines = [f"{made.written} learners' grades for {TITLES[platform]}: {one_line(str(path))}"]
    if made.matching.learners:
        lines.append("Graded here, and nobody at the platform was found; enter these by hand, or mend the roster:")
        lines += [
            f"  {one_line(learner.student)}  {one_line(learner.name or 'no name')}  {one_line(learner.email)}".rstrip()
            for learner in made.matching.learners
        ]
    if made.matching.people:
        lines.append("At the platform, and nobody in the gradebook was found:")
        lines += [f"  {one_line(person.shown)}  (line {person.line})" for person in made.matching.people]
    for heading, sentences in (("Refused:", made.matching.refused), ("Look at these:", made.problems)):
        if sentences:
            lines += [heading, *(f"  {one_line(sentence)}" for sentence in sentences)]
    if made.ungraded:
        lines.append(f"On the roster, without a grade: {told(sorted(made.ungraded))}")
    waiting = scores.waiting()
    if waiting:
        lines.append(f"Answers wait for you, so the points may still rise: {told(sorted(waiting))}")
    penalties = sum(score.penalty > 0 for those in scores.of.values() for score in those.values())
    if penalties:
        lines.append(f"Late penalties are taken off {penalties} grades.")
    return lines + [one_line(note) for note in made.notes]


def _feedback(classroom: Classroom, platform: str, units: list[str], source: Path | None, to: Path | None) -> int:
    if len(units) != 1:
        raise CourseError("An assignment's feedback is one unit's: name one unit with --feedback.")
    if source is None:
        raise CourseError(
            "Name what tells whose page is whose: --submissions FILE, the zip file of submissions as the platform let "
            "you download it, or for Moodle the grading worksheet (.csv)."
        )
    path = to or classroom.root / "reports" / f"{units[0]}.{platform}-feedback.zip"
    made = write_feedback(classroom, units[0], platform, source, path)
    print(f"{made.written} feedback pages for {TITLES[platform]}, {made.size / 2**20:.1f} MiB: {one_line(str(path))}")
    for words, names in (
        ("Pages of learners who are not in that file", made.without_place),
        ("In that file, and without a page here", made.without_page),
        ("Refused", made.problems),
    ):
        if names:
            print(f"{words}: {told(names)}")
    return 0 if made.complete else 1

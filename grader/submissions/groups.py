"""A hand-in of several learners: what one of a group handed in counts for all of it.

Who is a group says the class list (a roster's column), or a line in the notebook, in a text cell of its own:
`Handed in with: bob, cleo`. The line gives to those named, never to the one who writes it, and only where they handed
in nothing themselves and nobody else's line names them. Nobody's own hand-in is ever replaced.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from grader.submissions.files import printable
from grader.submissions.gather import Arrivals
from grader.submissions.reading import UnreadableError, read_text
from grader.submissions.submission import SECRET, Submission

LINE = re.compile(r'(?:"|\\n)\s*Handed in with:\s*([^"\\\n]{1,400})', re.I)
"""The line as it stands in a notebook's JSON: at the beginning of a text, or behind an end of line."""
MOST = 8
"""A line names at most so many."""


def share(
    arrived: Arrivals,
    groups: Mapping[str, Sequence[str]],
    known: Collection[str],
    elsewhere: Collection[str] = (),
) -> Arrivals:
    """With a submission for each member of a group of which one handed in; conflicts are told, not settled.

    groups: members by the group's name; known: the gradebook's students, for the names in notebooks; elsewhere: who
    handed in something that is not among `arrived`, and so is given nothing.
    """
    own = {submission.student: submission for submission in arrived.submissions}
    made = dict(own)
    handed_in = {student for student, submission in own.items() if submission.notebook is not None}
    in_groups = {member for members in groups.values() for member in members}
    for group, members in sorted(groups.items()):
        takers = [member for member in members if member not in elsewhere]
        _share_one(f"the group {printable(group)}", members, takers, own, handed_in, made)
    named: dict[str, list[str]] = defaultdict(list)
    for student in sorted(handed_in - in_groups):
        given, strangers = named_in(own[student], known)
        if strangers:
            _note(made, student, f"Its line 'Handed in with' names nobody of this class: {', '.join(strangers)}.")
        for partner in given:
            if partner in in_groups:
                _note(
                    made, student, f"{partner} belongs to a group of the roster, so the line does not count for them."
                )
            elif partner != student and partner not in elsewhere:
                named[partner].append(student)
    for partner, writers in sorted(named.items()):
        _share_one("the line in the notebook", writers, [partner], own, handed_in, made)
    return Arrivals([made[student] for student in sorted(made)], arrived.unknown)


def _share_one(
    what: str,
    givers: Sequence[str],
    takers: Sequence[str],
    own: Mapping[str, Submission],
    handed_in: Collection[str],
    made: dict[str, Submission],
) -> None:
    """Give to the takers without a hand-in what the one giver handed in; say so on both sides."""
    from_ = [student for student in givers if student in handed_in]
    without = [student for student in takers if student not in handed_in]
    also = [student for student in takers if student in handed_in and student not in from_]
    different = len({own[student].content() for student in from_}) > 1
    for student in from_ if different and len(takers) > 1 else ():
        others = ", ".join(other for other in from_ if other != student)
        _note(
            made, student, f"By {what}, {others} handed in another notebook: each counts for the one who handed it in."
        )
    for student in also:
        if own[student].content() != own[from_[0]].content():
            _note(made, student, f"By {what}, {from_[0]} handed in for both; your own hand-in is what counts.")
    for student in without if from_ else ():
        if different:
            sentence = f"by {what} it could be {' or '.join(from_)}'s notebook, and these differ: keep one of them"
            made[student] = Submission(student, own[from_[0]].unit, problem=f"could not be graded: {sentence}")
            continue
        giver = own[from_[0]]
        failed = own[student].problem if student in own else ""
        said = [f"Handed in by {giver.student}.", f"Their own file {failed}." if failed else ""]
        notes = (*giver.notes, *filter(None, said))
        beside = {name: path for name, path in giver.beside.items() if name != SECRET}  # it fetches the giver's page
        made[student] = replace(giver, student=student, lms_id="", notes=notes, beside=beside, by=giver.student)
        _note(made, giver.student, f"By {what}, it counts for {student}, too.")


def partners(text: str) -> list[str]:
    """The names in a notebook's line, as they stand there."""
    names = [name.strip(" *`").rstrip(".") for found in LINE.findall(text) for name in found.split(",")]
    return list(dict.fromkeys(filter(None, names)))[:MOST]


def named_in(submission: Submission, known: Collection[str]) -> tuple[list[str], list[str]]:
    """Whom the notebook's line names: students of the class, and what is no student."""
    text = ""
    with contextlib.suppress(UnreadableError):
        assert submission.notebook is not None
        text, _ = read_text(submission.notebook)
    names = partners(text)
    folded = {student.casefold(): student for student in known}
    students = [folded[name.casefold()] for name in names if name.casefold() in folded]
    return students, [printable(name) for name in names if name.casefold() not in folded]


def _note(made: dict[str, Submission], student: str, sentence: str) -> None:
    made[student] = replace(made[student], notes=(*made[student].notes, sentence))

"""Who of the gradebook is who at the platform: by an id, else by e-mail, else by the exact name; never by a guess."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from course_lib.sentences import say
from course_lib.told import shown
from grader.class_list import Enrolled
from grader.pages.plain_cells import one_line
from grader.platforms.formats import TITLES, Format, Person
from grader.submissions.identity import plain, slug


@dataclass(frozen=True)
class Learner:
    """Somebody in the gradebook."""

    student: str
    first: str = ""
    last: str = ""
    email: str = ""
    lms_id: str = ""
    """The gradebook's `lms_user_id`, `Canvas:4001`."""
    enrolled: Enrolled = field(default_factory=Enrolled)

    @property
    def name(self) -> str:
        """As a person says it; empty where the gradebook has none."""
        return f"{self.first} {self.last}".strip()


@dataclass
class Matching:
    """Who was found; who was not, on either side; and whom nothing tells apart, in sentences."""

    pairs: dict[str, Person] = field(default_factory=dict)
    """By the learner's id."""
    refused: list[str] = field(default_factory=list)
    learners: list[Learner] = field(default_factory=list)
    """Without anybody at the platform."""
    people: list[Person] = field(default_factory=list)
    """Without anybody in the gradebook."""


Keys = tuple[str, Callable[[Learner], Iterable[str]], Callable[[Person], Iterable[str]]]


def match(learners: Sequence[Learner], people: Sequence[Person], form: Format) -> Matching:
    """Pair them off: the strongest evidence first, and whoever is found is out of what follows.

    Those whom one piece of evidence takes for several are refused, and not tried with weaker evidence.
    """
    found = Matching(learners=list(learners), people=list(people))
    for what, mine, theirs in _evidence(form):
        by_key: dict[str, list[Person]] = defaultdict(list)
        for person in found.people:
            for key in {key for key in theirs(person) if key}:
                by_key[key].append(person)
        candidates = {
            learner.student: {person.line: person for key in set(mine(learner)) for person in by_key.get(key, ())}
            for learner in found.learners
        }
        claims = Counter(line for those in candidates.values() for line in those)
        gone: set[int] = set()
        for student, those in candidates.items():
            if len(those) == 1 and claims[next(iter(those))] == 1:
                found.pairs[student] = next(iter(those.values()))
            elif those:
                found.refused.append(_doubt(student, those, what))
            gone |= set(those)
        found.learners = [learner for learner in found.learners if not candidates[learner.student]]
        found.people = [person for person in found.people if person.line not in gone]
    return found


def _doubt(student: str, those: dict[int, Person], what: str) -> str:
    persons = ""
    for line, person in sorted(those.items(), reverse=True):
        text = shown("{person} (line {line}) and {others}" if persons else "{person} (line {line})")
        persons = say(text, person=one_line(person.shown), line=line, others=persons)
    learner = one_line(student)
    if len(those) == 1 and what == "name":
        sentence = shown("{learner} and another learner here have the same name as {persons}: tell them apart first")
    elif len(those) == 1:
        sentence = shown("{learner} and another learner here have the same {key} as {persons}: tell them apart first")
    elif what == "name":
        sentence = shown("{learner} has the same name as {persons}: nothing says which of them it is")
    else:
        sentence = shown("{learner} has the same {key} as {persons}: nothing says which of them it is")
    return say(sentence, learner=learner, key=shown(what), persons=persons)


def _evidence(form: Format) -> tuple[Keys, ...]:
    """What the two sides may share, the strongest first: a word for it, and where it stands on either side."""
    lasting = form.platform != "moodle worksheet"  # the numbers there are of one assignment
    title = TITLES[form.platform.split()[0]]

    def upload(person: Person) -> str:
        return (person.login if form.platform == "blackboard" else person.own_id) if form.lasting else ""

    def given(learner: Learner) -> list[str]:
        if learner.name:
            return [plain(learner.name)]
        return [f"id {learner.student}"]  # made of the name, by the rule for uploads

    def called(person: Person) -> list[str]:
        orders = {person.name, f"{person.last} {person.first}".strip(), person.full} - {""}
        # Canvas runs the name together in the names of files, family name first.
        together = slug(f"{person.last}{person.first}").replace("_", "")
        return [*map(plain, orders), *(f"id {slug(name)}" for name in orders), f"id {together}"]

    return (
        (
            "id",
            lambda learner: [learner.lms_id],
            lambda person: [f"{title}:{upload(person)}", upload(person)] if upload(person) else [],
        ),
        (
            "id",
            lambda learner: _kinds(learner.enrolled.login, learner.enrolled.number),
            lambda person: _kinds(person.login, person.number),
        ),
        (
            "id",
            lambda learner: [learner.student.casefold()],
            lambda person: [
                text.casefold()
                for text in (person.login, person.number, person.email, person.own_id if lasting else "")
            ],
        ),
        ("e-mail address", lambda learner: [learner.email.casefold()], lambda person: [person.email.casefold()]),
        ("name", given, called),
    )


def _kinds(login: str, number: str) -> list[str]:
    return [f"{kind} {text.casefold()}" for kind, text in (("login", login), ("number", number)) if text]

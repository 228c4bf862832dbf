"""Each platform's own files: what tells that one is its, and which column says what of a person.

Canvas: the gradebook's export, whose second line has "Points Possible"; a score goes into `TITLE (NUMBER)`.
Moodle: the gradebook's export ("First name", ..., "Email address"), a list of participants, and an assignment's offline
grading worksheet ("Identifier", "Full name", ..., "Grade", "Maximum Grade"). Blackboard: the Grade Center's download,
tab-separated UTF-16. Brightspace: `OrgDefinedId`, `Username`, `TITLE Points Grade`, `End-of-Line Indicator`, with a `#`
before each id and at each line's end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from course_lib.errors import CourseError
from grader.pages.plain_cells import from_cell
from grader.platforms.tables import Table
from grader.submissions.identity import INVISIBLE

FIRST = ("first name", "firstname", "first_name", "given name", "vorname", "prénom", "nombre", "voornaam", "nome")
LAST = ("last name", "lastname", "last_name", "surname", "family name", "nachname", "nom", "apellidos", "achternaam")
EMAIL = ("email address", "email", "e-mail", "e-mail-adresse", "adresse de courriel", "dirección de correo", "mail")
NUMBER = ("id number", "student id", "number", "matriculation number", "id-nummer", "matrikelnummer")
SECTION = ("section", "sections", "child course id")
GROUP = ("group", "groups", "gruppe", "gruppen", "groupe", "grupo")
LONGEST = 128
"""The gradebook has room for so many characters of a name."""


@dataclass(frozen=True)
class Person:
    """Somebody in a platform's file."""

    line: int
    cells: tuple[str, ...] = ()
    own_id: str = ""
    """The platform's own number: Canvas' ID, the number in Moodle's Identifier."""
    login: str = ""
    number: str = ""
    """The institution's: SIS User ID, ID number, OrgDefinedId, Student ID."""
    email: str = ""
    first: str = ""
    last: str = ""
    full: str = ""
    """The whole name, where the file does not say which part is which."""
    section: str = ""
    group: str = ""

    @property
    def name(self) -> str:
        """As a person says it."""
        return f"{self.first} {self.last}".strip() or self.full

    @property
    def shown(self) -> str:
        """How a message names them."""
        return self.name or self.login or self.number or self.email or self.own_id


@dataclass(frozen=True)
class Format:
    """One kind of file. `columns`: what a field of `Person` stands under, each by its possible headings, in small."""

    platform: str
    title: str
    marks: tuple[tuple[str, ...], ...]
    """A file is of this kind if it has one heading of each of these."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lasting: bool = False
    """Whether `own_id` (in Blackboard, `login`) also stands in the names of files that learners upload."""

    def fits(self, table: Table) -> bool:
        """Whether the table is of this kind."""
        return all(table.column(*names) is not None for names in self.marks)


NAMES = {"first": FIRST, "last": LAST}
FORMATS = (
    Format(
        "brightspace",
        title="Brightspace's grades",
        marks=(("orgdefinedid", "org defined id"),),
        columns={**NAMES, "number": ("orgdefinedid", "org defined id"), "login": ("username",), "email": EMAIL}
        | {"section": ("sections", "section membership", *SECTION), "group": GROUP},
    ),
    Format(
        "canvas",
        "Canvas' gradebook",
        (("student", "lastname"), ("id",), ("section",)),
        {"full": ("student",), "first": ("firstname",), "last": ("lastname",), "own_id": ("id",)}
        | {"number": ("sis user id",), "login": ("sis login id",), "email": EMAIL, "section": ("section",)}
        | {"group": GROUP},
        lasting=True,
    ),
    Format(
        "csv",
        "a table of your own",
        (("student", "student_id", "login"),),
        {**NAMES, "full": ("name", "full name"), "login": ("student", "student_id", "login", "username", "id")}
        | {"number": NUMBER, "email": EMAIL, "section": SECTION, "group": GROUP},
    ),
    Format(
        "moodle worksheet",
        "Moodle's grading worksheet",
        (("identifier",), ("grade",), ("maximum grade",)),
        {"own_id": ("identifier",), "full": ("full name",), "number": ("id number",), "login": ("username",)}
        | {"email": EMAIL, "group": GROUP},
    ),
    Format(
        "moodle",
        "Moodle's gradebook or participants",
        (FIRST, LAST, EMAIL),
        {**NAMES, "login": ("username",), "number": ("id number", "id-nummer"), "email": EMAIL, "group": GROUP},
    ),
    Format(
        "blackboard",
        "Blackboard's Grade Center",
        (FIRST, LAST, ("username", "user name", "benutzername")),
        {**NAMES, "login": ("username", "user name", "benutzername"), "number": ("student id",)}
        | {"section": ("child course id",), "group": GROUP},
        lasting=True,
    ),
)
"""The first that fits decides."""
PLATFORMS = ("canvas", "moodle", "blackboard", "brightspace", "csv")
TITLES = {
    "canvas": "Canvas",
    "moodle": "Moodle",
    "blackboard": "Blackboard",
    "brightspace": "Brightspace",
    "csv": "CSV",
}


def recognise(table: Table, platform: str | None = None) -> Format:
    """The kind of a file; `platform` narrows it down. Raises `CourseError` where it is none that is known."""
    fitting = [each for each in FORMATS if each.fits(table)]
    wanted = [each for each in fitting if platform is None or each.platform.split()[0] == platform]
    if wanted:
        return wanted[0]
    seen = ", ".join(table.headings[:8]) or "none"
    if fitting:
        raise CourseError(
            f"{table.path} is {fitting[0].title}, and not {TITLES.get(str(platform), platform)}'s: name another file, "
            "or the other platform."
        )
    raise CourseError(
        f"{table.path} is no roster that is known here; its headings are {seen}. Take the gradebook's own export of "
        "Canvas, Moodle, Blackboard or Brightspace with English headings, or a CSV file with a column `student`, and "
        "if you like first_name, last_name, email, section and group."
    )


def people(table: Table, form: Format) -> tuple[list[Person], list[str]]:
    """The persons in a file, and sentences about lines that are none and were left out."""
    places = {name: table.column(*headings) for name, headings in form.columns.items()}
    found: list[Person] = []
    told = list(table.problems)
    seen: dict[tuple[str, str], int] = {}
    for line, cells in table.rows:
        if _no_person(form, cells):
            continue
        values = {name: tidy(cells[place]) for name, place in places.items() if place is not None}
        person = _named(Person(line, cells, **_ids(form, values)))
        if not person.shown:
            told.append(f"line {line} names nobody: it is left out")
        elif max(map(len, values.values())) > LONGEST:
            told.append(f"line {line} has a cell of more than {LONGEST} characters, which no name has: it is left out")
        elif (double := next((each for each in _keys(person) if each in seen), None)) is not None:
            told.append(f"line {line} has the {double[0]} of line {seen[double]}, {double[1]}: it is left out")
        else:
            seen |= dict.fromkeys(_keys(person), line)
            found.append(person)
    return found, told


def _keys(person: Person) -> list[tuple[str, str]]:
    """What no two persons share."""
    kinds = (("id", person.own_id), ("login", person.login), ("number", person.number))
    return [(what, text.casefold()) for what, text in kinds if text] or [("cells", "|".join(person.cells))]


def _no_person(form: Format, cells: tuple[str, ...]) -> bool:
    """Canvas' lines below its heading: points, "Manual Posting", and the student that a teacher previews with."""
    if form.platform != "canvas":
        return False
    first = cells[0].strip()
    posting = all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.I) for cell in cells)
    return first.startswith("Points Possible") or posting or first == "Student, Test"


def _ids(form: Format, values: dict[str, str]) -> dict[str, str]:
    if form.platform == "brightspace":
        values |= {name: values[name].removeprefix("#") for name in ("number", "login") if name in values}
    if form.platform == "moodle worksheet":  # "Participant 102", in the language of the site
        number = re.search(r"(\d+)\s*$", values.get("own_id", ""))
        values["own_id"] = number[1] if number else ""
    return values


def _named(person: Person) -> Person:
    """Canvas' `Doe, Jane` taken apart; a name in one piece stays so, for where it divides is not said."""
    if person.full and not person.first and not person.last and person.full.count(",") == 1:
        last, first = (part.strip() for part in person.full.split(","))
        return Person(**{**vars(person), "first": first, "last": last})
    return person


def tidy(cell: str) -> str:
    """A cell's text in one line, without what nobody sees, and as it was before a spreadsheet was guarded from it."""
    text = unicodedata.normalize("NFC", from_cell(cell.strip()))
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in INVISIBLE.sub("", text))
    return " ".join(text.split())

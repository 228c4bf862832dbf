"""What is looked for after every attack: points, changed files, secrets, what a page would run, the next submission."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

from course_lib.judging.reference import Reference, load
from course_lib.workspace import course_root
from grader.audit.attacks.attack import Aftermath, Attack
from grader.audit.attacks.attack_class import ATTACK, CANARY, FIRST, LAST, NEXT, SECRET, AttackClass
from grader.audit.attacks.draft import Draft, Graded
from grader.audit.row import HELD, Row
from grader.exercises import exercises_of
from grader.judging.private import private_reference
from grader.preprocessors.repair import grade_id
from grader.preprocessors.verify_answers import VERDICT
from grader.submissions.samples import MARKER

ACTIVE = {"script", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "base", "link", "svg"}
LINKS = {"href", "src", "xlink:href", "poster", "data"}
HARMLESS_URL = re.compile(r"https?://|mailto:|#", re.I)
PICTURE = re.compile("data:image/(png|jpeg|gif|svg\\+xml);base64,")
DIGITS = 8
"""So many digits in a row are no accident: they are those of a private number."""


def rows(attacked: AttackClass) -> list[Row]:
    """What came of each attack on the class."""
    usual = active_parts(attacked.by_course[FIRST].page)
    return [_row(attacked, number, attack, usual) for number, attack in enumerate(attacked.attacks, 1)]


def _row(attacked: AttackClass, number: int, attack: Attack, usual: set[str]) -> Row:
    student, next_one = f"{number:02d}-{ATTACK}", f"{attacked.follower(number):02d}-{NEXT}"
    first, again = attacked.by_nbgrader.get(student), attacked.by_course.get(student)
    harms = [*_same(attacked.by_nbgrader, next_one), *_marks(attacked, attacked.drafts[number - 1])]
    if attack.read or attack.refused:
        harms += [f"by ./course grade, {harm}" for harm in _same(attacked.by_course, LAST)]
    if attack.refused:
        harms += ["it was graded"] if first or again else []
        harms += [] if attacked.refusals.count(student) >= 2 else ["it is not said who was refused"]
        return Row(attack.name, attack.aims_at, "; ".join(harms) or HELD, "It is refused by name.")
    if first is None or attack.read and (again is None or not again.page):
        return Row(attack.name, attack.aims_at, "it could not be graded")
    harms += [f"it changed {name}" for name in attacked.changed.get(student, ["what nobody noted"])]
    aftermath = attacked.aftermath(number, first)
    harms += _harms(aftermath, attack)
    if again is not None:
        found = [*_harms(attacked.aftermath(number, again), attack)]
        found += [f"its page has {part}" for part in sorted(active_parts(again.page) - usual)]
        harms += [f"by ./course grade, {harm}" for harm in found]
    return Row(attack.name, attack.aims_at, "; ".join(harms) or HELD, _said(aftermath, attack.about))


def _harms(aftermath: Aftermath, attack: Attack) -> Iterator[str]:
    yield from _points(aftermath)
    yield from _secrets(aftermath)
    yield from (f"{name} comes back with it" for name in aftermath.graded.beside)
    yield from filter(None, [attack.harm(aftermath)])


def _points(aftermath: Aftermath) -> Iterator[str]:
    """Points for anything but the exercise that was solved."""
    kept = aftermath.draft.words["KEPT"]
    deserved = {f"check_{kept}": float(e.points) for e in exercises_of(aftermath.unit) if e.name == kept}
    for name, earned in aftermath.graded.scores.items():
        if earned > deserved.get(name, 0.0):
            yield f"it earned {earned:g} points for {name}"


def _marks(attacked: AttackClass, draft: Draft) -> Iterator[str]:
    """What it left outside of the sandbox."""
    mark = draft.words["MARK"]
    for place in attacked.places:
        if (place / f"attack-{mark}").exists():
            yield f"it left a file in {place}"
    for path in (course_root() / "course_lib" / "check.py", course_root() / "nbgrader_config.py"):
        if mark in path.read_text(encoding="utf-8"):
            yield f"it wrote into {path}"


def _secrets(aftermath: Aftermath) -> Iterator[str]:
    """What of the instructor's, or of the private cases, the learner gets to read."""
    text = aftermath.outputs
    known = {"the course's secret": SECRET, "what lies outside": CANARY} | _answers(aftermath)
    yield from (
        f"it reads {what}" for what, secret in known.items() if secret in text or secret in aftermath.graded.page
    )
    if _runs(text) & _private_numbers(aftermath.unit):
        yield "it reads private numbers"


def _answers(aftermath: Aftermath) -> dict[str, str]:
    """For each exercise, the longest line of the model answer that the attack's own notebook does not hold."""
    own = "\n".join(cell.source for cell in aftermath.draft.notebook.cells)
    found = {}
    for cell in aftermath.source.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            lines = [line.strip() for line in MARKER.sub("", cell.source).splitlines()]
            unseen = [line for line in lines if line not in own]
            if unseen:
                found[f"the answer to {grade_id(cell)}"] = max(unseen, key=len)
    return found


@cache
def _private_numbers(unit: str) -> frozenset[str]:
    """The first digits of all numbers of the private cases, inputs and right values, that no visible case has."""
    names = [e.name for e in exercises_of(unit) if not e.withheld]
    private = [private_reference(name, SECRET.encode("ascii")) for name in names]
    return frozenset(_leading(private) - _leading([load(name) for name in names]))


def _leading(references: Iterable[Reference]) -> set[str]:
    found = set()
    for reference in references:
        for number in _numbers([[case.inputs, case.expected] for case in reference.cases]):
            digits = re.sub(r"e.*|\D", "", repr(abs(number))).strip("0")
            if len(digits) >= DIGITS:
                found.add(digits[:DIGITS])
    return found


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, np.ndarray):
        value = value.astype(float).ravel().tolist() if value.dtype.kind == "f" else []
    if isinstance(value, float):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)


def _runs(text: str) -> set[str]:
    """All runs of DIGITS digits in a text, decimal points aside."""
    runs = re.findall(rf"\d{{{DIGITS},}}", text.replace(".", ""))
    return {run[i : i + DIGITS] for run in runs for i in range(len(run) - DIGITS + 1)}


def _same(graded: dict[str, Graded], student: str) -> Iterator[str]:
    """Whether an honest submission after it was graded as the first one."""
    first, later = graded.get(FIRST), graded.get(student)
    if first is None or later is None or (first.notebook, first.scores) != (later.notebook, later.scores):
        yield "the next submission was graded otherwise"


def _said(aftermath: Aftermath, about: str) -> str:
    """What the grader says about the attacked exercise, in a line."""
    name = aftermath.draft.text(f"check_{about}")
    for cell in aftermath.graded.notebook.cells:
        for output in cell.get("outputs", []) if grade_id(cell) == name else []:
            if VERDICT in output.get("data", {}):
                lines = output.data["text/plain"].splitlines()
                return lines[1].strip() if len(lines) > 1 else lines[0]
    return ""


class _Parts(HTMLParser):
    """Collects what a browser would run, load or send, and what could pass for a part of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ids: set[str] = set()
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        if tag in ACTIVE:
            self.found.add(f"<{tag}>")
        for name, value in attrs:
            text = (value or "").strip()
            if name.startswith("on") or name in ("srcdoc", "formaction", "action", "ping", "background"):
                self.found.add(f"{name}=")
            elif name in LINKS and not (PICTURE if name == "src" else HARMLESS_URL).match(text):
                self.found.add(f"{name}={text[:30]!r}")
            elif name == "style" and re.search(r"url\(|expression|position|z-index", text, re.I):
                self.found.add(f"style={text[:30]!r}")
            elif name == "id" and text in self.ids:
                self.found.add(f"a second {text!r}")
            elif name == "id":
                self.ids.add(text)

    def handle_data(self, data: str) -> None:
        if self.in_style and re.search(r"@import|url\((?!data:)", data):
            self.found.add("<style>")


def active_parts(page: str) -> set[str]:
    """What in a page would run, load from elsewhere, or send."""
    parser = _Parts()
    parser.feed(page)
    return parser.found

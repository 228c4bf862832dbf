"""What may stand on no page: lines of answers and of known mistakes, what explains a quiz, and private values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.judging.reference import load
from course_lib.language.catalogues import noted
from course_lib.language.choice import languages
from course_lib.told import in_language, shown
from course_lib.workspace import course_root, locales, units
from grader.building.leaks import TELLING, secret_lines
from grader.changes import source_of
from grader.exercises import all_exercises
from grader.judging.private import FILE, seed_of
from grader.scripts import read_script
from grader.site.units import released
from grader.spec import Exercise

DIGITS = 8
"""Digits behind the point from which a number is met by chance no more; NumPy prints so many."""
GIVEN = ("#", '"""', "import ", "from ", "def ", "class ", "@")
"""How lines begin that say what is imported and what things are called, and give nothing away."""
SHORTEST = 20
"""Letters of a line without its blanks from which it is looked for; a Chinese sign says as much as two."""
HAN = re.compile(r"[\u3400-\u9fff]")
START = 10
"""So many characters of a line are looked up at each place of a text; no line that is looked for has fewer."""
MOST = 2_000
"""Numbers of one input that are looked for: of a thousand images a few are enough."""


@dataclass(frozen=True)
class Secrets:
    """What to look for, and of each what it is: lines and sentences without their blanks, numbers, and words.

    The answers of a quiz are such a line as well.
    """

    lines: Mapping[str, str]
    numbers: Mapping[str, str]
    words: Mapping[str, str]


def squeezed(text: str) -> str:
    """A text without its blanks, as which lines are compared: pages wrap and indent as they like."""
    return "".join(text.split())


def secrets(secret: str | None = None) -> Secrets:
    """The secrets of the course. secret: that of a class, by default the one beside the gradebook, if there is one."""
    if secret is None:
        file = course_root() / FILE
        secret = file.read_text(encoding="ascii").strip() if file.is_file() else ""
    numbers = dict(private_numbers(secret)) if secret else {}
    return Secrets(dict(telling_lines()), numbers, {secret: "the secret of a class"} if secret else {})


def telling_lines() -> Iterator[tuple[str, str]]:
    """Each line of an answer, a right or wrong implementation, or a quiz's explanation that no learner is given."""
    hidden = {
        squeezed(line): what
        for what, text in _hidden_texts()
        for line in text.splitlines()
        if len(line.strip()) > TELLING and not line.strip().startswith(GIVEN)
    }
    hidden |= {squeezed(line): what for what, text in _in_other_languages() for line in text.splitlines()}
    hidden = {line: what for line, what in hidden.items() if len(line) + len(HAN.findall(line)) >= SHORTEST}
    known = Lines(hidden)
    public = {line for text in _public_texts() for line, _ in known.within(squeezed(text))}
    yield from ((line, what) for line, what in hidden.items() if line not in public)
    yield from _quizzes()


def _quizzes() -> Iterator[tuple[str, str]]:
    """The answers of each quiz, as a cell has them, by either mark of quotation; two quizzes may have the same."""
    named: dict[str, list[str]] = defaultdict(list)
    for exercise in all_exercises().values():
        if exercise.withheld:
            for mark in "\"'":
                right = exercise.right_answers[0].items()
                told = ",".join(f"{mark}{key}{mark}:{mark}{letter.strip().lower()}{mark}" for key, letter in right)
                named[told].append(exercise.name)
    yield from ((told, f"the answers of {', '.join(names)}") for told, names in named.items())


def _hidden_texts() -> Iterator[tuple[str, str]]:
    for unit in units():
        for cell in read_script(course_root() / "solutions" / unit / f"{unit}.py").cells:
            if "exercise" in cell.metadata:
                yield f"the answer of {cell.metadata['exercise']}", "\n".join(sorted(secret_lines(cell.source)))
    for exercise in all_exercises().values():
        if exercise.withheld:
            for misconception in exercise.misconceptions:
                yield f"what the feedback says of {exercise.name}", " ".join(misconception.says.split())
        else:
            for written in _written(exercise):
                yield f"code of the spec of {exercise.name}", source_of(written)


def _in_other_languages() -> Iterator[tuple[str, str]]:
    """What explains a quiz, and what a reflection may be answered with, in each language that has it."""
    for language in languages(locales())[1:]:
        for unit in units():
            catalogue = locales() / language / "units" / f"{unit}.po"
            for note in ("model answer", "mark scheme"):
                yield f"the {note} of a reflection of {unit}", "\n".join(noted(catalogue, note).values())
        with in_language(language):
            for exercise in all_exercises().values():
                if exercise.withheld:
                    for misconception in exercise.misconceptions:
                        yield f"what the feedback says of {exercise.name}", shown(misconception.says, exercise.unit)


def _written(exercise: Exercise) -> Iterator[Any]:
    """The implementations of an exercise's spec, right and wrong, that are text."""
    yield from filter(callable, exercise.also_right)
    yield from (misconception.wrong for misconception in exercise.misconceptions if callable(misconception.wrong))


def _public_texts() -> Iterator[str]:
    """What every learner has: the learner's editions in all languages, and what notebooks import."""
    for unit in units():
        for language in languages(locales()):
            yield "\n".join(cell.source for cell in released(unit, language).cells)
    for file in (course_root() / "course_lib").rglob("*.py"):
        yield file.read_text(encoding="utf-8")


class Lines:
    """Many lines to be found in long texts: by how each begins, at every place of a text."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.by_start: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for line, what in lines.items():
            self.by_start[line[:START]].append((line, what))

    def within(self, bare: str) -> Iterator[tuple[str, str]]:
        """Each of the lines that stands in a text without blanks, and what it is."""
        starts = self.by_start.keys()
        for place in range(len(bare) - START + 1):
            start = bare[place : place + START]
            if start in starts:
                yield from ((line, what) for line, what in self.by_start[start] if bare.startswith(line, place))


def private_numbers(secret: str) -> Iterator[tuple[str, str]]:
    """The long numbers among the inputs of a class's private cases, as Python and as NumPy print them."""
    for exercise in all_exercises().values():
        if exercise.private_cases is not None:
            continue  # images that are in no learner's copy; nothing of the site opens their file
        private = _printed(
            case.inputs
            for case in exercise.cases(np.random.default_rng(seed_of(exercise.name, secret.encode("ascii"))))
        )
        visible = set() if exercise.withheld else _printed(case.inputs for case in load(exercise.name).cases)
        yield from ((number, f"a private value of {exercise.name}") for number in private - visible)


def _printed(inputs: Iterable[Mapping[str, Any]]) -> set[str]:
    numbers = (number for given in inputs for number in _numbers(given))
    return {text for number in numbers for text in texts_of(number) if len(text.partition(".")[2]) >= DIGITS}


def texts_of(number: float) -> tuple[str, ...]:
    """How a number is printed, without its sign."""
    return repr(abs(number)), f"{abs(number):.8f}".rstrip("0")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _numbers(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
        flat = value.ravel()[:MOST].astype(float)
        yield from (float(number) for number in flat[np.isfinite(flat)])
    elif isinstance(value, float) and np.isfinite(value):
        yield value

"""Sentences with `{fields}`, as patterns by which a sentence that has its values is found again.

What fields of some names hold is narrower than anything: whole numbers, names of code, what Python said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

FIELD = re.compile(r"\{([^{}]*)\}")
NUMBERS = frozenset({"line", "hint", "earned", "points", "broken", "all", "wrong", "count", "nan", "inf", "axes"})
"""Fields that hold whole numbers."""
OF_CODE = frozenset(
    (
        *("output", "name", "names", "argument", "code", "target", "a", "b", "what", "old", "new", "near", "outer"),
        *("other", "inside", "expression", "c"),
    )
)
"""Fields of the judge's templates whose single words are names of code: `step` is no step there, unless "the" is before
it."""
ONE = r"[^\s,]+(?: [-+*/%@<>=]{1,2} [^\s,]+)*"
NARROWER = {
    "name": r"((?:[^:.?!]|\.(?=\S))+?)",
    **dict.fromkeys(sorted(NUMBERS), r"(-?\d+)"),
    "line": r"(\d+|(?<=`)[^`]+(?=[`.]))",
}
"""What fields of some names hold: the name of an exercise or a method is no second sentence."""
PIECE = r"(?:(?!, or when |[.?!] |\.$).)"
NARROWER_OF_CODE = {
    "a": f"({PIECE}*)",  # what it is computed from may have an "and" of its own
    **dict.fromkeys(("b", "new", "old", "word"), f"({PIECE}*?)"),
    "target": r"([\w.]+)",
    "expression": rf"({ONE})",
    "names": rf"({ONE}(?:, {ONE})*(?: and {ONE})?)",
    "inside": rf"({ONE}(?:, {ONE})*(?: and {ONE})?)",
}
"""The same in the judge's templates: names, expressions of a few signs, and pieces that end where their clause does."""
NARROWER_OF_ERRORS = {"what": r"(\w+(?:: .*)?)"}
"""What Python says may be sentences, so that the advice after it is the last one."""
FORMAT = re.compile(r":(?:[^\[\]{}]?[<>=^])?[ +-]?(\d*)[,_]?(?:\.\d+)?([feEgGd%]?)$")
"""How a field is printed: its width, and whether it is a number."""
NUMBER = r"( *[+\u2212-]?(?:[\d,_]*\.?\d+(?:e[+-]?\d+)?|nan|inf)%? *)"
PLURAL = re.compile(r"(?s)'\w{0,3}' (?:\*.*|if .* else '\w{0,3}')")
"""A field that is the ending of an English word in the plural; it is nothing in a language without."""


@dataclass(frozen=True)
class Template:
    """A sentence with fields. `weight`: how many letters it has beside them; `texts`: what stands between them.

    coded: the fields, by number, whose single words are names. verbatim: those that hold what Python said.
    of_code, of_cells: whether it is the judge's, or a unit's.
    """

    english: str
    texts: tuple[str, ...]
    pattern: str
    fields: tuple[str, ...]
    told: str
    weight: int
    coded: frozenset[int] = frozenset()
    verbatim: frozenset[int] = frozenset()
    of_code: bool = False
    of_cells: bool = False

    def match(self, text: str) -> re.Match[str] | None:
        """How the text is made by the template; None where it is not. Most are told apart without the pattern."""
        at = 0
        for part in self.texts:
            at = text.find(part, at)
            if at < 0:
                return None
            at += len(part)
        return self._compiled.fullmatch(text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        """The pattern, made when it is first asked: of a unit's thousand most never are."""
        return re.compile(self.pattern, re.DOTALL)


def made_from(english: str, told: str, of_code: bool = False, of_cells: bool = False) -> Template | None:
    """The template of a pair; None where it has no field, or is all fields. of_code: it is one of the judge's.

    of_cells: it is one of a unit's, where a field of any name may hold anything.

    A text that ends in a blank goes on with something: that is a field, too.
    """
    if english[-1:] == " " and not english.isspace():
        english, told = f"{english}{{rest}}", f"{told}{{rest}}"
    parts = FIELD.split(english)
    fields, texts = tuple(parts[1::2]), tuple(parts[::2])
    weight = sum(letter.isalpha() for text in texts for letter in text)
    if not fields or not any(text.strip() for text in texts):
        return None
    narrower = NARROWER | NARROWER_OF_CODE if of_code else {} if of_cells else NARROWER
    verbatim = frozenset(n for n, name in enumerate(fields) if name == "what" and fields[n + 1 :] == ("advice",))
    if verbatim:
        narrower = narrower | NARROWER_OF_ERRORS
    pattern = "".join(
        narrower.get(text, _formatted(text)) if number % 2 else re.escape(text) for number, text in enumerate(parts)
    )
    coded = {n for n, name in enumerate(fields) if name in OF_CODE and not texts[n].endswith("the ")} if of_code else ()
    return Template(
        english.removesuffix("{rest}"),
        texts,
        pattern,
        fields,
        told,
        weight,
        frozenset(coded),
        verbatim,
        of_code,
        of_cells,
    )


def _formatted(field: str) -> str:
    """The pattern of a field: as wide as it is printed, and a number where it is printed as one."""
    form = FORMAT.search(field)
    if form is None:
        return "(.*?)"
    return NUMBER if form[2] else f"(.{{{int(form[1] or 0)},}}?)"

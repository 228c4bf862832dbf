"""An English sentence that has its values in it already, told in another language.

What judges stores English, so a sentence is found again by the template that it was made from: the `{fields}` of a
template match anything, the rest of it only itself. Values are sentences, too, and are told in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

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
}
"""What fields of some names hold: the name of an exercise or a method is no second sentence."""
NARROWER_OF_CODE = {
    "a": r"(.*)",  # what it is computed from may have an "and" of its own
    "target": r"([\w.]+)",
    "expression": rf"({ONE})",
    "names": rf"({ONE}(?:, {ONE})*(?: and {ONE})?)",
    "inside": rf"({ONE}(?:, {ONE})*(?: and {ONE})?)",
}
"""The same in the judge's templates: names, and expressions of a few signs."""
CODE = re.compile(rf"{ONE}(?:, {ONE})*")
PLURAL = re.compile(r"(?s)'\w{0,3}' (?:\*|if) .*")
"""A field that is the ending of an English word in the plural; it is nothing in a language without."""
FEW = 12
"""A template with fewer letters of its own, such as `at {where}: {message}`, counts only if its values are known."""
PARTS = re.compile(r"[:.?!] +(?=\S)")
HAN = re.compile(r"[\u4e00-\u9fff]")
QUOTED = re.compile(r"`[^`]*`|\$[^$]*\$")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef“”…—]")
NARROW = re.compile(r"[A-Za-z0-9`$(\[]")
DEEPEST = 6
LONGEST = 4_000


@dataclass(frozen=True)
class Template:
    """A sentence with fields. `weight`: how many letters it has beside them; `texts`: what stands between them.

    coded: the fields, by number, whose single words are names.
    """

    english: str
    texts: tuple[str, ...]
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    told: str
    weight: int
    coded: frozenset[int] = frozenset()

    def match(self, text: str) -> re.Match[str] | None:
        """How the text is made by the template; None where it is not. Most are told apart without the pattern."""
        at = 0
        for part in self.texts:
            at = text.find(part, at)
            if at < 0:
                return None
            at += len(part)
        return self.pattern.fullmatch(text)


class Teller:
    """Tells sentences by a dictionary of templates and whole sentences, English to the other language.

    only: those that may stand by themselves; the others are told as values within them. of_code: templates of the
    judge, in whose fields `OF_CODE` a single word is a name.
    """

    def __init__(
        self, translations: Mapping[str, str], only: Collection[str] | None = None, of_code: Collection[str] = ()
    ) -> None:
        self._only = only
        self._whole = {english: told for english, told in translations.items() if english != told}
        made = [made_from(english, told, english in of_code) for english, told in self._whole.items()]
        self._templates = sorted((each for each in made if each is not None), key=lambda each: -each.weight)
        self._first = [each for each in self._templates if only is None or each.english in only]
        self.tell = lru_cache(maxsize=4096)(self._tell)
        self._told = lru_cache(maxsize=16384)(self._find)

    def _tell(self, text: str) -> str:
        """The sentence in the other language; what is not known stays English."""
        return self._told(text, 0) or text

    def _find(self, text: str, depth: int) -> str | None:
        """The sentence in the other language; None where nothing is known of it."""
        bare = text.strip()
        if not bare or len(text) > LONGEST or not any(letter.isalpha() for letter in bare):
            return None
        free = depth > 0 or self._only is None
        ways = [(text, "", ""), (_small(text), "", "")]
        if bare != text:
            ends = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            ways += [(bare, *ends), (_small(bare), *ends)]
        for whole, before, after in ways:
            if whole in self._whole and (free or whole in (self._only or ())):
                return f"{before}{self._whole[whole]}{after}"
        return self._by_template(ways, depth) if depth < DEEPEST else None

    def _by_template(self, ways: list[tuple[str, str, str]], depth: int) -> str | None:
        """By the template whose values are known, else by what leaves least in English: a template, or two parts."""
        found: list[str] = []
        for template in self._templates if depth else self._first:
            for whole, before, after in ways:
                if match := template.match(whole):
                    told, sure, known = self._filled(template, match, depth)
                    if known:
                        return f"{before}{told}{after}"
                    found += [f"{before}{told}{after}"] if sure else []
                    break
        if depth or self._only is None:
            found += self._in_parts(ways[0][0], depth)
        return min(found, key=_left, default=None)

    def _in_parts(self, text: str, depth: int) -> list[str]:
        """Two sentences, or what is before and after a colon, told by themselves, in each way that tells anything."""
        found = []
        for between in PARTS.finditer(text):
            ends = (text[: between.start() + 1].removesuffix(":"), text[between.end() :])
            told = [self._told(part, depth + 1) for part in ends]
            colon = ":" if between[0][0] == ":" else ""
            if told[1] is not None or told[0] is not None and not colon:
                left, right = told[0] or ends[0], told[1] or ends[1]
                if HAN.search(right):  # Chinese has its own colon, and no blank after a full stop
                    found.append(f"{left}：{right}" if colon else f"{left}{right}")
                else:
                    found.append(f"{left}{colon}{between[0][1:]}{right}")
                if None not in told and not _left(found[-1]):
                    break
        return found

    def _filled(self, template: Template, match: re.Match[str], depth: int) -> tuple[str, bool, bool]:
        """A template with its values told, too; whether it says enough to be sure of, and whether all is known."""
        values: dict[str, list[str]] = {}
        known = True
        for number, (name, value) in enumerate(zip(template.fields, match.groups(), strict=True)):
            code = " " not in value.strip() or CODE.fullmatch(value.strip()) is not None
            told = None if code and number in template.coded else self._told(value, depth + 1)
            known &= told is not None or code or not value
            values.setdefault(name, []).append(told or value)
        parts = FIELD.split(template.told)
        made = parts[0]
        for name, after in zip(parts[1::2], parts[2::2], strict=True):
            there = values.get(name)
            if PLURAL.fullmatch(name):
                value = ""
            elif not there:
                value = f"{{{name}}}"
            else:  # `{:.1%}, {:.1%}`: one after the other
                value = there.pop(0) if len(there) > 1 else there[0]
            made = _joined(_joined(made, value, ":" in name), after, ":" in name)
        return made, template.weight > FEW, known


def made_from(english: str, told: str, of_code: bool = False) -> Template | None:
    """The template of a pair; None where it has no field, or is all fields. of_code: it is one of the judge's."""
    parts = FIELD.split(english)
    fields, texts = tuple(parts[1::2]), tuple(parts[::2])
    weight = sum(letter.isalpha() for text in texts for letter in text)
    if not fields or not any(text.strip() for text in texts):
        return None
    narrower = NARROWER | NARROWER_OF_CODE if of_code else NARROWER
    pattern = "".join(
        narrower.get(text, "(.*?)") if number % 2 else re.escape(text) for number, text in enumerate(parts)
    )
    coded = {n for n, name in enumerate(fields) if name in OF_CODE and not texts[n].endswith("the ")} if of_code else ()
    return Template(english, texts, re.compile(pattern, re.DOTALL), fields, told, weight, frozenset(coded))


def _joined(left: str, right: str, in_columns: bool) -> str:
    """Text and a value beside it, with a blank between Chinese and Latin letters, and none between Chinese and Chinese.

    in_columns: the value has a width of its own, and its blanks stay.
    """
    if in_columns or not left or not right:
        return left + right
    if left[-1] == " " and WIDE.match(left[-2:-1]) and WIDE.match(right):
        return left[:-1] + right
    if right[0] == " " and WIDE.match(left[-1]) and WIDE.match(right[1:2]):
        return left + right[1:]
    between = HAN.match(left[-1]) and NARROW.match(right) or NARROW.match(left[-1]) and HAN.match(right)
    return f"{left} {right}" if between else left + right


def _left(told: str) -> int:
    """How much of a text is English words, beside code and formulas."""
    return sum(len(word) for word in ENGLISH.findall(QUOTED.sub("", told)))


def _small(text: str) -> str:
    """With a small first letter: a sentence by itself has a capital one, which its template may not have."""
    return text[:1].lower() + text[1:]

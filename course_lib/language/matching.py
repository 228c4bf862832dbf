"""An English sentence that has its values in it already, told in another language.

What judges stores English, so a sentence is found again by the template that it was made from: the `{fields}` of a
template match anything, the rest of it only itself. Values are sentences, too, and are told in the same way.
"""

from __future__ import annotations

import re
import unicodedata
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
ROW = re.compile(r" {2,}")
CODE = re.compile(rf"{ONE}(?:, {ONE})*|\[.*\]")
PLURAL = re.compile(r"(?s)'\w{0,3}' (?:\*.*|if .* else '\w{0,3}')")
"""A field that is the ending of an English word in the plural; it is nothing in a language without."""
FEW = 12
"""A template with fewer letters of its own, such as `at {where}: {message}`, counts only if its values are known."""
LITTLE = 3
LISTED, JOINED = re.compile(r"[,;:] |\n"), re.compile(r"; |\n")
"""Marks that no value of a template has that is no longer than a word, or a few."""
PARTS = re.compile(r"[:.?!] +(?=\S)")
BETWEEN = tuple(map(re.compile, (r"(\n)", "(; )", "(, | and )", "(: )", r"( \+ | \u2212 | – | / | × )")))
"""What stands between names and numbers that are put together (titles of panels, legends, rows): the widest first."""
WIDER = {", ": "，", ": ": "：", "; ": "；", " and ": " 和 "}
KEYS = re.compile(r"\[(?:'[^'\]]*'|\"[^\"\]]*\"|\d+(?:, \d+)*)\]")
"""One step into what a function returned: a key, or places."""
QUOTES = re.compile(r"(['\"])(.+?)\1")
VALUES = frozenset({"None", "True", "False", "nan", "inf"})
"""Values of Python, which are no words."""
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

    coded: the fields, by number, whose single words are names. verbatim: those that hold what Python said.
    of_code: it is the judge's.
    """

    english: str
    texts: tuple[str, ...]
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    told: str
    weight: int
    coded: frozenset[int] = frozenset()
    verbatim: frozenset[int] = frozenset()
    of_code: bool = False

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
    judge, in whose fields `OF_CODE` a single word is a name. of_cells: templates of a unit's cells, whose fields are
    any expressions.
    """

    def __init__(
        self,
        translations: Mapping[str, str],
        only: Collection[str] | None = None,
        of_code: Collection[str] = (),
        of_cells: Collection[str] = (),
    ) -> None:
        self._only = only
        self._same = frozenset(english for english, told in translations.items() if english == told)
        self._whole = {english: told for english, told in translations.items() if english != told}
        for english, told in list(self._whole.items()):  # a column that a line ends with stands by itself in a row
            if english[:1] == " ":
                self._whole.setdefault(english.lstrip(), told.lstrip())
            if "$" in english and "{" not in english:  # a name with a formula, which a print shows without its dollars
                self._whole.setdefault(_plain(english), _plain(told))
        made = [
            made_from(english, told, english in of_code, english in of_cells) for english, told in self._whole.items()
        ]
        self._templates = sorted(
            (each for each in made if each is not None), key=lambda each: (-each.weight, each.english not in of_cells)
        )
        self._first = [each for each in self._templates if only is None or each.english in only]
        self.tell = lru_cache(maxsize=4096)(self._tell)
        self._told = lru_cache(maxsize=16384)(self._find)

    def _tell(self, text: str) -> str:
        """The sentence in the other language; what is not known stays English."""
        return self._told(text, 0) or text

    def _find(self, text: str, depth: int) -> str | None:
        """The sentence in the other language; None where nothing is known of it."""
        bare = text.strip()
        if not bare or len(text) > LONGEST or bare in VALUES or not any(letter.isalpha() for letter in bare):
            return None
        free = depth > 0 or self._only is None
        ways = [(text, "", ""), (_small(text), "", "")]
        if bare != text:
            ends = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            ways += [(bare, *ends), (_small(bare), *ends)]
        for whole, before, after in ways:
            if whole in self._whole and (free or whole in (self._only or ())):
                return f"{before}{self._whole[whole]}{after}"
        if depth >= DEEPEST:
            return None
        return (
            self._in_row(text, free, depth)
            or self._inside(text, depth)
            or self._in_pieces(text, free, depth)
            or self._by_template(ways, depth)
        )

    def _in_pieces(self, text: str, free: bool, depth: int) -> str | None:
        """Sentences of one form with commas between them: no field of the first one holds the second."""
        parts = text.split(", ")
        if len(parts) < 2 or not free:
            return None
        forms = {self._form(part) for part in parts}
        return self._listed(re.split("(, )", text), free, depth) if len(forms) == 1 and None not in forms else None

    def _form(self, text: str) -> str | None:
        """The template that a text is made by, where its values are no text themselves."""
        for template in self._templates:
            if (match := template.match(text)) and not any(", " in value for value in match.groups()):
                return template.english
        return None

    def _inside(self, text: str, depth: int) -> str | None:
        """Where in a value something is, such as `['gradient in stage 1'][0]`, with its keys told."""
        if "".join(KEYS.findall(text)) != text:
            return None
        told = QUOTES.sub(lambda key: f"{key[1]}{self._told(key[2], depth + 1) or key[2]}{key[1]}", text)
        return told if told != text else None

    def _in_list(self, text: str, free: bool, depth: int) -> str | None:
        """Names, numbers and formulas with a mark between them; None where a word of one of them is not known.

        free: single words count, too; in what anybody may have printed, only a longer one says whose it is.
        """
        for between in BETWEEN:
            parts = between.split(text)
            if len(parts) > 1 and (made := self._listed(parts, free, depth)) is not None:
                return made
        return None

    def _listed(self, parts: list[str], free: bool, depth: int) -> str | None:
        """A list, with the marks between its parts; None where a part is not known."""
        told: list[str] = []
        for part, mark in zip(parts[::2], [*parts[1::2], ""], strict=True):
            bare = part in self._same or part in VALUES or not ENGLISH.search(QUOTED.sub("", part))
            other = part if bare else self._told(part, depth + 1)
            if other is None and mark == ": ":
                other = self._before_a_colon(part, depth)
            if not other:
                return None
            told.append(other)
        if not any(part != other and (free or " " in part) for part, other in zip(parts[::2], told, strict=True)):
            return None
        marks = WIDER if any(map(HAN.search, told)) else {}
        return "".join(f"{part}{marks.get(mark, mark)}" for part, mark in zip(told, [*parts[1::2], ""], strict=True))

    def _before_a_colon(self, text: str, depth: int) -> str | None:
        """A text that is known with its colon only: `print("left out:", names)`."""
        told = self._told(f"{text}:", depth + 1)
        return told.rstrip(":：") if told else None

    def _in_row(self, text: str, free: bool, depth: int) -> str | None:
        """Values that two blanks and more part, each told by itself; None where one of them is not known.

        free: single words count, too; in what anybody may have printed, only a longer one says whose it is.
        """
        parts = ROW.split(text)
        if len(parts) < 2:
            return None
        told = [
            self._told(part, depth + 1) if part not in self._same and ENGLISH.search(QUOTED.sub("", part)) else part
            for part in parts
        ]
        if None in told or not any(
            part != other and (free or " " in part) for part, other in zip(parts, told, strict=True)
        ):
            return None
        gaps = [*ROW.findall(text), ""]
        wide = [
            _as_wide(f"{other or ''}{gap}", f"{part}{gap}") for part, other, gap in zip(parts, told, gaps, strict=True)
        ]
        return "".join(wide[:-1]) + (told[-1] or "")

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
        free = depth > 0 or self._only is None
        if free:
            found += self._in_parts(ways[0][0], depth)
        listed = self._in_list(ways[0][0], free, depth)
        found += [listed] if listed is not None else []
        return min(found, key=english_left, default=None)

    def _in_parts(self, text: str, depth: int) -> list[str]:
        """Two sentences, or what is before and after a colon, told by themselves, in each way that tells anything."""
        found = []
        for between in PARTS.finditer(text):
            ends = (text[: between.start() + 1].removesuffix(":"), text[between.end() :])
            told = [self._told(part, depth + 1) for part in ends]
            colon = ":" if between[0][0] == ":" else ""
            if colon and told[0] is None:
                told[0] = self._before_a_colon(ends[0], depth)
            if told[1] is not None or told[0] is not None and not colon:
                left, right = told[0] or ends[0], told[1] or ends[1]
                if HAN.search(right):  # Chinese has its own colon, and no blank after a full stop
                    found.append(f"{left}：{right}" if colon else f"{left}{right}")
                else:
                    found.append(f"{left}{colon}{between[0][1:]}{right}")
                if None not in told and not english_left(found[-1]):
                    break
        return found

    def _filled(self, template: Template, match: re.Match[str], depth: int) -> tuple[str, bool, bool]:
        """A template with its values told, too; whether it says enough to be sure of, and whether all is known."""
        values: dict[str, list[str]] = {}
        known = True
        for number, (name, value) in enumerate(zip(template.fields, match.groups(), strict=True)):
            verbatim = number in template.verbatim
            code = verbatim or " " not in value.strip() or CODE.fullmatch(value.strip()) is not None
            told = None if verbatim or code and number in template.coded else self._told(value, depth + 1)
            known &= told is not None or code or not value or value in self._same
            form = FORMAT.search(name)
            if told and form and form[1]:
                told = _as_wide(told, value, right=">" in form[0])
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
        if template.weight <= FEW and not template.of_code:  # a word such as `of` parts words, and no lists of them
            values = match.groups()
            little = template.weight <= LITTLE
            known &= not any(map((LISTED if little else JOINED).search, values))
            known &= not little or any(map(ENGLISH.search, values))  # `in {unit}` is none of "in +0.7"
        return made, template.weight > FEW, known


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
    compiled = re.compile(pattern, re.DOTALL)
    return Template(
        english.removesuffix("{rest}"), texts, compiled, fields, told, weight, frozenset(coded), verbatim, of_code
    )


def _formatted(field: str) -> str:
    """The pattern of a field: as wide as it is printed, and a number where it is printed as one."""
    form = FORMAT.search(field)
    if form is None:
        return "(.*?)"
    return NUMBER if form[2] else f"(.{{{int(form[1] or 0)},}}?)"


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


def _as_wide(told: str, english: str, right: bool = False) -> str:
    """A value of a column, as wide as it was in English where its blanks allow that; a Chinese sign is two wide."""
    missing = _width(english) - _width(told)
    if missing >= 0:
        return " " * missing + told if right else told + " " * missing
    bare = told.lstrip() if right else told.rstrip()
    blanks = max(len(told) - len(bare) + missing, min(2, len(told) - len(bare)))
    return " " * blanks + bare if right else bare + " " * blanks


def _width(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)


def _plain(text: str) -> str:
    """A name without the marks of its formula: `$\\alpha$` is `alpha`."""
    return text.replace("$", "").replace("\\", "")


def english_left(told: str) -> int:
    """How much of a text is English words, beside code and formulas."""
    return sum(len(word) for word in ENGLISH.findall(QUOTED.sub("", told)))


def _small(text: str) -> str:
    """With a small first letter: a sentence by itself has a capital one, which its template may not have."""
    return text[:1].lower() + text[1:]

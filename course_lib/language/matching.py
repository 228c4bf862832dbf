"""An English sentence that has its values in it already, told in another language.

What judges stores English, so a sentence is found again by the template that it was made from: the `{fields}` of a
template match anything, the rest of it only itself. Values are sentences, too, and are told in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache

from course_lib.language.templates import FIELD, FORMAT, ONE, PLURAL, Template, made_from

ROW, COMMA = re.compile(r"( {2,})"), re.compile("(, )")
BRACKETS = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\([^()]*\)")
CODE = re.compile(rf"{ONE}(?:, {ONE})*|\[.*\]")
FEW = 12
"""A template with fewer letters of its own, such as `at {where}: {message}`, counts only if its values are known."""
LITTLE = 2
LISTED, JOINED = re.compile(r"[,;:] |\n"), re.compile(r"; |\n")
"""Marks that no value of a template has that is no longer than a word, or a few."""
PARTS = re.compile(r"[:.?!] +(?=\S)")
BETWEEN = tuple(map(re.compile, (r"(\n)", "(; )", "(, | and | then )", "(: )", r"( \+ | \u2212 | – | / | × )")))
"""What stands between names and numbers that are put together (titles of panels, legends, rows): the widest first."""
WIDER = {", ": "，", ": ": "：", "; ": "；", " and ": " 和 "}
KEYS = re.compile(r"\[(?:'[^'\]]*'|\"[^\"\]]*\"|\d+(?:, \d+)*)\]")
"""One step into what a function returned: a key, or places."""
TEXT = re.compile(r"(['\"])(?:(?!\1).)* (?:(?!\1).)*\1")
"""A value that is a text of more than a word, as Python shows it."""
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
MOST_LOOKS = 1_000
"""Parts of one text that are looked up."""


class _TooManyWaysError(Exception):
    """A text is not told: to try each way to part it would take too long."""


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
        self._looks = 0
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
        """The sentence in the other language; what is not known, or can be parted in too many ways, stays English."""
        self._looks = 0
        try:
            return self._told(text, 0) or text
        except _TooManyWaysError:
            return text

    def _find(self, text: str, depth: int) -> str | None:
        """The sentence in the other language; None where nothing is known of it."""
        self._looks += 1
        if self._looks > MOST_LOOKS:  # "x: x: x: ..." may be a learner's, and has more ways than there is time
            raise _TooManyWaysError
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
        parts = _split(COMMA, text)
        if len(parts) < 2 or not free:
            return None
        forms = {self._form(part) for part in parts[::2]}
        return self._listed(parts, free, depth) if len(forms) == 1 and None not in forms else None

    def _form(self, text: str) -> str | None:
        """The template that a text is made by, where its values are no text themselves."""
        for template in self._templates:
            if (match := template.match(text)) and not any(", " in value for value in match.groups()):
                return template.english
        return None

    def _inside(self, text: str, depth: int) -> str | None:
        """Where in a value something is, such as `['gradient in stage 1'][0]`, or a text in quotes, told inside."""
        if "".join(KEYS.findall(text)) != text and not (depth and TEXT.fullmatch(text)):
            return None
        told = QUOTES.sub(lambda key: f"{key[1]}{self._told(key[2], depth + 1) or key[2]}{key[1]}", text)
        return told if told != text else None

    def _in_list(self, text: str, free: bool, depth: int) -> str | None:
        """Names, numbers and formulas with a mark between them; None where a word of one of them is not known.

        free: single words count, too; in what anybody may have printed, only a longer one says whose it is.
        """
        for between in BETWEEN:
            parts = _split(between, text)
            if len(parts) > 1 and (made := self._listed(parts, free, depth)) is not None:
                return made
        return None

    def _listed(self, parts: list[str], free: bool, depth: int) -> str | None:
        """A list, with the marks between its parts; None where a part is not known."""
        told: list[str] = []
        for part, mark in zip(parts[::2], [*parts[1::2], ""], strict=True):
            bare = part in self._same or part in VALUES or not ENGLISH.search(QUOTED.sub("", part))
            other = part if bare else None
            if other is None and mark == ": ":
                other = self._before_a_colon(part)
            other = other or self._told(part, depth + 1)
            if not other:
                return None
            told.append(other)
        if not any(part != other and (free or " " in part) for part, other in zip(parts[::2], told, strict=True)):
            return None
        marks = WIDER if any(map(HAN.search, told)) else {}
        known = self._whole if marks else {}
        wide = [marks.get(mark) or known.get(mark, mark) for mark in [*parts[1::2], ""]]
        return "".join(f"{part}{mark}" for part, mark in zip(told, wide, strict=True))

    def _before_a_colon(self, text: str) -> str | None:
        """A text that is known with its colon: `print("left out:", names)`."""
        return self._whole.get(f"{text}:", "").rstrip(":：") or None

    def _in_row(self, text: str, free: bool, depth: int) -> str | None:
        """Values that two blanks and more part, each told by itself; None where one of them is not known.

        free: single words count, too; in what anybody may have printed, only a longer one says whose it is.
        """
        parts = _split(ROW, text)
        if len(parts) < 2:
            return None
        told = [
            self._told(part, depth + 1) if part not in self._same and ENGLISH.search(QUOTED.sub("", part)) else part
            for part in parts[::2]
        ]
        if None in told or not any(
            part != other and (free or " " in part) for part, other in zip(parts[::2], told, strict=True)
        ):
            return None
        wide = [
            _as_wide(f"{other or ''}{gap}", f"{part}{gap}")
            for part, other, gap in zip(parts[::2], told, [*parts[1::2], ""], strict=True)
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
            if colon:
                told[0] = self._before_a_colon(ends[0]) or told[0]
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
        known, words = True, False
        for number, (name, value) in enumerate(zip(template.fields, match.groups(), strict=True)):
            verbatim = number in template.verbatim
            code = verbatim or " " not in value.strip() or CODE.fullmatch(value.strip()) is not None
            told = None if verbatim or code and number in template.coded else self._told(value, depth + 1)
            words |= told is not None
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
        return made, template.weight > FEW, known and _parts(template, match.groups(), words)


def _parts(template: Template, values: tuple[str, ...], told: bool) -> bool:
    """Whether a template of few letters may part these values: a word such as `of` parts words, and no lists of them.

    told: whether any of the values is.
    """
    if template.weight > FEW or template.of_code:
        return True
    little = template.weight <= LITTLE
    if len(values) > 1 and any(map((LISTED if little else JOINED).search, values)):
        return False
    named = any(map(ENGLISH.search, values))  # `in {unit}` is none of "in +0.7"
    return not little or (told or not named if template.of_cells else named or len(values) > 1)


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


def _split(between: re.Pattern[str], text: str) -> list[str]:
    """A text parted by a pattern of one group, which stays between the parts; what is in brackets stays whole."""
    hidden = BRACKETS.sub(lambda inside: "\0" * len(inside[0]), text)
    parts, at = [], 0
    for found in between.finditer(hidden):
        parts += [text[at : found.start()], found[0]]
        at = found.end()
    return [*parts, text[at:]]


def _plain(text: str) -> str:
    """A name without the marks of its formula: `$\\alpha$` is `alpha`."""
    return text.replace("$", "").replace("\\", "")


def english_left(told: str) -> int:
    """How much of a text is English words, beside code and formulas."""
    return sum(len(word) for word in ENGLISH.findall(QUOTED.sub("", told)))


def _small(text: str) -> str:
    """With a small first letter: a sentence by itself has a capital one, which its template may not have."""
    return text[:1].lower() + text[1:]

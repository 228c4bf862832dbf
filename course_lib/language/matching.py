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
"""Fields that hold whole numbers. One that is called `name` holds no second sentence."""
FEW = 12
"""A template with fewer letters of its own, such as `at {where}: {message}`, counts only if its values are known."""
PARTS = re.compile(r"[:.?!] +(?=\S)")
HAN = re.compile(r"[\u4e00-\u9fff]")
DEEPEST = 6
LONGEST = 20_000


@dataclass(frozen=True)
class Template:
    """A sentence with fields. `weight`: how many letters it has beside them."""

    english: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    told: str
    weight: int


class Teller:
    """Tells sentences by a dictionary of templates and whole sentences, English to the other language.

    only: those that may stand by themselves; the others are told as values within them.
    """

    def __init__(self, translations: Mapping[str, str], only: Collection[str] | None = None) -> None:
        self._only = only
        self._whole = {english: told for english, told in translations.items() if english != told}
        made = [made_from(english, told) for english, told in self._whole.items() if FIELD.search(english)]
        self._templates = sorted((each for each in made if each is not None), key=lambda each: -each.weight)
        self._first = [each for each in self._templates if only is None or each.english in only]
        self.tell = lru_cache(maxsize=4096)(self._tell)

    def _tell(self, text: str) -> str:
        """The sentence in the other language; what is not known stays English."""
        return self._told(text, 0) or text

    def _told(self, text: str, depth: int) -> str | None:
        """The sentence in the other language; None where nothing is known of it."""
        bare = text.strip()
        if not bare or len(text) > LONGEST or not any(letter.isalpha() for letter in bare):
            return None
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        free = depth > 0 or self._only is None
        for whole in (text, bare, _small(bare)):
            if whole in self._whole and (free or whole in (self._only or ())):
                return self._whole[whole] if whole == text else f"{before}{self._whole[whole].strip()}{after}"
        if depth < DEEPEST:
            for template in self._templates if depth else self._first:
                for whole in (text, _small(text)):
                    if match := template.pattern.fullmatch(whole):
                        told = self._filled(template, match, depth)
                        if told is not None:
                            return told
            return self._in_parts(text, depth) if depth or self._only is None else None
        return None

    def _in_parts(self, text: str, depth: int) -> str | None:
        """Two sentences, or what is before and after a colon, told by themselves; None where that tells nothing."""
        for between in PARTS.finditer(text):
            ends = (text[: between.start() + 1].removesuffix(":"), text[between.end() :])
            told = [self._told(part, depth + 1) for part in ends]
            colon = ":" if between[0][0] == ":" else ""
            if told[1] is not None or told[0] is not None and not colon:
                left, right = told[0] or ends[0], told[1] or ends[1]
                if HAN.search(right):  # Chinese has its own colon, and no blank after a full stop
                    return f"{left}：{right}" if colon else f"{left}{right}"
                return f"{left}{colon}{between[0][1:]}{right}"
        return None

    def _filled(self, template: Template, match: re.Match[str], depth: int) -> str | None:
        """A template with its values told, too; None where it says too little to be sure of."""
        values: dict[str, list[str]] = {}
        sure, known = template.weight > FEW, True
        for name, value in zip(template.fields, match.groups(), strict=True):
            told = self._told(value, depth + 1)
            known &= told is not None or " " not in value.strip()
            values.setdefault(name, []).append(told or value)

        def fill(field: re.Match[str]) -> str:
            there = values.get(field[1])
            if not there:
                return field[0]
            return there.pop(0) if len(there) > 1 else there[0]  # `{:.1%}, {:.1%}`: one after the other

        return FIELD.sub(fill, template.told) if sure or known else None


def made_from(english: str, told: str) -> Template | None:
    """The template of a pair; None where it is all fields."""
    parts = FIELD.split(english)
    fields = tuple(parts[1::2])
    weight = sum(letter.isalpha() for text in parts[::2] for letter in text)
    if not any(text.strip() for text in parts[::2]):
        return None
    pattern = ""
    for number, text in enumerate(parts):
        if number % 2 == 0:
            pattern += re.escape(text)
        elif text in NUMBERS:
            pattern += r"(-?\d+)"
        else:
            pattern += r"((?:[^:.?!]|\.(?=\S))+?)" if text == "name" else r"(.*?)"
    return Template(english, re.compile(pattern, re.DOTALL), fields, told, weight)


def _small(text: str) -> str:
    """With a small first letter: a sentence by itself has a capital one, which its template may not have."""
    return text[:1].lower() + text[1:]

"""Names and sentences as they go into tables: one line each, what does not show made to show, and no formula.

A learner chooses their file's name, and so what a teacher's terminal, browser and spreadsheet are given. Both changes
can be undone by a program: `from_cell` is the rule.
"""

from __future__ import annotations

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""They shape letters of Persian, Hindi and others, and have no width: a name keeps them."""
PICTURES = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}
"""Unicode's pictures of control characters, one wide: a tab is shown as ␉."""
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of what has no picture: marks that turn the direction round, halves of a character, ..."""
GUARD = "'"
BEGINS = r"(?=\s*['=+\-@\uff1d\uff0b\uff0d\uff20])"
"""What a spreadsheet takes for a formula's beginning, at a cell's beginning and where another one may split it."""
FORMULA = re.compile(rf"(^|[,;|]){BEGINS}")
GUARDED = re.compile(rf"(^|[,;|]){GUARD}{BEGINS}")
WRITTEN = re.compile(r"<U\+((?:10)?[0-9A-F]{4,5})>")


def one_line(text: str) -> str:
    """The text in one line, in which nothing is hidden: control characters as pictures, others as <U+202E>."""
    text = WRITTEN.sub(lambda match: f"{_named('<')}{match[0][1:]}", text)  # somebody's name may look like that
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    code = ord(character)
    if code in PICTURES:
        return chr(PICTURES[code])
    if character in JOINERS or (code not in PICTURES.values() and unicodedata.category(character) not in HIDDEN):
        return character
    return _named(character)


def _named(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def width(text: str) -> int:
    """The columns that a text takes in a terminal: two for a Chinese sign, none for an accent of its own."""
    plain = [character for character in text if not unicodedata.combining(character) and character not in JOINERS]
    return len(plain) + sum(unicodedata.east_asian_width(character) in "WF" for character in plain)


def as_cell(text: str) -> str:
    """The text for a cell of a CSV file: one line, with a ' before what a spreadsheet would compute."""
    return FORMULA.sub(rf"\1{GUARD}", one_line(text))


def from_cell(cell: str) -> str:
    """The text that `as_cell` made a cell of."""
    text = GUARDED.sub(r"\1", cell)
    text = text.translate({picture: code for code, picture in PICTURES.items()})
    return WRITTEN.sub(lambda match: chr(int(match[1], 16)), text)

"""Prove that no answer, no quiz letter and no private value stands in any file of the site.

Every file that was written is read as a person and as a program would: its text without tags, and as it is. Answers
are compared line by line without blanks, wherever in a file they begin.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path

from grader.building.leaks import MARKER
from grader.site.secrets import DIGITS, Lines, Secrets, secrets, squeezed

TEXTS = (".html", ".js", ".css", ".txt", ".ipynb", ".json", ".svg", ".xml", ".inv")
PICTURES = (".png", ".jpg", ".jpeg", ".ico", ".woff2")
NAMES = (".nojekyll", ".buildinfo")
TAG = re.compile(r"<[^<>]*>")
QUIZ = re.compile(r"""["']q\d+["']:["'][a-h]["']""")
"""A quiz's answer as a notebook has it, without blanks; where nothing is answered there are dots."""
NUMBER = re.compile(rf"\d+\.\d{{{DIGITS},}}(?:e-?\d+)?")
RAW_ANSWERS = "vnd.optimization-course.answers"
TEACHES = "guides/authoring.html"
"""The page that shows how an answer and a quiz are marked, on answers of its own; in each language."""


def leaks(files: Sequence[Path], folder: Path, known: Secrets | None = None) -> list[str]:
    """A sentence for each thing that stands in the site's `files` and must not; `folder` is the site's."""
    known = known or secrets()
    lines = Lines(known.lines)
    return [sentence for file in files for sentence in _of_file(file, file.relative_to(folder), known, lines)]


def _of_file(file: Path, name: Path, known: Secrets, lines: Lines) -> Iterator[str]:
    if file.suffix in PICTURES:
        yield from (f"{name} holds {what}." for word, what in known.words.items() if word.encode() in file.read_bytes())
        return
    if file.suffix not in TEXTS and file.name not in NAMES:
        yield f"{name} is of a kind that no page needs: look how it came into the site, and keep it out."
        return
    found: dict[str, None] = {}
    for text in readings(file):
        found |= dict.fromkeys(_of_text(text, known, lines))
        if not name.as_posix().endswith(TEACHES):
            found |= dict.fromkeys(_of_form(text))
    yield from (f"{name} holds {what}." for what in found)


def readings(file: Path) -> Iterator[str]:
    """A file's text as it is, and without its tags or its escapes, as somebody reads it."""
    data = file.read_bytes()
    if file.suffix == ".inv":  # four lines, and the rest packed
        data = b"\n".join(data.split(b"\n", 4)[:4]) + zlib.decompress(data.split(b"\n", 4)[4])
    text = data.decode("utf-8", errors="replace")
    if file.suffix == ".html":
        yield unescape(text)
        yield unescape(TAG.sub("", text))
    else:
        yield text
        yield text.replace("\\n", "\n").replace('\\"', '"')


def _of_text(text: str, known: Secrets, lines: Lines) -> Iterator[str]:
    """What a text holds of the secrets."""
    yield from (f"{what}: {line!r} (without blanks)" for line, what in lines.within(squeezed(text)))
    for number in dict.fromkeys(NUMBER.findall(text)):
        if number in known.numbers:
            yield f"{known.numbers[number]}, {number}"
    yield from (what for word, what in known.words.items() if word in text)


def _of_form(text: str) -> Iterator[str]:
    """What a text holds that has the form of a secret, whichever it is."""
    if answered := QUIZ.search(squeezed(text)):
        yield f"an answer of a quiz, {answered[0]}"
    if marker := MARKER.search(text):
        yield f"a marker of a solution, {marker[0]!r}"
    if RAW_ANSWERS in text:
        yield "answers as a grader's kernel emits them"

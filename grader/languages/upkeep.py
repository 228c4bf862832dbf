"""Catalogues kept in step with the English course: made, brought up to date, held to their budget, and looked over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.language import choice, editions
from course_lib.workspace import course_root, locales
from grader.languages import documents
from grader.languages.catalogues import Message, done, folder, languages, path_of, read, updated
from grader.languages.extraction import SITE, Entry, extracted, is_document
from grader.languages.proof import lost

MADE = "it is not what its English file and its catalogue give: run ./course build and commit the result"
BUDGET = "budget.json"
"""Of each catalogue that somebody has begun: how many of its texts may be untranslated. It only falls."""


def known(text: str) -> str:
    """The language that an author means; one that is not begun yet is named as Babel does, `de` or `pt_BR`."""
    try:
        return choice.named(text, locales())
    except CourseError:
        from babel import Locale
        from babel.core import UnknownLocaleError

        try:
            return str(Locale.parse(text.replace("-", "_")))
        except (ValueError, UnknownLocaleError):
            raise CourseError(f"{text!r} is no language that Babel knows: name it as in zh_CN, de or pt_BR.") from None


def update(unit: str | None = None, language: str | None = None) -> list[Path]:
    """Bring the catalogues up to what extraction gives, of one unit or all, in one language or all; those written.

    Raises `CourseError` for a catalogue that is broken, before anything is written.
    """
    entries = extracted(unit)
    wanted = [language] if language else languages()
    made = {
        path_of(each, name): updated(path_of(each, name), these, each, name)
        for each in wanted
        for name, these in entries.items()
    }
    changed = [path for path, text in made.items() if not _says(path, text)]
    for path in changed:
        _write(path, made[path])
    for each in wanted:
        if _write_budget(each, list(entries)):
            changed.append(folder(each) / BUDGET)
        if unit is None:
            changed += _write_documents(each)
    return changed


def _write_documents(language: str) -> list[Path]:
    """Bring a language's README and guides up to their English files and catalogues; those written."""
    made = documents.editions(language)
    changed = [path for path, text in made.items() if not _says(path, text)]
    for path in changed:
        _write(path, made[path])
    return changed


def edit_notebooks(language: str, unit: str | None = None) -> list[Path]:
    """Write a language's edition of the learner's notebooks to `locale/LANGUAGE/notebooks/`, which git ignores.

    `./course start` makes a learner's own copy in the same way, in less than two seconds for all units.
    """
    made = []
    for english in sorted((course_root() / "notebooks").glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb")):
        found = editions.loads(english.read_bytes())
        if unit in (None, english.stem) and found is not None:
            path = folder(language) / "notebooks" / english.stem / english.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(editions.dumps(editions.edition(found, english.stem, language, locales())))
            made.append(path)
    return made


def amiss(unit: str | None = None) -> list[str]:
    """What a check of all languages finds, a sentence each; it changes nothing."""
    root = course_root()
    entries = extracted(unit) if languages() else {}
    found: list[str] = []
    for language in languages():
        budget = read_budget(language)
        for name, these in entries.items():
            path = path_of(language, name)
            place = path.relative_to(root).as_posix()
            try:
                found += [f"{place}: {sentence}" for sentence in _of_one(path, these, language, budget.get(name))]
            except CourseError as error:
                found.append(str(error))
        if unit is None:
            found += _stale_documents(language)
    return found


def _stale_documents(language: str) -> list[str]:
    """What is amiss in a language's README and guides; that a catalogue is broken is said of the catalogue."""
    root = course_root()
    try:
        stale = [path for path, text in documents.editions(language).items() if not _says(path, text)]
        gone = documents.strangers(language)
    except CourseError:
        return []
    found = [f"{path.relative_to(root).as_posix()}: {MADE}" for path in stale]
    return found + [f"{path.relative_to(root).as_posix()}: nothing of it is translated: delete it" for path in gone]


def _of_one(path: Path, entries: list[Entry], language: str, allowed: int | None) -> Iterator[str]:
    """What is amiss in one catalogue."""
    name = path.relative_to(folder(language)).with_suffix("").as_posix()
    if not path.is_file() or not _says(path, updated(path, entries, language, name)):
        yield "it is not what extraction gives: run ./course build and commit the result"
    messages = [message for message in read(path) if message.id] if path.is_file() else []
    for number, message in enumerate(messages, 1):
        if done(message):
            for sentence in lost(str(message.id), str(message.string), language, code=is_code(message, name)):
                yield f"[{number}] {sentence} in {str(message.string)[:50]!r}"
    open_ = sum(not done(message) for message in messages)
    if allowed is not None and open_ > allowed:
        yield f"{open_} texts are untranslated, {allowed} are allowed ({BUDGET}): translate those that are new or fuzzy"


def is_code(message: Message, name: str) -> bool:
    """Whether a message is a sentence of the code, and no Markdown."""
    prose = name.startswith("units/") or name == SITE or is_document(name)
    return not prose or (message.context or "").endswith("/code")


def read_budget(language: str) -> dict[str, int]:
    """A language's budget; empty where none is kept. A `CourseError` says where it is broken."""
    path = folder(language) / BUDGET
    try:
        kept = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CourseError(f"{path} is not JSON ({error}): restore it from git.") from None
    if not isinstance(kept, dict) or not all(isinstance(number, int) for number in kept.values()):
        raise CourseError(f"{path} should hold one number for each catalogue: restore it from git.")
    return kept


def _write_budget(language: str, names: list[str]) -> bool:
    """Lower the numbers of these catalogues to what is untranslated now; whether that changed anything."""
    before = read_budget(language)
    after = dict(before)
    for name in names:
        messages = [message for message in read(path_of(language, name)) if message.id]
        open_ = sum(not done(message) for message in messages)
        if name in before or open_ < len(messages):
            after[name] = min(open_, before.get(name, open_))
    if after == before:
        return False
    _write(folder(language) / BUDGET, json.dumps(after, indent=1, sort_keys=True) + "\n")
    return True


def _says(path: Path, text: str) -> bool:
    """Whether a file says this; a checkout of another tool may have other line ends."""
    return path.is_file() and path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n") == text


def _write(path: Path, text: str) -> None:
    """Put a file into place whole or not at all: hours of a translator's are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CourseError(f"{path} could not be written: {error.strerror or error}. It is as it was.") from error

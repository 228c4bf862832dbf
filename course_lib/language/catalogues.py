"""PO files as they are read at the moment of showing: only what somebody has translated and nobody doubts."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message


def read(path: Path) -> Catalog:
    """A catalogue from its file; a `CourseError` that says where it is broken."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise CourseError(f"{path} is missing: ./course build makes it, with nothing translated yet.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8, as it was.") from None
    try:
        catalog = read_po(io.StringIO(text), locale=_language(path), abort_invalid=True)
        catalog.charset = "utf-8"  # as the file is, whatever its header says
        return catalog
    except PoFileError as error:
        raise CourseError(f"{path}, line {error.lineno + 1}: {error.args[0]}: {error.line.strip()[:60]!r}.") from None
    except Exception as error:  # Babel raises what it happens to meet: an index, a key, a name of an encoding
        raise CourseError(f"{path} is not a PO file that can be read: {type(error).__name__}: {error}.") from None


def done(message: Message) -> bool:
    """Whether a message has a translation that may be shown."""
    return bool(message.id and message.string) and not message.fuzzy


def translations(path: Path) -> dict[str, dict[str, str]]:
    """The translations of a file by context, then by English text; each file is read once, until it changes."""
    return _translations(path, changed(path))


def changed(path: Path) -> int:
    """When a file was changed, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@cache
def _translations(path: Path, stamp: int) -> dict[str, dict[str, str]]:  # `stamp` makes a changed file a new entry
    found: dict[str, dict[str, str]] = {}
    for message in read(path):
        if done(message):
            found.setdefault(message.context or "", {})[str(message.id)] = str(message.string)
    return found


def noted(path: Path, note: str) -> dict[str, str]:
    """The translations of a file that bear a note of extraction, such as `code: print`."""
    return {str(m.id): str(m.string) for m in read(path) if done(m) and note in m.auto_comments}


def _language(path: Path) -> str | None:
    parts = path.parts
    return parts[parts.index("locale") + 1] if "locale" in parts[:-2] else None

"""Tables as platforms and spreadsheets save them: read whatever their encoding and separator, written as asked."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.private_files import make_private
from grader.submissions.files import FILE_BYTES, too_large
from grader.submissions.reading import BOMS, kind

SEPARATORS = ",\t;"
CELL = 1_000_000
"""A cell has at most so many characters."""


@dataclass(frozen=True)
class Table:
    """A file's headings and rows; each row has a cell for each heading, and its line in the file."""

    path: Path
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    problems: tuple[str, ...] = ()
    """Lines that could not be taken, in sentences."""
    note: str = ""
    """What had to be assumed to read it."""

    def column(self, *names: str) -> int | None:
        """The first column with one of these headings, whatever their capitals."""
        folded = [heading.casefold() for heading in self.headings]
        return next((folded.index(name) for name in names if name in folded), None)


def read_table(path: Path) -> Table:
    """The table in a CSV file, or in one separated by tabs or semicolons. Raises `CourseError` with a sentence."""
    text, note = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))
    before = csv.field_size_limit(CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise CourseError(
            f"{path} cannot be read as a table: {error}. It may have been cut short on its way; download it again."
        ) from None
    finally:
        csv.field_size_limit(before)
    if not lines:
        raise CourseError(f"{path} has no line with anything in it: download it again.")
    headings = tuple(cell.strip() for cell in lines[0][1])
    rows, problems = [], []
    for number, row in lines[1:]:
        if len(row) < len(headings) or any(cell.strip() for cell in row[len(headings) :]):
            problems.append(f"line {number} has {len(row)} cells where the heading has {len(headings)}: it is left out")
        else:
            rows.append((number, tuple(row[: len(headings)])))
    return Table(path, headings, tuple(rows), tuple(problems), note)


def _text(path: Path) -> tuple[str, str]:
    try:
        if path.is_dir():
            raise CourseError(f"{path} is a folder; name the file that your platform lets you download.")
        if path.stat().st_size > FILE_BYTES:
            raise CourseError(f"{path} {too_large(FILE_BYTES)}: it is no roster.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be opened ({error.strerror}).") from None
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise CourseError(f"{path} is empty: download it again.")
    found = kind(data[:1024])
    if found and not found.startswith("a Python"):
        advice = "save it as CSV (UTF-8)" if found.startswith(("an Office", "an old", "a zip")) else "download it again"
        raise CourseError(f"{path} is no table but {found}: {advice}.")
    return _decoded(path, data)


def _decoded(path: Path, data: bytes) -> tuple[str, str]:
    encoding = next((encoding for mark, encoding in BOMS if data.startswith(mark)), "")
    zeros = data[:400].count(0)
    if not encoding and zeros > len(data[:400]) // 3:  # letters in UTF-16 have a zero beside them
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        text, note = data.decode(encoding or "utf-8"), ""
    except UnicodeDecodeError:
        if encoding:
            raise CourseError(f"{path} breaks off, or is damaged: download it again.") from None
        text = data.decode("cp1252", "replace")
        note = f"{path.name} is not UTF-8 and was read as Windows-1252: look whether names with accents are right."
    return text.replace("\0", ""), note


def table_bytes(
    headings: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",", encoding: str = "utf-8"
) -> bytes:
    """The file's bytes. encoding: "utf-8", "utf-8-sig" (for Excel), or "utf-16" (little end first, with its mark)."""
    text = io.StringIO(newline="")
    dialect = csv.unix_dialect if separator == "\t" else csv.excel  # the first quotes every cell
    writer = csv.writer(text, dialect, delimiter=separator, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(rows)
    if encoding == "utf-16":
        return codecs.BOM_UTF16_LE + text.getvalue().encode("utf-16-le")
    return text.getvalue().encode(encoding)


def write_whole(path: Path, data: bytes, shared: bool = False) -> None:
    """Write a file that names learners: closed to others, and there whole or not at all. A link is replaced."""
    if path.is_dir():
        raise CourseError(f"{path} is a folder: name a file with --to.")
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        make_private(path.parent, shared)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o660 if shared else 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)

"""From the bytes of a file to a notebook of the unit, without trusting them; what fails is told by its cause."""

from __future__ import annotations

import codecs
import json
import re
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize

from course_lib.sentences import say
from grader.preprocessors.repair import grade_id
from grader.sandbox.bounds import TooLargeError, check_json
from grader.submissions.files import FILE_BYTES, too_large

VALUES, NESTED = 5_000_000, 200
"""A notebook's text with more values, or with so many in one another, is not parsed: it would fill the memory."""
UTF_8 = "utf-8"
OTHERS = ("cp1252", "gb18030", "cp932", "big5", "euc_kr", "latin-1")
"""Encodings that are tried last; one counts if a notebook comes out."""
BOMS = (
    *((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
)
KINDS = (
    (rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|word/|mimetype)", "an Office document"),
    (rb"PK[\x03\x05]", "a zip file"),
    (rb"%PDF-", say("a PDF")),
    (rb"\xd0\xcf\x11\xe0", "an old Office document"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!|\x1f\x8b|BZh|\xfd7zXZ|.{257}ustar", "another kind of archive"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF.{4}WEBP", "a picture"),
    (rb"(?i)\s*(<!doctype html|<html|<head|<body)", "a web page (a login page, or a print of the notebook?)"),
    (rb"\s*<\?xml|\s*<", "a text in XML"),
    (rb"version https://git-lfs", "a pointer of Git LFS: the notebook itself was not handed in"),
    (rb"\{\\rtf", "a text processor's document"),
    (
        rb"\s*\{[^{}\[\]]*\"(doc_id|resource_id|url)\"\s*:",
        "a link to a document on a drive: the notebook was not handed in",
    ),
    (rb"(?s).{0,400}^(# %%|# ---|import |from \w+ import |def )", "a Python script"),
)
"""How files begin that are no notebooks, and what to call them."""


class UnreadableError(Exception):
    """A submission that is not a notebook of the unit; the text completes "could not be read: ..."."""


def read(path: Path, released: NotebookNode) -> tuple[NotebookNode, str]:
    """The notebook in today's format, without outputs, and a note on what had to be done for that.

    Raises `UnreadableError` for what is missing, empty, damaged, or not a notebook of the unit `released`.
    """
    text, note = read_text(path)
    notebook, more = understand(text, path.name, released)
    return notebook, " ".join(filter(None, [note, more]))


def read_text(path: Path) -> tuple[str, str]:
    """The text of a file, and a note. Raises `UnreadableError` for what is no file, a link, empty or not text."""
    if path.is_symlink():  # it could name the solution, or a neighbour's notebook
        raise UnreadableError(f"{path.name} is a link, not a file")
    if not path.is_file():
        raise UnreadableError(f"there is no {path.name}")
    try:
        if path.stat().st_size > FILE_BYTES:
            raise UnreadableError(f"{path.name} {too_large(FILE_BYTES)}")
        return decode(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be opened ({error.strerror})") from None


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text of a file's bytes, and a note where they are not plain UTF-8. Raises `UnreadableError` for no text."""
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise UnreadableError(f"{name} holds nothing but zeros" if b"\0" in data else f"{name} is empty")
    encoding = next((encoding for mark, encoding in BOMS if data.startswith(mark)), "") or _utf_16(data)
    try:
        text = data.decode(encoding or UTF_8)
    except UnicodeDecodeError:
        return _by_trial(data, name)
    if not text.strip():
        raise UnreadableError(f"{name} is empty")
    said = encoding.upper() if encoding.startswith(("utf-16", "utf-32")) else ""
    return text, f"It was saved as {said} and was read as that." if said else ""


def kind(head: bytes) -> str:
    """What a file is that begins so, in words; empty when it is not known."""
    return next((words for begin, words in KINDS if re.match(begin, head, re.S | re.M)), "")


def understand(text: str, name: str, released: NotebookNode) -> tuple[NotebookNode, str]:
    """As `read`, from the text of the file `name`."""
    data = _json(text, name)
    if not isinstance(data, dict) or not isinstance(data.get("cells", data.get("worksheets")), list):
        what = kind(text[:1024].encode("utf-8", "replace"))
        raise UnreadableError(f"{name} is not a Jupyter notebook{f' but {what}' if what else ''}")
    version = data.get("nbformat")
    if not isinstance(version, int) or version > nbformat.current_nbformat:
        raise UnreadableError(f"{name} has the notebook format {version!r}, which is unknown here")
    notebook = _upgraded(data, text, name)
    if not belongs(notebook, released):
        raise UnreadableError(f"{name} is another notebook: it has none of this unit's exercises")
    return notebook, f"Its old notebook format ({version}) was converted." if version < 4 else ""


def belongs(notebook: NotebookNode, released: NotebookNode) -> bool:
    """Whether any cell is one of the unit's: by its mark, or where the marks are lost by a check or a definition."""
    wanted = [cell for cell in released.cells if cell.cell_type == "code" and not _only_given(cell)]
    marks = {grade_id(cell) for cell in wanted}
    if any(grade_id(cell) in marks for cell in notebook.cells):
        return True
    names = sorted({name.removeprefix("check_") for name in marks})
    checks = re.compile(rf"\bcheck\(\s*[\"']({'|'.join(map(re.escape, names))})[\"']")
    pattern = defining(names)
    return any(pattern.search(cell.source) or checks.search(cell.source) for cell in notebook.cells)


def defining(names: list[str]) -> re.Pattern[str]:
    """What finds the definition of one of the names in a cell's text."""
    either = "|".join(map(re.escape, names))
    return re.compile(rf"^(def|class)\s+({either})\b|^({either})\s*=", re.M)


def _utf_16(data: bytes) -> str:
    """The name of UTF-16 without a mark: every second byte of what is mostly ASCII is zero."""
    begin = data[:400]
    even, odd = begin[::2].count(0), begin[1::2].count(0)
    if max(even, odd) * 2 < len(begin) * 0.7:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _by_trial(data: bytes, name: str) -> tuple[str, str]:
    """The text in the encoding by which it is a notebook; the ASCII in it, so most of code, is the same in all."""
    mended = data.decode(UTF_8, "replace")
    broken = mended.count("\ufffd")
    if broken <= sum(c > "\x7f" for c in mended) - broken and _is_notebook(mended):
        return mended, f"{broken} of its characters were damaged; the rest was read."
    for encoding in OTHERS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_notebook(text):
            called = {"cp1252": "Windows-1252"}.get(encoding, encoding)
            return text, f"It is not saved as UTF-8; it was read as {called}, and letters beyond ASCII may be wrong."
    what = kind(data[:1024])
    raise UnreadableError(f"{name} is not text{f' but {what}' if what else ' (which program wrote it?)'}")


def _is_notebook(text: str) -> bool:
    try:
        data = _json(text, "")
    except UnreadableError:
        return False
    return isinstance(data, dict) and isinstance(data.get("cells", data.get("worksheets")), list)


def _json(text: str, name: str) -> Any:
    try:
        check_json(text, VALUES, NESTED)
        return json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        conflict = re.search(r"^[ \t]*<{7}( |$)", text, re.M)
        if conflict:
            line = text.count("\n", 0, conflict.start()) + 1
            raise UnreadableError(
                f"{name} is damaged in line {line}: git's conflict marks (<<<<<<<) are in it"
            ) from None
        begin = len(text) - len(text.lstrip())
        if error.pos <= begin + 1 and len(text) > 8:  # a login page that was saved in its place, for instance
            what = kind(text[:1024].encode("utf-8", "replace"))
            told = f"{name} is not a notebook: it begins with {text[begin:][:16]!r}" + (
                f", as {what} does" if what else ""
            )
            raise UnreadableError(told) from None
        if error.pos >= len(text.rstrip()) - 8 or error.msg.startswith("Unterminated"):
            raise UnreadableError(f"{name} breaks off in line {error.lineno} (an interrupted upload?)") from None
        raise UnreadableError(f"{name} is damaged in line {error.lineno} ({error.msg})") from None
    except TooLargeError as error:
        raise UnreadableError(f"{name} is no learner's work: {error}") from None
    except (ValueError, RecursionError):
        raise UnreadableError(f"{name} is damaged (no notebook has such numbers or such nesting)") from None


def _upgraded(data: dict[str, Any], text: str, name: str) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = _of_today(data)
            if notebook is None:
                notebook = nbformat.reads(text.lstrip("\ufeff"), as_version=4)
            for cell in notebook.cells:
                if cell.cell_type == "code":  # grading starts without outputs, and damaged ones are no reason to fail
                    cell.outputs, cell.execution_count = [], None
            _, notebook = normalize(notebook)  # cell ids that are there and differ
        nbformat.validate(notebook)
        json.dumps(notebook, ensure_ascii=False).encode("utf-8")  # half a character, say, can be in no file
    except Exception as error:  # nbformat's converters raise whatever a damaged cell makes them
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UnreadableError(f"{name} is not a valid notebook ({reason})") from None
    return notebook


def _of_today(data: dict[str, Any]) -> NotebookNode | None:
    """A notebook in today's format, from its JSON; None for an older one, or where nbformat is to say what is wrong."""
    try:
        return nbformat.v4.to_notebook(data) if data["nbformat"] == 4 else None
    except AttributeError:
        return None


def _only_given(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return not (marks.get("grade") or marks.get("solution"))

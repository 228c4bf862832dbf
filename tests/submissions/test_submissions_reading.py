"""From bytes to a notebook: encodings, and a sentence that names the cause where nothing can be read."""

from __future__ import annotations

import json

import pytest
from helpers.handed_in import BLANK_NOTEBOOK, OTHER, RIGHT, zip_bytes
from helpers.submissions import UNIT, right

from grader.submissions import reading
from grader.submissions.files import FILE_BYTES
from grader.submissions.reading import UnreadableError, decode, read, understand

pytestmark = pytest.mark.fast
NAME = f"{UNIT}.ipynb"


def written(comment, encoding):
    """The right notebook with a comment in its last cell, in one encoding; the rest is ASCII."""
    notebook = right()
    notebook.cells[-1].source += "\n# COMMENT"
    return json.dumps(notebook).replace("COMMENT", comment).encode(encoding)


def last(path):
    notebook, note = read(path, BLANK_NOTEBOOK)
    return notebook.cells[-1].source.rpartition("# ")[2], note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_is_read_as_it_is(tmp_path, encoding):
    text = "größer, больше, 更大, 😀"
    path = tmp_path / NAME
    path.write_bytes(written(text, encoding))
    found, note = last(path)
    assert found == text
    assert note == ("" if encoding.startswith("utf-8") else f"It was saved as {encoding.upper()} and was read as that.")


@pytest.mark.parametrize(
    ("encoding", "text", "called"),
    [
        ("cp1252", "größer – „so“", "Windows-1252"),
        ("latin-1", "größer", "Windows-1252"),
        ("latin-1", "\x81gr\x8d", "latin-1"),
    ],
)
def test_windows_encodings_are_read_and_told(tmp_path, encoding, text, called):
    path = tmp_path / NAME
    path.write_bytes(written(text, encoding))
    found, note = last(path)
    assert found == text and called in note


@pytest.mark.parametrize("encoding", ["gb18030", "cp932", "euc_kr", "big5", "cp1251"])
def test_code_survives_whatever_the_encoding_was(tmp_path, encoding):
    words = {"gb18030": "更大表", "cp932": "表ソ能", "euc_kr": "더 크다", "big5": "功許蓋", "cp1251": "больше"}
    path = tmp_path / NAME
    path.write_bytes(written(words[encoding], encoding))
    notebook, note = read(path, BLANK_NOTEBOOK)
    assert [c.source for c in notebook.cells[:-1]] == [c.source for c in right().cells[:-1]]
    assert "letters beyond ASCII may be wrong" in note


def test_one_damaged_character_does_not_change_the_others(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(written("größer, größer, größer XXX", "utf-8").replace(b"XXX", b"\xff"))
    found, note = last(path)
    assert found == "größer, größer, größer \ufffd" and note.startswith("1 of its characters")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\0" * 5000, "nothing but zeros"),
        (zip_bytes({"word/document.xml": "x"}), "an Office document"),
        (zip_bytes({"a": "x" * 200}) + b"\xff", "a zip file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (b"<html><body>Please log in</body></html>", "a web page"),
        (b"\n<!DOCTYPE html>\n<title>Jupyter</title>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a pointer of Git LFS"),
        (b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}', "a link to a document"),
        (b"# %% [markdown]\n# Unit\nimport numpy as np\n", "a Python script"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a picture"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "another kind of archive"),
        (b"{\\rtf1\\ansi}", "a text processor's document"),
        (RIGHT[: len(RIGHT) // 2], "breaks off in line"),
        (RIGHT.replace(b'"cells": [', b'<<<<<<< HEAD\n"cells": [', 1), "git's conflict marks"),
        (b'{"name": "package"}', "is not a Jupyter notebook"),
        (b"[1, 2]", "is not a Jupyter notebook"),
        (b"Here is my solution, see the mail.", "it begins with 'Here is my solut'"),
        (OTHER, "none of this unit's exercises"),
        (b'{"cells": [], "nbformat": 9}', "notebook format 9"),
        (b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}", "is damaged"),
        (b"[" * 100_000, "nested more than 200 levels deep"),
    ],
)
def test_what_is_no_notebook_is_named_by_its_cause(tmp_path, data, cause):
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match=r"^00_start_here\.ipynb ") as told:
        read(path, BLANK_NOTEBOOK)
    assert cause in str(told.value)


def test_a_notebook_with_more_values_than_fit_into_memory_is_not_parsed(monkeypatch):
    monkeypatch.setattr(reading, "VALUES", 1000)
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("it was parsed"))
    with pytest.raises(UnreadableError, match="no learner.s work: it holds more than 1,000 values"):
        understand("[" + "[]," * 2000 + "0]", NAME, BLANK_NOTEBOOK)


def test_a_file_larger_than_any_notebook_is_not_read(tmp_path):
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.truncate(FILE_BYTES + 1)
    with pytest.raises(UnreadableError, match="is larger than a submission may be"):
        read(path, BLANK_NOTEBOOK)


def test_a_link_a_folder_and_nothing_are_told(tmp_path):
    (tmp_path / "real").write_bytes(RIGHT)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    for name in ("link", "dangling"):
        with pytest.raises(UnreadableError, match="is a link"):
            read(tmp_path / name, BLANK_NOTEBOOK)
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UnreadableError, match="there is no"):
            read(path, BLANK_NOTEBOOK)


def test_plain_text_is_told_no_note():
    assert decode(b"{}", NAME) == ("{}", "")

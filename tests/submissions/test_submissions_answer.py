"""Which of a learner's files is graded: by content, never a machine's copy, and always told when there was a choice."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from helpers.handed_in import (
    BLANK,
    BLANK_NOTEBOOK,
    DATED,
    OTHER,
    RIGHT,
    SCRATCH_ONLY,
    from_folder,
    from_zip,
    one,
    one_answer,
    tagged,
    words,
    zip_bytes,
)
from helpers.submissions import UNIT, right

from grader.submissions.answer import UNTOUCHED, WORKED_ON, WRITTEN_IN, is_copy, work_in

pytestmark = pytest.mark.fast
MOODLE = "Roe Max_102_assignsubmission_file_"


def both_ways(tmp_path, files):
    """The one submission of these files: of a folder in nbgrader's layout, of a zip file, and of Moodle's."""
    yield one(from_folder(tmp_path / "a", {f"max/{name}": data for name, data in files.items()}))
    yield one(from_zip(tmp_path / "b", {f"max/{UNIT}/{name}": data for name, data in files.items()}))
    yield one(from_zip(tmp_path / "c", {f"{MOODLE}/{name}": data for name, data in files.items()}))


@pytest.mark.parametrize(
    "name",
    [
        f"{UNIT} (1).ipynb",
        UNIT.upper() + ".IPYNB",
        UNIT.title() + ".ipynb",
        UNIT.replace("_", " ") + ".ipynb",
        UNIT.replace("_", "-") + ".ipynb",
        f"{UNIT}.ipynb.txt",
        f"{UNIT}.ipynb.json",
        f"{UNIT}.json",
        f"{UNIT}.html",
        f"{UNIT}.html.ipynb",
        UNIT,
        f"Copy of {UNIT}.ipynb",
        f"Kopie von {UNIT}.ipynb",
        f"{UNIT}-Copy1.ipynb",
        f"homework/{UNIT}.ipynb",
        f"{UNIT}_final FINAL.ipynb",
        "my answers.ipynb",
        "Übung 1.ipynb",
        f"{UNIT}.ipynb.download",
        "a" * 200 + ".ipynb",
    ],
)
def test_whatever_its_name_the_units_notebook_is_graded(tmp_path, name):
    for submission in both_ways(tmp_path, {name: RIGHT}):
        assert submission.problem == "" and submission.notebook.read_bytes() == RIGHT
        assert submission.notes == ()


@pytest.mark.parametrize(
    "copy",
    [
        DATED,
        DATED.replace(".ipynb", "-2.ipynb"),
        DATED.replace(".ipynb", " (1).ipynb"),
        DATED.replace(".ipynb", "-1.ipynb"),
        DATED.upper().replace("IPYNB", "ipynb"),
        f".ipynb_checkpoints/{UNIT}-checkpoint.ipynb",
        f"{UNIT}-checkpoint.ipynb",
        f".~{UNIT}.ipynb",
        f"{UNIT}.ipynb~",
        f"#{UNIT}.ipynb#",
    ],
)
def test_a_copy_that_a_machine_made_is_never_graded(tmp_path, copy):
    for submission in both_ways(tmp_path / "beside", {f"{UNIT}.ipynb": BLANK, copy: RIGHT}):
        assert submission.notebook.read_bytes() == BLANK
        assert not any(".ipynb" in name for name in submission.beside)
    for submission in both_ways(tmp_path / "alone", {copy: RIGHT}):
        assert submission.notebook is None and copy.split("/")[-1] in submission.problem


def test_a_dated_copy_that_was_worked_on_is_told_to_a_person(tmp_path):
    files = {f"{UNIT}.ipynb": BLANK, DATED: RIGHT}
    for submission in both_ways(tmp_path, files):
        assert DATED in submission.notes[-1] and "was worked on" in submission.notes[-1]
    for submission in both_ways(tmp_path / "again", files | {f"{UNIT}.ipynb": RIGHT}):
        assert "was worked on" not in " ".join(submission.notes) and DATED in submission.notes[-1]


@pytest.mark.parametrize(
    ("files", "graded", "why"),
    [
        ({f"{UNIT}.ipynb": 0, f"{UNIT}-Copy1.ipynb": 2}, f"{UNIT}-Copy1.ipynb", "only one that was worked on"),
        ({f"{UNIT}.ipynb": 2, f"{UNIT}-Copy1.ipynb": 0}, f"{UNIT}.ipynb", "only one that was worked on"),
        ({f"{UNIT}.ipynb": 2, f"{UNIT}-Copy1.ipynb": 2}, f"{UNIT}.ipynb", "nearest to the unit's own"),
        ({f"{UNIT}.ipynb": 2, f"{UNIT} (3).ipynb": 2}, f"{UNIT}.ipynb", "nearest to the unit's own"),
        ({f"{UNIT} (2).ipynb": 2, f"{UNIT} (10).ipynb": 2}, f"{UNIT} (10).ipynb", "number is the highest"),
        ({f"{UNIT} (2).ipynb": 2, "mine.ipynb": 2}, f"{UNIT} (2).ipynb", "nearest to the unit's own"),
        ({f"{UNIT}.ipynb": 1, "mine.ipynb": 2}, "mine.ipynb", "only one that was worked on"),
        ({f"{UNIT}.ipynb": 0, "mine.ipynb": 1}, "mine.ipynb", "only one that was worked on"),
        ({"b.ipynb": 2, "a.ipynb": 2}, "a.ipynb", "first by name"),
        ({f"old/{UNIT}.ipynb": 2, f"{UNIT}.ipynb": 2}, f"{UNIT}.ipynb", "lies highest"),
        ({f"{UNIT}.ipynb": 2, f"{UNIT}.html": 0, f"{UNIT}.txt": 0}, f"{UNIT}.ipynb", "only one that was worked on"),
    ],
)
def test_of_several_the_one_that_was_worked_on_then_by_name_and_it_is_told(tmp_path, files, graded, why):
    contents = {name: (BLANK, SCRATCH_ONLY, one_answer(name))[level] for name, level in files.items()}
    for submission in both_ways(tmp_path, contents):
        assert submission.notebook.read_bytes() == contents[graded]
        (note,) = submission.notes
        assert note.startswith(f"Of {len(files)} notebooks, ") and f"{graded} was graded" in note and why in note
        assert all(name in note for name in files)


def test_another_units_notebook_beside_it_is_named_and_not_graded(tmp_path):
    for submission in both_ways(tmp_path, {"notes.ipynb": OTHER, f"{UNIT} mine.ipynb": BLANK, "x.ipynb": b"{"}):
        assert submission.notebook.read_bytes() == BLANK
        assert "only one of this unit that can be read" in submission.notes[0]
        assert (
            "notes.ipynb (is another notebook" in submission.notes[0] and "x.ipynb (breaks off" in submission.notes[0]
        )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"other.ipynb": OTHER}, ["other.ipynb is another notebook"]),
        ({f"{UNIT} (1).ipynb": b""}, [f"{UNIT} (1).ipynb is empty"]),
        ({"a.ipynb": b"", "b.ipynb": OTHER}, ["a.ipynb is empty", "b.ipynb is another notebook"]),
        ({f"{UNIT}.html": b"<html>"}, [f"there is no {UNIT}.ipynb", f"{UNIT}.html (a web page"]),
        ({f"{UNIT}.pdf": b"%PDF-1.7", "x.png": b"\x89PNG"}, [f"{UNIT}.pdf (a PDF)", "x.png (a picture)"]),
        ({f"{UNIT}.py": b"import numpy as np\n"}, [f"{UNIT}.py (a Python script)"]),
        ({"report.docx": zip_bytes({"[Content_Types].xml": "<x/>", "n.ipynb": RIGHT})}, ["report.docx (an Office doc"]),
        ({f"{UNIT}.gdoc": b'{"url": "https://docs"}'}, [f"{UNIT}.gdoc (a link to a document on a drive"]),
        ({"empty.txt": b""}, ["empty.txt (empty)"]),
        ({"hw.7z": b"7z\xbc\xaf\x27\x1c"}, ["hw.7z (another kind of archive)"]),
        ({"hw.zip": zip_bytes({})}, ["hw.zip (is an empty archive)"]),
        ({"hw.zip": zip_bytes({"readme.txt": "x"})}, ["hw.zip/readme.txt"]),
    ],
)
def test_what_is_there_is_named_where_nothing_can_be_graded(tmp_path, files, told):
    for submission in both_ways(tmp_path, files):
        assert submission.notebook is None and submission.problem.startswith("could not be read: ")
        assert all(words in submission.problem for words in told), submission.problem


def tar_bytes(files):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


NAMED = {f"work/{UNIT}.ipynb": RIGHT, "work/net.safetensors": b"net"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("hw.zip", zip_bytes(NAMED)),
        (f"{UNIT}.ipynb", zip_bytes(NAMED)),
        (f"{UNIT}.ipynb.zip", zip_bytes({"inner.zip": zip_bytes(NAMED)})),
        ("hw.tar", tar_bytes(NAMED)),
        ("hw.tar.gz", gzip.compress(tar_bytes(NAMED))),
    ],
)
def test_an_archive_is_taken_apart_and_what_lies_beside_the_notebook_comes_along(tmp_path, name, data):
    for submission in both_ways(tmp_path, {name: data}):
        assert submission.problem == "" and submission.notebook.read_bytes() == RIGHT
        assert {name: path.read_bytes() for name, path in submission.beside.items()} == {"net.safetensors": b"net"}
    for submission in both_ways(tmp_path / "gz", {f"{UNIT}.ipynb.gz": gzip.compress(RIGHT)}):
        assert submission.notebook.read_bytes() == RIGHT


def test_another_units_folder_holds_nothing_of_this_one(tmp_path):
    files = {"ada/01_gradients/01_gradients.ipynb": OTHER, f"ben/01_gradients/{UNIT}.ipynb": tagged("misplaced")}
    found = from_folder(tmp_path, files)
    ada, _ben = found.submissions
    assert ada.notebook is None and ada.problem == "", "nothing was handed in for this unit"
    assert words(found)["ben"] == "misplaced"


def test_one_folder_with_the_notebooks_of_all_units_gives_no_reason_for_a_note(tmp_path):
    submission = one(from_folder(tmp_path, {f"ada/{UNIT}.ipynb": RIGHT, "ada/01_gradients.ipynb": OTHER}))
    assert submission.notes == () and submission.beside == {}


def test_the_name_that_came_is_told_where_it_is_not_the_usual_one(tmp_path):
    found = from_folder(tmp_path, {f"a/{UNIT}/{UNIT}.ipynb": BLANK, f"b/{UNIT}.ipynb": BLANK, "c/mine.ipynb": BLANK})
    assert [submission.origin for submission in found.submissions] == ["", "", "c/mine.ipynb"]


@pytest.mark.parametrize(
    "name", ["net-1.safetensors", "net (1).safetensors", "net(1).safetensors"], ids=["canvas", "browser", "drive"]
)
def test_a_file_beside_that_a_platform_numbered_is_found_under_its_own_name(tmp_path, name):
    submission = one(from_zip(tmp_path, {f"{MOODLE}/{UNIT}.ipynb": RIGHT, f"{MOODLE}/{name}": b"mine"}))
    assert submission.beside["net.safetensors"].read_bytes() == b"mine" and name in submission.beside
    submission = one(
        from_zip(
            tmp_path / "both",
            {f"{MOODLE}/{UNIT}.ipynb": RIGHT, f"{MOODLE}/{name}": b"second", f"{MOODLE}/net.safetensors": b"named"},
        )
    )
    assert submission.beside["net.safetensors"].read_bytes() == b"named"


def test_what_lies_with_the_notebook_goes_before_what_lies_elsewhere(tmp_path):
    files = {f"{MOODLE}/net.bin": b"far", f"{MOODLE}/work/{UNIT}.ipynb": RIGHT, f"{MOODLE}/work/net.bin": b"near"}
    submission = one(from_zip(tmp_path, files))
    assert (
        submission.beside["net.bin"].read_bytes() == b"near"
        and "net.bin, since it has the name of another file" in submission.notes[0]
    )


def test_work_is_seen_in_answers_first(tmp_path):
    done, blank = right(), BLANK_NOTEBOOK.copy()
    assert work_in(done, BLANK_NOTEBOOK) == WORKED_ON and work_in(blank, BLANK_NOTEBOOK) == UNTOUCHED
    for cell in done.cells:
        cell.metadata.clear()
    assert work_in(done, BLANK_NOTEBOOK) == WORKED_ON, "its marks are lost, its definitions are there"
    import nbformat

    assert work_in(nbformat.reads(SCRATCH_ONLY.decode(), as_version=4), BLANK_NOTEBOOK) == WRITTEN_IN


@pytest.mark.parametrize(
    "name",
    [f"{UNIT}.ipynb", f"{UNIT}-Copy1.ipynb", f"2026-11-01 {UNIT}.ipynb", "checkpoint answers.ipynb", "tmp.ipynb"]
    + ["net-checkpoint.safetensors", "2026-11-01T101500 answers.ipynb", "checkpoint.ipynb.d.csv"],
)
def test_an_ordinary_name_is_no_machines_copy(name):
    assert not is_copy(name)

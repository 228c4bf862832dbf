"""Folders and archives that are not meant well: nothing leads out, nothing grows without bound, everything is told."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile

import pytest
from helpers.handed_in import (
    BLANK,
    BLANK_NOTEBOOK,
    RIGHT,
    from_folder,
    from_zip,
    one,
    put,
    tagged,
    words,
    zip_bytes,
    zipped,
)
from helpers.submissions import UNIT, fingerprint

from course_lib.errors import CourseError
from grader.submissions import answer, files
from grader.submissions.files import FILE_BYTES, File, in_archive, in_folder, printable
from grader.submissions.gather import gather

pytestmark = pytest.mark.fast


def member(name, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


OUTSIDE = [
    f"../../ada/{UNIT}.ipynb",
    f"ada/../../{UNIT}.ipynb",
    f"/etc/ada/{UNIT}.ipynb",
    f"C:/ada/{UNIT}.ipynb",
    f"..\\..\\ada\\{UNIT}.ipynb",
    f"ada\n/{UNIT}.ipynb",
    f"Doe Jane_1_assignsubmission_file_../../../{UNIT}.ipynb",
    f"//server/share/{UNIT}.ipynb",
]


@pytest.mark.parametrize("name", OUTSIDE, ids=range(len(OUTSIDE)))
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    path = zipped(tmp_path / "evil.zip", {member(name): RIGHT, member(f"ben/{UNIT}.ipynb"): RIGHT})
    before = set(tmp_path.rglob("*"))
    found = gather(path, UNIT, tmp_path / "deep" / "scratch", BLANK_NOTEBOOK)
    assert [s.student for s in found.submissions] == ["ben"]
    assert list(found.unknown.values()) == ["has a name that leads out of the folder"]
    assert all(told.isprintable() for told in found.unknown)
    made = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert all(p.is_relative_to(tmp_path / "deep" / "scratch") for p in made)


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path):
    put(tmp_path / "inbox" / os.fsdecode(b"ada\xff"), {f"{UNIT}.ipynb": RIGHT})
    found = from_folder(tmp_path, {f"ben/{UNIT}.ipynb": RIGHT})
    ada, ben = found.submissions
    assert ada.student == "ada?" and "rename the folder" in ada.problem and ben.problem == ""


@pytest.mark.parametrize("name", OUTSIDE[:5] + OUTSIDE[-1:], ids=range(6))
def test_no_name_in_a_learners_archive_leads_out_either(tmp_path, name):
    inner = zip_bytes({member(name): RIGHT, f"{UNIT}.ipynb": BLANK})
    found = from_zip(tmp_path, {"roeric_1_2_hw.zip": inner})
    (ric,) = found.submissions
    assert ric.notebook.read_bytes() == BLANK and "leads out of the folder" in str(found.unknown) + str(ric.notes)
    made = [p for p in tmp_path.rglob("*") if p.is_file() and p.name != "class.zip"]
    assert all(p.is_relative_to(tmp_path / "scratch") for p in made)


def test_no_link_no_bomb_no_secret(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FILE_BYTES", 2**20)
    bomb = b"0" * 2**22
    path = zipped(
        tmp_path / "evil.zip",
        {
            member(f"link/{UNIT}.ipynb", stat.S_IFLNK): "/etc/passwd",
            member(f"pipe/{UNIT}.ipynb", stat.S_IFIFO): "",
            member(f"bomb/{UNIT}.ipynb"): bomb,
            member(f"liar/{UNIT}.ipynb"): bomb,
            member(f"ben/{UNIT}.ipynb"): RIGHT,
        },
    )
    # The directory of the zip file says that this one is small; what comes out of it is not.
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(f"liar/{UNIT}".encode()))
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    found = gather(path, UNIT, tmp_path / "scratch", BLANK_NOTEBOOK)
    told = {s.student: s.problem for s in found.submissions}
    assert "is a link or a device" in told["link"] and "is a link or a device" in told["pipe"]
    assert "is larger than a submission may be" in told["bomb"]
    assert "could not be unpacked" in told["liar"] and told["ben"] == ""
    made = [p for p in (tmp_path / "scratch").rglob("*") if p.is_file()]
    assert [p.parts[-3] for p in made] == ["ben"]


def nested(depth, data):
    for _ in range(depth):
        data = zip_bytes({"again.zip": data})
    return data


def test_archives_in_archives_end(tmp_path):
    inner = zip_bytes({f"{UNIT}.ipynb": tagged("found")})
    files = {f"s{depth}_{depth}_1_hw.zip": nested(depth, inner) for depth in range(4)}
    told = words(from_folder(tmp_path, files))
    assert told["s0"] == told["s1"] == "found"
    assert all("an archive in an archive in an archive" in told[name] for name in ("s2", "s3"))


def test_a_bomb_in_a_learners_archive_costs_only_that_learner(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEARNER_BYTES", 3 * 2**20)
    zeros = b"0" * 2**20
    bomb = zip_bytes({f"{UNIT}.ipynb": BLANK} | {f"{n}.bin": zeros for n in range(40)})
    packed = gzip.compress(b"0" * (FILE_BYTES + 1))
    files_ = {"eve_1_1_hw.zip": bomb, "gus_2_1_x.gz": packed, f"roe_3_1_{UNIT}.ipynb": tagged("roe")}
    found = from_folder(tmp_path, files_)
    told = words(found)
    assert told["roe"] == "roe" and "larger than a submission may be" in told["gus"]
    assert any("one file too many" in reason for reason in found.unknown.values())
    size = sum(p.stat().st_size for p in (tmp_path / "scratch").rglob("*") if p.is_file())
    assert size < 8 * 2**20


def test_what_does_not_fit_any_more_is_told_and_the_rest_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "TOTAL_BYTES", 2 * len(RIGHT) + 10)
    found = from_zip(tmp_path, {f"{name}/{UNIT}.ipynb": RIGHT for name in "abc"})
    assert [bool(s.notebook) for s in found.submissions] == [True, True, False]
    assert "did not fit" in found.submissions[2].problem


def encrypted(data):
    """The same zip file with the mark that its members are encrypted."""
    data = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


def by_method_99(data):
    data = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + at] = 99
    return bytes(data)


def with_a_bad_checksum(data):
    data = bytearray(data)
    data[data.index(b"PK\x01\x02") + 16] ^= 0xFF
    data[data.index(b"PK\x03\x04") + 14] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (encrypted, "is encrypted"),
        (by_method_99, "could not be unpacked"),
        (with_a_bad_checksum, "could not be unpacked"),
    ],
)
def test_what_cannot_be_unpacked_is_named_with_its_learner(tmp_path, spoil, told):
    for how, name in ((from_zip, f"ada/{UNIT}.ipynb"), (from_folder, "ada.zip")):
        folder = tmp_path / how.__name__
        if how is from_zip:
            folder.mkdir()
            (folder / "x.zip").write_bytes(spoil(zip_bytes({name: RIGHT})))
            found = gather(folder / "x.zip", UNIT, folder / "scratch", BLANK_NOTEBOOK)
        else:
            found = from_folder(folder, {name: spoil(zip_bytes({f"{UNIT}.ipynb": RIGHT}))})
        assert one(found).student == "ada" and told in one(found).problem


def test_an_empty_archive_a_broken_one_and_none_are_told(tmp_path):
    for name, data, why in (
        ("empty.zip", zip_bytes({}), "holds no file"),
        ("no.zip", b"nothing", "not a zip file"),
        ("half.zip", zip_bytes({"a": RIGHT})[:-30], "not a zip file"),
        ("zero.zip", b"", "not a zip file"),
        ("junk.zip", zip_bytes({"__MACOSX/._x.ipynb": b"x", ".DS_Store": b"x"}), "holds no file"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CourseError, match=why):
            gather(tmp_path / name, UNIT, tmp_path / "scratch", BLANK_NOTEBOOK)
    with pytest.raises(CourseError, match="There is no folder"):
        gather(tmp_path / "missing.zip", UNIT, tmp_path / "scratch", BLANK_NOTEBOOK)


@pytest.mark.parametrize("digits", [10, 500, 5_000, 60_000])
def test_no_number_in_a_name_stops_a_run(tmp_path, digits):
    number = "9" * digits
    files = {
        f"doe_4001_90001_{UNIT}-{number}.ipynb": tagged("doe"),
        f"roe_{number}_90001_{UNIT}.ipynb": tagged("roe"),
        f"Poe_{number}_assignsubmission_file_/{UNIT}.ipynb": BLANK,
        f"ben/{UNIT} ({number}).ipynb": tagged("ben"),
        f"ann/{UNIT}.ipynb": tagged("ann"),
    }
    found = from_zip(tmp_path, files)
    told = words(found)
    assert told["ann"] == "ann"
    assert len(found.submissions) + len(found.unknown) == len(files), "every one is told"
    assert all(len(name) <= 256 and name.isprintable() for name in [*found.unknown, *told])


def test_ten_thousand_files_of_one_learner(tmp_path):
    files = {f"ada/{UNIT}/part{n:05}.ipynb": b"{}" for n in range(10_000)} | {f"ada/{UNIT}/{UNIT}.ipynb": RIGHT}
    ada = one(from_zip(tmp_path, files))
    assert ada.notebook.read_bytes() == RIGHT and "Of 10001 notebooks" in ada.notes[0] and len(ada.notes[0]) < 2_000
    (archive,) = from_folder(tmp_path, {"ben.zip": zip_bytes(dict.fromkeys(map(str, range(10_001)), b""))}).submissions
    assert "more files than" in archive.problem or "holds 10001 files" in archive.problem


def test_no_more_notebooks_are_looked_at_than_a_person_would(tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(answer, "look", lambda piece, *rest, real=answer.look: looked.append(1) or real(piece, *rest))
    one(from_zip(tmp_path, {f"ada/{UNIT}/{n}.ipynb": b"[]" for n in range(500)} | {f"ada/{UNIT}/{UNIT}.ipynb": RIGHT}))
    assert len(looked) == answer.LOOKED_AT


def test_what_is_no_file_in_a_folder_is_told_and_never_opened(tmp_path):
    inbox = put(tmp_path / "inbox", {f"ben/{UNIT}.ipynb": RIGHT, "secret": b"secret"})
    for name in ("pipe", "linked", "folder", "sparse"):
        (inbox / name).mkdir()
    os.mkfifo(inbox / "pipe" / f"{UNIT}.ipynb")
    (inbox / "linked" / f"{UNIT}.ipynb").symlink_to(inbox / "secret")
    (inbox / "folder" / f"{UNIT}.ipynb").mkdir()
    (inbox / "away").symlink_to(tmp_path)
    with (inbox / "sparse" / f"{UNIT}.ipynb").open("wb") as file:
        file.truncate(2 * 2**30)
    (inbox / "ben" / "beside").symlink_to(inbox / "secret")
    os.mkfifo(inbox / "ben" / "data")
    before = fingerprint(inbox / "ben")
    found = gather(inbox, UNIT, tmp_path / "scratch", BLANK_NOTEBOOK)
    told = words(found)
    assert "is a link, not a file" in told["linked"] and "is a pipe" in told["pipe"]
    assert "is larger than a submission may be (64 MiB)" in told["sparse"]
    assert told["folder"] == "(nothing)" and told["ben"] == ""
    assert "away (is a link, not a file)" in told["away"]
    ben = found.submissions[1]
    assert ben.beside == {} and "These were left out: beside, since it is a link, not a file." in ben.notes
    assert found.unknown == {
        "secret": "is nobody's: its name tells no learner",
        "ben: data": "is a pipe, a socket or a device, not a file",
    }
    assert fingerprint(inbox / "ben") == before


def test_a_folder_that_cannot_be_opened_is_told_with_its_learner(tmp_path, monkeypatch):
    inbox = put(tmp_path / "inbox", {f"ada/{UNIT}.ipynb": RIGHT, f"ben/{UNIT}.ipynb": RIGHT})
    real = os.scandir

    def scandir(path):
        if str(path).endswith("ada"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    ada, ben = gather(inbox, UNIT, tmp_path / "scratch", BLANK_NOTEBOOK).submissions
    assert "cannot be opened (Permission denied)" in ada.problem and ben.problem == ""


def test_a_tar_file_of_tricks(tmp_path):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, kind in ((f"{UNIT}.ipynb", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("dev", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("../../out.ipynb")
        info.size = len(RIGHT)
        archive.addfile(info, io.BytesIO(RIGHT))
        info = tarfile.TarInfo("mine.ipynb")
        info.size = len(BLANK)
        archive.addfile(info, io.BytesIO(BLANK))
    (ada,) = from_folder(tmp_path, {"ada.tar": held.getvalue()}).submissions
    assert ada.notebook.read_bytes() == BLANK
    made = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    assert "out.ipynb" not in made and "passwd" not in made


def test_an_office_document_with_a_notebook_in_it_is_not_looked_into(tmp_path):
    for name in ("report.docx", f"{UNIT}.ipynb", "slides.odp"):
        first = "mimetype" if name.endswith("odp") else "[Content_Types].xml"
        data = zip_bytes({first: "x", f"word/{UNIT}.ipynb": RIGHT})
        ada = one(from_folder(tmp_path / name, {f"ada/{name}": data}))
        assert "an Office document" in ada.problem or ada.notebook.read_bytes() == data


def test_a_central_directory_without_end_is_not_read(tmp_path):
    data = bytearray(zip_bytes({"a": b"x"}))
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = (2**31).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(CourseError, match="more files than a class has"):
        list(in_archive(tmp_path / "x.zip"))


def test_what_systems_leave_behind_is_no_file(tmp_path):
    junk = ["__MACOSX/._a.ipynb", "a/.DS_Store", "Thumbs.db", "a/._x.ipynb", "a/__pycache__/x.pyc", "a/.git/config"]
    put(tmp_path / "x", dict.fromkeys(junk, b"x"))
    assert [file.name for file in in_folder(tmp_path / "x") if not file.folder] == []
    kept = ["a/.ipynb_checkpoints/x.ipynb", "a/x.ipynb", "a/.~x.ipynb"]
    put(tmp_path / "y", dict.fromkeys(kept, b"x"))
    assert sorted(file.name for file in in_folder(tmp_path / "y") if not file.folder) == sorted(kept)


def test_a_name_is_shown_in_one_line(tmp_path):
    assert printable("a\nb\u202e\ud800") == "a?b??" and len(printable("x" * 5_000)) < 256
    assert File("x", (tmp_path / "none").open).head() == b""

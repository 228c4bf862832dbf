"""What learning platforms hand over: whose each file is, and zip files that are not meant well."""

from __future__ import annotations

import io
import stat
import zipfile

import nbformat
import pytest
from school import UNIT, bonus, classroom, fingerprint, points, released, right

from course_lib.errors import CourseError
from grader import arrivals
from grader.arrivals import LATE, gather
from grader.grade import grade_class, report

NOTEBOOK = nbformat.writes(right())


def zipped(path, files):
    """A zip file of these names and texts; a name may also be a `ZipInfo`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def whose(found):
    return {s.student: s.origin for s in found.submissions}


@pytest.mark.fast
def test_moodles_zip(tmp_path):
    found = gather(
        zipped(
            tmp_path / "moodle.zip",
            {
                f"Müller Jürgen_101_assignsubmission_file_/{UNIT}.ipynb": NOTEBOOK,
                "Müller Jürgen_101_assignsubmission_file_/plan.png": "a picture",
                f"Doe Jane_102_assignsubmission_file_/{UNIT}.ipynb": "x",
                f"Doe Jane_103_assignsubmission_file_/{UNIT}.ipynb": "y",
                "O'Neill Ann-Mary_104_assignsubmission_file_my answers.ipynb": NOTEBOOK,
                "Doe Jane_102_assignsubmission_onlinetext_/onlinetext.html": "Hello",
                "__MACOSX/._whatever": "junk",
            },
        ),
        UNIT,
        tmp_path / "scratch",
    )
    assert list(whose(found)) == ["doe_jane_102", "doe_jane_103", "müller_jürgen", "o-neill_ann-mary"]
    assert whose(found)["müller_jürgen"] == f"Müller Jürgen_101_assignsubmission_file_/{UNIT}.ipynb"
    by_name = {s.student: s for s in found.submissions}
    assert by_name["müller_jürgen"].notebook.read_text(encoding="utf-8") == NOTEBOOK
    assert (by_name["müller_jürgen"].extra / "plan.png").is_file()
    assert by_name["o-neill_ann-mary"].notebook.name == f"{UNIT}.ipynb", "whatever it was called"
    assert by_name["doe_jane_102"].notebook.read_text() == "x"


@pytest.mark.fast
def test_canvas_zip(tmp_path):
    files = {
        f"doejane_4001_90001_{UNIT}.ipynb": "first",
        f"doejane_4001_90002_{UNIT}-1.ipynb": "second",
        f"doejane_4001_90003_{UNIT}-10.ipynb": "eleventh",
        f"roeric_LATE_4002_90004_{UNIT}.ipynb": "late",
        "notes about this.txt": "?",
    }
    found = gather(zipped(tmp_path / "canvas.zip", files), UNIT, tmp_path / "scratch")
    jane, ric = found.submissions
    assert (jane.student, jane.notebook.read_text()) == ("doejane", "eleventh")
    assert "Of 3 notebooks" in jane.note and jane.origin == f"doejane_4001_90003_{UNIT}-10.ipynb"
    assert (ric.student, ric.note) == ("roeric", LATE)
    assert found.unknown == {"notes about this.txt": "is nobody's: its name tells no learner"}


@pytest.mark.fast
def test_nbgraders_layout_in_a_zip_and_below_a_folder(tmp_path):
    files = {
        f"all/ada/{UNIT}/{UNIT}.ipynb": "a",
        f"all/ada/{UNIT}/timestamp.txt": "2026-01-30 22:15:00 UTC",
        f"all/ada/{UNIT}/img/plan.png": "p",
        f"all/ben/{UNIT}.ipynb": "b",
    }
    ada, ben = gather(zipped(tmp_path / "class.zip", files), UNIT, tmp_path / "scratch").submissions
    assert (ada.student, ben.student) == ("ada", "ben")
    assert ada.moment() == ("2026-01-30 22:15:00 UTC", "") and (ada.extra / "img" / "plan.png").is_file()


@pytest.mark.fast
def test_a_folder_of_all_kinds(tmp_path):
    inbox = tmp_path / "inbox"
    (inbox / "plain" / UNIT).mkdir(parents=True)
    (inbox / "plain" / UNIT / f"{UNIT}.ipynb").write_text("p")
    (inbox / "Doe Jane_102_assignsubmission_file_").mkdir()
    (inbox / "Doe Jane_102_assignsubmission_file_" / f"{UNIT}.ipynb").write_text("m")
    (inbox / f"roeric_4002_90004_{UNIT}.ipynb").write_text("c")
    (inbox / "who.ipynb").write_text("?")
    zipped(inbox / "zoe.zip", {f"{UNIT}.ipynb": "z"})
    zipped(inbox / "twice.zip", {f"plain/{UNIT}.ipynb": "again"})
    (inbox / "broken.zip").write_text("PK no")
    before = fingerprint(inbox)
    found = gather(inbox, UNIT, tmp_path / "scratch")
    assert {s.student: s.notebook.read_text() for s in found.submissions} == {
        "plain": "p",
        "doe_jane": "m",
        "roeric": "c",
        "zoe": "z",
    }
    assert found.unknown.keys() == {"who.ipynb", "broken.zip", f"plain/{UNIT}.ipynb"}
    assert fingerprint(inbox) == before


def member(name, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


@pytest.mark.fast
@pytest.mark.parametrize(
    "name",
    [
        f"../../ada/{UNIT}.ipynb",
        f"ada/../../{UNIT}.ipynb",
        f"/etc/ada/{UNIT}.ipynb",
        f"C:/ada/{UNIT}.ipynb",
        f"..\\..\\ada\\{UNIT}.ipynb",
        f"ada\n/{UNIT}.ipynb",
        f"Doe Jane_1_assignsubmission_file_../../../{UNIT}.ipynb",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    path = zipped(tmp_path / "evil.zip", {member(name): NOTEBOOK, member(f"ben/{UNIT}.ipynb"): NOTEBOOK})
    before = set(tmp_path.rglob("*"))
    found = gather(path, UNIT, tmp_path / "deep" / "scratch")
    assert [s.student for s in found.submissions] == ["ben"]
    assert list(found.unknown.values()) == ["has a name that leads out of the folder"]
    made = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert all(p.is_relative_to(tmp_path / "deep" / "scratch" / "submitted" / "ben") for p in made)


@pytest.mark.fast
def test_no_link_no_bomb_no_secret(tmp_path, monkeypatch):
    monkeypatch.setattr(arrivals, "FILE_BYTES", 2**20)
    path = zipped(
        tmp_path / "evil.zip",
        {
            member(f"link/{UNIT}.ipynb", stat.S_IFLNK): "/etc/passwd",
            member(f"bomb/{UNIT}.ipynb"): b"0" * 2**22,
            member(f"liar/{UNIT}.ipynb"): b"0" * 2**22,
            member(f"ben/{UNIT}.ipynb"): NOTEBOOK,
        },
    )
    # The directory of the zip file says that this one is small; what comes out of it is not.
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(f"liar/{UNIT}".encode()))
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    found = gather(path, UNIT, tmp_path / "scratch")
    assert "is a link" in found.unknown[f"link/{UNIT}.ipynb"]
    assert "is larger than a submission may be" in found.unknown[f"bomb/{UNIT}.ipynb"]
    assert "could not be unpacked" in found.unknown[f"liar/{UNIT}.ipynb"]
    made = [p for p in (tmp_path / "scratch").rglob("*") if p.is_file()]
    assert [p.parts[-3] for p in made] == ["ben"]


@pytest.mark.fast
def test_more_than_fits_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(arrivals, "TOTAL_BYTES", 1000)
    path = zipped(tmp_path / "big.zip", {f"ada/{UNIT}.ipynb": "x" * 2000})
    with pytest.raises(CourseError, match="larger than"):
        gather(path, UNIT, tmp_path / "scratch")
    (tmp_path / "no.zip").write_bytes(io.BytesIO(b"nothing").read())
    with pytest.raises(CourseError, match="not a zip file"):
        gather(tmp_path / "no.zip", UNIT, tmp_path / "scratch")
    with pytest.raises(CourseError, match="There is no folder"):
        gather(tmp_path / "missing.zip", UNIT, tmp_path / "scratch")


def test_a_platforms_zip_is_graded_and_the_table_says_whose_is_which(tmp_path):
    room = classroom(tmp_path)
    files = {
        f"Doe Jane_102_assignsubmission_file_/{UNIT}.ipynb": NOTEBOOK,
        f"Roe Ric_103_assignsubmission_file_/{UNIT}.ipynb": nbformat.writes(released()),
        "readme.ipynb": NOTEBOOK,
    }
    path = zipped(tmp_path / "moodle.zip", files)
    results = {r.student: r for r in grade_class(room, UNIT, path, workers=1)}
    assert results["doe_jane"].points == points() + bonus() and results["roe_ric"].points == 0
    assert results["readme.ipynb"].problem == "is nobody's: its name tells no learner"
    said = report(room, UNIT, list(results.values()))
    assert f"its file: Doe Jane_102_assignsubmission_file_/{UNIT}.ipynb" in said
    again = {r.student: r for r in grade_class(room, UNIT, path, workers=1)}
    assert again["doe_jane"].seconds is None, "graded before, although it was unpacked anew"
    assert [p.name for p in (tmp_path / "reports").glob("*.tmp")] == []

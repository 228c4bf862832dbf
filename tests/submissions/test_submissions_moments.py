"""When something was handed in: what has one meaning counts, what has two is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from helpers.handed_in import BLANK, from_folder, from_zip, one, zip_bytes
from helpers.submissions import UNIT
from nbgrader.utils import parse_utc

from grader.submissions.moments import UnknownTimeError, instant, moment

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-01-30 22:15:00 UTC", "2026-01-30 22:15:00 UTC"),
        ("2026-01-30 22:15:00.123456 UTC\n", "2026-01-30 22:15:00.123456 UTC"),
        ("2026-01-30 22:15:00", "2026-01-30 22:15:00 UTC"),
        ("2026-01-30 22:15 UTC", "2026-01-30 22:15:00 UTC"),
        ("2026-01-30T22:15:00Z", "2026-01-30 22:15:00 UTC"),
        ("2026-01-30 22:15:00 GMT", "2026-01-30 22:15:00 UTC"),
        ("2026-01-30T22:15:00+01:00", "2026-01-30 21:15:00 UTC"),
        ("2026-01-30 22:15:00 +0100", "2026-01-30 21:15:00 UTC"),
        ("2026-01-30 16:30:00 -0800", "2026-01-31 00:30:00 UTC"),
        ("2026-01-30 22:15:00 UTC+05:30", "2026-01-30 16:45:00 UTC"),
        ("2026-07-30 22:15:00 Europe/Berlin", "2026-07-30 20:15:00 UTC"),
    ],
)
def test_a_time_with_one_meaning_counts_and_nbgrader_reads_the_same(text, meant):
    assert moment(text) == (meant, "")
    assert parse_utc(meant).replace(tzinfo=UTC) == instant(text)


@pytest.mark.parametrize(
    "zone", ["PST", "CET", "EST", "IST", "CST", "MEZ", "BST", "WAST", "A", "EST5EDT", "local", "+25:00"]
)
def test_a_zone_that_may_be_several_is_told(zone):
    text, note = moment(f"2026-01-30 16:30:00 {zone}")
    assert text == "" and note.startswith("Its timestamp.txt could not be read (") and zone in note


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("01/02/2026 10:00", "two readings"),
        ("1.2.2026", "two readings"),
        ("02-01-2026 10:00 UTC", "two readings"),
        ("2026-01-30T22:15:00", "names no zone"),
        ("2026-01-30 22:15", "names no zone"),
        ("the day before yesterday", "no time such as"),
        ("", "no time such as"),
        ("Jan 30, 2026 10:15 PM", "no time such as"),
        ("2026-02-30 10:00:00 UTC", "no such day"),
        ("2026-01-30 25:00:00 UTC", "no such day"),
        ("0001-01-01 00:00:00 +14:00", "no such day"),
        ("2026-10-25 02:30:00 Europe/Berlin", "clocks of Europe/Berlin"),
        ("2026-03-29 02:30:00 Europe/Berlin", "clocks of Europe/Berlin"),
        ("2026-01-30 22:15:00 ../../etc/localtime", "no one meaning"),
        ("2" * 100_000, "no time such as"),
        ("1769810100", "no time such as"),
    ],
)
def test_nothing_is_guessed(text, why):
    with pytest.raises(UnknownTimeError, match=why):
        instant(text)


def test_the_moment_is_one_whatever_the_machines_own_zone(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert instant("2026-01-30 22:15:00") == datetime(2026, 1, 30, 22, 15, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


STAMP = b"2026-01-30 22:15:00 UTC"


def test_the_timestamp_that_collecting_wrote_is_believed(tmp_path):
    nested = {f"ada/{UNIT}/{UNIT}.ipynb": BLANK, f"ada/{UNIT}/timestamp.txt": STAMP, f"ada/{UNIT}/img/plan.png": b"p"}
    for how in (from_folder, from_zip):
        ada = one(how(tmp_path / how.__name__, nested))
        assert ada.moment == (STAMP.decode(), "") and list(ada.beside) == ["img/plan.png"]
    flat = {f"ada/{UNIT}.ipynb": BLANK, "ada/timestamp.txt": STAMP.decode().encode("utf-16")}
    assert one(from_folder(tmp_path / "flat", flat)).moment.text == STAMP.decode()


@pytest.mark.parametrize(
    "files",
    [
        {
            f"Roe Max_102_assignsubmission_file_/{UNIT}.ipynb": BLANK,
            "Roe Max_102_assignsubmission_file_/timestamp.txt": STAMP,
        },
        {f"roemax_1_2_{UNIT}.ipynb": BLANK, "roemax_1_3_timestamp.txt": STAMP},
        {"max.zip": zip_bytes({f"{UNIT}.ipynb": BLANK, "timestamp.txt": STAMP})},
        {f"max/{UNIT}/hw.zip": zip_bytes({f"{UNIT}.ipynb": BLANK, "timestamp.txt": STAMP})},
        {f"max/mine/{UNIT}.ipynb": BLANK, "max/mine/timestamp.txt": STAMP},
    ],
    ids=["moodle", "canvas", "archive", "archive in a folder", "a folder of the learner's"],
)
def test_a_timestamp_that_the_learner_may_have_written_is_not_believed(tmp_path, files):
    submission = one(from_folder(tmp_path, files))
    assert submission.moment.text == "" and "learner's own file" in submission.moment.note
    assert "timestamp.txt" not in submission.beside


@pytest.mark.parametrize("data", [b"\x00" * 3000, b"\xff\xfe\xfd", b"x" * 10_000, b""])
def test_a_damaged_timestamp_is_told(tmp_path, data):
    files = {f"ada/{UNIT}/{UNIT}.ipynb": BLANK, f"ada/{UNIT}/timestamp.txt": data}
    told = one(from_folder(tmp_path, files)).moment
    assert told.text == "" and "timestamp.txt could not be read" in told.note

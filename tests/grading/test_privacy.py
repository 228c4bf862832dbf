"""On a machine with many users nobody reads another's work: modes of what grading, nbgrader and older versions make."""

from __future__ import annotations

import csv
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from helpers.course import ROOT
from helpers.submissions import UNIT, answered, bonus, classroom, course_copy, points

from course_lib.commands.doctor import OK, WARNING, check_private_files
from course_lib.private_files import exposed, make_private, open_private, write_private
from grader.commands.demo import DUE
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class
from grader.grading.journal import RunJournal
from grader.pages.plain_cells import from_cell
from grader.reports.summary import report
from grader.submissions.samples import hand_in

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
FOLDERS = ("submitted", "autograded", "feedback", "reports")
SECRET = ("gradebook.db", "gradebook.secret")
STUDENT = "=ada, the +1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_mask():
    """A umask that closes nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_folder(name: str) -> Path:
    """A folder that everybody may enter, as a course's may be; pytest closes its own again and again."""
    folder = Path(tempfile.mkdtemp(prefix=f"course-{name}-"))
    folder.chmod(0o777)
    return folder


@pytest.fixture(scope="module")
def graded():
    """A class of one in an open folder, graded by the command's way under a umask that closes nothing."""
    before = os.umask(0)
    try:
        room = classroom(open_folder("open"))
        hand_in(answered({}), room.root / "submitted", STUDENT, UNIT)
        (room.root / "feedback").mkdir(mode=0o777)  # as an older version left it
        report(room, UNIT, grade_class(room, UNIT, room.root / "submitted", workers=1))
    finally:
        os.umask(before)
    yield room
    shutil.rmtree(room.root)


def test_what_grading_makes_is_closed_whatever_the_umask(graded):
    assert {name: mode(graded.root / name) for name in FOLDERS} == dict.fromkeys(FOLDERS, 0o700)
    assert {name: mode(graded.root / name) for name in SECRET} == dict.fromkeys(SECRET, 0o600)
    for path in (graded.root / "reports").iterdir():
        assert not mode(path) & 0o077 or path.name == ".gitignore", path
    assert exposed(graded.root) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_reads_none_of_it(graded):
    paths = [*(graded.root / name for name in (*FOLDERS, *SECRET)), *graded.root.glob("*/*/*/*.*")]
    assert len(paths) > 8
    lists = (
        "import os, sys\nos.setgid(65534); os.setuid(65534)\n"
        "assert os.listdir(sys.argv[1])\n"
        "for path in sys.argv[2:]:\n"
        "    try:\n"
        "        os.listdir(path) if os.path.isdir(path) else open(path).close()\n"
        "    except PermissionError:\n"
        "        continue\n"
        "    print(path)\n"
    )
    command = ["/proc/self/exe", "-I", "-S", "-c", lists, str(graded.root), *map(str, paths)]
    done = subprocess.run(command, executable=sys.executable, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_a_page_can_still_be_handed_back(graded):
    page = next(graded.root.glob(f"feedback/*/{UNIT}/{UNIT}.html"))
    assert mode(page) & 0o444 == 0o444  # nbgrader's release_feedback copies it with its mode into the exchange


def nbgrader(course: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    subprocess.run(command, cwd=course, check=True, capture_output=True, umask=0)


@pytest.fixture(scope="module")
def by_nbgrader():
    """The same by nbgrader's own commands, each a process of its own, and what they export."""
    course = course_copy(open_folder("stock") / "course")
    hand_in(answered({}), course / "submitted", "ada", UNIT, DUE)
    (course / "submitted" / "ada" / UNIT / "submission_secret.txt").write_text("a secret of the learner's", "ascii")
    (course / "submitted").chmod(0o777)
    nbgrader(course, "generate_assignment", UNIT)
    nbgrader(course, "autograde", UNIT)
    nbgrader(course, "generate_feedback", UNIT)
    exchange = course.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    nbgrader(course, "release_feedback", UNIT, "--course=deep", f"--Exchange.root={exchange}")
    nbgrader(course, "db", "student", "add", STUDENT, "--last-name==1+1,x", "--first-name=Ada\nEve")
    nbgrader(course, "export")
    yield course
    shutil.rmtree(course.parent)


def test_what_nbgraders_own_commands_make_is_closed_too(by_nbgrader):
    assert {name: mode(by_nbgrader / name) for name in FOLDERS[:3]} == dict.fromkeys(FOLDERS[:3], 0o700)
    assert {name: mode(by_nbgrader / name) for name in SECRET} == dict.fromkeys(SECRET, 0o600)
    assert mode(by_nbgrader / "grades.csv") == 0o600
    assert (by_nbgrader / "feedback" / "ada" / UNIT / f"{UNIT}.html").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_page_that_nbgrader_releases_is_its_learners_to_read(by_nbgrader):
    (page,) = (by_nbgrader.parent / "exchange").rglob("*.html")
    reads = "import os, sys\nos.setgid(65534); os.setuid(65534)\nprint(len(open(sys.argv[1]).read()))"
    command = [sys.executable, "-I", "-S", "-c", reads, str(page)]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) > 10_000


def test_what_nbgrader_exports_is_text_for_a_spreadsheet_and_all_there(by_nbgrader):
    with (by_nbgrader / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {from_cell(row["student_id"]): row for row in csv.DictReader(file)}
    assert set(rows) == {"ada", STUDENT}
    assert float(rows["ada"]["score"]) == points() + bonus() and float(rows[STUDENT]["score"]) == 0
    assert rows[STUDENT]["last_name"].startswith("'=") and from_cell(rows[STUDENT]["first_name"]) == "Ada\nEve"
    assert len((by_nbgrader / "grades.csv").read_text(encoding="utf-8-sig").splitlines()) == 3


@pytest.mark.fast
def test_what_an_older_version_left_open_is_closed_with_the_next_run(tmp_path, open_mask):
    for name in FOLDERS:
        (tmp_path / name).mkdir(mode=0o755)
    for name in (*SECRET, "gradebook.db.2026-01-01.bak", "grades.csv", ".nbgrader.log"):
        (tmp_path / name).write_text("0" * 64)
    assert len(exposed(tmp_path)) == 9
    assert RunJournal(Classroom(tmp_path), UNIT).left_open == [] and exposed(tmp_path) == []


@pytest.mark.fast
def test_what_cannot_be_closed_is_said(tmp_path, monkeypatch, open_mask):
    (tmp_path / "gradebook.db").write_text("")

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    journal = RunJournal(Classroom(tmp_path), UNIT)
    assert tmp_path / "gradebook.db" in journal.left_open


@pytest.mark.fast
@pytest.mark.needs("chmod")
def test_the_doctor_says_what_others_can_read_and_how_to_close_it(tmp_path, open_mask):
    assert check_private_files(tmp_path) == []
    root = tmp_path / "a course (2)"
    (root / "submitted").mkdir(parents=True)
    (root / "gradebook.db").write_text("")
    (found,) = check_private_files(root)
    assert found.status == WARNING and "submitted (777), gradebook.db (666)" in found.what
    commands = found.remedy.partition("or now: ")[2].partition(". Where")[0]
    subprocess.run(commands, shell=True, check=True)
    assert [found.status for found in check_private_files(root)] == [OK]
    assert (mode(root / "submitted"), mode(root / "gradebook.db")) == (0o700, 0o600)


@pytest.mark.fast
@pytest.mark.parametrize("told", ["by its configuration", "by its folders"])
def test_a_class_that_a_group_shares_stays_the_groups(tmp_path, open_mask, told):
    if told == "by its folders":
        tmp_path.chmod(0o2775)
    else:
        (tmp_path / "nbgrader_config.py").write_text(
            (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + "\nc.CourseDirectory.groupshared = True\n",
            encoding="utf-8",
        )
    (tmp_path / "submitted").mkdir(mode=0o775)
    room = Classroom(tmp_path)
    room.config()
    with room.gradebook():
        pass
    journal = RunJournal(room, UNIT)
    journal.keep_log("ada", "log")
    assert mode(tmp_path / "gradebook.db") == 0o660
    assert {mode(tmp_path / name) & 0o777 for name in FOLDERS} <= {0o770, 0o775 & 0o770}
    assert mode(tmp_path / "reports" / f"{UNIT}.ada.log") == 0o660


@pytest.mark.fast
def test_a_private_file_is_closed_before_anything_is_in_it(tmp_path, open_mask):
    (tmp_path / "old").write_text("what was there")
    for name in ("old", "new"):
        with open_private(tmp_path / name) as file:
            assert mode(tmp_path / name) == 0o600 and (tmp_path / name).read_text() == ""
            file.write("é")
        assert (tmp_path / name).read_bytes() == "é".encode()
    make_private(tmp_path / "folder")
    assert mode(tmp_path / "folder") == 0o700
    write_private(tmp_path / "group", "", shared=True)
    assert mode(tmp_path / "group") == 0o660


@pytest.mark.fast
def test_a_folder_that_only_passes_on_its_group_is_nobodys_but_its_owners(tmp_path, open_mask):
    tmp_path.chmod(0o2755)  # as home folders on many servers
    (tmp_path / "submitted").mkdir(mode=0o755)
    RunJournal(Classroom(tmp_path), UNIT)
    assert mode(tmp_path / "submitted") & 0o777 == 0o700


@pytest.mark.fast
def test_a_configuration_never_closes_the_folder_above_the_class(tmp_path, open_mask):
    tmp_path.chmod(0o755)
    assert exposed(tmp_path / "class", also=[tmp_path, tmp_path / "class"]) == []


def test_a_later_run_of_some_keeps_everyone_in_the_table(graded, tmp_path):
    hand_in(answered({}), tmp_path / "late", "zoe", UNIT)
    results = grade_class(graded, UNIT, tmp_path / "late", workers=1)
    said = report(graded, UNIT, results)
    assert "with 1 of earlier runs" in said and STUDENT not in said
    table = graded.root / "reports" / f"{UNIT}.csv"

    def rows():
        with table.open(encoding="utf-8-sig", newline="") as file:
            return {from_cell(row["student"]): row for row in csv.DictReader(file)}

    found = rows()
    assert {student: row["this_run"] for student, row in found.items()} == {"zoe": "yes", STUDENT: "no"}
    assert found[STUDENT]["points"] == found["zoe"]["points"] == str(points() + bonus())
    report(graded, UNIT, results, only_this_run=True)
    assert set(rows()) == {"zoe"}


@pytest.mark.needs("git")
def test_git_ignores_all_that_commands_write_by_default(graded, by_nbgrader, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text(encoding="utf-8"), encoding="utf-8")
    names = ["grades.csv", "gradebook.db", "gradebook.db-journal", "gradebook.secret", ".nbgrader.log"]
    written = [path.name for root in (graded.root, by_nbgrader) for path in root.iterdir()]
    ours = [
        name for name in (*names, *FOLDERS, *written) if name not in ("solutions", "notebooks", "nbgrader_config.py")
    ]
    for name in ours:
        path = tmp_path / name
        path.mkdir() if name in FOLDERS else path.write_text("")
        asked = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", "-q", name])
        assert asked.returncode == 0, name
        path.rmdir() if name in FOLDERS else path.unlink()

"""A gradebook on a real PostgreSQL server, by nbgrader's `db_url`: the rows are those of one in a file."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from helpers import needs
from helpers.submissions import UNIT, classroom
from sqlalchemy import create_engine, text
from test_engine import ROWS, by_nbgrader, prepared, rows

from course_lib.errors import CourseError
from grader.grading.classroom import Classroom
from grader.grading.grade_class import grade_class

FEW = ("finn_late",)
"""Those whom stock nbgrader grades, too: it takes its time. Points, bonus, a penalty: every table has its rows."""
LEFT_OUT = ("ben_half_right", "cleo_known_wrong", "eve_crashing", "gita_damaged", "tom_tampered")
STUDENTS = 3
"""Who is left and can be graded: ada_right, dan_empty, finn_late."""
PLAIN_USER = "nobody"  # PostgreSQL refuses root


class Server:
    """A server in a temporary folder that listens on a Unix socket only."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most 107 bytes
        self.user = PLAIN_USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.run("initdb", "--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8", "-D", self.data)
        options = f"-c listen_addresses='' -c fsync=off -k {self.folder}"
        self.run("pg_ctl", "-w", "-D", self.data, "-o", options, "-l", str(self.folder / "log"), "start")

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def run(self, program: str, *arguments: str) -> None:
        other = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid} if os.geteuid() == 0 else {}
        command = [find(program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **other)

    def database(self, name: str) -> str:
        """The address of a new, empty database."""
        self.run("createdb", "-h", str(self.folder), name)
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"

    def close(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


def find(program: str) -> str:
    """A program of PostgreSQL's server."""
    found = needs.postgres(program)
    assert found is not None, f"a server without {program}"
    return found


@pytest.fixture(scope="module")
def server():
    needs.program("postgres")
    started = Server()
    yield started
    started.close()


def on_server(root, url):
    """The sample class with its gradebook at `url`."""
    return prepared(root, settings(url), LEFT_OUT)


def settings(url):
    return f'\nc.CourseDirectory.db_url = {url!r}\nc.CourseDirectory.course_id = "optimization"\n'


def rows_at(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: [tuple(row) for row in connection.execute(text(query))] for name, query in ROWS.items()}
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def three(server, tmp_path_factory):
    """The same class three times: the command into a file, the command on the server, stock nbgrader on the server."""
    urls = [server.database(name) for name in ("engine", "stock")]
    file = prepared(tmp_path_factory.mktemp("file"), without=LEFT_OUT)
    engine, stock = (on_server(tmp_path_factory.mktemp("room"), url) for url in urls)
    for room in (file, engine):
        grade_class(room, UNIT, room.root / "submitted", workers=1)
    by_nbgrader(stock, FEW)
    return file, engine, [rows(file), *map(rows_at, urls)]


def comparable(table):
    """Rows as both databases would write them: SQLite has 0 for false, 1 for 1.0, and times as text."""
    return sorted(str(tuple(map(_comparable, row))) for row in table)


def _comparable(value):
    if isinstance(value, int | float):
        return float(value)
    return value if value is None else str(value).removesuffix(".000000")


@pytest.mark.parametrize("table", ROWS)
def test_the_rows_on_the_server_are_those_in_the_file(three, table):
    _, _, (file, engine, stock) = three
    assert len(file[table]) >= STUDENTS
    assert comparable(engine[table]) == comparable(file[table])
    few = [row for row in file[table] if row[0] in FEW]
    assert comparable(stock[table]) == comparable(few) and len(few) >= len(FEW)


def test_pages_and_results_are_the_same_and_a_second_run_grades_nothing(three):
    file, engine, _ = three
    one, other = (grade_class(room, UNIT, room.root / "submitted", workers=1) for room in (file, engine))
    assert [(r.student, r.points, r.penalty, r.checks) for r in one] == [
        (r.student, r.points, r.penalty, r.checks) for r in other
    ]
    assert all(result.seconds is None for result in other)
    pages = [
        {p.relative_to(r.root): p.read_bytes() for p in (r.root / "feedback").rglob("*.html")} for r in (file, engine)
    ]
    assert pages[0] == pages[1] and len(pages[0]) == len([r for r in one if r.handed_in])
    assert len([r for r in one if r.points is not None]) == STUDENTS


def test_no_file_is_made_for_it_and_the_secret_lies_in_the_courses_folder(three):
    _, engine, _ = three
    assert not (engine.root / "gradebook.db").exists()
    assert (engine.root / "gradebook.secret").is_file()


def unreachable(root, url):
    room = classroom(root)
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(settings(url))
    return Classroom(root, room.unsandboxed)


@pytest.mark.fast
def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path):
    room = unreachable(tmp_path, f"postgresql+psycopg://teacher:hunter2@/course?host={tmp_path}")
    with pytest.raises(CourseError, match="gradebook's server cannot be used: .*Nothing was graded") as caught:
        grade_class(room, UNIT, tmp_path / "submitted")
    assert "hunter2" not in str(caught.value)


@pytest.mark.fast
def test_a_missing_driver_is_said_with_the_way_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    room = unreachable(tmp_path, "postgresql+psycopg://teacher@host/course")
    with pytest.raises(CourseError, match=r'driver psycopg.*pip install -e "\.\[postgres\]"'):
        room.require_gradebook()


@pytest.mark.fast
def test_a_course_without_a_name_is_told_to_take_one(tmp_path):
    room = unreachable(tmp_path, "postgresql+psycopg://teacher@host/course")
    with (tmp_path / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.CourseDirectory.course_id = ""\n')
    with pytest.raises(CourseError, match="needs a name for the course"):
        room.require_gradebook()

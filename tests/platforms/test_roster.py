"""`./course roster import`: a platform's file into the gradebook, in any encoding, with nobody guessed or removed."""

from __future__ import annotations

import codecs

import pytest
from helpers.fake_class import fake_class
from helpers.platform_files import BLACKBOARD, BRIGHTSPACE, CANVAS, MOODLE, OWN, UNIT, WORKSHEET, imported, written

from course_lib.errors import CourseError
from grader.class_list import Enrolled
from grader.commands import roster as command
from grader.grading.alone import alone
from grader.platforms.formats import people, recognise
from grader.platforms.roster import changed_class_list, class_list, learners_of, plan_import
from grader.platforms.tables import read_table

pytestmark = pytest.mark.fast
FILES = {
    "canvas": CANVAS,
    "moodle": MOODLE,
    "moodle worksheet": WORKSHEET,
    "blackboard": BLACKBOARD,
    "brightspace": BRIGHTSPACE,
    "csv": OWN,
}
ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 without a mark": lambda text: text.encode("utf-16-le"),
    "cp1252": lambda text: text.replace("\n", "\r\n").encode("cp1252"),
}


def learners(room):
    with room.gradebook() as gradebook:
        return {one.student: one for one in learners_of(gradebook, class_list(room))}


@pytest.mark.parametrize("platform", FILES)
def test_a_platforms_file_is_known_by_its_headings_and_fills_the_gradebook(platform, tmp_path):
    room = fake_class(tmp_path, {})
    plan = imported(room, written(tmp_path, FILES[platform]))
    assert plan.form.platform == platform and not plan.problems
    names = {(one.first, one.last) for one in learners(room).values()}
    whole = platform == "moodle worksheet"  # it does not say which part is which
    assert names == ({("", "Jane Doe"), ("", "Ämne Öztürk")} if whole else {("Jane", "Doe"), ("Ämne", "Öztürk")})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_names_are_read_in_any_encoding(encoding, tmp_path):
    table = read_table(written(tmp_path, ENCODINGS[encoding](CANVAS)))
    persons, told = people(table, recognise(table))
    assert [person.name for person in persons] == ["Jane Doe", "Ämne Öztürk"] and not told
    assert persons[1].section == "Group A, and B"
    assert ("Windows-1252" in table.note) == (encoding == "cp1252")


def test_semicolons_separate_as_well(tmp_path):
    table = read_table(written(tmp_path, OWN.replace(",", ";")))
    assert table.headings[:2] == ("student", "first_name")


def test_an_import_shows_what_changes_and_writes_only_when_told(tmp_path, monkeypatch, capsys):
    room = fake_class(tmp_path, {UNIT: {"jdoe": 20, "zoe": 3}})
    monkeypatch.setattr(command, "course_root", lambda: tmp_path)
    path = written(tmp_path, CANVAS)
    assert command.main("import", [str(path)]) == 0
    said = capsys.readouterr().out
    assert "1 new, 1 changed" in said and "first name none → Jane" in said and "they stay): zoe" in said
    assert "Nothing is written yet" in said and learners(room)["jdoe"].first == ""
    assert command.main("import", [str(path)], yes=True) == 0
    found = learners(room)
    assert set(found) == {"jdoe", "aoz", "zoe"} and found["jdoe"].lms_id == "Canvas:4001"
    assert found["jdoe"].enrolled.section == "Group A" and found["zoe"].first == ""
    capsys.readouterr()
    assert command.main("import", [str(path)], yes=True) == 0
    assert "0 new, 0 changed, 2 as they are" in capsys.readouterr().out


def test_two_platforms_one_after_the_other_are_one_class(tmp_path):
    room = fake_class(tmp_path, {})
    for text in (CANVAS, BRIGHTSPACE, MOODLE, BLACKBOARD, WORKSHEET):
        assert not imported(room, written(tmp_path, text)).problems
    found = learners(room)
    assert set(found) == {"jdoe", "aoz"}
    assert found["jdoe"].email == "jane@example.org" and found["jdoe"].enrolled.group == "Team 1"


def test_two_of_one_name_get_ids_of_their_own_and_one_name_for_two_is_refused(tmp_path):
    room = fake_class(tmp_path, {})
    two = "First name,Last name,ID number,Email address\nJane,Doe,900,a@x.org\nJane,Doe,901,b@x.org\n"
    imported(room, written(tmp_path, two))
    assert set(learners(room)) == {"jane_doe_900", "jane_doe_901"}
    nameless = "First name,Last name,ID number,Email address\nJane,Doe,,\n"
    plan = plan_import(room, written(tmp_path, nameless))
    assert not plan.changes and all("same name" in sentence for sentence in plan.problems) and plan.problems


def test_an_id_goes_before_an_address_and_an_address_before_a_name(tmp_path):
    room = fake_class(tmp_path, {})
    first = "First name,Last name,ID number,Email address\nJane,Doe,900,jane@x.org\nJohn,Roe,901,john@x.org\n"
    imported(room, written(tmp_path, first))
    crossed = "First name,Last name,ID number,Email address\nJohn,Roe,900,john@x.org\n"
    (change,) = plan_import(room, written(tmp_path, crossed)).changes
    assert change.after.student == "jane_doe" and "last name Doe → Roe" in change.differences


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b",,,\n,,\n", "no line with anything in it"),
        (b"PK\x03\x04" + b"0" * 40, "save it as CSV"),
        (b"<html><body>Please log in</body></html>", "a web page"),
        (b"a,b,c\n1,2,3\n", "no roster that is known here"),
        (CANVAS.encode()[:-60] + b'"Half', "cut short"),
        ("Student;ID\n".encode("utf-16")[:-1], "breaks off"),
    ],
)
def test_what_is_no_roster_is_said_in_a_sentence(text, says, tmp_path):
    room = fake_class(tmp_path, {})
    with pytest.raises(CourseError, match=says):
        plan_import(room, written(tmp_path, text))


def test_lines_that_cannot_be_taken_are_told_and_the_rest_goes_on(tmp_path):
    room = fake_class(tmp_path, {})
    odd = OWN + "jdoe,Jane,Doe,,A,\n../etc,Eve,L,,,\nshort,Line\n" + f"long,{'x' * 200},L,,,\n,,,,B,\n"
    plan = plan_import(room, written(tmp_path, odd))
    assert [change.after.student for change in plan.changes] == ["jdoe", "aoz"]
    told = " ".join(plan.problems)
    for words in ("line 4 has the login of line 2", "2 cells where", "more than 128", "names nobody", "../etc"):
        assert words in told, words


def test_a_wrong_platform_and_a_missing_file_are_told(tmp_path):
    room = fake_class(tmp_path, {})
    with pytest.raises(CourseError, match="is Canvas' gradebook, and not Moodle's"):
        plan_import(room, written(tmp_path, CANVAS), "moodle")
    with pytest.raises(CourseError, match="There is no file"):
        plan_import(room, tmp_path / "nowhere.csv")
    with pytest.raises(CourseError, match="is a folder"):
        plan_import(room, tmp_path)


def test_the_class_list_is_closed_to_others_and_a_damaged_one_is_told(tmp_path):
    room = fake_class(tmp_path, {})
    imported(room, written(tmp_path, CANVAS))
    path = tmp_path / "gradebook.classlist.json"
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('{"learners": {"jdoe"', encoding="utf-8")
    with pytest.raises(CourseError, match="is damaged"):
        class_list(room)


def test_two_commands_do_not_undo_each_others_changes(tmp_path):
    room = fake_class(tmp_path, {})
    with changed_class_list(room) as known:
        known.learners["zoe"] = Enrolled(section="a")
        with pytest.raises(CourseError, match="changes the class list already"):
            imported(room, written(tmp_path, CANVAS))
    assert list(class_list(room).learners) == ["zoe"]
    imported(room, written(tmp_path, CANVAS))
    assert {"zoe", "jdoe"} <= set(class_list(room).learners)


@pytest.mark.parametrize("shared", [False, True])
def test_the_lock_is_for_those_who_share_the_class(shared, tmp_path):
    lock = tmp_path / "class.lock"
    with alone(lock, "works", shared):
        assert lock.stat().st_mode & 0o077 == (0o060 if shared else 0)
    lock.unlink()
    lock.mkdir()
    with pytest.raises(CourseError, match="nothing was begun"), alone(lock, "works", shared):
        pass

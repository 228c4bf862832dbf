"""`./course export`: a platform's own file with the grades in it, everybody accounted for, and read back as written."""

from __future__ import annotations

import csv
import io

import pytest
from helpers.fake_class import fake_class
from helpers.platform_files import BLACKBOARD, BRIGHTSPACE, CANVAS, MOODLE, UNIT, WORKSHEET, imported, written

from course_lib.errors import CourseError
from grader.commands import export as command
from grader.pages.plain_cells import from_cell
from grader.platforms.export import export, number
from grader.platforms.formats import people, recognise
from grader.platforms.roster import plan_import
from grader.platforms.scores import read_scores
from grader.platforms.tables import read_table

pytestmark = pytest.mark.fast
OTHER = "03_sgd"
FILES = {
    "canvas": (CANVAS, "Unit 02 (77)"),
    "moodle": (MOODLE, "Assignment: Unit 02 (Real)"),
    "worksheet": (WORKSHEET, "Grade"),
    "blackboard": (BLACKBOARD.encode("utf-16"), "02 Gradient descent [Total Pts: 28 Score] |123456"),
    "brightspace": (BRIGHTSPACE, "02 gradient descent Points Grade <Numeric MaxPoints:28>"),
}


def a_class(folder, points, roster=CANVAS, **options):
    room = fake_class(folder, {UNIT: points}, **options)
    if roster:
        imported(room, written(folder, roster))
    return room


def back(folder, made):
    return read_table(written(folder, made.data, f"made.{made.suffix}"))


@pytest.mark.parametrize("kind", FILES)
def test_what_is_exported_is_the_platforms_own_form_and_reads_back_the_same(kind, tmp_path):
    text, heading = FILES[kind]
    platform = "moodle" if kind == "worksheet" else kind
    room = a_class(tmp_path, {"jdoe": 21.5})
    roster = written(tmp_path, text)
    made = export(read_scores(room, [UNIT]), platform, roster)
    assert made.written == 1 and not made.problems and made.ungraded == ["aoz"]
    assert made.complete
    table = back(tmp_path, made)
    persons, told = people(table, recognise(table, platform))
    before, _ = people(read_table(roster), recognise(read_table(roster), platform))
    ids = [(p.own_id, p.login, p.number) for p in before]
    assert not told and [(p.own_id, p.login, p.number) for p in persons] == (ids if kind == "worksheet" else ids[:1])
    place = table.headings.index(heading)
    assert [p.cells[place] for p in persons][0] == "21.5"


def test_canvas_gets_its_points_possible_line_and_all_its_ids(tmp_path):
    room = a_class(tmp_path, {"jdoe": 21.5, "aoz": 28})
    made = export(read_scores(room, [UNIT]), "canvas", written(tmp_path, CANVAS))
    assert list(csv.reader(io.StringIO(made.data.decode()))) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Unit 02 (77)"],
        ["    Points Possible", "", "", "", "", "28"],
        ["Doe, Jane", "4001", "900", "jdoe", "Group A", "21.5"],
        ["Öztürk, Ämne", "4002", "901", "aoz", "Group A, and B", "28"],
    ]


def test_blackboard_gets_tabs_in_utf_16_and_brightspace_its_line_ends(tmp_path):
    room = a_class(tmp_path, {"jdoe": 7})
    made = export(read_scores(room, [UNIT]), "blackboard", written(tmp_path, BLACKBOARD))
    assert made.data[:2] == b"\xff\xfe" and made.suffix == "xls"
    lines = made.data.decode("utf-16").splitlines()
    assert lines[1] == '"Doe"\t"Jane"\t"jdoe"\t"900"\t"7"'
    made = export(read_scores(room, [UNIT]), "brightspace", written(tmp_path, BRIGHTSPACE))
    head, line = made.data.decode().splitlines()
    assert line == "#900,#jdoe,7,#" and head.endswith(",End-of-Line Indicator") and "Last Name" not in head


def test_a_worksheet_keeps_every_cell_but_the_grade(tmp_path):
    room = a_class(tmp_path, {"jdoe": 21.5})
    text = WORKSHEET.replace("-,\n", '-,"=a teacher\'s own\nwords"\n', 1)
    path = written(tmp_path, text)
    made = export(read_scores(room, [UNIT]), "moodle", path)
    before, after = read_table(path), back(tmp_path, made)
    place = before.column("grade")
    assert after.headings == before.headings
    for (_, old), (_, new) in zip(before.rows, after.rows, strict=True):
        assert old[:place] + old[place + 1 :] == new[:place] + new[place + 1 :]
    assert [cells[place] for _, cells in after.rows] == ["21.5", ""]


def test_another_maximum_is_refused_unless_it_is_to_be_scaled(tmp_path):
    room = a_class(tmp_path, {"jdoe": 21})
    path = written(tmp_path, WORKSHEET.replace("28.00", "100,00").replace(",100,00,", ',"100,00",'))
    with pytest.raises(CourseError, match="maximum in Moodle is 100"):
        export(read_scores(room, [UNIT]), "moodle", path)
    made = export(read_scores(room, [UNIT]), "moodle", path, scale=True)
    assert "75" in made.data.decode()
    canvas = written(tmp_path, CANVAS.replace("28.00", "100.00"))
    assert "gives 100 points" in export(read_scores(room, [UNIT]), "canvas", canvas).problems[0]


def test_who_does_not_match_is_listed_on_both_sides_and_the_status_says_so(tmp_path, monkeypatch, capsys):
    room = a_class(tmp_path, {"jdoe": 3, "nobody_there": 5}, roster="")
    monkeypatch.setattr(command, "course_root", lambda: room.root)
    assert command.main("canvas", ["02"], roster=written(tmp_path, CANVAS)) == 1
    said = capsys.readouterr().out
    assert "nobody_there" in said.split("nobody at the platform")[1].split("At the platform")[0]
    assert "Ämne Öztürk" in said.split("nobody in the gradebook")[1]
    path = tmp_path / "reports" / "02.canvas.csv"
    assert path.is_file() and path.stat().st_mode & 0o077 == 0
    imported(room, written(tmp_path, CANVAS))
    with room.gradebook() as gradebook:
        gradebook.remove_student("nobody_there")
    assert command.main("canvas", ["02"], roster=written(tmp_path, CANVAS)) == 0


def test_a_name_that_two_have_is_refused(tmp_path):
    room = a_class(tmp_path, {"jane_doe": 3}, roster="")
    two = "First name,Last name,ID number,Email address\nJane,Doe,900,a@x.org\nJane,Doe,901,b@x.org\n"
    made = export(read_scores(room, [UNIT]), "moodle", written(tmp_path, two))
    assert made.written == 0 and "same name as Jane Doe (line 2) and Jane Doe (line 3)" in made.matching.refused[0]
    assert not made.complete


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+1", "-Ann", "@sum", "'quoted", "a, =b", "\t=x", "Ann\n=x"]
)
def test_a_name_that_a_spreadsheet_would_compute_is_guarded_and_read_back(name, tmp_path):
    room = a_class(tmp_path, {"jdoe": 3}, roster="")
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["Student", "ID", "SIS Login ID", "Section"], [name, "4001", "jdoe", "A"]])
    made = export(read_scores(room, [UNIT]), "canvas", written(tmp_path, out.getvalue()))
    cell = list(csv.reader(io.StringIO(made.data.decode())))[2][0]
    assert cell.lstrip()[0] not in "=+-@" and ", =" not in cell and from_cell(cell) == name
    imported(room, written(tmp_path, made.data))
    assert plan_import(room, written(tmp_path, made.data)).changes == []


def test_an_id_that_a_spreadsheet_would_compute_goes_to_a_person(tmp_path):
    room = a_class(tmp_path, {"jdoe": 3}, roster="")
    odd = "OrgDefinedId,Username,Email,End-of-Line Indicator\n=1+1,jdoe,,#\n"
    made = export(read_scores(room, [UNIT]), "brightspace", written(tmp_path, odd))
    assert made.written == 0 and "computed by a spreadsheet" in made.problems[0] and b"=1" not in made.data


def test_penalties_are_taken_off_and_no_grade_falls_below_zero(tmp_path):
    room = a_class(tmp_path, {"jdoe": 20, "aoz": 5})
    with room.gradebook() as gradebook:
        gradebook.find_submission(UNIT, "jdoe").notebooks[0].late_submission_penalty = 4.5
        gradebook.find_submission(UNIT, "aoz").notebooks[0].late_submission_penalty = 50
        gradebook.db.commit()
    scores = read_scores(room, [UNIT])
    assert {student: those[UNIT].points for student, those in scores.of.items()} == {"jdoe": 15.5, "aoz": 0}


def test_several_units_and_a_column_that_is_not_there_yet(tmp_path):
    room = fake_class(tmp_path, {UNIT: {"jdoe": 20}, OTHER: {"aoz": 11}})
    imported(room, written(tmp_path, CANVAS.replace("Group A,,", "Group A,9,")))
    made = export(read_scores(room, [UNIT, OTHER]), "canvas", written(tmp_path, CANVAS))
    rows = list(csv.reader(io.StringIO(made.data.decode())))
    assert rows[0][-2:] == ["Unit 02 (77)", OTHER] and [row[-2:] for row in rows[2:]] == [["20", ""], ["", "11"]]
    assert any("no column for 03_sgd" in note for note in made.notes) and made.complete
    two = CANVAS.replace("Unit 02 (77)", "Unit 02 (77),Gradient descent (78)").replace("28.00", "28.00,1")
    two = two.replace("A,,", "A,,,").replace('B",,', 'B",,,')
    with pytest.raises(CourseError, match="Several columns"):
        export(read_scores(room, [UNIT]), "canvas", written(tmp_path, two))


@pytest.mark.parametrize("platform", ["canvas", "blackboard", "moodle", "brightspace"])
def test_an_imported_roster_serves_without_a_file(platform, tmp_path):
    room = a_class(tmp_path, {"jdoe": 20})
    for text in (BRIGHTSPACE, BLACKBOARD):
        imported(room, written(tmp_path, text))
    made = export(read_scores(room, [UNIT]), platform)
    assert made.written == 1 and made.complete
    table = back(tmp_path, made)
    persons, _ = people(table, recognise(table, platform))
    assert "20" in persons[0].cells


def test_without_any_id_of_the_platform_the_way_is_said(tmp_path):
    room = a_class(tmp_path, {"jdoe": 20}, roster="")
    with pytest.raises(CourseError, match="--roster FILE"):
        export(read_scores(room, [UNIT]), "canvas")
    with pytest.raises(CourseError, match=r"run \./course grade 03_sgd first"):
        read_scores(room, [OTHER])


def test_a_plain_table_has_everybody(tmp_path):
    room = a_class(tmp_path, {"jdoe": 20, "zoe": 1})
    rows = list(csv.DictReader(io.StringIO(export(read_scores(room, [UNIT]), "csv").data.decode("utf-8-sig"))))
    assert [(row["student"], row[UNIT]) for row in rows] == [("aoz", ""), ("jdoe", "20"), ("zoe", "1")]


def test_the_rosters_own_file_is_never_written_over(tmp_path, monkeypatch):
    room = a_class(tmp_path, {"jdoe": 20})
    monkeypatch.setattr(command, "course_root", lambda: room.root)
    path = written(tmp_path, CANVAS)
    with pytest.raises(CourseError, match="name another one with --to"):
        command.main("canvas", ["02"], roster=path, to=path)
    assert path.read_text(encoding="utf-8") == CANVAS


def test_numbers_are_short():
    assert [number(value) for value in (21.0, 21.5, 1 / 3, 0.0)] == ["21", "21.5", "0.33", "0"]

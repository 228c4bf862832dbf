"""Whose a file is: each platform's own names, ids that stay the same, and nobody who speaks for another."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import pytest
from helpers.course import ROOT
from helpers.handed_in import BLANK, DATED, RIGHT, from_folder, from_zip, one, tagged, words, zip_bytes
from helpers.submissions import UNIT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grader.submissions import platforms
from grader.submissions.identity import Owner, identify, slug
from grader.submissions.platforms import ADAPTERS, LATE, Platforms, table

pytestmark = pytest.mark.fast
BEGIN, END = "<!-- begin platforms -->", "<!-- end platforms -->"
MOODLE = "_assignsubmission_file_"


def ids(found):
    return [submission.student for submission in found.submissions]


# ---- The table in the documentation ----------------------------------------------------------------------------------


def test_the_documentation_has_the_table_that_the_adapters_make():
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table(), "run: python -m grader.submissions.platforms, which writes it into docs/instructors.md"


@pytest.mark.parametrize("kind", ADAPTERS, ids=lambda kind: kind.title)
def test_the_examples_in_the_table_are_true(kind, tmp_path):
    assert kind.examples and kind.takes
    for number, (name, student) in enumerate(kind.examples.items()):
        name = name.replace(platforms.UNIT, UNIT)
        files = {name: zip_bytes({f"{UNIT}.ipynb": RIGHT}) if name.endswith(".zip") else RIGHT}
        if kind is platforms.Gradescope:
            files["submission_metadata.yml"] = METADATA.encode()
        found = from_folder(tmp_path / str(number), files)
        assert (ids(found), found.unknown) == ([student], {})
        assert found.submissions[0].notebook.read_bytes() == RIGHT


# ---- Moodle ----------------------------------------------------------------------------------------------------------


def test_moodles_names_keep_letters_of_every_script(tmp_path):
    names = {
        "Müller Jürgen": "müller_jürgen",
        "O'Neill Ann-Mary": "o-neill_ann-mary",
        "D’Angelo José": "d-angelo_josé",
        "श्रीनिवास": "श्रीनिवास",
        "สมศักดิ์": "สมศักดิ์",
        "Nguyễn Thị Ánh": "nguyễn_thị_ánh",
        "محمد علي": "محمد_علي",
        "王小明": "王小明",
        "J. R. Roe": "j_r_roe",
        "Łukasz Żak": "łukasz_żak",
        "علی‌رضا": "علیرضا",
        "CON": "con_11",
        "***": "learner_12",
    }
    files = {f"{name}_{number}{MOODLE}/{UNIT}.ipynb": BLANK for number, name in enumerate(names)}
    assert sorted(ids(from_zip(tmp_path, files))) == sorted(names.values())


def test_one_person_in_two_unicode_forms_is_one_and_two_of_one_name_are_two(tmp_path):
    nfc, nfd = (unicodedata.normalize(form, "Roe José") for form in ("NFC", "NFD"))
    files = {f"{nfc}_7{MOODLE}/{UNIT}.ipynb": BLANK, f"{nfd}_7{MOODLE}/{UNIT}-1.ipynb": RIGHT}
    assert one(from_zip(tmp_path / "one", files)).student == "roe_josé"
    for number, other in enumerate([nfd, nfc.upper(), "Roe\u200b José\u200e", "roe josé"]):
        files = {f"{nfc}_7{MOODLE}/{UNIT}.ipynb": BLANK, f"{other}_8{MOODLE}/{UNIT}.ipynb": RIGHT}
        found = from_zip(tmp_path / str(number), files)
        assert ids(found) == ["roe_josé_7", "roe_josé_8"]
        assert all("Several learners are called" in s.notes[0] for s in found.submissions)


@pytest.mark.parametrize("word", ["Participant", "Teilnehmer/in", "Teilnehmer", "Participante", "Участник", "参加者"])
def test_moodles_nameless_participants_always_have_their_number(tmp_path, word):
    word = word.replace("/", "_")
    assert ids(from_zip(tmp_path, {f"{word}_103{MOODLE}/{UNIT}.ipynb": BLANK})) == [f"{slug(word)}_103"]


def test_moodles_text_page_is_no_notebook_and_no_reason_to_lose_one(tmp_path):
    page = "Roe Max_102_assignsubmission_onlinetext_/onlinetext.html"
    alone = one(from_zip(tmp_path / "alone", {page: b"<html>Hello</html>"}))
    assert alone.student == "roe_max" and "onlinetext.html" in alone.problem
    both = one(from_zip(tmp_path / "both", {page: b"<html>", f"Roe Max_102{MOODLE}/{UNIT}.ipynb": RIGHT}))
    assert both.notebook.read_bytes() == RIGHT and both.notes == ()
    flat = {
        "Roe Max_102_assignsubmission_onlinetext_onlinetext.html": b"<html>",
        f"Roe Max_102{MOODLE}{UNIT}.ipynb": RIGHT,
    }
    assert one(from_zip(tmp_path / "flat", flat)).notebook.read_bytes() == RIGHT


def test_a_folder_around_a_platforms_folders_changes_nothing(tmp_path):
    files = {f"export/Roe Max_102{MOODLE}/{UNIT}.ipynb": RIGHT}
    assert one(from_zip(tmp_path / "one", files)).student == "roe_max"
    files |= {f"export/Doe Jane_103{MOODLE}/{UNIT}.ipynb": RIGHT}
    assert ids(from_zip(tmp_path / "two", files)) == ["doe_jane", "roe_max"]


# ---- Canvas ----------------------------------------------------------------------------------------------------------


def test_canvas_counts_attempts_behind_the_name_and_marks_late_ones(tmp_path):
    files = {
        f"doejane_4001_90001_{UNIT}.ipynb": tagged("first"),
        f"doejane_4001_90002_{UNIT}-1.ipynb": tagged("second"),
        f"doejane_4001_90003_{UNIT}-10.ipynb": tagged("eleventh"),
        f"roeric2_LATE_4002_90004_{UNIT}.ipynb": tagged("late"),
        f"anonymous_a1B2c_90005_{UNIT}.ipynb": tagged("nameless"),
        "notes about this.txt": "?",
    }
    found = from_zip(tmp_path, files)
    assert words(found) == {"doejane": "eleventh", "roeric2": "late", "anonymous_a1b2c": "nameless"}
    _, jane, ric = found.submissions
    assert "Of 3 notebooks" in jane.notes[0] and "latest attempt" in jane.notes[0]
    assert jane.origin == f"doejane_4001_90003_{UNIT}-10.ipynb" and jane.lms_id == "Canvas:4001"
    assert ric.notes == (LATE,)
    assert found.unknown == {"notes about this.txt": "is nobody's: its name tells no learner"}


# ---- Ids that stay ---------------------------------------------------------------------------------------------------


def test_the_gradebook_keeps_an_id_that_was_given(tmp_path):
    jane, other = (f"doejane_{number}_1_{UNIT}.ipynb" for number in (4001, 4007))
    assert ids(from_zip(tmp_path / "first", {jane: BLANK})) == ["doejane"]
    roster = {"doejane": "Canvas:4001"}
    assert ids(from_zip(tmp_path / "second", {jane: BLANK, other: BLANK}, roster)) == ["doejane", "doejane_4007"]
    assert ids(from_zip(tmp_path / "alone", {other: BLANK}, roster)) == ["doejane_4007"]
    roster = {"doejane_4001": "Canvas:4001", "doejane_4007": "Canvas:4007"}
    assert ids(from_zip(tmp_path / "third", {jane: BLANK}, roster)) == ["doejane_4001"], "two before, one now"


def test_an_instructors_own_roster_decides(tmp_path):
    found = from_zip(tmp_path, {f"doejane_4001_1_{UNIT}.ipynb": BLANK}, {"s123": "4001", "doejane": ""})
    assert ids(found) == ["s123"]


def test_a_number_of_one_platform_is_not_taken_for_anothers():
    canvas, brightspace = Owner("Canvas", "doejane", "7", lasting=True), Owner("Brightspace", "Max", "7", lasting=True)
    assert identify([brightspace], {"doejane": canvas.lms_id})[brightspace].student == "max"


# ---- Brightspace, Blackboard, Gradescope, Google Classroom -----------------------------------------------------------


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("Jan 30, 2026 1015 PM", "Jan 31, 2026 912 AM"),
        ("Jan 31, 2026 912 AM", "Jan 31, 2026 1015 AM"),
        ("30 January, 2026 2215", "1 February, 2026 0912"),
        ("2026-01-30 2215", "2026-01-31 0912"),
    ],
)
def test_brightspaces_attempts_are_one_learners_and_the_latest_is_graded(tmp_path, early, late):
    files = {
        f"12345-67890 - Jane Roe - {late}/{UNIT}.ipynb": tagged("late"),
        f"12345-67890 - Jane Roe - {early}/{UNIT}.ipynb": tagged("early"),
        f"12345-67890 - Jane Roe - {early}/net.safetensors": b"early",
        f"12346-67890 - Max van der Roe-Doe - {early}/{UNIT}.ipynb": tagged("max"),
        "index.html": b"<html>",
    }
    found = from_zip(tmp_path, files)
    assert words(found) == {"jane_roe": "late", "max_van_der_roe-doe": "max"} and found.unknown == {}
    jane = found.submissions[0]
    assert "it is of the latest attempt" in jane.notes[0] and jane.beside == {}
    assert jane.moment.text == "" and "names no zone" in jane.moment.note


def test_one_number_with_two_names_is_two_learners_and_told(tmp_path):
    day = "Jan 30, 2026 1015 PM"
    owners = {"12345-67890 - Jane Roe": RIGHT, "12345-67891 - Max Poe": BLANK, "12346-67890 - Ann Lee": RIGHT}
    found = from_zip(tmp_path, {f"{owner} - {day}/{UNIT}.ipynb": text for owner, text in owners.items()})
    by_id = {submission.student: submission for submission in found.submissions}
    assert by_id.keys() == {"jane_roe", "max_poe", "ann_lee"}
    assert "to several names" in " ".join(by_id["max_poe"].notes) and not by_id["max_poe"].lms_id
    assert by_id["ann_lee"].lms_id == "Brightspace:12346" and not by_id["ann_lee"].notes


def test_an_earlier_attempt_is_graded_where_the_latest_holds_nothing(tmp_path):
    first, second = (f"1-2 - Jane Roe - Jan {day}, 2026 1015 PM" for day in (30, 31))
    for number, data in enumerate([BLANK, b"<html>", b"", b"{"]):
        files = {f"{first}/{UNIT}.ipynb": tagged("worked on"), f"{second}/{UNIT}.ipynb": data}
        submission = one(from_zip(tmp_path / str(number), files))
        assert words_of(submission) == "worked on" and "latest attempt holds no notebook" in submission.notes[0]
    files = {f"{first}/{UNIT}.ipynb": tagged("worked on"), f"{second}/report.pdf": b"%PDF"}
    assert words_of(one(from_zip(tmp_path / "pdf", files))) == "worked on"


def words_of(submission):
    import json

    return json.loads(submission.notebook.read_bytes())["metadata"].get("word", "")


def test_brightspaces_files_without_folders(tmp_path):
    assert (
        one(from_zip(tmp_path, {f"1-2 - Jane Roe - Jan 30, 2026 1015 PM - {UNIT}.ipynb": RIGHT})).student == "jane_roe"
    )


def test_an_index_html_of_nobodys_platform_is_told(tmp_path):
    assert from_folder(tmp_path, {f"ada/{UNIT}.ipynb": BLANK, "index.html": b"x"}).unknown.keys() == {"index.html"}


def test_blackboards_names_with_and_without_the_text_beside_them(tmp_path):
    head = f"{UNIT}_jane_roe_attempt_2026-01-30-22-15-00"
    manifest = (
        b"Name: Jane Roe (jane_roe)\nAssignment: Unit 0\nDate Submitted: Friday, January 30, 2026 10:15:00 PM EST\n"
    )
    files = {f"{head}_{UNIT}.ipynb": RIGHT, f"{head}_net.safetensors": b"n", f"{head}.txt": manifest}
    jane = one(from_zip(tmp_path / "told", files))
    assert (jane.student, list(jane.beside)) == ("jane_roe", ["net.safetensors"]) and "no zone" in jane.moment.note
    two = {f"Unit 0_{user}_attempt_2026-01-30-22-15-00_{UNIT}.ipynb": tagged(user) for user in ("a_roe", "b_roe")}
    assert sorted(words(from_zip(tmp_path / "two", two)).values()) == ["a_roe", "b_roe"], "nobody is lost"
    again = {f"Unit 0_s1_attempt_2026-01-3{day}-09-00-00_{UNIT}.ipynb": tagged(str(day)) for day in (0, 1)}
    assert words(from_zip(tmp_path / "again", again)) == {"s1": "1"}


METADATA = """---
submission_123456:
  :submitters:
  - :name: Jane Roe
    :sid: '4711'
    :email: jane@example.org
  :created_at: 2026-01-30 22:15:00.25 Z
  :score: !ruby/object:BigDecimal 18:0.1e2
submission_123457:
  :submitters:
  - :name: Max Roe
    :sid:
    :email: max@example.org
  - :name: Eva Doe
    :sid: '4713'
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-30 22:15:00 Z
"""


def test_gradescopes_metadata_says_who_and_when(tmp_path):
    files = {
        f"assignment_9_export/submission_123456/{UNIT}.ipynb": tagged("jane"),
        f"assignment_9_export/submission_123457/{UNIT}.ipynb": tagged("group"),
        "assignment_9_export/submission_123457/submission_metadata.yml": b"submission_123456: {}",
        f"assignment_9_export/submission_123458/{UNIT}.ipynb": tagged("unknown"),
        "assignment_9_export/submission_metadata.yml": METADATA.encode(),
    }
    found = from_zip(tmp_path, files)
    assert found.unknown == {}
    assert words(found) == {"eva_doe": "group", "jane_roe": "jane", "max_roe": "group", "submission_123458": "unknown"}
    eva, jane, *_ = found.submissions
    assert jane.moment.text == "2026-01-30 22:15:00.250000 UTC" and jane.lms_id == "Gradescope:4711"
    assert "created_at could not be read" in eva.moment.note


@pytest.mark.parametrize(
    "told", [b"[]", b"a: [", b"\x00", b"submission_123456: 7", b"submission_123456: {':submitters': [1]}"]
)
def test_gradescopes_metadata_may_be_anything(tmp_path, told):
    found = from_zip(tmp_path, {f"submission_123456/{UNIT}.ipynb": BLANK, "submission_metadata.yml": told})
    assert ids(found) == ["submission_123456"]


def test_google_classrooms_files_are_named_after_their_owner(tmp_path):
    files = {f"Jane Roe - {UNIT}.ipynb": tagged("jane"), f"Anne-Marie Doe - Copy of {UNIT}.ipynb": tagged("anne")}
    assert words(from_folder(tmp_path, files)) == {"anne-marie_doe": "anne", "jane_roe": "jane"}


def test_two_files_of_one_name_on_google_drive_are_told(tmp_path):
    files = {f"Jane Roe - {UNIT}.ipynb": tagged("a"), f"Jane Roe - {UNIT} (1).ipynb": tagged("b")}
    assert "Of 2 notebooks" in one(from_folder(tmp_path, files)).notes[0]


# ---- Nobody speaks for another ---------------------------------------------------------------------------------------


def test_what_lies_in_an_archive_is_its_owners_whatever_it_is_called(tmp_path):
    inside = {
        f"roeric_4002_90004_{UNIT}.ipynb": tagged("of jane"),
        f"Roe Ric_9{MOODLE}/{UNIT}.ipynb": tagged("of jane"),
        f"submitted/roeric/{UNIT}/{UNIT}.ipynb": tagged("of jane"),
        f"../../roeric/{UNIT}/{UNIT}.ipynb": tagged("of jane"),
    }
    for number, (name, data) in enumerate(inside.items()):
        files = {
            "doejane_4001_90001_hw.zip": zip_bytes({name: data, f"{UNIT}.ipynb": tagged("own")}),
            f"roeric_4002_90004_{UNIT}.ipynb": tagged("of ric", done=False),
        }
        for how in (from_folder, from_zip):
            found = how(tmp_path / f"{number}{how.__name__}", files)
            assert words(found)["roeric"] == "of ric"
            assert words(found)["doejane"] in ("own", "of jane") and len(found.submissions) == 2


def test_two_archives_with_the_same_folder_in_them_are_two_learners(tmp_path):
    files = {f"{name}.zip": zip_bytes({f"homework/{UNIT}.ipynb": tagged(name)}) for name in ("zoe", "yan")}
    for how in (from_folder, from_zip):
        assert words(how(tmp_path / how.__name__, files)) == {"yan": "yan", "zoe": "zoe"}


def test_a_learners_folder_that_holds_other_names_stays_theirs(tmp_path):
    inside = {
        f"zoe/{UNIT}/bob/{UNIT}/{UNIT}.ipynb": tagged("zoe's"),
        f"yan/submitted/bob/{UNIT}/{UNIT}.ipynb": tagged("yan's"),
        f"xi/Roe Bob_7{MOODLE}/{UNIT}.ipynb": tagged("xi's"),
        f"bob/{UNIT}/{UNIT}.ipynb": tagged("bob's"),
    }
    for how in (from_folder, from_zip):
        found = words(how(tmp_path / how.__name__, inside))
        assert found == {"bob": "bob's", "xi": "xi's", "yan": "yan's", "zoe": "zoe's"}


def test_a_whole_classs_archive_among_learners_is_not_taken_for_one_learner(tmp_path):
    moodle = {f"{name}_{n}{MOODLE}/{UNIT}.ipynb": BLANK for n, name in enumerate(["Roe Max", "Doe Jane"])}
    layout = {f"{name}/{UNIT}/{UNIT}.ipynb": BLANK for name in ("max", "jane")}
    files = {"export.zip": zip_bytes(moodle), "class.zip": zip_bytes(layout), f"ada/{UNIT}.ipynb": BLANK}
    found = from_folder(tmp_path, files | {f"unpacked/{name}": data for name, data in moodle.items()})
    ada, *refused = found.submissions
    assert ada.notebook and [one.student for one in refused] == ["class", "export", "unpacked"]
    assert all("files of several learners" in one.problem and "--submissions" in one.problem for one in refused)


def test_a_folder_of_yours_goes_before_a_platforms_file_for_the_same_id(tmp_path):
    files = {f"roe_max/{UNIT}.ipynb": tagged("folder"), f"Roe Max_7{MOODLE}/{UNIT}.ipynb": tagged("moodle")}
    found = from_folder(tmp_path, files)
    assert words(found) == {"roe_max": "folder"}
    assert "keep one of the two" in found.unknown[f"Roe Max_7{MOODLE}/{UNIT}.ipynb"]


def test_a_folder_of_all_kinds(tmp_path):
    files = {
        f"plain/{UNIT}/{UNIT}.ipynb": tagged("p"),
        f"Doe Jane_102{MOODLE}/{UNIT}.ipynb": tagged("m"),
        f"roeric_4002_90004_{UNIT}.ipynb": tagged("c"),
        "zoe.zip": zip_bytes({f"{UNIT}.ipynb": tagged("z")}),
        "who.ipynb": RIGHT,
        "broken.zip": b"PK no",
    }
    found = from_folder(tmp_path, files)
    told = words(found)
    assert "broken.zip (not an archive" in told.pop("broken")
    assert told == {"plain": "p", "doe_jane": "m", "roeric": "c", "zoe": "z"}
    assert found.unknown.keys() == {"who.ipynb"}


def test_two_platforms_that_lead_to_one_id_never_overwrite_each_other(tmp_path):
    files = {f"Doe_1{MOODLE}/{UNIT}.ipynb": tagged("moodle"), f"doe_1_2_{UNIT}.ipynb": tagged("canvas")}
    for number, names in enumerate([list(files), list(reversed(files))]):
        found = from_zip(tmp_path / str(number), {name: files[name] for name in names})
        assert len(found.submissions) == len(found.unknown) == 1 and words(found)["doe_1"] in ("moodle", "canvas")


@pytest.mark.parametrize(
    "layout",
    [
        ["all/ada/{0}/{0}.ipynb", "all/ben/{0}.ipynb"],
        ["ada/{0}/{0}.ipynb", "ben/{0}.ipynb"],
        ["submitted/ada/{0}/{0}.ipynb", "submitted/ben/{0}/{0}.ipynb"],
        ["{0}/ada/{0}.ipynb", "{0}/ben/{0}.ipynb"],
        ["all/ada/homework/{0}.ipynb", "all/ben/homework/{0}.ipynb"],
        ["all/readme.txt", "all/ada/{0}.ipynb", "all/ben/{0}.ipynb"],
        ["all/given.ipynb", "all/ada/{0}.ipynb", "all/ben/{0}.ipynb"],
    ],
)
def test_learners_folders_in_a_zip_file_wherever_they_lie(tmp_path, layout):
    names = [name.format(UNIT) for name in layout]
    assert ids(from_zip(tmp_path, dict.fromkeys(names, BLANK))) == ["ada", "ben"]


@pytest.mark.parametrize(
    "name", ["ada/{0}/{0}.ipynb", "all/ada/{0}/{0}.ipynb", "all/ada/{0}.ipynb", "ada/{0}.ipynb", "ada/{1}/{1}.ipynb"]
)
def test_a_zip_file_of_one_learner(tmp_path, name):
    assert one(from_zip(tmp_path, {name.format(UNIT, UNIT.title()): BLANK})).student == "ada"


def test_strays_whose_names_look_alike_are_all_told(tmp_path):
    found = from_folder(tmp_path, {f"ada/{UNIT}.ipynb": BLANK, "a\u202eb.ipynb": RIGHT, "a\u202db.ipynb": RIGHT})
    assert found.unknown.keys() == {"a?b.ipynb", "a?b.ipynb [2]"}


PARTS = ("ada", f"Doe_1{MOODLE}", "submitted", UNIT, "01_gradients", ".ipynb_checkpoints", "1-2 - J - Jan 1, 2026 1 PM")
LEAVES = (f"{UNIT}.ipynb", f"{UNIT} (1).ipynb", DATED, "x.zip", "timestamp.txt", f"doe_1_2_{UNIT}.ipynb", "a - b.ipynb")
PATHS = st.builds(
    lambda parts, leaf: "/".join([*parts, leaf]), st.lists(st.sampled_from(PARTS), max_size=4), st.sampled_from(LEAVES)
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sets(PATHS, min_size=1, max_size=8))
def test_however_folders_are_nested_nobody_is_there_twice_and_nothing_is_lost(tmp_path, names):
    data = zip_bytes({f"{UNIT}.ipynb": RIGHT})
    files = {name: data if name.endswith(".zip") else RIGHT if ".ipynb" in name else b"x" for name in sorted(names)}
    with tempfile.TemporaryDirectory(dir=tmp_path) as scratch:
        found = from_zip(Path(scratch), files | {f"zz/{UNIT}/{UNIT}.ipynb": tagged("zz")})
        students = ids(found)
        assert words(found)["zz"] == "zz", "whatever the others hand in"
        assert len(set(students)) == len(students) and not {".ipynb_checkpoints"} & set(students)
        for submission in found.submissions:
            if submission.notebook:
                assert not any("timestamp.txt" in name or ".ipynb" in name for name in submission.beside)


# ---- Folders whose names are no ids ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a[b]",
        "a*",
        " ada",
        "ada ",
        "ada.",
        "a\u200bda",
        "a\u202eda",
        "CON",
        "nul.txt",
        "x" * 200,
        "a\nda",
        "a\tda",
        "a:b",
        "c|d",
    ],
)
def test_a_name_that_is_no_id_is_refused_with_the_way_on(tmp_path, name):
    found = from_folder(tmp_path, {f"{name}/{UNIT}.ipynb": RIGHT, f"ben/{UNIT}.ipynb": RIGHT})
    (refused,) = [s for s in found.submissions if s.student != "ben"]
    assert refused.problem.startswith("could not be graded: ") and "rename the folder" in refused.problem
    assert refused.student.isprintable()


def test_folders_that_differ_only_in_case_are_told(tmp_path):
    found = from_folder(tmp_path, {f"Ada/{UNIT}.ipynb": tagged("A"), f"ada/{UNIT}.ipynb": tagged("a")})
    assert words(found) == {"Ada": "A", "ada": "a"}
    assert all("differs only in capital letters" in s.notes[0] for s in found.submissions)


def test_folders_that_differ_only_in_the_form_of_an_accent_are_refused(tmp_path):
    names = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    found = from_folder(tmp_path, {f"{name}/{UNIT}.ipynb": RIGHT for name in names})
    (refused,) = found.submissions
    assert refused.notebook is None and "two folders have this name" in refused.problem
    assert list(found.unknown.values()) == [
        "is José's, whose files are there in another form, too: keep one of the two"
    ]


def test_the_first_adapter_that_knows_a_name_decides():
    nothing = Platforms({})
    titles = {
        f"Unit_1_2_s1_attempt_2026-01-30-22-15-00_{UNIT}.ipynb": "Blackboard",
        "12-34 - Roe - Jan 30, 2026 1015 PM - 1_2_3_x.ipynb": "Brightspace",
        "Roe - Max_102_assignsubmission_file_x.ipynb": "Moodle",
        "doe_1_2_a - b.ipynb": "Canvas",
    }
    for name, title in titles.items():
        assert nothing.claim(name, False).owners[0].platform == title, name
    assert nothing.claim("x.ipynb", False) is None

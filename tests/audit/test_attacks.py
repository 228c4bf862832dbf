"""Attacks earn nothing and harm nobody; the table that says so could say otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers import needs
from helpers.browser_driver import chromium, local_page
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_output
from traitlets.config import Config

from course_lib.check import MIME
from course_lib.judging import render
from course_lib.judging.judge import judge
from course_lib.judging.reference import load
from grader.audit import rules
from grader.audit.attacks import ATTACKS, attack_class, checks, deliveries, every_unit, leaks, pages, run_attacks
from grader.audit.attacks.attack import Attack, adding
from grader.audit.attacks.attack_class import FIRST, MARK, SECRET, AttackClass, Snapshot, differing
from grader.audit.attacks.checks import active_parts
from grader.audit.attacks.deliveries import Delivery, run_deliveries
from grader.audit.attacks.every_unit import UnitAttack, run_everywhere
from grader.audit.row import HELD
from grader.audit.rules import run_rules
from grader.exercises import exercises_of
from grader.judging.answers import read_outcomes
from grader.judging.private import private_reference
from grader.pages.exporter import NBGRADER_TEMPLATES

UNIT = "00_start_here"
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def rows():
    needs.program("bwrap")
    return run_attacks()


def test_every_attack_is_held(rows):
    assert [f"{row.name}: {row.result}" for row in rows if row.result != HELD] == []


def test_the_table_is_complete(rows):
    assert [row.name for row in rows] == [attack.name for attack in ATTACKS]
    assert len({row.name for row in rows}) == len(rows) >= 30
    assert all(row.note for row in rows), "what the grader said of each"


def right_answer(draft):
    """Not an attack at all."""
    from grader.scripts import read_script
    from grader.submissions.samples import MARKER

    source = read_script(checks.course_root() / "solutions" / UNIT / f"{UNIT}.py")
    answer = next(c for c in source.cells if c.metadata.get("exercise") == draft.words["VICTIM"])
    draft.answer(MARKER.sub("", answer.source))


def private_number(draft):
    """What an attack that has read a private number would print."""
    reference = private_reference(draft.words["VICTIM"], SECRET.encode("ascii"))
    numbers = [n for case in reference.cases for n in checks._numbers([case.inputs]) if len(repr(n)) > 12]
    draft.add(f"print({numbers[0]!r})")


@pytest.mark.needs("bwrap")
def test_the_table_can_tell():
    attacks = [
        Attack("points", "x", right_answer),
        Attack("a private number", "x", private_number),
        adding("the secret", "x", "print('5ec2e7' * 11)"),
        adding("a harm of its own", "x", "1", lambda aftermath: "it did harm"),
        adding("a file left outside", "x", "1"),
        replace(adding("graded and not refused", "x", "1"), refused=True),
        replace(adding("nothing at all", "x", "1"), read=True),
    ]
    with AttackClass(UNIT, attacks) as attacked:
        attacked.grade()
        (attacked.home / f"attack-{MARK}-05").touch()
        attacked.changed["04-attack"] = ["the gradebook"]
        points, number, secret, harm, left, refused, nothing = (row.result for row in checks.rows(attacked))
        one = attacked.by_nbgrader[FIRST]
        attacked.by_nbgrader["07-honest"] = replace(one, scores=one.scores | {"check_standardize": 0.0})
        assert "the next submission was graded otherwise" in checks.rows(attacked)[0].result
    assert points == "it earned 6 points for check_standardize"
    assert number == "it reads private numbers" and secret == "it reads the course's secret"
    assert harm == "it changed the gradebook; it did harm" and f"it left a file in {attacked.home}" in left
    assert "it was graded" in refused and nothing == HELD


@pytest.mark.needs("bwrap")
def test_a_submission_that_makes_the_grader_large_is_found(monkeypatch):
    sizes = iter(range(0, 100 * attack_class.MEMORY, attack_class.MEMORY + 2**20))
    monkeypatch.setattr(attack_class, "_most_memory", lambda: next(sizes))
    with AttackClass(UNIT, [adding("nothing at all", "x", "1")]) as one:
        one.grade()
        assert "it changed the grader's size by 601 MiB" in checks.rows(one)[0].result


@pytest.mark.needs("bwrap")
def test_what_replays_and_what_tries_the_walls_gets_nothing_in_any_unit():
    rows = run_everywhere(["00_start_here", "09_to_pytorch"])
    assert [f"{row.name}: {row.result}" for row in rows if row.result != HELD] == []
    assert [row.name for row in rows] == [attack.name for attack in every_unit.ATTACKS]


@pytest.mark.needs("bwrap")
def test_the_table_of_every_unit_can_tell(monkeypatch):
    """Of the visible cases themselves, replaying answers each; a wall that gives way is named, and so is a bad cell."""
    monkeypatch.setattr(every_unit, "_private", lambda exercise: load(exercise.name))
    attacks = [
        next(attack for attack in every_unit.ATTACKS if "nearest inputs" in attack.name),
        UnitAttack("a wall", "x", "print('GAVE WAY: the ceiling')"),
        UnitAttack("no Python", "x", "def"),
        UnitAttack("nothing", "x", "1"),
    ]
    replay, wall, bad, nothing = (row.result for row in run_everywhere([UNIT], attacks))
    assert "it earned 3 points for mean_square" in replay and "for standardize" in replay
    assert wall == f"in {UNIT}, the ceiling" and "it could not be tried" in bad and nothing == HELD


def test_a_forbidden_call_costs_its_points_however_it_is_written_and_a_mention_costs_none():
    assert [f"{row.name}: {row.result}" for row in run_rules("01_gradients") if row.result != HELD] == []


def test_the_table_of_rules_can_tell():
    texts = [
        rules.Text("nothing is forbidden in it", lambda answer, name, dotted: [answer]),
        rules.Text("it rests on it", lambda a, n, d: [f"import {d}\n{a}\n\ndef {n}(*args):\n    {d}"], allowed=True),
    ]
    nothing, rests = (row.result for row in run_rules("00_start_here", texts))
    assert "standardize earned 6 points with scipy.stats.zscore" in nothing
    assert "standardize lost its points where scipy.stats.zscore is only named" in rests


@pytest.mark.needs("bwrap")
def test_what_comes_with_a_delivery_harms_nobody():
    assert [f"{row.name}: {row.result}" for row in run_deliveries() if row.result != HELD] == []


@pytest.mark.needs("bwrap")
def test_the_table_of_deliveries_can_tell():
    def in_her_place(right, blank, unit, eve):
        return {f"{deliveries.HONEST}/{unit}.ipynb": blank}

    def right_one(right, blank, unit, eve):
        return {f"{eve}/{unit}.ipynb": right}

    (row,) = run_deliveries(UNIT, [Delivery("hers is replaced", "x", in_her_place)])
    assert row.result == "the honest learner's points are not hers"
    found = run_deliveries(
        UNIT,
        [
            Delivery("one that tells", "x", right_one, lambda graded, eve: f"{eve} is here" * bool(graded.of(eve))),
            Delivery("one that is right", "x", right_one, deliveries._hers),
        ],
    )
    assert [row.result for row in found] == ["eve201 is here", HELD]


@pytest.mark.fast
def test_a_table_that_a_spreadsheet_would_run_is_seen():
    def graded(text, report=""):
        return deliveries.Graded([], report, text, '["2001-01-01"]', 18.0)

    assert "would run '=1+1'" in deliveries._no_formula(graded("a,b\n=1+1,2\n"), "")
    assert deliveries._no_formula(graded("a,b\n'=1+1,-2.5\n"), "") == ""
    assert deliveries._not_believed(graded(""), "") and deliveries._hers(graded(""), "eve1")
    assert deliveries._one_line_each(graded("", "student\nzoe_forged  18 of 18"), "")


@pytest.mark.fast
def test_a_changed_class_is_noticed():
    before = Snapshot(
        {"submitted/b": (1, 1), "autograded/a/x": (1, 1)}, {("grade", 1): (1, 5.0), ("student", "b"): ("b",)}
    )
    now = Snapshot(
        {"submitted/b": (1, 2), "autograded/a/x": (2, 2), "new": (1, 1)},
        {("grade", 1): (1, 9.0), ("grade", 2): (2, 0.0)},
    )
    assert differing(before, before, "autograded/a/") == []
    assert differing(before, now, "autograded/a/") == [
        "new",
        "submitted/b",
        "others' rows in the gradebook's grade",
        "others' rows in the gradebook's student",
    ]


@pytest.mark.fast
@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>", "<img src=x>", "<img src='data:text/html,x'>", "<b onclick=1>", "<a href='javascript:1'>",
        "<a href='data:text/html,x'>", "<iframe srcdoc=x>", "<svg>", "<form action=x>", "<base href=x>",
        "<style>@import 'x'</style>", "<p style='background:url(x)'>", "<p style='position:fixed'>", "<i id=a><b id=a>",
    ],
)  # fmt: skip
def test_what_a_page_would_run_is_seen(html):
    assert active_parts(f"<html><body>{html}</body></html>")


@pytest.mark.fast
def test_a_plain_page_is_plain():
    page = "<style>p {color: red}</style><p style='color:red' id=a>x<a href='https://x'>y</a>"
    assert active_parts(page + "<img src='data:image/png;base64,x'>") == set()


HOSTILE = [*pages.ATTACKS, leaks.ATTACKS[1]]


@pytest.mark.needs("bwrap")
@pytest.mark.browser
def test_a_browser_runs_nothing_of_an_attack(tmp_path):
    with AttackClass(UNIT, HOSTILE) as attacked:
        attacked.grade()
        resources = {"assignment_id": UNIT, "notebook_id": UNIT, "submission_id": "x", "index": 0, "total": 1}
        resources |= {"base_url": "/base", "student": "s", "last_name": "", "first_name": "", "notebook_path": ""}
        config = Config(
            {"HTMLExporter": {"template_name": "formgrade", "extra_template_basedirs": [NBGRADER_TEMPLATES]}}
        )
        config.merge(attacked.room.config())
        files = []
        for student, graded in attacked.by_course.items():
            view, _ = HTMLExporter(config=config).from_notebook_node(graded.notebook, resources=dict(resources))
            for kind, text in (("feedback", graded.page), ("formgrade", view)):
                files.append(tmp_path / f"{student}-{kind}.html")
                files[-1].write_text(text, encoding="utf-8")
    with chromium() as context, local_page(context) as page:
        for file in files:
            page.goto(file.as_uri())
            page.wait_for_timeout(100)
            assert page.evaluate("window.attacked") is None, file.name
            assert page.url == file.as_uri()
        page.goto((tmp_path / f"{FIRST}-feedback.html").as_uri())
        assert "all right, 6 of 6 points" in page.inner_text("body")
    assert len(files) == 2 * (len(HOSTILE) + 2)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["\ud800", "raised", "mutated", "not_started", "|O", "<f8", "AAAAAAAA"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["values", "problem", "kind", "message", "line", "code", "detail", "__array__", "shape", "data",
                         "__float__", "result", "Z", "answer"]) | st.text(max_size=3), inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
REFERENCES = [exercise.name for exercise in exercises_of(UNIT)]


@pytest.mark.fast
@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(REFERENCES))
def test_whatever_a_check_emits_is_judged(data, name):
    reference = private_reference(name, SECRET.encode("ascii"))
    values = st.dictionaries(st.sampled_from(reference.returns), anything, min_size=1)
    outcome = anything | st.fixed_dictionaries({"values": values | anything, "problem": anything | st.none()})
    outcomes = st.lists(outcome, min_size=len(reference.cases), max_size=len(reference.cases)) | anything
    payload = data.draw(st.fixed_dictionaries({"outcomes": outcomes}) | anything)
    cell = new_code_cell("", outputs=[new_output("display_data", data={MIME: payload})])
    verdict = judge(read_outcomes(cell, reference, ["x = 1"]), reference)
    text = render.html(verdict, private=True) + render.text(verdict, private=True)
    json.dumps(text).encode()
    text.encode()
    assert reference.withheld or verdict.earned == 0

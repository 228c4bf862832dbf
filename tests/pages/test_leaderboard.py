"""The leaderboard: what was predicted is judged again, nobody is named, and the front is the front."""

from __future__ import annotations

import json

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from safetensors.numpy import save

from course_lib.check import MIME
from course_lib.errors import CourseError
from course_lib.judging.judge import judge
from course_lib.judging.outcome import Outcome
from course_lib.judging.properties.scores import accuracy_within_budget
from grader.judging.private import private_reference
from grader.judging.weights import MARK, count_weights
from grader.preprocessors.verify_answers import with_weights
from grader.reports.leaderboard import Entry, artefact_of, mark_front, measure, pseudonyms, table
from grader.reports.leaderboard_page import make_page

pytestmark = pytest.mark.fast

SECRET = b"s" * 64
UNIT = "16_capstone"
HOSTILE = '<img src=x onerror=alert(1)>$x_1"'


def kept(share: float, parameters: int = 50_000, files: dict[str, int] | None = None, **more: object) -> str:
    """What grading keeps of a submission whose network names `share` of the hidden images right."""
    exercise = artefact_of(UNIT)
    reference = private_reference(exercise.name, SECRET)
    outcomes = []
    for case in reference.cases:
        labels = np.array(case.expected["labels"])
        wrong = round((1 - share) * len(labels))
        labels[:wrong] = (labels[:wrong] + 1) % 10
        values = {"labels": labels, "parameters": parameters, "macs": 1_000_000, "time": 0.5, **more}
        outcomes.append(Outcome(values=values).to_json())
    payload = {"exercise": exercise.name, "outcomes": outcomes}
    cell = nbformat.v4.new_code_cell(
        f'check("{exercise.name}")', metadata={"nbgrader": {"grade_id": f"check_{exercise.name}"}}
    )
    cell.outputs = [nbformat.v4.new_output("display_data", data={MIME: payload})]
    handed_in = {"capstone_net.safetensors": parameters} if files is None else files
    return json.dumps({"notebook": nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata={MARK: handed_in}))})


REFERENCE = private_reference(artefact_of(UNIT).name, SECRET)


def test_predictions_are_judged_again():
    found = measure(kept(0.9), REFERENCE)
    assert found is not None
    assert found["accuracy"] == pytest.approx(0.9)
    assert (found["parameters"], found["macs"], found["time"]) == (50_000, 1_000_000, 0.5)


def test_the_file_counts_more_than_what_the_learners_process_says():
    found = measure(kept(0.9, 10, {"capstone_net.safetensors": 90_000}), REFERENCE)
    assert found is not None and found["parameters"] == 90_000


def test_a_second_file_is_not_taken_for_the_network():
    """A larger network that somebody learned from may lie beside the one that is handed in."""
    found = measure(kept(0.9, 10, {"capstone_net.safetensors": 90_000, "teacher.safetensors": 10**6}), REFERENCE)
    assert found is not None and found["parameters"] == 90_000


def test_accuracy_is_that_on_all_hidden_images():
    """Cases with some of them do not count these twice."""
    document = json.loads(kept(0.9))
    notebook = nbformat.v4.reads(document["notebook"])
    payload = notebook.cells[0].outputs[0]["data"][MIME]
    small = min(range(len(REFERENCE.cases)), key=lambda i: len(REFERENCE.cases[i].expected["labels"]))
    labels = (np.array(REFERENCE.cases[small].expected["labels"]) + 1) % 10
    values = {"labels": labels, "parameters": 50_000, "macs": 1_000_000, "time": 0.5}
    payload["outcomes"][small] = Outcome(values=values).to_json()
    found = measure(json.dumps({"notebook": nbformat.writes(notebook)}), REFERENCE)
    assert found is not None and found["accuracy"] == pytest.approx(0.9)


@pytest.mark.parametrize("text", ["", "{", "{}", '{"notebook": "no notebook"}', kept(0.9, labels="none")])
def test_what_predicts_nothing_is_left_out(text):
    assert measure(text, REFERENCE) is None


@pytest.mark.parametrize("nonsense", [float("nan"), "many", np.arange(3)])
def test_a_cost_that_is_no_number_is_left_out(nonsense):
    found = measure(kept(0.9, parameters=5, time=nonsense), REFERENCE)
    assert found is not None and "time" not in found


def test_the_front_holds_what_nothing_beats():
    sizes = {"large": (0.92, 90_000), "small": (0.90, 20_000), "beaten": (0.89, 30_000), "twin": (0.90, 20_000)}
    entries = mark_front([Entry(name, name, *values) for name, values in sizes.items()])
    assert {entry.name for entry in entries if entry.front} == {"large", "small", "twin"}


def test_pseudonyms_are_the_same_each_time_differ_between_learners_and_courses_and_name_nobody():
    students = [f"student{i}" for i in range(500)]
    names = pseudonyms(students, SECRET)
    assert names == pseudonyms(reversed(students), SECRET)
    assert len(set(names.values())) == len(students)
    assert not any(student in name for student, name in names.items())
    assert names != pseudonyms(students, b"t" * 64)


def test_the_table_leaves_out_columns_that_nobody_has():
    text = table(mark_front([Entry("ada", "amber owl", 0.912, 45_000), Entry("ben", "jade newt", 0.85, 60_000)]))
    first, *rows = text.splitlines()
    assert first.split() == ["network", "of", "accuracy", "parameters", "Pareto", "front"]
    assert rows[0].split() == ["1.", "amber", "owl", "91.2%", "45,000", "yes"]
    assert rows[1].split() == ["2.", "jade", "newt", "85.0%", "60,000"]


@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_page_runs_nothing_loads_nothing_and_names_nobody(count):
    entries = [
        Entry(f"student{i}", f"owl {i}", 0.85 + i / 1000, 20_000 + 1000 * i, 10**6, 0.5 + i / 50) for i in range(count)
    ]
    text = make_page(mark_front(entries), UNIT, named=False)
    page = BeautifulSoup(text, "html.parser")
    assert "student" not in text.replace("learner", "")
    assert page.find_all(["script", "link", "iframe"]) == [] and "://" not in text
    assert len(page.find("tbody").find_all("tr")) == count
    assert len(page.find_all("img")) == (2 if count > 1 else 0)
    assert all(len(picture["alt"]) > 40 for picture in page.find_all("img"))


def test_a_hostile_name_stays_text():
    text = make_page(mark_front([Entry(HOSTILE, HOSTILE, 0.9, 10), Entry("b", "b", 0.8, 20)]), UNIT, named=True)
    assert "<img src=x" not in text
    assert BeautifulSoup(text, "html.parser").find("tbody").find("th").get_text() == HOSTILE


def test_a_unit_without_a_network_says_which_have_one():
    with pytest.raises(CourseError, match=f"01_gradients has no network to compare.*{UNIT}"):
        artefact_of("01_gradients")


# ---- The budget --------------------------------------------------------------------------------------------------


def test_weights_are_counted_where_no_learners_code_runs():
    good = save({"a": np.zeros((3, 4), np.float32), "b": np.zeros(5, np.float16)})
    assert count_weights({"net.safetensors": good, "notes.txt": b"x"}) == {"net.safetensors": 17}
    assert count_weights({"net.safetensors": good[:-3], "b.safetensors": b"", "c.safetensors": b"\xff" * 64}) == {
        "net.safetensors": 0,
        "b.safetensors": 0,
        "c.safetensors": 0,
    }


INPUTS = {
    "at_least": 0.5,
    "most_parameters": 100,
    "most_macs": 1000,
    "file": "a.safetensors",
    "right": {"labels": np.arange(10)},
}
VALUES = {"labels": np.arange(10), "parameters": 50, "macs": 900}


@pytest.mark.parametrize(
    ("inputs", "values", "flaw"),
    [
        ({}, {}, None),
        ({"handed_in": {"a.safetensors": 100}}, {}, None),
        ({"handed_in": {"a.safetensors": 101}}, {}, "too_many_parameters"),
        ({"handed_in": {"a.safetensors": 0}}, {"parameters": 0}, "too_many_parameters"),
        ({"handed_in": {"b.safetensors": 100}}, {}, "no_file"),
        ({}, {"parameters": 101}, "too_many_parameters"),
        ({}, {"parameters": -5}, "too_many_parameters"),
        ({}, {"macs": 1001}, "too_many_macs"),
        ({}, {"macs": 0}, "too_many_macs"),
        ({}, {"labels": np.zeros(10, int)}, "one_class"),
        ({"at_least": 1.01}, {}, "below"),
    ],
)
def test_a_budget_is_kept_or_named(inputs, values, flaw):
    found = accuracy_within_budget(INPUTS | inputs, VALUES | values)
    assert (found and found.name) == flaw


@pytest.mark.parametrize(
    ("kind", "most"), [("float16", 100), ("float32", 100), ("int8", 100), ("float64", 200), ("int64", 200)]
)
def test_a_number_counts_as_one_and_wider_ones_as_what_they_could_hold(kind, most):
    data = save({"w": np.zeros((10, 10), dtype=kind)}, metadata={"made by": "us"})
    assert count_weights({"a.safetensors": data}) == {"a.safetensors": most}


def test_text_in_a_files_header_counts_as_numbers():
    hidden = save({"w": np.zeros(4, np.float32)}, metadata={"weights": "x" * 40_000})
    named = save({"x" * 10_000: np.zeros(4, np.float32)})
    assert count_weights({"a.safetensors": hidden})["a.safetensors"] > 9_000
    assert count_weights({"a.safetensors": named})["a.safetensors"] > 2_000


def test_the_judge_is_told_what_was_handed_in():
    notebook = nbformat.v4.new_notebook(metadata={MARK: {"capstone_net.safetensors": 200_000}})
    labels = [{"labels": case.expected["labels"], "parameters": 5, "macs": 5, "time": 1.0} for case in REFERENCE.cases]
    outcomes = [Outcome(values=values) for values in labels]
    assert judge(outcomes, REFERENCE).passed
    verdict = judge(outcomes, with_weights(REFERENCE, notebook))
    assert verdict.earned == 0 and verdict.diagnoses[0].name == "too_many_parameters"

"""The proof finds what is planted on a page: lines of answers, quiz letters, private values, weights."""

from __future__ import annotations

import html
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers.course import EXERCISES, SECRETS

from grader.exercises import find_exercise
from grader.judging.private import private_reference, seed_of
from grader.site import secrets as known
from grader.site.proof import leaks

pytestmark = pytest.mark.fast

SECRET = SECRETS[0].decode()
LINE = "denominator = np.sqrt(v_hat) + eps  # of each parameter"


@pytest.fixture(scope="module")
def all_lines() -> dict[str, str]:
    return dict(known.telling_lines())


def found(folder: Path, name: str, text: str | bytes, secrets: known.Secrets) -> list[str]:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return leaks([file], folder, secrets)


def only(**parts: dict[str, str]) -> known.Secrets:
    return known.Secrets(parts.get("lines", {}), parts.get("numbers", {}), parts.get("words", {}))


def one_line() -> known.Secrets:
    return only(lines={known.squeezed(LINE): "the answer of adam_step"})


def test_each_kind_of_exercise_has_lines_that_are_looked_for(all_lines: dict[str, str]) -> None:
    what = set(all_lines.values())
    assert {"the answer of adam_step", "code of the spec of adam_step"} <= what
    assert {f"what the feedback says of quiz_{number:02}" for number in range(17)} <= what
    quizzes = ", ".join(each for each in what if each.startswith("the answers of "))
    assert all(f"quiz_{number:02}" in quizzes for number in range(17))
    assert min(map(len, all_lines)) >= known.START


def test_what_every_learner_has_is_no_secret(all_lines: dict[str, str]) -> None:
    for text in known._public_texts():
        bare = known.squeezed(text)
        assert not [line for line, _ in known.Lines(all_lines).within(bare) if not line.startswith(('"q1"', "'q1'"))]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("units/05.html", f"<pre><span>{html.escape(LINE)}</span></pre>"),
        ("units/05.html", "<pre>" + "".join(f"<span>{html.escape(part)}</span> " for part in LINE.split()) + "</pre>"),
        ("units/05.html", f'<img alt="{html.escape(LINE, quote=True)}">'),
        ("notebooks/05.ipynb", json.dumps({"source": [f"    {LINE}\n"]})),
        ("searchindex.js", "Search.setIndex(" + json.dumps({"titles": [LINE]}) + ")"),
        ("objects.inv", b"# 1\n# 2\n# 3\n# 4\n" + zlib.compress(LINE.encode())),
    ],
)
def test_a_planted_line_is_found_in_every_kind_of_file(tmp_path: Path, name: str, text: str | bytes) -> None:
    (sentence,) = found(tmp_path, name, text, one_line())
    assert sentence.startswith(f"{name} holds the answer of adam_step")
    if isinstance(text, str):
        assert found(tmp_path, name, text.replace("v_hat", "w"), one_line()) == []


def test_a_quizs_letters_are_found_whichever_quiz_it_is(tmp_path: Path) -> None:
    text = '<p>{<span>"q1"</span>: <span>"b"</span>}</p>'
    assert "an answer of a quiz" in found(tmp_path, "units/02.html", text, only())[0]
    assert found(tmp_path, "units/02.html", '<p>{"q1": ..., "q2": "..."}</p>', only()) == []
    assert found(tmp_path, "guides/authoring.html", text, only()) == []


def test_a_real_quizs_answers_are_found_on_the_authors_page_too(tmp_path: Path, all_lines: dict[str, str]) -> None:
    right = {key: letter.strip().lower() for key, letter in find_exercise("quiz_02").right_answers[0].items()}
    sentences = found(tmp_path, "guides/authoring.html", f"<p>quiz_02 = {right}</p>", only(lines=all_lines))
    assert any("the answers of " in sentence and "quiz_02" in sentence for sentence in sentences)


def test_what_explains_a_quiz_is_found(tmp_path: Path, all_lines: dict[str, str]) -> None:
    says = find_exercise("quiz_03").misconceptions[0].says
    assert found(tmp_path, "gallery/03.html", f"<li>{html.escape(says)}</li>", only(lines=all_lines))


@pytest.mark.parametrize("text", ["### BEGIN SOLUTION", '{"application/vnd.optimization-course.answers+json": {}}'])
def test_markers_and_raw_answers_are_found(tmp_path: Path, text: str) -> None:
    assert len(found(tmp_path, "units/02.html", text, only())) == 1


def test_a_file_that_no_page_needs_is_found(tmp_path: Path) -> None:
    assert "keep it out" in found(tmp_path, "units/net.safetensors", b"weights", only())[0]


def test_the_secret_itself_is_found_also_in_a_picture(tmp_path: Path) -> None:
    secrets = only(words={SECRET: "the secret of a class"})
    assert found(tmp_path, "_images/a.png", b"\x89PNG" + SECRET.encode(), secrets)
    assert found(tmp_path, "a.js", f"let a = '{SECRET}'", secrets)


@pytest.mark.parametrize("name", ["gd_step", "softmax"])
def test_private_values_are_those_of_the_class(name: str) -> None:
    """What seeds them here is what seeds them where they are judged."""
    cases = private_reference(name, SECRETS[0]).cases
    mine = find_exercise(name).cases(np.random.default_rng(seed_of(name, SECRETS[0])))
    assert [known._printed([case.inputs]) for case in mine] == [known._printed([case.inputs]) for case in cases]
    assert known._printed([case.inputs for case in cases])


def test_a_private_value_is_found_as_python_and_as_numpy_print_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {exercise.name: exercise for exercise in EXERCISES if exercise.name in ("gd_step", "quiz_02", "capstone_net")}
    monkeypatch.setattr(known, "all_exercises", lambda: few)
    numbers = dict(known.private_numbers(SECRET))
    assert set(numbers.values()) == {"a private value of gd_step"}
    cases = few["gd_step"].cases(np.random.default_rng(seed_of("gd_step", SECRETS[0])))
    given = [value for case in cases for value in case.inputs.values()]
    arrays = [value for value in given if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    long = max(arrays, key=lambda array: len(str(array)))
    for text in (str(long), str(long.ravel()[0].item())):
        assert found(tmp_path, "units/02.html", f"<pre>{text}</pre>", only(numbers=numbers)), text
    assert found(tmp_path, "units/02.html", "<pre>0.12345678 1.5 208.0</pre>", only(numbers=numbers)) == []

"""What comes from others as JSON is bounded before it is parsed, and no submission takes the grader's memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import numpy as np
import pytest

from course_lib.judging import codec
from grader.grading.workers import WorkerPool, memory_limit
from grader.sandbox.bounds import TooLargeError, check_json, load_json
from grader.sandbox.sandbox import MIB, Room, _frames

pytestmark = pytest.mark.fast
HOSTILE = {
    "empty lists": '"[" + "[]," * (20 * 2**20) + "[]]"',
    "small dicts": '"[" + \'{"a":0},\' * (7 * 2**20) + "0]"',
    "one large dict": '"{" + ",".join(f\'"{n}":0\' for n in range(3 * 2**20)) + "}"',
    "numbers": '"[" + "0.5," * (15 * 2**20) + "0]"',
    "texts": '"[" + \'"",\' * (20 * 2**20) + "0]"',
    "depth": '"[" * (60 * 2**20)',
    "lists in UTF-16": '("[" + "\\u2200[]," * (7 * 2**20) + "[]]").encode("utf-16")',
    "escaped quotes": "'[\"' + '\\\\\\\\\",[],\"' * (8 * 2**20) + '\"]'",
}
MEASURE = """
import re, resource, sys
from pathlib import Path
from grader.sandbox.bounds import load_json

def peak():
    status = Path("/proc/self/status")  # a new program's own; what getrusage tells begins with its parent's
    if status.is_file():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

text = {made}
data = text if isinstance(text, bytes) else text.encode()
del text
before = peak()
try:
    {use}
except (ValueError, RecursionError):
    pass
print((peak() - before) / len(data))
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_reading_hostile_json_takes_no_more_than_a_few_times_its_size(kind):
    code = MEASURE.format(made=HOSTILE[kind], use="load_json(data)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 4


def test_the_measure_of_hostile_json_can_fail():
    code = MEASURE.format(made='"[" + "[]," * (6 * 2**20) + "[]]"', use="import json; json.loads(data)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 8


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", 1),
        ("[]", 1),
        ("[1, 2]", 3),
        ('{"a": [1], "b": 2}', 4),
        (r'["[[[", "\"[[,,", "\\", []]', 5),
        ('"a,b,{"', 1),
    ],
)
def test_no_value_is_missed_and_texts_count_as_one(text, values):
    json.loads(text)
    assert check_json(text) >= values
    assert check_json(text) <= values + 2


def test_what_has_room_is_read_as_by_json():
    data = {"a": [1, 2.5, None, True, 'ü"\\[', {"b": []}]}
    assert load_json(json.dumps(data)) == data == load_json(json.dumps(data, ensure_ascii=False).encode())


@pytest.mark.parametrize(("text", "said"), [("[" * 101 + "]" * 101, "100 levels"), ("[1, 2, 3, 4]", "3 values")])
def test_what_is_too_large_is_named(text, said):
    with pytest.raises(TooLargeError, match=said):
        check_json(text, values=3 if "1" in text else 1000)


def test_the_largest_array_that_may_travel_passes():
    answer = codec.encode(np.zeros(codec.MAX_BYTES, dtype=np.uint8))
    payload = json.dumps({"cell": 3, "outputs": [{"data": answer}], "number": 1}).encode()
    (frame,) = _frames(b"%08x" % len(payload) + payload, Room(64 * MIB))
    assert frame["outputs"][0]["data"] == answer


def frame(cell: int, text: str) -> bytes:
    data = f'{{"cell": {cell}, "outputs": [{text}], "number": 1}}'.encode()
    return b"%08x" % len(data) + data


def test_a_cell_that_shows_too_much_is_told_and_the_next_ones_count():
    read = list(_frames(frame(1, '{"a": 1}') + frame(2, "[]," * 10**6 + "0") + frame(3, '{"b": 2}'), Room(64 * MIB)))
    assert [one["cell"] for one in read] == [1, 2, 3]
    assert read[0]["outputs"] == [{"a": 1}] and read[2]["outputs"] == [{"b": 2}]
    assert "more than a grader reads" in read[1]["outputs"][0]["text"]


def test_many_small_frames_have_one_room_together():
    read = list(_frames(frame(1, "{}") * 10**4, Room(64 * MIB, values=1000)))
    assert sum("more than a grader reads" not in str(one) for one in read) < 200


def test_the_answers_of_all_checks_have_one_room_together():
    room = Room(1000)
    text = json.dumps({"a": "x" * 400})
    told = [next(iter(_frames(frame(index, text), room)))["outputs"] for index in range(4)]
    assert ["x" in str(outputs[0].get("a")) for outputs in told] == [True, True, False, False]


def take(bytes_: int) -> str:
    """A task of a worker: have that much memory."""
    try:
        return str(len(bytearray(bytes_)))
    except MemoryError:
        return "no memory"


def test_a_worker_process_has_a_limit_of_memory_and_goes_on_after_it():
    came, most = {}, memory_limit()
    with WorkerPool(2) as pool:
        for size in (most, 1000, 2000):
            pool.submit(size, take, size)
        while pool.busy:
            came.update(pool.finished())
    assert came == {most: "no memory", 1000: "1000", 2000: "2000"}


def limit(_: None) -> int:
    return resource.getrlimit(resource.RLIMIT_DATA)[0]


def test_the_limit_of_a_worker_is_the_kernels():
    with WorkerPool(2) as pool:
        pool.submit("limit", limit, None)
        while pool.busy:
            for _, found in pool.finished():
                assert found == memory_limit()

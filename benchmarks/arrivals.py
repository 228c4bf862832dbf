"""Submissions that arrive in nbgrader's exchange while `./course grade --watch` runs: when is their feedback there?

    python benchmarks/arrivals.py                                  200 in a minute, graded cells, then 60 in a minute
    python benchmarks/arrivals.py --submissions 60 --seconds 60

Each learner hands in once, as `nbgrader submit` writes; the time runs from the moment when the submission is whole to
the moment when its page can be read in the exchange. Every submission must be graded, and counted, exactly once.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grading_class import make_class
from nbgrader.utils import notebook_hash

from course_lib.workspace import course_root, find_unit
from grader.grading.attempts import attempts_of
from grader.grading.classroom import Classroom
from grader.grading.journal import RunJournal

COURSE = "optimization"
CONFIG = """
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {root!r}
c.ExchangeCollect.check_owner = False  # here one account hands in for all
"""


@dataclass
class Day:
    """What came of one run; seconds from a whole submission to its page, in the order of arrival."""

    waited: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """From the first submission to the last page."""


def run(folder: Path, unit: str, submissions: int, seconds: float, workers: int = 2, patience: float = 600.0) -> Day:
    """Let `submissions` learners hand in, evenly over `seconds`; patience: seconds for the last page."""
    texts = class_of(folder, unit, submissions)
    inbound = folder / "exchange" / COURSE / "inbound"
    inbound.mkdir(parents=True)
    call = (
        f"import sys; from grader.commands.grade import main; sys.exit(main({unit!r}, watch=True, workers={workers}))"
    )
    environment = os.environ | {"COURSE_ROOT": str(folder / "course"), "PYTHONPATH": str(course_root())}
    with (folder / "log").open("w", encoding="utf-8") as log:
        watcher = subprocess.Popen([sys.executable, "-c", call], env=environment, stdout=log, stderr=log)
    try:
        warm_up(folder, unit, texts.pop("warm"), watcher)
        day = hand_in_all(folder, unit, texts, seconds, patience)
    finally:
        watcher.send_signal(signal.SIGTERM)
        watcher.wait(120)
    told = (folder / "log").read_text(encoding="utf-8")
    lines = Counter(line.split("  ")[1] for line in told.splitlines() if "attempt 1 (" in line)
    journal = RunJournal(Classroom(folder / "course"), unit)
    day.twice = [s for s in texts if lines[s] > 1 or len(attempts_of(journal, s)) != 1]
    return day


def class_of(folder: Path, unit: str, submissions: int) -> dict[str, str]:
    """A class below `folder`, and what each of its learners will hand in; one more, `warm`, is the first."""
    made = make_class(folder, unit, submissions + 1, lean=True)
    handed_in = sorted((made.course / "submitted").iterdir())
    texts = {path.name: (path / unit / f"{unit}.ipynb").read_text(encoding="utf-8") for path in handed_in}
    (made.course / "submitted").rename(folder / "written")
    with (made.course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(CONFIG.format(course=COURSE, root=str(folder / "exchange")))
    return {"warm": texts.pop(handed_in[-1].name), **texts}


def submit(folder: Path, unit: str, student: str, text: str) -> Path:
    """Hand in; where its page will be."""
    when, secret = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC", secrets.token_hex(64)
    course = folder / "exchange" / COURSE
    delivery = course / "inbound" / f"{student}+{unit}+{when}+{secrets.token_urlsafe(9)}"
    delivery.mkdir()
    (delivery / f"{unit}.ipynb").write_text(text, encoding="utf-8")
    (delivery / "timestamp.txt").write_text(when, encoding="ascii")
    (delivery / "submission_secret.txt").write_text(secret, encoding="ascii")
    return course / "feedback" / f"{notebook_hash(secret=secret, notebook_id=unit)}.html"


def warm_up(folder: Path, unit: str, text: str, watcher: subprocess.Popen[bytes]) -> None:
    """Wait until a first submission is through: what is timed is a watcher that has been there for a while."""
    page = submit(folder, unit, "warm", text)
    while not page.exists():
        if watcher.poll() is not None:
            raise SystemExit(f"the watcher ended:\n{(folder / 'log').read_text(encoding='utf-8')}")
        time.sleep(0.05)


def hand_in_all(folder: Path, unit: str, texts: dict[str, str], seconds: float, patience: float) -> Day:
    """Hand in one after the other, and look for each one's page."""
    began, pages, waiting, day = time.monotonic(), {}, {}, Day()
    queue = list(texts)
    while (queue or waiting) and time.monotonic() - began < seconds + patience:
        if queue and time.monotonic() - began >= seconds * (len(texts) - len(queue)) / len(texts):
            student = queue.pop(0)
            pages[student] = submit(folder, unit, student, texts[student])
            waiting[student] = time.monotonic()
        for student in [student for student in waiting if pages[student].exists()]:
            day.waited.append(time.monotonic() - waiting.pop(student))
        time.sleep(0.02)
    day.lost, day.seconds = [*queue, *waiting], time.monotonic() - began
    return day


def main() -> None:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unit", default="00")
    parser.add_argument("--submissions", type=int)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    unit = find_unit(options.unit)
    for submissions in [options.submissions] if options.submissions else [200, 60]:
        with tempfile.TemporaryDirectory() as folder:
            day = run(Path(folder), unit, submissions, options.seconds, options.workers)
        ranked = statistics.quantiles(day.waited, n=20, method="inclusive") if len(day.waited) > 1 else [0.0] * 19
        found = {
            "median_s": ranked[9],
            "p95_s": ranked[18],
            "most_s": max(day.waited, default=0.0),
            "all_s": day.seconds,
        }
        told = {"submissions": submissions, "in_s": options.seconds, "lost": day.lost, "twice": day.twice}
        print(json.dumps(told | {key: round(value, 2) for key, value in found.items()}), flush=True)


if __name__ == "__main__":  # worker processes import this file
    main()

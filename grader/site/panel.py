"""A real check's panel: what a check says today of a wrong answer that many write."""

from __future__ import annotations

import re

import numpy

from course_lib.judging.compute import run_cases
from course_lib.judging.judge import Verdict, judge
from course_lib.judging.reference import load
from course_lib.judging.render import html

EXERCISE = "mse_loss"
ANSWER = """\
def mse_loss(theta, X, y):
    r = X @ theta - y
    loss = np.sum(r**2)
    grad = 2 * X.T @ r
    return loss, grad"""
"""Wrong: it sums where the loss is a mean."""


def verdict() -> Verdict:
    """What a check makes of the answer, which is run as its cell would be."""
    namespace: dict[str, object] = {"np": numpy}
    exec(ANSWER, namespace)
    reference = load(EXERCISE)
    return judge(run_cases(EXERCISE, namespace[EXERCISE], reference), reference)


CASE = re.compile(r'<div style="[^"]*">([^<>]*<i>[^<>]*</i>[^<>]*?)[:：]</div>(<table.*?</table>)', re.S)
"""The panel's last part: a wrong case with what went in, what came out and what is right."""


def folded() -> str:
    """The panel as one line of HTML, its case behind a click, so that a front page has room for it."""
    shown = CASE.sub(r"<details><summary>\1</summary>\2</details>", html(verdict()))
    return shown.replace("\n", "&#10;")

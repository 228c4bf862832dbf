"""A verdict as a panel (HTML) and as plain text.

Two audiences: the learner at work, who sees cases and values, and the reader of a grade, who sees of the private
cases only each property, its points and the diagnosis.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.judging import problems
from course_lib.judging.compare import TELLS_VALUES, UNTOLD, apart, short
from course_lib.judging.reference import load
from course_lib.sentences import say
from course_lib.told import put_together, shown, sign

if TYPE_CHECKING:  # what finds them takes a third of `import course_lib`, and is needed at the first check only
    from course_lib.judging.diagnosis import Diagnosis
    from course_lib.judging.judge import Difference, GroupResult, Verdict

# Bars of these colours stand out by 3 to 1 on a white and on a dark page; no text has them, it takes the page's own.
GREEN, RED, AMBER = "#2e9e6b", "#d1495b", "#c27c0e"
CELL = "padding:3px 10px 3px 0;text-align:left;vertical-align:top;border:0"
MARKS = {True: ("✓", GREEN, say("holds")), False: ("✗", RED, say("open"))}
"""Of a property, by whether it holds: its mark, the bar beside it, and what a screen reader says of the mark."""


def headline(verdict: Verdict) -> str:
    """One line: the exercise, how far, and the points."""
    if verdict.withheld:
        template = "{name}: every question is answered" if verdict.passed else "{name}: not complete yet"
    elif verdict.passed:
        template = "{name}: all right, {earned} of {points} points"
    elif verdict.not_started:
        template = "{name}: not written yet, {earned} of {points} points"
    else:
        template = "{name}: not right yet, {earned} of {points} points"
    line = say(template, name=verdict.exercise, earned=verdict.earned, points=verdict.points)
    return shown(say("{headline} (bonus)", headline=line) if verdict.bonus and not verdict.withheld else line)


def advice(verdict: Verdict, private: bool = False) -> list[str]:
    """The sentences that help most, best first: the diagnoses, else the property that does not hold, and how it shows.

    Of a private case no value is told: neither what came nor what is right.
    """
    if verdict.diagnoses:
        unit = unit_of(verdict.exercise)
        return [shown(_with_hint(diagnosis, verdict), unit) for diagnosis in verdict.diagnoses]
    return [_property(verdict, private)] if verdict.differences else []


def _with_hint(diagnosis: Diagnosis, verdict: Verdict) -> str:
    """The sentence and the hint to open: the misconception's own, else that of the first property that it breaks."""
    about = next((group.hint for group in verdict.groups if group.key in diagnosis.groups), None)
    if hint := diagnosis.hint or about:
        named = "{says} (Hint {hint} goes on from here.)"
        template = named if diagnosis.kind == "named" else "{says} Hint {hint} is about this."
        return say(template, says=diagnosis.says, hint=hint)
    return diagnosis.says


def unit_of(exercise: str) -> str:
    """The unit of an exercise, whose catalogue has its sentences; nothing for one that the course does not have."""
    try:
        return load(exercise).unit
    except CourseError:
        return ""


def reason(verdict: Verdict) -> str:
    """Why no value came back, in a few words for a table; empty where values came, or nothing is written yet."""
    problem = _first(verdict).problem if verdict.differences and not verdict.not_started else None
    return shown(problems.short(problem), unit_of(verdict.exercise)) if problem else ""


def _first(verdict: Verdict) -> Difference:
    """The difference to talk about: exceptions and shapes before values, in the order of the cases."""
    order = ("problem", "type", "shape", "finite", "dtype", "values")
    return min(verdict.differences, key=lambda d: (order.index(d.stage), d.case))


def _property(verdict: Verdict, private: bool) -> str:
    """What is not so yet, how far, where it shows, and which hint is about it; of a problem, its own sentence."""
    first = _first(verdict)
    message = _message(first, private)
    group = next((group for group in verdict.groups if group.key == first.group), None)
    unit = unit_of(verdict.exercise)
    if first.stage == "problem" or group is None:
        return shown(_as_sentence(message, verdict.exercise), unit)
    broken = sum(not group.passed for group in verdict.groups)
    parts = [say(_how_far(broken, len(verdict.groups)), states=group.states, broken=broken, all=len(verdict.groups))]
    if private or not first.label:
        parts.append(_as_sentence(message, verdict.exercise))
    else:
        template = shown("In the case “{label}”: {message}")
        parts.append(say(template, label=shown(first.label, unit), message=shown(message, unit)))
    if group.hint:
        parts.append(say("Hint {hint} is about this.", hint=group.hint))
    return put_together(shown(part, unit) for part in parts)


def _how_far(broken: int, all_: int) -> str:
    """The template that says what is not so yet, and of the other properties how they stand."""
    if all_ == 1:
        return "Not yet: {states}."
    if broken > 1:
        return "Not yet: {states} ({broken} of {all} properties are open)."
    return "Not yet: {states}; the other one holds." if all_ == 2 else "Not yet: {states}; all others hold."


def _message(difference: Difference, private: bool) -> str:
    return TELLS_VALUES.sub(UNTOLD, difference.message) if private else difference.message


def _as_sentence(text: str, exercise: str) -> str:
    """With a capital letter, unless it begins with a name from the learner's code."""
    return text if text.startswith(("`", exercise)) else text[:1].upper() + text[1:]


def _rows(verdict: Verdict, private: bool) -> Iterator[tuple[GroupResult, str, str]]:
    """Each property, what it states, and what is seen where it does not hold."""
    unit = unit_of(verdict.exercise)
    for group in verdict.groups:
        detail = ""
        if group.first is not None and not private and not verdict.not_started:
            detail = shown(group.label, unit) + sign(": ") + shown(group.first.message, unit)
        yield group, shown(group.states, unit), detail


def text(verdict: Verdict, private: bool = False) -> str:
    """Plain text, for terminals, logs and Validate."""
    lines = [headline(verdict)]
    if not verdict.passed:
        lines += ["  " + sentence for sentence in advice(verdict, private)]
    if verdict.withheld:
        return "\n".join([*lines, f"  {shown(WITHHELD)}"] if verdict.passed else lines)
    for group, states, detail in _rows(verdict, private):
        mark = MARKS[group.passed][0]
        lines.append(f"  {mark} {states} ({group.earned}/{group.points})" + (sign(": ") + detail if detail else ""))
    return "\n".join(lines)


WITHHELD = (
    "Your answers are recorded. What is right, and why, you read in your feedback; "
    "on your own, `./course check UNIT` in a terminal tells you now."
)


def html(verdict: Verdict, private: bool = False, picture: str = "") -> str:
    """The panel: headline, diagnosis, one row a property, the first wrong case with what came and what is right."""
    colour = GREEN if verdict.passed else AMBER if verdict.not_started else RED
    line = escape(headline(verdict))
    parts = [
        f'<div role="group" aria-label="{line}" style="border-left:5px solid {colour};padding:8px 14px;margin:4px 0;'
        'max-width:56em;line-height:1.45;overflow-x:auto">',
        f'<div style="font-weight:600">{line}</div>',
    ]
    if not verdict.passed:
        for sentence in advice(verdict, private):
            parts.append(f'<p style="margin:6px 0">{escape(sentence)}</p>')
    if verdict.withheld:
        if verdict.passed:
            parts.append(f'<p style="margin:6px 0">{escape(shown(WITHHELD))}</p>')
    elif not verdict.not_started or private:
        parts.append(_table(verdict, private))
    return "".join([*parts, picture, "</div>"])


def _table(verdict: Verdict, private: bool) -> str:
    rows = []
    for group, states, detail in _rows(verdict, private):
        mark, colour, spoken = MARKS[group.passed]
        points = f"{group.earned}/{group.points}"
        more = f'<br><span style="opacity:.8">{escape(detail)}</span>' if detail else ""
        rows.append(
            f'<tr style="background:none"><td style="{CELL};border-left:3px solid {colour};padding-left:8px;'
            f'font-weight:700"><span role="img" aria-label="{shown(spoken)}">{mark}</span></td>'
            f'<td style="{CELL};white-space:normal">{escape(states)}{more}</td>'
            f'<td style="{CELL};white-space:nowrap">{points}</td></tr>'
        )
    head = f'<table style="border-collapse:collapse;margin:6px 0;font-size:95%">{"".join(rows)}</table>'
    first = None if private or not verdict.differences else _first(verdict)
    return (
        head
        if first is None or first.stage not in ("values", "dtype", "finite")
        else head + _values(first, unit_of(verdict.exercise))
    )


def _values(difference: Difference, unit: str) -> str:
    """One wrong case: what went in, what came out, what is right."""
    plain = {name: value for name, value in difference.inputs.items() if not isinstance(value, dict | list)}
    rows = [(shown(say("with {name}", name=name)), _excerpt(value)) for name, value in plain.items()]
    rows = [row for row in rows if row[1].count("\n") < 6][:4]
    if difference.expected is not None:  # else a property was verified, and its sentence says it all
        got, right = apart(difference.got, difference.expected)
        rows += [(shown("you got"), got[:400]), (shown("expected"), right[:400])]
    if difference.error is not None and np.isfinite(difference.error):
        rows.append((shown("largest relative error"), f"{difference.error:.2g}"))
    body = "".join(
        f'<tr style="background:none"><td style="{CELL};opacity:.7;white-space:nowrap">{escape(label)}</td>'
        f'<td style="{CELL}"><code style="white-space:pre">{escape(value)}</code></td></tr>'
        for label, value in rows
    )
    title = say(shown("The case {label}:"), label=f"<i>{escape(shown(difference.label, unit))}</i>")
    head = f'<div style="margin-top:8px;opacity:.8">{title}</div>'
    return f'{head}<table style="border-collapse:collapse;margin:6px 0;font-size:95%">{body}</table>'


def _excerpt(value: object) -> str:
    return short(value)[:400]


def in_notebook() -> bool:
    """Whether there is a notebook, or IPython's shell, to show things in."""
    return "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None


def show_note(sentences: Sequence[str], colour: str = AMBER) -> None:
    """A panel of sentences in a notebook; lines where there is none."""
    sentences = [shown(sentence) for sentence in sentences]
    if not in_notebook():
        print("\n".join(sentences))
        return
    style = f"border-left:5px solid {colour};padding:8px 14px;margin:4px 0"
    body = "<br>".join(escape(sentence) for sentence in sentences)
    display({"text/html": f'<div style="{style}">{body}</div>', "text/plain": "\n".join(sentences)})


def display(data: dict[str, Any]) -> None:
    """Show one output of several MIME types in a notebook."""
    from IPython.display import display as show

    show(data, raw=True)

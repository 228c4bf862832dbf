"""The tables of `docs/plan.md`, made from the units' own header tables: `python tools/course_plan.py` writes them.

A plan is a list of weeks (or days, or steps), each with its units; the hours are added up from what the units say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "plan.md"
TITLE = re.compile(r"^# # (\d\d) · (.+)$", re.M)
HEADER = re.compile(r"^# \| time \| difficulty \| builds on \|\n# \|[-|]+\n# \| ([^|]+) \| ([^|]+) \| (.+) \|$", re.M)
SPAN = re.compile(r"^(\d+) to (\d+) (minutes|hours)")
NAMED = re.compile(r"\.\./(\d\d)_|\bunit (\d\d)\b")

TERM = (
    ("1", "00 01", "the course on one page; a gradient that is tested before it is trusted"),
    ("2", "02", "the cliff at 2/L, and the price of a narrow valley"),
    ("3", "03", "noise, schedules, and a learning rate found in one short run"),
    ("4", "04", "a ball that rolls, and a step length for each parameter"),
    ("5", "05", "Adam line by line; what a fair comparison is"),
    ("6", "06", "a curve that follows the noise, and five ways out"),
    ("7", "07", "a network and its way back, trained by one's own Adam"),
    ("8", "08", "convolution by hand: the last unit in NumPy"),
    ("9", "09", "the same optimizers as PyTorch's classes, step for step"),
    ("10", "10", "a published program, mended; a loop to sign with one's name"),
    ("11", "12", "what a network costs, and which of two is better"),
    ("12", "13", "networks that change; or 14, or 15, for a class that would rather look inside or mix modalities"),
    ("13", "16/2", "the client's letter: the tools, and a first network"),
    ("14", "16/2", "the network under its budget, and the report"),
)
HALF = (*TERM[:7],)
WEEK = (
    ("Monday", "00 01 02", "from a test of gradients to the step downhill"),
    ("Tuesday", "03 04", "noise, schedules, momentum"),
    ("Wednesday", "05 07", "Adam, and a network to train with it"),
    ("Thursday", "09 10", "PyTorch, and a program to mend"),
    ("Friday", "12", "what a network costs; the small network as a contest, with `./course leaderboard 12`"),
)
ALONE = (
    ("1", "00 01", "a gradient that you trust"),
    ("2", "02", "how long a step may be"),
    ("3", "04", "steps that remember"),
    ("4", "05", "Adam, from its parts"),
    ("5", "07", "a network that your Adam trains"),
)
PLANS = {"term": ("week", TERM), "half": ("week", HALF), "week": ("day", WEEK), "alone": ("step", ALONE)}
Plan = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Unit:
    """What a unit says of itself; times in minutes."""

    number: str
    title: str
    folder: str
    least: int
    most: int
    difficulty: str
    builds_on: tuple[str, ...]

    @property
    def link(self) -> str:
        """The unit's name, leading to the learner's edition."""
        return f"[{self.number} · {self.title}](../notebooks/{self.folder}/{self.folder}.ipynb)"


def read_unit(script: Path) -> Unit:
    """A unit's header. Raises `ValueError` where it has none of the usual form."""
    text = script.read_text(encoding="utf-8")
    title, header = TITLE.search(text), HEADER.search(text)
    span = SPAN.match(header[1]) if header else None
    if title is None or header is None or span is None:
        raise ValueError(f"{script} has no table `| time | difficulty | builds on |` that begins with a span of time.")
    factor = 60 if span[3] == "hours" else 1
    named = {number for pair in NAMED.findall(header[3]) for number in pair if number}
    return Unit(
        title[1],
        title[2],
        script.stem,
        factor * int(span[1]),
        factor * int(span[2]),
        header[2],
        tuple(sorted(named)),
    )


def units() -> dict[str, Unit]:
    """All units by number."""
    scripts = sorted((ROOT / "solutions").glob("[0-9][0-9]_*/[0-9][0-9]_*.py"))
    return {unit.number: unit for unit in map(read_unit, scripts)}


def hours(least: float, most: float) -> str:
    """A span of minutes in hours: `1.8 to 2.3`."""
    return f"{least / 60:.1f} to {most / 60:.1f}"


def parts(text: str, known: dict[str, Unit]) -> Iterator[tuple[Unit, float]]:
    """The units of one week with the share of each: `00 01`, or `16/2` for half of one."""
    for each in text.split():
        number, _, of = each.partition("/")
        yield known[number], 1 / int(of or 1)


def all_units(known: dict[str, Unit]) -> str:
    """The table of all units, with the units that name each as what they build on."""
    rows = ["| unit | hours | difficulty | builds on | wanted by |", "|---|---|---|---|---|"]
    for unit in known.values():
        wanted = ", ".join(other.number for other in known.values() if unit.number in other.builds_on)
        needs, span = ", ".join(unit.builds_on), hours(unit.least, unit.most)
        rows.append(f"| {unit.link} | {span} | {unit.difficulty} | {needs} | {wanted} |")
    least, most = sum(unit.least for unit in known.values()), sum(unit.most for unit in known.values())
    return "\n".join([*rows, f"| **all** | **{hours(least, most)}** | | | |"])


def plan_table(name: str, known: dict[str, Unit]) -> str:
    """One plan's table, its sum at the end."""
    period, plan = PLANS[name]
    rows = [f"| {period} | units | hours | what it is about |", "|---|---|---|---|"]
    total = [0.0, 0.0]
    for label, text, about in plan:
        mine = list(parts(text, known))
        span = [sum(share * unit.least for unit, share in mine), sum(share * unit.most for unit, share in mine)]
        total = [before + more for before, more in zip(total, span, strict=True)]
        named = ", ".join(unit.number if share == 1 else f"{unit.number} (half)" for unit, share in mine)
        rows.append(f"| {label} | {named} | {hours(*span)} | {about} |")
    return "\n".join([*rows, f"| | | **{hours(*total)}** | |"])


def with_tables(text: str) -> str:
    """The page with its tables as they are now. Raises `ValueError` where one of their places is missing."""
    known = units()
    tables = {"units": all_units(known)} | {name: plan_table(name, known) for name in PLANS}
    for name, table in tables.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{PAGE} needs one `{begin}` and one `{end}`.")
        head, rest = text.split(begin)
        text = f"{head}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")

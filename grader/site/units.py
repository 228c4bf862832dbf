"""The units' pages: what the released notebooks say of themselves, and their sources for Sphinx."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.errors import CourseError
from course_lib.language.blocks import split
from course_lib.language.choice import ENGLISH
from course_lib.language.editions import edition
from course_lib.sentences import say
from course_lib.told import shown, speaking
from course_lib.workspace import course_root, locales
from grader.exercises import exercises_of
from grader.site.addresses import Repository, buttons
from grader.site.cells import PICTURES, Links, page_of
from grader.site.outputs import Outputs

TITLE = re.compile(r"\A# (.+)\n")
STARTS = {
    "title": "# ",
    "aim": "**After this unit you ",
    "table": "| time | difficulty | builds on |\n|",
}
"""How the blocks of a unit's first cell begin in English that say what the unit is."""
ROW = re.compile(r"\| (.+?) \| (.+?) \| (.+?) \|")
INSTALL = say(
    "Colab has no copy of the course: this cell brings it. Run it first; if Colab asks you to, restart and go on."
)


@dataclass(frozen=True)
class About:
    """What a unit's first cell says: its title, what one can do after it, and its table."""

    unit: str
    title: str
    aim: str
    time: str
    difficulty: str
    builds_on: str

    @property
    def exercises(self) -> int:
        """How many exercises are checked, quizzes apart."""
        return sum(not exercise.withheld for exercise in exercises_of(self.unit))

    @property
    def points(self) -> int:
        """What they and the quiz are worth, bonuses apart."""
        return sum(exercise.points for exercise in exercises_of(self.unit) if not exercise.bonus)


@dataclass
class Figures:
    """The figures of the pages: the text of each, by the SHA-256 of its bytes, and which have none."""

    texts: dict[str, str] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)

    def note(self, unit: str, page: NotebookNode) -> None:
        """Look at the figures of a unit's page."""
        for cell in page.cells:
            for output in cell.get("outputs", []):
                kind = next((kind for kind in PICTURES if kind in output.get("data", {})), None)
                if kind is None:
                    continue
                told = str(output.metadata.get(kind, {}).get("alt", ""))
                if told:
                    self.texts[name_of(output.data[kind], kind)] = told
                else:
                    self.untold.append(
                        f"{unit}, the cell {cell['id']}: a figure has no text, so who cannot see it has none"
                    )


def name_of(content: str, kind: str) -> str:
    """What MyST-NB calls the file of a figure: the SHA-256 of its bytes."""
    data = content.encode() if kind == "image/svg+xml" else base64.b64decode(content)
    return hashlib.sha256(data).hexdigest()


@cache
def released(unit: str, language: str = ENGLISH) -> NotebookNode:
    """The learner's edition of a unit in a language."""
    path = course_root() / "notebooks" / unit / f"{unit}.ipynb"
    told = edition(json.loads(path.read_text(encoding="utf-8")), unit, language, locales())
    return nbformat.reads(json.dumps(told), as_version=4)


@cache
def about(unit: str, language: str = ENGLISH) -> About:
    """What a unit says of itself in a language. Raises `CourseError` where its first cell is not as every unit's."""
    english, told = (split(released(unit, each).cells[0].source) for each in (ENGLISH, language))
    found = {
        part: other.block
        for one, other in zip(english, told, strict=True)
        for part, start in STARTS.items()
        if one.block.startswith(start)
    }
    row = ROW.fullmatch(found.get("table", "").rpartition("\n")[2])
    if found.keys() != STARTS.keys() or row is None:
        raise CourseError(
            f"notebooks/{unit}: the first cell has no title, no “After this unit you can”, or no table of time, "
            "difficulty and what it builds on, of which the course plan is made."
        )
    return About(unit, found["title"].removeprefix("# "), " ".join(found["aim"].split()), row[1], row[2], row[3])


def write_page(unit: str, outputs: Outputs, links: Links, home: Repository, figures: Figures, folder: Path) -> Path:
    """Write the source of a unit's page into `folder`, buttons below its title, and note its figures."""
    page = page_of(released(unit, speaking()), outputs, links, unit)
    page.cells[0].source = TITLE.sub(lambda match: f"{match[0]}\n{buttons(home, unit)}\n", page.cells[0].source)
    figures.note(unit, page)
    target = folder / f"{unit}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    return target


def for_colab(unit: str, home: Repository) -> NotebookNode:
    """The learner's edition with a first cell that installs the course, for a machine that has only the notebook."""
    notebook = nbformat.from_dict(json.loads(json.dumps(released(unit, speaking()))))
    source = f'# {shown(INSTALL)}\n%pip install --quiet "git+{home.address}"'
    notebook.cells.insert(0, new_code_cell(source, id="install-the-course"))
    return notebook

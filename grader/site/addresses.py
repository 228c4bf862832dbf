"""Where the repository lies, and the addresses that follow from it: Binder, Colab, and the form to report a mistake.

The one setting is `Repository` in pyproject's `[project.urls]`. Without it there is no button, on no page.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from course_lib.language.choice import ENGLISH
from course_lib.told import shown, speaking
from grader.site.editions import short

BRANCH = "main"
COLAB_BRANCH = "colab"
"""The branch on which .github/workflows/site.yml puts the notebooks with a first cell that installs the course."""
CELL_FORM = "1-cell.yml"
GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
MARKS = ("<!-- buttons -->", "<!-- end of buttons -->")
"""Between these the README has its buttons, where the repository has an address."""


@dataclass(frozen=True)
class Repository:
    """The public repository's address, without a slash at its end; empty where there is none."""

    address: str = ""

    @property
    def name(self) -> str:
        """OWNER/NAME on GitHub, which Binder, Colab and the issue form want; empty for any other address."""
        match = GITHUB.fullmatch(self.address)
        return f"{match[1]}/{match[2]}" if match else ""

    def file(self, path: str, *, folder: bool = False) -> str:
        """The address of a file or folder, by its path in the repository; empty where there is none."""
        return f"{self.address}/{'tree' if folder else 'blob'}/{BRANCH}/{quote(path)}" if self.name else ""

    def colab(self, unit: str, language: str = ENGLISH) -> str:
        """The unit in Colab, with the first cell that installs the course; other languages have folders there."""
        path = f"{unit}.ipynb" if language == ENGLISH else f"{short(language)}/{unit}.ipynb"
        return f"https://colab.research.google.com/github/{self.name}/blob/{COLAB_BRANCH}/{path}"

    def binder(self, unit: str) -> str:
        """A machine of Binder's with the learner's copy of the unit open."""
        path = quote(f"lab/tree/work/{unit}/{unit}.ipynb", safe="")
        return f"https://mybinder.org/v2/gh/{self.name}/{BRANCH}?urlpath={path}"

    def report(self, unit: str, cell: str) -> str:
        """The form for a mistake in a cell, with unit (its title) and cell filled in."""
        fields = {"template": CELL_FORM, "title": f"Unit {unit[:2]}: ", "unit": unit, "cell": cell}
        return f"{self.address}/issues/new?{urlencode(fields, quote_via=quote)}"


def repository(root: Path) -> Repository:
    """The repository as pyproject.toml names it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Repository(str(project.get("urls", {}).get("Repository", "")).rstrip("/"))


def buttons(home: Repository, unit: str) -> str:
    """A unit's buttons, as one line of HTML; where the repository has no address, the download alone."""
    targets = [(shown("Download the notebook"), f"../notebooks/{unit}.ipynb", " download")]
    if home.name:
        targets.insert(0, (shown("Open in Colab"), home.colab(unit, speaking()), ""))
        targets.insert(1, (shown("Open in Binder"), home.binder(unit), ""))
        targets.append((shown("Report a mistake"), home.report(unit, "the whole unit"), ""))
    drawn = "".join(f'<a class="button" href="{escape(to)}"{more}>{label}</a>' for label, to, more in targets)
    return f'<nav class="buttons" aria-label="{shown("Open this unit")}">{drawn}</nav>'


def readme_buttons(home: Repository, units: list[str]) -> str:
    """What stands between the README's marks: where to open each unit; empty without an address."""
    if not home.name:
        return ""
    first = f"[Binder]({home.binder(units[0])}) · [Colab]({home.colab(units[0])})"
    others = " · ".join(f"[{unit[:2]}]({home.colab(unit)})" for unit in units[1:])
    return f"Without installing anything, unit 00 in {first}; the others in Colab: {others}."


def with_buttons(readme: str, home: Repository, units: list[str]) -> str:
    """The README with the buttons of today's address between its marks."""
    before, _, rest = readme.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    made = readme_buttons(home, units)
    return f"{before}{MARKS[0]}\n{made}{chr(10) if made else ''}{MARKS[1]}{after}"

"""Build the site: outputs that are kept or made, sources, and Sphinx, which makes pages of them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from course_lib.errors import CourseError
from course_lib.workspace import home
from grader.site import outputs
from grader.site.sources import Sources, configuration
from grader.site.units import about

Say = Callable[[str], None]
UNNEEDED = ("*.map", "*.po", "*.mo")
"""What the theme's makers need, and no reader."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Built:
    """A site that was made: where it lies, what Sphinx warned of, and which figures have no text."""

    folder: Path
    warnings: tuple[str, ...]
    untold: tuple[str, ...]

    @property
    def index(self) -> Path:
        """Its first page."""
        return self.folder / "index.html"

    @property
    def files(self) -> list[Path]:
        """All of its files."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


def folder_of_site() -> Path:
    """Where the site and what it is made from lie, where nobody says otherwise."""
    return home() / ".course" / "site"


def outputs_for(units: Sequence[str], folder: Path, say: Say) -> dict[str, outputs.Outputs]:
    """The outputs of the units; what is not kept is executed, one unit after another, with a line for each."""
    found = {unit: kept for unit in units if (kept := outputs.kept(unit, folder)) is not None}
    missing = [unit for unit in units if unit not in found]
    for number, unit in enumerate(missing, start=1):
        say(
            f"[{number}/{len(missing)}] {about(unit).title}: its solution is run, which takes a few minutes at most ..."
        )
        begin = monotonic()
        found[unit] = outputs.execute(unit)
        outputs.keep(unit, found[unit], folder)
        say(f"[{number}/{len(missing)}] {about(unit).title}: done after {monotonic() - begin:.0f} s")
    return found


def build(units: Sequence[str], target: Path, shown: dict[str, outputs.Outputs]) -> Built:
    """Make the site of these units, and all other pages, in `target`, whole or not at all."""
    _require_ours(target)
    with TemporaryDirectory() as scratch:
        sources = Sources(Path(scratch), units, shown)
        sources.write()
        made = Path(scratch) / "made" / "html"
        warnings = _sphinx("html", sources, made)
        for unneeded in (path for kind in UNNEEDED for path in made.rglob(kind)):
            unneeded.unlink()
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)
    return Built(target, tuple(warnings), tuple(sources.figures.untold))


def dead_links(units: Sequence[str]) -> list[str]:
    """A sentence for each link from these units, and from all other pages, to a site that does not answer it."""
    with TemporaryDirectory() as scratch:
        sources = Sources(Path(scratch), units, {})
        sources.write()
        made = Path(scratch) / "made" / "links"
        _sphinx("linkcheck", sources, made)
        return told_of_links((made / "output.json").read_text(encoding="utf-8"))


def told_of_links(report: str) -> list[str]:
    """The sentences of Sphinx's report on links, a line of JSON each, for those that are broken."""
    links = [json.loads(line) for line in report.splitlines()]
    dead = [link for link in links if link["status"] == "broken"]
    return [
        f"{link['filename']}, line {link['lineno']}: {link['uri']} does not answer: {link['info']}" for link in dead
    ]


def _sphinx(builder: str, sources: Sources, target: Path) -> list[str]:
    """Run Sphinx; its warnings, a sentence each."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warned = io.StringIO()
    with patch_docutils(), docutils_namespace(), redirect_stderr(warned):
        app = Sphinx(
            srcdir=sources.pages,
            confdir=None,
            outdir=target,
            doctreedir=target.parent / "doctrees",
            buildername=builder,
            confoverrides=configuration(sources),
            status=None,
            warning=warned,
            freshenv=True,
        )
        app.build(force_all=True)
    lines = [COLOURS.sub("", line).strip() for line in warned.getvalue().splitlines()]
    return [line.replace(f"{sources.pages}{os.sep}", "") for line in lines if line]


def _require_ours(target: Path) -> None:
    """A folder with other files in it is not made anew: only one that Sphinx wrote, or an empty one."""
    if target.is_dir() and any(target.iterdir()) and not (target / ".buildinfo").is_file():
        raise CourseError(
            f"{target} holds files that are no site, and a new site would take their place. Name another folder."
        )

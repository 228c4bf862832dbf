"""Build the site: outputs that are kept or made, sources, and Sphinx, which makes pages of them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from course_lib.errors import CourseError
from course_lib.language.choice import ENGLISH
from course_lib.told import in_language
from course_lib.workspace import home
from grader.site import outputs
from grader.site.editions import editions
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


Shown = Mapping[str, Mapping[str, outputs.Outputs]]
"""What is shown, by language, then by unit."""


def outputs_for(units: Sequence[str], languages: Sequence[str], folder: Path, say: Say) -> Shown:
    """The outputs of the units; what is not kept is executed, one unit after another, with a line for each."""
    wanted = [(language, unit) for language in languages for unit in units]
    known = {each: kept for each in wanted if (kept := outputs.kept(each[1], folder, each[0])) is not None}
    missing = [each for each in wanted if each not in known]
    for number, (language, unit) in enumerate(missing, start=1):
        which = f"[{number}/{len(missing)}] {about(unit, language).title}"
        say(f"{which}: its solution is run, which takes a few minutes at most ...")
        begin = monotonic()
        known[language, unit] = outputs.execute(unit, language)
        outputs.keep(unit, known[language, unit], folder, language)
        say(f"{which}: done after {monotonic() - begin:.0f} s")
    return {language: {unit: known[language, unit] for unit in units} for language in languages}


def build(units: Sequence[str], target: Path, shown: Shown, languages: Sequence[str] = (ENGLISH,)) -> Built:
    """Make the site of these units, and all other pages, in `target`, whole or not at all.

    The pages of the first language, which is English, lie at the root, those of each other one in a folder there.
    """
    _require_ours(target)
    warnings: list[str] = []
    untold: list[str] = []
    anchors: dict[str, Any] = {}
    with TemporaryDirectory() as scratch:
        made = Path(scratch) / "html"
        for edition in editions(languages):
            with in_language(edition.language):
                folder = Path(scratch) / edition.language
                sources = Sources(folder, units, shown.get(edition.language, {}), edition)
                sources.write()
                warnings += _sphinx("html", sources, made / edition.folder, anchors)
                untold += sources.figures.untold
        for unneeded in (path for kind in UNNEEDED for path in made.rglob(kind)):
            unneeded.unlink()
        for index in made.rglob("searchindex.js"):
            _write_as_it_is(index)
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)
    return Built(target, tuple(warnings), tuple(untold))


def _write_as_it_is(index: Path) -> None:
    """Sphinx writes six signs for each that is not Latin; every page loads the index, so one is enough."""
    call, _, data = index.read_text(encoding="utf-8").partition("(")
    said = json.dumps(json.loads(data.removesuffix(")")), ensure_ascii=False, separators=(",", ":"))
    index.write_text(f"{call}({said})", encoding="utf-8")


def dead_links(units: Sequence[str]) -> list[str]:
    """A sentence for each link from these units, and from all other pages, to a site that does not answer it."""
    with TemporaryDirectory() as scratch:
        sources = Sources(Path(scratch), units, {})
        sources.write()
        made = Path(scratch) / "links"
        _sphinx("linkcheck", sources, made, {})
        return told_of_links((made / "output.json").read_text(encoding="utf-8"))


def told_of_links(report: str) -> list[str]:
    """The sentences of Sphinx's report on links, a line of JSON each, for those that are broken."""
    links = [json.loads(line) for line in report.splitlines()]
    dead = [link for link in links if link["status"] == "broken"]
    return [
        f"{link['filename']}, line {link['lineno']}: {link['uri']} does not answer: {link['info']}" for link in dead
    ]


def _sphinx(builder: str, sources: Sources, target: Path, anchors: dict[str, Any]) -> list[str]:
    """Run Sphinx; its warnings, a sentence each. anchors: those of the English pages."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warned = io.StringIO()
    with patch_docutils(), docutils_namespace(), redirect_stderr(warned):
        app = Sphinx(
            srcdir=sources.pages,
            confdir=None,
            outdir=target,
            doctreedir=sources.pages.parent / "doctrees",
            buildername=builder,
            confoverrides=configuration(sources, anchors),
            status=None,
            warning=warned,
            freshenv=True,
        )
        app.build(force_all=True)
    lines = [COLOURS.sub("", line).strip() for line in warned.getvalue().splitlines()]
    place = f"{sources.edition.folder}/" if sources.edition.folder else ""
    return [line.replace(f"{sources.pages}{os.sep}", place) for line in lines if line]


def _require_ours(target: Path) -> None:
    """A folder with other files in it is not made anew: only one that Sphinx wrote, or an empty one."""
    if target.is_dir() and any(target.iterdir()) and not (target / ".buildinfo").is_file():
        raise CourseError(
            f"{target} holds files that are no site, and a new site would take their place. Name another folder."
        )

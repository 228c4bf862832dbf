"""`./course site [UNIT ...] [--language LANGUAGE] [--to FOLDER] [--check] [--no-outputs] [--links]`: the pages."""

from __future__ import annotations

from pathlib import Path

from course_lib.language.choice import ENGLISH, languages, named
from course_lib.workspace import find_unit, locales, units
from grader.site.build import Built, build, dead_links, folder_of_site, outputs_for
from grader.site.proof import leaks


def main(
    chosen: list[str], to: Path | None, check: bool, outputs: bool, links: bool, language: str | None = None
) -> int:
    """Make the pages, and say where they are; with `check` or `links`, 1 where something is amiss, a sentence each.

    language: the only one beside English; by default there are pages in all that the course is translated into.
    """
    wanted = sorted({find_unit(unit) for unit in chosen}) or units()
    if links:
        dead = dead_links(wanted)
        print("\n".join(dead) or "Every link to another site is answered.")
        return 1 if dead else 0
    place = folder_of_site()
    known = languages(locales())
    if language is not None:
        known = list(dict.fromkeys([ENGLISH, named(language, locales())]))
    shown = outputs_for(wanted, known, place / "outputs", _say) if outputs else {}
    made = build(wanted, (to or place / "html").resolve(), shown, known)
    amiss = _amiss(made) if check else []
    size = sum(path.stat().st_size for path in made.files) / 1e6
    pages = sum(path.suffix == ".html" for path in made.files)
    if check:
        print("Not as it should be." if amiss else "No warning, and no answer on any page.")
    elif made.warnings:
        print(f"Sphinx warns of {len(made.warnings)} things; ./course site --check names them.")
    print(f"{pages} pages, {size:.0f} MB: {made.index.as_uri()}")
    return 1 if amiss else 0


def _amiss(made: Built) -> list[str]:
    """What fails a site, after printing it; figures without a text are printed too, and fail nothing."""
    found = [*made.warnings, *leaks(made.files, made.folder)]
    for sentence in [*found, *(f"To mend, though it fails nothing: {sentence}." for sentence in made.untold)]:
        print(sentence)
    return found


def _say(line: str) -> None:
    print(line, flush=True)

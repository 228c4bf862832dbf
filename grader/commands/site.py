"""`./course site [UNIT ...] [--to FOLDER] [--check] [--no-outputs]`: the course as pages."""

from __future__ import annotations

from pathlib import Path

from course_lib.workspace import find_unit, units
from grader.site.build import build, folder_of_site, outputs_for
from grader.site.proof import leaks


def main(units_: list[str] | None = None, to: Path | None = None, check: bool = False, outputs: bool = True) -> int:
    """Make the pages, and say where they are; with `check`, 1 where something is amiss, a sentence for each."""
    chosen = sorted({find_unit(unit) for unit in units_}) if units_ else units()
    place = folder_of_site()
    shown = outputs_for(chosen, place / "outputs", lambda line: print(line, flush=True)) if outputs else {}
    made = build(chosen, (to or place / "html").resolve(), shown)
    amiss = [*made.warnings, *leaks(made.files, made.folder)] if check else []
    for sentence in amiss:
        print(sentence)
    if check:
        for sentence in made.untold:
            print(f"To mend, though it fails nothing: {sentence}.")
    elif made.warnings:
        print(f"Sphinx warns of {len(made.warnings)} things; ./course site --check names them.")
    size = sum(path.stat().st_size for path in made.files) / 1e6
    pages = sum(path.suffix == ".html" for path in made.files)
    print(f"{pages} pages, {size:.0f} MB: {made.index.as_uri()}")
    return 1 if amiss else 0

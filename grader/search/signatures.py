"""Makes the signatures of an exercise's edits for some cases, and says whether those on disk are of today's sources."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import course_lib.judging.signatures
from course_lib.judging.drivers import DRIVERS
from course_lib.judging.reference import DIRECTORY, Reference, load
from course_lib.judging.signatures import Clause, Edit, Signatures, by_unit, marks_of, path_of, read, same
from grader.exercises import all_exercises
from grader.search import edits, mutants, operators, phrases, words
from grader.search.bench import Bench, Wrong
from grader.search.edits import Small, bases_of, edits_of, seen_text
from grader.spec import Exercise

MOST_CLAUSES = 2


def make_signatures(
    exercise: Exercise, reference: Reference, bench: Bench, places: Sequence[int] | None = None
) -> Signatures:
    """The signatures of all edits, or of those in these places, for the cases of a reference with its answers."""
    every = edits_of(exercise)
    chosen = list(range(len(every))) if places is None else [place for place in places if place < len(every)]
    wrong = bench.run(exercise, reference, [every[place] for place in chosen])
    found = [Ran(place, every[place], marks) for place, marks in zip(chosen, wrong, strict=True) if marks]
    edits = tuple(_edit(group, reference) for group in _alike(found, reference))
    return Signatures(exercise.name, made_from(exercise), edits)


@dataclass(frozen=True)
class Ran:
    """An edit that was run: its place in the list of all, and what it gets wrong."""

    place: int
    edit: Small
    wrong: Wrong


def _alike(found: Iterable[Ran], reference: Reference) -> list[list[Ran]]:
    """The edits in groups of one signature each, in the order of the first of each."""
    groups: list[list[Ran]] = []
    by_form: dict[object, list[list[Ran]]] = {}
    for ran in found:
        near = by_form.setdefault(frozenset((unit, mark.form) for unit, mark in ran.wrong.items()), [])
        group = next((group for group in near if agree(group[0].wrong, ran.wrong, reference)), None)
        if group is None:
            group = []
            groups.append(group)
            near.append(group)
        group.append(ran)
    return groups


def agree(first: Wrong, second: Wrong, reference: Reference) -> bool:
    """Whether the same is wrong, in the same way."""
    kept = by_unit(marks_of(first, reference.returns), reference.returns)
    return kept.keys() == second.keys() and all(same(mark, kept[unit]) for unit, mark in second.items())


def _edit(group: list[Ran], reference: Reference) -> Edit:
    kinds: dict[str, Small] = {}  # the same change of another place is no other reading of the values
    least = min(ran.edit.vague for ran in group)
    for ran in group:
        if ran.edit.vague == least:
            kinds.setdefault(ran.edit.without_place, ran.edit)
    many = len(kinds) > MOST_CLAUSES
    said = list(kinds.values())[: 1 if many else MOST_CLAUSES]
    says: tuple[Clause, ...] = tuple(edit.clause for edit in said)
    places = tuple(ran.place for ran in group if ran.edit.clause in says)
    return Edit(said[0].name, says, many, places, marks_of(group[0].wrong, reference.returns))


def made_from(exercise: Exercise) -> str:
    """16 hexadecimal digits of what signatures come from: the answer, what is seen of it, the cases, and how."""
    recorded = load(exercise.name).to_json() if exercise.name in all_exercises() else {}
    cases = [recorded.get(part) for part in ("driver", "returns", "tolerance", "cases")]
    digest = hashlib.sha256(_how())
    digest.update("\0".join(base.text for base in bases_of(exercise)).encode())
    digest.update(seen_text(exercise).encode())
    digest.update(json.dumps(cases, sort_keys=True).encode())
    digest.update(Path(inspect.getfile(DRIVERS[exercise.driver])).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@cache
def _how() -> bytes:
    """A hash over the modules that make edits and their sentences, and signatures."""
    makers = (operators, mutants, edits, phrases, words, course_lib.judging.signatures)
    files = [Path(str(module.__file__)) for module in makers]
    return hashlib.sha256(b"\0".join(f.read_bytes().replace(b"\r\n", b"\n") for f in files)).digest()


def searched(unit: str | None = None) -> list[Exercise]:
    """The exercises of the course (or of one unit) whose edits are told by values."""
    exercises = [e for e in all_exercises().values() if unit in (None, e.unit)]
    return [e for e in exercises if not e.withheld and not e.verify]


def stale_signatures(unit: str | None = None, directory: Path = DIRECTORY) -> list[Path]:
    """The files of signatures that are missing, of other sources than there are now, or of no exercise."""
    exercises = searched(unit)
    wanted = {path_of(e.name, directory): e for e in exercises}
    kept = {path: read(path) for path in wanted}
    found = [path for path, e in wanted.items() if (s := kept[path]) is None or s.made_from != made_from(e)]
    strangers = set(path_of("x", directory).parent.glob("*.json")) - wanted.keys() if unit is None else set()
    return sorted({*found, *strangers})


def record_signatures(unit: str | None = None, directory: Path = DIRECTORY) -> list[Path]:
    """Make anew the files that are stale, from the visible cases on disk, and remove those of no exercise."""
    changed = stale_signatures(unit, directory)
    by_path = {path_of(e.name, directory): e for e in searched(unit)}
    with Bench() as bench:
        for path in changed:
            exercise = by_path.get(path)
            if exercise is None:
                path.unlink()
            else:
                make_signatures(exercise, load(exercise.name), bench).save(path)
    return changed


__all__ = ["make_signatures", "made_from", "record_signatures", "searched", "stale_signatures"]

"""The audit of units: every exercise's mutants tried, its promises held to, and what is left to explain."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, chdir, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.workspace import course_root
from grader.audit.contract import misconception_failure, right_answer_failure
from grader.audit.equivalent import EQUIVALENT, Explained
from grader.audit.replay import points_of, replayed, sentences
from grader.audit.told import Told, contradicted_searches, too_silent
from grader.audit.trial import Answer, Trial, try_all
from grader.exercises import find_exercise
from grader.scripts import read_script
from grader.search.bench import Bench
from grader.search.mutants import mutants_of
from grader.spec import Exercise

Explanations = Mapping[str, tuple[Explained, ...]]


@dataclass(frozen=True)
class Examined:
    """What the audit found of one exercise. `findings` are sentences; there should be none."""

    exercise: Exercise
    trials: tuple[Trial, ...]
    explained: tuple[Explained, ...]
    named: int
    passed: int
    replayed: int
    """The points that replaying the visible answers earns."""
    findings: tuple[str, ...]
    told: tuple[Told, ...] = ()
    """What is said of each mutant that is killed by values."""

    @property
    def killed(self) -> int:
        """How many mutants every set of cases catches."""
        return sum(trial.killed for trial in self.trials)

    @property
    def by_values(self) -> int:
        """How many of the killed gave a wrong value, and did not just stop with an error or never stop."""
        return sum(trial.killed and trial.by_values for trial in self.trials)

    @property
    def right(self) -> int:
        """How many survivors are explained: they are right after all."""
        changes = {(e.was, line) for e in self.explained for line in e.becomes}
        return sum(not trial.killed and trial.mutant.change in changes for trial in self.trials)


def examine(scripts: Sequence[Path], explanations: Explanations = EQUIVALENT) -> list[Examined]:
    """Audit the exercises of some units' scripts, in the order of the notebooks."""
    return examine_answers([answer for script in scripts for answer in answers_of(script)], explanations)


def answers_of(script: Path) -> list[Answer]:
    """The answers of a unit's solution, each with the cells that stand before it and that it may need."""
    answers: list[Answer] = []
    setup: list[str] = []
    for cell in read_script(script).cells:
        if "exercise" in cell.metadata:
            answers.append(Answer(find_exercise(cell.metadata["exercise"]), cell.source, tuple(setup)))
        if "exercise" in cell.metadata or "given" in cell.metadata:
            setup.append(cell.source)
    return answers


def examine_answers(answers: Sequence[Answer], explanations: Explanations) -> list[Examined]:
    """Audit answers. A quiz has no mutants: each of its wrong letters is a misconception of its own."""
    code = [answer for answer in answers if not answer.exercise.withheld]
    trials = try_all([(answer, mutants_of(answer.exercise.name, answer.source)) for answer in code])
    of = [[trial for trial in trials if trial.mutant.exercise == answer.exercise.name] for answer in answers]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for a process of its own
        held = list(pool.map(_with_searches, answers, of))
    return [
        _examined(answer, tried, explanations.get(answer.exercise.name, ()))
        for answer, tried in zip(answers, held, strict=True)
    ]


def _with_searches(answer: Answer, trials: list[Trial]) -> tuple[Trial, ...]:
    """The trials with what the edits, that searches named, give in the cases of other secrets."""
    said = [trial.told for trial in trials if trial.told]
    with Bench() as bench:
        false = iter(contradicted_searches(answer.exercise, said, answer.sets, bench))
    return tuple(
        replace(trial, told=replace(trial.told, contradicted=(*trial.told.contradicted, *next(false))))
        if trial.told
        else trial
        for trial in trials
    )


def silences(examined: Sequence[Examined]) -> list[str]:
    """The units of which too many mutants are told no more than their property."""
    units = dict.fromkeys(one.exercise.unit for one in examined)
    return [
        sentence
        for unit in units
        for sentence in too_silent(unit, [told for e in examined if e.exercise.unit == unit for told in e.told])
    ]


def _examined(answer: Answer, trials: tuple[Trial, ...], explained: tuple[Explained, ...]) -> Examined:
    exercise, sets = answer.exercise, answer.sets.values()
    with _beside_the_notebook(exercise.unit):
        wrong = [{misconception_failure(exercise, m, r) for r in sets} - {None} for m in exercise.misconceptions]
        refused = [{right_answer_failure(exercise, e, r) for r in sets} - {None} for e in exercise.also_right]
        given = replayed(exercise)
    promises = sorted(str(sentence) for found in (*wrong, *refused) for sentence in found)
    return Examined(
        exercise,
        trials,
        explained,
        named=sum(not found for found in wrong),
        passed=sum(not found for found in refused),
        replayed=points_of(given),
        findings=(
            *promises,
            *sentences(exercise, given),
            *_unexplained(exercise, trials, explained),
            *_contradicted(exercise, trials),
        ),
        told=tuple(trial.told for trial in trials if trial.told),
    )


def _contradicted(exercise: Exercise, trials: Sequence[Trial]) -> list[str]:
    """What was said of a mutant on the visible cases and is not true of it on others."""
    return [
        f"A mutant of {exercise.name} is told what is not so, {sentence}:{_diff(trial.mutant.change)}"
        for trial in trials
        if trial.told
        for sentence in trial.told.contradicted[:1]
    ]


def _beside_the_notebook(unit: str) -> AbstractContextManager[None]:
    """The folder in which an answer finds its files; an exercise of the tests' own belongs to no unit, and has none."""
    folder = course_root() / "solutions" / unit
    return chdir(folder) if folder.is_dir() else nullcontext()


def _unexplained(exercise: Exercise, trials: Sequence[Trial], explained: Sequence[Explained]) -> list[str]:
    """Survivors without a reason, and reasons without a survivor."""
    survivors = [trial for trial in trials if not trial.killed]
    reasons = {(e.was, line) for e in explained for line in e.becomes}
    found = [
        f"A mutant of {exercise.name} passes the {' and the '.join(trial.passes)} cases:{_diff(trial.mutant.change)}"
        for trial in survivors
        if trial.mutant.change not in reasons
    ]
    stale = sorted(reasons - {trial.mutant.change for trial in survivors})
    where = "(grader/audit/equivalent/)"
    return found + [f"{exercise.name} has no such survivor to explain {where}:{_diff(change)}" for change in stale]


def _diff(change: tuple[str, str]) -> str:
    return f"\n  - {change[0]}\n  + {change[1]}"

"""The one place that says what an exercise is: its cases, its oracle, and what people get wrong.

From a spec the recorder makes what a learner's kernel may see (`course_lib/reference/`), and the grader
makes the private cases. A spec never looks at `solutions/`: the solution is judged like any learner's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import made


@dataclass(frozen=True)
class Case:
    """One set of inputs. `label` is read by learners ("zero gradient"); `group` names the property it probes.

    `inputs` are named as in the exercise's signature and handed over in this order. Values are arrays, numbers,
    strings, booleans, None, or lists and dicts of these: whatever travels without pickle.
    """

    label: str
    group: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """A property that several cases probe. Its points are earned when all its cases are right.

    `states` completes the sentence "Your function ..." in words a beginner reads: "takes a step downhill".
    """

    key: str
    states: str
    points: int
    hint: int | None = None
    """The number of the hint in the notebook that is about this property, for whom no misconception explains."""


@dataclass(frozen=True)
class Misconception:
    """A wrong implementation with a name, and the sentence that helps whoever wrote it.

    `wrong` is an edit of the right answer (`grader.changes.change`), or a plain top-level function or class where an
    edit says less; it uses only `np` and its own arguments, so that its source can be pasted into a learner's notebook.
    `hint` is the number of the hint in the notebook to open, where it is not that of the first property that breaks.
    `about` names the outputs that the sentence speaks of, which are its evidence; by default all that `wrong` gets
    wrong.
    """

    name: str
    wrong: Any
    says: str
    hint: int | None = None
    about: tuple[str, ...] = ()

    @property
    def answer(self) -> Any:
        """The wrong implementation as it runs."""
        return made(self.wrong)


@dataclass(frozen=True)
class Exercise:
    """One exercise. `name` is what the notebook's check cell says: `check("mse_loss")`."""

    name: str
    unit: str
    returns: tuple[str, ...]
    groups: tuple[Group, ...]
    cases: Callable[[np.random.Generator], list[Case]]
    reference: Callable[..., Any] | None
    """The oracle; None where many results are right and `verify` says which by itself."""
    misconceptions: tuple[Misconception, ...]
    also_right: tuple[Any, ...] = ()
    """Right answers; the first bears the exercise's own name, and misconceptions are edits of it."""
    driver: str = "call"
    tolerance: Tolerance = field(default_factory=Tolerance)
    plot: str | None = None
    bonus: bool = False
    forbidden: tuple[str, ...] = ()
    """Dotted names that would do the exercise's work, such as `np.gradient`: "from scratch" as a rule."""
    verify: str | None = None
    """A function of `course_lib.judging.properties` that says which results are right, in place of comparing with
    `reference`; what a reference gives is handed to it as `right`. A misconception of such an exercise is known by its
    name: it is the name of the `Flaw` that it has, or a problem's kind."""
    private_cases: Callable[[np.random.Generator], list[Case]] | None = None
    """The grader's cases, where they cannot be the visible ones with other numbers: images that no learner has."""
    withheld: bool = False
    """True for quizzes: the learner's kernel is not told what is right, the grader says it."""
    sizes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The letters of the notebook's text for the sizes of inputs, `{"N": ("X", 0)}`: the axis 0 of the input X. With
    these a learner is told that a value is N times the right one."""

    def __post_init__(self) -> None:
        if self.reference is None and self.verify is None:
            raise ValueError(f"{self.name} needs a reference, or a property to verify.")
        names = [misconception.name for misconception in self.misconceptions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{self.name} has two misconceptions of the name {twice[0]}.")

    @property
    def right_answers(self) -> tuple[Any, ...]:
        """The right answers as they run."""
        return tuple(map(made, self.also_right))

    @property
    def points(self) -> int:
        """What all groups are worth together."""
        return sum(group.points for group in self.groups)


def quiz(name: str, unit: str, questions: Iterable[Question]) -> Exercise:
    """An `Exercise` for a concept quiz: one group a question, one misconception a wrong option.

    The learner fills `NAME = {"q1": "b", ...}`; the questions' text stands in the notebook.
    """
    asked = tuple(questions)

    def cases(rng: np.random.Generator) -> list[Case]:
        return [Case(q.key, q.key, {"question": q.key, "options": sorted((*q.wrong, q.answer))}) for q in asked]

    def reference(question: str, options: list[str]) -> str:
        return next(q.answer for q in asked if q.key == question)

    right = {q.key: q.answer for q in asked}
    return Exercise(
        name=name,
        unit=unit,
        returns=("answer",),
        groups=tuple(Group(q.key, f"answers {q.key}: {q.about}", q.points) for q in asked),
        cases=cases,
        reference=reference,
        misconceptions=tuple(
            Misconception(f"{q.key}_{option}", right | {q.key: option}, says)
            for q in asked
            for option, says in q.wrong.items()
        ),
        also_right=({key: f" {letter.upper()} " for key, letter in right.items()},),
        driver="answer",
        withheld=True,
    )


@dataclass(frozen=True)
class Question:
    """One quiz question: the right letter, and for each wrong letter the sentence that helps."""

    key: str
    about: str
    answer: str
    wrong: Mapping[str, str]
    points: int = 1

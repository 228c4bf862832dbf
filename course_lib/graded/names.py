"""What the names of a notebook stand for while it is graded: what one cell does to a name costs no other exercise.

`check = mean_square(x)`, `np = 5`, `%reset -f` or `del gd_step` in a scratch cell change the meaning of names that
other exercises need. So before a given cell, an answer and a check, names that were deleted come back, and a module or
a function that has become something else stands for itself again. An answer's own names are as its own cell wrote them.

It runs in the learner's process and decides nothing: what comes back is judged elsewhere.
"""

from __future__ import annotations

import builtins
import contextlib
import re
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.check import emitted, outcomes_of, private_inputs
from course_lib.graded.surroundings import Surroundings, is_code
from course_lib.judging.compute import MISSING
from course_lib.judging.outcome import Outcome

IPYTHONS = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[iod]h|__\w+__")
"""Names that IPython and Python set by themselves."""
KEPT = re.compile(r"_[iod]h|__\w+__|In|Out|get_ipython|exit|quit")
"""Of the names that a shell begins with, those that nobody has to give another meaning."""


class Names:
    """The names of one notebook that is run for a grade in `shell`; made before its first cell runs."""

    def __init__(self, shell: Any) -> None:
        self.shell, self.space = shell, shell.user_ns
        self.around = Surroundings(shell)
        self._shells = {k: v for k, v in self.space.items() if KEPT.fullmatch(k) or not IPYTHONS.fullmatch(k)}
        self._given: dict[str, Any] = {}
        self._own: dict[str, dict[str, Any]] = {}
        """By exercise: what its answer's cell bound."""
        self._code: dict[str, Any] = {}
        """Functions, classes and modules that other cells bound: a helper may be among them."""
        self._displaced: dict[str, Any] = {}
        """What names meant that were mended since: their own meaning for the notebook, which an answer may rely on."""
        self._folders: dict[str, str] = {}

    def attempts(self, role: str, name: str) -> Generator[None, None, None]:
        """Run a cell of a role ("given", "answer", "check" or "other") once for each value; stop where it went well.

        The first time names are mended as little as possible. If that fails, once more with all names as they were
        given, then as the notebook itself left them: a right answer may rely on either.
        """
        left = {**self.space, **self._displaced}
        variant: dict[str, Any] = {}
        try:
            for variant in self._variants(role, name):
                self._become(variant)
                yield
        finally:
            self.around.put_back_builtins()
            if role != "check":
                self._remember(role, name, variant, left)

    def answer(self, name: str, folder: str) -> dict[str, Any]:
        """What a check emits for the private inputs in `folder`. The notebook keeps its names as they are."""
        before = dict(self.space)
        best: list[Outcome] | None = None
        reference = private_inputs(name, Path(folder))
        for _ in self.attempts("check", name):
            outcomes = outcomes_of(name, self.space.get(name, MISSING), reference)
            if best is None or _troubles(outcomes) < _troubles(best):
                best = outcomes
            if not any(o.problem and o.problem.kind in ("raised", "wrong_type") for o in outcomes):
                break
        self._become(before)
        return emitted(name, best or [])

    def _variants(self, role: str, name: str) -> list[dict[str, Any]]:
        if role == "other":
            return [dict(self.space)]
        self.around.put_back(self._folders.get(name) if role == "check" else None)
        variants: list[dict[str, Any]] = []
        left = self._with_shells_own({**self.space, **self._displaced})
        for variant in (self._mended(name), self._as_given(name), left):
            if not any(_same(variant, other) for other in variants):
                variants.append(variant)
        return variants

    def _with_shells_own(self, space: dict[str, Any]) -> dict[str, Any]:
        """`space` with the few names without which neither Python nor IPython runs a cell."""
        kept = {key: value for key, value in self._shells.items() if key not in space or KEPT.fullmatch(key)}
        return {**space, **kept}

    def _mended(self, name: str) -> dict[str, Any]:
        """The notebook's names; what is gone comes back, code that has become something else is code again."""
        space, own = self._with_shells_own(self.space), self._own.get(name, {})
        for key, value in {**self._code, **self._others(name), **self._given, **own}.items():
            if key not in space and (key in self._given or not hasattr(builtins, key)):
                space[key] = value
        for key, value in self._known(name).items():
            if key in space and key != name and _lost(value, space[key]):
                space[key] = value
        for key in [k for k in space if hasattr(builtins, k) and k not in self._shells]:
            if key not in self._given and key not in own and _lost(getattr(builtins, key), space[key]):
                del space[key]
        given = {key: value for key, value in own.items() if key in self._given or hasattr(builtins, key)}
        return {**space, **given}

    def _as_given(self, name: str) -> dict[str, Any]:
        """The mended names, and every given name and builtin in the meaning that it was given."""
        space, own = self._mended(name), self._own.get(name, {})
        for key in [k for k in space if hasattr(builtins, k) and k not in self._shells and k not in own]:
            if key not in self._given:
                del space[key]
        helpers = {k: v for k, v in self._code.items() if k != name and _lost(v, space.get(k))}
        mine = {name: self.space[name]} if name in self.space else {}
        return {**space, **helpers, **self._others(name), **self._given, **own, **mine}

    def _known(self, name: str) -> dict[str, Any]:
        """Meanings that other cells of the learner's do not take away from the exercise `name`."""
        return {**self._others(name), **self._shells, **self._given}

    def _others(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for other, bound in self._own.items():
            if other != name:
                found |= bound
        return found

    def _become(self, wanted: dict[str, Any]) -> None:
        for key in [key for key in self.space if key not in wanted]:
            del self.space[key]
        for key, value in wanted.items():
            if key not in self.space or self.space[key] is not value:
                self.space[key] = value

    def _remember(self, role: str, name: str, before: dict[str, Any], left: dict[str, Any]) -> None:
        """Note what the cell bound. What a given cell or an answer deleted itself stays deleted."""
        now = self.space
        bound = {k: v for k, v in now.items() if (k not in before or before[k] is not v) and not IPYTHONS.fullmatch(k)}
        mine = self._displaced if role == "other" else {k: v for k, v in left.items() if not IPYTHONS.fullmatch(k)}
        self._displaced = {k: v for k, v in mine.items() if k not in bound and (k not in now or now[k] is not v)}
        if role == "other":
            self._code |= {key: value for key, value in bound.items() if is_code(value)}
            return
        for key in before.keys() - now.keys():
            for known in (self._given, self._code, *self._own.values()):
                known.pop(key, None)
        if role == "given":
            self._given |= bound
            self.around.keep()
            for value in bound.values():
                if isinstance(value, ModuleType):
                    self.around.keep_contents(value)
        else:
            self._own[name] = bound
            with contextlib.suppress(OSError):
                self._folders[name] = str(Path.cwd())


def _lost(meant: Any, now: Any) -> bool:
    """Whether a name that meant code now means something that cannot stand for it; another function may."""
    return is_code(meant) and not callable(now) and not isinstance(now, ModuleType)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(one[key] is other[key] for key in one)


def _troubles(outcomes: list[Outcome]) -> int:
    return sum(outcome.problem is not None for outcome in outcomes)

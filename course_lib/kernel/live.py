"""What a kernel that somebody works in notices after each cell: errors to be named later, course names that were taken.

`check` cannot speak once a cell has given its name to something else, so that a hook of IPython's has to. It reads what
the cell was and how it ended, and shows a sentence where a name of the course has another meaning now.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from course_lib.judging import problems, render
from course_lib.judging.failures import Failure, Ran, first_line, other_meaning, read_text, uncalled, why_missing
from course_lib.judging.outcome import Outcome
from course_lib.sentences import say

MOST_CELLS = 500
NOTHING = object()
"""What a name stands for that the notebook does not have any more."""
BRINGS = re.compile(r"^\s*(from|import)\s+course_lib\b", re.M)


@dataclass
class Notebook:
    """One kernel's notebook, as far as it has run."""

    shell: Any
    cells: deque[Ran] = field(default_factory=lambda: deque(maxlen=MOST_CELLS))
    brought: dict[str, Any] = field(default_factory=dict)
    """What the names stand for that the cell imported which imports the course."""
    told: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """The names that mean something else: that, and the sentence."""

    def after_cell(self, result: Any) -> None:
        """IPython calls this after each cell. Whatever goes wrong in here stays here: no cell may fail by it."""
        try:
            self._note(str(result.info.raw_cell or ""), result.error_before_exec or result.error_in_exec)
        except Exception:
            return

    def _note(self, source: str, error: BaseException | None) -> None:
        self.cells.append(Ran(source, failure_of(error)))
        if BRINGS.search(source):
            self._learn(source)
        new = self.look(source)
        if error is not None and not isinstance(error, SyntaxError):
            used = read_text(source).uses
            new += [sentence for name, (_, sentence) in self.told.items() if name in used and sentence not in new]
        if new:
            render.show_note(new)

    def _learn(self, source: str) -> None:
        """The names that are imported beside the course are the course's."""
        names = {b.name for b in read_text(source).bindings if b.kind == "other" and not b.inside}
        imported = {name: self.shell.user_ns[name] for name in names if name in self.shell.user_ns}
        self.brought |= {name: value for name, value in imported.items() if isinstance(value, ModuleType | type)}
        self.brought |= {name: value for name, value in imported.items() if _of_course(value)}

    def look(self, source: str = "") -> list[str]:
        """The sentences on names that have come to mean something else since the last look."""
        names, gone, new = self.shell.user_ns, [], []
        for name, meant in self.brought.items():
            now = names.get(name, NOTHING)
            if now is meant or _stands_for(meant, now):
                self.told.pop(name, None)
            elif name not in self.told or self.told[name][0] is not now:
                if now is NOTHING:
                    gone.append(name)
                    self.told[name] = (now, problems.gone([name]))
                else:
                    self.told[name] = (now, self._sentence(name, meant, now, source))
                    new.append(self.told[name][1])
        return new + ([problems.gone(gone)] if gone else [])

    @staticmethod
    def _sentence(name: str, meant: Any, now: Any, source: str) -> str:
        text = read_text(source)
        line = next((b.line for b in reversed(text.bindings) if b.name == name and not b.inside), None)
        return problems.shadowed(name, _described(meant), _described(now), line, text.line(line))


_notebook: Notebook | None = None


def watch() -> None:
    """Look after each cell of the kernel that this is imported in; does nothing where there is none."""
    global _notebook
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or _notebook is not None and _notebook.shell is shell:
        return
    _notebook = Notebook(shell)
    try:
        before = list(shell.history_manager.input_hist_raw)[1:-1]
        _notebook.cells.extend(Ran(str(source)) for source in before)
        shell.events.register("post_run_cell", _notebook.after_cell)
    except Exception:  # a shell of another make: then a check says what it sees itself
        return


def explained(name: str, obj: Any, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes of a check; where the notebook's earlier cells tell why there is no value, with that reason."""
    if _notebook is None or not outcomes or any(outcome.problem is None for outcome in outcomes):
        return outcomes if _notebook is None else [_with_names(outcome, _notebook) for outcome in outcomes]
    from course_lib.judging.compute import MISSING

    cells = [*_notebook.cells, *_current(_notebook.shell)]
    if obj is MISSING:
        return [Outcome(problem=why_missing(name, cells, _notebook.brought))] * len(outcomes)
    if all(outcome.problem and uncalled(outcome.problem) for outcome in outcomes):
        other = other_meaning(name, cells)
        return [Outcome(problem=other)] * len(outcomes) if other else outcomes
    return [_with_names(outcome, _notebook) for outcome in outcomes]


def failure_of(error: BaseException | None) -> Failure | None:
    """How a cell ended, from the exception that IPython caught."""
    if error is None:
        return None
    if isinstance(error, SyntaxError):
        return Failure(type(error).__name__, first_line(error.msg), error.lineno)
    line, trace = None, error.__traceback__
    while trace is not None and line is None:
        frame = trace.tb_frame
        if frame.f_code.co_name in ("<module>", "<cell line: 1>") and frame.f_globals.get("__name__") == "__main__":
            line = trace.tb_lineno
        trace = trace.tb_next
    return Failure(type(error).__name__, first_line(error), line)


def _current(shell: Any) -> list[Ran]:
    """The cell that is being run: the check's own, which may define the object above it."""
    history = shell.history_manager.input_hist_raw
    return [Ran(str(history[-1]))] if len(history) > 1 else []


def _with_names(outcome: Outcome, notebook: Notebook) -> Outcome:
    """An error in a line that uses a name of the course's which means something else now: that is the reason."""
    problem = outcome.problem
    if problem is None or problem.kind != "raised" or not problem.code:
        return outcome
    notebook.look()
    taken = [sentence for name, (_, sentence) in notebook.told.items() if re.search(rf"\b{name}\b", problem.code)]
    if not taken:
        return outcome
    message = problem.message
    for advice in (*problems.ADVICE.values(), problems.LOOK, problems.ARGUMENTS):
        message = message.removesuffix(advice)
    told = say("{message} {taken}", message=message.rstrip(), taken=taken[0])
    return replace(outcome, problem=replace(problem, message=told))


def _stands_for(meant: Any, now: Any) -> bool:
    """Whether another object does as well: a module for a module, the course's own for the course's own."""
    if isinstance(meant, ModuleType):
        return isinstance(now, ModuleType)
    return _of_course(now) if _of_course(meant) else isinstance(now, type) or now is not NOTHING and callable(now)


def _of_course(value: Any) -> bool:
    return str(getattr(value, "__module__", None) or "").startswith("course_lib")


def _described(value: Any) -> str:
    if isinstance(value, ModuleType):
        return say("the module {name}", name=value.__name__)
    if isinstance(value, type):
        return say("the class {name}", name=value.__name__)
    if _of_course(value):
        return say("the course's own function")
    if value is None:
        return "None"
    kind = type(value).__name__
    return say("an {kind}" if kind[:1] in "aeiou" else "a {kind}", kind=kind)

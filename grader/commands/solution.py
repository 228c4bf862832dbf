"""`./course solution UNIT [EXERCISE]`: a model answer, once you have tried the exercise yourself.

The answers stand in `solutions/`, which is public; this command is the way to them that waits until they help.
"""

from __future__ import annotations

import ast
import difflib
import textwrap

import nbformat
from nbformat import NotebookNode

from course_lib import progress
from course_lib.cells.loads import dotted, loads
from course_lib.cells.sources import read
from course_lib.errors import CourseError
from course_lib.terminal import wrapped
from course_lib.workspace import course_root, find_unit, notebook
from grader.exercises import all_exercises, exercises_of
from grader.preprocessors.repair import grade_id
from grader.scripts import read_script
from grader.spec import Exercise
from grader.submissions.samples import without_marks

SETTING, ALL = "c.ModelAnswers.withheld", "all"
"""What a teacher sets in nbgrader_config.py, which travels with the course: units of which no answer is shown."""


def main(unit: str, exercise: str | None) -> int:
    """Show the model answer of an exercise; without one, which of the unit's can be shown."""
    unit = find_unit(unit)
    script = course_root() / "solutions" / unit / f"{unit}.py"
    if not script.is_file():
        raise CourseError(
            f"There is no model answer of {unit} here: solutions/{unit} is not part of this copy of the course. "
            "Whoever gave you the copy can tell you when they show them."
        )
    if is_withheld(unit):
        raise CourseError(
            f"Your teacher keeps the model answers of {unit} back for now. The hints in the notebook, and "
            f"./course check {unit[:2]}, say more than you may expect."
        )
    if exercise is None:
        print(wrapped(overview(unit)))
        return 0
    spec = _find(unit, exercise)
    if spec.name not in progress.tried():
        raise CourseError(
            f"No try of {spec.name} is on record yet, and an answer is worth more after one. Write what you think, "
            f'right or wrong, and run its check("{spec.name}") in your notebook; then run this command again.'
        )
    cell = next(cell for cell in read_script(script).cells if grade_id(cell) == spec.name)
    print(model_answer(spec, cell.source))
    return 0


def is_withheld(unit: str) -> bool:
    """Whether the course's nbgrader_config.py keeps a unit's answers back. The file is read, and not run.

    Raises `CourseError` where it cannot be understood: then nothing is shown that somebody meant to withhold.
    """
    path = course_root() / "nbgrader_config.py"
    if not path.is_file():
        return False
    withheld: object = []
    try:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8-sig"))):
            if isinstance(node, ast.Assign) and SETTING in map(dotted, node.targets):
                withheld = ast.literal_eval(node.value)
        if not isinstance(withheld, list | tuple) or not all(isinstance(each, str) for each in withheld):
            raise ValueError("that is no list of texts")
        return ALL in withheld or unit in [find_unit(each) for each in withheld if each != ALL]
    except (OSError, ValueError, SyntaxError, CourseError) as error:
        raise CourseError(
            f"{path} does not say clearly which model answers to show ({error}). Its line should read "
            f'{SETTING} = ["05", "16"], or ["{ALL}"], or [].'
        ) from None


def overview(unit: str) -> str:
    """A line for each exercise of the unit: whether its model answer can be shown."""
    tried, best = progress.tried(), progress.best()
    lines = []
    for spec in exercises_of(unit):
        mine = best.get(spec.name, {"earned": 0})
        if spec.name not in tried:
            lines.append(f"  ·  {spec.name}: not tried yet")
        elif mine["earned"] >= spec.points:
            lines.append(
                f"  ✓  {spec.name}: yours is right; ./course solution {unit[:2]} {spec.name} shows another way"
            )
        else:
            lines.append(f"  …  {spec.name}: tried; ./course solution {unit[:2]} {spec.name} shows an answer")
    head = f"{unit}: a model answer is shown once a try of yours is on record, right or wrong."
    return "\n".join([head, *lines])


def model_answer(spec: Exercise, source: str) -> str:
    """The answer's code, and what is good about it: what it does, in how many lines, from what you wrote before.

    source: the answer's cell in the unit's script.
    """
    code = without_marks(source)
    return f"{textwrap.indent(code, '    ')}\n\n{wrapped(praise(spec, code))}"


def praise(spec: Exercise, code: str) -> str:
    """Sentences about a model answer. All are true of it: the suite holds it to every property of its spec."""
    if spec.withheld:
        return f"Why the other options are not right: ./course check {spec.unit[:2]} explains those that you chose."
    states = [group.states for group in spec.groups]
    lines = lines_of(code)
    count = f"in {lines} lines" if lines > 1 else "in one line"
    does = states[0] if len(states) == 1 else f"{'; '.join(states[:-1])}; and {states[-1]}"
    sentences = [f"What is nice about it: {count} of its own it {does}."]
    if built := _built_on(spec, code):
        sentences.append(f"It is that short because it builds on {' and '.join(built)}.")
    if yours := _lines_of_yours(spec):
        sentences.append(
            f"Yours has {yours} line{'' if yours == 1 else 's'}. It is one right answer among many: if your check is "
            "green, compare the two and keep what reads better."
        )
    return " ".join(sentences)


def lines_of(code: str) -> int:
    """Lines that do something: no docstring, comment, signature or blank line. 0 for what is no Python."""
    tree = read(code)
    if tree is None:
        return 0
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue  # its body's statements are counted
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            continue
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else (node.end_lineno or node.lineno)
            lines |= set(range(node.lineno, max(last, node.lineno) + 1))
    return len(lines)


def _built_on(spec: Exercise, code: str) -> list[str]:
    """Other exercises that the answer uses, in the order of the course."""
    tree = read(code)
    used = {load.name for load in loads(tree.body)} if tree else set()
    return [name for name in all_exercises() if name in used and name != spec.name]


def _lines_of_yours(spec: Exercise) -> int:
    """The lines of your own answer; 0 where there is none that can be read."""
    path = notebook(spec.unit)
    try:
        mine: NotebookNode = nbformat.read(path, as_version=4)
        source = next(cell.source for cell in mine.cells if grade_id(cell) == spec.name)
    except Exception:  # whatever nbformat makes of a file that is no notebook: then nothing is said of it
        return 0
    return lines_of(source)


def _find(unit: str, text: str) -> Exercise:
    """The unit's exercise of this name. Raises `CourseError` that names the nearest one."""
    known = {spec.name: spec for spec in exercises_of(unit)}
    name = text.strip().removeprefix("check_")
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    question = f" Did you mean {near[0]}?" if near else ""
    elsewhere = all_exercises().get(name)
    if elsewhere is not None:
        question = f" It is one of {elsewhere.unit}: ./course solution {elsewhere.unit[:2]} {name}."
    raise CourseError(f"{unit} has no exercise {text!r}.{question} It has: {', '.join(known)}.")

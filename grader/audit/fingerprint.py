"""Which state of the sources an audit belongs to: while it is the same, the published audit holds."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from course_lib.workspace import course_root
from grader.audit.examine import answers_of
from grader.spec import Exercise

ROOTS = ("grader.audit.examine", "course_lib.judging.packages")
"""Where the search for what decides begins: the audit of answers, and what they may import."""
APART = (
    *("grader.sandbox", "grader.submissions.samples", "grader.scripts", "grader.preprocessors"),
    *("course_lib.check", "course_lib.judging.render", "course_lib.progress", "course_lib.workspace"),
    *("grader.exercises", "grader.audit.equivalent"),
)
"""What runs answers, and what shows verdicts: neither decides one. Of specs and explanations each unit has its own."""
CHOSEN = {"driver": "course_lib.judging.drivers", "verify": "course_lib.judging.properties"}
"""Packages of which a unit uses those modules that its exercises name, by the field of a spec that names them."""
PACKAGES = ("course_lib", "grader")


def fingerprint(script: Path) -> str:
    """16 hexadecimal digits of a unit's answers, specs, explanations and files, and of what judges all units.

    script: the unit's `solutions/UNIT/UNIT.py`; of its cells those count that answers are made of, and not the text.
    """
    root, unit = course_root(), script.stem
    answers = answers_of(script)
    texts = [[answer.exercise.name, answer.source, *answer.setup] for answer in answers]
    digest = hashlib.sha256(json.dumps(texts).encode())
    own = [*(root / "grader" / "exercises" / f"u{unit}").rglob("*.py")]
    own += [*(root / "grader" / "audit" / "equivalent").glob(f"u{unit}.py")]
    own += chosen(root, [answer.exercise for answer in answers])
    for file in sorted({*own, *what_decides(root), *_reached(root, own, ())}):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    for file in sorted(script.parent.glob("*.safetensors")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def what_decides(root: Path) -> frozenset[Path]:
    """What decides, beside a unit's own files, whether a mutant lives: all modules that `ROOTS` import in turn.

    Of the packages of `CHOSEN` no module but those that such a module imports by name: the others are some units' own.
    """
    begin = [file for name in ROOTS if (file := _file(root, name))]
    return frozenset({*begin, *_reached(root, begin, APART)})


def chosen(root: Path, exercises: Iterable[Exercise]) -> list[Path]:
    """The modules of `CHOSEN` that hold what these exercises name."""
    wanted = [(field, name) for exercise in exercises for field in CHOSEN if (name := getattr(exercise, field))]
    return sorted({_home(root, field, name) for field, name in wanted})


@cache
def _home(root: Path, field: str, name: str) -> Path:
    """The file of the module whose table holds this driver, or this property."""
    package = import_module(CHOSEN[field])
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        table = package.__name__.rpartition(".")[2].upper()
        if name in getattr(import_module(module.name), table, {}):
            return root.joinpath(*module.name.split(".")).with_suffix(".py")
    raise KeyError(f"No module of {package.__name__} has a {field} named {name!r}.")


def _reached(root: Path, begin: Iterable[Path], apart: tuple[str, ...]) -> set[Path]:
    """The files of the course's modules that these files import, and so on; without those that stand apart."""
    found: set[Path] = set()
    waiting = list(begin)
    while waiting:
        for name in _imported(root, waiting.pop()):
            file = _file(root, name)
            if file and file not in found and not any(f"{name}.".startswith(f"{other}.") for other in apart):
                found.add(file)
                waiting.append(file)
    return found


def _imported(root: Path, file: Path) -> Iterator[str]:
    """The dotted names that may be modules in a file's import statements, those inside functions too.

    A package that looks for its own modules imports all of them; so do the packages of `CHOSEN`, of which nothing but
    what both lives of a check build on counts for all units.
    """
    text = file.read_text(encoding="utf-8")
    package = ".".join(file.parent.relative_to(root).parts)
    if package in CHOSEN.values() and file.name == "__init__.py":
        yield f"{package}.base"
        return
    if "iter_modules" in text:
        yield from (f"{package}.{path.stem}" for path in file.parent.iterdir() if path.suffix == ".py")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(root: Path, name: str) -> Path | None:
    """The file of a module of the course; None for another's, and for the packages at the top, which only pass on."""
    if name.split(".")[0] not in PACKAGES or name in PACKAGES:
        return None
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)

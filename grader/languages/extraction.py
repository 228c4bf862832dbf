"""What there is to translate, file by file, read from the English sources: prose, sentences of the checks, the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast
from nbformat import NotebookNode

from course_lib.judging.reference import DIRECTORY
from course_lib.language.blocks import split
from course_lib.workspace import course_root
from grader.building.links import headings
from grader.exercises import exercises_of
from grader.languages.literals import Literal, literals
from grader.scripts import read_script
from grader.search.phrases import FUNCTIONS

SHOWN = frozenset(
    (
        *("xlabel", "ylabel", "title", "label", "labels", "suptitle", "set_title", "set_xlabel", "set_ylabel", "text"),
        *("annotate", "legend", "finding", "print", "options", "because", "supxlabel", "supylabel", "set_xticks"),
        *("set_yticks", "names", "titles", "say", "shown"),
    )
)
"""Calls and keywords whose literals a reader sees, single words too."""
IN_UNITS = SHOWN | {"name", "join", "append", "draw_table", "image_grid", "show_maps", "xticklabels", "yticklabels"}
"""In units also the keys of dicts, which are names of what is compared there, as in legends, and pieces of rows."""
LONE = {
    "06_regularization": ("fitted", "true", "loose", "stiff", "bias²", "test"),
    "07_mlp": ("linear", "cross-\nentropy", "{one} not {other}"),
    "08_cnn": ("filter",),
    "09_to_pytorch": ("below 1e-9", "value {value:.4g}", "gradient {value:.3g}"),
    "10_gpu_cnn": ("<- kept",),
    "11_speed": ("baseline", "2 workers", "Python hands over", "Python prepares", "Python waits"),
    "12_structure": ("explodes", "vanishes", "{kind}, {number} convolutions"),
    "13_adaptive": (
        *("stays", "channels pruned half", "channels pruned a quarter", "small from scratch half"),
        *("small from scratch a quarter", "distilled half", "distilled a quarter", "early exits {threshold}"),
    ),
    "14_seeing_inside": ("black", "channel {number}", "class {number}", "network {number}"),
}
"""What figures and rows of a unit show that is put together there, or stands where names of code stand, too."""
JUDGE = ("course_lib/judging", "grader/search/operators.py", "grader/search/edits.py")
"""Where the sentences of the checks are that belong to no unit."""
COURSE = (
    *("course", "course_lib/*.py", "course_lib/commands", "course_lib/kernel", "course_lib/drawing"),
    *("course_lib/stand_ins", "grader/commands", "grader/grading", "grader/pages", "grader/preprocessors"),
    *("course_lib/language/catalogues.py", "course_lib/language/choice.py", "grader/class_list.py"),
    *("grader/reports", "grader/sandbox", "grader/submissions", "grader/judging", "grader/platforms"),
    "grader/watching",
)
TEMPLATES = "grader/pages/templates"
"""Pages whose sentences stand in `_("...")`."""
APART = (
    *("grader/commands/audit.py", "grader/commands/lint.py", "course_lib/captions.py"),
    *("course_lib/kernel/names.py", "grader/preprocessors/clear_answers.py", "grader/languages"),
    "grader/sandbox/inside/rehearsal.py",
)
"""What authors alone read, what networks are trained on, and code that is written or run; not so the errors there."""
PLACES = (" where {target} is computed", ", in the code as it was given", " throughout", " in one place")
"""How a clause of the search may end; each is one entry, with the clause as a field."""
ROLES = ("factor", "term", "numerator", "divisor", "argument", "part", "value", "base", "exponent")
PIECES = (
    *(f"the {role}{rest}" for role in ROLES for rest in (" {expression}", " with {names}")),
    *(f"one {role}" for role in ROLES),
    *("{a} and {b}", "{a}, {b} and {c}", "the number of rows of {name}", "the number of columns of {name}"),
    *("a value", "its bound", "another", "the items", "the result", "a quantity", "computation", "first", "last"),
    *("a running value", "one of two values", "another part", "the condition on {names}", "a condition"),
)
"""What pieces of an answer are called in such clauses, beside what `PHRASES` says."""
PHRASES = "grader/search/phrases.py"
DOCUMENTS = (
    *("README.md", "docs/README.md", "docs/running.md", "docs/glossary.md", "docs/instructors.md"),
    *("docs/hub.md", "docs/plan.md", "docs/ai.md"),
)
"""The Markdown files that learners and teachers read; authors' and maintainers' are English alone."""
WORD = re.compile(r"[A-Za-z]{2}")
SWITCH = re.compile(r"^English( · \[[^\]]+\]\(locale/\w+/README\.md\))+\n\n", re.MULTILINE)
"""The README's line that leads to its other editions; each of these has a line of its own."""
HANDED_OVER = ("code: say", "code: shown")
SITE = "site"
"""The catalogue of the site's own pages, whose texts stand in templates; `grader/site/filling.py` reads it."""
SITE_TEMPLATES = "grader/site/templates"
MECHANICS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<[^<>]*>")
MAGIC = re.compile(r"^([%!])", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One text to translate. `note` says what it is, `place` where it stands; `context` parts namesakes."""

    text: str
    context: str
    note: str
    place: str = ""


def extracted(unit: str | None = None) -> dict[str, list[Entry]]:
    """All entries of the course, by the name of their catalogue: `units/02_gradient_descent`, `checks/shared`, ...

    Of one unit only its own two catalogues.
    """
    scripts = sorted((course_root() / "solutions").glob("[0-9][0-9]_*/[0-9][0-9]_*.py"))
    found: dict[str, list[Entry]] = {}
    for script in scripts:
        if unit in (None, script.stem):
            found[f"units/{script.stem}"] = list(unit_entries(script))
            found[f"checks/u{script.stem}"] = list(check_entries(script.stem))
    if unit is not None:
        return found
    found["checks/shared"] = list(shared_entries())
    found["course"] = list(course_entries())
    found[SITE] = list(site_entries())
    found |= {name_of(path): list(document_entries(path)) for path in documents()}
    return found


def unit_entries(script: Path) -> Iterator[Entry]:
    """The prose of a unit, and what its code shows, in the order of the notebook."""
    unit = script.stem
    for cell in read_script(script).cells:
        if cell.cell_type == "markdown":
            yield from prose_entries(cell, unit)
        elif "exercise" not in cell.metadata:
            for literal in literals(MAGIC.sub(r"#\1", cell.source), IN_UNITS):
                yield Entry(literal.text, f"{unit}/code", f"code: {literal.role or 'text'}", cell.id)
    for text in LONE.get(unit, ()):
        yield Entry(text, f"{unit}/code", "code: put together", "")


def prose_entries(cell: NotebookNode, unit: str) -> Iterator[Entry]:
    """The blocks of a Markdown cell. Those of a reflection say whether they are the model answer or its marking."""
    marked = ""
    for piece in split(cell.source):
        if piece.text.startswith("### BEGIN "):
            marked = "mark scheme" if "MARK" in piece.text else "model answer"
        elif piece.text.startswith("### END "):
            marked = ""
        elif piece.block:
            yield Entry(piece.block, unit, marked or "text", cell.id)


def check_entries(unit: str) -> Iterator[Entry]:
    """Properties, labels of cases, and the sentences of the misconceptions and of the quiz, exercise by exercise."""
    for exercise in exercises_of(unit):
        name = exercise.name
        for group in exercise.groups:
            yield Entry(group.states, unit, f'{name}, property: completes "Your function ..."', f"{name}.{group.key}")
        if not exercise.withheld:
            recorded = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
            for label in dict.fromkeys(case["label"] for case in recorded["cases"]):
                yield Entry(label, unit, f"{name}, label of a case", name)
        for mistake in exercise.misconceptions:
            yield Entry(mistake.says, unit, f"{name}, what is said to {mistake.name}", f"{name}.{mistake.name}")


def shared_entries() -> Iterator[Entry]:
    """The judge's own sentences, the relations, and the templates and phrases of the search."""
    yield from code_entries(JUDGE, "checks")
    phrases = [literal.text for literal in literals(_read(PHRASES))]
    for text in dict.fromkeys([*phrases, *FUNCTIONS.values()]):
        yield Entry(text, "checks", "search: a phrase", PHRASES)
    for text in PIECES:
        yield Entry(text, "checks", "search: a phrase", PHRASES)
    for place in PLACES:
        yield Entry(f"{{clause}}{place}", "checks", "search: a clause, and where", "search")
    found: set[str] = set()
    for path in sorted((DIRECTORY / "search").glob("*.json")):
        found |= set(json.loads(path.read_text(encoding="utf-8")).get("templates", ()))
    for text in sorted({_bare(text) for text in found}):
        yield Entry(text, "checks", "search: a clause of a sentence", "search")


def _bare(clause: str) -> str:
    """A clause without its ends."""
    for place in reversed(PLACES):
        clause = clause.removesuffix(place)
    for place in PLACES:
        clause = clause.removesuffix(place)
    return clause


def course_entries() -> Iterator[Entry]:
    """What the command line, the panels, reports and pages say."""
    yield from code_entries(COURSE, "course")
    # What the site hands to nobody is for authors, or a format of a file.
    yield from (entry for entry in code_entries(("grader/site",), "course") if entry.note in HANDED_OVER)
    for path in sorted((course_root() / TEMPLATES).rglob("*.j2")):
        name = path.relative_to(course_root()).as_posix()
        for _, _, text in extract_from_ast(Environment().parse(_read(name))):
            yield Entry(str(text[0] if isinstance(text, tuple) else text), "course", "page", name)
    for month in range(1, 13):
        yield Entry(f"{date(2000, month, 1):%B}", "course", "month", "grader/pages/words.py")


def code_entries(places: tuple[str, ...], context: str) -> Iterator[Entry]:
    """The sentences of modules: files, folders or patterns from the course's root."""
    root = course_root()
    for place in places:
        base = root / place
        files = sorted(root.glob(place)) if "*" in place else sorted(base.rglob("*.py")) if base.is_dir() else [base]
        for file in files:
            name = file.relative_to(root).as_posix()
            for literal in literals(_read(name), SHOWN):
                apart = name.startswith(APART) and not literal.role.endswith("Error")
                if apart or literal.role == "help" and name != "course":
                    continue
                yield Entry(literal.text, context, _note(literal), name)


def documents() -> list[Path]:
    """The documents that are there, from the course's root."""
    return [Path(path) for path in DOCUMENTS if (course_root() / path).is_file()]


def name_of(document: Path) -> str:
    """The name of a document's catalogue: `README`, `docs/plan`."""
    return document.with_suffix("").as_posix()


def is_document(name: str) -> bool:
    """Whether a catalogue is a document's."""
    return f"{name}.md" in DOCUMENTS


def english(document: Path) -> str:
    """A document as it is written, without the line that leads to its other editions."""
    return SWITCH.sub("", _read(document.as_posix()), count=1)


def document_entries(document: Path) -> Iterator[Entry]:
    """The texts of a document in its order; where one stands is told by its heading's anchor."""
    source = english(document)
    anchors = dict(headings(source))
    line, place = 0, ""
    for piece in split(source):
        for number in range(line, line + len(piece.lines)):
            place = anchors.get(number, place)
        line += len(piece.lines)
        if WORD.search(piece.block):
            yield Entry(piece.block, name_of(document), "text", place)


def site_entries() -> Iterator[Entry]:
    """The texts of the site's templates; what is filled in stands in them as `{{ name }}`."""
    for file in sorted((course_root() / SITE_TEMPLATES).glob("*.md.jinja")):
        name = file.name.removesuffix(".jinja")
        for piece in split(_read(f"{SITE_TEMPLATES}/{file.name}")):
            if WORD.search(MECHANICS.sub("", piece.block)):
                yield Entry(piece.block, name, "text", name)


def _note(literal: Literal) -> str:
    return f"code: {literal.role or 'text'}"


def _read(name: str) -> str:
    return (course_root() / name).read_text(encoding="utf-8")


__all__ = [
    *("Entry", "check_entries", "course_entries", "document_entries", "documents", "english", "extracted"),
    *("is_document", "name_of", "shared_entries", "site_entries", "unit_entries"),
]

"""`./course lint`: one line a part that says whether the repository is as it should be, and below it what is not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from course_lib.workspace import course_root
from grader.building import markdown
from grader.building.links import broken_links
from grader.building.texts import texts

LINT_IMPORTS = "from importlinter.cli import lint_imports as lint; raise SystemExit(lint(no_logo=True, no_cache=True))"
"""import-linter's own command, without the cache that it would leave in the folder."""
RUFF = ("-m", "ruff")


def said_by(root: Path, *arguments: str) -> list[str]:
    """The lines that a program run by this Python prints when it finds something; none when it ends well."""
    command = [sys.executable, *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False)
    if ended.returncode == 0:
        return []
    lines = [line.rstrip() for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    return lines or [f"it ended with status {ended.returncode} and said nothing"]


def ruff_check(root: Path) -> list[str]:
    """What ruff's rules find, a line each."""
    return [line for line in said_by(root, *RUFF, "check", "--output-format=concise", ".") if not is_summary(line)]


def ruff_format(root: Path) -> list[str]:
    """The files that ruff would format otherwise."""
    return [
        line
        for line in said_by(root, *RUFF, "format", "--check", "--output-format=concise", ".")
        if not is_summary(line)
    ]


def mypy(root: Path) -> list[str]:
    """What mypy finds in the packages that pyproject.toml names."""
    return [line for line in said_by(root, "-m", "mypy") if ": note: " not in line and not is_summary(line)]


def import_contracts(root: Path) -> list[str]:
    """The contracts of pyproject.toml that an import breaks, and by which chain."""
    said = said_by(root, "-c", LINT_IMPORTS)
    return [line for line in said if not re.search(r"^-+$|^=+$| KEPT$|^Analyzed |^Contracts", line)]


def markdown_text(root: Path) -> list[str]:
    """What renders otherwise than meant, in the notebooks' text and in `*.md`."""
    return [sentence for text in texts(root) for sentence in markdown.findings(text)]


def is_summary(line: str) -> bool:
    """Whether a line only counts what the lines above it say."""
    return re.match(r"Found \d+ errors?|\d+ files? |\[\*\]|All checks passed", line) is not None


PARTS: tuple[tuple[str, Callable[[Path], list[str]]], ...] = (
    ("ruff check", ruff_check),
    ("ruff format", ruff_format),
    ("mypy", mypy),
    ("import contracts", import_contracts),
    ("Markdown", markdown_text),
    ("links", broken_links),
)


def main(fix: bool) -> int:
    """`./course lint [--fix]`; the exit status is 1 if anything was found."""
    root = course_root()
    if fix:
        for task in (("check", "--fix-only", "--quiet", "."), ("format", "--quiet", ".")):
            subprocess.run([sys.executable, *RUFF, *task], cwd=root, check=False)
    clean = True
    for name, part in PARTS:
        print(f"{name}: ", end="", flush=True)
        found = part(root)
        print("\n  ".join(["not clean", *found]) if found else "clean", flush=True)
        clean = clean and not found
    return 0 if clean else 1

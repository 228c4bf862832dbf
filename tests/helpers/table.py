"""The table of `tests/README.md`, made from the files' first sentences: `python tests/helpers/table.py` writes it."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = TESTS / "README.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of the table -->\n"


def first_sentence(path: Path) -> str:
    """What a file says that it is for."""
    says = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(says.split("\n\n")[0].split()).replace("|", "\\|")


def table() -> str:
    """A section a folder, a row a file."""
    parts = []
    for folder in sorted(path for path in TESTS.iterdir() if path.is_dir() and list(path.glob("*.py"))):
        rows = [f"| `{path.name}` | {first_sentence(path)} |" for path in sorted(folder.glob("*.py"))]
        parts.append("\n".join([f"### {folder.name}/", "", "| file | what it is for |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def with_table(text: str) -> str:
    """The page with the table as it is now."""
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")

"""What happens to notebooks between a learner's kernel and the grader: by editors, by other programs, by accident.

Every damage takes the JSON of a submission that is all right and gives the bytes of the file that is handed in.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import v3

Cell = dict[str, Any]


@dataclass
class Notebook:
    """The JSON of a submission, and the names of the unit's exercises: two functions, and the quiz."""

    data: dict[str, Any]
    released: dict[str, Any]
    first: str
    second: str

    @property
    def cells(self) -> list[Cell]:
        """The cells, to be changed in place."""
        found: list[Cell] = self.data["cells"]
        return found

    def find(self, name: str) -> Cell:
        """The cell with a grade_id."""
        return next(cell for cell in self.cells if mark(cell).get("grade_id") == name)

    def handed_out(self, name: str) -> Cell:
        """A copy of the cell as it was handed out, under a new id."""
        cells = self.released["cells"]
        return copied(next(cell for cell in cells if mark(cell).get("grade_id") == name))

    def insert(self, cell: Cell, name: str, after: bool = True) -> None:
        """Put a cell below (or above) the one with a grade_id."""
        self.cells.insert(self.cells.index(self.find(name)) + after, cell)

    def take(self, name: str) -> Cell:
        """Take the cell with a grade_id out."""
        return self.cells.pop(self.cells.index(self.find(name)))


@dataclass(frozen=True)
class Damage:
    """`told` must stand in what is reported. `costs`: the exercise whose points are rightly lost.

    `unreadable` must stand in the sentence that says why there are no points. `by_intake`: it is told in the class's
    report, and not on the page.
    """

    name: str
    kind: str
    do: Callable[[Notebook], bytes | None]
    told: str = ""
    costs: str = ""
    unreadable: str = ""
    by_intake: bool = False
    files: Callable[[bytes, bytes, str], dict[str, bytes]] | None = None
    """What lies in the learner's folder, of the notebook, of the one that was handed out, and of the unit's name.

    nbgrader's own command goes by the exact name, so nothing is asked of it then.
    """


def mark(cell: Cell) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    found: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def copied(cell: Cell) -> Cell:
    """A copy as JupyterLab pastes it: with a new id, and with nbgrader's marks."""
    twin = copy.deepcopy(cell)
    twin["id"] = f"{cell.get('id', 'cell')}-copy"[:60]
    return twin


def code(source: str) -> Cell:
    """A new code cell."""
    return {
        "cell_type": "code", "id": f"new-{abs(hash(source)) % 10**8}", "metadata": {}, "source": source,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def text(cell: Cell) -> str:
    """A cell's source."""
    source: str | list[str] = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _duplicated(nb: Notebook) -> None:
    nb.insert(copied(nb.find(nb.first)), f"check_{nb.first}")


def _stub_below(nb: Notebook) -> None:
    nb.insert(nb.handed_out(nb.first), nb.first)


def _stub_below_unmarked(nb: Notebook) -> None:
    stub = nb.handed_out(nb.first)
    stub["metadata"] = {}
    nb.insert(stub, nb.first)


def _check_twice(nb: Notebook) -> None:
    nb.insert(copied(nb.find(f"check_{nb.first}")), nb.first, after=False)


def _split(nb: Notebook) -> Cell:
    """Split the second answer before its last line, as JupyterLab does; the lower piece is returned."""
    cell = nb.find(nb.second)
    lines = text(cell).splitlines(keepends=True)
    lower = copied(cell)
    cell["source"], lower["source"] = "".join(lines[:-1]), lines[-1]
    return lower


def _split_marked(nb: Notebook) -> None:
    nb.insert(_split(nb), nb.second)


def _split_apart(nb: Notebook) -> None:
    lower = _split(nb)
    lower["metadata"] = {}
    nb.insert(lower, nb.second)
    nb.insert(code(""), nb.second)


def _split_docstring(nb: Notebook) -> None:
    cell = nb.find(nb.second)
    upper, lower = text(cell).split('"""', 1)[0] + '"""', text(cell).split('"""', 1)[1]
    piece = copied(cell)
    cell["source"], piece["source"] = upper, lower
    nb.insert(piece, nb.second)


def _merged_with_check(nb: Notebook) -> None:
    check = nb.take(f"check_{nb.first}")
    nb.find(nb.first)["source"] = text(nb.find(nb.first)) + "\n\n" + text(check)


def _merged_into_check(nb: Notebook) -> None:
    answer = nb.take(nb.first)
    check = nb.find(f"check_{nb.first}")
    check["source"] = text(answer) + "\n\n" + text(check)


def _merged_answers(nb: Notebook) -> None:
    answer = nb.take(nb.second)
    nb.find(nb.first)["source"] = text(nb.find(nb.first)) + "\n\n\n" + text(answer)


def _all_in_one(nb: Notebook) -> None:
    both = text(nb.find(nb.first)) + "\n\n\n" + text(nb.find(nb.second))
    for name in (nb.first, nb.second):
        nb.find(name)["source"] = nb.handed_out(name)["source"]
    nb.insert(code(both), nb.first, after=False)


def _in_another_cell(nb: Notebook) -> None:
    nb.insert(code(text(nb.find(nb.second))), nb.second, after=False)
    nb.find(nb.second)["source"] = nb.handed_out(nb.second)["source"]


def _retype(cell: Cell, kind: str) -> None:
    cell["cell_type"] = kind
    cell.pop("outputs", None)
    cell.pop("execution_count", None)


def _retyped(name: str, kind: str) -> Callable[[Notebook], None]:
    def do(nb: Notebook) -> None:
        wanted = name.replace("FIRST", nb.first)
        given = next(mark(c)["grade_id"] for c in nb.cells if mark(c).get("grade_id", "").startswith("given_"))
        _retype(nb.find(wanted.replace("GIVEN", given)), kind)

    return do


def _answer_last(nb: Notebook) -> None:
    nb.cells.append(nb.take(nb.second))


def _checks_first(nb: Notebook) -> None:
    for name in (nb.first, nb.second):
        nb.cells.insert(0, nb.take(f"check_{name}"))


def _given_last(nb: Notebook) -> None:
    for name in [mark(c)["grade_id"] for c in nb.cells if mark(c).get("grade_id", "").startswith("given_")]:
        nb.cells.append(nb.take(name))


def _reversed(nb: Notebook) -> None:
    nb.cells.reverse()


def _deleted(name: str) -> Callable[[Notebook], None]:
    def do(nb: Notebook) -> None:
        for cell in list(nb.cells):
            if mark(cell).get("grade_id", "").startswith(name.replace("FIRST", nb.first)):
                nb.cells.remove(cell)

    return do


def _only_answers(nb: Notebook) -> None:
    nb.cells[:] = [cell for cell in nb.cells if mark(cell).get("solution")]
    _no_marks(nb)


def _no_marks(nb: Notebook) -> None:
    for cell in nb.cells:
        cell["metadata"] = {}
    nb.data["metadata"] = {}


def _renamed(nb: Notebook) -> None:
    for number, cell in enumerate(nb.cells):
        if mark(cell):
            mark(cell)["grade_id"] = f"cell-{number:032x}"


def _swapped(nb: Notebook) -> None:
    one, other = nb.find(nb.first), nb.find(nb.second)
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]


def _old_marks(nb: Notebook) -> None:
    for cell in nb.cells:
        if mark(cell):
            mark(cell)["schema_version"] = 1
            mark(cell).pop("task", None)


def _odd_marks(nb: Notebook) -> None:
    odd: list[Any] = [None, [], "x", {"grade_id": []}, {"grade_id": "new", "grade": True}]
    for cell, value in zip(nb.cells, odd, strict=False):
        cell["metadata"].setdefault("nbgrader", value)


def _no_ids(nb: Notebook) -> None:
    for cell in nb.cells:
        cell.pop("id", None)


def _same_ids(nb: Notebook) -> None:
    for cell in nb.cells:
        cell["id"] = "a"


def _kernel(nb: Notebook) -> None:
    nb.data["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    nb.data["metadata"]["language_info"] = {"name": "R", "version": "4.3.1"}


def _no_metadata(nb: Notebook) -> None:
    del nb.data["metadata"]


def _minor(minor: int) -> Callable[[Notebook], None]:
    def do(nb: Notebook) -> None:
        nb.data["nbformat_minor"] = minor
        _no_ids(nb)

    return do


def _format_3(nb: Notebook) -> bytes:
    converted = nbformat.convert(nbformat.from_dict(nb.data), 3)
    return v3.writes_json(converted).encode()


def _colab(nb: Notebook) -> None:
    """As Google Colab writes: its own metadata, lists of lines, no marks of others, the oldest minor format."""
    nb.data |= {"nbformat_minor": 0, "metadata": {"colab": {"provenance": [], "toc_visible": True}}}
    nb.data["metadata"] |= {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "accelerator": "GPU"}
    nb.data["metadata"]["language_info"] = {"name": "python"}
    for number, cell in enumerate(nb.cells):
        cell.pop("id", None)
        cell["metadata"] = {"id": f"Xy{number:010d}"}
        cell["source"] = text(cell).splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "8e6b1a3c-9d54-4f0e"}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]}]
            cell["execution_count"] = number


def _vs_code(nb: Notebook) -> None:
    """As VS Code writes: minor format 2, its own keys, a kernel called after its environment."""
    nb.data["nbformat_minor"] = 2
    nb.data["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": "python3"},
        "language_info": {"codemirror_mode": {"name": "ipython", "version": 3}, "name": "python", "version": "3.12.3"},
        "vscode": {"interpreter": {"hash": "31f2aee4e71d21fbe5cf8b01ff0e069b"}},
    }
    for cell in nb.cells:
        cell.pop("id", None)
        cell["metadata"] = {"vscode": {"languageId": "python" if cell["cell_type"] == "code" else "markdown"}}
        cell["source"] = [line.rstrip(" ") for line in text(cell).splitlines(keepends=True)]


def _extra_cells(nb: Notebook) -> None:
    for place in range(len(nb.cells), -1, -1):
        kind = ("code", "markdown", "raw")[place % 3]
        extra = code(f"# note {place}" if place % 2 else "")
        if kind != "code":
            _retype(extra, kind)
        extra["id"] = f"extra-{place}"
        nb.cells.insert(place, extra)


def _garbage_outputs(nb: Notebook) -> None:
    for cell in nb.cells:
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = [
                {"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["\x1b[31mred"]},
                {"output_type": "display_data", "data": {"image/png": "no picture", "x/y": "z"}, "metadata": {}},
                {"output_type": "execute_result", "data": {"text/plain": "100"}, "metadata": {}, "execution_count": 9},
            ]


def _invalid_outputs(nb: Notebook) -> None:
    for cell in nb.cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "unheard_of"}, {"text": 7}]
            cell["execution_count"] = "x"


def _huge_outputs(nb: Notebook) -> None:
    for cell in [c for c in nb.cells if c["cell_type"] == "code"][:4]:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 79 + "\n"}]
        cell["outputs"][0]["text"] *= 20_000


def _line_ends(nb: Notebook) -> bytes:
    for cell in nb.cells:
        cell["source"] = "\r\n".join(f"{line}  \t" for line in text(cell).splitlines()) + "\r\n\r\n"
    return json.dumps(nb.data, indent=1).replace("\n", "\r\n").encode()


def _byte_order_mark(nb: Notebook) -> bytes:
    return json.dumps(nb.data).encode("utf-8-sig")


def _setup_changed(nb: Notebook) -> None:
    given = next(cell for cell in nb.cells if mark(cell).get("grade_id", "").startswith("given_"))
    given["source"] = "import math as mathematics\n\n" + text(given).replace(
        "import numpy as np", "import numpy as np  # !"
    )
    answer = nb.find(nb.first)
    answer["source"] = "assert mathematics.pi\n" + text(answer)


def _checks_commented(nb: Notebook) -> None:
    for cell in nb.cells:
        if mark(cell).get("grade_id", "").startswith("check_"):
            cell["source"] = f"# run this when you are done\n{text(cell)}  # all green!\nprint('done')"


def _attached(nb: Notebook) -> None:
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    reflection = next(c for c in nb.cells if mark(c).get("solution") and c["cell_type"] == "markdown")
    reflection["attachments"] = {"image.png": {"image/png": picture}}
    reflection["source"] = text(reflection) + "\n\n![image.png](attachment:image.png)"


def _broken_off(nb: Notebook) -> bytes:
    whole = json.dumps(nb.data, indent=1).encode()
    return whole[: len(whole) // 2]


def _zipped(nb: Notebook) -> bytes:
    return b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff\xfe"


EDITOR, PROGRAM, FILE = "cells changed by hand", "another program", "the file itself"

DAMAGES = [
    Damage("an answer, pasted again below its check", EDITOR, _duplicated, "was there 2 times"),
    Damage("the untouched answer cell, pasted again below the answer", EDITOR, _stub_below, "untouched copy"),
    Damage("the same, without nbgrader's marks", EDITOR, _stub_below_unmarked, "untouched copy"),
    Damage("a check cell, pasted again above the answer", EDITOR, _check_twice, "untouched copy"),
    Damage("an answer split in two", EDITOR, _split_marked, "had been split"),
    Damage("an answer split in two, an empty cell between, one half unmarked", EDITOR, _split_apart, "had been split"),
    Damage("an answer split within its docstring", EDITOR, _split_docstring, "had been split"),
    Damage("an answer and its check merged", EDITOR, _merged_with_check, "was missing"),
    Damage("an answer merged into its check cell", EDITOR, _merged_into_check, "was changed"),
    Damage("two answers merged", EDITOR, _merged_answers, "was found in the cell of"),
    Damage("both answers in a new cell, their own cells untouched", EDITOR, _all_in_one, "untouched copy"),
    Damage("an answer in a new cell above its own, which is untouched", EDITOR, _in_another_cell, "untouched copy"),
    Damage("an answer turned into Markdown", EDITOR, _retyped("FIRST", "markdown"), "had become a markdown cell"),
    Damage("an answer turned into a raw cell", EDITOR, _retyped("FIRST", "raw"), "had become a raw cell"),
    Damage("a check turned into Markdown", EDITOR, _retyped("check_FIRST", "markdown"), "had become a markdown cell"),
    Damage("the setup turned into a raw cell", EDITOR, _retyped("GIVEN", "raw"), "had become a raw cell"),
    Damage("an answer moved to the end", EDITOR, _answer_last, "was moved"),
    Damage("checks moved to the top", EDITOR, _checks_first, "was moved"),
    Damage("given cells moved to the end", EDITOR, _given_last, "was moved"),
    Damage("all cells in reverse", EDITOR, _reversed, "was moved"),
    Damage("a check deleted", EDITOR, _deleted("check_FIRST"), "was missing and was put back"),
    Damage("all checks deleted", EDITOR, _deleted("check_"), "was missing and was put back"),
    Damage("all given cells deleted", EDITOR, _deleted("given_"), "was missing and was put back"),
    Damage("an answer deleted", EDITOR, _deleted("FIRST"), "was missing and was put back", costs="FIRST"),
    Damage("all deleted but the answers, which have no marks", EDITOR, _only_answers, "recognised by text"),
    Damage("the setup changed, and an answer that needs the change", EDITOR, _setup_changed, "was changed"),
    Damage("comments and lines added to check cells", EDITOR, _checks_commented, "was changed"),
    Damage("empty and new cells everywhere", EDITOR, _extra_cells),
    Damage("a picture in the reflection", EDITOR, _attached),
    Damage("all metadata stripped", PROGRAM, _no_marks, "recognised by text"),
    Damage("all grade_ids renamed", PROGRAM, _renamed, "recognised by text"),
    Damage("the marks of two answers swapped", PROGRAM, _swapped, "recognised by text"),
    Damage("marks of nbgrader's older format", PROGRAM, _old_marks),
    Damage("marks of odd shapes on other cells", PROGRAM, _odd_marks),
    Damage("no cell ids", PROGRAM, _no_ids),
    Damage("one cell id for all", PROGRAM, _same_ids),
    Damage("another kernel and language", PROGRAM, _kernel),
    Damage("no notebook metadata", PROGRAM, _no_metadata, unreadable="metadata"),
    *(Damage(f"notebook format 4.{minor}, without cell ids", PROGRAM, _minor(minor)) for minor in (0, 1, 4)),
    Damage("notebook format 3", PROGRAM, _format_3, "was converted", by_intake=True),
    Damage("saved by Colab", PROGRAM, _colab, "recognised by text"),
    Damage("saved by VS Code", PROGRAM, _vs_code, "recognised by text"),
    Damage("garbage as outputs, no execution counts", FILE, _garbage_outputs),
    Damage("outputs that no notebook can have", FILE, _invalid_outputs),
    Damage("six megabytes of stored output", FILE, _huge_outputs),
    Damage("Windows line ends, blanks at the ends of lines", FILE, _line_ends),
    Damage("a byte order mark", FILE, _byte_order_mark),
    Damage("an upload that broke off", FILE, _broken_off, unreadable="breaks off"),
    Damage("an archive under the notebook's name", FILE, _zipped, unreadable="is an archive that cannot be read"),
]

"""Replace an answer by a stub that says which exercise waits, or by a clinic's broken code."""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions
from traitlets import Unicode

STUB = re.compile(r"[ \t]*### BEGIN STUB\n(?P<code>.*?)[ \t]*### END STUB[ \t]*\n?", re.S)
MARK_SCHEME = re.compile(r"[ \t]*### BEGIN MARK SCHEME\n.*?### END MARK SCHEME[ \t]*\n?", re.S)
COMMENT = re.compile(r"^(\s*)# ?", re.M)


class ClearAnswers(ClearSolutions):
    """nbgrader's ClearSolutions with a stub that names the exercise."""

    # In all languages the same, so that an unwritten reflection is known by it, whichever edition was handed in.
    text_stub = Unicode("*Write your answer here, in your own words. · 在这里用你自己的话作答。*").tag(config=True)

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        # Mark schemes also stand beside a reflection's model answer here. nbgrader's ClearMarkScheme refuses cells that
        # are not tasks, and comes too late: the gradebook has the cell's text by then, and an unwritten reflection is
        # known by it.
        cell.source = MARK_SCHEME.sub("", cell.source)
        given = STUB.search(cell.source)
        if given:
            cell.source = cell.source.replace(given.group(0), "", 1)
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        marker = "raise NotImplementedError(COURSE_STUB)"
        self.code_stub = {"python": marker}
        replaced = super()._replace_solution_region(cell, language)
        stub = COMMENT.sub(r"\1", given.group("code")).rstrip() if given else ""
        pattern = re.compile(r"^([ \t]*)" + re.escape(marker), re.M)
        code = stub if given else rf'\1raise NotImplementedError("Exercise {name}")'
        cell.source = pattern.sub((lambda _: code) if given else code, cell.source).rstrip()
        return bool(replaced)

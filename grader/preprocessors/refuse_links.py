"""A submission's links are not followed: one could name the solution, the secret, or any other file of the grader's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import NbGraderPreprocessor

from course_lib.errors import CourseError


class RefuseLinks(NbGraderPreprocessor):
    """The first preprocessor of `nbgrader autograde`, which has copied the other files by then, through links as well.

    What it copied would come back with the feedback.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        converter = getattr(self.parent, "parent", None)
        if not isinstance(converter, BaseConverter):  # ./course grade reads submissions itself, and follows no link
            return nb, resources
        where, submitted = resources["nbgrader"], Path(resources["metadata"]["path"])
        notebook = submitted / f"{where['notebook']}.ipynb"
        if notebook.is_symlink():
            raise CourseError(f"{notebook} is a link, not a file: it is not graded.")
        course = converter.coursedir
        graded = Path(course.format_path(course.autograded_directory, where["student"], where["assignment"]))
        for path in sorted(submitted.rglob("*")):
            inside = path.relative_to(submitted)
            copied = graded / inside
            if any((submitted / part).is_symlink() for part in (inside, *inside.parents)) and copied.is_file():
                copied.unlink()
                self.log.warning("%s of %s is a link; it was left out.", inside, where["student"])
        return nb, resources

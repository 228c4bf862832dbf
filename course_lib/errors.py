"""The error that a learner may meet: its text is one sentence that says what happened and what to do."""


class CourseError(Exception):
    """Something the course cannot go on with; the text says what happened, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook the sentence stands alone: the course's own lines would tell a learner nothing."""
        return [f"CourseError: {self}"]

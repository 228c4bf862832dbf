"""The errors that a learner may meet: their text is one sentence that says what happened and what to do."""


class CourseError(Exception):
    """Something the course cannot go on with; the text says what happened, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook the sentence stands alone: the course's own lines would tell a learner nothing."""
        return [f"CourseError: {self}"]


class LeftOut(CourseError):  # noqa: N818 - nothing failed: a part of a notebook is not for this place
    """An experiment that cannot be run here, and need not be; `waits_for` shows the sentence and goes on."""


class AnswerError(Exception):
    """Raised by a driver for an answer that cannot be driven; the text is the sentence for the learner."""


class OpenQuestionError(AnswerError):
    """A quiz's question without an answer; the text is the question's key."""

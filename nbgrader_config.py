"""Stock `nbgrader` commands, run from here, and the formgrader take their configuration from this file."""

from grader.config import nbgrader_config

c = get_config()  # noqa: F821 - traitlets puts it here
c.merge(nbgrader_config())

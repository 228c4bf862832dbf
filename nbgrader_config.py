"""Stock `nbgrader` commands, run from here, and the formgrader take their configuration from this file."""

from pathlib import Path

from grader.config import nbgrader_config
from grader.scripts import write_missing_sources

c = get_config()  # noqa: F821 - traitlets puts it here
c.merge(nbgrader_config())

# nbgrader reads notebooks, git keeps scripts: after a clone or an update, the notebooks are made here.
write_missing_sources(Path(__file__).parent / "solutions")

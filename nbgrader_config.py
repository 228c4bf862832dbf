"""Stock `nbgrader` commands, run from here, and the formgrader take their configuration from this file."""

from pathlib import Path

from grader.config import nbgrader_config, withheld
from grader.privacy import keep_private
from grader.scripts import write_missing_sources

c = get_config()  # noqa: F821 - traitlets puts it here
c.merge(nbgrader_config())
keep_private(Path(__file__).parent, c)  # on a machine with many users, nobody reads another's work
c.CourseDirectory.ignore += withheld(Path(__file__).parent)  # trained weights are solutions too

# nbgrader reads notebooks, git keeps scripts: after a clone or an update, the notebooks are made here.
write_missing_sources(Path(__file__).parent / "solutions")

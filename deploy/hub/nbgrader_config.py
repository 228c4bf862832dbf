"""For nbgrader in every server of the Hub, learners' and the course's; it lies in etc/jupyter of their environment.

The folder `class` in a home is the course's own: a clone of this course, with the gradebook and all that was handed in.
"""

import sys
from pathlib import Path

c = get_config()  # noqa: F821 - traitlets puts it here
c.CourseDirectory.course_id = "optimization"  # as in grader/config.py
c.Exchange.root = "/srv/nbgrader/exchange"

course = Path.home() / "class"
if (course / "grader").is_dir() and (course / "nbgrader_config.py").is_file():
    sys.path.insert(0, str(course))  # its configuration imports `grader`, which learners' environment does not hold
    c.CourseDirectory.root = str(course)

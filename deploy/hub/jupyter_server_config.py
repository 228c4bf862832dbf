"""For every Jupyter server of the Hub; it lies in etc/jupyter of the environment in which they run."""

from importlib.util import find_spec
from pathlib import Path

c = get_config()  # noqa: F821 - traitlets puts it here
# JupyterHub forbids all frames. Nbgrader > Formgrader shows its pages in one, inside JupyterLab, from the same server.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
# Else the formgrader's messages hold hundreds of lines that are for developers.
c.ServerApp.logging_config = {"loggers": {"ServerApp": {"level": "INFO"}}}
# What figures say in words, for a screen reader; `./course start` brings it where there is no Hub.
course = find_spec("course_lib")
if course is not None and course.origin is not None:
    c.LabApp.extra_labextensions_path = [str(Path(course.origin).parent / "jupyter" / "labextensions")]

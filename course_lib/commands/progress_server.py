"""The same page from JupyterLab's own server, at `course/progress`: made anew at each look, for whoever is logged in.

`./course start` has Jupyter load it (`course_lib/jupyter/jupyter_server_config.d/`), and the launcher opens it.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from course_lib.errors import CourseError
from course_lib.review import review
from course_lib.review_page import page
from course_lib.told import shown


class ProgressHandler(JupyterHandler):
    """GET gives the page; it changes nothing."""

    @web.authenticated
    def get(self) -> None:
        """Called by the server."""
        try:
            text = page(review(), self.base_url)
        except CourseError as error:
            raise web.HTTPError(404, str(error)) from error
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(text)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    words = server.web_app.settings.setdefault("page_config_data", {})  # what JupyterLab's pages are told
    words["courseLabel"] = shown("Your course")
    words["courseCaption"] = shown("What you have done, what comes next, and what to look at again")
    route = url_path_join(server.web_app.settings["base_url"], "course", "progress")
    server.web_app.add_handlers(".*$", [(route, ProgressHandler)])

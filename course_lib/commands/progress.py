"""`./course progress`: what you have reached, what comes next, and what is worth a second look; also as a page."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

from course_lib import progress, shipped
from course_lib.errors import CourseError
from course_lib.review import Review, review
from course_lib.review_page import KINDS
from course_lib.review_page import page as page_of
from course_lib.sentences import say
from course_lib.terminal import wrapped
from course_lib.told import shown, sign
from course_lib.workspace import home

PAGE = "progress.html"


def main(page: bool = False) -> int:
    """Print the summary, or open the page in the browser."""
    found = review()
    if page:
        return _open(found)
    print(progress.summary())
    print(f"\n{wrapped(in_words(found))}\n\nKept in {progress.state_directory() / progress.FILE}")
    for unit in shipped.edited():
        print(shipped.about_edited(unit))
    return 0


def in_words(found: Review) -> str:
    """What comes next and what to look at again, as plain text."""
    if found.next is None:
        lines = [shown("Everything is right.")]
    else:
        next_ = shown("Next: {exercise} ({says}): {command}")
        command = f"./course start {found.next.unit[:2]}"
        lines = [say(next_, exercise=found.next.name, says=shown(found.next.says), command=command)]
    for kind, (title, _) in KINDS.items():
        mine = [each for each in found.again if each.kind == kind]
        if mine:
            lines += ["", shown(title) + sign(":")]
            lines += [f"   {each.unit[:2]} {each.name}{sign(': ')}{shown(each.says, each.unit)}" for each in mine]
    return "\n".join(lines)


def _open(found: Review) -> int:
    """A running JupyterLab of the course shows the page itself, with links to the cells; else it is a file."""
    lab = running_lab()
    if lab:
        address = f"{lab['url']}course/progress"
        opened = webbrowser.open(f"{address}?token={lab['token']}" if lab.get("token") else address)
    else:
        path = progress.state_directory() / PAGE
        _write(path, page_of(found, None))
        address = path.resolve().as_uri()
        opened = webbrowser.open(address)
    print(address if opened else f"No browser could be opened from here. Open this address in yours: {address}")
    return 0


def running_lab() -> dict[str, Any] | None:
    """What Jupyter has written down of a server of this user on the course's folder; None where none runs."""
    from jupyter_server.serverapp import list_running_servers

    try:
        mine = home().resolve()
        servers = [dict(server) for server in list_running_servers()]
    except (CourseError, OSError, ValueError):
        return None
    return next((each for each in servers if Path(str(each.get("root_dir", ""))).resolve() == mine), None)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises `CourseError` where that is not possible."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".page-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise CourseError(
            f"The page could not be written to {path} ({error.strerror or error}). ./course progress prints the same; "
            "for the page, free some space or set COURSE_STATE_DIR to a folder that you can write."
        ) from error

"""A class with nbgrader's exchange, and learners who hand in: as `nbgrader submit` writes, step by step."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpers.submissions import UNIT, course_copy
from nbgrader.utils import notebook_hash

COURSE = "optimization"
BEGAN = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)


class Hall:
    """A course below `root`, and its exchange."""

    def __init__(self, root: Path, more: str = "") -> None:
        self.course = course_copy(root / "course")
        self.exchange = root / "exchange"
        self.inbound, self.feedback = (self.exchange / COURSE / name for name in ("inbound", "feedback"))
        self.inbound.mkdir(parents=True)
        with (self.course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(
                f"\nc.CourseDirectory.course_id = {COURSE!r}\nc.Exchange.root = {str(self.exchange)!r}\n"
                f"c.ExchangeCollect.check_owner = False\n{more}\n"
            )

    def submit(
        self, student: str, text: str, number: int = 1, files: Mapping[str, bytes] | None = None, whole: bool = True
    ) -> Path:
        """Hand in the `number`-th submission; not `whole`: the copying has only begun."""
        when = f"{BEGAN + timedelta(minutes=number):%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = self.inbound / f"{student}+{UNIT}+{when}+{secrets.token_urlsafe(9)}"
        folder.mkdir()
        (folder / f"{UNIT}.ipynb").write_text(text if whole else text[:3000], encoding="utf-8")
        for name, data in (files or {}).items():
            (folder / name).write_bytes(data)
        if whole:
            self.finish(folder, text)
        return folder

    def finish(self, folder: Path, text: str) -> None:
        """What `nbgrader submit` does last."""
        (folder / f"{UNIT}.ipynb").write_text(text, encoding="utf-8")
        (folder / "timestamp.txt").write_text(folder.name.split("+")[2], encoding="ascii")
        (folder / "submission_secret.txt").write_text(secrets.token_hex(64), encoding="ascii")

    def page(self, folder: Path) -> Path:
        """Where this submission's feedback is fetched from."""
        secret = (folder / "submission_secret.txt").read_text(encoding="ascii")
        return self.feedback / f"{notebook_hash(secret=secret, notebook_id=UNIT)}.html"

    def clear(self) -> None:
        """Empty what grading has made."""
        for name in ("autograded", "feedback", "submitted", "reports", "gradebook.db"):
            path = self.course / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

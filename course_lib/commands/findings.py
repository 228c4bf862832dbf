"""What `./course doctor` finds: one thing looked at, whether it is well, and what to do if not."""

from __future__ import annotations

from typing import NamedTuple

OK, WARNING, ERROR = "✓", "!", "✗"


class Finding(NamedTuple):
    """One thing looked at: `status` is OK, WARNING or ERROR (the course cannot be used); `remedy` says what to do."""

    status: str
    what: str
    remedy: str = ""

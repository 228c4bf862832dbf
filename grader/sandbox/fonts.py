"""The fonts that Matplotlib knows on this machine, so that no sandbox has to look for them anew.

Looking is two fifths of a sandbox's start. Matplotlib keeps what it found in the account's cache, of which a sandbox
sees nothing: so it is handed the list, but for fonts that lie where it cannot see them either.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

LISTS = "fontlist-v*.json"
KINDS = ("ttflist", "afmlist")


def known_fonts() -> dict[str, str]:
    """Matplotlib's lists by the names of their files; none where it has not made one yet."""
    found = {}
    with contextlib.suppress(OSError, RuntimeError):  # an account without a home
        for path in _cache().glob(LISTS):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                told = json.loads(path.read_text(encoding="utf-8"))
                for kind in KINDS:
                    told[kind] = [font for font in told[kind] if _is_inside(font["fname"])]
                found[path.name] = json.dumps(told)
    return found


def _cache() -> Path:
    """As `matplotlib.get_cachedir` on Linux, without importing it."""
    own = os.environ.get("MPLCONFIGDIR")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"


def _is_inside(file: str) -> bool:
    """Whether the sandbox has a font's file: Matplotlib's own, by a relative path, or the system's."""
    return not file.startswith("/") or file.startswith("/usr/")

"""When two exceptions are the same mistake: they agree in type, in text and in what their lines were doing.

The line itself says little: another person calls things otherwise and computes more in one line. So it is asked which
operation of it failed, which Python knows.
"""

from __future__ import annotations

import dis
import re
import traceback
import zlib
from types import FrameType, TracebackType
from typing import Any

OWN = re.compile(r"0x[0-9a-f]+|[\w.<>]+\(\)|`[^`]*`")
"""What differs between two texts of one mistake: addresses, and the names of functions that people chose."""
DONE = (
    ("SUBSCR", "subscript"),
    ("SLICE", "subscript"),
    ("CALL", "call"),
    ("COMPARE", "compare"),
    ("LOAD_ATTR", "attribute"),
    ("LOAD_METHOD", "attribute"),
    ("UNPACK", "unpack"),
    ("ITER", "iterate"),
)


def frames_of(error: BaseException, module: str) -> list[tuple[FrameType, int]]:
    """The frames of the traceback that belong to the learner, with their lines, the innermost last.

    module: where the object was defined that was run, such as a notebook's `__main__`.
    """
    walked = traceback.walk_tb(error.__traceback__)
    return [(frame, line) for frame, line in walked if _is_own(frame, module)]


def likeness(error: BaseException, module: str) -> str:
    """The same text for two exceptions that are one mistake: type, a digest of the message, and what failed."""
    text = " ".join(OWN.sub("_", _text(error)).split())
    return f"{type(error).__name__[:40]}/{zlib.crc32(text.encode()):08x}/{_operation(error, module)}"


def _is_own(frame: FrameType, module: str) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name in ("__main__", module) and "course_lib" not in frame.f_code.co_filename


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception:  # an exception of the learner's own may fail to tell what it is
        return ""


def _operation(error: BaseException, module: str) -> str:
    """What the innermost line of the learner's was doing, in a word that every Python version has."""
    found: TracebackType | None = None
    trace = error.__traceback__
    while trace is not None:
        found = trace if _is_own(trace.tb_frame, module) else found
        trace = trace.tb_next
    if found is None:
        return ""
    at: Any = next((one for one in dis.get_instructions(found.tb_frame.f_code) if one.offset == found.tb_lasti), None)
    if at is None:
        return ""
    if at.opname == "BINARY_OP":
        return "subscript" if at.argrepr.startswith("[") else at.argrepr
    return next((word for part, word in DONE if part in at.opname), "other")

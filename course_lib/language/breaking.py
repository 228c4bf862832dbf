"""Where a line of a language without blanks may end: between any two of its signs, and elsewhere at blanks."""

from __future__ import annotations

import re
from collections.abc import Callable

TOKEN = re.compile(r"\$[^$]*\$|`[^`]*`|[\u3000-\u9fff\uff00-\uffef]|[^\s$`\u3000-\u9fff\uff00-\uffef]+|\s+|[$`]")
NO_BEGIN = "，。；：？！）”》、…—,.;:?!)"
"""What no line may begin with."""


def broken(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The lines of a text, each as long as it fits; one sign that does not fit stands alone."""
    lines = [""]
    for token in TOKEN.findall(text):
        longer = lines[-1] + token
        if lines[-1] and token not in NO_BEGIN and not token.isspace() and not fits(longer):
            lines[-1] = lines[-1].rstrip()
            lines.append(token)
        else:
            lines[-1] = longer
    return [line.strip() for line in lines]

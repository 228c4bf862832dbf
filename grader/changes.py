"""A mistake stated as an edit of a right answer: `change(adam_step, "np.sqrt(v) + eps", "np.sqrt(v + eps)")`.

So each right answer stands in a spec once, and beside it what people write in its place, and nothing else.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import textwrap
import zlib
from functools import cache
from typing import Any

SOURCE = "__changed_source__"
"""Where a changed answer keeps its text: `inspect` knows of none."""


def change(right: Any, *texts: str) -> Any:
    """The function or class that `right` becomes when each old text is replaced by the new one after it.

    right: a top-level function or class of a spec, or what `change` made of one.
    texts: old, new, old, new, ...; each old text stands in the source of `right`, as it is there, exactly once.
    Raises ValueError when an edit does not fit: this is found where the spec is imported, and not by a learner.
    """
    name = right.__name__
    if not texts or len(texts) % 2:
        raise ValueError(f"A change of {name} needs pairs of texts, what stands there and what replaces it.")
    source = source_of(right)
    for old, new in zip(texts[::2], texts[1::2], strict=True):
        if (times := source.count(old)) != 1:
            raise ValueError(f"A change of {name} replaces {old!r}, which stands there {times} times, not once.")
        source = source.replace(old, new)
    if _read(source) == _read(source_of(right)):
        raise ValueError(f"A change of {name} leaves it as it was: {texts!r}.")
    return _made(right, name, source)


def _read(source: str) -> list[tuple[int, list[str]]]:
    """Each line's indentation and words: texts that differ in spaces alone are one."""
    return [(len(line) - len(line.lstrip()), line.split()) for line in source.splitlines()]


@cache
def source_of(answer: Any) -> str:
    """The text of a function or class of a spec, also of one that `change` made; it begins in the first column."""
    changed = vars(answer).get(SOURCE)  # of a class itself: a class below a changed one has a text of its own
    return str(changed) if changed else textwrap.dedent(inspect.getsource(answer)).rstrip("\n") + "\n"


def _made(right: Any, name: str, source: str) -> Any:
    """The text run in a copy of the names where `right` was defined, so that its own name means the new one."""
    module = sys.modules[right.__module__]
    file = f"<a change of {right.__module__}.{name} #{zlib.crc32(source.encode()):08x}>"
    namespace = dict(vars(module))
    namespace.pop(name, None)
    try:
        exec(compile(source, file, "exec"), namespace)  # noqa: S102 - our own text
    except SyntaxError as error:
        raise ValueError(f"A change of {name} is no Python any more: {error.msg} in {error.text!r}.") from error
    if name not in namespace:
        raise ValueError(f"A change of {name} does not define {name} any more.")
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    made = namespace[name]
    setattr(made, SOURCE, source)
    return made

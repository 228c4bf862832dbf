"""A mistake stated as an edit of a right answer: `change(adam_step, "np.sqrt(v) + eps", "np.sqrt(v + eps)")`.

So each right answer stands in a spec once, and beside it what people write in its place, and nothing else.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import textwrap
import zlib
from functools import cache, cached_property
from typing import Any


def change(right: Any, *texts: str) -> Changed:
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
    before = source_of(right)
    if source.split() == before.split() and _read(source) == _read(before):
        raise ValueError(f"A change of {name} leaves it as it was: {texts!r}.")
    return Changed(name, right.__module__, source)


class Changed:
    """A right answer with other text, compiled when it is first asked for: a grader imports thousands, and runs few."""

    def __init__(self, name: str, module: str, source: str) -> None:
        self.__name__, self.__module__, self.source = name, module, source

    @cached_property
    def made(self) -> Any:
        """The function or class itself, run in a copy of its module's names, so that its own name means the new one.

        Raises ValueError where the text is no Python, or defines something else.
        """
        name, source = self.__name__, self.source
        file = f"<a change of {self.__module__}.{name} #{zlib.crc32(source.encode()):08x}>"
        namespace = dict(vars(sys.modules[self.__module__]))
        namespace.pop(name, None)
        try:
            exec(compile(source, file, "exec"), namespace)  # noqa: S102 - our own text
        except SyntaxError as error:
            raise ValueError(f"A change of {name} is no Python any more: {error.msg} in {error.text!r}.") from error
        if name not in namespace:
            raise ValueError(f"A change of {name} does not define {name} any more.")
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        return namespace[name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the changed answer gives: where a spec calls one itself."""
        return self.made(*args, **kwargs)


def made(answer: Any) -> Any:
    """The function, class or value that runs: what a change makes, and everything else as it is."""
    return answer.made if isinstance(answer, Changed) else answer


@cache
def source_of(answer: Any) -> str:
    """The text of a function or class of a spec, also of one that `change` made; it begins in the first column."""
    if isinstance(answer, Changed):
        return answer.source
    return textwrap.dedent(inspect.getsource(answer)).rstrip("\n") + "\n"


def _read(source: str) -> list[tuple[int, list[str]]]:
    """Each line's indentation and words: texts that differ in spaces alone are one."""
    return [(len(line) - len(line.lstrip()), line.split()) for line in source.splitlines()]

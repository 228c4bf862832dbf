"""Whether a dict is still as it was, found out without touching what it holds.

To look a value up is to count a reference to it, which writes into the value's page of memory. In a process that was
forked each such page is copied first, and the 5,000 functions that are kept for a grade lie on 2,000 pages. So the
dict's own table is read, as bytes. Where Python's tables are not as they are expected here, a dict counts as changed.

Most dicts did not change at all since they were last looked at. Up to Python 3.13 each has a number that every change
makes another one (PEP 509); where the number is what it was, no table is read, and many numbers are read at once.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from ctypes import string_at
from functools import partial
from struct import unpack
from typing import Any

import numpy as np
from numpy import append

WORD = 8
TABLE = 4 * WORD
"""Where a dict says where its table is: behind the count of references, the type, the size and its number."""
NUMBER = 3 * WORD
"""Where a dict has the number that every change makes another one, if it has one."""
VERSION = slice(3 * WORD // 2, 2 * WORD)
"""The part of a table that Python writes while it runs code: after the count of references and some small numbers."""


class _Memory:
    """This process's memory, for NumPy: all of its words but the first, to be read."""

    __array_interface__ = {"data": (WORD, True), "shape": (sys.maxsize // (2 * WORD),), "typestr": "=u8", "version": 3}  # noqa: RUF012


MEMORY = np.asarray(_Memory())


class Watched:
    """A dict, to be asked whether it holds the very same things under the same names as when it was last noted."""

    def __init__(self, space: Any, noted: bool = True) -> None:
        """space: a dict; of anything else it is said that it may have changed. noted: note it now."""
        self._space = space
        self._where = id(space) + TABLE if CAN_READ and type(space) is dict else 0
        self._size, self._pointers, self._table = 0, b"", b""
        self._number = number_of(space)
        self._noted = -1
        if noted:
            self.note()

    def note(self) -> None:
        """From now on it is compared to what it is now."""
        if self._where:
            self._noted = self._number()
            self._pointers = string_at(self._where, 2 * WORD)
            self._size = self._space.__sizeof__() - dict.__basicsize__
            self._table = _table(self._pointers, self._size)

    def unchanged(self) -> bool:
        """False also where nobody can tell."""
        number = self._number()
        if number == self._noted:
            return True
        if not self._table or string_at(self._where, 2 * WORD) != self._pointers:
            return False
        if _table(self._pointers, self._size) != self._table:
            return False
        self._noted = number
        return True


class Together:
    """Many dicts, to be asked at once which of them may have changed."""

    def __init__(self) -> None:
        self._places, self._noted = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint64)
        self._seen, self._all_numbered = b"", True

    def add(self, space: Any) -> None:
        """Have `space` be the next of them. Of what has no number it is always said that it may have changed."""
        self._places = append(self._places, _place(space))
        self._noted = append(self._noted, MEMORY[self._places[-1:]])
        self._seen = self._noted.tobytes()
        self._all_numbered = self._all_numbered and self._places[-1] != NOWHERE

    def perhaps_changed(self) -> list[int]:
        """Those that are not surely as they were, by their turn; from now on each is compared to what it is now."""
        now = MEMORY.take(self._places)
        if self._all_numbered and now.tobytes() == self._seen:  # touches less than comparing arrays does
            return []
        before, self._noted, self._seen = self._noted, now, now.tobytes()
        perhaps = (before != now) | (self._places == NOWHERE)
        found: list[int] = perhaps.nonzero()[0].tolist()
        return found


def number_of(space: Any) -> Callable[[], int]:
    """A function that gives the same number as before only if nothing was changed in `space`.

    It is written in C and asks for no name, so that it can be called where there is no builtin left.
    """
    place = _place(space)
    return itertools.count().__next__ if place == NOWHERE else partial(MEMORY.item, place)


def _place(space: Any) -> int:
    """Where in `MEMORY` a dict's number is."""
    return (id(space) + NUMBER) // WORD - 1 if HAS_NUMBER and type(space) is dict else NOWHERE


def _table(pointers: bytes, size: int) -> bytes:
    keys, values = unpack("=QQ", pointers)
    if values or size <= 4 * WORD:  # the values lie elsewhere
        return b""
    head, rest = string_at(keys, 4 * WORD), string_at(keys + 4 * WORD, size - 4 * WORD)
    return head[: VERSION.start] + head[VERSION.stop :] + rest


def _can_read() -> bool:
    """Whether this Python's dicts are as described: a change shows, and what is no change does not."""
    global CAN_READ
    if dict.__basicsize__ != TABLE + 2 * WORD or tuple.__itemsize__ != WORD:
        return False
    CAN_READ = True
    space: dict[str, Any] = {f"name {i}": object() for i in range(20)}
    watched = Watched(space)
    told = [watched.unchanged()]
    kept = space["name 7"]
    told.append(watched.unchanged())
    space["name 7"] = object()
    told.append(not watched.unchanged())
    space["name 7"] = kept
    told.append(watched.unchanged())
    del space["name 8"]
    told.append(not watched.unchanged())
    return all(told)


def _has_number() -> bool:
    """Whether this Python numbers its dicts: reading leaves the number as it is, and every change makes a new one."""
    global HAS_NUMBER
    if not CAN_READ:
        return False
    HAS_NUMBER = True
    space: dict[str, Any] = {f"name {i}": object() for i in range(20)}
    number, kept = number_of(space), space["name 7"]
    seen = {number()}
    if list(space.items()) == [] or number() not in seen:
        return False
    changes: tuple[Callable[[], object], ...] = (
        lambda: space.update({"name 7": object()}),
        lambda: space.update({"name 7": kept}),
        lambda: space.setdefault("more", 1),
        lambda: space.pop("more"),
        lambda: exec("more = 2", space),
        lambda: exec("more = 3", space),
        lambda: exec("del more", space),
        lambda: space.clear(),
    )
    for turn, change in enumerate(changes, 1):
        change()
        seen.add(number())
        if len(seen) <= turn:
            return False
    return True


_nothing = np.zeros(1, dtype=np.uint64)
NOWHERE = int(_nothing.__array_interface__["data"][0]) // WORD - 1
"""The place of what has no number."""
CAN_READ = HAS_NUMBER = False
CAN_READ = _can_read()
HAS_NUMBER = _has_number()

"""Whether a dict is still as it was, found out without touching what it holds.

To look a value up is to count a reference to it, which writes into the value's page of memory. In a process that was
forked each such page is copied first, and the 5,000 functions that are kept for a grade lie on 2,000 pages. So the
dict's own table is read, as bytes. Where Python's tables are not as they are expected here, a dict counts as changed.

Most of them did not change at all since they were last looked at. Up to Python 3.12 a dict has a number of its own,
which every change makes another one (PEP 509); so of many dicts only those are read whose number is not what it was.
"""

from __future__ import annotations

from array import array
from ctypes import c_uint64, string_at
from struct import unpack
from typing import Any

WORD = 8
TABLE = 4 * WORD
"""Where a dict says where its table is: behind the count of references, the type, the size and a tag."""
NUMBER = 3 * WORD
"""Where a dict has the number that every change makes another one, if it has one."""
VERSION = slice(3 * WORD // 2, 2 * WORD)
"""The part of a table that Python writes while it runs code: after the count of references and some small numbers."""


class Watched:
    """A dict, to be asked whether it holds the very same things under the same names as when it was last noted."""

    def __init__(self, space: Any, noted: bool = True) -> None:
        """space: a dict; of anything else it is said that it may have changed. noted: note it now."""
        self._space = space
        self._where = id(space) + TABLE if CAN_READ and type(space) is dict else 0
        self._size, self._pointers, self._table = 0, b"", b""
        if noted:
            self.note()

    def note(self) -> None:
        """From now on it is compared to what it is now."""
        if self._where:
            self._pointers = string_at(self._where, 2 * WORD)
            self._size = self._space.__sizeof__() - dict.__basicsize__
            self._table = _table(self._pointers, self._size)

    def unchanged(self) -> bool:
        """False also where nobody can tell."""
        if not self._table or string_at(self._where, 2 * WORD) != self._pointers:
            return False
        return _table(self._pointers, self._size) == self._table


class Together:
    """Many dicts, to be asked at once which of them may have changed."""

    def __init__(self) -> None:
        self._numbers: list[c_uint64] = []
        self._noted = array("Q")

    def add(self, space: Any) -> None:
        """Have `space` be the next of them. Where it is no dict it may always have changed."""
        readable = HAS_NUMBER and type(space) is dict
        self._numbers.append(c_uint64.from_address(id(space) + NUMBER) if readable else c_uint64(ANYTHING))
        self._noted.append(self._numbers[-1].value if readable else ANYTHING)

    def perhaps_changed(self) -> list[int]:
        """Those that are not surely as they were, by their place; from now on each is compared to what it is now."""
        before, self._noted = self._noted, array("Q", [number.value for number in self._numbers])
        if HAS_NUMBER and before == self._noted and ANYTHING not in before:
            return []
        return [i for i, (a, b) in enumerate(zip(before, self._noted, strict=True)) if a != b or a == ANYTHING]


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
    """Whether this Python numbers its dicts: reading leaves the number as it is, and every change makes it another."""
    if not CAN_READ:
        return False
    space: dict[str, Any] = {f"name {i}": object() for i in range(20)}
    number = c_uint64.from_address(id(space) + NUMBER)
    kept, seen = space["name 7"], [number.value]
    told = ["name 7" in space and list(space) != [] and number.value == seen[0]]
    for change in (
        lambda: space.__setitem__("name 7", object()),
        lambda: space.__setitem__("name 7", kept),
        lambda: space.__setitem__("more", 1),
        lambda: space.__delitem__("more"),
        lambda: space.update(more=2),
        lambda: space.clear(),
    ):
        change()
        told.append(number.value not in seen)
        seen.append(number.value)
    return all(told)


ANYTHING = 0
"""The number of what has none: no dict's is zero."""
CAN_READ = HAS_NUMBER = False
CAN_READ = _can_read()
HAS_NUMBER = _has_number()

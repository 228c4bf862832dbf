"""Whether a dict is still as it was, found out without touching what it holds.

To look a value up is to count a reference to it, which writes into the value's page of memory. In a process that was
forked each such page is copied first, and the 5,000 functions that are kept for a grade lie on 2,000 pages. So the
dict's own table is read, as bytes. Where Python's tables are not as they are expected here, a dict counts as changed.
"""

from __future__ import annotations

from ctypes import string_at
from struct import unpack
from typing import Any

WORD = 8
TABLE = 4 * WORD
"""Where a dict says where its table is: behind the count of references, the type, the size and a tag."""
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


CAN_READ = False
CAN_READ = _can_read()

"""A dict that was changed in any way is seen to be changed, whatever Python keeps in its table beside the values."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from course_lib.graded import unchanged
from course_lib.graded.surroundings import Surroundings
from course_lib.graded.unchanged import Together, Watched, number_of

pytestmark = pytest.mark.fast

CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another value": lambda space: space.update(name_7=object()),
    "an equal value": lambda space: space.update(name_0=float("1.5")),
    "a new name": lambda space: space.update(more=1),
    "a name gone": lambda space: space.pop("name_7"),
    "emptied": lambda space: space.clear(),
    "two exchanged": lambda space: space.update(name_1=space["name_2"], name_2=space["name_1"]),
    "grown and shrunk": lambda space: (
        [space.update({f"x{i}": i}) for i in range(99)] and [space.pop(f"x{i}") for i in range(99)]
    ),
}


def names() -> dict[str, Any]:
    """Twenty names with an object each."""
    return {f"name_{number}": float("1.5") if number == 0 else object() for number in range(20)}


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="here dicts are looked at value by value",
)
def test_what_is_as_it_was_is_said_to_be():
    assert unchanged.CAN_READ
    space = names()
    watched = Watched(space)
    assert watched.unchanged()
    assert [space[name] for name in space] and watched.unchanged()
    kept = space["name_7"]
    space["name_7"] = None
    assert not watched.unchanged()
    space["name_7"] = kept
    assert watched.unchanged()
    space["more"] = 1
    watched.note()
    assert watched.unchanged()


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(change):
    space = names()
    watched = Watched(space)
    CHANGES[change](space)
    assert not watched.unchanged()


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen_among_many(monkeypatch, change, numbered):
    """With Python's numbers of dicts, and where it has none."""
    monkeypatch.setattr(unchanged, "HAS_NUMBER", numbered and unchanged.HAS_NUMBER)
    spaces = [names() for _ in range(5)]
    number, together = number_of(spaces[3]), Together()
    for space in spaces:
        together.add(space)
    before, everything = number(), [0, 1, 2, 3, 4]
    assert together.perhaps_changed() == ([] if unchanged.HAS_NUMBER else everything)
    CHANGES[change](spaces[3])
    assert number() != before
    assert together.perhaps_changed() == ([3] if unchanged.HAS_NUMBER else everything)


def test_this_python_numbers_its_dicts():
    """Up to 3.13; should a later one number them again, there is no need to know it here."""
    if sys.version_info < (3, 14) and sys.implementation.name == "cpython":
        assert unchanged.HAS_NUMBER


def test_a_module_whose_code_runs_stays_as_it_was():
    """Python notes in a module's table that its code is used often; only a change of a name is one."""
    module = ModuleType("often")
    exec("x = 1\ndef f():\n    return x", vars(module))
    watched = Watched(vars(module))
    for _ in range(100):
        module.f()
    assert watched.unchanged() == unchanged.CAN_READ
    module.x = 2
    assert not watched.unchanged()


def test_what_cannot_be_read_counts_as_changed(monkeypatch):
    monkeypatch.setattr(unchanged, "CAN_READ", False)
    assert not Watched(names()).unchanged()
    assert not Watched(None).unchanged()


@pytest.mark.parametrize("readable", [True, False])
def test_what_a_cell_patched_is_put_back(monkeypatch, readable):
    """With and without a table to read; what was imported before the last look as well."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr(unchanged, "CAN_READ", readable and unchanged.CAN_READ)
    monkeypatch.chdir(Path.cwd())  # and back, when the test ends
    around = Surroundings(InteractiveShell())
    around.keep_contents(np)
    mean, norm, random = np.mean, np.linalg.norm, sys.modules["random"]
    for _ in range(2):  # the second time it is compared to what was put back
        np.mean, np.linalg.norm = None, None
        sys.modules["random"] = ModuleType("random")
        importlib.import_module("this" if "this" in sys.modules else "colorsys")
        around.put_back()
        assert (np.mean, np.linalg.norm, sys.modules["random"]) == (mean, norm, random)

"""What lies around a notebook's code (builtins, modules, environment, IPython's own parts), to be put back for a grade.

A cell may delete a builtin, empty `os.environ` or patch a function of NumPy's. While a notebook is graded, that must
not cost the exercises further down: before each of them the surroundings are made again what they were.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from course_lib.graded.unchanged import Together, Watched, number_of

OURS = "course_lib"
WITH_PARTS = ("numpy", "torch")
"""Packages of which the modules right below are looked at as well: an answer calls `np.linalg.norm`."""
NEVER = ("matplotlib", "IPython", "ipykernel")
"""These change themselves while they are used, and no point depends on them."""

CODE = (ModuleType, type, FunctionType, BuiltinFunctionType, MethodType, np.ufunc, type(np.mean))


def is_code(value: Any) -> bool:
    """Whether something is a module, a class or a function; an object that can be called is none."""
    return issubclass(type(value), CODE)  # `isinstance` would ask the object itself


class Surroundings:
    """The surroundings as they are when this is made, before any cell of a learner's has run."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.put_back_builtins = _builtins_keeper()
        self._watch_code()
        self._modules: dict[str, ModuleType] = {}
        self._contents: list[tuple[Any, dict[str, Any], Watched]] = []
        self._places: dict[int, int] = {}
        """Where in `_contents` and in `_together` something is, by its id."""
        self._together = Together()
        self._imported, self._right = (Watched(sys.modules, noted=False) for _ in range(2))
        """Whether nothing was imported since it was kept, and whether the modules are those that were put back."""
        self._space = shell.user_ns
        self._lists = _lists_of(shell)
        self._attributes, self._parts = set(vars(shell)), _parts_of(shell)
        self._environ, self._variables = os.environ, dict(os.environ)
        self._set = Watched(getattr(os.environ, "_data", None))
        """Whether the environment's variables are those that were put back."""
        self._folder, self._depth = str(Path.cwd()), sys.getrecursionlimit()
        self._paths = [(name, list(getattr(sys, name))) for name in ("path", "meta_path", "path_hooks")]
        self._filters, self._floats = list(warnings.filters), np.geterr()
        self._torch: dict[str, Any] = {}
        self.keep()

    def keep(self) -> None:
        """Keep what a given cell has imported, registered or set, too."""
        if not self._imported.unchanged():
            for name, module in list(sys.modules.items()):
                if isinstance(module, ModuleType) and name not in self._modules:
                    self._modules[name] = module
                    if name.split(".")[0] == OURS:
                        self._keep_ours(module)
            self._imported.note()
        self._lists = _lists_of(self.shell)
        self._torch = _torch_settings()

    def keep_contents(self, module: ModuleType) -> None:
        """Keep the functions, classes and modules that `module` holds, as a given cell has brought it by a name."""
        parts = [module]
        if module.__name__.split(".")[0] in WITH_PARTS:
            prefix = f"{module.__name__}."
            parts += [v for v in vars(module).values() if isinstance(v, ModuleType) and v.__name__.startswith(prefix)]
        for part in parts:
            if id(part) not in self._places and part.__name__.split(".")[0] not in NEVER:
                self._hold(part, vars(part), _public_code(part), vars(part))

    def put_back(self, folder: str | None = None) -> None:
        """Make the surroundings what they were; the working folder is `folder`, else the first one."""
        self.put_back_code()
        if os.environ is not self._environ:
            os.environ = self._environ  # noqa: B003 - it is the very one
        if not self._set.unchanged():
            for key, value in self._variables.items():
                if key not in os.environ or key.startswith("COURSE_"):
                    os.environ[key] = value
            self._set.note()
        with contextlib.suppress(OSError):
            os.chdir(folder or self._folder)
        self._put_back_settings()
        self._put_back_shell()

    def put_back_code(self) -> None:
        """The builtins, the modules and what these hold."""
        self.put_back_builtins()
        if not self._right.unchanged():
            for name, module in self._modules.items():
                if sys.modules.get(name) is not module:
                    sys.modules[name] = module
            self._right.note()
        for place in self._together.perhaps_changed():
            space, kept, watched = self._contents[place]
            if not watched.unchanged():
                _update(space, kept)
                watched.note()

    def _put_back_settings(self) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        sys.setrecursionlimit(max(self._depth, sys.getrecursionlimit()))
        for name, kept in self._paths:
            now = getattr(sys, name, None)
            if not isinstance(now, list):
                setattr(sys, name, list(kept))
            else:
                now.extend(entry for entry in kept if entry not in now)
        if any(entry[0] == "error" and entry not in self._filters for entry in warnings.filters):
            warnings.filters[:] = self._filters  # type: ignore[index]
            with warnings.catch_warnings():
                pass  # this tells every module that the filters have changed
        np.seterr(**self._floats)
        if self._torch:
            torch = sys.modules["torch"]
            torch.set_grad_enabled(self._torch["grad"])
            if torch.get_default_dtype() != self._torch["dtype"]:
                torch.set_default_dtype(self._torch["dtype"])

    def _put_back_shell(self) -> None:
        for name in set(vars(self.shell)) - self._attributes:
            if hasattr(type(self.shell), name):  # something of its own hides a method of the shell's
                delattr(self.shell, name)
        for name, part in self._parts.items():
            if getattr(self.shell, name, None) is not part:
                setattr(self.shell, name, part)
        self.shell.user_ns = self._space
        for now, kept in self._lists:
            if now != kept:
                now[:] = kept

    def _watch_code(self) -> None:
        """IPython itself goes on after a cell's code: it must find the builtins again."""
        run_code, put_back = self.shell.run_code, self.put_back_builtins

        async def watched(*arguments: Any, **more: Any) -> Any:
            try:
                return await run_code(*arguments, **more)
            finally:
                put_back()

        self.shell.run_code = watched

    def _keep_ours(self, module: ModuleType) -> None:
        """The course's own modules are kept whole: their tables, their classes, and the modules that they use."""
        space = vars(module)
        kept = {k: v for k, v in space.items() if is_code(v) or k.isupper()}  # the rest may change with use
        self._hold(module, space, kept, space)
        for value in list(space.values()):
            if isinstance(value, ModuleType):
                if value.__name__.split(".")[0] != OURS:
                    self.keep_contents(value)
            elif isinstance(value, type) and value.__module__ == module.__name__:
                self._hold(value, _OfClass(value), dict(_methods(value)), _dict_of(value))
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                self._hold(value, value, dict(value), value)

    def _hold(self, owner: Any, space: Any, kept: dict[str, Any], table: Any) -> None:
        """Keep what `space`, the names of `owner`, holds; `table` is the dict in which it lies."""
        entry = (space, kept, Watched(table))
        if id(owner) in self._places:
            self._contents[self._places[id(owner)]] = entry
            return
        self._places[id(owner)] = len(self._contents)
        self._contents.append(entry)
        self._together.add(table)


def _dict_of(owner: type) -> Any:
    """The dict that `vars` shows of a class; None where it cannot be had."""
    return next(iter(gc.get_referents(vars(owner))), None)


class _OfClass:
    """What a class holds, to be read and written as a dict is."""

    def __init__(self, owner: type) -> None:
        self.owner, self.get = owner, vars(owner).get

    def __setitem__(self, name: str, value: Any) -> None:
        type.__setattr__(self.owner, name, value)


def _update(space: Any, kept: dict[str, Any]) -> None:
    for name, value in kept.items():
        if space.get(name) is not value:
            space[name] = value


def _builtins_keeper() -> Callable[[], None]:
    """A function that puts the builtins back and needs none of them itself."""

    space, kept, number, noted = vars(builtins), dict(vars(builtins)), number_of(vars(builtins)), [-1]

    def put_back() -> None:
        if number() != noted[0]:
            space.update(kept)
            noted[0] = number()

    return put_back


def _public_code(module: ModuleType) -> dict[str, Any]:
    """The functions, classes and modules by their public names; a hook is not one of them: it is there to be set."""
    return {
        name: value
        for name, value in vars(module).items()
        if is_code(value) and not name.startswith("_") and not name.endswith("hook")
    }


def _methods(owner: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        if callable(value) or isinstance(value, classmethod | staticmethod | property):
            yield name, value


def _parts_of(shell: Any) -> dict[str, Any]:
    """IPython's own objects of which the shell is made: its history, its compiler, what displays and transforms."""
    found = {**vars(shell), **getattr(shell, "_trait_values", {})}
    return {
        name: value
        for name, value in found.items()
        if any(base.__module__.split(".")[0] in NEVER for base in type(value).__mro__) and not name.startswith("_")
    }


def _lists_of(shell: Any) -> list[tuple[list[Any], list[Any]]]:
    """The lists in which IPython keeps what it calls before, for and after each cell, each with a copy."""
    manager = shell.input_transformer_manager
    found = [*shell.events.callbacks.values(), shell.ast_transformers]
    found += [manager.cleanup_transforms, manager.line_transforms, manager.token_transformers]
    found += [shell.input_transformers_post]
    return [(entries, list(entries)) for entries in found]


def _torch_settings() -> dict[str, Any]:
    torch = sys.modules.get("torch")
    return {"grad": torch.is_grad_enabled(), "dtype": torch.get_default_dtype()} if torch is not None else {}

"""What a name of a notebook really rests on: the statements that bind it last, and those that bind what they load.

Everything else in the notebook is beside the point: an experiment, an older version, an import that nothing uses.
"""

from __future__ import annotations

import ast
import builtins
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from course_lib.cells import sources
from course_lib.cells.loads import Load, dotted, globals_of, imported_names, loads, module_called, never

CHANGES = frozenset({"append", "extend", "insert", "setdefault", "update", "add", "register", "__setitem__"})
"""Methods that put what they are given into their object."""
GIVEN_ALIASES = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "earlier": "course_lib.earlier",
}
"""What the units' first cells call the modules, for a text that stands alone."""
WRITES = re.compile(r"\s*%%(?:writefile|file)\s+(\w+)\.py[ \t]*\n")
RUNS = re.compile(r"(?:-\w+\s+)*['\"]?(\w+)\.py\b")
"""A cell that is written to a module beside the notebook, and the rest of a line `%run` that runs one."""
MOST_BINDINGS, MOST_TOGETHER, MOST_ALIASES = 2_000, 100, 20
"""More is nobody's exercise, and takes long to look through."""
FileBeside = Callable[[str], str | None]


@dataclass(frozen=True)
class Cell:
    """A text that was run.

    given: it came with the unit, so what it does is nobody's answer. stopped: the line at which it raised, after which
    nothing of it was run. file: the name of the file beside the notebook that it is.
    """

    source: str
    given: bool = False
    stopped: int | None = None
    file: str = ""


@dataclass(frozen=True, eq=False)
class Binding:
    """A statement that gives a name a value (`sure`: whatever it had before), or changes what the name stands for."""

    name: str
    place: int
    cell: Cell
    statement: ast.stmt
    reads: tuple[ast.AST, ...] = ()
    sure: bool = True
    changes: bool = False
    alias: str = ""
    module: str = ""

    def at(self, first: int, cell: Cell) -> Binding:
        """The same in a program, in which the first statement of its cell has the place `first`."""
        of = (self.statement, self.reads, self.sure, self.changes, self.alias, self.module)
        return Binding(self.name, first + self.place, cell, *of)

    @property
    def brings(self) -> bool:
        """Whether it asks for an answer of an earlier unit."""
        match self.reads:
            case (ast.Call(func=called),):
                return dotted(called).rpartition(".")[2] == "earlier"
        return False

    @property
    def defines(self) -> bool:
        """Whether it is a function's or a class's own statement."""
        return isinstance(self.statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


_Bound = dict[tuple[str, bool], list[Binding]]
"""Bindings by name, and by whether they change what the name stands for."""


@dataclass(frozen=True)
class Use:
    """That a statement which a name rests on uses something of a module; `name` in full, `written` as it stands."""

    cell: Cell
    line: int
    name: str
    written: str


@dataclass
class Reached:
    """What a name rests on: the uses of modules, and the statements of the learner's own."""

    uses: list[Use] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)


class Program:
    """The cells of a notebook in the order in which they ran, as far as they can be read.

    file_beside: the text of a module that lies beside the notebook, by its name; None if there is no such file.
    """

    def __init__(self, cells: Sequence[Cell], file_beside: FileBeside = lambda module: None) -> None:
        self.file_beside = file_beside
        self.files: dict[str, Program | None] = {}
        self.written = {match[1]: cell.source[match.end() :] for cell in cells if (match := WRITES.match(cell.source))}
        self._cells: list[tuple[Cell, int, _Bound]] = []
        """Each with the place of its first statement."""
        self._asked: dict[tuple[str, bool], list[Binding]] = {}
        place = 0
        for cell in cells:
            count, bound = _bound_in(cell.source, cell.stopped)
            self._cells.append((cell, place, bound))
            place += count
        self.stars = self.bindings("*")

    def bindings(self, name: str, changes: bool = False) -> list[Binding]:
        """All statements that give a name a value, or all that change its value, in their order; nobody may change it.

        Of a notebook few names are ever asked for, so they are looked up when they are.
        """
        key = name, changes
        if key not in self._asked:
            self._asked[key] = [b.at(first, cell) for cell, first, bound in self._cells for b in bound.get(key, ())]
        return self._asked[key]

    def last(self, name: str, before: int | None = None) -> list[Binding]:
        """The bindings that may hold at a place (at the end, without one), and what changes their value."""
        named = self.bindings(name)
        upto = len(named) if before is None else bisect_left(named, before, key=_place)
        first = next((i for i in range(upto - 1, -1, -1) if named[i].sure or upto - i >= MOST_TOGETHER), 0)
        holding = named[first:upto]
        if not holding:
            return []
        following = next((b.place for b in named[upto : upto + MOST_TOGETHER] if b.sure), None)
        changes = self.bindings(name, changes=True)
        start = bisect_left(changes, holding[0].place, key=_place)
        end = len(changes) if following is None else bisect_left(changes, following, key=_place)
        return holding + changes[start:end][-MOST_TOGETHER:]

    def reached(self, name: str, before: int | None = None) -> Reached:
        """What a name rests on, nearest first. before: the name as it is at a place of the program."""
        found = Reached()
        todo, seen = self.last(name, before) or self._by_star(name), set[int]()
        for binding in todo:
            if binding.module and not binding.cell.given:
                self._use(
                    binding.module, Load(binding.module, binding.statement.lineno, binding.module), binding, found
                )
        for binding in todo:  # grows
            if id(binding) in seen or self._is_given(binding) or len(found.bindings) >= MOST_BINDINGS:
                continue
            seen.add(id(binding))
            found.bindings.append(binding)
            for load in loads(binding.reads):
                if load.absolute:
                    self._use(load.name, load, binding, found)
                    continue
                names, bindings = self._meanings(load.name, None if load.later else binding.place)
                todo += bindings
                for full in names:
                    self._use(full, load, binding, found)
        return found

    def _by_star(self, name: str) -> list[Binding]:
        """What may have bound a name that no statement names."""
        return [replace(star, name=name, module=f"{star.module}.{name}") for star in self.stars]

    def _is_given(self, binding: Binding) -> bool:
        """Whether a binding came with the unit; a copy of its imports, and of what it asks for, is nobody's answer."""
        if binding.cell.given:
            return True
        came = (other for other in self.bindings(binding.name) if other.cell.given)
        if binding.brings:
            return any(other.brings for other in came)
        return bool(binding.module) and any(other.module == binding.module for other in came)

    def _meanings(self, name: str, before: int | None) -> tuple[list[str], list[Binding]]:
        """The names of modules that a dotted name may stand for, and the bindings that say so."""
        names: list[str] = []
        bindings: dict[int, Binding] = {}
        todo = [(name, before)]
        for one, place in todo:  # grows
            head, point, rest = one.partition(".")
            last = self.last(head, place)
            names += [] if last else self._unbound(one)
            for binding in last:
                if id(binding) in bindings:
                    continue
                bindings[id(binding)] = binding
                if binding.module:
                    names.append(f"{binding.module}{point}{rest}")
                elif binding.alias and len(todo) < MOST_ALIASES:
                    todo.append((f"{binding.alias}{point}{rest}", binding.place))
        return names, list(bindings.values())

    def _unbound(self, name: str) -> list[str]:
        head, point, rest = name.partition(".")
        if head in GIVEN_ALIASES:
            return [f"{GIVEN_ALIASES[head]}{point}{rest}"]
        return [name, *(() if hasattr(builtins, head) else (f"{star.module}.{name}" for star in self.stars))]

    def _use(self, full: str, load: Load, user: Binding, found: Reached) -> None:
        """Note the use of a name of a module; where that is a file beside the notebook, what it rests on there."""
        found.uses.append(Use(user.cell, load.line, full, load.written))
        module, _, name = full.rpartition(".")
        while module and not user.cell.file:  # one step, not a walk through all that lies there
            program = self._file(module)
            if program:
                there = program.reached(name)
                found.uses += there.uses
                found.bindings += there.bindings
                return
            module, _, name = module.rpartition(".")

    def _file(self, module: str) -> Program | None:
        if module not in self.files:
            text = self.written.get(module, self.file_beside(module))
            cell = Cell(text or "", file=module.rpartition(".")[2] + ".py")
            self.files[module] = None if text is None else Program([cell])
        return self.files[module]


def _place(binding: Binding) -> int:
    return binding.place


@lru_cache(maxsize=1024)
def _bound_in(source: str, stopped: int | None) -> tuple[int, _Bound]:
    """The number of a cell's statements, and what they bind; places are counted from the first.

    A notebook is asked about at each of its checks, and hardly a cell has changed since the last: to go through all
    its trees was most of what a check took.
    """
    cell, count, bound = Cell(source, stopped=stopped), 0, dict[tuple[str, bool], list[Binding]]()
    for place, (statement, sure) in enumerate(_statements(cell)):
        count = place + 1
        for binding in _bindings(place, cell, statement, sure):
            bound.setdefault((binding.name, binding.changes), []).append(binding)
    return count, bound


def _statements(cell: Cell) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements in which names may be bound, and whether each was surely run."""
    tree = sources.read(cell.source)
    for statement, sure in _flat(tree.body if tree else [], True):
        if cell.stopped is None or statement.lineno <= cell.stopped:
            yield statement, sure


def _flat(body: Sequence[ast.stmt], sure: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for statement in body:
        match statement:
            case ast.If(test=test, body=yes, orelse=no):
                always = isinstance(test, ast.Constant) and bool(test.value)
                yield from () if never(test) else _flat(yes, sure and always)
                yield from () if always else _flat(no, sure and never(test))
            case ast.Try(body=tried, handlers=handlers, orelse=no, finalbody=final):
                yield from _flat(tried, sure and not handlers)
                for handler in handlers:
                    yield from _flat(handler.body, False)
                yield from _flat([*no, *final], sure and not handlers)
            case ast.For(body=repeated, orelse=no) | ast.While(body=repeated, orelse=no):
                yield statement, False
                yield from _flat([*repeated, *no], False)
            case ast.With(body=inner) | ast.AsyncWith(body=inner):
                yield statement, sure
                yield from _flat(inner, sure)
            case ast.Match(cases=cases):
                for one in cases:
                    yield from _flat(one.body, False)
            case _:
                yield statement, sure


def _bindings(place: int, cell: Cell, statement: ast.stmt, sure: bool) -> Iterator[Binding]:
    """The names that one statement binds or changes, as far as people write it."""
    make = partial(Binding, place=place, cell=cell, statement=statement)
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            for name in globals_of(statement):
                yield make(name, reads=(statement,), sure=False)
            yield make(statement.name, reads=(statement,), sure=sure)
        case ast.Import() | ast.ImportFrom():
            for name, full in imported_names(statement):
                yield make(name, sure=sure, module=full)
            if isinstance(statement, ast.ImportFrom) and any(item.name == "*" for item in statement.names):
                yield make("*", module=statement.module or "")
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _bound(make, target, value, sure)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _bound(make, target, value, sure)
        case ast.AugAssign(target=target, value=value):
            yield from _bound(make, target, value, False)
        case ast.For(target=target, iter=value):
            yield from _bound(make, target, value, False, whole=False)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield from _bound(make, item.optional_vars, item.context_expr, sure, whole=False)
        case ast.Expr(value=ast.Call() as call):
            yield from _by_call(make, call)
    if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign):
        for node in ast.walk(statement):
            if isinstance(node, ast.NamedExpr):
                yield from _bound(make, node.target, node.value, False)


def _by_call(make: Callable[..., Binding], call: ast.Call) -> Iterator[Binding]:
    """What a call that stands alone binds or changes: `%run mine.py`, `setattr(f, "g", h)`, `ops.append(f)`."""
    match call:
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant("run"), ast.Constant(file)]):
            if match := RUNS.match(str(file)):
                yield make("*", module=match[1])
        case ast.Call(func=called, args=arguments, keywords=keywords):
            of = arguments[0] if dotted(called) == "setattr" and arguments else None
            if isinstance(called, ast.Attribute) and called.attr in CHANGES:
                of = called.value
            if of is not None and (head := _head(of)):
                yield make(head, reads=(*arguments, *keywords), changes=True)


def _bound(
    make: Callable[..., Binding], target: ast.expr, value: ast.expr, sure: bool, whole: bool = True
) -> Iterator[Binding]:
    """The bindings of one target. whole: the target gets the value itself, and not something that comes out of it."""
    match target:
        case ast.Name(id=name):
            alias, module = (dotted(value), module_called(value)) if whole else ("", "")
            yield make(name, reads=(value,), sure=sure, alias=alias, module=module)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            values = value.elts if whole and isinstance(value, ast.Tuple | ast.List) else []
            pairs = len(values) == len(parts) and not any(isinstance(one, ast.Starred) for one in [*parts, *values])
            for at, part in enumerate(parts):
                yield from _bound(make, part, values[at] if pairs else value, sure, pairs)
        case ast.Starred(value=inner):
            yield from _bound(make, inner, value, sure, False)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
            yield make(name, reads=(value,), sure=sure, alias=dotted(value))
        case ast.Attribute() | ast.Subscript():
            if head := _head(target):
                yield make(head, reads=(value,), changes=True)


def _head(node: ast.expr) -> str:
    """The name that `a.b[0].c` begins with, or an empty string."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""

"""Which names of its module a piece of code loads, and what it imports: names of its own scopes are not among them.

A name that a function gives a value of its own is its own: `F, C, KH, KW = W.shape` speaks of filters, not of torch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

GUARDS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
"""Who catches one of these has thought of a package that is not there."""
Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Load:
    """A dotted name that code loads.

    absolute: it begins with a module, as in `from numpy import gradient` inside a function, and with no name of the
    cell's. later: it is loaded when a function is called, and not where it stands.
    """

    name: str
    line: int
    written: str
    absolute: bool = False
    later: bool = False


@dataclass(frozen=True)
class Imported:
    """A module that code imports, and the line."""

    module: str
    line: int


@dataclass
class _Scope:
    """The names of a function, class or comprehension, each with what it may be another name for."""

    own: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    is_class: bool = False
    later: bool = False


def loads(code: Iterable[ast.AST]) -> list[Load]:
    """What the pieces of code load from the module that they stand in, in the order of the text."""
    found: list[Load] = []
    for piece in code:
        walker = _Walker()
        try:
            walker.visit(piece)
            found += walker.found
        except RecursionError:  # an expression that no person nests: all its names count
            names = (node for node in ast.walk(piece) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
            found += (Load(node.id, node.lineno, node.id) for node in names)
    return found


def imports(code: Iterable[ast.AST]) -> Iterator[Imported]:
    """The modules that code imports, inside functions too, but for those whose absence it is prepared for."""
    for node in code:
        if isinstance(node, ast.Import):
            yield from (Imported(item.name, node.lineno) for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield Imported(node.module, node.lineno)
        elif isinstance(node, ast.Try) and any(_guards(handler) for handler in node.handlers):
            yield from imports([*node.orelse, *node.finalbody, *node.handlers])
        elif isinstance(node, ast.If) and (never(node.test) or _speaks_of(node.test, "find_spec")):
            yield from imports(node.orelse)
        elif isinstance(node, ast.With) and any(_speaks_of(item, "suppress") for item in node.items):
            continue
        elif not isinstance(node, ast.expr):
            yield from imports(ast.iter_child_nodes(node))


def dotted(node: ast.AST) -> str:
    """`np.linalg.norm` of the expression that says so, `getattr(np, "gradient")` included; else an empty string."""
    names: list[str] = []
    while True:
        match node:
            case ast.Name(id=name):
                return ".".join([name, *reversed(names)])
            case ast.Attribute(value=of, attr=name):
                pass
            case ast.Call(func=ast.Name(id="getattr"), args=[of, ast.Constant(value=str(name)), *_]):
                pass
            case _:
                return ""
        names.append(name)
        node = of


def module_called(node: ast.AST) -> str:
    """The module that a call such as `import_module("torch.optim")` imports, or an empty string."""
    match node:
        case ast.Call(func=called, args=[ast.Constant(value=str(module)), *_]):
            if dotted(called).rpartition(".")[2] in ("import_module", "__import__"):
                return module
    return ""


def stored(code: Iterable[ast.AST]) -> dict[str, list[tuple[str, bool]]]:
    """The names that code binds in its own scope, each with the names that it may stand for, and if these are modules.

    What nested functions, classes and comprehensions bind is theirs.
    """
    found: dict[str, list[tuple[str, bool]]] = {}
    for node in _same_scope(code):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name, full in imported_names(node):
                found.setdefault(name, []).append((full, True))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.setdefault(node.name, [])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, [])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.setdefault(node.name, [])
        if isinstance(node, ast.Assign):
            alias, module = dotted(node.value), module_called(node.value)
            for target in node.targets:
                if isinstance(target, ast.Name) and (alias or module):
                    found.setdefault(target.id, []).append((module or alias, bool(module)))
    return found


def imported_names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """(the name that is bound, what it is in full) for each name of an import; `*` is not a name."""
    for item in node.names:
        if isinstance(node, ast.Import):
            top = item.name.partition(".")[0]
            yield item.asname or top, item.name if item.asname else top
        elif item.name != "*":
            yield item.asname or item.name, f"{'.' * node.level}{node.module or ''}.{item.name}"


def never(test: ast.expr) -> bool:
    """Whether a condition is written as false: `if False:`, `if 0:`."""
    return isinstance(test, ast.Constant) and not test.value or dotted(test).endswith("TYPE_CHECKING")


def globals_of(function: ast.AST) -> set[str]:
    """The names that a function, or one inside it, declares as its module's."""
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}


class _Walker(ast.NodeVisitor):
    def __init__(self) -> None:
        self.scopes: list[_Scope] = []
        self.found: list[Load] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802 - ast's own names
        self._visit_all(node.decorator_list)
        self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        self._function(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        self._inside(_Scope(stored(node.body), is_class=True, later=self._later()), node.body)

    def _function(self, node: Scoped, body: Sequence[ast.AST]) -> None:
        arguments = node.args
        self._visit_all([*arguments.defaults, *(default for default in arguments.kw_defaults if default)])
        names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        own = {name: aliases for name, aliases in stored(body).items() if name not in _declared(body)}
        self._inside(_Scope(own | {name.arg: own.get(name.arg, []) for name in names if name}, later=True), body)

    def _comprehension(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        targets = [part for generator in node.generators for part in ast.walk(generator.target)]
        scope = _Scope({part.id: [] for part in targets if isinstance(part, ast.Name)}, later=self._later())
        rest = [generator.iter for generator in node.generators[1:]]
        conditions = [test for generator in node.generators for test in generator.ifs]
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._inside(scope, [*rest, *conditions, *made])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802 - an annotation does nobody's work
        self._visit_all([node.target, *([node.value] if node.value else [])])

    def visit_If(self, node: ast.If) -> None:  # noqa: N802
        self._visit_all([node.test, *([] if never(node.test) else node.body), *node.orelse])

    def visit_Name(self, node: ast.Name) -> None:  # noqa: N802
        if isinstance(node.ctx, ast.Load):
            self._load(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        name = dotted(node)
        self._load(name, node) if name else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        name, module = dotted(node), module_called(node)
        if name:
            self._load(name, node)
        elif module:
            self.found.append(Load(module, node.lineno, module, True, self._later()))
        elif isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass") and node.args:
            self.visit(node.args[0])
        else:
            self.generic_visit(node)

    def _load(self, name: str, node: ast.expr, written: str = "", seen: tuple[str, ...] = ()) -> None:
        head, point, rest = name.partition(".")
        scope = self._owner(head)
        if scope is None:
            self.found.append(Load(name, node.lineno, written or name, False, self._later()))
            return
        for full, absolute in scope.own[head] if head not in seen else ():
            whole = f"{full}{point}{rest}"
            if absolute:
                self.found.append(Load(whole, node.lineno, written or name, True, self._later()))
            else:
                self._load(whole, node, written or name, (*seen, head))

    def _owner(self, name: str) -> _Scope | None:
        """The scope that a name belongs to; None for the module's. What a class binds, its methods do not see."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.own and not (scope.is_class and depth):
                return scope
        return None

    def _later(self) -> bool:
        return any(scope.later for scope in self.scopes)

    def _inside(self, scope: _Scope, code: Iterable[ast.AST]) -> None:
        self.scopes.append(scope)
        self._visit_all(code)
        self.scopes.pop()

    def _visit_all(self, code: Iterable[ast.AST]) -> None:
        for node in code:
            self.visit(node)


def _same_scope(code: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of code but those inside its functions, classes and comprehensions."""
    todo = list(code)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, Scoped | ast.ClassDef | Comprehension):
            todo += ast.iter_child_nodes(node)


def _declared(body: Iterable[ast.AST]) -> set[str]:
    """The names that a function's own body declares to be of another scope."""
    return {n for node in _same_scope(body) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}


def _guards(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in GUARDS for node in ast.walk(handler.type))


def _speaks_of(node: ast.AST, name: str) -> bool:
    return any(dotted(part).rpartition(".")[2] == name for part in ast.walk(node))

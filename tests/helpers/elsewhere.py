"""A GPU that is not there: tensors of the device "mps" that live in the CPU's memory, and may not meet the CPU's own.

`install()` makes this process believe in it. Each tensor that is moved there, or made there, is marked; what is
computed from marked tensors is marked; and whatever a real device refuses is refused here, with PyTorch's own words: an
operation on tensors of two devices, a NumPy array of a tensor that is elsewhere, float64 (which Apple's GPUs do not
have). So a notebook that runs through on a machine without a GPU has moved every tensor, as it would have to on one
with a GPU.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from importlib import import_module
from typing import Any

import torch
from IPython import get_ipython
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

NAME = "mps"
THERE, HERE = torch.device(NAME, 0), torch.device("cpu")
_marks: dict[int, StorageWeakRef] = {}
"""Marked storages by address; the weak reference keeps the address from being given to another."""


class DeviceError(Exception):
    """What a real device refuses, in PyTorch's own words."""


class MixedError(RuntimeError, DeviceError):
    """An operation on tensors of two devices."""


class RefusedError(TypeError, DeviceError):
    """A tensor of another type than the device has, or an array of one that is elsewhere."""


def is_there(tensor: torch.Tensor) -> bool:
    """Whether a tensor is on the device that is not there."""
    return tensor.untyped_storage()._cdata in _marks


def _mark(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype == torch.float64:
        raise RefusedError(
            "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. Please use "
            "float32 instead."
        )
    storage = tensor.untyped_storage()
    _marks[storage._cdata] = StorageWeakRef(storage)
    if len(_marks) % 4096 == 0:
        for address in [address for address, reference in _marks.items() if reference.expired()]:
            del _marks[address]
    return tensor


class _Moved(torch.autograd.Function):
    """A copy on the other side; its gradient comes back to this one."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor, there: bool) -> torch.Tensor:
        ctx.there = is_there(tensor)
        return _copy(tensor, there)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _copy(gradient, ctx.there), None


def _copy(tensor: torch.Tensor, there: bool) -> torch.Tensor:
    copy = tensor.detach().clone()
    _marks.pop(copy.untyped_storage()._cdata, None)
    return _mark(copy) if there else copy


def _wants(device: Any) -> bool | None:
    """True for the device that is not there, False for the CPU; a `RuntimeError` for others."""
    if device is None:
        return None
    kind = torch.device(device).type if not isinstance(device, torch.device) else device.type
    if kind not in (NAME, "cpu", "meta"):
        raise RuntimeError(f"Torch not compiled with {kind} enabled: the test's machine has {NAME} and a CPU.")
    return None if kind == "meta" else kind == NAME


def _is_device(value: Any) -> bool:
    return isinstance(value, torch.device | str)


SEEN = {torch.Tensor.device.__get__: THERE, torch.Tensor.is_mps.__get__: True, torch.Tensor.is_cpu.__get__: False}
"""What Python reads of a tensor on the device that is not there."""
READ = (torch.Tensor.numpy, torch.Tensor.__array__)


class Pretend(TorchFunctionMode):
    """What Python sees of a tensor's device, and where tensors are made and moved to."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in SEEN:
            return SEEN[func] if is_there(args[0]) else func(*args)
        if func is torch.Tensor.to:
            return self._to(func, list(args), dict(kwargs or {}))
        if func is torch.Tensor.cpu:
            return self._to(torch.Tensor.to, [args[0], "cpu"], {})
        if func in READ and is_there(args[0]):
            raise RefusedError(f"can't convert {THERE} device type tensor to numpy. Use Tensor.cpu() first.")
        if not kwargs:
            return func(*args)
        if "device" in kwargs and (there := _wants(kwargs["device"])) is not None:
            return self._made(func, args, dict(kwargs), there)
        return func(*args, **kwargs)

    def _made(self, func: Any, args: Any, kwargs: dict[str, Any], there: bool) -> Any:
        kwargs["device"] = HERE
        generator = kwargs.get("generator")
        if generator is not None and getattr(generator, "there", False) != there:
            raise RuntimeError(f"Expected a '{THERE if there else HERE}' device type for generator")
        made = func(*args, **kwargs)
        if there == is_there(made):
            return made
        return _copy(made, there).requires_grad_(made.requires_grad)

    def _to(self, func: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        tensor, there = args[0], None
        if "device" in kwargs:
            there = _wants(kwargs.pop("device"))
        elif len(args) > 1 and _is_device(args[1]):
            there = _wants(args.pop(1))
        elif len(args) > 1 and isinstance(args[1], torch.Tensor):
            there = is_there(args[1])
        elif len(args) > 1 and args[1] is None:
            args.pop(1)
        if there is None:
            return func(*args, **kwargs) if len(args) > 1 or kwargs else tensor
        kwargs.pop("non_blocking", None)
        args = [each for each in args if not isinstance(each, bool)]
        if len(args) > 1 or kwargs:
            tensor = func(tensor, *args[1:], **kwargs)
        if there == is_there(tensor):
            return tensor
        return _Moved.apply(tensor, there) if tensor.requires_grad and torch.is_grad_enabled() else _copy(tensor, there)


ATEN = torch.ops.aten
INDEXING = {
    *(ATEN.index.Tensor, ATEN.index_put_.default, ATEN.index_put.default),
    ATEN._index_put_impl_.default,
}
"""A tensor that is elsewhere may be indexed by the CPU's numbers."""
CROSSING = {ATEN.copy_.default, ATEN.set_.source_Tensor}
MOST_PRODUCTS = 2**30
"""A product of matrices that a GPU would compute in a moment, and a CPU in half a minute, is not computed."""


def _tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The tensors among an operation's arguments or results: they stand there alone, or in a list."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


class Apart(TorchDispatchMode):
    """Every operation, backward ones too: its tensors lie on one device, and so does its result."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [*_tensors(args), *_tensors(kwargs.values())] if kwargs else [*_tensors(args)]
        there = [tensor.untyped_storage()._cdata in _marks for tensor in tensors]
        crossing = func in CROSSING or func is ATEN._to_copy.default and kwargs.get("device") is not None
        if True not in there or crossing:
            return func(*args, **kwargs)
        if False in there:
            stay = [tensor for tensor, away in zip(tensors, there, strict=True) if not away and tensor.ndim > 0]
            if stay and not (func in INDEXING and there[0]):
                where = [(tuple(t.shape), NAME if away else "cpu") for t, away in zip(tensors, there, strict=True)]
                raise MixedError(
                    f"Expected all tensors to be on the same device, but found at least two devices, {THERE} and cpu! "
                    f"(in {func}, with {where})"
                )
        if func is ATEN.mm.default and args[0].numel() * args[1].shape[1] > MOST_PRODUCTS:
            out = args[0].new_zeros(len(args[0]), args[1].shape[1])
        else:
            out = func(*args, **kwargs)
        for result in _tensors((out,)):
            if not is_there(result):
                _mark(result)
        return out


class _Generator:
    """`torch.Generator` that remembers its device."""

    def __new__(cls, device: Any = "cpu") -> Any:
        made = _Named(device="cpu")
        made.there = bool(_wants(device))
        return made


class _Named(torch.Generator):
    there = False


ENOUGH = 3
"""Times that what is done again and again is done here: the first time, a second time, and once more."""


class Fewer(ast.NodeTransformer):
    """Loops that nobody counts (`for _ in`), and those that train over batches or until a budget is spent, end early.

    So do those that train for a number of rounds, where no round differs from another but by turns (`round % 4 == 0`):
    once each has had its turn. What is looked at here is where tensors are, and that is the same in every round.
    """

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        uncounted = isinstance(node.target, ast.Name) and node.target.id == "_"
        over_batches = _calls(node.iter, "split") and _calls(node, "backward")
        if rounds := ENOUGH if uncounted or over_batches else _turns(node):
            few = ast.parse(f"__import__('itertools').islice(x, {rounds})", mode="eval").body
            assert isinstance(few, ast.Call)
            few.args[0] = node.iter
            node.iter = ast.fix_missing_locations(ast.copy_location(few, node.iter))
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        if not _calls(node, "backward") or node.orelse:
            return node
        stop = ast.If(test=ast.UnaryOp(op=ast.Not(), operand=node.test), body=[ast.Break()], orelse=[])
        rounds = ast.parse(f"for _round in range({ENOUGH}): pass").body[0]
        assert isinstance(rounds, ast.For)
        rounds.body = [stop, *node.body]
        return ast.fix_missing_locations(ast.copy_location(rounds, node))


def _turns(node: ast.For) -> int:
    """Rounds after which a training loop over a range has done all that it does; 0 where its counter says otherwise."""
    counted = isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name) and node.iter.func.id == "range"
    if not (counted and isinstance(node.target, ast.Name) and _calls(node, "backward")) or node.orelse:
        return 0
    if _calls(node, "append"):  # what it has kept of each round is looked at later
        return 0
    inside = [each for statement in node.body for each in ast.walk(statement)]
    uses = sum(isinstance(each, ast.Name) and each.id == node.target.id for each in inside)
    turns = [
        each.right.value
        for each in inside
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Mod)
        if isinstance(each.left, ast.Name) and each.left.id == node.target.id
        if isinstance(each.right, ast.Constant) and isinstance(each.right.value, int)
    ]
    return max(ENOUGH, *turns) if uses == len(turns) and turns else ENOUGH if uses == 0 else 0


def _calls(node: ast.AST, method: str) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr == method for each in ast.walk(node))


def _shortly(fit: Callable[..., Any]) -> Callable[..., Any]:
    """The course's loop with one epoch of a few batches in place of many, the last of them smaller."""

    @wraps(fit)
    def shortly(model: Any, X: Any, y: Any, **options: Any) -> Any:
        most = ENOUGH * options.get("batch_size", 128) - 1
        return fit(model, X[:most], y[:most], **options | ({"epochs": 1} if "epochs" in options else {}))

    return shortly


def _of_a_few(accuracy: Callable[..., float]) -> Callable[..., float]:
    """The course's accuracy, of some hundred images."""

    @wraps(accuracy)
    def of_a_few(model: Any, X: Any, y: Any, *options: Any, **named: Any) -> float:
        return accuracy(model, X[:200], y[:200], *options, **named)

    return of_a_few


def hear() -> None:
    """Have experiments tell what the device refuses.

    No check runs here, so `waits_for` takes each error for an answer that is still to be written, and hides it.
    """
    waiting = import_module("course_lib.check")._Waiting
    hides = waiting.__exit__

    def told(self: Any, kind: Any, error: Any, trace: Any) -> bool:
        return not isinstance(error, DeviceError) and hides(self, kind, error, trace)

    waiting.__exit__ = told


def install() -> None:
    """From now on this process has the device; the course's own report of the machine names it."""
    from course_lib import device, fit

    torch.Generator = _Generator  # type: ignore[misc, assignment]
    torch.mps.synchronize = lambda: None
    torch.mps.is_available = lambda: True
    torch.backends.mps.is_available = lambda: True
    torch.backends.mps.is_built = lambda: True
    device._accelerator = lambda torch: ((device.GPU("one that is not there"),), NAME, "A test says so.")
    fit.fit, fit.accuracy = _shortly(fit.fit), _of_a_few(fit.accuracy)
    hear()
    shell = get_ipython()
    if shell is not None:
        shell.ast_transformers.append(Fewer())
    Apart().__enter__()
    Pretend().__enter__()

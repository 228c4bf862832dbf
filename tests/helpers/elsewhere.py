"""A GPU that is not there: tensors of the device "mps" that live in the CPU's memory, and may not meet the CPU's own.

`install()` makes this process believe in it. Each tensor that is moved there, or made there, is marked; what is
computed from marked tensors is marked; and whatever a real device refuses is refused here, with PyTorch's own words: an
operation on tensors of two devices, a NumPy array of a tensor that is elsewhere, float64 (which Apple's GPUs do not
have). So a notebook that runs through on a machine without a GPU has moved every tensor, as it would have to on one
with a GPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

NAME = "mps"
THERE, HERE = torch.device(NAME, 0), torch.device("cpu")
_marks: dict[int, StorageWeakRef] = {}
"""Marked storages by address; the weak reference keeps the address from being given to another."""


def is_there(tensor: torch.Tensor) -> bool:
    """Whether a tensor is on the device that is not there."""
    return tensor.untyped_storage()._cdata in _marks


def _mark(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype == torch.float64:
        raise TypeError(
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


class Pretend(TorchFunctionMode):
    """What Python sees of a tensor's device, and where tensors are made and moved to."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        owner = getattr(func, "__self__", None)
        if name == "__get__" and owner is torch.Tensor.device:
            return THERE if is_there(args[0]) else func(*args)
        if name == "__get__" and owner in (torch.Tensor.is_mps, torch.Tensor.is_cpu):
            return is_there(args[0]) == (owner is torch.Tensor.is_mps) if args[0].device.type != "meta" else False
        if func is torch.Tensor.to:
            return self._to(func, list(args), kwargs)
        if func is torch.Tensor.cpu:
            return self._to(torch.Tensor.to, [args[0], "cpu"], {})
        if func in (torch.Tensor.numpy, torch.Tensor.__array__) and is_there(args[0]):
            raise TypeError(f"can't convert {THERE} device type tensor to numpy. Use Tensor.cpu() first.")
        if "device" in kwargs and (there := _wants(kwargs["device"])) is not None:
            kwargs["device"] = HERE
            generator = kwargs.get("generator")
            if generator is not None and getattr(generator, "there", False) != there:
                raise RuntimeError(f"Expected a '{THERE if there else HERE}' device type for generator")
            made = func(*args, **kwargs)
            if there == is_there(made):
                return made
            return _copy(made, there).requires_grad_(made.requires_grad)
        return func(*args, **kwargs)

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


INDEXING = ("index.Tensor", "index_put_.default", "index_put.default", "_index_put_impl_.default")
"""A tensor that is elsewhere may be indexed by the CPU's numbers."""
CROSSING = ("copy_.default", "_to_copy.default", "set_.source_Tensor")


class Apart(TorchDispatchMode):
    """Every operation, backward ones too: its tensors lie on one device, and so does its result."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = str(func).removeprefix("aten.")
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [is_there(tensor) for tensor in tensors]
        if name in CROSSING:
            return func(*args, **kwargs)
        if any(there) and not all(there):
            stay = [tensor for tensor, away in zip(tensors, there, strict=True) if not away and tensor.ndim > 0]
            if stay and not (name in INDEXING and there[0]):
                where = [(tuple(t.shape), NAME if away else "cpu") for t, away in zip(tensors, there, strict=True)]
                raise RuntimeError(
                    f"Expected all tensors to be on the same device, but found at least two devices, {THERE} and cpu! "
                    f"(in {func}, with {where})"
                )
        out = func(*args, **kwargs)
        if any(there):
            for result in tree_leaves(out):
                if isinstance(result, torch.Tensor) and not is_there(result):
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


def install() -> None:
    """From now on this process has the device; the course's own report of the machine names it."""
    from course_lib import device, fit

    torch.Generator = _Generator  # type: ignore[misc, assignment]
    torch.mps.synchronize = lambda: None
    torch.mps.is_available = lambda: True
    torch.backends.mps.is_available = lambda: True
    torch.backends.mps.is_built = lambda: True
    device._accelerator = lambda torch: ((device.GPU("one that is not there"),), NAME, "A test says so.")
    once = fit.fit

    def shortly(*args: Any, **kwargs: Any) -> Any:
        """One epoch in place of many: what is looked at here is where tensors are."""
        return once(*args, **kwargs | ({"epochs": 1} if "epochs" in kwargs else {}))

    fit.fit = shortly
    Apart().__enter__()
    Pretend().__enter__()

"""How to drive answers that bring images, words and sounds together: encoders, losses of pairs, missing modalities."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver


def encoder(obj: Any, inputs: dict[str, Any]) -> Any:
    """Construct `obj(*sizes)`, a `torch.nn.Module`, write the case's weights into it, and use it on the case's data.

    sizes: a list of numbers.  weights: name -> array, as in its `state_dict`.  data: name -> array, handed over as
    tensors in this order.  direction: an array of the output's shape.
    Returns (out, grads): where `asks` is "gradients", None and the gradients of the sum of direction * out, name ->
    array; else the output and None.
    """
    import torch

    model = obj(*inputs["sizes"])
    if not isinstance(model, torch.nn.Module):
        raise AnswerError("Your class is no torch.nn.Module. Keep the line that begins with `class` as it was given.")
    model = model.double()
    weights = {name: torch.from_numpy(array.copy()) for name, array in inputs["weights"].items()}
    own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    if own != {name: tuple(value.shape) for name, value in weights.items()}:
        raise AnswerError(
            f"Its parameters should be {', '.join(weights)}, of the shapes that the docstring gives: set each layer as "
            "an attribute of this name in __init__, after super().__init__()."
        )
    model.load_state_dict(weights)
    out = model(*(torch.from_numpy(array.copy()) for array in inputs["data"].values()))
    if not isinstance(out, torch.Tensor):
        raise AnswerError("Your module returns no tensor. Does its forward end with a return line?")
    if inputs["asks"] != "gradients":
        return out, None
    if out.shape != inputs["direction"].shape:
        raise AnswerError("What comes out has another shape than (N, out).")
    if out.grad_fn is not None:
        (out * torch.from_numpy(inputs["direction"])).sum().backward()
    grads = {name: param.grad for name, param in model.named_parameters()}
    return None, {name: np.zeros(own[name]) if grad is None else grad.numpy() for name, grad in grads.items()}


def pair_loss(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call `obj(a, b, *rest)` with a and b as tensors that record, and differentiate the loss that comes back.

    a, b: (N, D) arrays.  Returns (loss, grads): where `asks` is "gradients", None and the pair of gradients; else the
    loss and None.
    """
    import torch

    a, b, *rest = (value for key, value in inputs.items() if key != "asks")
    tensors = [torch.tensor(array, requires_grad=True) for array in (a, b)]
    loss = obj(
        *tensors, *(torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value for value in rest)
    )
    if loss is None:
        return None
    if not isinstance(loss, torch.Tensor) or loss.grad_fn is None:
        raise AnswerError(
            "What comes back has no history, so that `backward` cannot start from it. Return a tensor that was "
            "computed from both inputs: no .item(), no .detach(), no NumPy on the way."
        )
    if inputs.get("asks") != "gradients":
        return loss, None
    loss.sum().backward()
    return None, [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in tensors]


def modality_masks(obj: Any, inputs: dict[str, Any]) -> Any:
    """Three results of `obj(present, p, rng)`: two with one generator of `seed`, then one with a fresh one.

    The input `asks` is for whoever judges.
    """
    present, p, seed = inputs["present"], inputs["p"], inputs["seed"]
    rng = np.random.default_rng(seed)
    copies = [present.copy() for _ in range(2)]  # so that a call that changes what it was given harms no other
    calls = zip([present, *copies], (rng, rng, np.random.default_rng(seed)), strict=True)
    kept = [obj(data, p, source) for data, source in calls]
    return None if any(mask is None for mask in kept) else tuple(np.array(mask) for mask in kept)


DRIVERS: dict[str, Driver] = {"encoder": encoder, "pair_loss": pair_loss, "modality_masks": modality_masks}

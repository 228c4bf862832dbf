"""`amp_step`: one step in mixed precision, with or without a scaler, with or without clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.judging.outcome import Tolerance
from grader.changes import change
from grader.exercises.u11_speed.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

CLOSE = Tolerance(rtol=1e-2, atol=1e-2, rtol32=1e-2, atol32=1e-2)
"""bfloat16 has 8 binary digits, float16 has 11, and processors differ in how they round the last of them."""


def amp_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, steps: int, asks: str = "steps", **rest: Any) -> Case:
        shapes = ((4, 3), (4,), (3, 4), (3,))
        data = {
            "params": [rng.normal(size=shape).astype(np.float32) for shape in shapes],
            "images": rng.normal(size=(steps, 8, 3)).astype(np.float32),
            "labels": rng.integers(0, 3, size=(steps, 8)),
        }
        kind = "bfloat16" if rest.get("scale") is None else "float16"
        usual = {"lr": 0.2, "scale": None, "max_norm": None, "stale": 0.0, "kind": kind, "asks": asks}
        return Case(label, group, data | usual | rest)

    def overflow(label: str, steps: int, at: int, **rest: Any) -> Case:
        made = case(label, "overflow", steps, "scales", scale=1024.0, **rest)
        images = made.inputs["images"].copy()
        images[at, 0, 0] = np.inf
        return Case(label, "overflow", dict(made.inputs) | {"images": images})

    return [
        case("one step", "steps", 1),
        case("two steps", "steps", 2),
        case("the losses of two steps", "loss", 2, "losses"),
        case("the losses of two steps with a scaler", "loss", 2, "losses", scale=256.0, max_norm=1e3),
        case("types and modes of the passes", "types", int(rng.integers(2, 60)), "types"),
        case("those with a scaler and clipping", "types", int(rng.integers(2, 60)), "types", scale=64.0, max_norm=1.0),
        case("with a larger scale", "types", int(rng.integers(2, 60)), "types", scale=1024.0, max_norm=0.5),
        case("gradients of something else lie in .grad", "fresh", 1, stale=2.0),
        case("so they do, with a scaler", "fresh", 2, stale=-300.0, scale=256.0),
        case("two steps, the norm at most 0.1", "clipped", 2, max_norm=0.1, lr=1.0),
        case("a norm that is never reached", "clipped", 2, max_norm=1000.0),
        case("two steps with a scaler", "scaled", 2, "scales", scale=512.0),
        case("two steps with a small scale", "scaled", 2, "scales", scale=8.0, max_norm=1e3),
        case("a scaler, and the norm at most 0.1", "both", 2, "scales", scale=512.0, max_norm=0.1, lr=1.0),
        case("a scaler, and the norm at most 0.05", "both", 3, "scales", scale=64.0, max_norm=0.05, lr=1.0),
        overflow("the second of three steps overflows", 3, 1),
        overflow("the first of two, with clipping", 2, 0, max_norm=0.3),
    ]


def amp_oracle(
    params: list[np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    lr: float,
    scale: float | None,
    max_norm: float | None,
    stale: float,
    kind: str,
    asks: str,
) -> tuple[Any, Any, Any, Any]:
    """The formulas, with every cast written out: no autocast, no optimizer and no scaler."""
    import torch

    linear = torch.nn.functional.linear
    if asks == "types":
        passes = {"forward": kind, "backward": "as usual"}
        return (
            None,
            None,
            None,
            passes
            | {"passes": len(images), "autocast is left on": False, "parameters are": "float32"}
            | {"the loss is rounded to half the bits": False},
        )
    low_type = torch.bfloat16 if kind == "bfloat16" else torch.float16
    masters = [torch.tensor(param) for param in params]
    losses, scales = [], []
    for X, y in zip(images, labels, strict=True):
        low = [master.to(low_type).requires_grad_() for master in masters]
        hidden = linear(torch.tensor(X).to(low_type), low[0], low[1]).clamp(min=0)
        logits = linear(hidden, low[2], low[3])
        picked = torch.log_softmax(logits.float(), dim=1)[torch.arange(len(y)), torch.tensor(y)]
        grads = [grad.float() for grad in torch.autograd.grad(-picked.mean(), low)]
        losses.append(-picked.mean().item())
        norm = torch.stack([(grad**2).sum() for grad in grads]).sum().sqrt()
        fine = bool(torch.isfinite(norm))
        if max_norm is not None and norm > max_norm:
            grads = [grad * max_norm / norm for grad in grads]
        if fine:
            masters = [master - lr * grad for master, grad in zip(masters, grads, strict=True)]
        scale = scale and scale * (2 if fine else 0.5)
        scales.append(scale or 0.0)
    if asks == "losses":
        return None, np.array(losses), None, None
    return [master.numpy() for master in masters], None, np.array(scales) if asks == "scales" else None, None


def amp_step(model, images, labels, optimizer, dtype=None, scaler=None, max_norm=None):
    import torch

    with torch.autocast(images.device.type, dtype=dtype):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
    if max_norm is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return loss.item()


def always_a_scaler(model, images, labels, optimizer, dtype=None, scaler=None, max_norm=None):
    import torch

    scaler = scaler or torch.amp.GradScaler(images.device.type, enabled=False)
    model.zero_grad()
    with torch.autocast(device_type=images.device.type, dtype=dtype):
        logits = model(images)
        loss = torch.nn.CrossEntropyLoss()(logits, labels)
    scaler.scale(loss).backward()
    if max_norm is not None:
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    scaler.update()
    return float(loss.detach())


UNDER = "    with torch.autocast(images.device.type, dtype=dtype):\n        loss"
SCALED = "        scaler.scale(loss).backward()\n"
UNSCALED = "        if scaler is not None:\n            scaler.unscale_(optimizer)\n"
CLIP = "        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
CLIPPED = "    if max_norm is not None:\n" + UNSCALED + CLIP
PLAIN = "    if scaler is None:\n        loss.backward()\n"
STEPPED = """    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
"""
no_autocast = change(amp_step, UNDER, "    loss")
clipped_before_unscaling = change(amp_step, UNSCALED, "")
always_unscaled = change(clipped_before_unscaling, SCALED, SCALED + "        scaler.unscale_(optimizer)\n")
NEVER_UPDATED = (
    "Nothing tells the scaler after the step how it went. update() comes last, once a step: it doubles the scale when "
    "all went well for a while, and halves it after an overflow."
)


AMP_STEP = Exercise(
    name="amp_step",
    unit=UNIT,
    returns=("params", "losses", "scales", "types"),
    driver="mixed_precision",
    tolerance=CLOSE,
    groups=(
        Group("steps", "takes a step down the loss", 1, hint=1),
        Group("loss", "returns the loss as a plain number, without the scale in it", 1, hint=3),
        Group(
            "types",
            "computes forward in dtype and backward as usual, and keeps the parameters in float32",
            2,
            hint=1,
        ),
        Group("fresh", "steps along the gradient of this batch alone", 1, hint=1),
        Group("clipped", "clips the gradient's norm before the step", 1, hint=2),
        Group("scaled", "scales the loss, unscales the gradients and lets the scale adapt", 2, hint=3),
        Group("both", "clips gradients that are unscaled already", 2, hint=3),
        Group("overflow", "leaves a step out whose gradients overflow, and halves the scale", 1, hint=3),
    ),
    cases=amp_cases,
    reference=amp_oracle,
    misconceptions=(
        Misconception(
            "no_autocast",
            no_autocast,
            "Everything is computed in float32, and so no faster. Which context makes the layers compute in dtype?",
        ),
        Misconception(
            "backward_under_autocast",
            change(
                amp_step,
                "    optimizer.zero_grad()\n" + PLAIN,
                "        optimizer.zero_grad()\n    if scaler is None:\n"
                "        with torch.autocast(images.device.type, dtype=dtype):\n            loss.backward()\n",
                SCALED,
                "        with torch.autocast(images.device.type, dtype=dtype):\n"
                "            scaler.scale(loss).backward()\n",
            ),
            "Your backward runs under autocast. Each operation goes back in the type in which it came; the context "
            "belongs around the forward pass and the loss, and ends there.",
        ),
        Misconception(
            "model_in_half_the_bits",
            change(
                no_autocast,
                "    loss = ",
                "    model.to(dtype)\n    loss = ",
                "model(images)",
                "model(images.to(dtype))",
            ),
            "You turn the parameters themselves into dtype. With 8 binary digits, bfloat16's, a small step is rounded "
            "away: 1 + 0.003 is 1 again. Keep them in float32, and let autocast compute with copies.",
        ),
        Misconception(
            "gradients_never_cleared",
            change(amp_step, "    optimizer.zero_grad()\n", ""),
            "Nothing clears the gradients, and backward adds to what is there.",
        ),
        Misconception(
            "clipped_before_unscaling",
            clipped_before_unscaling,
            "You clip gradients that are still multiplied by the scale: against a threshold of 0.1 they are all huge, "
            "and after unscaling hardly anything is left of the step. Unscale first.",
        ),
        Misconception(
            "clipped_after_the_step",
            change(clipped_before_unscaling, CLIPPED.replace(UNSCALED, ""), "", STEPPED, STEPPED + CLIPPED),
            "Your gradients go into the step in their full length: nothing clips them, or it comes when they have "
            "done their work. Clipping comes between backward and step.",
        ),
        Misconception(
            "clipped_with_a_scaler_only",
            change(amp_step, "if max_norm is not None:", "if max_norm is not None and scaler is not None:"),
            "Without a scaler your clipping has no effect: it is not there, or it comes before backward, when .grad "
            "is still empty. Whoever gives max_norm wants it kept, with a scaler or without.",
        ),
        Misconception(
            "never_updated",
            change(amp_step, "        scaler.update()\n", ""),
            NEVER_UPDATED,
        ),
        Misconception(
            "always_unscaled_never_updated", change(always_unscaled, "        scaler.update()\n", ""), NEVER_UPDATED
        ),
        Misconception(
            "no_step_without_a_scaler",
            change(amp_step, "        optimizer.step()\n", "        pass\n"),
            "Without a scaler nothing moves: the optimizer never makes its step there.",
            about=("params",),
        ),
        Misconception(
            "stepped_past_the_scaler",
            change(amp_step, "scaler.step(optimizer)", "optimizer.step()"),
            "Where there is a scaler, the optimizer still steps by itself: along gradients that are multiplied by the "
            "scale unless you clip, and even after an overflow. scaler.step(optimizer) sees to both.",
            hint=3,
        ),
        Misconception(
            "always_bfloat16",
            change(amp_step, "dtype=dtype", "dtype=torch.bfloat16"),
            "You compute in bfloat16, whatever dtype says. A card that cannot do that is handed float16 and a scaler.",
        ),
        Misconception(
            "always_float16",
            change(amp_step, "dtype=dtype", "dtype=torch.float16"),
            "You compute in float16, whatever dtype says. Without a scaler its small range lets gradients vanish; "
            "bfloat16 has that of float32.",
        ),
        Misconception(
            "past_the_scaler",
            change(clipped_before_unscaling, STEPPED, "    optimizer.step()\n"),
            "You scale the loss and then let the optimizer step by itself, along gradients that are hundreds of times "
            "too long. scaler.step(optimizer) unscales them, and leaves the step out where one is not finite.",
        ),
        Misconception(
            "unscaled_twice",
            change(
                clipped_before_unscaling,
                SCALED,
                SCALED + "        for p in model.parameters():\n            p.grad /= scaler.get_scale()\n",
            ),
            "You divide the gradients by the scale yourself, and scaler.step, which knows nothing of that, divides "
            "them once more. scaler.unscale_(optimizer) does it and remembers that it is done.",
            hint=3,
        ),
        Misconception(
            "scaler_ignored",
            change(amp_step, "    optimizer.zero_grad()\n", "    optimizer.zero_grad()\n    scaler = None\n"),
            "You are handed a scaler and do not use it. In float16 small gradients then vanish, which is what the "
            "scale is for.",
        ),
        Misconception(
            "scaled_loss_returned",
            change(
                amp_step,
                SCALED,
                "        loss = scaler.scale(loss)\n        loss.backward()\n",
            ),
            "The loss that you return is multiplied by the scale, so that its curve jumps whenever the scale changes. "
            "Return the loss itself.",
        ),
        Misconception(
            "loss_outside",
            change(
                amp_step,
                "        loss = torch.nn.functional.cross_entropy(model(images), labels)",
                "        logits = model(images)\n    loss = torch.nn.functional.cross_entropy(logits, labels)",
            ),
            "Only the forward pass stands under autocast. Outside, the loss is computed in the type of the logits, "
            "and rounded to its few digits; under autocast cross_entropy goes back to float32 by itself.",
        ),
        Misconception(
            "each_entry_clipped",
            change(amp_step, "clip_grad_norm_", "clip_grad_value_"),
            "You clip each entry by itself, and that turns the gradient's direction. The norm of all of them "
            "together is what max_norm is for.",
        ),
        Misconception(
            "cleared_before_the_step",
            change(amp_step, "    optimizer.zero_grad()\n", "", CLIP, CLIP + "    optimizer.zero_grad()\n"),
            "Nothing moves: you clear the gradients between backward, which makes them, and the step, which "
            "needs them.",
        ),
    ),
    also_right=(
        amp_step,
        always_a_scaler,
        always_unscaled,
        change(amp_step, "optimizer.zero_grad()", "model.zero_grad(set_to_none=False)"),
        change(amp_step, "images.device.type, dtype", '"cpu", dtype'),
        change(amp_step, "return loss.item()", "return float(loss)"),
        change(amp_step, PLAIN, "    if not scaler:\n        loss.backward(retain_graph=False)\n"),
    ),
)

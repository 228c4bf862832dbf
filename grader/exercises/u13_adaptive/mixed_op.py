"""`mixed_op`: a gate between operations; SciPy's softmax and the gradients on paper are the oracle."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

Operation = dict[str, Any]


def mixed_cases(rng: np.random.Generator) -> list[Case]:
    same, nothing, smooth = {"kind": "same"}, {"kind": "nothing"}, {"kind": "smooth"}

    def tanh() -> Operation:
        return {"kind": "tanh", "values": rng.uniform(0.5, 2.0, size=1)}

    def linear(d: int) -> Operation:
        return {"kind": "linear", "values": rng.normal(size=(d, d))}

    def case(label: str, group: str, shape: tuple[int, ...], ops: list[Operation], alphas: Any = None) -> Case:
        gate = rng.normal(size=len(ops)) if alphas is None else np.array(alphas, dtype=float)
        inputs = {"x": rng.normal(size=shape), "ops": ops, "alphas": gate, "upstream": rng.normal(size=shape)}
        return Case(label, group, inputs | {"asks": group})

    shift = float(rng.uniform(-1, 1))
    return [
        case("two operations", "mixture", (3, 2), [same, tanh()]),
        case("three operations, one of them nothing", "mixture", (4, 3), [linear(3), nothing, tanh()]),
        case("four operations on images", "mixture", (2, 3, 4, 5), [same, smooth, nothing, tanh()]),
        case("a single operation", "mixture", (3, 2), [linear(2)]),
        case("gradient of two alphas", "gate", (3, 2), [same, tanh()]),
        case("gradient of four alphas", "gate", (5, 3), [tanh(), nothing, linear(3), same]),
        case("gradient of alphas, images", "gate", (2, 2, 4, 3), [smooth, tanh(), same]),
        case("two operations with weights", "weights", (4, 3), [linear(3), tanh()]),
        case("three operations with weights", "weights", (3, 2), [linear(2), tanh(), linear(2)]),
        case("alphas around 1000", "large", (3, 2), [same, tanh(), nothing], [1000 + shift, 1000, 999]),
        case("alphas around -1000", "large", (4, 3), [tanh(), linear(3)], [-1000, -1001 + shift]),
        case("calls of three operations", "once", (3, 2), [same, tanh(), linear(2)]),
        case("calls of some", "once", (2, 3), [tanh() for _ in range(int(rng.integers(4, 9)))]),
    ]


def mixed_oracle(x: Any, ops: list[Operation], alphas: Any, upstream: Any, asks: str) -> tuple[Any, ...]:
    """With p = softmax(alphas) and s_k = <upstream, op_k(x)>: out = sum p_k op_k(x), d/d alpha_k = p_k (s_k - p.s)."""
    from scipy.ndimage import uniform_filter
    from scipy.special import softmax

    shares, parts, gradients = softmax(alphas), [], []
    for share, op in zip(shares, ops, strict=True):
        values: Any = op.get("values")
        if op["kind"] == "tanh":
            part = np.tanh(values * x)
            gradients.append(np.array([share * np.sum(upstream * (1 - part**2) * x)]))
        elif op["kind"] == "linear":
            part = np.einsum("nd,ed->ne", x, values) + 1
            gradients.append(share * np.einsum("ne,nd->ed", upstream, x))
        elif op["kind"] == "smooth":
            part = uniform_filter(x, size=(1, 1, 3, 3), mode="constant")
        else:
            part = x if op["kind"] == "same" else np.zeros_like(x)
        parts.append(part)
    if asks == "once":
        return None, None, None, [1] * len(ops)
    if asks == "gate":
        scores = np.array([np.sum(upstream * part) for part in parts])
        return None, shares * (scores - shares @ scores), None, None
    if asks == "weights":
        return None, None, gradients, None
    return sum(share * part for share, part in zip(shares, parts, strict=True)), None, None, None


def mixed_op(x, ops, alphas):
    shares = alphas.softmax(dim=0)
    total = 0
    for share, op in zip(shares, ops):
        total = total + share * op(x)
    return total


def by_einsum(x, ops, alphas):
    import torch

    parts = torch.stack([op(x) for op in ops])
    return torch.einsum("k,k...->...", torch.softmax(alphas, -1), parts)


def by_hand(x, ops, alphas):
    weights = (alphas - alphas.max()).exp()
    weights = weights / weights.sum()
    out = weights[0] * ops[0](x)
    for k in range(1, len(ops)):
        out = out + weights[k] * ops[k](x)
    return out


def by_last_axis(x, ops, alphas):
    import torch

    return torch.stack([op(x) for op in ops], dim=-1) @ torch.nn.functional.softmax(alphas, dim=0)


def by_logsumexp(x, ops, alphas):
    import torch

    logs = alphas - torch.logsumexp(alphas, dim=0)
    return sum(log.exp() * op(x) for log, op in zip(logs, ops))


def by_filling(x, ops, alphas):
    import torch

    out = torch.zeros(x.shape, dtype=x.dtype)
    for k, op in enumerate(ops):
        out += torch.softmax(alphas, 0)[k] * op(x)
    return out


ONLY_ONE = (
    "Only the operation with the largest alpha takes part. Choosing is a step without a slope: from one operation "
    "alone no gradient can say whether another would be better. While searching all of them run, each with its share."
)

MIXED_OP = Exercise(
    name="mixed_op",
    unit=UNIT,
    returns=("out", "gate", "weights", "calls"),
    driver="gated",
    sizes={"K": ("alphas", 0), "N": ("x", 0)},
    groups=(
        Group("mixture", "adds up what all operations make of x, each times its share", 3, hint=1),
        Group("gate", "lets the gradient reach the alphas", 2, hint=2),
        Group("weights", "teaches each operation according to its share", 2, hint=2),
        Group("large", "goes by the differences of the alphas, however large they are", 1, hint=3),
        Group("once", "calls each operation once", 1, hint=1),
    ),
    cases=mixed_cases,
    reference=mixed_oracle,
    misconceptions=(
        Misconception(
            "alphas_as_shares",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas"),
            "Your shares are the alphas themselves. These may be negative and add up to anything, so that the output "
            "grows with them. Make shares of them first, positive and with sum 1.",
            hint=1,
        ),
        Misconception(
            "each_gate_alone",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas.sigmoid()"),
            "Each of your gates opens by itself, with a sigmoid. Then all can be open at once, and nothing competes. "
            "The shares should sum to 1: what one operation gains, the others lose.",
            hint=1,
        ),
        Misconception(
            "divided_by_the_sum",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas / alphas.sum()"),
            "You divide the alphas by their sum. Negative ones make negative shares, and where they cancel the sum is "
            "near 0. A softmax makes every alpha positive first.",
            hint=1,
        ),
        Misconception(
            "exponentials_only",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas.exp()"),
            "Your shares are exponentials that nobody divides by their sum. They are positive, but do not sum to 1, so "
            "the output grows when all alphas do.",
            hint=1,
        ),
        Misconception(
            "logarithms_of_shares",
            change(mixed_op, "alphas.softmax", "alphas.log_softmax"),
            "You multiply by the logarithms of the shares: these are negative, and the smallest share counts most.",
            hint=1,
        ),
        Misconception(
            "sign",
            change(mixed_op, "alphas.softmax", "(-alphas).softmax"),
            "The operation with the largest alpha has the smallest share with you. Look at the sign in the softmax.",
            hint=1,
        ),
        Misconception(
            "twice",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas.softmax(dim=0).softmax(dim=0)"),
            "Your alphas pass through two softmaxes. The second sees numbers between 0 and 1 only, so no operation can "
            "ever have much more than its equal part.",
            hint=1,
        ),
        Misconception(
            "all_alike",
            change(mixed_op, "alphas.softmax(dim=0)", "(0 * alphas).softmax(dim=0)"),
            "All operations have the same share, whatever the alphas say. Then there is nothing to learn.",
            hint=1,
        ),
        Misconception(
            "only_the_largest",
            change(
                mixed_op,
                "share * op(x)\n",
                "share * op(x)\n    best = int(alphas.argmax())\n    total = ops[best](x)\n",
            ),
            ONLY_ONE,
            hint=1,
            about=("out", "gate", "weights"),
        ),
        Misconception(
            "largest_with_its_share",
            change(mixed_op, "share * op(x)", "share * op(x) * (share == shares.max())"),
            "Only the operation with the largest alpha takes part, times its share. While searching all of them do: "
            "the others' shares may be small, but without them no gradient says whether they would be better.",
            hint=1,
            about=("out", "gate", "weights"),
        ),
        Misconception(
            "straight_through",
            change(
                mixed_op,
                "    total = 0",
                "    hard = (shares == shares.max()).double()\n"
                "    shares = hard + shares - shares.detach()\n    total = 0",
            ),
            "Forward you take the best operation alone, and backward the softmax's slope. That trick exists "
            "(straight-through), but it is not the mixture: here every operation adds its share to the output.",
            hint=1,
            about=("out", "weights"),
        ),
        Misconception(
            "shares_are_constants",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas.detach().softmax(dim=0)"),
            "The output is right, and the alphas get no gradient: somewhere on the way from alphas to the output they "
            "became plain numbers. A gate that hears nothing cannot learn.",
            hint=2,
            about=("gate",),
        ),
        Misconception(
            "operations_are_constants",
            change(mixed_op, "op(x)", "op(x).detach()"),
            "The output is right, and the operations learn nothing: their outputs are cut off from their weights. Gate "
            "and operations learn from the same output.",
            hint=2,
            about=("weights",),
        ),
        Misconception(
            "nothing_learns",
            change(mixed_op, "    return total", "    return total.detach()"),
            "The output is right, and nothing learns from it: neither the alphas nor the operations get a gradient. Do "
            "not detach it, nor compute it under no_grad.",
            hint=2,
            about=("gate", "weights"),
        ),
        Misconception(
            "one_after_the_other",
            change(mixed_op, "total = 0", "total = x", "total + share * op(x)", "share * op(total)"),
            "Your operations stand one behind the other: each gets what the one before it made. They stand side by "
            "side, all see x, and their outputs are added.",
            hint=1,
        ),
        Misconception(
            "gate_before_the_operation",
            change(mixed_op, "share * op(x)", "op(share * x)"),
            "You multiply what goes *into* an operation by its share. Behind a bias or a bend that is something else. "
            "The share belongs to what comes out.",
            hint=1,
        ),
        Misconception(
            "mean_of_shares",
            change(mixed_op, "    return total", "    return total / len(ops)"),
            "You divide by the number of operations as well. The shares sum to 1 already.",
            hint=1,
        ),
        Misconception(
            "input_added",
            change(mixed_op, "total = 0", "total = x"),
            "Your sum begins with x itself, as a shortcut would. If x is to pass, an operation of its own does that, "
            "and has a share.",
            hint=1,
        ),
        Misconception(
            "turned_round",
            change(mixed_op, "zip(shares, ops)", "zip(shares.flip(0), ops)"),
            "The shares are right and belong to other operations: alphas[0] is the gate of ops[0].",
            hint=1,
        ),
        Misconception(
            "overflows",
            change(mixed_op, "alphas.softmax(dim=0)", "alphas.exp() / alphas.exp().sum()"),
            "Your softmax computes exp(alpha) itself, which is infinite (or 0 over 0) for alphas far from 0. Only "
            "differences count: subtract the largest alpha first, or let torch do it.",
            hint=3,
        ),
        Misconception(
            "called_twice",
            change(mixed_op, "share * op(x)", "share * (op(x) + op(x)) / 2"),
            "The numbers are right, and each operation is computed twice. They are the expensive part: call each once, "
            "and keep what it gives.",
            hint=1,
            about=("calls",),
        ),
    ),
    also_right=(
        mixed_op,
        by_einsum,
        by_hand,
        by_last_axis,
        by_logsumexp,
        by_filling,
        change(mixed_op, "alphas.softmax(dim=0)", "alphas.softmax(dim=0).float()"),
    ),
)

"""`average_gradients`: what data-parallel training does between backward and step, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.judging.drivers.speed import NO_GRADIENT
from grader.changes import change
from grader.exercises.u11_speed.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def averaging_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, counts: list[int], asks: str = "gradients", **rest: Any) -> Case:
        shapes = ((2, 3), (2,))
        data = {
            "params": [rng.normal(size=shape) for shape in shapes],
            "grads": [[rng.normal(size=shape) for shape in shapes] for _ in counts],
            "counts": counts,
            "asks": asks,
        }
        return Case(label, group, data | rest)

    def without(made: Case, *absent: tuple[int, int]) -> Case:
        """The case with no gradient in some (copy, parameter)."""
        grads = [
            [None if (copy, place) in absent else grad for place, grad in enumerate(part)]
            for copy, part in enumerate(made.inputs["grads"])
        ]
        return Case(made.label, made.group, dict(made.inputs) | {"grads": grads})

    def training(label: str, counts: list[int], steps: int) -> Case:
        N = sum(counts)
        joint = {"images": rng.normal(size=(steps, N, 3)), "labels": rng.integers(0, 2, size=(steps, N)), "lr": 0.5}
        return case(label, "training", counts, "training", **joint)

    return [
        case("two copies, as many examples each", "mean", [8, 8]),
        case("three copies, as many examples each", "mean", [5, 5, 5]),
        case("96 and 32 examples", "weighted", [96, 32]),
        case("four copies, 7, 1, 3 and 5 examples", "weighted", [7, 1, 3, 5]),
        case("what the copies' gradients are made of", "apart", [int(rng.integers(4, 99)), 4], "apart"),
        case("so it is with three copies", "apart", [3, 3, int(rng.integers(4, 99))], "apart"),
        without(case("a copy without examples has no gradients", "empty", [6, 0]), (1, 0), (1, 1)),
        without(case("the first of three copies is empty", "empty", [0, 3, 9]), (0, 0), (0, 1)),
        without(case("a frozen bias has no gradient in any copy", "frozen", [4, 12]), (0, 1), (1, 1)),
        without(case("a frozen weight, three copies", "frozen", [2, 5, 3]), (0, 0), (1, 0), (2, 0)),
        training("three steps of two copies", [6, 2], 3),
        training("four steps of three copies", [1, 5, 4], 4),
    ]


def averaging_oracle(
    params: list[np.ndarray],
    grads: list[list[np.ndarray | None]],
    counts: list[int],
    asks: str,
    images: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    lr: float = 0.0,
) -> tuple[Any, Any, Any]:
    """NumPy's weighted average; for a training, softmax regression with momentum on the whole batch, in one process."""
    from scipy.special import softmax

    R = len(counts)
    if asks == "apart":
        shared = f"0 of {R * len(params)}, for {sum(counts)} examples"
        return None, {"gradients that share memory": shared, "the parameters are as they were": True}, None
    if asks == "training":
        assert images is not None and labels is not None
        both = np.column_stack(params)
        velocity = np.zeros_like(both)
        for X, y in zip(images, labels, strict=True):
            X = np.column_stack([X, np.ones(len(X))])
            velocity = 0.9 * velocity + (softmax(X @ both.T, axis=1) - np.eye(2)[y]).T @ X / len(y)
            both = both - lr * velocity
        return None, None, [[both[:, :-1], both[:, -1]]] * R
    found: list[Any] = []
    for place, param in enumerate(params):
        there = [part[place] for part in grads]
        filled = [np.zeros_like(param) if grad is None else grad for grad in there]
        nowhere = all(grad is None for grad in there)
        found.append(NO_GRADIENT if nowhere else np.average(filled, axis=0, weights=counts))
    return [found] * R, None, None


def average_gradients(models, counts):
    import torch

    total = sum(counts)
    for params in zip(*(model.parameters() for model in models), strict=True):
        if all(p.grad is None for p in params):
            continue
        average = torch.zeros_like(params[0])
        for p, n in zip(params, counts, strict=True):
            if p.grad is not None:
                average += n / total * p.grad
        for p in params:
            p.grad = average.clone()


def by_stacking(models, counts):
    import torch

    weights = torch.tensor(counts, dtype=torch.float64) / sum(counts)
    for params in zip(*[list(model.parameters()) for model in models], strict=True):
        grads = [p.grad for p in params]
        if not any(grad is not None for grad in grads):
            continue
        stacked = torch.stack([torch.zeros_like(params[0]) if grad is None else grad for grad in grads])
        mean = torch.einsum("r,r...->...", weights.to(stacked.dtype), stacked)
        for p in params:
            p.grad = mean.detach().clone()


def by_names(models, counts):
    named = [dict(model.named_parameters()) for model in models]
    for name in named[0]:
        sums = [model[name].grad * n for model, n in zip(named, counts, strict=True) if model[name].grad is not None]
        if len(sums) == 0:
            continue
        average = sum(sums) / sum(counts)
        for model in named:
            model[name].grad = average + 0


def in_place(models, counts):
    import torch

    with torch.no_grad():
        for params in zip(*(model.parameters() for model in models), strict=True):
            if all(p.grad is None for p in params):
                continue
            for p, n in zip(params, counts, strict=True):
                if p.grad is None:
                    p.grad = torch.zeros_like(p)
                p.grad.mul_(n)
            total = torch.stack([p.grad for p in params]).sum(dim=0)
            for p in params:
                p.grad.copy_(total).div_(sum(counts))


def all_reduce(models, counts):
    """As the processes would: each adds its share to a running sum, and then each takes the sum."""
    shares = []
    for model, n in zip(models, counts, strict=True):
        shares.append([None if p.grad is None else n * p.grad for p in model.parameters()])
    sums = list(shares[0])
    for share in shares[1:]:
        sums = [b if a is None else a if b is None else a + b for a, b in zip(sums, share, strict=True)]
    for model in models:
        for p, value in zip(model.parameters(), sums, strict=True):
            p.grad = None if value is None else value / sum(counts)


SHARE = "n / total * p.grad"
GIVEN = "        for p in params:\n            p.grad = average.clone()\n"
FROZEN = "        if all(p.grad is None for p in params):\n            continue\n"
ADDED = "            if p.grad is not None:\n                average += n / total * p.grad\n"


AVERAGE_GRADIENTS = Exercise(
    name="average_gradients",
    unit=UNIT,
    returns=("gradients", "facts", "params"),
    driver="copies",
    groups=(
        Group("mean", "gives every copy the mean of all copies' gradients", 2, hint=1),
        Group("weighted", "weighs each copy's gradient by its examples", 2, hint=2),
        Group("apart", "gives each copy tensors of its own, and leaves the parameters alone", 1, hint=3),
        Group(
            "empty",
            "takes a copy without gradients for one that adds nothing, and gives it the average, too",
            1,
            hint=4,
        ),
        Group("frozen", "leaves None where no copy has a gradient", 1, hint=4),
        Group("training", "keeps the copies equal, and equal to one network that sees the whole batch", 2, hint=1),
    ),
    cases=averaging_cases,
    reference=averaging_oracle,
    misconceptions=(
        Misconception(
            "plain_mean",
            change(average_gradients, SHARE, "p.grad / len(models)"),
            "You take the plain mean over the copies. Each gradient is that of a mean over its own examples: where the "
            "parts differ in size, an example of a small part would count more than one of a large part.",
            hint=2,
        ),
        Misconception(
            "sum",
            change(average_gradients, SHARE, "p.grad"),
            "You add the gradients up and divide by nothing. With each copy more the step would get longer.",
            hint=2,
        ),
        Misconception(
            "weighted_not_divided",
            change(average_gradients, SHARE, "n * p.grad"),
            "You weigh each gradient with its number of examples and never divide by all of them: that is the gradient "
            "of the sum of the losses.",
            hint=2,
        ),
        Misconception(
            "divided_by_copies",
            change(average_gradients, SHARE, "n * p.grad / len(models)"),
            "You weigh with the examples and divide by the number of copies. A weighted mean is divided by the sum of "
            "its weights.",
            hint=2,
        ),
        Misconception(
            "whole_number_weights",
            change(average_gradients, SHARE, "n // total * p.grad"),
            "Your weights are 0: `//` divides and rounds down, and each part is smaller than the whole.",
            hint=2,
        ),
        Misconception(
            "small_parts_weigh_most",
            change(average_gradients, SHARE, "(total - n) / total / max(len(models) - 1, 1) * p.grad"),
            "The copy with the fewest examples weighs most. It is the other way round: each example counts once.",
            hint=2,
        ),
        Misconception(
            "first_copy_only",
            change(average_gradients, GIVEN, "        params[0].grad = average\n"),
            "Only the first copy gets the average. The others step with their own gradients, and the copies part.",
            hint=1,
        ),
        Misconception(
            "first_copys_gradients",
            change(average_gradients, "average.clone()", "params[0].grad"),
            "You hand the first copy's gradients to all of them. The copies stay equal, and what the others have "
            "computed is thrown away.",
            hint=1,
        ),
        Misconception(
            "one_after_the_other",
            change(
                average_gradients,
                GIVEN,
                "        for q in params:\n"
                "            q.grad = sum(n * p.grad for p, n in zip(params, counts) if p.grad is not None) / total\n",
            ),
            "You compute the average anew for each copy, when the copies before have been overwritten: from the second "
            "one on, averages are averaged. First compute, then hand out.",
            hint=1,
        ),
        Misconception(
            "shared",
            change(average_gradients, "average.clone()", "average"),
            "All copies hold the very same tensor. Whoever clips or scales one copy's gradient in place changes it for "
            "all, once a copy.",
            hint=3,
        ),
        Misconception(
            "added_to_their_own",
            change(
                average_gradients,
                GIVEN,
                "        for p in params:\n            p.grad = average + (0 if p.grad is None else p.grad)\n",
            ),
            "You add the average to what each copy has already. It takes its place.",
            hint=1,
        ),
        Misconception(
            "nothing_written",
            change(average_gradients, GIVEN, ""),
            "The gradients are as they were: each copy steps with its own, and the copies part. Write the mean into "
            "each p.grad. (A mean of the parameters changes nothing: they are equal still.)",
            hint=1,
        ),
        Misconception(
            "parameters_too",
            change(average_gradients, GIVEN, GIVEN + "            p.data -= p.grad\n"),
            "You change the parameters, too. Between backward and step only the gradients are exchanged; the step is "
            "the optimizer's.",
            hint=3,
        ),
        Misconception(
            "only_where_all_have_one",
            change(average_gradients, "if all(p.grad is None", "if any(p.grad is None"),
            "As soon as one copy has no gradient, you leave the parameter out, and the others keep their own. A copy "
            "without examples adds nothing, and needs the average all the same.",
            hint=4,
        ),
        Misconception(
            "empty_copy_left_out",
            change(average_gradients, GIVEN, GIVEN.replace("p.grad = ", "p.grad = p.grad if p.grad is None else ")),
            "A copy that had no examples gets no gradient from you. Its optimizer would leave the step out, and it "
            "would fall behind the others.",
            hint=4,
        ),
        Misconception(
            "frozen_get_zeros",
            change(average_gradients, FROZEN, ""),
            "Where no copy has a gradient, you make one of zeros. For the optimizer that is another thing than None: "
            "with momentum or weight decay a frozen parameter would move.",
            hint=4,
        ),
        Misconception(
            "empty_one_crashes",
            change(average_gradients, ADDED, "            average += n / total * p.grad\n"),
            "A copy without examples never called backward: its gradients are None, and None cannot be multiplied.",
            hint=4,
        ),
    ),
    also_right=(
        average_gradients,
        by_stacking,
        by_names,
        in_place,
        all_reduce,
        change(average_gradients, "n / total * p.grad", "p.grad * (n / total)"),
    ),
)

"""`epoch_loss`: the published running loss counts batches where it should count examples, and keeps their graphs."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def average_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: list[int], losses: Any = None, asks: str = "mean") -> Case:
        losses = rng.uniform(0.2, 2.5, size=len(sizes)) if losses is None else losses
        return Case(label, group, {"losses": losses, "sizes": sizes, "asks": asks})

    single = rng.uniform(0.1, 3.0, size=12)

    def cut(*sizes: int) -> np.ndarray:
        ends = np.cumsum(sizes)
        return np.array([single[end - size : end].mean() for size, end in zip(sizes, ends, strict=True)])

    return [
        case("batches of 4, 4 and 2", "unequal", [4, 4, 2]),
        case("batches of 5, 1, 7 and 3", "unequal", [5, 1, 7, 3]),
        case(
            "three batches of 8, then one hard example", "last", [8, 8, 8, 1], np.append(rng.uniform(0.1, 0.5, 3), 6.0)
        ),
        case("one batch of 64, then two examples", "last", [64, 2]),
        case("twelve examples as 5 + 5 + 2", "cuts", [5, 5, 2], cut(5, 5, 2)),
        case("the same twelve as 1 + 11", "cuts", [1, 11], cut(1, 11)),
        case("six batches: what is kept of them", "history", [4, 4, 4, 4, 4, 1], asks="history"),
        case("many batches: what is kept of them", "history", [3] * int(rng.integers(7, 90)) + [2], asks="history"),
    ]


def average_oracle(losses: np.ndarray, sizes: Any, asks: str) -> tuple[Any, Any]:
    """NumPy's weighted average."""
    if asks == "history":
        return None, {"a plain number": True, "graphs of earlier batches are kept": False, "batches": len(losses)}
    return np.average(losses, weights=np.asarray(sizes)), None


def epoch_loss(batches):
    total, count = 0.0, 0
    for loss, size in batches:
        total += loss.item() * size
        count += size
    return total / count


def of_pairs(batches):
    pairs = [(loss.item(), size) for loss, size in batches]
    return sum(loss * size for loss, size in pairs) / sum(size for _, size in pairs)


def as_a_running_mean(batches):
    mean, seen = 0.0, 0
    for loss, size in batches:
        seen += size
        mean += (float(loss.detach()) - mean) * size / seen
    return mean


def by_average(batches):
    losses, sizes = zip(*[(float(loss), size) for loss, size in batches], strict=True)
    return np.average(losses, weights=sizes)


mean_of_batch_means = change(epoch_loss, "loss.item() * size", "loss.item()", "count += size", "count += 1")
graphs_kept = change(epoch_loss, "loss.item()", "loss")


EPOCH_LOSS = Exercise(
    name="epoch_loss",
    unit=UNIT,
    returns=("mean", "facts"),
    driver="running_loss",
    groups=(
        Group("unequal", "is the mean over the examples when the batches differ in size", 1, hint=1),
        Group("last", "gives a small last batch no more weight than its examples have", 1, hint=1),
        Group("cuts", "does not depend on how the examples are cut into batches", 1, hint=1),
        Group("history", "returns a plain number, and keeps no batch's graph alive", 1, hint=2),
    ),
    cases=average_cases,
    reference=average_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(mean_of_batch_means, "loss.item()", "loss"),
            "This is the published running loss. It gives each batch the same weight, whether it holds 128 examples "
            "or 16; and it adds tensors, so that every batch's graph stays in memory until the end.",
        ),
        Misconception(
            "mean_of_batch_means",
            mean_of_batch_means,
            "What you return is a plain number now, and still the mean over batches. A batch's loss is a "
            "mean over its own examples; what does it have to be multiplied by before it is added to the "
            "others?",
        ),
        Misconception(
            "graphs_kept",
            graphs_kept,
            "You still add tensors: the sum's history holds the graph of every batch so far, with all its maps.",
        ),
        Misconception(
            "list_of_losses",
            change(graphs_kept, "total / count", "total.item() / count"),
            "On the way every loss is kept with its graph, in a list or in a sum, and becomes a plain number only at "
            "the end, when the memory has long been full.",
        ),
        Misconception(
            "divided_by_batches",
            change(epoch_loss, "count += size", "count += 1"),
            "You add up the losses of all examples, and divide by the number of batches. By how many things should a "
            "sum over examples be divided?",
        ),
        Misconception(
            "first_size_for_all",
            change(
                epoch_loss,
                "total, count = 0.0, 0",
                "total, count, first = 0.0, 0, 0",
                "count += size",
                "first = first or size\n        count += first",
            ),
            "You take all batches for equally large. The last one rarely is; each one's real size comes with it.",
        ),
        Misconception(
            "sum_for_mean",
            change(epoch_loss, " / count", ""),
            "That is the sum over all examples; it grows with the data set. The mean is asked for.",
        ),
        Misconception(
            "a_tensor_comes_back",
            change(epoch_loss, "loss.item()", "loss.detach()"),
            "What comes back is a tensor, though no graph is kept: a plain number is asked for, and .item() makes one.",
        ),
        Misconception(
            "last_batch_alone",
            change(epoch_loss, "total / count", "loss.item()"),
            "That is the last batch's loss alone: a few examples, and as noisy as few are. The mean over all "
            "examples of the epoch is asked for.",
        ),
        Misconception(
            "returns_after_one_batch",
            change(epoch_loss, "    return", "        return"),
            "Your function ends after the first batch: the return line stands inside the loop, one level too deep.",
        ),
        Misconception(
            "nothing_returned",
            change(epoch_loss, "    return total / count\n", ""),
            "Your function ends without a return line, so that nobody gets to see the mean.",
        ),
        Misconception(
            "counts_by_len",
            change(epoch_loss, "/ count", "/ len(batches)"),
            "Your code asks for the number of batches by len, and an iterator has none. It would be the "
            "wrong number, too: count the examples, as they come.",
        ),
    ),
    also_right=(
        epoch_loss,
        of_pairs,
        as_a_running_mean,
        by_average,
        change(epoch_loss, "total / count", "float(np.float64(total) / count)"),
        change(epoch_loss, "loss.item() * size", "float(size * loss)"),
    ),
)

"""`epoch_loss`: the published running loss counts batches where it should count examples, and keeps their graphs."""

from typing import Any

import numpy as np

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


def average_as_given(batches: Any) -> Any:
    running, count = 0.0, 0
    for loss, _size in batches:
        running += loss
        count += 1
    return running / count


def average_of_batches(batches: Any) -> Any:
    running, count = 0.0, 0
    for loss, _size in batches:
        running += loss.item()
        count += 1
    return running / count


def average_with_graphs(batches: Any) -> Any:
    running, count = 0.0, 0
    for loss, size in batches:
        running += loss * size
        count += size
    return running / count


def average_of_a_list(batches: Any) -> Any:
    losses, sizes = [], []
    for loss, size in batches:
        losses.append(loss)
        sizes.append(size)
    return sum(loss.item() * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)


def average_over_batches(batches: Any) -> Any:
    running, count = 0.0, 0
    for loss, size in batches:
        running += loss.item() * size
        count += 1
    return running / count


def average_by_first_size(batches: Any) -> Any:
    running, count, first = 0.0, 0, 0
    for loss, size in batches:
        first = first or size
        running += loss.item() * size
        count += first
    return running / count


def average_sum(batches: Any) -> Any:
    running = 0.0
    for loss, size in batches:
        running += loss.item() * size
    return running


def average_right_running(batches: Any) -> Any:
    mean, seen = 0.0, 0
    for loss, size in batches:
        seen += size
        mean += (float(loss.detach()) - mean) * size / seen
    return mean


def average_right_numpy(batches: Any) -> Any:
    import numpy as np

    pairs = [(loss.item(), size) for loss, size in batches]
    return float(np.average([loss for loss, _ in pairs], weights=[size for _, size in pairs]))


EPOCH_LOSS = Exercise(
    name="epoch_loss",
    unit=UNIT,
    returns=("mean", "facts"),
    probe="running_loss",
    groups=(
        Group("unequal", "is the mean over the examples when the batches differ in size", 1),
        Group("last", "gives a small last batch no more weight than its examples have", 1),
        Group("cuts", "does not depend on how the examples are cut into batches", 1),
        Group("history", "returns a plain number, and keeps no batch's graph alive", 1),
    ),
    cases=average_cases,
    reference=average_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            average_as_given,
            "This is the published running loss. It gives each batch the same weight, whether it holds 128 examples "
            "or 16; and it adds tensors, so that every batch's graph stays in memory until the end.",
            hint=1,
        ),
        Misconception(
            "mean_of_batch_means",
            average_of_batches,
            "A plain number now, and still the mean over batches. A batch's loss is a mean over its own examples; "
            "what does it have to be multiplied by before it is added to the others?",
            hint=1,
        ),
        Misconception(
            "graphs_kept",
            average_with_graphs,
            "Every example counts the same now. But you still add tensors: the sum's history holds the graph of "
            "every batch so far, with all its maps.",
            hint=2,
        ),
        Misconception(
            "list_of_losses",
            average_of_a_list,
            "The number is right. On the way your list holds every loss with its graph, and takes the plain numbers "
            "only at the end, when the memory has long been full.",
            hint=2,
        ),
        Misconception(
            "divided_by_batches",
            average_over_batches,
            "You add up the losses of all examples, and divide by the number of batches. By how many things should a "
            "sum over examples be divided?",
            hint=1,
        ),
        Misconception(
            "first_size_for_all",
            average_by_first_size,
            "You count each batch as large as the first. The last one rarely is; its real size comes with it.",
            hint=1,
        ),
        Misconception(
            "sum_for_mean",
            average_sum,
            "That is the sum over all examples; it grows with the data set. The mean is asked for.",
            hint=1,
        ),
    ),
    equivalents=(average_right_running, average_right_numpy),
)

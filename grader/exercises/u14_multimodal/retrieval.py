"""`zero_shot` and `recall_at_k`: what a shared space is good for, and how good it is."""

import numpy as np

from grader.exercises.u14_multimodal.words import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def unit(array: np.ndarray) -> np.ndarray:
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


def zero_shot_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, C: int, K: int, D: int) -> Case:
        examples, prompts = unit(rng.normal(size=(N, D))), unit(rng.normal(size=(C, K, D)))
        # Prompts of one class lie in one direction, some classes closer together than others.
        prompts = unit(prompts + rng.uniform(0.5, 3, size=(C, 1, 1)) * unit(rng.normal(size=(C, 1, D))))
        if group in ("length", "uneven"):
            examples = examples * rng.uniform(0.1, 9, size=(N, 1))
            prompts = prompts * rng.uniform(0.1, 9, size=(C, K, 1))
        return Case(label, group, {"examples": examples, "prompts": prompts})

    return [
        case("5 classes, one prompt each", "one_prompt", 8, 5, 1, 4),
        case("3 classes, one prompt each", "one_prompt", 6, 3, 1, 6),
        case("vectors of all lengths", "length", 12, 6, 1, 3),
        case("vectors of all lengths, 4 classes", "length", 9, 4, 1, 5),
        case("3 prompts a class", "several", 10, 5, 3, 4),
        case("6 prompts a class", "several", 12, 4, 6, 5),
        case("3 prompts of all lengths", "uneven", 10, 5, 3, 4),
        case("5 prompts of all lengths", "uneven", 8, 6, 5, 3),
    ]


def zero_shot_oracle(examples: np.ndarray, prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SciPy's cosine distance to the sum of each class's unit vectors."""
    from scipy.spatial.distance import cdist

    centres = [np.sum([one / np.sqrt(one @ one) for one in some], axis=0) for some in prompts]
    distance = cdist(examples, np.array(centres), "cosine")
    return distance.argmin(axis=1), 1 - distance


def shot_dot(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    similarity = examples @ prompts.mean(axis=1).T
    return similarity.argmax(axis=1), similarity


def shot_mean_of_raw(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    mean = prompts.mean(axis=1)
    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    similarity = examples / np.linalg.norm(examples, axis=1, keepdims=True) @ mean.T
    return similarity.argmax(axis=1), similarity


def shot_not_again(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    mean = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)
    similarity = examples / np.linalg.norm(examples, axis=1, keepdims=True) @ mean.T
    return similarity.argmax(axis=1), similarity


def shot_best_prompt(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    directions = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    examples = examples / np.linalg.norm(examples, axis=1, keepdims=True)
    similarity = np.einsum("nd,ckd->nck", examples, directions).max(axis=2)
    return similarity.argmax(axis=1), similarity


def shot_examples_as_they_are(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    mean = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)
    similarity = examples @ (mean / np.linalg.norm(mean, axis=1, keepdims=True)).T
    return similarity.argmax(axis=1), similarity


def shot_farthest(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    mean = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)
    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    similarity = examples / np.linalg.norm(examples, axis=1, keepdims=True) @ mean.T
    return similarity.argmin(axis=1), similarity


def shot_first_prompt(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    first = prompts[:, 0] / np.linalg.norm(prompts[:, 0], axis=1, keepdims=True)
    similarity = examples / np.linalg.norm(examples, axis=1, keepdims=True) @ first.T
    return similarity.argmax(axis=1), similarity


def shot_by_loop(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    similarity = np.zeros((len(examples), len(prompts)))
    for c, some in enumerate(prompts):
        centre = sum(prompt / np.linalg.norm(prompt) for prompt in some)
        for n, example in enumerate(examples):
            similarity[n, c] = example @ centre / np.linalg.norm(example) / np.linalg.norm(centre)
    return [int(np.argmax(row)) for row in similarity], similarity


def shot_in_torch(examples: np.ndarray, prompts: np.ndarray) -> tuple:
    import torch
    from torch.nn.functional import normalize

    centres = normalize(normalize(torch.from_numpy(prompts.copy()), dim=-1).mean(1), dim=-1)
    similarity = normalize(torch.from_numpy(examples.copy()), dim=-1) @ centres.T
    return similarity.argmax(1), similarity


ZERO_SHOT = Exercise(
    name="zero_shot",
    unit=UNIT,
    returns=("labels", "similarity"),
    groups=(
        Group("one_prompt", "finds the nearest prompt", 2),
        Group("length", "compares directions, whatever the lengths", 2),
        Group("several", "makes one direction of several prompts of a class", 2),
        Group("uneven", "gives a long and a short prompt the same say", 1),
    ),
    cases=zero_shot_cases,
    reference=zero_shot_oracle,
    misconceptions=(
        Misconception(
            "dot_product",
            shot_dot,
            "You compare by dot products. A prompt with a long vector then wins everywhere. The cosine is the dot "
            "product of vectors of length 1.",
            hint=1,
        ),
        Misconception(
            "examples_as_they_are",
            shot_examples_as_they_are,
            "The labels are right, since an example's length multiplies all of its similarities alike; but they are no "
            "cosines, and two examples cannot be compared. Bring the examples to length 1, too.",
            hint=1,
        ),
        Misconception(
            "farthest",
            shot_farthest,
            "You choose the class with the smallest cosine: the one that points away. A distance is to be small, a "
            "similarity large.",
            hint=1,
        ),
        Misconception(
            "mean_of_raw_prompts",
            shot_mean_of_raw,
            "You average a class's prompts as they are, so that the longest of them decides the direction. First bring "
            "each to length 1, then average.",
            hint=2,
        ),
        Misconception(
            "mean_not_normalized",
            shot_not_again,
            "The mean of several unit vectors is shorter than 1, the shorter the less they agree. A class whose "
            "prompts differ is then at a disadvantage. Bring the mean to length 1 again.",
            hint=2,
        ),
        Misconception(
            "best_prompt",
            shot_best_prompt,
            "You take the best of a class's prompts for each example. With many prompts, chance alone finds a good "
            "one. One direction for each class is asked for: their mean.",
            hint=2,
        ),
        Misconception(
            "first_prompt",
            shot_first_prompt,
            "You use only the first prompt of each class. All K of them are to have a say.",
            hint=2,
        ),
    ),
    equivalents=(shot_by_loop, shot_in_torch),
)


# --- recall_at_k ---------------------------------------------------------------------------------------------------


def recall_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, Q: int, N: int, k: int, share: float = 0.25, levels: int = 0) -> Case:
        similarity = rng.normal(size=(Q, N))
        if levels:
            similarity = rng.integers(levels, size=(Q, N)) / 2.0
        relevant = rng.random((Q, N)) < share
        relevant[np.arange(Q), rng.integers(N, size=Q)] = True
        if "no answer" in label:
            relevant[: Q // 2] = False
        if "all alike" in label:
            similarity = np.full((Q, N), float(rng.normal()))
            relevant = np.arange(N) == np.arange(Q)[:, None]
        return Case(label, group, {"similarity": similarity, "relevant": relevant, "k": k})

    def many() -> int:
        return int(rng.integers(61, 150))  # so that a share of them is hardly that of another case

    return [
        case("20 queries, k = 1", "first", 20, 7, 1, 0.3),
        case("many queries of 9 things, k = 1", "first", many(), 9, 1, 0.4),
        case("k = 3", "k", many(), 12, 3, 0.1),
        case("k = 5", "k", 20, 15, 5, 0.08),
        case("k = 2, many right ones", "k", 18, 8, 2, 0.4),
        case("similarities of few levels, k = 2", "ties", many(), 10, 2, 0.15, levels=3),
        case("all alike, k = 4", "ties", 10, 14, 4),
        case("k as large as everything", "edges", 12, 6, 6, 0.1),
        case("k beyond everything, some with no answer", "edges", 10, 5, 9, 0.2),
        case("some with no answer, k = 1", "edges", many(), 6, 1, 0.5),
    ]


def recall_oracle(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    """By sorting each query's things in plain Python, wrong ones first among equals."""
    hits = []
    for row, right in zip(similarity.tolist(), relevant.tolist(), strict=True):
        ranked = sorted(zip(row, right, strict=True), key=lambda pair: (-pair[0], pair[1]))
        hits.append(any(is_right for _, is_right in ranked[:k]))
    return sum(hits) / len(hits)


def recall_ascending(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    hits = []
    for row, right in zip(similarity, relevant, strict=True):
        worst = np.where(right, row, np.inf).min()
        hits.append(right.any() and 1 + (~right & (row <= worst)).sum() <= k)
    return float(np.mean(hits))


def recall_precision(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant, -similarity), axis=1)[:, :k]
    return float(np.take_along_axis(relevant, order, axis=1).mean())


def recall_share_found(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant, -similarity), axis=1)[:, :k]
    found = np.take_along_axis(relevant, order, axis=1).sum(axis=1)
    return float(np.mean(found / np.maximum(relevant.sum(axis=1), 1)))


def recall_lenient(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    best = np.where(relevant, similarity, -np.inf).max(axis=1, keepdims=True)
    rank = 1 + (~relevant & (similarity > best)).sum(axis=1)
    return float(np.mean(relevant.any(axis=1) & (rank <= k)))


def recall_by_position(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    return float(np.take_along_axis(relevant, order, axis=1).any(axis=1).mean())


def recall_kth_only(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant, -similarity), axis=1)[:, min(k, relevant.shape[1]) - 1]
    return float(relevant[np.arange(len(relevant)), order].mean())


def recall_one_more(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant, -similarity), axis=1)[:, : k + 1]
    return float(np.take_along_axis(relevant, order, axis=1).any(axis=1).mean())


def recall_of_things(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant.T, -similarity.T), axis=1)[:, :k]
    return float(np.take_along_axis(relevant.T, order, axis=1).any(axis=1).mean())


def recall_answerable(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    keep = relevant.any(axis=1)
    order = np.lexsort((relevant[keep], -similarity[keep]), axis=1)[:, :k]
    return float(np.take_along_axis(relevant[keep], order, axis=1).any(axis=1).mean())


def recall_by_loop(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    found = 0
    for row, right in zip(similarity, relevant, strict=True):
        if right.any():
            found += int(np.count_nonzero(row[~right] >= row[right].max()) < k)
    return found / len(similarity)


def recall_by_lexsort(similarity: np.ndarray, relevant: np.ndarray, k: int) -> float:
    order = np.lexsort((relevant, -similarity), axis=1)
    ranked = np.take_along_axis(relevant, order, axis=1)
    return float(ranked[:, :k].any(axis=1).mean())


RECALL_AT_K = Exercise(
    name="recall_at_k",
    unit=UNIT,
    returns=("recall",),
    groups=(
        Group("first", "says how often the best match is right", 2),
        Group("k", "counts a query if any of its k best matches is right", 2),
        Group("ties", "gives no credit for a tie", 2),
        Group("edges", "copes with a k beyond everything, and with queries that have no answer", 1),
    ),
    cases=recall_cases,
    reference=recall_oracle,
    misconceptions=(
        Misconception(
            "ascending",
            recall_ascending,
            "You look at the k *least* similar things: sorting goes from small to large unless it is told otherwise.",
            hint=1,
        ),
        Misconception(
            "precision",
            recall_precision,
            "You count how many of the k matches are right: that is precision. A query is found as soon as one of them "
            "is.",
            hint=2,
        ),
        Misconception(
            "share_of_the_right_ones",
            recall_share_found,
            "You count which share of all right things is among the k best. That is recall in its older sense; with "
            "more right things than k it can never reach 1. Here a query counts as found or not.",
            hint=2,
        ),
        Misconception(
            "kth_only",
            recall_kth_only,
            "You look at the match in place k alone. All places up to k count.",
            hint=2,
        ),
        Misconception(
            "one_more",
            recall_one_more,
            "You look at k + 1 matches. Count how many wrong things stand before the best right one: fewer than k may.",
            hint=2,
        ),
        Misconception(
            "generous_with_ties",
            recall_lenient,
            "Among equals you put the right one first. A network that gives everything the same similarity would then "
            "be perfect. A tie is no success: a wrong thing that is just as similar stands before the right one.",
            hint=3,
        ),
        Misconception(
            "ties_by_position",
            recall_by_position,
            "Among equals your sorting keeps the order in which things happen to stand in the table. Shuffle the "
            "table, and the result changes. A wrong thing that is just as similar stands before the right one.",
            hint=3,
        ),
        Misconception(
            "things_for_queries",
            recall_of_things,
            "You let the things look for queries: rows and columns are exchanged. Queries are the rows.",
            hint=1,
        ),
        Misconception(
            "answerable_only",
            recall_answerable,
            "Queries without any right thing are left out of your mean. They count here, as not found.",
            hint=4,
        ),
    ),
    equivalents=(recall_by_loop, recall_by_lexsort),
)

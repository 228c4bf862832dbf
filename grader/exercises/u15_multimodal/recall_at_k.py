"""`recall_at_k`: how often something right is among the k best matches of a query."""

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


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
        case("several right ones alike, k = 1", "ties", many(), 6, 1, 0.6, levels=2),
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


def recall_by_loop(similarity, relevant, k):
    found = 0
    for row, right in zip(similarity, relevant, strict=True):
        if right.any():
            found += int(np.count_nonzero(row[~right] >= row[right].max()) < k)
    return found / len(similarity)


def recall_by_counting(similarity, relevant, k):
    best = np.where(relevant, similarity, -np.inf).max(axis=1, keepdims=True)
    before = (~relevant & (similarity >= best)).sum(axis=1)
    return np.mean(relevant.any(axis=1) & (before < k))


def recall_at_k(similarity, relevant, k):
    order = np.lexsort((relevant, -similarity), axis=1)[:, :k]  # among equals the wrong ones first
    found = np.take_along_axis(relevant, order, axis=1).any(axis=1)
    return float(found.mean())


LEXSORT = "np.lexsort((relevant, -similarity), axis=1)"
SORTINGS = {
    "": recall_at_k,
    "_by_position": change(recall_at_k, LEXSORT, 'np.argsort(-similarity, axis=1, kind="stable")'),
    "_from_the_end": change(recall_at_k, LEXSORT, 'np.argsort(similarity, axis=1, kind="stable")[:, ::-1]'),
}
"""What orders the things of a query, by how it breaks ties: other mistakes are made on top of each."""


RECALL_AT_K = Exercise(
    name="recall_at_k",
    unit=UNIT,
    returns=("recall",),
    groups=(
        Group("first", "says how often the best match is right", 2, hint=1),
        Group("k", "counts a query if any of its k best matches is right", 2, hint=2),
        Group("ties", "gives no credit for a tie", 2, hint=3),
        Group("edges", "copes with a k beyond everything, and with queries that have no answer", 1, hint=4),
    ),
    cases=recall_cases,
    reference=recall_oracle,
    misconceptions=(
        Misconception(
            "ascending",
            change(recall_at_k, "-similarity", "similarity"),
            "You look at the k *least* similar things: sorting goes from small to large unless it is told otherwise.",
        ),
        *(
            Misconception(
                f"precision{name}",
                change(sorting, ".any(axis=1)", ".mean(axis=1)"),
                "You count how many of the k matches are right: that is precision. A query is found as soon as one of "
                "them is.",
                hint=2,
            )
            for name, sorting in SORTINGS.items()
        ),
        *(
            Misconception(
                f"share_of_the_right_ones{name}",
                change(sorting, ".any(axis=1)", ".sum(axis=1) / np.maximum(relevant.sum(axis=1), 1)"),
                "You count which share of all right things is among the k best. That is recall in its older sense; "
                "with more right things than k it can never reach 1. Here a query counts as found or not.",
                hint=2,
            )
            for name, sorting in SORTINGS.items()
        ),
        Misconception(
            "kth_only",
            change(recall_at_k, "[:, :k]", "[:, min(k, relevant.shape[1]) - 1 :][:, :1]"),
            "You look at the match in place k alone. All places up to k count.",
        ),
        Misconception(
            "one_more",
            change(recall_at_k, "[:, :k]", "[:, : k + 1]"),
            "You look at k + 1 matches. Count how many wrong things stand before the best right one: fewer than k may.",
            hint=2,
        ),
        Misconception(
            "generous_with_ties",
            change(recall_at_k, "(relevant, -similarity)", "(~relevant, -similarity)"),
            "Among equals you put the right one first. A network that gives everything the same similarity would then "
            "be perfect. A tie is no success: a wrong thing that is just as similar stands before the right one.",
        ),
        *(
            Misconception(
                f"ties{name}",
                SORTINGS[name],
                "Among equals your sorting goes by where things happen to stand in the table. Shuffle the table, and "
                "the result changes. A wrong thing that is just as similar stands before the right one.",
            )
            for name in ("_by_position", "_from_the_end")
        ),
        Misconception(
            "things_for_queries",
            change(recall_at_k, "    order", "    similarity, relevant = similarity.T, relevant.T\n    order"),
            "You let the things look for queries: rows and columns are exchanged. Queries are the rows.",
        ),
        Misconception(
            "answerable_only",
            change(recall_at_k, "found.mean()", "found[relevant.any(axis=1)].mean()"),
            "Queries without any right thing are left out of your mean. They count here, as not found.",
        ),
        Misconception(
            "partner_only",
            change(recall_at_k, "    order", "    relevant = np.eye(*relevant.shape, dtype=bool)\n    order"),
            "You take thing i for the only right one of query i. `relevant` says which are right: there may be "
            "several, or none.",
            hint=2,
        ),
        Misconception(
            "right_ones_in_the_way",
            change(
                recall_by_counting,
                "(~relevant & (similarity >= best)).sum(axis=1)",
                "(similarity >= best).sum(axis=1) - 1",
            ),
            "Among equals you count another right thing as standing before the right one. Only wrong things do; if "
            "two right ones tie for the first place, the query is found.",
        ),
        Misconception(
            "unanswerable_found",
            change(recall_by_counting, "relevant.any(axis=1) & (before < k)", "before < k"),
            "With a large k you count queries as found that have no right thing at all. Nothing can be found there: "
            "they count as not found.",
        ),
        Misconception(
            "count_of_queries",
            change(recall_at_k, "found.mean()", "found.sum()"),
            "You count the queries that were found. The share of all queries is asked for.",
        ),
        Misconception(
            "last_places",
            change(recall_at_k, "[:, :k]", "[:, -k:]"),
            "You look at the k *least* similar things: the end of a list that is sorted from large to small.",
        ),
    ),
    also_right=(
        recall_at_k,
        recall_by_loop,
        recall_by_counting,
        change(recall_at_k, "float(found.mean())", "found.sum() / len(found)"),
        change(
            recall_at_k,
            "np.take_along_axis(relevant, order, axis=1).any(axis=1)",
            "np.array([row[places].any() for row, places in zip(relevant, order)])",
        ),
    ),
)

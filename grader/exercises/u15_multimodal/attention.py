"""`attention`: each query gets a mean of the values, weighted by how well the keys fit it; masked keys do not count."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception

FORBIDDEN = (
    "nn.functional.scaled_dot_product_attention",
    "nn.functional.multi_head_attention_forward",
    "nn.MultiheadAttention",
)
Sizes = tuple[int, int, int, int, int]


def attention_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: Sizes, rows: list[str] | None = None, **more: float) -> Case:
        """rows: for each sequence its keys, x for one that may be seen and . for one that may not; by default, all."""
        N, Q, K, d, D = sizes
        queries, keys = rng.normal(size=(N, Q, d)), rng.normal(size=(N, K, d))
        if "shift" in more:  # scores that are all far below zero, whatever d is
            queries, keys = np.abs(queries) + more["shift"], -np.abs(keys) - more["shift"]
        inputs = {
            "queries": more.get("times", 1.0) * queries,
            "keys": keys,
            "values": rng.normal(size=(N, K, D)),
            "mask": np.array([[mark == "x" for mark in row] for row in rows or N * ["x" * K]]),
            "asks": "gradients" if group == "gradients" else "output",
            "direction": rng.normal(size=(N, Q, D)),
        }
        return Case(label, group, inputs)

    return [
        case("1 query, 3 keys, vectors of one number", "softmax", (1, 1, 3, 1, 2)),
        case("2 sequences, 3 queries, 4 keys, one number", "softmax", (2, 3, 4, 1, 5)),
        case("vectors of 4 numbers", "scale", (1, 2, 3, 4, 2)),
        case("vectors of 9 numbers, 3 sequences", "scale", (3, 2, 4, 9, 5)),
        case("2 of 4 keys masked", "mask", (2, 3, 4, 1, 2), ["xx..", "x.x."]),
        case("all keys but one masked", "mask", (3, 2, 5, 1, 4), ["..x..", "x....", "....x"]),
        case("all scores are far below 0", "mask", (2, 3, 5, 1, 3), [".xx.x", "xx..x"], shift=15.0),
        case("scores of some thousands", "large", (2, 3, 4, 1, 2), times=4000.0),
        case("scores of some thousands, 5 queries", "large", (1, 5, 3, 1, 4), times=9000.0),
        case("the second sequence has no keys at all", "nobody", (3, 2, 4, 1, 3), ["xxxx", "....", "xxxx"]),
        case("the first sequence has no keys at all", "nobody", (2, 4, 3, 1, 2), ["...", "xxx"]),
        case("gradients", "gradients", (2, 3, 4, 1, 2)),
        case("gradients, where one sequence has no keys", "gradients", (3, 2, 3, 1, 4), ["xxx", "...", "xxx"]),
    ]


def attention_oracle(
    queries: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray,
    asks: str,
    direction: np.ndarray,
) -> tuple[Any, Any]:
    """torch's scaled_dot_product_attention on the sequences that have a key; zeros for the others."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    tensors = [torch.tensor(array, requires_grad=True) for array in (queries, keys, values)]
    some = torch.from_numpy(mask.any(axis=1))
    q, k, v = (tensor[some] for tensor in tensors)
    found = scaled_dot_product_attention(q, k, v, attn_mask=torch.from_numpy(mask)[some][:, None])
    out = torch.zeros(direction.shape, dtype=torch.float64).index_put((some,), found)
    if asks != "gradients":
        return out, None
    grads = torch.autograd.grad((out * torch.from_numpy(direction)).sum(), tensors)
    return None, [grad.numpy() for grad in grads]


def attention(queries, keys, values, mask):
    scores = queries @ keys.transpose(1, 2) / keys.shape[2] ** 0.5
    seen = mask[:, None, :]
    weights = scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen
    return weights @ values


def attention_by_loop(queries, keys, values, mask):
    import torch

    out = []
    for q, k, v, seen in zip(queries, keys, values, mask, strict=True):
        rows = []
        for query in q:
            if not seen.any():
                rows.append(torch.zeros_like(v[0]))
                continue
            scores = (k[seen] * query).sum(dim=1) / len(query) ** 0.5
            rows.append((scores.softmax(dim=0)[:, None] * v[seen]).sum(dim=0))
        out.append(torch.stack(rows))
    return torch.stack(out)


def attention_by_exponentials(queries, keys, values, mask):
    import torch

    scores = torch.einsum("nqd,nkd->nqk", queries, keys) / queries.size(-1) ** 0.5
    scores = torch.where(mask[:, None], scores, -torch.finfo(scores.dtype).max)
    e = (scores - scores.amax(dim=-1, keepdim=True)).exp() * mask[:, None]
    return torch.einsum("nqk,nkv->nqv", e / e.sum(dim=-1, keepdim=True).clamp(min=1e-12), values)


def attention_with_infinity(queries, keys, values, mask):
    """Minus infinity, but for sequences without keys, whose result is taken out afterwards."""
    import math

    some = mask.any(dim=1)[:, None, None]
    hidden = ~mask[:, None, :] & some
    scores = queries.bmm(keys.mT) / math.sqrt(queries.shape[-1])
    return scores.masked_fill(hidden, -math.inf).softmax(-1).bmm(values) * some


def attention_added(queries, keys, values, mask):
    import torch

    penalty = torch.zeros(mask.shape, dtype=queries.dtype).masked_fill(~mask, -1e12)
    scores = (queries / queries.shape[-1] ** 0.5) @ keys.permute(0, 2, 1) + penalty.unsqueeze(1)
    return torch.nn.functional.softmax(scores, dim=-1) @ (values * mask.any(1)[:, None, None])


NORMALIZED = "scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen"


ATTENTION = Exercise(
    name="attention",
    unit=UNIT,
    returns=("out", "grads"),
    driver="attends",
    groups=(
        Group("softmax", "gives each query a mean of the values, by a softmax over the keys", 2, hint=1),
        Group("scale", "divides the scores by the root of d", 1, hint=2),
        Group("mask", "gives masked keys no weight, and shares all of it out among the others", 2, hint=3),
        Group("large", "stays finite where scores are large", 1, hint=1),
        Group("nobody", "returns zeros where no key may be seen", 1, hint=4),
        Group("gradients", "has the right gradients for queries, keys and values", 1, hint=4),
    ),
    cases=attention_cases,
    reference=attention_oracle,
    forbidden=FORBIDDEN,
    sizes={"d": ("keys", 2), "K": ("keys", 1), "Q": ("queries", 1)},
    misconceptions=(
        Misconception(
            "no_scale",
            change(attention, " / keys.shape[2] ** 0.5", ""),
            "You take the scores as they are. A dot product of d numbers is about the root of d times as large as "
            "one of a single number, and the softmax over such scores is nearly all or nothing: its gradients "
            "vanish. Divide by the root of d.",
        ),
        Misconception(
            "divided_by_d",
            change(attention, "keys.shape[2] ** 0.5", "keys.shape[2]"),
            "You divide by d. A sum of d independent products grows with the *root* of d, so that your scores get "
            "the smaller the longer the vectors are.",
        ),
        Misconception(
            "multiplied_by_the_root",
            change(attention, "/ keys.shape[2] ** 0.5", "* keys.shape[2] ** 0.5"),
            "You multiply the scores by the root of d. They are too large for long vectors as it is: divide.",
        ),
        Misconception(
            "root_of_the_keys",
            change(attention, "keys.shape[2]", "keys.shape[1]"),
            "You divide by the root of the number of keys. It is the length d of the vectors that makes dot products "
            "large; how many keys there are is the softmax's business.",
            hint=2,
        ),
        Misconception(
            "root_of_the_values",
            change(attention, "keys.shape[2]", "values.shape[2]"),
            "You divide by the root of the values' length. The dot product is of a query and a key: d is *their* "
            "length.",
            hint=2,
        ),
        Misconception(
            "scaled_after",
            change(
                attention,
                " / keys.shape[2] ** 0.5",
                "",
                "return weights @ values",
                "return weights @ values / keys.shape[2] ** 0.5",
            ),
            "You divide by the root of d after the softmax. Then the weights do not sum to 1 any more, and the "
            "softmax was as sharp as without it. Divide the scores.",
            hint=2,
        ),
        Misconception(
            "softmax_over_queries",
            change(attention, "softmax(dim=2)", "softmax(dim=1)"),
            "Your softmax runs over the queries: for each key the weights sum to 1. Each *query* has 1 to give away, "
            "so its row sums to 1.",
            hint=1,
        ),
        Misconception(
            "softmax_over_everything",
            change(
                attention,
                NORMALIZED,
                "scores.masked_fill(~seen, -1e9).flatten(1).softmax(1).view_as(scores) * seen",
            ),
            "Your softmax runs over all queries and keys of a sequence together. Each query has 1 of its own to give "
            "away.",
            hint=1,
        ),
        Misconception(
            "softmax_over_batch",
            change(attention, "softmax(dim=2)", "softmax(dim=0)"),
            "Your softmax runs over the sequences of the batch. They have nothing to do with one another: take the "
            "axis of the keys.",
            hint=1,
        ),
        Misconception(
            "mask_inverted",
            change(attention, "mask[:, None, :]", "~mask[:, None, :]"),
            "You look at the masked keys only, and leave out those that may be seen. True means: this key counts.",
            hint=3,
        ),
        Misconception(
            "zero_for_masked",
            change(attention, NORMALIZED, "(scores * seen).softmax(dim=2)"),
            "You give masked keys a score of 0. The softmax does not take that for nothing: exp(0) is 1, and where "
            "the other scores are negative they even win. What number must go in, so that exp of it is 0?",
            hint=3,
        ),
        Misconception(
            "masked_after",
            change(attention, NORMALIZED, "scores.softmax(dim=2) * seen"),
            "You take masked keys out after the softmax (their weights, or their values), and their share is lost: "
            "the weights of the others no longer sum to 1. The mask belongs to the scores, before it.",
            hint=3,
        ),
        Misconception(
            "mask_ignored",
            change(attention, NORMALIZED, "scores.softmax(dim=2)"),
            "Masked keys get weight like all others: nothing in your scores knows of the mask.",
            hint=3,
        ),
        Misconception(
            "fill_too_small",
            change(attention, "-1e9", "-10.0"),
            "Masked keys get a score of -10 or so. That is little only as long as the other scores are larger; let "
            "it be so far below zero that no score ever comes near.",
            hint=3,
        ),
        Misconception(
            "nan_where_nobody",
            change(attention, NORMALIZED, 'scores.masked_fill(~seen, float("-inf")).softmax(dim=2)'),
            "Where all keys are masked, all scores are minus infinity, and the softmax of that is 0 / 0: NaN. One "
            "such caption in a batch makes every parameter NaN.",
            hint=4,
        ),
        Misconception(
            "nan_in_the_gradient",
            change(attention, NORMALIZED, "(scores + seen.to(scores.dtype).log()).softmax(dim=2).nan_to_num(0.0)"),
            "You add minus infinity to the scores and replace NaN by 0 afterwards: the result is right. On the way "
            "back the gradient goes through the same 0 / 0, and is NaN. It must not come up in the first place.",
            about=("grads",),
            hint=4,
        ),
        Misconception(
            "everybody_where_nobody",
            change(attention, " * seen\n", "\n"),
            "Where all keys are masked, their scores are all equal, and the softmax deals the weight out evenly "
            "among keys that nobody may see. Zeros are asked for.",
            hint=4,
        ),
        Misconception(
            "no_softmax",
            change(attention, NORMALIZED, "scores * seen"),
            "Your weights are the scores themselves. They can be negative and sum to anything; a softmax makes "
            "shares of them.",
            hint=1,
        ),
        Misconception(
            "sigmoid",
            change(attention, NORMALIZED, "scores.sigmoid() * seen"),
            "A sigmoid asks of each key by itself whether it fits. Here the keys compete: a softmax makes weights "
            "that sum to 1.",
            hint=1,
        ),
        Misconception(
            "divided_by_the_sum",
            change(attention, NORMALIZED, "(scores * seen) / (scores * seen).sum(dim=2, keepdim=True)"),
            "You divide the scores by their sum. They may be negative, and the sum near 0: the exponentials of a "
            "softmax are never negative.",
            hint=1,
        ),
        Misconception(
            "winner_takes_all",
            change(
                attention,
                NORMALIZED,
                "scores * 0 + (seen & (scores == scores.masked_fill(~seen, -1e9).amax(2, keepdim=True)))",
            ),
            "The best key gets everything. So no gradient says how scores should change; a softmax lets the others "
            "have their share.",
            hint=1,
        ),
        Misconception(
            "overflow",
            change(
                attention,
                "weights = scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen",
                "e = scores.exp() * seen\n    weights = e / e.sum(dim=2, keepdim=True).clamp(min=1e-30)",
            ),
            "Your exponentials overflow where scores are large, and inf / inf is NaN. `softmax` subtracts the "
            "largest score before it takes them.",
            hint=1,
        ),
        Misconception(
            "softmax_twice",
            change(attention, NORMALIZED, NORMALIZED.replace("softmax(dim=2)", "softmax(dim=2).softmax(dim=2)")),
            "You take a softmax of a softmax. The second one gets numbers between 0 and 1, and makes nearly equal "
            "shares of them.",
            hint=1,
        ),
        Misconception(
            "weights_detached",
            change(attention, "return weights @", "return weights.detach() @"),
            "Your weights have no history, so that nothing teaches queries and keys what to look at. No .data and no "
            ".detach() on the way.",
        ),
        Misconception(
            "cosines",
            change(
                attention,
                "scores = queries @",
                "queries = queries / queries.norm(dim=2, keepdim=True)\n    keys = keys / keys.norm(dim=2, "
                "keepdim=True)\n    scores = queries @",
            ),
            "You bring queries and keys to length 1, as the contrastive loss does. Attention takes the dot product "
            "as it is; a long key asks for more weight.",
            hint=1,
        ),
        Misconception(
            "returns_weights",
            change(attention, "return weights @ values", "return weights"),
            "You return the weights. Each query is to get the mean of the values with them: one more product.",
            hint=1,
        ),
    ),
    also_right=(
        attention,
        attention_by_loop,
        attention_by_exponentials,
        attention_with_infinity,
        attention_added,
        change(attention, "queries @ keys.transpose(1, 2)", "(queries[:, :, None] * keys[:, None]).sum(dim=3)"),
        change(attention, NORMALIZED, 'scores.masked_fill(~seen, float("-inf")).softmax(dim=2).nan_to_num(0.0)'),
        change(attention, "return weights @ values", "return (weights[..., None] * values[:, None]).sum(dim=2)"),
    ),
)

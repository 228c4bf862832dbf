"""`AttentionEncoder`: words that look at one another before their mean is taken; padding counts for nothing."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.attention import FORBIDDEN
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def attention_encoder_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: tuple[int, int, int, int], counts: list[int], L: int) -> Case:
        V, dim, out, length = sizes
        weights = {
            "embedding.weight": rng.normal(size=(V, dim)),
            "positions.weight": rng.normal(size=(length, dim)) * (group != "words"),
            **{f"{name}.weight": rng.normal(0, 0.7, size=(dim, dim)) for name in ("query", "key", "value")},
            "projection.weight": rng.normal(0, 0.5, size=(out, dim)),
            "projection.bias": rng.normal(size=out),
        }
        mask = np.arange(L) < np.array(counts)[:, None]
        ids = rng.integers(0, V, size=mask.shape)  # any number may stand under padding, and 0 may be a word
        ids[0, 0] = 0
        return Case(
            label,
            group,
            {
                "sizes": list(sizes),
                "weights": weights,
                "data": {"ids": ids, "mask": mask},
                "asks": "gradients" if group == "gradients" else "output",
                "direction": rng.normal(size=(len(counts), out)),
            },
        )

    return [
        case("two words a caption, all places alike", "words", (7, 4, 3, 2), [2, 2], 2),
        case("four words a caption, all places alike", "words", (9, 3, 5, 4), [4, 4, 4], 4),
        case("each place has a vector", "places", (8, 4, 3, 4), [4, 4], 4),
        case("rows of 3 places, where 6 are possible", "places", (6, 3, 2, 6), [3, 3, 3], 3),
        case("2, 5 and 1 words in 5 places", "padding", (8, 4, 3, 5), [2, 5, 1], 5),
        case("1 and 3 words in 6 places", "padding", (6, 5, 2, 7), [1, 3], 6),
        case("an empty caption", "empty", (8, 3, 4, 3), [3, 0, 3], 3),
        case("only empty captions", "empty", (5, 4, 2, 4), [0, 0], 3),
        case("gradients, 3 words a caption", "gradients", (6, 4, 3, 3), [3, 3], 3),
        case("gradients, with an empty caption", "gradients", (7, 3, 2, 4), [3, 0, 3], 3),
    ]


def attention_encoder_oracle(
    sizes: list[int],
    weights: dict[str, np.ndarray],
    data: dict[str, np.ndarray],
    asks: str,
    direction: np.ndarray,
) -> tuple[Any, Any]:
    """Caption by caption, of its words alone, with torch's scaled_dot_product_attention and no mask at all."""
    import torch
    from torch.nn.functional import linear, scaled_dot_product_attention

    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    means = []
    for ids, mask in zip(data["ids"], data["mask"], strict=True):
        places = np.flatnonzero(mask)
        x = tensors["embedding.weight"][ids[places]] + tensors["positions.weight"][places]
        q, k, v = (linear(x, tensors[f"{name}.weight"])[None] for name in ("query", "key", "value"))
        seen = scaled_dot_product_attention(q, k, v)[0] if len(places) else x
        means.append(seen.mean(dim=0) if len(places) else seen.sum(dim=0))
    out = linear(torch.stack(means), tensors["projection.weight"], tensors["projection.bias"])
    if asks != "gradients":
        return out, None
    grads = torch.autograd.grad((out * torch.from_numpy(direction)).sum(), list(tensors.values()))
    return None, dict(zip(tensors, (grad.numpy() for grad in grads), strict=True))


def AttentionEncoder(V, dim, out, length):
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.positions = nn.Embedding(V, dim), nn.Embedding(length, dim)
            self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
            self.projection = nn.Linear(dim, out)

        def forward(self, ids, mask):
            words = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
            q, k, v = self.query(words), self.key(words), self.value(words)
            scores, seen = q @ k.transpose(1, 2) / dim**0.5, mask[:, None, :]
            weights = scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen
            heard, real = weights @ v, mask[:, :, None]
            mean = (heard * real).sum(1) / real.sum(1).clamp(min=1)
            return self.projection(mean)

    return Encoder()


def encoder_by_caption(V, dim, out, length):
    import torch
    from torch import nn

    class ByCaption(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.positions = nn.Embedding(V, dim), nn.Embedding(length, dim)
            self.query = nn.Linear(dim, dim, bias=False)
            self.key = nn.Linear(dim, dim, bias=False)
            self.value = nn.Linear(dim, dim, bias=False)
            self.projection = nn.Linear(dim, out)

        def forward(self, ids, mask):
            means = []
            for row, real in zip(ids, mask, strict=True):
                x = (self.embedding(row) + self.positions.weight[: len(row)])[real]
                if len(x) == 0:
                    means.append(x.sum(dim=0))
                    continue
                weights = (self.query(x) @ self.key(x).T / x.shape[1] ** 0.5).softmax(dim=1)
                means.append((weights @ self.value(x)).mean(dim=0))
            return self.projection(torch.stack(means))

    return ByCaption()


def encoder_by_einsum(V, dim, out, length):
    import math

    import torch
    from torch import nn

    class ByEinsum(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.positions = nn.Embedding(V, dim), nn.Embedding(length, dim)
            self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
            self.projection = nn.Linear(dim, out)

        def forward(self, ids, mask):
            x = self.embedding(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
            scores = torch.einsum("nqd,nkd->nqk", self.query(x), self.key(x)) / math.sqrt(dim)
            some = mask.any(dim=1)[:, None, None]
            weights = scores.masked_fill(~mask[:, None] & some, -math.inf).softmax(-1) * some
            share = mask / mask.sum(dim=1, keepdim=True).clamp(min=1)
            return self.projection(torch.einsum("nq,nqk,nkd->nd", share.to(x.dtype), weights, self.value(x)))

    return ByEinsum()


def encoder_with_function(V, dim, out, length):
    from torch import nn

    def attend(queries, keys, values, mask):
        scores = (queries / queries.shape[-1] ** 0.5).bmm(keys.mT)
        weights = scores.masked_fill(~mask[:, None], -1e12).softmax(dim=-1)
        return weights.bmm(values) * mask.any(dim=1)[:, None, None]

    class WithFunction(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.positions = nn.Embedding(V, dim), nn.Embedding(length, dim)
            self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
            self.projection = nn.Linear(dim, out)

        def forward(self, ids, mask):
            x = self.embedding(ids) + self.positions.weight[None, : ids.shape[1]]
            h = attend(self.query(x), self.key(x), self.value(x), mask)
            h = h.masked_fill(~mask[:, :, None], 0.0).sum(dim=1)
            return self.projection(h / mask.sum(dim=1, keepdim=True).clamp(min=1))

    return WithFunction()


LOOKED_AT = (
    "Your words look at padding, too. The mask has to reach the attention, and there it is the *keys* that it hides: "
    "whoever asks at a place of padding is left out of the mean later."
)
EMPTY = (
    "A caption without words becomes NaN: 0 / 0, in the softmax of your attention or in the mean. One such caption "
    "in a batch makes every parameter NaN."
)
MEAN = "(heard * real).sum(1) / real.sum(1).clamp(min=1)"
WEIGHTS = "scores.masked_fill(~seen, -1e9).softmax(dim=2) * seen"
WORDS = "self.embedding(ids) + self.positions.weight[: ids.shape[1]]"


ATTENTION_ENCODER = Exercise(
    name="AttentionEncoder",
    unit=UNIT,
    returns=("out", "grads"),
    driver="encoder",
    groups=(
        Group("words", "lets the words look at one another, and projects the mean of what they see", 2, hint=1),
        Group("places", "adds the vector of its place to each word", 1, hint=2),
        Group("padding", "gives padding no say", 2, hint=3),
        Group("empty", "has a finite answer to a caption without words", 1, hint=4),
        Group("gradients", "can be trained, all five matrices and the projection", 1, hint=5),
    ),
    cases=attention_encoder_cases,
    reference=attention_encoder_oracle,
    forbidden=FORBIDDEN,
    misconceptions=(
        Misconception(
            "no_places",
            change(AttentionEncoder, " + self.positions.weight[: ids.shape[1]]", ""),
            "Your words do not know where they stand. Attention alone treats the words as a set: 'a red bag beside a "
            "blue boot' and 'a blue bag beside a red boot' come out the same. Add the vector of its place to each "
            "word.",
            hint=2,
        ),
        Misconception(
            "one_place",
            change(AttentionEncoder, "self.positions.weight[: ids.shape[1]]", "self.positions.weight[0]"),
            "Every word gets the vector of the first place. Place l has row l of `positions`.",
            hint=2,
        ),
        Misconception(
            "places_from_the_end",
            change(AttentionEncoder, "weight[: ids.shape[1]]", "weight[-ids.shape[1] :]"),
            "You take the last rows of `positions`. The first word stands at place 0, in short rows too.",
            hint=2,
        ),
        Misconception(
            "places_multiplied",
            change(AttentionEncoder, "(ids) + self", "(ids) * self"),
            "You multiply each word by the vector of its place. They are added.",
            hint=2,
        ),
        Misconception(
            "places_after",
            change(
                AttentionEncoder,
                " + self.positions.weight[: ids.shape[1]]",
                "",
                "weights @ v",
                "weights @ v + self.positions.weight[: ids.shape[1]]",
            ),
            "You add the places after the attention. Then no query and no key knows of them, and the words still "
            "look at one another as a set.",
            hint=2,
        ),
        Misconception(
            "padding_is_looked_at",
            change(AttentionEncoder, WEIGHTS, "scores.softmax(dim=2)"),
            LOOKED_AT,
            hint=3,
        ),
        Misconception(
            "mean_over_padding",
            change(AttentionEncoder, MEAN, "heard.mean(1)"),
            "Your mean runs over all places. What stands at a place of padding also looked at the words, and its "
            "answer does not count.",
            hint=3,
        ),
        Misconception(
            "divides_by_length",
            change(AttentionEncoder, MEAN, "(heard * real).mean(1)"),
            "Padding is left out of the sum, but you divide by the length of the row. A short caption gets a quiet "
            "voice. How many words are there?",
            hint=3,
        ),
        Misconception(
            "queries_masked",
            change(AttentionEncoder, "mask[:, None, :]", "mask[:, :, None]"),
            LOOKED_AT,
            hint=3,
        ),
        Misconception(
            "mask_inverted",
            change(AttentionEncoder, "mask[:, None, :]", "~mask[:, None, :]"),
            "In your attention the words look at padding only. True in the mask means that a word stands here.",
            hint=3,
        ),
        Misconception(
            "sum",
            change(AttentionEncoder, MEAN, "(heard * real).sum(1)"),
            "You add up what the words see. A long caption then shouts louder than a short one: take the mean.",
            hint=1,
        ),
        Misconception(
            "first_word",
            change(AttentionEncoder, MEAN, "heard[:, 0] * real[:, 0]"),
            "You keep what the first word sees. Some encoders do, with a special word in front; here the mean over "
            "all words is asked for.",
            hint=1,
        ),
        Misconception(
            "largest",
            change(AttentionEncoder, MEAN, "heard.masked_fill(~real, -1e9).amax(1) * real.any(1)"),
            "You take the largest value of each feature over the words. The mean is asked for.",
            hint=1,
        ),
        Misconception(
            "residual",
            change(AttentionEncoder, "heard, real = weights @ v", "heard, real = words + weights @ v"),
            "You add the words to what they see. Large networks do, and call it a residual connection; here only "
            "what comes out of the attention goes on.",
            hint=1,
        ),
        Misconception(
            "words_as_values",
            change(AttentionEncoder, "weights @ v", "weights @ words"),
            "You average the words themselves. What is passed on has a matrix of its own, `value`.",
            hint=1,
        ),
        Misconception(
            "query_for_key",
            change(AttentionEncoder, "self.key(words)", "self.query(words)"),
            "You ask and answer with the same matrix, so that every score is the same both ways round. Keys come "
            "from `key`.",
            hint=1,
        ),
        Misconception(
            "query_and_key_swapped",
            change(AttentionEncoder, "q @ k.transpose(1, 2)", "k @ q.transpose(1, 2)"),
            "You have exchanged queries and keys: the weights of word l should come from *its* query and the keys of "
            "all.",
            hint=1,
        ),
        Misconception(
            "no_scale",
            change(AttentionEncoder, " / dim**0.5", ""),
            "The scores are not divided by the root of their vectors' length. If you call your `attention`, it does "
            "that.",
            hint=1,
        ),
        Misconception(
            "softmax_over_queries",
            change(AttentionEncoder, "softmax(dim=2)", "softmax(dim=1)"),
            "Your softmax runs over the words that ask. Each of them has 1 to give away, over the words that it "
            "looks at.",
            hint=1,
        ),
        Misconception(
            "no_attention",
            change(AttentionEncoder, "heard, real = weights @ v", "heard, real = v"),
            "Your words do not look at one another: what you average are their values as they stand. That is a bag "
            "of words again.",
            hint=1,
        ),
        Misconception(
            "empty_is_nan",
            change(AttentionEncoder, ".clamp(min=1)", ""),
            EMPTY,
            hint=4,
        ),
        Misconception(
            "empty_attends",
            change(AttentionEncoder, WEIGHTS, 'scores.masked_fill(~seen, float("-inf")).softmax(dim=2)'),
            EMPTY,
            hint=4,
        ),
        Misconception(
            "empty_is_zero",
            change(AttentionEncoder, "self.projection(mean)", "self.projection(mean) * mask.any(1)[:, None]"),
            "A caption without words becomes a row of zeros with you. Its mean is zero, and goes through the "
            "projection like any other: what comes out is the bias.",
        ),
        Misconception(
            "number_for_mask",
            change(AttentionEncoder, "mask[:, None, :]", "(ids != 0)[:, None, :]"),
            "You take 0 for padding in the attention and do not look at the mask. Which number padding has is the "
            "vocabulary's business.",
            hint=3,
        ),
        Misconception(
            "embedding_frozen",
            change(AttentionEncoder, "self.embedding(ids)", "self.embedding(ids).detach()"),
            "No gradient reaches the embedding: .data and .detach() hand out tensors without a history. The words "
            "keep their random meaning for ever.",
        ),
        Misconception(
            "places_frozen",
            change(AttentionEncoder, "self.positions.weight[", "self.positions.weight.detach()["),
            "No gradient reaches the places: .data and .detach() hand out tensors without a history.",
        ),
        Misconception(
            "relu_at_the_end",
            change(AttentionEncoder, "self.projection(mean)", "self.projection(mean).relu()"),
            "After the projection you cut off what is negative. The encoder returns the projection as it is.",
        ),
        Misconception(
            "unit_length",
            change(AttentionEncoder, "self.projection(mean)", "nn.functional.normalize(self.projection(mean), dim=1)"),
            "You bring the result to length 1. The loss does that later; the encoder returns the projection as it is.",
        ),
    ),
    also_right=(
        AttentionEncoder,
        encoder_by_caption,
        encoder_by_einsum,
        encoder_with_function,
        change(
            AttentionEncoder,
            "mean = (heard * real).sum(1) / real.sum(1).clamp(min=1)",
            "mean = heard.masked_fill(~real, 0.0).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)",
        ),
        change(
            AttentionEncoder,
            WORDS,
            "self.embedding(ids) * mask[:, :, None] + self.positions.weight[: ids.shape[1]]",
        ),
    ),
)

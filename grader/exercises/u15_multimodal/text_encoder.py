"""`TextEncoder`: the mean of the words' embeddings, projected; padding counts for nothing."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def text_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, sizes: tuple[int, int, int], counts: list[int], L: int) -> Case:
        V, dim, out = sizes
        weights = {
            "embedding.weight": rng.normal(size=(V, dim)),
            "projection.weight": rng.normal(0, 0.5, size=(out, dim)),
            "projection.bias": rng.normal(size=out),
        }
        mask = np.arange(L) < np.array(counts)[:, None]
        # Any number may stand under padding, and 0 may be a word: the mask alone says which is which.
        ids = rng.integers(0, V, size=mask.shape)
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
        case("one word a caption", "words", (7, 4, 3), [1, 1, 1], 1),
        case("three words a caption", "words", (9, 3, 5), [3, 3], 3),
        case("2, 4 and 1 words in 4 places", "padding", (8, 4, 3), [2, 4, 1], 4),
        case("1 and 3 words in 6 places", "padding", (6, 5, 2), [1, 3], 6),
        case("an empty caption", "empty", (8, 3, 4), [2, 0, 3], 4),
        case("only empty captions", "empty", (5, 4, 2), [0, 0], 2),
        case("gradients, 3 and 2 words in 3 places", "gradients", (6, 4, 3), [3, 2], 3),
        case("gradients, with an empty caption", "gradients", (7, 3, 2), [2, 0, 1], 3),
    ]


def text_oracle(
    sizes: list[int],
    weights: dict[str, np.ndarray],
    data: dict[str, np.ndarray],
    asks: str,
    direction: np.ndarray,
) -> tuple[Any, Any]:
    """torch.nn.functional.embedding_bag, whose bags have weights that sum to one."""
    import torch
    from torch.nn import functional

    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    mask = data["mask"].astype(float)
    share = mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    bags = functional.embedding_bag(
        torch.from_numpy(data["ids"]),
        tensors["embedding.weight"],
        mode="sum",
        per_sample_weights=torch.from_numpy(share),
    )
    out = functional.linear(bags, tensors["projection.weight"], tensors["projection.bias"])
    if asks != "gradients":
        return out, None
    grads = torch.autograd.grad((out * torch.from_numpy(direction)).sum(), list(tensors.values()))
    return None, dict(zip(tensors, (grad.numpy() for grad in grads), strict=True))


def text_by_matmul(V, dim, out):
    from torch import nn

    class ByMatmul(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids, mask):
            words = self.embedding(ids)
            share = mask.to(words.dtype)
            share = share / share.sum(1, keepdim=True).clamp(min=1)
            return self.projection((share[:, None] @ words)[:, 0])

    return ByMatmul()


def text_by_loop(V, dim, out):
    import torch
    from torch import nn

    class ByLoop(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids, mask):
            means = []
            for row, real in zip(ids, mask, strict=True):
                words = self.embedding(row[real])
                means.append(words.mean(0) if len(words) else words.sum(0))
            return self.projection(torch.stack(means))

    return ByLoop()


def text_projected_first(V, dim, out):
    import torch
    from torch import nn

    class ProjectedFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids, mask):
            words = nn.functional.linear(self.embedding(ids), self.projection.weight)
            kept = torch.where(mask[:, :, None], words, 0.0)
            return kept.sum(1) / mask.sum(1, keepdim=True).clamp(min=1) + self.projection.bias

    return ProjectedFirst()


def TextEncoder(V, dim, out):
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.projection = nn.Embedding(V, dim), nn.Linear(dim, out)

        def forward(self, ids, mask):
            words, real = self.embedding(ids), mask[:, :, None]
            mean = (words * real).sum(1) / real.sum(1).clamp(min=1)
            return self.projection(mean)

    return Encoder()


LARGEST = {
    "of_the_words": "words.masked_fill(~real, -1e9).amax(1) * real.any(1)",
    "of_big_numbers": "words.masked_fill(~real, -1e9).amax(1)",
    "of_infinity": 'words.masked_fill(~real, float("-inf")).amax(1)',
    "of_zeros": "(words * real).amax(1)",
    "of_all": "words.amax(1)",
}
"""The largest value in place of the mean, by what stands under padding."""


TEXT_ENCODER = Exercise(
    name="TextEncoder",
    unit=UNIT,
    returns=("out", "grads"),
    driver="encoder",
    groups=(
        Group("words", "averages the embeddings of a caption's words and projects them", 2, hint=1),
        Group("padding", "gives padding no say", 2, hint=2),
        Group("empty", "has a finite answer to a caption without words", 1, hint=3),
        Group("gradients", "can be trained, embedding and projection", 1, hint=4),
    ),
    cases=text_cases,
    reference=text_oracle,
    forbidden=("nn.EmbeddingBag", "nn.functional.embedding_bag"),
    misconceptions=(
        Misconception(
            "mean_over_padding",
            change(TextEncoder, "(words * real).sum(1) / real.sum(1).clamp(min=1)", "words.mean(1)"),
            "Your mean runs over all places, padding included. So the same caption means something else in a longer "
            "row, and short captions are mostly about padding.",
        ),
        Misconception(
            "divides_by_length",
            change(TextEncoder, "(words * real).sum(1) / real.sum(1).clamp(min=1)", "(words * real).mean(1)"),
            "Padding is left out of the sum, but you divide by the length of the row. A short caption gets a quiet "
            "voice. How many words are there?",
        ),
        Misconception(
            "sum",
            change(TextEncoder, "(words * real).sum(1) / real.sum(1).clamp(min=1)", "(words * real).sum(1)"),
            "You add the embeddings up. A long caption then shouts louder than a short one that says the same; the "
            "mean does not depend on how much is said.",
            hint=2,
        ),
        Misconception(
            "mask_inverted",
            change(TextEncoder, "mask[:, :, None]", "~mask[:, :, None]"),
            "You average the padding and leave the words out: True in the mask means that a word stands here.",
            hint=2,
        ),
        *(
            Misconception(
                f"largest_{name}",
                change(TextEncoder, "(words * real).sum(1) / real.sum(1).clamp(min=1)", largest),
                "You take the largest value of each feature over the words. That can work too, but the mean is asked "
                "for.",
            )
            for name, largest in LARGEST.items()
        ),
        Misconception(
            "empty_is_nan",
            change(TextEncoder, ".clamp(min=1)", ""),
            "A caption without words gives 0 / 0, which is NaN, and one NaN in a batch makes every parameter NaN. "
            "Divide by at least 1.",
        ),
        Misconception(
            "embedding_frozen",
            change(TextEncoder, "self.embedding(ids)", "self.embedding(ids).detach()"),
            "No gradient reaches the embedding: .data and .detach() hand out tensors "
            "without a history. The words keep their random meaning for ever.",
        ),
        Misconception(
            "relu_between",
            change(TextEncoder, "self.projection(mean)", "self.projection(mean.relu())"),
            "Between mean and projection you cut off what is negative. Half of what the words say gets lost; nothing "
            "is asked for here but mean and projection.",
        ),
        Misconception(
            "relu_at_the_end",
            change(TextEncoder, "self.projection(mean)", "self.projection(mean).relu()"),
            "After the projection you cut off what is negative. The encoder returns the projection as it is: a "
            "direction has both signs.",
        ),
        Misconception(
            "words_of_the_batch",
            change(TextEncoder, "real.sum(1).clamp(min=1)", "real.sum().clamp(min=1)"),
            "You divide every caption by the number of words of the whole batch. Each caption has a count of its own.",
            hint=2,
        ),
        Misconception(
            "one_word_more",
            change(TextEncoder, "real.sum(1).clamp(min=1)", "(real.sum(1) + 1)"),
            "You divide by one more than the number of words. At least 1 is meant for captions without words; all "
            "others are divided by their own count.",
            hint=3,
        ),
        Misconception(
            "first_word",
            change(TextEncoder, "(words * real).sum(1) / real.sum(1).clamp(min=1)", "(words * real)[:, 0]"),
            "You keep the first word alone. The mean over all words of a caption is asked for.",
        ),
        Misconception(
            "number_for_mask",
            change(TextEncoder, "mask[:, :, None]", "(ids != 0)[:, :, None]"),
            "You take 0 for padding and do not look at the mask. Which number padding has is the vocabulary's "
            "business: the mask says where a word stands.",
            hint=2,
        ),
        Misconception(
            "empty_is_zero",
            change(TextEncoder, "self.projection(mean)", "self.projection(mean) * mask.any(1)[:, None]"),
            "A caption without words becomes a row of zeros with you. Its mean is zero, and goes through the "
            "projection like any other: what comes out is the bias.",
        ),
        Misconception(
            "unit_length",
            change(TextEncoder, "self.projection(mean)", "nn.functional.normalize(self.projection(mean), dim=1)"),
            "You bring the result to length 1. The loss does that later; the encoder returns the projection as it is.",
        ),
        Misconception(
            "divides_by_the_longest",
            change(TextEncoder, "real.sum(1).clamp(min=1)", "real.sum(1).max().clamp(min=1)"),
            "You divide every caption by the number of words of the longest one. Each caption has a count of its own.",
        ),
    ),
    also_right=(
        TextEncoder,
        text_by_matmul,
        text_by_loop,
        text_projected_first,
        change(TextEncoder, "(words * real).sum(1)", "words.masked_fill(~real, 0.0).sum(1)"),
        change(
            TextEncoder,
            "words, real = self.embedding(ids), mask[:, :, None]",
            "words = self.embedding(ids) * mask[:, :, None]",
            "(words * real).sum(1) / real.sum(1).clamp(min=1)",
            "words.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)",
        ),
        change(
            TextEncoder,
            "(words * real).sum(1) / real.sum(1).clamp(min=1)",
            "(words * (mask / mask.sum(1, keepdim=True).clamp(min=1))[:, :, None].double()).sum(1)",
        ),
    ),
)

"""`TextEncoder`: the mean of the words' embeddings, projected; padding counts for nothing."""

from typing import Any

import numpy as np

from grader.exercises.u14_multimodal import text_answers as answers
from grader.exercises.u14_multimodal.words import UNIT
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
        # Padding has a row of its own in the embedding, and that row is not zero.
        ids = np.where(mask, rng.integers(1, V, size=mask.shape), 0)
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


TEXT_ENCODER = Exercise(
    name="TextEncoder",
    unit=UNIT,
    returns=("out", "grads"),
    probe="encoder",
    groups=(
        Group("words", "averages the embeddings of a caption's words and projects them", 2),
        Group("padding", "gives padding no say", 2),
        Group("empty", "has a finite answer to a caption without words", 1),
        Group("gradients", "can be trained, embedding and projection", 1),
    ),
    cases=text_cases,
    reference=text_oracle,
    forbidden=("nn.EmbeddingBag", "nn.functional.embedding_bag"),
    misconceptions=(
        Misconception(
            "mean_over_padding",
            answers.text_plain_mean,
            "Your mean runs over all places, padding included. So the same caption means something else in a longer "
            "row, and short captions are mostly about padding.",
            hint=2,
        ),
        Misconception(
            "divides_by_length",
            answers.text_divides_by_length,
            "Padding is left out of the sum, but you divide by the length of the row. A short caption gets a quiet "
            "voice. How many words are there?",
            hint=2,
        ),
        Misconception(
            "sum",
            answers.text_sum,
            "You add the embeddings up. A long caption then shouts louder than a short one that says the same; the "
            "mean does not depend on how much is said.",
            hint=2,
        ),
        Misconception(
            "mask_inverted",
            answers.text_inverted,
            "You average the padding and leave the words out: True in the mask means that a word stands here.",
            hint=2,
        ),
        Misconception(
            "largest",
            answers.text_max,
            "You take the largest value of each feature over the words. That can work too, but the mean is asked for.",
            hint=2,
        ),
        Misconception(
            "empty_is_nan",
            answers.text_nan,
            "A caption without words gives 0 / 0, which is NaN, and one NaN in a batch makes every parameter NaN. "
            "Divide by at least 1.",
            hint=3,
        ),
        Misconception(
            "embedding_frozen",
            answers.text_frozen,
            "The outputs are right, but no gradient reaches the embedding: .data and .detach() hand out tensors "
            "without a history. The words keep their random meaning for ever.",
            hint=4,
        ),
        Misconception(
            "relu_between",
            answers.text_relu,
            "Between mean and projection you cut off what is negative. Half of what the words say gets lost; nothing "
            "is asked for here but mean and projection.",
            hint=1,
        ),
    ),
    equivalents=(answers.text_by_matmul, answers.text_by_loop, answers.text_projected_first),
)

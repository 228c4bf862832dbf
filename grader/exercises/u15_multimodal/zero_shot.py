"""`zero_shot`: the class whose prompts point the same way as the example."""

import numpy as np

from grader.changes import change
from grader.exercises.u15_multimodal.tokenize import UNIT
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


def shot_by_loop(examples, prompts):
    similarity = np.zeros((len(examples), len(prompts)))
    for c, some in enumerate(prompts):
        centre = sum(prompt / np.linalg.norm(prompt) for prompt in some)
        for n, example in enumerate(examples):
            similarity[n, c] = example @ centre / np.linalg.norm(example) / np.linalg.norm(centre)
    return [int(np.argmax(row)) for row in similarity], similarity


def shot_in_torch(examples, prompts):
    import torch
    from torch.nn.functional import normalize

    centres = normalize(normalize(torch.from_numpy(prompts.copy()), dim=-1).mean(1), dim=-1)
    similarity = normalize(torch.from_numpy(examples.copy()), dim=-1) @ centres.T
    return similarity.argmax(1), similarity


def zero_shot(examples, prompts):
    examples = examples / np.linalg.norm(examples, axis=1, keepdims=True)
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    mean = prompts.mean(axis=1)
    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    similarity = examples @ mean.T
    return similarity.argmax(axis=1), similarity


not_again = change(zero_shot, "    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)\n", "")


ZERO_SHOT = Exercise(
    name="zero_shot",
    unit=UNIT,
    returns=("labels", "similarity"),
    sizes={"N": ("examples", 0), "D": ("examples", 1), "C": ("prompts", 0), "K": ("prompts", 1)},
    groups=(
        Group("one_prompt", "finds the nearest prompt", 2, hint=1),
        Group("length", "compares directions, whatever the lengths", 2, hint=1),
        Group("several", "makes one direction of several prompts of a class", 2, hint=2),
        Group("uneven", "gives a long and a short prompt the same say", 1, hint=2),
    ),
    cases=zero_shot_cases,
    reference=zero_shot_oracle,
    misconceptions=(
        Misconception(
            "dot_product",
            change(
                not_again,
                "    examples = examples / np.linalg.norm(examples, axis=1, keepdims=True)\n",
                "",
                "    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)\n",
                "",
            ),
            "You compare by dot products. A prompt with a long vector then wins everywhere. The cosine is the dot "
            "product of vectors of length 1.",
        ),
        Misconception(
            "examples_as_they_are",
            change(zero_shot, "    examples = examples / np.linalg.norm(examples, axis=1, keepdims=True)\n", ""),
            "Your examples keep their lengths, which multiply all similarities of an example alike: they are no "
            "cosines, and two examples cannot be compared. Bring the examples to length 1, too.",
        ),
        Misconception(
            "farthest",
            change(zero_shot, "argmax", "argmin"),
            "You choose the class with the smallest cosine: the one that points away. A distance is to be small, a "
            "similarity large.",
        ),
        Misconception(
            "mean_of_raw_prompts",
            change(zero_shot, "    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)\n", ""),
            "You average a class's prompts as they are, so that the longest of them decides the direction. First bring "
            "each to length 1, then average.",
        ),
        Misconception(
            "mean_not_normalized",
            not_again,
            "The mean of several unit vectors is shorter than 1, the shorter the less they agree. A class whose "
            "prompts differ is then at a disadvantage. Bring the mean to length 1 again.",
        ),
        Misconception(
            "normalized_over_the_prompts",
            change(zero_shot, "prompts, axis=2", "prompts, axis=1"),
            "You divide by lengths along axis 1, which counts a class's prompts. A prompt is a row of D features: its "
            "length is taken along axis 2, the last one.",
        ),
        Misconception(
            "normalized_over_the_classes",
            change(zero_shot, "prompts, axis=2", "prompts, axis=0"),
            "You divide by lengths along axis 0, which counts the classes. A prompt is a row of D features: its length "
            "is taken along axis 2, the last one.",
        ),
        Misconception(
            "best_prompt",
            change(zero_shot, "examples @ mean.T", 'np.einsum("nd,ckd->nck", examples, prompts).max(axis=2)'),
            "You take the best of a class's prompts for each example. With many prompts, chance alone finds a good "
            "one. One direction for each class is asked for: their mean.",
        ),
        Misconception(
            "first_prompt",
            change(zero_shot, "prompts.mean(axis=1)", "prompts[:, 0]"),
            "You use only the first prompt of each class. All K of them are to have a say.",
        ),
        Misconception(
            "mean_over_the_classes",
            change(zero_shot, "prompts.mean(axis=1)", "prompts.mean(axis=0)"),
            "Your mean runs over the classes, axis 0. Each class has a direction of its own: the mean runs over its "
            "prompts, axis 1.",
            hint=2,
        ),
        Misconception(
            "distance",
            change(
                zero_shot, "examples @ mean.T", "np.linalg.norm(examples[:, None] - mean, axis=2)", "argmax", "argmin"
            ),
            "Your table holds distances, which are small for what is near; cosines are asked for, which are large.",
            about=("similarity",),
        ),
        Misconception(
            "squared_lengths",
            change(
                zero_shot, "np.linalg.norm(examples, axis=1, keepdims=True)", "(examples**2).sum(axis=1, keepdims=True)"
            ),
            "You divide an example by its squared length. The length is the root of the sum of squares.",
        ),
        Misconception(
            "probabilities",
            change(
                zero_shot,
                "return similarity.argmax(axis=1), similarity",
                "e = np.exp(similarity)\n    return similarity.argmax(axis=1), e / e.sum(axis=1, keepdims=True)",
            ),
            "Your table holds a softmax of the cosines; the cosines themselves are asked for.",
            about=("similarity",),
        ),
    ),
    also_right=(
        zero_shot,
        shot_by_loop,
        shot_in_torch,
        change(
            zero_shot,
            "    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)\n    mean = prompts.mean(axis=1)\n",
            "    mean = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)\n",
        ),
        change(zero_shot, "prompts.mean(axis=1)", "prompts.sum(axis=1)"),
        change(zero_shot, "examples @ mean.T", 'np.einsum("nd,cd->nc", examples, mean)'),
    ),
)

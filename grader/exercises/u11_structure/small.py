"""`small_net`: the best network of at most 50,000 numbers, graded on images that do not come with the course."""

from typing import Any

import numpy as np

from grader.exercises.u11_structure import small_wrong as wrong
from grader.exercises.u11_structure.parameters import UNIT
from grader.exercises.u11_structure.small_right import small_by_hand, small_in_double
from grader.hidden import hidden_images, true_labels
from grader.spec import Case, Exercise, Group, Misconception

BUDGET = 50_000
FILE = "small_net.safetensors"
ASKED = {"budget": (0.5, 10), "good": (0.75, 40), "better": (0.80, 100), "best": (0.84, 100)}
"""Each group's share of right labels, and on how many hidden images of each class."""


def small_case(group: str, images: Any) -> Case:
    share = ASKED[group][0]
    inputs = {"images": images, "at_least": share, "most_parameters": BUDGET, "file": FILE}
    return Case(f"at least {share:.0%} right with at most {BUDGET:,} numbers", group, inputs)


def small_cases(rng: np.random.Generator) -> list[Case]:
    """Test images that come with the course, by their numbers there."""
    return [small_case(group, {"embedded": np.sort(rng.choice(2000, 500, replace=False))}) for group in ASKED]


def small_private_cases(rng: np.random.Generator) -> list[Case]:
    return [small_case(group, {"pixels": hidden_images(rng, count)[0]}) for group, (_, count) in ASKED.items()]


def right_and_frugal(
    images: Any, at_least: float, most_parameters: int, file: str
) -> tuple[np.ndarray, int, int, float]:
    """The labels that the data set has; of the costs, the budget is the only one that counts."""
    return true_labels(images), most_parameters, 1, 1.0


SMALL_NET = Exercise(
    name="small_net",
    unit=UNIT,
    returns=("labels", "parameters", "macs", "time"),
    probe="budgeted_network",
    verify="accuracy_within_budget",
    groups=(
        Group("budget", "returns a trained network that holds at most 50,000 numbers", 2),
        Group("good", "has 75 % of the hidden images right", 2),
        Group("better", "has 80 % of them right", 2),
        Group("best", "has 84 % of them right", 2),
    ),
    cases=small_cases,
    private_cases=small_private_cases,
    reference=right_and_frugal,
    misconceptions=(
        Misconception(
            "too_many_parameters",
            wrong.small_net_too_large,
            "Your network is over the budget of 50,000. Everything counts that it holds: parameters, the running mean "
            "and variance of each normalization, and any other tensor. Which layer holds most of them?",
            hint=1,
        ),
        Misconception(
            "below",
            wrong.small_net_of_class_means,
            "Your network does better than guessing, and not well enough yet. First compare with your own validation "
            "accuracy. If that was clearly higher, training saw other pixels: images come as floats in [0, 1], and "
            "what is done to them before the first layer belongs into forward. If it was about the same, go round the "
            "loop again: more epochs, another learning rate, another block.",
            hint=3,
        ),
        Misconception(
            "chance",
            wrong.small_net_untrained,
            "Your network guesses: these are the weights of the first day. The function has to load what training "
            "wrote to small_net.safetensors.",
            hint=2,
        ),
        Misconception(
            "one_class",
            wrong.small_net_constant,
            "Your network gives the same class to every image. Either its weights are all zero or not numbers at all, "
            "or a normalization was saved without its running mean and variance.",
            hint=2,
        ),
        Misconception(
            "wrong_type",
            wrong.small_net_weights_only,
            "What comes back is no network that turns images (N, 1, 28, 28) into logits (N, 10). load_file gives the "
            "weights by their names; build the network first, load them into it, and return it.",
            hint=2,
        ),
    ),
    equivalents=(small_by_hand, small_in_double),
)

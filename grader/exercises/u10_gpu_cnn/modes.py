"""`predict_probabilities`: looking at a network without changing it, as the published program never did."""

from typing import Any

import numpy as np

from grader.exercises.u10_gpu_cnn.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def modes_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, training: bool = True) -> Case:
        data = {
            "first": rng.normal(size=(4, 6)),
            "running_mean": rng.normal(size=4),
            "last": rng.normal(size=(3, 4)),
            "images": rng.normal(size=(N, 1, 2, 3)),
        }
        return Case(label, group, data | {"training": training, "asks": group})

    return [
        case("four images", "values", 4),
        case("seven images", "values", 7),
        case("it came in training mode", "modes", 5),
        case("it came in evaluation mode", "modes", 5, training=False),
        case("the graph for three images", "graph", 3),
        case("the graph for more images", "graph", int(rng.integers(4, 90))),
        case("the running statistics after five images", "statistics", 5),
        case("the running statistics after eight images", "statistics", 8),
    ]


def modes_oracle(
    first: np.ndarray, running_mean: np.ndarray, last: np.ndarray, images: np.ndarray, training: bool, asks: str
) -> tuple[Any, Any]:
    """NumPy and SciPy, with the running mean, and a running variance of 1."""
    from scipy.special import softmax

    if asks == "graph":
        return None, {"autograd records": False, "the result has a history": False, "rows": len(images)}
    if asks == "statistics":
        return None, {"running means": running_mean}
    hidden = (images.reshape(len(images), -1) @ first.T - running_mean) / np.sqrt(1 + 1e-5)
    mode = "training mode" if training else "evaluation mode"
    return softmax(hidden @ last.T, axis=1), {"afterwards": mode} if asks == "modes" else None


def modes_as_given(model: Any, images: Any) -> Any:
    import torch

    return torch.softmax(model(images), dim=1)


def modes_no_grad_only(model: Any, images: Any) -> Any:
    import torch

    with torch.no_grad():
        return torch.softmax(model(images), dim=1)


def modes_not_restored(model: Any, images: Any) -> Any:
    import torch

    model.eval()
    with torch.no_grad():
        return torch.softmax(model(images), dim=1)


def modes_always_training(model: Any, images: Any) -> Any:
    import torch

    model.eval()
    with torch.no_grad():
        probabilities = torch.softmax(model(images), dim=1)
    model.train()
    return probabilities


def modes_recorded(model: Any, images: Any) -> Any:
    import torch

    mode = model.training
    model.eval()
    probabilities = torch.softmax(model(images), dim=1)
    model.train(mode)
    return probabilities


def modes_detached_late(model: Any, images: Any) -> Any:
    import torch

    mode = model.training
    model.eval()
    probabilities = torch.softmax(model(images), dim=1).detach()
    model.train(mode)
    return probabilities


def modes_logits(model: Any, images: Any) -> Any:
    import torch

    mode = model.training
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train(mode)
    return logits


def modes_softmax_over_batch(model: Any, images: Any) -> Any:
    import torch

    mode = model.training
    model.eval()
    with torch.no_grad():
        probabilities = torch.softmax(model(images), dim=0)
    model.train(mode)
    return probabilities


def modes_right_finally(model: Any, images: Any) -> Any:
    import torch

    was = model.training
    try:
        model.train(False)
        with torch.inference_mode():
            return model(images).softmax(dim=-1)
    finally:
        model.train(was)


def modes_right_if(model: Any, images: Any) -> Any:
    import torch

    training = model.training
    model.eval()
    with torch.set_grad_enabled(False):
        logits = model(images)
        result = torch.exp(torch.log_softmax(logits, dim=1))
    if training:
        model.train()
    return result


PREDICT_PROBABILITIES = Exercise(
    name="predict_probabilities",
    unit=UNIT,
    returns=("probabilities", "facts"),
    probe="predicting",
    groups=(
        Group("values", "returns each class's probability, computed in evaluation mode", 1),
        Group("modes", "hands the model back in the mode in which it came", 1),
        Group("graph", "lets autograd record nothing", 1),
        Group("statistics", "leaves the running statistics of batch normalization alone", 1),
    ),
    cases=modes_cases,
    reference=modes_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            modes_as_given,
            "As given: the model looks at the images in training mode, with dropout on, with batch statistics in "
            "place of the learned ones, and with autograd writing everything down.",
            hint=1,
        ),
        Misconception(
            "no_grad_is_no_eval",
            modes_no_grad_only,
            "What no_grad stops is the recording, and nothing else. Dropout and batch normalization ask another "
            "question: is this module in training mode?",
            hint=1,
        ),
        Misconception(
            "not_restored",
            modes_not_restored,
            "The predictions are right, and the model stays in evaluation mode. If training goes on after this, it "
            "goes on without dropout. Leave it as it came.",
            hint=2,
        ),
        Misconception(
            "always_training",
            modes_always_training,
            "You always switch to training mode at the end. A finished model that comes in evaluation mode should go "
            "in evaluation mode.",
            hint=2,
        ),
        Misconception(
            "recorded",
            modes_recorded,
            "Calling eval() does not stop autograd: it records every pass, and your result carries the graph along.",
            hint=3,
        ),
        Misconception(
            "detached_late",
            modes_detached_late,
            "Your result has no history, but the pass was recorded and thrown away afterwards: the memory is needed "
            "all the same. Stop the recording before the pass begins.",
            hint=3,
        ),
        Misconception(
            "logits",
            modes_logits,
            "Those are logits. Here a person wants to read how sure the network is: this is the one place for a "
            "softmax.",
            hint=1,
        ),
        Misconception(
            "softmax_over_the_batch",
            modes_softmax_over_batch,
            "Your probabilities add up to 1 down the batch, not along the classes of one image.",
            hint=1,
        ),
    ),
    equivalents=(modes_right_finally, modes_right_if),
)

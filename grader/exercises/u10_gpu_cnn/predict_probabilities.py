"""`predict_probabilities`: looking at a network without changing it, as the published program never did."""

from typing import Any

import numpy as np

from grader.changes import change
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
        return None, {
            "autograd records": False,
            "the result has a history": False,
            "the parameters can learn": True,
            "rows": len(images),
        }
    if asks == "statistics":
        return None, {"running means": running_mean}
    hidden = (images.reshape(len(images), -1) @ first.T - running_mean) / np.sqrt(1 + 1e-5)
    mode = "training mode" if training else "evaluation mode"
    return softmax(hidden @ last.T, axis=1), {"afterwards": mode} if asks == "modes" else None


def predict_probabilities(model, images):
    import torch

    mode = model.training
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train(mode)
    return torch.softmax(logits, dim=1)


def in_the_end(model, images):
    import torch

    was = model.training
    try:
        model.train(False)
        with torch.inference_mode():
            return model(images).softmax(dim=-1)
    finally:
        model.train(was)


no_grad_is_no_eval = change(
    predict_probabilities, "    mode = model.training\n    model.eval()\n", "", "    model.train(mode)\n", ""
)
recorded = change(predict_probabilities, "    with torch.no_grad():\n        logits", "    logits")


PREDICT_PROBABILITIES = Exercise(
    name="predict_probabilities",
    unit=UNIT,
    returns=("probabilities", "facts"),
    driver="predicting",
    groups=(
        Group("values", "returns each class's probability, computed in evaluation mode", 1, hint=1),
        Group("modes", "hands the model back in the mode in which it came", 1, hint=2),
        Group("graph", "lets autograd record nothing", 1, hint=3),
        Group("statistics", "leaves the running statistics of batch normalization alone", 1, hint=1),
    ),
    cases=modes_cases,
    reference=modes_oracle,
    misconceptions=(
        Misconception(
            "as_given",
            change(no_grad_is_no_eval, "    with torch.no_grad():\n        logits", "    logits"),
            "As given: the model looks at the images in training mode, with dropout on, with batch statistics in "
            "place of the learned ones, and with autograd writing everything down.",
        ),
        Misconception(
            "no_grad_is_no_eval",
            no_grad_is_no_eval,
            "What no_grad stops is the recording, and nothing else. Dropout and batch normalization ask another "
            "question: is this module in training mode?",
        ),
        Misconception(
            "not_restored",
            change(predict_probabilities, "    model.train(mode)\n", ""),
            "The model stays in evaluation mode. If training goes on after this, it goes on without dropout. Leave "
            "it as it came.",
        ),
        Misconception(
            "always_training",
            change(predict_probabilities, "train(mode)", "train()"),
            "You always switch to training mode at the end. A finished model that comes in evaluation mode should go "
            "in evaluation mode.",
        ),
        Misconception(
            "turned_over",
            change(predict_probabilities, "train(mode)", "train(not mode)"),
            "The model goes in the other mode than the one in which it came: from training to evaluation mode, and "
            "the other way round.",
        ),
        Misconception(
            "recorded",
            recorded,
            "Calling eval() does not stop autograd: it records every pass, and your result carries the graph along.",
        ),
        Misconception(
            "detached_late",
            change(recorded, "dim=1)", "dim=1).detach()"),
            "Your result has no history, but the pass was recorded and thrown away afterwards: the memory is needed "
            "all the same. Stop the recording before the pass begins.",
        ),
        Misconception(
            "parameters_frozen",
            change(recorded, "    logits = ", "    model.requires_grad_(False)\n    logits = "),
            "You freeze the parameters so that nothing is recorded, and they stay frozen: no training will move them "
            "any more. Stop the recording for the pass alone.",
        ),
        Misconception(
            "logits",
            change(predict_probabilities, "torch.softmax(logits, dim=1)", "logits"),
            "Those are logits. Here a person wants to read how sure the network is: this is the one place for a "
            "softmax.",
        ),
        Misconception(
            "softmax_over_the_batch",
            change(predict_probabilities, "dim=1", "dim=0"),
            "Your probabilities add up to 1 down the batch, not along the classes of one image.",
        ),
        Misconception(
            "logarithms",
            change(predict_probabilities, "torch.softmax", "torch.log_softmax"),
            "Those are logarithms of probabilities. A person wants to read how sure the network is: numbers "
            "from 0 to 1.",
        ),
        Misconception(
            "each_class_by_itself",
            change(predict_probabilities, "torch.softmax(logits, dim=1)", "torch.sigmoid(logits)"),
            "A sigmoid takes each class by itself, so that the numbers of an image do not add up to 1. "
            "One of the classes is right: softmax.",
        ),
        Misconception(
            "labels",
            change(predict_probabilities, "torch.softmax(logits, dim=1)", "logits.argmax(dim=1)"),
            "You return the most probable class of each image. The probabilities of all classes are asked "
            "for, one row for each image.",
        ),
        Misconception(
            "evaluated_too_late",
            change(predict_probabilities, "    model.eval()\n", "", "model.train(mode)", "model.eval()"),
            "The model goes into evaluation mode after it has looked, and stays there. It should be in this "
            "mode while it looks, and go in the mode in which it came.",
        ),
    ),
    also_right=(
        predict_probabilities,
        in_the_end,
        change(predict_probabilities, "    model.train(mode)", "    if mode:\n        model.train()"),
        change(predict_probabilities, "torch.no_grad()", "torch.set_grad_enabled(False)"),
        change(predict_probabilities, "torch.softmax(logits, dim=1)", "logits.log_softmax(dim=1).exp()"),
        change(predict_probabilities, "torch.softmax(logits, dim=1)", "torch.nn.Softmax(dim=1)(logits)"),
    ),
)

"""`evaluate`: the mean loss and the accuracy over a loader, and nothing changed by having looked."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT, batch_count, batches_of, log_probabilities, loop_case, sent
from grader.spec import Case, Exercise, Group, Misconception


def evaluate_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, batch_size: int, asks: str = "", **rest: Any) -> Case:
        return loop_case(rng, label, group, N, batch_size, asks or group, **rest)

    unsure: dict[str, Any] = {"weight": 0.05 * rng.normal(size=(3, 6)), "bias": np.zeros(3)}
    return [
        case("10 examples in batches of 4", "loss", 10, 4),
        case("7 examples in batches of 6", "loss", 7, 6),
        case("a loader that leaves 2 of 11 examples out", "loss", 11, 3, drop_last=True),
        case("accuracy of 9 examples in batches of 8", "accuracy", 9, 8),
        case("accuracy of 10 examples in batches of 3", "accuracy", 10, 3),
        case("accuracy of a network that is never sure", "accuracy", 40, 8, **unsure),
        case("accuracy when the loader leaves 3 of 13 out", "accuracy", 13, 5, drop_last=True),
        case("it came in training mode", "modes", 6, 3, training=True),
        case("it came in evaluation mode", "modes", 6, 3, training=False),
        case("nothing recorded, nothing changed", "quiet", int(rng.integers(60, 900)), 3),
        case("the device that it is told", "device", int(rng.integers(5, 300)), 2),
    ]


def evaluate_oracle(asks: str, training: bool, **inputs: Any) -> tuple[Any, Any, Any]:
    """SciPy's log-softmax of the linear model, over all that the loader lets through."""
    if asks == "device":
        return None, None, sent(inputs)
    if asks == "quiet":
        passes = f"in 0 of {batch_count(inputs)} passes"
        kept = {"results are plain numbers": True, "the model is as it was": True}
        return None, None, {"autograd records": passes} | kept
    weight, bias = inputs.pop("weight"), inputs.pop("bias")
    parts = batches_of(**inputs)
    X, y = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    scores = log_probabilities(X, weight, bias)
    if asks == "accuracy":
        return None, np.mean(scores.argmax(axis=1) == y), None
    loss = -scores[np.arange(len(y)), y].mean()
    if asks == "loss":
        return loss, None, None
    modes = {True: "training mode", False: "evaluation mode"}
    return loss, None, {"while it evaluates": modes[False], "afterwards": modes[training]}


def evaluate_by_call(*values: Any) -> tuple[Any, Any, Any]:
    """The oracle for a case's inputs in their order."""
    names = ("weight", "bias", "images", "labels", "batch_size", "drop_last", "training", "asks")
    return evaluate_oracle(**dict(zip(names, values, strict=True)))


def evaluate(model, loader, device):
    import torch
    from torch import nn

    mode = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss += nn.functional.cross_entropy(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return loss / count, right / count


def all_at_once(model, loader, device):
    import torch

    was = model.training
    model.train(False)
    logits, labels = [], []
    with torch.no_grad():
        for X, y in loader:
            logits.append(model(X.to(device)))
            labels.append(y.to(device))
    model.train(was)
    Z, t = torch.cat(logits), torch.cat(labels)
    return float(torch.nn.functional.cross_entropy(Z, t)), float((Z.argmax(dim=1) == t).double().mean())


SENT = "            images, labels = images.to(device), labels.to(device)\n"
DIVIDED = "loss / count, right / count"
BATCH_LOSS = "nn.functional.cross_entropy(logits, labels).item() * len(labels)"
not_restored = change(evaluate, "    model.train(mode)\n", "")


EVALUATE = Exercise(
    name="evaluate",
    unit=UNIT,
    returns=("loss", "accuracy", "facts"),
    driver="evaluation",
    groups=(
        Group("loss", "returns the mean loss over the examples that came, whatever the batches' sizes", 2, hint=1),
        Group("accuracy", "returns the share of these examples that are right", 1, hint=1),
        Group(
            "modes", "evaluates in evaluation mode, and hands the model back in the mode in which it came", 2, hint=2
        ),
        Group("quiet", "records nothing, changes nothing, returns plain numbers", 1, hint=3),
        Group("device", "sends each batch to the device that it is told", 1, hint=4),
    ),
    cases=evaluate_cases,
    reference=evaluate_by_call,
    misconceptions=(
        Misconception(
            "mean_of_batch_means",
            change(
                evaluate,
                "item() * len(labels)\n            right += (logits.argmax(dim=1) == labels).sum()",
                "item()\n            right += (logits.argmax(dim=1) == labels).double().mean()",
                DIVIDED,
                "loss / len(loader), right / len(loader)",
            ),
            "Your loss and your accuracy are means of the batches' means, in which the few examples of a small last "
            "batch count more than the others. Let every example count once: add up sums, and divide at the end.",
        ),
        Misconception(
            "divided_by_the_dataset",
            change(evaluate, DIVIDED, "loss / len(loader.dataset), right / len(loader.dataset)"),
            "You divide by len(loader.dataset). A loader with drop_last leaves examples out, and one with a sampler "
            "takes what the sampler says: count the examples that came.",
        ),
        Misconception(
            "training_mode",
            change(not_restored, "    mode = model.training\n    model.eval()\n", ""),
            "The model is not switched to evaluation mode: dropout would still drop, and batch normalization would "
            "still use, and learn, the statistics of your test batches.",
            hint=2,
        ),
        Misconception(
            "mode_not_restored",
            not_restored,
            "The model stays in evaluation mode. Whoever evaluates after each epoch, and forgets to switch back, "
            "trains without dropout from the second epoch on. Leave it as it came.",
        ),
        Misconception(
            "always_back_to_training",
            change(evaluate, "model.train(mode)", "model.train()"),
            "You always leave the model in training mode, even if it came in evaluation mode, as a finished model "
            "does. Note the mode when it comes, and put it back.",
        ),
        Misconception(
            "graph_recorded",
            change(evaluate, "torch.no_grad()", "torch.enable_grad()"),
            "Autograd records every pass. Nobody will call backward here, so each batch keeps all of its maps in "
            "memory for nothing: on a GPU that is where memory runs out.",
        ),
        Misconception(
            "tensors_returned",
            change(evaluate, "labels).item() *", "labels) *", "sum().item()", "sum()"),
            "Loss and accuracy come back as tensors. A log of them keeps tensors on the device for ever; hand back "
            "plain numbers.",
        ),
        Misconception(
            "no_device",
            change(evaluate, SENT, ""),
            "The batches stay where the loader made them. As soon as the model is on a GPU, this stops with an error "
            "about two devices.",
        ),
        Misconception(
            "images_only",
            change(evaluate, SENT, "            images = images.to(device)\n"),
            "Your labels stay behind: only the images go to the device. The loss needs both in one place.",
        ),
        Misconception(
            "moved_and_dropped",
            change(evaluate, SENT, "            images.to(device), labels.to(device)\n"),
            "You call .to and throw the moved tensor away: a tensor does not move itself, so that images and labels "
            "stay where they were. On a GPU this stops with an error about two devices.",
        ),
        Misconception(
            "own_choice_of_device",
            change(
                evaluate,
                "    mode = model.training\n",
                '    device = "cuda" if torch.cuda.is_available() else "cpu"\n    mode = model.training\n',
            ),
            "Your function picks a device by itself. It was handed one: with two GPUs, or a test on the CPU beside "
            "a GPU, its own choice is the wrong one.",
        ),
        Misconception(
            "right_by_batches",
            change(evaluate, "sum().item()", "double().mean().item()", "right / count", "right / len(loader)"),
            "Your accuracy is the mean of the batches' accuracies, in which the few examples of a small last batch "
            "count more than the others.",
        ),
        Misconception(
            "sums_multiplied",
            change(evaluate, "(logits, labels)", '(logits, labels, reduction="sum")'),
            "Your loss is a sum over the batch already, and is multiplied by the batch's size once more.",
        ),
        Misconception(
            "sure_ones_counted",
            change(
                evaluate,
                "logits.argmax(dim=1) == labels",
                "logits.softmax(dim=1).gather(1, labels[:, None])[:, 0] > 0.5",
            ),
            "You count an example as right if its own class has a probability above one half. With more than "
            "two classes the largest may well be smaller than that: the largest decides.",
        ),
        Misconception(
            "largest_of_the_images",
            change(evaluate, "argmax(dim=1)", "argmax(dim=0)"),
            "For each class you look for the image with the largest logit. It is the other way round: for each image, "
            "the class. Along which axis of (N, K) do the classes lie?",
        ),
        Misconception(
            "softmax_before_the_loss",
            change(evaluate, "cross_entropy(logits", "cross_entropy(logits.softmax(dim=1)"),
            "There is a softmax before a loss that has one. You repaired that above, in loss_from_logits.",
        ),
        Misconception(
            "returns_after_one_batch",
            change(evaluate, "    model.train(mode)\n    return", "            model.train(mode)\n            return"),
            "Your function ends after the first batch: the return line stands inside the loop, too deep.",
        ),
        Misconception(
            "the_other_order",
            change(evaluate, DIVIDED, "right / count, loss / count"),
            "The two come back in the other order: first the loss, then the accuracy.",
        ),
    ),
    also_right=(
        evaluate,
        all_at_once,
        change(evaluate, "torch.no_grad()", "torch.inference_mode()"),
        change(evaluate, BATCH_LOSS, 'nn.functional.cross_entropy(logits, labels, reduction="sum").item()'),
        change(evaluate, BATCH_LOSS, "len(labels) * float(nn.functional.nll_loss(logits.log_softmax(1), labels))"),
        change(
            evaluate, "(logits.argmax(dim=1) == labels).sum().item()", "int(logits.max(dim=1).indices.eq(labels).sum())"
        ),
        change(evaluate, "    model.train(mode)", "    if mode:\n        model.train()"),
    ),
)

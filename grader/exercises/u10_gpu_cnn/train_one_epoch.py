"""`train_one_epoch`: one step for each batch, and the mean loss over the examples."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u10_gpu_cnn.common import UNIT, batches_of, log_probabilities, loop_case, sent
from grader.spec import Case, Exercise, Group, Misconception


def train_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, batch_size: int, asks: str = "", **rest: Any) -> Case:
        usual = {"lr": 0.2, "momentum": 0.0, "stale": False}
        return loop_case(rng, label, group, N, batch_size, asks or group, **(usual | rest))

    return [
        case("one batch", "steps", 4, 4),
        case("three batches", "steps", 12, 4),
        case("five batches, the last one smaller, with momentum", "steps", 14, 3, momentum=0.9),
        case("gradients of something else lie in .grad", "fresh", 5, 5, "steps", stale=True),
        case("so they do, and there are three batches", "fresh", 9, 3, "steps", stale=True),
        case("the loss of 10 examples in batches of 4", "loss", 10, 4),
        case("the loss of 7 examples in batches of 6", "loss", 7, 6, momentum=0.5),
        case("the loss when the loader leaves 2 of 11 examples out", "loss", 11, 3, drop_last=True),
        case("the model comes in evaluation mode", "modes", 8, 4, training=False),
        case("the model comes in training mode", "modes", 6, 4, training=True),
        case("the device that it is told", "device", int(rng.integers(5, 300)), 2),
    ]


def train_oracle(asks: str, training: bool, **inputs: Any) -> tuple[Any, Any, Any]:
    """Softmax regression on the doubled images by the formulas of units 01 and 04."""
    if asks == "device":
        return None, None, sent(inputs)
    weight, bias, lr, momentum = (inputs.pop(name) for name in ("weight", "bias", "lr", "momentum"))
    inputs.pop("stale")
    params, velocities, total, count = [weight, bias], [np.zeros_like(weight), np.zeros_like(bias)], 0.0, 0
    for X, y in batches_of(**inputs):
        scores = log_probabilities(2 * X, params[0], params[1])
        total -= scores[np.arange(len(y)), y].sum()
        count += len(y)
        error = (np.exp(scores) - np.eye(3)[y]) / len(y)
        grads = [error.T @ (2 * X), error.sum(axis=0)]
        velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
        params = [p - lr * v for p, v in zip(params, velocities, strict=True)]
    if asks == "loss":
        return total / count, None, {"a plain number": True}
    return None, params, {"every pass in training mode": True} if asks == "modes" else None


def train_by_call(*values: Any) -> tuple[Any, Any, Any]:
    """The oracle for a case's inputs in their order."""
    names = ("weight", "bias", "images", "labels", "batch_size", "drop_last", "training", "asks")
    return train_oracle(**dict(zip((*names, "lr", "momentum", "stale"), values, strict=True)))


def train_one_epoch(model, loader, optimizer, device):
    from torch import nn

    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def with_lists(model, loader, optimizer, device):
    import torch
    from torch import nn

    model.train()
    losses, sizes = [], []
    for batch in loader:
        images, labels = (part.to(device) for part in batch)
        log_p = nn.functional.log_softmax(model(images), dim=1)
        loss = nn.functional.nll_loss(log_p, labels)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach() * len(labels))
        sizes.append(len(labels))
    return torch.stack(losses).sum().item() / sum(sizes)


SENT = "        images, labels = images.to(device), labels.to(device)\n"
CLEARED = "        optimizer.zero_grad()\n"
never_cleared = change(train_one_epoch, CLEARED, "")


TRAIN_ONE_EPOCH = Exercise(
    name="train_one_epoch",
    unit=UNIT,
    returns=("loss", "params", "facts"),
    driver="training_epoch",
    groups=(
        Group("steps", "takes one step down the loss for each batch", 2, hint=1),
        Group("fresh", "steps along the gradient of this batch alone", 1, hint=1),
        Group("loss", "returns the mean loss over the examples that came, as a plain number", 2, hint=2),
        Group("modes", "trains in training mode, whatever the mode in which the model came", 1, hint=3),
        Group("device", "sends each batch to the device that it is told", 1, hint=4),
    ),
    cases=train_cases,
    reference=train_by_call,
    misconceptions=(
        Misconception(
            "never_cleared",
            never_cleared,
            "Nothing clears the gradients, and backward adds to what is there: your second step goes along the sum "
            "of two gradients, your third along three.",
        ),
        Misconception(
            "cleared_once",
            change(never_cleared, "    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
            "The gradients are cleared once, before the first batch. Every batch needs that: else each step goes "
            "along the sum of all gradients of the epoch so far.",
        ),
        Misconception(
            "cleared_before_the_step",
            change(never_cleared, "        optimizer.step()\n", CLEARED + "        optimizer.step()\n"),
            "Nothing moves: you clear the gradients between backward, which makes them, and step, which needs them.",
        ),
        Misconception(
            "one_step_an_epoch",
            change(
                never_cleared,
                "    model.train()\n",
                "    model.train()\n    optimizer.zero_grad()\n",
                "        optimizer.step()\n        total += loss.item() * len(labels)\n        count += len(labels)\n",
                "        total += loss.item() * len(labels)\n        count += len(labels)\n    optimizer.step()\n",
            ),
            "You take one step, after the last batch, along the sum of all gradients. Minibatches are there to take "
            "many steps in an epoch: one for each.",
        ),
        Misconception(
            "mean_of_batch_means",
            change(train_one_epoch, "loss.item() * len(labels)", "loss.item()", "total / count", "total / len(loader)"),
            "Your mean loss is the published one, the mean of the batches' means, in which the few examples of a "
            "small last batch count more than the others.",
        ),
        Misconception(
            "divided_by_the_dataset",
            change(train_one_epoch, "total / count", "total / len(loader.dataset)"),
            "You divide the loss by len(loader.dataset), and a loader with drop_last leaves examples out: count the "
            "ones that came.",
        ),
        Misconception(
            "last_batch_only",
            change(train_one_epoch, "total / count", "loss.item()"),
            "What you return is the last batch's loss: a few examples, and as noisy as few are. The mean over the "
            "whole epoch is asked for.",
        ),
        Misconception(
            "loss_after_the_step",
            change(
                train_one_epoch,
                "        total +=",
                "        loss = nn.functional.cross_entropy(model(images), labels)\n        total +=",
            ),
            "You measure each batch's loss after the step, on the very images that the step was for. That looks "
            "better than it is, and costs a second forward pass: use the loss that you called backward on.",
        ),
        Misconception(
            "loss_kept_with_its_graph",
            change(train_one_epoch, "loss.item()", "loss"),
            "What you return is a tensor. Unless it was detached, it holds on to every batch's graph through the "
            "sum. What makes a plain number of a loss?",
        ),
        Misconception(
            "mode_as_it_came",
            change(train_one_epoch, "    model.train()\n", ""),
            "You train in whatever mode the model is in. After an evaluation that is evaluation mode: no dropout, "
            "and batch normalization learns nothing any more.",
        ),
        Misconception(
            "sum_for_mean",
            change(
                train_one_epoch,
                "(images), labels)",
                '(images), labels, reduction="sum")',
                "loss.item() * len(labels)",
                "loss.item()",
            ),
            "Your steps are too long by a factor, the batch's size: the gradient is that of the sum of the "
            "losses. With the mean, a learning rate keeps its meaning when the batch changes.",
        ),
        Misconception(
            "softmax_before_the_loss",
            change(train_one_epoch, "model(images)", "model(images).softmax(dim=1)"),
            "There is a softmax before a loss that has one. You repaired that above, in loss_from_logits.",
        ),
        Misconception(
            "no_device",
            change(train_one_epoch, SENT, ""),
            "The batches stay where the loader made them. As soon as the model is on a GPU, this stops with an error "
            "about two devices.",
        ),
        Misconception(
            "moved_and_dropped",
            change(train_one_epoch, SENT, "        images.to(device), labels.to(device)\n"),
            "You call .to and throw the moved tensor away: a tensor does not move itself, so that images and labels "
            "stay where they were. On a GPU this stops with an error about two devices.",
        ),
        Misconception(
            "labels_only",
            change(train_one_epoch, SENT, "        labels = labels.to(device)\n"),
            "Your images stay behind: only the labels go to the device. The model needs its images where it is itself.",
        ),
        Misconception(
            "images_only",
            change(train_one_epoch, SENT, "        images = images.to(device)\n"),
            "Your labels stay behind: only the images go to the device. The loss needs both in one place.",
        ),
        Misconception(
            "own_choice_of_device",
            change(
                train_one_epoch,
                "    model.train()\n",
                '    device = "cuda" if torch.cuda.is_available() else "cpu"\n    model.train()\n',
                "    from torch import nn\n",
                "    import torch\n    from torch import nn\n",
            ),
            "Your function picks a device by itself. It was handed one: with two GPUs, or a test on the CPU beside a "
            "GPU, its own choice is the wrong one.",
        ),
        Misconception(
            "returns_after_one_batch",
            change(train_one_epoch, "    return total / count", "        return total / count"),
            "Your function ends after the first batch: the return line stands inside the loop, one level too deep.",
            hint=2,
        ),
        Misconception(
            "sum_returned",
            change(train_one_epoch, "total / count", "total"),
            "What you return is the sum over all examples; it grows with the data set. The mean is asked for.",
        ),
        Misconception(
            "nothing_returned",
            change(train_one_epoch, "    return total / count\n", ""),
            "Your function ends without a return line. Whoever draws the curve needs the epoch's mean loss.",
        ),
        Misconception(
            "in_evaluation_mode",
            change(train_one_epoch, "model.train()", "model.eval()"),
            "You train in evaluation mode: no dropout, and batch normalization learns nothing.",
            hint=3,
        ),
        Misconception(
            "step_before_backward",
            change(
                never_cleared,
                "        loss.backward()\n        optimizer.step()",
                "        optimizer.step()\n        loss.backward()",
            ),
            "Each step comes before its own gradient: what moves the parameters is the sum of what lay in "
            ".grad before. First backward, then step.",
        ),
        Misconception(
            "sums_for_steps_of_the_mean",
            change(train_one_epoch, "(images), labels)", '(images), labels, reduction="sum")'),
            "Both are too large by the batch's size: the gradient is that of the sum of the losses, and the "
            "loss is multiplied by a number that is in it already. Take the mean over the batch.",
        ),
    ),
    also_right=(
        train_one_epoch,
        with_lists,
        change(
            never_cleared,
            "    model.train()\n",
            "    model.train(True)\n    model.zero_grad()\n",
            "        total +=",
            "        optimizer.zero_grad()\n        total +=",
        ),
        change(
            train_one_epoch,
            "nn.functional.cross_entropy(model(images), labels)",
            "nn.CrossEntropyLoss()(model(images), labels)",
        ),
        change(train_one_epoch, "loss.item() * len(labels)", "float(loss.detach()) * images.shape[0]"),
        change(
            train_one_epoch,
            "loss.item() * len(labels)\n        count",
            "(loss.item() - total) * len(labels) / (count + len(labels))\n        count",
            "total / count",
            "total",
        ),
    ),
)

"""Networks that were trained beforehand: what they say of images, and what they cost."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np

from course_lib.errors import AnswerError
from course_lib.judging.drivers.base import Driver

REPEATS, TIMED = 5, 100
"""A prediction of `TIMED` images is timed `REPEATS` times."""


def budgeted_network(obj: Any, inputs: dict[str, Any]) -> Any:
    """Call a function that returns a network, show it images, and measure the network.

    inputs: `images`, either {"embedded": numbers of the course's own test images} or {"pixels": (N, 28, 28) uint8}.
    Gives labels (N,), parameters (all numbers that its modules keep, see `numbers_in`), macs (multiplications of one
    image, as torch's dispatcher sees them, whatever the code looks like) and time (of a prediction, in multiples of the
    time that unit 10's network takes, measured in turn).
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.random.fork_rng(devices=[]):
        model = obj()
    if not isinstance(model, torch.nn.Module):
        raise AnswerError(
            f"A network is asked for, an nn.Module that takes images (N, 1, 28, 28) between 0 and 1; your function "
            f"returned {type(model).__name__}."
        )
    model.eval()
    images = torch.from_numpy(_pixels(inputs["images"])[:, None].astype(np.float32) / 255)
    with torch.no_grad():
        logits = torch.cat([model(part) for part in images.split(250)])
        if logits.ndim != 2 or logits.shape[1] != 10:
            raise AnswerError(
                f"For {len(images)} images, ten logits each are asked for, ({len(images)}, 10); your network gives "
                f"{tuple(logits.shape)}."
            )
        with FlopCounterMode(display=False) as counter:
            model(images[:1])
        ratio = _time_ratio(model, images[:TIMED])
    return logits.argmax(1).numpy(), numbers_in(model), counter.get_total_flops() // 2, ratio


def _pixels(images: dict[str, Any]) -> np.ndarray:
    if "pixels" in images:
        return np.asarray(images["pixels"])
    from course_lib.data import load_fashion_mnist

    return np.rint(255 * load_fashion_mnist().X_test[images["embedded"]]).astype(np.uint8)


def _time_ratio(model: Any, images: Any) -> float:
    """How much longer a prediction takes than unit 10's network: medians of runs that take turns."""
    from course_lib.stand_ins.u10_gpu_cnn import Net

    yardstick = Net().eval()
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(REPEATS):
        for mine, network in ((False, yardstick), (True, model)):
            start = time.perf_counter()
            network(images)
            times[mine].append(time.perf_counter() - start)
    return median(times[True]) / median(times[False])


def numbers_in(model: Any) -> int:
    """The entries of all tensors and arrays that a model's modules keep, each tensor once; counters are not counted."""
    found: dict[int, int] = {}

    def look(value: Any) -> None:
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            size = int(np.prod(value.shape))
            if size > 1 or "int" not in str(value.dtype):
                found[id(value)] = size
        elif isinstance(value, dict | list | tuple | set):
            for item in value.values() if isinstance(value, dict) else value:
                look(item)

    for part in model.modules():
        look({key: value for key, value in vars(part).items() if key != "_modules"})
    return sum(found.values())


DRIVERS: dict[str, Driver] = {"budgeted_network": budgeted_network}

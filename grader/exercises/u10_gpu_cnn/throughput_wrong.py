"""What people write in place of `throughput`, and other ways to write it that are right."""

from typing import Any


def never_synchronized(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    start = clock()
    for _ in range(steps):
        step()
    return images_per_step * steps / (clock() - start)


def synchronized_at_the_end(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * steps / (clock() - start)


def synchronized_at_every_step(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
        synchronize()
    return images_per_step * steps / (clock() - start)


def warmup_timed(step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any") -> float:
    synchronize()
    start = clock()
    for _ in range(warmup):
        step()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * steps / (clock() - start)


def warmup_counted(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * (warmup + steps) / (clock() - start)


def no_warmup(step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any") -> float:
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step * steps / (clock() - start)


def batches_per_second(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return steps / (clock() - start)


def seconds_per_image(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return (clock() - start) / (images_per_step * steps)


def one_step_rate(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    for _ in range(warmup):
        step()
    synchronize()
    start = clock()
    for _ in range(steps):
        step()
    synchronize()
    return images_per_step / (clock() - start)


def right_with_while(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    made = 0
    while made < warmup:
        step()
        made += 1
    synchronize()
    seconds = -clock()
    while made < warmup + steps:
        step()
        made += 1
    synchronize()
    seconds += clock()
    return steps / seconds * images_per_step


def right_by_difference(
    step: "Any", images_per_step: int, warmup: int, steps: int, synchronize: "Any", clock: "Any"
) -> float:
    def timed(count: int) -> float:
        synchronize()
        before = clock()
        for _ in range(count):
            step()
        synchronize()
        return float(clock() - before)

    timed(warmup)
    return images_per_step / (timed(steps) / steps)

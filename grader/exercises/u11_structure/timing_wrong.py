"""What people write in place of `latency`; each function can be pasted into a notebook as it stands."""

from typing import Any

import numpy as np


def latency_never_waits(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        start = clock()
        run()
        times.append(clock() - start)
    return float(np.median(times))


def latency_waits_at_the_end(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    synchronize()
    starts, ends = [], []
    for _ in range(repeats):
        starts.append(clock())
        run()
        ends.append(clock())
    synchronize()
    ends[-1] = clock()
    return float(np.median(np.subtract(ends, starts)))


def latency_queue_not_empty(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return float(np.median(times))


def latency_total(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    synchronize()
    start = clock()
    for _ in range(repeats):
        run()
    synchronize()
    return float((clock() - start) / repeats)


def latency_mean(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return float(np.mean(times))


def latency_fastest(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return min(times)


def latency_upper_median(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return sorted(times)[len(times) // 2]


def latency_milliseconds(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    for _ in range(warmup):
        run()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return float(np.median(times)) * 1000


def latency_without_warmup(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return float(np.median(times))


def latency_warmup_counted(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    times = []
    for _ in range(warmup + repeats):
        synchronize()
        start = clock()
        run()
        synchronize()
        times.append(clock() - start)
    return float(np.median(times))

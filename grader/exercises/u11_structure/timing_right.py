"""`latency` written otherwise, and right."""

from typing import Any


def latency_with_statistics(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    import statistics

    for _ in range(warmup):
        run()
        synchronize()
    times = []
    for _ in range(repeats):
        before = clock()
        run()
        synchronize()
        times.append(clock() - before)
    return statistics.median(times)


def latency_sorted(run: "Any", synchronize: "Any", clock: "Any", repeats: int, warmup: int) -> float:
    times = []
    for _ in range(warmup + repeats):
        synchronize()
        times.append(-clock())
        run()
        synchronize()
        times[-1] += clock()
    kept = sorted(times[warmup:])
    return (kept[repeats // 2] + kept[(repeats - 1) // 2]) / 2

"""A class graded by a cluster, simulated from measured service times: which part is full first, and how long one waits.

A submission goes through steps; each step needs one server of its station for as long as was measured. The grader's own
process is one server: it collects from the disk and is the gradebook's single writer. The workers' cores are as many as
one likes. Discrete events, one seed; every simulated submission takes its times from one that was graded.

The model leaves out what a network and Dask's scheduler take, and supposes that cores do not slow each other down.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

GRADER, CORES = "grader", "cores"
STATION = {
    "collecting disk": GRADER,
    "cells and judging": CORES,
    "gradebook": GRADER,
    "page": CORES,
    "page's file": GRADER,
}
"""The steps of a submission in their order, and whose time each takes: the one process's, or a worker's core."""
HOUR = 3600.0

Times = Mapping[str, float]
"""Seconds of one measured submission, by step."""


@dataclass
class Simulated:
    """What came of a simulation: counts, seconds, and shares of the time that servers were busy."""

    arrived: int
    left: int
    queued: int
    """Under way when the time was over: waiting or served."""
    seconds: float
    waits: list[float] = field(repr=False)
    """Of those that left, seconds from arrival to page, in the order in which they left."""
    busy: dict[str, float]
    """Seconds that a step's servers worked, up to the end."""
    servers: dict[str, int]
    station: Mapping[str, str] = field(repr=False)

    @property
    def per_hour(self) -> float:
        """Submissions that left in an hour."""
        return HOUR * self.left / self.seconds

    def use(self, station: str) -> float:
        """The share of its servers' time that a station was busy, 0 to 1."""
        worked = sum(seconds for step, seconds in self.busy.items() if self.station[step] == station)
        return worked / (self.seconds * self.servers[station])

    def within(self, share: float) -> float:
        """Seconds within which this share of those that left had their page; 0 where none left."""
        ordered = sorted(self.waits)
        return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0

    @property
    def bottleneck(self) -> str:
        """The step that takes most of the station which is busiest."""
        full = max(self.servers, key=self.use)
        return max((step for step in self.busy if self.station[step] == full), key=lambda step: self.busy[step])


def most_per_hour(measured: Sequence[Times], cores: int, station: Mapping[str, str] = STATION) -> float:
    """Submissions an hour beyond which some station falls behind, whatever the arrivals."""
    return min(HOUR / (need / (cores if s == CORES else 1)) for s, need in _needs(measured, station).items() if need)


def cores_for(measured: Sequence[Times], per_hour: float, use: float = 0.8) -> int:
    """The fewest cores that are busy for no more than this share of their time."""
    return max(1, ceil(_needs(measured, STATION).get(CORES, 0.0) * per_hour / HOUR / use))


def _needs(measured: Sequence[Times], station: Mapping[str, str]) -> dict[str, float]:
    """Mean seconds that a submission takes of each station."""
    needs = dict.fromkeys(station.values(), 0.0)
    for step, where in station.items():
        needs[where] += sum(times.get(step, 0.0) for times in measured) / len(measured)
    return needs


def simulate(
    measured: Sequence[Times],
    cores: int,
    per_hour: float,
    seconds: float = HOUR,
    seed: int = 0,
    station: Mapping[str, str] = STATION,
) -> Simulated:
    """Let submissions arrive by chance (a Poisson process) for `seconds`, and stop when these are over.

    measured: the times to draw from. Raises `ValueError` for no times, no core, or a rate of zero or less.
    """
    if not measured or cores < 1 or per_hour <= 0:
        raise ValueError("A simulation needs measured times, a core and a rate above zero.")
    return _Run(measured, cores, per_hour, seconds, random.Random(seed), station).through()


class _Run:
    """The state of one simulation: the calendar of what happens next, and a queue for each station."""

    def __init__(
        self,
        measured: Sequence[Times],
        cores: int,
        per_hour: float,
        seconds: float,
        chance: random.Random,
        station: Mapping[str, str],
    ) -> None:
        self.measured, self.seconds, self.chance, self.station = measured, seconds, chance, station
        self.gap = HOUR / per_hour
        self.steps = list(station)
        self.servers = {name: cores if name == CORES else 1 for name in station.values()}
        self.free = dict(self.servers)
        self.queues: list[deque[int]] = [deque() for _ in self.steps]
        self.next = {name: [i for i, s in enumerate(self.steps) if station[s] == name][::-1] for name in self.servers}
        """What a free server takes first: as in `GradingRun.run`, what was begun is finished before more is begun."""
        self.busy = dict.fromkeys(self.steps, 0.0)
        self.begun: dict[int, tuple[float, Times]] = {}
        self.arrived = 0
        self.waits: list[float] = []
        self.calendar: list[tuple[float, int, int]] = []
        """(when, submission, the step that ends then); step -1 is an arrival."""

    def through(self) -> Simulated:
        heapq.heappush(self.calendar, (self.chance.expovariate(1 / self.gap), 0, -1))
        while self.calendar and self.calendar[0][0] <= self.seconds:
            now, who, step = heapq.heappop(self.calendar)
            if step < 0:
                self._arrive(now, who)
            else:
                self._end(now, who, step)
        counts = self.arrived, len(self.waits), len(self.begun)
        return Simulated(*counts, self.seconds, self.waits, self.busy, self.servers, self.station)

    def _arrive(self, now: float, who: int) -> None:
        self.arrived += 1
        self.begun[who] = now, self.chance.choice(self.measured)
        self._queue(now, who, 0)
        heapq.heappush(self.calendar, (now + self.chance.expovariate(1 / self.gap), who + 1, -1))

    def _end(self, now: float, who: int, step: int) -> None:
        station = self.station[self.steps[step]]
        self.free[station] += 1
        if step + 1 < len(self.steps):
            self._queue(now, who, step + 1)
        else:
            self.waits.append(now - self.begun.pop(who)[0])
        self._serve(now, station)

    def _queue(self, now: float, who: int, step: int) -> None:
        self.queues[step].append(who)
        self._serve(now, self.station[self.steps[step]])

    def _serve(self, now: float, station: str) -> None:
        while self.free[station]:
            step = next((step for step in self.next[station] if self.queues[step]), None)
            if step is None:
                return
            who = self.queues[step].popleft()
            takes = self.begun[who][1].get(self.steps[step], 0.0)
            self.free[station] -= 1
            self.busy[self.steps[step]] += min(takes, self.seconds - now)
            heapq.heappush(self.calendar, (now + takes, who, step))


RATES = (1_000, 10_000, 30_000, 100_000)
"""Submissions an hour."""


def table(
    measured: Sequence[Times], rates: Sequence[int] = RATES, seconds: float = HOUR
) -> list[dict[str, float | str]]:
    """A simulated hour at each rate, with as many cores as it takes: what is busy, how long one waits, what is full."""
    rows: list[dict[str, float | str]] = []
    for rate in rates:
        cores = cores_for(measured, rate)
        hour = simulate(measured, cores, rate, seconds)
        rows.append(
            {
                "per_hour": rate,
                "cores": cores,
                "cores_busy": hour.use(CORES),
                "grader_busy": hour.use(GRADER),
                "within_95_s": hour.within(0.95),
                "left_per_hour": hour.per_hour,
                "queued": hour.queued,
                "bottleneck": hour.bottleneck,
            }
        )
    return rows

"""The model of a grading cluster keeps the laws of queues, and names what is really full."""

from __future__ import annotations

import pytest
from grading_model import CORES, GRADER, HOUR, cores_for, most_per_hour, simulate, table

pytestmark = pytest.mark.fast

MEASURED = [
    {"collecting disk": 0.002, "cells and judging": cells, "gradebook": 0.03, "page": 0.02, "page's file": 0.001}
    for cells in (0.05, 0.1, 0.3)
]
ONE = {"gradebook": GRADER}
"""A station alone, with one server."""


@pytest.mark.parametrize("per_hour", [5_000, 100_000, 400_000])
def test_whatever_arrives_leaves_or_is_still_there(per_hour):
    hour = simulate(MEASURED, cores=8, per_hour=per_hour, seconds=300)
    assert hour.arrived == hour.left + hour.queued
    assert hour.arrived == pytest.approx(per_hour / 12, rel=0.1)


def test_a_server_is_busy_for_what_its_work_takes():
    hour = simulate(MEASURED, cores=8, per_hour=60_000, seconds=HOUR / 2)
    each = {GRADER: 0.033, CORES: 0.15 + 0.02}
    for station, servers in ((GRADER, 1), (CORES, 8)):
        assert hour.use(station) == pytest.approx(hour.per_hour / HOUR * each[station] / servers, rel=0.02)


@pytest.mark.parametrize("use", [0.3, 0.6, 0.8])
def test_waiting_for_one_server_follows_the_formula_of_pollaczek_and_khinchine(use):
    takes = 0.04
    alone = simulate([{"gradebook": takes}], 1, use * HOUR / takes, seconds=HOUR, station=ONE)
    mean = sum(alone.waits) / alone.left
    assert mean == pytest.approx(takes + use * takes / (2 * (1 - use)), rel=0.06)  # M/D/1


def test_as_many_are_under_way_as_arrive_while_one_is_there():
    takes, rate = 0.04, 60_000  # two thirds busy
    alone = simulate([{"gradebook": takes}], 1, rate, seconds=HOUR, station=ONE)
    under_way = sum(alone.waits) / alone.seconds  # its mean over time
    assert under_way == pytest.approx(rate * (takes + 2 / 3 * takes / (2 / 3)) / HOUR, rel=0.06)  # Little's law


def test_beyond_its_capacity_it_gives_what_it_can_and_the_rest_waits():
    most = most_per_hour(MEASURED, cores=100)
    assert most == pytest.approx(HOUR / 0.033)
    hour = simulate(MEASURED, cores=100, per_hour=2 * most, seconds=600)
    assert hour.per_hour == pytest.approx(most, rel=0.02)
    assert hour.queued > hour.left / 2
    assert hour.use(GRADER) == pytest.approx(1, abs=0.01)


def test_the_bottleneck_moves_with_what_is_slow():
    few = simulate(MEASURED, cores=2, per_hour=40_000, seconds=300)
    assert few.bottleneck == "cells and judging"
    many = simulate(MEASURED, cores=64, per_hour=40_000, seconds=300)
    assert many.bottleneck == "gradebook"
    slow = [times | {"collecting disk": 0.05} for times in MEASURED]
    assert simulate(slow, cores=64, per_hour=40_000, seconds=300).bottleneck == "collecting disk"
    slower = [times | {"gradebook": 1.0} for times in MEASURED]
    assert simulate(slower, cores=2, per_hour=40_000, seconds=300).bottleneck == "gradebook"


def test_the_same_seed_gives_the_same_and_another_does_not():
    one, again, other = (simulate(MEASURED, 4, 30_000, seconds=60, seed=seed).waits for seed in (1, 1, 2))
    assert one == again != other


def test_the_table_has_cores_enough_and_says_what_is_full():
    rows = table(MEASURED, (1_000, 30_000, 100_000), seconds=600)
    assert [row["cores"] for row in rows] == [cores_for(MEASURED, rate) for rate in (1_000, 30_000, 100_000)]
    assert all(row["cores_busy"] < 0.9 for row in rows)
    assert rows[-1]["bottleneck"] == "gradebook" and rows[-1]["grader_busy"] > 0.9


@pytest.mark.parametrize(("measured", "cores", "rate"), [([], 1, 1.0), (MEASURED, 0, 1.0), (MEASURED, 1, 0.0)])
def test_what_makes_no_sense_is_refused(measured, cores, rate):
    with pytest.raises(ValueError, match="needs measured times"):
        simulate(measured, cores, rate)

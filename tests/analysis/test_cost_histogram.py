"""The intervals of a chart hold all of the distribution, each cost in the one it belongs to."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from router.analysis.cost_histogram import LEVELS, cost_histogram, histogram_of
from router.analysis.distribution import distribution
from router.schema.cost_histogram import CostHistogram
from router.schema.plan import Plan
from tests.builders import catalog, model, planned

TWO = catalog(
    model("a", [{"audio": False, "price_per_second": "0.10"}]),
    model("b", [{"audio": False, "price_per_second": "0.15"}]),
)
"""A clip of 10 s costs $1.00 on a, $1.50 on b."""


def found(plan: Plan, bins: int = 48) -> CostHistogram:
    histogram = cost_histogram(plan, bins)
    assert histogram is not None
    return histogram


def two(count: int = 1, **outages: Any) -> Plan:
    return planned([{"seconds": 10, "count": count}], TWO, outages={"availability": {"a": "0.9"}, **outages})


def test_two_costs_stand_in_two_intervals() -> None:
    # One clip: $1.00 with a chance of 0.9, else $1.50.
    histogram = found(two())
    held = {own.from_usd: own.share for own in histogram.bins if own.share}
    assert held == {Decimal("1.00"): pytest.approx(0.9), Decimal("1.50"): pytest.approx(0.1)}
    assert (histogram.method, histogram.draws) == ("exact", 0)
    assert dict(histogram.quantiles)[0.5] == Decimal("1.00")
    assert dict(histogram.quantiles)[0.95] == Decimal("1.50")


def test_a_cost_on_an_edge_belongs_to_the_interval_that_begins_there() -> None:
    for own in found(two(), bins=6).bins:
        if own.from_usd == Decimal("1.5"):
            assert own.share == pytest.approx(0.1)
        elif own.to_usd == Decimal("1.5"):
            assert own.share == 0


@pytest.mark.parametrize("bins", [2, 7, 48])
@pytest.mark.parametrize("correlation", ["per-request", "per-run"])
def test_intervals_are_neighbours_and_hold_all_but_a_thousandth(bins: int, correlation: str) -> None:
    plan = two(1000, correlation=correlation)
    histogram = found(plan, bins)
    assert 1 <= len(histogram.bins) <= bins
    assert all(one.to_usd == other.from_usd for one, other in pairwise(histogram.bins))
    assert len({own.to_usd - own.from_usd for own in histogram.bins}) == 1
    assert sum(own.share for own in histogram.bins) + histogram.below + histogram.above == pytest.approx(1)
    assert histogram.below + histogram.above <= 0.001 + 1e-9
    law = distribution(plan)
    for own in histogram.bins:
        # P(from <= X < to), of whole cents.
        cent = Decimal("0.01")
        exact = law.probability_over(own.from_usd - cent / 2) - law.probability_over(own.to_usd - cent / 2)
        assert own.share == pytest.approx(exact, abs=1e-9)


def test_a_worst_case_that_is_near_is_inside_and_one_far_off_is_not() -> None:
    near, far = found(two()), found(two(10_000))
    assert near.bins[-1].to_usd > Decimal("1.50")
    # Each of the 10,000 clips on b: $15,000; the mean is $10,500, a thousandth lies above about $10,547.
    assert far.bins[-1].to_usd < Decimal(11_000)


def test_a_cost_that_is_certain_is_one_interval_of_no_width() -> None:
    plan = planned([{"seconds": 10}], catalog(model()))
    (only,) = found(plan).bins
    assert (only.from_usd, only.to_usd, only.share) == (1, 1, 1.0)


def test_quantiles_are_those_of_the_plan() -> None:
    plan = two(100, correlation="per-run")
    quantiles = dict(found(plan).quantiles)
    assert tuple(quantiles) == LEVELS
    sums = plan.totals
    assert [quantiles[level] for level in (0.5, 0.9, 0.95, 0.99)] == [
        sums.p50_usd,
        sums.p90_usd,
        sums.p95_usd,
        sums.p99_usd,
    ]
    assert histogram_of(distribution(plan)).quantiles == found(plan).quantiles


def test_outages_over_time_are_drawn_as_the_plan_was() -> None:
    plan = two(20, correlation="over-time", repair_minutes=10, run_minutes=60)
    histogram = found(plan)
    assert (histogram.method, histogram.draws) == ("simulated", plan.distribution.draws)
    assert sum(own.share for own in histogram.bins) == pytest.approx(1)
    assert dict(histogram.quantiles)[0.95] == plan.totals.p95_usd
    assert histogram == found(plan)


def test_outages_that_nobody_can_draw_have_no_histogram() -> None:
    plan = two(20, correlation="over-time", repair_minutes=10, run_minutes=60)
    # A repair that takes a ten-millionth of a minute: more changes in a run than a simulation draws.
    restless = plan.outages.model_copy(update={"repair_minutes": {"p/a": 1e-7, "p/b": 1e-7}})
    assert cost_histogram(plan.model_copy(update={"outages": restless})) is None

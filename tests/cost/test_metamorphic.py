"""What must not change, or only one way, when the input changes: chances, their exact distribution, and whole plans."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest

from router.cost.exact import Exact, exact
from router.schema.exposure import Attempt, Chances
from router.schema.plan import Plan
from tests import builders, risk_oracle, risk_strategies

LEVELS = (0.5, 0.9, 0.95, 0.99)
CLOSE = 1e-9


def cases(count: int, first: int = 1000) -> Iterator[tuple[int, Chances]]:
    for seed in range(first, first + count):
        yield seed, risk_strategies.random_chances(seed)


def each_attempt(chances: Chances, change: Any) -> Chances:
    """The chances with every attempt changed."""
    exposures = [dataclasses.replace(e, attempts=tuple(map(change, e.attempts))) for e in chances.exposures]
    return dataclasses.replace(chances, exposures=tuple(exposures))


def figures(of: Exact) -> list[float]:
    """Everything that is said about a cost."""
    cost = of.cost
    tails = [one for level in LEVELS for one in (cost.quantile(level), cost.cvar(level))]
    return [cost.mean, cost.std, cost.least, cost.most, *tails]


def close(ours: list[float], theirs: list[float]) -> bool:
    reach = max(map(abs, ours), default=0.0)
    return all(math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE * reach) for a, b in zip(ours, theirs, strict=True))


# ---- the distribution ------------------------------------------------------------------------------------------------


def test_raising_an_availability_never_makes_it_likelier_that_clips_go_unserved() -> None:
    raised = 0
    for seed, chances in cases(100):
        cause = chances.exposures[0].attempts[0].cause

        def up(attempt: Attempt, cause: str = cause) -> Attempt:
            if attempt.cause != cause or attempt.availability is None:
                return attempt
            return attempt._replace(availability=(1 + attempt.availability) / 2)

        surer = each_attempt(chances, up)
        before, after = exact(chances).unserved, exact(surer).unserved
        raised += surer != chances

        assert after.mean <= before.mean + CLOSE, f"seed {seed}"
        for clips in range(int(before.most) + 1):
            assert after.above(clips) <= before.above(clips) + CLOSE, f"seed {seed}: more than {clips}"
    assert raised > 50


def test_raising_the_availability_of_a_provider_never_makes_it_likelier_that_clips_go_unserved() -> None:
    raised = 0
    for seed, chances in cases(100):
        surer = dataclasses.replace(chances, providers={name: (1 + a) / 2 for name, a in chances.providers.items()})
        before, after = exact(chances).unserved, exact(surer).unserved
        raised += surer != chances

        for clips in range(int(before.most) + 1):
            assert after.above(clips) <= before.above(clips) + CLOSE, f"seed {seed}: more than {clips}"
    assert raised > 30


@pytest.mark.parametrize("factor", [3, 1000, 1_000_000])
def test_scaling_all_prices_scales_every_figure(factor: int) -> None:
    for seed, chances in cases(40):
        dearer = each_attempt(chances, lambda attempt: attempt._replace(billed=attempt.billed * factor))
        dearer = dataclasses.replace(dearer, unserved=chances.unserved * factor)

        assert close([factor * one for one in figures(exact(chances))], figures(exact(dearer))), f"seed {seed}"


def test_splitting_an_exposure_into_two_of_the_same_chain_changes_nothing() -> None:
    split = 0
    for seed, chances in cases(100):
        first, *others = chances.exposures
        if first.count == 1:
            continue
        split += 1
        halves = [dataclasses.replace(first, count=n) for n in (first.count // 2, first.count - first.count // 2)]
        apart = dataclasses.replace(chances, exposures=(halves[0], *others, halves[1]))

        assert close(figures(exact(chances)), figures(exact(apart))), f"seed {seed}"
    assert split > 50


def test_the_order_of_exposures_changes_nothing() -> None:
    for seed, chances in cases(60):
        backwards = dataclasses.replace(chances, exposures=chances.exposures[::-1])

        assert close(figures(exact(chances)), figures(exact(backwards))), f"seed {seed}"


def test_the_expected_cost_is_equal_under_all_correlations() -> None:
    for seed, chances in cases(100):
        means = [exact(risk_oracle.under(chances, *pair)).cost.mean for pair in risk_strategies.CORRELATIONS]

        assert close(means[:1] * 4, means), f"seed {seed}"


def test_a_step_that_can_never_be_reached_changes_nothing() -> None:
    never = Attempt("elsewhere", "never", billed=9_999_999, availability=0.0)
    for seed, chances in cases(60):
        exposures = [dataclasses.replace(e, attempts=(never, *e.attempts)) for e in chances.exposures]
        longer = dataclasses.replace(chances, exposures=tuple(exposures))

        assert close(figures(exact(chances)), figures(exact(longer))), f"seed {seed}"


def test_more_takes_never_lower_the_mean_nor_any_percentile_nor_the_most() -> None:
    for seed, chances in cases(60):
        exposures = [dataclasses.replace(e, takes=e.takes + 1) for e in chances.exposures]
        before, after = exact(chances).cost, exact(dataclasses.replace(chances, exposures=tuple(exposures))).cost

        for less, more in [(before.mean, after.mean), (before.most, after.most), (before.least, after.least)] + [
            (before.quantile(level) - before.error, after.quantile(level) + after.error) for level in LEVELS
        ]:
            assert less <= more * (1 + CLOSE) + CLOSE, f"seed {seed}"


def test_the_tail_is_never_below_its_percentile_nor_a_percentile_below_a_lower_one() -> None:
    for seed, chances in cases(100):
        cost = exact(chances).cost
        quantiles = [cost.quantile(level) for level in LEVELS]

        assert quantiles == sorted(quantiles), f"seed {seed}"
        tails = [cost.cvar(level) for level in (0.0, *LEVELS)]
        assert all(low <= high * (1 + CLOSE) for low, high in itertools.pairwise(tails)), f"seed {seed}"
        assert math.isclose(tails[0], cost.mean, rel_tol=CLOSE, abs_tol=CLOSE), f"seed {seed}: no tail is the mean"
        for quantile, tail in zip(quantiles, tails[1:], strict=True):
            assert quantile <= tail * (1 + CLOSE) + cost.error, f"seed {seed}"


def test_no_clips_cost_nothing_for_certain() -> None:
    nothing = exact(Chances((), {}, 5))

    assert figures(nothing) == [0] * 12
    assert (nothing.unserved.mean, nothing.unserved.most, nothing.cost.cdf(0), nothing.cost.cdf(-1)) == (0, 0, 1, 0)


# ---- whole plans -----------------------------------------------------------------------------------------------------

MODELS = [
    builders.model("low", keep_rate="0.7", failure_rate="0.1", bills_failures="yes"),
    builders.model("mid", [{"audio": False, "price_per_second": "0.15"}], keep_rate="0.8", availability="0.9"),
    builders.model(
        "high", [{"audio": False, "price_per_second": "0.25"}], bills_failures="unknown", failure_rate="0.2"
    ),
]
UNSURE = {"availability": {"low": "0.9", "mid": "0.8"}}


def planned(primary: str, *, clip: Any = None, outages: Any = None, **fallback: Any) -> Plan:
    """Two clip lines, both forced to a primary; every other model may catch them."""
    clips = [{"id": name, "seconds": n, "count": 3, "max_takes": 2, **(clip or {})} for name, n in (("a", 5), ("b", 8))]
    return builders.planned(
        clips,
        builders.catalog(*MODELS),
        fallback=fallback,
        outages={**UNSURE, **(outages or {})},
        limits={"caps": [{"where": {"model": primary}, "min_share": 1}]},
    )


@pytest.mark.parametrize("correlation", ["per-request", "per-run"])
@pytest.mark.parametrize("primary", ["low", "mid", "high"])
def test_a_dearer_fallback_never_lowers_the_worst_case(primary: str, correlation: str) -> None:
    alone, dearer = (
        planned(primary, direction=direction, outages={"correlation": correlation}).totals
        for direction in ("none", "dearer")
    )

    assert dearer.worst_usd >= alone.worst_usd
    assert dearer.worst_per_request_usd >= alone.worst_per_request_usd


@pytest.mark.parametrize("direction", ["any", "cheaper", "dearer", "none"])
@pytest.mark.parametrize("primary", ["low", "mid", "high"])
def test_the_worst_state_of_a_run_costs_at_most_what_all_worst_cases_cost_together(
    primary: str, direction: str
) -> None:
    per_request = planned(primary, direction=direction, unserved_usd="1").totals
    per_run = planned(primary, direction=direction, unserved_usd="1", outages={"correlation": "per-run"}).totals

    assert per_run.worst_usd <= per_request.worst_usd == per_run.worst_per_request_usd
    assert per_run.expected_usd == per_request.expected_usd


@pytest.mark.parametrize("correlation", ["per-request", "per-run"])
def test_more_takes_never_lower_the_worst_case_of_a_plan(correlation: str) -> None:
    by_takes = [
        planned("low", clip={"max_takes": takes}, outages={"correlation": correlation}, unserved_usd="0.5").totals
        for takes in (1, 2, 3, 5)
    ]

    worst, expected = [t.worst_usd for t in by_takes], [t.expected_usd for t in by_takes]
    assert worst == sorted(worst)
    assert expected == sorted(expected)
    assert worst[0] < worst[-1]


def test_a_clip_line_of_six_is_six_clip_lines_of_one() -> None:
    one = builders.planned([{"id": "a", "seconds": 5, "count": 6}], builders.catalog(*MODELS), outages=UNSURE)
    six = builders.planned([{"id": f"a{i}", "seconds": 5} for i in range(6)], builders.catalog(*MODELS), outages=UNSURE)

    assert one.totals == six.totals
    assert one.totals.std_usd > 0

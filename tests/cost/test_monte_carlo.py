"""The simulation against laws worked out by hand; four standard errors to either side, seeds fixed."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from router.cost.journeys import journeys
from router.cost.monte_carlo import BATCH, Simulation, parts_of_batch, precise, simulate
from router.cost.outage_paths import Weather
from router.cost.sample import Sample
from router.cost.walk import DOWN, UNKNOWN, UP, Groups, merged
from router.errors import InputError
from router.schema.exposure import Attempt, Chances, Exposure

ONE = Attempt("p", "one", 100, 0.9)
OTHER = Attempt("p", "other", 300, 0.8)
SURE = Attempt("p", "sure", 300, None)


def chances(*attempts: Attempt, count: int = 1, takes: int = 1, **fields: Any) -> Chances:
    """Clips of one chain, each with outages of its own unless ``fields`` say otherwise."""
    return Chances((Exposure(attempts, takes, count),), **{"providers": {}, "unserved": 0, **fields})


def over_time(*attempts: Attempt, count: int, repair: float, run: float, **fields: Any) -> Chances:
    """The same, with outages that come and go."""
    names = {a.cause for a in attempts} | {a.provider for a in attempts}
    given = {"correlation": "over-time", "provider_correlation": "over-time", **fields}
    return chances(*attempts, count=count, repair_minutes=dict.fromkeys(names, repair), run_minutes=run, **given)


def near(sample: Sample, mean: float, variance: float) -> None:
    """Assert that a sample may well be of this mean and variance."""
    assert abs(sample.mean - mean) <= 4 * math.sqrt(variance / sample.draws) + 1e-9
    assert abs(sample.std - math.sqrt(variance)) <= 4 * sample.std_error + 1e-9


def share(sample: Sample, value: float) -> float:
    return float((sample.values == value).mean())


def may_be(seen: float, truth: float, draws: int) -> bool:
    return abs(seen - truth) <= 4 * math.sqrt(truth * (1 - truth) / draws)


# ---- outages of each clip's own ----------------------------------------------------------------------------------------


def test_clips_that_find_one_model_up_are_binomial() -> None:
    found = simulate(chances(ONE, count=50, unserved=20))
    # 20 x 50 + 80 x B(50, 0.9): mean 1000 + 80 x 45, variance 80^2 x 50 x 0.09.
    near(found.cost, 4600, 6400 * 4.5)
    near(found.unserved, 5, 4.5)
    assert may_be(share(found.unserved, 0), 0.9**50, found.draws)
    assert may_be(share(found.unserved, 5), math.comb(50, 5) * 0.1**5 * 0.9**45, found.draws)


def test_a_chain_is_tried_in_order_and_what_finds_all_of_it_down_is_unserved() -> None:
    found = simulate(chances(ONE, OTHER._replace(degraded=True), count=30, unserved=1000))
    # A clip bills 100 with 0.9, 300 with 0.1 x 0.8, 1000 with 0.02: mean 134, mean square 9000 + 7200 + 20000.
    near(found.cost, 30 * 134, 30 * (36_200 - 134**2))
    near(found.unserved, 30 * 0.02, 30 * 0.02 * 0.98)
    near(found.degraded, 30 * 0.08, 30 * 0.08 * 0.92)
    assert found.unkept.most == 0


def test_a_provider_that_is_down_takes_all_its_models_with_it() -> None:
    together = simulate(chances(ONE._replace(availability=None), SURE, count=10, providers={"p": 0.8}, unserved=7))
    # 10 x 7 + 93 x B(10, 0.8); two providers of their own would leave 0.04 of the clips, not 0.2.
    near(together.unserved, 2, 10 * 0.16)
    near(together.cost, 70 + 93 * 8, 93**2 * 1.6)
    apart = simulate(
        chances(ONE._replace(availability=None), SURE._replace(provider="q"), count=10, providers={"p": 0.8, "q": 0.8})
    )
    near(apart.unserved, 0.4, 10 * 0.04 * 0.96)


def test_a_provider_met_again_after_another_is_in_the_state_that_it_was_in() -> None:
    back = Attempt("q", "between", 200, 0.5)
    found = simulate(chances(ONE, back, SURE, providers={"p": 0.7}), draws=20_000)
    # p up (0.7): 100 with 0.9, else between with 0.05, else sure 0.05. p down (0.3): between 0.15, or nobody 0.15.
    expected = {100: 0.63, 200: 0.035 + 0.15, 300: 0.035, 0: 0.15}
    assert {
        value: may_be(share(found.cost, value), truth, 20_000) for value, truth in expected.items()
    } == dict.fromkeys(expected, True)


def test_what_nobody_has_stated_counts_as_up_and_as_not_billed() -> None:
    found = simulate(chances(ONE._replace(availability=None, failure_rate=0.5, bills_failures="unknown"), SURE))
    assert set(found.cost.values) == {100, 300}
    assert may_be(share(found.cost, 300), 0.5, found.draws)


def test_a_failure_that_is_billed_costs_its_bill_and_the_clip_goes_on() -> None:
    found = simulate(chances(ONE._replace(failure_rate=0.2, bills_failures="yes"), SURE))
    # Up and well 0.72, up and failed 0.18 (100 + 300), down 0.1.
    expected = {100: 0.72, 400: 0.18, 300: 0.1}
    assert {
        value: may_be(share(found.cost, value), truth, found.draws) for value, truth in expected.items()
    } == dict.fromkeys(expected, True)


def test_a_model_that_is_never_up_or_always_fails_makes_nothing() -> None:
    down = simulate(chances(ONE._replace(availability=0.0), SURE))
    failing = simulate(chances(ONE._replace(availability=None, failure_rate=1.0, bills_failures="yes"), SURE))
    gone = simulate(chances(ONE, SURE, providers={"p": 0.0}, unserved=5))
    assert [(set(found.cost.values), found.unserved.mean) for found in (down, failing, gone)] == [
        ({300}, 0),
        ({400}, 0),
        ({5}, 1),
    ]


# ---- takes -----------------------------------------------------------------------------------------------------------


def test_takes_until_one_is_kept_are_geometric_and_cut_off() -> None:
    found = simulate(chances(ONE._replace(availability=None, keep_rate=0.5), count=20, takes=3))
    # A clip takes 1, 2 or 3 with 0.5, 0.25, 0.25: mean 1.75, mean square 3.75; unkept with 0.125.
    near(found.cost, 100 * 20 * 1.75, 10_000 * 20 * (3.75 - 1.75**2))
    near(found.unkept, 20 * 0.125, 20 * 0.125 * 0.875)
    assert found.cost.most <= 6000
    assert found.unserved.most == 0


def test_a_clip_whose_last_take_falls_short_falls_short_whether_it_is_kept_or_not() -> None:
    found = simulate(chances(SURE._replace(keep_rate=0.5, degraded=True), takes=2), draws=1000)
    assert found.degraded.least == found.degraded.most == 1


def test_all_takes_of_a_clip_meet_the_same_outages() -> None:
    found = simulate(chances(ONE._replace(availability=0.5, keep_rate=0.5), takes=3))
    # Down in the first take is down in all: unserved 0.5, unkept 0.5 x 0.125. Were it drawn anew, more would end unserved.
    assert may_be(share(found.unserved, 1), 0.5, found.draws)
    assert may_be(share(found.unkept, 1), 0.0625, found.draws)
    assert may_be(share(found.cost, 300), 0.125, found.draws)


def test_failures_are_drawn_anew_in_each_take_and_outages_are_not() -> None:
    first = Attempt("p", "one", 100, 0.9, failure_rate=0.2, bills_failures="yes", keep_rate=0.5)
    second = Attempt("p", "other", 200, 0.8, failure_rate=0.1, keep_rate=0.7, degraded=True)
    given = chances(first, second, takes=4, count=3, providers={"p": 0.95}, unserved=1000)
    cost = unserved = unkept = degraded = 0.0
    for provider, one, other in itertools.product((0, 1), repeat=3):
        weight = math.prod(a if up else 1 - a for a, up in ((0.95, provider), (0.9, one), (0.8, other)))
        up, behind = provider * one, provider * other
        made = [up * 0.8, (1 - up * 0.8) * behind * 0.9]
        lost = (1 - up * 0.8) * (1 - behind * 0.9)
        take, again = up * 100 + made[1] * 200 + lost * 1000, made[0] * 0.5 + made[1] * 0.3
        takes = (1 - again**4) / (1 - again)
        cost, unserved, unkept = (
            cost + weight * take * takes,
            unserved + weight * lost * takes,
            unkept + weight * again**4,
        )
        degraded += weight * (made[1] * 0.7 * takes + again**3 * made[1] * 0.3)
    for correlation in ("per-request", "per-run"):
        found = simulate(replace(given, correlation=correlation, provider_correlation=correlation), draws=20_000)
        for sample, mean in (
            (found.cost, cost),
            (found.unserved, unserved),
            (found.unkept, unkept),
            (found.degraded, degraded),
        ):
            assert abs(sample.mean - 3 * mean) <= 4 * sample.mean_error


# ---- one state for the run, and mixtures -------------------------------------------------------------------------------


def test_one_state_for_the_run_gives_two_costs_and_nothing_between() -> None:
    found = simulate(chances(ONE, SURE, count=50, correlation="per-run"))
    assert set(found.cost.values) == {5000, 15_000}
    assert may_be(share(found.cost, 15_000), 0.1, found.draws)
    assert (found.cost.least, found.cost.most, found.cost.quantile(0.5), found.cost.quantile(0.95)) == (
        5000,
        15_000,
        5000,
        15_000,
    )


def test_routes_share_the_state_of_a_model_in_one_run_and_not_by_request() -> None:
    twice = (Exposure((ONE,), 1, 10), Exposure((ONE, SURE), 1, 10))
    shared = simulate(Chances(twice, {}, 0, "per-run", "per-run"))
    assert set(shared.cost.values) == {2000, 3000}
    own = simulate(Chances(twice, {}, 0))
    # 100 x B(10, 0.9) + 10 x 300 - 200 x B(10, 0.9): variances 10^4 x 0.9 and 4 x 10^4 x 0.9, independent.
    near(own.cost, 900 + 3000 - 1800, 50_000 * 0.9)


def test_a_provider_down_for_the_run_and_models_by_request_are_a_mixture() -> None:
    found = simulate(chances(ONE, count=50, providers={"p": 0.8}, provider_correlation="per-run"))
    # 0 with 0.2, else 100 x B(50, 0.9): mean 0.8 x 4500, variance 0.8 x 45000 + 0.16 x 4500^2.
    near(found.cost, 3600, 0.8 * 45_000 + 0.16 * 4500**2)
    assert may_be(share(found.cost, 0), 0.2, found.draws)


def test_models_for_the_run_and_a_provider_by_request_are_the_other_mixture() -> None:
    found = simulate(chances(ONE, count=50, providers={"p": 0.8}, correlation="per-run"))
    near(found.cost, 0.9 * 4000, 0.9 * 10_000 * 50 * 0.16 + 0.09 * 4000**2)


# ---- outages that come and go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("takes", [1, 3])
def test_the_mean_is_the_same_whatever_the_correlation(takes: int) -> None:
    first = ONE._replace(failure_rate=0.1, bills_failures="yes", keep_rate=0.6)
    common = {"count": 12, "providers": {"p": 0.9}, "unserved": 500}
    means = []
    for correlation in ("per-request", "per-run", "over-time"):
        given = over_time(
            first, OTHER, **common, repair=30, run=240, correlation=correlation, provider_correlation=correlation
        )
        given = replace(given, exposures=tuple(replace(own, takes=takes) for own in given.exposures))
        means.append(simulate(given).cost)
    for one, other in itertools.combinations(means, 2):
        assert abs(one.mean - other.mean) <= 4 * math.hypot(one.mean_error, other.mean_error)


def test_the_spread_over_time_is_that_of_a_two_state_chain_seen_at_even_times() -> None:
    count, repair, run, a = 40, 20.0, 300.0, 0.7
    found = simulate(over_time(ONE._replace(availability=a), count=count, repair=repair, run=run), draws=20_000)
    # The covariance of up and up at a distance t is a (1 - a) exp(-t (1 / repair + (1 - a) / (a repair))).
    times = (np.arange(count) + 0.5) / count * run
    distances = np.abs(times[:, None] - times[None, :])
    variance = 100**2 * a * (1 - a) * float(np.exp(-distances / (a * repair)).sum())
    near(found.cost, 100 * count * a, variance)


def test_routes_over_time_meet_the_same_outages_at_their_own_times() -> None:
    counts, repair, run, a = (15, 4), 30.0, 90.0, 0.8
    given = over_time(ONE._replace(availability=a), count=1, repair=repair, run=run)
    own = Attempt("p", "one", 500, a)
    found = simulate(
        replace(given, exposures=(Exposure((ONE._replace(availability=a),), 1, 15), Exposure((own,), 1, 4))),
        draws=20_000,
    )
    times = np.concatenate([(np.arange(n) + 0.5) / n * run for n in counts])
    bills = np.array([100.0] * 15 + [500.0] * 4)
    up = a * (1 - a) * np.exp(-np.abs(np.subtract.outer(times, times)) / (a * repair))
    near(found.cost, a * float(bills.sum()), float(bills @ up @ bills))


def test_equal_routes_over_time_are_each_spread_over_the_run() -> None:
    given = over_time(ONE._replace(availability=0.5), count=1, repair=0.5, run=100)
    found = simulate(replace(given, exposures=given.exposures * 2))
    # Both single clips are submitted in the middle of the run and find the same; two clips of one route would not.
    assert set(found.cost.values) == {0, 200}


def test_clips_are_submitted_in_the_middle_of_equal_stretches() -> None:
    (journey,) = journeys(over_time(ONE, count=4, repair=5, run=100))
    path = np.array([True, True]), np.array([[30.0, 130.0], [20.0, 70.0]])
    # Clips at 12.5, 37.5, 62.5 and 87.5. The first draw is down from 30 on; the second from 20 to 70.
    groups = Weather(2, 100.0, {}, {journey.causes[0]: path}).start(journey)
    found = sorted(zip(groups.draw.tolist(), groups.known[:, 0].tolist(), groups.clips.tolist(), strict=True))
    assert found == [(0, DOWN, 3), (0, UP, 1), (1, DOWN, 2), (1, UP, 2)]


def test_repairs_that_outlast_the_run_are_one_state_for_the_run() -> None:
    found = simulate(over_time(ONE, count=50, repair=1e7, run=60))
    near(found.cost, 4500, 100**2 * 50**2 * 0.09)


def test_repairs_much_shorter_than_the_time_between_clips_are_a_state_for_each_clip() -> None:
    found = simulate(over_time(ONE._replace(availability=0.5), count=20, repair=0.05, run=100))
    near(found.cost, 1000, 100**2 * 20 * 0.25)


def test_a_single_clip_is_submitted_in_the_middle_and_finds_the_model_up_as_often_as_it_is() -> None:
    found = simulate(over_time(ONE, count=1, repair=5, run=20))
    assert may_be(share(found.cost, 100), 0.9, found.draws)


def test_a_fallback_over_time_is_down_together_with_its_primary_as_often_as_both_are() -> None:
    found = simulate(over_time(ONE, OTHER, count=25, repair=10, run=100, providers={"q": 0.5}), draws=20_000)
    assert abs(found.unserved.mean - 25 * 0.02) <= 4 * found.unserved.mean_error
    assert abs(found.cost.mean - 25 * (90 + 24)) <= 4 * found.cost.mean_error


def test_a_provider_over_time_and_models_by_request_are_a_mixture_too() -> None:
    given = over_time(ONE, count=50, repair=1e7, run=60, providers={"p": 0.8}, correlation="per-request")
    near(simulate(given).cost, 3600, 0.8 * 45_000 + 0.16 * 4500**2)


def test_more_outages_than_can_be_drawn_are_refused_in_words() -> None:
    with pytest.raises(InputError, match=r"more than the 100,000 that can be simulated; raise outages\.repair_minutes"):
        simulate(over_time(ONE._replace(availability=0.5), count=2, repair=0.001, run=1000))


def test_outages_over_time_need_their_times() -> None:
    with pytest.raises(InputError, match="needs repair_minutes of p/one, and run_minutes"):
        simulate(chances(ONE, correlation="over-time"))


@pytest.mark.parametrize(
    ("repair", "run"), [(0, 60), (-5, 60), (math.nan, 60), (math.inf, 60), (30, 0), (30, -1), (30, math.inf)]
)
def test_times_that_are_none_are_refused(repair: float, run: float) -> None:
    with pytest.raises(InputError, match="needs repair_minutes of p/one, and run_minutes"):
        simulate(over_time(ONE, count=3, repair=repair, run=run))


# ---- draws -------------------------------------------------------------------------------------------------------------


def same(one: Simulation, other: Simulation, draws: int) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("cost", "unserved", "unkept", "degraded")]
    return all(np.array_equal(a.values[:draws], b.values[:draws]) for a, b in pairs)


MANY = over_time(ONE._replace(keep_rate=0.5), OTHER, count=7, takes=2, repair=20, run=60, providers={"p": 0.9})


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    first = simulate(MANY, draws=500, seed=3)
    assert same(first, simulate(MANY, draws=500, seed=3), 500)
    assert not same(first, simulate(MANY, draws=500, seed=4), 500)
    assert (first.draws, first.seed, first.stopped) == (500, 3, "draws")


def test_a_longer_run_begins_with_the_draws_of_a_shorter_one() -> None:
    longer = simulate(MANY, draws=2 * BATCH + 300)
    for draws in (2, BATCH, BATCH + 1):
        shorter = simulate(MANY, draws=draws)
        assert shorter.cost.draws == draws
        assert same(shorter, longer, draws)


def test_draws_are_split_to_fit_into_memory_without_losing_any() -> None:
    # 2 x 0.5 x 1000 / 0.05 = 20,000 changes a draw, 2 million at once: 99 draws (some room is kept for each cause) ten times, and 10.
    given = over_time(ONE._replace(availability=0.5), count=10, repair=0.05, run=1000)
    causes = journeys(given)[0].causes
    assert list(parts_of_batch(causes, 1000)) == [99] * 10 + [10]
    assert list(parts_of_batch(causes, 1)) == [BATCH]
    assert list(parts_of_batch((), None)) == [BATCH]
    found = simulate(given, draws=BATCH)
    assert found.cost.draws == BATCH
    near(found.cost, 500, 100**2 * 10 * 0.25)


def test_clips_that_differ_in_nothing_that_matters_any_more_go_on_together() -> None:
    known = np.array([[UP, DOWN], [DOWN, DOWN]], dtype=np.int8)
    apart = [Groups(np.array([0, 1]), np.array([3, 4]), known), Groups(np.array([0, 1]), np.array([5, 6]), known[::-1])]
    together = merged(apart, forgotten=(0,))
    assert (together.draw.tolist(), together.clips.tolist()) == ([0, 1], [8, 10])
    assert together.known.tolist() == [[UNKNOWN, DOWN]] * 2
    assert sorted(merged(apart).clips.tolist()) == [3, 4, 5, 6]


def test_until_stops_at_the_end_of_the_first_batch_that_is_precise_enough() -> None:
    given = chances(ONE, SURE, count=100)
    found = simulate(given, draws=100_000, until=0.005)
    assert (found.stopped, found.draws % BATCH) == ("until", 0)
    assert precise(found.cost, 0.005)
    assert same(found, simulate(given, draws=found.draws), found.draws)
    before = simulate(given, draws=found.draws - BATCH) if found.draws > BATCH else None
    assert before is None or not precise(before.cost, 0.005)
    assert 1 < found.draws // BATCH < 100


def test_until_that_is_not_reached_makes_all_draws() -> None:
    found = simulate(chances(ONE, SURE), draws=3000, until=1e-9)
    assert (found.stopped, found.draws) == ("draws", 3000)


def test_progress_is_told_after_each_batch() -> None:
    told: list[int] = []
    simulate(chances(ONE), draws=2500, progress=told.append)
    assert told == [1000, 2000, 2500]


def test_equal_chances_that_stand_twice_are_one() -> None:
    whole = simulate(chances(ONE, SURE, count=30))
    parts = Chances((Exposure((ONE, SURE), 1, 10), Exposure((ONE, SURE), 1, 20)), {}, 0)
    assert same(whole, simulate(parts), whole.draws)


def test_a_million_clips_down_a_long_chain_stay_exact_to_the_micro_dollar() -> None:
    chain = [Attempt("p", f"m{k}", 10**6 + k, 0.9, 0.05, "yes", 0.8) for k in range(10)]
    found = simulate(chances(*chain, count=10**6, takes=4, providers={"p": 0.99}), draws=50)
    assert (found.cost.values == np.rint(found.cost.values)).all()
    assert (found.cost.values < 2**53).all()
    # About 10^-12 of the clips finds all ten down or failing; 1 % finds the provider down.
    assert abs(found.unserved.mean - 10_000) <= 4 * math.sqrt(10_000 * 0.99 / 50)


def test_rates_that_miss_0_or_1_by_a_rounding_error_are_0_or_1() -> None:
    odd = simulate(
        chances(
            ONE._replace(failure_rate=1 + 1e-9, keep_rate=-1e-9), SURE._replace(failure_rate=-1e-9, keep_rate=1 + 1e-9)
        )
    )
    assert set(odd.cost.values) == {300}


def test_no_clips_cost_nothing() -> None:
    found = simulate(Chances((), {}, 5), draws=10, until=0.1)
    assert (found.cost.mean, found.cost.most, found.unserved.most, found.cost.draws) == (0, 0, 0, 10)


@pytest.mark.parametrize(("draws", "seed"), [(1, 0), (0, 0), (10, -1)])
def test_too_few_draws_or_a_bad_seed_are_refused(draws: int, seed: int) -> None:
    with pytest.raises(ValueError, match="at least 2 draws"):
        simulate(chances(ONE), draws=draws, seed=seed)

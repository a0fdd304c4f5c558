"""Pareto sets: against every plan of small scenarios, and by hand; each point is one that nothing beats."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

import router
from router.loading.overrides import overridden
from router.schema.frontier import Frontier, FrontierPoint
from tests.analysis import frontier_oracle
from tests.analysis.frontier_oracle import Spot, micro
from tests.analysis.replanned import replanned
from tests.builders import ON, catalog, model, scenario
from tests.limits_scenarios import random_case
from tests.risk_strategies import random_risk_scenario

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
BILLIONTH = Decimal("0.000000001")
RIVALS = catalog(
    model("plain", offers=[{"audio": False, "price_per_second": "0.08"}], quality=6, quality_source="x"),
    model("swift", offers=[{"audio": False, "price_per_second": "0.11"}], quality=8, quality_source="x"),
    model("fine", offers=[{"audio": False, "price_per_second": "0.14"}], quality=9, quality_source="x"),
)


def built(raw: frontier_oracle.Raw, catalogs: list[frontier_oracle.Raw]) -> router.Scenario:
    return router.Scenario.model_validate({**raw, "catalogs": [router.Catalog.model_validate(c) for c in catalogs]})


def whole(given: router.Scenario, second: str) -> Frontier:
    found = router.frontier(given, ("cost", second), on=ON, points=10_000)
    assert found.complete
    assert found.at_least == len(found.points)
    assert found.proven
    return found


def value(point: FrontierPoint, second: str) -> Fraction:
    """More is better."""
    if second == "cvar":
        assert point.cvar_usd is not None
        return Fraction(-micro(point.cvar_usd))
    if second == "quality":
        assert point.quality is not None
        return Fraction(point.quality)
    return Fraction(point.served)


def agrees(found: Frontier, expected: list[Spot]) -> None:
    """The same points: costs to the micro-dollar (and a billionth of it in floats), figures exactly, quality as it is rounded down."""
    second = found.of[1]
    rounded = Fraction(BILLIONTH)
    if second == "quality":
        expected = [(cost, math.floor(own / rounded) * rounded) for cost, own in expected]
    ours = [(micro(point.cost_usd), value(point, second)) for point in found.points]
    assert len(ours) == len(expected), (ours, expected)
    for (cost, own), (right, theirs) in zip(ours, expected, strict=True):
        assert abs(cost - right) <= 1 + right * 1e-9, (ours, expected)
        assert abs(own - theirs) <= (1 if second == "cvar" else 0), (ours, expected)


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_the_set_of_cost_and_quality_is_that_of_all_plans(first: int) -> None:
    met = 0
    for seed in range(first, first + 30):
        case = random_case(seed)
        try:
            found = whole(built(case.scenario, case.catalogs), "quality")
        except router.NoPlanError:
            expected: list[Spot] = []
            assert frontier_oracle.of_quality(case) == expected, seed
            continue
        except router.InputError:
            assert not frontier_oracle.of_quality(case), seed  # Nothing has a score, or no plan makes a clip
            continue
        agrees(found, frontier_oracle.of_quality(case))
        met += len(found.points)
    assert met


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_the_set_of_cost_and_clips_served_is_that_of_all_plans(first: int) -> None:
    met = 0
    for seed in range(first, first + 30):
        case = random_case(seed)
        if not any("value_usd" in clip for clip in case.scenario["clips"]):
            continue
        try:
            found = whole(built(case.scenario, case.catalogs), "clips-served")
        except router.NoPlanError:
            assert frontier_oracle.of_served(case) == [], seed
            continue
        agrees(found, frontier_oracle.of_served(case))
        met += len(found.points)
    assert met


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_the_set_of_cost_and_cvar_is_that_of_all_plans(first: int) -> None:
    met = 0
    for seed in range(first, first + 15):
        raw, catalogs = random_risk_scenario(seed)
        raw.pop("objective", None)
        level = Fraction(raw.get("limits", {}).get("cvar", {}).get("level", Fraction(95, 100)))
        try:
            found = whole(built(raw, catalogs), "cvar")
        except router.NoPlanError:
            assert frontier_oracle.of_cvar(raw, catalogs, level) == [], seed
            continue
        agrees(found, frontier_oracle.of_cvar(raw, catalogs, level))
        met += len(found.points)
    assert met


def test_quality_by_hand() -> None:
    # Two clips of 10 s at 0.80 (6), 1.10 (8), 1.40 (9). By sum of scores: 12: 1.60; 14: 1.90; 15: 2.20 (6 + 9), 16: 2.20 (8 + 8) beats it;
    # 17: 2.50; 18: 2.80. Means: 6, 7, 8, 8.5, 9. The line from (1.60, 6) to (2.80, 9): at 2.20 it is at 7.5, 0.5 / 3 below the point.
    found = whole(scenario([{"id": "a", "seconds": 10, "count": 2}], RIVALS), "quality")

    assert [(point.cost_usd, point.quality) for point in found.points] == [
        (Decimal("1.6"), 6), (Decimal("1.9"), 7), (Decimal("2.2"), 8), (Decimal("2.5"), Decimal("8.5")), (Decimal("2.8"), 9),
    ]  # fmt: skip
    assert [point.knee for point in found.points] == [False, False, True, False, False]
    assert [point.adjacent for point in found.points] == [False, True, True, True, True]
    assert found.points[1].moved == ("1 x p/plain -> p/swift",)
    assert found.points[3].moved == ("1 x p/swift -> p/fine",)


def test_clips_served_by_hand() -> None:
    # One clip must be made: 1.00. Of the others (0.50 and 2.00, worth 1.00 each, and 0.50 worth more) the cheap ones come first, of equals
    # the one that is worth more.
    sold = catalog(model("m"))
    clips = [
        {"id": "must", "seconds": 10},
        {"id": "short", "seconds": 5, "value_usd": 1},
        {"id": "dear", "seconds": 20, "value_usd": 1},
        {"id": "worth", "seconds": 5, "value_usd": 3, "mode": "text-to-video"},
    ]
    found = whole(scenario(clips, sold), "clips-served")

    assert [(str(point.cost_usd), point.served) for point in found.points] == [
        ("1.000000", 1), ("1.500000", 2), ("2.000000", 3), ("4.000000", 4),
    ]  # fmt: skip
    assert [point.left_out_value_usd for point in found.points] == [5, 2, 1, 0]


def test_cvar_by_hand() -> None:
    # Three clips: 1.00 on cheap, up with 0.96, else 5.00; 1.50 on steady, always up. In the worst 5 % of runs cheap is down in 0.8 of it:
    # a clip on cheap costs 0.8 x 5 + 0.2 x 1 = 4.20 there, on average 0.96 + 0.20 = 1.16.
    two = catalog(model("cheap"), model("steady", [{"audio": False, "price_per_second": "0.15"}], availability=1))
    given = scenario(
        [{"id": "a", "seconds": 10, "count": 3}],
        two,
        outages={"correlation": "per-run", "availability": {"cheap": "0.96"}},
        fallback={"direction": "none", "unserved_usd": 5},
    )
    found = whole(given, "cvar")

    assert [(str(point.cost_usd), str(point.cvar_usd)) for point in found.points] == [
        ("3.480000", "12.600000"), ("3.820000", "9.900000"), ("4.160000", "7.200000"), ("4.500000", "4.500000"),
    ]  # fmt: skip
    assert found.level == 0.95
    assert not any(point.knee for point in found.points)  # All on one line


@pytest.mark.parametrize(
    ("name", "second", "most"),
    [("mean-quality", "quality", 12), ("risky-launch", "cvar", 9), ("budget", "clips-served", 10)],
)
def test_a_large_set_is_given_by_points_of_it_spread_over_it_with_its_ends_and_its_knee(
    name: str, second: str, most: int
) -> None:
    given = router.Scenario.load(SCENARIOS / f"{name}.toml")
    everything = whole(given, second)

    found = router.frontier(given, ("cost", second), on=ON, points=most)

    spots = [(point.cost_usd, value(point, second)) for point in everything.points]
    ours = [(point.cost_usd, value(point, second)) for point in found.points]
    assert {*ours} <= {*spots}
    assert (ours[0], ours[-1]) == (spots[0], spots[-1])
    assert (len(ours), found.complete) == (most, False)
    assert most < found.at_least <= len(spots)
    assert [(p.cost_usd, p.knee) for p in found.points if p.knee] == [
        (p.cost_usd, p.knee) for p in everything.points if p.knee
    ]
    widest = max(after - before for (_, before), (_, after) in pairwise(ours))
    assert widest <= 2 * (ours[-1][1] - ours[0][1]) / (most - 1)
    places = [spots.index(spot) for spot in ours]
    assert [point.adjacent for point in found.points] == [False, *(b == a + 1 for a, b in pairwise(places))]


@pytest.mark.parametrize(("name", "second"), [("mean-quality", "quality"), ("risky-launch", "cvar")])
def test_what_set_says_gives_a_plan_of_the_same_cost(name: str, second: str) -> None:
    given = router.Scenario.load(SCENARIOS / f"{name}.toml")
    for point in router.frontier(given, ("cost", second), on=ON, points=4).points:
        plan = replanned(given, point.set)
        assert plan is not None
        assert (plan.totals.objective_usd, plan.totals.expected_usd) == (point.cost_usd, point.expected_usd)


def test_every_value_of_a_frontier_can_be_planned_with_shadow_prices() -> None:
    # A mean of nine decimals is no round number of the solver's, and every loosening of it makes another such mean.
    given = router.Scenario.load(SCENARIOS / "frontier.toml")
    for point in router.frontier(given, ("cost", "quality"), on=ON).points:
        plan = router.plan(overridden(given, [point.set]), on=ON)
        assert plan.totals.expected_usd == point.expected_usd


def test_where_to_make_nothing_is_better_no_limit_gives_the_plan() -> None:
    # The clip costs $0.80, $1.10 or $1.40 and is worth $1.00: only the first is better than to leave it out.
    found = whole(scenario([{"seconds": 10, "value_usd": "1.00"}], RIVALS), "quality")
    assert [(str(point.cost_usd), point.set) for point in found.points] == [
        ("0.800000", "limits.mean_quality_min=6.000000000"),
        ("1.100000", ""),
        ("1.400000", ""),
    ]


def test_one_plan_that_is_best_in_both_is_the_whole_set() -> None:
    best = catalog(
        model("good", quality=9, quality_source="x"),
        model("bad", offers=[{"audio": False, "price_per_second": "0.2"}], quality=1, quality_source="x"),
    )
    found = whole(scenario([{"seconds": 10}], best), "quality")

    assert [(point.cost_usd, point.quality, point.knee) for point in found.points] == [(1, 9, False)]


def test_a_free_clip_is_made_at_no_cost() -> None:
    free = catalog(model("gift", offers=[{"audio": False, "price_per_second": "0", "free": True}]))
    found = whole(scenario([{"seconds": 10, "value_usd": 1, "count": 5}], free), "clips-served")

    assert [(point.cost_usd, point.served) for point in found.points] == [(0, 5)]


@pytest.mark.parametrize(
    ("fields", "of", "said"),
    [
        ({}, ("cost", "speed"), "cost,quality or cost,cvar or cost,clips-served"),
        ({}, ("quality", "cost"), "cost,quality or cost,cvar or cost,clips-served"),
        ({"objective": {"minimise": "worst-case"}}, ("cost", "quality"), "minimise = \"expected\""),
        ({"objective": {"risk_aversion": Decimal("0.5")}}, ("cost", "cvar"), "no risk_aversion"),
        ({}, ("cost", "clips-served"), "every clip has to be made; give value_usd"),
        ({"packs": [{"provider": "evolink", "pays_for_usd": 10, "price_usd": 9}]}, ("cost", "cvar"), "leave out packs and tiers"),
    ],
)  # fmt: skip
def test_what_is_no_frontier_is_refused(fields: dict[str, object], of: tuple[str, str], said: str) -> None:
    with pytest.raises(router.InputError, match=said):
        router.frontier(scenario([{"seconds": 10}], **fields), of, on=ON)


def test_without_scores_there_is_no_frontier_of_quality() -> None:
    with pytest.raises(router.InputError, match="no offer states a quality score"):
        router.frontier(scenario([{"seconds": 10}]), on=ON)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(router.InputError, match="three points"):
        router.frontier(scenario([{"seconds": 10}], RIVALS), on=ON, points=2)


def test_without_a_plan_it_says_why_there_is_none() -> None:
    given = scenario([{"id": "a", "seconds": 10}], RIVALS, limits={"budget_usd": "0.10"})
    with pytest.raises(router.NoPlanError, match="budget_usd"):
        router.frontier(given, on=ON)

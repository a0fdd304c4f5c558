"""Each limit alone: its rows as LP text, and what it does to a plan."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.errors import NoPlanError
from router.offers.clip_classes import clip_classes
from router.optimization.formulation import Formulation, scaled
from router.optimization.limits import assignment
from router.pipeline import open_market, ways_to_make
from router.schema.plan import Plan
from router.schema.scenario import Cap, Limits, Scenario
from tests import golden
from tests.builders import ON, Raw, catalog, model, planned, scenario

SILENT, LOUD = (
    {"audio": False, "price_per_second": "0.10"},
    {"audio": True, "resolution": "1080p", "price_per_second": "0.20"},
)
TWO = catalog(model("cheap", [SILENT]), model("dear", [LOUD]))
CLIPS: list[Raw] = [
    {"id": "plain", "seconds": 10, "count": 6},
    {"id": "sound", "seconds": 5, "count": 4, "audio": "native"},
    {"id": "spare", "seconds": 8, "count": 3, "value_usd": "2.00"},
]
EACH: dict[str, Raw] = {
    "budget_usd": {"budget_usd": 14},
    "worst_case_usd": {"worst_case_usd": 17},
    "max_clips": {"caps": [{"where": {"model": "cheap"}, "max_clips": 5}]},
    "max_seconds": {"caps": [{"where": {"audio": False}, "max_seconds": 50}]},
    "max_usd": {"caps": [{"where": {"resolution": "1080p"}, "max_usd": "4.50"}]},
    "max_share": {"caps": [{"where": {"provider": "p", "model": "cheap"}, "max_share": "0.5"}]},
    "min_clips": {"caps": [{"where": {"audio": "native"}, "min_clips": 7}]},
    "min_share": {"caps": [{"where": {"mode": "text-to-video", "model": "dear"}, "min_share": "0.6"}]},
}


def lp_text(given: Scenario, path: Path) -> str:
    market = open_market(given, ON)
    choices = [ways_to_make(own, market) for own in clip_classes(given.clips)]
    problem = assignment(choices, given.limits)
    formulation = Formulation(problem, [scaled(row) for row in problem.rows], problem.costs)
    formulation.model.writeLP(str(path))
    return path.read_text()


@pytest.mark.parametrize("name", EACH)
def test_each_limit_alone_is_written_as_it_was_found_right(name: str, tmp_path: Path) -> None:
    golden.agrees(f"lp/{name}.lp", lp_text(scenario(CLIPS, TWO, limits=EACH[name]), tmp_path / "model.lp"))


def test_every_limit_has_a_golden_model() -> None:
    bounds = {*Limits.model_fields, *Cap.model_fields} - {"caps", "where"}
    assert bounds == set(EACH)


def on(plan: Plan, name: str) -> int:
    return sum(route.count for route in plan.routes if route.model == name)


def left_out(plan: Plan) -> int:
    return plan.totals.left_out


def test_without_limits_every_clip_takes_its_cheapest_way() -> None:
    # 6 x $1.00 + 4 x 5 s x $0.20 + 3 x $0.80 = 6 + 4 + 2.4
    plan = planned(CLIPS, TWO)
    assert (plan.method, plan.totals.expected_usd, on(plan, "cheap"), on(plan, "dear")) == (
        "argmin",
        Decimal("12.40"),
        9,
        4,
    )


def test_a_limit_that_does_not_bind_leaves_the_argmin_alone() -> None:
    plan = planned(CLIPS, TWO, limits={"budget_usd": "12.40", "caps": [{"where": {"model": "dear"}, "min_clips": 4}]})
    assert (plan.method, plan.status, plan.gap) == ("argmin", "optimal", 0)


def test_a_budget_leaves_out_what_is_worth_least() -> None:
    # $12.40 asked for, $11 there: two of the three spare clips of $0.80 go; one micro-dollar less takes the third.
    plan = planned(CLIPS, TWO, limits={"budget_usd": 11})
    assert (left_out(plan), plan.totals.expected_usd, plan.totals.objective_usd) == (
        2,
        Decimal("10.80"),
        Decimal("14.80"),
    )
    assert left_out(planned(CLIPS, TWO, limits={"budget_usd": "10.80"})) == 2
    assert left_out(planned(CLIPS, TWO, limits={"budget_usd": "10.799999"})) == 3


def test_a_worst_case_limit_counts_the_dearest_fallback() -> None:
    # Worst cases: plain $2.00 on either, sound $1.00, spare $1.60; 12 + 4 + 3 x 1.6 = 20.80 in all; each spare clip gives 1.60.
    assert planned(CLIPS, TWO).totals.worst_usd == Decimal("20.80")
    plan = planned(CLIPS, TWO, limits={"worst_case_usd": 18})
    assert (left_out(plan), plan.totals.worst_usd) == (2, Decimal("17.60"))


def test_a_cap_on_clips_moves_the_rest() -> None:
    # At most 5 on cheap: making plain on dear costs $1 more, spare on dear $0.80 more; leaving spare out costs 1.20 more.
    # 9 - 5 = 4 must move: 3 spare (0.80 each) and 1 plain (1.00).
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 5}]})
    assert (on(plan, "cheap"), left_out(plan), plan.totals.expected_usd) == (5, 0, Decimal("12.40") + Decimal("3.40"))


def test_a_cap_on_seconds_counts_billed_seconds() -> None:
    # 84 s on cheap, 50 allowed: a moved plain clip frees 10 s for $1.00, a spare one 8 s for $0.80: ten cents a second each.
    # 3 plain + 1 spare frees 38 s ($3.80); 1 plain + 3 spare frees exactly 34 s for $3.40.
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"audio": False}, "max_seconds": 50}]})
    assert (plan.totals.expected_usd, plan.limits[0].value, plan.limits[0].slack) == (Decimal("15.80"), 50, 0)


def test_a_cap_on_price_bounds_the_sum_of_prices() -> None:
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_usd": "6.00"}]})
    # $8.40 on cheap, $6.00 allowed: moving k plain and j spare must free 2.40: 3 spare free exactly 2.40 for 2.40 more.
    assert (plan.limits[0].value, plan.totals.expected_usd) == (Decimal("6.00"), Decimal("14.80"))


def test_shares_are_of_the_clips_served() -> None:
    # cheap at most half of those served: of 13, 6 at most, so 3 move: the 3 spare clips at $0.80 each.
    plan = planned(CLIPS, TWO, limits=EACH["max_share"])
    assert (on(plan, "cheap"), plan.totals.served, plan.totals.expected_usd) == (6, 13, Decimal("14.80"))
    # dear at least 60 % of 13 = 7.8: 8 clips, so 4 move: 3 spare and 1 plain.
    plan = planned(CLIPS, TWO, limits=EACH["min_share"])
    assert (on(plan, "dear"), plan.totals.expected_usd) == (8, Decimal("15.80"))


def test_a_minimum_is_met_by_the_cheapest_moves() -> None:
    plan = planned(CLIPS, TWO, limits=EACH["min_clips"])
    assert (on(plan, "dear"), plan.totals.expected_usd) == (7, Decimal("12.40") + 3 * Decimal("0.80"))


def test_where_matches_the_offer_s_sound_or_the_route_s() -> None:
    # Dubbed clips are on silent offers: audio = false counts them, audio = "none" does not, audio = "deferred" does.
    clip: Raw = {"id": "c", "seconds": 10, "audio": "deferred"}
    for audio, value in ((False, 1), (True, 0), ("none", 0), ("deferred", 1), ("native", 0)):
        plan = planned([clip], TWO, limits={"caps": [{"where": {"audio": audio}, "max_clips": 5}]})
        assert plan.limits[0].value == value


def test_a_looser_limit_never_raises_the_cost() -> None:
    costs = []
    for budget in range(10, 16):
        try:
            costs.append(planned(CLIPS, TWO, limits={"budget_usd": budget}).totals.objective_usd)
        except NoPlanError:
            costs.append(Decimal(10**6))
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) > 3


def test_splitting_or_merging_equal_clips_changes_nothing() -> None:
    limits: dict[str, Any] = {"budget_usd": 11, "caps": [{"where": {"model": "cheap"}, "max_clips": 7}]}
    merged = planned(CLIPS, TWO, limits=limits)
    split = [{**clip, "id": f"{clip['id']}-{k}", "count": 1} for clip in CLIPS for k in range(clip["count"])]
    assert planned(split, TWO, limits=limits).totals == merged.totals


def test_permuting_clips_or_catalog_gives_the_same_cost() -> None:
    limits = {"budget_usd": 11}
    swapped = catalog(model("dear", [LOUD]), model("cheap", [SILENT]))
    assert planned(CLIPS[::-1], swapped, limits=limits).totals == planned(CLIPS, TWO, limits=limits).totals

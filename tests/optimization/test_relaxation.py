"""Why there is no plan: limits that clash, of which none is too many, and what each would have to be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings

from router.errors import Clash, NoPlanError
from router.optimization.problem import Problem
from router.optimization.relaxation import clashing
from tests.builders import Raw, catalog, model, planned
from tests.optimization.test_solver import every, problems

TWO = catalog(
    model(
        "cheap", [{"audio": False, "price_per_second": "0.10"}], quality=4, quality_source="q",
        generation_seconds_per_second=6, concurrency=2,
    ),
    model(
        "dear", [{"audio": False, "price_per_second": "0.20"}], quality=9, quality_source="q",
        generation_seconds_per_second=3, concurrency=4,
    ),
)  # fmt: skip
TEN: list[Raw] = [{"id": "a", "seconds": 10, "count": 10}]


def clash(clips: list[Raw], **limits: object) -> Clash:
    with pytest.raises(NoPlanError, match=r"no plan keeps") as caught:
        planned(clips, TWO, limits=limits)
    assert caught.value.clash is not None
    return caught.value.clash


def needed(found: Clash) -> dict[str, Decimal | None]:
    return {item.limit: item.needed for item in found.alone}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_limits_that_clash_do_so_and_no_fewer_of_them(problem: Problem) -> None:
    ways = every(problem)

    def possible(names: set[str]) -> bool:
        rows = [row for row in problem.rows if row.name in names]
        return any(all(row.holds(counts) for row in rows) for counts in ways)

    everything = {row.name for row in problem.rows}
    if possible(everything):
        return
    found = {demand.name for demand in clashing(problem)}
    assert not possible(found)
    assert all(possible(found - {name}) for name in found)
    # Whatever mends it alone is among them.
    assert {name for name in everything if possible(everything - {name})} <= found


def test_limits_that_do_not_matter_are_not_named() -> None:
    # All on dear for a mean score of 9: $20. The quota on dear is wide enough.
    found = clash(TEN, mean_quality_min=9, budget_usd=15, caps=[{"where": {"model": "dear"}, "max_clips": 10}])
    assert found.limits == ("budget_usd", "mean_quality_min")
    # With $15 five go to dear: (5 x 4 + 5 x 9) / 10.
    assert needed(found) == {"budget_usd": 20, "mean_quality_min": Decimal("6.5")}
    assert str(found).startswith(
        "no plan keeps limits.budget_usd and limits.mean_quality_min together; any one of these makes a plan possible:"
    )


def test_a_deadline_is_found_to_a_hundredth_of_a_minute() -> None:
    # cheap takes a minute each, two at once: 10 / 2 + 1. Nothing else may make them.
    found = clash([{**TEN[0], "models": ["cheap"]}], deadline_minutes=4)
    assert (found.limits, needed(found)) == (("deadline_minutes",), {"deadline_minutes": 6})
    # Seven clips of 7 s: 0.7 minutes each: 4.9 / 2 + 0.7 = 3.15.
    found = clash([{"id": "a", "seconds": 7, "count": 7, "models": ["cheap"]}], deadline_minutes=3)
    assert needed(found) == {"deadline_minutes": Decimal("3.15")}
    # dear takes 0.35 minutes, four at once: 5 x 0.35 / 4 + 0.35 = 0.7875, rounded up.
    found = clash([{"id": "a", "seconds": 7, "count": 5, "models": ["dear"]}], deadline_minutes=Decimal("0.5"))
    assert needed(found) == {"deadline_minutes": Decimal("0.79")}


def test_a_deadline_may_need_a_model_that_was_too_slow_alone() -> None:
    # All ten on dear take 10 x 0.5 / 4 + 0.5 = 1.75. One on cheap takes 1 / 2 + 1 = 1.5, two 2; nine on dear 9 x 0.5 / 4 + 0.5 = 1.625.
    found = clash(TEN, deadline_minutes=Decimal("0.9"))
    assert needed(found) == {"deadline_minutes": Decimal("1.63")}
    assert planned(TEN, TWO, limits={"deadline_minutes": Decimal("1.63")}).totals.served == 10


def test_a_model_all_of_whose_generations_are_too_long_does_not_break_a_deadline_that_others_keep() -> None:
    # One clip of 10 s takes a minute on cheap ($1), half a minute on dear ($2).
    found = clash([{"id": "a", "seconds": 10}], deadline_minutes="0.75", budget_usd="1.50")
    assert found.limits == ("budget_usd", "deadline_minutes")
    # One job: 0.5 / 4 + 0.5 = 0.625 on dear; 1 / 2 + 1 on cheap.
    assert needed(found) == {"budget_usd": 2, "deadline_minutes": Decimal("1.5")}


def test_a_deadline_is_not_named_where_nothing_has_to_be_made() -> None:
    clips: list[Raw] = [
        {"id": "a", "seconds": 10, "value_usd": 5},
        {"id": "b", "seconds": 10, "models": ["cheap"], "value_usd": 5},
    ]
    # Only cheap may make b, and not in time; leaving both out keeps any deadline.
    found = clash(clips, deadline_minutes="0.75", caps=[{"max_clips": 0}, {"min_clips": 1}])
    assert needed(found) == {"caps[0].max_clips": 1, "caps[1].min_clips": 0}


UNSTATED = catalog(
    model("plain", [{"audio": False, "price_per_second": "0.05"}]),
    model(
        "rated", [{"audio": False, "price_per_second": "0.10"}], quality=9, quality_source="q",
        generation_seconds_per_second=6, concurrency=4,
    ),
)  # fmt: skip
"""10 s cost $0.50 without score and speed, $1.00 with."""


def test_a_limit_that_bars_offers_without_score_is_part_of_the_clash() -> None:
    with pytest.raises(
        NoPlanError, match=r"no plan keeps limits.budget_usd and limits.mean_quality_min together"
    ) as caught:
        planned([{"id": "a", "seconds": 10}], UNSTATED, limits={"mean_quality_min": 1, "budget_usd": "0.70"})
    # rated costs $1.00; no mean lets plain in, but without the limit it costs $0.50.
    assert str(caught.value).splitlines()[1:] == [
        "  raise limits.budget_usd from 0.70 to 1.00 (pinned by 'a' at least $1.00)",
        "  drop limits.mean_quality_min",
    ]


def test_a_limit_is_loosened_rather_than_dropped_where_a_bound_of_it_does() -> None:
    # rated alone is enough for both limits but the mean of 9.5, which nothing reaches.
    with pytest.raises(
        NoPlanError, match=r"no plan keeps limits.mean_quality_min; this makes a plan possible"
    ) as caught:
        planned([{"id": "a", "seconds": 10}], UNSTATED, limits={"mean_quality_min": "9.5", "budget_usd": 1})
    assert caught.value.clash is not None
    assert needed(caught.value.clash) == {"mean_quality_min": 9}


def test_a_deadline_that_bars_offers_without_speed_is_part_of_the_clash_and_never_raised_to_nothing() -> None:
    with pytest.raises(
        NoPlanError, match=r"no plan keeps limits.budget_usd and limits.deadline_minutes together"
    ) as caught:
        planned([{"id": "a", "seconds": 10}], UNSTATED, limits={"deadline_minutes": 5, "budget_usd": "0.70"})
    assert str(caught.value).splitlines()[1:] == [
        "  raise limits.budget_usd from 0.70 to 1.00 (pinned by 'a' at least $1.00)",
        "  drop limits.deadline_minutes",
    ]


def test_a_limit_that_bars_may_have_to_be_dropped_beside_another_that_is_loosened() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 2}]
    caps = [{"where": {"model": "rated"}, "max_clips": 0}, {"max_clips": 1}]
    with pytest.raises(NoPlanError, match="all of these together do") as caught:
        planned(clips, UNSTATED, limits={"deadline_minutes": 5, "caps": caps})
    assert caught.value.clash is not None
    # Both clips are made, whatever one cap says; the other leaves plain only, which states no speed.
    together = {item.limit: "dropped" if item.dropped else item.needed for item in caught.value.clash.together}
    assert together == {"caps[1].max_clips": 2, "deadline_minutes": "dropped"}


def test_a_group_may_have_to_be_dropped() -> None:
    clips: list[Raw] = [
        {"id": "a", "seconds": 10, "group": "g", "models": ["cheap"]},
        {"id": "b", "seconds": 10, "group": "g", "models": ["dear"]},
    ]
    found = clash(clips, groups="same-model", budget_usd=5)
    assert found.limits == ("groups",)
    assert str(found) == "no plan keeps limits.groups; this makes a plan possible:\n  drop limits.groups"


def test_a_group_and_a_quota_clash() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 3, "group": "g"}]
    caps = [{"where": {"model": "cheap"}, "max_clips": 2}, {"where": {"model": "dear"}, "max_clips": 1}]
    found = clash(clips, groups="same-model", caps=caps)
    assert set(found.limits) == {"groups", "caps[0].max_clips", "caps[1].max_clips"}
    assert needed(found) == {"groups": None, "caps[0].max_clips": 3, "caps[1].max_clips": 3}
    assert [item.limit for item in found.alone if item.dropped] == ["groups"]


def test_what_is_loosened_together_makes_a_plan_possible_beside_a_deadline() -> None:
    # Ten clips cannot be two, whatever the deadline; nor be made in half a minute, whatever the quota.
    found = clash(TEN, deadline_minutes=Decimal("0.7"), caps=[{"max_clips": 2}])
    assert not any(item.mends for item in found.alone)
    together = {item.limit: item.needed for item in found.together}
    assert together == {"caps[0].max_clips": 10, "deadline_minutes": Decimal("1.63")}
    planned(TEN, TWO, limits={"deadline_minutes": together["deadline_minutes"], "caps": [{"max_clips": 10}]})


def test_a_budget_after_savings_is_loosened_to_what_is_paid() -> None:
    # $10 on cheap, of which packs of $4 pay for $5 each: $8.
    with pytest.raises(NoPlanError, match=r"raise limits.budget_usd from 7.00 to 8.00") as caught:
        planned(
            TEN,
            TWO,
            limits={"budget_usd": 7},
            packs=[{"provider": "p", "pays_for_usd": 5, "price_usd": 4, "max_count": 3}],
        )
    assert caught.value.clash is not None
    # The worst state of a run is one bill too; cheap alone is up or not, so it is the same $8.
    found = clash([{**TEN[0], "models": ["cheap"]}], worst_case_usd=5)
    assert needed(found) == {"worst_case_usd": 10}
    with pytest.raises(NoPlanError, match=r"raise limits.worst_case_usd from 5.00 to 8.00"):
        planned(
            [{**TEN[0], "models": ["cheap"]}], TWO, limits={"worst_case_usd": 5}, outages={"correlation": "per-run"},
            packs=[{"provider": "p", "pays_for_usd": 5, "price_usd": 4, "max_count": 3}],
        )  # fmt: skip
    # Half price above $4: $7 for $10.
    tiers = [{"provider": "p", "from_usd": 4, "discount": Decimal("0.5")}]
    with pytest.raises(NoPlanError, match=r"raise limits.budget_usd from 6.00 to 7.00"):
        planned(TEN, TWO, limits={"budget_usd": 6}, tiers=tiers)

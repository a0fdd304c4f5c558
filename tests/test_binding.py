"""What limits do to a plan: shadow prices, and what pushes clips off their cheapest way."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

import router
from router.analysis.explain import explain
from router.checking.alone import check_alone
from router.checking.check import check, check_fully
from router.errors import TimeLimitError
from router.optimization import sensitivity
from router.optimization.problem import Problem, Solution
from router.report.terminal import plan_table
from router.schema.plan import LimitValue, Plan
from router.schema.scenario import Scenario
from tests.builders import ON, Raw, catalog, model, planned, scenario
from tests.limits_reading import planned as planned_case
from tests.limits_scenarios import random_case

TWO = catalog(
    model("cheap", [{"audio": False, "price_per_second": "0.10"}], generation_seconds_per_second=6, concurrency=2),
    model("dear", [{"audio": False, "price_per_second": "0.20"}], generation_seconds_per_second=3, concurrency=4),
)
CLIPS: list[Raw] = [{"id": "a", "seconds": 10, "count": 10}]


def price(plan: Plan, name: str) -> LimitValue:
    return next(value for value in plan.limits if value.limit == name)


def test_one_more_clip_of_a_quota_saves_the_difference_of_two_prices() -> None:
    # 10 s cost $1.00 on cheap, $2.00 on dear; four may go to cheap.
    plan = planned(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]})
    value = price(plan, "caps[0].max_clips")
    assert (value.shadow_price, value.step, value.more_clips) == (1.0, 1, 0)
    dear = next(route for route in plan.routes if route.model == "dear")
    assert (dear.instead_of, dear.extra_usd, dear.pushed_by) == ("p/cheap", Decimal(1), ("caps[0].max_clips",))
    assert next(route for route in plan.routes if route.model == "cheap").pushed_by == ()
    assert "6 clips on p/dear, not p/cheap: $6.00 more, for limits.caps[0].max_clips" in plan_table(plan)
    assert "1 clip saves $1.00" in plan_table(plan)


def test_an_explanation_says_what_pushes_its_clip() -> None:
    given = scenario(CLIPS, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]})
    assert explain(given, "a", on=ON).notes == (
        "the plan makes 6 of them on p/dear, $1.00 each above p/cheap: for limits.caps[0].max_clips",
    )


def test_shadow_prices_take_no_more_than_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]}
    given: list[float | None] = []

    def late(problem: Problem, seconds: float | None) -> Solution | None:
        given.append(seconds)
        raise TimeLimitError(1)

    monkeypatch.setattr(sensitivity, "solve", late)
    plan = router.plan(scenario(CLIPS, TWO, limits=limits), on=ON, time_limit_seconds=60)
    assert [value.shadow_price for value in plan.limits] == [None]
    assert len(given) == 1
    assert given[0] is not None
    assert 0 < given[0] < 60


def test_a_dollar_that_does_not_make_another_clip_saves_nothing() -> None:
    # Clips worth $5 cost $2 each on dear alone: $7 makes three, $8 four, so at $7.50 one more dollar makes the fourth.
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 9, "value_usd": 5, "models": ["dear"]}]
    for budget, saved, more in (("6.50", 0.0, 0), ("7", 3.0, 1), ("7.50", 3.0, 1)):
        plan = planned(clips, TWO, limits={"budget_usd": Decimal(budget)})
        value = price(plan, "budget_usd")
        assert (plan.totals.served, value.shadow_price, value.more_clips) == (3, saved, more)
        (left,) = plan.left_out
        assert left.pushed_by == ("budget_usd",)
        assert left.reason == "the limits leave no room for it (budget_usd)"
    assert "$1.00 saves $3.00, 1 clip more" in plan_table(plan)


def test_a_hundredth_of_a_share_and_a_minute_are_steps() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 100}]
    plan = planned(clips, TWO, limits={"caps": [{"where": {"model": "cheap"}, "max_share": "0.3"}]})
    # One clip in a hundred more on cheap saves a dollar: $100 for the whole.
    assert (price(plan, "caps[0].max_share").shadow_price, price(plan, "caps[0].max_share").step) == (
        100,
        Decimal("0.01"),
    )
    # cheap takes a minute for a clip, two at once: n / 2 + 1 <= 4 makes six, a minute later eight. dear: 4 x 0.5 / 4 + 0.5 minutes.
    plan = planned(CLIPS, TWO, limits={"deadline_minutes": 4})
    assert [(value.limit, value.shadow_price) for value in plan.limits] == [
        ("deadline_minutes[p/cheap]", 2.0),
        ("deadline_minutes[p/dear]", 2.0),
    ]
    (dear,) = (route for route in plan.routes if route.model == "dear")
    assert (dear.count, dear.pushed_by) == (4, ("deadline_minutes[p/cheap]",))


def test_a_later_deadline_opens_models_that_were_too_slow_alone() -> None:
    # cheap takes a minute for a single clip: with 0.9 minutes it is out, with 1.9 it makes one clip (0.5 + 1) of $1 less.
    plan = planned([{"id": "a", "seconds": 10}], TWO, limits={"deadline_minutes": Decimal("0.9")})
    assert (plan.method, plan.routes[0].model) == ("argmin", "dear")
    assert [(value.limit, value.shadow_price) for value in plan.limits] == [("deadline_minutes[p/dear]", 1.0)]
    assert "1 min saves $1.00" in plan_table(plan)


def test_a_group_pushes_its_clips() -> None:
    clips: list[Raw] = [
        {"id": "a", "seconds": 10, "group": "g"},
        {"id": "b", "seconds": 10, "group": "g", "models": ["dear"]},
    ]
    plan = planned(clips, TWO, limits={"groups": "same-model"})
    assert plan.method == "argmin"
    given = scenario(clips, TWO, limits={"groups": "same-model"})
    assert check_fully(plan, given, given.catalogs, ON) == ([], 4)
    assert [(r.clips, r.model, r.pushed_by, r.extra_usd) for r in plan.routes] == [
        (("a",), "dear", ("groups",), 1),
        (("b",), "dear", (), 0),
    ]
    assert "1 clip on p/dear, not p/cheap: $1.00 more, for limits.groups" in plan_table(plan)


def test_where_a_group_is_held_by_a_quota_both_are_named() -> None:
    clips: list[Raw] = [{"id": "a", "seconds": 10, "count": 5, "group": "g"}]
    caps = [{"where": {"model": "cheap"}, "max_clips": 3}]
    plan = planned(clips, TWO, limits={"groups": "same-model", "caps": caps})
    assert [(r.model, r.pushed_by) for r in plan.routes] == [("dear", ("groups", "caps[0].max_clips"))]


def test_a_pack_pushes_clips_to_its_provider() -> None:
    sold = catalog(
        model("cheap", [{"audio": False, "price_per_second": "0.10"}], provider="q"),
        model("dear", [{"audio": False, "price_per_second": "0.11"}]),
    )
    packs = [{"provider": "p", "pays_for_usd": 11, "price_usd": 5, "max_count": 1}]
    plan = planned(CLIPS, sold, packs=packs)
    assert [(r.model, r.pushed_by, r.extra_usd) for r in plan.routes] == [("dear", ("savings",), Decimal("0.1"))]
    assert "10 clips on p/dear, not q/cheap: $1.00 more, for packs and discounts" in plan_table(plan)


def test_parts_that_no_limit_connects_are_counted() -> None:
    sold = catalog(
        *(
            model(f"{price}-{mode}", [{"audio": False, "price_per_second": price}], mode=mode)
            for mode in ("text-to-video", "image-to-video")
            for price in ("0.10", "0.20")
        )
    )
    clips: list[Raw] = [
        {"id": "text", "seconds": 10, "count": 9},
        {"id": "image", "seconds": 10, "count": 9, "mode": "image-to-video"},
    ]
    caps = [{"where": {"model": f"0.10-{mode}"}, "max_clips": 4} for mode in ("text-to-video", "image-to-video")]
    plan = planned(clips, sold, limits={"caps": caps})
    # Each part: one class with two ways, one limit.
    solved = plan.solved
    assert (solved.blocks, solved.columns, solved.rows, solved.nodes) == (2, 4, 4, 2)
    assert plan.totals.expected_usd == 2 * (4 + 10)
    plan = planned(clips, sold, limits={"caps": caps, "budget_usd": 28})
    assert (plan.solved.blocks, plan.totals.expected_usd) == (1, 28)
    free = planned(clips, sold)
    assert (free.method, free.solved.blocks, free.solved.columns) == ("argmin", 0, 0)


STEPS = {
    "budget_usd": Decimal(1),
    "worst_case_usd": Decimal(1),
    "mean_quality_min": Decimal("-0.1"),
    "deadline_minutes": Decimal(1),
    "max_clips": 1,
    "max_seconds": Decimal(1),
    "max_usd": Decimal(1),
    "max_share": Decimal("0.01"),
    "min_clips": -1,
    "min_share": Decimal("-0.01"),
}


def looser(limits: Raw, name: str) -> Raw:
    """The limits with one of them a step looser."""
    field, _, rest = name.partition("[")
    if field != "caps":
        return {**limits, field: max(Decimal(0), limits[field] + STEPS[field])}
    position, _, bound = rest.partition("].")
    caps = [dict(cap) for cap in limits["caps"]]
    caps[int(position)][bound] = max(0, caps[int(position)][bound] + STEPS[bound])
    if bound == "max_share":
        caps[int(position)][bound] = min(Decimal(1), caps[int(position)][bound])
    return {**limits, "caps": caps}


@pytest.mark.parametrize("first", range(0, 240, 80))
def test_a_shadow_price_is_the_difference_between_two_plans(first: int) -> None:
    priced = 0
    for seed in range(first, first + 80):
        case = random_case(seed)
        plan = planned_case(case.scenario, case.catalogs, ON, shadow_prices=True)
        if plan is None:
            continue
        for value in plan.limits:
            other = planned_case(
                {**case.scenario, "limits": looser(case.scenario["limits"], value.limit)}, case.catalogs, ON
            )
            assert other is not None
            saved = plan.totals.objective_usd - other.totals.objective_usd
            assert value.shadow_price is not None
            claimed = Decimal(value.shadow_price) * value.step
            assert abs(claimed - saved) <= Decimal("0.000003"), f"seed {seed}: {value}, saved {saved}"
            priced += claimed > 0
    assert priced > 5


def test_without_what_pushes_a_route_it_is_not_there() -> None:
    # Each clip moved to its cheapest way saves what the plan says, once the limits that it would break are gone.
    seen = 0
    for seed in range(300):
        case = random_case(seed)
        if {"packs", "tiers"} & {*case.features}:
            continue
        plan = planned_case(case.scenario, case.catalogs, ON)
        for entry in (*plan.routes, *plan.left_out) if plan else ():
            if not entry.pushed_by or getattr(entry, "draft", False):
                continue
            seen += 1
            limits = case.scenario["limits"]
            for name in sorted(entry.pushed_by, reverse=True):
                limits = dropped(limits, name)
            other = planned_case({**case.scenario, "limits": limits}, case.catalogs, ON)
            assert plan is not None
            assert other is not None
            extra = getattr(entry, "extra_usd", Decimal("0.000001"))
            gained = plan.totals.objective_usd - other.totals.objective_usd
            assert gained >= extra - Decimal("0.000003"), f"seed {seed}: {entry.pushed_by}"
    assert seen > 60


def dropped(limits: Raw, name: str) -> Raw:
    """The limits without one bound."""
    field, _, rest = name.partition("[")
    if field != "caps":
        return {key: value for key, value in limits.items() if key != field}
    position, _, bound = rest.partition("].")
    caps = [dict(cap) for cap in limits["caps"]]
    caps[int(position)] = {**caps[int(position)], bound: 0 if bound.startswith("min") else 10**6}
    if bound == "max_share":
        caps[int(position)][bound] = 1
    return {**limits, "caps": caps}


def good() -> tuple[Plan, Scenario]:
    limits = {"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]}
    return planned(CLIPS, TWO, limits=limits), scenario(CLIPS, TWO, limits=limits)


DOCTORED: dict[str, tuple[tuple[str | int, ...], Any, str]] = {
    "a negative price": (("limits", 0, "shadow_price"), -1.0, "shadow price of -1.0"),
    "more than it costs": (("limits", 0, "shadow_price"), 17.0, "saves more than the plan costs"),
    "another step": (("limits", 0, "step"), "2.000000", "a step is 1, not 2"),
    "more clips": (("limits", 0, "more_clips"), 1, "cannot make 1 more clips"),
    "no parts": (("solved", "blocks"), 0, "solved does not go with"),
    "no reason": (("routes", 0, "pushed_by"), [], "do not go together"),
    "another limit": (("routes", 0, "pushed_by"), ["budget_usd"], "is pushed by budget_usd, which is no limit"),
    "a smaller price": (("routes", 0, "extra_usd"), "0.500000", "costs 0.500000 more than on p/cheap"),
    "another model": (("routes", 0, "instead_of"), "p/dear", "more than on p/dear"),
}


@pytest.mark.parametrize(("path", "value", "said"), DOCTORED.values(), ids=DOCTORED)
def test_what_cannot_be_is_refused(path: tuple[str | int, ...], value: Any, said: str) -> None:
    plan, given = good()
    assert (check(plan, given, given.catalogs, ON), check_alone(plan, given.catalogs)) == ([], [])
    raw = json.loads(plan.to_json())
    if path[0] == "routes":
        path = ("routes", next(k for k, route in enumerate(raw["routes"]) if route["pushed_by"]), *path[2:])
    part = raw
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    findings, _ = check_fully(Plan.model_validate_json(json.dumps(raw)), given, given.catalogs, ON)
    assert any(said in finding for finding in findings), findings


def test_shadow_prices_can_be_left_out() -> None:
    limits = {"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]}
    plan = router.plan(scenario(CLIPS, TWO, limits=limits), on=ON, shadow_prices=False)
    assert [value.shadow_price for value in plan.limits] == [None]
    assert "Looser by" not in plan_table(plan)


def test_what_costs_less_than_half_a_micro_dollar_more_is_not_pushed() -> None:
    # Nothing catches: `cheap` costs 1.00, `dear` 2.00 x 0.50000015 = 1.0000003, which is 1.00 to the micro-dollar.
    plan = planned(
        CLIPS, TWO,
        limits={"caps": [{"where": {"model": "cheap"}, "max_clips": 4}]},
        fallback={"direction": "none"}, outages={"availability": {"dear": "0.50000015"}},
    )  # fmt: skip

    assert [(route.model, route.count, route.pushed_by) for route in plan.routes] == [("cheap", 4, ()), ("dear", 6, ())]

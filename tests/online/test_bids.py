"""Following a plan: its prices decide, and what is left is planned again."""

from __future__ import annotations

import asyncio
import random
import threading
from decimal import Decimal
from typing import Any

import pytest

from router.errors import CircuitOpenError, InputError, NotWorthItError, OverBudgetError
from router.online import Health, Router
from router.online.bids import Bids
from router.online.course import Course
from router.pipeline import plan
from router.schema.ledger import Account
from router.schema.plan import Plan
from router.schema.scenario import Clip, Scenario
from tests.builders import catalog, model, scenario
from tests.online.shop import CLIP, ON, Clock, shop

ALONE = {"fallback": {"direction": "none"}}


def campaign(clips: list[dict[str, Any]], **limits: Any) -> Scenario:
    """Clips of 10 s cost $1.00 on a, $1.50 on b and $2.00 on c."""
    return scenario([{**CLIP, "id": f"c{k}", **clip} for k, clip in enumerate(clips)], shop(), limits=limits, **ALONE)


def follower(forecast: Scenario, made: Plan | None = None, **course: Any) -> Router:
    own = Router(forecast.catalogs, limits=forecast.limits, fallback=forecast.fallback, on=ON)
    own.follow(made or planned(forecast), forecast, **course)
    return own


def planned(forecast: Scenario) -> Plan:
    return plan(forecast, on=ON)


def test_a_quota_is_kept_for_the_clips_that_save_most_by_it() -> None:
    # Model a makes ten clips. On it the short ones save $0.25 each (5 s at $0.05 a second less than b), the long ones $0.75 (15 s).
    forecast = campaign(
        [{"seconds": 5, "count": 10}, {"seconds": 15, "count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 10}]
    )
    own = follower(forecast)
    assert own.route({"seconds": 5}).model == "b"
    assert own.route({"seconds": 15}).model == "a"
    plain = Router(forecast.catalogs, limits=forecast.limits, fallback=forecast.fallback, on=ON)
    assert plain.route({"seconds": 5}).model == "a"


def test_a_clip_is_left_out_whose_money_is_worth_more_elsewhere() -> None:
    # $10 make ten clips of $1.00; those worth $3.00 come first, so that one worth $1.20 is refused though it costs $1.00.
    forecast = campaign([{"value_usd": Decimal("1.20"), "count": 10}, {"value_usd": 3, "count": 20}], budget_usd=10)
    own = follower(forecast)
    with pytest.raises(NotWorthItError, match=r"leaves such clips out: .* one costs \$3.00, and its value is \$1.20"):
        own.route({**CLIP, "value_usd": Decimal("1.20")})
    assert own.route({**CLIP, "value_usd": 3}).model == "a"


def test_a_kind_that_the_plan_does_not_hold_goes_by_its_prices() -> None:
    # Two of the short ones are on a as well: one more clip there is worth $0.25. A clip of 10 s costs $1.00 + $0.25 there, $1.50 on b.
    forecast = campaign(
        [{"seconds": 5, "count": 10}, {"seconds": 15, "count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 12}]
    )
    assert follower(forecast).route(CLIP).reason == (
        "costs $0.25 less than p/b (silent), with what limits are worth in the plan that is followed"
    )


def test_a_kind_that_the_plan_splits_is_split_in_the_same_shares() -> None:
    forecast = campaign([{"count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 7}])
    own = follower(forecast)
    models = [own.route(CLIP).model for _ in range(10)]
    assert models.count("a") == 7
    assert "b" in models[:4]


def test_a_plan_whose_limits_are_slack_changes_no_decision() -> None:
    forecast = campaign([{"count": 3}], budget_usd=1000)
    own = follower(forecast)
    for seconds in range(1, 21):
        plain = Router(forecast.catalogs, fallback=forecast.fallback, on=ON).route({"seconds": seconds})
        assert own.route({"seconds": seconds}).model == plain.model


def test_mean_quality_is_steered_though_it_cannot_be_kept_clip_by_clip() -> None:
    # a scores 2 and b 8: the mean of 5 needs half of the clips on b.
    rates = {"a": {"quality": "2", "quality_source": "x"}, "b": {"quality": "8", "quality_source": "x"}}
    forecast = scenario([{**CLIP, "id": "c", "count": 10}], shop(**rates), limits={"mean_quality_min": "5"}, **ALONE)
    own = Router(forecast.catalogs, fallback=forecast.fallback, on=ON)
    own.follow(planned(forecast), forecast)
    assert sorted(own.route(CLIP).model for _ in range(4)) == ["a", "a", "b", "b"]


def test_a_plan_that_says_nothing_of_what_its_limits_are_worth_is_refused() -> None:
    forecast = campaign([{"count": 10}], groups="same-model", budget_usd=100)
    blind = planned(forecast).model_copy(update={"certificate": None})
    limits = tuple(one.model_copy(update={"shadow_price": None}) for one in blind.limits)
    with pytest.raises(InputError, match="the plan says nothing of what its limits are worth"):
        Router(forecast.catalogs, on=ON).follow(blind.model_copy(update={"limits": limits}), forecast)


def test_without_a_certificate_shadow_prices_decide() -> None:
    forecast = campaign(
        [{"seconds": 5, "count": 10}, {"seconds": 15, "count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 10}]
    )
    own = follower(forecast, planned(forecast).model_copy(update={"certificate": None}))
    # One more clip on a saves $0.25, what a short one saves there: a tie, and a comes first. Long ones go to a anyway.
    assert own.route({"seconds": 15}).model == "a"


# ---- planning again --------------------------------------------------------------------------------------------------


def test_what_is_left_is_planned_again_every_so_many_clips() -> None:
    forecast = campaign([{"count": 10, "value_usd": 3}], budget_usd=100)
    asked: list[Scenario] = []

    def solve(left: Scenario) -> Plan:
        asked.append(left)
        return planned(left)

    own = follower(forecast, solve=solve, every=3)
    for _ in range(7):
        own.report(own.route({**CLIP, "value_usd": 3}), "served")
    # Before the third clip is routed, two are paid, and eight are to be decided.
    assert [(left.clips[0].count, left.limits.budget_usd) for left in asked] == [(8, 98), (5, 95)]


def test_what_came_counts_besides_what_was_forecast() -> None:
    # 40 of each kind were forecast; 20 came, all of the first. The forecast weighs like 8 clips: (4 + 20) to 4 of 60 to come.
    forecast = campaign([{"count": 40}, {"seconds": 5, "count": 40}], budget_usd=1000)
    course = Course(planned(forecast), forecast, planned, 500, forecast.limits)
    for _ in range(20):
        course.arrived(forecast.clips[0])
    left = course.left([])
    assert left is not None
    assert [clip.count for clip in left.clips] == [51, 9]


def test_caps_and_budgets_shrink_by_what_was_taken_of_them() -> None:
    caps = [{"max_usd": 30}, {"where": {"model": "a"}, "max_clips": 20, "max_share": "0.5"}]
    forecast = campaign([{"count": 40}], budget_usd=100, caps=caps)
    course = Course(
        planned(forecast.model_copy(update={"limits": forecast.limits.model_copy(update={"caps": ()})})),
        forecast,
        planned,
        500,
        forecast.limits,
    )
    accounts = [
        Account("limits.budget_usd", "usd", 100_000_000, 1_500_000, 20_000_000),
        Account("limits.caps[0].max_usd", "usd", 30_000_000, 0, 31_000_000),
        Account("limits.caps[1].max_clips", "clips", 20_000_000, 1_000_000, 4_000_000),
    ]
    left = course.left(accounts)
    assert left is not None
    first, second = left.limits.caps
    assert left.limits.budget_usd == Decimal("78.5")
    assert (first.max_usd, second.max_clips, second.max_share) == (0, 15, Decimal("0.5"))


def test_where_nothing_is_left_or_no_plan_exists_the_old_prices_stay() -> None:
    forecast = campaign([{"count": 4}], caps=[{"max_clips": 4}])
    own = follower(forecast, solve=planned, every=1)
    for _ in range(4):
        own.report(own.route(CLIP), "served")
    with pytest.raises(OverBudgetError):
        own.route(CLIP)


@pytest.mark.parametrize("seed", range(3))
def test_clips_in_random_order_cost_little_more_than_the_plan_in_hindsight(seed: int) -> None:
    rng = random.Random(seed)
    clips = [
        {
            "seconds": rng.randint(3, 20),
            "value_usd": Decimal(rng.randint(50, 400)).scaleb(-2),
            "count": rng.randint(5, 30),
        }
        for _ in range(20)
    ]
    total = sum(clip["count"] for clip in clips)
    forecast = campaign(
        clips, budget_usd=total * Decimal("0.8"), caps=[{"where": {"model": "a"}, "max_clips": total // 2}]
    )
    best = planned(forecast).totals.objective_usd
    arriving = [clip.model_copy(update={"count": 1}) for clip in forecast.clips for _ in range(clip.count)]
    rng.shuffle(arriving)
    ours = spent(follower(forecast, solve=planned, every=25), arriving)
    plain = spent(Router(forecast.catalogs, limits=forecast.limits, fallback=forecast.fallback, on=ON), arriving)
    assert best <= ours <= best * Decimal("1.02")
    assert ours < plain


def spent(own: Router, arriving: list[Any]) -> Decimal:
    cost = Decimal(0)
    for clip in arriving:
        try:
            decision = own.route(clip)
        except (NotWorthItError, OverBudgetError):
            cost += clip.value_usd
            continue
        own.report(decision, "served")
        cost += decision.price_usd
    return cost


def test_shares_go_on_where_they_were_when_something_is_learnt() -> None:
    forecast = campaign([{"count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 7}])
    own, models = follower(forecast), []
    for _ in range(10):
        models.append(own.route(CLIP).model)
        own._chooser.learn()
    assert (models.count("a"), models.count("b")) == (7, 3)
    assert "b" in models[:4]


def test_one_thread_plans_again_while_the_others_route_on() -> None:
    forecast = campaign([{"count": 400}], budget_usd=1000)
    planning, done = threading.Event(), threading.Event()
    calls = []

    def solve(left: Scenario) -> Plan:
        calls.append(left)
        planning.set()
        assert done.wait(30)
        return planned(left)

    own = follower(forecast, solve=solve, every=2)
    own.route(CLIP)
    thread = threading.Thread(target=own.route, args=(CLIP,))
    thread.start()
    assert planning.wait(30)
    for _ in range(6):
        own.route(CLIP)
    done.set()
    thread.join()
    assert len(calls) == 1


def test_a_clip_that_is_turned_away_by_open_circuits_is_counted_when_it_comes_again() -> None:
    forecast = campaign([{"count": 10, "models": ["a"]}], budget_usd=100)
    own, only_a = follower(forecast, solve=planned, every=100), {**CLIP, "models": ["a"]}
    for _ in range(3):
        own.report(own.route(only_a), "unavailable")
    for _ in range(5):
        with pytest.raises(CircuitOpenError):
            own.route(only_a)
    own.route({**CLIP, "models": ["b"]})
    course = own._chooser.course
    assert course is not None
    left = course.left(own.ledger.accounts())
    assert left is not None
    # Ten were forecast and four came: three of a, one of b. At a trust of 1 of 10, b is 1 of 5 of what is still to come.
    assert [(clip.models, clip.count) for clip in left.clips] == [(("a",), 5), (("b",), 1)]


def test_a_plan_that_cannot_be_made_stops_no_clip() -> None:
    def solve(_left: Scenario) -> Plan:
        raise InputError("no plan")

    forecast = campaign([{"count": 10}], budget_usd=100)
    assert follower(forecast, solve=solve, every=1).route(CLIP).model == "a"


def test_what_is_learnt_of_arrivals_is_bounded_and_holds_nothing_that_a_user_wrote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("router.online.course.KINDS", 3)
    forecast = campaign([{"count": 100}], budget_usd=1000)
    course = Course(planned(forecast), forecast, planned, 500, forecast.limits)
    for seconds in range(1, 10):
        course.arrived(Clip(id="secret", seconds=seconds, group="secret", request={"prompt": "secret"}))
    left = course.left([])
    assert left is not None
    assert len(left.clips) <= 4
    assert "secret" not in left.model_dump_json(include={"clips"})


def test_every_must_be_a_number_of_clips() -> None:
    forecast = campaign([{"count": 4}])
    for every in (0, -1, 1.5, "3", True, None):
        with pytest.raises(InputError, match="every: must be a whole number, at least 1"):
            follower(forecast, solve=planned, every=every)


def test_whatever_cannot_be_followed_is_named_at_once() -> None:
    own = Router(shop(), on=ON)
    wrong: Any = {"plan": None, "forecast": {"clips": []}, "solve": 3, "every": 1.5}
    with pytest.raises(InputError, match=r"plan: must be a plan, as .* makes it") as caught:
        own.follow(**wrong)
    assert [one.where for one in caught.value.problems] == ["plan", "forecast", "solve", "every"]
    with pytest.raises(InputError, match=r"plan: must be a plan, .* not .+"):
        own.follow("plan.json", campaign([{}]))  # type: ignore[arg-type]


# ---- models that failed too often ------------------------------------------------------------------------------------


def failing(forecast: Scenario, clock: Clock, **course: Any) -> Router:
    own = Router(
        forecast.catalogs,
        fallback=forecast.fallback,
        health=Health(failures_to_open=1, cool_down_seconds=60),
        clock=clock,
        on=ON,
    )
    own.follow(planned(forecast), forecast, **course)
    return own


def test_the_model_that_the_plan_sends_clips_to_is_tried_again_once_it_has_cooled_down() -> None:
    # No clip may go to a: the plan sends all to b, and a is never asked whether it is back.
    clock = Clock()
    own = failing(campaign([{"count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 0}]), clock)
    own.report(own.route(CLIP), "unavailable")
    clock.now += 60
    again = own.route(CLIP)
    assert (again.model, again.probe) == ("b", True)


def test_a_clip_that_the_plan_leaves_out_does_not_find_out_whether_a_model_is_back() -> None:
    # No money: the plan leaves out what is worth $2.00 and costs $1.00 on a.
    clock = Clock()
    own = failing(campaign([{"count": 10, "value_usd": 2}], budget_usd=0), clock)
    own.report(own.route({**CLIP, "models": ["a"]}), "unavailable")
    clock.now += 60
    with pytest.raises(NotWorthItError, match="leaves such clips out"):
        own.route({**CLIP, "value_usd": 2})


def test_clips_that_find_out_whether_a_model_is_back_count_and_take_their_turn() -> None:
    # Ten clips in turn on a and on b; a fails each time, so that each clip for a is a trial.
    clock = Clock()
    forecast = campaign([{"count": 10}], caps=[{"where": {"model": "a"}, "max_clips": 5, "max_share": "0.5"}])
    own = failing(forecast, clock)
    models = []
    for _ in range(10):
        decision = own.route(CLIP)
        models.append(decision.model)
        own.report(decision, "unavailable" if decision.model == "a" else "served")
        clock.now += 60
    assert (models.count("a"), models.count("b")) == (5, 5)


# ---- forecasts with drafts, other forecasts, and plans that fail -----------------------------------------------------


def sketched() -> Scenario:
    """Ten clips with sound, each after two silent drafts. Sound costs $1.00 on a and $3.00 on b, silence $1.00 and $1.50."""
    sold = catalog(
        *(
            model(name, [{"audio": audio, "price_per_second": rate} for audio, rate in ((False, silent), (True, loud))])
            for name, silent, loud in (("a", "0.10", "0.10"), ("b", "0.15", "0.30"))
        )
    )
    clip = {**CLIP, "id": "c", "audio": "native", "count": 10, "drafts": {"count": 2, "audio": "none"}}
    return scenario([clip], sold, limits={"caps": [{"where": {"model": "a"}, "max_clips": 5}]}, **ALONE)


def test_finals_and_drafts_of_a_forecast_are_followed_as_clips_of_their_own() -> None:
    # The five clips that a may make are those with sound: there it saves $2.00, and $0.50 on a draft.
    forecast = sketched()
    own = Router(forecast.catalogs, fallback=forecast.fallback, on=ON)
    own.follow(planned(forecast), forecast)
    assert {own.route(CLIP).model for _ in range(4)} == {"b"}
    finals = [own.route({**CLIP, "audio": "native"}).model for _ in range(10)]
    assert (finals.count("a"), finals.count("b")) == (5, 5)


def test_drafts_are_expected_and_counted_besides_finals() -> None:
    # 30 were forecast, 10 drafts came: 20 are to come. The forecast weighs like 3: 1 final to 2 + 10 drafts, 20/13 of each: 2 finals to
    # 18 drafts, of which 4 belong to these.
    forecast = sketched()
    course = Course(planned(forecast), forecast, planned, 500, forecast.limits)
    for _ in range(10):
        course.arrived(Clip(id="draft", seconds=10))
    left = course.left([])
    assert left is not None
    assert [(clip.audio, clip.count, clip.drafts) for clip in left.clips] == [
        ("native", 2, forecast.clips[0].drafts),
        ("none", 14, None),
    ]


def kept(own: Router, clips: list[dict[str, Any]]) -> list[str | None]:
    """On which model each clip was made; None: it was left out."""
    models: list[str | None] = []
    for clip in clips:
        try:
            decision = own.route(clip)
        except NotWorthItError:
            models.append(None)
            continue
        own.report(decision, "served")
        models.append(decision.model)
    return models


@pytest.mark.parametrize("every", [None, 3])
def test_drafts_are_left_out_with_their_clips(every: int | None) -> None:
    # A final with its two drafts costs $3.00 on a: $12.00 make four of ten that are worth $5.00 each.
    forecast = scenario(
        [{**CLIP, "id": "c", "audio": "native", "count": 10, "value_usd": 5, "drafts": {"count": 2, "audio": "none"}}],
        sketched().catalogs[0],
        limits={"budget_usd": 12},
        **ALONE,
    )
    own = follower(forecast) if every is None else follower(forecast, solve=planned, every=every)
    draft, final = CLIP, {**CLIP, "audio": "native", "value_usd": 5}
    models = kept(own, [draft, draft, final] * 10)
    drafts, finals = [one for k, one in enumerate(models) if k % 3 < 2], models[2::3]
    assert (finals.count("a"), drafts.count("a")) == (4, 8)
    if every is None:
        with pytest.raises(NotWorthItError, match="leaves such drafts out, with their clips"):
            own.route(draft)


# ---- what is left of bounds that no account is kept of ---------------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3, 10])
def test_least_numbers_are_met_once_however_often_it_is_planned(every: int) -> None:
    forecast = campaign([{"count": 60}], caps=[{"where": {"model": "b"}, "min_clips": 12}])
    models = kept(follower_without_limits(forecast, every), [CLIP] * 60)
    assert (models.count("a"), models.count("b")) == (48, 12)


@pytest.mark.parametrize("every", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "cap", [{"where": {"model": "a"}, "max_share": "0.7"}, {"where": {"model": "b"}, "min_share": "0.3"}]
)
def test_shares_hold_however_often_it_is_planned(cap: dict[str, Any], every: int) -> None:
    forecast = campaign([{"count": 60}], caps=[cap])
    models = kept(follower_without_limits(forecast, every), [CLIP] * 60)
    assert (models.count("a"), models.count("b")) == (42, 18)
    for k in range(10, 60, 10):
        assert abs(models[:k].count("b") - 0.3 * k) <= 1


def follower_without_limits(forecast: Scenario, every: int) -> Router:
    own = Router(forecast.catalogs, fallback=forecast.fallback, on=ON)
    own.follow(planned(forecast), forecast, solve=planned, every=every)
    return own


def test_what_is_left_of_shares_and_least_numbers() -> None:
    # Of 20 clips 4 came, 3 of them on a. Half of 20 on a: 7 of 16 are left; of b at least 8: 7.
    caps = [{"where": {"model": "a"}, "max_share": "0.5", "min_clips": 2}, {"where": {"model": "b"}, "min_clips": 8}]
    forecast = campaign([{"count": 20}], caps=caps)
    own = follower_without_limits(forecast, 500)
    for name in "aaab":
        own.route({**CLIP, "models": [name]})
    course = own._chooser.course
    assert course is not None
    left = course.left([])
    assert left is not None
    assert sum(clip.count for clip in left.clips) == 16
    a, b = left.limits.caps
    assert (a.max_share, a.min_clips, b.min_clips) == (Decimal(7) / 16, 0, 7)


def test_a_new_plan_owes_a_model_that_was_away_for_long_no_more_than_a_clip() -> None:
    forecast = campaign([{"count": 40}], caps=[{"where": {"model": "a"}, "max_share": "0.5"}])
    own = follower_without_limits(forecast, 500)
    own.route(CLIP)
    course = own._chooser.course
    assert course is not None
    (owed,) = course.bids.owed.values()
    for way in owed:
        assert way is not None
        owed[way] = 50.0 if way[1] == "a" else -50.0
    course.bids = Bids(planned(forecast), forecast, course.bids.owed)
    own._chooser.learn()
    models = kept(own, [CLIP] * 10)
    assert (models.count("a"), models.count("b")) == (6, 4)


def test_a_ledger_that_fails_while_it_is_planned_stops_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    own = follower(campaign([{"count": 10}], budget_usd=100), solve=planned, every=1)

    def broken() -> list[Account]:
        raise InputError("disk full")

    monkeypatch.setattr(own.ledger, "accounts", broken)
    assert own.route(CLIP).model == "a"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ([{"count": 4, "id": "d"}], "of clip 'd' it holds 0, the forecast 4"),
        ([{"count": 4}, {"id": "d"}], "of clip 'd' it holds 0, the forecast 1"),
        ([{"count": 5}], "of clip 'c0' it holds 4, the forecast 5"),
    ],
)
def test_a_plan_of_another_forecast_is_refused(other: list[dict[str, Any]], message: str) -> None:
    made = planned(campaign([{"count": 4}], budget_usd=100))
    with pytest.raises(InputError, match=f"not made for this forecast: {message}.*with the scenario that it was made"):
        follower(campaign(other, budget_usd=100), made)


def test_what_is_left_of_a_limit_is_planned_again_only_where_the_router_keeps_it() -> None:
    caps = [{"where": {"model": "b"}, "max_share": "0.5"}, {"where": {"model": "a"}, "max_clips": 20, "max_usd": 30}]
    forecast = campaign([{"count": 40, "value_usd": 5}], budget_usd=60, caps=caps)
    made = planned(forecast)

    def following(**limits: Any) -> Router:
        own = Router(forecast.catalogs, limits=limits, fallback=forecast.fallback, on=ON)
        own.follow(made, forecast, solve=planned)
        return own

    with pytest.raises(
        InputError, match=r"limits\.budget_usd: 60 of the forecast is no limit of this router"
    ) as caught:
        following(budget_usd=1000, caps=[{"where": {"model": "a"}, "max_clips": 20}])
    assert [one.where for one in caught.value.problems] == ["limits.budget_usd", "limits.caps[1].max_usd"]
    Router(forecast.catalogs, on=ON).follow(made, forecast)  # Without `solve` prices steer by them all the same
    # The same cap in another place, and what is left of it: 20 clips and $30.00 less the one that was made.
    own = following(budget_usd=60, caps=[{"max_clips": 99}, {"where": {"model": "a"}, "max_clips": 20, "max_usd": 30}])
    own.report(own.route({**CLIP, "value_usd": 5, "models": ["a"]}), "served")
    course = own._chooser.course
    assert course is not None
    left = course.left(own.ledger.accounts())
    assert left is not None
    assert (left.limits.budget_usd, left.limits.caps[1].max_clips, left.limits.caps[1].max_usd) == (59, 19, 29)
    # None of the 20 clips that half of 40 are was made on b: 20 of the 39 that are to come.
    assert left.limits.caps[0].max_share == pytest.approx(Decimal(20) / 39, abs=Decimal("1e-11"))


@pytest.mark.parametrize("solved", [None, ZeroDivisionError()])
def test_a_function_that_makes_no_plan_stops_no_clip(solved: Any) -> None:
    def solve(_left: Scenario) -> Plan:
        if solved is None:
            return None  # type: ignore[return-value]
        raise solved

    own = follower(campaign([{"count": 10}], budget_usd=100), solve=solve, every=1)
    assert [own.route(CLIP).model for _ in range(2)] == ["a", "a"]
    assert sum(one.reserved for one in own.ledger.accounts()) == 2_000_000


def test_other_tasks_run_on_while_what_is_left_is_planned() -> None:
    planning, done, waited = threading.Event(), threading.Event(), []

    def solve(left: Scenario) -> Plan:
        planning.set()
        waited.append(done.wait(10))
        return planned(left)

    own = follower(campaign([{"count": 10}], budget_usd=100), solve=solve, every=1)

    async def both() -> None:
        routing = asyncio.create_task(own.aroute(CLIP))
        while not planning.is_set():
            await asyncio.sleep(0.001)
        done.set()
        assert (await routing).model == "a"

    asyncio.run(both())
    assert waited == [True]


def with_packs(*packs: dict[str, Any], count: int = 100) -> Scenario:
    """Clips that cost $0.50 at p, which packs pay for, and $0.45 at q."""
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}], provider="q"))
    return scenario([{"seconds": 5, "count": count}], sold, account={"p": {"packs": list(packs)}}, **ALONE)


@pytest.mark.parametrize("every", [None, 10])
def test_owned_packs_are_used_up_once_however_often_the_rest_is_planned(every: int | None) -> None:
    # $25.00 pay for 50 of the 100 clips at p; the others cost less at q.
    forecast = with_packs({"pays_for_usd": 20}, {"pays_for_usd": Decimal("2.5"), "count": 2})
    own = follower(forecast) if every is None else follower(forecast, solve=planned, every=every)
    made = [own.route({"seconds": 5}).model for _ in range(100)]
    assert (made.count("m"), made.count("n")) == (50, 50)


def test_what_is_left_of_owned_packs_is_planned_with_and_not_what_is_over() -> None:
    forecast = with_packs(
        {"pays_for_usd": 9, "valid_until": "2026-04-01"}, {"pays_for_usd": 2}, {"pays_for_usd": 3, "count": 3}, count=22
    )
    own = follower(forecast, solve=planned, every=100)
    made = [own.route({"seconds": 5}).model for _ in range(11)]
    assert made.count("m") == 11
    course = own._chooser.course
    assert course is not None
    left = course.left(own.ledger.accounts())
    assert left is not None
    # 11 x $0.50 = $5.50 are the $2.00 and $3.50 of the three of $3.00; what is over pays for nothing and stays as it was.
    assert [(f"{pack.pays_for_usd.normalize():f}", pack.count) for pack in left.account["p"].packs] == [
        ("9", 1),
        ("2.5", 1),
        ("3", 1),
    ]

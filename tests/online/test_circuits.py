"""Circuits: which models are not tried, which clip finds out whether one is back, and when a refused clip is to come again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from router.errors import CircuitOpenError, NotWorthItError, OverBudgetError
from router.online import Decision, Health, Outcome, Router
from router.online.health import Watch
from router.online.view import Choice, View
from router.schema.scenario import Clip, Outages
from tests.online.shop import CLIP, Clock, router, taken

ONLY_A, ONLY_B, ONLY_C = ({**CLIP, "models": [name]} for name in "abc")


def market(clock: Clock, **settings: Any) -> Router:
    """A market whose circuits open at the first failure, for a minute."""
    return router(health=Health(failures_to_open=1, cool_down_seconds=60), clock=clock, **settings)


def fail(own: Router, clip: dict[str, Any]) -> None:
    own.report(own.route(clip), "unavailable")


def test_a_fallback_that_has_cooled_down_is_tried_again_as_a_step_by_one_clip() -> None:
    clock = Clock()
    own = market(clock)
    fail(own, ONLY_B)
    clock.now += 60
    first, other = own.route(CLIP), own.route(CLIP)
    assert (first.model, first.probe, other.model) == ("a", False, "a")
    again = own.next(first, "unavailable")
    passed = own.next(other, "unavailable")
    assert again is not None
    assert passed is not None
    assert (again.model, again.probe) == ("b", True)
    assert (passed.model, passed.probe) == ("c", False)
    own.report(again, "served")
    assert (own.route(CLIP).model, own.route(CLIP).probe) == ("b", False)


def test_a_chain_that_began_before_the_circuit_opened_passes_over_it_only_until_it_has_cooled_down() -> None:
    clock = Clock()
    own = market(clock)
    early, late = own.route(CLIP), own.route(CLIP)
    fail(own, ONLY_B)
    clock.now += 59
    passed = own.next(early, "unavailable")
    clock.now += 1
    again = own.next(late, "unavailable")
    assert passed is not None
    assert again is not None
    assert (passed.model, again.model, again.probe) == ("c", "b", True)


def test_where_the_best_model_is_still_cooling_down_the_best_that_has_is_tried() -> None:
    clock = Clock()
    own = market(clock)
    for clip in (ONLY_B, ONLY_C):
        fail(own, clip)
    clock.now += 30
    fail(own, ONLY_A)
    with pytest.raises(CircuitOpenError, match="try again in 30 s"):
        own.route(CLIP)
    clock.now += 30  # b and c are due, a in another 30 s
    tries = [own.route(CLIP), own.route(CLIP)]
    assert [(one.model, one.probe) for one in tries] == [("b", True), ("c", True)]
    with pytest.raises(CircuitOpenError, match="try again in 30 s"):
        own.route(CLIP)


def test_a_fallback_that_has_cooled_down_makes_no_decision_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    own, chosen, choose = market(clock), [], View.choose

    def counted(view: View, clip: Clip) -> Choice | None:
        chosen.append(clip)
        return choose(view, clip)

    fail(own, ONLY_C)
    clock.now += 3600
    monkeypatch.setattr(View, "choose", counted)
    for _ in range(5):
        own.route(CLIP)
    assert len(chosen) == 1


def test_a_trial_that_the_budget_does_not_allow_is_left_to_the_next_clip() -> None:
    # $3.00 hold a's clip ($2.00 at worst). What it bills although it failed leaves $1.00 for b and c, who could need $2.00.
    clock = Clock()
    own = market(clock, limits={"budget_usd": 3})
    fail(own, ONLY_B)
    clock.now += 60
    first = own.route(CLIP)
    own.report(first, "failed-billed", Decimal("2.00"))
    with pytest.raises(OverBudgetError, match="going on with the clip"):
        own.next(first)
    own.give_up(first)
    assert own.route({"seconds": 5, "models": ["b"]}).probe


def test_of_two_clips_that_were_chosen_at_once_one_finds_out_and_the_other_goes_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, told = Clock(), []
    own = market(clock, limits={"budget_usd": 9}, listen=lambda event, _facts: told.append(event))
    fail(own, ONLY_A)
    clock.now += 60
    admitted, between = own._till.admitted, iter((True,))
    first: list[Decision] = []

    def interrupted(*given: Any) -> Decision:
        decision = admitted(*given)
        if next(between, False):
            first.append(own.route(CLIP))
        return decision

    monkeypatch.setattr(own._till, "admitted", interrupted)
    second = own.route(CLIP)
    assert [(one.model, one.probe) for one in (*first, second)] == [("a", True), ("b", False)]
    # $2.00 each, if c has to make them; what was set aside for the second one's first choice is free again.
    assert taken(own) == {"limits.budget_usd": (400, 0)}
    assert told.count("circuit_probed") == 1


def test_a_clip_that_comes_while_circuits_are_open_is_told_the_time_that_is_left_though_failures_came_late() -> None:
    clock = Clock()
    own = market(clock)
    late = own.route(ONLY_A)
    fail(own, ONLY_A)
    clock.now += 50
    own.report(late, "failed-unbilled")  # Another 60 s from here
    clock.now += 9
    for left in (51, 41):
        with pytest.raises(CircuitOpenError, match=f"try again in {left} s") as caught:
            own.route(ONLY_A)
        assert caught.value.retry_after_seconds == left
        clock.now += 10
    clock.now += 31
    assert own.route(ONLY_A).probe


def test_a_clip_is_told_when_a_model_cools_down_that_can_make_it() -> None:
    clock = Clock()
    own = market(clock)
    fail(own, ONLY_A)
    clock.now += 40
    fail(own, ONLY_B)
    with pytest.raises(CircuitOpenError, match=r"\(p/b\); try again in 60 s"):
        own.route(ONLY_B)


def test_a_clip_that_is_worth_only_a_model_that_cools_down_is_told_to_come_again() -> None:
    # $1.00 on a, $1.50 on b: worth $1.20, and none of $0.90.
    clock = Clock()
    own = market(clock)
    fail(own, ONLY_A)
    clock.now += 20
    with pytest.raises(
        CircuitOpenError, match=r"for its value of \$1.20 .*\(p/a\); try again in 40 s, .* or raise value"
    ):
        own.route({**CLIP, "value_usd": Decimal("1.20")})
    with pytest.raises(NotWorthItError, match=r"would cost \$1.50, more than its value of \$0.90"):
        own.route({**CLIP, "value_usd": Decimal("0.90")})
    clock.now += 40
    assert own.route({**CLIP, "value_usd": Decimal("1.20")}).probe


def test_less_than_a_second_is_told_as_one() -> None:
    assert "try again in 1 s" in str(CircuitOpenError(["p/a"], 0.2))


# ---- trials ----------------------------------------------------------------------------------------------------------


def watch(clock: Clock) -> Watch:
    own = Watch(Health(failures_to_open=1, cool_down_seconds=60), Outages(), router()._chooser._market.offers, clock)
    own.record("p/a", Outcome.UNAVAILABLE)
    return own


def test_a_trial_that_is_withdrawn_lets_the_next_clip_find_out() -> None:
    clock = Clock(0.0)
    own = watch(clock)
    clock.now = 60.0
    may, trial = own.enter("p/a")
    assert may
    assert trial is not None
    assert own.enter("p/a") == (False, None)
    own.withdraw(trial)
    assert own.due() == {"p/a": 60.0}


@pytest.mark.parametrize(("outcome", "due"), [(Outcome.UNAVAILABLE, {"p/a": 120.0}), (Outcome.SERVED, {})])
def test_what_was_learnt_since_stands_where_a_trial_is_withdrawn(outcome: Outcome, due: dict[str, float]) -> None:
    clock = Clock(0.0)
    own = watch(clock)
    clock.now = 60.0
    _, trial = own.enter("p/a")
    assert trial is not None
    own.record("p/a", outcome)
    own.withdraw(trial)
    assert own.due() == due


@pytest.mark.parametrize("limits", [{}, {"budget_usd": 9}])
def test_a_trial_that_is_given_up_before_it_was_sent_is_left_to_the_next_clip(limits: dict[str, int]) -> None:
    clock = Clock()
    own = market(clock, limits=limits)
    fail(own, ONLY_A)
    clock.now += 60
    unsent = own.route(CLIP)
    assert (unsent.model, unsent.probe) == ("a", True)
    own.give_up(unsent)
    again = own.route(CLIP)
    assert (again.model, again.probe) == ("a", True)
    own.report(again, "unavailable")
    own.give_up(again)  # It was sent
    assert own.route(CLIP).model == "b"


def test_a_late_failure_of_a_model_that_had_cooled_down_is_known_to_decisions_at_once() -> None:
    clock = Clock()
    own = market(clock)
    late = own.route(ONLY_B)
    fail(own, ONLY_B)
    clock.now += 60
    assert [step.model for step in own.route(CLIP).chain] == ["a", "b", "c"]
    own.report(late, "failed-unbilled")
    assert [step.model for step in own.route(CLIP).chain] == ["a", "c"]


def test_a_model_that_nothing_is_known_of_may_be_tried() -> None:
    assert watch(Clock()).enter("p/b") == (True, None)

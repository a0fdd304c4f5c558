"""What outcomes say of models fades, also while no clip is sent to them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from router.errors import InputError, NotWorthItError
from router.online import Decision, Health, Outcome
from router.online.health import RENEWAL, Watch
from router.schema.scenario import Outages
from tests.online.shop import CLIP, Clock, router

HOUR = 3600.0


def test_a_model_that_is_no_longer_chosen_is_chosen_again_once_its_failure_has_faded() -> None:
    # b costs $1.10. Down once of 20 and 1, a costs $1.00 * 20/21 + $5.00 / 21 = $1.19 on average, where nobody catches the clip.
    # After two hours the failure counts a quarter: $1.00 + $4.00 * 0.25 / 20.25 = $1.05.
    clock = Clock()
    own = router(
        {"b": {"rate": "0.11"}}, clock=clock, fallback={"direction": "none", "unserved_usd": 5}, health=Health()
    )
    own.report(own.route(CLIP), "unavailable")
    assert own.route(CLIP).model == "b"
    clock.now += 2 * HOUR
    again = own.route(CLIP)
    assert (again.model, again.expected_usd) == ("a", Decimal("1.049383"))


def test_one_failure_does_not_turn_clips_away_for_ever() -> None:
    clock = Clock()
    own = router(clock=clock, fallback={"direction": "none", "unserved_usd": 9})
    clip = {**CLIP, "models": ["a"], "value_usd": Decimal("1.10")}
    own.report(own.route(clip), "unavailable")
    with pytest.raises(NotWorthItError):
        own.route(clip)
    clock.now += 24 * HOUR
    assert own.route(clip).model == "a"


def test_what_has_faded_is_no_longer_asked_for() -> None:
    asked = []

    class Counting(Clock):
        def __call__(self) -> float:
            asked.append(self.now)
            return super().__call__()

    clock = Counting()
    own = router(clock=clock)
    own.route(CLIP)
    asked.clear()
    own.route(CLIP)
    assert asked == []  # Nothing was learnt: nothing can fade
    own.report(own.route(CLIP), "unavailable")
    own.route(CLIP)
    asked.clear()
    own.route(CLIP)
    assert len(asked) == 1
    clock.now += 12 * HOUR  # 1 / 4096 of a failure
    own.route(CLIP)
    asked.clear()
    assert own.route(CLIP).expected_usd == 1
    assert asked == []


def test_choices_are_remembered_between_two_renewals() -> None:
    clock = Clock()
    own = router(clock=clock)
    own.report(own.route(CLIP), "unavailable")
    first = own._chooser.choice(own.route(CLIP).clip)
    clock.now += 0.9 * RENEWAL * HOUR
    assert own._chooser.choice(own.route(CLIP).clip) is first
    clock.now += 0.2 * RENEWAL * HOUR
    assert own._chooser.choice(own.route(CLIP).clip) is not first


def test_availability_is_that_of_the_moment_at_which_it_is_asked_for() -> None:
    clock = Clock()
    offers = router()._chooser._market.offers
    own = Watch(Health(weight=10), Outages(), offers, clock)
    own.record("p/a", Outcome.UNAVAILABLE)
    for hours, up in ((0, 10 / 11), (1, 10 / 10.5), (2, 10 / 10.75 * 10.75 / 10.25), (20, None)):
        clock.now = Clock().now + hours * HOUR
        known, until = own.availability()
        assert known.of_model(offers[0]) == (None if up is None else pytest.approx(up))
        assert until == (math.inf if up is None else clock.now + RENEWAL * HOUR)


def test_a_run_of_failures_does_not_fade() -> None:
    clock = Clock()
    own = router(clock=clock, health=Health(half_life_seconds=1, failures_to_open=3))
    decisions: list[Decision] = [own.route(CLIP) for _ in range(3)]
    for one in decisions:
        own.report(one, "unavailable")
        clock.now += 20
    assert own.route(CLIP).model == "b"


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, math.nan, "a", None, True, Decimal(1), -1])
@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("weight", "a finite number above 0"),
        ("half_life_seconds", "a finite number above 0"),
        ("failures_to_open", "a whole number, at least 1"),
        ("cool_down_seconds", "a finite number, at least 0"),
    ],
)
def test_what_cannot_be_reckoned_with_is_refused_at_once(name: str, bound: str, wrong: Any) -> None:
    with pytest.raises(InputError, match=rf"health\.{name}: must be {bound}"):
        Health(**{name: wrong})


def test_a_weight_beyond_floats_is_refused() -> None:
    with pytest.raises(InputError, match=r"health\.weight: must be a finite number"):
        Health(weight=10**400)


def test_half_a_failure_opens_nothing() -> None:
    with pytest.raises(InputError, match="a whole number, at least 1"):
        Health(failures_to_open=1.5)  # type: ignore[arg-type]

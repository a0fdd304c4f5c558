"""Repair times from states seen now and then."""

from __future__ import annotations

import math

import pytest

from router.analysis.repair import downs, repair_time, worth

EVERY_MINUTE = [(0.0, True), (1.0, False), (2.0, False), (3.0, False), (4.0, False), (5.0, True)]


def test_a_model_watched_all_the_time_has_the_time_down_over_the_number_of_outages() -> None:
    # Ten outages of 400 looks each, one look every 0.1 minutes: down 400 minutes in all.
    # A look after 0.1 minutes finds it up with 1 - exp(-0.1 / R) where it is almost always up: of 4,000 looks 10 do.
    states = [(0.0, True)]
    for _ in range(10):
        states += [(states[-1][0] + 0.1 * (i + 1), False) for i in range(400)]
        states.append((states[-1][0] + 0.1, True))
    found = repair_time([downs(states, 0.999999)])

    assert found is not None
    assert found.mean == pytest.approx(-0.1 / math.log(1 - 10 / 4000), rel=1e-3)
    # Exponential times: 2 x 400 / R is chi-square with 20 degrees of freedom, 9.59 to 34.17 at 95 %: 23.4 to 83.4 minutes.
    assert found.low == pytest.approx(23.4, rel=0.08)
    assert found.high == pytest.approx(83.4, rel=0.08)


def test_an_outage_that_did_not_end_tells_no_repair_time() -> None:
    assert repair_time([downs(EVERY_MINUTE[:-1], 0.9)]) is None


def test_outages_that_were_always_over_by_the_next_attempt_tell_no_repair_time() -> None:
    states = [(10.0 * i, i % 5 != 0) for i in range(50)]
    assert repair_time([downs(states, 0.8)]) is None


def test_two_attempts_at_one_moment_say_nothing_about_time() -> None:
    assert downs([(3.0, False), (3.0, True), (4.0, True)], 0.9).after == {}


def test_what_several_models_say_together_lies_between_what_each_says() -> None:
    short = downs(EVERY_MINUTE, 0.9)
    long = downs([(10 * minute, up) for minute, up in EVERY_MINUTE], 0.9)
    one, both, other = repair_time([short]), repair_time([short, long]), repair_time([long])

    assert one is not None
    assert both is not None
    assert other is not None
    assert one.mean < both.mean < other.mean
    assert other.mean == pytest.approx(10 * one.mean, rel=1e-3)  # The unit of time is no matter


def test_attempts_far_apart_are_worth_what_they_are_and_at_one_moment_one() -> None:
    assert worth([(1000.0 * i, True) for i in range(50)], 0.9, 5) == pytest.approx(50)
    assert worth([(0.0, True)] * 50, 0.9, 5) == pytest.approx(1)


def test_two_attempts_are_worth_what_their_correlation_leaves() -> None:
    # Nine minutes apart at a R = 9: correlation 1/e, so 4 / (2 + 2/e) = 2 / (1 + 1/e).
    assert worth([(0.0, True), (9.0, True)], 0.9, 10) == pytest.approx(2 / (1 + 1 / math.e))

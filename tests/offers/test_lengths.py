"""Which generations make a clip: SPEC 4.1, `seconds`, `max_surplus_seconds`, `max_segments`."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.offers.lengths import cheapest_generation, least_surplus
from router.offers.pricing import price
from router.schema.candidate import Generation
from tests.builders import Raw, catalog, model, offers, ways


def made(seconds: str, most: int = 1, /, surplus: str | None = None, **fields: Any) -> Generation | None:
    offer = offers(catalog(model(**fields)))[0]
    return cheapest_generation(offer, Fraction(seconds), most, None if surplus is None else Fraction(surplus))


def lengths(found: Generation | None) -> list[float]:
    assert found is not None
    return [float(s) for s in found.segments]


def test_motion_control_bills_whole_seconds_of_any_length() -> None:
    clip: Raw = {"mode": "motion-control", "resolution": "1080p"}
    half, less = (ways({**clip, "seconds": s}) for s in (12.5, 12.4))
    assert [(float(c.generation.segments[0]), c.generation.billed_seconds, c.price) for c in half] == [
        (12.5, 13, 13 * 151_000)
    ]
    assert [(float(c.generation.segments[0]), c.generation.billed_seconds, c.price) for c in less] == [
        (12.4, 12, 12 * 151_000)
    ]


def test_seven_seconds_of_image_to_video_take_the_ten_second_price() -> None:
    (only,) = ways({"mode": "image-to-video", "seconds": 7})
    assert (only.offer.model, lengths(only.generation), only.price) == ("kling-o1", [10.0], 1_111_000)


def test_forty_seconds_in_three_segments_are_three_generations() -> None:
    for candidate in ways({"seconds": 40, "max_segments": 3}):
        assert len(candidate.generation.segments) == 3
        assert sum(candidate.generation.segments) == candidate.generation.billed_seconds == 40


def test_the_cheapest_length_wins_before_the_shortest() -> None:
    # 5 s costs more than 10 s here: a 4 s clip takes the 10 s generation.
    fixed = {"seconds": {"choices": [5, 10]}, "offers": [{"audio": False, "prices": {"5": "1.00", "10": "0.90"}}]}
    assert lengths(made("4", **fixed)) == [10]
    same = {"seconds": {"choices": [5, 10]}, "offers": [{"audio": False, "prices": {"5": "1.00", "10": "1.00"}}]}
    assert lengths(made("4", **same)) == [5]


def test_a_surplus_beyond_the_bound_is_refused_and_zero_means_exact() -> None:
    steps = {"seconds": {"min": 4, "max": 20, "step": 4}}
    assert lengths(made("6", **steps)) == [8]
    assert made("6", surplus="1.9", **steps) is None
    assert lengths(made("6", surplus="2", **steps)) == [8]
    assert lengths(made("8", surplus="0", **steps)) == [8]


def test_two_short_generations_may_be_cheaper_than_a_long_one() -> None:
    # 10 s: one for $3.00, or 5 + 5 for $2.00; with one segment allowed only the first.
    fixed = {"seconds": {"choices": [5, 10]}, "offers": [{"audio": False, "prices": {"5": "1.00", "10": "3.00"}}]}
    assert lengths(made("10", 1, **fixed)) == [10]
    assert lengths(made("10", 2, **fixed)) == [5, 5]


def test_equal_prices_prefer_fewer_generations_then_less_surplus() -> None:
    # 10 s at $0.10/s: one generation of 10 s, not 5 + 5 at the same price.
    assert lengths(made("10", 4)) == [10]
    flat = {"seconds": {"choices": [6, 8]}, "offers": [{"audio": False, "price_per_generation": "1.00"}]}
    # 13 s: 6 + 8 and 8 + 8 cost $2.00 each; 6 + 8 has 1 s of surplus instead of 3 s.
    assert lengths(made("13", 3, **flat)) == [8, 6]


def test_an_offer_of_any_length_splits_into_equal_parts() -> None:
    any_length = {"seconds": {"min": 3, "max": 15, "step": 0}, "rounding": "none"}
    found = made("40", 3, **any_length)
    assert found is not None
    assert found.segments == (Fraction(40, 3),) * 3
    # Unrounded, 40 s cost $4.00 whatever the parts; each part of 40/3 s is rounded once to 1,333,333 micro-dollars.
    assert found.price == 3 * 1_333_333
    assert made("46", 3, **any_length) is None


def test_equal_parts_are_as_many_as_rounding_makes_cheapest() -> None:
    # 13.4 s is billed as 13 s; three parts of 4.466... s are billed as 4 s each, 12 s in all.
    any_length = {"seconds": {"min": 3, "max": 15, "step": 0}}
    found = made("13.4", 3, **any_length)
    assert found is not None
    assert (len(found.segments), found.billed_seconds) == (3, 12)


def test_a_length_that_would_be_billed_as_nothing_is_not_offered() -> None:
    assert lengths(made("0.2", seconds={"min": "0.1", "max": 5, "step": 0})) == [0.5]
    assert lengths(made("0.2", seconds={"choices": ["0.4", 1]})) == [1]


@pytest.mark.parametrize("seconds", ["1", "2.5", "7", "20"])
def test_a_clip_shorter_than_the_shortest_length_takes_that(seconds: str) -> None:
    shortest = {"seconds": {"min": 8, "max": 20, "step": 1}}
    assert lengths(made(seconds, **shortest)) == [max(8.0, -(-float(seconds) // 1))]


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True),
    st.data(),
    st.integers(1, 40),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_segments_equal_brute_force(
    choices: list[int], data: st.DataObject, halves: int, most: int, surplus: int | None
) -> None:
    prices = {str(length): data.draw(st.integers(1, 9)) for length in choices}
    offer = offers(catalog(model(seconds={"choices": choices}, offers=[{"audio": False, "prices": prices}])))[0]
    seconds, bound = Fraction(halves, 2), None if surplus is None else Fraction(surplus)
    ways = [
        (sum(price(offer, s) for s in parts), n, sum(parts))
        for n in range(1, most + 1)
        for parts in itertools.combinations_with_replacement(map(Fraction, choices), n)
        if sum(parts) >= seconds and (bound is None or sum(parts) - seconds <= bound)
    ]
    found = cheapest_generation(offer, seconds, most, bound)
    if not ways:
        assert found is None
        return
    assert found is not None
    assert (found.price, len(found.segments), sum(found.segments)) == min(ways)
    assert list(found.segments) == sorted(found.segments, reverse=True)
    assert least_surplus(offer, seconds, most) <= min(total for *_, total in ways) - seconds

"""The price of one generation: SPEC 2 and 3."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.offers.pricing import billed_seconds, price
from router.units import to_micro
from tests.builders import catalog, model, offers


def the_price(seconds: str, /, **fields: object) -> int:
    offer = {"audio": False, **{k: v for k, v in fields.items() if k.startswith("price")}}
    rest = {k: v for k, v in fields.items() if not k.startswith("price")}
    own = {k: rest.pop(k) for k in ("unit", "units_per_usd") if k in rest}
    return price(offers(catalog(model(offers=[offer], **rest), **own))[0], Fraction(seconds))


def test_a_generation_bills_its_rounded_seconds() -> None:
    # 12.5 s rounds half up to 13 s, 12.4 s to 12 s, at $0.151/s.
    any_length = {"seconds": {"min": 3, "max": 30, "step": 0}}
    assert the_price("12.5", price_per_second="0.151", **any_length) == 13 * 151_000
    assert the_price("12.4", price_per_second="0.151", **any_length) == 12 * 151_000
    assert the_price("12.4", price_per_second="0.151", rounding="up", **any_length) == 13 * 151_000
    assert the_price("12.4", price_per_second="0.151", rounding="none", **any_length) == 1_872_400  # 12.4 x 0.151


def test_a_price_is_rounded_once_half_even_to_a_micro_dollar() -> None:
    # 3 s x $0.0000005 = $0.0000015, half-way between 1 and 2 micro-dollars: the even one is 2. 1 s: half-way 0 and 1: 0.
    assert the_price("3", price_per_second="0.0000005") == 2
    assert the_price("1", price_per_second="0.0000005") == 0
    assert the_price("5", price_per_second="0.0000005") == 2  # 2.5 -> 2


def test_a_price_per_generation_is_added_and_a_minimum_is_kept() -> None:
    # 2 s x 0.10 + 0.05 = 0.25; the minimum of 0.30 wins for 2 s, not for 3 s (0.35).
    terms = {"price_per_second": "0.10", "price_per_generation": "0.05", "price_minimum": "0.30"}
    assert the_price("2", **terms) == 300_000
    assert the_price("3", **terms) == 350_000


def test_a_price_per_generation_alone_is_a_flat_price() -> None:
    assert the_price("2", price_per_generation="0.40") == the_price("20", price_per_generation="0.40") == 400_000


def test_credits_are_converted_exactly_before_rounding() -> None:
    # 10 s x 5.4 credits / 72 = $0.75 exactly; 10 s x 8.1648 / 72 = $1.134 exactly; 1 credit / 72 = $0.013888...
    assert the_price("10", price_per_second="5.4", unit="credit", units_per_usd=72) == 750_000
    assert the_price("10", price_per_second="8.1648", unit="credit", units_per_usd=72) == 1_134_000
    assert the_price("1", price_per_second="1", unit="credit", units_per_usd=72) == 13_889


def test_fixed_prices_are_taken_by_length() -> None:
    fixed = {"seconds": {"choices": [5, 10]}, "prices": {"5": "0.556", "10": "1.111"}}
    assert (the_price("5", **fixed), the_price("10", **fixed)) == (556_000, 1_111_000)


@given(st.fractions(min_value=0, max_value=100))
def test_rounding_moves_a_length_by_at_most_half_a_second_or_up_by_less_than_one(seconds: Fraction) -> None:
    assert -Fraction(1, 2) < billed_seconds(seconds, "nearest") - seconds <= Fraction(1, 2)
    assert 0 <= billed_seconds(seconds, "up") - seconds < 1
    assert billed_seconds(seconds, "none") == seconds


@pytest.mark.parametrize(("usd", "micro"), [("0.0000005", 0), ("0.0000015", 2), ("0.0000025", 2), ("0.00000250001", 3)])
def test_to_micro_rounds_half_even(usd: str, micro: int) -> None:
    assert to_micro(Fraction(usd)) == micro

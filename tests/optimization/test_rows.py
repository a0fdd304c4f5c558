"""Sums over classes and options: exact where numbers are rational, rounded once where one is a float."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.optimization.rows import Row, next_fraction


@given(st.lists(st.tuples(st.fractions(-9, 9, max_denominator=6), st.integers(0, 3)), max_size=12))
def test_a_sum_of_fractions_is_exact(pairs: list[tuple[Fraction, int]]) -> None:
    row = Row("row", "at_most", 0, (tuple(weight for weight, _ in pairs),))
    total = sum((weight * n for weight, n in pairs), Fraction(0))
    assert row.used((tuple(n for _, n in pairs),)) == total


def test_a_sum_with_a_float_in_it_is_rounded_once() -> None:
    # In turn, 0.1 ten times comes to less than 1; the row's sums are rounded to two places.
    row = Row("row", "at_most", 1, ((0.1, Fraction(1, 3), 1),), digits=2)
    assert row.used(((10, 0, 0),)) == 1
    assert row.used(((0, 1, 0),)) == pytest.approx(0.33)
    assert row.used(((0, 0, 5),)) == 5


@given(
    st.fractions(min_value=-3, max_value=12, max_denominator=10**9),
    st.integers(min_value=1, max_value=40),
    st.booleans(),
)
def test_the_next_fraction_is_the_nearest_of_all(value: Fraction, most: int, up: bool) -> None:
    # The best numerator of every denominator.
    every = [Fraction(math.ceil(value * d) if up else math.floor(value * d), d) for d in range(1, most + 1)]
    assert next_fraction(value, most, up=up) == (min(every) if up else max(every))


@given(
    scores=st.lists(
        st.sampled_from([Fraction(0), Fraction(6), Fraction("7.5"), Fraction("9.1")]), min_size=2, max_size=3
    ),
    bound=st.fractions(min_value=5, max_value=10, max_denominator=10**9),
    sense=st.sampled_from(["at_least", "at_most"]),
)
def test_the_simplest_row_is_kept_by_the_same_solutions(
    scores: list[Fraction], bound: Fraction, sense: Literal["at_least", "at_most"]
) -> None:
    row = Row("mean", sense, bound, (tuple(scores),), "score", per=((1,) * len(scores),), most=5)
    for counts in itertools.product(range(6), repeat=len(scores)):
        if sum(counts) <= 5:
            assert row.simplest().holds((counts,)) == row.holds((counts,))

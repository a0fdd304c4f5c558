"""Sums over classes and options: exact where numbers are rational, rounded once where one is a float."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.optimization.rows import Row


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

"""Figures of draws, and how sure they are, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from router.cost.sample import Sample

HUNDRED = Sample(np.random.default_rng(5).permutation(np.arange(1.0, 101.0)))
"""1, 2 ... 100, shuffled."""


def test_mean_and_spread_are_those_of_the_numbers_1_to_100() -> None:
    # Mean 50.5; unbiased variance 100 x 101 / 12.
    assert HUNDRED.mean == 50.5
    assert HUNDRED.std == pytest.approx(math.sqrt(100 * 101 / 12))
    assert HUNDRED.mean_error == pytest.approx(math.sqrt(101 / 12))
    assert (HUNDRED.least, HUNDRED.most) == (1, 100)


@pytest.mark.parametrize(("p", "value"), [(0.0, 1), (0.5, 50), (0.501, 51), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_quantile_is_the_least_draw_that_reaches_the_probability(p: float, value: float) -> None:
    assert HUNDRED.quantile(p) == value
    assert HUNDRED.cdf(value) >= p - 1e-12
    assert value == 1 or HUNDRED.cdf(value - 1) < p


def test_the_tail_is_averaged() -> None:
    # The worst five are 96 to 100. At 0.945 half of 95 belongs to the worst 5.5: (0.5 x 95 + 490) / 5.5.
    assert HUNDRED.cvar(0.95) == pytest.approx(98)
    assert HUNDRED.cvar(0.945) == pytest.approx((0.5 * 95 + 490) / 5.5)
    assert HUNDRED.cvar(0.0) == pytest.approx(50.5)


def test_a_share_above_counts_only_what_is_above() -> None:
    assert (HUNDRED.above(95), HUNDRED.above(95.5), HUNDRED.above(100), HUNDRED.above(0)) == (0.05, 0.05, 0, 1)
    assert HUNDRED.above_error(95) == pytest.approx(math.sqrt(0.05 * 0.95 / 100))
    low, high = HUNDRED.above_interval(100)
    # Wilson with no success in 100: 0 to z^2 / (100 + z^2).
    assert (low, high) == (0, pytest.approx(3.8414588 / 103.8414588))


def test_the_interval_of_a_median_lies_between_order_statistics() -> None:
    # 50 -+ 1.96 x 5: 40.2 and 59.8, so the 40th and the 61st draw; of the 0.99 quantile there is no upper end in 100.
    assert HUNDRED.quantile_interval(0.5) == (40, 61)
    assert HUNDRED.quantile_interval(0.99) == (97, None)


def test_nine_in_ten_and_more_intervals_hold_the_truth_and_errors_are_the_spread_of_the_figures() -> None:
    rng = np.random.default_rng(11)
    samples = [Sample(rng.standard_normal(2000)) for _ in range(400)]
    truth = 1.6448536
    held = [(i[0] or 0) <= truth <= (i[1] or 9) for i in (s.quantile_interval(0.95) for s in samples)]
    # 400 trials at 0.95: standard error 0.011.
    assert abs(np.mean(held) - 0.95) < 0.045
    for figure, error in (
        (lambda s: s.std, lambda s: s.std_error),
        (lambda s: s.cvar(0.95), lambda s: s.cvar_error(0.95)),
        (lambda s: s.mean, lambda s: s.mean_error),
    ):
        spread = np.std([figure(s) for s in samples])
        # The spread of 400 figures is known to 1 / sqrt(800) = 3.5 %.
        assert np.mean([error(s) for s in samples]) == pytest.approx(spread, rel=0.15)


def test_draws_that_are_all_equal_have_no_error() -> None:
    flat = Sample(np.full(50, 7.0))
    assert (flat.std, flat.std_error, flat.cvar(0.95), flat.cvar_error(0.95), flat.quantile_interval(0.5)) == (
        0,
        0,
        7,
        0,
        (7, 7),
    )


def test_a_histogram_shares_out_all_draws_over_round_intervals() -> None:
    # 0-9, 10-19, ... 90-99 and 100: eleven tens. In ten intervals or fewer only twenties fit, in three only fifties: 49, 50, 1.
    tens = HUNDRED.histogram(11)
    assert tens[:2] == [(0, 10, 0.09), (10, 20, 0.1)]
    assert tens[-1] == (100, 110, 0.01)
    assert HUNDRED.histogram(10) == [
        (0, 20, 0.19),
        *((start, start + 20, 0.2) for start in (20, 40, 60, 80)),
        (100, 120, 0.01),
    ]
    assert HUNDRED.histogram(3) == [(0, 50, 0.49), (50, 100, 0.5), (100, 150, 0.01)]
    assert HUNDRED.histogram(1) == [(0, 200, 1)]
    assert Sample(np.full(9, 7.0)).histogram(4) == [(7, 7, 1)]


def test_counts_name_every_value_once() -> None:
    assert Sample(np.array([2.0, 0, 2, 5])).counts() == [(0, 1), (2, 2), (5, 1)]

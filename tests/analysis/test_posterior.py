"""The Beta posterior against closed forms."""

from __future__ import annotations

import math

import pytest

from router.analysis.posterior import beta_distribution, beta_quantile, interval, share

CHANCES = [0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999]
SIZES = [1, 2.5, 17, 1000, 250_000]


@pytest.mark.parametrize("p", CHANCES)
@pytest.mark.parametrize("n", SIZES)
def test_the_quantile_of_beta_n_1_is_the_nth_root(p: float, n: float) -> None:
    # The distribution function is x^n.
    assert beta_quantile(p, n, 1) == pytest.approx(p ** (1 / n), rel=1e-9)


@pytest.mark.parametrize("p", CHANCES)
@pytest.mark.parametrize("n", SIZES)
def test_the_quantile_of_beta_1_n_mirrors_it(p: float, n: float) -> None:
    # The distribution function is 1 - (1 - x)^n.
    assert beta_quantile(p, 1, n) == pytest.approx(-math.expm1(math.log1p(-p) / n), rel=1e-9)


@pytest.mark.parametrize("p", CHANCES)
def test_jeffreys_prior_is_the_arcsine_law(p: float) -> None:
    # The distribution function of Beta(1/2, 1/2) is 2/pi asin(sqrt(x)).
    assert beta_quantile(p, 0.5, 0.5) == pytest.approx(math.sin(math.pi * p / 2) ** 2, rel=1e-9)


@pytest.mark.parametrize("a", [0.5, 1, 7.5, 300, 40_000])
def test_the_median_of_a_symmetric_beta_is_one_half(a: float) -> None:
    assert beta_quantile(0.5, a, a) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(("x", "n", "k"), [(0.3, 12, 4), (0.07, 40, 1), (0.9, 9, 9)])
def test_with_whole_parameters_it_is_a_sum_of_binomial_terms(x: float, n: int, k: int) -> None:
    # P(Beta(k, n - k + 1) <= x) = P(Binomial(n, x) >= k)
    tail = math.fsum(math.comb(n, i) * x**i * (1 - x) ** (n - i) for i in range(k, n + 1))
    assert beta_distribution(x, k, n - k + 1) == pytest.approx(tail, rel=1e-12)


def test_a_large_sample_has_the_normal_interval() -> None:
    # 1.96 standard deviations of 0.3 x 0.7 / 1,000,000 are 0.000898.
    low, high = interval(300_000, 1_000_000)
    assert (low, high) == (pytest.approx(0.3 - 0.000898, abs=2e-6), pytest.approx(0.3 + 0.000898, abs=2e-6))


def test_nothing_seen_is_one_half_and_could_be_almost_anything() -> None:
    assert share(0, 0) == 0.5


def test_fewer_independent_observations_make_a_wider_interval_around_the_same_share() -> None:
    tight, wide = interval(90, 100), interval(90, 100, 25)
    assert wide[0] < tight[0] < share(90, 100) < tight[1] < wide[1]

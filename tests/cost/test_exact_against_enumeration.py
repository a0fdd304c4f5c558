"""The exact distribution of cost against the enumeration of every outcome, on 500 random small plans."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from router.cost.exact import exact
from router.schema.exposure import Attempt, Chances, Exposure
from tests import risk_oracle, risk_strategies

SEEDS = 500
BLOCK = 50
UGLY = 5  # every fifth plan has prices that share no divisor
CLOSE = 1e-9
LEVELS = (0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_500_random_plans_have_the_distribution_that_enumeration_finds(first: int) -> None:
    for seed in range(first, first + BLOCK):
        chances = risk_strategies.random_chances(seed, ugly=seed % UGLY == 0)
        try:
            check_agreement(chances)
        except Exception as error:
            error.add_note(f"seed {seed}: {chances}")
            raise


def check_agreement(chances: Chances) -> None:
    """Cost and unserved clips have the same law, by every figure that the program gives of one."""
    found = exact(chances)
    compare(found.cost, risk_oracle.cost_law(chances))
    compare(found.unserved, risk_oracle.unserved_law(chances))


def compare(found: object, law: risk_oracle.Law[int]) -> None:
    """Every figure of one number's distribution."""
    reach = float(max(law.most - law.least, abs(law.most)))
    within = CLOSE * reach + found.error

    assert math.isclose(found.mean, law.mean, rel_tol=CLOSE, abs_tol=CLOSE * reach)
    assert math.isclose(found.std, math.sqrt(law.variance), rel_tol=CLOSE, abs_tol=CLOSE * reach)
    assert (found.least, found.most) == (law.least, law.most)
    for level in LEVELS:
        exactly = Fraction(str(level))
        assert abs(found.quantile(level) - law.quantile(exactly)) <= found.error, f"quantile at {level}"
        rare = max(
            1.0, 0.05 / (1 - level)
        )  # what is divided by the share of the tail is no more precise in a thinner one
        assert math.isclose(found.cvar(level), law.cvar(exactly), abs_tol=rare * within), f"tail from {level}"
    for x in points(law):
        if found.error == 0:
            assert abs(found.cdf(x) - law.cdf(x)) <= CLOSE, f"P(X <= {x})"
            assert abs(found.above(x) - law.above(x)) <= CLOSE, f"P(X > {x})"
        assert (
            law.cdf(x - math.ceil(found.error)) - CLOSE <= found.cdf(x) <= law.cdf(x + math.ceil(found.error)) + CLOSE
        )
    assert abs(found.cdf(found.most) - 1) <= 1e-12, "all mass is at or below the most"
    assert abs(found.cdf(found.most) + found.above(found.most) - 1) <= 1e-12


def points(law: risk_oracle.Law[int]) -> list[int]:
    """Where to look: on atoms, just beside them, between them, and beyond them all."""
    atoms = sorted(law.weights)
    some = atoms[:: max(1, len(atoms) // 7)] + atoms[-1:]
    middle = (atoms[0] + atoms[-1]) // 2
    return sorted({x + beside for x in some for beside in (-1, 0, 1)} | {middle, atoms[0] - 1000, atoms[-1] + 1000})


@pytest.mark.parametrize("prices", [(1_131_000, 1_508_000), (1_250_000, 750_000), (75_000, 1_500_000)])
def test_hundreds_of_clips_have_the_sum_of_two_binomial_laws(prices: tuple[int, int]) -> None:
    counts, availabilities = (400, 150), (0.9, 0.5)
    attempts = [Attempt("p", name, price, a) for name, price, a in zip(("a", "b"), prices, availabilities, strict=True)]
    exposures = [Exposure((attempt,), 1, count) for attempt, count in zip(attempts, counts, strict=True)]

    found = exact(Chances(tuple(exposures), {}, 0))

    laws = [binomial(n, Fraction(str(a)), price) for n, a, price in zip(counts, availabilities, prices, strict=True)]
    law = risk_oracle.total((of, 1) for of in laws)
    assert found.cost.error == 0
    assert math.isclose(found.cost.std, math.sqrt(sum(of.variance for of in laws)), rel_tol=CLOSE)
    for level in LEVELS:
        assert found.cost.quantile(level) == law.quantile(Fraction(str(level))), f"quantile at {level}"
    assert math.isclose(found.cost.cvar(0.95), law.cvar(Fraction(95, 100)), rel_tol=CLOSE)
    for x in (law.quantile(Fraction(p, 1000)) for p in (1, 200, 500, 999)):
        assert abs(found.cost.cdf(x) - law.cdf(x)) < CLOSE


def binomial(count: int, chance: Fraction, price: int) -> risk_oracle.Law[int]:
    """So many independent clips that cost their price with this chance, and nothing else: C(n, k) p^k (1 - p)^(n - k)."""
    up, whole = chance.numerator, chance.denominator
    weights = {k * price: math.comb(count, k) * up**k * (whole - up) ** (count - k) for k in range(count + 1)}
    return risk_oracle.Law(weights, whole**count)


def test_a_million_clips_have_more_outcomes_than_a_float_can_count() -> None:
    # 200 lines of 5,000 clips: $1 with chance 0.98, else $2 with chance 0.98, else $5. About (5,000^2 / 2)^200 outcomes.
    chain = (Attempt("p", "a", 1_000_000, 1.0, 0.02), Attempt("p", "b", 2_000_000, 1.0, 0.02))
    cost = exact(Chances(tuple(Exposure(chain, 1, 5_000) for _ in range(200)), {}, 5_000_000)).cost

    # 0.98 * 1 + 0.02 * 0.98 * 2 + 0.0004 * 5 = 1.0212; of squares 0.98 + 0.0784 + 0.01 = 1.0684, less 1.0212^2 = 0.02555056
    assert math.isclose(cost.mean, 1_021_200_000_000, rel_tol=CLOSE)
    assert math.isclose(cost.std, math.sqrt(0.02555056 * 1e6) * 1e6, rel_tol=CLOSE)
    assert cost.least == 1_000_000_000_000
    assert cost.most == 5_000_000_000_000

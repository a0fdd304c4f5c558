"""The exact distribution against simulation, on 200 random plans of up to thousands of clips: two ways to one law.

Every comparison is to four standard errors of the simulated figure, from the exact law; seeds are fixed.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from router.cost.exact import Distribution, exact
from router.cost.monte_carlo import simulate
from router.cost.sample import Sample
from router.schema.exposure import Chances
from tests import risk_oracle, risk_strategies

PLANS = 200
BLOCK = 20
UGLY = 10  # every tenth plan has prices that share no divisor
DRAWS = 2000
ERRORS = 4
LEVELS = (0.5, 0.95, 0.99)


@pytest.mark.parametrize("first", range(0, PLANS, BLOCK))
def test_200_random_plans_have_the_distribution_that_simulation_draws(first: int) -> None:
    for seed in range(first, first + BLOCK):
        chances = risk_strategies.random_large_chances(seed, ugly=seed % UGLY == 0)
        try:
            check_agreement(chances, seed)
        except Exception as error:
            error.add_note(f"seed {seed}: {chances}")
            raise


def check_agreement(chances: Chances, seed: int) -> None:
    """Cost and unserved clips, by mean, percentiles and tails."""
    found, drawn = exact(chances), simulate(chances, draws=DRAWS, seed=seed)
    assert drawn.draws == DRAWS
    assert math.isclose(found.cost.mean, risk_oracle.mean_cost(chances), rel_tol=1e-9, abs_tol=1e-6)
    assert math.isclose(found.cost.std, math.sqrt(risk_oracle.variance(chances)), rel_tol=1e-6, abs_tol=1e-3)
    for law, sample in ((found.cost, drawn.cost), (found.unserved, drawn.unserved)):
        assert law.least <= sample.least
        assert sample.most <= law.most
        compare(law, sample)


def compare(law: Distribution, sample: Sample) -> None:
    """Mean, percentiles and tails of one number."""
    hair = 1e-9 * max(law.most, 1)
    assert abs(sample.mean - law.mean) <= ERRORS * law.std / math.sqrt(DRAWS) + hair
    for level in LEVELS:
        quantile, within = law.quantile(level), law.error + hair
        allowed = ERRORS * math.sqrt(level * (1 - level) / DRAWS) + 1 / DRAWS
        assert sample.cdf(quantile + within) >= level - allowed, f"too few draws at or below the quantile at {level}"
        assert below(sample, quantile - within) <= level + allowed, f"too many draws below the quantile at {level}"
        spread = tail_spread(law, quantile) / (1 - level) / math.sqrt(DRAWS)
        assert abs(tail_mean(sample, quantile, level) - law.cvar(level)) <= ERRORS * spread + within, f"tail at {level}"


def below(sample: Sample, x: float) -> float:
    """Share of draws below x."""
    return float(np.mean(sample.ordered < x))


def tail_mean(sample: Sample, quantile: float, level: float) -> float:
    """Q + mean of (X - q)+ / (1 - level), q the exact quantile: unbiased, unlike the tail beyond the simulated quantile."""
    return quantile + float(np.mean(np.maximum(sample.ordered - quantile, 0))) / (1 - level)


def tail_spread(law: Distribution, quantile: float) -> float:
    """Standard deviation of (X - q)+, at most: the root of its mean square, 2 * integral of (x - q) P(X > x) from q on."""
    edges = np.linspace(quantile, law.most, 60)
    beyond = [law.above(x) for x in edges[:-1]]  # P(X > x) falls, so its value at the left edge is an upper bound
    square = sum(
        p * ((b - quantile) ** 2 - (a - quantile) ** 2) for p, a, b in zip(beyond, edges, edges[1:], strict=False)
    )
    return math.sqrt(square)


def test_the_expected_cost_is_the_same_where_causes_go_down_and_come_back_over_time() -> None:
    spread = 0
    for seed in range(40):
        chances = risk_strategies.random_chances(seed)
        causes = [attempt.cause for e in chances.exposures for attempt in e.attempts]
        over_time = dataclasses.replace(
            chances,
            correlation="over-time",
            provider_correlation="over-time",
            repair_minutes=dict.fromkeys([*causes, *chances.providers], 15.0),
            run_minutes=60.0,
        )
        most = math.sqrt(risk_oracle.variance(risk_oracle.under(chances, "per-run", "per-run")))

        drawn = simulate(over_time, draws=DRAWS, seed=seed).cost

        mean = float(risk_oracle.mean_cost(chances))
        assert abs(drawn.mean - mean) <= ERRORS * max(drawn.std, most / 2) / math.sqrt(DRAWS) + 1e-6, f"seed {seed}"
        spread += drawn.std > 0
    assert spread > 20

"""Two independent ways to the same distribution: worked out exactly, and drawn clip by clip."""

from __future__ import annotations

import math
import random

import pytest

from router.cost.exact import Distribution, exact
from router.cost.monte_carlo import simulate
from router.cost.sample import Sample
from router.schema.exposure import Attempt, Chances, Exposure
from router.schema.scenario import Correlation

CORRELATIONS: tuple[Correlation, ...] = ("per-request", "per-run")


def some_chances(seed: int) -> Chances:
    """Up to three chains of up to four of five models at two providers, with all that can happen on the way."""
    rng = random.Random(seed)
    models = [
        Attempt(
            rng.choice("pq"), f"m{k}", rng.choice([250_000, 400_000, 1_250_000, 1_500_000]), rng.choice([None, 0.5, 0.8, 0.95, 1.0]),
            rng.choice([0.0, 0.0, 0.1, 0.4]), rng.choice(["no", "yes", "unknown"]), rng.choice([1.0, 0.9, 0.5]),
        )
        for k in range(5)
    ]  # fmt: skip
    exposures = tuple(
        Exposure(tuple(rng.sample(models, rng.randint(1, 4))), rng.randint(1, 4), rng.choice([1, 3, 40]))
        for _ in range(rng.randint(1, 3))
    )
    providers = rng.choice([{}, {"p": 0.9}, {"p": 0.9, "q": 0.7}])
    return Chances(exposures, providers, rng.choice([0, 3_000_000]), rng.choice(CORRELATIONS), rng.choice(CORRELATIONS))


def agree(drawn: Sample, law: Distribution) -> None:
    """Assert that mean, spread, tail and a few probabilities are within four standard errors of the exact ones."""
    slack = 1e-6 * max(abs(law.mean), 1)
    assert abs(drawn.mean - law.mean) <= 4 * law.std / math.sqrt(drawn.draws) + slack
    assert abs(drawn.std - law.std) <= 4 * drawn.std_error + slack
    assert abs(drawn.cvar(0.9) - law.cvar(0.9)) <= 4 * drawn.cvar_error(0.9) + slack
    assert law.least <= drawn.least <= drawn.most <= law.most
    for value in {drawn.quantile(p) for p in (0.05, 0.3, 0.5, 0.9, 0.99)}:
        truth = law.above(value)
        assert abs(drawn.above(value) - truth) <= 4 * math.sqrt(truth * (1 - truth) / drawn.draws) + 1e-9


@pytest.mark.parametrize("seed", range(40))
def test_what_is_worked_out_is_what_is_drawn(seed: int) -> None:
    chances = some_chances(seed)
    drawn, known = simulate(chances, draws=5000, seed=seed), exact(chances)
    agree(drawn.cost, known.cost)
    agree(drawn.unserved, known.unserved)

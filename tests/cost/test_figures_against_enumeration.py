"""Worst cases and where the variance comes from, against enumeration."""

from __future__ import annotations

import math

import pytest

from router.cost.states import worst_of_run
from router.cost.variance import sources
from tests import risk_oracle, risk_strategies


def test_the_worst_case_of_a_run_is_that_of_its_worst_state() -> None:
    lower = 0
    for seed in range(300):
        chances = risk_strategies.random_chances(seed)
        if "per-run" not in (chances.correlation, chances.provider_correlation):
            continue

        assert worst_of_run(chances) == risk_oracle.worst_of_run(chances), f"seed {seed}: {chances}"
        lower += risk_oracle.worst_of_run(chances) < risk_oracle.worst_per_request(chances)
    assert lower > 5


@pytest.mark.parametrize(("models", "providers"), risk_strategies.CORRELATIONS)
def test_each_cause_explains_the_share_of_the_variance_that_enumeration_finds(models: str, providers: str) -> None:
    explained = 0
    for seed in range(100):
        chances = risk_oracle.under(risk_strategies.random_chances(seed), models, providers)
        variance = risk_oracle.variance(chances)
        if variance == 0:
            continue
        found = sources(chances, float(variance))

        for cause, share in risk_oracle.variance_shares(chances).items():
            assert math.isclose(found.get(cause, 0), share, rel_tol=1e-6, abs_tol=1e-9), f"seed {seed}: {cause}"
        assert list(found.values()) == sorted(found.values(), reverse=True)
        explained += len(found)
    assert explained > 50

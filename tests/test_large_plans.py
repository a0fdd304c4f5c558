"""Plans at the upper end of what a scenario can state."""

from __future__ import annotations

from decimal import Decimal

import pytest

from router.errors import InputError
from tests.builders import Raw, catalog, model, planned

CLIPS: list[Raw] = [{"seconds": 10, "count": 10**9}]


def sold_at(price: str, **fields: object) -> Raw:
    return model(offers=[{"audio": False, "prices": {"10": price}}], seconds={"choices": [10]}, **fields)


def test_a_certain_plan_is_exact_at_the_highest_price_and_count() -> None:
    sums = planned(CLIPS, catalog(sold_at("999999.999997"))).totals
    # 10^9 clips at $999,999.999997.
    assert {sums.nominal_usd, sums.best_usd, sums.p99_usd, sums.worst_usd} == {Decimal("999999999997000")}
    assert float(sums.expected_usd) == pytest.approx(999999999997000, rel=1e-15)


def test_an_uncertain_plan_beyond_whole_floats_is_refused() -> None:
    with pytest.raises(InputError, match=r"the plan can cost 10,000,000,000 dollars, more than the 9,007,199,255"):
        planned(CLIPS, catalog(sold_at("10", availability="0.9")))


def test_a_run_of_more_states_than_can_be_looked_at_is_planned() -> None:
    models = [model(f"m{k}", availability="0.9") for k in range(40)]
    plan = planned([{"seconds": 10}], catalog(*models), outages={"correlation": "per-run"})
    assert plan.distribution.method == "simulated"
    assert any("1,099,511,627,776 outage states" in warning for warning in plan.warnings)

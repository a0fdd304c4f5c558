"""What exact distributions do at the edges of their ways of reckoning; the bulk is held against enumeration elsewhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from router.cost import inversion
from router.cost.exact import exact
from router.cost.inversion import sum_law
from router.cost.sums import Points, Terms, Wave
from router.errors import InputError, TooManyStatesError
from router.schema.exposure import Attempt, Chances, Exposure
from tests.builders import Raw, catalog, model, planned


def terms(*laws: tuple[dict[int, float], int]) -> Terms:
    """Terms of these laws ({value: chance}, count)."""
    width = max(len(law) for law, _ in laws)
    values = [[*law, *[0] * (width - len(law))] for law, _ in laws]
    chances = [[*law.values(), *[0.0] * (width - len(law))] for law, _ in laws]
    return Terms(np.array(values), np.array(chances), np.array([count for _, count in laws]))


def convolved(*laws: tuple[dict[int, float], int]) -> dict[int, float]:
    """The law of the sum, term by term."""
    total = {0: 1.0}
    for law, count in laws:
        for _ in range(count):
            onward: dict[int, float] = {}
            for (before, p), (value, q) in itertools.product(total.items(), law.items()):
                onward[before + value] = onward.get(before + value, 0.0) + p * q
            total = onward
    return total


def test_prices_that_share_no_divisor_are_told_apart_to_the_micro_dollar() -> None:
    # Two clips, each made with chance 0.9, at 1.131113 and 0.999999: four sums, of chance 0.01, 0.09, 0.09 and 0.81.
    clips = tuple(Exposure((Attempt("p", name, price, 0.9),), 1) for name, price in (("a", 1_131_113), ("b", 999_999)))
    cost = exact(Chances(clips, {}, 0)).cost
    assert cost.error == 0
    assert [cost.above(x) for x in (-1, 0, 999_999, 1_131_113, 2_131_112)] == pytest.approx(
        [1, 0.99, 0.9, 0.81, 0], abs=1e-15
    )
    assert cost.quantiles((0.01, 0.1, 0.19, 0.2)) == [0, 999_999, 1_131_113, 2_131_112]
    assert cost.cvar(0) == pytest.approx(cost.mean, rel=1e-15)


@pytest.mark.parametrize("short", [True, False], ids=["at all frequencies", "at the loud ones"])
def test_both_ways_to_the_characteristic_function_give_the_sum_of_its_terms(
    monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    monkeypatch.setattr(inversion, "_FEW_TERMS", 0)
    monkeypatch.setattr(inversion, "_FEW_EVENTS", 500.0 if short else -1.0)
    # Steps of 250, 7 and 15: the first two laws come back into phase at frequencies of their own. The last has no likely value.
    laws = (
        ({0: 0.9, 250: 0.1}, 30), ({100: 0.5, 107: 0.5}, 12), ({40: 0.96, 55: 0.03, 1000: 0.01}, 8), ({0: 0.4, 1: 0.3, 2: 0.3}, 3),
    )  # fmt: skip
    found, true = sum_law(terms(*laws)), convolved(*laws)
    assert isinstance(found, Wave)
    points = np.array(sorted(true), dtype=float)
    assert found.cdf(points) == pytest.approx(np.cumsum([true[int(point)] for point in points]), abs=1e-12)
    for x in (2_000.0, 2_500.5, 4_321.0, 9_000.25):
        assert found.excess(x) == pytest.approx(math.fsum(p * max(v - x, 0) for v, p in true.items()), abs=1e-9)
    assert (found.least, found.most) == (min(true), max(true))


def test_a_sum_too_fine_to_tabulate_is_within_its_stated_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "_FEW_TERMS", 0)
    monkeypatch.setattr(inversion, "_FEW_EVENTS", -1.0)
    monkeypatch.setattr(inversion, "MAX_TABLE", 1 << 12)
    # Twelve prices that share no divisor: 4,096 sums up to 24 million on a lattice of 1, in a table of 4,096 points.
    prices = np.random.default_rng(3).integers(1_000_000, 3_000_000, 12).tolist()
    laws = [({0: 0.8, price: 0.2}, 1) for price in prices]
    found, true = sum_law(terms(*laws)), convolved(*laws)
    assert isinstance(found, Wave)
    assert 10_000 < found.error < 1_000_000
    assert found.mean == pytest.approx(0.2 * sum(prices), rel=1e-12)

    def chance(x: float) -> float:
        return math.fsum(p for value, p in true.items() if value <= x)

    for x in range(0, 24_000_000, 400_000):
        (below,) = found.cdf(np.array([float(x)]))
        assert chance(x - found.error) - 1e-12 <= below <= chance(x + found.error) + 1e-12


def test_a_model_that_is_up_more_often_in_one_mode_than_in_another_is_two_causes() -> None:
    # Three clips at $1 on each mode: 3 x 0.9 + 3 x 0.5 on average, whatever the run does to both.
    two_modes = catalog(
        model("m", availability="0.9", seconds={"choices": [10]}),
        model("m", mode="image-to-video", availability="0.5", seconds={"choices": [10]}),
    )
    clips: list[Raw] = [
        {"id": "text", "seconds": 10, "count": 3},
        {"id": "image", "seconds": 10, "count": 3, "mode": "image-to-video"},
    ]
    plan = planned(clips, two_modes, outages={"correlation": "per-run"})
    assert float(plan.totals.expected_usd) == pytest.approx(4.2)
    # 0, 3, 3 and 6 dollars with chances 0.05, 0.45, 0.05 and 0.45.
    assert float(plan.totals.std_usd) == pytest.approx(math.sqrt(0.5 * 9 + 0.45 * 36 - 4.2**2), abs=1e-6)
    assert [float(plan.totals.p50_usd), float(plan.totals.p90_usd)] == [3, 6]


def test_too_many_states_are_refused_with_their_number() -> None:
    # 2^17 states of 17 models, one more than is looked at.
    clips = tuple(Exposure((Attempt("p", f"m{k}", 1, 0.9),), 1) for k in range(17))
    with pytest.raises(TooManyStatesError, match=r"the run can be in 131,072 outage states, more than the 65,536"):
        exact(Chances(clips, {}, 0, "per-run", "per-run"))


def test_outages_over_time_have_no_exact_distribution() -> None:
    with pytest.raises(ValueError, match="can only be simulated"):
        exact(Chances((), {}, 0, "over-time", "over-time"))


def test_a_certain_sum_is_one_point() -> None:
    found = sum_law(terms(({5: 1.0}, 7)))
    assert isinstance(found, Points)
    assert (found.values.tolist(), found.chances.tolist()) == ([35], [1.0])


def test_states_beyond_the_bound_are_refused_before_they_are_made() -> None:
    # 2^60 states: making them would take years.
    chain = tuple(Attempt("p", f"m{k}", 10, 0.9) for k in range(60))
    with pytest.raises(TooManyStatesError, match=r"1,152,921,504,606,846,976 outage states"):
        exact(Chances((Exposure(chain, 1, 5),), {}, 0, "per-run", "per-run"))


def test_quantiles_beyond_what_a_float_tells_apart_are_refused() -> None:
    # A billion clips at $10.00: up to 10^16 micro-dollars, above 2^53.
    cost = exact(Chances((Exposure((Attempt("p", "m", 10_000_000, 0.9),), 1, 10**9),), {}, 0)).cost
    assert cost.mean == pytest.approx(9e15)
    with pytest.raises(InputError, match=r"more than the 9,007,199,255 dollars"):
        cost.quantile(0.5)

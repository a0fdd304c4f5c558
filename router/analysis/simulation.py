"""A plan simulated, with the exact figures beside the simulated ones.

Means are known for every correlation: they are the plan's own. The rest of the distribution is worked out where outages do not
change over time and their states are few enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from router.assembly.chances import chances_of
from router.cost.exact import Exact, exact
from router.cost.monte_carlo import Simulation
from router.cost.monte_carlo import simulate as draw
from router.cost.risk_measures import LEVELS, TAIL, Z95
from router.cost.sample import Sample, share_interval
from router.errors import InputError, TooManyStatesError
from router.schema.exposure import Chances
from router.schema.plan import Plan
from router.schema.simulation import Figure, HistogramBin, SimulationReport, UnservedShare
from router.units import MICRO, Micro, from_micro, to_micro

_LINES = 20
"""Numbers of unserved clips that are told apart; where more were drawn, they go in ranges."""


def simulate(
    plan: Plan,
    *,
    draws: int = 10_000,
    seed: int = 0,
    until: float | None = None,
    bins: int = 20,
    over: Sequence[Decimal | float] = (),
    progress: Callable[[int], None] | None = None,
) -> SimulationReport:
    """Simulate a plan: its cost and its unserved clips, each figure with how sure it is.

    Parameters
    ----------
    until
        Stop as soon as expected cost, P95 and CVaR at 95 % are known to within this fraction of themselves, with 95 % confidence.
    bins
        Intervals of the histogram.
    over
        Amounts in dollars: the chance of costing more than each; that of the budget is always among them, if there is one.
    progress
        Told the number of draws made, now and then.

    Raises
    ------
    router.errors.InputError
        If draws, seed, until or bins are no sensible numbers, or there are too many outages to draw.
    """
    amounts = _amounts(over)
    _refuse(draws, seed, until, bins)
    chances = chances_of(plan)
    known, notes = _exact(chances)
    saving = to_micro(plan.totals.saving_usd)
    found = draw(chances, draws=draws, seed=seed, until=until, progress=progress, saving=saving)
    return SimulationReport(
        schema=1,
        title=plan.title,
        draws=found.draws,
        seed=seed,
        stopped=found.stopped,
        until=until,
        correlation=chances.correlation,
        provider_correlation=chances.provider_correlation,
        figures=(*_cost(plan, found.cost, known), *_over(plan, amounts, found.cost, known), *_clips(plan, found)),
        unserved=tuple(_unserved(found.unserved, known)),
        histogram=tuple(
            HistogramBin(from_usd=from_micro(low), to_usd=from_micro(high), share=share)
            for low, high, share in found.cost.histogram(bins)
        ),
        notes=notes,
        warnings=plan.warnings,
    )


def _refuse(draws: int, seed: int, until: float | None, bins: int) -> None:
    if not 2 <= draws <= 10**7:
        raise InputError("draws must be from 2 to 10,000,000")
    if not 0 <= seed < 2**63:
        raise InputError("seed must be 0 or a whole number above, below 2^63")
    if until is not None and not 0 < until < 1:
        raise InputError("until must be a fraction above 0 and below 1, as 0.001")
    if not 1 <= bins <= 1000:
        raise InputError("bins must be from 1 to 1,000")


def _amounts(over: Sequence[Decimal | float]) -> list[Decimal]:
    amounts = [Decimal(str(amount)) for amount in over]
    if any(not a.is_finite() or not 0 <= a < 10**12 or a != a.quantize(Decimal("0.000001")) for a in amounts):
        raise InputError("amounts of dollars must be 0 or above, below 10^12, with at most six decimals")
    return amounts


def _exact(chances: Chances) -> tuple[Exact | None, tuple[str, ...]]:
    """The exact distributions, or why there are none."""
    if "over-time" in (chances.correlation, chances.provider_correlation):
        return None, ("outages over time have no exact distribution: only means are exact, the rest is simulated",)
    try:
        return exact(chances), ()
    except TooManyStatesError as error:
        return None, (f"only means are exact, the rest is simulated: {error}",)


def _cost(plan: Plan, cost: Sample, known: Exact | None) -> Iterator[Figure]:
    sums, law = plan.totals, known.cost if known else None
    saving = to_micro(sums.saving_usd)
    quantiles = zip(LEVELS, law.quantiles(LEVELS) if law else [None] * len(LEVELS), strict=True)
    yield _figure("expected", cost.mean, sums.expected_usd, error=cost.mean_error)
    yield _figure("std", cost.std, _usd(law.std if law else None), error=cost.std_error)
    for level, exact_one in quantiles:
        name, ends = f"p{level * 100:.0f}", cost.quantile_interval(level)
        yield _figure(name, cost.quantile(level), _usd(exact_one, saving), ends=ends)
    tail = _usd(law.cvar(TAIL) if law else None, saving)
    yield _figure("cvar95", cost.cvar(TAIL), tail, error=cost.cvar_error(TAIL))
    yield _figure("best", cost.least, sums.best_usd)
    yield _figure("worst", cost.most, _usd(law.most if law else None, saving))


def _usd(micro: float | None, saving: Micro = 0) -> Decimal | None:
    return None if micro is None else from_micro(micro - saving)


def _figure(
    name: str,
    value: float,
    exact: Decimal | None,
    *,
    error: float | None = None,
    ends: tuple[float | None, float | None] = (None, None),
) -> Figure:
    """A figure in micro-dollars; its interval is given, or comes from its standard error."""
    # No mean is below 0, though draws after a saving may be.
    low, high = (max(value - Z95 * error, min(value, 0.0)), value + Z95 * error) if error is not None else ends
    return Figure(
        name=name,
        unit="usd",
        simulated=from_micro(value),
        standard_error=_usd(error),
        low=_usd(low),
        high=_usd(high),
        exact=exact,
    )


def _over(plan: Plan, over: Sequence[Decimal], cost: Sample, known: Exact | None) -> Iterator[Figure]:
    budget = next((value.at_most for value in plan.limits if value.limit == "budget_usd"), None)
    amounts = sorted({*over, *([] if budget is None else [budget])})
    for amount in amounts:
        micro = to_micro(amount)
        share, (low, high) = cost.above(micro), cost.above_interval(micro)
        yield Figure(
            name="above",
            unit="probability",
            above_usd=amount,
            budget=amount == budget,
            simulated=_six(share),
            standard_error=_six(cost.above_error(micro)) if 0 < share < 1 else None,
            low=_six(low),
            high=_six(high),
            exact=_six(known.cost.above(micro + to_micro(plan.totals.saving_usd))) if known else None,
        )


def _clips(plan: Plan, found: Simulation) -> Iterator[Figure]:
    sums = plan.totals
    for name, sample, truth in (
        ("unserved", found.unserved, sums.unserved_expected),
        ("unkept", found.unkept, sums.unkept_expected),
        ("degraded", found.degraded, sums.degraded_expected),
    ):
        reach = Z95 * sample.mean_error
        yield Figure(
            name=name,
            unit="clips",
            simulated=_six(sample.mean),
            standard_error=_six(sample.mean_error),
            low=_six(max(sample.mean - reach, 0.0)),
            high=_six(sample.mean + reach),
            exact=_six(truth),
        )


def _unserved(sample: Sample, known: Exact | None) -> Iterator[UnservedShare]:
    """One line for each number of clips that was drawn; where they are many, for ranges that leave out nothing between."""
    counts = [(int(value), count) for value, count in sample.counts()]
    width = math.ceil((counts[-1][0] - counts[0][0] + 1) / _LINES) if len(counts) > _LINES else 1
    lines: dict[int, int] = {}
    for value, count in counts:
        start = counts[0][0] + (value - counts[0][0]) // width * width
        lines[start] = lines.get(start, 0) + count
    for start, count in lines.items():
        share, last = count / sample.draws, min(start + width, counts[-1][0] + 1) - 1
        low, high = share_interval(share, sample.draws)
        law = known.unserved if known else None
        yield UnservedShare(
            at_least=start,
            at_most=last,
            simulated=share,
            low=low,
            high=high,
            exact=None if law is None else min(max(law.cdf(last) - law.cdf(start - 1), 0.0), 1.0),
        )


def _six(number: float) -> Decimal:
    return from_micro(number * MICRO)

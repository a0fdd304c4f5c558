"""The distribution of a plan's cost in intervals, worked out again from the plan: exact, or drawn as the plan's own figures were."""

from __future__ import annotations

from decimal import Decimal
from itertools import count, pairwise

from router.analysis.distribution import CostDistribution, distribution
from router.analysis.simulation import simulate
from router.errors import InputError
from router.schema.cost_histogram import CostHistogram
from router.schema.plan import Plan
from router.schema.simulation import HistogramBin

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
_TAIL = 0.0005
"""On either side so much of the distribution may lie outside the intervals."""
_REACH = 3
"""The worst case is inside them if it is no further out than so many times the width of the rest."""
_LEAST = Decimal("0.000001")


def cost_histogram(plan: Plan, bins: int = 48) -> CostHistogram | None:
    """What a run may cost, in at most ``bins`` intervals; None where its outages are too many even to be drawn.

    Examples
    --------
    >>> import datetime as dt, router
    >>> clips = [{"seconds": 10, "resolution": "1080p", "audio": "native"}]
    >>> scenario = router.Scenario(clips=clips, outages={"availability": {"kling-o3": 0.9}})
    >>> found = cost_histogram(router.plan(scenario, on=dt.date(2026, 4, 10)))
    >>> [(str(own.from_usd), round(own.share, 6)) for own in found.bins if own.share]  # $1.25, or $1.50 with a chance of 0.1
    [('1.250000', 0.9), ('1.500000', 0.1)]
    """
    try:
        if plan.distribution.method == "simulated":
            return _drawn(plan, bins)
        return histogram_of(distribution(plan), plan.totals.worst_usd, bins)
    except InputError:
        return None


def histogram_of(found: CostDistribution, worst_usd: Decimal | None = None, bins: int = 48) -> CostHistogram:
    """An exact distribution in intervals, which reach to the worst case where that is not far."""
    low, high = found.quantile_usd(_TAIL), found.quantile_usd(1 - _TAIL)
    low, high = min(low, found.mean_usd), max(high, found.mean_usd)
    if worst_usd is not None and worst_usd - low <= _REACH * (high - low):
        high = max(high, worst_usd)
    quantiles = tuple((level, found.quantile_usd(level)) for level in LEVELS)
    if low == high:
        whole = HistogramBin(from_usd=low, to_usd=low, share=1.0)
        return CostHistogram("exact", 0, (whole,), 0.0, 0.0, quantiles)
    edges = _edges(low, high, bins)
    # An interval holds its lower end and not its upper one; costs are whole micro-dollars.
    reached = [found.probability_over(edge - _LEAST) for edge in edges]
    shares = [max(start - stop, 0.0) for start, stop in pairwise(reached)]
    intervals = tuple(
        HistogramBin(from_usd=start, to_usd=stop, share=share if share > 1e-12 else 0.0)
        for (start, stop), share in zip(pairwise(edges), shares, strict=True)
    )
    return CostHistogram("exact", 0, intervals, max(1 - reached[0], 0.0), max(reached[-1], 0.0), quantiles)


def _drawn(plan: Plan, bins: int) -> CostHistogram:
    made = plan.distribution
    report = simulate(plan, draws=made.draws, seed=made.seed or 0, bins=bins)
    sums = plan.totals
    quantiles = ((0.5, sums.p50_usd), (0.9, sums.p90_usd), (0.95, sums.p95_usd), (0.99, sums.p99_usd))
    return CostHistogram("simulated", made.draws, report.histogram, 0.0, 0.0, quantiles)


def _edges(low: Decimal, high: Decimal, bins: int) -> list[Decimal]:
    """Where intervals of one round width begin and end: the first holds ``low``, the last ``high``."""
    widths = (Decimal(digit).scaleb(power) for power in count(-6) for digit in (1, 2, 5))
    width = next(w for w in widths if high // w - low // w < bins)
    first, last = int(low // width), int(high // width)
    return [k * width for k in range(first, last + 2)]

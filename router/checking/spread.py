"""Whether the figures of a distribution can belong together: inequalities that hold for every bounded random quantity.

They cost nothing; the figures themselves are worked out again by ``router verify``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from router.schema.plan import Totals

_ROOM = 2e-6
"""Dollars: every figure is rounded to the micro-dollar."""


def spread(sums: Totals, *, simulated: bool) -> Iterator[str]:
    """What cannot be about best and worst case, percentiles, CVaR and standard deviation of a plan's cost.

    Parameters
    ----------
    simulated
        Percentiles, CVaR and standard deviation are those of draws, whose mean is not the plan's.
    """
    names = ("best_usd", "p50_usd", "p90_usd", "p95_usd", "p99_usd", "worst_usd")
    for low, high in itertools.pairwise(names):
        if getattr(sums, low) > getattr(sums, high):
            yield f"totals.{low} is above totals.{high}"
    if not sums.p95_usd <= sums.cvar95_usd <= sums.worst_usd:
        yield "totals.cvar95_usd is not between the 95th percentile and the worst case"
    mean, std = float(sums.expected_usd), float(sums.std_usd)
    room = _ROOM + 1e-9 * abs(mean)
    if not float(sums.best_usd) - room <= mean <= float(sums.worst_usd) + room:
        yield "totals.expected_usd is not between the best and the worst case"
    if simulated:
        return
    # Bhatia and Davis: the variance is at most (most - mean) (mean - least).
    widest = math.sqrt(max(0.0, (float(sums.worst_usd) - mean + room) * (mean - float(sums.best_usd) + room)))
    if std > widest + room:
        yield f"totals.std_usd is {sums.std_usd}, more than the best and the worst case allow"
    # Cantelli: a quantile at p is at most sqrt(p / (1 - p)) deviations above the mean; so is the mean beyond it.
    for name, level in (("p50_usd", 0.5), ("p90_usd", 0.9), ("p95_usd", 0.95), ("p99_usd", 0.99), ("cvar95_usd", 0.95)):
        if float(getattr(sums, name)) > mean + (std + room) * math.sqrt(level / (1 - level)) + room:
            yield f"totals.{name} is {getattr(sums, name)}, too far above the mean for its standard deviation"

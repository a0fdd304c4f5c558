"""What a run of a plan may cost, in intervals: what a chart of its distribution is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from router.schema.simulation import HistogramBin


@dataclass(frozen=True, slots=True)
class CostHistogram:
    """The distribution of a cost, in dollars."""

    method: Literal["exact", "simulated"]
    """``simulated``: shares are those of draws."""
    draws: int
    """How many; 0 where it is exact."""
    bins: tuple[HistogramBin, ...]
    """Neighbouring intervals of one round width, at least one; together nearly all of the distribution."""
    below: float
    """Share of runs that cost less than the first interval's lower end."""
    above: float
    """Share of runs that cost the last interval's upper end or more, and lie in none."""
    quantiles: tuple[tuple[float, Decimal], ...]
    """(level, the least cost that is not exceeded with this probability), ascending."""

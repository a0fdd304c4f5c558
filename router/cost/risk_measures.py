"""Measures of risk that exact distributions and samples share.

A quantile at level ``p`` is the least value ``x`` with ``P(X <= x) >= p``; the conditional value at risk (CVaR) at level ``p`` is the
mean of the worst ``1 - p`` share, ``q + E[(X - q)+] / (1 - p)`` with the quantile ``q``.

Source: R. T. Rockafellar and S. Uryasev, Conditional value-at-risk for general loss distributions, Journal of Banking & Finance 26 (2002).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVELS = (0.5, 0.9, 0.95, 0.99)
"""The quantiles that every plan states."""
TAIL = 0.95
"""The level of the CVaR that every plan states."""
MOST = 2**53
"""Beyond this a float no longer holds every whole number of micro-dollars."""
SLACK = 1e-12
"""A probability that misses a level by no more than this counts as reaching it: it may be off by as much."""
Z95 = 1.959963984540054
"""Half the width of a standard normal's 95 % interval."""


def quantile_rank(level: float, draws: int) -> int:
    """Which of ``draws`` ordered values, counted from 1, is their quantile.

    >>> quantile_rank(0.5, 4), quantile_rank(0.51, 4), quantile_rank(0.0, 4), quantile_rank(0.95, 100)
    (2, 3, 1, 95)
    """
    return max(1, math.ceil((level - SLACK) * draws))


def sample_cvar(values: NDArray[np.float64], quantile: float, level: float) -> float:
    """The conditional value at risk of equally likely values, ``quantile`` being theirs at the same level.

    >>> import numpy as np
    >>> values = np.array([1.0, 2.0, 3.0, 10.0])
    >>> sample_cvar(values, 3.0, 0.75), sample_cvar(values, 1.0, 0.0)
    (10.0, 4.0)
    """
    return quantile + float((values - quantile).clip(min=0).mean()) / (1.0 - level)

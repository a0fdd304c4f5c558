"""What equally likely draws say about a quantity, and how far from the truth each figure may be.

Standard errors and intervals are those of independent draws; intervals are at 95 %.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from router.cost.risk_measures import Z95, quantile_rank, sample_cvar

Interval = tuple[float | None, float | None]
"""Low and high; None where the draws are too few to say."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The draws of one quantity: micro-dollars, or clips."""

    values: NDArray[np.float64]
    """In the order in which they were drawn; two at least."""

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """The same, least first."""
        return np.sort(self.values)

    @property
    def draws(self) -> int:
        """How many."""
        return len(self.values)

    @cached_property
    def mean(self) -> float:
        """Their mean."""
        return float(self.values.mean())

    @cached_property
    def std(self) -> float:
        """Standard deviation, from the unbiased estimate of the variance."""
        return float(self.values.std(ddof=1))

    @property
    def least(self) -> float:
        """The least that was drawn."""
        return float(self.ordered[0])

    @property
    def most(self) -> float:
        """The most that was drawn."""
        return float(self.ordered[-1])

    def cdf(self, x: float) -> float:
        """Share of draws at or below ``x``."""
        return float(np.searchsorted(self.ordered, x, side="right")) / self.draws

    def above(self, x: float) -> float:
        """Share of draws above ``x``."""
        return (self.draws - int(np.searchsorted(self.ordered, x, side="right"))) / self.draws

    def quantile(self, p: float) -> float:
        """The least draw that at least a share ``p`` of the draws does not exceed."""
        return float(self.ordered[quantile_rank(p, self.draws) - 1])

    def quantiles(self, levels: Iterable[float]) -> list[float]:
        """`quantile` of several levels."""
        return [self.quantile(level) for level in levels]

    def cvar(self, level: float) -> float:
        """Mean of the worst ``1 - level`` share of the draws."""
        return sample_cvar(self.values, self.quantile(level), level)

    def counts(self) -> list[tuple[float, int]]:
        """Every value that was drawn and how often, least first."""
        values, counts = np.unique(self.values, return_counts=True)
        return list(zip(values.tolist(), counts.tolist(), strict=True))

    def histogram(self, bins: int) -> list[tuple[int, int, float]]:
        """From, below and share of the draws, of at most ``bins`` intervals of one round width: 1, 2 or 5 times a power of ten."""
        if self.least == self.most:
            return [(int(self.least), int(self.most), 1.0)]
        widths = (digit * 10**power for power in itertools.count() for digit in (1, 2, 5))
        width = next(w for w in widths if self.most // w - self.least // w < bins)
        first = int(self.least // width)
        counts = np.bincount((self.values // width).astype(np.int64) - first)
        starts = [(first + k) * width for k in range(len(counts))]
        return [
            (start, start + width, count / self.draws) for start, count in zip(starts, counts.tolist(), strict=True)
        ]

    @property
    def mean_error(self) -> float:
        """Standard error of the mean."""
        return self.std / math.sqrt(self.draws)

    @property
    def std_error(self) -> float:
        """Standard error of the standard deviation.

        By the delta method from that of the variance, ``(m4 - m2^2) / n`` (Cramér, *Mathematical methods of statistics*, 27.4).
        """
        centred = self.values - self.mean
        second, fourth = float((centred**2).mean()), float((centred**4).mean())
        return math.sqrt(max(fourth - second**2, 0.0) / self.draws) / (2 * math.sqrt(second)) if second else 0.0

    def cvar_error(self, level: float) -> float:
        """Standard error of the conditional value at risk.

        Asymptotically ``sd((X - q)+) / ((1 - level) sqrt(n))`` (Hong, Hu and Liu, *Monte Carlo methods for value-at-risk and
        conditional value-at-risk: a review*, 2014).
        """
        excess = np.maximum(self.values - self.quantile(level), 0.0)
        return float(excess.std(ddof=1)) / ((1 - level) * math.sqrt(self.draws))

    def above_error(self, x: float) -> float:
        """Standard error of the share of draws above ``x``: binomial."""
        share = self.above(x)
        return math.sqrt(share * (1 - share) / self.draws)

    def quantile_interval(self, p: float) -> Interval:
        """Between which draws the quantile lies, whatever the law.

        The number of draws below it is binomial, here in its normal approximation (David and Nagaraja, *Order statistics*, 7.1).
        """
        middle, reach = p * self.draws, Z95 * math.sqrt(p * (1 - p) * self.draws)
        low, high = math.floor(middle - reach), math.ceil(middle + reach) + 1
        return (
            float(self.ordered[low - 1]) if low >= 1 else None,
            float(self.ordered[high - 1]) if high <= self.draws else None,
        )

    def above_interval(self, x: float) -> tuple[float, float]:
        """Where the chance of more than ``x`` lies: Wilson's interval, which holds where no draw or every draw is above."""
        return share_interval(self.above(x), self.draws)


def share_interval(share: float, draws: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a probability that was seen as a share of the draws.

    Brown, Cai and DasGupta, *Interval estimation for a binomial proportion*, 2001.

    >>> [round(end, 4) for end in share_interval(0.0, 100)], [round(end, 4) for end in share_interval(0.5, 100)]
    ([0.0, 0.037], [0.4038, 0.5962])
    """
    squared = Z95**2
    middle = (share + squared / (2 * draws)) / (1 + squared / draws)
    reach = Z95 / (1 + squared / draws) * math.sqrt(share * (1 - share) / draws + squared / (4 * draws**2))
    return middle - reach if share > 0 else 0.0, middle + reach if share < 1 else 1.0

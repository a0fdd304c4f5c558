"""Shares from counts: the mean and the 95 % interval of a Beta posterior under Jeffreys' prior.

With ``s`` of ``n`` independent observations the posterior is Beta(s + 1/2, n - s + 1/2) (Brown, Cai and DasGupta 2001, "Interval
estimation for a binomial proportion", Statistical Science 16(2), section 3.1). Its distribution function is the regularized incomplete
beta function, by its continued fraction (DiDonato and Morris 1992, ACM TOMS 18(3), equation 9; evaluated by Lentz's method as in
Press et al., "Numerical Recipes", section 6.4).
"""

from __future__ import annotations

import math

LEVEL = 0.95
_TINY = 1e-300
_PRECISION = 1e-13


def share(successes: int, observations: int) -> float:
    """The posterior mean of a share.

    >>> share(9, 10)
    0.8636363636363636
    """
    return (successes + 0.5) / (observations + 1)


def interval(successes: int, observations: int, worth: float | None = None) -> tuple[float, float]:
    """The 95 % credible interval of a share, with equal tails.

    Parameters
    ----------
    worth
        How many independent observations the given ones are worth; all of them if absent.
    """
    scale = 1.0 if worth is None else worth / observations
    a, b = successes * scale + 0.5, (observations - successes) * scale + 0.5
    tail = (1 - LEVEL) / 2
    return beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b)


def beta_quantile(p: float, a: float, b: float) -> float:
    """The ``x`` below which a Beta(a, b) lies with probability ``p``, by bisection to the last bit that tells."""
    low, high = 0.0, 1.0
    while (x := (low + high) / 2) not in (low, high):
        if beta_distribution(x, a, b) < p:
            low = x
        else:
            high = x
    return high


def beta_distribution(x: float, a: float, b: float) -> float:
    """The probability that a Beta(a, b) lies below ``x`` in [0, 1]: the regularized incomplete beta function.

    >>> round(beta_distribution(0.25, 0.5, 0.5), 12)  # The arcsine law: 2/pi asin(sqrt(x))
    0.333333333333
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The fraction converges fast below the mean; above it, the mirrored one does.
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(x, a, b) / a
    return 1 - math.exp(log_front) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function; takes about the square root of the larger parameter in steps."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value, m, change = d, 0, 2.0
    while abs(change - 1) > _PRECISION:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            change *= c * d
        value *= change
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY

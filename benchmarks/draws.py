"""The first peer of ``distribution``: a Monte Carlo simulation in plain NumPy, as one would write it without the planner.

Clips of one route are exchangeable, so that each step of a chain is one binomial for each route and draw. Draws in the same outage
state are made together, routes by draws, so that NumPy prepares each binomial once for a whole row.
"""

from __future__ import annotations

import numpy as np

from benchmarks.distribution_instance import LEVELS, Array, Figures, Market

DRAWS = 10_000


def simulated(market: Market, clips: int, seed: int) -> Figures:
    """Mean, quantiles and CVaR of 10,000 simulated runs."""
    generator = np.random.default_rng(seed)
    ups = generator.random((DRAWS, len(market.availability))) < market.availability
    states, which = np.unique(ups, axis=0, return_inverse=True)
    counts = market.counts(clips)
    costs = np.empty(DRAWS)
    for number, up in enumerate(states):
        mine = np.flatnonzero(which.reshape(-1) == number)
        costs[mine] = _in_state(market, counts, up, len(mine), generator)
    return of_sample(costs)


def _in_state(market: Market, counts: Array, up: Array, draws: int, generator: np.random.Generator) -> Array:
    left = np.repeat(counts[:, None], draws, axis=1)
    spent = np.zeros(draws)
    for step in range(market.order.shape[1]):
        model = market.order[:, step]
        able = np.flatnonzero(up[model])
        if not len(able):
            continue
        tried = left[able]
        failed = generator.binomial(tried, market.failure_rate[model[able], None])
        price = market.prices[able, step]
        paid = np.where(market.billed[model[able]], price, 0)
        spent += price @ (tried - failed) + paid @ failed
        left[able] = failed
    total: Array = spent + market.unserved * left.sum(axis=0)
    return total


def of_sample(costs: Array) -> Figures:
    """The empirical figures: order statistics, and the mean of the worst 5 % of the draws."""
    ascending = np.sort(costs)
    ranks = [int(np.ceil(level * len(ascending))) - 1 for level in LEVELS]
    tail = len(ascending) // 20
    return Figures(
        float(ascending.mean()), tuple(float(ascending[rank]) for rank in ranks), float(ascending[-tail:].mean())
    )

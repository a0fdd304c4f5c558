"""Where the spread of a plan's cost comes from: how much each cause explains on its own.

The first-order index of a cause is the variance of the cost's mean given the cause, over the variance of the cost. A cause is up or
down, so the mean of a clip given the cause moves by one number, ``gap``; how the clips' gaps add up depends on whether they meet the
cause together.

Source: I. M. Sobol', Sensitivity estimates for nonlinear mathematical models, Mathematical Modelling and Computational
Experiments 1 (1993).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from router.cost.states import all_per_run, mean_in_states
from router.schema.exposure import Cause, Chances, Exposure

_MOMENTS = 1024
"""Into so many stretches a run is divided to add up clips that are submitted about the same time."""


def sources(chances: Chances, variance: float) -> dict[str, float]:
    """The share of the variance that each cause explains on its own, largest first; causes that explain nothing are left out.

    Parameters
    ----------
    variance
        Of the plan's cost, squared micro-dollars; above 0.

    Raises
    ------
    router.errors.TooManyStatesError
        If a single chain has too many causes.
    """
    gaps: defaultdict[Cause, list[tuple[float, int]]] = defaultdict(list)
    up: dict[Cause, float] = {}
    for exposure in chances.exposures:
        for cause, chance, gap in _gaps(exposure, chances):
            up[cause] = chance
            if gap:
                gaps[cause].append((gap, exposure.count))
    found: defaultdict[str, float] = defaultdict(float)
    for cause, own in gaps.items():
        found[_name(cause)] += up[cause] * (1 - up[cause]) * _together(own, cause, up[cause], chances) / variance
    # A simulated variance may be below what the causes explain of the true one.
    most = max(1.0, math.fsum(found.values()))
    return dict(sorted(((name, share / most) for name, share in found.items()), key=lambda item: (-item[1], item[0])))


def _gaps(exposure: Exposure, chances: Chances) -> Iterator[tuple[Cause, float, float]]:
    """(cause, its availability, mean cost of a clip if it is up less the mean if it is down) of every cause of a chain."""
    own = replace(chances, exposures=(exposure,))
    states = all_per_run(own)
    mass = states.probabilities * mean_in_states((exposure,), states, chances.unserved)[0]
    for cause, alive in states.up.items():
        reachable = np.ones_like(alive) if isinstance(cause, str) else states.up.get(cause[0], np.ones_like(alive))
        share = float(states.probabilities[alive].sum())
        among = float(states.probabilities[reachable].sum())
        if 0 < share < among:
            # While the provider is down the model's own state changes nothing, so that part cancels out.
            gap = among * (float(mass[alive].sum()) / share - float(mass[reachable & ~alive].sum()) / (among - share))
            yield cause, share / among, gap


def _name(cause: Cause) -> str:
    return cause if isinstance(cause, str) else f"{cause[0]}/{cause[1]}"


def _together(gaps: list[tuple[float, int]], cause: Cause, up: float, chances: Chances) -> float:
    """Sum over pairs of clips of the product of their gaps and the correlation of the cause as they meet it."""
    correlation = chances.provider_correlation if isinstance(cause, str) else chances.correlation
    if correlation == "per-request":
        return math.fsum(count * gap * gap for gap, count in gaps)
    if correlation == "per-run":
        return math.fsum(count * gap for gap, count in gaps) ** 2
    repair, run = (chances.repair_minutes or {})[_name(cause)], chances.run_minutes or 0.0
    rate = 1 / repair + (1 - up) / (up * repair)
    clips: NDArray[np.float64] = np.zeros(_MOMENTS)
    for gap, count in gaps:
        # Clip j of n is submitted at (j + 1/2) / n of the run.
        edges = np.floor(np.arange(_MOMENTS + 1) / _MOMENTS * count + 0.5)
        clips += gap * np.diff(edges)
    apart = np.arange(_MOMENTS) * (run / _MOMENTS)
    correlated = np.exp(-rate * np.abs(np.subtract.outer(apart, apart)))
    return float(clips @ correlated @ clips)

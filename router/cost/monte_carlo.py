"""The cost of a plan by simulation: what happens to every clip, drawn many times.

The process itself is drawn, model by model and take by take, never a law of a clip's cost: what comes out is independent of what
`router.cost.exact` works out. Money is in micro-dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from router.cost.journeys import Cause, Journey, journeys, transitions
from router.cost.outage_paths import weather
from router.cost.risk_measures import TAIL, Z95
from router.cost.sample import Sample
from router.cost.walk import Tally, walk
from router.schema.exposure import Chances
from router.units import Micro

BATCH = 1_000
"""Draws that share a stream of random numbers; whole batches are drawn, so that a longer run begins with the same draws."""
_CHANGES_AT_ONCE = 2_000_000
"""Of models going down and coming back; bounds memory to some tens of megabytes for each cause of a chain."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The draws of one simulation."""

    cost: Sample
    """Micro-dollars."""
    unserved: Sample
    """Clips that find their whole chain down."""
    unkept: Sample
    """Clips none of whose takes is kept."""
    degraded: Sample
    """Clips whose last take falls short of their requirements."""
    draws: int
    seed: int
    stopped: Literal["draws", "until"]
    """Whether all draws were made, or the figures were precise enough before."""


def simulate(
    chances: Chances,
    *,
    draws: int = 10_000,
    seed: int = 0,
    until: float | None = None,
    progress: Progress | None = None,
    saving: Micro = 0,
) -> Simulation:
    """Draw what happens to every clip, ``draws`` times.

    The same seed gives the same draws on every machine with the same version of NumPy, and a longer run begins with those of a shorter.

    Parameters
    ----------
    draws
        At most so many; at least 2.
    until
        Stop after the first batch at whose end the 95 % intervals of the mean, of the quantile at 0.95 and of the conditional
        value at risk at 0.95 all reach no further than this fraction of the figure to either side.
    progress
        Told the number of draws made, after each batch.
    saving
        Taken off the cost of every draw.

    Raises
    ------
    router.errors.InputError
        If outages over time lack the times that they need, or are too many to draw.
    """
    if draws < 2 or seed < 0:
        raise ValueError("a simulation needs at least 2 draws, and a seed of 0 or more")
    found, seeds = _in_order(journeys(chances)), np.random.SeedSequence(seed)
    batches: list[NDArray[np.float64]] = []
    costs = np.empty(0)
    for start in range(0, draws, BATCH):
        rng = np.random.Generator(np.random.PCG64(seeds.spawn(1)[0]))
        batches.append(_batch(found, chances, rng)[:, : draws - start])
        batches[-1][0] -= saving
        made = start + batches[-1].shape[1]
        if progress is not None:
            progress(made)
        if until is not None:
            costs = np.sort(np.concatenate([costs, batches[-1][0]]), kind="stable")
            if made < draws and precise(Sample(costs), until):
                break
    cost, unserved, unkept, degraded = map(Sample, np.concatenate(batches, axis=1))
    return Simulation(cost, unserved, unkept, degraded, made, seed, "draws" if made == draws else "until")


def precise(cost: Sample, fraction: float) -> bool:
    """Whether mean, quantile and conditional value at risk at 0.95 are known to within this fraction of themselves."""
    low, high = cost.quantile_interval(TAIL)
    if low is None or high is None:
        return False
    reaches = (
        (Z95 * cost.mean_error, cost.mean),
        ((high - low) / 2, cost.quantile(TAIL)),
        (Z95 * cost.cvar_error(TAIL), cost.cvar(TAIL)),
    )
    return all(reach <= fraction * value for reach, value in reaches)


def _in_order(found: tuple[Journey, ...]) -> list[Journey]:
    """Journeys that share the same outages over time one after another."""
    alike: dict[tuple[Cause, ...], list[Journey]] = {}
    for journey in found:
        alike.setdefault(journey.over_time, []).append(journey)
    return [journey for own in alike.values() for journey in own]


def _batch(found: list[Journey], chances: Chances, rng: np.random.Generator) -> NDArray[np.float64]:
    """(4, BATCH): cost, and clips unserved, unkept and degraded."""
    causes = tuple(dict.fromkeys(cause for journey in found for cause in journey.causes))
    tallies = []
    for size in parts_of_batch(causes, chances.run_minutes):
        tally = Tally(size)
        drawn = weather(causes, chances.run_minutes, size, rng)
        for journey in found:
            walk(journey, drawn.start(journey), chances.unserved, rng, tally)
        tallies.append(np.stack([tally.cost, tally.unserved, tally.unkept, tally.degraded]))
    return np.concatenate(tallies, axis=1)


def parts_of_batch(causes: tuple[Cause, ...], run_minutes: float | None) -> Iterator[int]:
    """A batch in parts whose outages fit into memory together; the same on every machine."""
    changing = tuple(cause for cause in causes if cause.correlation == "over-time")
    each = transitions(changing, run_minutes or 0.0) + 8 * len(changing)
    most = max(1, min(BATCH, int(_CHANGES_AT_ONCE / max(each, 1.0))))
    for start in range(0, BATCH, most):
        yield min(most, BATCH - start)

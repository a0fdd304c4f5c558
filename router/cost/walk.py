"""Clips on their way down a chain, in many draws at once.

Clips that know the same go together, so that what happens to them is a binomial number: how many of ``n`` find a model up, fail,
are kept. A clip learns whether a cause is up when it first asks, and finds the same in its later takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.cost.journeys import Journey
from router.schema.exposure import Attempt

Ints = NDArray[np.int64]
Marks = NDArray[np.int8]
DOWN, UP, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Groups:
    """Clips of one journey; those of a group are in the same draw and know the same."""

    draw: Ints
    """(groups,): which draw."""
    clips: Ints
    """(groups,): how many, at least one."""
    known: Marks
    """(groups, causes): ``DOWN``, ``UP`` or ``UNKNOWN``."""

    def some(self, clips: Ints) -> Groups:
        """The same with other numbers of clips; without those that have none left."""
        some = np.count_nonzero(clips)
        if not some:
            return self.none()
        if some == len(clips):
            return Groups(self.draw, clips, self.known.copy())
        left = clips > 0
        return Groups(self.draw[left], clips[left], self.known[left])

    def none(self) -> Groups:
        """No clips."""
        return Groups(self.draw[:0], self.clips[:0], self.known[:0].copy())


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the clips, by draw: cost in micro-dollars, and numbers of clips."""

    draws: int
    cost: NDArray[np.float64] = field(init=False)
    unserved: NDArray[np.float64] = field(init=False)
    unkept: NDArray[np.float64] = field(init=False)
    degraded: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("cost", "unserved", "unkept", "degraded"):
            object.__setattr__(self, name, np.zeros(self.draws))

    def add(self, to: NDArray[np.float64], draw: Ints, amount: Ints | NDArray[np.floating[Any]]) -> None:
        """Add whole amounts to their draws; exact below 2^53."""
        to += np.bincount(draw, weights=amount, minlength=self.draws)


def walk(journey: Journey, groups: Groups, unserved: int, rng: np.random.Generator, tally: Tally) -> None:
    """Send clips down the chain, take after take, and add what becomes of them to the tally.

    Parameters
    ----------
    groups
        The clips at the start; causes whose state is not each clip's own are known.
    unserved
        Booked for a clip that finds its whole chain down, micro-dollars.
    """
    for take in range(journey.takes):
        again: list[Groups] = []
        last = take == journey.takes - 1
        for step, attempt in enumerate(journey.attempts):
            if not len(groups.clips):
                break
            up, onward = _meet(journey, step, groups, rng)
            made, failed = _submit(attempt, up, rng, tally)
            rejected = _keep(attempt, made, rng, tally, last=last)
            again.append(rejected.none() if last else rejected)
            groups = merged([*onward, failed], journey.ends[step] if last else ())
        if len(groups.clips):
            tally.add(tally.unserved, groups.draw, groups.clips)
            tally.add(tally.cost, groups.draw, groups.clips * float(unserved))
        again = [part for part in again if len(part.clips)]
        if not again:
            return
        groups = merged(again)


def merged(parts: Sequence[Groups], forgotten: Sequence[int] = ()) -> Groups:
    """Groups of several parts, as one for each draw and state of knowledge, ``forgotten`` causes apart.

    Within a part no two groups may be alike yet.
    """
    filled = [part for part in parts if len(part.clips)] or parts[:1]
    if len(filled) == 1 and (not forgotten or not len(filled[0].clips)):
        return filled[0]
    known = np.concatenate([part.known for part in filled])
    known[:, list(forgotten)] = UNKNOWN
    return together(
        np.concatenate([part.draw for part in filled]), np.concatenate([part.clips for part in filled]), known
    )


def together(draw: Ints, clips: Ints, known: Marks) -> Groups:
    """Clips as one group for each draw and state of knowledge."""
    key = draw
    for column in known.T:
        if (column != UNKNOWN).any():
            key = key * 3 + column
            if key.max() > 2**60:
                key = np.unique(key, return_inverse=True)[1]
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), dtype=np.int64)
    np.add.at(sums, which, clips)
    return Groups(draw[first], sums, known[first])


def _meet(journey: Journey, step: int, groups: Groups, rng: np.random.Generator) -> tuple[Groups, list[Groups]]:
    """The clips that find this step up, and those that some cause of it turns away."""
    away: list[Groups] = []
    for column in journey.needs[step]:
        state = groups.known[:, column]
        fresh = state == UNKNOWN
        through = np.where(state == UP, groups.clips, 0)
        if fresh.any():
            through[fresh] = rng.binomial(groups.clips[fresh], journey.causes[column].availability)
        down, groups = groups.some(groups.clips - through), groups.some(through)
        if journey.remembered[column]:
            down.known[:, column] = DOWN
            groups.known[:, column] = UP
        away.append(down)
    return groups, away


def _submit(attempt: Attempt, up: Groups, rng: np.random.Generator, tally: Tally) -> tuple[Groups, Groups]:
    """The takes that this step makes, and those that fail on it."""
    if not attempt.failure_rate:
        tally.add(tally.cost, up.draw, up.clips * float(attempt.billed))
        return up, up.none()
    failures = rng.binomial(up.clips, attempt.failure_rate)
    billed = up.clips if attempt.bills_failures == "yes" else up.clips - failures
    tally.add(tally.cost, up.draw, billed * float(attempt.billed))
    return up.some(up.clips - failures), up.some(failures)


def _keep(attempt: Attempt, made: Groups, rng: np.random.Generator, tally: Tally, *, last: bool) -> Groups:
    """The clips whose take was not kept; in the last take they end unkept."""
    rejected = rng.binomial(made.clips, 1 - attempt.keep_rate) if attempt.keep_rate < 1 else np.zeros_like(made.clips)
    if attempt.degraded:
        tally.add(tally.degraded, made.draw, made.clips if last else made.clips - rejected)
    if last and attempt.keep_rate < 1:
        tally.add(tally.unkept, made.draw, rejected)
    return made.some(rejected)

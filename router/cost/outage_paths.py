"""Outages that clips share, drawn: one state for a run, or models that go down and come back in turn.

A cause of the second kind is a two-state Markov chain in continuous time: stationary at the start, up and down for exponential times.
Clips of a journey are submitted evenly: clip ``j`` of ``n`` at ``(j + 1/2) / n`` of the run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from router.cost.journeys import Cause, Journey, transitions
from router.cost.walk import DOWN, UNKNOWN, UP, Groups, Marks, together

Path = tuple[NDArray[np.bool_], NDArray[np.float64]]
"""Of one cause: (draws,) whether it is up at first; (draws, changes) when it changes, minutes, some after the run."""


@dataclass(frozen=True, slots=True)
class Weather:
    """The states of all shared causes in some draws."""

    draws: int
    run_minutes: float
    whole: dict[Cause, NDArray[np.bool_]]
    """(draws,): whether a cause is up, for the run."""
    paths: dict[Cause, Path]
    _stretches: dict[tuple[Cause, ...], tuple[NDArray[np.float64], Marks]] = field(default_factory=dict)

    def start(self, journey: Journey) -> Groups:
        """The clips of a journey as they set out, each knowing the state of the causes that it shares."""
        changing = journey.over_time
        every = np.arange(self.draws)
        known = np.full((self.draws, len(journey.causes)), UNKNOWN, dtype=np.int8)
        for column, cause in enumerate(journey.causes):
            if cause in self.whole:
                known[:, column] = np.where(self.whole[cause], UP, DOWN)
        if not changing:
            return Groups(every, np.full(self.draws, journey.clips), known)
        times, states = self._merged_paths(changing)
        before = np.clip(np.ceil(times * (journey.clips / self.run_minutes) - 0.5), 0, journey.clips).astype(np.int64)
        clips = np.diff(before, axis=1, prepend=0, append=journey.clips)
        draw, stretch = np.nonzero(clips)
        known = known[draw]
        known[:, [journey.causes.index(cause) for cause in changing]] = states[draw, stretch]
        return together(draw, clips[draw, stretch], known)

    def _merged_paths(self, causes: tuple[Cause, ...]) -> tuple[NDArray[np.float64], Marks]:
        """When any of these causes changes, and their states between: (draws, changes) and (draws, changes + 1, causes).

        Those of the last causes asked for are kept; journeys of the same causes come one after another.
        """
        if causes not in self._stretches:
            self._stretches.clear()
            times = np.concatenate([self.paths[cause][1] for cause in causes], axis=1)
            who = np.repeat(np.arange(len(causes)), [len(self.paths[cause][1][0]) for cause in causes])
            order = np.argsort(times, axis=1, kind="stable")
            who = who[order]
            states = np.empty((self.draws, times.shape[1] + 1, len(causes)), dtype=np.int8)
            for column, cause in enumerate(causes):
                states[:, 0, column] = self.paths[cause][0]
                states[:, 1:, column] = np.cumsum(who == column, axis=1) % 2
                states[:, 1:, column] ^= states[:, :1, column]
            self._stretches[causes] = np.take_along_axis(times, order, axis=1), states
        return self._stretches[causes]


def weather(causes: tuple[Cause, ...], run_minutes: float | None, draws: int, rng: np.random.Generator) -> Weather:
    """Draw the states of the causes that clips share; those of clips of their own are left to each clip."""
    whole = {cause: rng.random(draws) < cause.availability for cause in causes if cause.correlation == "per-run"}
    changing = [cause for cause in causes if cause.correlation == "over-time"]
    minutes = run_minutes or 0.0
    return Weather(draws, minutes, whole, {cause: _path(cause, minutes, draws, rng) for cause in changing})


def _path(cause: Cause, run_minutes: float, draws: int, rng: np.random.Generator) -> Path:
    expected = transitions((cause,), run_minutes)
    # An even number of changes, so that each further block begins in the state that the first began in.
    block = 2 * math.ceil(expected / 2 + 2 * math.sqrt(expected) + 2)
    up, now = rng.random(draws) < cause.availability, np.zeros(draws)
    lasting = np.where(up[:, None] == (np.arange(block) % 2 == 0), cause.up_minutes, cause.down_minutes)
    blocks: list[NDArray[np.float64]] = []
    while not blocks or now.min() < run_minutes:
        blocks.append(now[:, None] + np.cumsum(rng.standard_exponential((draws, block)) * lasting, axis=1))
        now = blocks[-1][:, -1]
    return up, np.concatenate(blocks, axis=1)

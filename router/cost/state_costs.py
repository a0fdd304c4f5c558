"""What every way to make a clip costs in every outage state: what limits and objectives on risk are made of.

States in which no way costs anything else are one. Money is micro-dollars.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from router.cost.states import Floats, all_per_run, mean_in_states, possible_states, worst_in_states
from router.schema.candidate import Choices, StateCosts
from router.schema.exposure import Chances, Exposure


def _every_way(choices: Sequence[Choices], chances: Chances) -> Chances:
    """The chances of every way to make every class, one clip each."""
    exposures = tuple(
        Exposure(tuple(step.attempt for step in chain.steps), own.clip_class.need.max_takes)
        for own in choices
        for chain in own.chains
    )
    return replace(chances, exposures=exposures)


def mean_by_state(choices: Sequence[Choices], chances: Chances) -> StateCosts:
    """Mean cost of one clip over its failures and takes, in the states of a run in which every cause is drawn once.

    Parameters
    ----------
    chances
        What is assumed about outages; its exposures do not matter.

    Raises
    ------
    router.errors.TooManyStatesError
    """
    every = _every_way(choices, chances)
    states = all_per_run(every)
    return _merged(choices, states.probabilities, mean_in_states(every.exposures, states, every.unserved))


def worst_by_state(choices: Sequence[Choices], chances: Chances) -> StateCosts:
    """The most that one clip can bill, in the states that a run under the scenario's correlations can be in.

    Raises
    ------
    router.errors.TooManyStatesError
    """
    every = _every_way(choices, chances)
    states = possible_states(every)
    rows = [worst_in_states(exposure, states, every) for exposure in every.exposures]
    costs = np.array(rows, dtype=float).reshape(len(rows), len(states.probabilities))
    return _merged(choices, states.probabilities, costs)


def _merged(choices: Sequence[Choices], probabilities: Floats, costs: Floats) -> StateCosts:
    if len(costs):
        costs, which = np.unique(costs, axis=1, return_inverse=True)
        probabilities = np.bincount(which.reshape(-1), weights=probabilities).astype(float)
    rows: Iterator[list[float]] = iter(costs.tolist())
    shaped = tuple(tuple(tuple(next(rows)) for _ in own.chains) for own in choices)
    return StateCosts(tuple(probabilities.tolist()), shaped)

"""Outage states of a run: which causes are up and down together, how likely that is, and what a clip costs in each.

A provider that is down takes its models with it, so their states are one. All arrays have one entry for each state.
Money is micro-dollars; probabilities are fractions in [0, 1].
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.errors import TooManyStatesError
from router.schema.exposure import Attempt, Cause, Chances, Exposure

MAX_STATES = 1 << 16
"""Beyond so many states of the run a plan is simulated instead."""

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RunStates:
    """States of the causes that are drawn once for the whole run; a cause that is not among them is left to each clip."""

    probabilities: Floats
    up: Mapping[Cause, Bools]
    """By cause; models of a provider that is down count as down."""

    def alive(self, attempt: Attempt) -> Bools:
        """Whether a step can be up, as far as the run decides."""
        everywhere = np.ones(len(self.probabilities), dtype=bool)
        return self.up.get(attempt.own, everywhere) & self.up.get(attempt.provider, everywhere)

    def decides(self, attempt: Attempt, chances: Chances) -> bool:
        """Whether a step is up for sure wherever it can be up: nothing about it is left to the clip; unknown counts as up."""
        by_model = attempt.own in self.up or attempt.availability in (None, 1)
        return by_model and (attempt.provider in self.up or chances.providers.get(attempt.provider, 1) == 1)


def run_states(chances: Chances) -> RunStates:
    """The states that a run under the scenario's correlations can be in.

    Raises
    ------
    router.errors.TooManyStatesError
        Beyond ``MAX_STATES``.
    """
    return _states(
        chances,
        lambda attempt: attempt.availability if chances.correlation == "per-run" else None,
        lambda provider: chances.providers[provider] if chances.provider_correlation == "per-run" else None,
    )


def all_per_run(chances: Chances) -> RunStates:
    """The states of a run in which every cause of known availability is drawn once."""
    return _states(chances, lambda attempt: attempt.availability, lambda provider: chances.providers[provider])


def possible_states(chances: Chances) -> RunStates:
    """The states that a run can be in, models of unknown availability being up or down; their probabilities mean nothing."""

    def chance(attempt: Attempt) -> float | None:
        if chances.correlation == "per-run":
            return 0.5 if attempt.availability is None else attempt.availability
        return None

    once = chances.provider_correlation == "per-run"
    return _states(chances, chance, lambda provider: chances.providers[provider] if once else None)


def _states(
    chances: Chances, of_model: Callable[[Attempt], float | None], of_provider: Callable[[str], float | None]
) -> RunStates:
    """Every state of the causes whose chance of being up is given and strictly between 0 and 1; None: left to each clip."""
    models: dict[str, dict[Cause, float]] = {}
    for attempt in (attempt for exposure in chances.exposures for attempt in exposure.attempts):
        chance = of_model(attempt)
        own = models.setdefault(attempt.provider, {})
        if chance is not None and attempt.availability != 0:
            own[attempt.own] = chance
    shared = {provider: of_provider(provider) if provider in chances.providers else None for provider in models}
    # Counted before they are made: each further model doubles them.
    size = math.prod(_size(shared[provider], own) for provider, own in models.items())
    if size > MAX_STATES:
        raise TooManyStatesError(size, MAX_STATES)
    blocks = [_block(provider, shared[provider], own) for provider, own in models.items()]
    probabilities = np.ones(1)
    up: dict[Cause, Bools] = {}
    for block in blocks:
        shares = np.array([share for share, _ in block])
        repeats, before = len(block), len(probabilities)
        probabilities = np.repeat(probabilities, repeats) * np.tile(shares, before)
        up = {name: np.repeat(flags, repeats) for name, flags in up.items()}
        for name in block[0][1]:
            up[name] = np.tile(np.array([alive[name] for _, alive in block]), before)
    return RunStates(probabilities, up)


def _size(shared: float | None, models: Mapping[Cause, float]) -> int:
    """How many states one provider and its models can be in."""
    alive = 0 if shared == 0 else 1 << sum(chance != 1 for chance in models.values())
    return alive + (shared is not None and shared < 1)


def _block(provider: str, shared: float | None, models: Mapping[Cause, float]) -> list[tuple[float, dict[Cause, bool]]]:
    """(probability, who is up) of every state of one provider and its models."""
    found: list[tuple[float, dict[Cause, bool]]] = []
    own: dict[Cause, bool] = {} if shared is None else {provider: True}
    scale = 1.0 if shared is None else shared
    if scale > 0:
        for state in itertools.product(*([True] if chance == 1 else [True, False] for chance in models.values())):
            share = math.prod(c if up else 1 - c for up, c in zip(state, models.values(), strict=True))
            found.append((scale * share, {**own, **dict(zip(models, state, strict=True))}))
    if shared is not None and shared < 1:
        found.append((1 - shared, {provider: False, **dict.fromkeys(models, False)}))
    return found


def mean_in_states(exposures: Sequence[Exposure], states: RunStates, unserved: int) -> Floats:
    """Mean cost of one clip, shape (exposures, states), all causes drawn by the run, over its failures and takes."""
    shape = (len(exposures), len(states.probabilities))
    spent, reach, again = np.zeros(shape), np.ones(shape), np.zeros(shape)
    rows = {name: row for row, name in enumerate(states.up)}
    alive = np.array([*states.up.values(), np.ones(shape[1], dtype=bool)])
    for k in range(max((len(exposure.attempts) for exposure in exposures), default=0)):
        own = [row for row, exposure in enumerate(exposures) if len(exposure.attempts) > k]
        attempts = [exposures[row].attempts[k] for row in own]
        by_model = alive[[rows.get(attempt.own, -1) for attempt in attempts]]
        by_provider = alive[[rows.get(attempt.provider, -1) for attempt in attempts]]
        possible = _column(attempt.availability != 0 for attempt in attempts)
        here = reach[own] * (by_model & by_provider) * possible
        failing = _column(attempt.failure_rate for attempt in attempts)
        billed = _column(
            attempt.billed * (1 - (0.0 if attempt.bills_failures == "yes" else attempt.failure_rate))
            for attempt in attempts
        )
        spent[own] += here * billed
        again[own] += here * (1 - failing) * (1 - _column(attempt.keep_rate for attempt in attempts))
        reach[own] -= here * (1 - failing)
    takes = _column(exposure.takes for exposure in exposures)
    times = np.zeros(shape)
    # Term by term: the closed form of the sum loses its digits where next to no take is kept.
    for take in range(int(takes.max(initial=0))):
        times = np.where(take < takes, 1 + again * times, times)
    found: Floats = (spent + reach * unserved) * times
    return found


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=float)[:, None]


def worst_in_states(exposure: Exposure, states: RunStates, chances: Chances) -> Integers:
    """The most that one clip can bill in every state; what the run does not decide is at its worst for the clip."""
    most = np.zeros(len(states.probabilities), dtype=np.int64)
    for alive in _left_to_the_clip(exposure, states, chances):
        spent, end = np.zeros_like(most), np.zeros_like(most)
        unkept = np.full_like(most, -1)
        still = np.ones(len(most), dtype=bool)
        for attempt, reachable in zip(exposure.attempts, alive, strict=True):
            can = reachable & still
            if attempt.availability == 0 or not can.any():
                continue
            made = spent + attempt.billed
            not_kept = made if attempt.keep_rate < 1 else np.full_like(made, -1)
            if attempt.failure_rate == 0:
                total = _all_takes(np.maximum(end, made), np.maximum(unkept, not_kept), exposure.takes)
                most = np.where(can, np.maximum(most, total), most)
                if attempt.own in states.up or attempt.availability == 1:
                    still &= ~can
                continue
            if attempt.failure_rate < 1:
                end = np.where(can, np.maximum(end, made), end)
                unkept = np.where(can, np.maximum(unkept, not_kept), unkept)
            if attempt.bills_failures != "no":
                spent = np.where(can, made, spent)
        total = _all_takes(np.maximum(end, spent + chances.unserved), unkept, exposure.takes)
        most = np.where(still, np.maximum(most, total), most)
    return most


def _all_takes(end: Integers, unkept: Integers, takes: int) -> Integers:
    total: Integers = end + (takes - 1) * np.maximum(unkept, 0)
    return total


def _left_to_the_clip(exposure: Exposure, states: RunStates, chances: Chances) -> Iterator[list[Bools]]:
    """For each state of the providers that each clip draws for itself: where every step can be up."""
    own = [
        provider
        for provider in dict.fromkeys(attempt.provider for attempt in exposure.attempts)
        if provider in chances.providers and provider not in states.up
    ]
    options = [[up for up in (True, False) if abs(chances.providers[name] - (not up)) > 0] for name in own]
    for state in itertools.product(*options):
        up = dict(zip(own, state, strict=True))
        yield [states.alive(attempt) & up.get(attempt.provider, True) for attempt in exposure.attempts]


def worst_of_run(chances: Chances) -> int:
    """The most that a plan can cost: the largest total over the possible states of the run.

    Raises
    ------
    router.errors.TooManyStatesError
    """
    states = possible_states(chances)
    totals = np.zeros(len(states.probabilities), dtype=object)
    for exposure in chances.exposures:
        totals = totals + worst_in_states(exposure, states, chances).astype(object) * exposure.count
    return int(max(totals))


@dataclass(frozen=True, slots=True)
class Merged:
    """The states of a run, those that are alike for every clip put together."""

    probabilities: Floats
    can: Mapping[tuple[Attempt, ...], Bools]
    """For every chain, shape (states, steps): where a step can be up and reached."""


def merged(chances: Chances, states: RunStates) -> Merged:
    """Put states together that are alike for every clip; what lies behind a sure step does not matter."""
    can = {exposure.attempts: _can_be_up(exposure.attempts, states, chances) for exposure in chances.exposures}
    labels = np.zeros(len(states.probabilities), dtype=np.int64)
    for step in (step for steps in can.values() for step in steps):
        if step.any() and not step.all():
            if labels.max() >= 1 << 61:
                labels = np.unique(labels, return_inverse=True)[1].reshape(-1)
            labels = 2 * labels + step
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    weights: Floats = np.bincount(labels.reshape(-1), weights=states.probabilities).astype(float)
    first = first[weights > 0]
    return Merged(
        weights[weights > 0],
        {chain: np.array(steps, dtype=bool).reshape(len(chain), -1)[:, first].T for chain, steps in can.items()},
    )


def _can_be_up(chain: Sequence[Attempt], states: RunStates, chances: Chances) -> list[Bools]:
    """For every step, the states in which it can be up and reached."""
    still = np.ones(len(states.probabilities), dtype=bool)
    steps = []
    for attempt in chain:
        can = states.alive(attempt) & still & (attempt.availability != 0)
        steps.append(can)
        if attempt.failure_rate == 0 and states.decides(attempt, chances):
            still = still & ~can
    return steps

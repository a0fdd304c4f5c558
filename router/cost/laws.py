"""The law of one clip: every sum that it can cost, with its probability.

A clip finds one state of the causes that the run leaves to it; in that state it makes its takes (see `router.fallback.takes` for
the mean of the same law in closed form). Costs are whole micro-dollars.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.cost.states import Bools, Merged, RunStates, merged
from router.cost.sums import Floats, Integers, Terms
from router.errors import TooManyStatesError
from router.schema.exposure import Attempt, Chances, Exposure

MAX_RANDOM_STATES = 1 << 10
"""Beyond so many states of the run, in each of which the cost is still random, a plan is simulated instead."""
MAX_CLIP_STATES = 1 << 12
"""Beyond so many states of its models a clip of several takes is simulated instead."""
_NEGLIGIBLE = 1e-18
"""A way to go on that is less likely than this ends where it stands, so that a law's probabilities still add up to 1."""


@dataclass(frozen=True, slots=True)
class Law:
    """What one clip costs, and whether somebody makes it; both are laws of the same clip."""

    cost: tuple[tuple[int, float], ...]
    """(micro-dollars, probability), ascending, all different."""
    unserved: float
    """Probability that nobody makes it."""


def terms_in_states(chances: Chances, states: RunStates) -> Iterator[tuple[float, Terms, Terms]]:
    """(probability, costs of the clips, clips that nobody makes) of every state of the run, as sums of independent terms.

    Raises
    ------
    router.errors.TooManyStatesError
    """
    together = merged(chances, states)
    single = [e for e in chances.exposures if not _drawn_by_clip(e, states, chances)]
    others = [e for e in chances.exposures if _drawn_by_clip(e, states, chances)]
    failing = any(attempt.failure_rate > 0 for exposure in single for attempt in exposure.attempts)
    if (others or failing) and len(together.probabilities) > MAX_RANDOM_STATES:
        raise TooManyStatesError(len(together.probabilities), MAX_RANDOM_STATES)
    grid = _Grid(single, together, chances.unserved)
    known: dict[tuple[object, ...], Law] = {}
    for state, probability in enumerate(together.probabilities):
        costs, chance, nobody = grid.in_state(state)
        laws = [_in_state(exposure, together, state, states, chances, known) for exposure in others]
        counts = np.array([exposure.count for exposure in (*single, *others)], dtype=np.int64)
        lost = np.concatenate([nobody, [law.unserved for law in laws]])
        yield (
            float(probability),
            Terms(*_padded(costs, chance, laws), counts),
            Terms(np.tile(np.array([0, 1]), (len(counts), 1)), np.stack([1 - lost, lost], axis=1), counts),
        )


def _drawn_by_clip(exposure: Exposure, states: RunStates, chances: Chances) -> bool:
    """Whether a clip has more to draw than which of its generations fail."""
    again = exposure.takes > 1 and any(attempt.keep_rate < 1 for attempt in exposure.attempts)
    return again or not all(states.decides(a, chances) for a in exposure.attempts if a.availability != 0)


class _Grid:
    """Exposures whose clips draw only which generations fail: one cost for each step that can make the clip, in arrays."""

    def __init__(self, exposures: Sequence[Exposure], together: Merged, unserved: int) -> None:
        self.unserved = unserved
        shape = (len(exposures), max((len(exposure.attempts) for exposure in exposures), default=0))
        self.bills, self.paid = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        self.failing = np.ones(shape)
        self.can = np.zeros((len(together.probabilities), *shape), dtype=bool)
        for row, exposure in enumerate(exposures):
            self.can[:, row, : len(exposure.attempts)] = together.can[exposure.attempts]
            for k, attempt in enumerate(exposure.attempts):
                self.bills[row, k] = attempt.billed
                self.paid[row, k] = attempt.billed if attempt.bills_failures == "yes" else 0
                self.failing[row, k] = attempt.failure_rate

    def in_state(self, state: int) -> tuple[Integers, Floats, Floats]:
        """(costs, their probabilities, probability that nobody makes the clip) of one clip of every exposure."""
        can = self.can[state]
        going_on = np.cumprod(np.where(can, self.failing, 1.0), axis=1)
        reach = np.concatenate([np.ones((len(can), 1)), going_on], axis=1)
        spent = np.concatenate(
            [np.zeros((len(can), 1), dtype=np.int64), np.cumsum(np.where(can, self.paid, 0), axis=1)], axis=1
        )
        costs = np.concatenate([spent[:, :-1] + self.bills, spent[:, -1:] + self.unserved], axis=1)
        made = np.where(can, reach[:, :-1] * (1 - self.failing), 0.0)
        return costs, np.concatenate([made, reach[:, -1:]], axis=1), reach[:, -1]


def _in_state(
    exposure: Exposure,
    together: Merged,
    state: int,
    states: RunStates,
    chances: Chances,
    known: dict[tuple[object, ...], Law],
) -> Law:
    """The law of one clip in a state of the run; remembered, as a chain meets few different ones."""
    can: Bools = together.can[exposure.attempts][state]
    key = (exposure.attempts, exposure.takes, can.tobytes())
    if key not in known:
        chain = [
            attempt._replace(availability=1.0) if attempt.own in states.up else attempt
            for attempt, up in zip(exposure.attempts, can, strict=True)
            if up
        ]
        own = {name: chance for name, chance in chances.providers.items() if name not in states.up}
        known[key] = law(chain, exposure.takes, own, chances.unserved)
    return known[key]


def _padded(costs: Integers, chances: Floats, laws: Sequence[Law]) -> tuple[Integers, Floats]:
    """The grid's costs and chances with further laws below, as wide as the widest."""
    width = max([costs.shape[1], *(len(law.cost) for law in laws)])
    values = np.zeros((len(costs) + len(laws), width), dtype=np.int64)
    weights = np.zeros(values.shape)
    values[: len(costs), : costs.shape[1]] = costs
    weights[: len(costs), : costs.shape[1]] = chances
    for row, own in enumerate(laws, start=len(costs)):
        values[row, : len(own.cost)] = [cost for cost, _ in own.cost]
        weights[row, : len(own.cost)] = [chance for _, chance in own.cost]
    return values, weights


def least(chances: Chances) -> int:
    """The least sum that all clips can cost, each finding the state that is best for it, its first take being kept."""
    every = {(exposure.attempts, exposure.takes) for exposure in chances.exposures}
    cheapest = {key: _least_of_clip(*key, chances) for key in every}
    return sum(cheapest[exposure.attempts, exposure.takes] * exposure.count for exposure in chances.exposures)


def _least_of_clip(chain: tuple[Attempt, ...], takes: int, chances: Chances) -> int:
    try:
        return law(chain, takes, chances.providers, chances.unserved).cost[0][0]
    except TooManyStatesError:
        return law(chain, 1, chances.providers, chances.unserved).cost[0][0]


def law(chain: Sequence[Attempt], takes: int, providers: Mapping[str, float], unserved: int) -> Law:
    """The law of one clip.

    Parameters
    ----------
    chain
        The steps that can be up; each is up with its availability (None: for sure), on its own.
    providers
        Availability of the providers that the clip finds up or down as a whole.
    unserved
        Booked if nobody makes the clip, micro-dollars.

    Raises
    ------
    router.errors.TooManyStatesError
        If a clip of several takes can find more than ``MAX_CLIP_STATES`` states.
    """
    again = takes > 1 and any(attempt.keep_rate < 1 for attempt in chain)
    if again and (states := _up_states(chain)) > MAX_CLIP_STATES:
        raise TooManyStatesError(states, MAX_CLIP_STATES, "a clip of several takes")
    costs: defaultdict[int, float] = defaultdict(float)
    nobody = 0.0
    for share, alive in _provider_states(chain, providers):
        if again:
            for chance, up in _up_sets(alive):
                for cost, served, probability in _all_takes(up, takes, unserved):
                    costs[cost] += share * chance * probability
                    nobody += 0.0 if served else share * chance * probability
        else:
            for cost, served, probability in _one_take(alive, unserved):
                costs[cost] += share * probability
                nobody += 0.0 if served else share * probability
    return Law(tuple(sorted((cost, chance) for cost, chance in costs.items() if chance > 0)), nobody)


def _provider_states(
    chain: Sequence[Attempt], providers: Mapping[str, float]
) -> Iterator[tuple[float, tuple[Attempt, ...]]]:
    """(probability, the steps whose provider is up) of every state of the providers."""
    own = [name for name in dict.fromkeys(attempt.provider for attempt in chain) if name in providers]
    for state in itertools.product((True, False), repeat=len(own)):
        up = dict(zip(own, state, strict=True))
        share = 1.0
        for name in own:
            share *= providers[name] if up[name] else 1 - providers[name]
        if share > 0:
            yield share, tuple(attempt for attempt in chain if up.get(attempt.provider, True))


def _one_take(chain: Sequence[Attempt], unserved: int) -> Iterator[tuple[int, bool, float]]:
    """(cost, made?, probability) of a single take: down the chain, what failures have billed so far."""
    reach: dict[int, float] = {0: 1.0}
    for attempt in chain:
        up = 1.0 if attempt.availability is None else attempt.availability
        failing = attempt.failure_rate
        onward: defaultdict[int, float] = defaultdict(float)
        for spent, chance in reach.items():
            if up * (1 - failing) > 0:
                yield spent + attempt.billed, True, chance * up * (1 - failing)
            if up < 1:
                onward[spent] += chance * (1 - up)
            if up * failing > 0:
                onward[spent + (attempt.billed if attempt.bills_failures == "yes" else 0)] += chance * up * failing
        reach = onward
    for spent, chance in reach.items():
        yield spent + unserved, False, chance


def _up_states(chain: Sequence[Attempt]) -> int:
    """How many states `_up_sets` goes through, at most."""
    states = 1
    for attempt in reversed(chain):
        behind = states if attempt.failure_rate > 0 else 1
        states = behind if attempt.availability in (None, 1) else behind + states
    return states


def _up_sets(chain: Sequence[Attempt], likely: float = 1.0) -> Iterator[tuple[float, tuple[Attempt, ...]]]:
    """(probability, the steps that are up) of every state of the models; what lies behind a step that never fails is left out."""
    if not chain or likely < _NEGLIGIBLE:
        yield 1.0, ()
        return
    first, behind = chain[0], chain[1:]
    chance = 1.0 if first.availability is None else first.availability
    if chance > 0:
        rest = _up_sets(behind, likely * chance * first.failure_rate) if first.failure_rate > 0 else [(1.0, ())]
        yield from ((chance * share, (first, *up)) for share, up in rest)
    if chance < 1:
        yield from ((share * (1 - chance), up) for share, up in _up_sets(behind, likely * (1 - chance)))


def _all_takes(up: Sequence[Attempt], takes: int, unserved: int) -> Iterator[tuple[int, bool, float]]:
    """(cost, made?, probability) of a clip that meets these models up: take after take until one is kept."""
    made: list[tuple[int, float, float]] = []
    spent, reach = 0, 1.0
    for attempt in up:
        made.append((spent + attempt.billed, reach * (1 - attempt.failure_rate), attempt.keep_rate))
        spent += attempt.billed if attempt.bills_failures == "yes" else 0
        reach *= attempt.failure_rate
    begun: dict[int, float] = {0: 1.0}
    for take in range(takes):
        onward: defaultdict[int, float] = defaultdict(float)
        for before, chance in begun.items():
            if reach > 0:
                yield before + spent + unserved, False, chance * reach
            for cost, made_chance, keeping in made:
                ends = keeping if take < takes - 1 and chance > _NEGLIGIBLE else 1.0
                if ends > 0:
                    yield before + cost, True, chance * made_chance * ends
                if ends < 1:
                    onward[before + cost] += chance * made_chance * (1 - ends)
        begun = onward

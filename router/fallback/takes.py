"""Takes: a clip is generated until one is kept, and all its takes meet the models in the same state.

Every take walks the chain anew. In a state of up and down models let ``e`` be the mean cost of one take and ``r`` the chance that it
is made but not kept; at most ``T`` takes then cost ``e (1 + r + ... + r^(T-1))`` on average (a truncated geometric law).
Money is micro-dollars; probabilities are fractions in [0, 1].
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from router.fallback.outages import Availability
from router.schema.exposure import Attempt
from router.units import Micro


class Mean(NamedTuple):
    """What one clip costs on average, and how it ends."""

    cost: float
    served: tuple[float, ...]
    """Chance that each step makes the last take."""
    unserved: float
    """Chance that a take finds nobody to make it."""
    unkept: float
    """Chance that all takes are made and none is kept."""
    submitted: tuple[float, ...]
    """Mean number of generations that are submitted on each step, failed ones included."""


def mean_with_takes(attempts: Sequence[Attempt], availability: Availability, unserved: Micro, takes: int) -> Mean:
    """Mean cost of one clip over the states that it can find, and how it ends."""
    cost = nobody = none_kept = 0.0
    served, submitted = [0.0] * len(attempts), [0.0] * len(attempts)
    billed = [a.billed * (1 - (0.0 if a.bills_failures == "yes" else a.failure_rate)) for a in attempts]
    for share, alive in _provider_states(attempts, availability):
        moments = _Moments(attempts, alive, takes)
        cost += share * sum(moments.of(billed, unserved))
        nobody += share * sum(moments.of([0.0] * len(attempts), 1.0))
        none_kept += share * moments.powers[0][takes]
        for k, attempt in enumerate(attempts):
            takes_here = moments.of([1.0 if j == k else 0.0 for j in range(len(attempts))], 0.0)
            lasts = attempt.keep_rate * sum(takes_here) + (1 - attempt.keep_rate) * takes_here[-1]
            served[k] += share * (1 - attempt.failure_rate) * lasts
            submitted[k] += share * sum(takes_here)
    return Mean(cost, tuple(served), nobody, none_kept, tuple(submitted))


class _Moments:
    """Means over the states of the models, from the last step back, without going through the states.

    Behind a step let ``e'`` be the mean of something over one take and ``r'`` the chance that a take is made and not kept. If the step
    is up, they are ``c + f e'`` and ``g + f r'``, else as behind: the moments ``E[e r^t]`` follow by the binomial theorem.
    """

    def __init__(self, attempts: Sequence[Attempt], alive: Sequence[bool], takes: int) -> None:
        self.takes = takes
        self.up = [
            0.0 if not reachable else 1.0 if attempt.availability is None else attempt.availability
            for attempt, reachable in zip(attempts, alive, strict=True)
        ]
        self.failing = [attempt.failure_rate for attempt in attempts]
        unkept = [(1 - attempt.failure_rate) * (1 - attempt.keep_rate) for attempt in attempts]
        size = range(takes + 1)
        self.terms = [
            [[math.comb(t, i) * g ** (t - i) * f**i for i in range(t + 1)] for t in size]
            for g, f in zip(unkept, self.failing, strict=True)
        ]
        """Of ``(g + f r')^t``, for every step."""
        self.powers = [[1.0] + [0.0] * takes]
        """``E[r^t]`` from every step on, the first step first."""
        for up, terms in zip(reversed(self.up), reversed(self.terms), strict=True):
            behind = self.powers[0]
            moved = [sum(w * p for w, p in zip(terms[t], behind, strict=False)) for t in size]
            self.powers.insert(0, [(1 - up) * behind[t] + up * moved[t] for t in size])

    def of(self, costs: Sequence[float], end: float) -> list[float]:
        """``E[e r^t]`` for ``t`` below ``takes``, where a step that is reached and up counts its cost, the end of the chain ``end``."""
        found = [end] + [0.0] * (self.takes - 1)
        for k in range(len(costs) - 1, -1, -1):
            up, f, c, terms, behind = self.up[k], self.failing[k], costs[k], self.terms[k], self.powers[k + 1]
            found = [
                (1 - up) * found[t] + up * sum(w * (c * behind[i] + f * found[i]) for i, w in enumerate(terms[t]))
                for t in range(self.takes)
            ]
        return found


def worst(attempts: Sequence[Attempt], availability: Availability, unserved: Micro, takes: int = 1) -> Micro:
    """The largest sum that any outcome of positive or unknown probability can bill for one clip.

    In the worst state every step that can fail is up, fails and is billed, until one makes the take; a step that never fails
    ends the chain unless it is down. All takes but the last end where they cost most and are not kept.
    """
    most = 0
    for _, alive in _provider_states(attempts, availability):
        spent, end, unkept = 0, 0, -1
        for attempt, reachable in zip(attempts, alive, strict=True):
            if not reachable or attempt.availability == 0:
                continue
            made = spent + attempt.billed
            not_kept = made if attempt.keep_rate < 1 else -1
            if attempt.failure_rate == 0:
                most = max(most, _all_takes(max(end, made), max(unkept, not_kept), takes))
                if attempt.availability == 1:
                    break
                continue
            if attempt.failure_rate < 1:
                end, unkept = max(end, made), max(unkept, not_kept)
            spent += 0 if attempt.bills_failures == "no" else attempt.billed
        else:
            most = max(most, _all_takes(max(end, spent + unserved), unkept, takes))
    return most


def _all_takes(end: Micro, unkept: Micro, takes: int) -> Micro:
    """What all takes bill at most; ``unkept`` is -1 where every take that is made is kept."""
    return end + (takes - 1) * max(unkept, 0)


def _provider_states(
    attempts: Sequence[Attempt], availability: Availability
) -> Iterator[tuple[float, tuple[bool, ...]]]:
    """(probability, for each step whether its provider is up) of every state of the providers that can occur."""
    providers = dict.fromkeys(attempt.provider for attempt in attempts)
    stated = {name: chance for name in providers if (chance := availability.of_provider(name)) is not None}
    if not stated:
        yield 1.0, (True,) * len(attempts)
        return
    for state in itertools.product((True, False), repeat=len(stated)):
        up = dict(zip(stated, state, strict=True))
        share = 1.0
        for name, chance in stated.items():
            share *= chance if up[name] else 1 - chance
        if share > 0:
            yield share, tuple(up.get(attempt.provider, True) for attempt in attempts)

"""The chain behind a primary and its cost, computed by going through the states of the providers one by one.

The planner walks a chain forwards and merges states; this goes backwards through every state of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from router.checking.prices import Priced
from router.schema.scenario import Fallback, Outages


@dataclass(frozen=True, slots=True)
class Tried:
    """One step of a chain: a price line, the clip's price on it, and what it bills when it makes the clip."""

    line: Priced
    price: int
    bill: int
    dubbing: int = 0
    """Sound made elsewhere, part of the bill."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one clip costs on a chain."""

    expected: float
    worst: int
    served: tuple[float, ...]
    unserved: float
    unkept: float
    steps: tuple[Tried, ...]


def cheapest_of_each(prices: Sequence[tuple[Priced, int]]) -> list[tuple[Priced, int]]:
    """(line, price) of the cheapest line of every model at every provider, cheapest first."""
    found: dict[tuple[str, str], tuple[Priced, int]] = {}
    for line, price in sorted(prices, key=lambda pair: (pair[1], pair[0].rank)):
        found.setdefault(line.key, (line, price))
    return list(found.values())


def chain_of(
    primary: Priced,
    cheapest: Sequence[tuple[Priced, int]],
    own: int,
    rule: Fallback,
    dubbing: Callable[[Priced], int] = lambda _: 0,
) -> list[Tried]:
    """The steps behind a primary of price ``own``.

    Parameters
    ----------
    cheapest
        Of all lines that may catch the clip, the cheapest of each model, cheapest first.
    dubbing
        What is in a line's price for sound made elsewhere.
    """
    steps = [Tried(primary, own, own, dubbing(primary))]
    if rule.direction == "none":
        return steps
    others = [
        (line, price)
        for line, price in cheapest
        if line.key != primary.key
        and (rule.across == "all" or line.entry.provider == primary.entry.provider)
        and (price <= own or rule.direction != "cheaper")
        and (price >= own or rule.direction != "dearer")
    ]
    if rule.order == "expected" and rule.across == "all":
        others.sort(key=lambda pair: (_per_success(*pair), pair[0].rank))
    elif rule.direction == "cheaper":
        others.sort(key=lambda pair: (-pair[1], pair[0].rank))
    steps += [
        Tried(line, price, own, dubbing(primary))
        if rule.billed == "requested"
        else Tried(line, price, price, dubbing(line))
        for line, price in others
    ]
    return steps if rule.max_steps is None else steps[: rule.max_steps + 1]


def _per_success(line: Priced, price: int) -> float:
    fails = line.failure_rate
    if fails == 1:
        return float("inf")
    return price * (1 - fails + (fails if line.terms.bills_failures == "yes" else 0)) / (1 - fails)


def model_availability(line: Priced, outages: Outages) -> float | None:
    """Of the model alone: the scenario's word for provider/model, then for the model, then the catalog's."""
    stated = outages.availability
    found = stated.get("/".join(line.key), stated.get(line.entry.model, line.entry.availability))
    return None if found is None else float(found)


def cost_of(steps: Sequence[Tried], outages: Outages, unserved: int, takes: int = 1) -> Cost:
    """Expected and worst-case cost of one clip, and the chances of who makes its last take."""
    known = [model_availability(step.line, outages) for step in steps]
    several = takes > 1 and any(keep_rate(step) < 1 for step in steps)
    expected, nobody, none_kept, worst = 0.0, 0.0, 0.0, 0
    served = [0.0] * len(steps)
    for share, ups in provider_states(steps, outages):
        up = [(1.0 if chance is None else chance) * alive for chance, alive in zip(known, ups, strict=True)]
        mean, lasts, lost, unkept = _takes(steps, up, unserved, takes) if several else _one_take(steps, up, unserved)
        expected += share * mean
        nobody += share * lost
        none_kept += share * unkept
        served = [before + share * last for before, last in zip(served, lasts, strict=True)]
        worst = max(worst, worst_of(steps, ups, known, unserved, takes))
    return Cost(expected, worst, tuple(served), nobody, none_kept, tuple(steps))


def mean_of(steps: Sequence[Tried], up: Sequence[float], unserved: int, takes: int) -> float:
    """Mean cost of one clip where every step is up with a chance of its own."""
    several = takes > 1 and any(keep_rate(step) < 1 for step in steps)
    return (_takes(steps, up, unserved, takes) if several else _one_take(steps, up, unserved))[0]


def _one_take(steps: Sequence[Tried], up: Sequence[float], unserved: int) -> tuple[float, list[float], float, float]:
    """(mean cost, chance that each step makes the clip, that none does, that it is made and not kept) of a single take."""
    mean, unkept, reach = 0.0, 0.0, 1.0
    served = []
    for step, works in zip(steps, up, strict=True):
        fails = failure_rate(step)
        mean += reach * works * step.bill * _billed_share(step)
        served.append(reach * works * (1 - fails))
        unkept += served[-1] * (1 - keep_rate(step))
        reach *= 1 - works * (1 - fails)
    return mean + reach * unserved, served, reach, unkept


def _takes(
    steps: Sequence[Tried], up: Sequence[float], unserved: int, takes: int
) -> tuple[float, list[float], float, float]:
    """The same of a clip that is generated until it is kept; the chances are of the last take."""
    walk = _Walk(up, steps, takes)
    mean = walk.mean([step.bill * _billed_share(step) for step in steps], unserved)
    return mean, [walk.last_by(k) for k in range(len(steps))], walk.mean([0.0] * len(steps), 1.0), walk.unkept()


def failure_rate(step: Tried) -> float:
    """Share of the step's generations that fail."""
    return step.line.failure_rate


def keep_rate(step: Tried) -> float:
    """Share of the step's generations that are kept."""
    return step.line.keep_rate


def _billed_share(step: Tried) -> float:
    """Share of submitted generations that are billed, on average."""
    fails = failure_rate(step)
    return 1 - fails + (fails if step.line.terms.bills_failures == "yes" else 0)


class _Walk:
    """All takes of one clip over every state of its models, from the last step back.

    Let ``e`` be a mean over one take and ``r`` the chance that a take is made and not kept, in a state; behind step ``k`` they are
    ``e' , r'``. If the step is up, ``e = c + f e'`` and ``r = g + f r'``, else they are as behind; so the moments ``E[e r^t]`` and
    ``E[r^t]`` over states follow from those behind the step by the binomial theorem.
    """

    def __init__(self, up: Sequence[float], steps: Sequence[Tried], takes: int) -> None:
        self.up, self.takes = up, takes
        self.fails = [failure_rate(step) for step in steps]
        self.keeps = [keep_rate(step) for step in steps]

    def unkept(self) -> float:
        """Chance that all takes are made and none is kept."""
        return self._moments([0.0] * len(self.up), 0.0, self.takes + 1)[1][self.takes]

    def _moments(self, costs: Sequence[float], end: float, powers: int) -> tuple[list[float], list[float]]:
        """``E[e r^t]`` and ``E[r^t]`` for ``t`` below ``powers``."""
        mixed, plain = [end] + [0.0] * (powers - 1), [1.0] + [0.0] * (powers - 1)
        for a, f, k, c in zip(self.up[::-1], self.fails[::-1], self.keeps[::-1], costs[::-1], strict=True):
            g = (1 - f) * (1 - k)
            terms = [[math.comb(t, i) * g ** (t - i) * f**i for i in range(t + 1)] for t in range(powers)]
            mixed = [
                (1 - a) * mixed[t] + a * sum(w * (c * plain[i] + f * mixed[i]) for i, w in enumerate(terms[t]))
                for t in range(powers)
            ]
            plain = [(1 - a) * plain[t] + a * sum(w * plain[i] for i, w in enumerate(terms[t])) for t in range(powers)]
        return mixed, plain

    def mean(self, costs: Sequence[float], end: float) -> float:
        """Mean over all takes of what a step counts when it is reached and up, and of what the end of the chain counts."""
        return math.fsum(self._moments(costs, end, self.takes)[0])

    def last_by(self, k: int) -> float:
        """Chance that step ``k`` makes the last take."""
        only = [1 - f if j == k else 0.0 for j, f in enumerate(self.fails)]
        mixed, _ = self._moments(only, 0.0, self.takes)
        return self.keeps[k] * math.fsum(mixed) + (1 - self.keeps[k]) * mixed[-1]


def provider_states(steps: Sequence[Tried], outages: Outages) -> Iterator[tuple[float, list[int]]]:
    """(probability, for each step whether its provider is up) of every state that can occur."""
    stated = outages.availability
    causes = list(dict.fromkeys(step.line.entry.provider for step in steps if step.line.entry.provider in stated))
    for state in itertools.product((1, 0), repeat=len(causes)):
        up = dict(zip(causes, state, strict=True))
        share = 1.0
        for name in causes:
            share *= float(stated[name]) if up[name] else 1 - float(stated[name])
        if share > 0:
            yield share, [up.get(step.line.entry.provider, 1) for step in steps]


def worst_of(
    steps: Sequence[Tried], ups: Sequence[int], known: Sequence[float | None], unserved: int, takes: int
) -> int:
    """The most that one clip can bill, where providers are up as given and models with a known or unknown chance.

    From the last step back, over the states that can be: (most that a take which is not kept bills, most that any take bills).
    """
    ways: set[tuple[int, int]] = {(-1, unserved)}
    for step, up, chance in zip(reversed(steps), reversed(ups), reversed(known), strict=True):
        fails, lost = failure_rate(step), 0 if step.line.terms.bills_failures == "no" else step.bill
        found = set(ways) if not up or chance is None or chance < 1 else set()
        if up and (chance is None or chance > 0):
            made = step.bill if fails < 1 else -1
            unkept = made if keep_rate(step) < 1 else -1
            if fails > 0:
                found |= {(max(unkept, u + lost if u >= 0 else -1), max(made, e + lost)) for u, e in ways}
            else:
                found.add((unkept, made))
        ways = {
            way
            for way in found
            if not any(other != way and other[0] >= way[0] and other[1] >= way[1] for other in found)
        }
    return max(end + (takes - 1) * max(unkept, 0) for unkept, end in ways)

"""The chain behind a primary and its cost, computed by going through the states of the providers one by one.

The planner walks a chain forwards and merges states; this goes backwards through every state of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.checking.prices import Priced
from router.schema.scenario import Fallback, Outages


@dataclass(frozen=True, slots=True)
class Tried:
    """One step of a chain: a price line, the clip's price on it, and what it bills when it makes the clip."""

    line: Priced
    price: int
    bill: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one clip costs on a chain."""

    expected: float
    worst: int
    served: tuple[float, ...]
    unserved: float


def chain_of(primary: Priced, prices: Sequence[tuple[Priced, int]], own: int, rule: Fallback) -> list[Tried]:
    """The steps behind a primary of price ``own``; ``prices`` are all lines that may catch the clip."""
    steps = [Tried(primary, own, own)]
    cheapest: dict[tuple[str, str], tuple[Priced, int]] = {}
    for line, price in sorted(prices, key=lambda pair: (pair[1], *_rank(pair[0]))):
        cheapest.setdefault(line.key, (line, price))
    others = [
        (line, price)
        for key, (line, price) in cheapest.items()
        if key != primary.key
        and (rule.across == "all" or key[0] == primary.entry.provider)
        and {"any": True, "none": False, "cheaper": price <= own, "dearer": price >= own}[rule.direction]
    ]
    if rule.order == "expected" and rule.across == "all":
        others.sort(key=lambda pair: (_per_success(*pair), *_rank(pair[0])))
    elif rule.direction == "cheaper":
        others.sort(key=lambda pair: (-pair[1], *_rank(pair[0])))
    steps += [Tried(line, price, own if rule.billed == "requested" else price) for line, price in others]
    return steps if rule.max_steps is None else steps[: rule.max_steps + 1]


def _rank(line: Priced) -> tuple[float, int]:
    return (float("inf") if line.terms.quality is None else -float(line.terms.quality)), line.order


def _per_success(line: Priced, price: int) -> float:
    fails = float(line.terms.failure_rate or 0)
    if fails == 1:
        return float("inf")
    return price * (1 - fails + (fails if line.terms.bills_failures == "yes" else 0)) / (1 - fails)


def model_availability(line: Priced, outages: Outages) -> float | None:
    """Of the model alone: the scenario's word for provider/model, then for the model, then the catalog's."""
    stated = outages.availability
    found = stated.get("/".join(line.key), stated.get(line.entry.model, line.entry.availability))
    return None if found is None else float(found)


def cost_of(steps: Sequence[Tried], outages: Outages, unserved: int) -> Cost:
    """Expected and worst-case cost of one clip, and the chances of who makes it."""
    expected, nobody, worst = 0.0, 0.0, 0
    served = [0.0] * len(steps)
    for share, ups in _provider_states(steps, outages):
        mean, spent, reach = 0.0, 0.0, 1.0
        for k, (step, up) in enumerate(zip(steps, ups, strict=True)):
            known = model_availability(step.line, outages)
            works = (1.0 if known is None else known) * up
            fails = float(step.line.terms.failure_rate or 0)
            bills = step.line.terms.bills_failures == "yes"
            mean += reach * works * step.bill * ((1 - fails) + (fails if bills else 0))
            served[k] += share * reach * works * (1 - fails)
            reach *= 1 - works * (1 - fails)
        spent = mean + reach * unserved
        expected += share * spent
        nobody += share * reach
        worst = max(worst, _worst(steps, ups, outages, unserved))
    return Cost(expected, worst, tuple(served), nobody)


def _provider_states(steps: Sequence[Tried], outages: Outages) -> Iterator[tuple[float, list[int]]]:
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


def _worst(steps: Sequence[Tried], ups: Sequence[int], outages: Outages, unserved: int) -> int:
    """From the last step back: the most that can still be billed once a step is reached; -1 where it cannot be."""
    most = unserved
    for step, up in zip(reversed(steps), reversed(ups), strict=True):
        known = model_availability(step.line, outages)
        fails = float(step.line.terms.failure_rate or 0)
        outcomes = []
        if not up or known is None or known < 1:
            outcomes.append(most)
        if up and (known is None or known > 0):
            if fails < 1:
                outcomes.append(step.bill)
            if fails > 0:
                outcomes.append(most + (0 if step.line.terms.bills_failures == "no" else step.bill))
        most = max(outcomes)
    return most

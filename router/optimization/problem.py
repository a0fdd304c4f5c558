"""The abstract assignment problem: classes with counts, options with costs, limits as rows and tails.

Find whole numbers ``x[c][o] >= 0`` with ``sum_o x[c][o] = count[c]`` that keep every limit and minimise
``sum cost[c][o] x[c][o]`` plus weighted tails; among the plans of equal cost, the ``ties`` are minimised one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain, compress
from typing import Literal, Protocol

from router.optimization.rows import Amounts, Bounded, Counts, Limit, Number, Row, Uses, total_of
from router.optimization.tails import Ceiling, Objective, Tail
from router.units import SAME_COST

HALF_A_UNIT = 0.5
"""Micro-dollars; no gap in what is billed."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to settle one member of a class."""

    cost: float
    """Micro-dollars; whole unless a probability is in it."""
    ties: tuple[Number, ...] = ()
    """What to minimise next, in this order, where costs are equal."""


@dataclass(frozen=True, slots=True)
class Group:
    """A class: ``count`` equal members, each to be settled by one of the options."""

    count: int
    options: tuple[Option, ...]
    bulky: bool = False
    """Whether each of the members weighs much, as packs do: how many go where is settled before the rest (see `structure`)."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One of several alternatives is chosen, and an option that belongs to one may be used only where it is.

    A class belongs to one selector at most; options of its classes that belong to no alternative are always open.
    """

    name: str
    alternatives: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]
    """For each alternative (class, the options of it that it opens)."""

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that it binds."""
        return tuple(dict.fromkeys(c for alternative in self.alternatives for c, _ in alternative))

    def only(self, classes: Sequence[int]) -> Selector:
        """The selector where only some of the classes are; all of its own must be among them."""
        at = {c: k for k, c in enumerate(classes)}
        return Selector(self.name, tuple(tuple((at[c], own) for c, own in opened) for opened in self.alternatives))

    @property
    def linked(self) -> dict[int, set[int]]:
        """The options of each class that belong to an alternative; all others are always open."""
        linked: dict[int, set[int]] = {}
        for alternative in self.alternatives:
            for c, options in alternative:
                linked.setdefault(c, set()).update(options)
        return linked

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution uses options of one alternative only."""
        used = sum(
            any(counts[c][o] for c, options in alternative for o in options) for alternative in self.alternatives
        )
        return used <= 1


@dataclass(frozen=True, slots=True)
class Problem:
    """Classes, and the limits that couple them."""

    groups: tuple[Group, ...]
    rows: tuple[Row, ...] = ()
    tails: tuple[Tail, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    """Bounds on costs that are not linear."""
    selectors: tuple[Selector, ...] = ()
    rough: tuple[Rough, ...] = ()
    """What is not convex; the rest of the problem knows nothing of it until it is relaxed (see `branching`)."""

    def cost(self, counts: Amounts) -> float:
        """The objective of a solution, micro-dollars; of what is not convex, as far as the relaxation over its range tells it."""
        if any(tail.weight for tail in self.tails):
            return float(self.objective.value(counts))
        options = chain.from_iterable(group.options for group in self.groups)
        used = compress(options, chain.from_iterable(counts))
        amounts = filter(None, chain.from_iterable(counts))
        return float(total_of([option.cost * amount for option, amount in zip(used, amounts, strict=True)]))

    def holds(self, counts: Amounts) -> bool:
        """Whether a solution keeps every limit and selector."""
        return all(limit.holds(counts) for limit in self.limits) and all(s.holds(counts) for s in self.selectors)

    @property
    def objective(self) -> Objective:
        """The cost of every option, and the tails that have a weight."""
        return Objective(self.costs, tuple(tail for tail in self.tails if tail.weight))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The rows, then the tails that have a bound, then the ceilings."""
        return (*self.rows, *(tail for tail in self.tails if tail.bound < math.inf), *self.ceilings)

    @property
    def stated(self) -> tuple[Bounded, ...]:
        """The limits that can be loosened."""
        rough = (part.limit for part in self.rough)
        return tuple(limit for limit in (*self.limits, *rough) if limit is not None and limit.stated)

    @property
    def everything(self) -> Counts:
        """How many of each class can go to each option: all of them."""
        return tuple((group.count,) * len(group.options) for group in self.groups)

    @property
    def costs(self) -> Uses:
        """The cost of every option."""
        return tuple(tuple(option.cost for option in group.options) for group in self.groups)

    def ties(self) -> list[Uses]:
        """The weights of each tie-breaker that can tell any two options of one class apart."""
        depth = max((len(option.ties) for group in self.groups for option in group.options), default=0)
        levels = [
            tuple(tuple(option.ties[t] for option in group.options) for group in self.groups) for t in range(depth)
        ]
        return [level for level in levels if any(len(set(own)) > 1 for own in level)]


class Rough(Protocol):
    """Something that is not convex, over a range: its relaxation there, and how to split the range where that is not the truth."""

    @property
    def limit(self) -> Bounded | None:
        """The limit that it is, if it is one."""

    @property
    def classes(self) -> frozenset[int]:
        """The classes that can matter to it."""

    def only(self, classes: Sequence[int]) -> Rough:
        """The same over some of the classes, all of its own among them."""

    def relax(self, problem: Problem) -> Problem:
        """The problem with what is true of this over the whole range, and no more than that."""

    def at(self, counts: Counts) -> Rough:
        """A part of the range that holds this solution and over which the relaxation is the truth."""

    def split(self, counts: Counts) -> tuple[Rough, ...]:
        """Parts that cover the range; none where the relaxation tells the truth of this solution already."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a problem went to the solver; nothing where every class is on its best option."""

    blocks: int = 0
    """Parts that no limit connects, each solved by itself."""
    columns: int = 0
    """Of their linear models: options, and alternatives of selectors."""
    rows: int = 0
    """Classes, limits, and what ties options to alternatives."""
    nodes: int = 0
    """Problems solved: more than one for each block where something is bulky or not convex."""

    def __add__(self, other: Size) -> Size:
        return Size(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Certificate:
    """A bound, and the prices on the rows that give it (see `bound`): whoever has these can work it out without a solver."""

    bound: float
    """No solution costs less, micro-dollars."""
    prices: tuple[tuple[Row, float], ...] = ()
    """Of the stated rows that have one: micro-dollars for one more unit of the row, above 0."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The counts found, and how good they are known to be."""

    counts: Counts
    cost: float
    bound: float
    """No solution costs less, micro-dollars."""
    method: Literal["argmin", "solver"]
    proven: bool
    """Whether the cost equals the bound."""
    size: Size = Size()
    certificate: Certificate | None = None
    """None where more than rows couples the classes."""


def without_limits(problem: Problem) -> Counts:
    """Every class on its best option, in each selector those of the best alternative: optimal where no limit binds, else a lower bound.

    A selector none of whose alternatives can settle all its classes is not looked at.
    """
    best = [_best(group.options) for group in problem.groups]
    for selector in problem.selectors:
        for c, o in (_best_alternative(problem, selector) or {}).items():
            best[c] = o
    return tuple(all_on(len(group.options), o, group.count) for group, o in zip(problem.groups, best, strict=True))


def _best(options: Sequence[Option]) -> int:
    costs = [option.cost for option in options]
    most = min(costs) + SAME_COST
    tied = [o for o, cost in enumerate(costs) if cost <= most]
    return tied[0] if len(tied) == 1 else min(tied, key=lambda o: options[o].ties)


def _best_alternative(problem: Problem, selector: Selector) -> dict[int, int] | None:
    """The option of each class under the alternative that costs least; None if no alternative settles all classes."""
    linked = selector.linked
    free = {c: [o for o in range(len(problem.groups[c].options)) if o not in own] for c, own in linked.items()}
    found = []
    for alternative in selector.alternatives:
        opened = dict(alternative)
        chosen: dict[int, int] = {}
        for c, others in free.items():
            if own := sorted((*opened.get(c, ()), *others)):
                chosen[c] = own[_best([problem.groups[c].options[o] for o in own])]
        if len(chosen) == len(linked):
            found.append((*_weight(problem, chosen), chosen))
    if not found:
        return None
    least = min(cost for cost, _, _ in found)
    return min((way for way in found if way[0] <= least + SAME_COST), key=lambda way: way[1])[2]


def _weight(problem: Problem, chosen: Mapping[int, int]) -> tuple[float, tuple[Number, ...]]:
    """Cost and tie-breakers of whole classes on these options."""
    pairs = [(problem.groups[c].count, problem.groups[c].options[o]) for c, o in chosen.items()]
    ties = zip(*([count * tie for tie in option.ties] for count, option in pairs), strict=True)
    return math.fsum(count * option.cost for count, option in pairs), tuple(map(sum, ties))


@lru_cache(maxsize=4096)
def all_on(options: int, best: int, count: int) -> tuple[int, ...]:
    """All members of a class on one of its options; kept, as very many classes have the same."""
    return (*(0,) * best, count, *(0,) * (options - best - 1))

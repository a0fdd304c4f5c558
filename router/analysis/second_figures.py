"""Figures that are set against the cost, each as problems: the cheapest plan that reaches a value, or goes beyond it; the best value.

A value is exact, and more of it is better: mean quality, minus the conditional value at risk in whole micro-dollars, or clips made. To go
beyond a value is a row of whole numbers (or one micro-dollar less), so that no tolerance is in it. Costs are micro-dollars.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from router.errors import InputError
from router.optimization.aims import can_be_left_out
from router.optimization.problem import Group, Problem
from router.optimization.rows import Counts, Number, Row
from router.optimization.tails import Tail
from router.pipeline import Modelled
from router.schema.scenario import Scenario, TailLimit
from router.units import MICRO

Solve = Callable[[Problem], Counts | None]
Weights = tuple[tuple[int, ...], ...]
"""Of one member of each class on each option."""

_NO_BOUND = Decimal(10**12 - 1)
_LOWEST = Decimal(-(10**9))
_ROW = "frontier"


class SecondFigure(Protocol):
    """A figure of plans."""

    @property
    def base(self) -> Problem:
        """What makes the cheapest plan."""

    def value(self, counts: Counts) -> Fraction:
        """Of a plan: the more, the better."""

    def reaching(self, least: Fraction) -> Problem:
        """What makes the cheapest plan with at least this value."""

    def beyond(self, value: Fraction) -> Problem:
        """What makes the cheapest plan with more than this value."""

    def best(self, solve: Solve) -> Fraction | None:
        """A value that no plan beats, or hardly any; None: there is no plan."""

    def refined(self, cost: int) -> Problem | None:
        """What makes the best plan of at most this cost; None where `reaching` does."""

    def towards(self, price: Fraction) -> Problem | None:
        """What makes the plan with the least cost, where each unit of the value takes this much off; None: it cannot be said so."""


def prepared(scenario: Scenario, second: str) -> Scenario:
    """The scenario in which the ways to make a clip are those that a figure allows.

    For a mean quality offers without a score are out; for a conditional value at risk the costs of all outage states are worked out.
    """
    limits = scenario.limits
    if second == "quality" and limits.mean_quality_min is None:
        limits = limits.model_copy(update={"mean_quality_min": _LOWEST})
    if second == "cvar" and limits.cvar is None:
        limits = limits.model_copy(update={"cvar": TailLimit(level=scenario.objective.level, usd=_NO_BOUND)})
    return scenario.model_copy(update={"limits": limits})


def second_figure(found: Modelled, second: str, given: Scenario) -> SecondFigure:
    """The figure of this name.

    Parameters
    ----------
    given
        The scenario before it was prepared.

    Raises
    ------
    router.errors.InputError
        If the scenario has no such figure.
    """
    if second == "quality":
        own = found.problem
        if given.limits.mean_quality_min is None:
            own = replace(own, rows=tuple(row for row in own.rows if row.name != "mean_quality_min"))
        fixed = not any(_optional(found))
        return _SumOfScores.of(found, own) if fixed else _MeanOfScores.of(found, own)
    if second == "cvar":
        return _Tail.of(found, bounded=given.limits.cvar is not None)
    if not any(_optional(found)):
        raise InputError("every clip has to be made; give value_usd to those that may be left out (clips.*.value_usd)")
    return _Served.of(found)


def _optional(found: Modelled) -> list[bool]:
    """Whether the finished clips of each class may be left out; drafts follow them."""
    return [own.clip_class.draft_of is None and can_be_left_out(found.choices, own) for own in found.choices]


def _weights(found: Modelled, each: Callable[[int, int], int]) -> Weights:
    """``each(class, option)`` for the finished clips that are made; nothing for drafts, for what is left out, and for packs."""
    rows = []
    for c, group in enumerate(found.problem.groups):
        made = 0
        if c < len(found.choices) and found.choices[c].clip_class.draft_of is None:
            made = len(found.choices[c].candidates)
        rows.append(tuple(each(c, o) if o < made else 0 for o in range(len(group.options))))
    return tuple(rows)


def _total(weights: Weights, counts: Counts) -> int:
    return sum(w * n for own, row in zip(weights, counts, strict=True) for w, n in zip(own, row, strict=True) if n)


def _at_least(problem: Problem, uses: Weights, bound: int) -> Problem:
    return replace(problem, rows=(*problem.rows, Row(_ROW, "at_least", bound, uses, "clips", stated=False)))


def _costing(problem: Problem, cost: Callable[[int, int, float], float], *, ties: bool = True) -> Problem:
    """The problem with ``cost(class, option, cost so far)`` for each option."""
    groups = tuple(
        Group(
            group.count,
            tuple(
                replace(option, cost=cost(c, o, option.cost), ties=option.ties if ties else ())
                for o, option in enumerate(group.options)
            ),
            group.bulky,
        )
        for c, group in enumerate(problem.groups)
    )
    return replace(problem, groups=groups)


def _with_ties(problem: Problem, first: Callable[[int, int], tuple[Number, ...]]) -> Problem:
    """The problem in which plans of equal cost are told apart by these before all else."""
    groups = tuple(
        replace(
            group,
            options=tuple(replace(option, ties=(*first(c, o), *option.ties)) for o, option in enumerate(group.options)),
        )
        for c, group in enumerate(problem.groups)
    )
    return replace(problem, groups=groups)


def _scores(found: Modelled) -> tuple[Weights, int]:
    """Quality scores as whole multiples of a unit, and how many units are 1."""
    scores = [[Fraction(c.offer.quality or 0) for c in own.candidates] for own in found.choices]
    units = math.lcm(*(score.denominator for own in scores for score in own))
    return _weights(found, lambda c, o: int(scores[c][o] * units)), units


@dataclass(frozen=True)
class _SumOfScores:
    """Mean quality where all clips are made: a sum over a number that is known. Of equal cost, the better sum comes first."""

    base: Problem
    scores: Weights
    units: int
    clips: int

    @classmethod
    def of(cls, found: Modelled, problem: Problem) -> _SumOfScores:
        scores, units = _scores(found)
        clips = sum(own.clip_class.count for own in found.choices if own.clip_class.draft_of is None)
        return cls(_with_ties(problem, lambda c, o: (-scores[c][o],)), scores, units, clips)

    def value(self, counts: Counts) -> Fraction:
        return Fraction(_total(self.scores, counts), self.units * self.clips)

    def reaching(self, least: Fraction) -> Problem:
        return _at_least(self.base, self.scores, math.ceil(least * self.units * self.clips))

    def beyond(self, value: Fraction) -> Problem:
        return _at_least(self.base, self.scores, math.floor(value * self.units * self.clips) + 1)

    def best(self, solve: Solve) -> Fraction | None:
        """The best that this figure can be; None if there is no plan."""
        found = solve(_costing(self.base, lambda c, o, _: float(MICRO * self._short(c, o)), ties=False))
        return None if found is None else self.value(found)

    def refined(self, cost: int) -> Problem | None:
        return None

    def towards(self, price: Fraction) -> Problem | None:
        each = price / (self.units * self.clips)
        return _costing(self.base, lambda c, o, cost: cost + float(each * self._short(c, o)))

    def _short(self, c: int, o: int) -> int:
        """What an option lacks to the best of its class."""
        return max(self.scores[c]) - self.scores[c][o]


@dataclass(frozen=True)
class _MeanOfScores:
    """Mean quality where clips may be left out: a ratio, at least one clip being made.

    More than ``a / b`` is ``sum (b score - a) x >= 1`` in whole numbers.
    Source of `best`: W. Dinkelbach, On Nonlinear Fractional Programming, Management Science 13 (1967).
    """

    base: Problem
    scores: Weights
    units: int
    made: Weights

    @classmethod
    def of(cls, found: Modelled, problem: Problem) -> _MeanOfScores:
        scores, units = _scores(found)
        made = _weights(found, lambda *_: 1)
        return cls(_at_least(problem, made, 1), scores, units, made)

    def value(self, counts: Counts) -> Fraction:
        return Fraction(_total(self.scores, counts), self.units * _total(self.made, counts))

    def reaching(self, least: Fraction) -> Problem:
        return _at_least(self.base, self._above(least), 0)

    def beyond(self, value: Fraction) -> Problem:
        return _at_least(self.base, self._above(value), 1)

    def best(self, solve: Solve) -> Fraction | None:
        found = solve(self.base)
        while found is not None:
            value = self.value(found)
            above = self._above(value)
            best = solve(_costing(self.base, lambda c, o, _: float(1000 * (max(above[c]) - above[c][o])), ties=False))  # noqa: B023
            if best is None or _total(above, best) <= 0:
                return value
            found = best
        return None

    def refined(self, cost: int) -> Problem | None:
        return None

    def towards(self, price: Fraction) -> Problem | None:
        return None

    def _above(self, value: Fraction) -> Weights:
        """What each clip has above a mean, in whole numbers."""
        a, b = (value * self.units).as_integer_ratio()
        return tuple(
            tuple(b * score - a * made for score, made in zip(*own, strict=True))
            for own in zip(self.scores, self.made, strict=True)
        )


@dataclass(frozen=True)
class _Served:
    """Clips made, against what making them costs: the value of what is left out counts for nothing but ties."""

    base: Problem
    made: Weights

    @classmethod
    def of(cls, found: Modelled) -> _Served:
        """That of a model."""
        made, optional = _weights(found, lambda *_: 1), _optional(found)

        def left_out(c: int, o: int) -> bool:
            return c < len(optional) and optional[c] and o == len(found.choices[c].candidates)

        worth = _with_ties(
            found.problem, lambda c, o: (int(left_out(c, o)), found.problem.groups[c].options[o].cost * left_out(c, o))
        )
        return cls(_costing(worth, lambda c, o, cost: 0.0 if left_out(c, o) else cost), made)

    def value(self, counts: Counts) -> Fraction:
        return Fraction(_total(self.made, counts))

    def reaching(self, least: Fraction) -> Problem:
        return _at_least(self.base, self.made, math.ceil(least))

    def beyond(self, value: Fraction) -> Problem:
        return _at_least(self.base, self.made, math.floor(value) + 1)

    def best(self, solve: Solve) -> Fraction | None:
        found = solve(_costing(self.base, lambda c, o, _: float(MICRO * self._missing(c, o)), ties=False))
        return None if found is None else self.value(found)

    def refined(self, cost: int) -> Problem | None:
        return None

    def towards(self, price: Fraction) -> Problem | None:
        return _costing(self.base, lambda c, o, cost: cost + float(price) * self._missing(c, o))

    def _missing(self, c: int, o: int) -> int:
        return max(self.made[c], default=0) - self.made[c][o]


@dataclass(frozen=True)
class _Tail:
    """Minus the conditional value at risk, in whole micro-dollars as limits and plans have it."""

    base: Problem
    tail: Tail

    @classmethod
    def of(cls, found: Modelled, *, bounded: bool) -> _Tail:
        """That of a model; ``bounded``: whether the scenario bounds it itself."""
        tail = next((own for own in found.problem.tails if own.name == "cvar"), None)
        if tail is None:
            raise InputError(
                "a frontier of cost and cvar cannot look at packs and discounts; leave out packs and tiers, those of the account too"
            )
        others = tuple(own for own in found.problem.tails if own is not tail)
        free = tail if bounded else replace(tail, bound=math.inf)
        return cls(replace(found.problem, tails=(*others, free) if bounded else others), free)

    def value(self, counts: Counts) -> Fraction:
        return -Fraction(self.tail.used(counts))

    def reaching(self, least: Fraction) -> Problem:
        return self._at_most(math.floor(-least))

    def beyond(self, value: Fraction) -> Problem:
        return self._at_most(math.ceil(-value) - 1)

    def best(self, solve: Solve) -> Fraction | None:
        found = solve(self._weighing(_costing(self.base, lambda *_: 0.0, ties=False), 1.0))
        return None if found is None else self.value(found)

    def refined(self, cost: int) -> Problem | None:
        costs = Row(_ROW, "at_most", cost, self.base.costs, stated=False)
        free = _costing(self.base, lambda *_: 0.0, ties=False)
        return self._weighing(replace(free, rows=(*free.rows, costs)), 1.0)

    def towards(self, price: Fraction) -> Problem | None:
        aversion = float(price / (1 + price))
        return self._weighing(_costing(self.base, lambda c, o, cost: (1 - aversion) * cost), aversion)

    def _at_most(self, bound: int) -> Problem:
        others = tuple(own for own in self.base.tails if own.name != "cvar")
        return replace(self.base, tails=(*others, replace(self.tail, bound=min(bound, self.tail.bound))))

    def _weighing(self, problem: Problem, weight: float) -> Problem:
        aim = replace(self.tail, name="objective", bound=math.inf, weight=weight)
        return replace(problem, tails=(aim, *problem.tails))


def offers_scores(scores: Sequence[Decimal | None]) -> None:
    """Refuse a market in which nothing has a quality score."""
    if all(score is None for score in scores):
        raise InputError("no offer states a quality score; a frontier of cost and quality needs a catalog with quality")

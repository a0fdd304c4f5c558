"""Alternatives are chosen before counts, where rows couple very many classes and selectors choose among their options.

For any prices on the rows, no solution costs less than what every selector's alternative costs at them (see `bound`): so prices give a
linear cost of a choice that is never too high, and those that suit a choice best give what it costs with counts as they come. A small
model of nothing but alternatives chooses by all the prices that are known. What it chooses is priced, and it chooses again, until it knew
the price. Then counts are made whole within that choice, and it is asked for the best of all others: once that costs no less than the best
solution so far, this is optimal.

Costs are micro-dollars. Imports numpy, and is imported only where there are many options.

Sources: J. F. Benders, Partitioning procedures for solving mixed-variables programming problems, Numerische Mathematik 4 (1962); A. M.
Geoffrion, Generalized Benders Decomposition, Journal of Optimization Theory and Applications 10 (1972).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from router import log
from router.errors import SolverError, TimeLimitError
from router.optimization.alternatives import RUNAWAY, STEPS, Alternatives
from router.optimization.arrays import Arrays, Floats, Whole
from router.optimization.ascent import ascent
from router.optimization.bound import certified
from router.optimization.model import LinearModel, LinearRow
from router.optimization.problem import Group, Problem, Size, Solution
from router.optimization.rows import Counts, whole_numbers
from router.optimization.run import Clock, solve_model
from router.units import SAME_COST

FROST = (1e-5, 1e-6, 1e-7, 1e-8)
"""As `alternatives.COLDER`, for one choice, whose price has to be known well."""
CLOSE = 1e-10
"""How well it is known, relative."""
UNIT = 1e3
"""Of the model's money."""
OPEN = 40
"""Alternatives besides the best of each selector that are open at first."""
ROUNDS = 60
"""How many models are solved at most."""
CHOICES = 8
"""In how many choices counts are made whole at most."""
SHARE = 0.5
"""Of the time that is left, for one model."""
HALF = 0.5
"""Of what two costs differ by at least: a bound nearer to a cost than this proves it."""

Settle: TypeAlias = Callable[[Problem, float | None], Solution | None]
"""The best solution of a problem of rows alone, given a cost above which none is wanted."""
Untie: TypeAlias = Callable[[Counts, Sequence[float]], Counts]
"""Among the solutions that cost as much as this one, the one that is preferred; given prices on the rows that prove it nearly."""


def chosen(problem: Problem, settle: Settle, untie: Untie, clock: Clock) -> Solution | None:
    """The best solution or, where time runs out, one with its bound; None if it was not found, or not proven, this way.

    Parameters
    ----------
    problem
        With rows and selectors, and nothing else that couples its classes.
    """
    arrays = Arrays.of_problem(problem)
    alternatives = Alternatives.of(problem, arrays, problem.everything)
    prices = None if alternatives is None else alternatives.priced(arrays)
    if alternatives is None or prices is None:
        return None
    master = _Master(alternatives, prices, arrays, clock)
    each: list[float] = (prices / arrays.units).tolist()
    whole = whole_numbers([option.cost for group in problem.groups for option in group.options])
    nearly = HALF * (1.0 if whole is None else max(1.0, float(whole[1])))
    best: Solution | None = None
    tied = False
    try:
        for _ in range(ROUNDS):
            found = master.choose(None if best is None else best.cost)
            if found is None:
                return None
            choice, low = found
            if best is not None and low > best.cost - nearly:
                # Ties are broken within the choice already.
                alone = low > best.cost + SAME_COST and not tied
                counts = best.counts if alone else untie(best.counts, each)
                log.debug("alternatives chosen", choices=len(master.shut), prices=len(master.known))
                return _answer(problem, counts, math.inf, master, each)
            if master.priced(choice, low):
                continue
            if len(master.shut) == CHOICES or master.is_shut(choice):
                return None
            master.shut.append((choice, low))
            part = _Part(problem, _taken(problem, alternatives, choice))
            settled = settle(part.problem, None if best is None else best.cost + SAME_COST)
            if settled is None:
                continue
            if not settled.proven:
                return None
            tied = best is not None and (
                abs(settled.cost - best.cost) <= SAME_COST or (tied and settled.cost > best.cost)
            )
            if best is None or settled.cost < best.cost:
                best = replace(settled, counts=part.counts(settled.counts))
    except (SolverError, TimeLimitError):
        if best is not None:
            return _answer(problem, best.counts, master.base, master, each)
    return None


def _answer(problem: Problem, counts: Counts, bound: float, master: _Master, prices: Sequence[float]) -> Solution:
    cost = problem.cost(counts)
    size = Size(nodes=len(master.shut) + master.models)
    certificate = certified(problem, master.base, prices)
    return Solution(counts, cost, min(bound, cost), "solver", proven=bound >= cost, size=size, certificate=certificate)


class _Master:
    """A model of alternatives alone.

    Attributes
    ----------
    known : list
        The bound at some prices, and what each alternative adds to it.
    shut : list
        Choices that are not wanted again, and what each costs at least.
    base : float
        No choice costs less.
    models : int
        How many were solved.
    """

    def __init__(self, alternatives: Alternatives, prices: Floats, arrays: Arrays, clock: Clock) -> None:
        self._all, self._prices, self._arrays, self._clock = alternatives, prices, arrays, clock
        self.models = 0
        self._used = alternatives.least_used()
        self.known: list[tuple[float, Floats]] = []
        self.shut: list[tuple[Whole, float]] = []
        self._learn(prices)
        self.base, entry = self.known[0]
        above = np.sort(entry[entry > 0])
        self._room = float(above[min(OPEN, len(above) - 1)]) if len(above) else 0.0
        self._most = float(entry.max())

    def choose(self, cost: float | None) -> tuple[Whole, float] | None:
        """The best choice but those shut out, and what no other costs less than; None if there is none, or no telling.

        Parameters
        ----------
        cost
            Choices above this are not wanted, if one is known that costs no more.
        """
        if cost is not None:
            self._room = max(0.0, cost - self.base)
        while True:
            model, columns = self._model(cost)
            self.models += 1
            answer = solve_model(model, self._clock.part(SHARE), whole=True, lean=True)
            if answer.solver != "highs":
                return None
            solved = answer.state == "optimal" and answer.bound is not None
            above = math.inf if answer.bound is None else answer.bound * UNIT
            if cost is not None or self._room >= self._most or (solved and above <= self._room):
                break
            # Choices that are closed may be better.
            self._room = 4 * self._room + 1
        if not solved:
            return None
        low = self.base + (above if self._room >= self._most else min(above, self._room))
        choice = np.array([own[max(range(len(own)), key=lambda k: answer.values[own[k][0]])][1] for own in columns])
        return choice, low

    def is_shut(self, choice: Whole) -> bool:
        """Whether a choice was shut out."""
        return any(np.array_equal(choice, other) for other, _ in self.shut)

    def priced(self, choice: Whole, low: float) -> bool:
        """Learn the prices that suit a choice; False if these say no more than was known."""
        part, arrays = self._all.only(choice), self._arrays
        warmth = [warm * arrays.scale for warm in FROST]
        prices = ascent(part, self._prices, warmth, STEPS)
        if not np.isfinite(prices).all() or (prices > RUNAWAY * arrays.start).any():
            prices = np.minimum(np.nan_to_num(prices, nan=0.0), RUNAWAY * arrays.start)
        cost = float(part.worth(prices).sum() - prices @ part.bounds)
        if cost <= low + CLOSE * abs(low):
            return False
        self._learn(prices)
        return True

    def _learn(self, prices: Floats) -> None:
        worth = self._all.worth(prices)
        least = np.minimum.reduceat(worth, self._all.selectors)
        self.known.append((float(least.sum() - prices @ self._all.bounds), worth - least[self._all.of_selector]))

    def _model(self, cost: float | None) -> tuple[LinearModel, list[list[tuple[int, int]]]]:
        """The model, and for each selector the columns of its alternatives."""
        model = LinearModel()
        above = model.add_column("above", 0)
        model.costs = {above: 1.0}
        entry = self.known[0][1]
        edges = [*self._all.selectors.tolist(), len(entry)]
        columns: list[list[tuple[int, int]]] = []
        for s, (start, end) in enumerate(pairwise(edges)):
            own = [a for a in range(start, end) if entry[a] <= self._room]
            columns.append([(model.add_column(f"z_{a}", 0, 1, whole=True), a) for a in own])
            model.rows.append(LinearRow(f"one_{s}", [z for z, _ in columns[-1]], [1.0] * len(own), "==", 1.0))
        pairs = [pair for own in columns for pair in own]
        zs, places = [z for z, _ in pairs], np.array([a for _, a in pairs])
        for k, (value, adds) in enumerate(self.known):
            numbers = [1.0, *(adds[places] / -UNIT).tolist()]
            model.rows.append(LinearRow(f"cost_{k}", [above, *zs], numbers, ">=", (value - self.base) / UNIT))
        for k, used in enumerate(self._used):
            unit = float(np.abs(used).max()) or 1.0
            numbers, right = (used[places] / unit).tolist(), float(self._all.bounds[k] / unit)
            model.rows.append(LinearRow(f"limit_{k}", zs, numbers, "<=", right + 1e-9 * (1 + abs(right))))
        if self.shut:
            # What was shut out may be had at a price, so that there is always a solution.
            paid = model.add_column("paid", 0, 1, whole=True)
            least = min(low for _, low in self.shut)
            model.costs[paid] = 1 + (self._room if cost is None else cost - least) / UNIT
            column = {a: z for z, a in pairs}
            for k, (choice, _) in enumerate(self.shut):
                # Where an alternative of it is closed, it is shut out already.
                taken = [column[a] for a in choice.tolist() if a in column]
                if len(taken) < len(choice):
                    continue
                numbers = [-1.0] * len(taken)
                model.rows.append(LinearRow(f"other_{k}", [*taken, paid], [*numbers, 1.0], ">=", 1.0 - len(taken)))
        return model, columns


def _taken(problem: Problem, alternatives: Alternatives, choice: Whole) -> list[list[int]]:
    """The options of each class that a choice opens."""
    chosen = np.isin(alternatives.of_alternative, choice)
    options = alternatives.options[chosen[alternatives.of_class]].tolist()
    sizes = [len(group.options) for group in problem.groups]
    places = [(c, o) for c, size in enumerate(sizes) for o in range(size)]
    taken: list[list[int]] = [[] for _ in sizes]
    for option in options:
        c, o = places[option]
        taken[c].append(o)
    return taken


class _Part:
    """The problem over some of its options, without selectors."""

    def __init__(self, problem: Problem, taken: list[list[int]]) -> None:
        self._whole, self._taken = problem, taken
        pairs = list(zip(problem.groups, taken, strict=True))
        groups = tuple(Group(group.count, tuple(group.options[o] for o in own)) for group, own in pairs)
        rows = [
            replace(
                row,
                uses=tuple(tuple(uses[o] for o in own) for uses, own in zip(row.uses, taken, strict=True)),
                per=None
                if row.per is None
                else tuple(tuple(per[o] for o in own) for per, own in zip(row.per, taken, strict=True)),
            )
            for row in problem.rows
        ]
        self.problem = Problem(groups, tuple(rows))

    def counts(self, counts: Counts) -> Counts:
        """A solution of the part as one of the whole problem."""
        found = []
        for group, own, row in zip(self._whole.groups, self._taken, counts, strict=True):
            used = dict(zip(own, row, strict=True))
            found.append(tuple(used.get(o, 0) for o in range(len(group.options))))
        return tuple(found)

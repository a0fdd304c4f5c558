"""What is bulky is settled first: packs and the brackets of volume discounts, before how many clips go where.

A solver that branches on counts of clips next to packs and brackets does not end. So one model has packs and brackets whole and counts as
they come: what it costs is a bound for all. Its structure is then held while the counts are made whole, which is a convex problem (see
`solver`). Then the same model is asked for the best of all other structures. Once that is dearer than the best solution so far, this is
optimal. Where a few structures do not settle it, or clips are few, counts are whole in that model too.

The spend beyond the packs lies in one bracket of a discount, and each bracket has a variable for it (the convex hull of the brackets:
E. Balas, Disjunctive Programming: Properties of the Convex Hull of Feasible Points, Discrete Applied Mathematics 89 (1998)). A structure is
shut out by a row of its differences from others. Such a row may be broken at a price, so that no model here is without a solution: what a
solver calls infeasible is doubted everywhere else as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from router import log
from router.errors import SolverError, TimeLimitError
from router.optimization.branching import better, relaxed
from router.optimization.formulation import Formulation, scaled, unit_of
from router.optimization.model import Answer, LinearRow
from router.optimization.problem import Problem, Size, Solution, without_limits
from router.optimization.rough import Discount
from router.optimization.rows import Amounts, Row, Sense, Uses, weighed
from router.optimization.run import Clock, solve_model
from router.optimization.tails import Tail
from router.units import SAME_COST

MARGIN = 1e-7
"""Relative: another structure is ruled out only where it is dearer by more than the solver's tolerances could hide."""
KNOWN = 1e-9
"""How well the model has to know tails, relative, as in `solver`."""
FEW = 3
"""Structures that are tried before counts are whole as well."""
SMALL = 500
"""Columns; in models that are no larger, counts are whole at once."""
MANY = 200
"""Structures; from here on the ranges are searched (see `branching`)."""
SHARE = 0.5
"""Of the time that is left, for one model."""
STATES = 4
"""The largest of the costs in so many states is written down at once."""
WHOLE = 1e-4
"""What is nearer to a whole number than this is taken for it."""
SENSES: tuple[Sense, ...] = ("at_most", "at_least")

Settle: TypeAlias = Callable[[Problem, float | None], Solution | None]
"""The best solution of a convex problem, given a cost above which none is wanted."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What is settled first."""

    brackets: tuple[int, ...]
    """Of each discount."""
    bought: tuple[int, ...]
    """Of each bulky class: how many members go to its first option."""


def structured(problem: Problem, settle: Settle, clock: Clock) -> Solution | None:
    """The best solution where packs and discounts are all that is bulky or rough; None if it was not found this way.

    Raises
    ------
    router.errors.TimeLimitError
        If the time ran out before any solution was found.
    """
    discounts = [part for part in problem.rough if isinstance(part, Discount)]
    bulky = [c for c, group in enumerate(problem.groups) if group.bulky]
    small = sum(len(group.options) for group in problem.groups) <= SMALL
    if len(discounts) < len(problem.rough) or any(part.low > 0 for part in discounts) or not (discounts or bulky):
        return None
    if any(len(problem.groups[c].options) != 2 for c in bulky):
        return None
    search = _Search(problem, discounts, bulky, clock)
    best: Solution | None = None
    bound = math.inf
    floor = -math.inf
    tried: list[Structure] = []
    try:
        while len(tried) < MANY:
            penalty = math.inf if best is None else best.cost - search.least + 2 * MARGIN * abs(best.cost)
            found = search.next(tried, penalty, whole=bool(tried) and (small or len(tried) >= FEW))
            if found is None:
                break
            structure, floor = found
            margin = 0.0 if best is None else MARGIN * abs(best.cost)
            if structure in tried or (best is not None and floor > best.cost + margin):
                floor = math.inf
                break
            tried.append(structure)
            part = settle(search.held(structure), None if best is None else best.cost + SAME_COST)
            if part is not None:
                bound = min(bound, part.bound)
                best = part if best is None or better(problem, part, best) else best
        else:
            return None
    except (SolverError, TimeLimitError):
        if best is None:
            return None
    if best is None:
        return None
    bound = min(best.cost, bound, floor)
    log.debug("structures settled", tried=len(tried), models=search.models)
    proven = best.cost - bound <= SAME_COST
    return replace(best, bound=bound, proven=proven, size=Size(nodes=search.models + len(tried)), certificate=None)


@dataclass(slots=True)
class _Cut:
    """A tail, and the linear costs of it that are known."""

    tail: Tail
    known: list[Uses]

    def learn(self, amounts: Amounts) -> bool:
        """Learn the cost of this solution; False if it was known."""
        value = float(self.tail.value(amounts))
        known = max(float(weighed(face, amounts)) for face in self.known)
        if not _above(value, known):
            return False
        self.known.append(self.tail.slope(amounts))
        return True

    def size(self, problem: Problem) -> float:
        """No solution costs more."""
        pairs = zip(problem.groups, self.tail.costs, strict=True)
        return math.fsum(
            group.count * max(abs(float(cost)) for states in own for cost in states) for group, own in pairs
        )


class _Search:
    """Models over all structures but some.

    Attributes
    ----------
    least : float
        No structure costs less than this, micro-dollars.
    models : int
        How many were solved.
    """

    def __init__(self, problem: Problem, discounts: Sequence[Discount], bulky: Sequence[int], clock: Clock) -> None:
        self.least = -math.inf
        self.models = 0
        self.problem, self.bulky, self._clock = problem, bulky, clock
        self.rows = [scaled(row) for row in problem.rows]
        self.brackets = [part.brackets() for part in discounts]
        self._position = {part.name: p for p, part in enumerate(discounts)}
        self._start = without_limits(problem)
        self.cuts: list[_Cut] = []
        self.tails = [self._placed(tail) for tail in problem.tails]
        self.ceilings = [
            (ceiling, [self._placed(tail) for tail in ceiling.objective.tails]) for ceiling in problem.ceilings
        ]
        self.unit, self._spread = self._scale()

    def next(self, tried: Sequence[Structure], penalty: float, *, whole: bool) -> tuple[Structure, float] | None:
        """The best structure but those, and what no other costs less than; None if there is none, or no telling.

        Parameters
        ----------
        penalty
            Those may be taken at this price, micro-dollars; infinite: at one above all others.
        whole
            Whether counts are whole as well.
        """
        many_states = any(len(cut.tail.probabilities) > len(cut.known) for cut in self.cuts)
        final = bool(tried) or not many_states
        while True:
            model = _Model(self, tried, min(penalty, self._spread), whole=whole)
            self.models += 1
            answer = solve_model(model.linear, self._clock.part(SHARE), whole=final, lean=True)
            if answer.state != "optimal" or answer.solver != "highs":
                return None
            if self._learned(model, answer):
                continue
            if final:
                break
            final = True
        floor = (model.linear.value(answer.values) if answer.bound is None else answer.bound) * self.unit
        if not tried:
            self.least = floor
        structure = model.structure(answer)
        return None if structure is None else (structure, floor)

    def held(self, structure: Structure) -> Problem:
        """The convex problem of one structure."""
        parts = tuple(own[k] for own, k in zip(self.brackets, structure.brackets, strict=True))
        problem = relaxed(self.problem, parts)
        rows = list(problem.rows)
        for c, count in zip(self.bulky, structure.bought, strict=True):
            uses = tuple(
                (1, *(0,) * (len(group.options) - 1)) if k == c else (0,) * len(group.options)
                for k, group in enumerate(problem.groups)
            )
            rows += [Row(f"bought_{c}", sense, count, uses, "clips", stated=False) for sense in SENSES]
        return replace(problem, rows=tuple(rows))

    def _placed(self, tail: Tail) -> tuple[float, int]:
        """The weight of a tail, and its discount, or what is known of it: as a position, or from the end."""
        if tail.name in self._position:
            return tail.weight, self._position[tail.name]
        for k, cut in enumerate(self.cuts):
            if cut.tail.name == tail.name and cut.tail.level == tail.level and cut.tail.costs == tail.costs:
                return tail.weight, -1 - k
        if tail.level is None and len(tail.probabilities) <= STATES:
            known = [tail.state(s) for s in range(len(tail.probabilities))]
        else:
            known = [tail.slope(self._start)]
        self.cuts.append(_Cut(tail, known))
        return tail.weight, -len(self.cuts)

    def _scale(self) -> tuple[float, float]:
        """A unit for the solver, and by how much structures can differ at most."""
        pairs = [(group.count, [option.cost for option in group.options]) for group in self.problem.groups]
        total = math.fsum(count * max(map(abs, costs)) for count, costs in pairs)
        spent = math.fsum(own[-1].high for own in self.brackets)
        risks = math.fsum(abs(weight * self.cuts[-1 - k].size(self.problem)) for weight, k in self.tails if k < 0)
        return unit_of(float(self.problem.cost(self._start))), 2 * (total + spent + risks)

    def _learned(self, model: _Model, answer: Answer) -> bool:
        """Whether a solution shows something new of the tails."""
        if not self.cuts:
            return False
        amounts = model.formulation.amounts(answer)
        learn = {-1 - k for weight, k in self.tails if k < 0 and (weight or self._broken(-1 - k, amounts))}
        for ceiling, tails in self.ceilings:
            parts = [float(weighed(ceiling.objective.weights, amounts))]
            for weight, k in tails:
                value = answer.values[model.tails[k]] * self.unit if k >= 0 else self.cuts[-1 - k].tail.value(amounts)
                parts.append(weight * float(value))
            if _above(math.fsum(parts), float(ceiling.bound)):
                learn |= {-1 - k for _, k in tails if k < 0}
        return sum(self.cuts[k].learn(amounts) for k in learn) > 0

    def _broken(self, k: int, amounts: Amounts) -> bool:
        tail = self.cuts[k].tail
        return tail.bound < math.inf and _above(float(tail.value(amounts)), float(tail.bound))


class _Model:
    """One model over all structures but some; money is in the search's unit.

    Attributes
    ----------
    formulation : Formulation
    linear : LinearModel
    tails : dict of int to int
        The column of each discount's and each cut's cost.
    """

    def __init__(self, search: _Search, tried: Sequence[Structure], penalty: float, *, whole: bool) -> None:
        problem, self._unit = search.problem, search.unit
        self.formulation = Formulation(problem, search.rows, [problem.costs])
        self.linear = self.formulation.model
        self._bulky = [self.formulation.x[c][0] for c in search.bulky]
        self._most = [problem.groups[c].count for c in search.bulky]
        settled = {column for c in search.bulky for column in self.formulation.x[c]}
        counts = [column for own in self.formulation.x for column in own if column not in settled]
        for column in counts if not whole else ():
            if column is not None:
                self.linear.whole[column] = False
        self.linear.costs = dict(zip(*self._money(problem.costs), strict=True))
        self._chosen: list[list[int]] = []
        self.tails = {p: self._discount(p, own) for p, own in enumerate(search.brackets)}
        for k, cut in enumerate(search.cuts):
            self.tails[-1 - k] = self._cut(k, cut)
        for weight, k in search.tails:
            if weight:
                self.linear.costs[self.tails[k]] = self.linear.costs.get(self.tails[k], 0.0) + weight
        for k, (ceiling, tails) in enumerate(search.ceilings):
            columns, numbers = self._money(ceiling.objective.weights)
            columns += [self.tails[t] for _, t in tails]
            numbers += [weight for weight, _ in tails]
            self._row(f"ceiling_{k}", columns, numbers, "<=", self._bound(float(ceiling.bound), ceiling.digits))
        if tried:
            self._paid = self.linear.add_column("paid", 0, 1, whole=True)
            self.linear.costs[self._paid] = penalty / self._unit
        for k, structure in enumerate(tried):
            self._shut_out(k, structure)

    def structure(self, answer: Answer) -> Structure | None:
        """What a solution has settled; None if that is not whole."""
        brackets = [[answer.values[z] for z in own] for own in self._chosen]
        bought = [answer.values[x] for x in self._bulky if x is not None]
        if any(abs(value - round(value)) > WHOLE for value in (*bought, *(z for own in brackets for z in own))):
            return None
        return Structure(tuple(own.index(max(own)) for own in brackets), tuple(map(round, bought)))

    def _money(self, weights: Uses) -> tuple[list[int], list[float]]:
        return self.formulation.terms([[float(weight) / self._unit for weight in own] for own in weights])

    def _bound(self, bound: float, digits: int = 0) -> float:
        """With what rounding allows."""
        return (bound + 0.5 * 10.0**-digits) / self._unit

    def _row(
        self, name: str, columns: list[int], numbers: list[float], sense: Literal["<=", ">=", "=="], right: float
    ) -> None:
        self.linear.rows.append(LinearRow(name, columns, numbers, sense, right))

    def _discount(self, p: int, brackets: Sequence[Discount]) -> int:
        """Minus the saving: of what is not paid for by packs, which is in one of the brackets, all but the discount is paid."""
        add = self.linear.add_column
        cost = add(f"saving_{p}")
        rest = [add(f"rest_{p}_{k}", 0) for k in range(len(brackets))]
        chosen = [add(f"bracket_{p}_{k}", 0, 1, whole=True) for k in range(len(brackets))]
        self._chosen.append(chosen)
        self._row(f"one_bracket_{p}", list(chosen), [1.0] * len(chosen), "==", 1.0)
        spent, spend = self._money(brackets[0].spend)
        covering, cover = self._money(brackets[0].covers)
        self._row(
            f"beyond_{p}", [*rest, *spent, *covering], [*[1.0] * len(rest), *[-s for s in spend], *cover], ">=", 0.0
        )
        columns, numbers = [cost, *spent], [1.0, *spend]
        for r, z, part in zip(rest, chosen, brackets, strict=True):
            self._row(f"high_{r}", [r, z], [1.0, -part.high / self._unit], "<=", 0.0)
            self._row(f"low_{r}", [r, z], [1.0, -part.low / self._unit], ">=", 0.0)
            rate, constant = part.chord()
            columns += [r, z]
            numbers += [-(1 - rate), -constant / self._unit]
        self._row(f"saved_{p}", columns, numbers, ">=", 0.0)
        return cost

    def _cut(self, k: int, cut: _Cut) -> int:
        """No less than each of its linear costs, and no more than its bound."""
        most = None if cut.tail.bound == math.inf else self._bound(float(cut.tail.bound))
        cost = self.linear.add_column(f"tail_{k}", None, most)
        for f, face in enumerate(cut.known):
            columns, numbers = self._money(face)
            self._row(f"tail_{k}_{f}", [*columns, cost], [*numbers, -1.0], "<=", 0.0)
        return cost

    def _shut_out(self, k: int, structure: Structure) -> None:
        """Some bracket is another one, or more or less of something is bought, or the price is paid."""
        columns = [own[b] for own, b in zip(self._chosen, structure.brackets, strict=True)]
        numbers = [-1.0] * len(columns)
        for x, count, most in zip(self._bulky, structure.bought, self._most, strict=True):
            if x is None:
                continue
            if count > 0:
                less = self.linear.add_column(f"less_{k}_{x}", 0, 1, whole=True)
                self._row(f"less_{k}_{x}", [x, less], [1.0, float(most - count + 1)], "<=", float(most))
                columns, numbers = [*columns, less], [*numbers, 1.0]
            if count < most:
                more = self.linear.add_column(f"more_{k}_{x}", 0, 1, whole=True)
                self._row(f"more_{k}_{x}", [x, more], [1.0, -float(count + 1)], ">=", 0.0)
                columns, numbers = [*columns, more], [*numbers, 1.0]
        right = 1.0 - len(structure.brackets)
        self._row(f"other_{k}", [*columns, self._paid], [*numbers, 1.0], ">=", right)


def _above(value: float, known: float) -> bool:
    return value - known > 1e-4 + KNOWN * abs(value)

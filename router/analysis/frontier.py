"""The exact Pareto set of the cost and a second figure, by the epsilon-constraint method.

A point is found as the cheapest plan that reaches a value of the second figure, and proven by the cheapest plan beyond its own value, which
costs more. That plan is also where the point's neighbour is found. Of a large set points near evenly spread values are found.

Source: Y. Y. Haimes, L. S. Lasdon and D. A. Wismer, On a Bicriterion Formulation of the Problems of Integrated System Identification and
System Optimization, IEEE Transactions on Systems, Man, and Cybernetics 1 (1971).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple, get_args

from router.analysis.second_figures import SecondFigure, offers_scores, prepared, second_figure
from router.analysis.steps import moved
from router.analysis.study import Answer
from router.errors import InputError
from router.market import open_market
from router.optimization.branching import truth_at
from router.optimization.problem import Problem
from router.optimization.rows import Counts
from router.optimization.solve import solve
from router.pipeline import Modelled, modelled, plan
from router.schema.frontier import Frontier, FrontierPoint, Second
from router.schema.scenario import Scenario
from router.units import from_micro

MOST = 50
"""Points that are given, if nothing else is asked for."""

Progress = Callable[[int, int], None]
"""Called with how many points are found, and of how many at most."""


def frontier(
    scenario: Scenario,
    of: Sequence[str] = ("cost", "quality"),
    *,
    on: dt.date | None = None,
    points: int = MOST,
    progress: Progress | None = None,
) -> Frontier:
    """The plans that nothing beats in cost without losing in a second figure.

    Parameters
    ----------
    of
        ``cost``, and ``quality`` (the mean over the clips made), ``cvar`` (the mean of the worst outcomes, at the level of
        ``limits.cvar``, else of the objective) or ``clips-served``. Clips without a value are always made.
    on
        The day that prices and dates of sale are judged on; today if absent.
    points
        At most this many; a larger set is given by so many points of it, both ends and the knee among them.

    Raises
    ------
    router.errors.NoPlanError
        If no plan exists.
    router.errors.InputError
        If the figures are no such pair, the scenario has no such figure or minimises something else than the expected cost; or if a
        catalog cannot be read, prices something twice, or sells nothing any more.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> clips = [{"seconds": 10, "count": 3, "value_usd": 2}]
    >>> found = router.frontier(router.Scenario(clips=clips), of=("cost", "clips-served"), on=dt.date(2026, 4, 10))
    >>> [(str(point.cost_usd), point.served) for point in found.points]
    [('0.000000', 0), ('0.750000', 1), ('1.500000', 2), ('2.250000', 3)]
    """
    second = _second(of)
    if points < 3:
        raise InputError("a frontier has three points at least: its ends and its knee")
    aim = scenario.objective
    if aim.minimise != "expected" or aim.risk_aversion:
        raise InputError(
            'a frontier sets the expected cost against something else; set objective.minimise = "expected" and no risk_aversion'
        )
    ready = prepared(scenario, second)
    if second == "quality":
        offers_scores([offer.quality for offer in open_market(ready, on).offers])
    found = modelled(ready, on)
    explorer = _Explorer(second_figure(found, second, scenario), points, progress)
    explored = explorer.explore()
    if explored is None:
        plan(ready, on=on, shadow_prices=False)  # It says why there is none
        raise InputError("no plan that makes a clip exists")
    level = float((ready.limits.cvar or aim).level) if second == "cvar" else None
    return Frontier(
        schema=1,
        title=scenario.title,
        of=("cost", second),
        level=level,
        points=_points(found, explored, second, level),
        complete=not explored.open,
        at_least=len(explored.found) + explored.open,
        knee_known=explored.knee_known or not explored.open,
        proven=explorer.proven,
        solved=explorer.solved,
    )


def _second(of: Sequence[str]) -> Second:
    if len(of) == 2 and of[0] == "cost":
        for known in get_args(Second):
            if of[1] == known:
                return known  # type: ignore[no-any-return]
    raise InputError("a frontier is of cost,quality or cost,cvar or cost,clips-served")


class _Spot(NamedTuple):
    """One plan: its cost in micro-dollars, its second figure, and what it is."""

    cost: int
    value: Fraction
    counts: Counts


class _Explored(NamedTuple):
    found: list[_Spot]
    """Cheapest first."""
    open: int
    """Between how many neighbours of these there are further points."""
    between: set[int]
    """Positions of those points before which there are some."""
    knee_known: bool


class _Gap(NamedTuple):
    """Between two points: the upper one, and the value from which on there are none between."""

    above: Fraction
    empty_from: Fraction


class _Explorer:
    """Finds points of the set."""

    def __init__(self, figure: SecondFigure, most: int, progress: Progress | None) -> None:
        self._figure, self._most, self._progress = figure, most, progress
        self._further: dict[Fraction, _Spot | None] = {}
        self._found: dict[Fraction, _Spot] = {}
        self._gaps: dict[Fraction, _Gap] = {}
        """By the value of the lower point, where there are points between."""
        self.solved = 0
        self.proven = True

    def explore(self) -> _Explored | None:
        """Points of the set, both ends among them; None: there is no plan."""
        cheapest = self._cheapest(self._figure.base)
        if cheapest is None:
            return None
        low = self._settled(cheapest)
        best = self._figure.best(self._counts)
        top = None if best is None else self._cheapest(self._figure.reaching(best))
        high = low if top is None or top.value <= low.value else self._settled(top)
        # What makes the best value is off by the tolerance of a search, and by packs and discounts: what lies beyond is looked for until
        # there is nothing.
        while (more := self._beyond(high)) is not None:
            high = self._settled(more)
        self._found = {low.value: low, high.value: high}
        self._note(low.value, high.value, high.value)
        knee_known = self._add_knee(low, high)
        room = self._most - len(self._found) + 1
        for step in range(1, room):
            self._reach(low.value + (high.value - low.value) * step / room)
        while self._gaps and len(self._found) < self._most:
            self._fill(max(self._gaps, key=lambda below: (self._gaps[below].empty_from - below, -below)))
        found = [self._found[value] for value in sorted(self._found)]
        between = {k for k in range(len(found)) if k and found[k - 1].value in self._gaps}
        return _Explored(found, len(between), between, knee_known)

    def _add_knee(self, low: _Spot, high: _Spot) -> bool:
        """Find the point farthest from the line between the ends, where that can be said as a problem."""
        if not self._gaps:
            return True
        problem = self._figure.towards(Fraction(high.cost - low.cost) / (high.value - low.value))
        if problem is None or (found := self._cheapest(problem)) is None:
            return False
        self._reach(found.value)
        return True

    def _reach(self, value: Fraction) -> None:
        """Find the point that is the cheapest with this value, unless it is known that there is no new one."""
        below = next((below for below, gap in self._gaps.items() if below < value <= gap.above), None)
        if below is None or value >= (gap := self._gaps[below]).empty_from:
            return
        found = self._cheapest(self._figure.reaching(value))
        assert found is not None, "the upper point has this value"
        if found.cost >= self._found[gap.above].cost:
            self._gaps[below] = gap._replace(empty_from=value)
        else:
            self._insert(below, gap, self._settled(found), value)

    def _fill(self, below: Fraction) -> None:
        """Find a point in a gap: near the middle, else next to the lower one."""
        gap = self._gaps[below]
        if gap.empty_from == gap.above:
            self._reach((below + gap.above) / 2)
            return
        further = self._beyond(self._found[below])
        assert further is not None, "there are points in a gap"
        self._insert(below, gap, self._settled(further), further.value)

    def _insert(self, below: Fraction, gap: _Gap, spot: _Spot, empty_from: Fraction) -> None:
        """Put a point into a gap; from ``empty_from`` up to it there is none."""
        self._found[spot.value] = spot
        del self._gaps[below]
        self._note(below, spot.value, empty_from)
        self._note(spot.value, gap.above, gap.empty_from)
        if self._progress is not None:
            self._progress(len(self._found), self._most)

    def _note(self, below: Fraction, above: Fraction, empty_from: Fraction) -> None:
        """Remember a gap, if there are points in it."""
        if below < above and not self._neighbours(self._found[below], self._found[above]):
            self._gaps[below] = _Gap(above, empty_from)

    def _neighbours(self, low: _Spot, high: _Spot) -> bool:
        """Whether what is cheapest beyond the lower one costs as much as the upper one, and so no point lies between."""
        further = self._beyond(low)
        return further is None or further.cost >= high.cost

    def _settled(self, spot: _Spot) -> _Spot:
        """The point of the set that costs as much as the cheapest plan of some value."""
        while (problem := self._figure.refined(spot.cost)) is not None:
            refined = self._cheapest(problem)
            if refined is None or refined.value <= spot.value or self._cost(refined.counts) > spot.cost:
                break
            spot = refined._replace(cost=spot.cost)
        while (further := self._beyond(spot)) is not None and further.cost <= spot.cost:
            spot = further
        return spot

    def _beyond(self, spot: _Spot) -> _Spot | None:
        """The cheapest plan of a better value."""
        if spot.value not in self._further:
            self._further[spot.value] = self._cheapest(self._figure.beyond(spot.value))
        return self._further[spot.value]

    def _cheapest(self, problem: Problem) -> _Spot | None:
        counts = self._counts(problem)
        return None if counts is None else _Spot(self._cost(counts), self._figure.value(counts), counts)

    def _cost(self, counts: Counts) -> int:
        return round(truth_at(self._figure.base, counts).cost(counts))

    def _counts(self, problem: Problem) -> Counts | None:
        self.solved += 1
        found = solve(problem)
        self.proven = self.proven and (found is None or found.proven)
        return None if found is None else found.counts


def _points(found: Modelled, explored: _Explored, second: Second, level: float | None) -> tuple[FrontierPoint, ...]:
    spots, knee = explored.found, _knee(explored.found)
    answers = [Answer(found, spot.counts) for spot in spots]
    points = []
    for k, (spot, answer) in enumerate(zip(spots, answers, strict=True)):
        sums = answer.sums
        quality = _rounded_down(spot.value) if second == "quality" else None
        cvar = from_micro(int(-spot.value)) if second == "cvar" else None
        points.append(
            FrontierPoint(
                cost_usd=answer.objective_usd - (from_micro(sums.lost) if second == "clips-served" else 0),
                quality=quality,
                cvar_usd=cvar,
                served=sums.served,
                left_out=sums.asked - sums.served,
                expected_usd=answer.expected_usd,
                left_out_value_usd=from_micro(sums.lost),
                worst_per_request_usd=from_micro(sums.worst),
                primaries=answer.primaries,
                knee=k == knee,
                adjacent=k > 0 and k not in explored.between,
                moved=moved(answers[k - 1], answer) if k else (),
                set="" if _undercut(answer, second) else _set(quality, cvar, level),
            )
        )
    return tuple(points)


def _undercut(answer: Answer, second: Second) -> bool:
    """Whether to make nothing at all is better; a mean of no clips is no figure, but it keeps any limit."""
    assert answer.found is not None
    clips = answer.found.market.scenario.clips
    if second != "quality" or any(clip.value_usd is None for clip in clips):
        return False
    return answer.objective_usd > sum((clip.value_usd or 0) * clip.count for clip in clips)


def _set(quality: Decimal | None, cvar: Decimal | None, level: float | None) -> str:
    if quality is not None:
        return f"limits.mean_quality_min={quality:f}"
    return "" if cvar is None else f"limits.cvar={{ level = {level}, usd = {cvar:f} }}"


def _knee(found: Sequence[_Spot]) -> int | None:
    """Which lies farthest above the line from the first to the last, each figure measured by how far these lie apart."""
    low, high = found[0], found[-1]
    if len(found) < 3:
        return None
    gains = [
        (spot.value - low.value) / (high.value - low.value) - Fraction(spot.cost - low.cost, high.cost - low.cost)
        for spot in found
    ]
    most = max(gains)
    return gains.index(most) if most > 0 else None


def _rounded_down(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 40
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal("0.000000001"), ROUND_FLOOR)

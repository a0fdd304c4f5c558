"""The solution of least objective, over no more options than it takes to prove that.

A core of the options of little excess gives a first solution; what that leaves possible is searched for the proof (see `bound`). Where
there is a better way for classes of a kind, that goes first: members to spare (see `corner`) or knapsacks (see `packing`). Where a first
search of classes with few members does not end soon, what comes near the bound is looked at in pairs of halves (see `pairs`).
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from router.errors import SolverError, TimeLimitError
from router.optimization.bound import Bound
from router.optimization.formulation import Formulation, ScaledRow
from router.optimization.model import SolverName
from router.optimization.outline import Outline
from router.optimization.prices import Relaxed
from router.optimization.problem import HALF_A_UNIT, Problem
from router.optimization.rows import Counts
from router.optimization.run import OTHER, Clock, EndedError, Found, run
from router.optimization.tails import Objective

if TYPE_CHECKING:
    from router.optimization.corner import Corner

TOLERANCE = 1e-6
"""By how much the solver may miss a row, in its units, even where that is not for taking what is nearly whole for whole."""
REPAIRS = 10
"""How often a limit that a solution misses by a rounding is tightened before giving up."""
NEAR = 1e-9
"""An objective with tails is taken as proven within this, relative, where ``TAIL_NODES`` do not prove it to the last digit."""
TAIL_NODES = 3000
"""How far a search goes whose objective has tails: the largest of several sums can be next to impossible to bring to its least."""
A_UNIT = 1.0
"""Micro-dollars; nearer than this is proven to the micro-dollar: a margin for rounding stands between a corner's bound and its plan."""
CORNERED = 500
"""Options; with fewer, a search takes less time than loading what does without."""
TO_SPARE = 10
"""Members of a class, on average: with fewer, what the corner relaxation finds is hardly ever a solution."""
TO_SPARE_BY_TAILS = 2
"""The same where the objective has tails, next to which it knows how many there are of the members that matter most."""
FEW = 3
"""Members of a class, for which pairs of halves are looked at."""
OPEN_STEPS = 30
"""Where the objective has tails, the first guess opens the options of this many excesses per limit."""
CORE_STEPS = 60
"""The first core opens the options of this many excesses: enough for a solution that is the best, or nearly."""
CORE_NODES = 1000
"""How far a core is searched for a first solution; the search that proves it has no such end."""
CORE_PART = 0.25
"""Of the options besides the best of each class: what a core of more leaves out is not worth a search of its own."""
CORE_SHARE = 0.25
"""Of the time that is left."""
PAIR_SHARE = 0.5
"""The same for pairs of halves: where they settle nothing, the bound is often better than that of a search."""


@dataclass(frozen=True, slots=True)
class Least:
    """A solution of least objective, and the bound that proves it."""

    counts: Counts
    relaxed: Bound
    lower: float
    """No solution has a lower objective."""
    proven: bool
    """Whether that is the solution's own or, where it has tails, near it."""


def least(problem: Problem, outline: Outline, clock: Clock, start: Relaxed) -> Least | None:
    """The solution of least objective over no more options than it takes to prove that; None if there is none.

    Parameters
    ----------
    outline
        The objective and the limits; learns on the way.
    start
        The relaxation.
    """
    relaxed = start.bound
    most = relaxed.possible(problem.everything)
    floor, known, wanted = _beforehand(problem, start, clock)
    if known is not None and known.proven:
        return known
    near, room, whole = _begun(problem, outline, relaxed, most)
    if known is not None:
        room, whole = float(outline.objective.value(known.counts)) - relaxed.value, False
    # How it ends is not known beforehand: what pairs of halves settle is asked once a search has not ended soon.
    to_pair = known is None and not near and _few(problem)
    while True:
        open_to = most if whole else relaxed.closing(relaxed.value + room, most)
        first = known is None and not near and (to_pair or open_to != most)
        if first and wanted:
            open_to = _opened(open_to, wanted, most)
        max_nodes = TAIL_NODES if near else CORE_NODES if first else None
        cutoff = None if known is None or near else float(outline.objective.value(known.counts))
        try:
            found = best(problem, outline, clock.part(CORE_SHARE) if first else clock, open_to, max_nodes, cutoff)
            if found is None and open_to == most:
                return None
        except (TimeLimitError, EndedError):
            if known is not None:
                return known
            if not first or clock.left == 0:
                raise
            found = None
        if found is not None:
            # What is closed weighs more than the room.
            beyond = math.inf if open_to == most else relaxed.value + room
            known = _better(outline.objective, known, _judged(outline.objective, found, relaxed, floor, beyond, near))
            if known.proven or not (found.proven or first):
                return known
        if first and to_pair:
            floor, known = _paired(problem, relaxed, floor, known, clock)
            if known is not None and known.proven:
                return known
        if known is None or (found is None and not first):
            room = 4 * room + 1
        else:
            far = float(outline.objective.value(known.counts)) - relaxed.value
            # Where many options, or alternatives, cost next to nothing, a solution a little better closes most of them again.
            room = min(4 * room + 1, far) if near or problem.selectors else far
        to_pair, whole = False, whole and known is None


def _begun(problem: Problem, outline: Outline, relaxed: Bound, most: Counts) -> tuple[float, float, bool]:
    """How near to the least is near enough, how far above the bound the first core goes, and whether everything is searched at once."""
    if outline.objective.tails:
        near, opened = NEAR * abs(relaxed.value), OPEN_STEPS * (1 + len(outline.limits))
    else:
        near, opened = 0.0, CORE_STEPS
    steps = relaxed.steps(most)
    # An alternative opens all its options at once.
    alternatives = [alternative for selector in problem.selectors for alternative in selector.alternatives]
    together = sum(len(options) for alternative in alternatives for _, options in alternative)
    opened *= max(1, together // (len(alternatives) or 1))
    room = max(near, steps[min(len(steps), opened) - 1] if steps else 0.0)
    return near, room, not near and opened > CORE_PART * len(steps)


def _judged(objective: Objective, found: Found, relaxed: Bound, floor: float, beyond: float, near: float) -> Least:
    """What a search says of the solution that it found.

    Parameters
    ----------
    floor
        No solution has a lower objective.
    beyond
        No solution that the search had closed has a lower one.
    """
    value = float(objective.value(found.counts))
    exact = (found.proven and value <= beyond) or value <= floor + HALF_A_UNIT
    lower = value if exact else min(value, max(floor, min(found.bound, beyond)))
    return Least(found.counts, relaxed, lower, exact or value <= lower + near)


def _opened(open_to: Counts, options: Set[tuple[int, int]], most: Counts) -> Counts:
    """What is open, and these options."""
    return tuple(
        tuple(top if (c, o) in options else now for o, (now, top) in enumerate(zip(*own, strict=True)))
        for c, own in enumerate(zip(open_to, most, strict=True))
    )


def _better(objective: Objective, known: Least | None, new: Least) -> Least:
    """The better solution, with the better bound."""
    if known is None:
        return new
    kept = new if objective.value(new.counts) <= objective.value(known.counts) else known
    value = float(objective.value(kept.counts))
    lower = min(value, max(new.lower, known.lower))
    return replace(kept, lower=lower, proven=kept.proven or value - lower <= HALF_A_UNIT)


def _beforehand(problem: Problem, start: Relaxed, clock: Clock) -> tuple[float, Least | None, Set[tuple[int, int]]]:
    """What is known before the solver searches: a lower bound, a solution if there is one, else options to try first."""
    relaxed = start.bound
    at_corner = _cornered(problem, start, clock.part(CORE_SHARE)) if start.amounts else None
    if at_corner is None:
        return *_packed(problem, relaxed, clock), frozenset()
    floor, counts = max(relaxed.value, at_corner.lower), at_corner.counts
    if counts is None:
        return floor, None, at_corner.options
    cost = problem.cost(counts)
    proven = cost - floor < A_UNIT
    return floor, Least(counts, relaxed, cost if proven else floor, proven), at_corner.options


def _few(problem: Problem) -> bool:
    """Whether classes have so few members that the ways to settle them can be listed, and nothing but rows couples them."""
    coupled = problem.tails or problem.ceilings or problem.selectors or not problem.rows
    return not coupled and all(group.count <= FEW for group in problem.groups)


def _paired(
    problem: Problem, relaxed: Bound, floor: float, known: Least | None, clock: Clock
) -> tuple[float, Least | None]:
    """The lower bound and the solution, as far as pairs of halves better them."""
    from router.optimization.pairs import paired  # As in `_cornered`

    cost = math.inf if known is None else problem.cost(known.counts)
    found = paired(problem, relaxed, cost, clock.part(PAIR_SHARE))
    if found is None:
        return floor, known
    floor, counts = max(floor, found.lower), found.counts or (None if known is None else known.counts)
    if counts is None:
        return floor, None
    cost = problem.cost(counts)
    lower = min(cost, max(floor, -math.inf if known is None else known.lower))
    return lower, Least(counts, relaxed, cost if cost - lower <= HALF_A_UNIT else lower, cost - lower <= HALF_A_UNIT)


def _cornered(problem: Problem, start: Relaxed, clock: Clock) -> Corner | None:
    """The corner relaxation, where it can be had.

    It is tried where classes have members to spare and nothing couples them but rows, and tails in the objective.
    """
    classes = problem.groups
    members, options = sum(group.count for group in classes), sum(len(group.options) for group in classes)
    coupled = any(tail.bound < math.inf for tail in problem.tails) or problem.ceilings or problem.selectors
    spare = TO_SPARE_BY_TAILS if problem.objective.tails else TO_SPARE
    if coupled or members < spare * len(classes) or options < CORNERED:
        return None
    from router.optimization.corner import corner  # Importing numpy costs more than most plans

    return corner(problem, start, clock)


def _packed(problem: Problem, relaxed: Bound, clock: Clock) -> tuple[float, Least | None]:
    """A lower bound, and the best solution found by sharing classes out over knapsacks, where the problem is of that kind."""
    if not problem.rows or any(group.count != 1 for group in problem.groups):
        return relaxed.value, None
    from router.optimization.packing import packed  # As in `_cornered`

    found = packed(problem, relaxed.prices, clock)
    if found is None:
        return relaxed.value, None
    lower = max(found.lower, relaxed.value)
    return lower, Least(found.counts, relaxed, lower, found.proven) if found.counts is not None else None


def best(
    problem: Problem, outline: Outline, clock: Clock, most: Counts, max_nodes: int | None = None,
    cutoff: float | None = None,
) -> Found | None:  # fmt: skip
    """The solution of least objective that keeps the limits exactly; None if the solver finds that there is none.

    A solution that shows the outline something new is refused: the outline learns it and is solved again. So is one that misses a limit
    by less than the solver's tolerance: its row is tightened. Where that does not help, the other solver is asked.

    Parameters
    ----------
    most
        How many of each class may go to each option.
    max_nodes
        Ends each solve after so many nodes of the search tree.
    cutoff
        The objective of a solution that is known, and that is among these.
    """
    known: Found | None = None
    bound = -math.inf
    tightened: dict[int, ScaledRow] = {}
    repairs = 0
    solver: SolverName | None = None
    while repairs < REPAIRS:
        rows = [tightened.get(k, row) for k, (_, _, row) in enumerate(outline.rows)]
        try:
            found = run(Formulation(problem, rows, outline.faces, most), clock, max_nodes, solver, cutoff)
        except TimeLimitError:
            if known is None:
                raise
            return Found(known.counts, proven=False, bound=bound)
        if found is None:
            return None
        bound = max(bound, found.bound)
        missed = [limit for limit in outline.limits if not limit.holds(found.counts)]
        if not missed:
            known = found if known is None else min(known, found, key=lambda way: outline.objective.value(way.counts))
            if not found.proven or not outline.learn_value(found.counts):
                return Found(known.counts, found.proven, bound)
        elif not outline.learn_limits(missed, found.counts):
            repairs += 1
            for k, (limit, _, now) in enumerate(outline.rows):
                if limit in missed:
                    row = tightened.get(k, now)
                    tightened[k] = row.tightened(max(TOLERANCE, row.missed(found.counts)))
            if repairs == REPAIRS and solver is None:
                solver, repairs, tightened = OTHER, 0, {}
    raise SolverError("the solver's solutions miss a limit by more than rounding")

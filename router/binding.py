"""What limits do to a plan: what one more unit of each would save, and which clips they push off their cheapest way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from router.assembly.routes import Pushed
from router.at_risk import by_state
from router.errors import TimeLimitError
from router.market import Market, ways_to_make, with_deadline
from router.optimization.branching import truth_at
from router.optimization.limits import assignment
from router.optimization.problem import HALF_A_UNIT, Problem, Solution
from router.optimization.rough import Deadline
from router.optimization.rows import Bounded, Counts, Limit, Number, Unit, Uses, weighed
from router.optimization.sensitivity import NEXT_TO_NOTHING, Looser, loosened_by_one
from router.optimization.solve import solve
from router.schema.candidate import Choices
from router.schema.plan import LimitValue
from router.schema.scenario import Scenario
from router.units import MICRO, SAME_COST, to_micro

STEPS: dict[Unit, Fraction] = {
    "usd": Fraction(MICRO),
    "clips": Fraction(1),
    "seconds": Fraction(1),
    "share": Fraction(1, 100),
    "score": Fraction(1, 10),
    "minutes": Fraction(1),
}
"""How much looser a bound is tried: a dollar, a clip, a second, a hundredth, a tenth of a score, a minute."""


def step_of(unit: Unit) -> Fraction:
    """The step of a unit as a plan shows it, money in dollars."""
    return STEPS[unit] / MICRO if unit == "usd" else STEPS[unit]


def priced(
    values: Sequence[LimitValue],
    market: Market,
    choices: Sequence[Choices],
    problem: Problem,
    solution: Solution,
    time_limit_seconds: float | None,
) -> tuple[LimitValue, ...]:
    """The limits of a plan with what one more unit of each saves; as they are where that is not known."""
    if not solution.proven:
        return tuple(values)
    end = None if time_limit_seconds is None else time.monotonic() + time_limit_seconds
    steps: dict[Unit, Fraction] = {unit: step for unit, step in STEPS.items() if unit != "minutes"}
    if solution.method == "argmin":  # No limit binds
        found = {value.limit: (0.0, 0) for value in values}
    else:
        loosened = loosened_by_one(problem, solution, steps, time_limit_seconds)
        found = {looser.name: (looser.saved, _more(choices, looser, solution)) for looser in loosened}
    if any(value.unit == "minutes" for value in values):
        later = _a_minute_later(market, choices, solution, end)
        found |= {} if later is None else {value.limit: later for value in values if value.unit == "minutes"}
    return tuple(_with_price(value, *found[value.limit]) if value.limit in found else value for value in values)


def _with_price(value: LimitValue, saved: float, more_clips: int) -> LimitValue:
    price = saved / MICRO / float(step_of(value.unit))
    return value.model_copy(update={"shadow_price": round(price, 9), "more_clips": more_clips})


def _more(choices: Sequence[Choices], looser: Looser, solution: Solution) -> int:
    """How many more finished clips are made."""
    classes = [c for c, _ in looser.counts if c < len(choices)]
    own = [choices[c] for c in classes]
    before = [solution.counts[c] for c in classes]
    after = [row for c, row in looser.counts if c < len(choices)]
    return _served(own, after) - _served(own, before)


def _served(choices: Sequence[Choices], counts: Counts | Sequence[tuple[int, ...]]) -> int:
    return sum(
        sum(row[: len(own.candidates)])
        for own, row in zip(choices, counts, strict=False)
        if own.clip_class.draft_of is None
    )


def _a_minute_later(
    market: Market, choices: Sequence[Choices], solution: Solution, end: float | None
) -> tuple[float, int] | None:
    """What a later deadline saves, and how many more clips it makes; with it, more models may do by themselves."""
    deadline = market.scenario.limits.deadline_minutes
    assert deadline is not None
    later = with_deadline(market, deadline + int(STEPS["minutes"]))
    ways = [ways_to_make(own.clip_class, later) for own in choices]
    problem = assignment(ways, later.scenario, *by_state(ways, later))
    try:
        found = solve(problem, None if end is None else max(0.0, end - time.monotonic()))
    except TimeLimitError:
        return None
    if found is None or not found.proven:
        return None
    saved = solution.cost - found.cost
    if saved <= max(0.5, NEXT_TO_NOTHING * abs(solution.cost)):
        return 0.0, 0
    return saved, _served(ways, found.counts) - _served(choices, solution.counts)


@dataclass(frozen=True, slots=True)
class _Swap:
    """One member of a class on another option."""

    group: int
    before: int
    after: int
    times: int = 1


def pushed(
    choices: Sequence[Choices], scenario: Scenario, problem: Problem, solution: Solution
) -> dict[tuple[int, int], Pushed]:
    """For each (class, option) that is used and is not the class's cheapest: what that costs, and what the cheapest would break.

    One member is moved there, everything else being as planned. The option behind the candidates is being left out.
    """
    costs = [
        [c.penalty + chain.expected for c, chain in zip(own.candidates, own.chains, strict=True)] for own in choices
    ]
    breaks = _Breaks(problem, solution.counts, costs)
    drafts = {own.clip_class.draft_of: d for d, own in enumerate(choices)}
    found = {}
    for c, own in enumerate(choices):
        if not own.candidates:
            continue
        best = _cheapest(costs[c])
        for option in (o for o, count in enumerate(solution.counts[c]) if count):
            if option < len(own.candidates):
                swaps, extra = [_Swap(c, option, best)], costs[c][option] - costs[c][best]
            elif own.clip_class.draft_of is None:
                swaps, extra = _made_after_all(choices, costs, c, drafts.get(c))
            else:
                continue
            # A route shows what it costs more, to the micro-dollar.
            if extra <= (HALF_A_UNIT if option < len(own.candidates) else SAME_COST):
                continue
            if limits := tuple(breaks.by(swaps)) or tuple(_besides_limits(scenario)):
                offer = own.candidates[best].offer
                instead = f"{offer.provider}/{offer.model}" if option < len(own.candidates) else None
                found[c, option] = Pushed(instead, extra, limits)
    return found


def _made_after_all(
    choices: Sequence[Choices], costs: Sequence[Sequence[float]], c: int, drafts: int | None
) -> tuple[list[_Swap], float]:
    """The moves that make a clip that is left out, its drafts included, and what that is worth."""
    own, best = choices[c], _cheapest(costs[c])
    swaps = [_Swap(c, len(own.candidates), best)]
    worth = to_micro(own.clip_class.need.value_usd or 0) - costs[c][best]
    if drafts is not None:
        if not costs[drafts]:
            return [], 0.0
        each, least = choices[drafts].clip_class.drafts_each, _cheapest(costs[drafts])
        swaps.append(_Swap(drafts, len(choices[drafts].candidates), least, each))
        worth -= each * costs[drafts][least]
    return swaps, worth


def _cheapest(costs: Sequence[float]) -> int:
    return costs.index(min(costs))


def _besides_limits(scenario: Scenario) -> Iterator[str]:
    """What else may be better than the cheapest way of each clip alone."""
    if scenario.packs or scenario.tiers:
        yield "savings"
    if scenario.objective.minimise != "expected" or scenario.objective.risk_aversion:
        yield "objective"


class _Breaks:
    """Which limits break where members are moved, from sums that are worked out once."""

    def __init__(self, problem: Problem, counts: Counts, costs: Sequence[Sequence[float]]) -> None:
        self.problem, self.counts = problem, counts
        truth = truth_at(problem, counts)
        self.rows = [_RowSum(limit, counts) for limit in truth.limits if limit.stated]
        self.machines = [part for part in problem.rough if isinstance(part, Deadline)]
        self.shared = _Shared(problem, counts, costs)

    def by(self, swaps: Sequence[_Swap]) -> list[str]:
        """The names of the limits that break, each once; where a group is split, also those that break if all of it moves."""
        broken = self._linear_and_late(swaps)
        for s, a in self.shared.split(swaps):
            broken += ["groups", *self._linear_and_late(self.shared.all_to(s, a))]
        if not broken:
            # What is not linear may break where what touches it here does not.
            moved = self._moved(swaps)
            truth = truth_at(self.problem, moved)
            broken = [limit.name for limit in truth.limits if limit.stated and not limit.holds(moved)]
        return list(dict.fromkeys(broken))

    def _linear_and_late(self, swaps: Sequence[_Swap]) -> list[str]:
        broken = [row.limit.name for row in self.rows if row.breaks(swaps)]
        return broken + [machine.name for machine in self.machines if self._late(machine, swaps)]

    def _late(self, machine: Deadline, swaps: Sequence[_Swap]) -> bool:
        touched = any(machine.jobs[swap.group][swap.after] is not None for swap in swaps)
        return touched and not machine.holds(self._moved(swaps))

    def _moved(self, swaps: Sequence[_Swap]) -> Counts:
        rows = list(self.counts)
        for swap in swaps:
            row = list(rows[swap.group])
            row[swap.before] -= swap.times
            row[swap.after] += swap.times
            rows[swap.group] = tuple(row)
        return tuple(rows)


class _RowSum:
    """A limit as what is linear and touches it at a solution, and what the solution uses of it."""

    def __init__(self, limit: Limit, counts: Counts) -> None:
        self.limit: Bounded = limit
        self.row = limit.row_at(counts)
        uses, self.right = self.row.linear()
        self.uses: Uses = uses
        self.total = weighed(uses, counts)

    def breaks(self, swaps: Sequence[_Swap]) -> bool:
        """Whether these moves break it."""
        more: Number = sum(s.times * (self.uses[s.group][s.after] - self.uses[s.group][s.before]) for s in swaps)
        total = self.total + more
        if isinstance(total, float):
            total = round(total, self.row.digits)
        return total > self.right if self.row.sense == "at_most" else total < self.right


class _Shared:
    """Which alternatives of selectors are used, and what it would take for all members to change together."""

    def __init__(self, problem: Problem, counts: Counts, costs: Sequence[Sequence[float]]) -> None:
        self.selectors, self.counts, self.costs = problem.selectors, counts, costs
        self.of = {
            (c, o): (s, a)
            for s, selector in enumerate(problem.selectors)
            for a, opened in enumerate(selector.alternatives)
            for c, options in opened
            for o in options
        }
        self.used: Counter[tuple[int, int]] = Counter()
        for (c, o), place in self.of.items():
            self.used[place] += counts[c][o]

    def split(self, swaps: Sequence[_Swap]) -> list[tuple[int, int]]:
        """(selector, the alternative that members move to) where others stay on another one."""
        after = self.used.copy()
        for swap in swaps:
            for option, more in ((swap.before, -swap.times), (swap.after, swap.times)):
                if (place := self.of.get((swap.group, option))) is not None:
                    after[place] += more
        moved = {place for swap in swaps if (place := self.of.get((swap.group, swap.after))) is not None}
        return [
            (s, a)
            for s, a in sorted(moved)
            if any(after[s, other] > 0 for other in range(len(self.selectors[s].alternatives)) if other != a)
        ]

    def all_to(self, s: int, a: int) -> list[_Swap]:
        """The moves of all members of a selector to the cheapest options of one alternative; none where some have no option there."""
        opened = dict(self.selectors[s].alternatives[a])
        swaps = []
        for c in self.selectors[s].classes:
            leaving = [(o, n) for o, n in enumerate(self.counts[c]) if n and self.of.get((c, o), (s, a)) != (s, a)]
            if leaving and c not in opened:
                return []
            swaps += [_Swap(c, o, min(opened[c], key=self.costs[c].__getitem__), n) for o, n in leaving]
        return swaps

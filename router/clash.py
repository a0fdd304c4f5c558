"""Why limits leave no plan: which of them clash, and what each would have to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from router.assembly import no_plan
from router.at_risk import by_state
from router.errors import Clash, Relaxation, TimeLimitError
from router.market import Market, open_to_all, ways_to_make
from router.offers.eligibility import barred_by
from router.optimization.limits import assignment
from router.optimization.problem import Problem
from router.optimization.rows import Row
from router.schema.candidate import Choices
from router.schema.scenario import Limits


def clash(choices: Sequence[Choices], market: Market, time_limit_seconds: float | None) -> Clash:
    """Which limits clash: what each would have to be, alone or, where none suffices alone, together."""
    from router.optimization.relaxation import Loosened, clashing, loosened_alone, loosened_together  # As in `solve`

    # What a limit rules out by itself counts as ruled out by it: a looser one, or none, may let it in.
    choices = [ways_to_make(own.clip_class, open_to_all(market)) for own in choices]
    problem = assignment(choices, market.scenario, *by_state(choices, market))
    problem = replace(problem, rows=(*problem.rows, *_bars(choices, problem, market.scenario.limits)))

    def shown(loose: Loosened) -> Relaxation:
        limit, needed = loose.demand.limit, loose.needed
        if limit is None or needed == "dropped":
            return no_plan.dropped(loose.name, needed == "dropped", market.where)
        pins = no_plan.pinning(choices, market.scenario.clips, loose.pinned_by)
        return no_plan.relaxation(loose.name, limit.sense, limit.unit, limit.bound, needed, pins, market.where)

    try:
        limits = clashing(problem, time_limit_seconds)
        names = tuple(demand.name for demand in limits)
        alone = tuple(map(shown, loosened_alone(problem, limits, time_limit_seconds)))
        if any(item.mends for item in alone):
            return Clash(names, alone)
        return Clash(names, alone, tuple(map(shown, loosened_together(problem, time_limit_seconds))))
    except TimeLimitError:
        return Clash()


def _bars(choices: Sequence[Choices], problem: Problem, limits: Limits) -> Iterator[Row]:
    """For each limit that needs what some offers do not state: no clip is made by them. It bears the limit's name (see `relaxation`)."""
    barred = [[barred_by(own.clip_class, candidate.offer, limits) for candidate in own.candidates] for own in choices]
    for name in dict.fromkeys(name for own in barred for names in own for name in names):
        uses = [[int(name in names) for names in own] for own in barred]
        # Behind the candidates comes being left out, behind the classes of clips what is bought.
        uses += [[] for _ in problem.groups[len(uses) :]]
        padded = zip(uses, problem.groups, strict=True)
        rows = tuple((*own, *(0,) * (len(group.options) - len(own))) for own, group in padded)
        yield Row(name, "at_most", 0, rows, "clips", stated=False)

"""Where nothing better can lie between two values at which the same plan is the best, so that nothing has to be solved there.

Let plan P be the best at values a and b, and Q cheaper at some t between. Where costs are straight lines of the value, Q is cheaper at a
or b as well, and must break a limit there. What the value does not move is broken at t too; and what is cheaper than P keeps the budget,
as P does. Where it is a bound that moves, the looser end admits all that is admitted between, and what is admitted between includes P.

Prices are rounded to the micro-dollar, which this passes over: between a and b, P is the best to that.
"""

from __future__ import annotations

import re
from itertools import chain

from router.analysis.study import Answer
from router.fallback.outages import Availability
from router.market import Market
from router.pipeline import Modelled
from router.schema.candidate import Chain
from router.schema.scenario import Scenario
from router.units import SAME_COST

_BOUNDS = re.compile(
    r"limits\.(budget_usd|worst_case_usd|mean_quality_min|deadline_minutes|cvar\.usd|caps\W\d+\W{1,2}(max|min)_\w+)"
)
_COSTS = re.compile(r"offers\..*\.(price|price_per_second|price_per_generation|prices\..+)|dubbing\..+")
_CHANCES = re.compile(r"(outages\.availability|failure_rate)\.[^*?]+|models\..*\.(availability|failure_rate)")


def moves_costs(path: str) -> bool:
    """Whether ``path`` leads to something that costs may be a straight line of."""
    return bool(_COSTS.fullmatch(path) or _CHANCES.fullmatch(path))


def straight(path: str, low: Answer, high: Answer) -> bool:
    """Whether the plan of two values of what ``path`` sets is the best between them too; or there is none between either."""
    if low.ways != high.ways:
        return False
    if _BOUNDS.fullmatch(path):
        return True
    if low.found is None or high.found is None:
        return False
    return _of_costs_alone(low.found.market.scenario) and _linear(path, low, high) and not _tied(low, high)


def _of_costs_alone(rules: Scenario) -> bool:
    """Whether the sum of expected costs is minimised, under limits that costs do not move; but for the budget."""
    limits, aim = rules.limits, rules.objective
    expected = aim.minimise == "expected" and not aim.risk_aversion and not rules.packs and not rules.tiers
    moved = (limits.worst_case_usd, limits.cvar, *(cap.max_usd for cap in limits.caps))
    apart = aim.degrade or any(clip.value_usd is not None for clip in rules.clips)
    return expected and all(bound is None for bound in moved) and (limits.budget_usd is None or not apart)


def _linear(path: str, low: Answer, high: Answer) -> bool:
    """Whether the expected cost of every way is a straight line between two values."""
    assert low.found is not None
    assert high.found is not None
    rules = low.found.market.scenario
    if _COSTS.fullmatch(path):
        if low.used_bills != high.used_bills:
            return False
        # The least price of a generation bends the line.
        if any(offer.price_minimum for offer in low.found.market.offers):
            return False
        if rules.fallback.direction not in ("any", "none"):
            return low.certain and high.certain
        return (
            low.chains == high.chains
            or (_cheapest_first_is_best(low.found) and low.used_chains == high.used_chains)
            or (low.certain and high.certain)
        )
    return bool(
        _CHANCES.fullmatch(path)
        and rules.fallback.order == "price"
        and all(own.clip_class.need.max_takes == 1 for own in low.found.choices)
        and low.chains == high.chains
        and all(
            _moved(one, other, low.found.market, high.found.market) <= 1
            for one, other in zip(_chains(low), _chains(high), strict=True)
        )
    )


def _cheapest_first_is_best(found: Modelled) -> bool:
    """Whether the order of fallbacks by price is the one of least expected cost.

    Ways then cost the least of several straight lines: never less between two values than a straight line from one to the other tells.
    """
    rule = found.market.scenario.fallback
    takes = any(own.clip_class.need.max_takes > 1 for own in found.choices)
    return (
        rule.order == "price"
        and rule.billed == "actual"
        and rule.max_steps is None
        and not any(offer.failure_rate and offer.bills_failures == "yes" for offer in found.market.offers)
        and not (takes and any(offer.keep_rate < 1 for offer in found.market.offers))
    )


def _chains(answer: Answer) -> chain[Chain]:
    assert answer.found is not None
    return chain.from_iterable(own.chains for own in answer.found.choices)


def _moved(one: Chain, other: Chain, before: Market, after: Market) -> int:
    """How many chances in a chain differ; its cost is a straight line of each of them, but not of several."""
    steps = [(a.attempt, b.attempt) for a, b in zip(one.steps, other.steps, strict=True)]
    of_models = sum((a.availability, a.failure_rate) != (b.availability, b.failure_rate) for a, b in steps)
    providers = {a.provider for a, _ in steps}
    return of_models + sum(_of(before.availability, name) != _of(after.availability, name) for name in providers)


def _of(availability: Availability, provider: str) -> float | None:
    return availability.of_provider(provider)


def _tied(low: Answer, high: Answer) -> bool:
    """Whether some clips might as well be made in another way, at a cost that moves: worst cases, which bend, tell the two apart."""
    assert low.found is not None
    assert high.found is not None
    for c, row in enumerate(low.counts[: len(low.found.choices)]):
        before, after = low.found.choices[c].chains, high.found.choices[c].chains
        for used in (o for o, n in enumerate(row[: len(before)]) if n):
            for other in range(len(before)):
                if (
                    other != used
                    and abs(before[used].expected - before[other].expected) <= SAME_COST
                    and abs(after[used].expected - after[other].expected) <= SAME_COST
                    and any(_bills(before[o]) != _bills(after[o]) for o in (used, other))
                ):
                    return True
    return False


def _bills(one: Chain) -> list[int]:
    return [step.attempt.billed for step in one.steps]

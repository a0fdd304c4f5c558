"""Fallback chains: which candidate to try next when one is down, and what that costs.

Step ``k`` runs only if every step before it was down or failed. A model that is down is skipped at no cost; a
generation that fails may be billed. Prices are integer micro-dollars; probabilities are fractions in [0, 1].
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

from router.fallback.outages import Availability
from router.fallback.takes import Mean, mean_with_takes, worst
from router.schema.candidate import Candidate, Chain, Offer, Step
from router.schema.exposure import Attempt
from router.schema.scenario import Fallback
from router.units import Micro, to_micro

_States = frozenset[tuple[str, bool]]
"""Which shared providers are known to be up or down on the way through a chain."""


def stand_ins(candidates: Sequence[Candidate]) -> list[Candidate]:
    """One candidate for each (provider, model), its cheapest; cheapest first."""
    cheapest: dict[tuple[str, str], Candidate] = {}
    for candidate in sorted(candidates, key=_by_price):
        cheapest.setdefault((candidate.offer.provider, candidate.offer.model), candidate)
    return list(cheapest.values())


def chain(
    primary: Candidate,
    others: Sequence[Candidate],
    rule: Fallback,
    availability: Availability,
    takes: int = 1,
    *,
    by_provider: bool = False,
    like: Chain | None = None,
) -> Chain:
    """The chain behind a primary, and its cost for one clip.

    Parameters
    ----------
    others
        The stand-ins of all models, from `stand_ins`; the primary's own model among them is passed over.
    takes
        A clip is generated until one is kept, at most this many times.
    by_provider
        Work out ``list_spend`` too, which only packs and volume discounts look at.
    like
        What was worked out before under the same rules: the chain again, if the same candidates stand in it.
    """
    order = [primary, *_fallbacks(primary, others, rule)]
    if like is not None and _same(order, [step.candidate for step in like.steps]):
        return like
    steps = tuple(
        Step(candidate, _attempt(candidate, primary if rule.billed == "requested" else candidate, availability))
        for candidate in order
    )
    attempts = [step.attempt for step in steps]
    lost = to_micro(rule.unserved_usd) if rule.unserved_usd else 0
    again = takes > 1 and any(attempt.keep_rate < 1 for attempt in attempts)
    mean = mean_with_takes(attempts, availability, lost, takes) if again else _mean(attempts, availability, lost)
    return Chain(
        steps,
        mean.cost,
        worst(attempts, availability, lost, takes),
        mean.served,
        mean.unserved,
        mean.unkept,
        _list_spend(steps, mean.submitted, rule) if by_provider else (),
    )


def _same(order: Sequence[Candidate], other: Sequence[Candidate]) -> bool:
    return len(order) == len(other) and all(map(operator.is_, order, other))


def _list_spend(steps: Sequence[Step], submitted: Sequence[float], rule: Fallback) -> tuple[tuple[str, float], ...]:
    """What the models of each provider bill on average: all that is billed but the dubbing in it."""
    terms: dict[str, list[float]] = {}
    for step, times in zip(steps, submitted, strict=True):
        payer = steps[0].candidate if rule.billed == "requested" else step.candidate
        amount = times * (step.attempt.billed - payer.dubbing) * billed_share(step.attempt)
        terms.setdefault(step.attempt.provider, []).append(amount)
    return tuple((provider, math.fsum(own)) for provider, own in terms.items())


def billed_share(rates: Attempt | Offer) -> float:
    """Share of submitted generations that are billed, on average."""
    return (1 - rates.failure_rate) + (rates.failure_rate if rates.bills_failures == "yes" else 0.0)


def _attempt(candidate: Candidate, payer: Candidate, availability: Availability) -> Attempt:
    offer = candidate.offer
    return Attempt(
        offer.provider,
        offer.model,
        payer.price,
        availability.of_model(offer),
        offer.failure_rate,
        offer.bills_failures,
        offer.keep_rate,
        bool(candidate.shortfall),
    )


def _by_price(candidate: Candidate) -> tuple[float, bool, float, int]:
    quality = candidate.offer.quality
    return candidate.price, quality is None, -float(quality or 0), candidate.offer.order


def _fallbacks(primary: Candidate, others: Sequence[Candidate], rule: Fallback) -> list[Candidate]:
    own = (primary.offer.provider, primary.offer.model)
    pool = [
        other
        for other in others
        if (other.offer.provider, other.offer.model) != own
        and (rule.across == "all" or other.offer.provider == primary.offer.provider)
    ]
    if rule.direction == "none":
        return []
    if rule.direction == "cheaper":
        pool = [other for other in pool if other.price <= primary.price]
    elif rule.direction == "dearer":
        pool = [other for other in pool if other.price >= primary.price]
    if rule.order == "expected" and rule.across == "all":
        pool.sort(key=lambda other: (_price_per_success(other), *_by_price(other)[1:]))
    elif rule.direction == "cheaper":
        pool.sort(key=lambda other: (-other.price, *_by_price(other)[1:]))
    return pool[: rule.max_steps] if rule.max_steps is not None else pool


def _price_per_success(candidate: Candidate) -> float:
    """Expected price of a submitted generation over its chance of success; the best order when failures are billed."""
    failing = candidate.offer.failure_rate
    billed = failing if candidate.offer.bills_failures == "yes" else 0.0
    return candidate.price * ((1 - failing) + billed) / (1 - failing) if failing < 1 else float("inf")


def _mean(attempts: Sequence[Attempt], availability: Availability, unserved: Micro) -> Mean:
    """Mean cost of one clip that is generated once, and how it ends.

    Going down the chain, ``reach`` holds the probability of arriving at a step with each state of the shared
    providers met so far; a provider is forgotten after its last step, so the states stay few.
    """
    last = {attempt.provider: k for k, attempt in enumerate(attempts)}
    if all(availability.of_provider(provider) is None for provider in last):
        return _mean_of_models(attempts, unserved)
    reach: dict[_States, float] = {frozenset(): 1.0}
    cost = unkept = 0.0
    served, submitted = [0.0] * len(attempts), [0.0] * len(attempts)
    for k, attempt in enumerate(attempts):
        up = 1.0 if attempt.availability is None else attempt.availability
        failing = attempt.failure_rate
        billed = billed_share(attempt)
        onward: dict[_States, float] = {}
        for states, probability in reach.items():
            for alive, share in _provider_states(states, attempt.provider, availability):
                here = probability * share
                if alive:
                    cost += here * up * attempt.billed * billed
                    served[k] += here * up * (1 - failing)
                    submitted[k] += here * up
                    here *= 1 - up * (1 - failing)
                if here > 0:
                    after = _after(states, attempt.provider, alive=alive, forget=last[attempt.provider] == k)
                    onward[after] = onward.get(after, 0.0) + here
        unkept += served[k] * (1 - attempt.keep_rate)
        reach = onward
        if not reach:
            break
    lost = sum(reach.values())
    return Mean(cost + lost * unserved, tuple(served), lost, unkept, tuple(submitted))


def _mean_of_models(attempts: Sequence[Attempt], unserved: Micro) -> Mean:
    """The same where no cause is shared: every step is up or down by itself."""
    reach, cost, unkept = 1.0, 0.0, 0.0
    served, submitted = [0.0] * len(attempts), [0.0] * len(attempts)
    for k, attempt in enumerate(attempts):
        up = 1.0 if attempt.availability is None else attempt.availability
        submitted[k] = reach * up
        cost += submitted[k] * attempt.billed * billed_share(attempt)
        served[k] = submitted[k] * (1 - attempt.failure_rate)
        unkept += served[k] * (1 - attempt.keep_rate)
        reach *= 1 - up * (1 - attempt.failure_rate)
        if reach <= 0:
            break
    return Mean(cost + reach * unserved, tuple(served), reach, unkept, tuple(submitted))


def _provider_states(states: _States, provider: str, availability: Availability) -> list[tuple[bool, float]]:
    """(up?, probability) of a step's provider, given what the chain has met so far."""
    chance = availability.of_provider(provider)
    if chance is None or (provider, True) in states:
        return [(True, 1.0)]
    if (provider, False) in states:
        return [(False, 1.0)]
    return [(True, chance), (False, 1 - chance)]


def _after(states: _States, provider: str, *, alive: bool, forget: bool) -> _States:
    known = frozenset(state for state in states if state[0] != provider)
    return known if forget else known | {(provider, alive)}

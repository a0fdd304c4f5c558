"""Fallback chains: which candidate to try next when one is down, and what that costs.

Step ``k`` runs only if every step before it was down or failed. A model that is down is skipped at no cost; a
generation that fails may be billed. Prices are integer micro-dollars; probabilities are fractions in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

from router.fallback.outages import Availability
from router.schema.candidate import Candidate, Chain, Step
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


def chain(primary: Candidate, others: Sequence[Candidate], rule: Fallback, availability: Availability) -> Chain:
    """The chain behind a primary, and its cost for one clip.

    Parameters
    ----------
    others
        The stand-ins of all models, from `stand_ins`; the primary's own model among them is passed over.
    """
    order = [primary, *_fallbacks(primary, others, rule)]
    steps = tuple(
        Step(c, primary.price if rule.billed == "requested" else c.price, availability.of_model(c.offer)) for c in order
    )
    lost = to_micro(rule.unserved_usd) if rule.unserved_usd else 0
    expected, served, unserved = _expectation(steps, availability, lost)
    return Chain(steps, expected, _worst(steps, availability, lost), served, unserved)


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


def _last_steps(steps: Sequence[Step]) -> dict[str, int]:
    """The last step of each provider; after it, whether the provider is up no longer matters."""
    return {step.candidate.offer.provider: k for k, step in enumerate(steps)}


def _expectation(
    steps: Sequence[Step], availability: Availability, unserved: Micro
) -> tuple[float, tuple[float, ...], float]:
    """Mean cost of one clip, the probability that each step makes it, and that none does.

    Going down the chain, ``reach`` holds the probability of arriving at a step with each state of the shared
    providers met so far; a provider is forgotten after its last step, so the states stay few.
    """
    last = _last_steps(steps)
    reach: dict[_States, float] = {frozenset(): 1.0}
    expected = 0.0
    served = [0.0] * len(steps)
    for k, step in enumerate(steps):
        offer = step.candidate.offer
        up = 1.0 if step.availability is None else step.availability
        failing = offer.failure_rate
        billed = (1 - failing) + (failing if offer.bills_failures == "yes" else 0.0)
        onward: dict[_States, float] = {}
        for states, probability in reach.items():
            for alive, share in _provider_states(states, offer.provider, availability):
                here = probability * share
                if alive:
                    expected += here * up * step.billed * billed
                    served[k] += here * up * (1 - failing)
                    here *= 1 - up * (1 - failing)
                if here > 0:
                    after = _after(states, offer.provider, alive=alive, forget=last[offer.provider] == k)
                    onward[after] = onward.get(after, 0.0) + here
        reach = onward
        if not reach:
            break
    lost = sum(reach.values())
    return expected + lost * unserved, tuple(served), lost


def _worst(steps: Sequence[Step], availability: Availability, unserved: Micro) -> Micro:
    """The largest sum that any outcome of positive or unknown probability can bill for one clip.

    ``reach`` holds, for each state of the shared providers, the most that failures can have billed before a step.
    """
    last = _last_steps(steps)
    reach: dict[_States, Micro] = {frozenset(): 0}
    worst = 0
    for k, step in enumerate(steps):
        offer = step.candidate.offer
        can_be_up = step.availability is None or step.availability > 0
        can_be_down = step.availability is None or step.availability < 1
        onward: dict[_States, Micro] = {}
        for states, spent in reach.items():
            for alive, share in _provider_states(states, offer.provider, availability):
                if share == 0:
                    continue
                bills: list[Micro] = []
                if alive and can_be_up and offer.failure_rate < 1:
                    worst = max(worst, spent + step.billed)
                if alive and can_be_up and offer.failure_rate > 0:
                    bills.append(spent + (0 if offer.bills_failures == "no" else step.billed))
                if not alive or can_be_down:
                    bills.append(spent)
                if bills:
                    after = _after(states, offer.provider, alive=alive, forget=last[offer.provider] == k)
                    onward[after] = max(onward.get(after, 0), *bills)
        reach = onward
    return max([worst, *(spent + unserved for spent in reach.values())])


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

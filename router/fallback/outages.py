"""How likely models are up: the scenario's word before the catalog's, and causes that a whole provider shares.

An unknown availability counts as 1 in an expectation and as "may be down" in a worst case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from router.schema.candidate import Offer
from router.schema.scenario import Fallback, Outages
from router.units import from_micro, to_micro

if TYPE_CHECKING:
    from router.schema import plan


class Availability:
    """Looks up the availability of offers' models and of their providers."""

    def __init__(self, outages: Outages) -> None:
        self._stated: Mapping[str, Decimal] = outages.availability
        self._repair: Mapping[str, Decimal] = outages.repair_minutes_of
        self._any_repair = outages.repair_minutes

    def of_model(self, offer: Offer) -> float | None:
        """Chance that the model is up, its provider being up; None: unknown."""
        for name in (f"{offer.provider}/{offer.model}", offer.model) if self._stated else ():
            if name in self._stated:
                return float(self._stated[name])
        return offer.availability

    def of_provider(self, provider: str) -> float | None:
        """Chance that the provider as a whole is up; None: no such cause is stated."""
        stated = self._stated.get(provider)
        return None if stated is None else float(stated)

    def repair_minutes(self, provider: str, model: str | None = None) -> float | None:
        """Mean time until a model, or a provider as a whole, comes back; None: not stated."""
        names = (provider,) if model is None else (f"{provider}/{model}", model)
        stated = next((self._repair[name] for name in names if name in self._repair), self._any_repair)
        return None if stated is None else float(stated)

    def unborne(self, offers: Iterable[Offer]) -> list[str]:
        """Names in the scenario that no offer bears."""
        borne = {name for o in offers for name in (o.provider, o.model, f"{o.provider}/{o.model}")}
        return [name for name in dict.fromkeys((*self._stated, *self._repair)) if name not in borne]


def assumed(outages: Outages, fallback: Fallback, tried: Iterable[tuple[str, str]]) -> plan.Outages:
    """What the figures of a plan assume about outages, as the plan carries it.

    Parameters
    ----------
    tried
        (provider, model) of every step of the plan's chains.
    """
    from router.schema import plan  # Single clips are decided without any plan, whose classes take long to make

    known, models = Availability(outages), list(dict.fromkeys(tried))
    providers = dict.fromkeys(provider for provider, _ in models)
    own = {name: chance for name in providers if (chance := known.of_provider(name)) is not None}
    over_time = "over-time" in (outages.correlation, outages.provider_correlation)
    repairs = {f"{provider}/{model}": known.repair_minutes(provider, model) for provider, model in models}
    repairs |= {name: known.repair_minutes(name) for name in own}
    return plan.Outages(
        correlation=outages.correlation,
        provider_correlation=outages.provider_correlation or outages.correlation,
        providers=own,
        repair_minutes={name: time for name, time in repairs.items() if time is not None} if over_time else {},
        run_minutes=float(outages.run_minutes) if over_time and outages.run_minutes is not None else None,
        unserved_usd=from_micro(to_micro(fallback.unserved_usd)),
    )

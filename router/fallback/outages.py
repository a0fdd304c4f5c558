"""How likely models are up: the scenario's word before the catalog's, and causes that a whole provider shares.

An unknown availability counts as 1 in an expectation and as "may be down" in a worst case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from router.schema.candidate import Offer
from router.schema.scenario import Outages


class Availability:
    """Looks up the availability of offers' models and of their providers."""

    def __init__(self, outages: Outages) -> None:
        self._stated: Mapping[str, Decimal] = outages.availability

    def of_model(self, offer: Offer) -> float | None:
        """Chance that the model is up, its provider being up; None: unknown."""
        for name in (f"{offer.provider}/{offer.model}", offer.model):
            if name in self._stated:
                return float(self._stated[name])
        return offer.availability

    def of_provider(self, provider: str) -> float | None:
        """Chance that the provider as a whole is up; None: no such cause is stated."""
        stated = self._stated.get(provider)
        return None if stated is None else float(stated)

    def unborne(self, offers: Iterable[Offer]) -> list[str]:
        """Names in the scenario that no offer bears."""
        borne = {name for o in offers for name in (o.provider, o.model, f"{o.provider}/{o.model}")}
        return [name for name in self._stated if name not in borne]

"""What a scenario can buy on a day: offers, ways to make a clip, and how likely each is up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from router.assembly.chances import chances
from router.errors import InputError, Problem
from router.fallback.chains import chain, stand_ins
from router.fallback.outages import Availability, assumed
from router.loading.catalog_file import where_in as where_in_catalog
from router.loading.scenario_file import resolved_catalogs, where_in
from router.offers.eligibility import candidates
from router.offers.table import offer_table
from router.schema.base import Path
from router.schema.candidate import Choices, ClipClass, Offer
from router.schema.catalog import Catalog
from router.schema.exposure import Chances, Exposure
from router.schema.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Market:
    """What a scenario can buy on a day: its catalogs, flattened to offers, and how likely they are up."""

    scenario: Scenario
    on: dt.date
    catalogs: tuple[Catalog, ...]
    offers: tuple[Offer, ...]
    availability: Availability

    def chances(self, exposures: tuple[Exposure, ...] = ()) -> Chances:
        """What chance can do to these exposures, whichever offers they use."""
        sold = ((offer.provider, offer.model) for offer in self.offers)
        return replace(chances((), assumed(self.scenario.outages, self.scenario.fallback, sold)), exposures=exposures)

    def where(self, path: Path) -> str:
        """``file:line`` of a value of the scenario."""
        return where_in(self.scenario, path)


def open_market(scenario: Scenario, on: dt.date | None = None) -> Market:
    """The scenario's catalogs as they stand on a day."""
    day = on or dt.datetime.now(dt.UTC).date()
    catalogs = resolved_catalogs(scenario)
    offers = offer_table(catalogs, day, scenario)
    if all(offer.status == "retired" for offer in offers):
        raise InputError(
            [
                Problem(
                    f"everything in catalog '{catalog.name}' is retired on {day}; use a later catalog, or an earlier --as-of",
                    where_in_catalog(catalog, ("models", 0, "available_until")),
                )
                for catalog in catalogs
            ]
        )
    return Market(scenario, day, catalogs, offers, Availability(scenario.outages))


def ways_to_make(own: ClipClass, market: Market) -> Choices:
    """A class with every candidate and, behind each as primary, its chain."""
    rule = market.scenario.fallback
    eligible = candidates(own, market.offers, market.scenario.dubbing)
    catching = eligible
    if rule.accept == "degraded":
        catching = candidates(own, market.offers, market.scenario.dubbing, degraded=True)
    others = stand_ins(catching)
    return Choices(
        own,
        eligible,
        tuple(chain(primary, others, rule, market.availability, own.need.max_takes) for primary in eligible),
    )

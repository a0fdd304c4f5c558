"""What one scenario has in common with another: found out once, it need not be found out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from router.market import Known, Market
from router.offers.eligibility import at_prices
from router.schema.candidate import Candidate, Choices, Offer
from router.schema.scenario import Scenario

_PRICES = {"units_per_usd", "price_per_second", "price_per_generation", "price_minimum", "fixed_prices", "generations"}
_TERMS = tuple(field.name for field in fields(Offer) if field.name not in _PRICES)
"""All that is said of an offer but its prices."""


def same_clips(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios need the same classes of clips."""
    same = one.clips is other.clips or (
        len(one.clips) == len(other.clips) and all(a is b for a, b in zip(one.clips, other.clips, strict=True))
    )
    return same and (one.limits.groups is None) == (other.limits.groups is None)


def same_ways(one: Market, other: Market) -> bool:
    """Whether in two markets the same clips can be made in the same ways at the same cost."""
    before, after = one.scenario, other.scenario
    return (
        one.on == other.on
        and same_clips(before, after)
        and len(one.catalogs) == len(other.catalogs)
        and all(a is b for a, b in zip(one.catalogs, other.catalogs, strict=True))
        and _alike(before, after, "failure_rate", "keep_rate", "bills_failures", "account", "objective")
        and _same_candidates(before, after)
        and _same_chains(one, other)
    )


@dataclass(frozen=True, slots=True)
class Common:
    """What is known of a market from another, in which the same clips are made."""

    offers: Mapping[Offer, None]
    """The offers that are the same in both."""
    requoted: tuple[tuple[Offer, Offer], ...]
    """(before, now) of those that differ in nothing but prices."""
    chains: bool
    """Whether the same candidates make the same chain."""

    @classmethod
    def of(cls, before: Market, now: Market) -> Common:
        """What two markets have in common."""
        if not _same_candidates(before.scenario, now.scenario):
            return cls({}, (), chains=False)
        sold = set(before.offers)
        changed = [offer for offer in now.offers if offer not in sold]
        places = {offer.order: offer for offer in before.offers} if changed else {}
        pairs = ((places.get(offer.order), offer) for offer in changed)
        return cls(
            {offer: None for offer in now.offers if offer in sold},
            tuple((was, offer) for was, offer in pairs if was is not None and _alike(was, offer, *_TERMS)),
            chains=_same_chains(before, now),
        )

    def known(self, own: Choices) -> Known:
        """What is known of the ways to make a class from how it is made in the other market."""
        was = {candidate.offer: candidate for candidate in own.candidates if not candidate.degraded}
        found: dict[Offer, Candidate | None] = {**self.offers}
        found.update((offer, candidate) for offer, candidate in was.items() if offer in self.offers)
        if own.clip_class.need.max_price_usd is None:
            for before, now in self.requoted:
                candidate = was.get(before)
                found[now] = None if candidate is None else at_prices(candidate, own.clip_class, now)
        behind = zip(own.candidates, own.chains, strict=True) if self.chains else ()
        return Known(MappingProxyType(found), {c.offer.order: chain for c, chain in behind if not c.degraded})


def _same_candidates(one: Scenario, other: Scenario) -> bool:
    """Whether the same offer makes a clip in the same way."""
    return _alike(one, other, "dubbing") and _alike(one.limits, other.limits, "mean_quality_min", "deadline_minutes")


def _same_chains(one: Market, other: Market) -> bool:
    """Whether the same candidates catch one another in the same way, at the same cost."""
    return _alike(one.scenario, other.scenario, "fallback", "outages", "packs", "tiers")


def _alike(one: object, other: object, *names: str) -> bool:
    return all((a := getattr(one, name)) is (b := getattr(other, name)) or a == b for name in names)

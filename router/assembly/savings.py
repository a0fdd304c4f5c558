"""Packs and volume discounts: what they take off the list price of a plan.

They are settled as planned: on the expected spend at list prices with each provider, dubbing aside; what they take off is taken off
every figure of the cost alike. Packs pay first, those that are owned before those that are bought, then in the order in which they are
named; what they pay for and is not used is lost. Discounts act on the rest, each on the part of it between its own threshold and the
next. Money is micro-dollars.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.schema.candidate import Candidate, Chain
from router.schema.plan import Discount, PackUse
from router.schema.scenario import OwnedPack, Pack, Scenario, Tier
from router.units import Micro, from_micro, to_micro

Spend = Mapping[str, float]
"""List price by provider, micro-dollars."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What packs and volume discounts come to."""

    saving: float
    """What they take off, the price of the packs counted: negative where packs cost more than they pay for."""
    packs: tuple[PackUse, ...]
    """One for each pack of the scenario."""
    discounts: tuple[Discount, ...]
    """One for each provider that has packs or discounts."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The packs and volume discounts of a scenario, and how many of each pack are bought."""

    packs: tuple[Pack, ...] = ()
    tiers: tuple[Tier, ...] = ()
    bought: tuple[int, ...] = ()
    """One for each pack; only what is owned if empty."""

    @classmethod
    def of(cls, scenario: Scenario, others: Sequence[Sequence[int]]) -> Terms:
        """Those of a scenario; ``others`` counts what is bought besides clips, as a solution does: of packs that are owned nothing is."""
        counts = iter(others)
        return cls(scenario.packs, scenario.tiers, tuple(pack.owned or next(counts)[0] for pack in scenario.packs))

    @property
    def without_packs(self) -> Terms:
        """The same where no pack is bought; those that are owned are there all the same."""
        return Terms(self.packs, self.tiers)

    def settle(self, spend: Spend) -> Settled:
        """What is taken off this spend: exactly nothing where there is nothing to settle."""
        if not (self.packs or self.tiers):
            return Settled(0, (), ())
        bought = self.bought or tuple(pack.owned for pack in self.packs)
        paid = 0
        prepaid = dict.fromkeys([pack.provider for pack in self.packs] + [tier.provider for tier in self.tiers], 0.0)
        uses = []
        for pack, count in zip(self.packs, bought, strict=True):
            face = count * to_micro(pack.pays_for_usd)
            used = min(float(face), spend.get(pack.provider, 0.0) - prepaid[pack.provider])
            prepaid[pack.provider] += used
            paid += count * to_micro(pack.price_usd)
            uses.append(_use(pack, count, face, used))
        off = {
            provider: _discount(spend.get(provider, 0.0) - prepaid[provider], provider, self.tiers)
            for provider in prepaid
        }
        return Settled(
            math.fsum([*prepaid.values(), *off.values(), -paid]),
            tuple(uses),
            tuple(
                Discount(
                    provider=provider,
                    list_usd=from_micro(spend.get(provider, 0.0)),
                    prepaid_usd=from_micro(prepaid[provider]),
                    discount_usd=from_micro(off[provider]),
                )
                for provider in prepaid
            ),
        )


def _use(pack: Pack, count: int, face: Micro, used: float) -> PackUse:
    spent = from_micro(used)
    return PackUse(
        provider=pack.provider,
        pays_for_usd=from_micro(to_micro(pack.pays_for_usd)),
        price_usd=from_micro(to_micro(pack.price_usd)),
        max_count=pack.max_count,
        owned=bool(pack.owned),
        valid_until=pack.valid_until if isinstance(pack, OwnedPack) else None,
        bought=count,
        used_usd=spent,
        unused_usd=from_micro(face) - spent,
    )


def _discount(rest: float, provider: str, tiers: Sequence[Tier]) -> float:
    """What the tiers of a provider take off what packs leave to pay; they rise."""
    own = [tier for tier in tiers if tier.provider == provider]
    starts = [to_micro(tier.from_usd) for tier in own]
    brackets = itertools.pairwise([*starts, math.inf])
    return math.fsum(
        float(tier.discount) * max(0.0, min(rest, end) - start)
        for tier, (start, end) in zip(own, brackets, strict=True)
    )


def expected_spend(parts: Sequence[tuple[Chain, int]]) -> Spend:
    """What the models of each provider bill on average for clips on these chains, dubbing aside."""
    terms: dict[str, list[float]] = {}
    for chain, count in parts:
        for provider, amount in chain.list_spend:
            terms.setdefault(provider, []).append(amount * count)
    return {provider: math.fsum(own) for provider, own in terms.items()}


def nominal_spend(parts: Sequence[tuple[Candidate, int]]) -> Spend:
    """What the primaries bill if nothing fails, dubbing aside."""
    spent: dict[str, float] = {}
    for candidate, count in parts:
        provider = candidate.offer.provider
        spent[provider] = spent.get(provider, 0) + (candidate.price - candidate.dubbing) * count
    return spent

"""Packs and volume discounts: what can be bought besides clips, and what providers take off their list prices for it.

Behind the classes of clips come one for each entry of ``packs`` (its members are packs, its options being bought and not) and one
with a single member, which carries what is constant. The saving is a tail of negative cost; it counts in the objective and in every
limit on money alike, since it is settled on the spend that the plan expects.

Packs that are owned are no choice: what they pay for belongs to what is constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from router.optimization.aims import Aim, can_be_left_out
from router.optimization.problem import Group
from router.optimization.rough import Discount
from router.optimization.rows import Number, Row, Uses
from router.optimization.tails import Ceiling, Objective, Tail
from router.schema.candidate import Choices
from router.schema.scenario import Scenario
from router.units import to_micro

Limit = TypeVar("Limit", Row, Tail)


@dataclass(frozen=True, slots=True)
class Purchases:
    """The classes of what can be bought, and the savings; all empty where nothing can."""

    groups: tuple[Group, ...] = ()
    savings: tuple[Tail, ...] = ()
    rough: tuple[Discount, ...] = ()
    """Savings that are not convex."""
    shape: Uses = ()
    """Nothing for every option of a clip."""

    @classmethod
    def of(cls, choices: Sequence[Choices], scenario: Scenario, aim: Aim) -> Purchases:
        """What the packs and tiers of a scenario come to."""
        providers = dict.fromkeys([*(p.provider for p in scenario.packs), *(t.provider for t in scenario.tiers)])
        if not providers:
            return cls()
        groups = []
        on_sale = [pack for pack in scenario.packs if not pack.owned]
        for pack in on_sale:
            price = to_micro(pack.price_usd)
            groups.append(Group(pack.max_count, (aim.bought(price, packs=True), aim.bought(0, packs=True)), bulky=True))
        groups.append(Group(1, (aim.bought(0, packs=bool(on_sale)),)))
        shape = tuple((0,) * (len(own.candidates) + can_be_left_out(choices, own)) for own in choices)
        discounts = [_discount(provider, choices, scenario, shape) for provider in providers]
        return cls(
            tuple(groups),
            tuple(discount.tail() for discount in discounts),
            tuple(discount for discount in discounts if discount.tiers),
            shape,
        )

    @property
    def blank(self) -> Uses:
        """Nothing for every option of what can be bought."""
        return tuple((0,) * len(group.options) for group in self.groups)

    def widened(self, limit: Limit) -> Limit:
        """A limit on clips as one on everything: what is bought uses nothing of it."""
        if not self.groups:
            return limit
        if isinstance(limit, Row):
            per = None if limit.per is None else limit.per + self.blank
            return replace(limit, uses=limit.uses + self.blank, per=per)
        none: tuple[Number, ...] = (0,) * len(limit.probabilities)
        return replace(limit, costs=(*limit.costs, *[tuple([none] * len(own)) for own in self.blank]))

    def after_saving(self, limit: Row | Tail) -> Ceiling:
        """A limit on money, with the price of packs and the savings."""
        prices = tuple(tuple(option.cost for option in group.options) for group in self.groups)
        if isinstance(limit, Row):
            cost = Objective((*limit.uses, *prices), self.savings)
        else:
            cost = Objective(
                (*self.shape, *prices), (replace(self.widened(limit), weight=1.0, bound=math.inf), *self.savings)
            )
        return Ceiling(limit.name, cost, limit.bound)


def _discount(provider: str, choices: Sequence[Choices], scenario: Scenario, shape: Uses) -> Discount:
    """What a provider's packs and tiers take off, over the whole range of spend."""
    spend: list[tuple[Number, ...]] = []
    most = 0.0
    for own, blank in zip(choices, shape, strict=True):
        listed = [dict(chain.list_spend).get(provider, 0.0) for chain in own.chains]
        spend.append((*listed, *blank[len(listed) :]))
        most += own.clip_class.count * max(listed, default=0.0)
    covers: list[tuple[Number, ...]] = list(shape)
    owned = 0
    for pack in scenario.packs:
        pays = to_micro(pack.pays_for_usd) if pack.provider == provider else 0
        if pack.owned:
            owned += pays * pack.owned
        else:
            spend.append((0, 0))
            covers.append((pays, 0))
    base = len(spend)
    tiers = tuple(
        (float(to_micro(tier.from_usd)), float(Fraction(tier.discount)))
        for tier in scenario.tiers
        if tier.provider == provider
    )
    return Discount(f"savings[{provider}]", (*spend, (0,)), (*covers, (owned,)), base, tiers, 0.0, most)

"""The best way to make one clip as things stand: which models are tried, and how likely each is up.

A view never changes; what is learnt makes a new one. A primary is looked at closely only where its first step alone costs less, on
average, than the best chain found. Money is micro-dollars.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from router.fallback.chains import billed_share, chain, stand_ins
from router.fallback.outages import Availability
from router.fallback.takes import worst
from router.offers.eligibility import dubbing_price
from router.online.table import Maker, Makers, Table
from router.schema.candidate import Candidate, Chain, Generation, Offer
from router.schema.exposure import Attempt
from router.schema.scenario import Clip, Scenario
from router.units import MICRO, SAME_COST, Micro, to_micro

if TYPE_CHECKING:
    from router.online.spend import Claim

NEGLIGIBLE = 1e-6
"""Micro-dollars that the rest of a chain can add at most, where it is not followed to its end."""


class Row(NamedTuple):
    """A way to make a clip; rows sort as stand-ins are tried, the cheapest first."""

    price: Micro
    rank: int
    """Of its offer among those of equal price."""
    floor: float
    """What its first step bills on average."""
    maker: Maker
    generation: Generation


class Way(NamedTuple):
    """A primary with its chain."""

    candidate: Candidate
    chain: Chain
    cost: float
    """What is minimised."""


class Choice:
    """The best way to make one clip as things stood. It keeps little: the rest is worked out again when it is asked for."""

    __slots__ = ("claims", "clip", "primary", "view")
    terms = ""
    """What a comparison of costs goes by, besides the costs."""

    def __init__(self, view: View, clip: Clip, primary: Row) -> None:
        self.view, self.clip, self.primary = view, clip, primary
        self.claims: tuple[Claim, ...] | None = None
        """What it may take of budgets, whichever group the clip is of; where that matters see the view."""

    @property
    def candidate(self) -> Candidate:
        """The primary."""
        return self.primary.maker.candidate(self.primary.generation, self.view.dubbing(self.clip))

    def turn(self) -> Choice | None:
        """The choice for one more clip: this one; where shares are kept, another each time, or None for a clip that is left out."""
        return self

    def best(self) -> Way:
        """The way that a plan of this clip alone would take, with its chain."""
        return self.view.contest(self.clip).way(self.primary)

    def attempts(self) -> list[Attempt]:
        """Its chain, as chance sees it."""
        return self.view.contest(self.clip).attempts(self.primary)

    def ranked(self) -> Iterator[Way]:
        """Every way, best first."""
        contest = self.view.contest(self.clip)
        left = contest.rows
        while left:
            row = contest.primary(left)
            yield contest.way(row)
            left = [other for other in left if other is not row]


class Contest:
    """All ways to make one clip, against one another."""

    def __init__(self, view: View, clip: Clip, rows: list[Row]) -> None:
        self._view, self._clip, self.rows = view, clip, rows

    def primary(self, rows: list[Row]) -> Row:
        """The row of least cost, ties broken as a plan breaks them."""
        least, near = float("inf"), []
        for row in rows:
            if row.floor <= least + SAME_COST:
                cost = self._cost(row)
                if cost <= least + SAME_COST:
                    near.append((cost, row))
                    least = min(least, cost)
        tied = [row for cost, row in near if cost <= least + SAME_COST]
        return tied[0] if len(tied) == 1 else min(tied, key=self._ties)

    def _ties(self, row: Row) -> tuple[float, Micro, int]:
        expected = round(self.way(row).chain.expected, 3) if self._view.worst_case else 0.0
        return expected, self._worst(row), row.rank

    def _worst(self, row: Row) -> Micro:
        """The most that this primary and its chain can bill."""
        view = self._view
        return worst(self.attempts(row), view.availability, view.unserved, self._clip.max_takes)

    def attempts(self, row: Row) -> list[Attempt]:
        """The chain of a row as primary, as chance sees it."""
        view = self._view
        if not view.usual:
            return [step.attempt for step in self.way(row).chain.steps]
        provider, model = row.maker.own
        others = [
            attempt
            for attempt in self._attempts
            if (attempt.model != model or attempt.provider != provider)
            and (view.across or attempt.provider == provider)
        ]
        return [view.attempt(row), *others]

    @cached_property
    def _attempts(self) -> list[Attempt]:
        """One for each model, the cheapest first."""
        cheapest = {row.maker.own: row for row in reversed(self.rows)}
        return [self._view.attempt(row) for row in sorted(cheapest.values())]

    def _cost(self, row: Row) -> float:
        """What is minimised, if this is the primary."""
        view = self._view
        if not view.usual or (self._clip.max_takes > 1 and view.rejects):
            return self.way(row).cost
        missing, cost, reach = view.missing, row.floor, view.missing[row.maker.order]
        if not reach:
            return cost
        tried, most = {row.maker.own}, len(self.rows) * max(view.unserved, self.rows[-1].price)
        for _, _, floor, maker, _ in self.rows:
            if maker.own not in tried and (view.across or maker.own[0] == row.maker.own[0]):
                tried.add(maker.own)
                cost += reach * floor
                reach *= missing[maker.order]
                if reach * most < NEGLIGIBLE:
                    return cost
        return cost + reach * view.unserved

    @cached_property
    def _stand_ins(self) -> list[Candidate]:
        return stand_ins(self._view.catching(self._clip))

    def way(self, row: Row) -> Way:
        """A row as primary, with its chain."""
        view = self._view
        candidate = row.maker.candidate(row.generation, view.dubbing(self._clip))
        found = chain(candidate, self._stand_ins, view.scenario.fallback, view.availability, self._clip.max_takes)
        return Way(candidate, found, float(found.worst) if view.worst_case else found.expected)


class View:
    """Offers with how likely each is up, without those of models that are not tried now."""

    def __init__(
        self,
        table: Table,
        scenario: Scenario,
        availability: Availability,
        barred: Collection[str] = (),
        trial: frozenset[str] = frozenset(),
    ) -> None:
        self.scenario, self.availability = scenario, availability
        self.trial = trial
        """Models (``provider/model``) that one clip at a time may be sent to, to find out whether they are back."""
        self.claims: dict[tuple[Choice, str], tuple[Claim, ...]] = {}
        """What choices may take of budgets, by group of the clip; remembered here, so that all of it ends with the view."""
        self._table = table
        rule = scenario.fallback
        self.worst_case = scenario.objective.minimise == "worst-case"
        self.across = rule.across == "all"
        self.unserved = to_micro(rule.unserved_usd)
        self.rejects = any(offer.keep_rate < 1 for offer in table.offers)
        self.usual = (
            (rule.direction, rule.accept, rule.billed, rule.max_steps) == ("any", "qualified", "actual", None)
            and not (rule.order == "expected" and self.across)
            and all(availability.of_provider(offer.provider) is None for offer in table.offers)
            and not self.worst_case
        )
        """Whether a chain is all models from the cheapest up, each with an outage of its own, and what counts is the mean."""
        self._up = [availability.of_model(offer) for offer in table.offers]
        self._share = [self._first_step(offer, barred) for offer in table.offers]
        self.missing = [self._missing(offer) for offer in table.offers]
        ranked = sorted(table.offers, key=lambda offer: (offer.quality is None, -(offer.quality or 0), offer.order))
        self._rank = [rank for _, rank in sorted((offer.order, rank) for rank, offer in enumerate(ranked))]

    def _first_step(self, offer: Offer, barred: Collection[str]) -> float | None:
        """Share of its price that an offer bills on average as first step; None where it is not tried."""
        if f"{offer.provider}/{offer.model}" in barred:
            return None
        up, whole = self._up[offer.order], self.availability.of_provider(offer.provider)
        return (1.0 if up is None else up) * (1.0 if whole is None else whole) * billed_share(offer)

    def _missing(self, offer: Offer) -> float:
        """Chance that a model does not make a clip that it is tried on."""
        up = self._up[offer.order]
        return 1 - (1.0 if up is None else up) * (1 - offer.failure_rate)

    def attempt(self, row: Row) -> Attempt:
        """A row as one step of a chain, as chance sees it."""
        offer = row.maker.offer
        rates = (self._up[offer.order], offer.failure_rate, offer.bills_failures, offer.keep_rate)
        return Attempt(offer.provider, offer.model, row.price, *rates)

    def choose(self, clip: Clip) -> Choice | None:
        """The best way to make a clip; None if nothing can."""
        contest = self.contest(clip)
        return Choice(self, clip, contest.primary(contest.rows)) if contest.rows else None

    def contest(self, clip: Clip) -> Contest:
        """All ways to make a clip."""
        return Contest(self, clip, self._rows(self._table.kind(clip).primaries, clip))

    def _rows(self, makers: Makers, clip: Clip) -> list[Row]:
        share, rank, dubbing = self._share, self._rank, self.dubbing(clip)
        rows = []
        for maker, generation in makers.ways(clip):
            order = maker.order
            part = share[order]
            if part is not None:
                price = generation.price + dubbing if maker.audio == "deferred" else generation.price
                rows.append(Row(price, rank[order], part * price, maker, generation))
        if clip.max_price_usd is not None:
            rows = [row for row in rows if Fraction(row.price, MICRO) <= clip.max_price_usd]
        rows.sort()
        return rows

    def catching(self, clip: Clip) -> list[Candidate]:
        """Everything that may catch a clip."""
        rows, dubbing = self._rows(self._table.kind(clip).stand_ins, clip), self.dubbing(clip)
        return [row.maker.candidate(row.generation, dubbing) for row in rows]

    def dubbing(self, clip: Clip) -> Micro:
        """What sound made elsewhere costs for a clip."""
        return dubbing_price(self.scenario.dubbing, Fraction(clip.seconds)) if clip.audio in ("deferred", "any") else 0

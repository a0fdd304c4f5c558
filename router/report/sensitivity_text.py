"""How far prices can go, in words: the same ones for the table on a terminal and for the page that people open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from router.report.page import usd
from router.report.words import makes_text
from router.schema.sensitivity import (
    AvailabilityRange,
    Edge,
    LengthPrice,
    PriceRange,
    Range,
    Repriced,
    Sensitivity,
    Sold,
    Swing,
)
from router.units import seconds_text

_PER = {"second": "/s", "generation": " a generation", "length": ""}


class Words:
    """What things are called on one page: no longer than tells them apart."""

    def __init__(self, found: Sensitivity) -> None:
        takers = [
            taker for one in (*found.prices, *found.availabilities) for e in _edges(one) for taker in e.takes_over
        ]
        every = {_key(one): one for one in (*found.prices, *takers, *(s.offer for s in found.swings if s.offer))}
        self._providers = len({one.provider for one in every.values()}) > 1
        short = Counter(self._short(one) for one in every.values())
        self._names = {
            key: self._short(one) if short[self._short(one)] == 1 else self._long(one) for key, one in every.items()
        }

    def model(self, provider: str, model: str) -> str:
        """A model."""
        return f"{provider}/{model}" if self._providers else model

    def offer(self, one: Sold) -> str:
        """An offer."""
        return self._names[_key(one)]

    def _short(self, one: Sold) -> str:
        return f"{self.model(one.provider, one.model)} {makes_text(one.resolution, one.audio, region=one.region)}"

    def _long(self, one: Sold) -> str:
        made = f"{self.model(one.provider, one.model)} {makes_text(one.resolution, one.audio, one.mode, one.region)}"
        return f"{made} from {one.reference}" if one.reference else made

    def price_cells(self, one: PriceRange, *, short: bool) -> tuple[str, ...]:
        """A price and how far it can go; ``short`` without the share of today's price."""
        ends = []
        for edge, none, sure in (
            (one.below, "any lower", one.below_proven),
            (one.above, "any price", one.above_proven),
        ):
            end = none if edge is None else _at(one, edge, short=short)
            ends.append(end if sure else f"~{end}")
        return self.offer(one), f"{one.clips:,}", _price(one, one.price, one.lengths), *ends

    def price_lines(self, one: PriceRange) -> Iterator[str]:
        """Each change as a sentence."""
        name, edge = self.offer(one), one.above
        if edge is not None and one.clips:
            at = _at(one, edge) if edge.change else f"today's {_price(one, one.price, one.lengths)}"
            kept = "stays chosen" if edge.clips == 0 or edge.no_plan else f"keeps its {_clips(one.clips)}"
            if edge.clips == one.clips:
                kept = "changes nothing"
            yield f"{name} {kept} up to {at}; {self._beyond(edge, 'above')}."
        elif edge is not None:
            yield f"{name}: {self._beyond(edge, 'above', _at(one, edge))}."
        elif one.clips:
            why = ": nothing else can make some of its clips" if one.needed else ", as far as was looked"
            yield f"{name} keeps its {_clips(one.clips)} at any price{why}."
        if (edge := one.below) is None:
            return
        at = _at(one, edge) if edge.change else f"today's {_price(one, one.price, one.lengths)}"
        if edge.no_plan or edge.clips is None or edge.clips <= one.clips:
            yield f"{name}: {self._beyond(edge, 'below', at)}."
        else:
            gets = f"make {_clips(edge.clips)} instead of {one.clips:,}" if one.clips else "be chosen"
            tie = ", and at that price already, where both plans cost the same" if edge.ties else ""
            yield f"{name} would {gets} below {at}{tie}."

    def availability_cells(self, one: AvailabilityRange) -> tuple[str, ...]:
        """An availability and how far it can go."""
        today = "not stated" if one.availability is None else _percent(one.availability)
        low = f"{_percent(one.below.break_even)}" if one.below and one.below.until is not None else "0 %"
        if one.below and one.below.until is None:
            low = "not stated"
        high = _percent(one.above.break_even) if one.above else "100 %"
        marks = ["" if sure else "~" for sure in (one.below_proven, one.above_proven)]
        return self.model(one.provider, one.model), f"{one.clips:,}", today, f"{marks[0]}{low}", f"{marks[1]}{high}"

    def availability_lines(self, one: AvailabilityRange) -> Iterator[str]:
        """Each change as a sentence."""
        name = self.model(one.provider, one.model)
        for edge, way in ((one.below, "below"), (one.above, "above")):
            if edge is None:
                continue
            if edge.until is None:
                yield f"{name}: with an availability stated, the plan is another one: {'; '.join(edge.moved)}."
            else:
                yield f"{name}: {self._beyond(edge, way, f'an availability of {_percent(edge.break_even)}')}."

    def _beyond(self, edge: Edge, way: str, at: str = "it") -> str:
        """What happens beyond a change."""
        if edge.no_plan:
            return f"{way} {at} {edge.no_plan if edge.no_plan.startswith('no plan') else 'there is no plan'}"
        where = f"{'there' if at == 'it' else f'at {at}'}, at the same cost," if edge.ties else f"{way} {at}"
        takers = [f"{self.offer(one)}{'' if one.new else f' (+{_clips(one.more)})'}" for one in edge.takes_over]
        if takers:
            return f"{where} {' and '.join(takers)} take{'s' if len(takers) == 1 else ''} over"
        return f"{where} {'; '.join(edge.moved)}"

    def swing(self, one: Swing) -> str:
        """What is lowered and raised."""
        return self.offer(one.offer) if one.offer else f"{self.model(one.provider, one.model)}, all offers"

    def elasticity_lines(self, found: Sensitivity) -> Iterator[str]:
        """How the cost follows all prices, and those of each model."""
        if found.elasticity is not None:
            each = ", ".join(
                f"{self.model(one.provider, one.model)} {_number(one.elasticity)} %"
                for one in found.elasticities
                if one.elasticity is not None
            )
            yield f"With all prices 1 % higher the expected cost is {_number(found.elasticity)} % higher; by model: {each}."


def guessed(found: Sensitivity) -> bool:
    """Whether some end was found by trying values only."""
    return any(
        not sure for one in (*found.prices, *found.availabilities) for sure in (one.below_proven, one.above_proven)
    )


def end_text(end: Repriced) -> str:
    """The mean cost at other prices, and whether another plan makes it."""
    return "none" if end.expected_usd is None else f"{usd(end.expected_usd)}{' *' if end.changed else ''}"


def _edges(one: Range) -> list[Edge]:
    return [edge for edge in (one.below, one.above) if edge]


def _key(one: Sold) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in Sold.model_fields)


def _clips(count: int) -> str:
    return f"{count:,} clip{'' if count == 1 else 's'}"


def _at(one: PriceRange, edge: Edge, *, short: bool = False) -> str:
    """The break-even, and how far it is."""
    change = "" if edge.change is None or short else f" ({_change(edge.change)})"
    return f"{_price(one, edge.break_even, edge.lengths)}{change}"


def _price(one: PriceRange, value: Decimal, lengths: Sequence[LengthPrice]) -> str:
    if one.per == "length":
        return ", ".join(f"{_money(one.unit, own.price)} for {seconds_text(own.seconds)}" for own in lengths)
    return f"{_money(one.unit, value)}{_PER[one.per]}"


def _money(unit: str, amount: Decimal) -> str:
    """An amount of a catalog's unit; dollars to a tenth of a cent at least.

    >>> _money("usd", Decimal("0.15")), _money("usd", Decimal("12.335581")), _money("credit", Decimal("5.0"))
    ('$0.150', '$12.335581', '5 credit')
    """
    if unit != "usd":
        return f"{amount.normalize():f} {unit}"
    whole, _, fraction = f"{amount:,.6f}".partition(".")
    return f"${whole}.{fraction[:3]}{fraction[3:].rstrip('0')}"


def _change(share: float) -> str:
    """How far a price moves.

    >>> _change(0.2), _change(-1 / 6), _change(97.7), _change(0.0)
    ('+20 %', '-16.7 %', '+9,770 %', 'not at all')
    """
    if not share:
        return "not at all"
    return f"{share * 100:+,.0f} %" if abs(share) >= 1 else f"{share * 100:+.3g} %"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"

"""Why do two plans make a clip differently? What plans say of it by themselves: prices of equal ways, limits, values.

Reasons are sentences from the side of the plan after: "costs $0.15/s instead of $0.125/s". Money is in dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Literal, get_args

from pydantic import BaseModel

from router.analysis.shifts import Place, Shift
from router.report.words import offer_text, segments_text
from router.schema.comparison import Kind, Reason
from router.schema.plan import LimitValue, Plan, Route
from router.units import reasons_text, seconds_text, usd_text

_RANK = {kind: rank for rank, kind in enumerate(get_args(Kind))}
_BESIDES: tuple[Literal["savings", "objective"], ...] = ("savings", "objective")
"""What may push clips off their cheapest way and is no limit."""


@lru_cache(maxsize=4096)
def reason(kind: Kind, text: str) -> Reason:
    """A reason whose text fits its field."""
    return Reason.model_construct(kind=kind, text=text if len(text) <= 500 else f"{text[:497]}...")


def ranked(found: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, the weightiest kind first."""
    distinct = {(own.kind, own.text): own for own in found}
    return tuple(sorted(distinct.values(), key=lambda own: _RANK[own.kind]))


class SaidByPlans:
    """What two plans say of their differences."""

    def __init__(self, before: Plan, after: Plan) -> None:
        self.before, self.after = before, after
        self._bounds = tuple({value.limit: value for value in plan.limits} for plan in (before, after))

    def price(self, shift: Shift) -> Iterator[Reason]:
        """Other prices of the ways that the clips leave or take, as far as routes and what stands behind them show them."""
        old, new = shift.before.route, shift.after.route
        for own, other in ((old, new), (new, old)):
            if own is None or (own is new and shift.repriced):
                continue
            before, after = (rates.get(_offer(own)) for rates in self._rates)
            if before and after and before != after:
                yield reason("price", f"{offer_text(own)} costs {usd_text(after)}/s instead of {usd_text(before)}/s")
            elif other is not None and (there := _price_there(own, other, same=shift.repriced)) not in (
                None,
                own.price_usd,
            ):
                was, now = (own.price_usd, there) if own is old else (there, own.price_usd)
                yield reason("price", _costs(own, was, now))

    @cached_property
    def _rates(self) -> tuple[dict[tuple[object, ...], Decimal | None], ...]:
        """Price of a second of each offer that makes clips; None where its routes pay different ones."""
        found: list[dict[tuple[object, ...], Decimal | None]] = []
        for plan in (self.before, self.after):
            rates: dict[tuple[object, ...], Decimal | None] = {}
            for route in plan.routes:
                offer, rate = _offer(route), _exact_rate(route)
                rates[offer] = rate if rates.get(offer, rate) == rate else None
            found.append(rates)
        return tuple(found)

    def requirement(self, shift: Shift) -> Iterator[Reason]:
        """Requirements that routes show."""
        old, new = shift.before.route, shift.after.route
        if old is None or new is None:
            return
        if old.seconds != new.seconds:
            text = f"the clip lasts {seconds_text(new.seconds)} instead of {seconds_text(old.seconds)}"
            yield reason("requirement", text)
        for name in ("mode", "reference", "max_takes"):
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                yield reason("requirement", f"{name} {shown(after)} instead of {shown(before)}")

    def asked(self, shift: Shift, clip: str) -> Iterator[Reason]:
        """Why a clip is in one plan only, or more often."""
        noun = "drafts" if shift.draft else "clips"
        if shift.before.state == "absent":
            known = (clip, shift.draft) in self._names[0]
            more = f"more {noun} of this name are made" if shift.draft else "more of them are asked for"
            yield reason("added", more if known else f"no {noun} of this name before")
        if shift.after.state == "absent":
            known = (clip, shift.draft) in self._names[1]
            fewer = f"fewer {noun} of this name are made" if shift.draft else "fewer of them are asked for"
            yield reason("removed", fewer if known else f"no {noun} of this name any more")

    @cached_property
    def _names(self) -> tuple[set[tuple[str, bool]], ...]:
        """Whose clips and drafts each plan has."""
        return tuple(
            {(clip, route.draft) for route in plan.routes for clip in route.clips}
            | {(clip, False) for left in plan.left_out for clip in left.clips}
            for plan in (self.before, self.after)
        )

    def left_out(self, shift: Shift) -> Iterator[Reason]:
        """Clips that a plan leaves out because they are worth less than they cost."""
        for place, verb in ((shift.before, "was"), (shift.after, "is")):
            if place.left_out is not None and not place.left_out.pushed_by:
                yield reason("value", f"it {verb} left out: {place.left_out.reason}")

    def limits(self, shift: Shift) -> Iterator[Reason]:
        """What keeps the clips off their cheapest way, in either plan."""
        old, new = _pushed(shift.before), _pushed(shift.after)
        for name in dict.fromkeys((*new, *old)):
            if name in _BESIDES:
                continue
            if name in new:
                yield reason("limit", f"limits.{name}{self._bound(name)} {_keeps(shift.after)}")
            elif shift.before.key != shift.after.key:
                yield reason("limit", f"limits.{name}{self._bound(name)} {_lets_go(shift.before)}")

    def besides(self, shift: Shift) -> Iterator[Reason]:
        """Packs, discounts and risk, where they decide; the sentence where no setting is known to differ."""
        for name in _BESIDES:
            makes = "makes" if name == "objective" else "make"
            for place, verb in ((shift.after, makes), (shift.before, "made")):
                if name in _pushed(place) and place.route is not None:
                    text = f"{reasons_text([name])} {verb} {offer_text(place.route)} the better way, not {place.route.instead_of}"
                    yield reason(name, text)
                    break

    def caught(self, shift: Shift) -> Iterator[Reason]:
        """What stands behind the clips where they are made as before at the same price: models, their prices, how likely they are up."""
        old, new = shift.before.route, shift.after.route
        if old is None or new is None or not shift.repriced:
            return
        was, now = ([step.model for step in route.chain] for route in (old, new))
        if was != now:
            caught = [" then ".join(models[1:]) or "nothing" for models in (now, was)]
            yield reason("fallback", f"caught by {caught[0]} instead of {caught[1]}")
            return
        for before, after in zip(old.chain, new.chain, strict=True):
            what = offer_text(after)
            if after is not new.chain[0] and before.price_usd != after.price_usd:
                text = f"{what}, which can catch it, costs {usd_text(after.price_usd)} instead of {usd_text(before.price_usd)}"
                yield reason("price", text)
            for name in ("availability", "failure_rate", "bills_failures", "keep_rate"):
                first, then = getattr(before, name), getattr(after, name)
                if first != then:
                    yield reason("outages", f"{name} of {after.model} is {shown(then)} instead of {shown(first)}")

    def last(self, shift: Shift, *, exact: bool) -> Iterator[Reason]:
        """Where nothing else is known: a tie, bounds that differ, or that there is nothing to tell.

        Parameters
        ----------
        exact
            Whether all else that could differ has been looked at, so that what limits couple is left.
        """
        old, new = self._bounds
        changed = [name for name in dict.fromkeys((*old, *new)) if _bounds(old.get(name)) != _bounds(new.get(name))]
        same_state = shift.before.state == shift.after.state
        if same_state and not shift.each and _penalty(shift.before) == _penalty(shift.after):
            yield reason("tie", "both ways cost the same")
        elif exact and changed:
            yield from (
                reason("limit", f"limits.{name}{self._bound(name)} decides over all clips") for name in changed[:3]
            )
        elif exact:
            yield reason("other", "nothing differs for these clips: what else is made decides")
        else:
            yield reason("other", "the plans do not say: a requirement, or what else is made; compare the scenarios")

    def _bound(self, name: str) -> str:
        old, new = (bounds.get(name) for bounds in self._bounds)
        if old is None and new is None:
            return ""
        if old is None or new is None:
            whole, word = (new, "new: ") if old is None else (old, "dropped: ")
            return f" ({word}{bound_text(whole)})" if whole else ""
        if _bounds(old) == _bounds(new):
            return f" ({bound_text(new)})"
        return f" ({bound_text(new)} instead of {bound_text(old).removeprefix('at most ').removeprefix('at least ')})"


def shown(value: object) -> str:
    """A value of a setting in a sentence."""
    if isinstance(value, tuple | list):
        return ", ".join(map(shown, value)) or "none"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        stated = ((name, getattr(value, name)) for name in type(value).model_fields)
        return ", ".join(f"{name} {shown(inner)}" for name, inner in stated if inner is not None)
    return "none" if value is None else str(value)


def bound_text(value: LimitValue) -> str:
    """The bound of a limit."""
    sense, amount = ("at most", value.at_most) if value.at_most is not None else ("at least", value.at_least)
    bound = amount or Decimal(0)
    if value.unit == "usd":
        return f"{sense} {usd_text(bound)}"
    if value.unit == "share":
        return f"{sense} {shown(bound * 100)}%"
    unit = {"clips": "clips", "seconds": "s", "minutes": "min", "score": "in quality"}[value.unit]
    return f"{sense} {shown(bound)} {unit}"


def _bounds(value: LimitValue | None) -> object:
    return value and (value.at_most, value.at_least)


def _offer(route: Route) -> tuple[object, ...]:
    return (route.provider, route.model, route.mode, route.reference, route.resolution, route.audio)


def _exact_rate(route: Route) -> Decimal | None:
    """Price of a billed second, where the price is a whole number of them to the micro-dollar."""
    if not route.billed_seconds:
        return None
    price = route.price_usd - route.dubbing_usd
    rate = (price / route.billed_seconds).quantize(Decimal("0.000001"))
    return rate if rate * route.billed_seconds == price else None


def _price_there(own: Route, other: Route, *, same: bool) -> Decimal | None:
    """The price of this way where the other one is planned, if that one is the same or has it behind it."""
    if same:
        return other.price_usd
    if (own.mode, own.reference) != (other.mode, other.reference):
        return None
    wanted = (own.provider, own.model, own.resolution, own.audio, own.segments)
    steps = (s for s in other.chain if (s.provider, s.model, s.resolution, s.audio, s.segments) == wanted)
    return next((step.price_usd for step in steps), None)


def _costs(made: Route, before: Decimal | None, after: Decimal | None) -> str:
    prices = [usd_text(price or Decimal(0)) for price in (after, before)]
    return f"{offer_text(made)} costs {prices[0]} for {segments_text(made.segments)} instead of {prices[1]}"


def _pushed(place: Place) -> tuple[str, ...]:
    held = place.route or place.left_out
    return held.pushed_by if held else ()


def _keeps(place: Place) -> str:
    if place.route is None:
        return "leaves no room for it"
    more = f", {usd_text(place.route.extra_usd)} more each" if place.route.extra_usd > 0 else ""
    return f"keeps it off {place.route.instead_of}{more}"


def _lets_go(place: Place) -> str:
    return "leaves room for it" if place.route is None else f"no longer keeps it off {place.route.instead_of}"


def _penalty(place: Place) -> Decimal:
    return place.route.penalty_usd if place.route else Decimal(0)

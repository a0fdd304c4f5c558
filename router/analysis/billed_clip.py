"""The lines of one clip against what the plan makes of it.

The plan has a place for every clip and draft, and behind it places for its further takes. What was made is dealt out to
these places so that as many as possible are filled, then as few as possible by models that are not in the chain, then the amounts
differ least from the plan's, then the fewest fallbacks are told. What finds no place is double; an empty first place is missing.
Money is in micro-dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from router.analysis.assignment import Some, assign
from router.schema.plan import Route
from router.schema.reconciliation import Bill, What
from router.units import Micro, to_micro

_LATER, _DRIFT, _OFF_CHAIN = 10**12, 10**24, 10**54
"""What counts before what, above any sum of what counts less; a step of the chain counts 1."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain as its bills see it."""

    position: int
    bill: Micro
    """Of a clip that it makes."""
    without: Micro
    """The same without sound made elsewhere, which another supplier may bill."""
    generations: int
    bills_failures: Literal["no", "yes", "unknown"]

    def nearest(self, amount: Micro) -> Micro:
        """Which of the two bills an amount is meant to be."""
        return self.without if abs(amount - self.without) < abs(amount - self.bill) else self.bill


@dataclass(frozen=True, slots=True)
class Way:
    """A route as its bills see it."""

    draft: bool
    takes: int
    """1 where every take is kept."""
    price: Micro
    primary: tuple[str, str]
    steps: Mapping[tuple[str, str], Step]


def way_of(route: Route) -> Way:
    """A route as its bills see it."""
    primary = route.chain[0]
    steps: dict[tuple[str, str], Step] = {}
    for position, step in enumerate(route.chain):
        # A provider that bills what was requested bills the primary's price, and its sound is the primary's.
        payer = step if step.billed_usd == step.price_usd else primary
        steps.setdefault(
            (step.provider, step.model),
            Step(
                position,
                to_micro(step.billed_usd),
                to_micro(step.billed_usd - payer.dubbing_usd),
                len(step.segments),
                step.bills_failures,
            ),
        )
    takes = route.max_takes if any(step.keep_rate < 1 for step in route.chain) else 1
    return Way(route.draft, takes, to_micro(route.price_usd), (primary.provider, primary.model), steps)


class Found(NamedTuple):
    """Some clips or attempts of one class; amounts are those of all."""

    what: What
    draft: bool
    provider: str
    model: str
    step: int | None
    clips: int
    lines: int
    line: int | None
    """The first of them; None where something is missing."""
    planned: Micro
    priced: Micro
    billed: Micro
    dubbing: Micro = 0
    """Sound made elsewhere that was planned and is not in the bill."""


Share = tuple[Way, int]
"""A way and how many clips go it."""
Bills = Mapping[Bill, tuple[int, int]]
"""How many lines say the same, and the first of them."""


class _Unit(NamedTuple):
    """Clips that were made, each for the same amount."""

    bill: Bill
    amount: Micro
    number: int
    lines: int
    line: int

    @property
    def maker(self) -> tuple[str, str]:
        return self.bill.provider, self.bill.model

    def split(self, number: int) -> tuple[_Unit, _Unit]:
        """So many of them, and the others."""
        lines = self.lines * number // self.number
        return (
            self._replace(number=number, lines=lines),
            self._replace(number=self.number - number, lines=self.lines - lines),
        )


class _Place(NamedTuple):
    """Room for some clips of one way: their first takes, or all later ones."""

    way: Way
    later: bool
    room: int

    def cost(self, bill: Bill, target: Micro | None) -> int | None:
        """What it counts to put clips here that were meant to bill ``target``; None: they cannot be these."""
        way, take = self.way, bill.take
        if bill.draft not in (None, way.draft) or (take is not None and ((take > 1) != self.later or take > way.takes)):
            return None
        cost = _LATER if self.later else 0
        step = way.steps.get((bill.provider, bill.model))
        if step is None or target is None:
            return cost + _OFF_CHAIN
        return cost + step.position + _DRIFT * abs(target - step.nearest(target))


def compare(shares: Sequence[Share], bills: Bills) -> Iterator[Found]:
    """What the lines of one clip are; then what is missing.

    Parameters
    ----------
    shares
        The ways of the clip and of its drafts, at least one.
    """
    if len(shares) == len(bills) == 1 and (found := _as_planned(shares[0], *bills.items())) is not None:
        yield found
        return
    made: list[tuple[Bill, int, int]] = []
    for bill, (number, line) in sorted(bills.items(), key=lambda own: _rank(own[0])):
        if _was_made(bill, shares):
            made.append((bill, number, line))
        else:
            yield _attempt(bill, number, line, shares)
    places = [_Place(way, False, count) for way, count in shares]
    places += [_Place(way, True, count * (way.takes - 1)) for way, count in shares if way.takes > 1]
    filled = [0] * len(places)
    for unit, at in _dealt(list(_units(made, shares)), places):
        if at is not None:
            filled[at] += unit.number
        yield _classed(unit, None if at is None else places[at], shares)
    for place, used in zip(places, filled, strict=True):
        if not place.later and used < place.room:
            way, number = place.way, place.room - used
            provider, model = way.primary
            price = way.price * number
            yield Found("missing", way.draft, provider, model, 0, number, 0, None, price, price, 0)


def _rank(bill: Bill) -> tuple[object, ...]:
    """An order of bills, so that the order of the lines decides nothing."""
    provider, model, billed, ended, kept, take, draft = bill
    return provider, model, billed, ended or "", kept, take or 0, draft is not None, draft or False


def _as_planned(share: Share, alike: tuple[Bill, tuple[int, int]]) -> Found | None:
    """All of a clip, where its lines plainly are what the plan says: most are, and need no search."""
    (way, count), (bill, (number, line)) = share, alike
    step = way.steps.get((bill.provider, bill.model))
    plain = (
        step is not None
        and (step.position, step.bill, count) == (0, bill.billed, number)
        and (bill.ended == "served" or (bill.ended is None and bill.billed > 0))
        and bill.take in (None, 1)
        and not (way.draft or bill.draft)
    )
    if not plain:
        return None
    total = bill.billed * number
    return Found(
        "as-planned", False, bill.provider, bill.model, 0, number, number, line, way.price * number, total, total
    )


def _steps(shares: Iterable[Share], bill: Bill) -> list[Step]:
    """Where a model stands in the chains of the ways that a line may be about."""
    ways = (way for way, _ in shares if bill.draft in (None, way.draft))
    return [step for way in ways if (step := way.steps.get((bill.provider, bill.model))) is not None]


def _was_made(bill: Bill, shares: Sequence[Share]) -> bool:
    if bill.ended == "open":
        return bill.billed > 0
    if bill.ended is None:
        return bill.billed > 0 or any(step.bill == 0 for step in _steps(shares, bill))
    return bill.ended == "served"


def _attempt(bill: Bill, number: int, line: int, shares: Sequence[Share]) -> Found:
    """Attempts that made nothing: what they should have billed, by the step that explains them best."""
    steps = _steps(shares, bill)
    what: What = "off-chain"
    priced, position = 0, None
    if steps:
        failed = bill.ended in ("failed", None)
        ways = [(step, _failure(bill.billed, step) if failed else 0) for step in steps]
        step, priced = min(ways, key=lambda way: (abs(bill.billed - way[1]), way[0].position))
        position = step.position
        if not bill.billed:
            what = "unbilled-failure" if failed else "unavailable" if bill.ended == "down" else "unresolved"
        elif bill.billed == priced:
            what = "billed-failure"
        else:
            what = "price-drift" if priced else "unexpected-failure"
    draft = bool(bill.draft)
    return Found(
        what, draft, bill.provider, bill.model, position, number, number, line, 0, priced * number, bill.billed * number
    )


def _failure(billed: Micro, step: Step) -> Micro:
    """What a failure may bill: nothing, or the price; of several generations one may fail alone."""
    if not billed or step.bills_failures != "yes":
        return 0
    return billed if step.generations > 1 and billed < step.bill else step.nearest(billed)


def _units(made: Iterable[tuple[Bill, int, int]], shares: Sequence[Share]) -> Iterator[_Unit]:
    """What was made, clip by clip: lines that may be single generations of a clip are taken together."""
    parts: dict[Bill, list[tuple[Bill, int, int]]] = {}
    for bill, number, line in made:
        steps = _steps(shares, bill)
        if all(step.generations == 1 for step in steps) or any(bill.billed in (s.bill, s.without) for s in steps):
            yield _Unit(bill, bill.billed, number, number, line)
        else:
            parts.setdefault(bill._replace(billed=0, ended="served"), []).append((bill, number, line))
    for alike, own in parts.items():
        lines, first = sum(number for _, number, _ in own), min(line for *_, line in own)
        total = sum(bill.billed * number for bill, number, _ in own)
        clips = _clips_in(lines, total, _steps(shares, alike))
        amount, rest = divmod(total, clips)
        whole = _Unit(alike, amount, clips, lines, first)
        dearer, others = whole.split(rest)
        yield from (unit for unit in (dearer._replace(amount=amount + 1), others) if unit.number)


def _clips_in(lines: int, total: Micro, steps: Sequence[Step]) -> int:
    """How many clips lines come to: of one or of all generations each, whichever bills what comes nearest to the total."""

    def ways() -> Iterator[tuple[Micro, bool, int]]:
        for step in steps:
            each = step.generations
            whole, rest = divmod(lines, each)
            counts = {max(whole, 1), whole + bool(rest), *(_mixed(lines, total, each, bill) for bill in bills(step))}
            for clips in {*counts, lines}:
                for bill in bills(step):
                    yield abs(total - clips * bill), lines not in (clips, clips * each), clips

    def bills(step: Step) -> tuple[Micro, Micro]:
        return step.bill, step.without

    return min(ways())[2]


def _mixed(lines: int, total: Micro, each: int, bill: Micro) -> int:
    """How many clips, where some lines are whole clips and others are generations: the number nearest to what the total pays for."""
    if each == 1 or not bill:
        return lines
    # With c clips by generations the lines are c * each + the others: lines - c * (each - 1) clips.
    step = bill * (each - 1)
    by_generations = (2 * (lines * bill - total) + step) // (2 * step)
    return lines - min(max(by_generations, 0), lines // each) * (each - 1)


def _dealt(units: list[_Unit], places: Sequence[_Place]) -> Iterator[tuple[_Unit, int | None]]:
    """Every unit with its place; None: there is none left."""
    alike: dict[tuple[Bill, Micro | None], list[_Unit]] = {}
    for unit in units:
        target = _target(unit, places)
        # What is meant to bill the same differs in drift alone, and the nearest of it is served first.
        kind = unit.bill._replace(billed=0, ended=None)
        alike.setdefault((kind, target), []).append(unit)
    kinds = list(alike.items())
    things: list[Some] = []
    bounds: dict[object, int] = {}
    for (bill, target), own in kinds:
        costs = {at: cost for at, place in enumerate(places) if (cost := place.cost(bill, target)) is not None}
        group = None if bill.take is None and not bill.kept else (bill.draft, bill.take)
        things.append(Some(sum(unit.number for unit in own), costs, group))
        if group is not None:
            # So many first takes, second takes, and kept ones there can be.
            firsts = (place for place in places if not place.later and bill.draft in (None, place.way.draft))
            bounds[group] = sum(place.room for place in firsts if bill.take is None or bill.take <= place.way.takes)
    for ((_, target), own), where in zip(kinds, assign(things, [place.room for place in places], bounds), strict=True):
        waiting = sorted(own, key=lambda unit: (abs(unit.amount - (target or 0)), unit.amount), reverse=True)
        for at, room in sorted(where.items()):
            left = room
            while left:
                unit = waiting.pop()
                taken, rest = unit.split(min(left, unit.number))
                left -= taken.number
                if rest.number:
                    waiting.append(rest)
                yield taken, at
        yield from ((unit, None) for unit in reversed(waiting))


def _target(unit: _Unit, places: Sequence[_Place]) -> Micro | None:
    """The bill that an amount is nearest to; None off the chain."""
    fit = {
        step.nearest(unit.amount)
        for place in places
        if unit.bill.draft in (None, place.way.draft) and (step := place.way.steps.get(unit.maker)) is not None
    }
    return min(fit, key=lambda bill: (abs(unit.amount - bill), bill), default=None)


def _classed(unit: _Unit, place: _Place | None, shares: Sequence[Share]) -> Found:
    number, billed = unit.number, unit.amount * unit.number

    def found(
        what: What, *, draft: bool, step: int | None, planned: Micro = 0, priced: Micro = 0, dub: Micro = 0
    ) -> Found:
        return Found(
            what, draft, *unit.maker, step, number, unit.lines, unit.line, planned * number, priced * number, billed,
            dub * number,
        )  # fmt: skip

    if place is None:
        position = min((step.position for step in _steps(shares, unit.bill)), default=None)
        return found("double", draft=bool(unit.bill.draft), step=position)
    way = place.way
    planned = 0 if place.later else way.price
    step = way.steps.get(unit.maker)
    if step is None:
        return found("off-chain", draft=way.draft, step=None, planned=planned)
    priced = step.nearest(unit.amount)
    what: What = "fallback" if step.position else "as-planned"
    if unit.amount != priced:
        what = "price-drift"
    elif place.later:
        what = "further-take"
    return found(what, draft=way.draft, step=step.position, planned=planned, priced=priced, dub=step.bill - priced)

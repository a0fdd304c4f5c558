"""The bound that a plan's certificate proves, worked out again in whole numbers and without any solver.

For any multipliers ``lam >= 0`` of limits that are sums over clips (``use <= bound``), no plan has a lower objective than

    sum over clips of the least (cost + lam use) of all ways to make the clip or to leave it out, less lam bound,

for a plan that keeps the limits pays at most ``lam bound`` for what it uses. A clip is taken together with its drafts, and a group with
all its clips on what they share.

Packs that are owned pay ``min(face, spend)`` of a provider's spend, which for any share ``t`` is at most ``t face + (1 - t) spend``: a sum
over clips again. The best shares are looked for.

Costs, uses and multipliers are brought to whole numbers of one common fraction of a micro-dollar, so that nothing is rounded. Expected
costs are floats and taken at their word; what is within a millionth of a whole micro-dollar is taken to be that, as two ways to add up
the same cost differ by as much.

Source: A. M. Geoffrion, Lagrangean relaxation for integer programming, Mathematical Programming Study 2 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias

from router.checking.alternatives import Alternative, Alternatives, micro, need_of, usd, value_of
from router.checking.prices import audio_of, billed
from router.checking.primaries import planned_lengths
from router.checking.savings import most_saved, owned_by_provider
from router.schema.plan import Plan
from router.schema.scenario import Cap, Clip, Scenario

Number: TypeAlias = int | float | Fraction

MICRO = 1_000_000
MANY_WAYS = 20_000
"""Where there are more, packs that are owned are taken to save all that they pay for, whatever is made."""
HALVINGS = 30
"""Of the range of a share, each by a third."""


@dataclass(frozen=True, slots=True)
class SumLimit:
    """A limit on a sum over the clips that are made, drafts included; money is micro-dollars."""

    at_most: bool
    bound: Fraction
    use: Callable[[Alternative], Number]
    """Of one clip."""
    money: bool = False

    def price(self, multiplier: Fraction) -> Fraction:
        """Micro-dollars that a unit of use pays, or earns where the limit is a least one, by a multiplier in dollars."""
        price = multiplier * (1 if self.money else MICRO)
        return price if self.at_most else -price


@dataclass(frozen=True, slots=True)
class Wholes:
    """Numbers as whole multiples of ``1 / parts``."""

    numbers: tuple[int, ...]
    parts: int
    floats: bool
    """Whether some of them were floats."""

    @classmethod
    def of(cls, amounts: Iterable[Number]) -> Wholes:
        """The amounts exactly, over their least common denominator."""
        given = tuple(amounts)
        ratios = [amount.as_integer_ratio() for amount in given]
        parts = math.lcm(*{below for _, below in ratios})
        numbers = tuple(above * (parts // below) for above, below in ratios)
        return cls(numbers, parts, any(isinstance(amount, float) for amount in given))


@dataclass(frozen=True, slots=True)
class _Member:
    """Clips of equal requirements, and which of all ways make them."""

    count: int
    made: Mapping[str, slice]
    """By what the clips of a group share."""
    drafts: int
    """Of each clip."""
    drafted: slice
    left_out: int | None
    """What leaving out one clip counts, micro-dollars; None if it must be made."""

    def lows(self, weights: Sequence[int], whole: int) -> tuple[dict[str, int], int | None]:
        """The least that one clip weighs, by what is shared, left out where that is less; and what it weighs left out."""
        left = None if self.left_out is None else self.left_out * whole
        lows = {label: min(weights[span]) for label, span in self.made.items()}
        if self.drafts:
            drafted = min(weights[self.drafted], default=None)
            lows = {} if drafted is None else {label: low + self.drafts * drafted for label, low in lows.items()}
        return lows if left is None else {label: min(low, left) for label, low in lows.items()}, left


class Sums:
    """The limits of a scenario that are sums over clips, and the bounds that multipliers of them give."""

    def __init__(self, others: Alternatives) -> None:
        self.limits = dict(sum_limits(others.scenario))
        self._ways: list[Alternative] = []
        self._groups = self._grouped(others)
        self._known_uses: dict[str, Wholes] = {}
        owned = owned_by_provider(others.scenario)
        self._faces = {name: face * (1 - Fraction(most_saved(name, others.scenario))) for name, face in owned.items()}
        """What packs that are owned save at most, besides what could be saved without them."""
        self._take(dict.fromkeys(self._faces, Fraction(1)))
        if len(self._ways) <= MANY_WAYS:
            for name in self._faces:
                self._take(self._best_share(name))

    def _take(self, shares: dict[str, Fraction]) -> None:
        """Bound what packs that are owned pay for by these shares of their face and of the spend."""
        self._shares = shares
        rest = {name: float(1 - share) for name, share in shares.items() if share < 1}
        self._costs = Wholes.of(
            _settled(way.least - math.fsum(amount * rest.get(name, 0.0) for name, amount in way.prepaid))
            for way in self._ways
        )
        self._owned = sum((share * self._faces[name] for name, share in shares.items()), Fraction(0))

    def _best_share(self, name: str) -> dict[str, Fraction]:
        """The shares with the best one of a provider, the others as they are: the bound is concave in it."""

        def proven(share: Fraction) -> Fraction:
            self._take({**shares, name: share})
            return self.bound({})

        shares, low, high = dict(self._shares), Fraction(0), Fraction(1)
        for _ in range(HALVINGS):
            left, right = ((low * (3 - k) + high * k) / 3 for k in (1, 2))
            left, right = left.limit_denominator(10**9), right.limit_denominator(10**9)
            low, high = (low, right) if proven(left) >= proven(right) else (left, high)
        # It is best where two ways cost the same, which is most often at a simple fraction.
        middle = (low + high) / 2
        tried = {Fraction(0), Fraction(1), low, high, *(middle.limit_denominator(10**k) for k in (1, 2, 3, 4, 6, 9))}
        return {**shares, name: max(sorted(tried), key=proven)}

    def _grouped(self, others: Alternatives) -> list[list[_Member]]:
        """All clips, those of a group together, the others by their requirements."""
        rule = others.scenario.limits.groups
        alike: dict[tuple[object, str | None], list[Clip]] = {}
        for clip in others.scenario.clips:
            alike.setdefault((need_of(clip), None if rule is None else clip.group), []).append(clip)
        spans: dict[object, tuple[dict[str, slice], slice]] = {}
        groups: dict[object, list[_Member]] = {}
        for (need, group), clips in alike.items():
            if need not in spans:
                spans[need] = self._spans(others, clips[0], rule)
            made, drafted = spans[need]
            drafts = 0 if clips[0].drafts is None else clips[0].drafts.count
            member = _Member(sum(clip.count for clip in clips), made, drafts, drafted, value_of(clips[0]))
            groups.setdefault((need, None) if group is None else group, []).append(member)
        return list(groups.values())

    def _spans(self, others: Alternatives, clip: Clip, rule: str | None) -> tuple[dict[str, slice], slice]:
        """Where the ways to make a clip stand among all ways, by what a group shares; and those to make one of its drafts."""

        def shared(way: Alternative) -> str:
            if rule is None:
                return ""
            return way.line.entry.model if rule == "same-model" else way.line.entry.provider

        made = {label: self._add(own) for label, own in groupby(sorted(others.made(clip), key=shared), shared)}
        return made, self._add(others.drafted(clip))

    def _add(self, ways: Iterable[Alternative]) -> slice:
        first = len(self._ways)
        self._ways += ways
        return slice(first, len(self._ways))

    def _uses(self, name: str) -> Wholes:
        """What every way uses of a limit; worked out once."""
        if name not in self._known_uses:
            self._known_uses[name] = Wholes.of(map(self.limits[name].use, self._ways))
        return self._known_uses[name]

    def bound(self, multipliers: Mapping[str, Fraction]) -> Fraction:
        """The bound, micro-dollars.

        Parameters
        ----------
        multipliers
            At least 0, dollars for each unit of the limits that they name.
        """
        priced = [(name, self.limits[name].price(value)) for name, value in multipliers.items() if value]
        parts = [self._uses(name).parts * price.denominator for name, price in priced]
        whole = math.lcm(self._costs.parts, *parts)
        weights = [cost * (whole // self._costs.parts) for cost in self._costs.numbers]
        earned = Fraction(0)
        for (name, price), part in zip(priced, parts, strict=True):
            each, uses = price.numerator * (whole // part), self._uses(name)
            weights = [weight + each * use for weight, use in zip(weights, uses.numbers, strict=True)]
            # A sum of floats is compared after rounding, which gives it half a unit of room.
            earned += price * self.limits[name].bound + (abs(price) / 2 if uses.floats else 0)
        total = sum(_together([(own.count, *own.lows(weights, whole)) for own in group]) for group in self._groups)
        return Fraction(total, whole) - earned - self._owned


def refuted(plan: Plan, sums: Sums) -> tuple[list[str], Decimal | None]:
    """What is wrong with a plan's certificate, and the bound that it proves, dollars; None if it proves none."""
    certificate = plan.certificate
    if certificate is None:
        return [], None
    multipliers = {multiplier.limit: Fraction(multiplier.value) for multiplier in certificate.multipliers}
    wrong = [
        f"certificate: {name} is no limit of the scenario that is a sum over clips"
        for name in multipliers
        if name not in sums.limits
    ]
    wrong += [f"certificate: the multiplier of {name} is below 0" for name, value in multipliers.items() if value < 0]
    if wrong:
        return wrong, None
    proven = sums.bound(multipliers)
    if micro(certificate.bound_usd) - proven > 1 + abs(proven) / 10**9:
        return [f"certificate: bound_usd is {certificate.bound_usd}, its multipliers prove {usd(proven)}"], None
    return [], usd(proven)


def sum_limits(scenario: Scenario) -> Iterator[tuple[str, SumLimit]]:
    """(name, limit) of every limit that is a sum over clips.

    No such sums are what packs and discounts are taken off, nor a worst case over the outage states of the run.
    """
    limits, outages = scenario.limits, scenario.outages
    if not scenario.packs and not scenario.tiers:
        if limits.budget_usd is not None:
            budget = Fraction(limits.budget_usd) * MICRO
            yield "budget_usd", SumLimit(True, budget, lambda way: _settled(way.cost.expected), money=True)
        if limits.worst_case_usd is not None and "per-run" not in (outages.correlation, outages.provider_correlation):
            worst = Fraction(limits.worst_case_usd) * MICRO
            yield "worst_case_usd", SumLimit(True, worst, lambda way: way.cost.worst, money=True)
    for position, cap in enumerate(limits.caps):
        for name, limit in _of_cap(cap):
            yield f"caps[{position}].{name}", limit
    if (least := limits.mean_quality_min) is not None:
        floor = Fraction(least)

        def above(way: Alternative) -> Fraction:
            return Fraction(0) if way.draft else Fraction(way.line.terms.quality or 0) - floor

        yield "mean_quality_min", SumLimit(False, Fraction(0), above)


def _of_cap(cap: Cap) -> Iterator[tuple[str, SumLimit]]:
    def over(amount: Callable[[Alternative], Number], others: Number = 0) -> Callable[[Alternative], Number]:
        return lambda way: amount(way) if _matches(way, cap) else others

    if cap.max_clips is not None:
        yield "max_clips", SumLimit(True, Fraction(cap.max_clips), over(lambda _: 1))
    if cap.max_seconds is not None:
        yield "max_seconds", SumLimit(True, Fraction(cap.max_seconds), over(_billed_seconds))
    if cap.max_usd is not None:
        yield "max_usd", SumLimit(True, Fraction(cap.max_usd) * MICRO, over(lambda way: way.price), money=True)
    if cap.min_clips is not None:
        yield "min_clips", SumLimit(False, Fraction(cap.min_clips), over(lambda _: 1))
    for name, share in (("max_share", cap.max_share), ("min_share", cap.min_share)):
        if share is not None:
            most = Fraction(share)
            yield name, SumLimit(name == "max_share", Fraction(0), over(lambda _, s=most: 1 - s, -most))  # type: ignore[misc]


def _matches(way: Alternative, cap: Cap) -> bool:
    where, line = cap.where, way.line
    pairs = (
        (where.provider, line.entry.provider),
        (where.model, line.entry.model),
        (where.mode, line.entry.mode),
        (where.resolution, line.offer.resolution),
    )
    if any(wanted is not None and wanted != has for wanted, has in pairs):
        return False
    return where.audio is None or where.audio == (
        line.offer.audio if isinstance(where.audio, bool) else audio_of(line, way.clip)
    )


def _billed_seconds(way: Alternative) -> Fraction:
    return sum((billed(way.line, length) for length in planned_lengths(way.line, way.clip)), Fraction(0))


def _settled(amount: float) -> int | float:
    """Micro-dollars, whole where they are but for rounding of floats."""
    whole = round(amount)
    return whole if abs(amount - whole) <= 1e-6 else amount


def _together(members: Sequence[tuple[int, Mapping[str, int], int | None]]) -> int:
    """The least that a group weighs: (clips, least weight by what is shared, weight of being left out) of its members.

    0 for what can neither be made nor left out, which no plan survives.
    """
    totals = []
    for label in {label for _, lows, _ in members for label in lows}:
        each = [(count, lows.get(label, left)) for count, lows, left in members]
        if all(weight is not None for _, weight in each):
            totals.append(sum(count * weight for count, weight in each if weight is not None))
    return min(totals) if totals else sum(count * (left or 0) for count, _, left in members)

"""The bound that a plan's certificate proves, worked out again in whole numbers and without any solver.

For any multipliers ``lam >= 0`` of limits that are sums over clips (``use <= bound``), no plan has a lower objective than

    sum over clips of the least (cost + lam use) of all ways to make the clip or to leave it out, less lam bound,

for a plan that keeps the limits pays at most ``lam bound`` for what it uses. A clip is taken together with its drafts, and a group with
all its clips on what they share.

Terms are whole multiples of 2^-40 micro-dollars, each rounded down. Expected costs are floats and taken at their word; what is within a
millionth of a whole micro-dollar is taken to be that, as two ways to add up the same cost differ by as much.

Source: A. M. Geoffrion, Lagrangean relaxation for integer programming, Mathematical Programming Study 2 (1974).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from router.checking.alternatives import Alternative, Alternatives, micro, need_of, usd, value_of
from router.checking.prices import audio_of, billed
from router.checking.primaries import planned_lengths
from router.schema.plan import Plan
from router.schema.scenario import Cap, Clip, Scenario

Number: TypeAlias = int | float | Fraction

BITS = 40
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class SumLimit:
    """A limit on a sum over the clips that are made, drafts included; money is micro-dollars."""

    at_most: bool
    bound: Fraction
    use: Callable[[Alternative], Number]
    """Of one clip."""
    money: bool = False
    _known: dict[Alternative, Number] = field(default_factory=dict)

    def used(self, way: Alternative) -> Number:
        """What one clip uses; worked out once."""
        if way not in self._known:
            self._known[way] = self.use(way)
        return self._known[way]

    @property
    def reach(self) -> Fraction:
        """The bound with what rounding allows: a sum of floats is compared as whole micro-dollars."""
        rounded = any(isinstance(use, float) for use in self._known.values())
        return self.bound + Fraction(1, 2) if rounded else self.bound


class Sums:
    """The limits of a scenario that are sums over clips, and the bounds that multipliers of them give."""

    def __init__(self, others: Alternatives) -> None:
        self.others = others
        self.limits = dict(sum_limits(others.scenario))
        self.rule = others.scenario.limits.groups
        alike: dict[tuple[object, ...], list[Clip]] = {}
        for clip in others.scenario.clips:
            alike.setdefault((need_of(clip), self._group(clip)), []).append(clip)
        self.alike = [(clips[0], sum(clip.count for clip in clips)) for clips in alike.values()]

    def _group(self, clip: Clip) -> str | None:
        return None if self.rule is None else clip.group

    def bound(self, multipliers: Mapping[str, Fraction]) -> Fraction:
        """The bound, micro-dollars; multipliers are dollars for each unit of the limits that they name."""
        priced = []
        for name, multiplier in multipliers.items():
            limit = self.limits[name]
            price = multiplier * (1 if limit.money else MICRO)
            priced.append((limit, price if limit.at_most else -price))

        def weigh(way: Alternative) -> int:
            uses = ((limit.used(way), price) for limit, price in priced)
            return _units(_settled(way.least)) + sum(_units(use, price) for use, price in uses if use)

        total = 0
        groups: dict[str, list[tuple[int, dict[str, int], int | None]]] = {}
        for clip, count in self.alike:
            ways, value = self.others.weighed(clip, weigh), value_of(clip)
            left = None if value is None else value << BITS
            group = self._group(clip)
            if group is None:
                total += count * _least([weight for _, weight in ways], left)
                continue
            by_label: dict[str, list[int]] = {}
            for way, weight in ways:
                entry = way.line.entry
                by_label.setdefault(entry.model if self.rule == "same-model" else entry.provider, []).append(weight)
            lows = {label: _least(weights, left) for label, weights in by_label.items()}
            groups.setdefault(group, []).append((count, lows, left))
        total += sum(map(_together, groups.values()))
        total += sum(_units(-limit.reach, price) for limit, price in priced)
        return Fraction(total, 1 << BITS)


def refuted(plan: Plan, others: Alternatives) -> tuple[list[str], Decimal | None]:
    """What is wrong with a plan's certificate, and the bound that it proves, dollars; None if it proves none."""
    certificate = plan.certificate
    if certificate is None:
        return [], None
    sums = Sums(others)
    multipliers = {multiplier.limit: Fraction(multiplier.value) for multiplier in certificate.multipliers}
    if unknown := [name for name in multipliers if name not in sums.limits]:
        return [f"certificate: {name} is no limit of the scenario that is a sum over clips" for name in unknown], None
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


def _units(number: Number, price: int | Fraction = 1) -> int:
    """``number * price`` in units of 2^-40, rounded down."""
    above, below = number.as_integer_ratio()
    return ((above * price.numerator) << BITS) // (below * price.denominator)


def _least(weights: Sequence[int], left_out: int | None) -> int:
    """The least of the ways to make a clip or to leave it out; 0 where it can be neither, which no plan survives."""
    return min([*weights, *([] if left_out is None else [left_out])], default=0)


def _together(members: Sequence[tuple[int, Mapping[str, int], int | None]]) -> int:
    """The least that a group weighs: (clips, least weight by what is shared, weight of being left out) of its members."""
    totals = []
    for label in {label for _, lows, _ in members for label in lows}:
        each = [(count, lows.get(label, left)) for count, lows, left in members]
        if all(weight is not None for _, weight in each):
            totals.append(sum(count * weight for count, weight in each if weight is not None))
    return min(totals) if totals else sum(count * (left or 0) for count, _, left in members)

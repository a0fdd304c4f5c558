"""Limits and costs that are not convex, each over a range in which its relaxation is a row or a tail.

A deadline depends on the longest job that is given, so a range says which jobs may be given and which is taken for the longest.
A volume discount grows faster than the spend, so a range of spend has the chord as its relaxation.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from router.optimization.problem import Problem
from router.optimization.rows import Amounts, Counts, Number, Row, Sense, Unit, Uses, weighed
from router.optimization.tails import Objective, Tail


@dataclass(frozen=True, slots=True)
class Deadline:
    """One machine with several slots, and jobs that are submitted as slots free up: ``work / slots + longest job <= bound``.

    That is sure to end in time: when the last job is submitted, all slots are busy, so no more than ``work / slots`` has passed.

    Source: R. L. Graham, Bounds on Multiprocessing Timing Anomalies, SIAM Journal on Applied Mathematics 17 (1969).
    """

    name: str
    bound: Fraction
    """Minutes."""
    jobs: tuple[tuple[Fraction | None, ...], ...]
    """Work of one member of a class on an option, minutes; None: not on this machine."""
    longest: tuple[tuple[Fraction, ...], ...]
    """Its longest job."""
    slots: tuple[tuple[int, ...], ...]
    """How many jobs run at once, as this option has it; the least of those in use counts."""
    most_longest: Fraction | None = None
    """Only jobs that are no longer than this; None: any."""
    least_longest: Fraction = Fraction(0)
    """As if some job were at least so long."""
    most_slots: int | None = None
    """As if there were no more slots than this; None: what the options say."""
    least_slots: int = 1
    """Only options with at least so many slots."""
    sense: Sense = "at_most"
    unit: Unit = "minutes"
    stated: bool = True

    @property
    def limit(self) -> Deadline:
        """Itself."""
        return self

    @property
    def classes(self) -> frozenset[int]:
        """The classes that can have a job on this machine."""
        return frozenset(c for c, own in enumerate(self.jobs) if any(job is not None for job in own))

    def only(self, classes: Sequence[int]) -> Deadline:
        """The machine for some of the classes."""
        return replace(
            self,
            jobs=tuple(self.jobs[c] for c in classes),
            longest=tuple(self.longest[c] for c in classes),
            slots=tuple(self.slots[c] for c in classes),
        )

    def used(self, counts: Amounts) -> Fraction:
        """The time by which everything is sure to be done, minutes."""
        pairs = self._given(counts)
        if not pairs:
            return Fraction(0)
        work = sum((Fraction(n) * (self.jobs[c][o] or 0) for c, o, n in pairs), Fraction(0))
        return work / min(self.slots[c][o] for c, o, _ in pairs) + max(self.longest[c][o] for c, o, _ in pairs)

    def holds(self, counts: Amounts) -> bool:
        """Whether everything is done in time."""
        return self.used(counts) <= self.bound

    def relax(self, problem: Problem) -> Problem:
        """No job that the range forbids or that is too long by itself, and work as if its shortest were the longest job."""
        jobs = [(c, o) for c, own in enumerate(self.jobs) for o, job in enumerate(own) if job is not None]
        given = [(c, o) for c, o in jobs if self._allows(c, o) and self.longest[c][o] <= self.bound]
        allowed = frozenset(given)
        rows: list[Row] = []
        if len(given) < len(jobs):
            rows.append(
                Row(self.name, "at_most", 0, self._uses(lambda c, o: int((c, o) not in allowed)), "clips", stated=False)
            )
        if given:
            longest = max(self.least_longest, min(self.longest[c][o] for c, o in given))
            slots = max(self.slots[c][o] for c, o in given)
            slots = slots if self.most_slots is None else min(slots, self.most_slots)
            room = slots * (self.bound - longest)
            work = self._uses(lambda c, o: (self.jobs[c][o] or 0) if (c, o) in allowed else 0)
            rows.append(Row(self.name, "at_most", room, work, "minutes", stated=False))
        return replace(problem, rows=(*problem.rows, *rows))

    def at(self, counts: Counts) -> Deadline:
        """What is given sets the longest job and the slots."""
        pairs = self._given(counts)
        if not pairs:
            return replace(self, most_longest=Fraction(-1))
        longest, slots = max(self.longest[c][o] for c, o, _ in pairs), min(self.slots[c][o] for c, o, _ in pairs)
        return replace(self, most_longest=longest, least_longest=longest, most_slots=slots, least_slots=slots)

    def split(self, counts: Counts) -> tuple[Deadline, ...]:
        """Without the longest of the jobs given, or as if it were always given; the same for the fewest slots."""
        pairs = self._given(counts)
        if self.holds(counts):
            return ()
        longest, slots = max(self.longest[c][o] for c, o, _ in pairs), min(self.slots[c][o] for c, o, _ in pairs)
        allowed = [
            (c, o)
            for c, own in enumerate(self.jobs)
            for o, job in enumerate(own)
            if job is not None and self._allows(c, o)
        ]
        if longest > max(self.least_longest, min(self.longest[c][o] for c, o in allowed)):
            shorter = max(
                (self.longest[c][o] for c, o in allowed if self.longest[c][o] < longest), default=Fraction(-1)
            )
            return replace(self, most_longest=shorter), replace(self, least_longest=longest)
        return replace(self, least_slots=slots + 1), replace(self, most_slots=slots)

    def _allows(self, c: int, o: int) -> bool:
        long_enough = self.most_longest is None or self.longest[c][o] <= self.most_longest
        return long_enough and self.slots[c][o] >= self.least_slots

    def _given(self, counts: Amounts) -> list[tuple[int, int, float]]:
        return [
            (c, o, n)
            for c, (own, row) in enumerate(zip(self.jobs, counts, strict=False))
            for o, (job, n) in enumerate(zip(own, row, strict=True))
            if n and job is not None
        ]

    def _uses(self, use: Callable[[int, int], Number]) -> Uses:
        return tuple(
            tuple(0 if job is None else use(c, o) for o, job in enumerate(own)) for c, own in enumerate(self.jobs)
        )


@dataclass(frozen=True, slots=True)
class Discount:
    """What a provider takes off its list prices: what packs pay for and, of the rest, a discount on what is spent above thresholds.

    The saving is a tail of negative cost (see `Tail`): with the chord of the discount over the range of spend it is the largest of two
    linear costs, one for packs that are used up and one for packs that are not.
    """

    name: str
    spend: Uses
    """List price of an option; packs have none."""
    covers: Uses
    """What a pack pays for, and as the constant part what the packs do that are owned; nothing for any other option."""
    base: int
    """The class of one member and one option that carries the constant part."""
    tiers: tuple[tuple[float, float], ...]
    """(spend from which on a discount is given, the discount), rising."""
    low: float
    high: float
    """Range of the spend that packs do not pay for."""

    @property
    def limit(self) -> None:
        """None: it is a cost."""

    @property
    def classes(self) -> frozenset[int]:
        """The classes that spend, cover or carry the constant part."""
        pairs = zip(self.spend, self.covers, strict=True)
        return frozenset(c for c, (own, cover) in enumerate(pairs) if c == self.base or any(own) or any(cover))

    def only(self, classes: Sequence[int]) -> Discount:
        """The discount on some of the classes, that of the constant part among them."""
        spend, covers = (tuple(part[c] for c in classes) for part in (self.spend, self.covers))
        return replace(self, spend=spend, covers=covers, base=classes.index(self.base))

    def saving(self, rest: float) -> float:
        """The discount on what is spent beyond the packs."""
        steps = zip(self.tiers, (*(start for start, _ in self.tiers[1:]), math.inf), strict=False)
        return math.fsum(rate * max(0.0, min(rest, end) - start) for (start, rate), end in steps)

    def chord(self) -> tuple[float, float]:
        """What the discount is taken for over the range: a share of the spend beyond the packs, less a constant."""
        low, high = self.saving(self.low), self.saving(self.high)
        slope = (high - low) / (self.high - self.low) if self.high > self.low else 0.0
        return slope, slope * self.low - low

    def brackets(self) -> tuple[Discount, ...]:
        """The parts of the range between thresholds."""
        edges = [self.low, *(start for start, _ in self.tiers if self.low < start < self.high), self.high]
        return tuple(replace(self, low=low, high=high) for low, high in pairwise(edges))

    def tail(self) -> Tail:
        """Minus the saving, as far as the chord over the range tells it."""
        slope, constant = self.chord()
        costs = []
        for c, (spend, cover) in enumerate(zip(self.spend, self.covers, strict=True)):
            always = constant if c == self.base else 0.0
            costs.append(
                tuple(
                    (always - float(s), always - (1 - slope) * float(f) - slope * float(s))
                    for s, f in zip(spend, cover, strict=True)
                )
            )
        if not any(any(own) for own in self.covers):
            # Without packs everything is spent: only the second form can be.
            return Tail(
                self.name, None, (1.0,), tuple(tuple(states[1:] for states in own) for own in costs), weight=1.0
            )
        return Tail(self.name, None, (1.0, 1.0), tuple(costs), weight=1.0)

    def rest(self, counts: Amounts) -> float:
        """What is spent beyond the packs."""
        return max(0.0, float(weighed(self.spend, counts)) - float(weighed(self.covers, counts)))

    def relax(self, problem: Problem) -> Problem:
        """The chord for the discount wherever it counts, and the spend kept in the range."""
        tail = self.tail()
        rows = list(problem.rows)
        beyond = tuple(
            tuple(float(s) - float(f) for s, f in zip(*own, strict=True))
            for own in zip(self.spend, self.covers, strict=True)
        )
        most = math.fsum(
            group.count * max(map(float, own)) for group, own in zip(problem.groups, self.spend, strict=True)
        )
        if self.low > 0:
            rows.append(Row(self.name, "at_least", self.low, beyond, stated=False))
        if self.high < most:
            rows.append(Row(self.name, "at_most", self.high, beyond, stated=False))
        return replace(
            problem,
            rows=tuple(rows),
            tails=tuple(tail if old.name == self.name else old for old in problem.tails),
            ceilings=tuple(replace(ceiling, objective=_with(ceiling.objective, tail)) for ceiling in problem.ceilings),
        )

    def at(self, counts: Counts) -> Discount:
        """The bracket between two thresholds that holds the spend."""
        starts = [start for start, _ in self.tiers]
        k = bisect.bisect_right(starts, self.rest(counts))
        low = max(self.low, starts[k - 1] if k else 0.0)
        return replace(self, low=low, high=min(self.high, starts[k] if k < len(starts) else math.inf))

    def split(self, counts: Counts) -> tuple[Discount, ...]:
        """At the threshold next to the spend, if the chord is above the discount there."""
        rest = self.rest(counts)
        inside = [start for start, _ in self.tiers if self.low < start < self.high]
        if not inside:
            return ()
        at = min(inside, key=lambda start: abs(start - rest))
        chord = self.saving(self.low) + (self.saving(self.high) - self.saving(self.low)) * (rest - self.low) / (
            self.high - self.low
        )
        if chord - self.saving(rest) <= 1e-4:
            return ()
        return replace(self, high=at), replace(self, low=at)


def _with(objective: Objective, tail: Tail) -> Objective:
    return replace(objective, tails=tuple(tail if old.name == tail.name else old for old in objective.tails))

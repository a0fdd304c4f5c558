"""Where between two values a plan changes, and what it then makes differently.

A change is two neighbouring values, to the sixth decimal, with different plans; plans are known by their ways (see `study`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from router.analysis.study import Answer

RESOLUTION = Decimal("0.000001")
"""How close the values are between which a plan changes."""
FOLLOWED = 3
"""Changes that are looked for between two neighbouring values; more are told as more."""
CROSSINGS = 12
"""How often it is tried to find a change where two costs cross, before halving."""
SHOWN = 6
"""Moves that are told of one change."""


class Step(NamedTuple):
    """Two neighbouring values, to the resolution, with different plans."""

    until: Decimal
    before: Answer
    since: Decimal
    after: Answer
    more: bool = False


class Steps:
    """Looks for the values at which the plan changes: where the costs of two plans cross, else by halving.

    Parameters
    ----------
    answer
        The best plan at a value.
    held
        A plan at another value; None where that cannot be said without solving.
    lines
        Whether costs are a straight line of the value, as long as nobody catches anybody else.
    admits
        Whether a value is allowed; every one is if absent.
    """

    def __init__(
        self,
        answer: Callable[[Decimal], Answer],
        held: Callable[[Answer, Decimal], Answer | None],
        *,
        lines: bool,
        admits: Callable[[Decimal], bool] = lambda _: True,
    ) -> None:
        self._answer, self._held, self._lines, self._admits = answer, held, lines, admits
        self._apart = RESOLUTION
        """How close two values can be."""

    def between(self, low: Decimal, before: Answer, high: Decimal, after: Answer) -> list[Step]:
        """The first few changes from ``low`` to ``high``, which may lie below it."""
        self._apart = self._resolution(low, high)
        found: list[Step] = []
        while before.ways != after.ways:
            step = self.first(low, before, high, after)
            found.append(step)
            low, before = step.since, step.after
            if len(found) == FOLLOWED and before.ways != after.ways:
                found[-1] = step._replace(more=True)
                break
        return found

    def first(self, low: Decimal, before: Answer, high: Decimal, after: Answer) -> Step:
        """A change next to values with the plan of ``low``; the nearest one, where that plan does not come back beyond it."""
        crossings = CROSSINGS
        step = self._apart.copy_sign(high - low)
        while abs(high - low) > self._apart:
            middle = ((low + high) / 2).quantize(self._apart)
            if crossings and (crossing := self.crossing(low, before, high, after)) is not None:
                crossings -= 1
                inside = sorted((low + step, crossing, high - step))
                middle = inside[1].quantize(self._apart)
            if middle in (low, high):
                break
            there = self._answer(middle)
            if there.ways == before.ways:
                low = middle
            else:
                high, after = middle, there
        return Step(low, before, high, after)

    def _resolution(self, low: Decimal, high: Decimal) -> Decimal:
        """What cannot be halved is a whole number."""
        if low != int(low) or high != int(high) or self._admits(low + Decimal("0.5").copy_sign(high - low)):
            return RESOLUTION
        return Decimal(1)

    def crossing(self, low: Decimal, before: Answer, high: Decimal, after: Answer) -> Decimal | None:
        """Where the plan that is best at one end begins to cost as much as that of the other, if their costs run straight."""
        if not (self._lines and before.made and after.made):
            return None
        then, on = self._held(after, low), self._held(before, high)
        if then is None or on is None:
            return None
        behind, ahead = then.objective_usd - before.objective_usd, on.objective_usd - after.objective_usd
        return low + (high - low) * behind / (behind + ahead) if behind + ahead else None


def moved(before: Answer, after: Answer) -> tuple[str, ...]:
    """What another plan of the same clips makes differently, most clips first: ``40 x evolink/kling-o3 720p -> left out``."""
    if before.ways is None or after.ways is None:
        return ("there is no plan",) if after.ways is None else ("there is a plan",)
    counts: Counter[tuple[str, str]] = Counter()
    then, now = (
        dict(zip((clips for clips, _ in answer.ways or ()), answer.by_name, strict=True)) for answer in (before, after)
    )
    for clips in dict.fromkeys((*then, *now)):
        left, come = then.get(clips, Counter()), now.get(clips, Counter())
        # Where a count is varied, not as many are asked for.
        more = left.total() - come.total()
        left["not asked for"], come["not asked for"] = max(0, -more), max(0, more)
        counts.update(_paired(left - come, come - left))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{n:,} x {one} -> {other}" for (one, other), n in ranked[:SHOWN]]
    return (*lines, f"and {len(ranked) - SHOWN} more") if len(ranked) > SHOWN else tuple(lines)


def _paired(left: Counter[str], come: Counter[str]) -> Counter[tuple[str, str]]:
    """Who went where, in the order of the ways."""
    pairs: Counter[tuple[str, str]] = Counter()
    going, coming = list(left.items()), list(come.items())
    while going:
        (one, m), (other, n) = going.pop(), coming.pop()
        pairs[one, other] += min(m, n)
        going += [(one, m - n)] if m > n else []
        coming += [(other, n - m)] if n > m else []
    return pairs

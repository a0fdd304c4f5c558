"""Bills held against a plan, line by line: what the plan explains of them, and what it does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from router.analysis.billed_clip import Bills, Found, Share, compare, way_of
from router.errors import InputError
from router.loading.bill_table import bill_lines
from router.schema.plan import Plan
from router.schema.reconciliation import CLASSES, Bill, BilledLine, ClassSum, Finding, ModelSum, Reconciliation, What
from router.units import Micro, from_micro, to_micro

OFF: tuple[What, ...] = ("missing", "double")
"""What no tolerance of nothing lets pass, even where no money is in it."""
_MOST: Micro = 10**23


def reconcile(plan: Plan, bills: str | Path) -> Reconciliation:
    """Hold billed amounts against a plan.

    Parameters
    ----------
    bills
        A table, CSV or JSON lines, with the columns ``clip``, ``provider``, ``model``, ``billed_usd`` and, where known, ``outcome``,
        ``time``, ``take`` and ``draft``; ``-`` reads standard input.

    Raises
    ------
    router.errors.InputError
        With every error in the table, each with its line.
    """
    billed = _Billed.of(bill_lines(bills))
    sums = _Sums()
    for clip, lines in _by_clip(plan, billed.clips):
        sums.add(clip, lines)
    final = [route for route in plan.routes if not route.draft]
    total = _Sum()
    for own in sums.classes.values():
        total.add(own)
    nominal = sum(to_micro(route.price_usd) * route.count for route in plan.routes)
    if max(abs(nominal), abs(total.priced), total.billed) > _MOST:
        raise InputError("the plan's prices come to more than a report can hold; verify the plan")
    return Reconciliation(
        schema=1,
        title=plan.title,
        lines=billed.lines,
        until=billed.until,
        clips=sum(route.count for route in final),
        drafts=sum(route.count for route in plan.routes) - sum(route.count for route in final),
        nominal_usd=from_micro(nominal),
        expected_usd=plan.totals.list_usd,
        saving_usd=plan.totals.saving_usd,
        priced_usd=from_micro(total.priced),
        billed_usd=from_micro(total.billed),
        difference_usd=from_micro(total.billed - nominal),
        unexplained_usd=from_micro(total.unexplained),
        unbilled_dubbing_usd=from_micro(total.dubbing),
        classes=tuple(ClassSum(what=what, **sums.classes[what].amounts()) for what in CLASSES if what in sums.classes),
        models=tuple(
            ModelSum(provider=provider, model=model, **own.amounts())
            for (provider, model), own in sorted(sums.models.items())
        ),
        findings=tuple(sums.findings),
        **{"from": billed.since},
    )


def exceeds(found: Reconciliation, tolerance: Decimal) -> bool:
    """Whether single lines differ from the plan's price for what ran by more than the tolerance, in dollars, all together.

    Without any tolerance also where a clip is missing or double that costs nothing.
    """
    return found.unexplained_usd > tolerance or (not tolerance and any(found.clips_of(what) for what in OFF))


@dataclass(slots=True)
class _Billed:
    """A table of bills, added up by clip while it is read."""

    clips: dict[str, dict[Bill, tuple[int, int]]] = field(default_factory=dict)
    """How many lines say the same, and the first of them."""
    lines: int = 0
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @classmethod
    def of(cls, lines: Iterable[BilledLine]) -> _Billed:
        found = cls()
        clips = found.clips
        for line, clip, bill, time in lines:
            own = clips.get(clip)
            if own is None:
                clips[clip] = {bill: (1, line)}
            else:
                number, first = own.get(bill, (0, line))
                own[bill] = (number + 1, first)
            found.lines += 1
            if time is not None:
                found.since = time if found.since is None else min(found.since, time)
                found.until = time if found.until is None else max(found.until, time)
        return found


def _by_clip(plan: Plan, billed: dict[str, dict[Bill, tuple[int, int]]]) -> Iterator[tuple[str, Iterable[Found]]]:
    """What all lines are, clip by clip in the plan's order, then what is not in it."""
    shares: dict[str, list[Share]] = {}
    for route in plan.routes:
        way = way_of(route)
        for clip, count in zip(route.clips, route.counts, strict=True):
            shares.setdefault(clip, []).append((way, count))
    for clip, own in shares.items():
        yield clip, compare(own, billed.pop(clip, {}))
    left_out = {clip for left in plan.left_out for clip in left.clips}
    for clip, bills in billed.items():
        yield clip, _not_made("left-out" if clip in left_out else "unknown-clip", bills)


def _not_made(what: What, bills: Bills) -> Iterator[Found]:
    """Lines for a clip that the plan does not make: it has no price for any of them."""
    for bill, (number, line) in bills.items():
        billed = bill.billed * number
        yield Found(what, bool(bill.draft), bill.provider, bill.model, None, number, number, line, 0, 0, billed)


@dataclass(slots=True)
class _Sum:
    """Amounts of many lines, micro-dollars."""

    clips: int = 0
    lines: int = 0
    line: int | None = None
    planned: Micro = 0
    priced: Micro = 0
    billed: Micro = 0
    unexplained: Micro = 0
    dubbing: Micro = 0

    def add(self, other: Found | _Sum) -> None:
        """Add what others come to; each finding is of equal amounts, so that nothing in it nets out."""
        self.clips += other.clips
        self.lines += other.lines
        self.planned += other.planned
        self.priced += other.priced
        self.billed += other.billed
        self.dubbing += other.dubbing
        self.unexplained += other.unexplained if isinstance(other, _Sum) else abs(other.billed - other.priced)
        if other.line is not None:
            self.line = other.line if self.line is None else min(self.line, other.line)

    def amounts(self) -> dict[str, Any]:
        """As the fields of a report."""
        return {
            "clips": self.clips,
            "lines": self.lines,
            "planned_usd": from_micro(self.planned),
            "priced_usd": from_micro(self.priced),
            "billed_usd": from_micro(self.billed),
            "difference_usd": from_micro(self.billed - self.priced),
            "unexplained_usd": from_micro(self.unexplained),
        }


@dataclass(slots=True)
class _Sums:
    """Sums by class and by model, and for every clip by what its lines are."""

    classes: dict[What, _Sum] = field(default_factory=dict)
    models: dict[tuple[str, str], _Sum] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, clip: str, lines: Iterable[Found]) -> None:
        """Add what the lines of a clip are."""
        own: dict[tuple[What, bool, str, str, int | None], _Sum] = {}
        for found in lines:
            self.classes.setdefault(found.what, _Sum()).add(found)
            if found.what != "missing":
                self.models.setdefault((found.provider, found.model), _Sum()).add(found)
            if found.what != "as-planned":
                own.setdefault(found[:5], _Sum()).add(found)
        for (what, draft, provider, model, step), total in own.items():
            self.findings.append(
                Finding.model_construct(
                    clip=clip,
                    draft=draft,
                    what=what,
                    provider=provider,
                    model=model,
                    step=step,
                    first_line=total.line,
                    **total.amounts(),
                )
            )

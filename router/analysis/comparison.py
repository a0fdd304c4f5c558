"""What differs between two plans, and why: which clips are made differently, at another price, and under which limits.

With plans alone, reasons are what the plans say (prices of equal ways, limits that push clips). With their scenarios, they are what
differs between these: prices and terms of offers, requirements of the clip, limits, settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from router.analysis.differences import BetweenScenarios
from router.analysis.reasons import SaidByPlans, ranked
from router.analysis.shifts import ABSENT, NOTHING, Shift, shifts
from router.schema.comparison import ComparedPlan, Comparison, Figure, LimitChange, LimitUse, Made, Move, Reason
from router.schema.plan import LimitValue, Plan
from router.schema.scenario import Scenario

_FIGURES = (
    "clips", "served", "left_out", "drafts", "nominal_usd", "list_usd", "saving_usd", "expected_usd", "per_served_usd", "drafts_usd",
    "std_usd", "p50_usd", "p95_usd", "p99_usd", "cvar95_usd", "worst_usd", "worst_per_request_usd", "left_out_value_usd", "penalty_usd",
    "objective_usd", "unserved_expected", "degraded_expected",
)  # fmt: skip


def compare(before: Plan, after: Plan, scenarios: tuple[Scenario, Scenario] | None = None) -> Comparison:
    """Everything that differs between two plans, with the reasons.

    Parameters
    ----------
    scenarios
        What the two plans were made of, where it is known: reasons are then exact.

    Raises
    ------
    router.errors.InputError
        If a catalog that a scenario names cannot be read.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> clip = {"id": "hero", "seconds": 10, "resolution": "1080p", "count": 40}
    >>> def planned(audio: str) -> Plan:
    ...     return router.plan(router.Scenario(clips=[{**clip, "audio": audio}]), on=dt.date(2026, 4, 10))
    >>> found = compare(planned("native"), planned("none"))
    >>> found.moved[0].difference_usd, found.made_of.expected_usd
    (Decimal('-0.250000'), Decimal('-10.000000'))
    """
    moves = _moves(shifts(before, after), before, after, scenarios)
    moved, repriced = (_by_size(group) for group in moves)
    figures, limits = _figures(before, after), _limits(before, after)
    return Comparison(
        schema=1,
        before=_compared(before),
        after=_compared(after),
        same=not (moved or repriced or limits or any(f.before != f.after for f in figures)),
        figures=figures,
        made_of=_made_of(before, after, moved, repriced),
        moved=moved,
        repriced=repriced,
        unchanged=_unchanged(before, after, moved + repriced),
        limits=limits,
    )


def _moves(
    found: Sequence[Shift], before: Plan, after: Plan, scenarios: tuple[Scenario, Scenario] | None
) -> tuple[list[Move], list[Move]]:
    """Clips that move and clips at another price; those of the same ways and reasons are one."""
    causes = _Causes(before, after, scenarios)
    merged: dict[tuple[object, ...], tuple[Shift, tuple[Reason, ...], list[str], list[int]]] = {}
    for shift in found:
        for why, clips, counts in causes.of(shift):
            key = (shift.before.identity, shift.after.identity, shift.draft, tuple((r.kind, r.text) for r in why))
            known = merged.setdefault(key, (shift, why, [], []))
            known[2].extend(clips)
            known[3].extend(counts)
    moved: list[Move] = []
    repriced: list[Move] = []
    for shift, why, clips, counts in merged.values():
        (repriced if shift.repriced else moved).append(_move(shift, why, clips, counts))
    return moved, repriced


class _Causes:
    """Why clips shift: what scenarios say where they are known, and what plans say."""

    def __init__(self, before: Plan, after: Plan, scenarios: tuple[Scenario, Scenario] | None) -> None:
        self._plans = SaidByPlans(before, after)
        self._between = None if scenarios is None else BetweenScenarios(*scenarios)

    def of(self, shift: Shift) -> Iterator[tuple[tuple[Reason, ...], Sequence[str], Sequence[int]]]:
        """The clips of a shift, those of the same reasons together."""
        shared = self._shared(shift)
        if self._between is None and ABSENT not in (shift.before, shift.after):
            yield self._ranked(shift, shared), shift.clips, shift.counts
            return
        alike: dict[tuple[Reason, ...], tuple[tuple[Reason, ...], list[str], list[int]]] = {}
        for clip, count in zip(shift.clips, shift.counts, strict=True):
            own = (*self._plans.asked(shift, clip), *(self._between.requirements(shift, clip) if self._between else ()))
            known = alike.get(own)
            if known is None:
                known = alike[own] = (self._ranked(shift, [*own, *shared]), [], [])
            known[1].append(clip)
            known[2].append(count)
        yield from alike.values()

    def _ranked(self, shift: Shift, found: list[Reason]) -> tuple[Reason, ...]:
        return ranked(found or self._plans.last(shift, exact=self._between is not None))

    def _shared(self, shift: Shift) -> list[Reason]:
        """What is the cause for every clip of a shift; where one plan does not have them at all, that alone."""
        if ABSENT in (shift.before, shift.after):
            return []
        plans, between = self._plans, self._between
        found = [] if shift.repriced else [*plans.left_out(shift), *plans.limits(shift)]
        if between is None:
            found += [*plans.price(shift), *plans.requirement(shift), *plans.caught(shift)]
        else:
            found += [
                *between.offers(shift),
                *between.settings(shift),
                *between.savings(shift),
                *between.account(shift),
            ]
        if not any(own.kind in ("savings", "objective") for own in found):
            found += plans.besides(shift)
        return found


def _move(shift: Shift, why: tuple[Reason, ...], clips: list[str], counts: list[int]) -> Move:
    count = sum(counts)
    return Move.model_construct(
        clips=tuple(clips),
        counts=tuple(counts),
        count=count,
        draft=shift.draft,
        before_is=shift.before.state,
        after_is=shift.after.state,
        before=shift.before.way,
        after=shift.after.way,
        difference_usd=shift.each,
        all_usd=shift.each * count,
        why=why,
    )


def _by_size(moves: Iterable[Move]) -> tuple[Move, ...]:
    return tuple(sorted(moves, key=lambda move: (-abs(move.all_usd), move.draft)))


def _made_of(before: Plan, after: Plan, moved: Sequence[Move], repriced: Sequence[Move]) -> Made:
    old, new = before.totals, after.totals
    at = {name: getattr(new, name) - getattr(old, name)
          for name in ("expected_usd", "saving_usd", "left_out_value_usd", "penalty_usd", "objective_usd")}  # fmt: skip
    moves, prices = (sum((move.all_usd for move in group), NOTHING) for group in (moved, repriced))
    return Made(
        moved_usd=moves,
        repriced_usd=prices,
        savings_usd=-at["saving_usd"],
        rounding_usd=at["expected_usd"] + at["saving_usd"] - moves - prices,
        expected_usd=at["expected_usd"],
        left_out_value_usd=at["left_out_value_usd"],
        penalty_usd=at["penalty_usd"],
        risk_usd=at["objective_usd"] - at["expected_usd"] - at["left_out_value_usd"] - at["penalty_usd"],
        objective_usd=at["objective_usd"],
    )


def _figures(before: Plan, after: Plan) -> tuple[Figure, ...]:
    old, new = ({name: getattr(plan.totals, name) for name in _FIGURES} for plan in (before, after))
    old["degraded_clips"], new["degraded_clips"] = (sum(own.count for own in p.degraded) for p in (before, after))
    return tuple(_figure(name, _exact(old[name]), _exact(new[name])) for name in new)


def _figure(name: str, before: Decimal | None, after: Decimal | None) -> Figure:
    return Figure(
        figure=name,
        unit="usd" if name.endswith("_usd") else "clips",
        before=before,
        after=after,
        difference=None if before is None or after is None else after - before,
    )


def _exact(number: Decimal | float | None) -> Decimal | None:
    return round(Decimal(repr(number)), 6) if isinstance(number, float) else None if number is None else Decimal(number)


def _limits(before: Plan, after: Plan) -> tuple[LimitChange, ...]:
    old, new = _uses(before), _uses(after)
    return tuple(
        LimitChange(limit=name, unit=(new.get(name) or old[name])[0].unit, before=was, after=now)
        for name in dict.fromkeys((*old, *new))
        if (was := old[name][1] if name in old else None) != (now := new[name][1] if name in new else None)
    )


def _uses(plan: Plan) -> dict[str, tuple[LimitValue, LimitUse]]:
    pushing = {name for route in plan.routes for name in route.pushed_by}
    pushing |= {name for left in plan.left_out for name in left.pushed_by}
    return {
        own.limit: (
            own,
            LimitUse(
                value=own.value,
                at_most=own.at_most,
                at_least=own.at_least,
                binding=not own.slack or own.limit in pushing,
            ),
        )
        for own in plan.limits
    }


def _compared(plan: Plan) -> ComparedPlan:
    return ComparedPlan(title=plan.title, status=plan.status, gap=plan.gap, catalogs=plan.catalogs)


def _unchanged(before: Plan, after: Plan, moves: Iterable[Move]) -> int:
    own = [move for move in moves if not move.draft]
    stay = before.totals.clips - sum(move.count for move in own if move.before_is != "absent")
    return max(0, min(stay, after.totals.clips))

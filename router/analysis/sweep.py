"""A scenario planned at every value of one or two axes, and where between the values the plan changes.

The grid is cut into runs of neighbouring points, always the same ones, which any executor may work on: the answer does not depend on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from decimal import Decimal, InvalidOperation
from itertools import pairwise, product
from typing import NamedTuple

from router.analysis.steps import Steps, moved
from router.analysis.straight import moves_costs, straight
from router.analysis.study import Answer, Study
from router.errors import InputError, Problem
from router.loading.overrides import Override, override
from router.loading.validation import validated
from router.schema.base import printable
from router.schema.scenario import Scenario
from router.schema.sweep import Axis, Change, Point, Sweep
from router.units import from_micro

MOST_POINTS = 100_000
RUNS = 8
"""So many parts can be worked on at once."""
SHORT = 16
"""Points of a run in which changes are looked for to the last decimal; in a longer one the values lie close enough."""

Progress = Callable[[int, int], None]
"""Called with how many points are done, and of how many."""


def axis(text: str) -> Axis:
    """What ``PATH=from:to:step`` or ``PATH=one,other,...`` spells; ``*=`` and ``+=`` as for ``--set``.

    Raises
    ------
    router.errors.InputError
        If it is no such thing.

    Examples
    --------
    >>> axis("limits.budget_usd=900:1000:50").values
    ('900', '950', '1000')
    >>> axis("fallback.direction=any,none").values
    ('any', 'none')
    """
    one = override(text)
    written = text.strip()[len(one.path) :].strip().removeprefix(one.operator).strip()
    parts = written.split(":")
    values = _range(text, parts) if len(parts) == 3 else [value.strip() for value in written.split(",")]
    if not all(values):
        raise _unclear(text, "names no value: give from:to:step, or values with commas between")
    if len(set(map(_value, values))) < len(values):
        raise _unclear(text, "names a value twice")
    given = {"path": one.path, "operator": one.operator, "values": values}
    return validated(Axis, given, lambda _: _label(text))


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis | str],
    *,
    on: dt.date | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Plan a scenario at every value of an axis, or every pair of values of two.

    Parameters
    ----------
    executor
        Works on the parts, and may run them in processes (start them by ``spawn``) or elsewhere; in this thread if absent. What comes out
        is the same.

    Raises
    ------
    router.errors.InputError
        If a path leads nowhere, a value is not allowed there, or there are too many points.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> clips = [{"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 100}]
    >>> found = router.sweep(router.Scenario(clips=clips), ["offers.kling-o3.*.price*=1:1.4:0.1"], on=dt.date(2026, 4, 10))
    >>> [(point.at[0], str(point.expected_usd)) for point in found.points]
    [('1.0', '125.000000'), ('1.1', '137.500000'), ('1.2', '150.000000'), ('1.3', '150.000000'), ('1.4', '150.000000')]
    >>> [(change.until, change.since) for change in found.changes]
    [('1.199999', '1.2')]
    """
    given = [one if isinstance(one, Axis) else axis(one) for one in axes]
    if not 1 <= len(given) <= 2:
        raise InputError("a sweep has one axis or two")
    if (points := len(given[0].values) * len(given[-1].values) ** (len(given) - 1)) > MOST_POINTS:
        raise InputError(f"the sweep has {points:,} points, more than {MOST_POINTS:,}; take larger steps")
    study = Study(scenario, on)
    parts = list(_parts(given))
    portable = study.scenario.model_copy()
    portable._source = None  # It says on which line a value stands, and does not travel
    done, found = 0, []
    for part, rows in zip(parts, _worked(portable, study, given, parts, executor), strict=True):
        done += part.stop - part.start
        found.append(rows)
        if progress is not None:
            progress(done, points)
    return Sweep(
        schema=1,
        title=scenario.title,
        axes=tuple(given),
        points=tuple(point for rows, _ in found for point in rows),
        changes=tuple(change for _, changes in found for change in changes),
    )


class _Part(NamedTuple):
    """Neighbouring points: of the last axis those from ``start`` up to ``stop``, and of the other axes one value."""

    outer: tuple[str, ...]
    start: int
    stop: int


_Rows = tuple[list[Point], list[Change]]


def _parts(axes: Sequence[Axis]) -> Iterator[_Part]:
    last = len(axes[-1].values)
    size = -(-last // RUNS)
    for outer in product(*(one.values for one in axes[:-1])):
        for start in range(0, last, size):
            yield _Part(outer, start, min(last, start + size))


def _worked(
    portable: Scenario, study: Study, axes: Sequence[Axis], parts: Sequence[_Part], executor: Executor | None
) -> Iterator[_Rows]:
    if executor is None:
        yield from (_Run(study, axes, part).rows() for part in parts)
        return
    waiting: list[Future[_Rows]] = [executor.submit(_elsewhere, portable, study.on, list(axes), part) for part in parts]
    try:
        yield from (one.result() for one in waiting)
    finally:
        for one in waiting:
            one.cancel()


def _elsewhere(scenario: Scenario, on: dt.date, axes: Sequence[Axis], part: _Part) -> _Rows:
    """One part, in whatever process this is."""
    return _Run(Study(scenario, on), axes, part).rows()


class _Run:
    """Neighbouring points along the last axis, and the last of the run before, from which the plan may change."""

    def __init__(self, study: Study, axes: Sequence[Axis], part: _Part) -> None:
        self._study, self._part = study, part
        self._outer = [_set(one, value) for one, value in zip(axes[:-1], part.outer, strict=True)]
        self._axis = axes[-1]
        self._own = min(part.start, 1)
        """Where the run's own points begin."""
        self._values = self._axis.values[part.start - self._own : part.stop]
        numbers = _numbers(self._axis.values)
        self._numbers = None if numbers is None else numbers[part.start - self._own : part.stop]
        self._found: dict[int, Answer] = {}
        self._steps = Steps(
            lambda value: self._answer(_text(value)),
            lambda answer, value: study.held(answer, self._overrides(_text(value)), caught_alike=False),
            lines=moves_costs(self._axis.path),
            admits=self._admits,
        )

    def rows(self) -> _Rows:
        """The points, and where the plan changes between them."""
        last = len(self._values) - 1
        for k in (0, last):
            self._found[k] = self._answer(self._values[k])
        if self._numbers is None:
            for k in range(1, last):
                self._found[k] = self._answer(self._values[k])
        else:
            self._fill(0, last)
        points = [self._point(k) for k in range(self._own, last + 1)]
        return points, list(self._changes())

    def _fill(self, low: int, high: int) -> None:
        """Everything between two points that are known."""
        if high - low < 2:
            return
        one, other = self._found[low], self._found[high]
        if straight(self._axis.path, one, other):
            for k in range(low + 1, high):
                self._found[k] = self._as_before(one, self._values[k])
            return
        middle = self._between(low, high)
        self._found[middle] = self._answer(self._values[middle])
        self._fill(low, middle)
        self._fill(middle, high)

    def _between(self, low: int, high: int) -> int:
        """The last point before the costs of two plans cross, which are the best at its ends; where that is not known the middle."""
        assert self._numbers is not None
        one, other = self._numbers[low], self._numbers[high]
        crossing = self._steps.crossing(one, self._found[low], other, self._found[high])
        if crossing is None:
            return (low + high) // 2
        before = [k for k in range(low + 1, high) if (self._numbers[k] - crossing) * (other - one) <= 0]
        return before[-1] if before else low + 1

    def _answer(self, value: str) -> Answer:
        return self._study.answer(self._overrides(value))

    def _as_before(self, one: Answer, value: str) -> Answer:
        """A plan that is known to be the best one at this value too."""
        if not one.made:
            self._study.admits(self._overrides(value))
            return one
        return self._study.held(one, self._overrides(value)) or self._answer(value)

    def _overrides(self, value: str) -> list[Override]:
        return [*self._outer, _set(self._axis, value)]

    def _point(self, k: int) -> Point:
        answer, at = self._found[k], (*self._part.outer, self._values[k])
        changed = k > 0 and self._found[k - 1].ways != answer.ways
        if not answer.made:
            return Point(at=at, no_plan=printable(answer.why, 400), changed=changed)
        found = answer.sums
        return Point(
            at=at,
            expected_usd=answer.expected_usd,
            nominal_usd=from_micro(found.nominal),
            worst_per_request_usd=from_micro(found.worst),
            objective_usd=answer.objective_usd,
            served=found.served,
            left_out=found.asked - found.served,
            primaries=answer.primaries,
            changed=changed,
        )

    def _admits(self, value: Decimal) -> bool:
        try:
            self._study.admits(self._overrides(_text(value)))
        except InputError:
            return False
        return True

    def _changes(self) -> Iterator[Change]:
        """Where the plan changes between the points; of the first few pairs of them to the last decimal."""
        if self._numbers is None:
            return
        changed = [k for k in range(len(self._values) - 1) if self._found[k].ways != self._found[k + 1].ways]
        for k in changed:
            if len(self._values) <= SHORT:
                yield from self._followed(k, *self._numbers[k : k + 2])
                continue
            what = moved(self._found[k], self._found[k + 1])
            until, since = self._values[k : k + 2]
            yield Change(at=self._part.outer, until=until, since=since, exact=False, moved=what)

    def _followed(self, k: int, low: Decimal, high: Decimal) -> Iterator[Change]:
        for one in self._steps.between(low, self._found[k], high, self._found[k + 1]):
            yield Change(
                at=self._part.outer,
                until=_text(one.until),
                since=_text(one.since),
                more=one.more,
                moved=moved(one.before, one.after),
            )


def _set(one: Axis, value: str) -> Override:
    gap = " " if one.path.endswith(("*", "+")) else ""
    return override(f"{one.path}{gap}{one.operator}{value}")


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _numbers(values: Sequence[str]) -> list[Decimal] | None:
    """The values, if they are numbers in rising or falling order."""
    try:
        found = [Decimal(value) for value in values]
    except InvalidOperation:
        return None
    if not _ordinary(found):
        return None
    rising, falling = (all(sign * a < sign * b for a, b in pairwise(found)) for sign in (1, -1))
    return found if rising or falling else None


def _value(text: str) -> Decimal | str:
    """What tells a value from others: 18 and 18.0 are one."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _ordinary(values: Sequence[Decimal]) -> bool:
    return all(value.is_finite() and -18 <= value.adjusted() <= 18 for value in values)


def _range(text: str, parts: Sequence[str]) -> list[str]:
    try:
        first, last, step = given = [Decimal(part.strip()) for part in parts]
        if not _ordinary(given):
            raise InvalidOperation
        if not step or (last - first) / step < 0:
            wrong = "must not be 0" if not step else f"leads away from {last:f}"
            raise _unclear(text, f"has a step of {step:f}, which {wrong}")
        count = int((last - first) / step) + 1
        if count > MOST_POINTS:
            raise _unclear(text, f"has {count:,} values, more than {MOST_POINTS:,}; take larger steps")
        return [f"{first + step * k:f}" for k in range(count)]
    except InvalidOperation:
        raise _unclear(text, "must run from:to:step, as 900:1500:50") from None


def _unclear(text: str, what: str) -> InputError:
    return InputError([Problem(what, _label(text))])


def _label(text: str) -> str:
    return f"--sweep '{printable(text, 120)}'"

"""Between which values of a knob a plan stays the best: the nearest change above and below, and whether nothing lies between.

The search goes from today's value to the end of the range at once, then back to the nearest change: where the costs of two plans cross,
else by halving. What lies between is proven where costs are straight lines (`Study.straight`), and else tried at some values.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from router.analysis.knobs import Knob
from router.analysis.steps import RESOLUTION, Step, Steps
from router.analysis.straight import straight
from router.analysis.study import Answer, Study

HALVINGS = 2
"""How often a stretch that cannot be proven is halved, to try the plan between."""


class Found(NamedTuple):
    """The nearest change one way from today's value; None: there is none."""

    step: Step | None
    proven: bool
    """Whether no other plan is better before it."""


@dataclass(frozen=True)
class Interval:
    """What was found both ways."""

    below: Found
    above: Found
    start: Decimal
    """Where the search began: today's value."""


class Search:
    """Looks for the changes next to one value of a knob.

    Parameters
    ----------
    base
        Today's plan.
    """

    def __init__(self, study: Study, knob: Knob, base: Answer) -> None:
        self._study, self._knob, self._base = study, knob, base
        self._known: dict[Decimal, Answer] = {}
        self._steps = Steps(self.answer, self.held, lines=True)

    def answer(self, value: Decimal) -> Answer:
        """The best plan at a value."""
        if value not in self._known:
            self._known[value] = self._study.best(self._knob.at(value))
        return self._known[value]

    def held(self, answer: Answer, value: Decimal) -> Answer | None:
        """A plan at another value, as far as that can be said without solving."""
        return self._study.again(answer, self._knob.at(value), caught_alike=False)

    def around(self, today: Decimal | None) -> Interval | None:
        """The changes next to today's value.

        None: today nothing is stated, and whatever were stated, the plan would be another one (where nothing is stated, the worst case is
        not that of any value).
        """
        if today is None:
            tried = (self._knob.highest, self._knob.highest - RESOLUTION)
            start = next((value for value in tried if self.answer(value).ways == self._base.ways), None)
            if start is None:
                return None
        else:
            start = today
            self._known[start] = self._base
        return Interval(self._towards(start, self._knob.lowest), self._towards(start, self._knob.highest), start)

    def ties(self, step: Step) -> bool:
        """Whether both plans of a change cost the same at its second value, where the mean cost is what counts."""
        aim = self._study.scenario.objective
        if aim.minimise != "expected" or aim.risk_aversion or not step.after.made or step.before.ways is None:
            return False
        stays = step.after.with_ways(step.before.ways)
        return stays is not None and stays.objective_usd == step.after.objective_usd

    def _towards(self, start: Decimal, end: Decimal) -> Found:
        """The nearest change from ``start`` to ``end``."""
        if (end - start).copy_abs() < RESOLUTION:
            return Found(None, proven=True)
        high, after, before = end, self.answer(end), self.answer(start)
        while True:
            step = None if after.ways == before.ways else self._steps.first(start, before, high, after)
            last = high if step is None else step.until
            nearer, proven = self._between(start, last, HALVINGS)
            if nearer is None:
                return Found(step, proven)
            high, after = nearer, self.answer(nearer)

    def _between(self, low: Decimal, high: Decimal, halvings: int) -> tuple[Decimal | None, bool]:
        """A value between two of one plan that has another one, if one is met; and whether it is proven that there is none."""
        if low == high or straight(self._knob.kind, self.answer(low), self.answer(high)):
            return None, True
        middle = ((low + high) / 2).quantize(RESOLUTION)
        if middle in (low, high):
            return None, True
        if not halvings:
            return None, False
        if self.answer(middle).ways != self._base.ways:
            return middle, False
        found = [self._between(*ends, halvings - 1) for ends in ((low, middle), (middle, high))]
        nearer = next((value for value, _ in found if value is not None), None)
        return nearer, all(proven for _, proven in found)

"""How a plan hangs on prices and availabilities: break-evens, a tornado of its mean cost, and elasticities. All by solving again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from router.analysis.intervals import Search
from router.analysis.knobs import AvailabilityKnob, PriceKnob, Shelf, availabilities, models_of
from router.analysis.steps import Step, moved
from router.analysis.study import Answer, Study
from router.errors import InputError
from router.pipeline import plan
from router.schema.scenario import Scenario
from router.schema.sensitivity import (
    AvailabilityRange,
    Edge,
    LengthPrice,
    ModelElasticity,
    PriceRange,
    Repriced,
    Sensitivity,
    Sold,
    Swing,
    Taker,
)

BY = Decimal("0.1")
"""Share by which prices are lowered and raised, if nothing else is asked for."""
ONE_PERCENT = Decimal("0.01")

Progress = Callable[[int, int], None]
"""Called with how many values are done, and of how many that are known of so far."""


def sensitivity(
    scenario: Scenario,
    *,
    on: dt.date | None = None,
    by: Decimal = BY,
    progress: Progress | None = None,
) -> Sensitivity:
    """How far each price and availability can go until the plan changes, and how its mean cost follows the prices.

    Looked at are the offers that the plan uses, and those that take over from them where their price rises or their model is down.

    Parameters
    ----------
    on
        The day that prices and dates of sale are judged on; today if absent.
    by
        Share by which prices are lowered and raised for the tornado.

    Raises
    ------
    router.errors.NoPlanError
        If no plan exists.
    router.errors.InputError
        If a catalog cannot be read, prices something twice, or sells nothing any more.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> clips = [{"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 100}]
    >>> found = router.sensitivity(router.Scenario(clips=clips), on=dt.date(2026, 4, 10))
    >>> [(price.model, str(price.price), str((price.above or price.below).break_even)) for price in found.prices]
    [('kling-o3', '0.125', '0.150000'), ('kling-3.0', '0.150', '0.125000')]
    >>> found.elasticity
    1.0
    """
    if not 0 < by < 1:
        raise InputError("prices are lowered and raised by a share above 0 and below 1")
    study = Study(scenario, on)
    base = study.answer()
    if not base.made:
        plan(scenario, on=study.on, shadow_prices=False)  # It says why there is none
    return _Hangs(study, base, progress).sensitivity(by)


class _Hangs:
    """One plan, and what it hangs on."""

    def __init__(self, study: Study, base: Answer, progress: Progress | None) -> None:
        self._study, self._base, self._shelf = study, base, Shelf(study.scenario)
        self._progress, self._done, self._known = progress, 0, 0

    def sensitivity(self, by: Decimal) -> Sensitivity:
        """Everything."""
        used = [order for order, _ in sorted(self._base.clips.items(), key=lambda item: (-item[1], item[0]))]
        tried = sorted(self._base.tried)
        self._known = len(used) + 2 * len(tried) + len(models_of(self._shelf, tried))
        prices = [self._price(order) for order in used]
        of_models = [self._availability(knob) for knob in availabilities(self._shelf, used)]
        takers = self._takers([*prices, *of_models], {*used})
        self._known += 2 * len(takers)
        prices += [self._price(order) for order in takers]
        of_models += [self._availability(k) for k in self._further(used, takers)]
        swings = [*self._of_models(tried, by), *(self._of_offer(order, by) for order in tried)]
        return Sensitivity(
            schema=1,
            title=self._study.scenario.title,
            expected_usd=self._base.expected_usd,
            objective_usd=self._base.objective_usd,
            prices=tuple(prices),
            availabilities=tuple(found for found in of_models if found.below or found.above),
            by=by,
            swings=tuple(sorted(swings, key=lambda one: (one.swing_usd is not None, -(one.swing_usd or 0)))),
            elasticity=self._elasticity(range(len(self._shelf.places))),
            elasticities=tuple(self._by_model(tried)),
            solved=self._study.solved,
        )

    def _tick(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, max(self._known, self._done))

    # ---- break-evens

    def _price(self, order: int) -> PriceRange:
        knob = PriceKnob.of(self._shelf, order)
        search = Search(self._study, knob, self._base)
        found = search.around(knob.today)
        assert found is not None
        below, above = (self._edge(search, one.step, knob.today, [order]) for one in (found.below, found.above))
        place = self._shelf.places[order]
        self._tick()
        return PriceRange(
            **self._sold(order).model_dump(),
            path=knob.path,
            clips=self._base.clips[order],
            unit=self._shelf.catalogs[place.catalog].unit,
            per=knob.per,
            price=knob.today,
            lengths=_lengths(knob, Decimal(1)),
            below=below and below.model_copy(update={"lengths": _lengths(knob, below.break_even)}),
            above=above and above.model_copy(update={"lengths": _lengths(knob, above.break_even)}),
            below_proven=found.below.proven,
            above_proven=found.above.proven,
            needed=order in self._base.irreplaceable,
        )

    def _availability(self, knob: AvailabilityKnob) -> AvailabilityRange:
        search, orders = Search(self._study, knob, self._base), self._shelf.of_model(knob.provider, knob.model)
        found = search.around(knob.today)
        if found is None:  # To state any changes the plan
            step = Step(knob.highest, self._base, knob.highest, search.answer(knob.highest))
            edge = self._edge(search, step, None, orders)
            below, above = edge and edge.model_copy(update={"until": None, "ties": False}), None
        else:
            steps = (_that_matters(search, one.step) for one in (found.below, found.above))
            below, above = (self._edge(search, step, knob.today, orders) for step in steps)
        self._tick()
        return AvailabilityRange(
            path=knob.path,
            provider=knob.provider,
            model=knob.model,
            availability=knob.today,
            clips=sum(self._base.clips[order] for order in orders),
            below=below,
            above=above,
            below_proven=found is None or found.below.proven,
            above_proven=found is None or found.above.proven,
        )

    def _edge(self, search: Search, step: Step | None, today: Decimal | None, orders: list[int]) -> Edge | None:
        if step is None:
            return None
        ties = search.ties(step)
        at = step.since if ties else step.until
        after = step.after
        return Edge(
            until=step.until,
            since=step.since,
            break_even=at,
            ties=ties,
            change=round(float((at - today) / today), 6) if today else None,
            clips=sum(after.clips[order] for order in orders) if after.made else None,
            takes_over=tuple(self._more(after)) if after.made else (),
            moved=moved(step.before, after),
            expected_usd=after.expected_usd if after.made else None,
            no_plan=after.why,
        )

    def _more(self, after: Answer) -> Iterator[Taker]:
        before = self._base.clips
        more = {order: n - before[order] for order, n in after.clips.items() if n > before[order]}
        for order, n in sorted(more.items(), key=lambda item: (-item[1], item[0])):
            yield Taker(**self._sold(order).model_dump(), more=n, new=not before[order])

    def _takers(self, found: Iterable[PriceRange | AvailabilityRange], used: set[int]) -> list[int]:
        """The offers that take over and are not used, in the order in which they do."""
        edges = (edge for one in found for edge in (one.above, one.below) if edge)
        names = dict.fromkeys(Sold(**_plain(taker)) for edge in edges for taker in edge.takes_over)
        by_name = {self._sold(order): order for order in reversed(range(len(self._shelf.places)))}
        return [by_name[name] for name in names if by_name[name] not in used]

    def _further(self, used: list[int], takers: list[int]) -> list[AvailabilityKnob]:
        """The models that only offers of those that take over belong to."""
        known = set(models_of(self._shelf, used))
        return [k for k in availabilities(self._shelf, takers) if (k.provider, k.model) not in known]

    def _sold(self, order: int) -> Sold:
        entry, offer = self._shelf.entry(order)
        return Sold(
            provider=entry.provider,
            model=entry.model,
            mode=entry.mode,
            region=entry.region,
            resolution=offer.resolution,
            audio="native" if offer.audio else "none",
            reference=entry.terms(offer).reference,
        )

    # ---- how the cost follows

    def _of_models(self, tried: list[int], by: Decimal) -> Iterator[Swing]:
        """Of each model that sells more than one offer."""
        for provider, model in models_of(self._shelf, tried):
            orders = self._shelf.of_model(provider, model)
            if len(orders) > 1:
                yield self._swing(provider, model, orders, by)

    def _of_offer(self, order: int, by: Decimal) -> Swing:
        sold = self._sold(order)
        return self._swing(sold.provider, sold.model, [order], by, sold)

    def _swing(self, provider: str, model: str, orders: list[int], by: Decimal, offer: Sold | None = None) -> Swing:
        lower, higher = (self._repriced(self._shelf.scaled(orders, factor)) for factor in (1 - by, 1 + by))
        ends = (lower.expected_usd, higher.expected_usd)
        self._tick()
        return Swing(
            provider=provider,
            model=model,
            offer=offer,
            path=self._shelf.path(orders, "price"),
            lower=lower,
            higher=higher,
            swing_usd=None if ends[0] is None or ends[1] is None else abs(ends[1] - ends[0]),
        )

    def _repriced(self, changed: Scenario) -> Repriced:
        found = self._study.best(changed)
        if not found.made:
            return Repriced(changed=True, no_plan=found.why)
        return Repriced(
            expected_usd=found.expected_usd,
            objective_usd=found.objective_usd,
            left_out=found.sums.asked - found.sums.served,
            changed=found.ways != self._base.ways,
        )

    def _elasticity(self, orders: Iterable[int]) -> float | None:
        found = self._study.best(self._shelf.scaled(orders, 1 + ONE_PERCENT))
        self._tick()
        before = self._base.expected_usd
        if not found.made or not before:
            return None
        return round(float((found.expected_usd - before) / before / ONE_PERCENT), 4)

    def _by_model(self, tried: list[int]) -> list[ModelElasticity]:
        found = [
            ModelElasticity(provider=p, model=m, elasticity=self._elasticity(self._shelf.of_model(p, m)))
            for p, m in models_of(self._shelf, tried)
        ]
        return sorted(found, key=lambda one: (one.elasticity is None, -(one.elasticity or 0)))


def _that_matters(search: Search, step: Step | None) -> Step | None:
    """A change of availability; none where it is only at 0 or 1 itself, between plans that cost the same."""
    return None if step and step.since in (0, 1) and search.ties(step) else step


def _plain(taker: Taker) -> dict[str, object]:
    return {name: getattr(taker, name) for name in Sold.model_fields}


def _lengths(knob: PriceKnob, factor: Decimal) -> tuple[LengthPrice, ...]:
    return tuple(LengthPrice(seconds=length, price=price) for length, price in knob.lengths(factor))

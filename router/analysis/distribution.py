"""The exact distribution of a plan's cost, in dollars, for questions that the plan's own figures do not answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from router.assembly.chances import chances_of
from router.cost.exact import Distribution, exact
from router.errors import InputError
from router.schema.plan import Plan
from router.units import MICRO, Micro, from_micro, to_micro


@dataclass(frozen=True, slots=True)
class CostDistribution:
    """What a plan costs, after what packs and volume discounts take off, and how many of its clips nobody makes, as random quantities."""

    _cost: Distribution
    """At list prices."""
    _unserved: Distribution
    _saving: Micro = 0
    """What packs and volume discounts take off, whatever happens."""

    @property
    def mean_usd(self) -> Decimal:
        """Mean cost."""
        return from_micro(self._cost.mean - self._saving)

    @property
    def std_usd(self) -> Decimal:
        """Standard deviation of the cost."""
        return from_micro(self._cost.std)

    @property
    def error_usd(self) -> Decimal:
        """Quantiles are right to within this; 0 wherever all sums can be told apart."""
        return from_micro(self._cost.error)

    def quantile_usd(self, level: float) -> Decimal:
        """The least cost that is not exceeded with a probability of ``level``, between 0 and 1."""
        return from_micro(self._cost.quantile(_fraction(level)) - self._saving)

    def cvar_usd(self, level: float) -> Decimal:
        """Mean of the worst ``1 - level`` share of costs; ``level`` from 0 to below 1."""
        if not 0 <= level < 1:
            raise InputError(f"a level must be from 0 to below 1, not {level}")
        return from_micro(self._cost.cvar(level) - self._saving)

    def probability_over(self, usd: Decimal | float) -> float:
        """Chance that the cost is above an amount of dollars."""
        return self._cost.above(float(Decimal(str(usd)) * MICRO + self._saving))

    def probability_unserved(self, more_than: int = 0) -> float:
        """Chance that more than so many clips find their whole chain down."""
        return self._unserved.above(more_than)

    def _repr_html_(self) -> str:
        """The distribution in a notebook: a chart and its figures, without script or style sheet."""
        from router.analysis.cost_histogram import histogram_of  # Only a notebook asks for it
        from router.report.html.fragment import distribution_fragment

        return distribution_fragment(histogram_of(self), self.mean_usd, self.std_usd, self.cvar_usd(0.95))


def distribution(plan: Plan) -> CostDistribution:
    """The exact distribution of a plan's cost.

    Raises
    ------
    router.errors.TooManyStatesError
        If the run can be in too many outage states; `router.simulate` draws them.
    router.errors.InputError
        For outages over time, which can only be simulated.

    Examples
    --------
    >>> import datetime as dt, router
    >>> clips = [{"seconds": 10, "resolution": "1080p", "audio": "native", "count": 2}]
    >>> scenario = router.Scenario(clips=clips, outages={"availability": {"kling-o3": 0.9}})
    >>> found = distribution(router.plan(scenario, on=dt.date(2026, 4, 10)))
    >>> found.quantile_usd(0.9), round(found.probability_over(2.5), 6)  # each clip $1.25, or $1.50 with a chance of 0.1
    (Decimal('2.750000'), 0.19)
    """
    if "over-time" in (plan.outages.correlation, plan.outages.provider_correlation):
        raise InputError("outages over time have no exact distribution; use router.simulate")
    found = exact(chances_of(plan))
    return CostDistribution(found.cost, found.unserved, to_micro(plan.totals.saving_usd))


def _fraction(level: float) -> float:
    if not 0 <= level <= 1:
        raise InputError(f"a level must be from 0 to 1, not {level}")
    return level

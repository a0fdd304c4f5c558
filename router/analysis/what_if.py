"""What would be if: variants of a scenario, each planned, beside the plan of the scenario as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from router.analysis.comparison import compare
from router.errors import InputError, NoPlanError, Problem
from router.loading.overrides import overridden
from router.loading.scenario_file import resolved_catalogs, where_in
from router.pipeline import plan
from router.schema.base import printable
from router.schema.plan import Plan
from router.schema.scenario import Scenario, Variant
from router.schema.what_if import Outcome, WhatIf

BASELINE = "baseline"


def what_if(scenario: Scenario, variants: Sequence[Variant] = (), *, on: dt.date | None = None) -> WhatIf:
    """Plan a scenario and variants of it.

    Parameters
    ----------
    variants
        Those of the scenario (its ``what_if``) if none are given.

    Raises
    ------
    router.errors.InputError
        If there is no variant, two have one name, or one cannot be.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> clips = [{"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "count": 100}]
    >>> dubbed = router.Variant(name="dubbed", set=["clips.*.audio=deferred"])
    >>> found = router.what_if(router.Scenario(clips=clips), [dubbed], on=dt.date(2026, 4, 10))
    >>> [str(one.totals.expected_usd) for one in (found.baseline, *found.variants)]
    ['125.000000', '100.000000']
    """
    wanted = variants or scenario.what_if
    if not wanted:
        raise InputError("nothing to compare with: name a variant, or give the scenario [[what_if]] tables")
    names = [one.name for one in wanted]
    if len({BASELINE, *names}) <= len(names):
        raise InputError(f"variants need names of their own, none of them '{BASELINE}'")
    day = on or dt.datetime.now(dt.UTC).date()
    # Every variant is made sure of before anything is planned.
    changed = [_changed(scenario, one, k, own=not variants) for k, one in enumerate(wanted)]
    # Catalogs are the same objects in all of them, so that what did not change is known to be the same.
    base = scenario.model_copy(update={"catalogs": resolved_catalogs(scenario)})
    before, outcome = _planned(base, Variant.model_construct(name=BASELINE, set=()), day)
    plans, outcomes = [before], []
    for one, own in zip(wanted, changed, strict=True):
        after, found = _planned(own, one, day)
        plans.append(after)
        beside = compare(before, after, (base, own)) if before is not None and after is not None else None
        outcomes.append(found.model_copy(update={"comparison": beside}))
    return WhatIf(
        schema=1,
        title=scenario.title,
        baseline=outcome,
        variants=tuple(outcomes),
        warnings=tuple(dict.fromkeys(warning for made in plans if made is not None for warning in made.warnings)),
    )


def _changed(scenario: Scenario, variant: Variant, position: int, *, own: bool) -> Scenario:
    """The scenario of a variant; what is wrong with one of its own is told with its line."""
    try:
        return overridden(scenario, variant.set)
    except InputError as error:
        place = where_in(scenario, ("what_if", position, "set")) if own else ""
        if not place:
            raise
        raise InputError(
            [Problem(f"variant '{variant.name}': {problem}", place) for problem in error.problems]
        ) from None


def _planned(scenario: Scenario, variant: Variant, on: dt.date) -> tuple[Plan | None, Outcome]:
    """The plan of a variant, if there is one, and what it comes to."""
    sets = tuple(printable(text, 500) for text in variant.set)
    try:
        made = plan(scenario, on=on, shadow_prices=False)
    except NoPlanError as error:
        return None, Outcome(name=variant.name, set=sets, no_plan=str(error))
    return made, Outcome(name=variant.name, set=sets, totals=made.totals)

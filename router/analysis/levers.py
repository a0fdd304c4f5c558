"""What would save most on this scenario? Each change of it is planned anew, alone and on top of others; nothing is estimated.

Which changes there are is in `lever_kinds`. No two plans are of the same scenario. Money is in dollars.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from router.analysis import lever_changes
from router.analysis.lever_ideas import Atom, Given, Idea, changed
from router.analysis.lever_kinds import STAGED, assumed_drafts, ideas
from router.errors import InputError, NoPlanError
from router.pipeline import plan
from router.schema.base import printable
from router.schema.levers import Combined, Lever, Levers, Staging, Unchanged
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from router.units import usd_text

CENT = Decimal("0.01")
ON_TOP = 12
"""How many of the best changes are tried on top of others."""
_ORDER = {"makes-possible": 0, "saves": 1, "saves-nothing": 2, "no-plan": 3}


class _Solved(NamedTuple):
    """What planning a changed scenario came to."""

    given: Given
    """With its plan, if there is one."""
    why: str = ""
    """Why there is none."""


def levers(
    scenario: Scenario,
    *,
    on: dt.date | None = None,
    top: int | None = None,
    combine: int = 3,
    progress: Callable[[int, int], None] | None = None,
) -> Levers:
    """Rank what would save most on a scenario, each change by planning the scenario with it.

    Parameters
    ----------
    on
        The day that prices and dates of sale are judged on; today if absent.
    top
        How many of the changes that save are told; all if absent.
    combine
        How many changes are put on top of one another at most, the best first; fewer where no more saves above a cent. 0: none.
    progress
        Told how many changes are solved, and of how many.

    Returns
    -------
    Levers
        A saving is that of what the scenario minimises. Changes that cannot apply are not among them.

    Raises
    ------
    router.errors.InputError
        If a catalog cannot be read, prices something twice, or sells nothing any more; or ``top`` or ``combine`` is no sensible number.

    Examples
    --------
    >>> import router
    >>> hero = {"id": "hero", "seconds": 10, "resolution": "1080p", "audio": "native", "models": ["kling-o3"]}
    >>> found = router.levers(router.Scenario(clips=[{**hero, "count": 100}]), on=dt.date(2026, 4, 10))
    >>> found.levers[0].key, found.levers[0].saving_usd, found.levers[0].set
    ('defer-audio', Decimal('25.000000'), ('clips.hero.audio=deferred',))
    """
    if top is not None and top < 1:
        raise InputError("top must be 1 or above")
    if not 0 <= combine <= 20:
        raise InputError("combine must be from 0 to 20")
    study = _Study(scenario, on or dt.datetime.now(dt.UTC).date())
    found_ideas = [*ideas(study.base.given)]
    distinct: dict[frozenset[Atom], Idea] = {}
    for idea in found_ideas:
        if isinstance(idea, Idea):
            distinct.setdefault(idea.atoms, idea)
    pairs: list[tuple[Idea, Lever]] = []
    for k, idea in enumerate(distinct.values()):
        if (found := study.alone(idea)) is not None:
            pairs.append((idea, found))
        if progress is not None:
            progress(k + 1, len(distinct))
    pairs.sort(key=lambda pair: _rank(pair[1]))
    useful = [lever for _, lever in pairs if lever.outcome in ("saves", "makes-possible")]
    base = study.base.given.plan
    return Levers(
        schema=1,
        title=scenario.title,
        measure=_measure(scenario),
        baseline=None if base is None else _baseline(base),
        no_plan=study.base.why,
        levers=tuple(useful[:top]),
        more=len(useful) - len(useful[:top]),
        idle=tuple(lever for _, lever in pairs if lever.outcome in ("saves-nothing", "no-plan")),
        combined=tuple(study.combined(pairs, combine)),
        staging=study.staging(),
        notes=(*(note for note in found_ideas if isinstance(note, str)), *_few_on_top(len(useful), combine)),
        warnings=() if base is None else base.warnings,
    )


class _Study:
    """A scenario and every changed one that was planned."""

    def __init__(self, scenario: Scenario, on: dt.date) -> None:
        self._scenario, self._on = scenario, on
        self._solved: dict[frozenset[Atom], _Solved | None] = {}
        base = self._solve(scenario)
        assert base is not None
        self.base = base
        made = base.given.plan
        self._quality = None if made is None else lever_changes.mean_quality(made, base.given.offers)

    def alone(self, idea: Idea) -> Lever | None:
        """The lever that an idea is; None if it cannot apply."""
        found = self._plan([idea])
        if found is None:
            return None
        before, after = self.base.given.plan, found.given.plan
        saving = None if before is None or after is None else before.totals.objective_usd - after.totals.objective_usd
        lever = Lever(
            key=idea.key,
            kind=idea.kind,
            sentence=idea.sentence,
            set=idea.set,
            outcome=_outcome(before, after, saving),
            saving_usd=saving,
            saving_share=_share(saving, before),
            why=printable(" ".join(found.why.split()), 400) or _why_not(saving),
            **_figures(after),
        )
        if before is None or after is None:
            return lever
        changes = lever_changes.moved(before, after)
        mean = lever_changes.mean_quality(after, found.given.offers)
        better = None if mean is None or self._quality is None else round(float(mean - self._quality), 6)
        return lever.model_copy(
            update={
                "clips": lever_changes.touched(changes, self._scenario),
                "quality": tuple(lever_changes.in_words(changes, before, after)),
                "mean_quality_change": better,
            }
        )

    def combined(self, pairs: Sequence[tuple[Idea, Lever]], most: int) -> Iterator[Combined]:
        """The best change, then the best on top of it, and so on, while one more saves above a cent."""
        base = self.base.given.plan
        before = base
        taken: list[Idea] = []
        left = [(idea, lever) for idea, lever in pairs if base is None or lever.outcome == "saves"][:ON_TOP]
        while len(taken) < most:
            tried = [
                (after, idea, lever)
                for idea, lever in left
                if not any(idea.replaces(other) for other in taken)
                and (solved := self._plan([*taken, idea])) is not None
                and (after := solved.given.plan) is not None
            ]
            if not tried:
                return
            after, idea, lever = min(tried, key=lambda one: (one[0].totals.objective_usd, one[1].key))
            saving = None if before is None else before.totals.objective_usd - after.totals.objective_usd
            if saving is not None and saving <= CENT:
                return
            alone = lever.saving_usd
            yield Combined(
                key=idea.key,
                sentence=idea.sentence,
                set=idea.set,
                saving_usd=saving,
                alone_usd=alone,
                interaction_usd=None if saving is None or alone is None else saving - alone,
                total_usd=None if base is None else base.totals.objective_usd - after.totals.objective_usd,
                **_figures(after),
            )
            taken, before = [*taken, idea], after

    def staging(self) -> Staging | None:
        """What it would save to stage drafts, if there were some; None where there are, or either has no plan."""
        ways = assumed_drafts(self.base.given)
        if ways is None or not isinstance(ways[0], Idea) or not isinstance(ways[1], Idea):
            return None
        plans = [None if (solved := self._plan([idea])) is None else solved.given.plan for idea in (ways[0], ways[1])]
        staged, final = plans
        if staged is None or final is None:
            return None
        return Staging(
            sentence=f"if {ways[0].sentence} had one draft each: at {STAGED} without sound, or as the finals",
            staged_set=ways[0].set,
            final_set=ways[1].set,
            staged_usd=staged.totals.objective_usd,
            final_usd=final.totals.objective_usd,
            saving_usd=final.totals.objective_usd - staged.totals.objective_usd,
        )

    def _plan(self, chosen: Sequence[Idea]) -> _Solved | None:
        """The scenario with these changes, planned; None if they cannot apply. No scenario is planned twice."""
        key = frozenset(atom for idea in chosen for atom in idea.atoms)
        if key not in self._solved:
            try:
                self._solved[key] = self._solve(changed(self._scenario, chosen))
            except InputError:
                self._solved[key] = None
        return self._solved[key]

    def _solve(self, scenario: Scenario) -> _Solved:
        try:
            made = plan(scenario, on=self._on, shadow_prices=False)
        except NoPlanError as error:
            return _Solved(Given(scenario, self._on, None), str(error))
        return _Solved(Given(scenario, self._on, made))


def _outcome(before: Plan | None, after: Plan | None, saving: Decimal | None) -> str:
    if after is None:
        return "no-plan"
    if before is None:
        return "makes-possible"
    return "saves" if saving is not None and saving > 0 else "saves-nothing"


def _why_not(saving: Decimal | None) -> str:
    if saving is None or saving > 0:
        return ""
    return "changes nothing of the cost" if not saving else f"costs {usd_text(-saving)} more"


def _share(saving: Decimal | None, before: Plan | None) -> float | None:
    whole = None if before is None else before.totals.objective_usd
    return None if saving is None or not whole else round(float(saving / whole), 9)


def _figures(made: Plan | None) -> dict[str, Decimal]:
    names = ("objective_usd", "expected_usd", "worst_usd")
    return {} if made is None else {name: getattr(made.totals, name) for name in names}


def _baseline(made: Plan) -> Unchanged:
    return Unchanged(clips=made.totals.clips, served=made.totals.served, **_figures(made))


def _rank(lever: Lever) -> tuple[int, Decimal, str]:
    """Most saved first; of what makes a plan possible, the cheapest plan."""
    least = lever.objective_usd if lever.saving_usd is None else -lever.saving_usd
    return _ORDER[lever.outcome], least or Decimal(0), lever.key


def _measure(scenario: Scenario) -> str:
    """What the scenario minimises, in words."""
    aim = scenario.objective
    level = f"{float(aim.level) * 100:g} %"
    words = {"expected": "expected cost", "worst-case": "worst case", "cvar": f"CVaR {level}"}[aim.minimise]
    if aim.risk_aversion:
        words = f"{1 - aim.risk_aversion} x expected cost + {aim.risk_aversion} x CVaR {level}"
    besides = [
        *(["the value of clips left out"] if any(clip.value_usd is not None for clip in scenario.clips) else []),
        *(["penalties for degraded clips"] if aim.degrade else []),
    ]
    return f"{words}, with {' and '.join(besides)}" if besides else words


def _few_on_top(useful: int, combine: int) -> Iterator[str]:
    if useful > ON_TOP and combine > 1:
        yield f"only the {ON_TOP} best levers are tried on top of others"

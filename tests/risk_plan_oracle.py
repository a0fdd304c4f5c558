"""The best plan under limits and objectives on risk, by trying every plan: `oracles` for the plans, `risk_oracle` for chance.

Nothing of the program is used but the dataclasses of its chances. Money inside is micro-dollars, and every number is exact.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from router.schema.exposure import Attempt, Chances, Exposure
from tests import oracles, risk_oracle

Raw = dict[str, Any]
Key = tuple[Fraction, Fraction, int, int, Fraction, int]


class States(NamedTuple):
    """Outage states of the run. Integers, so that adding them up is exact and fast."""

    weights: list[int]
    """Probability of each state of all causes, in units of 1 / whole."""
    whole: int
    means: np.ndarray
    """Mean cost of one clip of each option (line by line) in each state, in micro-dollars / scale."""
    scale: int
    worst: np.ndarray
    """The most that one clip of each option can bill in each state that the run can be in, micro-dollars; the scenario's
    correlations say what is drawn for the run, and what is not is at its worst for the clip."""


@dataclass(frozen=True, eq=False)
class RiskProblem:
    """A scenario worked out, with what each option costs in each outage state of the run."""

    plain: oracles.Problem
    """Its rows are the limits that are sums over clips; the others are below."""
    outages: Raw
    fallback: Raw
    limits: Raw
    objective: Raw

    @cached_property
    def exposures(self) -> list[list[Exposure | None]]:
        """One clip of each option as chance sees it; None where it is left out."""
        return [[self._exposure(line, option) for option in options] for line, options in enumerate(self.plain.options)]

    def _exposure(self, line: int, option: oracles.Option) -> Exposure | None:
        if option.primary is None:
            return None
        steps, _ = oracles.plain_steps(option.chain, self.outages, self.fallback)
        clip = self.plain.clips[line]
        attempts = [
            Attempt(
                candidate.offer.provider,
                candidate.offer.model,
                step.bill,
                None if step.availability is None else float(step.availability),
                float(step.failure_rate),
                step.bills_failures,  # type: ignore[arg-type]
                float(step.keep_rate),
                falls_short(candidate, clip),
            )
            for candidate, step in zip(option.chain, steps, strict=True)
        ]
        return Exposure(tuple(attempts), clip.get("max_takes", 1))

    def chances(self, counts: oracles.Counts) -> Chances:
        """What chance can do to a plan."""
        found = []
        for options, exposures, split in zip(self.plain.options, self.exposures, counts, strict=True):
            for option, exposure in zip(options, exposures, strict=True):
                if exposure is not None and split.get(option.position, 0):
                    found.append(replace(exposure, count=split[option.position]))
        return self._chances(found)

    def _chances(self, exposures: Sequence[Exposure]) -> Chances:
        models = self.outages.get("correlation", "per-request")
        stated = self.outages.get("availability", {})
        borne = {attempt.provider for exposure in exposures for attempt in exposure.attempts}
        return Chances(
            tuple(exposures),
            {name: float(stated[name]) for name in sorted(borne) if name in stated},
            int(oracles.micro(self.fallback.get("unserved_usd", 0))),
            models,
            self.outages.get("provider_correlation", models),
        )

    @cached_property
    def states(self) -> States:
        """The outage states of the run; those in which every option finds the same steps up are one."""
        flat = [exposure for of_line in self.exposures for exposure in of_line]
        whole = self._chances([exposure for exposure in flat if exposure is not None])
        models, providers = risk_oracle.causes_of(whole.exposures, whole)
        shares: dict[tuple[tuple[bool, ...], ...], Fraction] = {}
        example: dict[tuple[tuple[bool, ...], ...], risk_oracle.State] = {}
        for down, share in risk_oracle.states({**models, **providers}):
            up = tuple(
                () if e is None else tuple(a.cause not in down and a.provider not in down for a in e.attempts)
                for e in flat
            )
            shares[up] = shares.get(up, Fraction(0)) + share
            example.setdefault(up, down)
        means = [[_mean(e, whole, down) for down in example.values()] for e in flat]
        scale = math.lcm(*(mean.denominator for of_option in means for mean in of_option))
        chances = math.lcm(*(share.denominator for share in shares.values()))
        of_run, _ = risk_oracle.split_causes(whole.exposures, whole)
        worst = [[_worst(e, whole, down, of_run) for down in risk_oracle.possible_states(of_run)] for e in flat]
        return States(
            [int(share * chances) for share in shares.values()],
            chances,
            np.array([[int(mean * scale) for mean in of_option] for of_option in means], dtype=object),
            scale,
            np.array(worst, dtype=object),
        )


def _mean(exposure: Exposure | None, whole: Chances, down: risk_oracle.State) -> Fraction:
    if exposure is None:
        return Fraction(0)
    return risk_oracle.cost_of(risk_oracle.clip_in_state(exposure, whole.unserved, down)).mean


def _worst(exposure: Exposure | None, whole: Chances, down: risk_oracle.State, of_run: Iterable[str]) -> int:
    return 0 if exposure is None else risk_oracle.worst_given(exposure, whole, down, of_run)


def falls_short(candidate: oracles.Candidate, clip: Raw) -> bool:
    """Whether a candidate misses the clip's resolution or audio, as a degraded fallback may."""
    offer = candidate.offer
    if "resolution" in clip:
        needed = oracles.LADDER.index(clip["resolution"])
        if offer.resolution is None or oracles.LADDER.index(offer.resolution) < needed:
            return True
    return {"native": not offer.sound, "deferred": offer.sound}.get(clip.get("audio", "none"), False)


def problem(scenario: Raw, catalogs: Sequence[Raw], on: datetime.date) -> RiskProblem:
    """Work out a scenario."""
    limits = scenario.get("limits", {})
    sums = {name: limit for name, limit in limits.items() if name not in ("worst_case_usd", "cvar")}
    plain = oracles.problem({**scenario, "limits": sums}, catalogs, on)
    fallback, outages = scenario.get("fallback", {}), scenario.get("outages", {})
    return RiskProblem(plain, outages, fallback, limits, scenario.get("objective", {}))


@dataclass(frozen=True, eq=False)
class RiskyPlan:
    """A plan with what its risk is; money in micro-dollars."""

    counts: oracles.Counts
    totals: oracles.BestPlan
    value_left_out: Fraction
    tail: risk_oracle.Law[int]
    """Mean cost over the outage states of the run, in micro-dollars / scale."""
    scale: int
    worst: int
    """In the worst state of the run; where nothing is drawn for the run, the sum of the clips' own worst cases."""

    def cvar(self, level: Fraction) -> Fraction:
        """Mean of the worst states."""
        return self.tail.cvar(level) / self.scale

    def objective(self, of: Raw) -> Fraction:
        """SPEC 4.5: what is minimised; clips left out cost their value."""
        level = Fraction(of.get("level", Fraction(95, 100)))
        what, aversion = of.get("minimise", "expected"), Fraction(of.get("risk_aversion", 0))
        if what == "worst-case":
            return self.worst + self.value_left_out
        if what == "cvar":
            return self.cvar(level) + self.value_left_out
        tail = self.cvar(level) if aversion else Fraction(0)
        return (1 - aversion) * self.totals.expected + aversion * tail + self.value_left_out

    def key(self, of: Raw) -> Key:
        """The objective, then the ties: fewer left out, lower worst case of the clips, higher quality, catalog order.

        Where something else than the expected cost is minimised, the lower expected cost comes before these, with the value
        of the clips left out: what would be minimised otherwise.
        """
        t, risky = self.totals, of.get("minimise", "expected") != "expected" or of.get("risk_aversion", 0) > 0
        return self.objective(of), t.objective if risky else Fraction(0), t.left_out, t.worst, -t.quality, t.position


def weigh(worked_out: RiskProblem, counts: oracles.Counts) -> RiskyPlan:
    """The figures of a plan, feasible or not."""
    states = worked_out.states
    amounts = [
        split.get(option.position, 0)
        for options, split in zip(worked_out.plain.options, counts, strict=True)
        for option in options
    ]
    law: dict[int, int] = {}
    for weight, mean in zip(states.weights, np.dot(amounts, states.means), strict=True):
        law[mean] = law.get(mean, 0) + weight
    totals = oracles.evaluate(worked_out.plain, counts)
    return RiskyPlan(
        counts=counts,
        totals=totals,
        value_left_out=totals.objective - totals.expected,
        tail=risk_oracle.Law(law, states.whole),
        scale=states.scale,
        worst=int(max(np.dot(amounts, states.worst))),
    )


def broken_limits(worked_out: RiskProblem, plan: RiskyPlan) -> list[str]:
    """Names of the limits that a plan does not keep; means are compared as they are reported, in whole micro-dollars."""
    broken = oracles.broken_limits(worked_out.plain, plan.counts)
    if "worst_case_usd" in worked_out.limits:
        broken += ["worst_case_usd"] * (plan.worst > oracles.micro(worked_out.limits["worst_case_usd"]))
    if "cvar" in worked_out.limits:
        bound = worked_out.limits["cvar"]
        mean = plan.cvar(Fraction(bound.get("level", Fraction(95, 100))))
        broken += ["cvar"] * (round(mean) > oracles.micro(bound["usd"]))
    return broken


def number_of_plans(plain: oracles.Problem) -> int:
    """How many plans there are, limits aside: n clips over k options in C(n + k - 1, n) ways."""
    lines = [(plain.counts(line), len(options)) for line, options in enumerate(plain.options)]
    return math.prod(math.comb(n + k - 1, n) if k else 0 for n, k in lines)


def all_plans(worked_out: RiskProblem) -> Iterator[RiskyPlan]:
    """Every integer split of every clip line over its options."""
    lines = [
        list(itertools.combinations_with_replacement([option.position for option in options], count))
        for options, count in (
            (options, worked_out.plain.counts(line)) for line, options in enumerate(worked_out.plain.options)
        )
    ]
    for picks in itertools.product(*lines):
        yield weigh(worked_out, [{position: pick.count(position) for position in set(pick)} for pick in picks])


def best_plan(worked_out: RiskProblem) -> RiskyPlan | None:
    """The best plan of a scenario, or None if there is none."""
    return best_of(worked_out, all_plans(worked_out))


def best_of(worked_out: RiskProblem, plans: Iterable[RiskyPlan]) -> RiskyPlan | None:
    """The best of these plans that keeps every limit."""
    kept = (plan for plan in plans if not broken_limits(worked_out, plan))
    return min(kept, key=lambda plan: plan.key(worked_out.objective), default=None)

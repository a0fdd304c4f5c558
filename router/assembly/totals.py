"""Sums over all clips, what the plan uses of each limit, and what the same clips would cost without a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Literal

from router.assembly.routes import decimal_text
from router.assembly.savings import Settled, Terms, expected_spend, nominal_spend
from router.schema.candidate import Candidate, Chain, Choices
from router.schema.exposure import Risk
from router.schema.plan import Baseline, LimitValue, Totals
from router.schema.scenario import Objective
from router.units import MICRO, from_micro, to_micro

Counts = Sequence[Sequence[int]]


def made(choices: Sequence[Choices], counts: Counts) -> Iterator[tuple[Choices, Candidate, Chain, int]]:
    """Every (class, candidate, chain) that makes clips, and how many."""
    for own, row in zip(choices, counts, strict=True):
        for candidate, chain, count in zip(own.candidates, own.chains, row, strict=False):
            if count:
                yield own, candidate, chain, count


def settled(choices: Sequence[Choices], counts: Counts, terms: Terms) -> Settled:
    """What packs and volume discounts come to on the expected spend of a plan."""
    return terms.settle(expected_spend([(chain, count) for _, _, chain, count in made(choices, counts)]))


@dataclass(frozen=True, slots=True)
class Sums:
    """What a plan adds up to, without what chance can do to it; micro-dollars, and numbers of clips."""

    asked: int
    served: int
    drafts: int
    expected: float
    """At list prices."""
    saving: float
    """Of packs and volume discounts, on expected spend."""
    nominal: float
    """Where nothing fails, after savings."""
    worst: float
    """Of all clips' own worst cases, after savings."""
    lost: int
    """The value of clips that are left out."""
    penalty: int


def sums(choices: Sequence[Choices], counts: Counts, terms: Terms) -> Sums:
    """The sums over all clips; the expected ones are correctly rounded sums of floats."""
    parts = list(made(choices, counts))
    drafted = sum(count for own, *_, count in parts if own.clip_class.draft_of is not None)
    saving = settled(choices, counts, terms).saving
    unfailing = terms.settle(nominal_spend([(candidate, count) for _, candidate, _, count in parts])).saving
    return Sums(
        asked=sum(own.clip_class.count for own in choices if own.clip_class.draft_of is None),
        served=sum(count for *_, count in parts) - drafted,
        drafts=drafted,
        expected=math.fsum(chain.expected * count for _, _, chain, count in parts),
        saving=saving,
        nominal=sum(candidate.price * count for _, candidate, _, count in parts) - unfailing,
        worst=sum(chain.worst * count for _, _, chain, count in parts) - saving,
        lost=sum(
            to_micro(own.clip_class.need.value_usd or 0) * (own.clip_class.count - sum(row[: len(own.candidates)]))
            for own, row in zip(choices, counts, strict=True)
        ),
        penalty=sum(candidate.penalty * count for _, candidate, _, count in parts),
    )


def totals(
    choices: Sequence[Choices],
    counts: Counts,
    aim: Objective,
    cvar: float | None,
    risk: Risk,
    terms: Terms = Terms(),  # noqa: B008  (it is frozen)
) -> Totals:
    """The sums over all clips, and what chance can do to them.

    Parameters
    ----------
    cvar
        The conditional value at risk that the objective looks at, micro-dollars at list prices; None where it looks at none.
    risk
        Figures of the cost's distribution, at list prices.
    terms
        Packs and volume discounts: what they save on expected spend is taken off every figure of cost, off the nominal one what they
        save where nothing fails.
    """
    parts = list(made(choices, counts))
    found = sums(choices, counts, terms)
    expected, saving = found.expected, found.saving
    drafts = [(chain, count) for own, _, chain, count in parts if own.clip_class.draft_of is not None]
    return Totals(
        clips=found.asked,
        served=found.served,
        left_out=found.asked - found.served,
        nominal_usd=from_micro(found.nominal),
        nominal_units=_in_units(parts),
        drafts=found.drafts,
        drafts_usd=from_micro(math.fsum(chain.expected * count for chain, count in drafts)),
        list_usd=from_micro(expected),
        saving_usd=from_micro(saving),
        expected_usd=from_micro(expected - saving),
        per_served_usd=from_micro((expected - saving) / found.served) if found.served else None,
        std_usd=from_micro(risk.std),
        p50_usd=from_micro(risk.p50 - saving),
        p90_usd=from_micro(risk.p90 - saving),
        p95_usd=from_micro(risk.p95 - saving),
        p99_usd=from_micro(risk.p99 - saving),
        cvar95_usd=from_micro(risk.cvar95 - saving),
        best_usd=from_micro(risk.best - saving),
        worst_usd=from_micro(risk.worst - saving),
        worst_per_request_usd=from_micro(found.worst),
        over_budget_probability=risk.over_budget,
        left_out_value_usd=from_micro(found.lost),
        penalty_usd=from_micro(found.penalty),
        objective_usd=from_micro(round(_measure(aim, expected, cvar, risk) - saving) + found.lost + found.penalty),
        unserved_expected=_mean(chain.unserved * count for _, _, chain, count in parts),
        unkept_expected=_mean(chain.unkept * count for _, _, chain, count in parts),
        degraded_expected=_mean(
            probability * count
            for _, _, chain, count in parts
            for step, probability in zip(chain.steps, chain.served, strict=True)
            if step.candidate.shortfall
        ),
    )


def _in_units(parts: Sequence[tuple[Choices, Candidate, Chain, int]]) -> dict[str, str]:
    """What catalogs price in other units, in those units."""
    units: dict[str, Fraction] = {}
    for _, candidate, _, count in parts:
        if candidate.offer.unit != "usd":
            spent = candidate.generation.price_units * count
            units[candidate.offer.unit] = units.get(candidate.offer.unit, Fraction(0)) + spent
    return {unit: decimal_text(amount) for unit, amount in units.items()}


def _measure(aim: Objective, expected: float, cvar: float | None, risk: Risk) -> float:
    """What is minimised of the cost at list prices."""
    if cvar is None:
        return risk.worst if aim.minimise == "worst-case" else expected
    aversion = 1.0 if aim.minimise == "cvar" else float(aim.risk_aversion)
    return (1 - aversion) * expected + aversion * cvar


def _mean(terms: Iterator[float]) -> float:
    return round(math.fsum(terms), 6)


def limit_value(
    name: str,
    unit: Literal["usd", "clips", "seconds", "share", "score", "minutes"],
    sense: str,
    bound: Fraction,
    used: Fraction,
    step: Fraction,
) -> LimitValue:
    """One limit as the plan shows it; money comes in micro-dollars, the step in dollars.

    What does not end within six decimals (a share of 1/3) is rounded up for an upper bound and down for a lower one.
    """
    exact = (bound, used)
    if unit == "usd":
        exact = (exact[0] / MICRO, exact[1] / MICRO)
    at, value = (_six(number, sense) for number in exact)
    slack = at - value if sense == "at_most" else value - at
    bounds = {"at_most": at} if sense == "at_most" else {"at_least": at}
    return LimitValue(limit=name, unit=unit, value=value, slack=slack, step=_six(step, sense), **bounds)


def _six(number: Fraction, sense: str) -> Decimal:
    millionths = number * MICRO
    return Decimal(math.ceil(millionths) if sense == "at_most" else math.floor(millionths)).scaleb(-6)


def baselines(
    choices: Sequence[Choices],
    counts: Counts,
    terms: Terms = Terms(),  # noqa: B008  (it is frozen)
) -> tuple[Baseline, ...]:
    """What the clips made would cost on one model wherever it can serve, and on the dearest eligible offer.

    A rule buys no packs, yet has the volume discounts that its spend earns; and it makes nothing below its requirements.
    """
    parts = list(made(choices, counts))
    planned = math.fsum(chain.expected * count for _, _, chain, count in parts)
    planned -= settled(choices, counts, terms).saving
    models = dict.fromkeys(c.offer.model for own, *_ in parts for c, _ in _ordinary(own) if _has_choice(own))
    rules: list[tuple[str, Callable[[Choices], Chain | None]]] = [
        (f"always {model}", partial(_cheapest_on, model=model)) for model in models
    ]
    rules.append(("always the dearest eligible", _dearest))
    found: list[Baseline] = []
    for name, rule in rules:
        priced = [(own.clip_class.draft_of is None, rule(own), chain, count) for own, _, chain, count in parts]
        taken = [(ruled or chain, count) for _, ruled, chain, count in priced]
        cost = math.fsum(chain.expected * count for chain, count in taken)
        cost -= terms.without_packs.settle(expected_spend(taken)).saving
        found.append(
            Baseline(
                name=name,
                clips=sum(count for finished, ruled, _, count in priced if finished and ruled is not None),
                expected_usd=from_micro(cost),
                saving_usd=from_micro(round(cost) - round(planned)),
            )
        )
    return tuple(found)


def _ordinary(own: Choices) -> list[tuple[Candidate, Chain]]:
    """The ways to make a clip as it is asked for."""
    return [pair for pair in zip(own.candidates, own.chains, strict=True) if not pair[0].degraded]


def _has_choice(own: Choices) -> bool:
    return len({candidate.offer.model for candidate, _ in _ordinary(own)}) > 1


def _cheapest_on(own: Choices, model: str) -> Chain | None:
    on_model = (chain for candidate, chain in _ordinary(own) if candidate.offer.model == model)
    return min(on_model, key=lambda chain: chain.expected, default=None)


def _dearest(own: Choices) -> Chain | None:
    dearest = max(_ordinary(own), key=lambda pair: (pair[0].price, pair[1].expected), default=None)
    return None if dearest is None else dearest[1]

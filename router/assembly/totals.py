"""Sums over all clips, what the plan uses of each limit, and what the same clips would cost without a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Literal

from router.assembly.routes import decimal_text
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


def totals(choices: Sequence[Choices], counts: Counts, aim: Objective, cvar: float | None, risk: Risk) -> Totals:
    """Sums over all clips; the expected ones are correctly rounded sums of floats.

    Parameters
    ----------
    cvar
        The conditional value at risk that the objective looks at, micro-dollars; None where it looks at none.
    risk
        Figures of the cost's distribution.
    """
    parts = list(made(choices, counts))
    asked = sum(own.clip_class.count for own in choices)
    served = sum(count for *_, count in parts)
    units: dict[str, Fraction] = {}
    for _, candidate, _, count in parts:
        if candidate.offer.unit != "usd":
            spent = candidate.generation.price_units * count
            units[candidate.offer.unit] = units.get(candidate.offer.unit, Fraction(0)) + spent
    lost = sum(
        to_micro(own.clip_class.need.value_usd or 0) * (own.clip_class.count - sum(row[: len(own.candidates)]))
        for own, row in zip(choices, counts, strict=True)
    )
    expected = math.fsum(chain.expected * count for _, _, chain, count in parts)
    measure = risk.worst if aim.minimise == "worst-case" else expected
    if cvar is not None:
        aversion = 1.0 if aim.minimise == "cvar" else float(aim.risk_aversion)
        measure = (1 - aversion) * expected + aversion * cvar
    return Totals(
        clips=asked,
        served=served,
        left_out=asked - served,
        nominal_usd=from_micro(sum(candidate.price * count for _, candidate, _, count in parts)),
        nominal_units={unit: decimal_text(amount) for unit, amount in units.items()},
        expected_usd=from_micro(expected),
        std_usd=from_micro(risk.std),
        p50_usd=from_micro(risk.p50),
        p90_usd=from_micro(risk.p90),
        p95_usd=from_micro(risk.p95),
        p99_usd=from_micro(risk.p99),
        cvar95_usd=from_micro(risk.cvar95),
        best_usd=from_micro(risk.best),
        worst_usd=from_micro(risk.worst),
        worst_per_request_usd=from_micro(sum(chain.worst * count for _, _, chain, count in parts)),
        over_budget_probability=risk.over_budget,
        left_out_value_usd=from_micro(lost),
        objective_usd=from_micro(round(measure) + lost),
        unserved_expected=_mean(chain.unserved * count for _, _, chain, count in parts),
        unkept_expected=_mean(chain.unkept * count for _, _, chain, count in parts),
        degraded_expected=_mean(
            probability * count
            for _, _, chain, count in parts
            for step, probability in zip(chain.steps, chain.served, strict=True)
            if step.candidate.shortfall
        ),
    )


def _mean(terms: Iterator[float]) -> float:
    return round(math.fsum(terms), 6)


def limit_value(
    name: str, unit: Literal["usd", "clips", "seconds", "share"], sense: str, bound: Fraction, used: Fraction
) -> LimitValue:
    """One limit as the plan shows it; money comes in micro-dollars.

    What does not end within six decimals (a share of 1/3) is rounded up for an upper bound and down for a lower one.
    """
    exact = (bound, used)
    if unit == "usd":
        exact = (exact[0] / MICRO, exact[1] / MICRO)
    at, value = (_six(number, sense) for number in exact)
    slack = at - value if sense == "at_most" else value - at
    bounds = {"at_most": at} if sense == "at_most" else {"at_least": at}
    return LimitValue(limit=name, unit=unit, value=value, slack=slack, **bounds)


def _six(number: Fraction, sense: str) -> Decimal:
    millionths = number * MICRO
    return Decimal(math.ceil(millionths) if sense == "at_most" else math.floor(millionths)).scaleb(-6)


def baselines(choices: Sequence[Choices], counts: Counts) -> tuple[Baseline, ...]:
    """What the clips made would cost on one model wherever it can serve, and on the dearest eligible offer."""
    parts = list(made(choices, counts))
    planned = math.fsum(chain.expected * count for _, _, chain, count in parts)
    models = dict.fromkeys(c.offer.model for own, *_ in parts for c in own.candidates if _has_choice(own))
    rules: list[tuple[str, Callable[[Choices], Chain | None]]] = [
        (f"always {model}", partial(_cheapest_on, model=model)) for model in models
    ]
    rules.append(("always the dearest eligible", _dearest))
    found: list[Baseline] = []
    for name, rule in rules:
        priced = [(rule(own), chain, count) for own, _, chain, count in parts]
        cost = math.fsum((ruled or chain).expected * count for ruled, chain, count in priced)
        found.append(
            Baseline(
                name=name,
                clips=sum(count for ruled, _, count in priced if ruled is not None),
                expected_usd=from_micro(cost),
                saving_usd=from_micro(round(cost) - round(planned)),
            )
        )
    return tuple(found)


def _has_choice(own: Choices) -> bool:
    return len({candidate.offer.model for candidate in own.candidates}) > 1


def _cheapest_on(own: Choices, model: str) -> Chain | None:
    pairs = zip(own.candidates, own.chains, strict=True)
    return min((chain for c, chain in pairs if c.offer.model == model), key=lambda chain: chain.expected, default=None)


def _dearest(own: Choices) -> Chain:
    pairs = zip(own.candidates, own.chains, strict=True)
    return max(pairs, key=lambda pair: (pair[0].price, pair[1].expected))[1]

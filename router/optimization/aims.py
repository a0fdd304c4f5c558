"""What a plan makes least of, as costs of options, tie-breakers and a tail. Money is micro-dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from router.optimization.problem import Group, Option
from router.optimization.rows import Number
from router.optimization.tails import Tail
from router.schema.candidate import Chain, Choices, StateCosts
from router.schema.scenario import Objective
from router.units import Micro, to_micro


@dataclass(frozen=True, slots=True)
class Aim:
    """What is minimised: something of each chain, and a tail."""

    objective: Objective
    mean: StateCosts | None
    worst: StateCosts | None

    @property
    def expected_only(self) -> bool:
        """Whether the plain expected cost is minimised."""
        return self.objective.minimise == "expected" and not self.objective.risk_aversion

    def cost(self, chain: Chain) -> float:
        """The part of the objective that is a sum over clips."""
        if self.objective.minimise == "worst-case" and self.worst is None:
            return float(chain.worst)
        aversion = float(self.objective.risk_aversion)
        if self.objective.minimise == "expected":
            return (1 - aversion) * chain.expected if aversion else chain.expected
        return 0.0

    def bought(self, price: Micro, *, packs: bool) -> Option:
        """What is not a clip, as an option with the tie-breakers that clips have."""
        expected = () if self.expected_only else (0.0,)
        return Option(float(price), (*expected, 0, *((price,) if packs else ()), 0, 0, 0))

    def tails(self, choices: Sequence[Choices]) -> list[Tail]:
        """The part of the objective that looks at the whole plan."""
        if self.objective.minimise == "worst-case":
            return [] if self.worst is None else [replace(largest(choices, self.worst), name="objective", weight=1.0)]
        weight = 1.0 if self.objective.minimise == "cvar" else float(self.objective.risk_aversion)
        if not weight:
            return []
        tail = at_risk("objective", choices, self.objective.level, self.mean)
        return [replace(tail, weight=weight)]


def can_be_left_out(choices: Sequence[Choices], own: Choices) -> bool:
    """A clip with a value may be left out, and its drafts with it; one without must be made."""
    final = own.clip_class.draft_of
    return (own if final is None else choices[final]).clip_class.need.value_usd is not None


def option_groups(choices: Sequence[Choices], aim: Aim, *, packs: bool) -> tuple[Group, ...]:
    """Every class with the costs and tie-breakers of its candidates and, if it can be, of being left out."""
    qualities = {candidate.offer.quality for own in choices for candidate in own.candidates}
    scores: dict[Decimal | None, Fraction] = {score: Fraction(score) for score in qualities if score is not None}
    scores[None] = min([Fraction(0), *(score - 1 for score in scores.values())])
    lacks = {quality: -score for quality, score in scores.items()}
    return tuple(_group(own, lacks, aim, (0,) if packs else (), leave=can_be_left_out(choices, own)) for own in choices)


def _group(
    choices: Choices,
    lacks: Mapping[Decimal | None, Fraction],
    aim: Aim,
    pack: tuple[Number, ...],
    *,
    leave: bool,
) -> Group:
    """``lacks``: what counts against an offer of some score."""
    options = []
    for candidate, chain in zip(choices.candidates, choices.chains, strict=True):
        offer = candidate.offer
        ties: tuple[Number, ...] = (0, *pack, chain.worst, lacks[offer.quality], offer.order)
        expected = () if aim.expected_only else (_to_a_thousandth(chain.expected),)
        options.append(Option(aim.cost(chain) + candidate.penalty, (*expected, *ties)))
    if leave:
        # A draft that is not made has no worth of its own.
        value = choices.clip_class.need.value_usd
        cost = 0.0 if value is None else float(to_micro(value))
        expected = () if aim.expected_only else (cost,)
        options.append(Option(cost, (*expected, 0 if value is None else 1, *pack, 0, 0, 0)))
    return Group(choices.clip_class.count, tuple(options))


def _to_a_thousandth(cost: float) -> float:
    """What differs by rounding of floats only is to count as equal."""
    return round(cost, 3)


def largest(choices: Sequence[Choices], worst: StateCosts) -> Tail:
    """The largest bill in any outage state."""
    return Tail("worst_case_usd", None, worst.probabilities, _costs(choices, worst))


def at_risk(name: str, choices: Sequence[Choices], level: Decimal, mean: StateCosts | None) -> Tail:
    """The mean cost of the worst ``1 - level`` share of the outage states."""
    assert mean is not None, "the conditional value at risk needs the mean cost in each outage state"
    return Tail(name, float(level), mean.probabilities, _costs(choices, mean))


def _costs(choices: Sequence[Choices], states: StateCosts) -> tuple[tuple[tuple[Number, ...], ...], ...]:
    """What each option costs in each state, in whole numbers where all are; a clip that is left out costs nothing."""
    whole = all(cost.is_integer() for own in states.costs for option in own for cost in set(option))
    none = (0,) * len(states.probabilities)
    return tuple(
        tuple(tuple(map(int, option)) if whole else option for option in costs)
        + ((none,) if can_be_left_out(choices, own) else ())
        for own, costs in zip(choices, states.costs, strict=True)
    )

"""The scenario's objective and limits as costs, rows and tails: each limit is one function, with its rule in words.

Caps count primaries as planned; a clip that is left out uses nothing. Money is micro-dollars, lengths are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from router.optimization.problem import Group, Option, Problem
from router.optimization.rows import Number, Row, Uses
from router.optimization.tails import Tail
from router.schema.candidate import Candidate, Chain, Choices, StateCosts
from router.schema.scenario import Cap, Limits, Objective, Where
from router.units import MICRO, to_micro

Use = Callable[[Candidate, Chain], Number]


def assignment(
    choices: Sequence[Choices],
    limits: Limits,
    objective: Objective | None = None,
    mean: StateCosts | None = None,
    worst: StateCosts | None = None,
) -> Problem:
    """The assignment problem of a scenario.

    The options of a class are its candidates, then being left out if its clips have a value: they cost that value in every objective.
    Among plans of equal expected cost: fewer clips left out, then lower worst case, then higher quality, then catalog order. No score
    counts as 0, or as less than the lowest score if that is not above 0. Where something else is minimised, plans of equal objective
    are first told apart by expected cost, clips left out at their value.

    Parameters
    ----------
    objective
        The expected cost if absent.
    mean
        Mean cost in each outage state: what the conditional value at risk is taken of; needed where a limit or the objective names it.
    worst
        Largest bill in each outage state, where one state holds for the whole run; absent: every clip has its own worst case.
    """
    aim = Aim(objective or Objective(), mean, worst)
    tails = [*aim.tails(choices), *_tails(choices, limits, mean, worst)]
    return Problem(_groups(choices, aim), tuple(_rows(choices, limits, worst)), tuple(tails))


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

    def tails(self, choices: Sequence[Choices]) -> list[Tail]:
        """The part of the objective that looks at the whole plan."""
        if self.objective.minimise == "worst-case":
            return [] if self.worst is None else [replace(_largest(choices, self.worst), name="objective", weight=1.0)]
        weight = 1.0 if self.objective.minimise == "cvar" else float(self.objective.risk_aversion)
        if not weight:
            return []
        at_risk = _at_risk("objective", choices, self.objective.level, self.mean)
        return [replace(at_risk, weight=weight)]


def can_be_left_out(choices: Choices) -> bool:
    """A clip with a value may be left out; one without must be made."""
    return choices.clip_class.need.value_usd is not None


def _groups(choices: Sequence[Choices], aim: Aim) -> tuple[Group, ...]:
    scores = [Fraction(c.offer.quality) for own in choices for c in own.candidates if c.offer.quality is not None]
    none = min([Fraction(0), *(score - 1 for score in scores)])
    return tuple(_group(own, none, aim) for own in choices)


def _group(choices: Choices, no_score: Fraction, aim: Aim) -> Group:
    options = []
    for candidate, chain in zip(choices.candidates, choices.chains, strict=True):
        quality = no_score if candidate.offer.quality is None else Fraction(candidate.offer.quality)
        ties: tuple[Number, ...] = (0, chain.worst, -quality, candidate.offer.order)
        options.append(
            Option(aim.cost(chain), ties if aim.expected_only else (_to_a_thousandth(chain.expected), *ties))
        )
    value = choices.clip_class.need.value_usd
    if value is not None:
        cost = float(to_micro(value))
        options.append(Option(cost, (1, 0, 0, 0) if aim.expected_only else (cost, 1, 0, 0, 0)))
    return Group(choices.clip_class.count, tuple(options))


def _to_a_thousandth(cost: float) -> float:
    """What differs by rounding of floats only is to count as equal."""
    return round(cost, 3)


def _rows(choices: Sequence[Choices], limits: Limits, worst: StateCosts | None) -> list[Row]:
    rows: list[Row] = []
    if limits.budget_usd is not None:
        rows.append(budget(choices, Fraction(limits.budget_usd)))
    if limits.worst_case_usd is not None and worst is None:
        rows.append(worst_case(choices, Fraction(limits.worst_case_usd)))
    for position, cap in enumerate(limits.caps):
        rows += cap_rows(choices, cap, f"caps[{position}]")
    return rows


def _tails(choices: Sequence[Choices], limits: Limits, mean: StateCosts | None, worst: StateCosts | None) -> list[Tail]:
    tails: list[Tail] = []
    if limits.worst_case_usd is not None and worst is not None:
        tails.append(worst_state(choices, Fraction(limits.worst_case_usd), worst))
    if limits.cvar is not None:
        tails.append(cvar(choices, limits.cvar.level, Fraction(limits.cvar.usd), mean))
    return tails


def _uses(choices: Sequence[Choices], use: Use) -> Uses:
    """What each option uses of a limit; a clip that is left out uses nothing."""
    return tuple(
        tuple(use(*pair) for pair in zip(own.candidates, own.chains, strict=True))
        + ((0,) if can_be_left_out(own) else ())
        for own in choices
    )


def budget(choices: Sequence[Choices], usd: Fraction) -> Row:
    """The expected cost of the clips made, rounded to the micro-dollar, is at most the budget."""
    whole = all(chain.expected.is_integer() for own in choices for chain in own.chains)
    uses = _uses(choices, lambda _, chain: int(chain.expected) if whole else chain.expected)
    return Row("budget_usd", "at_most", usd * MICRO, uses)


def worst_case(choices: Sequence[Choices], usd: Fraction) -> Row:
    """The sum of the clips' worst cases is at most the bound."""
    return Row("worst_case_usd", "at_most", usd * MICRO, _uses(choices, lambda _, chain: chain.worst))


def worst_state(choices: Sequence[Choices], usd: Fraction, worst: StateCosts) -> Tail:
    """In no outage state is the sum of the clips' worst cases in it more than the bound."""
    return replace(_largest(choices, worst), bound=usd * MICRO)


def cvar(choices: Sequence[Choices], level: Decimal, usd: Fraction, mean: StateCosts | None) -> Tail:
    """The mean cost in the worst ``1 - level`` share of outage states, rounded to the micro-dollar, is at most the bound."""
    return replace(_at_risk("cvar", choices, level, mean), bound=usd * MICRO)


def _largest(choices: Sequence[Choices], worst: StateCosts) -> Tail:
    return Tail("worst_case_usd", None, worst.probabilities, _costs(choices, worst))


def _at_risk(name: str, choices: Sequence[Choices], level: Decimal, mean: StateCosts | None) -> Tail:
    assert mean is not None, "the conditional value at risk needs the mean cost in each outage state"
    return Tail(name, float(level), mean.probabilities, _costs(choices, mean))


def _costs(choices: Sequence[Choices], states: StateCosts) -> tuple[tuple[tuple[Number, ...], ...], ...]:
    """What each option costs in each state, in whole numbers where all are; a clip that is left out costs nothing."""
    whole = all(cost.is_integer() for own in states.costs for option in own for cost in set(option))
    none = (0,) * len(states.probabilities)
    return tuple(
        tuple(tuple(map(int, option)) if whole else option for option in costs)
        + ((none,) if can_be_left_out(own) else ())
        for own, costs in zip(choices, states.costs, strict=True)
    )


def cap_rows(choices: Sequence[Choices], cap: Cap, name: str) -> list[Row]:
    """Bounds on the primaries that match ``where``: their number, billed seconds, price, or share of the served clips."""

    def matching(amount: Callable[[Candidate], Number]) -> Uses:
        return _uses(choices, lambda candidate, _: amount(candidate) if matches(candidate, cap.where) else 0)

    rows: list[Row] = []
    if cap.max_clips is not None:
        rows.append(Row(f"{name}.max_clips", "at_most", cap.max_clips, matching(lambda _: 1), "clips"))
    if cap.max_seconds is not None:
        seconds = matching(lambda candidate: candidate.generation.billed_seconds)
        rows.append(Row(f"{name}.max_seconds", "at_most", Fraction(cap.max_seconds), seconds, "seconds"))
    if cap.max_usd is not None:
        prices = matching(lambda candidate: candidate.price)
        rows.append(Row(f"{name}.max_usd", "at_most", Fraction(cap.max_usd) * MICRO, prices))
    if cap.min_clips is not None:
        rows.append(Row(f"{name}.min_clips", "at_least", cap.min_clips, matching(lambda _: 1), "clips"))
    served = _uses(choices, lambda *_: 1)
    if cap.max_share is not None:
        share = Fraction(cap.max_share)
        rows.append(Row(f"{name}.max_share", "at_most", share, matching(lambda _: 1), "share", per=served))
    if cap.min_share is not None:
        share = Fraction(cap.min_share)
        rows.append(Row(f"{name}.min_share", "at_least", share, matching(lambda _: 1), "share", per=served))
    return rows


def matches(candidate: Candidate, where: Where) -> bool:
    """Whether a primary counts towards a cap: it matches every field given."""
    offer = candidate.offer
    pairs = (
        (where.provider, offer.provider),
        (where.model, offer.model),
        (where.mode, offer.mode),
        (where.resolution, offer.resolution),
    )
    if any(wanted is not None and wanted != has for wanted, has in pairs):
        return False
    if where.audio is None:
        return True
    return where.audio == (offer.audio if isinstance(where.audio, bool) else candidate.audio)

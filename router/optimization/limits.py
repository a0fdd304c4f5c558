"""The scenario's limits as rows: each limit is one function, with its rule in words.

Caps count primaries as planned; a clip that is left out uses nothing. Money is micro-dollars, lengths are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from router.optimization.problem import Group, Number, Option, Problem, Row, Uses
from router.schema.candidate import Candidate, Chain, Choices
from router.schema.scenario import Cap, Limits, Where
from router.units import MICRO, to_micro

Use = Callable[[Candidate, Chain], Number]


def assignment(choices: Sequence[Choices], limits: Limits) -> Problem:
    """The assignment problem of a scenario.

    The options of a class are its candidates, then being left out if its clips have a value. Among plans of equal
    expected cost: fewer clips left out, then lower worst case, then higher quality, then catalog order. No score counts as 0, or
    as less than the lowest score if that is not above 0.
    """
    scores = [Fraction(c.offer.quality) for own in choices for c in own.candidates if c.offer.quality is not None]
    none = min([Fraction(0), *(score - 1 for score in scores)])
    return Problem(tuple(_group(own, none) for own in choices), tuple(_rows(choices, limits)))


def can_be_left_out(choices: Choices) -> bool:
    """A clip with a value may be left out; one without must be made."""
    return choices.clip_class.need.value_usd is not None


def _group(choices: Choices, no_score: Fraction) -> Group:
    options = []
    for candidate, chain in zip(choices.candidates, choices.chains, strict=True):
        quality = no_score if candidate.offer.quality is None else Fraction(candidate.offer.quality)
        options.append(Option(chain.expected, (0, chain.worst, -quality, candidate.offer.order)))
    value = choices.clip_class.need.value_usd
    if value is not None:
        options.append(Option(float(to_micro(value)), (1, 0, 0, 0)))
    return Group(choices.clip_class.count, tuple(options))


def _rows(choices: Sequence[Choices], limits: Limits) -> list[Row]:
    rows: list[Row] = []
    if limits.budget_usd is not None:
        rows.append(budget(choices, Fraction(limits.budget_usd)))
    if limits.worst_case_usd is not None:
        rows.append(worst_case(choices, Fraction(limits.worst_case_usd)))
    for position, cap in enumerate(limits.caps):
        rows += cap_rows(choices, cap, f"caps[{position}]")
    return rows


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

"""A scenario as an assignment problem: each limit is one function, with its rule in words.

Caps count primaries as planned; a clip that is left out uses nothing. Money is micro-dollars, lengths are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from router.optimization.aims import Aim, at_risk, can_be_left_out, largest, option_groups
from router.optimization.problem import Problem, Selector
from router.optimization.purchases import Purchases
from router.optimization.rough import Deadline
from router.optimization.rows import Number, Row, Sense, Uses
from router.optimization.tails import Ceiling, Tail
from router.schema.candidate import Candidate, Chain, Choices, StateCosts
from router.schema.scenario import Cap, Limits, Scenario, Where
from router.units import MICRO

Use = Callable[[Candidate, Chain], Number]


def assignment(
    choices: Sequence[Choices], scenario: Scenario, mean: StateCosts | None = None, worst: StateCosts | None = None
) -> Problem:
    """The assignment problem of a scenario.

    The options of a class are its candidates, then being left out if its clips have a value: they cost that value in every objective.
    Behind the classes of clips come what can be bought in packs (see `purchases`).
    Among plans of equal expected cost: fewer clips left out, then packs for less money, then lower worst case, then higher quality, then
    catalog order. No score counts as 0, or as less than the lowest score if that is not above 0. Where something else is minimised,
    plans of equal objective are first told apart by expected cost, clips left out at their value.

    Parameters
    ----------
    mean
        Mean cost in each outage state: what the conditional value at risk is taken of; needed where a limit or the objective names it.
    worst
        Largest bill in each outage state, where one state holds for the whole run; absent: every clip has its own worst case.
    """
    limits, aim = scenario.limits, Aim(scenario.objective, mean, worst)
    bought = Purchases.of(choices, scenario, aim)
    rows: list[Row] = []
    tails: list[Tail] = [*map(bought.widened, aim.tails(choices)), *bought.savings]
    ceilings: list[Ceiling] = []
    for limit in _money(choices, limits, mean, worst):
        if bought.savings:
            ceilings.append(bought.after_saving(limit))
        elif isinstance(limit, Row):
            rows.append(limit)
        else:
            tails.append(limit)
    for position, cap in enumerate(limits.caps):
        rows += cap_rows(choices, cap, f"caps[{position}]")
    if limits.mean_quality_min is not None:
        rows.append(mean_quality(choices, Fraction(limits.mean_quality_min)))
    rows += drafts(choices)
    return Problem(
        (*option_groups(choices, aim, packs=any(not pack.owned for pack in scenario.packs)), *bought.groups),
        tuple(map(bought.widened, rows)),
        tuple(tails),
        tuple(ceilings),
        groups(choices, limits),
        (*bought.rough, *(deadline(choices, limits, name, bought.blank) for name in _machines(choices, limits))),
    )


def _money(
    choices: Sequence[Choices], limits: Limits, mean: StateCosts | None, worst: StateCosts | None
) -> list[Row | Tail]:
    found: list[Row | Tail] = []
    if limits.budget_usd is not None:
        found.append(budget(choices, Fraction(limits.budget_usd)))
    if limits.worst_case_usd is not None:
        usd = Fraction(limits.worst_case_usd)
        found.append(worst_case(choices, usd) if worst is None else worst_state(choices, usd, worst))
    if limits.cvar is not None:
        found.append(cvar(choices, limits.cvar.level, Fraction(limits.cvar.usd), mean))
    return found


def _uses(choices: Sequence[Choices], use: Use) -> Uses:
    """What each option uses of a limit; a clip that is left out uses nothing."""
    return tuple(
        tuple(use(*pair) for pair in zip(own.candidates, own.chains, strict=True))
        + ((0,) if can_be_left_out(choices, own) else ())
        for own in choices
    )


def _uses_of_finals(choices: Sequence[Choices], use: Use) -> Uses:
    """The same, where drafts use nothing."""
    drafted = _uses(choices, lambda *_: 0)
    return tuple(
        uses if own.clip_class.draft_of is None else none
        for own, uses, none in zip(choices, _uses(choices, use), drafted, strict=True)
    )


def _clips(choices: Sequence[Choices]) -> int:
    """All that can be made, drafts included."""
    return sum(own.clip_class.count for own in choices)


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
    return replace(largest(choices, worst), bound=usd * MICRO)


def cvar(choices: Sequence[Choices], level: Decimal, usd: Fraction, mean: StateCosts | None) -> Tail:
    """The mean cost in the worst ``1 - level`` share of outage states, rounded to the micro-dollar, is at most the bound."""
    return replace(at_risk("cvar", choices, level, mean), bound=usd * MICRO)


def mean_quality(choices: Sequence[Choices], least: Fraction) -> Row:
    """The mean score of the finished clips made is at least the bound; what has no score cannot serve them."""
    scores = _uses_of_finals(choices, lambda candidate, _: Fraction(candidate.offer.quality or 0))
    served = _uses_of_finals(choices, lambda *_: 1)
    return Row("mean_quality_min", "at_least", least, scores, "score", per=served, most=_clips(choices))


def groups(choices: Sequence[Choices], limits: Limits) -> tuple[Selector, ...]:
    """The finished clips of one group that are made share the model, or the provider, of their primaries."""
    labels: dict[str, dict[str, dict[int, list[int]]]] = {}
    for c, own in enumerate(choices):
        if limits.groups is None or own.clip_class.group is None:
            continue
        shared = labels.setdefault(own.clip_class.group, {})
        for o, candidate in enumerate(own.candidates):
            name = candidate.offer.model if limits.groups == "same-model" else candidate.offer.provider
            shared.setdefault(name, {}).setdefault(c, []).append(o)
    return tuple(
        Selector(
            f"groups[{label}]",
            tuple(tuple((c, tuple(options)) for c, options in opened.items()) for opened in shared.values()),
        )
        for label, shared in labels.items()
        if shared
    )


def drafts(choices: Sequence[Choices]) -> list[Row]:
    """Of a clip that may be left out, as many drafts are made as belong to the clips that are made."""
    rows: list[Row] = []
    for d, own in enumerate(choices):
        final = own.clip_class.draft_of
        if final is None or not can_be_left_out(choices, own):
            continue
        each = {d: 1, final: -own.clip_class.drafts_each}
        made = _uses(choices, lambda *_: 1)
        uses = tuple(tuple(each.get(c, 0) * use for use in uses) for c, uses in enumerate(made))
        rows += [Row(f"drafts[{d}]", sense, 0, uses, "clips", stated=False) for sense in ("at_most", "at_least")]
    return rows


def _machines(choices: Sequence[Choices], limits: Limits) -> list[tuple[str, str]]:
    if limits.deadline_minutes is None:
        return []
    return list(dict.fromkeys((c.offer.provider, c.offer.model) for own in choices for c in own.candidates))


def deadline(choices: Sequence[Choices], limits: Limits, machine: tuple[str, str], blank: Uses) -> Deadline:
    """All that one model of a provider generates is sure to be done by the deadline, as its slots free up.

    A clip that may take several takes counts with all of them, one after the other.
    """
    work: list[tuple[Fraction | None, ...]] = []
    longest: list[tuple[Fraction, ...]] = []
    slots: list[tuple[int, ...]] = []
    for own in choices:
        left = (None,) if can_be_left_out(choices, own) else ()
        options = [c if c and (c.offer.provider, c.offer.model) == machine else None for c in (*own.candidates, *left)]
        minutes = [c and c.minutes(own.clip_class.need.max_takes) for c in options]
        work.append(tuple(m and m[0] for m in minutes))
        longest.append(tuple(m[1] if m else Fraction(0) for m in minutes))
        slots.append(tuple((c and c.offer.concurrency) or 1 for c in options))
    for none in blank:
        work.append((None,) * len(none))
        longest.append((Fraction(0),) * len(none))
        slots.append((1,) * len(none))
    name = f"deadline_minutes[{'/'.join(machine)}]"
    return Deadline(name, Fraction(limits.deadline_minutes or 0), tuple(work), tuple(longest), tuple(slots))


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
    senses: tuple[Sense, Sense] = ("at_most", "at_least")
    for part, sense, share in zip(("max_share", "min_share"), senses, (cap.max_share, cap.min_share), strict=True):
        if share is not None:
            served = _uses(choices, lambda *_: 1)
            rows.append(
                Row(f"{name}.{part}", sense, Fraction(share), matching(lambda _: 1), "share", served, _clips(choices))
            )
    return rows


def matches(candidate: Candidate, where: Where) -> bool:
    """Whether a primary counts towards a cap: it matches every field given."""
    offer = candidate.offer
    return (
        where.provider in (None, offer.provider)
        and where.model in (None, offer.model)
        and where.mode in (None, offer.mode)
        and where.resolution in (None, offer.resolution)
        and where.audio in (None, offer.audio if isinstance(where.audio, bool) else candidate.audio)
    )

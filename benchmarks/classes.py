"""Abstract instances made from a seed: classes of clips with counts, twelve candidates each, and limits that couple them.

Six models at two providers each make twelve candidates; the provider of candidate ``o`` is ``o % 2`` and its model ``o // 2``. What a
clip costs is its seconds times a price that differs from candidate to candidate, in whole micro-dollars; better models cost more. Every
third class may be left out, at a value. Every limit is set so that it binds or nearly does: it lies between what plans use without it and
the least that they could use.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from router.optimization.problem import Group, Option, Problem, without_limits
from router.optimization.rows import Number, Row, Uses, weighed

CLASSES = 260
MODELS = 6
PROVIDERS = 2
CANDIDATES = MODELS * PROVIDERS
STEP = 1_000
"""Micro-dollars; prices per second and values are whole multiples of a tenth of a cent, as price lists have them."""
OPTIONAL = 3
"""Every third class may be left out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One candidate of a class; the class's last choice, if it is optional, is to leave the clip out."""

    cost: int
    """Micro-dollars; the value of a clip that is left out."""
    paid: int
    """Micro-dollars: the cost, nothing for a clip that is left out."""
    seconds: int
    """Billed; whole."""
    quality: Fraction
    model: int
    """-1 for a clip that is left out."""
    provider: int


Table = tuple[tuple[Choice, ...], ...]
"""The choices of each class."""


def table(seed: int, classes: int, *, optional: bool = True) -> Table:
    """The choices of classes that all differ."""
    dice = random.Random(seed)
    prices = [[dice.randrange(60_000, 90_000) + 9_000 * m + 3_000 * p for p in range(PROVIDERS)] for m in range(MODELS)]
    return tuple(_choices(dice, prices, left_out=optional and c % OPTIONAL == 0) for c in range(classes))


def _choices(dice: random.Random, prices: Sequence[Sequence[int]], *, left_out: bool) -> tuple[Choice, ...]:
    seconds = dice.randrange(3, 16)
    found = []
    for o in range(CANDIDATES):
        model, provider = divmod(o, PROVIDERS)
        billed = seconds + dice.choice((0, 0, 0, 1, 2))
        per_second = prices[model][provider] * dice.randrange(900, 1_101) // 1_000
        cost = billed * (per_second // STEP * STEP)
        quality = Fraction(700 + 25 * model + dice.randrange(-40, 41), 10)
        found.append(Choice(cost, cost, billed, quality, model, provider))
    if left_out:
        value = max(choice.cost for choice in found) * dice.randrange(80, 200) // 100 // STEP * STEP
        found.append(Choice(value, 0, 0, Fraction(0), -1, -1))
    return tuple(found)


def shared_out(seed: int, clips: int, classes: int) -> list[int]:
    """How many clips each class has: at least one, some classes far more than others, ``clips`` together."""
    dice = random.Random(f"counts {seed}")
    weights = [dice.paretovariate(1.2) for _ in range(classes)]
    spare, total = clips - classes, sum(weights)
    counts = [1 + int(spare * weight / total) for weight in weights]
    for c in range(clips - sum(counts)):
        counts[c % classes] += 1
    return counts


def coupled(seed: int, clips: int, classes: int = CLASSES) -> Problem:
    """A budget, three quotas (clips, seconds, share of clips) and a mean quality over classes with counts."""
    choices = table(seed, classes)
    return with_limits(choices, shared_out(seed, clips, classes))


def all_different(seed: int, clips: int) -> Problem:
    """The same limits over clips that all differ: every class has one member."""
    return with_limits(table(seed, clips), [1] * clips)


def with_limits(choices: Table, counts: Sequence[int]) -> Problem:
    """Put the budget, the quotas and the mean quality on classes.

    Each is set against the plan without limits: a tenth less money, two thirds of what its most used model and provider make, a share for
    a model that it hardly uses, and a point more quality.
    """
    groups = tuple(
        Group(count, tuple(Option(float(choice.cost)) for choice in own))
        for count, own in zip(counts, choices, strict=True)
    )
    free = without_limits(Problem(groups))
    paid = _uses(choices, lambda choice: choice.paid)
    made = _uses(choices, lambda choice: int(choice.model >= 0))
    clips_of = [_uses(choices, lambda choice, m=m: int(choice.model == m)) for m in range(MODELS)]  # type: ignore[misc]
    seconds_of = [
        _uses(choices, lambda choice, p=p: choice.seconds * int(choice.provider == p))  # type: ignore[misc]
        for p in range(PROVIDERS)
    ]
    quality = _uses(choices, lambda choice: choice.quality)
    most = max(range(MODELS), key=lambda m: weighed(clips_of[m], free))
    busiest = max(range(PROVIDERS), key=lambda p: weighed(seconds_of[p], free))
    scarce = min(range(MODELS), key=lambda m: weighed(clips_of[m], free))
    reached = Fraction(weighed(quality, free)) / Fraction(weighed(made, free))
    rows = (
        Row("budget", "at_most", int(weighed(paid, free) * Fraction(9, 10)), paid),
        Row("most clips", "at_most", int(weighed(clips_of[most], free) * Fraction(2, 3)), clips_of[most], "clips"),
        Row(
            "seconds",
            "at_most",
            int(weighed(seconds_of[busiest], free) * Fraction(2, 3)),
            seconds_of[busiest],
            "seconds",
        ),
        Row("share", "at_least", Fraction(8, 100), clips_of[scarce], "share", per=made),
        Row("mean quality", "at_least", Fraction(round(reached * 10) + 10, 10), quality, "share", per=made),
    )
    return Problem(groups, rows)


def _uses(choices: Table, use: Callable[[Choice], Number]) -> Uses:
    return tuple(tuple(use(choice) for choice in own) for own in choices)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A problem whose classes come in groups, each of them on one model."""

    problem: Problem
    groups: tuple[tuple[int, ...], ...]
    """The classes of each."""
    models: tuple[tuple[int, ...], ...]
    """The model of each class's options."""


def grouped(seed: int, groups: int = 200, classes: int = 4_000, clips: int = 400_000) -> Grouped:
    """Equal numbers of classes in each group, no clip optional, and two quotas that couple the groups."""
    choices = table(seed, classes, optional=False)
    counts = shared_out(seed, clips, classes)
    options = tuple(
        Group(count, tuple(Option(float(choice.cost)) for choice in own))
        for count, own in zip(counts, choices, strict=True)
    )
    free = without_limits(Problem(options))
    clips_of = [_uses(choices, lambda choice, m=m: int(choice.model == m)) for m in range(MODELS)]  # type: ignore[misc]
    quality = _uses(choices, lambda choice: choice.quality)
    most = max(range(MODELS), key=lambda m: weighed(clips_of[m], free))
    reached = Fraction(weighed(quality, free)) / clips
    rows = (
        Row("most clips", "at_most", clips // 4, clips_of[most], "clips"),
        Row("mean quality", "at_least", Fraction(round(reached * 10) + 10, 10) * clips, quality, "share"),
    )
    members = tuple(tuple(range(g, classes, groups)) for g in range(groups))
    models = tuple(tuple(choice.model for choice in own) for own in choices)
    return Grouped(Problem(options, rows), members, models)


@dataclass(frozen=True, slots=True)
class PackOf:
    """A prepaid pack: up to ``most`` of them, each of which pays for list prices up to ``worth``."""

    provider: int
    worth: int
    price: int
    most: int


@dataclass(frozen=True, slots=True)
class TiersOf:
    """Volume discounts: of what is spent above ``starts[k]`` the share ``discounts[k]`` is not paid, up to the next start."""

    provider: int
    starts: tuple[int, ...]
    """Micro-dollars of list price; rising."""
    discounts: tuple[Fraction, ...]
    """Rising."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A problem whose provider 0 sells packs and whose provider 1 gives discounts; the options cost their list price."""

    problem: Problem
    packs: tuple[PackOf, ...]
    tiers: tuple[TiersOf, ...]
    spent: tuple[Uses, ...]
    """For each provider, the list price of each option that is its own; nothing for the others."""


def packs_and_tiers(seed: int, clips: int = 100_000, classes: int = CLASSES) -> Priced:
    """The quotas and the mean quality of `coupled`, with packs at one provider and tiers at the other."""
    choices = table(seed, classes, optional=False)
    plain = with_limits(choices, shared_out(seed, clips, classes))
    problem = Problem(plain.groups, tuple(row for row in plain.rows if row.name != "budget"))
    spent = tuple(
        _uses(choices, lambda choice, p=p: choice.cost * int(choice.provider == p))  # type: ignore[misc]
        for p in range(PROVIDERS)
    )
    free = without_limits(Problem(plain.groups))
    total = int(sum(weighed(uses, free) for uses in spent))
    packs = (
        PackOf(0, total // 11, total * 93 // 1_100, 3),
        PackOf(0, total // 37, total * 95 // 3_700, 7),
    )
    tiers = (
        TiersOf(
            1,
            (total // 7, total // 3, total * 3 // 5),
            (Fraction(4, 100), Fraction(9, 100), Fraction(15, 100)),
        ),
    )
    return Priced(problem, packs, tiers, spent)

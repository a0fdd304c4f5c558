"""Questions ``groups`` and ``packs``: one model for all clips of a group, and packs and volume discounts, beside plain PuLP models."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks import classes, peers, structures
from benchmarks.clock import Spent
from benchmarks.limits import FASTER_THAN_CLASSES, MICRO, SAME, Round, ours
from benchmarks.result import Result, WrongAnswerError
from router.optimization.problem import Group, Option, Problem, Selector
from router.optimization.rough import Discount
from router.optimization.rows import Counts, Number, weighed

SECONDS = 2.0
"""Processor time that ours may take."""


def groups(rounds: int, limit_seconds: float) -> Result:
    """200 groups over 4,000 classes, each group on one of six models, under two limits."""
    instances = [classes.grouped(seed) for seed in range(1, rounds + 1)]
    own = [
        ours(of_groups(instance), f"groups, seed {seed}", limit_seconds) for seed, instance in enumerate(instances, 1)
    ]
    return beside("groups, 200 of them", own, lambda: structures.of_groups(instances[0], "equality"), limit_seconds)


def packs(rounds: int, limit_seconds: float) -> Result:
    """About 260 classes, two packs at one provider and three tiers of discount at the other."""
    instances = [classes.packs_and_tiers(seed) for seed in range(1, rounds + 1)]
    own = [
        ours(of_packs(instance), f"packs, seed {seed}", limit_seconds, partial(settled, instance))
        for seed, instance in enumerate(instances, 1)
    ]
    return beside("packs and tiers", own, lambda: structures.of_packs_and_tiers(instances[0]), limit_seconds)


def of_groups(instance: classes.Grouped) -> Problem:
    """A selector for each group, with an alternative for each model."""
    selectors = tuple(
        Selector(
            f"group {g}",
            tuple(
                tuple((c, tuple(o for o, by in enumerate(instance.models[c]) if by == m)) for c in members)
                for m in range(classes.MODELS)
            ),
        )
        for g, members in enumerate(instance.groups)
    )
    return replace(instance.problem, selectors=selectors)


def of_packs(instance: classes.Priced) -> Problem:
    """Behind the classes of clips one for each pack, bought or not, and one that carries what is constant."""
    problem, bought = instance.problem, instance.packs
    extra = (
        *(Group(pack.most, (Option(float(pack.price)), Option(0.0)), bulky=True) for pack in bought),
        Group(1, (Option(0.0),)),
    )
    blank: tuple[tuple[Number, ...], ...] = tuple((0,) * len(group.options) for group in extra)
    none: tuple[tuple[Number, ...], ...] = tuple((0,) * len(group.options) for group in problem.groups)
    base = len(problem.groups) + len(bought)
    discounts = []
    for p, spent in enumerate(instance.spent):
        covers = tuple((pack.worth if pack.provider == p else 0, 0) for pack in bought)
        tiers = [
            (float(start), float(rate))
            for own in instance.tiers
            if own.provider == p
            for start, rate in zip(own.starts, own.discounts, strict=True)
        ]
        pairs = zip(problem.groups, spent, strict=True)
        most = float(sum(group.count * max(uses) for group, uses in pairs))
        uses, covered = (*spent, *blank), (*none, *covers, (0,))
        discounts.append(Discount(f"savings {p}", uses, covered, base, tuple(tiers), 0.0, most))
    rows = tuple(
        replace(row, uses=(*row.uses, *blank), per=None if row.per is None else (*row.per, *blank))
        for row in problem.rows
    )
    tails = tuple(discount.tail() for discount in discounts)
    rough = tuple(discount for discount in discounts if discount.tiers)
    return Problem((*problem.groups, *extra), rows, tails, rough=rough)


def settled(instance: classes.Priced, counts: Counts) -> float:
    """What clips and packs cost, settled provider by provider."""
    clips, bought = counts[: len(instance.problem.groups)], [own[0] for own in counts[len(instance.problem.groups) :]]
    total = math.fsum(pack.price * n for pack, n in zip(instance.packs, bought, strict=False))
    for p, uses in enumerate(instance.spent):
        spend = float(weighed(uses, clips))
        paid = sum(pack.worth * n for pack, n in zip(instance.packs, bought, strict=False) if pack.provider == p)
        rest = max(0.0, spend - paid)
        total += rest
        for own in instance.tiers:
            if own.provider == p:
                ends = (*own.starts[1:], math.inf)
                for start, end, rate in zip(own.starts, ends, own.discounts, strict=True):
                    total -= float(rate) * max(0.0, min(rest, end) - start)
    return total


def beside(question: str, own: list[Round], build: Callable[[], peers.Model], limit_seconds: float) -> Result:
    """The first instance beside PuLP and HiGHS on the whole model."""
    answer = peers.solved(build, "HiGHS", limit_seconds)
    theirs, first = answer.value * MICRO, own[0].found
    if theirs < first.bound - SAME - 1e-7 * abs(theirs):
        raise WrongAnswerError(f"{question}: the peer's ${answer.value:,.6f} is below the bound of ours")
    same = abs(theirs - first.cost) <= SAME + 1e-7 * abs(first.cost)
    said = "yes" if same else f"ours ${first.cost / MICRO:,.6f}, the peer's ${answer.value:,.6f}"
    unproven = [f"ours is not proven for seed {seed}" for seed, way in enumerate(own, 1) if not way.found.proven]
    spent: tuple[Spent, ...] = tuple(way.spent for way in own)
    median = statistics.median(one.cpu for one in spent)
    return Result(
        question=question,
        ours=spent,
        peer=(answer.spent,),
        peer_is="PuLP + HiGHS",
        stopped="" if answer.finished else f"after {limit_seconds:g} s on the clock",
        optimum=said,
        target=f"under {SECONDS:g} s, and faster",
        met=median < SECONDS and answer.spent.cpu > FASTER_THAN_CLASSES * spent[0].cpu and not unproven,
        counts=own[0].counts,
        notes=tuple(unproven),
    )

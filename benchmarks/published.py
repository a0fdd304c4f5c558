"""Question ``instances``: public instances through the formulation's own seam, beside HiGHS alone on the plain binary model.

Each instance is an abstract assignment problem: nothing of video is in it. Both sides have the same time limit, in the same run, one after
the other. Bounds of both are moved to the next objective that is possible at all. Where an optimum is published, ours must prove it;
where none is, ours must leave a gap no larger than HiGHS's. What ours returns is checked against the file in exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulp

from benchmarks import peers
from benchmarks.clock import Spent, Stopwatch
from benchmarks.families import Instance, Known, read_folder
from benchmarks.markdown import yes
from benchmarks.result import Line, Table, WrongAnswerError
from router.errors import TimeLimitError
from router.optimization.solve import solve

SECONDS = 60.0
"""For each instance and side."""
SAME = 1e-9
"""Relative: what floats leave of equality."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side made of an instance, in the instance's own numbers."""

    value: float | None
    bound: float
    spent: Spent

    @property
    def gap(self) -> float:
        """Between value and bound, relative to the value; infinite without a value."""
        if self.value is None or not math.isfinite(self.bound):
            return math.inf
        return abs(self.value - self.bound) / max(abs(self.value), 1e-9)


def published(folder: Path, seconds: float = SECONDS) -> Table:
    """Every instance below a folder."""
    found = [_row(instance, seconds) for instance in read_folder(folder)]
    return Table(
        question="instances",
        header=(
            *("instance", "best known", "ours", "its bound", "its gap", "its CPU s"),
            *(
                "HiGHS alone",
                "its bound",
                "its gap",
                "its CPU s",
                "known optimum proven by ours",
                "gap no worse",
                "met",
            ),
        ),
        rows=tuple(cells for cells, _ in found),
        notes=(f"both sides were stopped after {seconds:g} s on the clock",),
        lines=tuple(line for _, line in found),
    )


def _row(instance: Instance, seconds: float) -> tuple[tuple[str, ...], Line]:
    ours, theirs = by_us(instance, seconds), by_highs(instance, seconds)
    optimum = instance.known.optimum
    reached = None if optimum is None else _same(ours.value, float(optimum)) and ours.gap <= SAME
    no_worse = ours.gap <= theirs.gap + SAME
    met = (no_worse if reached is None else reached) and not _disproved(instance, ours)
    cells = (
        instance.name,
        _best(instance.known, instance.maximise),
        *_shown(ours),
        *_shown(theirs),
        "none is known" if reached is None else yes(reached),
        yes(no_worse),
        "contradicts what is published" if _disproved(instance, ours) else yes(met),
    )
    sizes = {
        "groups": len(instance.values),
        "items": sum(map(len, instance.values)),
        "resources": len(instance.capacities),
    }
    # Where ours did not finish, it took what it was given.
    faster = theirs.spent.cpu / ours.spent.cpu if ours.gap <= SAME else None
    stopped = faster is not None and theirs.gap > SAME
    return cells, Line(instance.name, faster, stopped, ours.spent.cpu, sizes, "proven, or gap no worse", met)


def by_us(instance: Instance, seconds: float) -> Side:
    """Through `solve`, building and checking included.

    Raises
    ------
    WrongAnswerError
        If what came back breaks the instance, or contradicts itself or what is published.
    """
    watch = Stopwatch()
    try:
        found = solve(instance.problem(), seconds)
    except TimeLimitError:
        return Side(None, -math.inf, watch.spent())
    spent = watch.spent()
    if found is None:
        raise WrongAnswerError(f"{instance.name}: ours finds no choice that keeps the capacities")
    if not instance.keeps(found.counts):
        raise WrongAnswerError(f"{instance.name}: what ours found does not keep the instance")
    exact = float(instance.value(found.counts))
    if not _same(instance.objective(found.cost), exact):
        raise WrongAnswerError(
            f"{instance.name}: ours says {instance.objective(found.cost)}, but its choice is worth {exact}"
        )
    bound = instance.rounded(instance.objective(found.bound))
    if _better(exact, bound, instance.maximise):
        raise WrongAnswerError(f"{instance.name}: ours says that no choice is better than {bound}, but found {exact}")
    return Side(exact, bound, spent)


def by_highs(instance: Instance, seconds: float) -> Side:
    """HiGHS through PuLP on one binary for each item, in the numbers of the file."""
    answer = peers.solved(lambda: _plain(instance), "HiGHS", seconds)
    sign = -1 if instance.maximise else 1
    bound = sign * answer.bound
    return Side(
        sign * answer.value if math.isfinite(answer.value) else None,
        instance.rounded(bound) if math.isfinite(bound) else bound,
        answer.spent,
    )


def _plain(instance: Instance) -> peers.Model:
    """What is maximised is minimised with its sign changed, as PuLP would hand it over."""
    model = pulp.LpProblem("plain", pulp.LpMinimize)
    x = [
        [model.add_variable(f"x_{g}_{i}", cat=pulp.LpBinary) for i in range(len(own))]
        for g, own in enumerate(instance.values)
    ]
    sign = -1 if instance.maximise else 1
    model.setObjective(_sum(x, [[sign * value for value in own] for own in instance.values]))
    for g, own in enumerate(x):
        model.addConstraint(peers.total((variable, 1) for variable in own) == 1, f"group_{g}")
    for k, (uses, most) in enumerate(zip(instance.uses, instance.capacities, strict=True)):
        model.addConstraint(_sum(x, uses) <= float(most), f"resource_{k}")
    return model, lambda: peers.counts_of(x)


def _sum(x: peers.Columns, weights: Sequence[Sequence[object]]) -> pulp.LpAffineExpression:
    pairs = zip(x, weights, strict=True)
    return peers.total((v, float(w)) for own, row in pairs for v, w in zip(own, row, strict=True) if w)  # type: ignore[arg-type]


def _better(value: float, other: float, maximise: bool) -> bool:
    """Whether a value is better by more than rounding."""
    return (value - other if maximise else other - value) > SAME * max(1.0, abs(other))


def _disproved(instance: Instance, ours: Side) -> bool:
    """Whether ours contradicts what is published: one of the two is wrong."""
    known, maximise = instance.known, instance.maximise
    best, bound = (known.low, known.high) if maximise else (known.high, known.low)
    beyond_bound = bound is not None and ours.value is not None and _better(ours.value, float(bound), maximise)
    return beyond_bound or (best is not None and _better(float(best), ours.bound, maximise))


def _same(value: float | None, other: float) -> bool:
    return value is not None and abs(value - other) <= SAME * max(1.0, abs(other))


def _best(known: Known, maximise: bool) -> str:
    if known.optimum is not None:
        return f"{float(known.optimum):,.10g}"
    best, bound = (known.low, known.high) if maximise else (known.high, known.low)
    parts = [
        f"{what} {float(number):,.10g}" for what, number in (("found", best), ("bound", bound)) if number is not None
    ]
    return ", ".join(parts) or "unknown"


def _shown(side: Side) -> tuple[str, str, str, str]:
    value = "none" if side.value is None else f"{side.value:,.10g}"
    bound = f"{side.bound:,.10g}" if math.isfinite(side.bound) else "none"
    gap = "0" if side.gap <= SAME else (f"{side.gap:.3%}" if math.isfinite(side.gap) else "none")
    return value, bound, gap, f"{side.spent.cpu:.2f}"

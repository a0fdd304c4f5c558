"""Classes that neither costs nor limits can tell apart, taken together as one: which of them goes where does not matter."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from router.optimization.blocks import only
from router.optimization.problem import Problem
from router.optimization.rows import Counts

MOST = 10_000
"""Classes."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A problem with fewer classes, and the classes of the whole that each stands for."""

    classes: tuple[tuple[int, ...], ...]
    problem: Problem

    def parted(self, counts: Counts, whole: Problem) -> Counts:
        """A solution of the problem as one of the whole: options are handed out in their order, to classes in theirs."""
        if self.problem is whole:
            return counts
        rows: list[tuple[int, ...]] = [()] * len(whole.groups)
        for classes, row in zip(self.classes, counts, strict=True):
            left = list(row)
            for c in classes:
                rows[c] = _taken(left, whole.groups[c].count)
        return tuple(rows)


def merged(problem: Problem) -> Merged:
    """The problem with like classes taken together; those of selectors, and of what is not convex, are left as they are.

    So is a problem of more than ``MOST`` classes: those are sifted over arrays, which takes less than looking for likes.
    """
    if len(problem.groups) > MOST:
        return Merged(tuple((c,) for c in range(len(problem.groups))), problem)
    apart = frozenset().union(
        *(selector.classes for selector in problem.selectors), *(part.classes for part in problem.rough)
    )
    alike: dict[Hashable, list[int]] = {}
    for c, group in enumerate(problem.groups):
        alike.setdefault(c if c in apart else group.options, []).append(c)
    classes: dict[Hashable, list[int]] = {}
    told_by = _told_by(problem)
    for same in alike.values():
        for c in same:
            signs = c if len(same) == 1 else (problem.groups[c].options, *(part[c] for part in told_by))
            classes.setdefault(signs, []).append(c)
    found = tuple(map(tuple, sorted(classes.values())))
    if len(found) == len(problem.groups):
        return Merged(found, problem)
    fewer = only(problem, [own[0] for own in found])
    counts = (sum(problem.groups[c].count for c in own) for own in found)
    groups = tuple(replace(group, count=count) for group, count in zip(fewer.groups, counts, strict=True))
    return Merged(found, replace(fewer, groups=groups))


def _told_by(problem: Problem) -> list[Sequence[Hashable]]:
    """All that tells classes apart besides their options, each for every class."""
    objectives = [problem.objective, *(ceiling.objective for ceiling in problem.ceilings)]
    tails = [*problem.tails, *(tail for objective in objectives for tail in objective.tails)]
    return [
        *(part for row in problem.rows for part in (row.uses, row.per) if part is not None),
        *(objective.weights for objective in objectives),
        *(tail.costs for tail in tails),
    ]


def _taken(left: list[int], count: int) -> tuple[int, ...]:
    """So many of what is left, the first options first."""
    taken = []
    for o, amount in enumerate(left):
        taken.append(min(amount, count))
        left[o] -= taken[-1]
        count -= taken[-1]
    return tuple(taken)

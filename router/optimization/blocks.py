"""Parts of a problem that no limit connects: each can be solved by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from router.optimization.problem import Problem, Size
from router.optimization.rows import Counts


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a problem, and the classes of the whole that it holds."""

    classes: tuple[int, ...]
    problem: Problem


def size(part: Problem) -> Size:
    """What the solver sees of a part at first."""
    links = sum(1 + sum(map(len, selector.alternatives)) for selector in part.selectors)
    columns = sum(len(group.options) for group in part.groups) + sum(len(s.alternatives) for s in part.selectors)
    return Size(1, columns, len(part.groups) + len(part.limits) + len(part.rough) + links, 1)


def blocks(problem: Problem) -> tuple[Block, ...]:
    """The parts, in the order of their first classes; what nothing connects to anything is one part together."""
    leader = list(range(len(problem.groups)))

    def found(c: int) -> int:
        while leader[c] != c:
            leader[c] = leader[leader[c]]
            c = leader[c]
        return c

    connections: list[frozenset[int]] = []
    for connected in map(frozenset, _connections(problem)):
        if len(connected) == len(problem.groups):
            return (Block(tuple(range(len(problem.groups))), problem),)
        connections.append(connected)
        first = found(min(connected, default=0))
        for other in connected:
            leader[found(other)] = first
    touched = frozenset().union(*connections)
    parts: dict[int, list[int]] = {}
    for c in range(len(problem.groups)):
        parts.setdefault(found(c) if c in touched else -1, []).append(c)
    if len(parts) == 1:
        return (Block(tuple(range(len(problem.groups))), problem),)
    return tuple(Block(tuple(classes), only(problem, classes)) for classes in parts.values())


def _connections(problem: Problem) -> Iterable[Iterable[int]]:
    # A limit that no class uses is kept or broken whatever is done; some part has to say which.
    yield from (limit.classes or (0,) for limit in problem.limits)
    yield from (tail.classes for tail in problem.tails)
    yield from (selector.classes for selector in problem.selectors)
    yield from (part.classes for part in problem.rough)


def only(problem: Problem, classes: Sequence[int]) -> Problem:
    """The problem over these classes, with what connects any of them."""
    own = frozenset(classes)

    def touches(those: frozenset[int] | tuple[int, ...]) -> bool:
        return not own.isdisjoint(those or (0,))

    return Problem(
        tuple(problem.groups[c] for c in classes),
        tuple(row.only(classes) for row in problem.rows if touches(row.classes)),
        tuple(tail.only(classes) for tail in problem.tails if touches(tail.classes)),
        tuple(ceiling.only(classes) for ceiling in problem.ceilings if touches(ceiling.classes)),
        tuple(selector.only(classes) for selector in problem.selectors if touches(selector.classes)),
        tuple(part.only(classes) for part in problem.rough if touches(part.classes)),
    )


def together(problem: Problem, parts: Iterable[tuple[Block, Counts]]) -> Counts:
    """The counts of a whole problem from those of its parts."""
    rows: list[tuple[int, ...]] = [()] * len(problem.groups)
    for block, counts in parts:
        for c, row in zip(block.classes, counts, strict=True):
            rows[c] = row
    return tuple(rows)

"""Names that a plan must not use twice: a second entry of a name would say something else of the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from router.schema.plan import LeftOut, Plan, Route


def once(plan: Plan) -> Iterator[str]:
    """What is named more than once."""
    lists: dict[str, Iterable[str]] = {
        "limits": (value.limit for value in plan.limits),
        "baselines": (baseline.name for baseline in plan.baselines),
        "moves": (move.model for move in plan.moves),
        "warnings": plan.warnings,
        "distribution.sources": (source.source for source in plan.distribution.sources),
    }
    for field, names in lists.items():
        for name in _twice(names):
            yield f"{field}: '{name}' stands there more than once"
    entries: tuple[Route | LeftOut, ...] = (*plan.routes, *plan.left_out)
    for entry in entries:
        for name in _twice(entry.pushed_by):
            yield f"'{entry.clips[0]}' is pushed by {name} more than once"
    for move in plan.moves:
        for name in _twice(move.instead_of):
            yield f"moves to {move.model}: '{name}' stands there more than once"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]

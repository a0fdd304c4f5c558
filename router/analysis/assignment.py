"""Who goes where at least cost: as many as possible go somewhere, and of all ways to do so the cheapest is taken.

Successive shortest paths (Ford and Fulkerson 1962): all numbers are whole, so the result is exact.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Some:
    """Things that are alike: how many, what each place costs them, and what bounds them together with others."""

    number: int
    costs: Mapping[int, int]
    """By the places that they can go to, at least 0."""
    group: object = None
    """Those of one group have a bound in common; None: no bound."""


@dataclass(slots=True)
class _Network:
    """Arcs in pairs: ``arc ^ 1`` leads back."""

    to: list[int] = field(default_factory=list)
    room: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)
    arcs: dict[int, list[int]] = field(default_factory=dict)

    def add(self, start: int, end: int, room: int, cost: int = 0) -> int:
        for here, there, own, price in ((start, end, room, cost), (end, start, 0, -cost)):
            self.arcs.setdefault(here, []).append(len(self.to))
            self.to.append(there)
            self.room.append(own)
            self.cost.append(price)
        return len(self.to) - 2

    def shortest(self, start: int, end: int) -> list[int]:
        """The arcs of a cheapest path with room, from its end to its start; empty if there is none."""
        best, by = {start: 0}, {}
        waiting, queued = deque([start]), {start}
        while waiting:
            here = waiting.popleft()
            queued.discard(here)
            for arc in self.arcs.get(here, ()):
                there, price = self.to[arc], best[here] + self.cost[arc]
                if self.room[arc] and (there not in best or price < best[there]):
                    best[there], by[there] = price, arc
                    if there not in queued:
                        waiting.append(there)
                        queued.add(there)
        path: list[int] = []
        while end in by:
            path.append(by[end])
            end = self.to[by[end] ^ 1]
        return path


def assign(things: Sequence[Some], places: Sequence[int], bounds: Mapping[object, int]) -> list[dict[int, int]]:
    """How many of each kind of thing go to each place.

    Parameters
    ----------
    places
        How many each takes.
    bounds
        How many of a group go somewhere, at most.

    Examples
    --------
    >>> assign([Some(2, {0: 5, 1: 0}), Some(1, {1: 0})], [2, 1], {})
    [{0: 2}, {1: 1}]
    """
    if len(places) == 1 and all(bound >= places[0] for bound in bounds.values()):
        return _into_one(things, places[0])
    start, end, offset = -1, -2, len(things)
    network = _Network()
    groups: dict[object, int] = {}
    entered = []
    for thing, own in enumerate(things):
        source = start
        if own.group is not None:
            if own.group not in groups:
                groups[own.group] = -3 - len(groups)
                network.add(start, groups[own.group], bounds[own.group])
            source = groups[own.group]
        network.add(source, thing, own.number)
        entered.append(
            {place: network.add(thing, offset + place, own.number, cost) for place, cost in own.costs.items()}
        )
    for place, room in enumerate(places):
        network.add(offset + place, end, room)
    while path := network.shortest(start, end):
        most = min(network.room[arc] for arc in path)
        for arc in path:
            network.room[arc] -= most
            network.room[arc ^ 1] += most
    return [{place: network.room[arc ^ 1] for place, arc in own.items() if network.room[arc ^ 1]} for own in entered]


def _into_one(things: Sequence[Some], room: int) -> list[dict[int, int]]:
    """The same where there is one place: the cheapest first."""
    found: list[dict[int, int]] = [{} for _ in things]
    for thing in sorted((k for k, own in enumerate(things) if own.costs), key=lambda k: things[k].costs[0]):
        taken = min(room, things[thing].number)
        room -= taken
        if taken:
            found[thing][0] = taken
    return found

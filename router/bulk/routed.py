"""Every row of a table with the route of its clips.

The clips of a class are dealt to its routes in the order of the rows: where a class has several routes, each takes the clips from one
rank on up to another. Ranks are found without sorting: rows are counted by blocks of row numbers, and only the block in which a route
ends is looked into. A row of several clips that two routes share stands twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import narwhals.stable.v2 as nw

from router.loading.tables.classes import Keys
from router.loading.tables.columns import Columns
from router.loading.tables.frames import ROW, Frame, Rows, collected, readable, without_ours
from router.loading.tables.matching import Matching
from router.report.routed import ROUTE, route_values
from router.schema.plan import Plan

BLOCK = 2**16
"""Rows of a block."""
_CLASS, _BLOCK, _CLIPS = "router_class", "router_block", "router_clips"
_LAST_ROW = 2**62


@dataclass(frozen=True, slots=True)
class Part:
    """The clips of a class that take one route: those from one rank up to another."""

    route: int
    """Position in the plan: routes, then what is left out."""
    start: int
    end: int
    each: int
    """What a clip counts for: 1, or the number of its drafts."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A rank, as a row and the clips of that row that come before it."""

    row: int
    clips: int


def parts_of(plan: Plan) -> dict[str, tuple[Part, ...]]:
    """The parts of every class, by its name; drafts after the clips themselves."""
    served: dict[str, int] = {}
    drafted: dict[str, int] = {}
    found: dict[str, list[Part]] = {}
    made = [(number, route.clips, route.counts, route.draft) for number, route in enumerate(plan.routes)]
    left = [(len(made) + number, out.clips, out.counts, False) for number, out in enumerate(plan.left_out)]
    for number, names, counts, draft in (*made, *left):
        for name, count in zip(names, counts, strict=True):
            ranks = drafted if draft else served
            start = ranks.get(name, 0)
            ranks[name] = start + count
            found.setdefault(name, []).append(Part(number, start, start + count, 0 if draft else 1))
    return {name: tuple(_with_drafts(own, drafted.get(name, 0), plan)) for name, own in found.items()}


def _with_drafts(parts: Sequence[Part], drafts: int, plan: Plan) -> Iterable[Part]:
    """The parts, those of drafts with how many drafts a clip has: only clips that are made have any."""
    made = sum(part.end - part.start for part in parts if part.each and part.route < len(plan.routes))
    for part in parts:
        yield part if part.each else Part(part.route, part.start, part.end, drafts // made)


def routed(frame: Frame, columns: Columns, keys: Keys, of_keys: Mapping[int, str], plan: Plan) -> Rows:
    """The rows that have a class, with their routes, in their order where the engine has one.

    Parameters
    ----------
    of_keys
        The class of each key, by position.
    """
    return without_ours(_routed(frame, columns, keys, of_keys, plan), frame.index)


def _routed(frame: Frame, columns: Columns, keys: Keys, of_keys: Mapping[int, str], plan: Plan) -> Rows:
    parts = parts_of(plan)
    told = [parts.get(of_keys.get(position, ""), ()) for position in range(len(keys.rows))]
    plain = [tuple(part.route for part in own) if len(own) == 1 and own[0].each == 1 else own for own in told]
    matching = Matching.of(columns, keys, plain)
    where = [(position, part) for position in sorted(of_keys) for part in told[position]]
    positions = [position for position, _ in where]
    values = route_values(plan, [part.route for _, part in where])
    shared = {of_keys[position] for position, _ in where if len(told[position]) > 1}
    clipped = partial(_with_clips, columns=columns, keys=keys, positions=sorted(of_keys))
    if not shared:
        rows = matching.joined(frame.kept(), positions, values)
        counted = (nw.lit(1, nw.Int64).alias(f"{ROUTE}first"), nw.col(_CLIPS).alias(f"{ROUTE}count"))
        return clipped(rows).with_columns(*counted) if columns.counted else rows
    cuts = _cuts(frame, columns, keys, of_keys, shared, parts)
    bounds = [_bounds(cuts, of_keys[position], part) for position, part in where]
    each = [part.each for _, part in where]
    values |= {name: [own[at] for own in bounds] for at, name in enumerate(_BOUNDS)} | {"router_each": each}
    rows = matching.joined(frame.numbered(), positions, values)
    rows = rows.filter((nw.col(ROW) >= nw.col(_BOUNDS[0])) & (nw.col(ROW) <= nw.col(_BOUNDS[1])))
    if columns.counted or max(each) > 1:
        rows = clipped(rows).with_columns((nw.col(_CLIPS) * nw.col("router_each")).alias(_CLIPS))
        first = nw.when(nw.col(ROW) == nw.col(_BOUNDS[0])).then(nw.col(_BOUNDS[2])).otherwise(nw.lit(0))
        last = (
            nw.when((nw.col(ROW) == nw.col(_BOUNDS[1])) & (nw.col(_BOUNDS[3]) > 0))
            .then(nw.col(_BOUNDS[3]))
            .otherwise(nw.col(_CLIPS))
        )
        rows = rows.with_columns(first.alias(f"{ROUTE}first"), last.alias(f"{ROUTE}count"))
        ranks = (
            (nw.col(f"{ROUTE}first") + 1).alias(f"{ROUTE}first"),
            (nw.col(f"{ROUTE}count") - nw.col(f"{ROUTE}first")).alias(f"{ROUTE}count"),
        )
        rows = rows.with_columns(*ranks).drop(_CLIPS)
    return rows.drop(*_BOUNDS, "router_each")


def _with_clips(rows: Rows, columns: Columns, keys: Keys, positions: Sequence[int]) -> Rows:
    """The rows of these keys, with how many clips each stands for."""
    if "count" not in columns.key:
        return rows.with_columns(nw.lit(columns.each, nw.Int64).alias(_CLIPS))
    read, stated = columns.key["count"], keys.table["count"]
    if stated.dtype.is_numeric():
        return rows.with_columns(read.fill_null(columns.each).cast(nw.Int64).alias(_CLIPS))
    if all(text is None or (text.isascii() and text.isdigit()) for text in stated.to_list()):
        return rows.with_columns(read.fill_null(str(columns.each)).cast(nw.Int64).alias(_CLIPS))
    # Texts such as "2.0" or " 2": their keys have the numbers.
    matching = Matching.of(columns, keys, keys.each)
    return matching.joined(rows, positions, {_CLIPS: [keys.each[position] for position in positions]})


_BOUNDS = ("router_from_row", "router_to_row", "router_skip", "router_keep")
"""The first and the last row of a part, how many clips of the first come before it, and how many of the last are in it; 0: all."""


def _bounds(cuts: Mapping[tuple[str, int, int], Cut], name: str, part: Part) -> tuple[int, int, int, int]:
    start = cuts.get((name, part.each, part.start), Cut(0, 0))
    end = cuts.get((name, part.each, part.end), Cut(_LAST_ROW, 0))
    return start.row, end.row if end.clips else end.row - 1, start.clips, end.clips


def _cuts(
    frame: Frame,
    columns: Columns,
    keys: Keys,
    of_keys: Mapping[int, str],
    names: Collection[str],
    parts: Mapping[str, Sequence[Part]],
) -> dict[tuple[str, int, int], Cut]:
    """Where the parts of classes of these names begin and end, but for the beginning and the end of the class."""
    shared = {position: name for position, name in of_keys.items() if name in names}
    names = sorted(names)
    number = {name: at for at, name in enumerate(names)}
    matching = Matching.of(columns, keys, [shared.get(position) for position in range(len(keys.rows))])
    positions = sorted(shared)
    classes = {_CLASS: [number[shared[position]] for position in positions]}
    numbered = _with_clips(frame.numbered(), columns, keys, sorted(of_keys))
    rows = matching.joined(numbered, positions, classes)
    rows = rows.select(ROW, _CLASS, _CLIPS).with_columns((nw.col(ROW) // BLOCK).alias(_BLOCK))
    with readable(frame):
        blocks = collected(rows.group_by(_CLASS, _BLOCK).agg(nw.col(_CLIPS).sum())).sort(_CLASS, _BLOCK)
    found: dict[tuple[str, int, int], Cut] = {}
    wanted: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    """Of a class and a block: (each, rank, rank within the block) of what ends there."""
    for name in names:
        own = blocks.filter(nw.col(_CLASS) == number[name])
        numbers, ends = own[_BLOCK].to_list(), list(accumulate(own[_CLIPS].to_list()))
        for each, rank in sorted({(part.each, rank) for part in parts[name] for rank in (part.start, part.end)}):
            if 0 < rank < ends[-1] * each:
                at = bisect_right(ends, rank // each)
                before = ends[at - 1] if at else 0
                wanted.setdefault((number[name], numbers[at]), []).append((each, rank, rank - before * each))
    if not wanted:
        return found
    inside = nw.any_horizontal(
        *((nw.col(_CLASS) == own) & (nw.col(_BLOCK) == block) for own, block in wanted), ignore_nulls=True
    )
    with readable(frame):
        few = collected(rows.filter(inside)).sort(_CLASS, ROW)
    for (of_class, block), asked in wanted.items():
        chosen = few.filter((nw.col(_CLASS) == of_class) & (nw.col(_BLOCK) == block))
        at_rows, ends = chosen[ROW].to_list(), list(accumulate(chosen[_CLIPS].to_list()))
        for each, rank, within in asked:
            at = bisect_right(ends, within // each)
            before = ends[at - 1] if at else 0
            found[names[of_class], each, rank] = Cut(at_rows[at], within - before * each)
    return found

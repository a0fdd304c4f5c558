"""What a sweep says, in words: the same ones for the table on a terminal and for the page that people open."""

from __future__ import annotations

from collections.abc import Sequence

from router.schema.sweep import Axis, Change, Point


def axis_text(axis: Axis) -> str:
    """What is varied, and over which values."""
    return f"{axis.path}{axis.operator}{axis.values[0]} ... {axis.values[-1]} ({len(axis.values):,} values)"


def axis_heading(axis: Axis) -> str:
    """The last step of a path, and what is done to it."""
    done = {"=": "", "*=": " x", "+=": " +"}[axis.operator]
    return axis.path.rpartition(".")[2] + done


def some_points(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many points: evenly spread ones, and those at which the plan changes."""
    if len(points) <= most:
        return list(points)
    step = -(-len(points) // (most // 2))
    changed = [k for k, point in enumerate(points) if point.changed][: most // 2]
    kept = sorted({*range(0, len(points), step), len(points) - 1, *changed})
    return [points[k] for k in kept]


def where_text(axes: Sequence[Axis], change: Change) -> str:
    """Between which values the plan changes."""
    last = axes[-1]
    held = "".join(f" at {axis.path}{axis.operator}{value}" for axis, value in zip(axes, change.at, strict=False))
    return f"Between {change.until} and {change.since}{held} the plan changes ({last.path}{last.operator}):"


def makers_text(point: Point) -> str:
    """Who makes the clips."""
    makers = ", ".join(f"{own.clips:,} {own.model}" for own in point.primaries[:3])
    return makers + (f" and {len(point.primaries) - 3} more" if len(point.primaries) > 3 else "")

"""Question ``sweep``: a thousand values of a price, beside planning each anew.

``campaign``: 10,000 clips of some 150 kinds under the bundled catalog, with availabilities, a budget and two caps, one of which binds; all
prices of kling-o3 go from 20 % below to 20 % above. ``close``: 20 candidates for each kind and five caps that bind (see `instances`), where
the plan changes every few values; the price of one model at one provider goes from 5 % below to 5 % above.

The peer plans some of the values, each on its own, as `router plan` does, and without shadow prices; for all it would take that many times
as long. Every point that was sampled must be the same.
"""

from __future__ import annotations

import random
import statistics
from decimal import Decimal

from benchmarks import instances
from benchmarks.clock import Stopwatch
from benchmarks.markdown import plain, yes
from benchmarks.result import Line, Table, WrongAnswerError
from router import Scenario, plan, sweep
from router.loading.overrides import overridden
from router.schema.sweep import Point

CLIPS = 10_000
SAMPLE = 12
TARGET = 20


def sweeping(rounds: int, _: float) -> Table:
    """One sweep of each kind for each round."""
    rows: list[tuple[str, ...]] = []
    lines: list[Line] = []
    for seed in range(1, rounds + 1):
        for name, scenario, axis in (
            ("campaign", campaign(seed), "offers.kling-o3.*.price*=0.8:1.2:0.0004"),
            ("close", instances.capped(seed, "counts", clips=CLIPS), "offers.amber/aurora-2.*.price*=0.95:1.05:0.0001"),
        ):
            cells, found = _beside_plans(f"{name}, seed {seed}", scenario, axis)
            rows.append(cells)
            lines += found
    header = (
        "scenario", "values", "plans", "ours", "`plan` for each", "ratio", "the same without shadow prices", "ratio",
        f"at least {TARGET} times",
    )  # fmt: skip
    note = f"processor time; the peer's is the median of {SAMPLE} values times their number; the sampled points are the same"
    return Table("sweep", header, tuple(rows), (note,), tuple(lines))


def campaign(seed: int) -> Scenario:
    """Clips in random order over the bundled catalog."""
    dice = random.Random(seed)
    wanted = [
        {
            "id": f"clip-{number}",
            "seconds": dice.choice(instances.SECONDS),
            "resolution": dice.choice(("720p", "1080p")),
            "audio": dice.choices(("native", "none", "any"), (5, 3, 2))[0],
        }
        for number in range(CLIPS)
    ]
    caps = [
        {"where": {"model": "kling-o3"}, "max_share": Decimal("0.55")},
        {"where": {"model": "kling-o3", "resolution": "1080p"}, "max_seconds": 18_000},
    ]
    return Scenario.model_validate(
        {
            "title": f"Benchmark, seed {seed}",
            "clips": wanted,
            "dubbing": {"usd_per_second": Decimal("0.006")},
            "outages": {"availability": {"kling-3.0": Decimal("0.995"), "kling-o3": Decimal("0.99")}},
            "limits": {"budget_usd": 20_000, "caps": caps},
        }
    )


def _beside_plans(name: str, scenario: Scenario, axis: str) -> tuple[tuple[str, ...], list[Line]]:
    watch = Stopwatch()
    found = sweep(scenario, [axis], on=instances.ON)
    ours = watch.spent().cpu
    step = len(found.points) // SAMPLE
    times = [_plans(scenario, found.axes[0].path, point) for point in found.points[step // 2 :: step]]
    whole, bare = (len(found.points) * statistics.median(own) for own in zip(*times, strict=True))
    plans = 1 + sum(point.changed for point in found.points)
    counted = {"clips": CLIPS, "values": len(found.points), "plans": plans}
    met = whole / ours >= TARGET
    target = f"at least {TARGET} times"
    cells = (
        name, f"{len(found.points):,}", f"{plans}", f"{ours:.1f} s", f"{whole:.0f} s", plain(whole / ours), f"{bare:.0f} s",
        plain(bare / ours), yes(met),
    )  # fmt: skip
    beside_whole = Line(f"{name}; plan for each", whole / ours, False, ours, counted, target, met)
    return cells, [beside_whole, Line(f"{name}; plan for each, without shadow prices", bare / ours, False, ours)]


def _plans(scenario: Scenario, path: str, point: Point) -> tuple[float, float]:
    """Processor seconds of the plan of a point, with and without shadow prices."""
    changed = overridden(scenario, [f"{path}*={point.at[0]}"])
    watch = Stopwatch()
    plan(changed, on=instances.ON)
    whole = watch.spent().cpu
    watch = Stopwatch()
    sums = plan(changed, on=instances.ON, shadow_prices=False).totals
    bare = watch.spent().cpu
    theirs = (sums.expected_usd, sums.nominal_usd, sums.worst_per_request_usd)
    if theirs != (point.expected_usd, point.nominal_usd, point.worst_per_request_usd):
        raise WrongAnswerError(f"sweep at {point.at[0]}: {point.expected_usd}, not {theirs[0]}")
    return whole, bare

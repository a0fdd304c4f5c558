"""Question ``sweep``: a thousand values of a price, beside planning each anew.

10,000 clips of 150 kinds in random order, 20 candidates for each, five caps that bind (see `instances`); the price of one model at one
provider goes from 5 % below to 5 % above. The peer plans some of the values, each on its own, with shadow prices as `router plan` does and
without; what it would take for all is that many times as long. Every sampled point must be the same.
"""

from __future__ import annotations

import statistics

from benchmarks import instances
from benchmarks.clock import Stopwatch
from benchmarks.result import Table, WrongAnswerError
from router import plan, sweep
from router.loading.overrides import overridden

CLIPS = 10_000
AXIS = "offers.amber/aurora-2.*.price*=0.95:1.05:0.0001"
SAMPLE = 12
TARGET = 20


def sweeping(rounds: int, _: float) -> Table:
    """One sweep for each round, on a scenario of its own."""
    rows = []
    for seed in range(1, rounds + 1):
        scenario = instances.capped(seed, "counts", clips=CLIPS)
        watch = Stopwatch()
        found = sweep(scenario, [AXIS], on=instances.ON)
        ours = watch.spent().cpu
        step = len(found.points) // SAMPLE
        with_prices, without = [], []
        for point in found.points[step // 2 :: step]:
            changed = overridden(scenario, [f"{found.axes[0].path}*={point.at[0]}"])
            watch = Stopwatch()
            made = plan(changed, on=instances.ON, shadow_prices=False)
            without.append(watch.spent().cpu)
            watch = Stopwatch()
            plan(changed, on=instances.ON)
            with_prices.append(watch.spent().cpu)
            same = (made.totals.expected_usd, made.totals.nominal_usd, made.totals.worst_per_request_usd)
            if same != (point.expected_usd, point.nominal_usd, point.worst_per_request_usd):
                raise WrongAnswerError(f"sweep, seed {seed}, at {point.at[0]}: {point.expected_usd}, not {same[0]}")
        plans = 1 + sum(point.changed for point in found.points)
        all_of_them = [len(found.points) * statistics.median(own) for own in (with_prices, without)]
        ratios = [theirs / ours for theirs in all_of_them]
        rows.append(
            (
                f"{seed}", f"{len(found.points):,}", f"{plans}", f"{ours:.1f} s", f"{all_of_them[0]:.0f} s", f"{ratios[0]:.0f}",
                f"{all_of_them[1]:.0f} s", f"{ratios[1]:.0f}", "yes" if ratios[0] >= TARGET else "no",
            )
        )  # fmt: skip
    header = (
        "seed", "values", "plans", "ours", "`plan` for each", "ratio", "`plan` without shadow prices", "ratio", f"at least {TARGET} times",
    )  # fmt: skip
    note = f"processor time; the peer's is the median of {SAMPLE} values times their number; the sampled points are the same"
    return Table("sweep", header, tuple(rows), (note,))

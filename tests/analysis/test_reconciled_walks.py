"""What a plan's own chains can bring about is explained by the plan to the cent, whatever the table leaves unsaid.

Every clip is walked down its chain step by step and take by take, as `router.cost.walk` has it; each attempt is written as a line.
"""

from __future__ import annotations

import random
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.analysis.reconcile import reconcile
from router.schema.plan import ChainStep, Plan, Route
from router.schema.reconciliation import Reconciliation
from tests.builders import catalog, model, planned

Line = dict[str, Any]


def random_plan(rng: random.Random) -> Plan:
    """A plan with fallbacks, failures, takes, drafts, dubbing, segments; some clips go several ways because of a cap."""
    several = rng.random() < 0.3
    models = [
        model(
            name,
            [
                {
                    "audio": False,
                    "resolution": resolution,
                    "price_per_second": str(Decimal(rng.choice((5, 8, 10))) / 100),
                }
                for resolution in ("720p", "1080p")
            ],
            availability=rng.choice(("0.5", "0.9", "1")),
            failure_rate=rng.choice(("0", "0.3")),
            bills_failures=rng.choice(("yes", "no")),
            keep_rate=rng.choice(("1", "0.5")),
        )
        for name in ("one", "two", "three")[: rng.randint(1, 3)]
    ]
    clips = [
        {
            "id": f"clip-{k}",
            "count": rng.randint(1, 4),
            "seconds": rng.choice((30, 40)) if several else rng.choice((5, 10)),
            "max_segments": 2 if several else 1,
            "max_takes": rng.randint(1, 3),
            "audio": rng.choice(("none", "deferred")),
            "resolution": "1080p",
            **({"drafts": {"count": 2, "resolution": "720p"}} if rng.random() < 0.3 else {}),
        }
        for k in range(rng.randint(1, 3))
    ]
    limits: dict[str, Any] = {}
    if not several and len(models) > 1 and rng.random() < 0.5:
        limits["caps"] = [{"where": {"model": "one"}, "max_clips": rng.randint(0, 3)}]
    fallback = {"billed": rng.choice(("actual", "requested")), "unserved_usd": 1}
    dubbing = {"usd_per_second": "0.003"}
    return planned(clips, catalog(*models), limits=limits, fallback=fallback, dubbing=dubbing)


class Walk:
    """One run of a plan: the lines that it leaves, and the clips that nobody made."""

    def __init__(self, plan: Plan, rng: random.Random) -> None:
        self.rng, self.lines, self.unserved = rng, list[Line](), 0
        self.dubbed, self.whole = rng.random() < 0.5, rng.random() < 0.5
        for route in plan.routes:
            for clip, count in zip(route.clips, route.counts, strict=True):
                for _ in range(count):
                    self._clip(route, clip)
        rng.shuffle(self.lines)

    def _clip(self, route: Route, clip: str) -> None:
        for take in range(1, route.max_takes + 1):
            kept = self._take(route, {"clip": clip, "take": take, "draft": route.draft})
            if kept is None:
                self.unserved += take == 1
                return
            if kept:
                return

    def _take(self, route: Route, about: Line) -> bool | None:
        """Whether the take was kept; None if nobody made it."""
        for step in route.chain:
            line = {**about, "provider": step.provider, "model": step.model, "billed_usd": Decimal(0)}
            if self.rng.random() >= (1 if step.availability is None else step.availability):
                self.lines.append({**line, "outcome": self.rng.choice(("down", "unavailable"))})
                continue
            bill = self._bill(route, step)
            if self.rng.random() < step.failure_rate:
                billed = bill if step.bills_failures == "yes" else Decimal(0)
                self.lines.append({**line, "billed_usd": billed, "outcome": "failed"})
                continue
            kept = self.rng.random() < step.keep_rate
            parts = [bill]
            if len(step.segments) > 1 and not self.whole:
                first = (bill / 3).quantize(Decimal("0.000001"))
                parts = [first, bill - first]
            outcome = "kept" if kept else "rejected"
            self.lines += [{**line, "billed_usd": part, "outcome": outcome} for part in parts]
            return kept
        return None

    def _bill(self, route: Route, step: ChainStep) -> Decimal:
        if self.dubbed:
            return step.billed_usd
        payer = step if step.billed_usd == step.price_usd else route.chain[0]
        return step.billed_usd - payer.dubbing_usd

    def reconciled(self, plan: Plan, *columns: str) -> Reconciliation:
        """The lines with no more than these columns besides those that must be there, against the plan."""
        names = ["clip", "provider", "model", "billed_usd", *columns]
        rows = [",".join(names)] + [",".join(str(line[name]) for name in names) for line in self.lines]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bills.csv"
            path.write_text("\n".join(rows) + "\n")
            return reconcile(plan, path)


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_a_plan_can_bring_about_reconciles_without_drift(rng: random.Random) -> None:
    plan = random_plan(rng)
    walk = Walk(plan, rng)
    columns = [name for name in ("take", "draft") if rng.random() < 0.5]
    # Generations of drafts and of the clip itself cannot be told apart by their amounts alone.
    if not walk.whole and "draft" not in columns and any(len(route.segments) > 1 for route in plan.routes):
        columns.append("draft")

    found = walk.reconciled(plan, "outcome", *columns)

    assert {own.what for own in found.classes} <= {
        "as-planned", "fallback", "further-take", "billed-failure", "unbilled-failure", "unavailable", "missing",
    }  # fmt: skip
    assert found.billed_usd == sum(line["billed_usd"] for line in walk.lines)
    assert all(own.difference_usd == 0 for own in found.classes if own.what != "missing")
    # A further take may stand for a clip that is missing where the table does not number takes.
    assert found.clips_of("missing") <= walk.unserved
    if "take" in columns:
        assert found.clips_of("missing") == walk.unserved
    assert sum(own.planned_usd for own in found.classes) == found.nominal_usd
    assert sum(own.lines for own in found.classes) == len(walk.lines)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_one_bill_that_is_higher_is_drift_by_that_much_and_the_order_of_lines_does_not_matter(
    rng: random.Random,
) -> None:
    plan = random_plan(rng)
    walk = Walk(plan, rng)
    served = [line for line in walk.lines if line["outcome"] == "kept" and line["billed_usd"]]
    if not served:
        return
    # Less than the difference of any two bills, which are whole tenths of a cent.
    served[0]["billed_usd"] += Decimal("0.0001")

    found = walk.reconciled(plan, "outcome", "take", "draft")
    walk.lines.reverse()
    again = walk.reconciled(plan, "outcome", "take", "draft")

    assert sum(own.difference_usd for own in found.classes if own.what != "missing") == Decimal("0.0001")
    drifted = [own for own in found.classes if own.what == "price-drift"]
    assert [own.unexplained_usd for own in drifted] == [Decimal("0.0001")]
    assert unplaced(again) == unplaced(found)


def unplaced(found: Reconciliation) -> Reconciliation:
    """The same without the places of its lines."""
    findings = tuple(own.model_copy(update={"first_line": None}) for own in found.findings)
    return found.model_copy(update={"findings": findings})

"""A calibration for people: every number with its interval and what it rests on."""

from __future__ import annotations

from decimal import Decimal

from router.report.page import Page
from router.schema.calibration import Calibration, Evidence, Quantity


def calibration_table(calibration: Calibration, width: int | None = None, *, colour: bool = False) -> str:
    """What was measured, one line a number, with its interval and what it rests on."""
    page = Page(width, colour=colour)
    times = (
        ""
        if calibration.since is None
        else f", {calibration.since:%Y-%m-%d %H:%M} to {calibration.until:%Y-%m-%d %H:%M} UTC"
    )
    page.line(f"Measured from {calibration.observations:,} attempts{times}", style="bold")
    page.table(
        [("Model", "left"), ("Number", "left"), ("Estimate", "right"), ("95 % interval", "right"), ("Rests on", "left")],
        [
            (
                item.name, item.quantity, _measure(item.mean, item.quantity),
                f"{_measure(item.low, item.quantity)} to {_measure(item.high, item.quantity)}", _rests_on(item),
            )
            for item in calibration.evidence
        ],
    )  # fmt: skip
    for name, billed in calibration.bills_failures.items():
        page.line(f"{name}: failures are {'billed' if billed == 'yes' else 'not billed'}.")
    for note in calibration.notes:
        page.line(f"Note: {note}.", style="yellow")
    return page.text()


def _measure(amount: Decimal, quantity: Quantity) -> str:
    return f"{amount:.3g} min" if quantity == "repair_minutes" else f"{amount:.2%}"


def _rests_on(item: Evidence) -> str:
    what = {"availability": "up", "failure_rate": "failed", "keep_rate": "kept", "repair_minutes": "back up"}[
        item.quantity
    ]
    worth = "" if item.effective_observations is None else f", worth {item.effective_observations:.0f}"
    return f"{item.successes:,} of {item.observations:,} {what}{worth}"

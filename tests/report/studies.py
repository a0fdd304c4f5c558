"""Studies to look at, each made once: variants, sweeps, levers, frontiers and comparisons, as they are and with hostile names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import BaseModel

import router
from router.report.html.comparison import comparison_page
from router.report.html.frontier import frontier_page
from router.report.html.levers import levers_page
from router.report.html.sensitivity import sensitivity_page
from router.report.html.sweep import sweep_page
from router.report.html.what_if import what_if_page
from router.schema.what_if import WhatIf
from tests.builders import ON
from tests.report.pages import SCENARIOS, plan_of

Study = Any
"""A ``WhatIf``, ``Sweep``, ``Levers``, ``Sensitivity``, ``Frontier`` or ``Comparison``."""

PRICE = "offers.kling-o3.*.price*="
_FREE = {
    "title", "name", "set", "clips", "provider", "model", "mode", "resolution", "text", "limit", "path", "values", "at", "until", "since",
    "moved", "sentence", "quality", "why", "key", "measure", "notes", "warnings", "no_plan",
}  # fmt: skip
"""Fields that hold what somebody wrote."""


def _scenario(name: str) -> router.Scenario:
    return router.Scenario.load(SCENARIOS / f"{name}.toml")


def _no_plan() -> WhatIf:
    """A baseline without a plan, one variant with and one without."""
    variants = [router.Variant(name=f"{usd} dollars", set=[f"limits.budget_usd={usd}"]) for usd in (90, 130)]
    return router.what_if(_scenario("infeasible-budget"), variants, on=ON)


_MADE: dict[str, Callable[[], Study]] = {
    "what-if": lambda: router.what_if(_scenario("what-if"), on=ON),
    "what-if without a plan": _no_plan,
    "sweep": lambda: router.sweep(_scenario("quickstart"), [f"{PRICE}0.9:1.3:0.1"], on=ON),
    "sweep with a gap": lambda: router.sweep(_scenario("infeasible-budget"), ["limits.budget_usd=115:135:5"], on=ON),
    "sweep of words": lambda: router.sweep(_scenario("quickstart"), ["fallback.direction=any,none,cheaper"], on=ON),
    "sweep of lines": lambda: router.sweep(
        _scenario("quickstart"), ["fallback.direction=any,none", f"{PRICE}0.9:1.3:0.1"], on=ON
    ),
    "sweep of cells": lambda: router.sweep(
        _scenario("quickstart"), [f"{PRICE}0.8:1.25:0.05", "fallback.direction=any,none"], on=ON
    ),
    "levers": lambda: router.levers(_scenario("levers"), on=ON),
    "levers without a plan": lambda: router.levers(_scenario("infeasible-limits"), on=ON),
    "sensitivity": lambda: router.sensitivity(_scenario("quickstart"), on=ON),
    "frontier": lambda: router.frontier(_scenario("frontier"), on=ON),
    "frontier of a part": lambda: router.frontier(_scenario("budget"), ("cost", "clips-served"), on=ON, points=8),
    "frontier of risk": lambda: router.frontier(_scenario("risky-launch"), ("cost", "cvar"), on=ON),
    "comparison": lambda: router.compare(plan_of("quickstart"), plan_of("every-limit")),
    "no difference": lambda: router.compare(plan_of("quickstart"), plan_of("quickstart")),
}
NAMES = tuple(_MADE)
_PAGES: dict[str, Callable[[Any], str]] = {
    "WhatIf": what_if_page, "Sweep": sweep_page, "Levers": levers_page, "Sensitivity": sensitivity_page, "Frontier": frontier_page,
    "Comparison": comparison_page,
}  # fmt: skip


@cache
def study(name: str) -> Study:
    """The study of this name."""
    return _MADE[name]()


def page_of(found: Study) -> str:
    """Its page."""
    return _PAGES[type(found).__name__](found)


def renamed(found: Study, names: tuple[str, ...]) -> Study:
    """The study with these names for all that somebody wrote, past all validation; the same text gets the same name."""
    given: dict[str, str] = {}

    def changed(value: Any, field: str) -> Any:
        if isinstance(value, BaseModel):
            return value.model_copy(update={key: changed(getattr(value, key), key) for key in type(value).model_fields})
        if isinstance(value, tuple):
            return tuple(changed(own, field) for own in value)
        if not isinstance(value, str) or field not in _FREE or not value:
            return value
        own = given.setdefault(value, names[len(given) % len(names)])
        # The lines of a message are paragraphs.
        return own.replace("\n", " ") if field == "no_plan" else own

    return changed(found, "")

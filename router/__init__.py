"""Plan what AI video costs before a second of it is bought.

``plan(scenario)`` turns the clips that are needed and a dated price catalog into a routed plan with expected and worst-case cost.

======================  =====================================================================================
``Scenario.load(path)``  reads a scenario file; ``Scenario(clips=[...])`` makes one in code
``Catalog.load(name)``   reads a price catalog, bundled or from a file
``plan(scenario)``       the cheapest way to make every clip within all limits, checked before it is returned
``distribution(plan)``    the exact distribution of its cost: quantiles, CVaR, the chance of going over an amount
``simulate(plan)``       its cost drawn many times, beside the exact figures
``compare_directions()``  the scenario planned under each fallback direction
``what_if(scenario)``     variants of the scenario, planned beside it: a ``WhatIf``
``frontier(scenario)``     every plan that nothing beats in cost without losing in quality, risk or clips: a ``Frontier``
``sensitivity(scenario)``  break-even prices, a tornado of the cost, elasticities: a ``Sensitivity``
``sweep(scenario, axes)``  the scenario planned over a range of values, and where its plan changes: a ``Sweep``
``compare(a, b)``         what differs between two plans, clip by clip, and why: a ``Comparison``
``levers(scenario)``      what would save most on it, each change planned anew, alone and on top of others: a ``Levers``
``sellers(words)``         every seller of a clip over all catalogs, dearest first: a ``Sellers``
``compare_catalogs(a, b)``  prices that rose or fell, are new or gone, terms that changed: a ``CatalogComparison``
``check_catalogs(paths)``  what is odd in catalogs, line by line: a ``CatalogCheck``
``calibrate(path)``       availability, failure and keep rates, repair times from logged attempts: a ``Calibration``
``bench(given)``            how long loading, planning by stage, simulating and routing take: a ``Bench``
``reconcile(plan, path)``  billed amounts held against a plan, line by line: a ``Reconciliation``
``import_litellm(path)``   a catalog of LiteLLM's price list, ``import_openrouter(path)`` of OpenRouter's: an ``ImportedCatalog``
``Plan.save / .load``    a plan as JSON; ``plan.requests()`` yields one request per generation
======================  =====================================================================================

Words: an *offer* is one sellable thing (provider, model, mode, resolution, sound); a *candidate* is an eligible way to make one
clip; a *price* is what one generation is billed; a *cost* is what a plan will spend; a *chain* is the candidates a
clip is tried on, in order; a *limit* couples clips.

The names are loaded on first use, so that ``import router`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from router.analysis.bench import bench
    from router.analysis.calibrate import calibrate
    from router.analysis.check_catalogs import check_catalogs
    from router.analysis.compare_catalogs import compare_catalogs
    from router.analysis.comparison import compare
    from router.analysis.directions import compare_directions
    from router.analysis.distribution import distribution
    from router.analysis.frontier import frontier
    from router.analysis.levers import levers
    from router.analysis.reconcile import reconcile
    from router.analysis.sellers import sellers
    from router.analysis.sensitivity import sensitivity
    from router.analysis.simulation import simulate
    from router.analysis.sweep import sweep
    from router.analysis.what_if import what_if
    from router.errors import CheckError, InputError, NoPlanError, RouterError
    from router.loading.import_litellm import import_litellm
    from router.loading.import_openrouter import import_openrouter
    from router.pipeline import plan
    from router.schema.account import Account
    from router.schema.calibration import Calibration
    from router.schema.catalog import Catalog
    from router.schema.plan import Plan
    from router.schema.scenario import Scenario, Variant

__version__ = "0.1.0"

_HOMES = {
    "Account": "router.schema.account",
    "Calibration": "router.schema.calibration",
    "Catalog": "router.schema.catalog",
    "CheckError": "router.errors",
    "InputError": "router.errors",
    "NoPlanError": "router.errors",
    "Plan": "router.schema.plan",
    "RouterError": "router.errors",
    "Scenario": "router.schema.scenario",
    "Variant": "router.schema.scenario",
    "bench": "router.analysis.bench",
    "calibrate": "router.analysis.calibrate",
    "check_catalogs": "router.analysis.check_catalogs",
    "compare": "router.analysis.comparison",
    "compare_catalogs": "router.analysis.compare_catalogs",
    "compare_directions": "router.analysis.directions",
    "distribution": "router.analysis.distribution",
    "frontier": "router.analysis.frontier",
    "import_litellm": "router.loading.import_litellm",
    "import_openrouter": "router.loading.import_openrouter",
    "levers": "router.analysis.levers",
    "plan": "router.pipeline",
    "plan_table": "router.bulk.plan_table",
    "reconcile": "router.analysis.reconcile",
    "sellers": "router.analysis.sellers",
    "sensitivity": "router.analysis.sensitivity",
    "simulate": "router.analysis.simulation",
    "sweep": "router.analysis.sweep",
    "what_if": "router.analysis.what_if",
}

__all__ = [
    "Account",
    "Calibration",
    "Catalog",
    "CheckError",
    "InputError",
    "NoPlanError",
    "Plan",
    "RouterError",
    "Scenario",
    "Variant",
    "bench",
    "calibrate",
    "check_catalogs",
    "compare",
    "compare_catalogs",
    "compare_directions",
    "distribution",
    "frontier",
    "import_litellm",
    "import_openrouter",
    "levers",
    "plan",
    "plan_table",
    "reconcile",
    "sellers",
    "sensitivity",
    "simulate",
    "sweep",
    "what_if",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'router' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})

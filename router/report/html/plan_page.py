"""The report of a plan: what matters most at the top, then section after section; others can be put behind them."""

from __future__ import annotations

from collections.abc import Sequence

from router.report.html.clip_sections import clips_section, prices_section
from router.report.html.headline import headline
from router.report.html.page import Section, html_page
from router.report.html.plan_sections import (
    account_section,
    baselines_section,
    cost_section,
    limits_section,
    models_section,
    settlement_section,
    shortfalls_section,
)
from router.schema.cost_histogram import CostHistogram
from router.schema.plan import Plan


def plan_page(
    plan: Plan,
    histogram: CostHistogram | None,
    further: Sequence[Section] = (),
) -> str:
    """A plan as one self-contained HTML document; the same plan always gives the same bytes.

    Parameters
    ----------
    histogram
        What a run may cost; None where nobody can tell.
    further
        Sections about more than the plan: they stand between its limits and its clips.
    """
    found = [
        models_section(plan),
        cost_section(plan, histogram),
        baselines_section(plan),
        limits_section(plan),
        account_section(plan),
        settlement_section(plan),
        shortfalls_section(plan),
        *further,
        clips_section(plan),
        prices_section(plan),
    ]
    return html_page(plan.title, [section for section in found if section is not None], lead=headline(plan))

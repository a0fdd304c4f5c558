"""The figures of a plan that matter most, whether it is proven, and what a reader of them must know."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from router.report.html.elements import Child, element, join, name
from router.report.page import cents
from router.report.sentences import made_text, proof_text, worst_text
from router.schema.plan import Plan
from router.units import usd_text


def headline(plan: Plan) -> Markup:
    """What stands under the title."""
    kind = "proof" if plan.status == "optimal" else "proof open"
    return join(
        element("p", _about(plan), class_="about"),
        figures(*_figures(plan)),
        element("p", proof_text(plan), class_=kind),
        warnings_box(plan.warnings),
    )


def _about(plan: Plan) -> Markup:
    dated = [join(name(catalog.name), " as of ", element("time", str(catalog.as_of))) for catalog in plan.catalogs]
    parts: list[Child] = [made_text(plan)]
    if plan.totals.drafts:
        parts += [f" and {plan.totals.drafts:,} draft{'' if plan.totals.drafts == 1 else 's'}"]
    return join(*parts, ". Prices: ", Markup(", ").join(dated), ".")


def _figures(plan: Plan) -> list[Markup]:
    sums = plan.totals
    worst, sense = worst_text(plan)
    nominal = f"{usd_text(cents(sums.nominal_usd))} if nothing fails"
    each = "" if sums.per_served_usd is None else f"; {usd_text(cents(sums.per_served_usd))} for each clip made"
    most = "19 of 20 runs cost at most this"
    most += "; rare dear runs lift the mean above it" if cents(sums.p95_usd) < cents(sums.expected_usd) else ""
    return [
        figure("Expected cost", usd_text(cents(sums.expected_usd)), nominal + each, "main"),
        figure("P95", usd_text(cents(sums.p95_usd)), most),
        figure("Worst case", worst, sense),
        *_saving(plan),
    ]


def _saving(plan: Plan) -> list[Markup]:
    """Against the baseline that the plan saves most against."""
    if not plan.baselines or not plan.routes:
        return []
    best = max(plan.baselines, key=lambda own: own.saving_usd)
    if best.saving_usd < 0:
        return [figure("Saving", "none", f"the limits make it dearer than {best.name}")]
    share = f"{best.saving_usd / best.expected_usd:.1%} less than " if best.expected_usd else "against "
    return [figure("Saving", usd_text(cents(best.saving_usd)), join(share, name(best.name)))]


def figures(*shown: Markup) -> Markup:
    """The amounts that matter most, side by side."""
    return element("dl", *shown, class_="figures")


def figure(term: str, amount: str, note: Child, class_: str | None = None) -> Markup:
    """One amount with what it is and a word about it; of class ``main`` the one that counts."""
    value = element("dd", element("span", amount, class_="amount"), element("span", note, class_="note"))
    return element("div", element("dt", term), value, class_=class_)


def warnings_box(warnings: Sequence[str]) -> Markup | None:
    """What a reader of the figures must know, where there is something."""
    if not warnings:
        return None
    listed = element("ul", *(element("li", warning) for warning in warnings))
    heading = element("h2", f"{len(warnings)} thing{'s' if len(warnings) > 1 else ''} to know", id="warnings-title")
    return element("section", heading, listed, id="warnings", class_="warnings", aria_labelledby="warnings-title")

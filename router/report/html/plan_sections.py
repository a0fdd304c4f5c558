"""What a plan comes to, section by section; one that has nothing to say is None."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from router.report.html.charts import Mark, bar, cost_chart
from router.report.html.elements import element, join, name, paragraphs, path
from router.report.html.page import Section
from router.report.html.tables import Cell, Column, table
from router.report.limits import limit_cells, looser_text, pushed_lines, says_looser
from router.report.page import cents
from router.report.sentences import (
    agreed,
    degraded_text,
    left_out_text,
    penalty_lines,
    percent_text,
    risk_move_text,
    saving_text,
    settlement_lines,
    shortfall_lines,
    spread_lines,
)
from router.schema.cost_histogram import CostHistogram
from router.schema.plan import LimitValue, Plan, Totals
from router.units import clips_text, usd_text


def models_section(plan: Plan) -> Section | None:
    """How much goes to which model, by expected cost at list prices."""
    if not plan.routes:
        return None
    clips: dict[str, int] = {}
    drafts: dict[str, int] = {}
    costs: dict[str, Decimal] = {}
    for route in plan.routes:
        model = f"{route.provider}/{route.model}"
        counts = drafts if route.draft else clips
        counts[model] = counts.get(model, 0) + route.count
        costs[model] = costs.get(model, Decimal(0)) + route.expected_usd * route.count
    total = sum(costs.values())
    columns = [
        Column("Model", "words"),
        Column("Clips", "number"),
        Column("Expected", "number"),
        Column("Share", "number"),
    ]
    if drafts:
        columns.insert(2, Column("Drafts", "number"))
    rows: list[list[Cell]] = []
    for model, cost in sorted(costs.items(), key=lambda own: (-own[1], own[0])):
        share = float(cost / total) if total else 0.0
        counted: list[Cell] = [f"{clips.get(model, 0):,}", *([f"{drafts.get(model, 0):,}"] if drafts else [])]
        rows.append([join(name(model), bar(share)), *counted, usd_text(cents(cost)), f"{share:.1%}"])
    said = "Where the clips are made if every model is up, and what that is expected to cost"
    said += " at list prices." if plan.totals.saving_usd else "."
    body = join(element("p", said, class_="lead"), table("Expected cost by model", columns, rows))
    return Section("models", "Where the money goes", body, "Models")


def cost_section(plan: Plan, histogram: CostHistogram | None) -> Section:
    """The distribution of the cost: a chart of it, its figures, and why it is not one number."""
    lines = [*spread_lines(plan), *shortfall_lines(plan)]
    if histogram is None:
        lines.append("Too many outages to draw the distribution again; the figures are those of the plan.")
    elif not plan.totals.std_usd:
        lines.insert(0, _certain(plan))
    drawn = cost_chart(histogram, cost_marks(plan), key="cost") if histogram else None
    figure = element("figure", drawn, element("figcaption", _how(histogram))) if drawn and histogram else None
    beside = element("div", cost_figures(plan.totals), element("div", paragraphs(lines)), class_="beside")
    body = join(figure, beside, _shares(histogram) if histogram else None)
    return Section("cost", "What the run may cost", body, "Cost")


def _certain(plan: Plan) -> str:
    if plan.totals.worst_usd == plan.totals.expected_usd:
        return "Nothing can make the run cost more or less."
    return "By what is stated about the models nothing makes the cost vary; in the worst case those are down of which nothing is stated."


def cost_marks(plan: Plan) -> list[Mark]:
    """What is pointed out on a chart of the cost."""
    sums = plan.totals
    budget = next((limit.at_most for limit in plan.limits if limit.limit == "budget_usd"), None)
    return [
        Mark("Expected", sums.expected_usd, "expected"),
        Mark("P95", sums.p95_usd, "p95"),
        *([Mark("Budget", budget, "budget")] if budget is not None else []),
        Mark("Worst case", sums.worst_usd, "worst"),
    ]


def _how(histogram: CostHistogram) -> str:
    drawn = f"drawn {histogram.draws:,} times" if histogram.method == "simulated" else "worked out exactly"
    return f"How likely which cost of the whole run is, {drawn}; even an unlikely cost shows as a thin bar."


def cost_figures(sums: Totals) -> Markup:
    """Figures of the distribution of a cost, and what they mean."""
    rows = [
        ("Best case", sums.best_usd, "the least that can happen"),
        ("P50", sums.p50_usd, "half of all runs cost at most this"),
        ("P90", sums.p90_usd, "9 of 10 runs"),
        ("P95", sums.p95_usd, "19 of 20 runs"),
        ("P99", sums.p99_usd, "99 of 100 runs"),
        ("Mean of the worst 5%", sums.cvar95_usd, "conditional value at risk"),
        ("Worst case", sums.worst_usd, "the most that can happen"),
    ]
    columns = [Column("Figure"), Column("Cost", "number"), Column("Means", "words")]
    return table(
        "Figures of the cost of a run", columns, [(what, usd_text(cents(usd)), means) for what, usd, means in rows]
    )


def _shares(histogram: CostHistogram) -> Markup:
    """The chart as a table."""
    rows = [(_interval(own.from_usd, own.to_usd), percent_text(own.share)) for own in histogram.bins if own.share]
    ends = ((f"less than {_usd(histogram.bins[0].from_usd)}", histogram.below), ("more than that", histogram.above))
    first, last = (((said, percent_text(share)),) if share > 1e-9 else () for said, share in ends)
    intervals = table(
        "Share of runs by cost", [Column("Cost of the run"), Column("Runs", "number")], [*first, *rows, *last]
    )
    levels = table(
        "Cost by share of runs",
        [Column("Share of runs"), Column("Cost at most", "number")],
        [(percent_text(level), _usd(usd)) for level, usd in histogram.quantiles],
    )
    both = element("div", intervals, levels, class_="beside")
    return element("details", element("summary", "The distribution in numbers"), both)


def _interval(low: Decimal, high: Decimal) -> str:
    return f"{_usd(low)} to {_usd(high)}" if low != high else _usd(low)


def baselines_section(plan: Plan) -> Section | None:
    """What the same clips would cost without a plan."""
    if not plan.baselines or not plan.routes:
        return None
    own = plan.totals.expected_usd
    most = max(own, *(baseline.expected_usd for baseline in plan.baselines))
    columns = [Column("Way", "words"), Column("Expected", "number"), Column("The plan", "words")]
    rows: list[list[Cell]] = [[join("This plan", bar(float(own / most) if most else 0.0)), _usd(own), ""]]
    for other in plan.baselines:
        way = join(name(other.name), bar(float(other.expected_usd / most) if most else 0.0, "quiet"))
        rows.append([way, _usd(other.expected_usd), saving_text(other)])
    said = "The clips that the plan makes, each sent by one plain rule instead."
    body = join(element("p", said, class_="lead"), table("Expected cost of other ways", columns, rows))
    return Section("baselines", "Against plain rules", body, "Savings")


def limits_section(plan: Plan) -> Section | None:
    """What the plan uses of each limit, what a looser one would save, and what limits change."""
    lines = [*pushed_lines(plan), *(risk_move_text(move) for move in plan.moves)]
    if not plan.limits and not lines:
        return None
    looser = says_looser(plan)
    columns = [
        Column("Limit", "words"),
        Column("Uses", "number"),
        Column("Allowed", "number"),
        Column("Slack", "number"),
    ]
    columns += [Column("Looser by", "words")] if looser else []
    rows = [_limit_row(value, looser=looser) for value in plan.limits]
    body = join(
        element("p", "A full bar is a limit that leaves no room.", class_="lead") if rows else None,
        table("Limits and what the plan uses of them", columns, rows) if rows else None,
        element("h3", "What they change") if lines else None,
        element("ul", *(element("li", line) for line in lines), class_="plain") if lines else None,
    )
    return Section("limits", "Limits", body)


def _limit_row(value: LimitValue, *, looser: bool) -> list[Cell]:
    limit, *amounts = limit_cells(value)
    used, bound = (
        (value.value, value.at_most) if value.at_most is not None else (value.at_least or Decimal(0), value.value)
    )
    full = value.slack == 0
    share = 1.0 if full else float(used / bound) if bound else 0.0
    binds = element("span", "no room", class_="chip") if full else None
    said = join(path(limit), " ", binds, bar(share, "full" if full else "quiet"))
    return [said, *amounts, *([looser_text(value)] if looser else [])]


def settlement_section(plan: Plan) -> Section | None:
    """What drafts cost, and what packs and volume discounts take off list prices."""
    lines = list(settlement_lines(plan))
    packs = table(
        "Packs",
        [Column("Pack"), Column("Price", "number"), Column("Pays for", "number"), Column("Bought", "number"),
         Column("Used", "number"), Column("Unused", "number")],
        [
            (name(pack.provider), "owned" if pack.owned else usd_text(pack.price_usd), usd_text(pack.pays_for_usd),
             f"{pack.bought:,} of {pack.max_count:,}",
             _usd(pack.used_usd), _usd(pack.unused_usd))
            for pack in plan.packs
        ],
    ) if plan.packs else None  # fmt: skip
    discounts = table(
        "Discounts by provider",
        [Column("Provider"), Column("List price", "number"), Column("Paid by packs", "number"), Column("Discount", "number")],
        [
            (name(row.provider), _usd(row.list_usd), _usd(row.prepaid_usd), _usd(row.discount_usd))
            for row in plan.discounts
        ],
    ) if plan.discounts else None  # fmt: skip
    if not lines and packs is None and discounts is None:
        return None
    return Section("settlement", "Drafts, packs and discounts", join(paragraphs(lines), packs, discounts), "Discounts")


def account_section(plan: Plan) -> Section | None:
    """The terms of the account that the plan was made under."""
    rows = [
        (name(provider), join(*(element("div", said) for said in stated)))
        for provider, terms in plan.account.items()
        if (stated := [*agreed(terms)])
    ]
    if not rows:
        return None
    lead = element(
        "p", "Prices are those that this account pays, on top of what the catalogs list for everybody.", class_="lead"
    )
    body = join(lead, table("Account terms by provider", [Column("Provider"), Column("Terms", "words")], rows))
    return Section("account", "The account", body, "Account")


def shortfalls_section(plan: Plan) -> Section | None:
    """Clips that are not made, or made below their requirements."""
    if not plan.left_out and not plan.degraded:
        return None
    out, below = (sum(own.count for own in some) for some in (plan.left_out, plan.degraded))
    listed = [element("li", element("strong", "Left out: "), left_out_text(left)) for left in plan.left_out]
    listed += [element("li", element("strong", "Degraded: "), degraded_text(entry)) for entry in plan.degraded]
    said = " and ".join(
        part
        for part in (
            f"{clips_text(out)} not made" if out else "",
            f"{clips_text(below)} made below what was asked for" if below else "",
        )
        if part
    )
    body = join(
        element("p", f"{said}.", class_="lead"),
        element("ul", *listed, class_="plain"),
        paragraphs([*penalty_lines(plan)]),
    )
    return Section("shortfalls", "Left out and degraded", body, "Left out")


def _usd(amount: Decimal) -> str:
    return usd_text(cents(amount))

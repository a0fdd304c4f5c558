"""How a plan hangs on prices and availabilities: how far each can go, what takes over there, and a tornado of the cost."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from markupsafe import Markup

from router.report.html.bars import span_bar
from router.report.html.elements import Child, element, join, name, paragraphs
from router.report.html.headline import figure, figures
from router.report.html.page import Section, html_page
from router.report.html.tables import Cell, Column, table
from router.report.page import usd
from router.report.sensitivity_text import Words, end_text, guessed
from router.schema.sensitivity import Repriced, Sensitivity, Swing

_GUESSED = "~ was found by trying values: costs, or who catches whom, do not follow this value in a straight line."
_ENDS = (
    Column("Clips", "number"), Column("Today", "number"), Column("The plan stays from", "number"), Column("Up to", "number")
)  # fmt: skip


def sensitivity_page(found: Sensitivity) -> str:
    """A sensitivity as one self-contained HTML document; the same one always gives the same bytes."""
    return html_page(found.title or "Sensitivity", sensitivity_sections(found), lead=_lead(found))


def sensitivity_sections(found: Sensitivity) -> list[Section]:
    """How far prices and availabilities can go, and what prices do to the cost."""
    words = Words(found)
    return [_prices(found, words), _availabilities(found, words), _tornado(found, words)]


def _lead(found: Sensitivity) -> Markup:
    words = Words(found)
    shown = [figure("Expected cost", usd(found.expected_usd), "by the plan as it is", "main")]
    widest = next((one for one in found.swings if one.swing_usd is not None), None)
    if widest is not None:
        shown.append(
            figure(
                "The widest swing",
                usd(widest.swing_usd),
                join(name(words.swing(widest)), f", by {_share(found)} down and up"),
            )
        )
    if found.elasticity is not None:
        shown.append(
            figure("All prices 1 % higher", f"{found.elasticity:+.3g} %", "of the expected cost, the plan made anew")
        )
    return join(element("p", "Nothing else changes; every plan is made anew.", class_="about"), figures(*shown))


def _prices(found: Sensitivity, words: Words) -> Section:
    rows = [_row(words.price_cells(one, short=False), words.price_lines(one)) for one in found.prices]
    said = "Of the offers that the plan uses and of those that would take over; exact to the sixth decimal."
    body = join(
        element("p", said, class_="lead"),
        table("How far each price can go", [Column("Price of", "words"), *_ENDS], rows),
        element("p", _GUESSED) if guessed(found) else None,
    )
    return Section("sensitivity", "How far prices can go until the plan changes", body, "Break-evens")


def _availabilities(found: Sensitivity, words: Words) -> Section:
    rows = [_row(words.availability_cells(one), words.availability_lines(one)) for one in found.availabilities]
    body = (
        table("How far each availability can go", [Column("Availability of", "words"), *_ENDS], rows)
        if rows
        else element("p", "No availability of these models changes the plan.")
    )
    return Section("sensitivity-availability", "How far availabilities can go", body, "Availabilities")


def _row(cells: tuple[str, ...], lines: Iterable[str]) -> list[Cell]:
    first, *others = cells
    return [join(name(first), *(element("span", line, class_="note") for line in lines)), *others]


def _tornado(found: Sensitivity, words: Words) -> Section:
    """A bar from the cost at lower to that at higher prices, a tick where it is today."""
    by = _share(found)
    ends = [end for one in found.swings for end in (one.lower, one.higher)]
    costs = [found.expected_usd, *(end.expected_usd for end in ends if end.expected_usd is not None)]
    low, high = min(costs), max(costs)
    columns = [
        Column("Prices of", "words"),
        Column(f"-{by}", "number"),
        Column(f"+{by}", "number"),
        Column("Swing", "number"),
    ]
    rows = [_swing(one, words, found.expected_usd, low, high) for one in found.swings]
    said = f"Expected cost with prices {by} lower and higher; a tick is today's."
    said += " * is another plan than today's." if any(end.changed for end in ends) else ""
    body = join(
        element("p", said, class_="lead"),
        table("Expected cost at lower and higher prices", columns, rows),
        paragraphs([*words.elasticity_lines(found), *_without(ends)]),
    )
    return Section("sensitivity-tornado", "What prices do to the cost", body, "Tornado")


def _swing(one: Swing, words: Words, today: Decimal, low: Decimal, high: Decimal) -> list[Cell]:
    ends = [end.expected_usd for end in (one.lower, one.higher) if end.expected_usd is not None]
    drawn: Child = span_bar(min(ends), max(ends), today, low, high) if ends else None
    swing = "no plan" if one.swing_usd is None else usd(one.swing_usd)
    return [join(name(words.swing(one)), drawn), end_text(one.lower), end_text(one.higher), swing]


def _without(ends: Iterable[Repriced]) -> list[str]:
    """Why there is no plan at some prices; each reason once."""
    return [f"No plan: {why}" for why in dict.fromkeys(end.no_plan for end in ends) if why]


def _share(found: Sensitivity) -> str:
    return f"{float(found.by * 100):.3g} %"

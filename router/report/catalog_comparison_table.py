"""Two catalogs side by side, for people and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from router.report.page import Column, Page
from router.report.tabular import to_csv
from router.report.words import makes_text
from router.schema.catalog_comparison import (
    CatalogComparison,
    ComparedCatalog,
    OneSided,
    Per,
    PriceChange,
    TermChange,
    Thing,
)
from router.units import plain_seconds, seconds_text, usd_text

MOST_ROWS = 100
"""Rows of each table; the CSV and the JSON hold them all."""


def catalog_comparison_table(found: CatalogComparison, width: int | None = None, *, colour: bool = False) -> str:
    """Prices that rose or fell, then what is new, what is gone, and terms that changed."""
    page = Page(width, colour=colour)
    page.line(f"{found.before.name} -> {found.after.name}", style="bold")
    for word, side in (("Before", found.before), ("After", found.after)):
        page.line(f"{word}: {_side(side)}")
    page.line("")
    dated = any((own.before_as_of, own.after_as_of) != (found.before.as_of, found.after.as_of) for own in found.prices)
    columns: list[Column] = [
        ("Price", "whole"), ("Of", "left"), ("Before", "right"), ("After", "right"), ("Difference", "right"), ("", "right"),
        *([("Seen", "left")] if dated else []),
    ]  # fmt: skip
    _table(page, columns, [_price_cells(change, dated=dated) for change in found.prices])
    for word, side, own in (("New", found.after, found.new), ("Gone", found.before, found.gone)):
        dated = any(one.as_of != side.as_of for one in own)
        columns = [(word, "whole"), ("Of", "left"), ("Price", "left"), *([("Seen", "left")] if dated else [])]
        seen = [((str(one.as_of),) if dated else ()) for one in own]
        _table(page, columns, [(*_thing(one), prices_text(one), *day) for one, day in zip(own, seen, strict=True)])
    columns = [("Term", "whole"), ("Of", "left"), ("", "left"), ("Before", "left"), ("After", "left")]
    _table(page, columns, _term_rows(found.terms))
    for line in _summary(found):
        page.line(line)
    return page.text()


def _table(page: Page, columns: list[Column], rows: Sequence[Sequence[str]]) -> None:
    shown = rows[:MOST_ROWS]
    if page.narrow or not page.fits(columns, shown):
        # What a model makes goes below its name.
        columns = [(columns[0][0], "left"), *columns[2:]]
        shown = [(f"{name}\n  {makes}", *rest) for name, makes, *rest in shown]
    if shown:
        page.table(columns, shown)
    if len(rows) > MOST_ROWS:
        page.line(f"{len(rows) - MOST_ROWS:,} more are in the CSV and the JSON.")
        page.line("")


def _side(side: ComparedCatalog) -> str:
    unit = "" if side.unit == "usd" else f", in {side.unit} at {float(side.units_per_usd):.10g} to the dollar"
    return f"{side.name}, prices as of {side.as_of}{unit}, {_count(side.offers, 'offer')}"


def _summary(found: CatalogComparison) -> list[str]:
    day = f" on sale on {found.on}" if found.on else ""
    if found.same:
        return [f"No price and no term differs ({_count(found.unchanged, 'offer')}{day})."]
    rose = sum(change.difference_usd > 0 for change in found.prices)
    terms = len({_thing(one) for one in found.terms})
    parts = [
        f"{rose:,} rose",
        f"{len(found.prices) - rose:,} fell",
        f"{len(found.new):,} new",
        f"{len(found.gone):,} gone",
    ]
    lines = [
        f"Prices{day}: {', '.join(parts)}; terms of {_count(terms, 'offer')} changed; {found.unchanged:,} as before."
    ]
    if not found.prices and not found.terms and not found.unchanged and found.new and found.gone:
        lines.append("Nothing is in both; what two providers ask for one clip is shown by `router catalog list --for`.")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _term_rows(terms: Sequence[TermChange]) -> list[Sequence[str]]:
    """One row for what changes alike in several offers of one model and mode."""
    alike: dict[tuple[str, ...], list[TermChange]] = {}
    for one in terms:
        key = (f"{one.provider}/{one.model}", one.mode, one.term, one.before, one.after)
        alike.setdefault(key, []).append(one)
    return [
        (
            name,
            _thing(own[0])[1] if len(own) == 1 else f"{mode}, {_count(len(own), 'offer')}",
            term,
            before or "-",
            after or "-",
        )
        for (name, mode, term, before, after), own in alike.items()
    ]


def _thing(one: Thing) -> tuple[str, str]:
    """Whose model, and what it makes."""
    reference = f", {one.reference} reference" if one.reference else ""
    makes = makes_text(one.resolution, "native" if one.audio else "none", one.mode, one.region)
    return f"{one.provider}/{one.model}", makes + reference + _days(one)


def _days(one: Thing) -> str:
    since = f", from {one.available_from}" if one.available_from else ""
    return since + (f", until {one.available_until}" if one.available_until else "")


def _price_cells(change: PriceChange, *, dated: bool) -> tuple[str, ...]:
    name, makes = _thing(change)
    sign = "+" if change.difference_usd > 0 else ""
    share = "" if change.share is None else f"{change.share:+,.1%}"
    seen = str(change.before_as_of)
    if change.after_as_of != change.before_as_of:
        seen += f" -> {change.after_as_of}"
    return (
        name, f"{makes}, {_per_text(change.per, change.seconds)}", usd_text(change.before_usd), usd_text(change.after_usd),
        sign + usd_text(change.difference_usd), share, *([seen] if dated else []),
    )  # fmt: skip


def _per_text(per: Per, seconds: Decimal | None) -> str:
    words = {"second": "per second", "generation": "per generation", "minimum": "at least"}
    return words[per] if seconds is None else seconds_text(seconds)


def prices_text(one: OneSided) -> str:
    """All parts of a price, in words."""
    said = {"second": "{}/s", "generation": "{} a generation", "minimum": "at least {}"}
    return ", ".join(
        said[part.per].format(usd_text(part.usd)) if part.seconds is None else f"{usd_text(part.usd)} for {seconds_text(part.seconds)}"
        for part in one.prices
    )  # fmt: skip


def catalog_comparison_csv(found: CatalogComparison) -> str:
    """One line for each price or term that differs, as CSV; money is in dollars."""
    header = (
        "what", "provider", "model", "mode", "resolution", "audio", "reference", "available_from", "available_until", "per", "seconds",
        "before_usd", "after_usd", "difference_usd", "share", "before_as_of", "after_as_of", "term", "before", "after",
        "region",
    )  # fmt: skip
    rows: list[Sequence[object]] = [
        (
            "rose" if one.difference_usd > 0 else "fell", *_thing_cells(one), one.per, _seconds(one.seconds), one.before_usd,
            one.after_usd, one.difference_usd, one.share, one.before_as_of, one.after_as_of, "", "", "",
            one.region,
        )
        for one in found.prices
    ]  # fmt: skip
    rows += [
        (
            "new",
            *_thing_cells(one),
            part.per,
            _seconds(part.seconds),
            "",
            part.usd,
            "",
            "",
            "",
            one.as_of,
            "",
            "",
            "",
            one.region,
        )
        for one in found.new
        for part in one.prices
    ]
    rows += [
        (
            "gone",
            *_thing_cells(one),
            part.per,
            _seconds(part.seconds),
            part.usd,
            "",
            "",
            "",
            one.as_of,
            "",
            "",
            "",
            "",
            one.region,
        )
        for one in found.gone
        for part in one.prices
    ]
    rows += [
        ("term", *_thing_cells(one), *[""] * 8, one.term, one.before, one.after, one.region) for one in found.terms
    ]
    return to_csv(header, rows)


def _thing_cells(one: Thing) -> tuple[object, ...]:
    sound = "yes" if one.audio else "no"
    days = (one.available_from, one.available_until)
    return one.provider, one.model, one.mode, one.resolution, sound, one.reference, *days


def _seconds(seconds: Decimal | None) -> object:
    return "" if seconds is None else plain_seconds(seconds)

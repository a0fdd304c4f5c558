"""What is odd in catalogs, for people and as CSV."""

from __future__ import annotations

from router.report.page import Column, Page
from router.report.tabular import to_csv
from router.schema.catalog_check import CatalogCheck, Level

MOST_ROWS = 200
"""Findings that a table shows; the CSV and the JSON hold them all."""
_NOUNS: dict[Level, str] = {"error": "error", "finding": "finding", "note": "note"}


def catalog_check_table(found: CatalogCheck, width: int | None = None, *, colour: bool = False) -> str:
    """One line a finding with its place, then the catalogs that are clean, then how many findings there are."""
    page = Page(width, colour=colour)
    page.line(f"Catalogs on {found.on}", style="bold")
    shown = found.findings[:MOST_ROWS]
    if shown:
        said = [f"{own.text}\n  {own.mend}" if own.mend else own.text for own in shown]
        columns: list[Column] = [("Where", "left"), ("", "left"), ("What is odd", "left")]
        rows: list[tuple[str, ...]] = [(own.where, own.level, text) for own, text in zip(shown, said, strict=True)]
        if page.narrow or not page.fits([("Where", "whole"), *columns[1:]], rows):
            columns, rows = [("What is odd", "left")], [(f"{where}: {level}\n{text}",) for where, level, text in rows]
        page.table(columns, rows)
    if len(shown) < len(found.findings):
        page.line(f"{len(found.findings) - len(shown):,} more are in the CSV and the JSON.")
        page.line("")
    for own in found.catalogs:
        if not own.odd:
            sold = "" if own.on_sale == own.offers else f", {own.on_sale:,} of them on sale"
            page.line(f"{own.name}: nothing odd in {own.offers:,} offer{'' if own.offers == 1 else 's'}{sold}")
    page.line(", ".join(_count(found, level) for level in _NOUNS) + ".")
    return page.text()


def _count(found: CatalogCheck, level: Level) -> str:
    number = found.count(level)
    return f"{number:,} {_NOUNS[level]}{'' if number == 1 else 's'}"


def catalog_check_csv(found: CatalogCheck) -> str:
    """One line a finding, as CSV."""
    header = ("level", "what", "catalog", "where", "text", "mend")
    rows = [(own.level, own.what, own.catalog, own.where, own.text, own.mend) for own in found.findings]
    return to_csv(header, rows)

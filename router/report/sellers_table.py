"""Every seller of a clip, for people and as CSV."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from router.report.page import Column, Page
from router.report.tabular import to_csv
from router.report.words import makes_text, segments_text
from router.schema.sellers import Seller, Sellers
from router.units import plain_seconds, seconds_text, usd_text


def sellers_table(found: Sellers, width: int | None = None, *, colour: bool = False) -> str:
    """One line a seller, dearest first; below it how many offers cannot make the clip, and why."""
    page = Page(width, colour=colour)
    page.line(f"{found.requirements}, on {found.on}", style="bold")
    modes = {one.mode for one in found.sellers}
    rows = [_cells(one, found, name_mode=len(modes) > 1) for one in found.sellers]
    columns: list[Column] = [
        ("Seller", "whole"), ("Makes", "left"), ("Length", "left"), ("Price", "right"), ("Per second", "right"), ("Times", "right"),
        ("Seen", "left"), ("Catalog", "left"),
    ]  # fmt: skip
    if page.narrow or not page.fits(columns, rows):
        rows = [(f"{seller}\n  {makes}, {length}", *rest) for seller, makes, length, *rest in rows]
        columns = [("Seller", "left"), *columns[3:]]
    page.table(columns, rows)
    page.line(
        "Times: the price over that of the cheapest seller of the same model. Per second: of the clip as it was asked for."
    )
    if any(one.stale for one in found.sellers):
        page.line("* seen longer ago than the catalog allows; check it before you buy", style="yellow")
    if any(one.audio == "deferred" for one in found.sellers):
        page.line("Dubbed: what sound made elsewhere costs comes on top.")
    made = found.offers - sum(group.offers for group in found.cannot)
    shown = "" if made == len(found.sellers) else f", of which each seller's cheapest is shown ({len(found.sellers)})"
    page.line(f"{made:,} of {found.offers:,} offers make it{shown}.")
    if found.cannot:
        page.line("The others cannot: " + ", ".join(f"{group.reason} {group.offers:,}" for group in found.cannot))
    return page.text()


def _cells(one: Seller, found: Sellers, *, name_mode: bool) -> tuple[str, ...]:
    length = segments_text(one.segments)
    if one.billed_seconds != one.generated_seconds:
        length += f", billed {seconds_text(one.billed_seconds)}"
    if one.generated_seconds > found.seconds:
        length += f", {seconds_text(one.generated_seconds - found.seconds)} trimmed"
    return (
        f"{one.provider}/{one.model}", makes_text(one.resolution, one.audio, one.mode if name_mode else ""), length,
        usd_text(one.price_usd), "" if one.usd_per_second is None else usd_text(one.usd_per_second), times_text(one.times_cheapest),
        f"{one.as_of}{'*' if one.stale else ''}", one.catalog,
    )  # fmt: skip


def times_text(times: Decimal | None) -> str:
    """How many times as much.

    >>> times_text(Decimal("2.3456")), times_text(Decimal(1)), times_text(None)
    ('2.35x', '1x', '')
    """
    if times is None:
        return ""
    shown = times.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{shown:f}".rstrip("0").rstrip(".") + "x"


def sellers_csv(found: Sellers) -> str:
    """One line a seller, dearest first, as CSV; money is in dollars, lengths in seconds."""
    header = (
        "provider", "model", "mode", "resolution", "audio", "reference", "segments", "generated_seconds", "billed_seconds", "price_usd",
        "usd_per_second", "times_cheapest", "as_of", "stale", "catalog", "source", "dearer",
    )  # fmt: skip
    return to_csv(
        header,
        [
            (
                one.provider, one.model, one.mode, one.resolution or "", one.audio, one.reference or "",
                "; ".join(str(plain_seconds(length)) for length in one.segments), plain_seconds(one.generated_seconds),
                plain_seconds(one.billed_seconds), one.price_usd, one.usd_per_second, one.times_cheapest, one.as_of,
                "yes" if one.stale else "", one.catalog, one.source, one.dearer,
            )
            for one in found.sellers
        ],
    )  # fmt: skip

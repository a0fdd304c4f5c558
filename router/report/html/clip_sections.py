"""Every clip with its route, to be searched and sorted; and every price that is used, with where it is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from router.report.html.elements import element, join, name
from router.report.html.page import Section
from router.report.html.tables import Cell, Column, Valued, table
from router.report.page import cents
from router.report.sentences import alike, length_text, paid_text, to_hundredth_cent
from router.report.words import makes_text, some_text
from router.schema.plan import Plan, Route
from router.schema.prices import CatalogRef, PriceLine
from router.units import seconds_text, usd_text

MOST_ROWS = 10_000
"""A plan with more clips of different names has a row for each kind of route instead."""


def clips_section(plan: Plan) -> Section | None:
    """A row for each clip; where these are too many, for each kind of route."""
    if not plan.routes:
        return None
    names = sum(len(route.clips) for route in plan.routes)
    each = names <= MOST_ROWS
    alone = len({step.provider for route in plan.routes for step in route.chain}) == 1
    falls_back = any(len(route.chain) > 1 for route in plan.routes)
    grouped = any(route.group is not None for route in plan.routes)
    columns = [
        Column("Clip", "words"), *([Column("Group")] if grouped else []), Column("Count", "number"), Column("Model"), Column("Makes"),
        Column("Length"), Column("Price", "number"), Column("Expected", "number"), Column("Worst case", "number"),
        Column("All expected", "number"), *([Column("If it is down", "words")] if falls_back else []),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for title, count, route in _by_clip(plan.routes) if each else _by_kind(plan.routes):
        mode = "" if route.mode == "text-to-video" else route.mode
        marks = [word for word, said in (("draft", route.draft), ("degraded", bool(route.degraded))) if said]
        chips = [join(" ", element("span", mark, class_="chip")) for mark in marks]
        rows.append([
            join(name(title), *chips), *([route.group or ""] if grouped else []), f"{count:,}", _model(route, alone=alone),
            makes_text(route.resolution, route.audio, mode), Valued(length_text(route), float(route.generated_seconds)),
            usd_text(route.price_usd), usd_text(to_hundredth_cent(route.expected_usd)), usd_text(route.worst_usd),
            usd_text(cents(route.expected_usd * count)), *([_fallbacks(route, alone=alone)] if falls_back else []),
        ])  # fmt: skip
    said = f"All from {plan.routes[0].provider}. " if alone else ""
    said += "Price, expected and worst case are for one clip."
    if not each:
        said += f" {names:,} clips have names of their own: each row is one way in which many of them are made."
    body = join(element("p", said, class_="lead"), table("Clips and their routes", columns, rows, key="clips"))
    return Section("clips", "Clip by clip", body, "Clips")


def _by_clip(routes: Sequence[Route]) -> Iterator[tuple[str, int, Route]]:
    for route in routes:
        for title, count in zip(route.clips, route.counts, strict=True):
            yield title, count, route


def _by_kind(routes: Sequence[Route]) -> Iterator[tuple[str, int, Route]]:
    for kind in alike(routes):
        yield some_text([title for route in kind for title in route.clips]), sum(route.count for route in kind), kind[0]


def _model(route: Route, *, alone: bool) -> str:
    return route.model if alone else f"{route.provider}/{route.model}"


def _fallbacks(route: Route, *, alone: bool) -> str:
    steps = route.chain[1:]
    return ", ".join(
        f"{step.model if alone else f'{step.provider}/{step.model}'} {usd_text(step.billed_usd)}" for step in steps
    )


def prices_section(plan: Plan) -> Section | None:
    """What the routes are billed by the list, where it says so, and the catalogs."""
    if not plan.catalogs:
        return None
    several, lines = len(plan.catalogs) > 1, {line.offer: line for line in plan.prices}
    account = any(line.account is not None for line in plan.prices)
    columns = [
        Column("Model"), Column("Makes"), Column("Billed", "number"), Column("Price of a clip", "number"), Column("Per second", "number"),
        *([Column("Account", "words")] if account else []), *([Column("Catalog")] if several else []),
        *([Column("Listed"), Column("Seen on")] if lines else []),
    ]  # fmt: skip
    used: dict[tuple[str, str, str, int], list[Route]] = {}
    for route in plan.routes:
        offer = -1 if route.chain[0].offer is None else route.chain[0].offer
        region = lines[offer].region if offer in lines else None
        makes = makes_text(route.resolution, "native" if route.audio == "native" else "none", route.mode, region)
        used.setdefault((f"{route.provider}/{route.model}", makes, route.catalog, offer), []).append(route)
    rows = [
        [
            name(model),
            makes,
            *_billed(routes),
            *([paid_text(lines[offer]) if offer in lines else ""] if account else []),
            *([name(catalog)] if several else []),
            *(_listed(lines.get(offer)) if lines else ()),
        ]
        for (model, makes, catalog, offer), routes in sorted(used.items())
    ]
    dated = [
        [name(own.name), element("time", str(own.as_of)), _sources(own, plan.prices), (own.sha256 or "")[:12]]
        for own in plan.catalogs
    ]
    heads = [Column("Catalog"), Column("Prices as of"), Column("Source", "words"), Column("SHA-256 begins")]
    dubbed = any(route.dubbing_usd for route in plan.routes)
    paid = "What a clip is billed by the list"
    said = (f"{paid}, under the terms of the account" if account else paid) + (
        ", sound made elsewhere not counted." if dubbed else "."
    )
    body = join(
        table("Catalogs", heads, dated),
        element("p", said, class_="lead"),
        table("Prices that the plan uses", columns, rows) if rows else None,
    )
    return Section("prices", "Prices and where they are from", body, "Prices")


def _listed(line: PriceLine | None) -> tuple[Markup | str, Markup | str]:
    """At which line of which file a price stands, and the day it was seen."""
    if line is None:
        return "", ""
    return line.where or "made in code", element("time", str(line.as_of))


def _billed(routes: Sequence[Route]) -> tuple[str, str, str]:
    """Seconds, price, and price of a second, where that is the same for all."""
    lengths = sorted({route.billed_seconds for route in routes})
    listed = [(route.price_usd - route.dubbing_usd, route) for route in routes]
    prices = sorted({price for price, _ in listed})
    rates = {price / route.billed_seconds for price, route in listed if route.billed_seconds}
    rate = f"{usd_text(rates.pop())}/s" if len(rates) == 1 else ""
    return _range([seconds_text(length) for length in lengths]), _range([usd_text(price) for price in prices]), rate


def _range(shown: Sequence[str]) -> str:
    """One value as it is, of several the least and the most."""
    return shown[0] if len(shown) == 1 else f"{shown[0]} to {shown[-1]}"


def _sources(catalog: CatalogRef, prices: Sequence[PriceLine]) -> Markup | str:
    """Where the prices that the plan uses of a catalog were seen."""
    found = dict.fromkeys(line.source for line in prices if line.catalog == catalog.name)
    return join(*(element("div", _source(source)) for source in found)) if found else "none of its prices is used"


def _source(source: str) -> Markup | str:
    """A link where it is an address of the web; nothing is fetched until somebody follows it."""
    if source.startswith(("https://", "http://")) and " " not in source:
        return element("a", source, href=source, rel="noopener noreferrer")
    return source

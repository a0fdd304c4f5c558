"""Where the prices of a plan are from: its catalogs with their hashes, and the line, date and source of every price that may be billed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from router.loading.catalog_file import where_in
from router.loading.formats import Source
from router.schema.account import AccountTerms
from router.schema.catalog import Catalog, ModelEntry, OfferEntry
from router.schema.plan import Route
from router.schema.prices import AccountPrice, CatalogRef, PriceLine


def catalog_refs(catalogs: Iterable[Catalog]) -> tuple[CatalogRef, ...]:
    """What a plan says of its catalogs."""
    return tuple(
        CatalogRef(name=own.name, as_of=own.as_of, stale_after_days=own.stale_after_days, sha256=sha256(own))
        for own in catalogs
    )


def sha256(catalog: Catalog) -> str:
    """Of the catalog's file, as ``sha256sum`` has it; of what it holds, as JSON with sorted names, where it is not as a file holds it."""
    if isinstance(catalog._source, Source):
        return catalog._source.sha256
    held = catalog.model_dump(mode="json", by_alias=True, exclude_none=True)
    return hashlib.sha256(json.dumps(held, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def price_lines(
    catalogs: Sequence[Catalog], routes: Iterable[Route], account: Mapping[str, AccountTerms]
) -> tuple[PriceLine, ...]:
    """The price of every offer on the routes' chains, in the order of the catalogs, and what of it the account pays."""
    wanted = {step.offer for route in routes for step in route.chain}
    return tuple(
        _line(order, catalog, entry, offer, where_in(catalog, path), account.get(entry.provider))
        for order, (catalog, entry, offer, path) in enumerate(_every(catalogs))
        if order in wanted
    )


def _every(catalogs: Sequence[Catalog]) -> Iterator[tuple[Catalog, ModelEntry, OfferEntry, tuple[str | int, ...]]]:
    for catalog in catalogs:
        for m, entry in enumerate(catalog.models):
            for i, offer in enumerate(entry.offers):
                price = "prices" if offer.prices else "price_per_second"
                own = () if getattr(offer, price) is None else (price,)
                yield catalog, entry, offer, ("models", m, "offers", i, *own)


def _line(
    order: int, catalog: Catalog, entry: ModelEntry, offer: OfferEntry, where: str, account: AccountTerms | None
) -> PriceLine:
    terms = entry.terms(offer)
    return PriceLine(
        offer=order,
        catalog=catalog.name,
        provider=entry.provider,
        model=entry.model,
        mode=entry.mode,
        region=entry.region,
        reference=terms.reference,
        resolution=offer.resolution,
        audio=offer.audio,
        where=None if catalog._source is None else _without_folders(where),
        as_of=terms.as_of or catalog.as_of,
        source=terms.source or catalog.source,
        unit=catalog.unit,
        units_per_usd=catalog.units_per_usd,
        usd_per_unit=catalog.usd_per_unit,
        rounding=entry.rounding,
        price_per_second=offer.price_per_second,
        prices=offer.prices,
        price_per_generation=terms.price_per_generation,
        price_minimum=terms.price_minimum,
        account=None if account is None else _paid(catalog, account),
    )


def _paid(catalog: Catalog, account: AccountTerms) -> AccountPrice | None:
    """What an account pays of a catalog's prices; None where it pays all of them at the catalog's rate."""
    in_units = catalog.unit != "usd"
    paid = AccountPrice(
        discount=account.discount,
        units_per_usd=account.units_per_usd if in_units else None,
        usd_per_unit=account.usd_per_unit if in_units else None,
    )
    return None if paid == AccountPrice() else paid


def _without_folders(where: str) -> str:
    """Of a path only the file's name: a plan tells nothing of the machine that made it."""
    return where if where.startswith("--set ") else where.replace("\\", "/").rpartition("/")[2]

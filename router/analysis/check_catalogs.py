"""What is odd in price catalogs, with the line and what would mend it.

Prices are compared among what is on sale on the day. A catalog that cannot be read is an error and keeps no other from being looked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from router.analysis.catalog_names import alike_names
from router.analysis.catalog_rules import Found, Listed, catalog_facts, listed, price_oddities
from router.errors import InputError
from router.loading.catalog_file import bundled_names, load_catalog, where_in
from router.schema.base import printable
from router.schema.catalog import Catalog
from router.schema.catalog_check import CatalogCheck, CatalogFinding, CheckedCatalog

Given = Catalog | str | Path


def check_catalogs(catalogs: Iterable[Given] = (), *, on: dt.date | None = None) -> CatalogCheck:
    """What is odd in some catalogs, by `CatalogFinding.what`.

    ========================  =====================================================================================================
    ``unreadable``            the file cannot be read, or breaks a rule of catalogs (error)
    ``gap``                   a resolution lacks a sound, or a mode a resolution, that those below and above it have
    ``resolution``            a resolution is cheaper than the next lower one for the same seconds
    ``sound``                 a generation with sound is cheaper than a silent one
    ``outlier``               ten times the median of the same model at other sellers, or of the seller's other resolutions; or a tenth
    ``length``                a longer generation costs less in all than a shorter one, where each length has its own price
    ``name``                  a model, provider or mode is spelt otherwise elsewhere: another case, punctuation, or 3 for 3.0
    ``source``                a source is no address, which others cannot look up (note)
    ``future``                a price was seen after the day
    ``stale``                 a price was seen longer ago than the catalog allows
    ``api-model``             no ``api_model``, and the provider's API has names of its own
    ``not-yet-available``     on sale later only (note)
    ``retired``               on sale no longer, and nothing in the catalog follows it (note)
    ========================  =====================================================================================================

    Parameters
    ----------
    catalogs
        Catalogs, or what `Catalog.load` takes; all bundled ones if none are given, which in any case are what others are compared with.
    on
        The day on which dates are judged; today if absent.

    Examples
    --------
    >>> import datetime as dt
    >>> import router
    >>> router.check_catalogs(["evolink"], on=dt.date(2026, 4, 10)).findings
    ()
    >>> [found.what for found in router.check_catalogs(["evolink"], on=dt.date(2026, 12, 1)).findings]
    ['stale']
    """
    day = on or dt.datetime.now(dt.UTC).date()
    given = list(catalogs) or list(bundled_names())
    errors: list[CatalogFinding] = []
    read: list[Catalog] = []
    for own in given:
        try:
            catalog = own if isinstance(own, Catalog) else load_catalog(own)
        except InputError as error:
            errors += _unreadable(str(own), error)
            continue
        if catalog not in read:
            read.append(catalog)
    beside = [load_catalog(name) for name in bundled_names()] if read else []
    beside = [catalog for catalog in beside if catalog not in read]
    shelf = {id(catalog): listed(catalog, day) for catalog in [*beside, *read]}
    everything = [own for rows in shelf.values() for own in rows]
    names = alike_names(beside, read)
    found = [
        _sorted(
            catalog,
            [
                *catalog_facts(catalog, shelf[id(catalog)], day),
                *price_oddities(shelf[id(catalog)], everything),
                *names[id(catalog)],
            ],
        )
        for catalog in read
    ]
    return CatalogCheck(
        schema=1,
        on=day,
        catalogs=tuple(_checked(own, shelf[id(own)], len(odd)) for own, odd in zip(read, found, strict=True)),
        findings=(*errors, *chain.from_iterable(found)),
    )


def _checked(catalog: Catalog, rows: Sequence[Listed], odd: int) -> CheckedCatalog:
    on_sale = sum(own.on_sale for own in rows)
    return CheckedCatalog(name=catalog.name, as_of=catalog.as_of, offers=len(rows), on_sale=on_sale, odd=odd)


def _unreadable(name: str, error: InputError) -> Iterator[CatalogFinding]:
    for problem in error.problems:
        yield CatalogFinding(
            level="error", what="unreadable", catalog=printable(name), where=problem.where, text=problem.message, mend=""
        )  # fmt: skip


def _sorted(catalog: Catalog, found: Iterable[Found]) -> list[CatalogFinding]:
    """What was found in one catalog, each with its line and by its line."""
    findings = [
        CatalogFinding(
            level=own.level, what=own.what, catalog=catalog.name, where=where_in(catalog, own.path), text=own.text, mend=own.mend
        )
        for own in found
    ]  # fmt: skip
    return sorted(dict.fromkeys(findings), key=_line)


def _line(finding: CatalogFinding) -> int:
    line = finding.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0

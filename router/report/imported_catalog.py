"""What an import made: the catalog file with where it came from, and the lines that say what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.report.catalog_toml import catalog_toml
from router.schema.imported_catalog import ImportedCatalog


def imported_text(imported: ImportedCatalog) -> str:
    """The catalog as a TOML file; a comment at its head says what it was made of and what was left out."""
    remarks: dict[str, list[str]] = {}
    for remark in imported.remarks:
        remarks.setdefault(remark.entry, []).append(remark.text)
    above = {
        position: [entry, *(f"  {text}" for text in dict.fromkeys(remarks.pop(entry, ())))]
        for position, entry in enumerate(imported.taken)
    }
    return catalog_toml(imported.catalog, [*_origin(imported), *_left_out(imported)], above)


def imported_json(imported: ImportedCatalog) -> dict[str, Any]:
    """All of it, for a program to read."""
    data: dict[str, Any] = imported.model_dump(mode="json", by_alias=True, exclude_none=True)
    return data


def summary(imported: ImportedCatalog) -> str:
    """What was taken and left out, and what of the overlay fits nothing: for somebody who watches."""
    offers = sum(len(entry.offers) for entry in imported.catalog.models)
    lines = [f"{_counts(imported)}; {len(imported.catalog.models):,} models with {offers:,} offers"]
    for reason, names in _reasons(imported).items():
        lines.append(f"  {len(names):,} left out: {reason}")
    if parts := _parts(imported):
        lines.append(f"  {len(parts):,} prices of entries that were taken are left out; see the head of the file")
    return "\n".join([*lines, *imported.unused]) + "\n"


def _counts(imported: ImportedCatalog) -> str:
    taken = len(set(imported.taken))
    return f"{imported.file}: {taken:,} of {imported.entries:,} entries for video taken"


def _origin(imported: ImportedCatalog) -> list[str]:
    made = f"Made by `router catalog import {imported.kind}` from {imported.file}, SHA-256 {imported.sha256}"
    if imported.overlay:
        made += f", and the overlay {imported.overlay}, SHA-256 {imported.overlay_sha256}"
    day = f"The day of the prices, {imported.catalog.as_of}, was given: the list states none."
    return [f"{made}.", f"{day} {_counts(imported).partition(': ')[2].capitalize()}."]


def _left_out(imported: ImportedCatalog) -> list[str]:
    lines: list[str] = []
    if reasons := _reasons(imported):
        lines += ["Left out:"]
        for reason, names in reasons.items():
            lines += [f"  {reason}:", *(f"    {name}" for name in names)]
    if parts := _parts(imported):
        lines += ["Of entries that were taken, left out:", *parts]
    return lines


def _reasons(imported: ImportedCatalog) -> dict[str, list[str]]:
    """By reason, the entries of which nothing was taken, each once; reasons of most entries first."""
    taken, seen = set(imported.taken), set()
    found: dict[str, list[str]] = {}
    for left in imported.left_out:
        if left.price is None and left.entry not in taken and left.entry not in seen:
            seen.add(left.entry)
            found.setdefault(left.reason, []).append(left.entry + (f" ({left.instead} is)" if left.instead else ""))
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _parts(imported: ImportedCatalog) -> Sequence[str]:
    """What was left out of entries that were taken."""
    taken = set(imported.taken)
    return [
        f"  {left.entry}{f', {left.price}' if left.price else ''}: {left.reason}"
        for left in imported.left_out
        if left.entry in taken
    ]

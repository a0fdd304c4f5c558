"""Names that are probably one name: the same but for case, punctuation, or a trailing ``.0``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from router.analysis.catalog_rules import Found
from router.loading.catalog_file import where_in
from router.schema.base import Path
from router.schema.catalog import Catalog

Field = Literal["model", "provider", "mode"]
FIELDS: tuple[Field, ...] = ("model", "provider", "mode")


class _Use(NamedTuple):
    name: str
    catalog: Catalog
    path: Path


def alike_names(beside: Sequence[Catalog], checked: Sequence[Catalog]) -> dict[int, list[Found]]:
    """What is spelt otherwise than before, by the ``id`` of each checked catalog; the first spelling counts, ``beside`` before all.

    Each catalog names a spelling once, where it first stands.
    """
    first: dict[tuple[Field, str], _Use] = {}
    found: dict[int, list[Found]] = {id(catalog): [] for catalog in checked}
    for catalog in [*beside, *checked]:
        said: set[tuple[Field, str]] = set()
        for field, name, path in _names(catalog):
            use = first.setdefault((field, plain(name)), _Use(name, catalog, path))
            if use.name != name and (field, name) not in said and id(catalog) in found:
                text = f"{field} '{name}' is called '{use.name}' at {where_in(use.catalog, use.path)}; two spellings are two {field}s"
                found[id(catalog)].append(Found("name", path, text, f'set {field} = "{use.name}", or rename both'))
            said.add((field, name))
    return found


def _names(catalog: Catalog) -> Iterator[tuple[Field, str, Path]]:
    for m, entry in enumerate(catalog.models):
        for field in FIELDS:
            yield field, getattr(entry, field), ("models", m, field)


def plain(name: str) -> str:
    """A name without case and punctuation; 3.0 is 3.

    >>> plain("kling-3.0"), plain("Kling 3"), plain("veo_3-1"), plain("veo-3.1"), plain("veo-31")
    ('kling3', 'kling3', 'veo3.1', 'veo3.1', 'veo31')
    """
    version = re.sub(r"(?<=\d)[\W_]+(?=\d)", ".", name.casefold())
    whole = re.sub(r"(?<=\d)\.0(?![\d.])", "", version)
    return re.sub(r"(?<!\d)[\W_]+|[\W_]+(?!\d)", "", whole) or name

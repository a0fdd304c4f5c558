"""A catalog as a TOML file: for people to read and change, and for `Catalog.load` to read back equal.

Numbers are written as the exact decimals that they are; comments hold whatever somebody else's texts hold, and nothing breaks out of them.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from router.report.toml import bare_or_quoted, basic_string
from router.schema.base import printable
from router.schema.catalog import Catalog

_WIDTH = 116


def catalog_toml(catalog: Catalog, head: Sequence[str] = (), above: Mapping[int, Sequence[str]] | None = None) -> str:
    """The file.

    Parameters
    ----------
    head
        Comments at the top, one a paragraph.
    above
        Comments above models, by their position.
    """
    lines = [line for text in head for line in comment(text)]
    lines += [*([""] if lines else []), *_fields(catalog, but=("models",))]
    for position, entry in enumerate(catalog.models):
        lines += ["", *(line for text in (above or {}).get(position, ()) for line in comment(text)), "[[models]]"]
        lines += _fields(entry, but=("offers",))
        offers = [_inline(offer) for offer in entry.offers]
        lines += ["offers = [", *(f"  {offer}," for offer in offers), "]"] if offers else []
    return "\n".join(lines) + "\n"


def comment(text: str) -> list[str]:
    r"""A text as comment lines, whatever it holds; lines of it that begin with spaces stay indented.

    >>> comment("a\nb = 1")
    ['# a?b = 1']
    """
    safe = printable(text, 100_000)
    indent = " " * (len(safe) - len(safe.lstrip(" ")))
    wrapped = textwrap.wrap(
        safe, _WIDTH, subsequent_indent=f"{indent}  " if indent else "", break_on_hyphens=False, break_long_words=False
    )
    return [f"# {line}".rstrip() for line in wrapped] or ["#"]


def _fields(model: BaseModel, but: Sequence[str]) -> Iterator[str]:
    for name, value in _stated(model).items():
        if name not in but:
            yield f"{name} = {_inline(value)}"


def _stated(model: BaseModel) -> dict[str, Any]:
    """What a model says, its own fields first, by the names of the file; what it need not say is left out, but for the version."""
    found: dict[str, Any] = {}
    own = type(model).__annotations__
    for name, field in sorted(type(model).model_fields.items(), key=lambda item: item[0] not in own):
        value = getattr(model, name)
        if value is not None and (field.is_required() or value != field.default or field.alias == "schema"):
            found[field.alias or name] = value
    return found


def _inline(value: Any) -> str:
    if isinstance(value, BaseModel):
        return _inline(_stated(value))
    if isinstance(value, Mapping):
        keys = (
            (bare_or_quoted(f"{key:f}" if isinstance(key, Decimal) else str(key)), _inline(each))
            for key, each in value.items()
        )
        return "{ " + ", ".join(f"{key} = {each}" for key, each in keys) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_inline(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | dt.date):
        return str(value)
    assert isinstance(value, str), f"no field of a catalog is a {type(value).__name__}"
    return basic_string(value)

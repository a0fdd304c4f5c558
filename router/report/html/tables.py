"""Tables of a page: headings with a scope, numbers to the right, wide ones scroll by themselves; long ones are searched and sorted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from markupsafe import Markup

from router.report.html.elements import Child, element


class Column(NamedTuple):
    """One column."""

    heading: str
    kind: Literal["text", "number", "words"] = "text"
    """``number``: to the right, sorted by value; ``words``: may be broken over lines."""


class Valued(NamedTuple):
    """A cell that is sorted by something else than what it shows."""

    shown: Child
    value: str | int | float


Cell = Child | Valued


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, key: str | None = None) -> Markup:
    """A table in a frame that scrolls sideways where it is too wide; the first cell of a row is its heading.

    Parameters
    ----------
    caption
        What it shows; read out, not seen.
    key
        Of a long table, unique on the page: it can be searched and sorted, once the script runs.
    """
    kinds = [f"{column.kind[0]}{place}" for place, column in enumerate(columns, 1) if column.kind != "text"]
    head = (element("th", column.heading, scope="col", data_kind=_kind(column, key)) for column in columns)
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *(_row(row) for row in rows)),
        class_=" ".join(kinds) or None,
    )
    framed = element("div", whole, class_="frame", tabindex=0, role="region", aria_label=caption)
    return framed if key is None else element("div", _search(key), framed, _more(), class_="live")


def without_empty(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> tuple[list[Column], list[list[Cell]]]:
    """The columns in which a row has something, and their cells."""
    kept = [k for k in range(len(columns)) if any(row[k] not in ("", None) for row in rows)]
    return [columns[k] for k in kept], [[row[k] for k in kept] for row in rows]


def _kind(column: Column, key: str | None) -> str | None:
    return None if key is None else "number" if column.kind == "number" else "text"


def _row(cells: Sequence[Cell]) -> Markup:
    first, *others = cells
    return element("tr", _cell("th", first, scope="row"), *(_cell("td", cell) for cell in others))


def _cell(tag: str, cell: Cell, **attributes: str) -> Markup:
    if isinstance(cell, Valued):
        return element(tag, cell.shown, data_value=cell.value, **attributes)
    return element(tag, cell, **attributes)


def _search(key: str) -> Markup:
    """Hidden until the script makes it work."""
    return element(
        "div",
        element("label", "Search", for_=f"{key}-search"),
        element("input", type="search", id=f"{key}-search", autocomplete="off", spellcheck="false"),
        element("p", role="status"),
        class_="search",
        hidden=True,
    )


def _more() -> Markup:
    """What the buttons say depends on how many rows are left."""
    return element("p", element("button", type="button"), element("button", type="button"), class_="more", hidden=True)

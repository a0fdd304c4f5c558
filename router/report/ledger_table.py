"""A ledger for people and for programs: its accounts, what is still set aside, and its journal."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from typing import Any

from router.report.page import Page
from router.schema.ledger import Account, Entry, Open, Unit
from router.units import MICRO, from_micro, usd_text


def ledger_table(
    accounts: Sequence[Account], waiting: Sequence[Open], width: int | None = None, *, colour: bool = False
) -> str:
    """Accounts with what is left of them, then the reservations that nobody settled yet."""
    page = Page(width, colour=colour)
    unit_of = {one.account: one.unit for one in accounts}
    if not accounts:
        page.line("Nothing was drawn on yet.")
        return page.text()
    page.table(
        [("Account", "left"), ("At most", "right"), ("Spent", "right"), ("Set aside", "right"), ("Left", "right")],
        [
            (
                one.account, _shown(one.bound, one.unit), _shown(one.spent, one.unit), _shown(one.reserved, one.unit),
                _shown(one.bound - one.spent - one.reserved, one.unit),
            )
            for one in accounts
        ],
    )  # fmt: skip
    if waiting:
        page.line("")
        page.line("Not settled", style="bold")
        page.table(
            [
                ("Number", "right"),
                ("Since (UTC)", "left"),
                ("Sent to", "left"),
                ("Account", "left"),
                ("Set aside", "right"),
            ],
            [
                (f"{o.number}", _time(o.opened_at)[:19], o.what, o.account, _shown(o.held, unit_of[o.account]))
                for o in waiting
            ],
        )
    return page.text()


def ledger_json(accounts: Sequence[Account], waiting: Sequence[Open]) -> str:
    """The same as JSON; amounts are in the account's unit, with six decimals."""
    return _document(
        {
            "accounts": [
                {
                    **one._asdict(),
                    **{name: _exact(getattr(one, name)) for name in ("bound", "reserved", "spent")},
                }
                for one in accounts
            ],
            "not_settled": [
                {**one._asdict(), "opened_at": _time(one.opened_at), "held": _exact(one.held)} for one in waiting
            ],
        }
    )


def booked_text(parts: Sequence[tuple[str, int, int]], accounts: Sequence[Account]) -> str:
    """What was spent of what was set aside, one line an account."""
    unit_of = {one.account: one.unit for one in accounts}
    return "".join(
        f"{name}: {_shown(spent, unit_of[name])} spent of {_shown(released, unit_of[name])} set aside\n"
        for name, spent, released in parts
    )


def journal_json(entries: Sequence[Entry]) -> str:
    """Every booking in order."""
    return _document([dict(zip(Entry._fields, _line(entry), strict=True)) for entry in entries])


def journal_csv(entries: Sequence[Entry]) -> str:
    """The same as CSV, one line a booking."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Entry._fields)
    # An account's name begins with the name of its rule, which no spreadsheet runs.
    writer.writerows(map(_line, entries))
    return text.getvalue()


def _line(entry: Entry) -> tuple[object, ...]:
    return (_time(entry.at), entry.number, entry.event, entry.account, _exact(entry.spent), _exact(entry.released))


def _exact(amount: int) -> str:
    return f"{from_micro(amount):.6f}"


def _shown(amount: int, unit: Unit) -> str:
    if unit == "usd":
        return usd_text(from_micro(amount))
    return f"{from_micro(amount).normalize():f} {unit.removesuffix('s') if amount == MICRO else unit}"


def _time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _document(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

"""``router ledger show|export|settle FILE``."""

from __future__ import annotations

from decimal import Decimal

import click

from router.cli.common import chosen_format, dollars, page, write
from router.errors import InputError
from router.online.ledger_file import FileLedger
from router.report.ledger_table import booked_text, journal_csv, journal_json, ledger_json, ledger_table
from router.units import to_micro


@click.group("ledger")
def command() -> None:
    """What a router spent, and what it has set aside."""


@command.command("show")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), help="Default: a table on a terminal, JSON elsewhere."
)
def show(file: str, form: str | None, output: str | None) -> int:
    """Show every budget with what is spent, set aside and left, and the reservations that are not settled."""
    form = chosen_format(form, output, ("json", "table"))
    ledger = FileLedger(file, access="read")
    accounts, waiting = ledger.state()
    ledger.close()
    write(ledger_json(accounts, waiting) if form == "json" else ledger_table(accounts, waiting, **page(output)), output)
    return 0


@command.command("export")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Default: by the ending of FILE; else CSV.")
def export(file: str, form: str | None, output: str | None) -> int:
    """Write every booking in order: what was set aside, spent and released, when and for which reservation."""
    form = form or ("json" if output is not None and output.endswith(".json") else "csv")
    ledger = FileLedger(file, access="read")
    entries = ledger.journal()
    ledger.close()
    write(journal_json(entries) if form == "json" else journal_csv(entries), output)
    return 0


@command.command("settle")
@click.argument("file", metavar="FILE")
@click.argument("number", type=int, metavar="NUMBER")
@click.option("--usd", required=True, callback=dollars, help="What was billed; 0 if nothing was made.")
@click.option("--by", metavar="PROVIDER/MODEL", help="Who billed it (default: whom it was sent to).")
def settle(file: str, number: int, usd: Decimal, by: str | None) -> int:
    """End a reservation whose pipeline was lost before it could report, and say what was booked."""
    ledger = FileLedger(file, access="change")
    sent = next((one.what for one in ledger.open_reservations() if one.number == number), None)
    if sent is None:
        raise InputError(f"{file}: no reservation {number} is open; `router ledger show` lists those that are")
    provider, _, model = (by or sent).partition("/")
    if not provider or not model:
        raise InputError(f"--by: must be PROVIDER/MODEL as {sent}, not {by!r}")
    parts = ledger.settle(number, to_micro(usd), provider, model)
    accounts = ledger.accounts()
    ledger.close()
    write(booked_text(parts, accounts), None)
    return 0

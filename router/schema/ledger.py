"""Budgets for clips that are routed one by one, and what a ledger holds of them.

Amounts of a ledger are whole millionths of an account's unit: a dollar, a clip or a second.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from router.schema.base import Model, Name, Usd

Window = Literal["run", "hour", "day", "week", "month"]
Unit = Literal["usd", "clips", "seconds"]


class Budget(Model):
    """At most so much money for whatever matches; what is reserved counts as spent until it is settled."""

    usd: Usd
    """Dollars."""
    provider: Name | None = None
    """Only what this provider bills; ``*``: each provider has such a budget of its own."""
    model: Name | None = None
    """Only what this model bills; ``*``: each model has one."""
    group: Name | None = None
    """Only clips of this ``group``; ``*``: each group has one."""
    per: Window = "run"
    """``run``: for as long as the ledger is kept; else anew every hour, day, week (from Monday) or month, in UTC."""


class Account(NamedTuple):
    """One bound over one window, and what was taken of it."""

    account: str
    unit: Unit
    bound: int
    reserved: int
    spent: int


class Open(NamedTuple):
    """A reservation that is not settled."""

    number: int
    opened_at: float
    """Seconds since 1970."""
    what: str
    """``provider/model`` of the primary."""
    account: str
    held: int


class Entry(NamedTuple):
    """One line of the journal."""

    at: float
    """Seconds since 1970."""
    number: int
    """Of the reservation."""
    event: str
    """``reserved``, an outcome, or ``given-up``."""
    account: str
    spent: int
    released: int
    """No longer set aside; negative where it was set aside."""

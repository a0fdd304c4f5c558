"""A ledger in a SQLite file that several processes share and that outlives them.

A process that dies leaves its reservations open: they stay set aside until they are settled by hand.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from router.errors import InputError, nearest
from router.online.ledger import settled_before
from router.online.ledger_store import Access, Store
from router.online.spend import Claim, Part, matches
from router.schema.ledger import Account, Entry, Open

MOST = 2**63 - 1
"""Millionths that an account can hold: beyond it SQLite would go on in floats."""


class FileLedger:
    """Accounts in a SQLite file; safe under threads and processes, and whole after a process was killed."""

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time, *, access: Access = "make") -> None:
        self._clock, self._store = clock, Store(path, access)

    def reserve(self, claims: Sequence[Claim], what: str, number: int | None = None) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._store.whole() as connection:
            return self._reserve(connection, claims, what, number)

    def _reserve(
        self, connection: sqlite3.Connection, claims: Sequence[Claim], what: str, number: int | None
    ) -> int | tuple[Claim, int]:
        if number is not None:
            _must_be_open(connection, number)
        for claim in claims:
            found = connection.execute(
                "select reserved, spent from accounts where account = ?", (claim.account,)
            ).fetchone()
            left = claim.bound - sum(found or ())
            if claim.amount > max(0, left):
                return claim, left
        now = self._clock()
        if number is None:
            number = connection.execute(
                "insert into reservations (opened_at, what) values (?, ?)", (now, what)
            ).lastrowid
            assert number is not None
        connection.executemany(
            "insert into accounts (account, unit, bound, reserved) values (?, ?, ?, ?) on conflict (account)"
            " do update set reserved = reserved + excluded.reserved, bound = excluded.bound",
            [(claim.account, claim.unit, claim.bound, claim.amount) for claim in claims],
        )
        connection.executemany(
            "insert into holds (number, account, held, planned, provider, model) values (?, ?, ?, ?, ?, ?)"
            " on conflict (number, account) do update set held = held + excluded.held",
            [(number, c.account, c.amount, c.planned, c.provider, c.model) for c in claims],
        )
        self._note(connection, now, number, "reserved", [(claim.account, 0, -claim.amount) for claim in claims])
        return number

    def book(self, number: int, parts: Sequence[Part], event: str, *, close: bool, late: bool = False) -> None:
        """See `Ledger`."""
        with self._store.whole() as connection:
            if not late:
                _must_be_open(connection, number)
            self._booked(connection, number, parts, event, close=close)

    def branch(
        self, number: int, parts: Sequence[Part], event: str, claims: Sequence[Claim], what: str
    ) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._store.whole() as connection:
            _must_be_open(connection, number)
            self._booked(connection, number, parts, event, close=False)
            found = self._reserve(connection, claims, what, None)
            if isinstance(found, tuple):
                connection.execute("rollback")
            return found

    def settle(self, number: int, spent: int, provider: str, model: str) -> list[Part]:
        """End a reservation whose decision is lost: what was billed, by whom, and nothing else, is booked.

        Parameters
        ----------
        spent
            Micro-dollars; 0 where the clip was not made.
        provider, model
            Who billed it.

        Returns
        -------
        What was booked, account by account.

        Raises
        ------
        router.errors.InputError
            If there is no such open reservation, or none of the money that it holds is for this model.
        """
        with self._store.whole() as connection:
            _must_be_open(connection, number)
            rows = connection.execute(
                "select account, held, planned, provider, model from holds where number = ?", (number,)
            ).fetchall()
            sellers = [claimed for _, _, planned, *claimed in rows if not planned]
            if spent and sellers and not any(matches(claimed, provider, model) for claimed in sellers):
                raise self._no_such_seller(number, f"{provider}/{model}", sellers)
            parts = [
                Part(
                    account,
                    (held if spent else 0) if planned else spent if matches(claimed, provider, model) else 0,
                    held,
                )
                for account, held, planned, *claimed in rows
            ]
            self._booked(connection, number, parts, "settled by hand", close=True)
            return parts

    def accounts(self) -> list[Account]:
        """See `Ledger`."""
        return self._store.read(_accounts)

    def open_reservations(self) -> list[Open]:
        """See `Ledger`."""
        return self._store.read(_open_reservations)

    def state(self) -> tuple[list[Account], list[Open]]:
        """Accounts and open reservations of one moment: what is set aside in the ones is what the others hold."""
        return self._store.read(lambda connection: (_accounts(connection), _open_reservations(connection)))

    def journal(self) -> list[Entry]:
        """Everything that was ever booked, in order."""
        rows = self._store.read(
            lambda connection: connection.execute("select * from journal order by rowid").fetchall()
        )
        return [Entry(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _booked(
        self, connection: sqlite3.Connection, number: int, parts: Sequence[Part], event: str, *, close: bool
    ) -> None:
        booked = connection.executemany(
            "update accounts set spent = spent + ?, reserved = reserved - ? where account = ? and spent <= ?",
            [(spent, released, account, MOST - spent) for account, spent, released in parts],
        )
        if booked.rowcount < len(parts):
            raise InputError(f"{self._store.path}: holds no such sums; nothing was booked, look at what was billed")
        connection.executemany(
            "update holds set held = held - ? where number = ? and account = ?",
            [(released, number, account) for account, _, released in parts],
        )
        self._note(connection, self._clock(), number, event, parts)
        if close:
            connection.execute("delete from holds where number = ?", (number,))
            connection.execute("delete from reservations where number = ?", (number,))

    def _note(
        self,
        connection: sqlite3.Connection,
        at: float,
        number: int,
        event: str,
        parts: Iterable[tuple[str, int, int]],
    ) -> None:
        connection.executemany(
            "insert into journal (at, number, event, account, spent, released) values (?, ?, ?, ?, ?, ?)",
            [(at, number, event, *part) for part in parts],
        )

    def _no_such_seller(self, number: int, asked: str, sellers: Iterable[Sequence[str | None]]) -> InputError:
        parts = asked.split("/", 1)
        held = ["/".join(own or part for own, part in zip(claimed, parts, strict=True)) for claimed in sellers]
        known = sorted({"/".join(part or "*" for part in claimed) for claimed in sellers})
        near = nearest(asked, held)
        return InputError(
            f"reservation {number} has set nothing aside for {asked}; "
            + (f"did you mean {near}?" if near else f"only for {', '.join(known)}")
        )


def _accounts(connection: sqlite3.Connection) -> list[Account]:
    rows = connection.execute("select account, unit, bound, reserved, spent from accounts order by account")
    return [Account(*row) for row in rows]


def _open_reservations(connection: sqlite3.Connection) -> list[Open]:
    rows = connection.execute(
        "select number, opened_at, what, account, held from reservations join holds using (number) order by number, account"
    )
    return [Open(*row) for row in rows]


def _must_be_open(connection: sqlite3.Connection, number: int) -> None:
    if connection.execute("select 1 from reservations where number = ?", (number,)).fetchone() is None:
        raise settled_before(number)

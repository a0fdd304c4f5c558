"""A ledger in a SQLite file that several processes share and that outlives them.

A process that dies leaves its reservations open: they stay set aside until they are settled by hand.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from router.errors import InputError
from router.online.ledger import settled_before
from router.online.spend import Claim, Part, matches
from router.schema.ledger import Account, Entry, Open

VERSION = 1
"""Of the file's tables, kept as its ``user_version``."""
APPLICATION = 0x636C6970
"""Marks a SQLite file as a ledger of ours."""
PATIENCE_SECONDS = 30.0
"""How long one process waits for another."""


_TABLES = f"""
create table accounts (
  account text primary key, unit text not null, bound integer not null,
  reserved integer not null default 0, spent integer not null default 0
) without rowid;
create table reservations (number integer primary key autoincrement, opened_at real not null, what text not null);
create table holds (
  number integer not null, account text not null, held integer not null,
  planned integer not null, provider text, model text, primary key (number, account)
) without rowid;
create table journal (
  at real not null, number integer not null, event text not null, account text not null,
  spent integer not null, released integer not null
);
pragma application_id = {APPLICATION};
pragma user_version = {VERSION};
"""


class FileLedger:
    """Accounts in a SQLite file; safe under threads and processes, and whole after a process was killed.

    Changes are written ahead (WAL): what is committed outlives the process; a machine that loses power may lose the last commits.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time, *, create: bool = True) -> None:
        self._path, self._clock, self._create = Path(path), clock, create
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        with self._whole() as connection:
            self._prepare(connection)

    def reserve(self, claims: Sequence[Claim], what: str, number: int | None = None) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._whole() as connection:
            return self._reserve(connection, claims, what, number)

    def _reserve(
        self, connection: sqlite3.Connection, claims: Sequence[Claim], what: str, number: int | None
    ) -> int | tuple[Claim, int]:
        if number is not None:
            _must_be_open(connection, number)
        for claim in claims:
            found = connection.execute(
                "select reserved + spent from accounts where account = ?", (claim.account,)
            ).fetchone()
            left = claim.bound - (found[0] if found else 0)
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
        with self._whole() as connection:
            if not late:
                _must_be_open(connection, number)
            self._booked(connection, number, parts, event, close=close)

    def branch(
        self, number: int, parts: Sequence[Part], event: str, claims: Sequence[Claim], what: str
    ) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._whole() as connection:
            _must_be_open(connection, number)
            self._booked(connection, number, parts, event, close=False)
            found = self._reserve(connection, claims, what, None)
            if isinstance(found, tuple):
                connection.execute("rollback")
            return found

    def settle(self, number: int, spent: int, provider: str, model: str) -> None:
        """End a reservation whose decision is lost: what was billed, by whom, and nothing else, is booked.

        Parameters
        ----------
        spent
            Micro-dollars; 0 where the clip was not made.
        provider, model
            Who billed it.

        Raises
        ------
        router.errors.InputError
            If there is no such open reservation.
        """
        with self._whole() as connection:
            _must_be_open(connection, number)
            rows = connection.execute(
                "select account, held, planned, provider, model from holds where number = ?", (number,)
            ).fetchall()
            parts = [
                Part(
                    account,
                    (held if spent else 0) if planned else spent if matches(claimed, provider, model) else 0,
                    held,
                )
                for account, held, planned, *claimed in rows
            ]
            self._booked(connection, number, parts, "settled by hand", close=True)

    def accounts(self) -> list[Account]:
        """See `Ledger`."""
        rows = self._read("select account, unit, bound, reserved, spent from accounts order by account")
        return [Account(*row) for row in rows]

    def open_reservations(self) -> list[Open]:
        """See `Ledger`."""
        rows = self._read(
            "select number, opened_at, what, account, held from reservations join holds using (number) order by number, account"
        )
        return [Open(*row) for row in rows]

    def journal(self) -> list[Entry]:
        """Everything that was ever booked, in order."""
        return [Entry(*row) for row in self._read("select * from journal order by rowid")]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._open().execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from None

    def _booked(
        self, connection: sqlite3.Connection, number: int, parts: Sequence[Part], event: str, *, close: bool
    ) -> None:
        connection.executemany(
            "update accounts set spent = spent + ?, reserved = reserved - ? where account = ?",
            [(spent, released, account) for account, spent, released in parts],
        )
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

    @contextlib.contextmanager
    def _whole(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else writes into."""
        with self._lock:
            connection = self._open()
            try:
                connection.execute("begin immediate")
                yield connection
                if connection.in_transaction:
                    connection.execute("commit")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("rollback")
                if isinstance(error, sqlite3.DatabaseError):
                    raise self._unusable(error) from None
                raise

    def _open(self) -> sqlite3.Connection:
        """The connection of this process: a forked child must not use its parent's."""
        if self._connection is None or self._owner != os.getpid():
            if not self._create and not self._path.exists():
                raise self._unusable("there is no such file")
            mode = "rwc" if self._create else "rw"
            try:
                found = sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode={mode}", timeout=PATIENCE_SECONDS, isolation_level=None,
                    check_same_thread=False, uri=True,
                )  # fmt: skip
                self._write_ahead(found)
                found.execute("pragma synchronous = normal")
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from None
            self._connection, self._owner = found, os.getpid()
        return self._connection

    @staticmethod
    def _write_ahead(connection: sqlite3.Connection) -> None:
        """Turn on the WAL. SQLite does not wait here for another process that is about to do the same."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                connection.execute("pragma journal_mode = wal")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _unusable(self, error: sqlite3.DatabaseError | str) -> InputError:
        mend = "name another file"
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN:
            # It may be the right file on a full disk: a new one would forget what was spent.
            mend = "nothing was booked; try again when that is mended"
        return InputError(f"{self._path}: cannot be used as a ledger: {error}; {mend}")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (mark,), (version,), (tables,) = (
            connection.execute(question).fetchone()
            for question in ("pragma application_id", "pragma user_version", "select count(*) from sqlite_master")
        )
        if not tables:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
        elif (mark, version) != (APPLICATION, VERSION):
            raise InputError(f"{self._path}: is a database, but no ledger of this version; name another file")


def _must_be_open(connection: sqlite3.Connection, number: int) -> None:
    if connection.execute("select 1 from reservations where number = ?", (number,)).fetchone() is None:
        raise settled_before(number)

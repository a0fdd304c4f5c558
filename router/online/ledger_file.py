"""A ledger in a SQLite file that several processes share and that outlives them.

A process that dies leaves its reservations open: they stay set aside until they are settled by hand. Nothing is written to
another program's file, nor beside it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from router.errors import InputError, nearest
from router.online.ledger import settled_before
from router.online.spend import Claim, Part, matches
from router.schema.ledger import Account, Entry, Open

VERSION = 1
"""Of the file's tables, kept as its ``user_version``."""
APPLICATION = 0x636C6970
"""Marks a SQLite file as a ledger of ours."""
PATIENCE_SECONDS = 30.0
"""How long one process waits for another."""
MOST = 2**63 - 1
"""Millionths that an account can hold: beyond it SQLite would go on in floats."""
Access = Literal["make", "change", "read"]
"""What may be done to the file: make one where there is none, book, or only look."""

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

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time, *, access: Access = "make") -> None:
        self._path, self._clock, self._access = Path(path), clock, access
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._refuse_another_file()
        if access == "make":
            with self._whole() as connection:
                self._make(connection)
            self._access = "change"

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
        with self._whole() as connection:
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
        booked = connection.executemany(
            "update accounts set spent = spent + ?, reserved = reserved - ? where account = ? and spent <= ?",
            [(spent, released, account, MOST - spent) for account, spent, released in parts],
        )
        if booked.rowcount < len(parts):
            raise InputError(f"{self._path}: holds no such sums; nothing was booked, look at what was billed")
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
            if self._access != "make" and not self._path.exists():
                raise self._unusable("there is no such file")
            try:
                self._connection = self._reading() if self._access == "read" else self._writing()
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from None
            self._owner = os.getpid()
        return self._connection

    def _writing(self) -> sqlite3.Connection:
        found = self._connected("mode=rwc" if self._access == "make" else "mode=rw")
        self._write_ahead(found)
        found.execute("pragma synchronous = normal")
        return found

    def _reading(self) -> sqlite3.Connection:
        """A connection that changes nothing; also where nothing can be written, if the ledger was closed there."""
        found = self._connected(
            "mode=rw"
        )  # Locks are files: without them nothing is safe from those that write meanwhile
        try:
            found.execute("pragma schema_version").fetchone()
        except sqlite3.OperationalError:
            found.close()
            found = self._looked_at()
        found.execute("pragma query_only = on")
        return found

    def _looked_at(self) -> sqlite3.Connection:
        """A connection that leaves no file behind: what was written ahead is read only where something was."""
        return self._connected("mode=ro" if self._ahead.exists() else "mode=ro&immutable=1")

    def _connected(self, how: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?{how}", timeout=PATIENCE_SECONDS, isolation_level=None,
            check_same_thread=False, uri=True,
        )  # fmt: skip

    @property
    def _ahead(self) -> Path:
        """Where SQLite keeps what is written ahead, while a ledger is open or after its process was killed."""
        return self._path.with_name(f"{self._path.name}-wal")

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
        if self._access == "read" and self._ahead.exists():
            mend = f"it was not closed: where nothing can be written, copy it together with {self._ahead.name}, and read the copy"
        elif isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN:
            # It may be the right file on a full disk: a new one would forget what was spent.
            mend = "nothing was booked; try again when that is mended"
        return InputError(f"{self._path}: cannot be used as a ledger: {error}; {mend}")

    def _refuse_another_file(self) -> None:
        """Raise InputError if a file is there and is no ledger, before anything is written to it or beside it."""
        if self._path.exists() and not self._path.is_file():
            raise self._unusable("it is no file")
        if not self._path.exists() or not self._path.stat().st_size:
            if self._access == "make":
                return
            raise self._unusable("it is empty" if self._path.exists() else "there is no such file")
        try:
            with contextlib.closing(self._looked_at()) as connection:
                mark = _mark(connection)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from None
        self._refuse_another(mark)

    def _refuse_another(self, mark: tuple[int, int, int]) -> None:
        nothing_yet = self._access == "make" and mark == (0, 0, 0)
        if mark[:2] != (APPLICATION, VERSION) and not nothing_yet:
            raise InputError(f"{self._path}: is a database, but no ledger of this version; name another file")

    def _make(self, connection: sqlite3.Connection) -> None:
        mark = _mark(connection)
        self._refuse_another(mark)
        if not mark[2]:
            for statement in _TABLES.split(";"):
                connection.execute(statement)

    def _no_such_seller(self, number: int, asked: str, sellers: Iterable[Sequence[str | None]]) -> InputError:
        parts = asked.split("/", 1)
        held = ["/".join(own or part for own, part in zip(claimed, parts, strict=True)) for claimed in sellers]
        known = sorted({"/".join(part or "*" for part in claimed) for claimed in sellers})
        near = nearest(asked, held)
        return InputError(
            f"reservation {number} has set nothing aside for {asked}; "
            + (f"did you mean {near}?" if near else f"only for {', '.join(known)}")
        )


def _mark(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """What tells a ledger: its mark, its version, and how many things are in it."""
    questions = ("pragma application_id", "pragma user_version", "select count(*) from sqlite_master")
    mark, version, things = (connection.execute(question).fetchone()[0] for question in questions)
    return mark, version, things


def _must_be_open(connection: sqlite3.Connection, number: int) -> None:
    if connection.execute("select 1 from reservations where number = ?", (number,)).fetchone() is None:
        raise settled_before(number)

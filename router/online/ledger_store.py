"""The SQLite file of a ledger: how it is told from other files, made, read and changed.

Changes are whole, and what is asked at once is of one moment. Nothing is written to another program's file, nor beside it, nor beside a
ledger by somebody who may only read it: a file that he left there would keep its owner out.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from router.errors import InputError

VERSION = 1
"""Of the file's tables, kept as its ``user_version``."""
APPLICATION = 0x636C6970
"""Marks a SQLite file as a ledger of ours."""
PATIENCE_SECONDS = 30.0
"""How long one process waits for another."""
Access = Literal["make", "change", "read"]
"""What may be done to the file: make one where there is none, book, or only look."""
Answer = TypeVar("Answer")
_BROKEN = (sqlite3.DatabaseError, UnicodeError)
"""What SQLite raises of a file; names in it that are no text come out as such."""

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


class Store:
    """A file that threads and processes share; whole after a process was killed.

    Changes are written ahead (WAL): what is committed outlives the process; a machine that loses power may lose the last commits.
    """

    def __init__(self, path: str | Path, access: Access) -> None:
        self.path, self._access = Path(path), access
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._refuse_another_file()
        if access == "make":
            with self.whole() as connection:
                self._make(connection)
            self._access = "change"

    @contextlib.contextmanager
    def whole(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else writes into."""
        with self._lock, self._mending():
            connection = self._open()
            try:
                connection.execute("begin immediate")
                yield connection
                if connection.in_transaction:
                    connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise

    def read(self, ask: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """The answer to whatever is asked, all of one moment. It may be asked more than once."""
        with self._lock, self._mending():
            if not self._path_is_there():
                raise self._unusable("there is no such file")
            if self._access == "read" and not self._may_be_written():
                return self._looked_at(ask)
            return _at_once(self._open(), ask)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        """The connection of this process: a forked child must not use its parent's."""
        if self._connection is None or self._owner != os.getpid():
            if self._access != "make" and not self._path_is_there():
                raise self._unusable("there is no such file")
            if self.path.exists() and not self._may_be_written():
                raise self._unusable("it may not be written, or no file beside it")
            found = self._connected("mode=rwc" if self._access == "make" else "mode=rw")
            if self._access == "read":
                found.execute("pragma query_only = on")
            else:
                _write_ahead(found)
                found.execute("pragma synchronous = normal")
            self._connection, self._owner = found, os.getpid()
        return self._connection

    def _looked_at(self, ask: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """An answer that leaves no file behind. Where nothing is written ahead there are no locks: it holds if the file stayed the same."""
        while True:
            before, ahead = self._state(), self._ahead.exists()
            how = "mode=ro&immutable=1"
            if ahead:
                how = "mode=ro" if self._may_be_written() else "mode=ro&readonly_shm=1"
            try:
                with contextlib.closing(self._connected(how)) as connection:
                    answer = _at_once(connection, ask)
            except _BROKEN:
                if self._state() == before:
                    raise
            else:
                if ahead or self._state() == before:
                    return answer

    def _state(self) -> tuple[int, int, bool]:
        """What changes with every change to the file."""
        now = self.path.stat()
        return now.st_mtime_ns, now.st_size, self._ahead.exists()

    def _connected(self, how: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{how}", timeout=PATIENCE_SECONDS, isolation_level=None,
            check_same_thread=False, uri=True,
        )  # fmt: skip

    @property
    def _ahead(self) -> Path:
        """Where SQLite keeps what is written ahead, while a ledger is open or after its process was killed."""
        return self.path.with_name(f"{self.path.name}-wal")

    def _path_is_there(self) -> bool:
        return self._connection is not None or self.path.exists()

    def _may_be_written(self) -> bool:
        """Whether locks can be taken, which are files beside it."""
        effective = os.access in os.supports_effective_ids
        return all(
            os.access(path, os.W_OK, effective_ids=effective) for path in (self.path, self.path.absolute().parent)
        )

    def _refuse_another_file(self) -> None:
        """Raise InputError if a file is there and is no ledger, before anything is written to it or beside it."""
        if self.path.exists() and not self.path.is_file():
            raise self._unusable("it is no file")
        if not self.path.exists() or not self.path.stat().st_size:
            if self._access == "make":
                return
            raise self._unusable("it is empty" if self.path.exists() else "there is no such file")
        with self._mending():
            mark = self._looked_at(_mark)
        self._refuse_another(mark)

    def _refuse_another(self, mark: tuple[int, int, int]) -> None:
        nothing_yet = self._access == "make" and mark == (0, 0, 0)
        if mark[:2] != (APPLICATION, VERSION) and not nothing_yet:
            raise InputError(f"{self.path}: is a database, but no ledger of this version; name another file")

    def _make(self, connection: sqlite3.Connection) -> None:
        mark = _mark(connection)
        self._refuse_another(mark)
        if not mark[2]:
            for statement in _TABLES.split(";"):
                connection.execute(statement)

    @contextlib.contextmanager
    def _mending(self) -> Iterator[None]:
        """Says what is wrong with the file, and how to mend it, where SQLite says that something is."""
        try:
            yield
        except _BROKEN as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception | str) -> InputError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        mend = "name another file"
        if isinstance(error, UnicodeError) or code == sqlite3.SQLITE_CORRUPT:
            mend = "it is damaged: put back a copy of it; a new one would forget what was spent"
        elif self._access == "read" and code == sqlite3.SQLITE_CANTOPEN and self._ahead.exists():
            mend = f"it was not closed: where nothing can be written, copy it together with {self._ahead.name}, and read the copy"
        elif isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_CANTOPEN:
            # It may be the right file on a full disk: a new one would forget what was spent.
            mend = f"nothing was {'read' if self._access == 'read' else 'booked'}; try again when that is mended"
        what = "a name in it is no text" if isinstance(error, UnicodeError) else error
        return InputError(f"{self.path}: cannot be used as a ledger: {what}; {mend}")


def _at_once(connection: sqlite3.Connection, ask: Callable[[sqlite3.Connection], Answer]) -> Answer:
    """An answer to several questions that nobody writes between."""
    connection.execute("begin")
    try:
        return ask(connection)
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


def _mark(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """What tells a ledger: its mark, its version, and how many things are in it; within a transaction."""
    questions = ("select count(*) from sqlite_master", "pragma application_id", "pragma user_version")
    things, mark, version = (connection.execute(question).fetchone()[0] for question in questions)
    return mark, version, things


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

"""The ledger file: shared by processes, safe under threads, whole after a kill, and no other file's harm."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError, OverBudgetError
from router.online import Ledger, MemoryLedger, Router
from router.online.ledger_file import FileLedger
from router.online.ledger_store import _TABLES, Access
from router.online.spend import Claim, Part
from tests.online.shop import CLIP, Clock, router, taken

TOP = Path(__file__).parents[2]


@pytest.fixture(params=["memory", "file"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    own: Ledger = MemoryLedger() if request.param == "memory" else FileLedger(tmp_path / "spend.db")
    yield own
    own.close()


def claim(account: str = "x", amount: int = 3, bound: int = 10) -> Claim:
    return Claim(account, "run", bound, amount)


def test_all_claims_are_set_aside_or_none(ledger: Ledger) -> None:
    number = ledger.reserve([claim("x"), claim("y")], "p/a")
    assert isinstance(number, int)
    refused = ledger.reserve([claim("x"), claim("y", 8)], "p/a")
    assert refused == (claim("y", 8), 7)
    assert [(one.account, one.reserved, one.spent) for one in ledger.accounts()] == [("x", 3, 0), ("y", 3, 0)]
    ledger.book(number, [Part("x", 2, 3), Part("y", 0, 3)], "served", close=True)
    assert [(one.account, one.reserved, one.spent) for one in ledger.accounts()] == [("x", 0, 2), ("y", 0, 0)]
    assert ledger.open_reservations() == []


def test_what_is_spent_and_set_aside_may_reach_the_bound_but_not_pass_it(ledger: Ledger) -> None:
    number = ledger.reserve([claim(amount=6)], "p/a")
    assert isinstance(number, int)
    ledger.book(number, [Part("x", 4, 6)], "served", close=True)
    assert isinstance(ledger.reserve([claim(amount=6)], "p/a"), int)
    assert ledger.reserve([claim(amount=1)], "p/a") == (claim(amount=1), 0)


def test_a_settled_reservation_takes_no_more_bookings(ledger: Ledger) -> None:
    number = ledger.reserve([claim()], "p/a")
    assert isinstance(number, int)
    ledger.book(number, [Part("x", 3, 3)], "served", close=True)
    with pytest.raises(InputError, match=rf"reservation {number} was settled before; nothing was booked"):
        ledger.book(number, [Part("x", 3, 0)], "served", close=True)
    assert ledger.accounts()[0].spent == 3


def test_a_reservation_branches_whole_or_not_at_all(ledger: Ledger) -> None:
    number = ledger.reserve([claim(amount=8)], "p/a")
    assert isinstance(number, int)
    # Of x's 10 the first keeps 3 and has spent 1 in the end: 6 are left.
    refused = ledger.branch(number, [Part("x", 1, 5)], "moved-on", [claim(amount=7)], "p/b")
    assert refused == (claim(amount=7), 6)
    assert [(one.number, one.held) for one in ledger.open_reservations()] == [(number, 8)]
    assert [(one.reserved, one.spent) for one in ledger.accounts()] == [(8, 0)]
    other = ledger.branch(number, [Part("x", 1, 5)], "moved-on", [claim(amount=6)], "p/b")
    assert [(one.number, one.what, one.held) for one in ledger.open_reservations()] == [
        (number, "p/a", 3),
        (other, "p/b", 6),
    ]
    assert [(one.reserved, one.spent) for one in ledger.accounts()] == [(9, 1)]
    ledger.book(number, [Part("x", 3, 3)], "served", close=True)
    with pytest.raises(InputError, match=f"reservation {number} was settled before"):
        ledger.branch(number, [Part("x", 1, 1)], "moved-on", [claim(amount=1)], "p/b")


def test_open_reservations_say_what_they_are_for(tmp_path: Path) -> None:
    clock = Clock(5.0)
    for own in (MemoryLedger(clock), FileLedger(tmp_path / "spend.db", clock)):
        own.reserve([claim("x"), claim("y", 4)], "p/a")
        assert [tuple(one) for one in own.open_reservations()] == [(1, 5.0, "p/a", "x", 3), (1, 5.0, "p/a", "y", 4)]
        own.close()


def test_a_router_finds_its_spending_again_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = router(limits={"budget_usd": 3}, ledger=path)
    own.report(own.route(CLIP), "served")
    own.ledger.close()
    again = router(limits={"budget_usd": 3}, ledger=path)
    again.route(CLIP)
    with pytest.raises(OverBudgetError):
        again.route(CLIP)
    assert taken(again) == {"limits.budget_usd": (200, 100)}
    again.ledger.close()


def test_a_larger_budget_is_taken_up_by_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = router(limits={"budget_usd": 2}, ledger=path)
    own.route(CLIP)
    own.ledger.close()
    again = router(limits={"budget_usd": 4}, ledger=path)
    again.route(CLIP)
    assert again.ledger.accounts()[0].bound == 4_000_000
    again.ledger.close()


def test_the_journal_adds_up_to_the_accounts(tmp_path: Path) -> None:
    own = FileLedger(tmp_path / "spend.db")
    rng = random.Random(1)
    for _ in range(50):
        number = own.reserve([claim(rng.choice("xyz"), rng.randint(1, 3), 1000)], "p/a")
        assert isinstance(number, int)
        (held,) = [one for one in own.open_reservations() if one.number == number]
        own.book(number, [Part(held.account, rng.randint(0, 3), held.held)], "served", close=True)
    for one in own.accounts():
        lines = [line for line in own.journal() if line.account == one.account]
        assert sum(line.spent for line in lines) == one.spent
        assert -sum(line.released for line in lines) == one.reserved == 0
    own.close()


# ---- many at once ----------------------------------------------------------------------------------------------------

PROCESSES, THREADS, EACH = 4, 8, 320
BOUND = 2_000


def hammer(path: str, seed: int) -> None:
    """Reserve ``THREADS * EACH`` times through one ledger, and settle some of it."""
    ledger = FileLedger(path)

    def work(part: int) -> None:
        rng = random.Random(seed * THREADS + part)
        for _ in range(EACH):
            number = ledger.reserve([claim("all", 5, BOUND), claim(f"own-{rng.randint(0, 3)}", 5, BOUND // 3)], "p/a")
            if isinstance(number, int) and rng.random() < 0.8:
                spent = rng.randint(0, 5)
                accounts = [one.account for one in ledger.open_reservations() if one.number == number]
                ledger.book(number, [Part(account, spent, 5) for account in accounts], "served", close=True)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()


_HAMMER = "import sys; from tests.online.test_ledger import hammer; hammer(sys.argv[1], int(sys.argv[2]))"


def test_10_000_reservations_from_threads_and_processes_never_exceed_a_budget(tmp_path: Path) -> None:
    assert PROCESSES * THREADS * EACH >= 10_000
    path = tmp_path / "spend.db"
    FileLedger(path).close()
    # No `multiprocessing`: its resource tracker would stay behind in this process.
    workers = [
        subprocess.Popen([sys.executable, "-c", _HAMMER, str(path), str(seed)], cwd=TOP) for seed in range(PROCESSES)
    ]
    assert [worker.wait() for worker in workers] == [0] * PROCESSES
    own = FileLedger(path)
    held: dict[str, int] = {}
    for one in own.open_reservations():
        held[one.account] = held.get(one.account, 0) + one.held
    running: dict[str, int] = {}
    for line in own.journal():
        running[line.account] = running.get(line.account, 0) + line.spent - line.released
        assert running[line.account] <= (BOUND if line.account == "all" else BOUND // 3)
    for one in own.accounts():
        assert one.reserved == held.get(one.account, 0)
        assert one.reserved + one.spent == running[one.account] <= one.bound
    assert {one.account for one in own.accounts()} == {"all", "own-0", "own-1", "own-2", "own-3"}
    own.close()


def test_threads_that_share_a_router_never_exceed_its_budget() -> None:
    own = router(limits={"budget_usd": 500})
    paid: list[int] = []

    def work() -> None:
        for _ in range(100):
            try:
                decision = own.route(CLIP)
            except OverBudgetError:
                continue
            own.report(decision, "served")
            # Where another thread settles between two tries, a dearer way can be the first that fits.
            paid.append(int(decision.price_usd * 100))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken(own) == {"limits.budget_usd": (0, sum(paid))}
    work()
    assert taken(own) == {"limits.budget_usd": (0, sum(paid))}
    assert 49_800 < sum(paid) <= 50_000


_VICTIM = """
import sys
from router.online.ledger_file import FileLedger
from tests.online.test_ledger import claim
ledger = FileLedger(sys.argv[1])
while True:
    number = ledger.reserve([claim("x", 1, 10**9)], "p/a")
    print(number, flush=True)
"""


def test_nothing_that_was_reserved_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    command = [sys.executable, "-c", _VICTIM, str(path)]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TOP)
    assert victim.stdout is not None
    said = [int(victim.stdout.readline()) for _ in range(200)]
    os.kill(victim.pid, signal.SIGKILL)
    said += [int(line) for line in victim.stdout.read().split("\n")[:-1]]
    victim.wait()
    victim.stdout.close()
    own = FileLedger(path)
    kept = [one.number for one in own.open_reservations()]
    # The last one may have been committed and not said.
    assert kept[: len(said)] == said
    assert len(kept) <= len(said) + 1
    assert own.accounts()[0].reserved == len(kept)
    own.close()


def test_settling_by_hand_happens_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = FileLedger(tmp_path / "spend.db")
    number = own.reserve([claim("x"), claim("y")], "p/a")
    assert isinstance(number, int)

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(own, "_note", fails)
        with pytest.raises(KeyboardInterrupt):
            own.settle(number, 2, "p", "a")
    assert [(one.account, one.reserved, one.spent) for one in own.accounts()] == [("x", 3, 0), ("y", 3, 0)]
    own.settle(number, 2, "p", "a")
    assert [(one.account, one.reserved, one.spent) for one in own.accounts()] == [("x", 0, 2), ("y", 0, 2)]
    with pytest.raises(InputError, match=f"reservation {number} was settled before"):
        own.settle(number, 2, "p", "a")
    own.close()


def test_a_forked_child_uses_a_connection_of_its_own(tmp_path: Path) -> None:
    own = FileLedger(tmp_path / "spend.db")
    own.reserve([claim()], "p/a")
    child = os.fork()
    if not child:
        try:
            own.reserve([claim()], "p/a")
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    own.reserve([claim()], "p/a")
    assert own.accounts()[0].reserved == 9
    own.close()


_OPENED_AT_ONCE = """
import sys
from router.online.ledger_file import FileLedger
from tests.online.test_ledger import claim
print("ready", flush=True)
for line in sys.stdin:
    own = FileLedger(line.strip())
    own.reserve([claim(amount=1)], "p/a")
    own.close()
    print("done", flush=True)
"""


def test_processes_that_make_the_file_at_once_wait_for_one_another(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OPENED_AT_ONCE]
    with contextlib.ExitStack() as running:
        workers = [
            running.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP)
            )
            for _ in range(4)
        ]
        pipes = [(worker.stdin, worker.stdout) for worker in workers]
        assert all(said is not None and said.readline() == "ready\n" for _, said in pipes)
        for k in range(10):
            for asked, _ in pipes:
                assert asked is not None
                asked.write(f"{tmp_path / str(k)}.db\n")
                asked.flush()
            assert [said is not None and said.readline() for _, said in pipes] == ["done\n"] * 4
            own = FileLedger(tmp_path / f"{k}.db")
            assert own.accounts()[0].reserved == 4
            own.close()


def traced(monkeypatch: pytest.MonkeyPatch, statement: str, then: Callable[[], object]) -> None:
    """Do something right before a statement runs for the first time on a connection that is opened from now on."""
    connect, first = sqlite3.connect, iter((True,))

    def heard(sql: str) -> None:
        if statement in sql and next(first, False):
            then()

    def connected(*given: Any, **named: Any) -> sqlite3.Connection:
        found = connect(*given, **named)
        found.set_trace_callback(heard)
        return found

    monkeypatch.setattr(sqlite3, "connect", connected)


def test_a_file_that_another_process_makes_at_this_moment_is_a_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spend.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("pragma journal_mode = wal")
    other.execute("begin immediate")

    def make() -> None:
        for statement in _TABLES.split(";"):
            other.execute(statement)
        other.execute("commit")

    traced(monkeypatch, "pragma user_version", make)
    own = FileLedger(path)
    assert isinstance(own.reserve([claim()], "p/a"), int)
    own.close()
    other.close()


def test_accounts_and_reservations_are_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    traced(monkeypatch, "from reservations", lambda: own.reserve([claim()], "p/a"))
    read = FileLedger(path, access="read")
    accounts, waiting = read.state()
    assert sum(one.reserved for one in accounts) == sum(one.held for one in waiting) == 3
    assert read.accounts()[0].reserved == 6
    read.close()
    own.close()


def test_a_decision_that_was_no_longer_waited_for_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = router(limits={"budget_usd": 9}, ledger=path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(own.aroute(CLIP), 0.1)
        other.execute("rollback")

    asyncio.run(impatient())  # Waits for its threads
    other.close()
    assert taken(own) == {"limits.budget_usd": (0, 0)}
    assert own.ledger.open_reservations() == []
    own.ledger.close()


def test_a_full_disk_is_told_and_the_step_can_be_reported_again(tmp_path: Path) -> None:
    own = router(limits={"budget_usd": 9}, ledger=tmp_path / "spend.db")
    first = own.route(CLIP)
    file = own.ledger
    assert isinstance(file, FileLedger)
    connection = file._store._connection
    assert connection is not None
    (pages,) = connection.execute("pragma page_count").fetchone()
    connection.execute(f"pragma max_page_count = {pages}")

    def fill() -> None:
        while True:
            own.give_up(own.route({**CLIP, "models": ["c"]}))

    with pytest.raises(InputError, match=r"spend\.db: cannot be used as a ledger: database or disk is full"):
        fill()
    before = taken(own)
    with pytest.raises(InputError, match="disk is full; nothing was booked; try again when that is mended"):
        own.report(first, "served")
    assert first.outcome is None
    assert taken(own) == before
    connection.execute(f"pragma max_page_count = {pages * 10}")
    own.report(first, "served")
    assert taken(own)["limits.budget_usd"][1] == 100
    file.close()


# ---- other files -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "plan.json"
    text.write_text(json.dumps({"schema": 1}) * 100)
    before = text.read_bytes()
    with pytest.raises(
        InputError, match=r"plan\.json: cannot be used as a ledger: file is not a database; name another file"
    ):
        FileLedger(text)
    assert text.read_bytes() == before


ACCESS: tuple[Access, ...] = ("make", "change", "read")


@pytest.mark.parametrize("access", ACCESS)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_programs_database_is_refused_and_nothing_is_written_to_it_or_beside_it(
    tmp_path: Path, mode: str, access: Access
) -> None:
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute(f"pragma journal_mode = {mode}")
        connection.execute("create table mine (x)")
    before = other.read_bytes()
    with pytest.raises(InputError, match=r"other\.db: is a database, but no ledger of this version; name another file"):
        FileLedger(other, access=access)
    assert other.read_bytes() == before
    assert list(tmp_path.iterdir()) == [other]


@pytest.mark.parametrize("access", ["change", "read"])
def test_an_empty_file_is_no_ledger_to_be_read_and_stays_empty(tmp_path: Path, access: Access) -> None:
    path = tmp_path / "spend.db"
    path.touch()
    with pytest.raises(InputError, match="cannot be used as a ledger: it is empty; name another file"):
        FileLedger(path, access=access)
    assert path.stat().st_size == 0
    FileLedger(path).close()  # A router may begin one there
    FileLedger(path, access=access).close()


@pytest.mark.parametrize("access", ACCESS)
def test_a_damaged_ledger_is_said_to_be_so(tmp_path: Path, access: Access) -> None:
    path = tmp_path / "spend.db"
    FileLedger(path).close()
    whole = path.read_bytes()
    no_text = bytearray(whole)
    no_text[whole.find(b"CREATE TABLE reservations") + 3] = 0xF7
    cut = whole[:4096] + bytes(len(whole) - 4096)
    for damaged, what in ((no_text, "a name in it is no text"), (cut, "database disk image is malformed")):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{what}; it is damaged: put back a copy of it; a new one would forget"):
            FileLedger(path, access=access).accounts()
        for left in tmp_path.glob("spend.db-*"):
            left.unlink()


@pytest.mark.parametrize("access", ACCESS)
def test_a_folder_is_no_ledger(tmp_path: Path, access: Access) -> None:
    with pytest.raises(InputError, match="cannot be used as a ledger: it is no file; name another file"):
        FileLedger(tmp_path, access=access)


def test_reading_a_ledger_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    own.close()
    before = path.read_bytes()
    read = FileLedger(path, access="read")
    assert [one.held for one in read.open_reservations()] == [3]
    read.close()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that nothing can be written in once it is made so, by nobody who asks while the test runs."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # Root may write anywhere
    folder = Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)
    if root:
        os.seteuid(0)


def lock(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        path.chmod(path.stat().st_mode & 0o555)


def test_a_ledger_that_was_closed_can_be_read_where_nothing_can_be_written(locked: Path) -> None:
    path = locked / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    own.close()
    lock(locked)
    read = FileLedger(path, access="read")
    assert [one.held for one in read.open_reservations()] == [3]
    assert [one.event for one in read.journal()] == ["reserved"]
    read.close()


def test_one_that_was_not_closed_says_what_to_copy(locked: Path) -> None:
    path = locked / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    copies = {name: (locked / name).read_bytes() for name in ("spend.db", "spend.db-wal")}
    own.close()
    for name, copy in copies.items():
        (locked / name).write_bytes(copy)
    lock(locked)
    with pytest.raises(
        InputError, match=r"it was not closed: .* copy it together with spend\.db-wal, and read the copy"
    ):
        FileLedger(path, access="read")


@pytest.mark.parametrize("closed", [True, False])
def test_who_may_only_read_a_ledger_leaves_no_file_beside_it(locked: Path, closed: bool) -> None:
    # The folder can be written in, as by somebody else of the same group: what he left there would keep the owner out.
    path = locked / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    if closed:
        own.close()
    there = {one: one.stat() for one in locked.iterdir()}
    for one in there:
        one.chmod(0o444)
    read = FileLedger(path, access="read")
    assert [one.held for one in read.open_reservations()] == [3]
    assert {one: one.stat().st_ino for one in locked.iterdir()} == {one: was.st_ino for one, was in there.items()}
    read.close()
    assert set(locked.iterdir()) == set(there)
    for one, was in there.items():
        one.chmod(was.st_mode)
    own.reserve([claim()], "p/a")
    own.close()


@pytest.mark.parametrize("access", ["make", "change"])
def test_who_may_not_write_a_ledger_books_nothing_and_leaves_no_file_beside_it(locked: Path, access: Access) -> None:
    path = locked / "spend.db"
    FileLedger(path).close()
    path.chmod(0o444)
    with pytest.raises(InputError, match="cannot be used as a ledger: it may not be written, or no file beside it"):
        FileLedger(path, access=access).settle(1, 0, "p", "a")
    assert list(locked.iterdir()) == [path]


def test_what_is_looked_at_without_locks_is_asked_again_if_the_file_changed_meanwhile(locked: Path) -> None:
    path = locked / "spend.db"
    own = FileLedger(path)
    own.reserve([claim()], "p/a")
    own.close()
    path.chmod(0o444)
    read, between, found = FileLedger(path, access="read"), iter((True,)), []

    def ask(connection: sqlite3.Connection) -> int:
        if next(between, False):
            path.chmod(0o644)
            own.reserve([claim()], "p/a")
            own.close()
            path.chmod(0o444)
        found.append(connection.execute("select reserved from accounts").fetchone()[0])
        return int(found[-1])

    assert read._store.read(ask) == 6
    assert len(found) == 2


# ---- large sums ------------------------------------------------------------------------------------------------------


def test_sums_are_whole_numbers_or_are_not_booked(tmp_path: Path) -> None:
    # An account holds 2**63 - 1 = 9.22e18 millionths: nine bills of 1e18 fit, the tenth does not.
    own = FileLedger(tmp_path / "spend.db")
    for _ in range(9):
        number = own.reserve([claim(amount=0)], "p/a")
        assert isinstance(number, int)
        own.book(number, [Part("x", 10**18, 0)], "served", close=True)
    number = own.reserve([claim(amount=0)], "p/a")
    assert isinstance(number, int)
    with pytest.raises(InputError, match="holds no such sums; nothing was booked"):
        own.book(number, [Part("x", 10**18, 0)], "served", close=True)
    own.book(number, [Part("x", 1, 0)], "served", close=True)
    assert own.accounts()[0].spent == 9 * 10**18 + 1
    assert own.reserve([claim(amount=1)], "p/a") == (claim(amount=1), 10 - 9 * 10**18 - 1)
    own.close()


def test_a_cap_that_no_ledger_can_hold_is_refused() -> None:
    with pytest.raises(InputError, match=r"limits\.caps\[1\]\.max_seconds: must be below 1,000,000,000,000"):
        router(limits={"caps": [{"max_seconds": 10**12 - 1}, {"max_seconds": 10**12}]})


# ---- files that are not there ------------------------------------------------------------------------------------------


def test_a_ledger_in_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"spend\.db: cannot be used as a ledger: unable to open database file"):
        Router(ledger=tmp_path / "nowhere" / "spend.db")


def test_a_ledger_that_is_gone_is_told_when_it_is_read(tmp_path: Path) -> None:
    own = FileLedger(tmp_path / "spend.db")
    own.close()
    (tmp_path / "spend.db").unlink()
    with pytest.raises(InputError, match=r"spend\.db: cannot be used as a ledger: there is no such file"):
        own.accounts()
    assert list(tmp_path.iterdir()) == []
    own.close()


def test_a_ledger_to_be_read_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used as a ledger: there is no such file"):
        FileLedger(tmp_path / "spend.db", access="read")
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = FileLedger(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")

    def let_go() -> None:
        time.sleep(0.2)
        other.execute("rollback")

    thread = threading.Thread(target=let_go)
    thread.start()
    assert isinstance(own.reserve([claim()], "p/a"), int)
    thread.join()
    other.close()
    own.close()

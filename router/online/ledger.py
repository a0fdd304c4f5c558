"""Where accounts are kept: here in memory; `ledger_file` keeps them in a file.

What is set aside and what is spent never exceed an account's bound together, whoever reserves at the same time; only a bill that is
higher than announced can take them over it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from router.errors import InputError
from router.online.spend import Claim, Part
from router.schema.ledger import Account, Open


class Ledger(Protocol):
    """Every call happens whole or not at all."""

    def reserve(self, claims: Sequence[Claim], what: str, number: int | None = None) -> int | tuple[Claim, int]:
        """Set all claims aside; or nothing, and the first that does not fit with what is left there. A claim of nothing always fits.

        Parameters
        ----------
        what
            ``provider/model`` of the primary.
        number
            Of the open reservation that they are added to; None: of a new one.

        Raises
        ------
        router.errors.InputError
            If the reservation has ended.
        """

    def book(self, number: int, parts: Sequence[Part], event: str, *, close: bool, late: bool = False) -> None:
        """Book what was spent and let go of what is no longer needed; ``close`` ends the reservation.

        Parameters
        ----------
        late
            Whether the reservation has ended, and something was spent nevertheless.

        Raises
        ------
        router.errors.InputError
            If the reservation has ended, and this is not late.
        """

    def branch(
        self, number: int, parts: Sequence[Part], event: str, claims: Sequence[Claim], what: str
    ) -> int | tuple[Claim, int]:
        """Book parts of an open reservation and set claims aside in a new one, for which there is what the parts let go of.

        If a claim does not fit, nothing has changed, and the answer is that of `reserve`.

        Raises
        ------
        router.errors.InputError
            If the reservation has ended.
        """

    def accounts(self) -> list[Account]:
        """Every account that was ever drawn on, by name."""

    def open_reservations(self) -> list[Open]:
        """Whatever is still set aside."""

    def close(self) -> None:
        """Let go of files."""


def settled_before(number: int) -> InputError:
    """What to say of a booking on a reservation that has ended."""
    return InputError(
        f"reservation {number} was settled before; nothing was booked, correct the ledger if this bill is another one"
    )


class MemoryLedger:
    """Accounts of one process, gone with it; safe under threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, list[int]] = {}
        """Reserved and spent."""
        self._claims: dict[str, Claim] = {}
        self._open: dict[int, tuple[float, str, dict[str, int]]] = {}
        self._last = 0

    def reserve(self, claims: Sequence[Claim], what: str, number: int | None = None) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._lock:
            return self._reserve(claims, what, number)

    def _reserve(self, claims: Sequence[Claim], what: str, number: int | None) -> int | tuple[Claim, int]:
        if number is not None:
            self._must_be_open(number)
        accounts = self._accounts
        for claim in claims:
            own = accounts.get(claim.account)
            left = claim.bound - own[0] - own[1] if own is not None else claim.bound
            if claim.amount > max(0, left):
                return claim, left
        if number is None:
            self._last = number = self._last + 1
            self._open[number] = (self._clock(), what, {})
        held = self._open[number][2]
        for claim in claims:
            accounts.setdefault(claim.account, [0, 0])[0] += claim.amount
            self._claims[claim.account] = claim
            held[claim.account] = held.get(claim.account, 0) + claim.amount
        return number

    def book(self, number: int, parts: Sequence[Part], event: str, *, close: bool, late: bool = False) -> None:
        """See `Ledger`."""
        with self._lock:
            if not late:
                self._must_be_open(number)
            self._move(parts, {} if late else self._open[number][2])
            if close:
                del self._open[number]

    def branch(
        self, number: int, parts: Sequence[Part], event: str, claims: Sequence[Claim], what: str
    ) -> int | tuple[Claim, int]:
        """See `Ledger`."""
        with self._lock:
            self._must_be_open(number)
            held = self._open[number][2]
            self._move(parts, held)
            found = self._reserve(claims, what, None)
            if isinstance(found, tuple):
                self._move([Part(account, -spent, -released) for account, spent, released in parts], held)
            return found

    def _move(self, parts: Sequence[Part], held: dict[str, int]) -> None:
        for account, spent, released in parts:
            own = self._accounts[account]
            own[0] -= released
            own[1] += spent
            if account in held:
                held[account] -= released

    def _must_be_open(self, number: int) -> None:
        if number not in self._open:
            raise settled_before(number)

    def accounts(self) -> list[Account]:
        """See `Ledger`."""
        with self._lock:
            return [
                Account(name, self._claims[name].unit, self._claims[name].bound, reserved, spent)
                for name, (reserved, spent) in sorted(self._accounts.items())
            ]

    def open_reservations(self) -> list[Open]:
        """See `Ledger`."""
        with self._lock:
            return [
                Open(number, at, what, account, amount)
                for number, (at, what, held) in self._open.items()
                for account, amount in held.items()
            ]

    def close(self) -> None:
        """Nothing to let go of."""

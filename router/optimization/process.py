"""Linear models solved in processes of their own, so that nothing a solver does can hurt this one.

A solver may be missing, crash, hang, be killed or answer nonsense: each is survived, and ends in an answer, of HiGHS or of CBC in its
place, or in a typed error. Every process is in a group of its own that is killed as a whole; none outlives this process, whatever ends it.

Processes are kept for the next model, one for each model that is being solved at the same time. A forked child starts its own.
Needs an operating system with process groups and sockets between processes (Linux, macOS).
"""

from __future__ import annotations

import atexit
import contextlib
import io
import math
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from router import log
from router.errors import SolverError
from router.optimization.model import Answer, LinearModel, Settings, SolverName
from router.optimization.worker import HEAD

if TYPE_CHECKING:
    import tempfile
    from concurrent.futures import Future

SOLVERS: tuple[SolverName, ...] = ("highs", "cbc")
"""In the order in which they are asked."""
GRACE_SECONDS = 2.0
"""How long after its time limit a solver may still answer before it is killed."""
CEILING_SECONDS = 600.0
"""How long one model may take where there is no time limit. It is for a solver that hangs: hard ones take seconds."""
JOINED_AFTER = 5.0
"""Seconds after which a second search joins, where there is a time limit of at least twice as much."""
TOLERANCE = 1e-4
"""By how much a value may be outside of the bounds of its column."""
KEPT = max(2, os.cpu_count() or 1)
"""How many idle processes of a solver are kept: more could not run at once."""

_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from router.optimization.worker import main; main(sys.argv[1])"
_NAMES = {"highs": "HiGHS", "cbc": "CBC"}
_MEND = {"highspy": "highspy", "pulp": "PuLP", "cbc": "the program cbc"}


def command(solver: SolverName) -> list[str]:
    """How the process of a solver is started: it speaks over standard input as `worker` says.

    The seam for tests, which put misbehaving programs in its place.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise _BrokenError("there is no Python interpreter to start it with")
    return [sys.executable, "-I", "-c", _BOOT, solver, *map(os.path.abspath, sys.path)]


def solve(model: LinearModel, settings: Settings, solver: SolverName | None = None) -> Answer:
    """Solve a model, or its relaxation: by ``solver``, else by HiGHS or, where that breaks, by CBC.

    An answer that did not come in time has the state ``none``.

    Raises
    ------
    SolverError
        If every solver broke.
    """
    end = None if settings.seconds is None else time.monotonic() + settings.seconds
    reasons = []
    for name in (solver,) if solver else SOLVERS:
        try:
            return _searched(model, settings, name, end)
        except _LateError as late:
            if end is not None:
                return Answer("none", name)
            reasons.append(f"{_NAMES[name]}: {late}")
        except (_BrokenError, OSError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            reasons.append(f"{_NAMES[name]}: {reason}")
        log.debug("solver failed", reason=reasons[-1])
    raise SolverError(f"the solver failed: {'; '.join(reasons)}")


def warm_up(solver: SolverName = "highs") -> None:
    """Start the process of a solver now, if none is idle: it imports what it needs while this one goes on."""
    with contextlib.suppress(_BrokenError, OSError):
        _POOL.give(_POOL.take(solver))


def close() -> None:
    """End all processes; the next model starts a new one."""
    _POOL.close()


class _BrokenError(Exception):
    """A solver did not do what it has to; the message says what it did."""


class _LateError(_BrokenError):
    """A solver did not answer in time."""


def _searched(model: LinearModel, settings: Settings, solver: SolverName, end: float | None) -> Answer:
    """Solve by one search, and by a second one where that takes long, there is a processor to spare and time is limited."""
    if (
        not settings.whole
        or solver != "highs"
        or settings.seconds is None
        or settings.seconds < 2 * JOINED_AFTER
        or KEPT < 2
    ):
        return _solve(model, settings, solver, end)
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait  # Hardly ever needed

    at_work: list[_Worker] = []
    with ThreadPoolExecutor(2) as threads:
        try:
            searches = [threads.submit(_solve, model, settings, solver, end, at_work)]
            if not wait(searches, JOINED_AFTER).done:
                searches.append(threads.submit(_solve, model, settings._replace(seed=1), solver, end, at_work))
            waiting = set(searches)
            while waiting and not any(map(_settled, searches)):
                waiting = wait(waiting, return_when=FIRST_COMPLETED).not_done
        finally:
            for worker in tuple(at_work):
                _POOL.end(worker)
    return _of_both(model, searches)


def _settled(search: Future[Answer]) -> bool:
    """Whether a search has ended with nothing left to look for."""
    return search.done() and search.exception() is None and search.result().state in ("optimal", "infeasible")


def _of_both(model: LinearModel, searches: Sequence[Future[Answer]]) -> Answer:
    """What searches of the same model found and proved together."""
    answers = [search.result() for search in searches if search.exception() is None]
    ended = [answer for answer in answers if answer.state == "optimal"]
    found = [answer for answer in answers if answer.values]
    if ended or not found:
        return (ended or answers or [searches[0].result()])[0]
    best = min(found, key=lambda answer: model.value(answer.values))
    return replace(best, bound=max((answer.bound for answer in found if answer.bound is not None), default=None))


def _solve(
    model: LinearModel, settings: Settings, solver: SolverName, end: float | None, at_work: list[_Worker] | None = None
) -> Answer:
    """Solve by one process, which is among those ``at_work`` meanwhile."""
    deadline = time.monotonic() + CEILING_SECONDS if end is None else end + GRACE_SECONDS
    worker = _POOL.take(solver)
    at_work = [] if at_work is None else at_work
    at_work.append(worker)
    # A solver that is killed removes none of its files.
    with _folder() if solver == "cbc" else contextlib.nullcontext("") as folder:
        try:
            worker.begin(deadline)
            seconds = None if end is None else max(0.0, end - time.monotonic())
            most = 2**16 + 32 * (len(model.names) + len(model.rows))
            reply = worker.ask((model, settings._replace(seconds=seconds, folder=folder)), deadline, most)
            answer = _checked(reply, model, settings, solver)
        except BaseException:
            _POOL.end(worker)
            raise
        finally:
            at_work.remove(worker)
    _POOL.give(worker)
    return answer


def _folder() -> tempfile.TemporaryDirectory[str]:
    import tempfile  # Takes longer to import than a model to solve, and is hardly ever needed

    return tempfile.TemporaryDirectory(prefix="router-", ignore_cleanup_errors=True)


def _checked(reply: Any, model: LinearModel, settings: Settings, solver: SolverName) -> Answer:
    """The reply as an answer, if it is one."""
    if isinstance(reply, tuple) and len(reply) == 2 and reply[0] == "failed":
        raise _BrokenError(str(reply[1]))
    try:
        state, values, duals, bound = reply
        if state in ("infeasible", "none"):
            return Answer(state, solver)
        good = (
            state in ("optimal", "feasible")
            and len(values) == len(model.names)
            and all(map(_within, values, model.lower, model.upper))
            and len(duals) == (0 if settings.whole else len(model.rows))
            and all(map(math.isfinite, duals))
            and (bound is None or not math.isnan(bound))
        )
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise _BrokenError("it returned what is no answer")
    return Answer(state, solver, values, duals, bound)


def _within(value: float, low: float | None, high: float | None) -> bool:
    above = low is None or value >= low - TOLERANCE
    return above and (high is None or value <= high + TOLERANCE) and math.isfinite(value)


class _Plain(pickle.Unpickler):
    """Reads tuples, lists, numbers and text, and nothing that would run anything."""

    def find_class(self, _module: str, _name: str) -> Any:
        raise pickle.UnpicklingError("no plain data")


class _Worker:
    """One process of a solver, started and perhaps not yet ready."""

    def __init__(self, solver: SolverName) -> None:
        self.solver = solver
        self._ready = False
        # Threads for linear algebra that nobody uses here cost more to start than a plan.
        alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the command is this program's own
                    command(solver),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **alone},
                    start_new_session=True,
                )
            except BaseException:
                self._socket.close()
                raise

    def begin(self, deadline: float) -> None:
        """Wait until the solver is loaded."""
        if self._ready:
            return
        frame = self._receive(deadline, 2**16)
        if not (isinstance(frame, tuple) and len(frame) == 2 and frame[0] in ("ready", "missing")):
            raise _BrokenError("it returned what is no answer")
        if frame[0] == "missing":
            _POOL.missing.add(self.solver)
            raise _BrokenError(f"{_MEND.get(str(frame[1]), frame[1])} is not installed (pip install highspy pulp)")
        self._ready = True

    def ask(self, question: tuple[LinearModel, Settings], deadline: float, most: int) -> Any:
        """Send a model and wait for the reply, of at most so many bytes."""
        body = pickle.dumps(question, protocol=5)
        self._socket.settimeout(_timeout(deadline))
        try:
            self._socket.sendall(HEAD.pack(len(body)) + body, getattr(socket, "MSG_NOSIGNAL", 0))
        except TimeoutError:
            raise _LateError("it does not listen") from None
        except ConnectionError:
            raise _BrokenError(self._ended()) from None
        return self._receive(deadline, most)

    def idles(self) -> bool:
        """Whether the process is still there, and has nothing to say."""
        self._socket.setblocking(False)
        try:
            said = self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(said) and not self._ready

    def end(self) -> None:
        """Kill the process and all that it started."""
        # Killed before it is waited for: until then, its number cannot be that of another.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            # A process that waits for a dead disk cannot even be killed.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        self._socket.close()

    def leave(self) -> None:
        """Let go of a process that belongs to the process this one was forked from."""
        self._socket.close()
        self._process.returncode = 0

    def _receive(self, deadline: float, most: int) -> Any:
        (size,) = HEAD.unpack(self._read(HEAD.size, deadline))
        if size > most:
            raise _BrokenError("it returned what is no answer")
        try:
            return _Plain(io.BytesIO(self._read(size, deadline))).load()
        except (_BrokenError, OSError):
            raise
        except Exception:
            # Whatever bytes can make of a pickle.
            raise _BrokenError("it returned what is no answer") from None

    def _read(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._socket.settimeout(_timeout(deadline))
            try:
                part = self._socket.recv(min(size - len(parts), 2**20))
            except TimeoutError:
                raise _LateError("it did not answer in time") from None
            except ConnectionError:
                part = b""
            if not part:
                raise _BrokenError(self._ended())
            if time.monotonic() > deadline:
                raise _LateError("it did not answer in time")
            parts += part
        return bytes(parts)

    def _ended(self) -> str:
        """What ended the process; it is gone, or about to be."""
        self.end()
        code = self._process.returncode
        if code is not None and code < 0 and code != -signal.SIGKILL:
            return f"its process was ended by {signal.Signals(-code).name}"
        return "its process ended"


def _timeout(deadline: float) -> float:
    """Seconds from now, in the range that sockets know."""
    return min(max(1e-3, deadline - time.monotonic()), 1e6)


class _Pool:
    """The processes of this process, and which of them have nothing to do."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.missing: set[SolverName] = set()
        """Solvers that are not installed; not looked for again."""
        self._idle: dict[SolverName, list[_Worker]] = {name: [] for name in SOLVERS}
        self._all: set[_Worker] = set()

    def take(self, solver: SolverName) -> _Worker:
        """An idle process, or a new one."""
        if solver in self.missing:
            raise _BrokenError("it is not installed (pip install highspy pulp)")
        with self.lock:
            while self._idle[solver]:
                worker = self._idle[solver].pop()
                if worker.idles():
                    return worker
                self.end(worker)
            worker = _Worker(solver)
            self._all.add(worker)
        return worker

    def give(self, worker: _Worker) -> None:
        """Keep a process for the next model."""
        with self.lock:
            idle = self._idle[worker.solver]
            if worker in self._all and len(idle) < KEPT:
                idle.append(worker)
                return
        self.end(worker)

    def end(self, worker: _Worker) -> None:
        """End a process."""
        worker.end()
        with self.lock:
            self._all.discard(worker)

    def close(self) -> None:
        """End all processes."""
        with self.lock:
            workers, self._all = list(self._all), set()
            for idle in self._idle.values():
                idle.clear()
            self.missing.clear()
        for worker in workers:
            worker.end()

    def left_behind(self) -> None:
        """Start afresh in a forked child."""
        for worker in self._all:
            worker.leave()
        self.__init__()  # type: ignore[misc]


_POOL = _Pool()
atexit.register(close)
# No fork while a process is being started: the child would hold its socket open and not know of it.
os.register_at_fork(
    before=lambda: _POOL.lock.acquire(),
    after_in_parent=lambda: _POOL.lock.release(),
    after_in_child=lambda: _POOL.left_behind(),
)

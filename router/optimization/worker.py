"""The solver's own process: reads models from a socket, answers each, and ends when the other end is closed, even in the middle of a solve.

Whatever a solver does to its process, it does to this one. The socket is standard input; nothing is read from or written to anything else.
A frame is eight bytes of length and a pickle of plain tuples: the first says that the solver is there or what is missing.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import queue
import shutil
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from router.optimization.model import LinearModel, Settings, SolverName

if TYPE_CHECKING:
    from router.optimization.through_pulp import Reply

HEAD = struct.Struct("!Q")
Solve = Callable[[LinearModel, Settings], "Reply"]


def main(solver: SolverName) -> None:
    """Serve one solver until the other end of standard input is closed."""
    serve(lambda: _solver(solver))


def serve(load: Callable[[], Solve]) -> None:
    """Serve what ``load`` returns; it is called once, while the other end is watched already."""
    channel = _channel()
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    folder = [""]
    threading.Thread(target=_watch, args=(channel, inbox, folder), daemon=True).start()
    try:
        solve = load()
    except ImportError as error:
        send(channel, ("missing", error.name or ""))
    else:
        send(channel, ("ready", ""))
        while True:
            model, settings = pickle.loads(inbox.get())  # noqa: S301 - from the process that started this one
            folder[0] = settings.folder
            try:
                reply: tuple[Any, ...] = solve(model, settings)
            except Exception as error:
                reply = ("failed", _told(error))
            send(channel, reply)
    inbox.get()


def send(channel: socket.socket, frame: tuple[Any, ...]) -> None:
    """Send one frame."""
    body = pickle.dumps(frame, protocol=5)
    channel.sendall(HEAD.pack(len(body)) + body)


def _solver(name: SolverName) -> Solve:
    if name != "highs":
        # PuLP imports HiGHS where it can; whatever is wrong with that must not get in the way here.
        sys.modules["highspy"] = None  # type: ignore[assignment]
    solve: Solve = importlib.import_module(f"router.optimization.{name}").load()
    return solve


def _channel() -> socket.socket:
    """The socket that standard input is, out of reach of programs that are started from here."""
    import resource  # Not everywhere

    # A crash leaves no file behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel


def _watch(channel: socket.socket, inbox: queue.SimpleQueue[bytes], folder: list[str]) -> None:
    """Pass on what comes in; at its end, end everything: the solver may be at work and hear of nothing."""
    # A host that was killed with an answer unread resets the connection.
    with contextlib.suppress(OSError):
        stream = channel.makefile("rb")
        while len(head := stream.read(HEAD.size)) == HEAD.size and (body := stream.read(HEAD.unpack(head)[0])):
            inbox.put(body)
    if folder[0]:
        shutil.rmtree(folder[0], ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _told(error: Exception) -> str:
    """What failed, without any text that a model or a path could be in."""
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__

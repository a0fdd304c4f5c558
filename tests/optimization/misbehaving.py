"""A solver's process that misbehaves as it is told: ``misbehaving.py HOW SOLVER *SYS_PATH``, in the place of `process.command`."""

from __future__ import annotations

import builtins
import ctypes
import math
import os
import pickle
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

HOW, SOLVER = "", ""
if __name__ == "__main__":
    HOW, SOLVER, *sys.path[:] = sys.argv[1:]

from router.optimization import worker  # noqa: E402
from router.optimization.model import LinearModel, Settings  # noqa: E402

HEAD = worker.HEAD


def raw(data: bytes) -> None:
    """Send bytes past the protocol."""
    (channel,) = CHANNELS
    channel.sendall(data)
    time.sleep(3600)


def framed(body: bytes) -> None:
    raw(HEAD.pack(len(body)) + body)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch evil",)


def raises() -> None:
    raise MemoryError("secret of a user")


def half_a_frame() -> None:
    (channel,) = CHANNELS
    channel.sendall(HEAD.pack(1000) + b"g")
    time.sleep(3600)


DOES: dict[str, Callable[[], object]] = {
    "segfault": lambda: ctypes.string_at(0),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "leaves": lambda: os._exit(0),
    "raises": raises,
    "hangs": lambda: time.sleep(3600),
    "hangs holding the interpreter": lambda: re.match("(a+)+$", "a" * 60 + "b"),
    "noise": lambda: raw(b"garbage" * 10),
    "no pickle": lambda: framed(b"garbage"),
    "half a frame": half_a_frame,
    "huge": lambda: raw(HEAD.pack(2**62) + b"garbage"),
    "code": lambda: framed(pickle.dumps(Evil())),
}


def solve(model: LinearModel, settings: Settings) -> Any:
    if HOW in DOES:
        return DOES[HOW]()
    columns, duals = len(model.names), [] if settings.whole else [0.0] * len(model.rows)
    first = [10.0 * name.endswith("_0") for name in model.names]
    return {
        "no tuple": 7,
        "too few": ("optimal", [0.0], duals, None),
        "not finite": ("optimal", [math.nan] * columns, duals, None),
        "text": ("optimal", ["1"] * columns, duals, None),
        "out of bounds": ("optimal", [1e9] * columns, duals, None),
        "another word": ("perfect", first, duals, None),
        "halves": ("optimal", [0.5] * columns, duals, 0.0),
        "wrong": ("optimal", first, duals, None),
    }[HOW]


def load() -> worker.Solve:
    match HOW:
        case "missing":
            raise ModuleNotFoundError("No module named 'highspy'", name="highspy")
        case "hangs while it is loaded":
            time.sleep(3600)
        case "full":
            real = builtins.open

            def full(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
                if not str(file).startswith("/dev/") and set(mode) & set("wax"):
                    real(file, mode, *rest, **more).close()
                    return real("/dev/full", mode, *rest, **more)
                return real(file, mode, *rest, **more)

            loaded = worker._solver(SOLVER)  # type: ignore[arg-type]
            builtins.open = full
            return loaded
    return solve


CHANNELS: list[socket.socket] = []
_real = worker._channel


def _kept() -> socket.socket:
    CHANNELS.append(_real())
    return CHANNELS[0]


if __name__ == "__main__":
    worker._channel = _kept
    worker.serve(load)

"""How often a function is called: a count that no noise touches, taken without changing what is counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any


def calls_of(function: FunctionType, work: Callable[[], object]) -> int:
    """How often ``work`` calls a function, under whatever name it was imported; in this thread, untimed.

    >>> def twice():
    ...     return twice
    >>> calls_of(twice, lambda: [twice(), twice()])
    2
    """
    wanted, times, before = function.__code__, 0, sys.getprofile()

    def seen(frame: FrameType, event: str, _: Any) -> None:
        nonlocal times
        times += event == "call" and frame.f_code is wanted

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return times

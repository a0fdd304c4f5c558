"""The library's own logger: silent until the command line turns it on, then structured lines on standard error.

Facts are counts and names of stages. What a clip is called, asks for or is signed with never reaches a log: such keys are
blanked by a processor, whatever is passed.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

_SECRET = ("prompt", "key", "token", "secret", "password", "authorization", "request", "body", "clip", "id", "title")
_logger: Any = None


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank every value whose key may hold what a user wrote (a structlog processor)."""
    for name in event:
        if any(part in _SECRET for part in name.lower().split("_")):
            event[name] = "[redacted]"
    return event


def turn_on() -> None:
    """Write what happens to standard error from now on."""
    global _logger  # One switch for the process, off at import because structlog takes 100 ms to load
    import structlog

    _logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            redact,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
    )


def on() -> bool:
    """Whether anything is written."""
    return _logger is not None


def info(event: str, **facts: Any) -> None:
    """Record what happened to somebody's clips and money; nothing happens unless the log was turned on."""
    if _logger is not None:
        _logger.info(event, **facts)


def debug(event: str, **facts: Any) -> None:
    """Record what a stage did; nothing happens unless the log was turned on."""
    if _logger is not None:
        _logger.debug(event, **facts)

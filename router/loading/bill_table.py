"""Tables of bills: CSV or JSON lines, one attempt, clip or generation a line, read as a stream.

==============  =================================================================================================
``clip``        the id of the clip in the plan
``provider``    who billed
``model``       for which model, as the plan names it
``billed_usd``  the amount, exact; rounded half-even to the micro-dollar
``outcome``     optional: ``served``, ``kept`` or ``rejected``: made; ``failed``, ``failed-unbilled``, ``failed-billed``
                or ``billed``: submitted and failed; ``unavailable`` or ``down``: nothing was submitted; ``pending``
                or ``unknown``: it may still be made and billed
``time``        optional: when, as 2026-03-01T09:30:00Z; without an offset it is UTC
``take``        optional: 1 for the first time that the clip is made
``draft``       optional: true for a draft of the clip, false for the clip itself
==============  =================================================================================================

The columns of ``IGNORED`` may stand beside them and are not read; any other is an error. Whether a failure was billed is
what its amount says, not its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from router.errors import InputError, Problem
from router.loading.clip_table import each_row
from router.loading.columns import MOST_PROBLEMS, first_problems, unknown_columns
from router.loading.formats import Source, read
from router.loading.validation import validated
from router.schema.base import Count, Flag, Model, Name, Within, kind_of, printable
from router.schema.calibration import Time
from router.schema.reconciliation import Bill, BilledLine, Ended
from router.units import to_micro

IGNORED = ("id", "job", "mode", "resolution", "audio", "seconds", "price_usd", "note")
_ENDED: dict[str, Ended] = {
    "served": "served",
    "kept": "served",
    "rejected": "served",
    "failed": "failed",
    "failed-unbilled": "failed",
    "failed-billed": "failed",
    "billed": "failed",
    "unavailable": "down",
    "down": "down",
    "pending": "open",
    "unknown": "open",
}
_FLAGS = MappingProxyType({"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False})
_AMOUNT = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


def _amount(value: object) -> object:
    """An amount as a number; JSON may hold it as a text, as plans do."""
    if isinstance(value, str):
        if not _AMOUNT.fullmatch(value.strip()):
            shown = printable(value, 40)
            raise PydanticCustomError("number", "must be an amount as 1.25, not '{shown}'", {"shown": shown})
        value = Decimal(value.strip())
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value < 0:
        text = "must be >= 0, not {shown}; take a refund off the line that it is for"
        raise PydanticCustomError("number", text, {"shown": kind_of(value)[:40]})
    return value


class _Which(Model):
    clip: Name
    time: Time | None = None


class _Line(_Which):
    provider: Name
    model: Name
    billed_usd: Annotated[Decimal, Within(minimum=0, below=10**9), BeforeValidator(_amount)]
    outcome: (
        Literal[
            "served", "kept", "rejected", "failed", "failed-unbilled", "failed-billed", "billed", "unavailable", "down",
            "pending", "unknown",
        ]
        | None
    ) = None  # fmt: skip
    take: Count | None = None
    draft: Flag | None = None


_KNOWN = ("clip", "provider", "model", "billed_usd", "outcome", "time", "take", "draft")
_NEEDED = ("clip", "provider", "model", "billed_usd")
_NAMES = frozenset(_KNOWN)


def bill_lines(path: str | FilePath) -> Iterator[BilledLine]:
    """The lines of a table of bills, one by one in the order of the file; ``-`` reads standard input.

    Raises
    ------
    InputError
        Before the first line, or after the last that is good: with the first errors in the file, each with its line, and the number of
        the others.
    """
    source = read(path, tables=True, column="billed_usd")
    if source.kind not in ("csv", "jsonl"):
        columns = f"{', '.join(_NEEDED)} and, where known, outcome, time, take and draft"
        text = f"is no table of bills; write one (CSV or JSON lines) with the columns {columns}"
        raise InputError([Problem(text, f"{source.label}:1")])
    return _lines(source)


def _lines(source: Source) -> Iterator[BilledLine]:
    first: dict[str, int] = {}
    bills: dict[tuple[Any, ...], Bill] = {}
    problems: list[Problem] = []
    unread: tuple[Problem, ...] = ()
    more = 0
    try:
        for line, fields in each_row(source, _fields, "a bill's fields"):
            if not fields.keys() <= first.keys():
                first.update({name: line for name in fields if name not in first})
            own = fields if fields.keys() <= _NAMES else {k: v for k, v in fields.items() if k in _NAMES}
            try:
                which, bill = _read(own, bills)
            except ValidationError as error:
                if len(problems) < MOST_PROBLEMS:
                    problems += _problems(own, f"{source.label}:{line}")
                else:
                    more += error.error_count()
                continue
            yield BilledLine(line, which.clip, bill, which.time)
    except InputError as error:
        unread = error.problems
    if not (first or unread):
        unread = (Problem("holds no bills", f"{source.label}:1"),)
    missing = [name for name in _NEEDED if name not in first] if first else []
    if missing:
        # Every line lacks them; that is said once.
        place = f"{source.label}:1"
        problems = [Problem(f"no line states `{name}`, which every bill needs", place) for name in missing]
        more = 0
    problems += [*unread, *unknown_columns(source, first, _KNOWN, IGNORED)]
    if problems:
        raise InputError(first_problems(problems, source.label, more))


def _read(fields: dict[str, Any], bills: dict[tuple[Any, ...], Bill]) -> tuple[_Which, Bill]:
    """A line, as the clip and time that are its own and a bill that others share; bills that were met before are not read again."""
    amount, take, draft = fields.get("billed_usd"), fields.get("take"), fields.get("draft")
    said = fields.get("provider"), fields.get("model"), amount, fields.get("outcome"), take, draft
    # JSON's true is no 1, though Python calls them equal.
    kinds = amount.__class__, take.__class__, draft.__class__
    try:
        bill = bills[said, kinds]
        return _Which.model_validate({name: fields[name] for name in ("clip", "time") if name in fields}), bill
    except (KeyError, TypeError, ValidationError):
        line = _Line.model_validate(fields)
    ended = None if line.outcome is None else _ENDED[line.outcome]
    bill = Bill(
        line.provider, line.model, to_micro(line.billed_usd), ended, line.outcome == "kept", line.take, line.draft
    )
    bills[said, kinds] = bill
    return line, bill


def _problems(fields: dict[str, Any], place: str) -> list[Problem]:
    try:
        validated(_Line, fields, lambda _: place)
    except InputError as error:
        return list(error.problems)
    return []


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    """The cells of a row that hold something; what does not fit its column stays a text, for the schema to refuse by name."""
    fields: dict[str, Any] = {name: text for name, cell in cells.items() if (text := cell.strip())}
    if "take" in fields and re.fullmatch(r"[0-9]{1,9}", fields["take"]):
        fields["take"] = int(fields["take"])
    if "draft" in fields:
        fields["draft"] = _FLAGS.get(fields["draft"].lower(), fields["draft"])
    return fields

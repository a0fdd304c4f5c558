"""JSON documents, and files that are written whole or not at all."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from router.errors import InputError, NoPlanError, Problem


def as_json(value: BaseModel | dict[str, Any] | list[Any]) -> str:
    """A model or plain value as a JSON document; the same value always gives the same bytes."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(indent=2, by_alias=True) + "\n"
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def no_plan(error: NoPlanError) -> dict[str, Any]:
    """Why there is no plan, for a program to read."""
    clash = error.clash
    return {
        "schema": 1,
        "title": error.title,
        "status": "infeasible",
        "unservable": [
            {
                "clips": list(item.clips),
                "requirements": item.requirements,
                "offers": item.offers,
                "reasons": item.reasons,
                "nearest": item.nearest,
                "mend": item.mend,
            }
            for item in error.unservable
        ],
        "clash": list(clash.limits) if clash else [],
        "relaxations": [
            {
                "limit": item.limit,
                "unit": item.unit,
                item.kind: None if item.bound is None else str(item.bound),
                "needed": "dropped" if item.dropped else None if item.needed is None else str(item.needed),
                "alone": alone,
                "pinned_by": list(item.pinned_by),
            }
            for alone, items in ((True, clash.alone), (False, clash.together))
            for item in items
        ]
        if clash
        else [],
    }


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside its place first, then moved there.

    Raises
    ------
    InputError
        If the place cannot be written; nothing is left behind.
    """
    import tempfile  # Most runs print

    temporary: str | None = None
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".router-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask)
        Path(temporary).replace(target)
        temporary = None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not a usable file name"
        raise InputError(
            [Problem(f"cannot be written: {reason.lower()}", "".join(c for c in str(path) if c.isprintable()))]
        ) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()

"""Tables to files: written beside their place first, then moved there, so that no half of one is ever found."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.tables.frames import SUFFIXES, Frame, Rows, is_polars, readable
from router.schema.base import printable

_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def write_table(frame: Frame, rows: Rows, path: FilePath) -> None:
    """Write rows that were made of a table.

    Raises
    ------
    InputError
        If the place cannot be written, or its ending says nothing; nothing is left behind.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError([Problem("no table ends so; use .csv, .jsonl, .parquet or .arrow", printable(str(path)))])
    if frame.path is not None and path.exists() and path.samefile(frame.path):
        raise InputError([Problem("is the table that is read; name another file", printable(str(path)))])
    native = rows.to_native() if is_polars(rows) else _as_polars(rows)
    with whole(path) as temporary, readable(frame):
        if kind == "csv":
            _flat(native).sink_csv(temporary)
        elif kind == "jsonl":
            native.sink_ndjson(temporary)
        elif kind == "parquet":
            native.sink_parquet(temporary)
        else:
            native.sink_ipc(temporary)


@contextmanager
def whole(path: FilePath) -> Iterator[FilePath]:
    """A place beside a file, which takes the file's place when it is written, and is gone if it could not be.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    temporary: FilePath | None = None
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".router-", suffix=target.suffix)
        os.close(handle)
        temporary = FilePath(name)
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask)
        temporary.replace(target)
        temporary = None
    except OSError as error:
        raise InputError([Problem(f"cannot be written: {error.strerror or error}", printable(str(path)))]) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _as_polars(rows: Rows) -> Any:
    import polars as pl

    return pl.DataFrame(rows.collect("pyarrow").to_native()).lazy()


def _flat(native: Any) -> Any:
    """A table as a spreadsheet can hold it: lists are texts with ``;`` between their parts, and texts that it would run are disarmed."""
    import polars as pl

    exprs = []
    for name, kind in native.collect_schema().items():
        column = pl.col(name)
        if isinstance(kind, pl.Struct):
            exprs.append(column.struct.json_encode())
        elif isinstance(kind, pl.List | pl.Array):
            exprs.append(column.cast(pl.List(pl.String)).list.join(";"))
        elif kind in (pl.String, pl.Categorical):
            text = column.cast(pl.String)
            runs = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
            exprs.append(pl.when(runs).then(pl.lit("'") + text).otherwise(text).alias(name))
    return native.with_columns(exprs)

"""Tables to files: written beside their place first, then moved there, so that no half of one is ever found."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

from router.errors import InputError, Problem
from router.loading.tables.frames import DASK, DUCKDB, SUFFIXES, Frame, Kind, Rows, engine_of, is_polars, readable
from router.schema.base import printable

_FORMULA = r"^[=+\-@\t\r]"
_AT_ONCE = 2**25
"""Bytes that are written, and later read, at once: what reads a table of long prompts is to take little memory too."""
_LEAST, _MOST = 2**13, 2**16
"""Rows of a group, whatever they take."""
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def write_table(frame: Frame, rows: Rows, path: FilePath, written: Callable[[], None] | None = None) -> None:
    """Write rows that were made of a table.

    Parameters
    ----------
    written
        Is called when all is written and nothing in its place yet; what it raises leaves nothing behind.

    Raises
    ------
    InputError
        If the place cannot be written, or its ending says nothing; nothing is left behind.
    """
    kind = kind_of_table(path)
    refuse_place(frame, path)
    with (
        whole(path) as temporary,
        readable(frame),
        _writable(path),
        _as_polars(rows, frame.label, temporary.parent) as native,
    ):
        if kind == "csv":
            _flat(native).sink_csv(temporary)
        elif kind == "jsonl":
            _without_bytes(native).sink_ndjson(temporary)
        elif kind == "parquet":
            native.sink_parquet(temporary, row_group_size=_rows_at_once(native))
        else:
            native.sink_ipc(temporary)
        if written is not None:
            written()


def kind_of_table(path: FilePath) -> Kind:
    """What a table is written as, by its name's ending.

    Raises
    ------
    InputError
        If no table ends so.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError([Problem("no table ends so; use .csv, .jsonl, .parquet or .arrow", printable(str(path)))])
    return kind


def refuse_place(frame: Frame, path: FilePath) -> None:
    """Raise InputError if a table would be written over the one that is read."""
    if frame.path is not None and path.exists() and path.samefile(frame.path):
        raise InputError([Problem("is the table that is read; name another file", printable(str(path)))])


@contextmanager
def _writable(path: FilePath) -> Iterator[None]:
    """Tell what the system says of a place from what an engine cannot read."""
    try:
        yield
    except Exception as error:
        if (found := re.search(r"\(os error (\d+)\)", str(error))) is None:
            raise
        text = f"cannot be written: {os.strerror(int(found.group(1)))}"
        raise InputError([Problem(text, printable(str(path)))]) from None


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


@contextmanager
def _as_polars(rows: Rows, label: str, folder: FilePath) -> Iterator[Any]:
    """Rows of any engine as a lazy frame of polars; those of DuckDB and Dask may be more than memory holds, and go through a file."""
    import polars as pl

    if is_polars(rows):
        yield rows.to_native()
    elif engine_of(rows) not in (DASK, DUCKDB):
        yield _of_arrow(rows, label)
    else:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".router-") as beside:
            yield pl.concat([pl.scan_parquet(part) for part in _parts(rows, FilePath(beside))], how="vertical_relaxed")


def _parts(rows: Rows, folder: FilePath) -> Iterator[FilePath]:
    """Parquet files of the rows, in their order: of Dask one for each partition, of which one at a time is in memory.

    What DuckDB writes as Parquet itself has numbers of 128 bits as floats.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    native = rows.to_native()
    if engine_of(rows) == DUCKDB:
        path = folder / "rows.parquet"
        # By the class: of a relation it would be a column of this name. Older DuckDB calls it otherwise.
        kind = type(native)
        reader = (kind.to_arrow_reader if hasattr(kind, "to_arrow_reader") else kind.fetch_arrow_reader)(native, _LEAST)
        with pq.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        yield path
        return
    for number, part in enumerate(native.to_delayed()):
        path = folder / f"{number}.parquet"
        pq.write_table(pa.Table.from_pandas(part.compute(), preserve_index=False), path)
        yield path


def _of_arrow(rows: Rows, label: str) -> Any:
    import polars as pl
    import pyarrow as pa

    try:
        return pl.DataFrame(rows.collect("pyarrow").to_native()).lazy()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        text = "has a column of values of mixed kinds, which no file can hold; make them texts"
        raise InputError([Problem(text, label)]) from None  # The engine's own words may quote what stands in the column


def _without_bytes(native: Any) -> Any:
    """Bytes as texts (base64), for files that hold texts alone."""
    import polars as pl

    kinds = native.collect_schema().items()
    return native.with_columns(pl.col(name).bin.encode("base64") for name, kind in kinds if kind == pl.Binary)


def _rows_at_once(native: Any) -> int:
    """How many rows a group of a Parquet file has, by what the first rows take in memory."""
    few = native.head(1000).collect(engine="streaming")
    return int(min(_MOST, max(_LEAST, _AT_ONCE * few.height // max(1, few.estimated_size()))))


def _flat(native: Any) -> Any:
    """A table as a spreadsheet can hold it: lists are texts with ``;`` between their parts, and texts that it would run are disarmed."""
    import polars as pl

    native = _without_bytes(native)
    exprs = []
    for name, kind in native.collect_schema().items():
        column = text = pl.col(name)
        inner = getattr(kind, "inner", None)
        if isinstance(kind, pl.Struct) or isinstance(inner, pl.Struct | pl.List | pl.Array):
            encoded = pl.struct(column.alias("_")).struct.json_encode()
            text = pl.when(column.is_not_null()).then(encoded.str.slice(len('{"_":')).str.head(-len("}")))
        elif inner is not None:
            text = column.cast(pl.List(pl.String)).list.join(";")
        elif kind in (pl.String, pl.Categorical, pl.Enum):
            text = column.cast(pl.String)
        elif kind == pl.Duration:
            text = column.dt.to_string("iso")
        if text is not column or kind == pl.String:
            runs = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
            exprs.append(pl.when(runs).then(pl.lit("'") + text).otherwise(text).alias(name))
    return native.with_columns(exprs).rename(lambda name: f"'{name}" if re.search(_FORMULA, name) else name)

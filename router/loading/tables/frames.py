"""Tables as lazy frames of one engine behind one interface (narwhals): files by polars, data frames by whatever holds them.

Nothing is read before it is asked for. ``ROW`` numbers rows from 0 in their order; it is unique, and on Dask not without gaps.
"""

from __future__ import annotations

import csv
import glob
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from router.errors import InputError, Problem
from router.loading.clip_table import header_of
from router.loading.formats import label_of, row_line
from router.loading.tables.index import Index, without_index
from router.schema.base import Path

Kind = Literal["csv", "jsonl", "parquet", "arrow", "frame"]
Rows: TypeAlias = "nw.LazyFrame[Any]"
SUFFIXES: dict[str, Kind] = {
    ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow",
    ".ipc": "arrow",
}  # fmt: skip
OURS = ("route.", "router_")
"""How columns begin that are ours: a result's, and those that are gone before anybody sees them."""
ROW = "router_row"
"""The column of row numbers, where one was asked for."""
DASK, DUCKDB, PANDAS, PYARROW = "dask", "duckdb", "pandas", "pyarrow"
"""Engines that differ in something."""
_AT = "router_at"
_TEXTS = "string[pyarrow]"
_PART = 2**40
"""Rows that a partition may have."""
_MONEY = (18, 6)
_EXACT = ("_usd", "_seconds")
"""Ends of columns that are exact numbers."""


@dataclass(frozen=True)
class Frame:
    """A table, not yet read."""

    label: str
    """What messages call it."""
    kind: Kind
    rows: Rows
    path: FilePath | None = None
    mended: FilePath | None = None
    """A copy that is read in the place of the file, its lines where they are in the file."""
    eager: bool = False
    """Whether it was in memory when it came, so that what is made of it is too."""
    order: str | None = None
    """The column of names that differ, by which an engine without an order of its own can put rows into one."""
    has_blanks: bool = False
    """Whether rows that hold nothing at all are no clips."""
    index: Index = field(default_factory=dict)
    """The columns that are an index in pandas."""

    @property
    def engine(self) -> str:
        """What holds it, as narwhals calls it."""
        return engine_of(self.rows)

    @property
    def is_text(self) -> bool:
        """Whether every cell is a text that may spell something else."""
        return self.kind == "csv"

    def kept(self) -> Rows:
        """Its rows but blank ones."""
        return self.rows.filter(~self._blank()) if self.has_blanks else self.rows

    def count(self) -> int:
        """How many rows it has."""
        with readable(self):
            return int(collected(self.rows.select(nw.len().alias("rows"))).item())

    def blanks(self) -> int:
        """How many rows hold nothing at all."""
        with readable(self):
            return int(collected(self.rows.filter(self._blank()).select(nw.len().alias("blank"))).item())

    def numbered(self) -> Rows:
        """Its rows but blank ones, with ``ROW``."""
        rows = self._numbered()
        return rows.filter(~self._blank()) if self.has_blanks else rows

    def _blank(self) -> nw.Expr:
        names = self.rows.collect_schema().names()
        cells = [nw.col(name) for name in names]
        empty = [cell.is_null() | (cell == "").fill_null(True) if self.is_text else cell.is_null() for cell in cells]
        return nw.all_horizontal(*empty, ignore_nulls=False)

    def _numbered(self) -> Rows:
        native = self.rows.to_native()
        if is_polars(self.rows):
            return _lazy(native.with_row_index(ROW).cast({ROW: _polars().Int64}))
        if self.engine == DUCKDB:
            # Rows of a query may come in another order each time; by names, only rows that are equal may change places.
            alike = f"hash({', '.join(map(_quoted, native.columns))})"
            order = "" if self.order is None else f"order by {_quoted(self.order)}, {alike}"
            return _lazy(native.project(f'*, row_number() over ({order}) - 1 as "{ROW}"'))
        if self.engine == DASK:
            return _lazy(_numbered_parts(native))
        return self.rows.collect().with_row_index(ROW).with_columns(nw.col(ROW).cast(nw.Int64)).lazy()

    def where(self, path: Path = ()) -> str:
        """What messages call a row: ``("clips", NUMBER)``, counted from 1."""
        row = row_line(path) - 1
        if self.engine == DASK:
            return f"{self.label}: partition {row // _PART + 1}, row {row % _PART + 1:,}"
        return f"{self.label}: row {row + 1:,}"


def scan(path: FilePath, mended: FilePath | None = None) -> Frame:
    """A table in a file, by the ending of its name.

    Parameters
    ----------
    mended
        A copy that is read in its place, its lines where they are in the file.

    Raises
    ------
    InputError
        If there is no such file, or its first line is no heading of a table.
    """
    label, kind = label_of(path), SUFFIXES[path.suffix.lower()]
    if not path.is_file():
        raise InputError([Problem("is a directory; name a file in it" if path.is_dir() else "no such file", label)])
    if path.stat().st_size == 0:
        raise InputError([Problem("is empty", f"{label}:1")])
    pl = _polars()
    text = mended or path
    with _readable(label, path, kind):
        if kind == "csv":
            names = _heading(text, label)
            lazy = pl.scan_csv(text, infer_schema=False, new_columns=names, glob=False)
        elif kind == "jsonl":
            # This one takes `*`, `?` and `[` in a name for a pattern, whatever is said.
            lazy = pl.scan_ndjson(glob.escape(str(text)), infer_schema_length=None)
        else:
            lazy = (pl.scan_parquet if kind == "parquet" else pl.scan_ipc)(path, glob=False)
        lazy.collect_schema()
    return Frame(label, kind, _narwhals(lazy), path, mended)


def framed(table: Any, label: str = "the table") -> Frame:
    """A data frame: of polars, pandas, pyarrow, DuckDB or Dask.

    Raises
    ------
    TypeError
        If it is none.
    """
    table, index = without_index(table)
    try:
        found = _narwhals(table)
        rows: Rows = found.lazy()
        rows.collect_schema()
    except nw.exceptions.DuplicateError:
        raise InputError([Problem("has two columns of one name; rename one", label)]) from None
    except TypeError:
        kind = type(table).__name__
        raise TypeError(
            f"a table must be a path or a data frame of polars, pandas, pyarrow, DuckDB or Dask, not {kind}"
        ) from None
    return Frame(label, "frame", rows, eager=isinstance(found, nw.DataFrame), index=index)


def collected(rows: Rows) -> nw.DataFrame[Any]:
    """What a query comes to; for few rows."""
    found: nw.DataFrame[Any] = rows.collect(engine="streaming") if is_polars(rows) else rows.collect()
    return found


def beside(rows: Rows, columns: nw.DataFrame[Any]) -> Rows:
    """A small table on the engine of a large one, so that both can be joined."""
    if engine_of(rows) == DUCKDB:
        small = columns.to_arrow()  # noqa: F841 - DuckDB finds it by its name; a relation of another connection could not be joined
        return _lazy(rows.to_native().query("router_large", "select * from small"))
    if engine_of(rows) == DASK:
        with _quiet():
            return columns.lazy(backend=nw.Implementation.DASK)
    return columns.lazy()


def text_of(name: str) -> str:
    """The column that `with_texts` makes of a column."""
    return f"router_text_{name}"


def with_texts(frame: Frame, lists: Sequence[str]) -> Frame:
    """A table with columns of lists as texts besides, ``;`` between the parts of a list."""
    if not lists:
        return frame
    native = frame.rows.to_native()
    if is_polars(frame.rows):
        pl = _polars()
        texts = native.with_columns(
            pl.col(name).cast(pl.List(pl.String)).list.join(";").alias(text_of(name)) for name in lists
        )
    elif frame.engine == DUCKDB:
        made = ", ".join(f"array_to_string({_quoted(name)}, ';') as {_quoted(text_of(name))}" for name in lists)
        texts = native.project(f"*, {made}")
    elif frame.engine == DASK:
        import pandas as pd

        meta = native._meta.assign(**{text_of(name): pd.array([], _TEXTS) for name in lists})
        texts = native.map_partitions(_with_texts, lists, meta=meta)
    else:
        texts = _with_texts(frame.rows.collect().to_native(), lists)
    return replace(frame, rows=_narwhals(texts).lazy())


def _with_texts(native: Any, lists: Sequence[str]) -> Any:
    """The same of a table of pyarrow or pandas."""
    import pyarrow as pa

    pl, of_pandas = _polars(), hasattr(native, "assign")
    for name in lists:
        column = pl.Series(pl.from_arrow(pa.array(native[name]) if of_pandas else native[name]))
        text = column.cast(pl.List(pl.String)).list.join(";")
        if of_pandas:
            import pandas as pd

            native = native.assign(**{text_of(name): pd.array(text.to_list(), _TEXTS)})
        else:
            native = native.append_column(text_of(name), text.to_arrow())
    return native


def _quoted(name: str) -> str:
    """A name in SQL."""
    return '"{}"'.format(name.replace('"', '""'))


def without_ours(rows: Rows, index: Collection[str] = ()) -> Rows:
    """Rows without columns that are ours and no result, but for those of an index that is to be brought back."""
    names = rows.collect_schema().names()
    return rows.drop(*(name for name in names if name.startswith(OURS[1]) and name not in index))


def joined(rows: Rows, small: Rows, on: Sequence[str], how: Literal["inner", "left"] = "inner") -> Rows:
    """The rows in their order, each with what the small table has of its key: nothing, one row or several."""
    if is_polars(rows):
        native = rows.to_native().join(small.to_native(), on=list(on), how=how, maintain_order="left_right")
        return _lazy(native)
    if engine_of(rows) == PYARROW:
        return _joined_arrow(rows, small, list(on), how)
    if engine_of(rows) == DASK:
        # Texts of pandas and texts of pyarrow are of two kinds to Dask, and it warns.
        kinds = rows.to_native().dtypes
        small = _lazy(small.to_native().astype({name: kinds[name] for name in on}))
    return rows.join(small, on=list(on), how=how)


def _joined_arrow(rows: Rows, small: Rows, on: list[str], how: Literal["inner", "left"]) -> Rows:
    """The same of pyarrow, which joins neither lists nor tables, and keeps no order: only keys are joined, with where they stand."""
    table, known = rows.collect(), small.collect().to_native()
    keys = table.select(*on).with_row_index(_AT).to_native()
    kind = {"inner": "inner", "left": "left outer"}[how]
    found = keys.join(known, on, join_type=kind).sort_by(_AT)
    both = table.to_native().take(found[_AT])
    for name in known.column_names:
        both = both if name in on else both.append_column(name, found[name])
    result: Rows = _narwhals(both).lazy()
    return result


def series(name: str, values: Sequence[Any], like: nw.DataFrame[Any]) -> nw.Series[Any]:
    """A column of exact numbers, whole ones, flags or texts for a small table that is to be joined with a large one."""
    # Of one that is empty the name says what it is, so that every table has the same kinds.
    first = next((value for value in values if value is not None), Decimal(0) if name.endswith(_EXACT) else "")
    # Few different texts over very many rows: polars writes the numbers of categories in a third of the time.
    text = nw.Categorical if like.implementation is nw.Implementation.POLARS else nw.String
    kinds: Mapping[type, Any] = {Decimal: nw.Decimal(*_MONEY), int: nw.Int64, bool: nw.Boolean, str: text}
    return nw.new_series(name, list(values), kinds[type(first)], backend=like.implementation)


def engine_of(rows: Rows) -> str:
    """What holds a table, as narwhals calls it."""
    return str(rows.implementation.value)


def is_polars(rows: Rows) -> bool:
    """Whether polars holds the table."""
    return engine_of(rows) == "polars"


def readable(frame: Frame) -> AbstractContextManager[None]:
    """Where a table is read: what cannot be is said in our words."""
    return _readable(frame.label, frame.path, frame.kind)


@contextmanager
def _readable(label: str, path: FilePath | None, kind: Kind) -> Iterator[None]:
    """Turn what an engine says of a file that it cannot read into our words: its own may quote what stands in the file."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if path is None or not _of_an_engine(error):
            raise
        what = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "a Parquet file", "arrow": "an Arrow file"}[kind]
        raise UnreadableError(
            label, path, kind, f"cannot be read as {what}; it may be cut off, or be something else"
        ) from error


class UnreadableError(InputError):
    """A file that an engine cannot read as what its name says it is."""

    def __init__(self, label: str, path: FilePath, kind: Kind, text: str) -> None:
        super().__init__([Problem(text, label)])
        self.label, self.path, self.kind = label, path, kind


def _of_an_engine(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("polars", "pyarrow", "duckdb", "narwhals") or isinstance(
        error, OSError
    )


def _heading(path: FilePath, label: str) -> list[str]:
    """The names of a CSV file's columns.

    Raises
    ------
    InputError
        If they cannot be told apart.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        try:
            names = header_of(csv.reader(file, strict=True), label)
        except csv.Error as error:
            raise InputError([Problem(f"is not CSV: {error}", f"{label}:1")]) from None
    if any("\ud800" <= character <= "\udfff" for name in names for character in name):
        raise InputError([Problem("is not UTF-8 text; save it as UTF-8", f"{label}:1")])
    return names


def _narwhals(table: Any) -> Any:
    with _quiet():
        return nw.from_native(table)


def _lazy(native: Any) -> Rows:
    rows: Rows = _narwhals(native)
    return rows


@contextmanager
def _quiet() -> Iterator[None]:
    """Narwhals announces that its Dask support will move to a package of its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Dask support is moving", category=FutureWarning)
        yield


def _polars() -> Any:
    import polars  # Nothing needs it where a data frame of another engine comes

    return polars


def _numbered_parts(native: Any) -> Any:
    """A data frame of Dask with ``ROW``.

    Which partition is which is settled before Dask optimises: `partition_info` counts those that a query keeps, so that rows of
    ``frame.partitions[3]`` or ``frame.tail()`` would bear the numbers of others.
    """
    import dask.dataframe as dd
    from dask.delayed import delayed

    number = delayed(_number_part, pure=True)
    parts = native.simplify().to_delayed(optimize_graph=False)
    rows = [number(part, at) for at, part in enumerate(parts)]
    return dd.from_delayed(rows, meta=native._meta.assign(**{ROW: 0}), verify_meta=False)


def _number_part(part: Any, number: int) -> Any:
    return part.assign(**{ROW: range(number * _PART, number * _PART + len(part))})

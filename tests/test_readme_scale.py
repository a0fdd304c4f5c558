"""What README shows of large tables is what the program does."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

import router
from router.cli import run
from tests.builders import ON
from tests.test_readme import README, TOP, is_shown

SECTION = README.read_text(encoding="utf-8").partition("## Scale\n")[2].partition("\n## ")[0]


def block(name: str, language: str) -> str:
    """What stands between the marks of this name."""
    found = re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```\n<!-- /{name} -->", SECTION, re.DOTALL)
    assert found is not None, name
    return found.group(1)


def commanded(command: str) -> None:
    """Run a command that README names."""
    assert f"`router {command}`" in SECTION
    with pytest.raises(SystemExit, match=r"^0$"):
        run([*command.split(), "--as-of", ON.isoformat(), "-o", "plan.json"])


def test_the_routed_table_is_the_one_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")
    monkeypatch.chdir(tmp_path)
    commanded("plan scenarios/exported.toml --routed routed.csv")

    rows = list(csv.DictReader(Path("routed.csv").read_text(encoding="utf-8").splitlines()))
    names = ["job", "customer", "pieces", "route.model", "route.price_usd", "route.first", "route.count"]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    is_shown("routed", text.getvalue())
    named = re.search(r"`route\.\*` stand behind: (.*?)\n- ", SECTION, re.DOTALL)
    assert named is not None
    columns = [name.removeprefix("route.") for name in rows[0] if name.startswith("route.")]
    assert [*re.findall(r"`(\w+)`", named.group(1)), "first", "count"] == columns


def test_what_is_said_of_bad_rows_is_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("jobs.csv").write_text(
        "id,seconds,resolution,audio\na-1,10,1080p,native\na-2,10,1080P,native\na-3,-5,720p,\na-4,5,720p,\na-1,5,720p,\n"
    )
    commanded("plan jobs.csv --routed routed.csv --skip-bad-rows")

    is_shown("bad-rows", capsys.readouterr().err)
    assert Path("jobs.bad-rows.csv").read_text(encoding="utf-8").splitlines()[2].startswith("a-3,-5,720p,,")


def test_the_example_of_tables_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios").symlink_to(TOP / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(block("plan-table", "python"), "README.md", "exec"), names)

    assert Path("routed.parquet").is_file()
    assert names["planned"].routed()["route.price_usd"].to_list() == [1, 0.375]  # 10 x 0.100, 5 x 0.075
    assert names["planned"].bad == 0


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Dask's own, of a pandas newer than it
def test_the_example_of_dask_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dask = pytest.importorskip("dask")
    pd = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    Path("clips").mkdir()
    for part in range(3):
        ids = [f"{part}-{row}" for row in range(40)]
        pd.DataFrame({"id": ids, "seconds": [10] * 40}).to_parquet(f"clips/part-{part}.parquet")
    with dask.config.set(scheduler="sync"):
        exec(compile(block("dask", "python"), "README.md", "exec"), {})

    import polars as pl

    parts, one = pl.read_parquet(sorted(Path("routed").glob("*.parquet"))), pl.read_csv("routed.csv")
    assert parts["id"].to_list() == one["id"].to_list() == [f"{part}-{row}" for part in range(3) for row in range(40)]
    assert parts["route.model"].to_list() == one["route.model"].to_list()
    assert (one["route.model"] == "kling-3.0").sum() == 36  # 0.3 of 120


def _engines() -> dict[str, Any]:
    """By what the table of README calls it: a frame of that kind from one of polars."""
    import polars as pl

    duckdb, dd = pytest.importorskip("duckdb"), pytest.importorskip("dask.dataframe")
    return {
        "polars `DataFrame`, `LazyFrame`": pl.DataFrame.lazy,
        "pandas `DataFrame`": pl.DataFrame.to_pandas,
        "pyarrow `Table`": pl.DataFrame.to_arrow,
        "DuckDB relation": lambda table: duckdb.connect().from_arrow(table.to_arrow()),
        "Dask `DataFrame`": lambda table: dd.from_pandas(table.to_pandas(), npartitions=3),
    }


def _rows(native: Any) -> Any:
    """A frame of any kind as one of polars."""
    import polars as pl

    if isinstance(native, pl.LazyFrame):
        return native.collect()
    if hasattr(native, "compute"):
        return pl.from_pandas(native.compute())
    return native.pl() if hasattr(native, "pl") else pl.DataFrame(native)


def test_every_engine_gives_back_its_own_kind_in_the_order_that_is_shown() -> None:
    dask = pytest.importorskip("dask")
    import polars as pl

    table = re.search(r"\| table \|.*?\n\n", SECTION, re.DOTALL)
    assert table is not None
    shown = {
        row.split(" | ")[0].removeprefix("| "): row.split(" | ")[2] for row in table.group().splitlines()[2:] if row
    }
    engines = _engines()
    assert [name for name in shown if not name.startswith("path")] == list(engines)
    ids = [f"clip-{9 - row % 10}{row}" for row in range(60)]
    clips = pl.DataFrame({"id": ids, "seconds": [5 + 5 * (row % 2) for row in range(60)]})
    rules = {"limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_clips": 31}]}}
    expected = router.plan_table(clips, rules, on=ON).routed()
    assert isinstance(expected, pl.DataFrame)
    assert expected["id"].to_list() == ids
    with dask.config.set(scheduler="sync"):
        for name, made in engines.items():
            native = made(clips)
            planned = router.plan_table(native, rules, on=ON)
            routed, bad = planned.routed(), planned.bad_rows()
            assert type(routed) is type(bad) is type(native), name
            assert _rows(bad).is_empty(), name
            whole = _rows(routed)
            if shown[name].startswith("yes"):
                assert whole["id"].to_list() == ids, name
                assert whole["route.number"].to_list() == expected["route.number"].to_list(), name
            else:
                # In the order of ids the first of a class take its first route.
                inorder = router.plan_table(clips.sort("id"), rules, on=ON).routed()
                assert whole.sort("id")["route.number"].to_list() == inorder["route.number"].to_list(), name


def test_classes_planned_for_a_database_find_their_clips_by_the_sql_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    connection = duckdb.connect()
    connection.execute(
        """
        create table clips as
        select format('clip-{:05d}', n * 7919 % 3000) as id,
               case n % 3 when 0 then 7.5 else 5 * (n % 3) end as seconds,
               case when n % 2 = 0 then '1080p' end as resolution,
               case when n % 5 = 0 then 'native' end as audio,
               'prompt ' || n as prompt
        from range(3000) t(n)
        """
    )
    clips = connection.sql("select * from clips order by id").pl()
    rules = {
        "columns": {"carry": ["prompt"]},
        "limits": {"caps": [{"where": {"model": "kling-3.0"}, "max_share": 0.3}]},
    }
    direct = router.plan_table(clips, rules, on=ON)

    connection.execute(block("sql-classes", "sql"))
    Path("classes.toml").write_text(block("sql-scenario", "toml"), encoding="utf-8")
    commanded("plan classes.toml --routed routes.csv")
    connection.execute(block("sql-join", "sql"))

    classes = connection.execute("select count(*) from classes").fetchall()
    routes = connection.execute("select count(*) from routes").fetchall()
    assert classes == [(12,)]  # 3 lengths, with and without a resolution, with and without sound
    assert routes > classes, "the cap splits no class"
    plan = router.Plan.load("plan.json")
    assert plan.totals == direct.plan.totals
    found = connection.sql("select * from routed order by id").pl()
    expected = direct.routed()
    assert found["id"].to_list() == expected["id"].to_list() == clips["id"].to_list()
    assert found["prompt"].to_list() == clips["prompt"].to_list()
    # Clip by clip what the rows planned directly have: both deal the clips of a class in the order of their ids.
    assert found["route_model"].to_list() == expected["route.model"].to_list()
    assert [float(own) for own in found["route_expected_usd"]] == [float(own) for own in expected["route.expected_usd"]]


def test_the_scenario_that_shows_columns_reads_such_a_table(tmp_path: Path) -> None:
    import polars as pl

    shown = re.search(r"<!-- columns -->\n```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    (tmp_path / "shown.toml").write_text(shown.group(1), encoding="utf-8")
    table = pl.DataFrame({"job": ["a"], "duration": [10], "prompt": ["A boat"], "customer": ["acme"]})
    table.write_parquet(tmp_path / "jobs.parquet")

    (clip,) = router.Scenario.load(tmp_path / "shown.toml").clips

    assert (clip.id, clip.seconds, clip.request) == ("a", 10, {"prompt": "A boat"})

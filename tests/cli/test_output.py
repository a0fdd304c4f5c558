"""``-o`` writes whole or not at all; logs say nothing of what a user wrote; cells and names do no harm where they are shown."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.commands import DAY, QUICKSTART, Router
from tests.loading.messages import CATALOG, CLIP, written

SECRET = "sk-live-0123456789"


def test_a_file_holds_what_standard_output_would(router_: Router, tmp_path: Path) -> None:
    for form, name in (("json", "p.json"), ("csv", "p.csv"), ("table", "p.txt")):
        said = router_.plan(QUICKSTART, "--format", form)
        wrote = router_.plan(QUICKSTART, "-o", tmp_path / name)
        assert (wrote.status, wrote.out, wrote.err) == (0, "", "")
        assert (tmp_path / name).read_bytes() == said.out.encode()


def test_a_dash_is_standard_output(router_: Router) -> None:
    assert router_.plan(QUICKSTART, "-o", "-") == router_.plan(QUICKSTART)


def test_an_existing_file_is_replaced_and_keeps_its_mode(router_: Router, tmp_path: Path) -> None:
    output = written(tmp_path, "old", "p.json")
    output.chmod(0o640)
    assert router_.plan(QUICKSTART, "-o", output).status == 0
    assert json.loads(output.read_text())["schema"] == 1
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize(
    "text", [CLIP + "count = 0\n", CLIP + "[limits]\nbudget_usd = 0\n", CLIP + 'resolution = "4k"\n']
)
def test_a_run_that_fails_leaves_the_file_as_it_was(router_: Router, tmp_path: Path, text: str) -> None:
    output = written(tmp_path, "old", "p.json")
    assert router_.plan(written(tmp_path, text, "s.toml"), "-o", output).status in (2, 3)
    assert output.read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["p.json", "s.toml"]


def test_a_run_that_fails_makes_no_file(router_: Router, tmp_path: Path) -> None:
    router_.plan(written(tmp_path, CLIP + "count = 0\n", "s.toml"), "-o", tmp_path / "p.json")
    assert [file.name for file in tmp_path.iterdir()] == ["s.toml"]


def test_a_symbolic_link_stays_one(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, "old", "real.json")
    (tmp_path / "link.json").symlink_to("real.json")
    assert router_.plan(QUICKSTART, "-o", tmp_path / "link.json").status == 0
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text().startswith("{")


@pytest.mark.parametrize(
    "where", ["missing/p.json", ".", "s.toml/p.json", "a\0b", "x" * 300, "", "/proc/nothing/p.json"]
)
@pytest.mark.parametrize(
    "command", [["plan", "s.toml"], ["schema", "plan"], ["catalog", "list"]], ids=["plan", "schema", "catalog"]
)
def test_a_place_that_cannot_be_written_has_status_2(
    router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], where: str
) -> None:
    written(tmp_path, CLIP, "s.toml")
    monkeypatch.chdir(tmp_path)
    ran = router_(*command, "-o", where)
    assert (ran.status, ran.out) == (2, "")
    assert "cannot be written" in ran.err
    assert [file.name for file in tmp_path.iterdir()] == ["s.toml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_has_status_2(router_: Router, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    ran = router_.plan(QUICKSTART, "-o", folder / "p.json")
    assert (ran.status, ran.out) == (2, "")
    assert "cannot be written: permission denied" in ran.err


# ---- logs ------------------------------------------------------------------------------------------------------------


def test_verbose_logs_go_to_standard_error_and_hold_nothing_of_what_the_user_wrote(
    router_: Router, tmp_path: Path
) -> None:
    text = (
        f'title = "{SECRET}-title"\n[[clips]]\nid = "{SECRET}-id"\nseconds = 5\ngroup = "{SECRET}-group"\ncount = 10\nvalue_usd = 5\n'
        f'request = {{ prompt = "{SECRET}-prompt", note = "{SECRET}" }}\n[limits]\nbudget_usd = 1\n'
    )
    path = written(tmp_path, text, "s.toml")
    quiet, loud = router_.plan(path), router_.plan(path, "--verbose")
    assert loud.status == 0
    assert loud.out == quiet.out
    assert quiet.err == ""
    assert loud.err
    assert SECRET not in loud.err


def test_a_key_in_a_request_never_reaches_a_message(router_: Router, tmp_path: Path) -> None:
    text = CLIP + f'request = {{ prompt = "{SECRET}", api_key = "{SECRET}", bad = nan }}\n'
    ran = router_.plan(written(tmp_path, text, "s.toml"), "--verbose")
    assert ran.status == 2
    assert SECRET not in ran.err + ran.out


# ---- spreadsheets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")'])
def test_no_cell_of_a_csv_is_a_formula(router_: Router, tmp_path: Path, name: str) -> None:
    data = {"clips": [{"id": name, "seconds": 5}, {"id": "b", "seconds": 5, "mode": name, "value_usd": 1}]}
    path = written(tmp_path, json.dumps(data), "s.json")
    written(tmp_path, CATALOG.replace('"m"', json.dumps(name)).replace('"p"', '"=p"'), "c.toml")
    texts = [
        router_.plan(path, "--format", "csv"),
        router_("explain", path, name if name[0] not in "-" else "b", "--format", "csv", "--as-of", DAY),
        router_("catalog", "show", tmp_path / "c.toml", "--format", "csv"),
    ]
    for ran in texts:
        assert ran.status == 0
        cells = [cell for row in csv.reader(io.StringIO(ran.out)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    assert f"'{name}" in next(csv.DictReader(io.StringIO(texts[0].out)))["clips"]


def test_a_negative_amount_is_a_number_in_a_csv_and_no_text(router_: Router, tmp_path: Path) -> None:
    # A cap forbids the cheapest: 5 s at 0.100 on kling-o3. The plan takes 5 x 0.113 on kling-3.0, 0.065 dearer.
    text = (
        CLIP
        + 'audio = "native"\n[[limits.caps]]\nmax_clips = 0\nwhere = { model = "kling-o3" }\n[fallback]\ndirection = "none"\n'
    )
    ran = router_("explain", written(tmp_path, text, "s.toml"), "a", "--format", "csv", "--as-of", DAY)
    assert next(csv.DictReader(io.StringIO(ran.out)))["gap_usd"] == "-0.065000"


# ---- tables ----------------------------------------------------------------------------------------------------------

NAMES = [
    ":smile:",
    "a" * 200,
    "🎬🎬🎬 فيلم",
    "👩‍👩‍👧‍👦" * 8,
    "שלום עולם",
    "e\u0301" * 30,
    "日本語の長い名前" * 10,
    "a_b*c`d~e|f\\g",
    "100%",
    "{braces} %s $HOME",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:24])
@pytest.mark.parametrize("command", ["plan", "explain"])
def test_a_table_holds_any_name_as_it_is_and_stays_in_its_width(
    router_: Router, tmp_path: Path, command: str, name: str
) -> None:
    text = (
        CLIP.replace('"a"', json.dumps(name, ensure_ascii=False))
        + f"[[clips]]\nid = {json.dumps(name[:-1] + '2', ensure_ascii=False)}\nseconds = 7\n"
    )
    path = written(tmp_path, text, "s.toml")
    arguments = [path, name] if command == "explain" else [path]
    ran = router_(command, *arguments, "--format", "table", "--as-of", DAY)
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    squeezed = "".join(character for character in ran.out if not character.isspace())
    # Spread over the lines of a cell the name may be; changed it may not be.
    assert set("".join(name.split())) <= set(squeezed)
    assert len(name) > 20 or command == "plan" or name in ran.out
    assert [line for line in lines if cell_len(line) > 120 and not line.startswith(name[:20])] == []
    assert not [c for c in ran.out if unicodedata.category(c) == "Cc" and c != "\n"]
    assert "$0.375" in ran.out


def test_a_file_gets_no_colour(router_: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    router_.plan(QUICKSTART, "--format", "table", "-o", tmp_path / "p.txt")
    assert "\x1b" not in (tmp_path / "p.txt").read_text()
    assert "\x1b" not in router_.plan(QUICKSTART, "--format", "table").out

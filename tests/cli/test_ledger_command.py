"""``router ledger``: what a router spent, what is still open, and how that is ended."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from router.online import Router as Online
from tests.cli.commands import Router
from tests.online.shop import CLIP, Clock, shop
from tests.strategies import ON


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """One clip of $1.00 paid, one set aside with its worst case of $2.00."""
    path = tmp_path / "spend.db"
    own = Online(
        shop(),
        fallback={"across": "all"},
        limits={"budget_usd": 9, "caps": [{"max_clips": 5}]},
        budgets=[{"usd": 7, "provider": "p", "per": "day"}],
        ledger=path,
        on=ON,
        clock=Clock(),
    )
    own.report(own.route(CLIP), "served", Decimal("0.95"))
    own.route({**CLIP, "id": "secret", "request": {"prompt": "secret"}})
    own.ledger.close()
    return path


def test_show_lists_accounts_and_what_is_not_settled(router_: Router, ledger: Path) -> None:
    shown = router_("ledger", "show", ledger, "--format", "table")
    assert (shown.status, shown.err) == (0, "")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "budgets[0] provider=p day=2026-04-10 $7.00 $0.95 $1.50 $4.55" in lines
    assert "limits.budget_usd $9.00 $0.95 $2.00 $6.05" in lines
    assert "limits.caps[0].max_clips 5 clips 1 clip 1 clip 3 clips" in lines
    assert "2 2026-04-10 12:00:00 p/a limits.budget_usd $2.00" in lines
    assert "secret" not in shown.out


def test_json_carries_amounts_with_six_decimals(router_: Router, ledger: Path) -> None:
    found = router_("ledger", "show", ledger).json
    (budget,) = [one for one in found["accounts"] if one["account"] == "limits.budget_usd"]
    assert budget == {
        "account": "limits.budget_usd",
        "unit": "usd",
        "bound": "9.000000",
        "reserved": "2.000000",
        "spent": "0.950000",
    }
    assert {(one["number"], one["what"]) for one in found["not_settled"]} == {(2, "p/a")}


def test_export_writes_every_booking_in_order(router_: Router, ledger: Path, tmp_path: Path) -> None:
    written = tmp_path / "journal.csv"
    assert router_("ledger", "export", ledger, "-o", written).status == 0
    rows = [row for row in csv.DictReader(io.StringIO(written.read_text())) if row["account"] == "limits.budget_usd"]
    assert [(row["number"], row["event"], row["spent"], row["released"]) for row in rows] == [
        ("1", "reserved", "0.000000", "-2.000000"),
        ("1", "served", "0.950000", "2.000000"),
        ("2", "reserved", "0.000000", "-2.000000"),
    ]
    assert len(router_("ledger", "export", ledger, "--format", "json").json) == 9


def test_settle_ends_what_a_lost_process_had_open(router_: Router, ledger: Path) -> None:
    settled = router_("ledger", "settle", ledger, "2", "--usd", "1.50", "--by", "p/b")
    assert (settled.status, settled.out.splitlines()) == (
        0,
        [
            "budgets[0] provider=p day=2026-04-10: $1.50 spent of $1.50 set aside",
            "limits.budget_usd: $1.50 spent of $2.00 set aside",
            "limits.caps[0].max_clips: 1 clip spent of 1 clip set aside",
        ],
    )
    found = router_("ledger", "show", ledger).json
    assert found["not_settled"] == []
    assert {one["account"]: (one["reserved"], one["spent"]) for one in found["accounts"]} == {
        "budgets[0] provider=p day=2026-04-10": ("0.000000", "2.450000"),
        "limits.budget_usd": ("0.000000", "2.450000"),
        "limits.caps[0].max_clips": ("0.000000", "2.000000"),
    }


def test_settle_with_nothing_billed_lets_go_of_everything(router_: Router, ledger: Path) -> None:
    assert router_("ledger", "settle", ledger, "2", "--usd", "0").status == 0
    found = router_("ledger", "show", ledger).json
    assert {one["account"]: (one["reserved"], one["spent"]) for one in found["accounts"]} == {
        "budgets[0] provider=p day=2026-04-10": ("0.000000", "0.950000"),
        "limits.budget_usd": ("0.000000", "0.950000"),
        "limits.caps[0].max_clips": ("0.000000", "1.000000"),
    }


@pytest.mark.parametrize("number", ["1", "77"])
def test_settling_what_is_not_open_is_refused(router_: Router, ledger: Path, number: str) -> None:
    refused = router_("ledger", "settle", ledger, number, "--usd", "1")
    assert refused.status == 2
    assert f"no reservation {number} is open; `router ledger show` lists those that are" in refused.err


@pytest.mark.parametrize("by", ["p", "/a", "p/"])
def test_who_billed_is_a_model_at_a_provider(router_: Router, ledger: Path, by: str) -> None:
    refused = router_("ledger", "settle", ledger, "2", "--usd", "1", "--by", by)
    assert (refused.status, refused.err) == (2, f"--by: must be PROVIDER/MODEL as p/a, not '{by}'\n")


def test_a_seller_that_nothing_was_set_aside_for_is_refused_with_the_nearest(router_: Router, tmp_path: Path) -> None:
    path = tmp_path / "spend.db"
    own = Online("evolink", budgets=[{"usd": 9, "provider": "*"}], ledger=path, on=ON)
    own.route(CLIP)
    own.ledger.close()
    typo = router_("ledger", "settle", path, "1", "--usd", "1.00", "--by", "evolnk/kling-3.0")
    assert typo.status == 2
    assert "reservation 1 has set nothing aside for evolnk/kling-3.0; did you mean evolink/kling-3.0?" in typo.err
    other = router_("ledger", "settle", path, "1", "--usd", "1.00", "--by", "p/a")
    assert other.status == 2
    assert "reservation 1 has set nothing aside for p/a; only for evolink/*" in other.err
    assert router_("ledger", "settle", path, "1", "--usd", "1.00", "--by", "evolink/kling-3.0").status == 0


@pytest.mark.parametrize("amount", ["1e20", "1e9999999", "1e12", "1e-9999999", "-1", "nan"])
def test_an_amount_that_no_ledger_holds_is_refused(router_: Router, ledger: Path, amount: str) -> None:
    refused = router_("ledger", "settle", ledger, "2", "--usd", amount)
    assert refused.status == 2
    assert "must be an amount of dollars as 1250 or 0.75, below 1,000,000,000,000" in refused.err


def test_an_empty_ledger_says_so(router_: Router, tmp_path: Path) -> None:
    from router.online.ledger_file import FileLedger

    FileLedger(tmp_path / "spend.db").close()
    assert "Nothing was drawn on yet." in router_("ledger", "show", tmp_path / "spend.db", "--format", "table").out


def test_a_file_that_is_no_ledger_is_refused_and_none_is_made(router_: Router, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}" * 600)
    refused = router_("ledger", "show", tmp_path / "plan.json")
    assert (refused.status, refused.out) == (2, "")
    assert "cannot be used as a ledger: file is not a database" in refused.err
    missing = router_("ledger", "show", tmp_path / "missing.db")
    assert missing.status == 2
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]

"""Calibration files: written and read back; and scenarios that take their numbers."""

from __future__ import annotations

import tomllib
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from router.analysis.calibrate import measured
from router.checking.prices import price_lines
from router.errors import InputError
from router.offers.table import offer_table
from router.report.toml import calibration_text
from router.schema.calibration import Calibration, LoggedAttempt
from router.schema.scenario import Scenario
from tests.analysis.attempts import each, log
from tests.builders import ON, catalog, model, scenario
from tests.loading.messages import CLIP, refusal, scenario_refusal, written

HOSTILE = [
    'quo"te', "back\\slash", "it's", "#not a comment", "a = 1", "dotted.name", "a/b/c", "=cmd|'/C calc'!A0", "Ünïcode 模型 🎬",
    "\\u0041", "a,b;c", "{x}", "-", "true", "1e5", "'''", '"""', "per%20cent", "$HOME `id`", "..",
]  # fmt: skip


def calibration(**fields: object) -> Calibration:
    return Calibration.model_validate({"schema": 1, **fields})


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_calibration_read_back_is_the_one_written_and_written_again_has_the_same_bytes(
    tmp_path: Path, form: str
) -> None:
    attempts = [*log(3), *each({"failed": 2, "kept": 3}, model="n"), *each({"failed": 1, "billed": 1}, model="mixed")]
    made, first, again = measured(attempts), tmp_path / f"a.{form}", tmp_path / f"b.{form}"
    made.save(first)
    Calibration.load(first).save(again)

    assert Calibration.load(first) == made
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_the_file(tmp_path: Path, name: str) -> None:
    made = measured([LoggedAttempt(name, name, outcome) for outcome in ("kept", "failed", "billed", "down")])
    made.save(tmp_path / "c.toml")

    assert Calibration.load(tmp_path / "c.toml") == made
    data = tomllib.loads((tmp_path / "c.toml").read_text())
    assert set(data["outages"]["availability"]) == {f"{name}/{name}"}


def test_an_empty_calibration_is_a_file_too(tmp_path: Path) -> None:
    calibration().save(tmp_path / "c.toml")
    assert Calibration.load(tmp_path / "c.toml") == calibration()


def test_small_rates_are_written_out_in_full() -> None:
    # 0.5 / 10,000,001 has nine decimals as 0.00000005.
    text = calibration_text(calibration(failure_rate={"p/m": Decimal("0.00000005")}), "toml")
    assert '"p/m" = 0.00000005\n' in text


BAD = {
    "no rate": ("[failure_rate]\n'p/m' = 1.5\n", "c.toml:2: `p/m` must be at most 1, not 1.5"),
    "misspelt": (
        "[failure_rates]\n'p/m' = 0.5\n",
        "c.toml:1: `failure_rates`: no such field; did you mean `failure_rate`?",
    ),
    "no word": ("[bills_failures]\n'p/m' = 'maybe'\n", "c.toml:2: `p/m` is 'maybe', must be no | yes"),
    "no time": (
        "from = 2026-03-01\n",
        "c.toml:1: `from` must be a date and time as 2026-03-01T09:30:00Z, not 2026-03-01",
    ),
    "no toml": ("outages = \n", "c.toml:1: is not TOML: invalid value (column 11)"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_calibration_gets_one_message_with_its_line(tmp_path: Path, what: str) -> None:
    text, wanted = BAD[what]
    assert refusal(Calibration.load, written(tmp_path, text, "c.toml")) == [wanted]


@pytest.mark.parametrize("what", BAD)
def test_a_scenario_names_the_line_of_its_own_and_of_the_calibration(tmp_path: Path, what: str) -> None:
    text, wanted = BAD[what]
    written(tmp_path, text, "c.toml")
    assert scenario_refusal(tmp_path, 'title = "x"\ncalibration = "c.toml"\n' + CLIP) == [
        f"s.toml:2: in calibration 'c.toml': {wanted}"
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"nowhere.toml"', "in calibration 'nowhere.toml': nowhere.toml: no such file"),
        ("5", "`calibration` must be the path of a calibration file, not 5"),
        ("{ schema = 1 }", "`calibration` must be the path of a calibration file, not a table"),
        ('"."', "in calibration '.': "),
    ],
)
def test_a_calibration_that_cannot_be_read_is_one_error(tmp_path: Path, value: str, message: str) -> None:
    (line,) = scenario_refusal(tmp_path, f"calibration = {value}\n" + CLIP)
    assert line.startswith(f"s.toml:1: {message}")


def test_in_code_a_calibration_is_an_object() -> None:
    with pytest.raises(ValidationError, match="Calibration"):
        Scenario.model_validate({"clips": [{"seconds": 5}], "calibration": "c.toml"})


MEASURED = calibration(
    outages={
        "availability": {"p/m": 0.9, "p/n": 0.8},
        "repair_minutes": 20,
        "repair_minutes_of": {"p/m": 10, "p/n": 30},
    },
    failure_rate={"p/m": 0.1, "p/n": 0.2},
    keep_rate={"p/m": 0.6, "p/n": 0.7},
    bills_failures={"p/m": "yes", "p/n": "no"},
)


def test_a_scenario_takes_what_was_measured_from_a_file_as_from_an_object(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    MEASURED.save(tmp_path / "sub" / "c.toml")
    text = 'calibration = "sub/c.toml"\n' + CLIP + '[outages]\ncorrelation = "over-time"\nrun_minutes = 60\n'
    loaded = Scenario.load(written(tmp_path, text, "s.toml"))
    built = scenario(
        [{"id": "a", "seconds": 5}], calibration=MEASURED, outages={"correlation": "over-time", "run_minutes": 60}
    )

    for found in (loaded, built):
        assert found.outages.availability == MEASURED.outages.availability
        assert (found.outages.repair_minutes, found.outages.repair_minutes_of) == (20, {"p/m": 10, "p/n": 30})
        assert (found.failure_rate, found.keep_rate) == (MEASURED.failure_rate, MEASURED.keep_rate)
        assert found.bills_failures == {"p/m": "yes", "p/n": "no"}
    assert loaded.model_dump() == built.model_dump()


def test_the_scenarios_own_word_comes_before_what_was_measured_and_of_a_model_at_every_provider() -> None:
    found = scenario(
        [{"seconds": 5}],
        calibration=MEASURED,
        outages={"availability": {"m": 0.5, "p": 0.99}, "repair_minutes_of": {"p/n": 5}},
        failure_rate={"p/m": 0.3},
        keep_rate={"n": 1},
        bills_failures={"m": "unknown"},
    )

    assert found.outages.availability == {"m": Decimal("0.5"), "p": Decimal("0.99"), "p/n": Decimal("0.8")}
    assert found.outages.repair_minutes_of == {"p/n": 5, "p/m": 10}
    assert found.failure_rate == {"p/m": Decimal("0.3"), "p/n": Decimal("0.2")}
    assert found.keep_rate == {"n": 1, "p/m": Decimal("0.6")}
    assert found.bills_failures == {"m": "unknown", "p/n": "no"}


def test_one_repair_time_for_all_in_the_scenario_leaves_nothing_for_measurements_to_say() -> None:
    found = scenario([{"seconds": 5}], calibration=MEASURED, outages={"repair_minutes": 60})
    assert (found.outages.repair_minutes, found.outages.repair_minutes_of) == (60, {})


def test_over_time_without_a_measured_repair_time_still_asks_for_one(tmp_path: Path) -> None:
    calibration(outages={"availability": {"p/m": 0.9}}).save(tmp_path / "c.toml")
    text = 'calibration = "c.toml"\n' + CLIP + '[outages]\ncorrelation = "over-time"\nrun_minutes = 60\n'
    assert scenario_refusal(tmp_path, text) == ['s.toml:6: `correlation` "over-time" needs repair_minutes']


RATED = catalog(
    model("m", failure_rate="0.4", keep_rate="0.9", bills_failures="unknown"),
    model("n", offers=[{"audio": False, "price_per_second": "0.10", "failure_rate": "0.5"}]),
    model("m", provider="q", failure_rate="0.4", keep_rate="0.9", bills_failures="yes"),
    model("o"),
)
STATED = scenario(
    [{"seconds": 5}],
    RATED,
    failure_rate={"m": 0.3, "p/m": 0},
    keep_rate={"m": 0.2},
    bills_failures={"q/m": "no"},
    calibration=calibration(failure_rate={"p/n": 0.1}, keep_rate={"q/m": 0.7}, bills_failures={"p/m": "yes"}),
)
# p/m: its own entry 0 before the model's 0.3; keeping by the model's entry; billing measured.
# p/n: measured, before the offer's own 0.5.  q/m: the model's entries (the scenario's word, before the measured 0.7).  p/o: nothing.
RATES = {"p/m": (0.0, 0.2, "yes"), "p/n": (0.1, 1.0, "unknown"), "q/m": (0.3, 0.2, "no"), "p/o": (0.0, 1.0, "unknown")}


def test_offers_bear_the_scenarios_rates_then_the_measured_then_the_catalogs() -> None:
    found = {
        f"{o.provider}/{o.model}": (o.failure_rate, o.keep_rate, o.bills_failures)
        for o in offer_table([RATED], ON, STATED)
    }
    assert found == RATES


def test_the_independent_check_reckons_with_the_same_rates() -> None:
    found = {
        "/".join(line.key): (
            float(line.terms.failure_rate or 0),
            1.0 if line.terms.keep_rate is None else float(line.terms.keep_rate),
            line.terms.bills_failures or "unknown",
        )
        for line in price_lines([RATED], STATED)
    }
    assert found == RATES


def test_a_calibration_that_says_nothing_changes_nothing() -> None:
    silent = scenario([{"seconds": 5}], RATED, calibration=calibration())
    assert [astuple(o) for o in offer_table([RATED], ON, silent)] == [astuple(o) for o in offer_table([RATED], ON)]


def test_a_log_that_is_not_there_leaves_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"c\.toml: no such file"):
        Calibration.load(tmp_path / "c.toml")

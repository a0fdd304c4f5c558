"""What a log of attempts says: recovered from synthetic logs whose truth is known."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import router
from router.analysis.calibrate import measured
from router.schema.calibration import Calibration, Evidence, LoggedAttempt
from tests.analysis.attempts import PLAIN, START, Truth, each, log

ROOT = Path(__file__).parent.parent.parent
M = "p/m"


def of(calibration: Calibration, quantity: str, name: str = M) -> Evidence:
    """The evidence for one number."""
    return next(item for item in calibration.evidence if (item.name, item.quantity) == (name, quantity))


def covers(item: Evidence, truth: float) -> bool:
    return item.low <= Decimal(truth) <= item.high


def test_rates_are_counted_as_the_outcomes_say() -> None:
    found = measured(each({"down": 4, "failed": 2, "billed": 3, "served": 5, "kept": 6, "rejected": 1}))

    # 21 attempts: 17 found it up; 5 of 17 failed; 6 of the 7 judged were kept.
    assert found.outages.availability == {M: Decimal("0.795454545")}  # 17.5 / 22
    assert found.failure_rate == {M: Decimal("0.305555556")}  # 5.5 / 18
    assert found.keep_rate == {M: Decimal("0.8125")}  # 6.5 / 8
    assert found.bills_failures == {}
    assert found.observations == 21
    assert [(item.successes, item.observations) for item in found.evidence] == [(17, 21), (5, 17), (6, 7)]
    assert [note for note in found.notes if note.startswith(M)] == [
        "p/m: 3 of 5 failures were billed, so bills_failures says nothing"
    ]


def test_billing_is_stated_only_where_every_failure_says_the_same() -> None:
    attempts = [
        *each({"billed": 3, "kept": 1}, model="bills"),
        *each({"failed": 2, "kept": 1}, model="does-not"),
        *each({"failed": 1, "billed": 1}, model="differs"),
        *each({"kept": 9}, model="never-failed"),
    ]
    assert measured(attempts).bills_failures == {"p/bills": "yes", "p/does-not": "no"}


def test_what_nobody_judged_or_submitted_has_no_rate() -> None:
    assert measured(each({"served": 9})).keep_rate == {}
    assert measured(each({"down": 9})).failure_rate == {}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_of_a_log_lies_within_its_intervals(seed: int) -> None:
    truth = Truth(availability=0.9, repair_minutes=25)
    found = measured(log(seed, truth, attempts=3000, gap_minutes=4))

    assert all(covers(of(found, quantity), value) for quantity, value in truth._asdict().items())
    assert found.outages.repair_minutes_of[M] == found.outages.repair_minutes == pytest.approx(Decimal(25), rel=0.25)


def test_95_percent_intervals_cover_the_truth_in_90_to_99_percent_of_200_logs() -> None:
    hits: Counter[str] = Counter()
    for seed in range(200):
        found = measured(log(seed, attempts=500))
        for item in found.evidence:
            hits[item.quantity] += item.name == M and covers(item, getattr(PLAIN, item.quantity))

    # A log in a hundred holds no outage that it can time, and then states no repair time.
    assert {quantity: 180 <= times <= 198 for quantity, times in hits.items()} == dict.fromkeys(Truth._fields, True)


def test_attempts_that_find_the_same_outage_are_not_counted_as_independent() -> None:
    item = of(measured(log(1)), "availability")

    assert item.effective_observations is not None
    assert 20 < item.effective_observations < 200 < item.observations


def test_the_estimate_of_repair_time_is_right_on_average_even_where_attempts_are_further_apart_than_outages_last() -> (
    None
):
    means = []
    for seed in range(100):
        found = measured(log(seed, Truth(availability=0.9), attempts=300, gap_minutes=60))
        means += [float(mean) for mean in found.outages.repair_minutes_of.values()]

    assert sum(means) / len(means) == pytest.approx(30, rel=0.1)


def test_the_order_of_the_lines_is_no_matter() -> None:
    attempts = log(5)
    shuffled = random.Random(0).sample(attempts, len(attempts))
    assert measured(shuffled) == measured(attempts)


def test_models_are_measured_each_for_itself_and_repair_times_also_together() -> None:
    slow = [LoggedAttempt("q", "n", a.outcome, a.time) for a in log(8, Truth(repair_minutes=90), attempts=2000)]
    fast = log(9, Truth(repair_minutes=20), attempts=2000)
    found = measured([*slow, *fast])

    of_each = found.outages.repair_minutes_of
    assert found.outages.repair_minutes is not None
    assert of_each[M] < found.outages.repair_minutes < of_each["q/n"]
    assert found.outages.availability[M] == measured(fast).outages.availability[M]
    assert of(found, "repair_minutes", "all models").mean == found.outages.repair_minutes


@pytest.mark.parametrize("seed", range(60))
def test_every_estimate_lies_within_its_interval_however_little_the_log_holds(seed: int) -> None:
    draw = random.Random(seed)
    outcomes = draw.choice(
        [["down"], ["kept"], ["down", "kept"], ["down", "failed", "billed", "served", "kept", "rejected"]]
    )
    scale = 10 ** draw.uniform(-5, 5)
    attempts = [
        LoggedAttempt(
            "p", draw.choice("mn"), draw.choice(outcomes), START + dt.timedelta(minutes=scale * draw.randrange(60))
        )
        for _ in range(draw.choice([1, 2, 5, 40]))
    ]

    for item in measured(attempts).evidence:
        assert item.low <= item.mean <= item.high


def test_without_times_there_is_no_repair_time_and_a_note_says_so() -> None:
    found = measured(each({"kept": 5, "down": 2}))

    assert (found.outages.repair_minutes, found.since, found.until) == (None, None, None)
    assert found.notes == ("7 attempts have no time: they say nothing about repair times",)


def test_an_outage_that_did_not_end_is_noted() -> None:
    attempts = [*log(1, Truth(availability=0.9999), attempts=20)]
    assert attempts[-1].time is not None
    attempts.append(LoggedAttempt("p", "m", "down", attempts[-1].time + dt.timedelta(minutes=1)))
    found = measured(attempts)

    assert found.outages.repair_minutes_of == {}
    assert found.notes == ("p/m: the log holds no outage that ended, so repair_minutes_of says nothing",)


def pair(*, shared: bool) -> list[LoggedAttempt]:
    """Two models of one provider, asked in turn; down together one hour in ten, or each for itself."""
    draw, found = random.Random(7), []
    for hour in range(200):
        down = [draw.random() < 0.1 for _ in range(2)]
        for i in range(10):
            is_down = down[0] if shared else down[i % 2]
            time = START + dt.timedelta(hours=hour, minutes=6 * i)
            found.append(LoggedAttempt("p", "mn"[i % 2], "down" if is_down else "kept", time))
    return found


def test_a_provider_that_goes_down_as_a_whole_is_noted_and_one_whose_models_go_down_alone_is_not() -> None:
    notes = [note for note in measured(pair(shared=True)).notes if note.startswith("p: ")]
    assert len(notes) == 1
    assert "go down as a whole" in notes[0]
    assert not any(note.startswith("p: ") for note in measured(pair(shared=False)).notes)


def test_the_demonstration_is_what_the_command_makes_of_its_log(tmp_path: Path) -> None:
    router.calibrate(ROOT / "scenarios" / "outcomes" / "attempts.csv").save(tmp_path / "measured.toml")
    kept = ROOT / "scenarios" / "calibrations" / "measured.toml"
    assert (tmp_path / "measured.toml").read_bytes() == kept.read_bytes()

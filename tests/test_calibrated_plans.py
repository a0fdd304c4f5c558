"""Plans with measured rates: what a scenario states itself, what was measured, and names that nothing bears."""

from __future__ import annotations

from typing import Any

import pytest

from router.schema.calibration import Calibration
from tests.builders import catalog, model, planned

SOLD = catalog(
    model("m", availability="0.5", failure_rate="0.5", bills_failures="no"),  # 5 s for 0.50
    model("n", offers=[{"audio": False, "price_per_second": "0.12"}]),  # 5 s for 0.60
)
MEASURED = {
    "outages": {"availability": {"p/m": 0.9}},
    "failure_rate": {"p/m": 0.1},
    "bills_failures": {"p/m": "yes"},
}


def costs(measured: dict[str, Any], **fields: Any) -> tuple[str, str, str]:
    """The model, the expected cost and the worst case of one clip of 5 s."""
    calibration = Calibration.model_validate({"schema": 1, **measured})
    plan = planned([{"seconds": 5}], SOLD, calibration=calibration, **fields)
    (route,) = plan.routes
    return route.model, f"{route.expected_usd:f}", f"{route.worst_usd:f}"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        # Up 0.9, failing 0.1 and billed: 0.9 x (0.50 + 0.1 x 0.60) + 0.1 x 0.60 = 0.504 + 0.06. Worst: a failure and then n.
        ({}, ("m", "0.564000", "1.100000")),
        # The scenario's own word on the model, at any provider: 0.8 x 0.56 + 0.2 x 0.60 = 0.448 + 0.12
        ({"outages": {"availability": {"m": 0.8}}}, ("m", "0.568000", "1.100000")),
        # 0.9 x (0.50 + 0.2 x 0.60) + 0.06 = 0.618, so n is the better choice at 0.60; m behind it, failing first, bills 0.50 at worst
        ({"failure_rate": {"m": 0.2}}, ("n", "0.600000", "0.600000")),
        # 0.9 x (0.9 x 0.50 + 0.1 x 0.60) + 0.06 = 0.459 + 0.06; at worst n alone
        ({"bills_failures": {"p/m": "no"}}, ("m", "0.519000", "0.600000")),
        # 0.9 x 0.50 + 0.06
        ({"failure_rate": {"p/m": 0, "m": 1}}, ("m", "0.510000", "0.600000")),
    ],
)
def test_the_scenarios_word_comes_first_then_what_was_measured_then_the_catalogs(
    fields: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    assert costs(MEASURED, **fields) == wanted


def test_what_was_not_measured_is_the_catalogs() -> None:
    # Up 0.5 and failing 0.1, unbilled as the catalog says: 0.5 x (0.9 x 0.50 + 0.1 x 0.60) + 0.5 x 0.60 = 0.255 + 0.30
    assert costs({"failure_rate": {"p/m": 0.1}}) == ("m", "0.555000", "0.600000")


def test_a_name_that_no_offer_bears_is_a_warning_where_it_stands() -> None:
    measured = Calibration.model_validate({"schema": 1, "failure_rate": {"p/mm": 0.1, "p/m": 0.1}})
    plan = planned(
        [{"seconds": 5}],
        SOLD,
        calibration=measured,
        failure_rate={"nn": 0.1},
        keep_rate={"p/n": 0.5, "p": 0.5},
        bills_failures={"m": "no", "x/y": "no"},
    )

    assert plan.warnings == (
        "failure_rate: no offer bears the name 'nn'; did you mean 'n'?",
        "keep_rate: no offer bears the name 'p'",
        "bills_failures: no offer bears the name 'x/y'",
        "calibration: no offer bears the name 'p/mm'; did you mean 'p/m'?",
    )


def test_a_log_of_many_other_models_is_one_warning() -> None:
    others = {f"elsewhere/model-{i}": 0.1 for i in range(40)}
    (warning,) = planned(
        [{"seconds": 5}], SOLD, calibration=Calibration.model_validate({"schema": 1, "failure_rate": others})
    ).warnings

    assert warning.startswith("calibration: no offer bears the names 'elsewhere/model-0', ")
    assert warning.endswith(" and 35 more")


def test_what_was_measured_is_the_plans_own_statement_of_each_step() -> None:
    calibration = Calibration.model_validate({"schema": 1, **MEASURED, "keep_rate": {"p/m": 0.7}})
    first = planned([{"seconds": 5}], SOLD, calibration=calibration).routes[0].chain[0]

    assert (first.availability, first.failure_rate, first.bills_failures, first.keep_rate) == (0.9, 0.1, "yes", 0.7)

"""One thing that is priced once in each of several regions: every study tells the two apart."""

from __future__ import annotations

import re
from decimal import Decimal

import router
from router.analysis.explain import explain
from router.report.sensitivity_table import sensitivity_table
from router.report.terminal import explanation_table
from tests.builders import ON, Raw, catalog, model, scenario

FIVE = [{"id": "clip", "seconds": 5, "count": 16}]


def at(price: str, region: str | None = None, name: str = "m") -> Raw:
    """A model that costs so much a second in a region, or everywhere."""
    entry = model(name, [{"audio": False, "price_per_second": price}])
    return entry if region is None else {**entry, "region": region}


SOLD = catalog(at("0.06", "cn"), at("0.10", "global"), at("0.20", name="n"))
EVERYWHERE = scenario(FIVE, SOLD)


def test_explain_marks_the_region_that_the_plan_buys_in_and_no_other() -> None:
    found = explain(EVERYWHERE, "clip", on=ON)
    assert [(offer.model, offer.region, offer.chosen) for offer in found.offers] == [
        ("m", "cn", 16),
        ("m", "global", 0),
        ("n", None, 0),
    ]
    assert re.search(r"\* +p/m .*silent in cn ", explanation_table(found, 160))


def test_the_price_of_a_region_can_rise_to_that_of_the_other() -> None:
    # m costs 0.06 in cn and 0.10 elsewhere, n 0.20: from 0.10 on the same model is bought elsewhere, not at any price.
    found = router.sensitivity(EVERYWHERE, on=ON)
    in_cn, in_global = found.prices
    assert (in_cn.region, in_cn.clips, in_cn.above and in_cn.above.break_even) == ("cn", 16, Decimal("0.1"))
    assert in_cn.above is not None
    assert [(taker.region, taker.more) for taker in in_cn.above.takes_over] == [("global", 16)]
    assert (in_global.region, in_global.below and in_global.below.break_even) == ("global", Decimal("0.06"))
    assert "p/m in cn -> p/m in global" in in_cn.above.moved[0]
    assert "m silent in cn stays chosen up to $0.1" in sensitivity_table(found, 160)


def test_a_sweep_tells_where_the_region_changes() -> None:
    path = "catalogs.test.models.0.offers.0.price_per_second"
    (change,) = router.sweep(EVERYWHERE, [f"{path}=0.08:0.14:0.02"], on=ON).changes
    assert (change.until, change.since, change.moved) == ("0.1", "0.100001", ("16 x p/m in cn -> p/m in global",))

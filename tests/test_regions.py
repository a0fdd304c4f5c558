"""One thing that is priced once in each of several regions: every study tells the two apart."""

from __future__ import annotations

import re
from decimal import Decimal

import router
from router.analysis.comparison import compare
from router.analysis.explain import explain
from router.report.catalog_comparison_table import catalog_comparison_table
from router.report.html.plan_page import plan_page
from router.report.sensitivity_table import sensitivity_table
from router.report.terminal import explanation_table, plan_table
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


def told(before: router.Scenario, after: router.Scenario) -> list[str]:
    """Why clips are made otherwise, or at another price."""
    plans = (router.plan(before, on=ON), router.plan(after, on=ON))
    found = compare(*plans, (before, after))
    return [why.text for move in (*found.moved, *found.repriced) for why in move.why]


def test_a_difference_names_the_region_whose_price_rose() -> None:
    dearer = catalog(at("0.08", "cn"), at("0.10", "global"), at("0.20", name="n"))
    assert told(EVERYWHERE, scenario(FIVE, dearer)) == ["m silent in cn costs $0.08/s instead of $0.06/s"]


def test_a_difference_names_the_region_that_is_gone() -> None:
    (why,) = told(EVERYWHERE, scenario(FIVE, catalog(at("0.10", "global"), at("0.20", name="n"))))
    assert why == "m silent in cn is in no catalog any more (test had it)"


def test_another_region_of_the_account_is_a_difference_of_price_and_nothing_is_gone() -> None:
    before, after = (scenario(FIVE, SOLD, account={"p": {"regions": [name]}}) for name in ("cn", "global"))
    assert told(before, after)[0] == "m silent in global costs $0.10/s instead of $0.06/s"
    assert not any("no catalog" in why for why in told(EVERYWHERE, after))


def test_catalogs_are_compared_region_by_region_in_whatever_order() -> None:
    turned = catalog(at("0.10", "global"), at("0.05", "cn"), at("0.20", name="n"))
    found = router.compare_catalogs(SOLD, turned)
    assert [(one.region, one.before_usd, one.after_usd) for one in found.prices] == [
        ("cn", Decimal("0.06"), Decimal("0.05"))
    ]
    assert (found.unchanged, found.new, found.gone) == (2, (), ())
    assert "silent in cn" in catalog_comparison_table(found, 160)


def test_check_does_not_hold_the_price_of_one_region_against_that_of_another() -> None:
    # 1080p is cheaper in cn than 720p elsewhere, which is no mistake.
    sizes = [
        ("cn", [{"audio": False, "resolution": "1080p", "price_per_second": "0.06"}]),
        ("global", [{"audio": False, "resolution": "720p", "price_per_second": "0.08"}]),
    ]
    sold = catalog(*(model("m", offers, region=region) for region, offers in sizes))
    assert "resolution" not in [one.what for one in router.check_catalogs([sold], on=ON).findings]


def test_a_plan_says_in_which_region_its_clips_are_bought() -> None:
    made = router.plan(EVERYWHERE, on=ON)
    assert "Sold by region: p/m in cn\n" in plan_table(made)
    assert "silent in cn" in plan_page(made, None)
    assert "region" not in plan_table(router.plan(scenario(FIVE), on=ON))

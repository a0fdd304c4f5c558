"""Account terms: every one by hand, and against the plan of catalogs that say the same to everybody."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import router
from router.analysis.explain import explain
from router.analysis.figures import misstated
from router.checking.alone import check_alone
from router.checking.check import check_fully
from router.errors import NoPlanError
from router.loading.scenario_file import resolved_catalogs
from router.report.terminal import plan_table
from router.schema.account import AccountTerms
from router.schema.catalog import Catalog
from router.schema.plan import Plan
from router.schema.scenario import Scenario
from tests import strategies
from tests.builders import ON, Raw, catalog, model, planned, scenario

FIVE = [{"id": "clip", "seconds": 5}]


def under(account: Raw, *sold: Catalog, clips: list[Raw] | None = None, **fields: Any) -> Plan:
    """The plan under the terms of an account with provider ``p``; the independent check has nothing against it."""
    own = scenario(clips or FIVE, *sold, account={"p": account}, **fields)
    plan = router.plan(own, on=ON)
    assert found(plan, own) == []
    return plan


def found(plan: Plan, own: Scenario) -> list[str]:
    """What the independent check has against a plan, read back from its file."""
    again = Plan.model_validate_json(plan.to_json())
    catalogs = resolved_catalogs(own)
    return [*check_fully(again, own, catalogs, ON)[0], *check_alone(again, catalogs), *misstated(again)]


def price(plan: Plan) -> Decimal:
    return plan.routes[0].price_usd


# ---- prices ----------------------------------------------------------------------------------------------------------


def test_a_discount_is_taken_off_exactly_and_a_generation_is_rounded_once() -> None:
    # 3 s x 0.1000005 x 0.9 = 0.27000135, which is 0.270001; a price rounded before would give 3 x 0.090000 = 0.27.
    sold = catalog(model(offers=[{"audio": False, "price_per_second": "0.1000005"}]))
    assert price(under({"discount": Decimal("0.1")}, sold, clips=[{"seconds": 3}])) == Decimal("0.270001")


def test_a_discount_goes_off_what_a_generation_costs_besides_its_seconds_and_off_its_least_price() -> None:
    # 5 x 0.10 + 0.20 = 0.70, of which 3 quarters are 0.525; of a least price of 1.00 they are 0.75.
    besides = catalog(model(offers=[{"audio": False, "price_per_second": "0.10", "price_per_generation": "0.20"}]))
    least = catalog(model(offers=[{"audio": False, "price_per_second": "0.10", "price_minimum": "1.00"}]))
    quarter = {"discount": Decimal("0.25")}
    assert [price(under(quarter, sold)) for sold in (besides, least)] == [Decimal("0.525"), Decimal("0.75")]


def test_a_discount_goes_off_a_price_for_a_length() -> None:
    # 1.111 x 0.9 = 0.9999
    sold = catalog(model(seconds={"choices": [10]}, offers=[{"audio": False, "prices": {"10": "1.111"}}]))
    assert price(under({"discount": Decimal("0.1")}, sold)) == Decimal("0.9999")


@pytest.mark.parametrize(
    ("account", "paid"),
    [
        ({}, "0.625"),  # 5 s x 10 credits / 80
        ({"units_per_usd": 100}, "0.5"),
        ({"usd_per_unit": Decimal("0.0126")}, "0.63"),
        ({"usd_per_unit": Decimal("0.0126"), "discount": Decimal("0.1")}, "0.567"),
    ],
)
def test_units_are_paid_at_the_rate_of_the_account(account: Raw, paid: str) -> None:
    sold = catalog(model(offers=[{"audio": False, "price_per_second": "10"}]), unit="credit", units_per_usd=Decimal(80))
    plan = under(account, sold)
    assert price(plan) == Decimal(paid)
    # With the discount 45 of the 50 credits are spent.
    assert plan.totals.nominal_units == {"credit": "45" if "discount" in account else "50"}


def test_another_provider_of_the_same_catalog_is_paid_as_before() -> None:
    # n at q costs 0.45 for 5 s; m at p costs 0.50 by the list and 0.40 with a fifth off.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}], provider="q"))
    assert planned(FIVE, sold).routes[0].model == "n"
    plan = under({"discount": Decimal("0.2")}, sold, fallback={"across": "all"})
    assert [(step.model, step.price_usd) for step in plan.routes[0].chain] == [
        ("m", Decimal("0.4")),
        ("n", Decimal("0.45")),
    ]


def test_price_lines_show_the_list_price_and_what_of_it_is_paid() -> None:
    sold = catalog(model(offers=[{"audio": False, "price_per_second": "10"}]), unit="credit", units_per_usd=Decimal(80))
    (line,) = under({"discount": Decimal("0.1"), "units_per_usd": 100}, sold).prices
    assert (line.price_per_second, line.units_per_usd) == (10, 80)
    assert line.account is not None
    assert (line.account.discount, line.account.units_per_usd) == (Decimal("0.1"), 100)


def test_the_hash_of_a_catalog_stays_that_of_its_file() -> None:
    own = scenario(FIVE, account={"evolink": {"discount": Decimal("0.1")}})
    assert router.plan(own, on=ON).catalogs == router.plan(scenario(FIVE), on=ON).catalogs


def multiplied(raw: Raw, factor: Decimal) -> Raw:
    """A catalog's file with every price multiplied."""
    with localcontext(prec=60):
        times = {
            name: {length: own * factor for length, own in value.items()} if isinstance(value, dict) else value * factor
            for name, value in raw.items()
            if name in ("price_per_second", "price_per_generation", "price_minimum", "prices")
        }
    below = {name: [multiplied(part, factor) for part in raw[name]] for name in ("models", "offers") if name in raw}
    return {**raw, **times, **below}


def outcome(own: Scenario) -> Any:
    """Routes and figures, without what names prices; or that there are none."""
    try:
        plan = router.plan(own, on=strategies.ON)
    except NoPlanError:
        return None
    return plan.model_dump(mode="json", exclude={"account", "prices", "catalogs", "solved"})


@given(st.randoms(use_true_random=False), st.sampled_from(["0", "0.1", "0.25", "0.333", "0.9"]))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_discount_everywhere_is_the_plan_of_catalogs_whose_prices_are_multiplied(
    rng: random.Random, discount: str
) -> None:
    raw, catalogs = strategies.random_scenario(rng)
    account = {name: {"discount": Decimal(discount)} for name in strategies.PROVIDERS}
    cheaper = [Catalog.model_validate(multiplied(one, 1 - Decimal(discount))) for one in catalogs]
    agreed = Scenario.model_validate(
        {**raw, "catalogs": [Catalog.model_validate(one) for one in catalogs], "account": account}
    )
    said = outcome(agreed)
    assert _without_names(said) == _without_names(outcome(Scenario.model_validate({**raw, "catalogs": cheaper})))


def _without_names(said: Any) -> Any:
    """Without warnings, in which a provider that is not sold is told."""
    return said and {name: value for name, value in said.items() if name != "warnings"}


# ---- what is sold to the account ---------------------------------------------------------------------------------------


def test_concurrency_comes_before_what_offers_state() -> None:
    # 8 clips of 5 s at 12 s a second take 1 minute each: one at a time 8 + 1 minutes, four at once 8 / 4 + 1 = 3.
    sold = catalog(model(generation_seconds_per_second=12, concurrency=1))
    clips = [{"id": "clip", "seconds": 5, "count": 8}]
    with pytest.raises(NoPlanError, match="deadline_minutes"):
        planned(clips, sold, limits={"deadline_minutes": 3})
    plan = under({"concurrency": 4}, sold, clips=clips, limits={"deadline_minutes": 3})
    assert plan.limits[0].value == 3


def test_a_model_that_is_not_enabled_is_rejected_by_the_account_s_name() -> None:
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}]))
    own = scenario(FIVE, sold, account={"p": {"models": ["m"]}})
    told = {offer.model: (offer.verdict, offer.reason, offer.detail) for offer in explain(own, "clip", on=ON).offers}
    assert told["m"][0] == "candidate"
    assert told["n"] == ("rejected", "model-denied", "is not enabled in account.p.models")
    assert [step.model for step in under({"models": ["m"]}, sold).routes[0].chain] == ["m"]


def test_where_nothing_is_enabled_the_mending_names_the_account() -> None:
    own = scenario(FIVE, catalog(model("m")), account={"p": {"models": ["o"]}})
    with pytest.raises(NoPlanError, match=r"1 model-denied .*to mend it, add m to account\.p\.models"):
        router.plan(own, on=ON)


REGIONS = catalog(
    model("m", [{"audio": False, "price_per_second": "0.06"}], region="cn"),
    model("m", [{"audio": False, "price_per_second": "0.10"}], region="global"),
    model("n", [{"audio": False, "price_per_second": "0.20"}]),
)


@pytest.mark.parametrize(
    ("account", "paid"),
    [({}, "0.30"), ({"regions": ["cn"]}, "0.30"), ({"regions": ["global"]}, "0.50"), ({"regions": ["eu"]}, "1.00")],
)
def test_only_what_is_sold_in_the_account_s_regions_or_everywhere_is_bought(account: Raw, paid: str) -> None:
    assert price(under(account, REGIONS)) == Decimal(paid)


def test_what_is_sold_in_another_region_is_rejected_by_the_account_s_name() -> None:
    own = scenario(FIVE, REGIONS, account={"p": {"regions": ["global"]}})
    told = [(offer.reason, offer.detail) for offer in explain(own, "clip", on=ON).offers if offer.reason]
    assert told == [("provider-denied", "is sold in region cn, which is not in account.p.regions")]


def test_a_price_without_a_region_clashes_with_one_for_any() -> None:
    both = scenario(FIVE, REGIONS, catalog(model("m"), name="other"))
    with pytest.raises(router.InputError, match="is priced already"):
        router.plan(both, on=ON)


# ---- packs -------------------------------------------------------------------------------------------------------------

HUNDRED = [{"id": "clip", "seconds": 5, "count": 16}]
"""16 x 5 s x 0.10 = 8.00"""


def test_owned_packs_cost_nothing_and_what_is_left_of_them_is_shown() -> None:
    plan = under({"packs": [{"pays_for_usd": 5, "count": 2}]}, catalog(model()), clips=HUNDRED)
    (pack,) = plan.packs
    assert (pack.owned, pack.price_usd, pack.bought, pack.used_usd, pack.unused_usd) == (True, 0, 2, 8, 2)
    assert (plan.totals.list_usd, plan.totals.nominal_usd, plan.totals.expected_usd) == (8, 0, 0)
    assert "Packs: 2 of p owned already pay for $10.00; $2.00 unused" in plan_table(plan)


def test_owned_packs_are_used_before_any_is_bought() -> None:
    # 5.00 of the 8.00 are paid for; another pack of 5.00 costs 2.50 and pays for the 3.00 that are left.
    packs = [{"provider": "p", "pays_for_usd": 5, "price_usd": Decimal("2.5"), "max_count": 3}]
    plan = under({"packs": [{"pays_for_usd": 5}]}, catalog(model()), clips=HUNDRED, packs=packs)
    assert [(pack.owned, pack.bought, pack.used_usd, pack.unused_usd) for pack in plan.packs] == [
        (True, 1, 5, 0),
        (False, 1, 3, 2),
    ]
    assert plan.totals.expected_usd == Decimal("2.5")


def test_packs_pay_for_what_is_left_after_the_discount() -> None:
    # 8.00 less a quarter is 6.00, of which a pack pays 5.00.
    plan = under({"discount": Decimal("0.25"), "packs": [{"pays_for_usd": 5}]}, catalog(model()), clips=HUNDRED)
    assert (plan.totals.list_usd, plan.totals.expected_usd) == (6, 1)


def test_baselines_have_the_packs_that_are_owned() -> None:
    # All on n: 16 x 5 x 0.15 = 12.00, of which 5.00 are paid for.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.15"}]))
    plan = under({"packs": [{"pays_for_usd": 5}]}, sold, clips=HUNDRED)
    assert {own.name: own.expected_usd for own in plan.baselines}["always n"] == 7


def test_packs_move_clips_to_the_provider_whose_packs_are_owned() -> None:
    # q costs 7.20 for the 16 clips and p 8.00, but 5.00 of that are paid: 10 clips at p are free, 6 at q cost 6 x 0.45 = 2.70.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}], provider="q"))
    plan = under({"packs": [{"pays_for_usd": 5}]}, sold, clips=HUNDRED)
    assert {route.model: route.count for route in plan.routes} == {"m": 10, "n": 6}
    assert plan.totals.expected_usd == Decimal("2.70")


def test_the_optimum_with_owned_packs_is_proved_again_without_a_solver() -> None:
    # A clip at p is worth the 0.45 of the other way: with 0.9 of the face and 0.1 of the spend, 16 x 0.45 - 0.9 x 5.00 = 2.70.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.09"}], provider="q"))
    own = scenario(HUNDRED, sold, account={"p": {"packs": [{"pays_for_usd": 5}]}})
    assert check_fully(router.plan(own, on=ON), own, (sold,), ON) == ([], Decimal("2.70"))


def test_tiers_act_on_what_owned_packs_leave() -> None:
    # Of 8.00 the pack pays 5.00; of the 3.00 left a tenth above 1.00 is not paid: 3 - 0.2 = 2.80.
    tiers = [{"provider": "p", "from_usd": 1, "discount": Decimal("0.1")}]
    plan = under({"packs": [{"pays_for_usd": 5}]}, catalog(model()), clips=HUNDRED, tiers=tiers)
    assert plan.totals.expected_usd == Decimal("2.8")


@pytest.mark.parametrize(("until", "paid"), [("2026-04-09", 0), ("2026-04-10", 5)])
def test_packs_pay_up_to_their_last_day_and_then_the_plan_says_so(until: str, paid: int) -> None:
    plan = under({"packs": [{"pays_for_usd": 5, "valid_until": until}]}, catalog(model()), clips=HUNDRED)
    assert plan.totals.expected_usd == 8 - paid
    expired = f"account.p.packs: 1 of $5.00 was valid until {until}; nothing is paid with them"
    assert (expired in plan.warnings) == (paid == 0)
    assert len(plan.packs) == (paid != 0)


def test_a_budget_is_held_after_owned_packs() -> None:
    plan = under(
        {"packs": [{"pays_for_usd": 5}]},
        catalog(model()),
        clips=HUNDRED,
        limits={"budget_usd": 3, "worst_case_usd": 3},
    )
    assert [limit.value for limit in plan.limits] == [3, 3]


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_owned_packs_are_packs_that_cost_nothing(rng: random.Random) -> None:
    raw, catalogs = strategies.random_scenario(rng)
    sold = [Catalog.model_validate(one) for one in catalogs]
    owned = [(name, rng.choice((1, 3, 10)), rng.randint(1, 3)) for name in strategies.PROVIDERS if rng.random() < 0.8]
    others = [
        {"provider": rng.choice(strategies.PROVIDERS), "pays_for_usd": 4, "price_usd": 2, "max_count": 2}
        for _ in range(rng.choice((0, 1)))
    ]
    tiers = [
        {"provider": name, "from_usd": 2, "discount": Decimal("0.2")}
        for name in strategies.PROVIDERS
        if rng.random() < 0.3
    ]
    raw |= {"catalogs": sold, "tiers": tiers}
    account = {name: {"packs": [{"pays_for_usd": face, "count": n}]} for name, face, n in owned}
    free = [{"provider": name, "pays_for_usd": face, "price_usd": 0, "max_count": n} for name, face, n in owned]
    agreed = Scenario.model_validate({**raw, "account": account, "packs": others})
    bought = Scenario.model_validate({**raw, "packs": [*free, *others]})
    try:
        plan = router.plan(agreed, on=strategies.ON)
    except NoPlanError:
        with pytest.raises(NoPlanError, match=r"."):
            router.plan(bought, on=strategies.ON)
        return
    other = router.plan(bought, on=strategies.ON)
    assert abs(plan.totals.objective_usd - other.totals.objective_usd) <= Decimal("0.000001")
    assert plan.status == "optimal"
    assert found_on(plan, agreed) == []
    assert all(pack.bought == pack.max_count for pack in plan.packs if pack.owned)


def found_on(plan: Plan, own: Scenario) -> list[str]:
    catalogs = resolved_catalogs(own)
    findings, bound = check_fully(plan, own, catalogs, strategies.ON)
    assert bound <= plan.totals.objective_usd + Decimal("0.000001")
    return [*findings, *check_alone(plan, catalogs), *misstated(plan)]


# ---- what comes to nothing, and what is wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"evolnk": {"discount": 0}}, "account: no offer bears the name 'evolnk'; did you mean 'evolink'?"),
        ({"evolink": {"models": ["kling-o3", "kling-3"]}},
         "account.evolink.models: evolink sells no model 'kling-3'; did you mean 'kling-3.0'?"),
        ({"evolink": {"regions": ["eu"]}}, "account.evolink.regions: nothing of evolink is sold in a region 'eu'"),
        ({"evolink": {"units_per_usd": 8}}, "account.evolink.units_per_usd changes nothing: prices of evolink are in dollars"),
        ({"evolink": {"packs": [{"pays_for_usd": 98, "count": 2, "valid_until": "2026-03-31"}]}},
         "account.evolink.packs: 2 of $98.00 were valid until 2026-03-31; nothing is paid with them"),
    ],
)  # fmt: skip
def test_terms_that_come_to_nothing_are_told(account: Raw, said: str) -> None:
    assert said in planned(FIVE, account=account).warnings


def test_no_terms_say_nothing() -> None:
    plan = planned(FIVE)
    assert (plan.account, [line.account for line in plan.prices]) == ({}, [None] * len(plan.prices))
    assert "Account" not in plan_table(plan)


GIVEN = scenario(
    HUNDRED,
    catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.15"}], region="cn")),
    account={
        "p": {
            "discount": Decimal("0.1"),
            "models": ["m", "n"],
            "regions": ["cn"],
            "packs": [{"pays_for_usd": 2, "count": 2}],
        }
    },
)
GOOD = router.plan(GIVEN, on=ON)


def terms(**changes: Any) -> Plan:
    own = GOOD.account["p"].model_copy(update=changes)
    return GOOD.model_copy(update={"account": {"p": own}})


def line(**changes: Any) -> Plan:
    return GOOD.model_copy(update={"prices": (GOOD.prices[0].model_copy(update=changes), *GOOD.prices[1:])})


def pack(**changes: Any) -> Plan:
    return GOOD.model_copy(update={"packs": (GOOD.packs[0].model_copy(update=changes),)})


DOCTORED: dict[str, tuple[Callable[[], Plan], str]] = {
    "a discount": (lambda: terms(discount=Decimal("0.2")), r"account\.p\.discount is 0\.2, the scenario states 0\.1"),
    "a discount against the prices": (
        lambda: terms(discount=Decimal("0.2")),
        r"p/m is not priced by the terms of account\.p",
    ),
    "models": (lambda: terms(models=("n",)), r"m is not enabled in account\.p\.models"),
    "regions": (lambda: terms(regions=("eu",)), r"n is sold in region cn, which is not in account\.p\.regions"),
    "no account": (lambda: GOOD.model_copy(update={"account": {}}), r"the plan shows terms of none, .* those of p"),
    "a price without the terms": (lambda: line(account=None), r"p/m is not priced by the terms of account\.p"),
    "fewer packs than are owned": (lambda: pack(bought=1), "2 are owned, not 1"),
    "packs that are not owned": (lambda: pack(owned=False), "packs are not those of the scenario"),
    "a pack that nobody owns": (lambda: pack(pays_for_usd=Decimal(3)), r"account\.p\.packs has no such pack"),
}


def test_the_plan_that_is_doctored_is_good() -> None:
    assert found(GOOD, GIVEN) == []
    assert GOOD.account == {"p": AccountTerms(**GIVEN.account["p"].model_dump())}


@pytest.mark.parametrize("name", DOCTORED)
def test_a_doctored_plan_is_refused_by_name(name: str) -> None:
    doctored, said = DOCTORED[name]
    assert re.search(said, "\n".join(found(doctored(), GIVEN)))


LISTED = [
    {"pays_for_usd": 5},
    {"pays_for_usd": 2, "valid_until": "2026-04-12"},
    {"pays_for_usd": 1, "valid_until": "2026-04-09"},
]
"""On the day of the plan, 2026-04-10, the last is over."""


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ([0, 0, 1], "pack 2: account.p.packs has it once, or earlier"),
        ([1, 0], "pack 2: account.p.packs has it once, or earlier"),
        ([1], "packs: 1 for 5.000000 of account.p.packs is not used"),
        # What was still valid on the 9th leaves the one of the 12th no excuse.
        ([0, 2], "packs: 1 for 2.000000 of account.p.packs is not used"),
    ],
)
def test_a_plan_is_held_against_the_packs_that_it_says_are_owned(used: list[int], said: str) -> None:
    # Each is the good plan of an account with other packs, shown as one of an account with these.
    sold = catalog(model())
    good = router.plan(scenario(HUNDRED, sold, account={"p": {"packs": LISTED}}), on=ON)
    assert check_alone(good, [sold]) == []
    other = scenario(HUNDRED, sold, account={"p": {"packs": [LISTED[k] for k in used]}})
    forged = router.plan(other, on=dt.date(2026, 4, 9) if 2 in used else ON)
    assert check_alone(forged.model_copy(update={"account": good.account}), [sold]) == [said]


def test_a_baseline_that_has_the_packs_too_is_refused_by_what_it_saves() -> None:
    # All on n costs 16 x 0.75 - 5 = 7 with the pack, the plan on m 16 x 0.50 - 5 = 3.
    sold = catalog(model("m"), model("n", [{"audio": False, "price_per_second": "0.15"}]))
    own = scenario(HUNDRED, sold, account={"p": {"packs": [{"pays_for_usd": 5}]}})
    good = router.plan(own, on=ON)
    bases = [
        base.model_copy(update={"saving_usd": Decimal(9)} if base.name == "always n" else {}) for base in good.baselines
    ]
    findings, _ = check_fully(good.model_copy(update={"baselines": tuple(bases)}), own, (sold,), ON)
    assert findings == ["baseline 'always n' is 9 above the plan, should be 4.000000"]


def test_a_plan_whose_packs_are_over_is_refused_by_their_last_day() -> None:
    own = scenario(HUNDRED, catalog(model()), account={"p": {"packs": LISTED}})
    findings, _ = check_fully(router.plan(own, on=ON), own, resolved_catalogs(own), dt.date(2026, 4, 13))
    assert "pack 2: that of account.p.packs was valid until 2026-04-12" in findings


def test_a_discount_of_fifteen_decimals_is_exact_on_both_sides() -> None:
    exact = Decimal("0.123456789012345")
    plan = under({"discount": exact}, catalog(model()))
    assert price(plan) == Decimal(round((1 - Fraction(exact)) * 500_000)).scaleb(-6)

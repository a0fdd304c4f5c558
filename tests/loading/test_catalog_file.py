"""What a catalog file can say about lengths, prices and dates, and how catalogs merge."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

import router
from router.checking.alone import check_alone
from router.errors import InputError, NoPlanError
from router.loading.catalog_file import load_catalog
from router.loading.scenario_file import resolved_catalogs
from router.schema.catalog import Catalog
from router.schema.plan import Plan, Route
from router.schema.scenario import Scenario
from tests.loading.messages import CATALOG, ENTRY, HEAD, OFFERS, SECONDS, refusal, written

ON = dt.date(2026, 4, 10)


def planned(folder: Path, catalog: str, clip: str = "seconds = 5", *, on: dt.date = ON, rest: str = "") -> Plan:
    """The plan of one clip over one catalog file."""
    written(folder, catalog, "c.toml")
    scenario = written(folder, f'catalogs = ["c.toml"]\n[[clips]]\n{clip}\n{rest}', "s.toml")
    return router.plan(Scenario.load(scenario), on=on)


def route(folder: Path, catalog: str, clip: str = "seconds = 5") -> Route:
    """The one route of such a plan."""
    (only,) = planned(folder, catalog, clip).routes
    return only


def entry(seconds: str = SECONDS, offers: str = "audio = false, price_per_second = 0.1", more: str = "") -> str:
    return f"{HEAD}{ENTRY}{seconds.strip()}\n{more}\noffers = [ {{ {offers} }} ]\n"


# ---- lengths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "needed", "generated", "price"),
    [
        # 3, 5, 7, 9: the shortest length >= 5.5 is 7, at $0.10 a second.
        ("{ min = 3, max = 10, step = 2 }", "5.5", "7", "0.7"),
        # 2.5, 5, 7.5; 6 s need 7.5, billed as round-half-up(7.5) = 8.
        ("{ min = 2.5, max = 9.9, step = 2.5 }", "6", "7.5", "0.8"),
        # The longest length itself can be made.
        ("{ min = 1, max = 10, step = 1 }", "10", "10", "1"),
        # One length only.
        ("{ min = 4, max = 4, step = 1 }", "1", "4", "0.4"),
        # Choices need not be in order: 8 is the shortest >= 6.
        ("{ choices = [12, 4, 8] }", "6", "8", "0.8"),
        # Any length: 6.4 s, billed as 6; 6.5 s, billed as 7.
        ("{ min = 1, max = 10, step = 0 }", "6.4", "6.4", "0.6"),
        ("{ min = 1, max = 10, step = 0 }", "6.5", "6.5", "0.7"),
        # Shorter than the shortest: the shortest is made.
        ("{ min = 3, max = 10, step = 0 }", "2", "3", "0.3"),
    ],
)
def test_lengths_are_a_range_with_steps_or_choices_or_any(
    tmp_path: Path, seconds: str, needed: str, generated: str, price: str
) -> None:
    made = route(tmp_path, entry(f"seconds = {seconds}"), f"seconds = {needed}")
    assert (made.generated_seconds, made.price_usd) == (Decimal(generated), Decimal(price))


def test_a_length_beyond_the_range_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(NoPlanError, match=r"makes 9 s at most, the clip needs 10 s"):
        planned(tmp_path, entry("seconds = { min = 3, max = 10, step = 2 }"), "seconds = 10")


def test_an_offers_own_lengths_stand_above_its_models(tmp_path: Path) -> None:
    offers = (
        "offers = [\n"
        '  { resolution = "768p", audio = false, price_per_second = 0.1 },\n'
        '  { resolution = "1080p", audio = false, price_per_second = 0.2, seconds = { choices = [6] } },\n'
        "]\n"
    )
    text = f"{HEAD}{ENTRY}seconds = {{ choices = [6, 10] }}\n{offers}"
    assert route(tmp_path, text, 'seconds = 8\nresolution = "768p"').segments == (10,)
    assert route(tmp_path, text, 'seconds = 6\nresolution = "1080p"').segments == (6,)
    with pytest.raises(NoPlanError, match=r"1 resolution, 1 too-long"):
        planned(tmp_path, text, 'seconds = 8\nresolution = "1080p"')


# ---- prices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounding", "needed", "billed", "price"),
    [
        ("", "6.5", "7", "0.7"),  # Nearest unless it says otherwise, halves up
        ('rounding = "nearest"', "6.4", "6", "0.6"),
        ('rounding = "up"', "6.1", "7", "0.7"),
        ('rounding = "none"', "6.1", "6.1", "0.61"),
    ],
)
def test_billed_seconds_are_rounded_as_the_model_says(
    tmp_path: Path, rounding: str, needed: str, billed: str, price: str
) -> None:
    made = route(tmp_path, entry("seconds = { min = 1, max = 10, step = 0 }", more=rounding), f"seconds = {needed}")
    assert (made.billed_seconds, made.price_usd) == (Decimal(billed), Decimal(price))


def test_a_fixed_price_is_that_of_its_length(tmp_path: Path) -> None:
    text = entry("seconds = { choices = [5, 10] }", "audio = false, prices = { 5 = 0.556, 10 = 1.111 }")
    assert route(tmp_path, text, "seconds = 5").price_usd == Decimal("0.556")
    assert route(tmp_path, text, "seconds = 5.1").price_usd == Decimal("1.111")


def test_a_shorter_length_that_costs_more_is_passed_over(tmp_path: Path) -> None:
    text = entry("seconds = { choices = [5, 10] }", "audio = false, prices = { 5 = 2, 10 = 1 }")
    assert (route(tmp_path, text).segments, route(tmp_path, text).price_usd) == ((10,), 1)


@pytest.mark.parametrize(
    ("terms", "price"),
    [
        ("price_per_second = 0.1, price_minimum = 0.8", "0.8"),  # 5 s x 0.1 = 0.5 is below the minimum
        ("price_per_second = 0.1, price_minimum = 0.3", "0.5"),
        ("price_per_second = 0.1, price_per_generation = 0.25", "0.75"),  # 0.5 + 0.25
        ("price_per_generation = 0.4", "0.4"),  # Whatever the length
        ("price_per_second = 0.1, price_per_generation = 0.25, price_minimum = 0.9", "0.9"),
        ("price_per_second = 0, free = true", "0"),
    ],
)
def test_minimums_and_prices_of_a_generation_count(tmp_path: Path, terms: str, price: str) -> None:
    assert route(tmp_path, entry(offers=f"audio = false, {terms}")).price_usd == Decimal(price)


def test_an_offers_own_minimum_stands_above_its_models(tmp_path: Path) -> None:
    text = entry(offers="audio = false, price_per_second = 0.1, price_minimum = 0.6", more="price_minimum = 2")
    assert route(tmp_path, text).price_usd == Decimal("0.6")


def test_credits_are_converted_exactly_and_rounded_once_half_even(tmp_path: Path) -> None:
    head = HEAD + 'unit = "credit"\nunits_per_usd = 72\n'
    text = head + ENTRY + SECONDS + OFFERS.replace("0.1", "3.5")
    made = planned(tmp_path, text, "seconds = 5\ncount = 4")
    # 5 s x 3.5 = 17.5 credits; 17.5 / 72 = 0.24305555...; four of them are 70 credits.
    assert made.routes[0].price_usd == Decimal("0.243056")
    assert (made.routes[0].price_units, made.routes[0].unit) == ("17.5", "credit")
    assert made.totals.nominal_usd == Decimal("0.972224")
    assert made.totals.nominal_units == {"credit": "70"}


def test_a_unit_that_costs_dollars_is_converted_exactly_and_rounded_once_half_even(tmp_path: Path) -> None:
    head = HEAD + 'unit = "unit"\nusd_per_unit = 0.14\n'
    text = head + ENTRY + SECONDS + OFFERS.replace("0.1", "0.0000025")
    made = planned(tmp_path, text, "seconds = 10\ncount = 3")
    # 10 s x 0.0000025 = 0.000025 units, at $0.14 are 0.0000035: half-even makes that 4 millionths, three of them 12. A rate of
    # 1 / 0.14 = 7.142857142857142857142857143 units to the dollar, in 28 digits, makes it a little less than 3.5, and 3.
    assert made.routes[0].price_usd == Decimal("0.000004")
    assert (made.routes[0].price_units, made.routes[0].unit) == ("0.000025", "unit")
    assert made.totals.nominal_usd == Decimal("0.000012")


def test_a_price_may_be_as_high_as_dollars_allow_in_a_unit_that_is_no_dollar(tmp_path: Path) -> None:
    head = HEAD + 'unit = "unit"\nusd_per_unit = 0.14\n'
    text = head + ENTRY + SECONDS + OFFERS.replace("0.1", "7142857.14")
    # 7,142,857.14 x 0.14 = 999,999.9996
    assert route(tmp_path, text, "seconds = 3").price_usd == Decimal("2999999.9988")


def test_prices_are_read_exactly(tmp_path: Path) -> None:
    # 3 x 0.1000005 = 0.3000015, halfway between two micro-dollars: half-even makes it 0.300002. As binary floats,
    # 3 * 0.1000005 = 0.30000149999999998.
    text = entry(offers="audio = false, price_per_second = 0.1000005")
    assert route(tmp_path, text, "seconds = 3").price_usd == Decimal("0.300002")


# ---- availability and dates ------------------------------------------------------------------------------------------


def test_availability_stands_on_the_model_and_counts_unless_the_scenario_knows_better(tmp_path: Path) -> None:
    text = entry(more="availability = 0.9")
    made = planned(tmp_path, text, rest="[fallback]\nunserved_usd = 2\n")
    # 0.9 x 0.50 + 0.1 x 2
    assert made.routes[0].expected_usd == Decimal("0.65")
    rest = '[fallback]\nunserved_usd = 2\n[outages]\navailability = { "p/m" = 0.5 }\n'
    # 0.5 x 0.50 + 0.5 x 2
    assert planned(tmp_path, text, rest=rest).routes[0].expected_usd == Decimal("1.25")


DATED = (
    entry(more="available_from = 2026-02-05\navailable_until = 2026-04-20")
    + ENTRY.replace('"m"', '"other"')
    + SECONDS
    + (OFFERS.replace("0.1", "0.9"))
)


@pytest.mark.parametrize(
    ("on", "model"),
    [("2026-02-04", "other"), ("2026-02-05", "m"), ("2026-04-20", "m"), ("2026-04-21", "other")],
)
def test_a_model_is_sold_from_its_first_day_to_its_last(tmp_path: Path, on: str, model: str) -> None:
    made = planned(tmp_path, DATED, on=dt.date.fromisoformat(on))
    assert [r.model for r in made.routes] == [model]


def test_a_catalog_that_is_wholly_retired_is_refused_from_the_day_after_its_last(tmp_path: Path) -> None:
    text = entry(more="available_until = 2026-04-20")
    assert planned(tmp_path, text, on=dt.date(2026, 4, 20)).routes
    with pytest.raises(
        InputError, match=r"c\.toml:10: everything in catalog 'c' is retired on 2026-04-21; use a later"
    ):
        planned(tmp_path, text, on=dt.date(2026, 4, 21))


def test_a_catalog_that_is_not_sold_yet_leaves_no_plan_and_says_from_when(tmp_path: Path) -> None:
    with pytest.raises(NoPlanError, match=r"not-yet-available.*sold from 2026-05-01"):
        planned(tmp_path, entry(more="available_from = 2026-05-01"))


def test_prices_are_stale_on_the_first_day_later_than_the_bound_and_not_on_the_last_within(tmp_path: Path) -> None:
    text = CATALOG.replace("source", "stale_after_days = 90\nsource")
    # 2026-04-09 + 90 days: 21 to the end of April, 31 of May, 30 of June, 8 of July.
    assert planned(tmp_path, text, on=dt.date(2026, 7, 8)).warnings == ()
    (warning,) = planned(tmp_path, text, on=dt.date(2026, 7, 9)).warnings
    assert "catalog 'c' are from 2026-04-09, more than 90 days old" in warning


def test_prices_without_a_bound_never_become_stale(tmp_path: Path) -> None:
    assert planned(tmp_path, CATALOG, on=dt.date(2126, 1, 1)).warnings == ()


# ---- files -----------------------------------------------------------------------------------------------------------


def test_the_default_catalog_is_evolink_of_the_ninth_of_april_exactly() -> None:
    catalog = load_catalog("evolink")
    assert (catalog.as_of, catalog.unit, catalog.stale_after_days) == (dt.date(2026, 4, 9), "usd", 90)
    table = [
        (entry.model, entry.terms(offer).reference, offer.resolution, offer.audio, offer.price_per_second)
        for entry in catalog.models
        for offer in entry.offers
    ]
    # The table of the contract, row by row.
    rows = [
        ("kling-3.0", None, "720p", False, "0.075"),
        ("kling-3.0", None, "720p", True, "0.113"),
        ("kling-3.0", None, "1080p", False, "0.100"),
        ("kling-3.0", None, "1080p", True, "0.150"),
        ("kling-o3", None, "720p", False, "0.075"),
        ("kling-o3", None, "720p", True, "0.100"),
        ("kling-o3", None, "1080p", False, "0.100"),
        ("kling-o3", None, "1080p", True, "0.125"),
        ("kling-o1", None, None, False, None),
        ("kling-motion-control", "image", "720p", False, "0.113"),
        ("kling-motion-control", "image", "1080p", False, "0.151"),
        ("kling-motion-control", "video", "720p", False, "0.113"),
        ("kling-motion-control", "video", "1080p", False, "0.151"),
    ]
    assert table == [(*row[:4], None if row[4] is None else Decimal(row[4])) for row in rows]
    fixed = next(entry for entry in catalog.models if entry.model == "kling-o1").offers[0].prices
    assert fixed == {5: Decimal("0.556"), 10: Decimal("1.111")}
    lengths = {
        (e.model, e.reference): (e.seconds.min, e.seconds.max, e.seconds.step, e.seconds.choices)
        for e in catalog.models
        if e.seconds
    }
    assert lengths == {
        ("kling-3.0", None): (3, 15, 1, None),
        ("kling-o3", None): (3, 15, 1, None),
        ("kling-o1", None): (None, None, None, (5, 10)),
        ("kling-motion-control", "image"): (3, 10, 0, None),
        ("kling-motion-control", "video"): (3, 30, 0, None),
    }


def test_the_same_catalog_in_json_is_the_same_catalog(tmp_path: Path) -> None:
    text = CATALOG.replace("price_per_second = 0.1", "prices = { 5 = 0.556, 7.5 = 0.8 }".replace("7.5", '"7.5"'))
    text = text.replace("{ min = 1, max = 10, step = 1 }", "{ choices = [5, 7.5] }")
    offer = {"audio": False, "prices": {"5": 0.556, "7.5": 0.8}}
    model = {
        "model": "m",
        "provider": "p",
        "mode": "text-to-video",
        "seconds": {"choices": [5, 7.5]},
        "offers": [offer],
    }
    head = {"schema": 1, "name": "c", "as_of": "2026-04-09", "source": "a price list"}
    spelt = Catalog.load(written(tmp_path, json.dumps({**head, "models": [model]}), "c.json"))
    assert spelt.model_dump() == Catalog.load(written(tmp_path, text, "c.toml")).model_dump()
    assert spelt.models[0].offers[0].prices == {Decimal(5): Decimal("0.556"), Decimal("7.5"): Decimal("0.8")}


def test_catalogs_of_different_things_merge_and_the_cheapest_of_all_is_taken(tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    other = CATALOG.replace('"c"', '"d"').replace('provider = "p"', 'provider = "q"').replace("0.1", "0.09")
    written(tmp_path, other, "d.toml")
    made = router.plan(
        Scenario.load(written(tmp_path, 'catalogs = ["c.toml", "d.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")), on=ON
    )
    assert [(ref.name, ref.as_of) for ref in made.catalogs] == [("c", dt.date(2026, 4, 9)), ("d", dt.date(2026, 4, 9))]
    # 5 x 0.09
    assert [(r.catalog, r.provider, r.price_usd) for r in made.routes] == [("d", "q", Decimal("0.45"))]


@pytest.mark.parametrize(
    ("of", "becomes"),
    [
        ('mode = "text-to-video"', 'mode = "image-to-video"'),
        ("audio = false", "audio = true"),
        ("audio = false", 'audio = false, resolution = "720p"'),
        ("audio = false", 'audio = false, reference = "image"'),
        ('provider = "p"', 'provider = "q"'),
        ('model = "m"', 'model = "n"'),
    ],
)
def test_one_difference_in_what_is_sold_is_enough_to_merge(tmp_path: Path, of: str, becomes: str) -> None:
    assert (
        len(Catalog.load(written(tmp_path, CATALOG + (ENTRY + SECONDS + OFFERS).replace(of, becomes), "c.toml")).models)
        == 2
    )


def test_two_catalogs_that_price_one_thing_are_refused_and_both_files_are_named(tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    written(tmp_path, "# dearer\n" + CATALOG.replace('"c"', '"d"').replace("0.1", "0.2"), "d.toml")
    path = written(tmp_path, 'catalogs = ["c.toml", "d.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    (line,) = refusal(lambda file: router.plan(Scenario.load(file), on=ON), path)
    assert (
        line == "d.toml:11: p/m text-to-video audio = false is priced already at c.toml:10; "
        "keep one, or give them different days of sale or regions"
    )


def test_two_prices_for_one_thing_within_a_catalog_are_refused_with_both_lines(tmp_path: Path) -> None:
    text = CATALOG.replace(" ]\n", ",\n { audio = false, price_per_second = 0.2 } ]\n")
    (line,) = refusal(Catalog.load, written(tmp_path, text, "c.toml"))
    assert (
        line == "c.toml:11: p/m text-to-video audio = false is priced already at c.toml:10; "
        "keep one, or give them different days of sale or regions"
    )


def priced_until_and_from(until: str, since: str) -> str:
    """A price that ends on one day and a dearer one that begins on another."""
    dearer = ENTRY + SECONDS + OFFERS.replace("0.1", "0.2")
    return CATALOG.replace("seconds", f"available_until = {until}\nseconds", 1) + dearer.replace(
        "seconds", f"available_from = {since}\nseconds", 1
    )


@pytest.mark.parametrize(("day", "price"), [("2026-04-30", "0.5"), ("2026-05-01", "1.0")])
def test_the_price_in_force_on_the_day_is_taken(tmp_path: Path, day: str, price: str) -> None:
    written(tmp_path, priced_until_and_from("2026-04-30", "2026-05-01"), "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    # 5 s at $0.10, and from May on at $0.20; the plan's own check agrees, or none were returned.
    made = router.plan(Scenario.load(path), on=dt.date.fromisoformat(day))
    assert [route.price_usd for route in made.routes] == [Decimal(price)]


def test_two_prices_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    (line,) = refusal(Catalog.load, written(tmp_path, priced_until_and_from("2026-05-01", "2026-05-01"), "c.toml"))
    assert "is priced already at c.toml:11; keep one, or give them different days of sale or regions" in line


@pytest.mark.parametrize(
    ("day", "warned"),
    [
        ("2026-04-19", []),
        ("2026-04-20", ["1 of 2 prices of catalog 'c' are from 2026-04-09"]),
        ("2026-05-12", ["prices of catalog 'c' are from 2026-04-09 to 2026-05-01"]),
    ],
)
def test_a_price_with_a_day_of_its_own_ages_by_that(tmp_path: Path, day: str, warned: list[str]) -> None:
    later = (ENTRY + SECONDS + OFFERS).replace('model = "m"', 'model = "n"\nas_of = 2026-05-01\nsource = "elsewhere"')
    text = CATALOG.replace("source", "stale_after_days = 10\nsource", 1) + later
    written(tmp_path, text, "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    found = router.plan(Scenario.load(path), on=dt.date.fromisoformat(day)).warnings
    assert [warning.partition(", more than")[0] for warning in found] == warned


def test_a_price_that_is_no_longer_in_force_does_not_grow_old(tmp_path: Path) -> None:
    text = priced_until_and_from("2026-04-30", "2026-05-01").replace("source", "stale_after_days = 10\nsource", 1)
    later = text.replace("available_from = 2026-05-01", "available_from = 2026-05-01\nas_of = 2026-05-01")
    written(tmp_path, later, "c.toml")
    path = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    assert router.plan(Scenario.load(path), on=dt.date(2026, 5, 11)).warnings == ()
    (warning,) = router.plan(Scenario.load(path), on=dt.date(2026, 5, 12)).warnings
    assert warning.startswith("prices of catalog 'c' are from 2026-05-01")


def test_a_catalog_named_twice_is_refused_in_one_line_where_it_is_named(tmp_path: Path) -> None:
    text = 'catalogs = [\n"evolink",\n"evolink",\n]\n[[clips]]\nseconds = 5\n'
    lines = refusal(lambda file: router.plan(Scenario.load(file), on=ON), written(tmp_path, text, "s.toml"))
    assert len(lines) == 1
    assert lines[0].startswith("s.toml:3: ")
    assert "evolink" in lines[0]


def test_two_catalogs_of_one_name_and_different_offers_are_planned_with_and_checked(tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    written(tmp_path, CATALOG.replace('"m"', '"n"').replace("2026-04-09", "2026-04-08"), "d.toml")
    path = written(tmp_path, 'catalogs = ["c.toml", "d.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    scenario = Scenario.load(path)
    plan = router.plan(scenario, on=ON)
    assert check_alone(plan, resolved_catalogs(scenario)) == []


def test_an_unknown_bundled_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^evolnk: .*did you mean 'evolink'\?"):
        load_catalog("evolnk")
    with pytest.raises(InputError, match=r"^nothing-like-it: .*bundled are byteplus, .*evolink, "):
        load_catalog("nothing-like-it")

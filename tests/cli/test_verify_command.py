"""``router verify`` agrees with good plans and refuses every doctored one, naming what is wrong."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import DAY, QUICKSTART, Router
from tests.loading.messages import CATALOG, ENTRY, OFFERS, SECONDS, said_well, written

SCENARIO = """\
[[clips]]
id = "hero"
count = 4
seconds = 10
resolution = "1080p"
audio = "native"
request = { prompt = "a boat", aspect_ratio = "16:9" }
[[clips]]
id = "cut"
count = 2
seconds = 28
max_segments = 2
resolution = "1080p"
audio = "deferred"
[[clips]]
id = "dance"
seconds = 12.5
mode = "motion-control"
resolution = "720p"
[[clips]]
id = "spare"
count = 3
seconds = 6
value_usd = 0.01
[dubbing]
usd_per_second = 0.006
[fallback]
unserved_usd = 1
[outages]
availability = { "kling-3.0" = 0.99, "kling-o3" = 0.98 }
[limits]
budget_usd = 20
worst_case_usd = 25
[[limits.caps]]
max_clips = 5
where = { model = "kling-o3" }
"""
# Routes: hero on kling-o3 (0.125 x 10 = 1.25, then kling-3.0 at 1.50), cut on kling-3.0 (0.1 x 28 + 0.006 x 28 = 2.968, then
# kling-o3), dance on kling-motion-control (13 billed seconds x 0.113 = 1.469); spare is worth 0.01 and left out.

Doctor = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A good plan of SCENARIO, as JSON."""
    import datetime as dt

    import router
    from router.schema.scenario import Scenario

    path = written(tmp_path_factory.mktemp("good"), SCENARIO, "s.toml")
    made: dict[str, Any] = json.loads(router.plan(Scenario.load(path), on=dt.date.fromisoformat(DAY)).to_json())
    assert [route["price_usd"] for route in made["routes"]] == ["1.250000", "2.968000", "1.469000"]
    return made


class Verifier:
    """Verifies a plan, with its scenario and without."""

    def __init__(self, folder: Path, router_: Router) -> None:
        self.folder, self.router = folder, router_
        self.scenario = written(folder, SCENARIO, "s.toml")

    def __call__(self, plan: dict[str, Any], *, alone: bool) -> tuple[int, str, str]:
        path = written(self.folder, json.dumps(plan, indent=1), "p.json")
        ran = self.router("verify", path, *([] if alone else [self.scenario]), "--as-of", DAY)
        err = ran.err.rstrip("\n").replace(f"{self.folder}/", "")
        if ran.status == 2:
            assert ran.out == ""
            said_well(err)
        return ran.status, ran.out, err


@pytest.fixture
def verify(tmp_path: Path, router_: Router) -> Verifier:
    """Verifies plans of SCENARIO."""
    return Verifier(tmp_path, router_)


@pytest.mark.parametrize("alone", [False, True], ids=["with its scenario", "alone"])
def test_a_good_plan_is_agreed_with_and_what_was_checked_is_said(
    verify: Verifier, good: dict[str, Any], alone: bool
) -> None:
    status, out, err = verify(good, alone=alone)
    assert (status, err) == (0, "")
    assert out.startswith("3 routes for 7 clips: ")
    assert ("give the scenario to check them" in out) == alone


def test_a_good_plan_from_standard_input_is_agreed_with(router_: Router, good: dict[str, Any]) -> None:
    assert router_("verify", "-", stdin=json.dumps(good)).status == 0


def put(*path: str | int, to: Any) -> Doctor:
    """Set one value."""

    def doctor(plan: dict[str, Any]) -> None:
        inner: Any = plan
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = to(inner[path[-1]]) if callable(to) else to

    return doctor


def all_of(*doctors: Doctor) -> Doctor:
    """Several changes that fit one another."""

    def doctor(plan: dict[str, Any]) -> None:
        for each in doctors:
            each(plan)

    return doctor


def dearer(amount: str) -> str:
    """A cent more."""
    return f"{float(amount) + 0.01:.6f}"


def cheaper(amount: str) -> str:
    """A cent less."""
    return f"{float(amount) - 0.01:.6f}"


HERO = ("routes", 0)
BODY = (*HERO, "request", "body")
CHAIN = (*HERO, "chain")

SHOWS_ALONE: dict[str, tuple[Doctor, str]] = {
    "price_usd": (put(*HERO, "price_usd", to=cheaper), r"price_usd|nominal_usd|chain does not begin"),
    "price_usd everywhere": (
        all_of(
            put(*HERO, "price_usd", to=cheaper),
            put(*CHAIN, 0, "price_usd", to=cheaper),
            put("totals", "nominal_usd", to=lambda usd: f"{float(usd) - 0.04:.6f}"),
        ),
        r"price of evolink/kling-o3 is 1\.240000, the catalog makes it 1\.250000",
    ),
    "expected_usd": (put(*HERO, "expected_usd", to=dearer), r"expected_usd"),
    "worst_usd": (put(*HERO, "worst_usd", to=cheaper), r"worst"),
    **{
        f"totals.{name}": (put("totals", name, to=dearer), rf"totals\.{name} is ")
        for name in (
            "nominal_usd",
            "expected_usd",
            "worst_usd",
            "worst_per_request_usd",
            "left_out_value_usd",
            "objective_usd",
        )
    },
    **{
        f"totals.{name}": (put("totals", name, to=lambda count: count + 1), rf"totals\.{name} is ")
        for name in ("clips", "served", "left_out", "unserved_expected", "degraded_expected")
    },
    "count": (put(*HERO, "count", to=5), r"says 5 clips where its counts add up to 4"),
    "counts": (put(*HERO, "counts", to=[5]), r"says 4 clips where its counts add up to 5"),
    "a probability": (put(*CHAIN, 0, "probability", to=0.97), r"probabilities of its chain add up to 0\.99"),
    "a step dropped": (lambda plan: plan["routes"][0]["chain"].pop(), r"probabilities of its chain add up to 0\.98"),
    "the first step dropped": (
        lambda plan: plan["routes"][0]["chain"].pop(0),
        r"chain does not begin with the route itself",
    ),
    "a step twice": (
        lambda plan: plan["routes"][0]["chain"].append(dict(plan["routes"][0]["chain"][1])),
        r"one model twice",
    ),
    "what a limit uses": (put("limits", 0, "value", to="1.000000"), r"limits\.budget_usd"),
    "a limit that is not kept": (
        all_of(
            put("limits", 0, "at_most", to="1.000000"),
            lambda plan: plan["limits"][0].update(slack=f"{1 - float(plan['limits'][0]['value']):.6f}"),
        ),
        r"limits\.budget_usd: uses \S+, at most 1\.000000 is allowed",
    ),
    "slack": (put("limits", 0, "slack", to="1.000000"), r"limits\.budget_usd: slack is 1\.000000"),
    "status": (put("status", to="feasible"), r"status feasible with gap 0\.0"),
    "gap": (put("gap", to=0.5), r"gap 0\.5 does not follow"),
    "a bound below": (put("bound_usd", to=cheaper), r"bound_usd"),
    "a bound above": (put("bound_usd", to=dearer), r"bound_usd"),
    "a certificate of more than the bound": (put("certificate", "bound_usd", to=dearer), r"certificate: bound_usd is"),
    "a multiplier of no limit": (
        lambda plan: plan["certificate"]["multipliers"].append({"limit": "caps[9].max_usd", "value": "0.5"}),
        r"certificate: (the plan shows no limit caps\[9\]\.max_usd|caps\[9\]\.max_usd is no limit)",
    ),
    "a saving": (put("baselines", 0, "saving_usd", to=dearer), r"baseline 'always kling-3\.0': saving_usd"),
    "a baseline's cost": (put("baselines", 0, "expected_usd", to=dearer), r"baseline 'always kling-3\.0'"),
    "segments": (put("routes", 1, "segments", to=[14, 15]), r"generated_seconds is 28, its segments add up to 29"),
    "fewer segments": (put("routes", 1, "segments", to=[14]), r"generated_seconds is 28"),
    "generated_seconds": (put(*HERO, "generated_seconds", to=9), r"generated_seconds"),
    "surplus_seconds": (put(*HERO, "surplus_seconds", to=1), r"surplus_seconds is 1, should be 0"),
    "billed_seconds": (put(*HERO, "billed_seconds", to=9), r"billed_seconds"),
    "no lengths of a step": (put(*CHAIN, 0, "segments", to=[]), r"`segments` must not be empty"),
    "resolution": (put(*HERO, "resolution", to="720p"), r"chain does not begin|does not sell"),
    "resolution everywhere": (
        all_of(
            put(*HERO, "resolution", to="720p"),
            put(*CHAIN, 0, "resolution", to="720p"),
            put(*BODY, "quality", to="720p"),
        ),
        # 10 s x 0.1
        r"price of evolink/kling-o3 is 1\.250000, the catalog makes it 1\.000000",
    ),
    "audio": (put(*HERO, "audio", to="none"), r"chain does not begin"),
    "model": (put(*HERO, "model", to="kling-3.0"), r"chain does not begin"),
    "model everywhere": (
        lambda plan: [part.update(model="kling-o9") for part in (plan["routes"][0], plan["routes"][0]["chain"][0])],
        r"catalog 'evolink' does not sell this",
    ),
    "provider everywhere": (
        lambda plan: [part.update(provider="fal") for part in (plan["routes"][0], plan["routes"][0]["chain"][0])],
        r"catalog 'evolink' does not sell this",
    ),
    "mode": (put(*HERO, "mode", to="image-to-video"), r"catalog 'evolink' does not sell this"),
    "the date of the prices": (
        put("catalogs", 0, "as_of", to="2026-04-08"),
        r"evolink as of 2026-04-08, the one at hand is as of 2026-04-09",
    ),
    "the name of the catalog": (
        put("catalogs", 0, "name", to="other"),
        r"catalog 'evolink', which the plan does not list",
    ),
    "duration in the request": (put(*BODY, "duration", to=5), r"request's duration is 5, the route's 10 s"),
    "quality in the request": (put(*BODY, "quality", to="720p"), r"request's quality is 720p, the route's 1080p"),
    "model in the request": (put(*BODY, "model", to="kling-v3-text-to-video"), r"request's model is"),
    "sound in the request": (put(*BODY, "sound", to="off"), r"request.*sound"),
    "a request dropped": (lambda plan: plan["routes"][1]["further_requests"].pop(), r"has 1 requests? for 2 segments"),
}


@pytest.mark.parametrize(("doctor", "names"), SHOWS_ALONE.values(), ids=SHOWS_ALONE)
@pytest.mark.parametrize("alone", [False, True], ids=["with its scenario", "alone"])
def test_a_change_that_the_plan_itself_contradicts_is_refused_with_and_without_its_scenario(
    verify: Verifier, good: dict[str, Any], doctor: Doctor, names: str, alone: bool
) -> None:
    plan = copy.deepcopy(good)
    doctor(plan)
    status, _, err = verify(plan, alone=alone)
    assert status == 2
    assert re.search(names, err) or (not alone and re.search(r"price|no catalog sells this|model|chain", err)), err


SHOWS_WITH_ITS_SCENARIO: dict[str, tuple[Doctor, str]] = {
    "a count that fits": (
        all_of(
            put(*HERO, "count", to=3), put(*HERO, "counts", to=[3]), put("totals", "clips", to=9), put("totals", "served", to=6),
        ),
        r"clip 'hero': 3 planned, 4 wanted",
    ),
    "a clip of another name": (put(*HERO, "clips", to=["heroine"]), r"clip 'hero': 0 planned, 4 wanted"),
    "probabilities that add up": (
        all_of(put(*CHAIN, 0, "probability", to=0.9702), put(*CHAIN, 1, "probability", to=0.0296)),
        r"chain gives evolink/kling-o3 probability 0\.9702, should be 0\.98",
    ),
    "a chain that adds up": (
        lambda plan: (plan["routes"][0]["chain"].pop(), plan["routes"][0].update(unserved_probability=0.02)),
        r"its chain is evolink/kling-o3, should be evolink/kling-o3 -> evolink/kling-3\.0",
    ),
    "a limit's value": (put("limits", 0, "at_most", to="30.000000"), r"limits\.budget_usd"),
    "a limit's value and slack": (
        all_of(
            put("limits", 0, "at_most", to="30.000000"),
            lambda plan: plan["limits"][0].update(slack=f"{30 - float(plan['limits'][0]['value']):.6f}"),
        ),
        r"limits\.budget_usd.*20",
    ),
    "a cap's value and slack": (
        all_of(put("limits", 2, "at_most", to="9.000000"), put("limits", 2, "slack", to="5.000000")), r"limits\.caps\[0\]\.max_clips.*5",
    ),
    "a limit dropped": (lambda plan: plan["limits"].pop(0), r"limits\.budget_usd: the plan shows nothing"),
    "a limit made up": (lambda plan: plan["limits"].append({**plan["limits"][0], "limit": "max_usd"}), r"limits\.max_usd"),
    "a multiplier that proves less": (
        lambda plan: plan["certificate"]["multipliers"].append({"limit": "budget_usd", "value": "0.5"}),
        r"certificate: bound_usd is \S+, its multipliers prove ",
    ),
    "a baseline that adds up": (
        all_of(put("baselines", 0, "expected_usd", to=dearer), put("baselines", 0, "saving_usd", to=dearer)),
        r"baseline 'always kling-3\.0' is ",
    ),
    "the clips of a baseline": (put("baselines", 0, "clips", to=1), r"baseline 'always kling-3\.0'"),
    "dubbing": (put("routes", 1, "dubbing_usd", to="0.100000"), r"dubbing_usd is 0\.100000, should be 0\.168000"),
    "the lengths of segments": (put("routes", 1, "segments", to=[15, 13]), r"route 2"),
    "billed_usd": (put(*CHAIN, 1, "billed_usd", to=dearer), r"chain bills 1\.510000 on evolink/kling-3\.0, should be 1\.500000"),
    "an availability": (put(*CHAIN, 0, "availability", to=0.9), r"availability of evolink/kling-o3"),
    "a shortfall": (put(*CHAIN, 1, "shortfall", to=["audio"]), r"what evolink/kling-3\.0 falls short of"),
    "a fallback's resolution": (put(*CHAIN, 1, "resolution", to="4k"), r"what evolink/kling-3\.0 makes"),
    "the chance of no one": (put(*HERO, "unserved_probability", to=0.1), r"unserved_probability"),
    "the worth of what is left out": (
        all_of(
            put("left_out", 0, "value_usd", to="0.020000"),
            put("totals", "left_out_value_usd", to="0.060000"),
            put("totals", "objective_usd", to=lambda usd: f"{float(usd) + 0.03:.6f}"),
            lambda plan: plan.update(bound_usd=plan["totals"]["objective_usd"]),
        ),
        r"'spare' is left out, but is worth 0\.010000, not 0\.020000",
    ),
    "the prompt": (put(*BODY, "prompt", to="another"), r"request\.prompt"),
    "no prompt": (lambda plan: plan["routes"][0]["request"]["body"].pop("prompt"), r"request\.prompt"),
    "no duration": (lambda plan: plan["routes"][0]["request"]["body"].pop("duration"), r"request.*duration"),
    "where requests go": (put(*HERO, "request", "url", to="https://elsewhere.example/v1"), r"request.*elsewhere\.example"),
    "whose motion is followed": (
        put("routes", 2, "request", "body", "model_params", to={"character_orientation": "image"}), r"request.*(orientation|model_params)",
    ),
    "what the model is called": (put(*HERO, "api_model", to="kling-v3-text-to-video"), r"route 1"),
}  # fmt: skip


@pytest.mark.parametrize(("doctor", "names"), SHOWS_WITH_ITS_SCENARIO.values(), ids=SHOWS_WITH_ITS_SCENARIO)
def test_a_change_that_the_scenario_contradicts_is_refused_by_name(
    verify: Verifier, good: dict[str, Any], doctor: Doctor, names: str
) -> None:
    plan = copy.deepcopy(good)
    doctor(plan)
    status, _, err = verify(plan, alone=False)
    assert status == 2
    assert re.search(names, err), err


def test_a_plan_of_another_scenario_is_refused(router_: Router, tmp_path: Path, good: dict[str, Any]) -> None:
    ran = router_("verify", written(tmp_path, json.dumps(good), "p.json"), QUICKSTART, "--as-of", DAY)
    assert ran.status == 2
    assert "clip 'teaser': 0 planned, 12 wanted" in ran.err


def test_a_dearer_plan_that_calls_itself_optimal_though_no_limit_binds_is_refused(
    router_: Router, tmp_path: Path
) -> None:
    # Alone, kling-3.0 at 1.50 is the optimum of the stricter scenario; of the free one it is 1.25 on kling-o3.
    free = '[[clips]]\nid = "a"\nseconds = 10\nresolution = "1080p"\naudio = "native"\n[fallback]\ndirection = "none"\n'
    strict = free.replace("[fallback]", 'not_models = ["kling-o3"]\n[fallback]')
    plan = tmp_path / "p.json"
    assert router_.plan(written(tmp_path, strict, "strict.toml"), "-o", plan).status == 0
    ran = router_("verify", plan, written(tmp_path, free, "free.toml"), "--as-of", DAY)
    assert ran.status == 2
    assert re.search(r"optimal|bound|always kling-o3", ran.err)


def test_a_good_plan_over_two_catalogs_of_different_dates_is_agreed_with(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG, "c.toml")
    written(tmp_path, CATALOG.replace('"c"', '"d"').replace('"p"', '"q"').replace("2026-04-09", "2026-04-01"), "d.toml")
    scenario = written(tmp_path, 'catalogs = ["c.toml", "d.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    plan = tmp_path / "p.json"
    assert router_.plan(scenario, "-o", plan).status == 0
    assert router_("verify", plan, scenario, "--as-of", DAY).status == 0
    alone = router_("verify", plan).out
    assert "every price follows from the 1 price line that the plan records" in alone
    assert "prices of c, d are not at hand: give the scenario" in alone


@pytest.fixture
def bought(router_: Router, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A plan, its scenario, and its catalog, in which 5 s cost $0.50."""
    catalog = written(tmp_path, CATALOG, "c.toml")
    scenario = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    plan = tmp_path / "p.json"
    assert router_.plan(scenario, "-o", plan).status == 0
    return plan, scenario, catalog


def test_a_plan_records_the_hash_of_its_catalog_and_where_each_price_stands(bought: tuple[Path, Path, Path]) -> None:
    plan, _, catalog = bought
    made = json.loads(plan.read_text())
    assert made["catalogs"] == [
        {
            "name": "c",
            "as_of": "2026-04-09",
            "stale_after_days": None,
            "sha256": hashlib.sha256(catalog.read_bytes()).hexdigest(),
        }
    ]
    (line,) = made["prices"]
    file, _, number = line["where"].partition(":")
    assert file == "c.toml"  # No folder: a plan tells nothing of the machine
    assert "price_per_second = 0.1" in catalog.read_text().splitlines()[int(number) - 1]
    assert (line["price_per_second"], line["as_of"], line["source"]) == ("0.1", "2026-04-09", "a price list")
    assert [step["offer"] for route in made["routes"] for step in route["chain"]] == [line["offer"]]


CHANGES = {
    "a comment": ("# seen again\n" + CATALOG, None),
    "a price": (CATALOG.replace("0.1", "0.12"), "p/m silent: $0.12/s now, $0.1/s in the plan"),
    "the date": (CATALOG.replace("2026-04-09", "2026-06-01"), "it is of 2026-06-01, not of 2026-04-09"),
    "prices by length": (
        CATALOG.replace("price_per_second = 0.1", "prices = { 5 = 0.6 }").replace(
            SECONDS, "seconds = { choices = [5] }\n"
        ),
        "p/m silent: $0.6 for 5 s now, $0.1/s in the plan",
    ),
    "a least price": (
        CATALOG.replace(SECONDS, f"{SECONDS}price_minimum = 0.8\n"),
        "p/m silent: $0.1/s and $0.8 at least now, $0.1/s in the plan",
    ),
    "credits at the same price": (
        CATALOG.replace("source", 'unit = "credit"\nunits_per_usd = 100\nsource', 1).replace("0.1", "10"),
        "it is of 2026-04-09 as before",
    ),
    "no such model": (CATALOG.replace('"m"', '"n"'), "p/m silent: no longer in catalog c"),
    "another model": (
        CATALOG + (ENTRY + SECONDS + OFFERS).replace('"m"', '"n"').replace("0.1", "0.2"),
        "it is of 2026-04-09 as before",
    ),
    "a failure rate": (CATALOG.replace(SECONDS, f"{SECONDS}failure_rate = 0.5\n"), "it is of 2026-04-09 as before"),
    "a price for later": (
        CATALOG.replace("seconds", "available_until = 2026-05-01\nseconds", 1)
        + (ENTRY + "available_from = 2026-05-02\n" + SECONDS + OFFERS).replace("0.1", "0.2"),
        None,
    ),
}
"""What became of a catalog, and what is said of it; None: the plan holds under it as well."""


@pytest.mark.parametrize("name", CHANGES)
def test_where_a_catalog_changed_the_plan_is_checked_by_the_prices_it_records(
    router_: Router, bought: tuple[Path, Path, Path], name: str
) -> None:
    plan, scenario, catalog = bought
    text, said = CHANGES[name]
    catalog.write_text(text)
    today = router_("verify", plan, scenario, "--as-of", DAY)
    assert (today.status, today.err) == (0, "")
    if said is None:
        assert "every requirement, price, chain, total, limit and percentile holds" in today.out
        return
    assert "every price follows from the 1 price line that the plan records" in today.out
    assert "catalog c is not the one that the plan was made with" in today.out
    assert said in today.out
    assert (" now, " in today.out) == (" now, " in said)
    assert "requirements and the optimum were not checked" in today.out
    strict = router_("verify", plan, scenario, "--as-of", DAY, "--fail-on", "stale")
    assert (strict.status, strict.out) == (4, today.out)


def test_a_catalog_that_bears_a_bundled_name_is_not_taken_for_the_bundled_one(
    router_: Router, bought: tuple[Path, Path, Path]
) -> None:
    plan, scenario, catalog = bought
    catalog.write_text(CATALOG.replace('"c"', '"fal"'))
    assert router_.plan(scenario, "-o", plan).status == 0
    alone = router_("verify", plan)
    assert alone.status == 0
    assert "prices agree" not in alone.out
    assert "catalog fal is not the one that the plan was made with" in alone.out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"source": "https', '"source": "http'),
        ('"as_of": "2026-04-09",\n      "source"', '"as_of": "2026-04-08",\n      "source"'),
        ('"unit": "usd"', '"unit": "credit"'),
        ('"stale_after_days": 90', '"stale_after_days": 900'),
    ],
)
def test_what_a_plan_says_of_the_bundled_prices_is_checked_without_a_scenario(
    router_: Router, tmp_path: Path, old: str, new: str
) -> None:
    plan = tmp_path / "p.json"
    router_.plan(QUICKSTART, "-o", plan)
    assert router_("verify", plan).status == 0
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new, 1))
    assert router_("verify", plan).status == 2


def test_prices_that_a_plan_records_grow_old_without_their_catalog(
    router_: Router, bought: tuple[Path, Path, Path]
) -> None:
    plan, scenario, catalog = bought
    catalog.write_text(CATALOG.replace("source", "stale_after_days = 40\nsource", 1))
    assert router_.plan(scenario, "-o", plan).status == 0
    # 2026-04-09 and 40 days: 2026-05-19.
    for day, status in (("2026-05-19", 0), ("2026-05-20", 4)):
        assert router_("verify", plan, "--as-of", day, "--fail-on", "stale").status == status


def test_a_plan_that_misstates_the_very_file_it_was_made_with_is_refused(
    router_: Router, bought: tuple[Path, Path, Path]
) -> None:
    plan, scenario, _ = bought
    plan.write_text(plan.read_text().replace('"0.1"', '"0.08"').replace('"0.500000"', '"0.400000"'))
    ran = router_("verify", plan, scenario, "--as-of", DAY)
    assert ran.status == 2
    assert "prices: the catalogs do not price p/m as the plan records" in ran.err


def test_a_price_beside_the_recorded_one_is_refused_without_any_catalog(
    router_: Router, bought: tuple[Path, Path, Path]
) -> None:
    plan, *_ = bought
    plan.write_text(plan.read_text().replace('"0.1"', '"0.08"'))
    ran = router_("verify", plan)
    assert ran.status == 2
    assert "price of p/m is 0.500000, the price that the plan records makes it 0.400000" in ran.err


def test_prices_that_are_old_fail_where_that_is_asked_for(router_: Router, tmp_path: Path) -> None:
    written(tmp_path, CATALOG.replace("source", "stale_after_days = 90\nsource", 1), "c.toml")
    scenario = written(tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nseconds = 5\n', "s.toml")
    # 2026-04-09 and 90 days: 2026-07-08.
    for day, status in (("2026-07-08", 0), ("2026-07-09", 4)):
        assert router_("plan", scenario, "--as-of", day, "--fail-on", "stale").status == status


LEAVES_THAT_MAY_DIFFER = {"title", "method", "price_units", "unit", "where"}
"""Words for people (a file may be called otherwise by now); and units that only a catalog in credits has."""


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner or not value:
        yield path, value
    for key, below in inner:
        yield from leaves(below, (*path, key))


def another(value: Any) -> Any:
    if isinstance(value, str):
        money = re.fullmatch(r"-?\d+\.\d{6}", value)
        return dearer(value) if money else "2026-04-08" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else f"{value}x"
    if isinstance(value, float):
        return round(value * 0.9 + 0.01, 9)
    return {type(None): "x", list: ["x"], dict: {"x": 1}}.get(type(value), value + 1 if isinstance(value, int) else "x")


def test_whatever_figure_of_a_plan_is_changed_verify_with_its_scenario_refuses(
    verify: Verifier, good: dict[str, Any]
) -> None:
    accepted, tried = [], set()
    for path, value in leaves(good):
        kind = tuple(part for part in path if isinstance(part, str))
        if LEAVES_THAT_MAY_DIFFER & set(path) or kind in tried:
            continue
        tried.add(kind)  # One of each kind: the first route's, the first limit's
        plan = copy.deepcopy(good)
        put(*path, to=another(value))(plan)
        status, _, err = verify(plan, alone=False)
        assert status in (0, 2), (path, err)
        accepted += [path] if status == 0 else []
    assert accepted == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", r"p\.json:1: `title` is required"),
        ("[]", r"p\.json:1: must be a table"),
        ("", r"p\.json:1: is empty"),
        ('{"schema": 1,', r"p\.json:1: is not JSON"),
        ('{"schema": 2}', r"p\.json:1: `schema`"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_line(router_: Router, tmp_path: Path, text: str, message: str) -> None:
    ran = router_("verify", written(tmp_path, text, "p.json"))
    assert ran.status == 2
    assert re.search(message, "\n".join(said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", ""))))


@pytest.mark.parametrize(
    "value", ["NaN", '"NaN"', "true", "null", '"1e999999"', '"1.2345678"', '"abc"', "[]", '"-inf"']
)
def test_money_that_is_none_is_refused_where_it_stands(
    router_: Router, tmp_path: Path, good: dict[str, Any], value: str
) -> None:
    text = json.dumps(good, indent=1).split("\n")
    at = next(number for number, line in enumerate(text) if '"bound_usd"' in line)
    text[at] = f' "bound_usd": {value},'
    ran = router_("verify", written(tmp_path, "\n".join(text), "p.json"))
    assert ran.status == 2
    assert re.search(
        rf"p\.json:{at + 1}: `bound_usd` ", "\n".join(said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", "")))
    )


def test_a_scenario_given_for_a_plan_is_refused(router_: Router) -> None:
    ran = router_("verify", QUICKSTART)
    assert ran.status == 2
    assert "is not a plan" in ran.err

"""``router verify`` holds what a plan says besides its figures against what can be known: reasons, moves, baselines, warnings."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import router
from router.schema.scenario import Scenario
from tests.cli.commands import DAY, ROOT, Router
from tests.loading.messages import said_well, written

FILE = ROOT / "scenarios" / "every-limit.toml"
# Two clips are left out for caps[1].max_seconds; for less risk one draft goes to example-swift and two clips to example-plain, on which
# seven finished clips are: four of "shot" and three of "cut". Packs and a chance are in it, so it warns how they go together.

Doctor = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    """A good plan of FILE, as JSON."""
    made: dict[str, Any] = json.loads(router.plan(Scenario.load(FILE), on=dt.date.fromisoformat(DAY)).to_json())
    assert [(move["model"], move["clips"], move["drafts"]) for move in made["moves"]] == [
        ("example-swift", 0, 1),
        ("example-plain", 2, 0),
    ]
    return made


def verified(router_: Router, folder: Path, plan: dict[str, Any], *, alone: bool) -> tuple[int, str]:
    ran = router_("verify", written(folder, json.dumps(plan), "p.json"), *([] if alone else [FILE]), "--as-of", DAY)
    err = ran.err.rstrip("\n").replace(f"{folder}/", "")
    if ran.status == 2:
        said_well(err)
    return ran.status, err


@pytest.mark.parametrize("alone", [False, True], ids=["with its scenario", "alone"])
def test_the_good_plan_is_agreed_with(router_: Router, tmp_path: Path, good: dict[str, Any], alone: bool) -> None:
    assert verified(router_, tmp_path, good, alone=alone) == (0, "")


def budget_again(plan: dict[str, Any]) -> None:
    """A second budget, which is kept as widely as one likes."""
    (budget,) = (value for value in plan["limits"] if value["limit"] == "budget_usd")
    wide = {**budget, "at_most": "99.000000", "slack": f"{99 - float(budget['value']):.6f}"}
    plan["limits"].append(wide)


def reason(text: str, *limits: str) -> Doctor:
    return lambda plan: plan["left_out"][0].update(reason=text, pushed_by=list(limits))


SHOWS_ALONE: dict[str, tuple[Doctor, str]] = {
    "a limit twice": (budget_again, r"limits: 'budget_usd' stands there more than once"),
    "a baseline twice": (
        lambda plan: plan["baselines"].append(plan["baselines"][0]), r"baselines: 'always \S+' stands there more than once",
    ),
    "a warning twice": (lambda plan: plan["warnings"].append(plan["warnings"][0]), r"warnings: 'packs .* stands there more than once"),
    "a move twice": (lambda plan: plan["moves"].append(plan["moves"][1]), r"moves: 'example-plain' stands there more than once"),
    "a move from one model twice": (
        lambda plan: plan["moves"][0]["instead_of"].append("example-plain"), r"moves to example-swift: 'example-plain' stands",
    ),
    "a source of variance twice": (
        lambda plan: plan["distribution"]["sources"].append(plan["distribution"]["sources"][0]), r"distribution\.sources: ",
    ),
    "a limit that pushes twice": (
        lambda plan: plan["routes"][0]["pushed_by"].append("groups"), r"'hero' is pushed by groups more than once",
    ),
    "a push by no limit": (lambda plan: plan["routes"][0]["pushed_by"].append("taste"), r"'hero' is pushed by taste, which is no limit"),
    "a move to no model": (
        lambda plan: plan["moves"][1].update(model="example-best"), r"moves to example-best: 2 clips are moved, 0 are there",
    ),
    "a move of more clips than there are": (
        lambda plan: plan["moves"][1].update(clips=8), r"moves to example-plain: 8 clips are moved, 7 are there",
    ),
    "a move of more drafts than there are": (
        lambda plan: plan["moves"][0].update(drafts=2), r"moves to example-swift: 2 drafts are moved, 1 are there",
    ),
    "a move of nothing": (lambda plan: plan["moves"][1].update(clips=0), r"moves to example-plain: nothing is moved"),
    "the cheapest move first": (lambda plan: plan["moves"].reverse(), r"moves: the dearest does not come first"),
    "a reason made up": (reason("nobody likes it"), r"'extra' is left out: 'nobody likes it' is no reason"),
    "a reason that names another limit": (
        reason("the limits leave no room for it (budget_usd)", "caps[1].max_seconds"), r"its reason names other limits than pushed_by",
    ),
    "a push beside a reason that needs none": (
        reason("no offer is eligible", "budget_usd"), r"'extra' is left out: pushed by budget_usd, which is not its reason",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("doctor", "names"), SHOWS_ALONE.values(), ids=SHOWS_ALONE)
@pytest.mark.parametrize("alone", [False, True], ids=["with its scenario", "alone"])
def test_what_the_plan_itself_contradicts_is_refused_by_name(
    router_: Router, tmp_path: Path, good: dict[str, Any], doctor: Doctor, names: str, alone: bool
) -> None:
    plan = copy.deepcopy(good)
    doctor(plan)
    status, err = verified(router_, tmp_path, plan, alone=alone)
    assert status == 2
    assert re.search(names, err), err


SHOWS_WITH_ITS_SCENARIO: dict[str, tuple[Doctor, str]] = {
    "no baselines": (lambda plan: plan["baselines"].clear(), r"baselines are none, should be always example-fine, always "),
    "a baseline less": (lambda plan: plan["baselines"].pop(), r"baselines are .*should be .*always the dearest eligible"),
    "no warnings": (lambda plan: plan["warnings"].clear(), r"warnings: 'packs and volume discounts .*' is missing"),
    "a warning made up": (lambda plan: plan["warnings"].append("beware"), r"warnings: nothing gives rise to 'beware'"),
    "a move from no model": (
        lambda plan: plan["moves"][0].update(instead_of=["example-best"]), r"moves to example-swift: no catalog sells 'example-best'",
    ),
    # 10 s on example-plain are $0.80; a clip is worth $1.00.
    "a cost above the worth": (
        reason("making it costs $1.25, more than it is worth"), r"'making it costs \$1\.25, more than it is worth', though making it costs",
    ),
    "offers denied": (reason("no offer is eligible"), r"'extra' is left out: 'no offer is eligible', though making it costs"),
}  # fmt: skip


@pytest.mark.parametrize(("doctor", "names"), SHOWS_WITH_ITS_SCENARIO.values(), ids=SHOWS_WITH_ITS_SCENARIO)
def test_what_the_scenario_contradicts_is_refused_by_name(
    router_: Router, tmp_path: Path, good: dict[str, Any], doctor: Doctor, names: str
) -> None:
    plan = copy.deepcopy(good)
    doctor(plan)
    status, err = verified(router_, tmp_path, plan, alone=False)
    assert status == 2
    assert re.search(names, err), err


CLIPS = {
    "too dear": ('seconds = 10\nvalue_usd = 0.50\n', "making it costs $1.00, more than it is worth"),
    "its drafts too dear": (
        'seconds = 10\nvalue_usd = 1.50\ndrafts = { count = 2 }\n', "making it and its drafts costs $3.00, more than it is worth",
    ),
    "too long": ("seconds = 60\nvalue_usd = 9\n", "no offer is eligible"),
    "its drafts too fine": (
        'seconds = 10\nvalue_usd = 9\ndrafts = { count = 2, resolution = "4k" }\n', "no offer is eligible for its drafts",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("clip", "reason"), CLIPS.values(), ids=CLIPS)
def test_every_reason_that_a_plan_gives_is_agreed_with(router_: Router, tmp_path: Path, clip: str, reason: str) -> None:
    written(
        tmp_path,
        'schema = 1\nname = "c"\nas_of = 2026-04-09\nsource = "x"\n[[models]]\nmodel = "m"\nprovider = "p"\nmode = "text-to-video"\n'
        'seconds = { min = 1, max = 20, step = 1 }\noffers = [{ resolution = "1080p", audio = false, price_per_second = 0.10 }]\n',
        "c.toml",
    )
    scenario = written(tmp_path, f'catalogs = ["c.toml"]\n[[clips]]\nid = "a"\n{clip}', "s.toml")
    plan = tmp_path / "p.json"
    assert router_.plan(scenario, "-o", plan).status == 0
    assert [left["reason"] for left in json.loads(plan.read_text())["left_out"]] == [reason]
    for more in ([scenario], []):
        ran = router_("verify", plan, *more, "--as-of", DAY)
        assert (ran.status, ran.err) == (0, "")


def test_a_plan_need_not_warn_of_what_only_a_later_day_brings(router_: Router, tmp_path: Path) -> None:
    scenario = written(tmp_path, '[[clips]]\nid = "a"\nseconds = 5\n', "s.toml")
    plan = tmp_path / "p.json"
    assert router_.plan(scenario, "-o", plan).status == 0
    # The bundled prices are of 2026-04-09 and stale after 90 days; without a day, today is much later.
    assert router_("verify", plan, scenario).status == 0
    ran = router_("verify", plan, scenario, "--as-of", "2026-07-09")
    assert ran.status == 2
    assert "more than 90 days old; check them before you buy' is missing" in ran.err

"""Values set anew: the same as if the file said so, or one message with the nearest path that leads somewhere."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError
from router.loading.overrides import overridden, override
from router.loading.scenario_file import where_in
from router.pipeline import plan
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario
from tests.builders import ON

TEXT = """
title = "one"

[defaults]
resolution = "1080p"
audio = "native"

[[clips]]
id = "hero"
count = 4
seconds = 10

[[clips]]
id = "v1.5"
seconds = 6
resolution = "720p"
value_usd = 3

[[clips]]
id = "spot"
seconds = 5
audio = "none"
request = { prompt = "a boat" }

[outages]
availability = { "kling-3.0" = 0.99 }

[limits]
budget_usd = 100
caps = [{ where = { model = "kling-o3" }, max_clips = 5 }]
"""


@pytest.fixture
def given(tmp_path: Path) -> Scenario:
    (tmp_path / "s.toml").write_text(TEXT)
    return Scenario.load(tmp_path / "s.toml")


EDITS = {
    "a limit": ("limits.budget_usd=90", "budget_usd = 100", "budget_usd = 90"),
    "a limit, multiplied": ("limits.budget_usd*=0.9", "budget_usd = 100", "budget_usd = 90.0"),
    "a limit that is lifted": ("limits.budget_usd=", "budget_usd = 100", ""),
    "a new limit": ("limits.worst_case_usd = 120", "budget_usd = 100", "budget_usd = 100\nworst_case_usd = 120"),
    "a cap by its position": ("limits.caps[0].max_clips+=2", "max_clips = 5", "max_clips = 7"),
    "what a cap is on": ("limits.caps.0.where.model=kling-3.0", 'model = "kling-o3"', 'model = "kling-3.0"'),
    "one more cap": (
        "limits.caps+={ where = { audio = true }, max_share = 0.5 }",
        "max_clips = 5 }]",
        "max_clips = 5 }, { where = { audio = true }, max_share = 0.5 }]",
    ),
    "no cap": ("limits.caps.0=", 'caps = [{ where = { model = "kling-o3" }, max_clips = 5 }]', "caps = []"),
    "a clip by its id": ("clips.hero.count=5", "count = 4", "count = 5"),
    "a clip whose id has a dot": ("clips.v1.5.seconds=7", "seconds = 6", "seconds = 7"),
    "a clip in quotes": ("clips.'v1.5'.seconds+=1", "seconds = 6", "seconds = 7"),
    "a clip by its position": ("clips.2.audio=any", 'audio = "none"', 'audio = "any"'),
    "a prompt with an equals sign": ("clips.spot.request.prompt=a=b", '"a boat"', '"a=b"'),
    "a name that was not there": (
        "outages.availability.evolink/kling-o3=0.9",
        "0.99 }",
        '0.99, "evolink/kling-o3" = 0.9 }',
    ),
    "a name with a dot": ("outages.availability.kling-3.0=0.5", "0.99", "0.5"),
    "a table that was not there": ("fallback.direction=none", "[limits]", '[fallback]\ndirection = "none"\n[limits]'),
    "a text that is a number elsewhere": ('title="2"', '"one"', '"2"'),
    "a default of which a clip differs": ("defaults.resolution=480p", 'resolution = "1080p"', 'resolution = "480p"'),
    "a default that no clip stated": ("defaults.max_segments=3", "[defaults]", "[defaults]\nmax_segments = 3"),
    "a default that is taken out": ("defaults.audio=", 'audio = "native"\n', ""),
    "a default within a table": (
        "defaults.request.aspect_ratio=9:16",
        "[defaults]",
        '[defaults]\nrequest = { aspect_ratio = "9:16" }',
    ),
}


@pytest.mark.parametrize(("text", "before", "after"), EDITS.values(), ids=EDITS)
def test_an_override_is_the_same_as_an_edit_of_the_file(
    tmp_path: Path, given: Scenario, text: str, before: str, after: str
) -> None:
    assert TEXT.count(before) == 1
    (tmp_path / "edited.toml").write_text(TEXT.replace(before, after))
    edited = Scenario.load(tmp_path / "edited.toml")
    assert overridden(given, [text]).model_dump(exclude={"catalogs"}) == edited.model_dump(exclude={"catalogs"})


def test_no_override_changes_what_was_given(given: Scenario) -> None:
    before = given.model_dump_json()
    overridden(given, ["clips.*.audio=none", "limits.caps.0.max_clips=1", "offers.*.*.price*=2"])
    assert given.model_dump_json() == before
    assert overridden(given, []) is given


def test_wildcards_reach_every_clip_and_globs_some(given: Scenario) -> None:
    changed = overridden(given, ["clips.*.audio=deferred", "clips.*o*.count=9", "clips.'v?.5'.seconds=8"])
    assert [(c.id, c.audio, c.count, c.seconds) for c in changed.clips] == [
        ("hero", "deferred", 9, 10), ("v1.5", "deferred", 1, 8), ("spot", "deferred", 9, 5),
    ]  # fmt: skip


def test_later_overrides_see_what_earlier_ones_set(given: Scenario) -> None:
    assert overridden(given, ["limits.budget_usd=10", "limits.budget_usd*=3"]).limits.budget_usd == 30


def test_a_clip_can_be_taken_out_and_errors_still_name_the_lines_of_the_others(given: Scenario) -> None:
    changed = overridden(given, ["clips.hero="])
    assert [clip.id for clip in changed.clips] == ["v1.5", "spot"]
    assert where_in(changed, ("clips", 1, "seconds")).endswith("s.toml:21")


def prices(scenario: Scenario) -> dict[str, Any]:
    return {
        f"{entry.model} {offer.resolution} {offer.audio}": offer.price_per_second or offer.prices
        for catalog in scenario.catalogs
        if isinstance(catalog, Catalog)
        for entry in catalog.models
        for offer in entry.offers
        if entry.mode != "motion-control"
    }


def test_prices_change_by_model_and_kind_of_offer(given: Scenario) -> None:
    plain = prices(overridden(given, ["title=x"]))
    for text, reached in (
        ("offers.kling-o3.*.price_per_second*=2", {"kling-o3"}),
        ("offers.kling-o3.1080p.price_per_second*=2", {"kling-o3 1080p"}),
        ("offers.evolink/kling-o3.1080p-audio.price*=2", {"kling-o3 1080p True"}),
        ("offers.kling-3.0.silent.price*=2", {"kling-3.0 720p False", "kling-3.0 1080p False"}),
        ("offers.*.text-to-video.price*=2", {"kling-3.0", "kling-o3"}),
    ):
        changed = prices(overridden(given, [text]))
        assert changed == {
            name: price * 2 if any(name.startswith(one) for one in reached) else price for name, price in plain.items()
        }, text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("offers.*.*.price*=-1", "`prices.10` must be >= 0, not -1.111"),
        ("offers.kling-o1.silent.prices.5=1e7", "`prices.5` must be below 1,000,000 USD"),
    ],
)
def test_a_fixed_price_that_is_not_allowed_is_named_with_its_length_and_what_set_it(
    given: Scenario, text: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        overridden(given, [text])
    assert {problem.where for problem in refused.value.problems} == {f"--set '{text}'"}
    assert said in str(refused.value)


def test_price_reaches_fixed_prices_of_all_lengths(given: Scenario) -> None:
    changed = prices(overridden(given, ["offers.kling-o1.*.price*=2"]))
    assert changed["kling-o1 None False"] == {5: Decimal("1.112"), 10: Decimal("2.222")}
    one = prices(overridden(given, ["offers.kling-o1.*.prices.5=0.6"]))
    assert one["kling-o1 None False"] == {5: Decimal("0.6"), 10: Decimal("1.111")}


def test_a_price_that_an_offer_has_from_its_model_is_multiplied_too() -> None:
    entry = {
        "model": "m", "provider": "p", "mode": "text-to-video", "seconds": {"choices": [5]}, "price_per_generation": Decimal("0.1"),
        "offers": [{"audio": False, "price_per_second": Decimal("0.2")}],
    }  # fmt: skip
    sold = Catalog.model_validate(
        {"schema": 1, "name": "c", "as_of": "2026-04-01", "source": "here", "models": [entry]}
    )
    scenario = Scenario(clips=[{"id": "a", "seconds": 5}], catalogs=[sold])
    # 5 s at $0.20 and $0.10 for the generation are $1.10.
    assert plan(scenario, on=ON).totals.expected_usd == Decimal("1.10")
    assert plan(overridden(scenario, ["offers.m.*.price*=1.5"]), on=ON).totals.expected_usd == Decimal("1.65")


def test_a_model_is_changed_in_every_catalog_that_sells_it_and_the_others_stay_as_they_are(given: Scenario) -> None:
    changed = overridden(given, ["models.kling-3.0.availability=0.9"])
    assert changed.catalogs[0] is not given.catalogs[0]
    (catalog,) = changed.catalogs
    assert isinstance(catalog, Catalog)
    assert {m.model: m.availability for m in catalog.models}["kling-3.0"] == Decimal("0.9")
    assert overridden(given, ["title=x"]).catalogs[0] == given.catalogs[0] or given.catalogs[0] == "evolink"


def test_catalogs_are_added_and_replaced_relative_to_the_scenario_file(tmp_path: Path, given: Scenario) -> None:
    (tmp_path / "other.toml").write_text(
        'schema = 1\nname = "other"\nas_of = 2026-04-01\nsource = "here"\n[[models]]\nmodel = "m"\nprovider = "p"\n'
        'mode = "text-to-video"\nseconds = { choices = [5] }\noffers = [{ audio = false, price_per_second = 0.01 }]\n'
    )
    added = overridden(given, ['catalogs+=["other.toml"]', "offers.m.*.price*=3"])
    assert [c.name for c in added.catalogs if isinstance(c, Catalog)] == ["evolink", "other"]
    assert prices(added)["m None False"] == Decimal("0.03")
    assert [c.name for c in overridden(given, ["catalogs=other.toml"]).catalogs if isinstance(c, Catalog)] == ["other"]


REFUSED = {
    "no operator": ("limits.budget_usd", "must be PATH=VALUE"),
    "no path": ("=3", "must be PATH=VALUE"),
    "a field that is none": ("limits.budgt_usd=9", "no such field as `budgt_usd` in `limits`; did you mean `limits.budget_usd`?"),
    "a table that is none": ("limitz.budget_usd=9", "no such field as `limitz`; did you mean `limits`?"),
    "a misspelt root of offers": ("offer.kling-o3.*.price*=2", "did you mean `offers`?"),
    "a clip that is none": ("clips.heroo.count=1", "nothing in `clips` is called `heroo`; did you mean `clips.hero`?"),
    "a cap that is none": ("limits.caps[3].max_clips=1", "nothing in `limits.caps` is called `3`; there is 0"),
    "a model that is none": ("offers.kling-o33.*.price*=2", "did you mean `offers.kling-o3`?"),
    "an offer that is none": ("offers.kling-o3.4k.price*=2", "nothing in `offers.kling-o3` is called `4k`; there is 720p, 1080p"),
    "a list as a whole": ("offers=3", "`offers` is a list: say which entry"),
    "an offer as a whole": ("offers.kling-o3=3", "`offers.kling-o3` holds several values: say which"),
    "something in a value": ("limits.budget_usd.x=1", "`limits.budget_usd` is a single value: nothing is in it"),
    "a value that is not allowed": ("clips.*.audio=loud", "`audio` is 'loud', must be none | native | deferred | any"),
    "a wrong type": ("clips.hero.count=many", "`count` must be a whole number"),
    "half a clip": ("clips.hero.count*=1.1", "`count` must be a whole number"),
    "a negative price": ("offers.kling-o3.*.price_per_second=-1", "`price_per_second` must be >= 0, not -1"),
    "no number to multiply by": ("limits.budget_usd*=much", "`*=` needs a number behind it"),
    "nothing to multiply": ("limits.worst_case_usd*=2", "`*=` needs a number at `limits.worst_case_usd`, which states none"),
    "an empty cap": ("limits.caps.0.max_clips=", "bounds nothing"),
    "no clips": ("clips=", "`clips` is required"),
    "a catalog that is none": ("catalogs+=nope", "no bundled catalog and no file is called so"),
    "a number beyond all": ("limits.budget_usd=1e999999", "must be a number of ordinary size"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_set_is_one_message_that_names_the_override(given: Scenario, text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        overridden(given, ["title=fine", text])
    (line,) = dict.fromkeys(str(refused.value).splitlines())
    assert line.startswith(f"--set '{text}': ")
    assert message in line


def test_control_characters_of_an_override_reach_no_terminal(given: Scenario) -> None:
    with pytest.raises(InputError) as refused:
        overridden(given, ["clips.\x1b[31m.count=1"])
    assert "\x1b" not in str(refused.value)


def test_a_default_is_read_as_toml_else_as_a_text() -> None:
    read = {text: override(f"a={text}").value for text in ("1.50", "true", "2026-04-09", "[1, 2]", "720p", '"1"', "")}
    assert [str(value) for value in read.values()] == ["1.50", "True", "2026-04-09", "[1, 2]", "720p", "1", "None"]

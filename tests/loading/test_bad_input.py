"""Bad input gets one message: every error, each with file and line, what is wrong and how to mend it; status 2; nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.schema.scenario import Scenario
from tests.cli.commands import Router
from tests.loading.messages import (
    CATALOG,
    CLIP,
    ENTRY,
    HEAD,
    OFFERS,
    SECONDS,
    catalog_refusal,
    said_well,
    scenario_refusal,
    written,
)

# The price of CATALOG stands on line 10; a line added to CLIP is line 4, and below a table's heading line 5.
OFFER = {"audio": False, "price_per_second": "@"}
MODEL = {"model": "m", "provider": "p", "mode": "text-to-video", "seconds": {"choices": [5]}, "offers": [OFFER]}
AS_JSON = json.dumps({"schema": 1, "name": "c", "as_of": "2026-04-09", "source": "x", "models": [MODEL]}, indent=0)
PRICE_LINE = AS_JSON[: AS_JSON.index('"@"')].count("\n") + 1

PRICES = {
    "nan": "finite number",
    "inf": "finite number",
    "-inf": "finite number",
    "-1": ">= 0",
    "-0.01": ">= 0",
    "1e308": "ordinary size",
    "1e-999999": "ordinary size",
    "1e999999": "ordinary size",
    "-0.0": "minus before a zero",
    "-0": "0",  # An integer has no sign before a zero: it is a price of 0
    "0": "needs free = true",
    "true": "must be a number, not true or false",
    "1000000": r"below 1,000,000 USD",
    "9" * 5000: "size that cannot be read",
    '"0.1"': "must be a number, not a text",
    "[]": "must be a number, not a list",
    "{}": "must be a number, not a table",
}
IN_JSON = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@pytest.mark.parametrize("value", PRICES, ids=lambda value: value[:20])
def test_a_price_that_is_none_is_refused_in_toml(tmp_path: Path, value: str) -> None:
    (line,) = catalog_refusal(tmp_path, CATALOG.replace("0.1", value))
    assert line.startswith("c.toml:10: ")
    assert PRICES[value] in line


@pytest.mark.parametrize("value", PRICES, ids=lambda value: value[:20])
def test_a_price_that_is_none_is_refused_in_json(tmp_path: Path, value: str) -> None:
    (line,) = catalog_refusal(tmp_path, AS_JSON.replace('"@"', IN_JSON.get(value, value)), "c.json")
    assert line.startswith(f"c.json:{PRICE_LINE}: ")
    assert PRICES[value] in line


@pytest.mark.parametrize("field", ["price_minimum", "price_per_generation"])
@pytest.mark.parametrize("value", ["nan", "-1", "-0.0", "true", "1e308"])
def test_minimums_and_prices_of_a_generation_are_prices_too(tmp_path: Path, field: str, value: str) -> None:
    (line,) = catalog_refusal(tmp_path, CATALOG.replace("0.1", f"0.1, {field} = {value}"))
    assert line.startswith(f"c.toml:10: `{field}` ")


SCENARIOS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    # ---- misspelt keys -----------------------------------------------------------------------------------------------
    "a clip's field": (
        CLIP + 'resolutoin = "720p"\n',
        [(4, "`resolutoin`: no such field; did you mean `resolution`?")],
    ),
    "a top-level field": ('titel = "x"\n' + CLIP, [(1, "`titel`: no such field; did you mean `title`?")]),
    "a limit": (CLIP + "[limits]\nbudgt_usd = 3\n", [(5, "did you mean `budget_usd`?")]),
    "swapped letters": (
        CLIP + '[[limits.caps]]\nwhere = { modle = "m" }\nmax_usd = 1\n',
        [(5, "did you mean `model`?")],
    ),
    "a cap's field": (CLIP + "[[limits.caps]]\nmax_clip = 3\nmax_usd = 1\n", [(5, "did you mean `max_clips`?")]),
    "a cap's where": (
        CLIP + '[[limits.caps]]\nmax_clips = 3\nwhere = { provder = "x" }\n',
        [(6, "did you mean `provider`?")],
    ),
    "a fallback rule": (CLIP + '[fallback]\ndirecton = "any"\n', [(5, "did you mean `direction`?")]),
    "a default": ('[defaults]\nresolutoin = "1080p"\n' + CLIP, [(2, "did you mean `resolution`?")]),
    "nothing like it": (CLIP + "xyzzy = 1\n", [(4, "`xyzzy`: no such field")]),
    "a key of control characters": (CLIP + '"\\u001b[31m\\u202e" = 1\n', [(4, "no such field")]),
    "a key of 3,000 letters": (CLIP + f"{'k' * 3000} = 1\n", [(4, "no such field")]),
    "an id among the defaults": (CLIP + '[defaults]\nid = "b"\n', [(5, "`id`")]),
    # ---- misspelt words ----------------------------------------------------------------------------------------------
    "resolution": (
        CLIP + 'resolution = "1080"\n',
        [(4, "360p | 480p | 540p | 720p | 768p | 1080p | 2k | 4k; did you mean '1080p'?")],
    ),
    "audio": (CLIP + 'audio = "nativ"\n', [(4, "did you mean 'native'?")]),
    "direction": (CLIP + '[fallback]\ndirection = "cheapr"\n', [(5, "did you mean 'cheaper'?")]),
    "accept": (CLIP + '[fallback]\naccept = "degradd"\n', [(5, "did you mean 'degraded'?")]),
    "across": (CLIP + '[fallback]\nacross = "al"\n', [(5, "did you mean 'all'?")]),
    "billed": (CLIP + '[fallback]\nbilled = "actul"\n', [(5, "did you mean 'actual'?")]),
    "order": (CLIP + '[fallback]\norder = "prise"\n', [(5, "did you mean 'price'?")]),
    "correlation": (CLIP + '[outages]\ncorrelation = "per-requst"\n', [(5, "did you mean 'per-request'?")]),
    "over time without its times": (
        CLIP + '[outages]\ncorrelation = "over-time"\nrun_minutes = 60\n',
        [(5, '`correlation` "over-time" needs repair_minutes')],
    ),
    "no time to repair": (CLIP + "[outages]\nrepair_minutes = 0\n", [(5, "`repair_minutes` must be above 0, not 0")]),
    "takes": (CLIP + "max_takes = 0\n", [(4, "`max_takes` must be at least 1, not 0")]),
    "a level of 1": (CLIP + "[limits]\ncvar = { level = 1, usd = 3 }\n", [(5, "`level` must be below 1, not 1")]),
    "a tail without its bound": (CLIP + "[limits]\ncvar = { level = 0.9 }\n", [(5, "`usd` is required")]),
    "two measures of risk": (
        CLIP + '[objective]\nminimise = "cvar"\nrisk_aversion = 0.5\n',
        [(6, '`risk_aversion` needs minimise = "expected", not "cvar"')],
    ),
    "minimise": (CLIP + '[objective]\nminimise = "expectd"\n', [(5, "did you mean 'expected'?")]),
    "a cap's sound": (
        CLIP + '[[limits.caps]]\nmax_clips = 3\nwhere = { audio = "nativ" }\n',
        [(6, "did you mean 'native'?")],
    ),
    "a cap's resolution": (
        CLIP + '[[limits.caps]]\nmax_clips = 3\nwhere = { resolution = "720" }\n',
        [(6, "did you mean '720p'?")],
    ),
    "a word of control characters": (CLIP + 'audio = "\\u001b[31m\\u202enative"\n', [(4, "`audio` ")]),
    "a word of 500 letters": (CLIP + f'audio = "{"x" * 500}"\n', [(4, "`audio` ")]),
    # ---- clips -------------------------------------------------------------------------------------------------------
    "two of one id": (CLIP + "\n" + CLIP, [(6, "'a' is also the id of clip 1; ids must differ")]),
    "an id that is made up for another": (
        CLIP.replace('"a"', '"clip-2"') + "[[clips]]\nseconds = 5\n",
        [(4, "'clip-2' is also")],
    ),
    "three of one id": (CLIP * 3, [(5, "'a' is also"), (8, "'a' is also")]),
    "no clips": ('title = "x"\n', [(1, "`clips` is required")]),
    "an empty list of clips": ('title = "x"\nclips = []\n', [(2, "`clips` must not be empty")]),
    "a comment alone": ("# nothing\n", [(1, "`clips` is required")]),
    "no length": ('title = "x"\n[[clips]]\nid = "a"\n', [(2, "`seconds` is required for 'a'")]),
    # ---- wrong types -------------------------------------------------------------------------------------------------
    "clips = 3": ('title = "x"\nclips = 3\n', [(2, "`clips` must be a list")]),
    "clips = {}": ('title = "x"\nclips = {}\n', [(2, "`clips` must be a list")]),
    "clips = true": ("clips = true\n", [(1, "`clips` must be a list")]),
    "clips = [3]": ("clips = [\n3]\n", [(2, "must be a table, not 3")]),
    "clips = [[]]": ("clips = [[]]\n", [(1, "must be a table, not a list")]),
    'clips = ""': ('title = "x"\nclips = ""\n', [(2, "`clips`")]),
    'defaults = "x"': ('title = "x"\ndefaults = "x"\n' + CLIP, [(2, "`defaults` must be a table, not a text")]),
    "defaults = []": ("defaults = []\n" + CLIP, [(1, "`defaults` must be a table, not a list")]),
    "catalogs = 3": ("catalogs = 3\n" + CLIP, [(1, "`catalogs` must be a list, not 3")]),
    'catalogs = "evolink"': ('catalogs = "evolink"\n' + CLIP, [(1, "`catalogs` must be a list, not a text")]),
    "catalogs = [3]": ("catalogs = [\n3]\n" + CLIP, [(2, "`catalogs` must be a text, not 3")]),
    "catalogs = []": ("catalogs = []\n" + CLIP, [(1, "`catalogs` must not be empty")]),
    "limits = 3": ("limits = 3\n" + CLIP, [(1, "`limits` must be a table, not 3")]),
    "caps = {}": (CLIP + "[limits]\ncaps = {}\n", [(5, "`caps` must be a list, not a table")]),
    "caps = [3]": (CLIP + "[limits]\ncaps = [3]\n", [(5, "`caps` must be a table, not 3")]),
    "where = 3": (CLIP + "[[limits.caps]]\nmax_clips = 1\nwhere = 3\n", [(6, "`where` must be a table, not 3")]),
    "a cap's audio = 3": (CLIP + "[[limits.caps]]\nmax_clips = 1\nwhere = { audio = 3 }\n", [(6, "`audio` ")]),
    "a cap without a bound": (
        CLIP + '[[limits.caps]]\nwhere = { model = "x" }\n',
        [(4, "bounds nothing: give max_clips")],
    ),
    "fallback = []": ("fallback = []\n" + CLIP, [(1, "`fallback` must be a table")]),
    "availability = 0.5": (CLIP + "[outages]\navailability = 0.5\n", [(5, "`availability` must be a table, not 0.5")]),
    "availability of 2": (
        CLIP + '[outages]\navailability = { "kling-3.0" = 2 }\n',
        [(5, "`kling-3.0` must be at most 1, not 2")],
    ),
    "availability of a text": (
        CLIP + '[outages]\navailability = { "kling-3.0" = "x" }\n',
        [(5, "`kling-3.0` must be a number")],
    ),
    "availability of nobody": (CLIP + '[outages]\navailability = { "" = 0.5 }\n', [(5, "must not be empty")]),
    "availability of an escape": (CLIP + '[outages]\navailability = { "\\u001b[31m" = 0.5 }\n', [(5, "U+001B")]),
    'models = "x"': (CLIP + 'models = "kling-3.0"\n', [(4, "`models` must be a list, not a text")]),
    "models = []": (CLIP + "models = []\n", [(4, "`models` must not be empty")]),
    "models = [3]": (CLIP + "models = [3]\n", [(4, "`models` must be a text, not 3")]),
    "accept_image_prompt = 1": (
        CLIP + "accept_image_prompt = 1\n",
        [(4, "`accept_image_prompt` must be true or false, not 1")],
    ),
    "audio = 3": (CLIP + "audio = 3\n", [(4, "`audio` ")]),
    "audio = true": (CLIP + "audio = true\n", [(4, "`audio` ")]),
    "audio = []": (CLIP + "audio = []\n", [(4, "`audio` ")]),
    "request = 3": (CLIP + "request = 3\n", [(4, "`request` must be a table, not 3")]),
    "NaN in a request": (CLIP + "request = { x = { y = nan } }\n", [(4, "number that JSON cannot hold")]),
    "id = 3": (CLIP.replace('"a"', "3"), [(2, "`id` must be a text, not 3")]),
    "title = 3": ("title = 3\n" + CLIP, [(1, "`title` must be a text, not 3")]),
    "schema = 2": ("schema = 2\n" + CLIP, [(1, "`schema`")]),
    'schema = "1"': ('schema = "1"\n' + CLIP, [(1, "`schema` must be 1")]),
    "schema = true": ("schema = true\n" + CLIP, [(1, "`schema`")]),
    # ---- numbers -----------------------------------------------------------------------------------------------------
    "seconds = 0": (CLIP.replace("5", "0"), [(3, "`seconds` must be above 0, not 0")]),
    "seconds = -0.0": (CLIP.replace("5", "-0.0"), [(3, "`seconds` must be ")]),
    "seconds = nan": (CLIP.replace("5", "nan"), [(3, "`seconds` must be a finite number")]),
    "seconds = 1e308": (CLIP.replace("5", "1e308"), [(3, "`seconds` must be a number of ordinary size")]),
    "seconds = true": (CLIP.replace("5", "true"), [(3, "`seconds` must be a number, not true or false")]),
    "seconds of 5,000 digits": (CLIP.replace("5", "9" * 5000), [(3, "number of a size that cannot be read")]),
    "seconds in hexadecimal": (CLIP.replace("5", "0x" + "f" * 999), [(3, "`seconds` is too large a number")]),
    "a million decimals": (CLIP.replace("5", "5." + "1" * 1_000_000), [(3, "at most 18 decimals")]),
    "count = 0": (CLIP + "count = 0\n", [(4, "`count` must be at least 1, not 0")]),
    "count = -1": (CLIP + "count = -1\n", [(4, "`count` must be at least 1, not -1")]),
    "count = 1.5": (CLIP + "count = 1.5\n", [(4, "`count` must be a whole number, not 1.5")]),
    "count = nan": (CLIP + "count = nan\n", [(4, "`count` must be a whole number, not NaN")]),
    "count = true": (CLIP + "count = true\n", [(4, "`count` must be a whole number, not true or false")]),
    'count = "3"': (CLIP + 'count = "3"\n', [(4, "`count` must be a whole number, not a text")]),
    "count of 10,000,000,000": (CLIP + "count = 10_000_000_000\n", [(4, "`count` must be at most 1,000,000,000")]),
    "max_segments = 0": (CLIP + "max_segments = 0\n", [(4, "`max_segments` must be at least 1, not 0")]),
    "max_segments = 101": (CLIP + "max_segments = 101\n", [(4, "`max_segments` must be at most 100, not 101")]),
    "max_steps = -1": (CLIP + "[fallback]\nmax_steps = -1\n", [(5, "`max_steps` must be at least 0, not -1")]),
    "a share of 2": (CLIP + "[[limits.caps]]\nmax_share = 2\n", [(5, "`max_share` must be at most 1, not 2")]),
    "a budget of -1": (CLIP + "[limits]\nbudget_usd = -1\n", [(5, "`budget_usd` must be >= 0, not -1")]),
    "a budget of inf": (CLIP + "[limits]\nbudget_usd = inf\n", [(5, "`budget_usd` must be a finite number")]),
    "dubbing of -0.0": (CLIP + "[dubbing]\nusd_per_clip = -0.0\n", [(5, "`usd_per_clip` must be a number")]),
    # ---- texts -------------------------------------------------------------------------------------------------------
    "an empty id": (CLIP.replace('"a"', '""'), [(2, "`id` must not be empty")]),
    "an id that begins with a space": (CLIP.replace('"a"', '" a"'), [(2, "`id` must not ")]),
    "an escape in an id": (
        CLIP.replace('"a"', '"\\u001b[31ma"'),
        [(2, "`id` holds the control character U+001B; take it out")],
    ),
    "a line end in an id": (CLIP.replace('"a"', '"a\\nb"'), [(2, "`id` holds the control character U+000A")]),
    "a bidi override in an id": (CLIP.replace('"a"', '"a\u202eb"'), [(2, "`id` holds the control character U+202E")]),
    "an isolate in an id": (CLIP.replace('"a"', '"a\u2066b"'), [(2, "`id` holds the control character U+2066")]),
    "a zero-width space in an id": (
        CLIP.replace('"a"', '"a\u200bb"'),
        [(2, "`id` holds the control character U+200B")],
    ),
    "a line separator in an id": (CLIP.replace('"a"', '"a\u2028b"'), [(2, "`id` holds the control character U+2028")]),
    "DEL in an id": (CLIP.replace('"a"', '"a\\u007f"'), [(2, "`id` holds the control character U+007F")]),
    "terminal markup in an id": (
        CLIP.replace('"a"', '"[bold]a[/]"'),
        [(2, "`id` holds [ ], which tables and pages read as markup")],
    ),
    "page markup in an id": (CLIP.replace('"a"', '"<script>alert(1)</script>"'), [(2, "`id` holds < >, which")]),
    "an id of 201 letters": (CLIP.replace('"a"', f'"{"x" * 201}"'), [(2, "`id` is longer than 200 characters")]),
    "an escape in the title": (
        'title = "\\u001b]0;x\\u0007"\n' + CLIP,
        [(1, "`title` holds the control character U+001B")],
    ),
    "an escape in a catalog's name": ('catalogs = [\n"\\u001b[31m.toml"]\n' + CLIP, [(2, "no such file")]),
    "NUL in a catalog's name": ('catalogs = ["a\\u0000.toml"]\n' + CLIP, [(1, "not a usable file name")]),
    "a catalog's name of 5,000 letters": (f'catalogs = ["{"a" * 5000}.toml"]\n' + CLIP, [(1, "cannot be read")]),
    "no number of drafts": (CLIP + "drafts = {}\n", [(4, "`count` is required")]),
    "no draft at all": (CLIP + "drafts = { count = 0 }\n", [(4, "`count` must be at least 1, not 0")]),
    "drafts by the million": (CLIP + "drafts = { count = 1000000 }\n", [(4, "`count` must be at most 1,000")]),
    "a part of a draft": (CLIP + "drafts = { count = 1.5 }\n", [(4, "`count`")]),
    "drafts as a number": (CLIP + "drafts = 4\n", [(4, "`drafts`")]),
    "a misspelt field of drafts": (
        CLIP + 'drafts = { count = 2, resolutoin = "720p" }\n',
        [(4, "`resolutoin`: no such field; did you mean `resolution`?")],
    ),
    "drafts longer than the clip": (CLIP + "drafts = { count = 2, seconds = 9 }\n", [(4, "`seconds`: no such field")]),
    "misspelt sound of drafts": (
        CLIP + 'drafts = { count = 2, audio = "nativ" }\n',
        [(4, "is 'nativ', must be none | native | deferred | any; did you mean 'native'?")],
    ),
    "bad drafts by default": (
        "[defaults]\ndrafts = { count = 2, audio = 3 }\n" + CLIP,
        [(2, "`audio` must be none | native | deferred | any")],
    ),
    "groups that share something else": (
        CLIP + '[limits]\ngroups = "same-modell"\n',
        [(5, "is 'same-modell', must be same-model | same-provider; did you mean 'same-model'?")],
    ),
    "groups as a flag": (CLIP + "[limits]\ngroups = true\n", [(5, "`groups` must be same-model | same-provider")]),
    "a mean quality in words": (
        CLIP + '[limits]\nmean_quality_min = "good"\n',
        [(5, "`mean_quality_min` must be a number, not a text")],
    ),
    "a deadline of 0": (CLIP + "[limits]\ndeadline_minutes = 0\n", [(5, "`deadline_minutes` must be above 0, not 0")]),
    "a deadline in the past": (CLIP + "[limits]\ndeadline_minutes = -3\n", [(5, "`deadline_minutes` must be above 0")]),
    "a deadline that never comes": (CLIP + "[limits]\ndeadline_minutes = inf\n", [(5, "`deadline_minutes` must be")]),
    "a misspelt catalog": ('catalogs = ["evolnk"]\n' + CLIP, [(1, "did you mean 'evolink'?")]),
    "a catalog that is not there": ('catalogs = ["nope.toml"]\n' + CLIP, [(1, "nope.toml: no such file")]),
}


@pytest.mark.parametrize(("text", "found"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_bad_scenario_says_where_and_what(tmp_path: Path, text: str, found: list[tuple[int, str]]) -> None:
    lines = scenario_refusal(tmp_path, text)
    assert len(lines) == len(found)
    for line, (number, part) in zip(lines, found, strict=True):
        assert line.startswith(f"s.toml:{number}: ")
        assert part in line


PACK = '[[packs]]\nprovider = "p"\npays_for_usd = 100\nprice_usd = 90\n'
TIER = '[[tiers]]\nprovider = "p"\nfrom_usd = 50\ndiscount = 0.1\n'
DEGRADE = "[objective]\ndegrade = true\n"
SAVINGS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "a pack of nothing": (
        CLIP + '[[packs]]\nprovider = "p"\n',
        [(4, "`pays_for_usd` is required"), (4, "`price_usd` is required")],
    ),
    "a pack that pays for nothing": (CLIP + PACK.replace("100", "0"), [(6, "`pays_for_usd` must be above 0, not 0")]),
    "a pack with a negative price": (CLIP + PACK.replace("90", "-1"), [(7, "`price_usd` must be >= 0, not -1")]),
    "a pack that cannot be bought": (CLIP + PACK + "max_count = 0\n", [(8, "`max_count` must be at least 1, not 0")]),
    "half a pack": (CLIP + PACK + "max_count = 1.5\n", [(8, "`max_count` must be a whole number, not 1.5")]),
    "a misspelt pack": (
        CLIP + PACK.replace("price_usd", "prize_usd"),
        [(4, "`price_usd` is required"), (7, "did you mean `price_usd`?")],
    ),
    "a tier without a discount": (CLIP + TIER.replace("discount = 0.1\n", ""), [(4, "`discount` is required")]),
    "a discount above 1": (CLIP + TIER.replace("0.1", "10"), [(7, "`discount` must be at most 1, not 10")]),
    "tiers that begin together": (
        CLIP + TIER + TIER.replace("0.1", "0.2"),
        [(10, "`from_usd` must be above 50, the tier before it")],
    ),
    "tiers that fall": (
        CLIP + TIER + TIER.replace("50", "60"),
        [(11, "`discount` must be above 0.1, the tier before it")],
    ),
    "degrade without a penalty": (
        CLIP + DEGRADE,
        [(5, "`degrade` needs penalty_usd: say what resolution, audio or seconds")],
    ),
    "a negative penalty": (
        CLIP + DEGRADE + "[objective.penalty_usd]\naudio = -1\n",
        [(7, "`audio` must be >= 0, not -1")],
    ),
    "a penalty on something else": (
        CLIP + DEGRADE + "[objective.penalty_usd]\nresolutoin = 1\n",
        [(7, "`resolutoin`: no such field; did you mean `resolution`?")],
    ),
    "shorten to more than all": (
        CLIP + DEGRADE + "shorten_to = 1.5\n",
        [(6, "`shorten_to` must be at most 1, not 1.5")],
    ),
}


@pytest.mark.parametrize(("text", "found"), SAVINGS.values(), ids=SAVINGS)
def test_bad_packs_tiers_and_penalties_say_where_and_what(
    tmp_path: Path, text: str, found: list[tuple[int, str]]
) -> None:
    lines = scenario_refusal(tmp_path, text)
    assert len(lines) == len(found)
    for line, (number, part) in zip(lines, found, strict=True):
        assert line.startswith(f"s.toml:{number}: ")
        assert part in line


def test_tiers_of_different_providers_rise_on_their_own(tmp_path: Path) -> None:
    other = TIER.replace('"p"', '"q"')
    assert len(Scenario.load(written(tmp_path, CLIP + TIER + other, "s.toml")).tiers) == 2


CATALOGS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "no date": (CATALOG.replace("as_of = 2026-04-09\n", ""), [(1, "`as_of` is required")]),
    "no source": (CATALOG.replace('source = "a price list"\n', ""), [(1, "`source` is required")]),
    "an empty source": (CATALOG.replace("a price list", ""), [(4, "`source` must not be empty")]),
    "no name": (CATALOG.replace('name = "c"\n', ""), [(1, "`name` is required")]),
    "a time for a date": (
        CATALOG.replace("2026-04-09", "2026-04-09T00:00:00"),
        [(3, "`as_of` must be a date as 2026-04-09")],
    ),
    "a date in words": (CATALOG.replace("2026-04-09", '"9 April 2026"'), [(3, "`as_of` must be a date as 2026-04-09")]),
    "a date that is a number": (
        CATALOG.replace("2026-04-09", "20260409"),
        [(3, "`as_of` must be a date as 2026-04-09")],
    ),
    "no price": (
        CATALOG.replace(", price_per_second = 0.1", ""),
        [(10, "no price: add price_per_second, price_per_generation or")],
    ),
    "no lengths": (HEAD + ENTRY + OFFERS, [(9, "no lengths: add seconds to the offer or to its model")]),
    "no sound stated": (CATALOG.replace("audio = false, ", ""), [(10, "`audio` is required")]),
    "a price of 0": (CATALOG.replace("0.1", "0"), [(10, "`price_per_second` is 0; a price of 0 needs free = true")]),
    "free = 1": (CATALOG.replace("0.1", "0.1, free = 1"), [(10, "`free` must be true or false, not 1")]),
    "a score without a source": (CATALOG.replace("0.1", "0.1, quality = 3"), [(10, "`quality` needs quality_source")]),
    "a length without a price": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5, 10]").replace(
            "price_per_second = 0.1", "prices = { 5 = 1 }"
        ),
        [(10, "`prices` give no price for 10 s")],
    ),
    "a price without a length": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace(
            "price_per_second = 0.1", "prices = { 5 = 1, 15 = 3 }"
        ),
        [(10, "`prices` give a price for 15 s, which is not one of its lengths")],
    ),
    "prices of any length": (
        CATALOG.replace("step = 1", "step = 0").replace("price_per_second = 0.1", "prices = { 5 = 1 }"),
        [(10, "`prices` need listed lengths")],
    ),
    "prices besides a rate": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace("0.1", "0.1, prices = { 5 = 1 }"),
        [(10, "`prices` are whole prices of a generation and cannot be combined with price_per_second")],
    ),
    "a fixed price of 0": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace(
            "price_per_second = 0.1", "prices = { 5 = 0 }"
        ),
        [(10, "is 0; a price of 0 needs free = true")],
    ),
    "two prices of one length": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace(
            "price_per_second = 0.1", 'prices = { 5 = 1, "5.0" = 2 }'
        ),
        [(10, "`prices`")],
    ),
    "a length in words": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace(
            "price_per_second = 0.1", "prices = { five = 1, 5 = 1 }"
        ),
        [(10, "`five` is not a number")],
    ),
    "a length of control characters": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5]").replace(
            "price_per_second = 0.1", 'prices = { "\\u001b[31m" = 1, 5 = 1 }'
        ),
        [(10, "is not a number")],
    ),
    "no prices": (CATALOG.replace("price_per_second = 0.1", "prices = {}"), [(10, "`prices` must not be empty")]),
    "prices = 3": (CATALOG.replace("price_per_second = 0.1", "prices = 3"), [(10, "`prices` must be a table, not 3")]),
    "offers = {}": (CATALOG.replace(OFFERS, "offers = {}\n"), [(10, "`offers` must be a list, not a table")]),
    "offers = []": (CATALOG.replace(OFFERS, "offers = []\n"), [(10, "`offers` must not be empty")]),
    "offers = [3]": (CATALOG.replace(OFFERS, "offers = [3]\n"), [(10, "`offers` must be a table, not 3")]),
    "no offers": (CATALOG.replace(OFFERS, ""), [(5, "`offers` is required for 'm'")]),
    "models = {}": (HEAD + "models = {}\n", [(5, "`models` must be a list, not a table")]),
    "models = []": (HEAD + "models = []\n", [(5, "`models` must not be empty")]),
    "no models": (HEAD, [(1, "`models` is required")]),
    "seconds = 3": (CATALOG.replace(SECONDS, "seconds = 3\n"), [(9, "`seconds` must be a table, not 3")]),
    "a range and choices": (CATALOG.replace("max = 10", "choices = [5]"), [(9, "`seconds`")]),
    "a range without a step": (CATALOG.replace(", step = 1", ""), [(9, "`seconds`")]),
    "a range backwards": (CATALOG.replace("min = 1", "min = 11"), [(9, "`max` is below min (11 s)")]),
    "a range from 0": (CATALOG.replace("min = 1", "min = 0"), [(9, "`min` must be above 0, not 0")]),
    "a step below 0": (CATALOG.replace("step = 1", "step = -1"), [(9, "`step` must be >= 0, not -1")]),
    "a million lengths": (
        CATALOG.replace("step = 1", "step = 0.00001"),
        [(9, "`step` makes more than 1000 lengths; step = 0 allows")],
    ),
    "a length twice": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = [5, 5.0]"),
        [(9, "`choices` must list")],
    ),
    "no choices": (
        CATALOG.replace("min = 1, max = 10, step = 1", "choices = []"),
        [(9, "`choices` must list at least one length")],
    ),
    "a misspelt rounding": (
        CATALOG.replace("seconds", 'rounding = "nearst"\nseconds', 1),
        [(9, "did you mean 'nearest'?")],
    ),
    "a misspelt resolution": (CATALOG.replace("0.1", '0.1, resolution = "720"'), [(10, "did you mean '720p'?")]),
    "a misspelt field": (
        CATALOG.replace("price_per_second", "price_per_secnd"),
        [(10, "did you mean `price_per_second`?")],
    ),
    "a day before the first": (
        CATALOG.replace("seconds", "available_from = 2026-05-01\navailable_until = 2026-04-01\nseconds", 1),
        [(10, "`available_until` is before available_from")],
    ),
    "an availability of 1.5": (
        CATALOG.replace("seconds", "availability = 1.5\nseconds", 1),
        [(9, "`availability` must be at most 1")],
    ),
    "credits without a rate": (
        CATALOG.replace("[[", 'unit = "credit"\n[[', 1),
        [(5, "credit need units_per_usd or usd_per_unit")],
    ),
    "a rate said both ways": (
        CATALOG.replace("[[", 'unit = "credit"\nunits_per_usd = 100\nusd_per_unit = 0.01\n[[', 1),
        [(7, "`usd_per_unit` says the same as units_per_usd; keep one of them")],
    ),
    "a unit of dollars that costs something": (
        CATALOG.replace("[[", "usd_per_unit = 0.14\n[[", 1),
        [(5, "`usd_per_unit` belongs to another unit")],
    ),
    "a unit that costs nothing": (
        CATALOG.replace("[[", 'unit = "credit"\nusd_per_unit = 0\n[[', 1),
        [(6, "`usd_per_unit` must be above 0")],
    ),
    "a price of a million dollars in units": (
        # 1,000,000 / 0.14 = 7,142,857.14... units
        CATALOG.replace("[[", 'unit = "u"\nusd_per_unit = 0.14\n[[', 1).replace("= 0.1 ", "= 7142857.15 "),
        [(12, "must be below 1,000,000 USD")],
    ),
    "a rate of dollars": (
        CATALOG.replace("[[", "units_per_usd = 72\n[[", 1),
        [(5, "`units_per_usd` belongs to another unit")],
    ),
    "stale_after_days = 0": (
        CATALOG.replace("[[", "stale_after_days = 0\n[[", 1),
        [(5, "`stale_after_days` must be at least 1, not 0")],
    ),
    "an escape in a model's name": (
        CATALOG.replace('"m"', '"\\u001b[31mm"'),
        [(6, "`model` holds the control character U+001B")],
    ),
    "markup in a provider's name": (CATALOG.replace('"p"', '"[red]p"'), [(7, "`provider` holds [ ], which")]),
}


@pytest.mark.parametrize(("text", "found"), CATALOGS.values(), ids=CATALOGS)
def test_a_bad_catalog_says_where_and_what(tmp_path: Path, text: str, found: list[tuple[int, str]]) -> None:
    lines = catalog_refusal(tmp_path, text)
    # A misspelt field is also one that is missing; nothing else is said twice.
    assert [line for line in lines if "no price" not in line or len(found) == len(lines)]
    for number, part in found:
        assert any(line.startswith(f"c.toml:{number}: ") and part in line for line in lines), lines
    assert len(lines) == len(found)


# ---- all at once -----------------------------------------------------------------------------------------------------


def test_every_error_of_a_scenario_is_in_one_message(tmp_path: Path) -> None:
    text = (
        'titel = "x"\n'  # 1
        "[defaults]\n"
        'resolution = "1080"\n'  # 3
        "[[clips]]\n"
        'id = "a"\n'
        "seconds = -5\n"  # 6
        'audio = "nativ"\n'  # 7
        "[[clips]]\n"
        'id = "a"\n'  # 9
        "seconds = 5\n"
        "max_takes = 0\n"  # 11
        "[limits]\n"
        "budget_usd = nan\n"  # 13
        "[[limits.caps]]\n"  # 14: bounds nothing
        '[outages]\ncorrelation = "over-time"\n'  # 16: lacks its times
    )
    lines = scenario_refusal(tmp_path, text)
    assert sorted(int(line.split(":")[1]) for line in lines) == [1, 3, 6, 7, 9, 11, 13, 14, 16]


def test_a_bad_default_is_reported_once_however_many_clips_take_it(tmp_path: Path) -> None:
    (line,) = scenario_refusal(
        tmp_path, '[defaults]\nresolution = "1080"\nseconds = 5\n' + '[[clips]]\nmode = "x"\n' * 50
    )
    assert line.startswith("s.toml:2: `resolution` is '1080'")


def test_every_error_of_a_catalog_is_in_one_message_whether_of_a_field_or_of_the_whole(tmp_path: Path) -> None:
    text = (
        HEAD.replace("as_of = 2026-04-09\n", "")  # 1: no date; three lines
        + ENTRY  # 4 to 7
        + SECONDS  # 8
        + "offers = [\n"
        + "  { audio = false },\n"  # 10: no price
        + "  { audio = true, price_per_second = 0 },\n"  # 11: a price of 0
        + '  { audio = true, resolution = "720", price_per_second = -1 },\n'  # 12: twice
        + '  { audio = true, resolution = "1080p", price_per_second = 1, quality = 7 },\n'  # 13: no source
        + "]\n"
    )
    lines = catalog_refusal(tmp_path, text)
    assert sorted(int(line.split(":")[1]) for line in lines) == [1, 10, 11, 12, 12, 13]


# ---- through the command line ----------------------------------------------------------------------------------------

FILES: dict[str, tuple[str, Any]] = {
    "empty": ("s.toml", b""),
    "binary": ("s.toml", bytes(range(256)) * 64),
    "a picture": ("s.json", b"\x89PNG\r\n\x1a\n" + bytes(32)),
    "not UTF-8": ("s.toml", b'title = "caf\xe9"\n'),
    "broken TOML": ("s.toml", b"[[clips]\n"),
    "broken JSON": ("s.json", b'{"clips": [}'),
    "a key twice in JSON": ("s.json", b'{"clips": [{"id": "a", "seconds": 5, "seconds": 6}]}'),
    "a JSON list": ("s.json", b"[]"),
    "a bad row": ("s.csv", b"id,seconds\na,-1\n"),
    "a bad line": ("s.jsonl", b'{"id": "a", "seconds": "x"}\n'),
    "deep in a row": ("s.csv", b'id,seconds,request\na,5,"{""a"": ' + b"[" * 900 + b"]" * 900 + b'}"\n'),
    "no table in a row": ("s.csv", b"id,seconds,request,request.prompt\na,5,x,y\n"),
    "bad values": ("s.toml", (CLIP + 'count = nan\nresolutoin = "x"\n').encode()),
    "a later version's": ("s.toml", (CLIP + '[[what_if]]\nname = "x"\n').encode()),
    "an escape in an id": ("s.toml", CLIP.replace('"a"', '"\\u001b[31m"').encode()),
}


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("command", ["plan", "explain"])
def test_a_bad_file_ends_with_status_2_and_nothing_is_written(
    tmp_path: Path, router_: Router, command: str, name: str, content: bytes
) -> None:
    path, output = written(tmp_path, content, name), tmp_path / "out.json"
    output.write_text("what was there before")
    ran = router_(command, path, *(["a"] if command == "explain" else []), "-o", output)
    assert (ran.status, ran.out) == (2, "")
    said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", ""))
    assert output.read_text() == "what was there before"
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, "out.json"])


@pytest.mark.parametrize("command", ["plan", "explain", "verify", "catalog"])
@pytest.mark.parametrize("name", [".", "nothing.toml", "nothing", "\x1b[31mred.toml"])
def test_what_is_no_file_ends_with_status_2(tmp_path: Path, router_: Router, command: str, name: str) -> None:
    words = {"explain": ["explain", f"{tmp_path}/{name}", "a"], "catalog": ["catalog", "show", f"{tmp_path}/{name}"]}
    ran = router_(*words.get(command, [command, f"{tmp_path}/{name}"]))
    assert (ran.status, ran.out) == (2, "")
    said_well(ran.err.rstrip("\n"))


def test_what_is_wrong_between_catalogs_ends_with_status_2(tmp_path: Path, router_: Router) -> None:
    written(tmp_path, CATALOG, "c.toml")
    written(tmp_path, CATALOG.replace('"c"', '"d"'), "d.toml")
    path = written(tmp_path, 'catalogs = ["c.toml", "d.toml"]\n' + CLIP, "s.toml")
    ran = router_("plan", path)
    assert (ran.status, ran.out) == (2, "")
    assert said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", "")) == [
        "d.toml:10: p/m text-to-video audio = false is priced already at c.toml:10; "
        "keep one, or give them different days of sale or regions"
    ]


def test_a_catalog_that_is_wholly_retired_ends_with_status_2(tmp_path: Path, router_: Router) -> None:
    written(tmp_path, CATALOG.replace("seconds", "available_until = 2026-04-09\nseconds", 1), "c.toml")
    ran = router_.plan(written(tmp_path, 'catalogs = ["c.toml"]\n' + CLIP, "s.toml"))
    assert (ran.status, ran.out) == (2, "")
    (line,) = said_well(ran.err.rstrip("\n").replace(f"{tmp_path}/", ""))
    assert (
        line
        == "c.toml:9: everything in catalog 'c' is retired on 2026-04-10; use a later catalog, or an earlier --as-of"
    )

"""``router catalog import``."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from router.loading.overlay_file import load_overlay
from router.schema.catalog import Catalog
from tests.cli.commands import ROOT, Ran, Router
from tests.loading.messages import said_well, written
from tests.loading.price_lists import WHOLE, video

LIST = ROOT / "scenarios" / "imports" / "model_prices.json"
OVERLAY = ROOT / "scenarios" / "imports" / "overlay.toml"
MODELS = ROOT / "scenarios" / "imports" / "videos_models.json"
DAY = ("--as-of", "2026-11-23")


@pytest.fixture
def imported(router_: Router) -> Ran:
    """LiteLLM's list as the example has it."""
    return router_("catalog", "import", "litellm", LIST, "--overlay", OVERLAY, *DAY)


def test_the_catalog_is_on_standard_output_and_what_was_left_out_on_standard_error(
    imported: Ran, tmp_path: Path
) -> None:
    assert imported.status == 0
    assert len(Catalog.load(written(tmp_path, imported.out, "c.toml")).models) == 6
    assert imported.err == (
        "model_prices.json: 5 of 7 entries for video taken; 6 models with 16 offers\n"
        "  1 left out: another entry of the same provider, model and mode is taken, at the same price\n"
        "  1 left out: no overlay says its lengths (`seconds`), sound (`audio`) and mode (`mode`)\n"
    )


def test_a_file_and_standard_input_give_the_same_catalog(imported: Ran, router_: Router, tmp_path: Path) -> None:
    to = tmp_path / "c.toml"
    ran = router_("catalog", "import", "litellm", LIST, "--overlay", OVERLAY, *DAY, "-o", to)
    assert (ran.status, ran.out, to.read_text()) == (0, "", imported.out)

    piped = router_("catalog", "import", "litellm", "-", "--overlay", OVERLAY, *DAY, stdin=LIST.read_bytes())
    assert piped.out == imported.out.replace("from model_prices.json", "from standard input").replace(
        "file model_prices.json", "file standard input"
    )


def test_the_catalog_that_was_written_is_planned_with(router_: Router, tmp_path: Path) -> None:
    router_("catalog", "import", "openrouter", MODELS, *DAY, "-o", tmp_path / "c.toml")
    scenario = written(
        tmp_path, 'catalogs = ["c.toml"]\n[[clips]]\nid = "a"\nseconds = 8\nresolution = "1080p"\n', "s.toml"
    )
    ran = router_("plan", scenario, *DAY, "--format", "json")
    assert ran.json["totals"]["nominal_usd"] == "0.800000"  # Veo 3.1 Fast, silent: 8 x 0.10


def test_as_json_everything_is_there(router_: Router, tmp_path: Path) -> None:
    command = ("catalog", "import", "litellm", LIST, "--overlay", OVERLAY, *DAY)
    document = router_(*command, "--format", "json").json

    assert (document["kind"], document["file"], document["overlay"], document["entries"]) == (
        "litellm",
        "model_prices.json",
        "overlay.toml",
        7,
    )
    assert {left["entry"] for left in document["left_out"]} == {"runwayml/aleph2", "sora-2"}
    assert len(document["taken"]) == len(document["catalog"]["models"]) == 6
    router_(*command, "-o", tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text()) == document


def test_without_the_day_of_the_prices_nothing_is_imported(router_: Router) -> None:
    ran = router_("catalog", "import", "litellm", LIST)
    assert (ran.status, ran.out) == (2, "")
    assert "--as-of is needed: the list does not say when its prices held" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("litellm", MODELS, *DAY),
        ("openrouter", LIST, *DAY),
        ("litellm", LIST, *DAY, "--overlay", "-"),
        ("litellm", LIST, *DAY, "--overlay", MODELS),
        ("litellm", LIST, *DAY, "--provider", "nobody"),
        ("litellm", LIST, *DAY),
        ("litellm", ROOT, *DAY),
        ("litellm", "nowhere.json", *DAY),
    ],
)
def test_what_cannot_be_imported_leaves_nothing_behind(
    router_: Router, tmp_path: Path, arguments: tuple[str | Path, ...]
) -> None:
    ran = router_("catalog", "import", *arguments, "-o", tmp_path / "c.toml")
    assert (ran.status, ran.out, list(tmp_path.iterdir())) == (2, "", [])
    said_well(ran.err.strip())


def test_an_overlay_that_fits_nothing_is_named_on_standard_error(router_: Router, tmp_path: Path) -> None:
    prices = written(tmp_path, json.dumps({"p/m": video()}), "prices.json")
    overlay = written(tmp_path, WHOLE + '[models."p/n"]\naudio = true\n', "overlay.toml")
    ran = router_("catalog", "import", "litellm", prices, "--overlay", overlay, *DAY)
    assert ran.err.endswith("overlay.toml:5: `p/n` fits no entry for video; did you mean `p/m`?\n")


def test_the_overlays_that_are_shown_fit_the_schema_and_load(router_: Router, tmp_path: Path) -> None:
    schema = jsonschema.Draft202012Validator(router_("schema", "overlay").json)
    readme = (ROOT / "README.md").read_text().partition("## Importing catalogs\n")[2].partition("\n## ")[0]
    (shown,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)

    for text in (shown, OVERLAY.read_text(), '[models.x]\nresolution = "4k"\nmode = ["a", "b"]\n'):
        assert list(schema.iter_errors(tomllib.loads(text))) == []
        load_overlay(written(tmp_path, text, "overlay.toml"))
    assert list(schema.iter_errors({"models": {"x": {"resolution": "720"}}})) != []


def test_what_is_written_as_json_fits_its_schema(router_: Router) -> None:
    schema = jsonschema.Draft202012Validator(router_("schema", "imported-catalog").json)
    document = router_("catalog", "import", "openrouter", MODELS, *DAY, "--format", "json").json
    assert list(schema.iter_errors(document)) == []

"""A catalog as a TOML file is read back as it was, and nobody's texts break out of it."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.loading.catalog_file import catalog_from, load_catalog
from router.loading.formats import Source
from router.report.catalog_toml import catalog_toml
from router.schema.catalog import Catalog
from tests import strategies
from tests.builders import catalog, model
from tests.loading.price_lists import facts

HOSTILE = [
    'a\n[[models]]\nmodel = "x"',
    "\r\nname = 1",
    '"""',
    "'''",
    "\x00\x1b[31m",
    "\u2028b",
    "\ud800",
    "#" * 400,
    "  ",
    "",
    "x" * 5000,
]


def read(text: str) -> Catalog:
    return catalog_from(Source("c.toml", text, "toml", Path()))


@given(st.randoms(use_true_random=False).map(strategies.random_catalogs))
def test_a_catalog_read_back_is_the_one_written(raw: list[dict[str, object]]) -> None:
    for each in raw:
        made = Catalog.model_validate(each)
        assert facts(read(catalog_toml(made))) == facts(made)


def test_the_bundled_catalog_read_back_is_the_one_written() -> None:
    made = load_catalog("evolink")
    assert facts(read(catalog_toml(made))) == facts(made)


@pytest.mark.parametrize(
    "price", ["0.000000000000000001", "0.123456789012345678", "1E-7", "1E+3", "999999.999999999999", "1.50", "7"]
)
def test_every_digit_of_a_price_is_written(price: str) -> None:
    made = catalog(model(offers=[{"audio": False, "price_per_second": Decimal(price)}]))
    (offer,) = tomllib.loads(catalog_toml(made), parse_float=Decimal)["models"][0]["offers"]

    assert offer["price_per_second"] == Decimal(price)
    assert "e" not in str(offer["price_per_second"]).lower() or Decimal(price).adjusted() < -6
    assert facts(read(catalog_toml(made))) == facts(made)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out_of_a_comment(text: str) -> None:
    made = catalog(model())
    written = catalog_toml(made, [text, f"  {text}"], {0: [text]})

    assert facts(read(written)) == facts(made)
    above = written.partition("schema = 1")[0]
    assert all(line.startswith("#") for line in above.splitlines() if line)
    written.encode()


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "#no", "a = 1", "Ünïcode 模型", "'''", "{x}", "\\u0041"])
def test_no_name_breaks_out_of_its_quotes(name: str) -> None:
    made = catalog(model(name, provider=name, mode=name, api_model=name), name=name, source=name)
    assert facts(read(catalog_toml(made))) == facts(made)

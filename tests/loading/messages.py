"""What every refusal of a bad file has in common: its lines say where, in words of the file, and print safely."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.errors import InputError
from router.schema.catalog import Catalog
from router.schema.scenario import Scenario

JARGON = re.compile(
    r"Input should|validation error|type=|pydantic|json-or-python|function-|literal\[|is-instance|instance of|\[key\]|"
    r"Decimal\(|<class|<object|Traceback|NoneType|datetime\.|RecursionError|TypeError|ValueError|\\x|`(str|bool|int|dict|list)`|"
    r"must be must|must be (holds|is|are|needs|greater|less) |\('"
)
"""Python's and pydantic's own words, and sentences that do not hold together."""

CLIP = '[[clips]]\nid = "a"\nseconds = 5\n'
"""The plainest scenario: three lines."""

HEAD = 'schema = 1\nname = "c"\nas_of = 2026-04-09\nsource = "a price list"\n'
ENTRY = '[[models]]\nmodel = "m"\nprovider = "p"\nmode = "text-to-video"\n'
SECONDS = "seconds = { min = 1, max = 10, step = 1 }\n"
OFFERS = "offers = [ { audio = false, price_per_second = 0.1 } ]\n"
CATALOG = HEAD + ENTRY + SECONDS + OFFERS
"""The plainest catalog: ten lines, the price on the last."""


def said_well(message: str, *, files: int | None = None) -> list[str]:
    """The lines of a message, each of which begins with a file and (where there is one) a line."""
    lines = message.split("\n")
    for line in lines:
        unsafe = [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
        assert not unsafe, f"holds {unsafe!a}: {line!a}"
        assert not (found := JARGON.search(line)), f"says {found.group() if found else ''!a}: {line!a}"
        assert "``" not in line, f"names nothing: {line!a}"
        assert re.match(r"[^:]+(:\d+)?: \S", line), f"does not say where: {line!a}"
        assert len(line) < 600, f"goes on and on: {line[:600]!a}"
    assert len(set(lines)) == len(lines), "says something twice"
    return lines


def refusal(load: Callable[[Path], Any], path: Path) -> list[str]:
    """The lines of the one InputError that a bad file gets, without the folder."""
    with pytest.raises(InputError, match=r".") as caught:
        load(path)
    message = str(caught.value).replace(f"{path.parent}/", "")
    assert len(message.split("\n")) == len(caught.value.problems)
    return said_well(message)


def scenario_refusal(folder: Path, text: str | bytes, name: str = "s.toml") -> list[str]:
    """What a bad scenario gets."""
    return refusal(Scenario.load, written(folder, text, name))


def catalog_refusal(folder: Path, text: str | bytes, name: str = "c.toml") -> list[str]:
    """What a bad catalog gets."""
    return refusal(Catalog.load, written(folder, text, name))


def written(folder: Path, text: str | bytes, name: str) -> Path:
    """A new file."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path

"""Every value of a TOML or JSON text is found on the line it stands on."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.loading.formats import read
from router.loading.positions import Positions
from router.schema.base import Path as Place

TOML = """\
# [not.a.table] = "nor a value
title = "one # no comment [[x]]"

plain.dotted . key = 1
"quoted.key".'single "quoted"' = 2
inline = { a = 1, b.c = [10, 20], d = { e = "}" } }
list = [
  "]",  # ] and [ and { in a comment
  [ 1, 2 ],
  { f = 3, g = [
    4 ] } ,
]
"""

LINES: dict[Place, int] = {
    ("title",): 2,
    ("plain",): 4,
    ("plain", "dotted", "key"): 4,
    ("quoted.key", 'single "quoted"'): 5,
    ("inline",): 6,
    ("inline", "a"): 6,
    ("inline", "b", "c", 1): 6,
    ("inline", "d", "e"): 6,
    ("list",): 7,
    ("list", 0): 8,
    ("list", 1): 9,
    ("list", 1, 1): 9,
    ("list", 2): 10,
    ("list", 2, "f"): 10,
    ("list", 2, "g"): 10,
    ("list", 2, "g", 0): 11,
}


@pytest.mark.parametrize(("path", "line"), LINES.items(), ids=str)
def test_keys_elements_and_inline_tables_stand_on_their_own_lines(path: Place, line: int) -> None:
    tomllib.loads(TOML)
    assert Positions(TOML, "toml").line(path) == line


def test_tables_in_arrays_of_tables_are_counted_within_the_one_above() -> None:
    text = "\n".join(
        [
            "[[a]]",  # 1
            "x = 1",
            "[[a.b]]",  # 3
            "y = 1",
            "[[a.b]]",  # 5
            "y = 2",
            "[a.b.c]",  # 7
            "z = 1",
            "[[ a ]] # second [[a]]",  # 9
            "[[a.b]]",  # 10: the first b of the second a
            "y = 3",
            '[ "q]" . c ]',  # 12
            "k.l = 5",
            "[a.d]",  # 14
            "m = 1",
        ]
    )
    tomllib.loads(text)
    positions = Positions(text, "toml")
    found = {
        path: positions.line(path)
        for path in [
            ("a", 0),
            ("a", 0, "x"),
            ("a", 0, "b", 0, "y"),
            ("a", 0, "b", 1),
            ("a", 0, "b", 1, "c", "z"),
            ("a", 1),
            ("a", 1, "b", 0, "y"),
            ("q]",),
            ("q]", "c"),
            ("q]", "c", "k", "l"),
            ("a", 1, "d", "m"),
        ]
    }
    assert list(found.values()) == [1, 2, 4, 5, 8, 9, 11, 12, 12, 13, 15]


@pytest.mark.parametrize(
    "literal",
    [
        '"""\none\n[[two]]\n"quoted" ""twice""\nthree"""',
        '"""a\\\n  b\n"four" \\""" still\n\n"""""',
        "'''\none\n[two] = {\n# no comment\n'three'''''",
        "'''''two quotes first\n\n\n\n'''",
    ],
    ids=["basic", "basic with escapes and five quotes at the end", "literal", "literal with five quotes at the front"],
)
def test_a_string_of_several_lines_moves_what_follows_down(literal: str) -> None:
    text = f"first = {literal}\nsecond = 2\n[[third]]\nfourth = ''\nfifth = \"\"\nsixth = 6\n"
    assert tomllib.loads(text)["third"][0]["sixth"] == 6
    positions, lines = Positions(text, "toml"), literal.count("\n")
    keys: list[Place] = [("first",), ("second",), ("third", 0), ("third", 0, "fourth"), ("third", 0, "sixth")]
    assert [positions.line(key) for key in keys] == [1, 2 + lines, 3 + lines, 4 + lines, 6 + lines]


def test_single_line_strings_with_escapes_and_brackets_do_not_confuse() -> None:
    text = 'a = "\\"[{"\nb = \'\\\'\nc = ["\\\\", \'"\', "]"]\nd = 1\n'
    assert tomllib.loads(text) == {"a": '"[{', "b": "\\", "c": ["\\", '"', "]"], "d": 1}
    assert [Positions(text, "toml").line((key,)) for key in "abcd"] == [1, 2, 3, 4]


def test_dates_times_and_numbers_are_stepped_over() -> None:
    text = "a = 1979-05-27 07:32:00Z # x\nb = [+1_000, 0xff, -inf, nan,\n 1e5, 07:32:00]\nc = 1.5\n"
    assert Positions(text, "toml").line(("c",)) == 4
    assert Positions(text, "toml").line(("b", 4)) == 3


@pytest.mark.parametrize(
    ("suffix", "text", "path"),
    [
        (".toml", "a = 1\r\n\r\nb = '''\r\nx'''\r\nc = 3\r\n", ("c",)),
        (".json", '{\r\n"a": 1,\r\n\r\n\r\n"c": 3}\r\n', ("c",)),
    ],
)
def test_a_windows_line_end_counts_once(tmp_path: Path, suffix: str, text: str, path: Place) -> None:
    file = tmp_path / f"windows{suffix}"
    file.write_bytes(text.encode())
    assert read(file).where(path) == f"{file}:5"


def test_a_path_that_the_text_does_not_hold_is_on_the_line_of_what_holds_it() -> None:
    text = "x = 1\n[[clips]]\nid = 'a'\n"
    positions = Positions(text, "toml")
    assert positions.line(("clips", 0, "seconds")) == 2
    assert positions.line(("clips", 7, "seconds")) == 2
    assert positions.line(("nothing", "here")) == 1


def test_repeated_json_keys_are_found_at_any_depth_and_however_they_are_spelt() -> None:
    text = '{"a": {"b": 1,\n "c": [{"d": 1,\n "\\u0064": 2}]},\n "e": {"b": 1}}'
    assert Positions(text, "json").repeated == [(("a", "c", 0, "d"), 3)]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


class _Writer:
    """Writes JSON token by token and notes the line of every key and element as it is written."""

    def __init__(self, breaks: list[int], *, ascii_only: bool) -> None:
        self.text, self.lines, self.ascii_only = "", {}, ascii_only
        self.lines: dict[Place, int] = {}
        self._breaks, self._written = breaks, 0

    def gap(self) -> None:
        blank = ("", " ", "\n", "\n\n  ", "\t", "\r\n")[self._breaks[self._written % len(self._breaks)]]
        self._written += 1  # Cycles through the drawn blanks
        self.text += blank

    def note(self, path: Place) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def write(self, value: Any, path: Place = ()) -> None:
        if isinstance(value, dict):
            self._many("{}", list(value.items()), path)
        elif isinstance(value, list):
            self._many("[]", list(enumerate(value)), path)
        else:
            self.text += json.dumps(value, ensure_ascii=self.ascii_only)

    def _many(self, marks: str, entries: list[tuple[Any, Any]], path: Place) -> None:
        self.text += marks[0]
        for number, (key, value) in enumerate(entries):
            self.text += "," if number else ""
            self.gap()
            self.note((*path, key))
            if marks == "{}":
                self.text += json.dumps(key, ensure_ascii=self.ascii_only)
                self.gap()
                self.text += ":"
                self.gap()
            self.write(value, (*path, key))
            self.gap()
        self.text += marks[1]


@settings(max_examples=40, deadline=None)
@given(VALUES, st.lists(st.integers(0, 5), min_size=1, max_size=9), st.booleans())
def test_every_path_of_any_json_text_has_its_own_line(value: Any, breaks: list[int], ascii_only: bool) -> None:
    writer = _Writer(breaks, ascii_only=ascii_only)
    writer.gap()
    writer.write(value)
    assert json.loads(writer.text) == value
    positions = Positions(writer.text, "json")
    assert {path: positions.line(path) for path in writer.lines} == writer.lines
    assert positions.repeated == []


KEYS = st.text(alphabet="ab_-.# ]\"'\\é", max_size=3)
TABLES = st.recursive(
    st.sampled_from(
        ["1", "'a[b'", '"]}\\""', "[1, '''x\n]''', {}]", '"""\n# "\n"""', "2020-01-01", "{ z.y = [\n] }", "true"]
    ),
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3) | st.lists(st.dictionaries(KEYS, inner, max_size=2), max_size=2)
    ),
    max_leaves=10,
)


def _toml(table: dict[str, Any], lines: dict[Place, int], text: str = "", head: str = "", path: Place = ()) -> str:
    """TOML of nested tables (dicts), arrays of tables (lists) and literals, noting the line of each key."""
    for key, value in table.items():
        if isinstance(value, str):
            lines[(*path, key)] = text.count("\n") + 1
            text += f"{json.dumps(key)} = {value}  # ] [[ {{ '''\n"
    for key, value in table.items():
        name = f"{head}{json.dumps(key)}"
        if isinstance(value, dict):
            lines[(*path, key)] = text.count("\n") + 1
            text = _toml(value, lines, f"{text}[{name}]\n", f"{name}.", (*path, key))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                lines[(*path, key, number)] = text.count("\n") + 1
                text = _toml(inner, lines, f"{text}[[ {name} ]] #]\n", f"{name}.", (*path, key, number))
    return text


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, TABLES, max_size=4))
def test_every_path_of_any_toml_text_has_its_own_line(table: dict[str, Any]) -> None:
    lines: dict[Place, int] = {}
    text = _toml(table, lines)
    tomllib.loads(text)
    positions = Positions(text, "toml")
    assert {path: positions.line(path) for path in lines} == lines

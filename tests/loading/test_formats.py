"""Text files become plain values with exact numbers, or one message with its line."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from router.errors import InputError
from router.loading.formats import MAX_DEPTH, Source, parse, read
from tests.loading.messages import CLIP, said_well, written


def parsed(text: str, kind: str = "toml") -> dict[str, object]:
    return parse(Source("f", text, kind, Path()))  # type: ignore[arg-type]


def refused(text: str, kind: str = "toml") -> str:
    with pytest.raises(InputError, match=r"^f:\d+: ") as caught:
        parsed(text, kind)
    return "\n".join(said_well(str(caught.value)))


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_decimals_are_read_exactly_and_never_through_a_binary_float(kind: str) -> None:
    text = "x = 0.10000000000000000555\ny = 1e-7" if kind == "toml" else '{"x": 0.10000000000000000555, "y": 1e-7}'
    # As a binary float, 0.1 and 0.10000000000000000555 are the same number.
    assert parsed(text, kind) == {"x": Decimal("0.10000000000000000555"), "y": Decimal("0.0000001")}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("s.toml", CLIP, "toml"),
        ("S.TOML", CLIP, "toml"),
        ("s.json", '{"clips": []}', "json"),
        ("s.jsonl", '{"seconds": 5}', "jsonl"),
        ("s.ndjson", '{"seconds": 5}', "jsonl"),
        ("s.csv", "seconds\n5\n", "csv"),
        ("s", CLIP, "toml"),
        ("s", "# a comment first\nid,seconds = 1", "toml"),
        ("s", "[limits]\nbudget_usd = 3\n", "toml"),
        ("s", "[[clips]] # seconds\nseconds = 5\n", "toml"),
        ("s", '\n  {"clips": [{"seconds": 5}]}\n', "json"),
        ("s", '{\n"clips": [\n{"seconds": 5}]}\n', "json"),
        ("s", '{"id": "a", "seconds": 5}\n{"id": "b", "seconds": 6}\n', "jsonl"),
        ("s", "id,seconds,request.prompt\na,5,x = 3\n", "csv"),
        ("s.txt", "seconds\n5\n", "csv"),
    ],
)
def test_the_kind_follows_from_the_name_or_else_from_the_text(tmp_path: Path, name: str, text: str, kind: str) -> None:
    assert read(written(tmp_path, text, name), tables=True).kind == kind


def test_one_json_line_of_a_clip_is_a_table_of_one_clip(tmp_path: Path) -> None:
    # It has seconds and no clips: it can only be a clip, with or without a line end.
    assert read(written(tmp_path, '{"id": "a", "seconds": 5}\n', "s"), tables=True).kind == "jsonl"


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    source = read(written(tmp_path, b"\xef\xbb\xbfa = 1\r\nb = 2\r\n", "s.toml"))
    assert source.text == "a = 1\nb = 2\n"


def test_standard_input_is_read_for_a_dash_and_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CLIP.encode())))
    source = read("-", tables=True)
    assert (source.label, source.kind, source.where(("clips", 0, "seconds"))) == ("<stdin>", "toml", "<stdin>:3")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.toml", b"", r"empty\.toml:1: is empty"),
        ("blank.json", b" \n\t\n", r"blank\.json:1: is empty"),
        ("mark.toml", b"\xef\xbb\xbf", r"mark\.toml:1: is empty"),
        ("latin.toml", b"a = 1\n# caf\xe9\n", r"latin\.toml:2: is not UTF-8 text; save it as UTF-8"),
        ("wide.toml", "a = 1".encode("utf-16"), r"wide\.toml:1: is not UTF-8 text"),
        ("video.toml", b"\x00\x00\x00\x18ftypmp42" + bytes(64), r"video\.toml:1: .*binary"),
        ("nul.toml", b"a = 1\nb = '\x00'\n", r"nul\.toml:2: holds a NUL byte"),
        ("t.parquet", b"PAR1", r"t\.parquet: a \.parquet table can hold clips, and nothing else"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is_instead(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(written(tmp_path, content, name))
    said_well(str(caught.value).replace(f"{tmp_path}/", ""))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.toml", "no such file"),
        (".", "is a directory"),
        ("a\0b", "not a usable file name"),
        ("there.toml/x", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path, name: str, message: str) -> None:
    written(tmp_path, CLIP, "there.toml")
    with pytest.raises(InputError, match=message) as caught:
        read(f"{tmp_path}/{name}")
    said_well(str(caught.value))


@pytest.mark.parametrize("name", ["\x1b[31mred.toml", "\u202egnp.toml", "two\nlines.toml"])
def test_a_file_name_is_printed_without_its_control_characters(name: str) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        read(name)
    said_well(str(caught.value))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("a = 1\nb =\n", "toml", r"f:2: is not TOML: invalid value \(column 4\)"),
        ("a = 1\nb = '\n", "toml", r"f:2: is not TOML"),
        ("[a]\n[b]\n[a]\n", "toml", r"f:3: is not TOML: cannot declare .*a.* twice"),
        ("a = 1\na = 2\n", "toml", r"f:2: is not TOML"),
        ('a = "x\x1by"\n', "toml", r"f:1: is not TOML: illegal character"),
        ('{"a": 1,\n}', "json", r"f:2: is not JSON"),
        ('{"a": 1}\nx', "json", r"f:2: is not JSON: Extra data \(column 1\)"),
        ('{"a":\n"\x1b"}', "json", r"f:2: is not JSON"),
        ("[1]", "json", r"f:1: must be a table"),
        ("3", "json", r"f:1: must be a table"),
        ("null", "json", r"f:1: must be a table"),
    ],
)
def test_a_text_that_does_not_parse_says_where_it_stops(text: str, kind: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parsed(text, kind)
    refused(text, kind)


def test_json_keys_that_stand_twice_are_refused_wherever_they_stand() -> None:
    text = '{"a": 1,\n"b": {"c": 1,\n"c": 2},\n"\\u0061": 3}'
    message = refused(text, "json")
    assert "`c` stands twice in one object; keep one" in message
    assert "`a` stands twice in one object; keep one" in message


def test_a_key_that_stands_twice_is_named_on_the_line_where_it_stands_again() -> None:
    assert refused('{"a": {\n"b": 1,\n"c": 2,\n"b": 3}}', "json") == "f:4: `b` stands twice in one object; keep one"


def test_a_repeated_key_is_printed_safely() -> None:
    refused('{"\\u001b[31m": 1, "\\u001b[31m": 2}', "json")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"a = 1\nb = {'9' * 5000}\n", "toml"),
        (f'{{"a": 1,\n"b": {"9" * 5000}}}', "json"),
        ("a = 1\nb = 1e99999999999999999999\n", "toml"),
        ('{"a": 1,\n"b": 1e99999999999999999999}', "json"),
    ],
    ids=["digits in TOML", "digits in JSON", "exponent in TOML", "exponent in JSON"],
)
def test_a_number_too_large_to_read_is_named_by_its_line(text: str, kind: str) -> None:
    assert refused(text, kind).startswith("f:2: holds a number of a size that cannot be read")


DEEP = 10_000_000
"""Characters of nesting."""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a = " + "[" * DEEP, "toml"),
        ("[" * DEEP, "json"),
        ('{"a":' * (DEEP // 5), "json"),
        ("a." * (DEEP // 2) + "a = 1", "toml"),
        ("b = 1\n[" + "a." * (DEEP // 2) + "a]\nb = 1\n", "toml"),
        ("a = " + "{a=" * (DEEP // 3), "toml"),
    ],
    ids=["brackets in TOML", "brackets in JSON", "objects in JSON", "dotted key", "dotted table", "inline tables"],
)
def test_ten_megabytes_of_nesting_are_refused_at_once(text: str, kind: str) -> None:
    assert refused(text, kind).endswith(f"nests deeper than {MAX_DEPTH} levels")


@pytest.mark.parametrize(
    "part", ['"a".', "'a'.", '"a" . ', "a . "], ids=["quoted", "literal", "quoted and spaced", "spaced"]
)
def test_a_dotted_key_of_many_quoted_parts_is_refused_at_once(part: str) -> None:
    # tomllib alone takes 15 s for the 25,000 parts; a tenth of them shows as well that it is not asked.
    assert refused("x = 1\n" + part * 2_500 + "a = 1").endswith(f"nests deeper than {MAX_DEPTH} levels")


def test_the_line_of_too_deep_nesting_is_named() -> None:
    # The first array opens on line 2 and each opens a line: the 61st stands on line 62.
    assert refused("x = 1\na = " + "[\n" * 100 + "]" * 100).startswith(f"f:{MAX_DEPTH + 2}: nests deeper")
    assert refused("# \u2028 \x85 are no line ends in TOML\n" + "a." * 100 + "a = 1").startswith("f:2: nests deeper")


def test_nesting_up_to_the_bound_is_read() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert parsed(f"a = {deep}").keys() == parsed(f'{{"a": {deep}}}', "json").keys() == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        "choices = [\n  " + ", ".join(f"{n}.5" for n in range(1, 200)) + ",\n]\n",
        'prompt = """\n' + "A boat is slow. " * 200 + '\n"""\n',
        'prompt = "' + "A boat is slow. " * 200 + 'Then x = 3."\n',
        "# " + "A boat is slow. " * 200 + "\na = 1\n",
        'url = "https://x.example/?' + "&".join(f"k{n}=a.b.c" for n in range(100)) + '"\n',
    ],
    ids=["decimals", "prose of several lines", "prose with an equals sign", "a comment", "an address"],
)
def test_a_line_of_many_points_that_is_no_key_is_no_nesting(text: str) -> None:
    # More than 60 points on one line, none of them between the parts of a dotted key.
    assert len(parsed(text)) == 1

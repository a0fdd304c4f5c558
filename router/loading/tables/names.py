"""Names of a column, checked by an engine: the rule of `schema.base.Name` as one pattern."""

from __future__ import annotations

import narwhals.stable.v2 as nw
from pydantic import TypeAdapter, ValidationError

from router.schema.base import Name

_ADAPTER = TypeAdapter(Name)
LONGEST = 200
# What `unprintable` refuses of assigned characters (categories Cc, Cf, Co, Zl, Zp, but for the joiners), marks of markup, and what
# no text may begin or end with. Literal characters: every engine's dialect reads them alike.
_RANGES = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891),
    (0x8E2, 0x8E2), (0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F),
    (0xE000, 0xF8FF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD),
)  # fmt: skip
_SPACES = " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNPRINTABLE = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)
PATTERN = f"[<>\\[\\]{_UNPRINTABLE}]|^[{_SPACES}]|[{_SPACES}]$|^$"


def bad_name(read: nw.Expr) -> nw.Expr:
    """Whether a text is no name; false where there is none."""
    return (read.str.contains(PATTERN) | (read.str.len_chars() > LONGEST)).fill_null(False)


def name_fault(value: object) -> str:
    """What is wrong with a name, in words; nothing if it is one, or there is none."""
    if value is None:
        return ""
    try:
        _ADAPTER.validate_python(value)
    except ValidationError as error:
        return error.errors(include_url=False)[0]["msg"]
    return ""

"""The vocabulary of the file models: exact numbers within bounds, names that print safely, and refusals.

Every number of a file arrives as ``int`` or ``Decimal`` and stays exact. A ``float`` (only a Python caller can
pass one) is taken as the literal that Python would print for it.
"""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a file: ``("clips", 3, "seconds")``."""


class Model(BaseModel):
    """Base of all file models: frozen, unknown keys refused.

    The string under a field says what it means; `router.report.json_schema` puts it into the JSON Schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", defer_build=True)


def refusal(problems: Sequence[tuple[Path, str]]) -> PydanticCustomError:
    """One pydantic error that carries several findings, each with its path below the model that raises it."""
    text = "; ".join(message for _, message in problems)
    return PydanticCustomError("problems", "{text}", {"text": text, "problems": tuple(problems)})


def kind_of(value: object) -> str:
    """What a person would call this value of a file."""
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (str, "a text"),
        (dict, "a table"),
        (list, "a list"),
        (type(None), "null"),
    )
    name = next((name for kind, name in kinds if isinstance(value, kind)), "")
    if not name and isinstance(value, int) and value.bit_length() > 1000:
        return "a number of very many digits"  # Python refuses to write it
    return name or f"{value}"


@dataclass(frozen=True, slots=True)
class Within:
    """A decimal number with bounds; NaN, infinities, -0, booleans and texts are refused."""

    minimum: int | None = None
    below: int | None = None
    maximum: int | None = None
    positive: bool = False
    from_text: bool = False
    """A key of a table (``{ 5 = 0.556 }``) is a text that spells a number."""

    def exact(self, value: object) -> Decimal:
        """The value as an exact decimal, or a pydantic error that says why not."""
        if self.from_text and isinstance(value, str):
            text = value
            try:
                value = Decimal(text)
            except InvalidOperation:
                raise PydanticCustomError("number", "is not a number", {}) from None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise PydanticCustomError("number", "must be a number, not {kind}", {"kind": kind_of(value)})
        if isinstance(value, int) and abs(value) >= 10**18:
            raise PydanticCustomError("number", "is too large a number", {})
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        self._bounds(number)
        return number

    def _bounds(self, number: Decimal) -> None:
        def refuse(rule: str) -> PydanticCustomError:
            return PydanticCustomError(
                "number", "must be {rule}, not {shown}", {"rule": rule, "shown": f"{number!s:.40}"}
            )

        if not number.is_finite():
            raise refuse("a finite number")
        if number and not -18 <= number.adjusted() <= 18:
            raise refuse("a number of ordinary size")
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or not -18 <= exponent <= 18 or (number.is_signed() and not number):
            raise refuse("a number with at most 18 decimals and no minus before a zero")
        if self.positive and number <= 0:
            raise refuse("above 0")
        if self.minimum is not None and number < self.minimum:
            raise refuse(f">= {self.minimum}")
        if self.below is not None and number >= self.below:
            raise refuse(f"below {self.below:,}")
        if self.maximum is not None and number > self.maximum:
            raise refuse(f"at most {self.maximum:,}")

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.exact, serialization=core_schema.plain_serializer_function_ser_schema(json_number)
        )

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if self.positive:
            schema["exclusiveMinimum"] = 0
        for key, bound in (("minimum", self.minimum), ("exclusiveMaximum", self.below), ("maximum", self.maximum)):
            if bound is not None:
                schema[key] = bound
        return schema


def json_number(number: Decimal) -> int | float:
    """A decimal as the plain number of a JSON document."""
    return int(number) if number == number.to_integral_value() else float(number)


Price = Annotated[Decimal, Within(minimum=0, below=10**12)]
Usd = Annotated[Decimal, Within(minimum=0, below=10**12)]
PositiveUsd = Annotated[Decimal, Within(positive=True, below=10**12)]
Rate = Annotated[Decimal, Within(minimum=0, maximum=1)]
Level = Annotated[Decimal, Within(minimum=0, below=1)]
Minutes = Annotated[Decimal, Within(positive=True, maximum=10**7)]
Seconds = Annotated[Decimal, Within(positive=True, maximum=10**6)]
SecondsOrZero = Annotated[Decimal, Within(minimum=0, maximum=10**15)]
"""Also of all clips together, of which there can be a billion of a kind."""
SecondsKey = Annotated[Decimal, Within(positive=True, maximum=10**6, from_text=True)]
Positive = Annotated[Decimal, Within(positive=True, maximum=10**9)]
Number = Annotated[Decimal, Within(minimum=-(10**9), maximum=10**9)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**9)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Flag = Annotated[bool, Field(strict=True)]

_JOINERS = {"\u200c", "\u200d"}
_MARKUP = set("<>[]")


def unprintable(text: str) -> str | None:
    """The name of the first character that could break a line, a table or a terminal; None if there is none."""
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in _JOINERS:
            return f"U+{ord(character):04X}"
    return None


def printable(text: str, most: int = 300) -> str:
    """A text of a user as a message may show it: cut, and without characters that could break a line or a terminal."""
    cut = text if len(text) <= most else f"{text[: most - 3]}..."
    return "".join("?" if unprintable(character) else character for character in cut)


def quoted(name: str, most: int = 80) -> str:
    """A name of somebody else's file, between the marks that messages put around names; one that is empty is said to be so."""
    return "`{}`".format(printable(name, most).replace("`", "'")) if name else "a name that is empty"


def _version(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("version", "must be 1", {})
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("text", "must be a text, not {kind}", {"kind": kind_of(value)})
    if bad := unprintable(value):
        raise PydanticCustomError("text", "holds the control character {bad}; take it out", {"bad": bad})
    if len(value) > 500:
        raise PydanticCustomError("text", "is longer than 500 characters", {})
    return value


def _name(value: object) -> str:
    text = _text(value)
    if not text or text != text.strip():
        raise PydanticCustomError("text", "must not be empty, nor begin or end with a space", {})
    if marks := sorted(_MARKUP & set(text)):
        raise PydanticCustomError(
            "text",
            "holds {marks}, which tables and pages read as markup; use letters, digits and . _ - / # : instead",
            {"marks": " ".join(marks)},
        )
    if len(text) > 200:
        raise PydanticCustomError("text", "is longer than 200 characters", {})
    return text


def _date(value: object) -> dt.date:
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise PydanticCustomError("date", "must be a date as 2026-04-09", {})
    return value


def _plain(value: object) -> Any:
    """A value as JSON can hold it: dates as text, exact numbers as plain ones."""
    if isinstance(value, Decimal):
        if not value.is_finite() or not -300 < value.adjusted() < 300:
            raise PydanticCustomError("request", "holds a number that JSON cannot hold", {})
        return json_number(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:
        raise PydanticCustomError("request", "holds a number that JSON cannot hold", {})
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise PydanticCustomError("request", "holds {kind}, which JSON cannot hold", {"kind": type(value).__name__})


JsonTable = Annotated[dict[str, Any], BeforeValidator(_plain)]
SchemaVersion = Annotated[Literal[1], BeforeValidator(_version)]
Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, BeforeValidator(_name)]
Date = Annotated[dt.date, BeforeValidator(_date)]

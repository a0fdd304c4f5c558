"""Plain values to schema objects, and what pydantic finds to messages that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import InputError, Problem, nearest
from router.schema.base import Path, kind_of, printable

Schema = TypeVar("Schema", bound=BaseModel)

_TYPES = {
    "dict_type": "a table", "model_type": "a table", "model_attributes_type": "a table", "list_type": "a list",
    "tuple_type": "a list", "int_type": "a whole number", "int_from_float": "a whole number",
    "bool_type": "true or false", "string_type": "a text", "float_type": "a number", "float_parsing": "a number",
}  # fmt: skip


def validated(
    model: type[Schema],
    data: Any,
    where: Callable[[Path], str],
    *,
    found: Sequence[Problem] = (),
    name: str = "",
) -> Schema:
    """``data`` as ``model``, or one InputError with every problem, each at its place in the file.

    Parameters
    ----------
    where
        Gives ``file:line`` of a path.
    found
        Problems found before, to be reported together with the rest.
    """
    try:
        result = model.model_validate(data)
    except ValidationError as error:
        problems = [*found]
        errors = error.errors(include_url=False)
        meant, texts = (
            {_real(d["loc"], data) for d in errors if d["type"] == kind} for kind in ("literal_error", "string_type")
        )
        for details in errors:
            own = _real(details["loc"], data)
            if (details["type"] == "is_instance_of" and own in texts) or (
                details["type"] == "bool_type" and own in meant
            ):
                continue  # The other branch of a union says it in the file's words
            for path, message in _messages(details, model, data):
                problems.append(Problem(message if path or not name else f"`{name}` {message}", where(path)))
        raise InputError(sorted(dict.fromkeys(problems), key=line_of)) from None
    if found:
        raise InputError(list(found))
    return result


def line_of(problem: Problem) -> int:
    """The line that a problem names; 0 where it names none."""
    line = problem.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _messages(details: ErrorDetails, model: type[BaseModel], data: Any) -> list[tuple[Path, str]]:
    path = _real(details["loc"], data)
    context = details.get("ctx", {})
    if details["type"] == "problems":
        return [((*path, *inner), _named((*path, *inner), text)) for inner, text in context["problems"]]
    if details["type"] == "extra_forbidden":
        return [(path, _unknown(path, model))]
    if details["type"] == "missing":
        return [(path[:-1], _missing(path, data))]
    if details["type"] == "literal_error":
        return [(path, _named(path, _choice(details["input"], context)))]
    if details["type"] in _TYPES:
        return [(path, _named(path, f"must be {_TYPES[details['type']]}, not {kind_of(details['input'])[:40]}"))]
    if details["type"] in ("too_short", "string_too_short"):
        # pydantic also says so of a list whose every entry is wrong; the entries have their own messages.
        return [] if details["input"] else [(path, _named(path, "must not be empty"))]
    if bound := next((key for key in _BOUNDS if key in context), None):
        return [
            (path, _named(path, f"must be {_BOUNDS[bound]} {context[bound]:,}, not {kind_of(details['input'])[:40]}"))
        ]
    return [(path, _named(path, details["msg"]))]


_BOUNDS = {"ge": "at least", "le": "at most", "gt": "above", "lt": "below"}


def _real(loc: Sequence[str | int], data: Any) -> Path:
    """The part of pydantic's location that is in the file: branches of a union and ``[key]`` are not."""
    path: Path = ()
    for at, part in enumerate(loc):
        last = at == len(loc) - 1
        if isinstance(data, dict):
            if part == "[key]" or (part not in data and not last):
                break
            # A key that is a number comes as the code that makes it.
            key = next((k for k in data if not isinstance(k, str) and repr(k) == part), part)
            part, data = (f"{key}" if isinstance(key, Decimal) else part), data.get(key)
        elif isinstance(data, list | tuple):
            if not isinstance(part, int) or part >= len(data):
                break
            data = data[part]
        else:
            break
        path += (part,)
    return path


def _named(path: Path, text: str) -> str:
    keys = [part for part in path if isinstance(part, str)]
    name = ".".join(keys[-2:] if keys and re.fullmatch(r"[\d.]+", keys[-1]) else keys[-1:])
    return f"`{printable(name, 60)}` {text}" if name else text


def _unknown(path: Path, model: type[BaseModel]) -> str:
    name = str(path[-1])
    safe = re.sub(r"[^\w. -]", "?", name)[:60]
    near = nearest(name, _fields(model, path[:-1]))
    return f"`{safe}`: no such field" + (f"; did you mean `{near}`?" if near else "")


def _missing(path: Path, data: Any) -> str:
    owner = data
    for part in path[:-1]:
        try:
            owner = owner[part]
        except (KeyError, IndexError, TypeError):
            owner = None
    name = owner.get("id") or owner.get("model") if isinstance(owner, dict) else None
    whose = f" for '{name}'" if isinstance(name, str) and name.isprintable() else ""
    table = f" in `{path[-2]}`" if not whose and len(path) > 1 and isinstance(path[-2], str) else ""
    return f"`{path[-1]}` is required{whose}{table}"


def _choice(given: Any, context: Mapping[str, Any]) -> str:
    options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    listed = " | ".join(options) if options else str(context.get("expected"))
    if not isinstance(given, str) or not options:
        return f"must be {listed}, not {kind_of(given)[:40]}"
    near = nearest(given, options)
    shown = re.sub(r"[^\w. -]", "?", given)[:60]
    return f"is '{shown}', must be {listed}" + (f"; did you mean '{near}'?" if near else "")


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The field names of the model that stands at ``path`` below ``model``."""
    named = False
    for part in path:
        if isinstance(part, int) or named:
            named = False  # A position in a list, or a key of a table of names
            continue
        annotation = next((f.annotation for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        inner = _model_in(annotation)
        if inner is None:
            return []
        model, named = inner, get_origin(annotation) is dict
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)

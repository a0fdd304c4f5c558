"""JSON Schemas of the file formats, for editors that complete and check.

The descriptions are the strings that stand under the fields in the code. They are read from the source when a schema is asked
for: pydantic would do it whenever the package is imported, at several times the cost of a plan.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from pydantic import BaseModel

from router.schema.base import Model
from router.schema.scenario import Scenario


def json_schema(model: type[BaseModel], *, written: bool = False) -> dict[str, Any]:
    """The JSON Schema of a file format; ``written`` for files that the program writes rather than reads."""
    schema = model.model_json_schema(by_alias=True, mode="serialization" if written else "validation")
    # Two formats may use one name for different things; a format's own come last and win.
    models = {known.__name__: known for known in sorted(_below(Model), key=lambda m: m.__module__ == model.__module__)}
    parts = {**schema.get("$defs", {}), model.__name__: schema}
    for name, part in parts.items():
        for field, text in _descriptions(models[name]).items() if name in models else ():
            alias = models[name].model_fields[field].alias or field
            if alias in part.get("properties", {}):
                part["properties"][alias]["description"] = text
    if model is Scenario and not written:
        # In a file a clip's id is made up where it is absent, its length may stand in the defaults, and a table may hold the clips.
        parts["Clip"].pop("required", None)
        clips = schema["properties"]["clips"]
        table = {"type": "string", "description": "A table of clips: the path of a CSV, JSONL, Parquet or Arrow file."}
        schema["properties"]["clips"] = {
            "anyOf": [{k: v for k, v in clips.items() if k != "description"}, table],
            "description": clips["description"],
        }
        own = schema["properties"]["account"]
        file = {"type": "string", "description": "A file with such tables: the path of a TOML or JSON file."}
        schema["properties"]["account"] = {
            "anyOf": [{k: v for k, v in own.items() if k != "description"}, file],
            "description": own["description"],
        }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _below(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [found for own in model.__subclasses__() for found in (own, *_below(own))]


def _descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The string under each field of a model, its bases included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base in (BaseModel, Model) or not issubclass(base, BaseModel):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                text = below.value.value if isinstance(below.value, ast.Constant) else None
                if isinstance(text, str) and field.target.id in model.model_fields:
                    found[field.target.id] = inspect.cleandoc(text)
    return found

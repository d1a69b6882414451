"""What a key may be, in words, read off its model: the half of every message that helps. Pure."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}
BOUNDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
LENGTHS = {"min_length": "at least", "max_length": "at most"}


def key_name(name: str, field: FieldInfo) -> str:
    """The key as files write it."""
    return field.alias or name


def known_keys(
    model: type[BaseModel], hidden: frozenset[str] = frozenset(), prefix: str = ""
) -> dict[str, FieldInfo]:
    """Every key of a model and of its tables, dotted."""
    keys: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        if name in hidden:
            continue
        dotted = prefix + key_name(name, field)
        keys[dotted] = field
        if (table := table_of(field.annotation)) is not None:
            keys.update(known_keys(table, prefix=f"{dotted}."))
    return keys


def table_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a key that is a table, or a list of tables; None for any other key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(table_of, get_args(annotation))), None)


def describe_type(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What is allowed, as `a whole number, at least 1`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a table with {', '.join(known_keys(annotation))}"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = next(
            (part.description for part in arguments[1:] if getattr(part, "description", None)), None
        )
        return said or describe_type(arguments[0], [*arguments[1:], *metadata])
    if origin is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return describe_type(next(kind for kind in arguments if kind is not type(None)), metadata)
    if origin is tuple:
        return ", ".join([f"a list, each {describe_type(arguments[0])}", *_limits(metadata)])
    return ", ".join([NAMES.get(annotation, "another value"), *_limits(metadata)])


def _limits(metadata: Iterable[Any]) -> list[str]:
    said = []
    for part in metadata:
        inner = part.metadata if isinstance(part, FieldInfo) else [part]
        for item in inner:
            said += [
                f"{words} {getattr(item, name):g}"
                for name, words in BOUNDS.items()
                if _has(item, name)
            ]
            said += [
                f"{words} {getattr(item, name)} long"
                for name, words in LENGTHS.items()
                if _has(item, name)
            ]
    return said


def _has(item: object, name: str) -> bool:
    return getattr(item, name, None) is not None


def allowed_words(error: ErrorDetails, field: FieldInfo | None) -> str:
    """What would have been accepted where pydantic found `error`."""
    if error["type"] == "loa_allowed":
        return str(error["ctx"]["allowed"])
    if field is None:
        return error["msg"]
    if field.description:
        return field.description
    for part in field.metadata:
        if isinstance(part, FieldInfo) and part.description:
            return part.description
    return describe_type(field.annotation, field.metadata)


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """A suggestion for a misspelt name: ` (did you mean …?)`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return f"; did you mean {close[0]!r}?" if close else ""


def found(value: Any) -> str:
    """A value as a message shows it, cut where it is long."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "…"


def flatten(mapping: Mapping[str, Any], tables: Iterable[str]) -> dict[str, Any]:
    """`{"server": {"port": 1}}` as `{"server.port": 1}`, one level down, for the tables that are
    named."""
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        if key in tables and isinstance(value, Mapping):
            flat.update({f"{key}.{inner}": item for inner, item in value.items()})
        else:
            flat[key] = value
    return flat

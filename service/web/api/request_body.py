"""What a program sent, made into values: JSON bodies and query strings, each against a model.

Owns the limits of size and depth. Refuses unknown fields and parameters by name, and control
characters everywhere, since PostgreSQL cannot keep a NUL and no field of ours wants one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypeVar, get_args

import orjson
from flask import request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from service.errors import InputFaults, InvalidInput
from service.values import BREAKS, has_breaks, parse_instant
from service.words import coded

MAX_BYTES = 64 << 10
MAX_DEPTH = 8
MAX_FAULTS = 50
"""That one answer tells: of a body of 64 kB each letter may be one."""

Model = TypeVar("Model", bound=BaseModel)


def _check_line(value: str) -> str:
    if has_breaks(value):
        raise ValueError("bad.no_controls")
    return value


def _check_instant(value: object) -> object:
    try:
        return parse_instant(value if isinstance(value, str) else "", "instant", None)
    except InvalidInput as error:
        raise ValueError("bad.instant") from error


_LINE_PATTERN = f"^[^{BREAKS}]*$"
"""What `has_breaks` finds, for the OpenAPI document."""
Line = Annotated[
    str,
    AfterValidator(_check_line),
    Field(json_schema_extra={"pattern": _LINE_PATTERN}),
]
Instant = Annotated[AwareDatetime, BeforeValidator(_check_instant)]
"""RFC 3339 with its offset; a bare number is no instant."""
ShortLine = Annotated[Line, Field(max_length=200)]
Id = Annotated[Line, Field(min_length=1, max_length=100)]


class StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmptyBody(StrictBody):
    """A body without fields: `{}` or none at all."""


class PageQuery(StrictBody):
    """Of a list: at most `limit`, after `cursor`, which the page before gave as `next`."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Line | None = Field(None, max_length=1000)


def read_json_body(model: type[Model], limit: int = MAX_BYTES) -> Model:
    """The JSON body, of at most `limit` bytes, as a value of `model`. Raises 400, 413 or 415, and
    InvalidInput that names each field that cannot be."""
    if request.mimetype != "application/json" and request.content_length:
        raise UnsupportedMediaType("refused.media_type")
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(coded("refused.body_big", limit=limit))
    data = request.get_data(cache=True)
    if len(data) > limit:
        raise RequestEntityTooLarge(coded("refused.body_big", limit=limit))
    value = _parse(data) if data else {}
    if not isinstance(value, dict):
        raise BadRequest("refused.body_object")
    return _validated(model, lambda: model.model_validate_json(data or b"{}", strict=True))


def _parse(data: bytes) -> Any:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequest(coded("refused.body_json", error=str(error))) from error
    if _depth(value) > MAX_DEPTH:
        raise BadRequest(coded("refused.body_deep", limit=MAX_DEPTH))
    return value


def _depth(value: Any) -> int:
    """How deep lists and objects are nested; stops counting just beyond the limit."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        inner: list[Any] = []
        for item in level:
            inner.extend(
                item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            )
        level, depth = inner, depth + 1
    return depth


def read_api_query(model: type[Model]) -> Model:
    """The query string as a value of `model`; a parameter that may be given several times is a
    tuple there."""
    values, faults = dict[str, Any](), InputFaults()
    for name in list(request.args)[:MAX_FAULTS]:
        given = request.args.getlist(name)
        field = model.model_fields.get(name)
        is_many = field is not None and str(field.annotation).startswith("tuple")
        if not is_many and len(given) > 1:
            faults.add(InvalidInput(name[:100], "bad.repeated", "allowed.once"))
        values[name] = given if is_many else given[0]
    with faults:
        read = _validated(model, lambda: model.model_validate(values), depth=1)
    faults.require_none()
    return read


def _validated(
    model: type[Model], validate: Callable[[], Model], depth: int | None = None
) -> Model:
    """`depth`: how far into the value a fault is named; a parameter alone is what people see."""
    try:
        return validate()
    except ValidationError as error:
        first, *others = (
            InvalidInput(
                ".".join(map(str, one["loc"][:depth]))[:100] if one["loc"] else "body",
                _said(one),
                _allowed(model, one),
            )
            for one in error.errors(include_url=False, include_input=False)[:MAX_FAULTS]
        )
        first.others = tuple(others)
        raise first from error


def _allowed(model: type[BaseModel], error: ErrorDetails) -> str:
    """Coded; empty where `_said` says it itself."""
    match error["type"]:
        case "enum" | "literal_error":
            return coded("allowed.among", names=error["ctx"]["expected"])
        case "extra_forbidden":
            names = _fields_at(model, error["loc"][:-1])
            return coded("allowed.among", names=", ".join(names)) if names else "allowed.none"
    return ""


def _fields_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The names of the fields that the object at that path may have."""
    for step in path:
        field = model.model_fields.get(str(step))
        if field is not None:
            model = next(_models_in(field.annotation), model)
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _said(error: ErrorDetails) -> str:
    """What pydantic found, coded; what has no words here stays as it says it, in English."""
    facts = error.get("ctx", {})
    match error["type"]:
        case "too_long" if facts["field_type"] == "Value":  # a text, whose check has run before
            return coded("bad.long_of", n=facts["actual_length"], limit=facts["max_length"])
        case "too_long" if facts["actual_length"] is not None:
            return coded("bad.many_of", n=facts["actual_length"], limit=facts["max_length"])
        case "too_short":
            return coded("bad.few_of", n=facts["actual_length"], least=facts["min_length"])
        case "string_too_long":
            return coded("bad.most_chars", most=facts["max_length"])
        case "string_too_short":
            return coded("bad.least_chars", least=facts["min_length"])
        case "enum" | "literal_error":
            return coded("bad.among", names=facts["expected"])
        case "greater_than_equal":
            return coded("bad.least", least=facts["ge"])
        case "less_than_equal":
            return coded("bad.most", most=facts["le"])
    return _CODES.get(error["type"]) or error["msg"].removeprefix("Value error, ")


_CODES = {
    "missing": "bad.missing",
    "date_type": "bad.no_day",
    "date_parsing": "bad.no_day",
    "date_from_datetime_parsing": "bad.no_day",
    "date_from_datetime_inexact": "bad.no_day",
    "extra_forbidden": "bad.unknown_field",
    "string_type": "bad.type_string",
    "int_type": "bad.type_number",
    "int_parsing": "bad.type_number",
    "int_parsing_size": "bad.type_number",
    "int_from_float": "bad.type_number",
    "bool_type": "bad.type_bool",
    "bool_parsing": "bad.type_bool",
    "model_type": "bad.type_object",
    "dict_type": "bad.type_object",
    "tuple_type": "bad.type_array",
}
"""By pydantic's types of errors."""

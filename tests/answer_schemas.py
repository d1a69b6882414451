"""Holds every answer of the API that any test gets in this process against the schema of its route:
each key is there, none is more, each value is of its type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from flask import Flask, Response, request, request_finished

from service.web.api.openapi import describe_api
from service.web.api.route_table import ROUTES


@contextmanager
def checked_answers() -> Iterator[list[str]]:
    """What did not fit, as it is found."""
    faults: list[str] = []

    def look(app: Flask, response: Response, **_: Any) -> None:
        if response.status_code >= 300 or not response.mimetype.endswith("/json"):
            return
        if request.method == "HEAD" or request.endpoint not in _endpoints():
            return
        endpoint = str(request.endpoint)
        for error in _validator(app, endpoint).iter_errors(orjson.loads(response.get_data())):
            faults.append(f"{endpoint}: {'/'.join(map(str, error.instance_path))}: {error.message}")

    with request_finished.connected_to(look):
        yield faults


_STATUS = "status.as_json"


@cache
def _endpoints() -> frozenset[str]:
    return frozenset({f"api.{route.endpoint}" for route in ROUTES if route.gives} | {_STATUS})


_VALIDATORS: dict[str, Any] = {}


def _validator(app: Flask, endpoint: str) -> Any:
    if not _VALIDATORS:
        document = describe_api(app.extensions["loa"])
        components = {"components": _closed(document["components"])}
        for operations in document["paths"].values():
            for operation in operations.values():
                done = next(
                    one for code, one in operation["responses"].items() if code.startswith("2")
                )
                if "content" in done:
                    schema = _closed(done["content"]["application/json"]["schema"])
                    name = operation["operationId"]
                    _VALIDATORS[_STATUS if name == "show_status" else f"api.{name}"] = (
                        jsonschema_rs.Draft202012Validator({**schema, **components})
                    )
    return _VALIDATORS[endpoint]


def _closed(schema: Any) -> Any:
    """With no room for a key that is not declared, nor for one that is left out."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    properties = schema.get("properties")
    if isinstance(properties, dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed

"""The description of the API, OpenAPI 3.1: made of the table of routes and of the models that read
and answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter

from service.services.coverage_shapes import StatusShape
from service.web.api.api_examples import with_example
from service.web.api.route_shape import Route
from service.web.api.route_table import ROUTES
from service.web.api.schemas import ANSWERS, SUFFIX
from service.web.api.webhook_shapes import describe_webhooks
from service.web.auth import scope_of

if TYPE_CHECKING:
    from service.bootstrap import Loa

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {
            "type": "string",
            "description": "what was wrong, for a program; `detail` says it in words, in "
            "Vietnamese or English by Accept-Language",
        },
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "the field or parameter that cannot be used"},
        "allowed": {"type": "string", "description": "what would have been taken"},
        "errors": {
            "type": "array",
            "description": "every field or parameter that cannot be used, the one above first",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "allowed": {"type": "string"},
                },
            },
        },
    },
}
_PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "code": "bad.missing",
    "detail": "name: must be given; place: there is no 'atlantis'",
    "field": "name",
    "errors": [
        {"field": "name", "code": "bad.missing", "detail": "must be given"},
        {"field": "place", "code": "bad.place", "detail": "there is no 'atlantis'"},
    ],
}

_IN_PATH = re.compile(r"\{(\w+)\}")


def describe_api(loa: Loa) -> dict[str, Any]:
    """The whole document, under the service's public address."""
    paths: dict[str, dict[str, Any]] = {}
    components: dict[str, Any] = {"Problem": _PROBLEM}
    for route in ROUTES:
        paths.setdefault(f"/api/v1{route.path}", {})[route.method] = _operation(route, components)
    paths["/status.json"] = {"get": _status(components)}
    webhooks = describe_webhooks(components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Loa: {loa.settings.service.title}",
            "version": "1",
            "description": "Times are RFC 3339. Lists are paged: "
            "give `next` back as `cursor` until it is null.",
        },
        "servers": [{"url": loa.settings.service.public_url.rstrip("/")}],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": components,
        },
    }


def _status(components: dict[str, Any]) -> dict[str, Any]:
    """The one answer beside the API: for anybody."""
    schema = _reference(StatusShape, components, "serialization")
    return {
        "operationId": "show_status",
        "summary": "How the portals are watched: since when, to when, what was missed",
        "tags": ["status"],
        "security": [],
        "responses": {
            "200": {"description": "done", "content": _json(schema, "show_status", "gives")}
        },
    }


def _json(schema: dict[str, Any], endpoint: str, part: str) -> dict[str, Any]:
    return {"application/json": with_example({"schema": schema}, endpoint, part)}


def _operation(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    problem = {"application/problem+json": {"schema": schema, "example": _PROBLEM_EXAMPLE}}
    done = _answer(route, components)
    operation: dict[str, Any] = {
        "operationId": route.endpoint,
        "security": [{"token": [scope_of(f"api.{route.endpoint}", route.method.upper()).value]}],
        "summary": route.summary,
        "tags": [route.path.split("/")[1]],
        "parameters": _common_parameters(route),
        "responses": {
            str(route.status): done,
            "default": {"description": "a problem (RFC 9457)", "content": problem},
        },
    }
    if route.endpoint == "add_receipt":
        operation["responses"]["200"] = done | {"description": "it was acknowledged before"}
    if route.asks is not None:
        _add_question(operation, route, components)
    return operation


def _answer(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    if route.gives is None:
        return {"description": "done"}
    schema = _reference(ANSWERS[route.gives], components, "serialization")
    if route.is_list:
        schema = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": schema},
                "next": {
                    "type": ["string", "null"],
                    "description": "the `cursor` of the next page; null: the last",
                },
            },
        }
    return {"description": "done", "content": _json(schema, route.endpoint, "gives")}


def _common_parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    for name in _IN_PATH.findall(route.path):
        schema = {"type": "string", "pattern": "^[^/]+$"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.method == "post":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
                "description": "the same key with the same request is done once, for a day",
            }
        )
    return parameters


def _add_question(operation: dict[str, Any], route: Route, components: dict[str, Any]) -> None:
    module, _, name = str(route.asks).partition(":")
    model: type[BaseModel] = getattr(import_module(module), name)
    if route.method == "get":
        operation["parameters"] += _query_parameters(model, components)
        return
    schema = _reference(model, components, "validation")
    is_required = bool(components[name].get("required"))
    operation["requestBody"] = {
        "required": is_required,
        "content": _json(schema, route.endpoint, "asks"),
    }


def _reference(model: type[Any], components: dict[str, Any], mode: Any) -> dict[str, Any]:
    """A reference to the model among the components, put there with all that it is made of."""
    described = TypeAdapter(model).json_schema(
        ref_template="#/components/schemas/{model}", mode=mode
    )
    schema = _named(described)
    components.update(schema.pop("$defs", {}))
    name = model.__name__.removesuffix(SUFFIX)
    components[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def _named(schema: Any) -> Any:
    """A schema whose parts are called as the API calls them: without SUFFIX."""
    if isinstance(schema, dict):
        return {
            key.removesuffix(SUFFIX): value.removesuffix(SUFFIX)
            if key in ("$ref", "title") and isinstance(value, str)
            else _named(value)
            for key, value in schema.items()
        }
    return [_named(one) for one in schema] if isinstance(schema, list) else schema


def _query_parameters(model: type[BaseModel], components: dict[str, Any]) -> list[dict[str, Any]]:
    schema: Mapping[str, Any] = model.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(schema.get("$defs", {}))
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(field)}
        for name, field in schema["properties"].items()
    ]


def _without_null(field: Mapping[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be left out is left out."""
    options = [option for option in field.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return dict(field)
    return {
        **options[0],
        **{key: value for key, value in field.items() if key not in ("anyOf", "default")},
    }

"""The description of the API, OpenAPI 3.1: routes, parameters and bodies from the models that read them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from service.bootstrap import Loa

_API, _SUBS, _DELS = "service.web.api", "service.web.api_subscriptions", "service.web.api_deliveries"

ROUTES: tuple[tuple[str, str, str, str, str | None, int], ...] = (
    # method, path, endpoint, what it does, model of its query or body, status of success
    ("get", "/posts", "list_posts", "Posts, newest first", f"{_API}:PostsQuery", 200),
    ("get", "/posts/{id}", "show_post", "A post with its text", None, 200),
    ("get", "/portals", "list_portals", "Portals and how their listings are", None, 200),
    ("get", "/portals/{id}", "show_portal", "A portal", None, 200),
    ("get", "/units", "list_units", "Units; a unit sees itself", None, 200),
    ("post", "/units", "add_unit", "Add a unit", f"{_API}:UnitBody", 201),
    ("get", "/units/{id}", "show_unit", "A unit", None, 200),
    ("delete", "/units/{id}", "remove_unit", "Remove a unit and its subscriptions", None, 204),
    ("get", "/subscriptions", "list_subscriptions", "Subscriptions", f"{_SUBS}:SubscriptionsQuery", 200),
    ("post", "/subscriptions", "add_subscription", "Subscribe; the answer shows the secret, once",
     f"{_SUBS}:SubscriptionBody", 201),
    ("get", "/subscriptions/{id}", "show_subscription", "A subscription", None, 200),
    ("patch", "/subscriptions/{id}", "edit_subscription", "Change filters, frequency, headers",
     f"{_SUBS}:SubscriptionPatch", 200),
    ("delete", "/subscriptions/{id}", "remove_subscription", "Remove a subscription", None, 204),
    ("post", "/subscriptions/{id}/pause", "pause_subscription", "Pause: deliveries wait", f"{_SUBS}:Nothing", 200),
    ("post", "/subscriptions/{id}/resume", "resume_subscription", "Resume: what waited is sent",
     f"{_SUBS}:Nothing", 200),
    ("post", "/subscriptions/{id}/rotate", "rotate_subscription", "A new secret; the old one signs too for 24 h",
     f"{_SUBS}:Nothing", 200),
    ("post", "/subscriptions/{id}/replay", "replay_subscription", "Send again what is done",
     f"{_DELS}:ReplayBody", 202),
    ("get", "/deliveries", "list_deliveries", "Deliveries, newest first", f"{_DELS}:DeliveriesQuery", 200),
    ("get", "/deliveries/{id}", "show_delivery", "A delivery with its attempts", None, 200),
    ("post", "/deliveries/{id}/replay", "replay_delivery", "Send a delivery again, under the same message id",
     f"{_SUBS}:Nothing", 202),
    ("get", "/receipts", "list_receipts", "Who is owed, was sent and has acknowledged a post",
     f"{_DELS}:ReceiptsQuery", 200),
    ("post", "/receipts", "add_receipt", "Acknowledge the latest revision of a post (a unit's token)",
     f"{_DELS}:ReceiptBody", 201),
)  # fmt: skip

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "the field or parameter that cannot be used"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def describe(loa: Loa) -> dict[str, Any]:
    """The whole document, under the service's public address."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    for method, path, endpoint, summary, model, status in ROUTES:
        operation = _operation(method, path, endpoint, summary, status)
        if model is not None:
            _add_model(operation, method, _model(model), schemas)
        paths.setdefault(f"/api/v1{path}", {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Loa: {loa.settings.service.title}",
            "version": "1",
            "description": "Times are RFC 3339. Lists are paged by `cursor`; the next one is `next`.",
        },
        "servers": [{"url": loa.settings.service.public_url.rstrip("/")}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _model(name: str) -> type[BaseModel]:
    module, _, attribute = name.partition(":")
    found: type[BaseModel] = getattr(import_module(module), attribute)
    return found


def _operation(method: str, path: str, endpoint: str, summary: str, status: int) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "done"}
    if status != 204:
        done["content"] = {"application/json": {"schema": {"type": "object"}}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "operationId": endpoint,
        "summary": summary,
        "tags": [path.split("/")[1]],
        "parameters": [],
        "responses": {str(status): done, "default": {"description": "a problem (RFC 9457)", "content": problem}},
    }
    if endpoint == "add_receipt":
        operation["responses"]["200"] = done | {"description": "it was acknowledged before"}
    if "{id}" in path:
        operation["parameters"].append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if method == "post":
        operation["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
                "description": "the same key with the same request is done once, for a day",
            }
        )
    return operation


def _add_model(operation: dict[str, Any], method: str, model: type[BaseModel], schemas: dict[str, Any]) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    if method == "get":
        operation["parameters"] += _parameters(schema)
        return
    schemas[model.__name__] = schema
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    operation["requestBody"] = {"required": bool(schema.get("required")), "content": content}


def _parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]

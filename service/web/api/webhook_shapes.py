"""What webhooks say, as models: the JSON Schemas for receivers, and the `webhooks` of the OpenAPI
document.

A receiver takes keys that it does not know: more may come, none goes away or changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.alerts.examples import CONFIRM, REMINDER, TEST, example_message
from service.alerts.post_fields import PayloadShape
from service.types import ChangeType


class WebhookModel(BaseModel):
    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostModel(PayloadShape):
    """What a message says of a post, and what more there may be one day."""

    __pydantic_config__: ClassVar[Any] = {"extra": "allow"}


class QuestionModel(WebhookModel):
    subscription_id: str
    challenge: str = Field(description="answer 2xx with it in the body")
    confirm_url: str = Field(description="or open this, and press the button")


class TestModel(WebhookModel):
    subscription_id: str


class DueModel(WebhookModel):
    at: AwareDatetime
    text: str = Field(description="the words it was read from")


class ReminderModel(WebhookModel):
    id: str = Field(description="of the post")
    revision: int
    title: str
    due: list[DueModel]
    archive_url: str
    receipt_url: str = Field(description="where the unit acknowledges")


class PublishedWebhook(WebhookModel):
    """A post is new, or new to this subscription."""

    type: Literal["post.published"]
    timestamp: AwareDatetime
    data: PostModel


class UpdatedWebhook(WebhookModel):
    """A post that was told of has changed: take the one of the higher `revision`."""

    type: Literal["post.updated"]
    timestamp: AwareDatetime
    data: PostModel


class WithdrawnWebhook(WebhookModel):
    """The portal has taken a post away that was told of."""

    type: Literal["post.withdrawn"]
    timestamp: AwareDatetime
    data: PostModel


class ConfirmWebhook(WebhookModel):
    """Asks a new endpoint whether it wants what is coming."""

    type: Literal["subscription.confirm"]
    timestamp: AwareDatetime
    data: QuestionModel


class TestWebhook(WebhookModel):
    """A test: nothing is to be done."""

    type: Literal["subscription.test"]
    timestamp: AwareDatetime
    data: TestModel


class ReminderWebhook(WebhookModel):
    """Asks again for the receipt of a post that the unit has not acknowledged."""

    type: Literal["receipt.reminder"]
    timestamp: AwareDatetime
    data: ReminderModel


WEBHOOKS: dict[str, type[BaseModel]] = {
    ChangeType.PUBLISHED.value: PublishedWebhook,
    ChangeType.UPDATED.value: UpdatedWebhook,
    ChangeType.WITHDRAWN.value: WithdrawnWebhook,
    CONFIRM: ConfirmWebhook,
    TEST: TestWebhook,
    REMINDER: ReminderWebhook,
}


def webhook_schema(type_: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type; KeyError for another."""
    model = WEBHOOKS[type_]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(mode="serialization"),
    }


def describe_webhooks(components: dict[str, Any]) -> dict[str, Any]:
    """The `webhooks` of the OpenAPI document; their models are put among its components."""
    return {type_: {"post": _operation(type_, components)} for type_ in WEBHOOKS}


def _operation(type_: str, components: dict[str, Any]) -> dict[str, Any]:
    model = WEBHOOKS[type_]
    schema = model.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    components.update(schema.pop("$defs", {}))
    components[model.__name__] = schema
    example = orjson.loads(example_message(type_).body)
    content = {
        "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": {"recorded": {"value": example}},
    }
    answered = {
        "2XX": {"description": _TAKEN[type_ == CONFIRM]},
        "410": {"description": "the subscription is disabled: nothing is wanted any more"},
        "default": {"description": "it is sent again, by a schedule of three days"},
    }
    return {
        "summary": " ".join(str(model.__doc__).split()),
        "tags": ["webhooks"],
        "security": [],
        "parameters": _HEADERS,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": answered,
    }


_TAKEN = {False: "taken", True: "with the challenge in the body: the endpoint is confirmed"}
_SAID = {
    "webhook-id": "the same on every attempt: know by it what came twice",
    "webhook-timestamp": "of this attempt, Unix seconds",
    "webhook-signature": "`v1,` by the subscription's secret, and `v1a,` by the service's public "
    "key (`/.well-known/loa-webhook-key`), over id, timestamp and body (Standard Webhooks)",
}
_HEADERS = [
    {"name": name, "in": "header", "required": True, "schema": {"type": "string"},
     "description": said}
    for name, said in _SAID.items()
]  # fmt: skip

"""The recorded examples: valid against their schemas by a foreign validator, signed as the foreign
library wants it, and what the program really sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from standardwebhooks import Webhook

from service.alerts.cloudevents import cloudevents_headers
from service.alerts.examples import EXAMPLE_TYPES, example_message
from service.alerts.message import build_payload
from service.alerts.signing import new_secret, new_signing_key, sign, sign_publicly, signing_key
from service.alerts.verifying import Verifier
from service.types import ChangeType
from service.web.api.webhook_shapes import WEBHOOKS, webhook_schema
from tests.fakes_ledger import LINKS, NOW, a_post

AT = 1_700_000_000


def keys_of(value: Any, at: str = "") -> set[str]:
    """Every key, with the way to it; of a list, those of its items."""
    if isinstance(value, dict):
        own = {f"{at}.{key}" for key in value}
        return own.union(*(keys_of(item, f"{at}.{key}") for key, item in value.items()))
    if isinstance(value, list):
        return set[str]().union(*(keys_of(item, f"{at}[]") for item in value))
    return set()


@pytest.mark.parametrize("type_", EXAMPLE_TYPES)
def test_an_example_is_valid_signed_and_always_the_same_bytes(type_: str) -> None:
    message = example_message(type_)
    said = json.loads(message.body)
    schema = webhook_schema(type_)
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(said)
    assert said["type"] == type_
    assert example_message(type_) == message
    secret = new_secret()
    at = datetime.now(UTC)
    signature = sign(secret, message.id, int(at.timestamp()), message.body)
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    assert Webhook(secret).verify(message.body, headers) == said


@pytest.mark.parametrize("type_", EXAMPLE_TYPES)
def test_a_schema_refuses_what_lacks_a_key_or_is_of_another_type(type_: str) -> None:
    validator = jsonschema_rs.validator_for(webhook_schema(type_))
    said = json.loads(example_message(type_).body)
    for key in said["data"]:
        cut = {**said, "data": {k: v for k, v in said["data"].items() if k != key}}
        assert not validator.is_valid(cut), key
    assert not validator.is_valid({**said, "type": "other"})
    assert validator.is_valid({**said, "data": {**said["data"], "more": 1}})  # keys may come


def test_every_type_has_a_schema_and_an_example() -> None:
    assert set(WEBHOOKS) == set(EXAMPLE_TYPES)


@pytest.mark.parametrize("change_type", list(ChangeType))
def test_an_example_has_the_keys_that_the_program_sends(change_type: ChangeType) -> None:
    sent = json.loads(build_payload(change_type, NOW, a_post(), LINKS))
    example = json.loads(example_message(change_type.value).body)
    assert set(sent) == set(example) and set(sent["data"]) == set(example["data"])
    assert keys_of(sent) <= keys_of(example)
    jsonschema_rs.validator_for(webhook_schema(change_type.value)).validate(sent)


def test_cloudevents_headers_say_what_the_body_says() -> None:
    for type_ in EXAMPLE_TYPES:
        message = example_message(type_)
        said = json.loads(message.body)
        headers = cloudevents_headers(message.id, "https://loa.example", message.body)
        assert headers["ce-type"] == type_ and headers["ce-time"] == said["timestamp"]
        assert headers["ce-specversion"] == "1.0" and headers["ce-id"] == message.id
        subject = said["data"].get("id") or said["data"]["subscription_id"]
        assert headers["ce-subject"] == subject


def signed(secret: str, private: str, body: bytes = b"{}") -> dict[str, str]:
    both = f"{sign(secret, 'm', AT, body)} {sign_publicly([signing_key(private)], 'm', AT, body)}"
    return {"webhook-id": "m", "webhook-timestamp": str(AT), "webhook-signature": both}


def test_one_good_signature_is_enough_and_anything_else_is_named() -> None:
    secret, (private, public) = new_secret(), new_signing_key()
    other = new_signing_key()[1]
    headers = signed(secret, private)
    for verifier in (
        Verifier([secret]),
        Verifier([new_secret(), secret]),
        Verifier((), [public]),
        Verifier((), [other, public]),
    ):
        assert verifier.fault(headers, b"{}", AT) == ""
        assert "no signature" in verifier.fault(headers, b"{ }", AT)
        assert "300 s" in verifier.fault(headers, b"{}", AT + 301)
        assert "300 s" in verifier.fault(headers, b"{}", AT - 301)
    for verifier in (Verifier(), Verifier([new_secret()]), Verifier((), [other, "whpk_x", "x"])):
        assert "no signature" in verifier.fault(headers, b"{}", AT)
    by_secret = Verifier([secret])
    assert "lacks" in by_secret.fault({}, b"{}", AT)
    for timestamp in ("", "-1", "x", "\u0661", "1" * 20):
        said = by_secret.fault({**headers, "webhook-timestamp": timestamp}, b"{}", AT)
        assert "no number" in said
    for garbled in ("v1", "v1,", "v1,x", "v2,eA==", "v1a,eA==", ",", "v1,\u00e9"):
        said = by_secret.fault({**headers, "webhook-signature": garbled}, b"{}", AT)
        assert "no signature" in said
    assert "no signature" in Verifier(["whsec_"]).fault(headers, b"{}", AT)

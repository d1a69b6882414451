"""From a message to the request that carries it: address taken apart, body, headers, signatures.

Keeps what many messages share: opened secrets, parsed targets, what a payload says of its
categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from service.alerts.links import Links
from service.alerts.message import owes_receipt, with_receipt_url
from service.alerts.own_headers import open_value
from service.alerts.signing import SecretBox, secret_key, sign_with
from service.alerts.target import Target, parse_target
from service.storage.queue import ChangePayload, OutgoingMessage

USER_AGENT = "Loa/0.1"
_HEADERS = ("content-type: application/json", f"user-agent: {USER_AGENT}", "Expect:")


@dataclass(slots=True)
class Request:
    """What goes over the wire. `challenge`: what the answer must hold to confirm a subscription;
    None otherwise."""

    message_id: str
    subscription_id: str
    target: Target
    headers: list[str]
    body: bytes
    challenge: str | None = None


class Preparer:
    def __init__(
        self, links: Links, secret_box: SecretBox, receipt_categories: Sequence[str]
    ) -> None:
        self._links = links
        self._box = secret_box
        self._receipt_categories = tuple(receipt_categories)
        self._open = lru_cache(20_000)(lambda sealed: secret_key(secret_box.decrypt(sealed)))
        self._target = lru_cache(20_000)(lambda url: parse_target(url, allow_private_networks=True))
        self._owes = lru_cache(256)(self._owes_receipt)

    def prepare(self, outgoing: OutgoingMessage, timestamp: int) -> Request:
        """The request, signed for an instant in Unix seconds; the same bytes at every attempt.

        Raises ConfigurationError when a secret was sealed with another key.
        """
        message_id, body = outgoing.message_id, self._body(outgoing)
        signature = sign_with(
            [self._open(sealed) for sealed in outgoing.sealed], message_id, timestamp, body
        )
        headers = [
            *_HEADERS,
            f"webhook-id: {message_id}",
            f"webhook-timestamp: {timestamp}",
            f"webhook-signature: {signature}",
        ]
        if outgoing.headers != "{}":
            own = orjson.loads(outgoing.headers)
            headers += [f"{name}: {open_value(value, self._box)}" for name, value in own.items()]
        challenge = orjson.loads(outgoing.body)["data"].get("challenge") if outgoing.body else None
        return Request(
            message_id,
            outgoing.subscription_id,
            self._target(outgoing.url),
            headers,
            body,
            challenge,
        )

    def _body(self, outgoing: OutgoingMessage) -> bytes:
        told = outgoing.told
        if told is None:
            return outgoing.body
        if outgoing.unit_id is None or not self._owes(told):
            return told.payload
        url = self._links.receipt_url(told.post_id, told.revision, outgoing.unit_id)
        return with_receipt_url(told.payload, url)

    def _owes_receipt(self, told: ChangePayload) -> bool:
        return owes_receipt(
            orjson.loads(told.payload)["data"]["categories"], self._receipt_categories
        )

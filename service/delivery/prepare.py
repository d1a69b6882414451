"""From a message to the request that carries it: address taken apart, body, headers, signatures.

Keeps what many messages share: opened secrets, parsed targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from service.alerts.cloudevents import cloudevents_headers
from service.alerts.links import Links
from service.alerts.own_headers import open_value
from service.alerts.signing import SecretBox, sign_publicly, sign_with, signing_bytes, signing_key
from service.alerts.target import Target, parse_target
from service.delivery.message_bodies import MessageBodies
from service.storage.queue import OutgoingMessage

USER_AGENT = "Loa/0.1"
_HEADERS = ("content-type: application/json", f"user-agent: {USER_AGENT}", "Expect:")


@dataclass(slots=True)
class Request:
    """What goes over the wire. `challenge`: what the answer must hold to confirm a subscription;
    None otherwise. `is_get`: asks by GET, without the body, which says what it is about."""

    message_id: str
    subscription_id: str
    target: Target
    headers: list[str]
    body: bytes
    challenge: str | None = None
    is_get: bool = False


@dataclass(slots=True)
class SignedMessage:
    """A message as its receiver verifies it (Standard Webhooks). `timestamp`: Unix seconds."""

    message_id: str
    timestamp: int
    signature: str
    body: bytes


class Preparer:
    """Signs messages, and makes the requests that carry them."""

    def __init__(
        self, links: Links, secret_box: SecretBox, receipt_categories: Sequence[str]
    ) -> None:
        self._bodies = MessageBodies(links, receipt_categories)
        self._box = secret_box
        self._source = links.public_url
        self._open = lru_cache(20_000)(lambda sealed: signing_bytes(secret_box.decrypt(sealed)))
        self._open_public = lru_cache(16)(lambda sealed: signing_key(secret_box.decrypt(sealed)))
        self._target = lru_cache(20_000)(lambda url: parse_target(url, allow_private_networks=True))

    def prepare(self, outgoing: OutgoingMessage, timestamp: int) -> Request:
        """The request, signed for an instant in Unix seconds; the same bytes at every attempt.

        Raises ConfigurationError when a secret was sealed with another key.
        """
        signed = self.signed(outgoing, timestamp)
        message_id, body = signed.message_id, signed.body
        headers = [
            *_HEADERS,
            f"webhook-id: {message_id}",
            f"webhook-timestamp: {timestamp}",
            f"webhook-signature: {signed.signature}",
        ]
        if outgoing.is_cloudevents:
            said = cloudevents_headers(message_id, self._source, body)
            headers += [f"{name}: {value}" for name, value in said.items()]
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

    def signed(self, outgoing: OutgoingMessage, timestamp: int) -> SignedMessage:
        """The same bytes and signatures, for who asks for them. Raises as `prepare` does."""
        body = self._bodies.body_of(outgoing)
        signature = self.sign(
            outgoing.sealed, outgoing.public_sealed, outgoing.message_id, timestamp, body
        )
        return SignedMessage(outgoing.message_id, timestamp, signature, body)

    def sign(
        self,
        sealed: Sequence[bytes],
        public_sealed: Sequence[bytes],
        message_id: str,
        timestamp: int,
        body: bytes,
    ) -> str:
        """The `webhook-signature` by the receiver's secrets, then by the service's own keys."""
        secret = sign_with([self._open(one) for one in sealed], message_id, timestamp, body)
        public = sign_publicly(
            [self._open_public(one) for one in public_sealed], message_id, timestamp, body
        )
        return f"{secret} {public}".strip()

"""Whether a message is signed as Standard Webhooks says: `v1` by a secret, `v1a` by a public key.

Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.alerts.signing import PREFIX, PUBLIC_PREFIX

TOLERANCE_S = 300
"""Of the sender's clock (Standard Webhooks, "Verifying webhook authenticity")."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """`secrets`: `whsec_…`; `public_keys`: `whpk_…`. One signature by one of them is enough."""

    secrets: Sequence[str] = ()
    public_keys: Sequence[str] = ()

    def fault(self, headers: Mapping[str, str], body: bytes, now_s: float) -> str:
        """What is wrong with a message, in English; empty where it is signed and of now.

        `headers`: the three of Standard Webhooks, by their names in small letters.
        """
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        if not message_id or not headers.get("webhook-signature"):
            return "it lacks webhook-id or webhook-signature"
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            return "its webhook-timestamp is no number of seconds"
        if abs(now_s - int(timestamp)) > TOLERANCE_S:
            return f"its webhook-timestamp is more than {TOLERANCE_S} s from this clock"
        signed = f"{message_id}.{timestamp}.".encode() + body
        given = [one.partition(",") for one in headers["webhook-signature"].split()]
        if any(self._is_signed(version, value, signed) for version, _, value in given):
            return ""
        return "no signature of it is by a key that is known here"

    def _is_signed(self, version: str, value: str, signed: bytes) -> bool:
        raw = _decoded(value)
        if version == "v1":
            keys = [_decoded(one.removeprefix(PREFIX)) for one in self.secrets]
            return any(key and hmac.compare_digest(_mac(key, signed), raw) for key in keys)
        if version == "v1a":
            return any(_is_by(key, raw, signed) for key in self.public_keys)
        return False


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, sha256)


def _is_by(public: str, signature: bytes, signed: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(_decoded(public.removeprefix(PUBLIC_PREFIX)))
        key.verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _decoded(text: str) -> bytes:
    """Empty where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""Signatures of webhooks by Standard Webhooks, and the box that keeps their secrets unreadable at
rest.

Refuses to know where a secret is stored: it is handed bytes and gives bytes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.errors import ConfigurationError

PREFIX = "whsec_"
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: 96 random bits
_FORMAT = b"\x01"  # the first byte of a sealed secret: how it was sealed


def new_secret() -> str:
    """A fresh secret, 256 random bits, in the form that Standard Webhooks libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_key(secret: str) -> bytes:
    """The bytes that sign, of a `whsec_…` secret."""
    return base64.b64decode(secret.removeprefix(PREFIX))


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of one secret: `v1,` and the HMAC-SHA256 over id, timestamp and
    body."""
    return sign_with((secret_key(secret),), message_id, timestamp, body)


def sign_with(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The same for several keys: while secrets rotate both sign, separated by a space."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode() for key in keys
    )


class SecretBox:
    """Seals secrets with a key derived from the service's `secret_key`.

    >>> box = SecretBox("key")
    >>> box.decrypt(box.encrypt("whsec_eA=="))
    'whsec_eA=='
    """

    def __init__(self, key: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"loa webhook secrets").derive(key.encode())
        self._cipher = AESGCM(derived)

    def encrypt(self, secret: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, secret.encode(), _FORMAT)

    def is_ours(self, sealed: bytes) -> bool:
        """Whether it can be opened with this key."""
        try:
            self.decrypt(sealed)
        except ConfigurationError:
            return False
        return True

    def decrypt(self, sealed: bytes) -> str:
        """Raises ConfigurationError when it was sealed with another key, or is damaged."""
        nonce, hidden = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, hidden, sealed[:1]).decode()
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                "cannot open a webhook secret: service.secret_key is not the key it was sealed "
                "with; "
                "put the old key back, or rotate the secrets of the subscriptions"
            ) from error

"""Signatures of webhooks by Standard Webhooks, and the box that keeps their secrets unreadable at
rest.

Refuses to know where a secret is stored: it is handed bytes and gives bytes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.alerts.keys import Keyring, as_keyring
from service.errors import ConfigurationError

PREFIX = "whsec_"
PRIVATE_PREFIX = "whsk_"
PUBLIC_PREFIX = "whpk_"
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: 96 random bits
_FORMAT = b"\x01"  # the first byte of a sealed secret: how it was sealed


def new_secret() -> str:
    """A fresh secret, 256 random bits, in the form that Standard Webhooks libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signing_bytes(secret: str) -> bytes:
    """The bytes that sign, of a `whsec_…` secret."""
    return base64.b64decode(secret.removeprefix(PREFIX))


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of one secret: `v1,` and the HMAC-SHA256 over id, timestamp and
    body."""
    return sign_with((signing_bytes(secret),), message_id, timestamp, body)


def sign_with(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The same for several keys: while secrets rotate both sign, separated by a space."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode() for key in keys
    )


def new_signing_key() -> tuple[str, str]:
    """An ed25519 key and its public half, `whsk_…` and `whpk_…` as Standard Webhooks has them."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    return (
        PRIVATE_PREFIX + base64.b64encode(key.private_bytes_raw()).decode(),
        PUBLIC_PREFIX + base64.b64encode(public).decode(),
    )


def signing_key(private: str) -> Ed25519PrivateKey:
    """The key of a `whsk_…`."""
    return Ed25519PrivateKey.from_private_bytes(
        base64.b64decode(private.removeprefix(PRIVATE_PREFIX))
    )


def sign_publicly(
    keys: Sequence[Ed25519PrivateKey], message_id: str, timestamp: int, body: bytes
) -> str:
    """`v1a,` and the ed25519 signature over the same bytes, of each key: anybody can verify it."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1a," + base64.b64encode(key.sign(signed)).decode() for key in keys)


class SecretBox:
    """Seals secrets with a key derived from the service's present one; opens what any key that is
    known sealed.

    >>> box = SecretBox("key")
    >>> box.decrypt(box.encrypt("whsec_eA=="))
    'whsec_eA=='
    """

    def __init__(self, keys: str | Keyring) -> None:
        self._keys = as_keyring(keys)

    def encrypt(self, secret: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (
            _FORMAT + nonce + _cipher(self._keys().current).encrypt(nonce, secret.encode(), _FORMAT)
        )

    def mark(self, text: str) -> str:
        """The same for the same text, and says nothing of it to who has not the key."""
        return _mark(self._keys().current, text)

    def marks(self, text: str) -> frozenset[str]:
        """By every key that is known."""
        return frozenset(_mark(key, text) for key in self._keys().known)

    def is_current(self, sealed: bytes) -> bool:
        """Whether the present key sealed it."""
        return _open(self._keys().current, sealed) is not None

    def is_ours(self, sealed: bytes) -> bool:
        """Whether it can be opened with a key that is known."""
        try:
            self.decrypt(sealed)
        except ConfigurationError:
            return False
        return True

    def decrypt(self, sealed: bytes) -> str:
        """Raises ConfigurationError when a key that nobody knows sealed it, or it is damaged."""
        for key in self._keys().known:
            opened = _open(key, sealed)
            if opened is not None:
                return opened
        raise ConfigurationError(
            "cannot open a webhook secret: service.secret_key is not the key it was sealed with; "
            "put the old key "
            "back, or into service.old_secret_keys, or rotate the secrets of the subscriptions"
        )


@lru_cache(maxsize=16)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"loa webhook secrets").derive(key.encode()))


def _mark(key: str, text: str) -> str:
    derived = HKDF(SHA256(), 32, salt=None, info=b"loa target marks").derive(key.encode())
    return hmac.new(derived, text.encode(), sha256).hexdigest()


def _open(key: str, sealed: bytes) -> str | None:
    nonce, hidden = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, hidden, sealed[:1]).decode()
    except (InvalidTag, ValueError):
        return None  # another key's, or damaged

"""The links that carry a right: signed, each for one purpose, never valid for another.

A token says what it is about and nothing secret. Tokens that unsubscribe or acknowledge never
expire; those that confirm, manage, restore, sign in or open a unit's page say when they were made.
The same subject always gives the same token, so that a message repeated is the same to the byte.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

import orjson
from itsdangerous import BadSignature, Signer, base64_decode, base64_encode

from service.alerts.keys import Keyring, as_keyring
from service.errors import EndedLink, InvalidInput

MAX_NAME = 150
"""Characters of a file's name in an address, its last ones, for they say what kind it is."""


class Purpose(StrEnum):
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    MANAGE = "manage"
    RECEIPT = "receipts"
    RESTORE = "restore"
    UNIT = "unit"
    SIGN_IN = "admin/sign-in"


class Links:
    """Makes and reads signed links below `public_url`: made with the present key, read with those
    that still open.

    >>> links = Links("key", "https://loa.example")
    >>> links.read(Purpose.UNSUBSCRIBE, links.token(Purpose.UNSUBSCRIBE, "s1"))
    ('s1',)
    """

    def __init__(self, keys: str | Keyring, public_url: str) -> None:
        self._keys = as_keyring(keys)
        self.public_url = public_url.rstrip("/")

    def token(self, purpose: Purpose, *subject: str) -> str:
        signer = _signer(self._keys().current, purpose)
        return signer.sign(base64_encode(orjson.dumps(subject))).decode()

    def url(self, purpose: Purpose, *subject: str) -> str:
        return f"{self.public_url}/{purpose}/{self.token(purpose, *subject)}"

    def manage_url(self, subscription_id: str, at: datetime) -> str:
        """For MANAGE_FOR from `at` on."""
        return self.url(Purpose.MANAGE, subscription_id, str(int(at.timestamp() * 1_000_000)))

    def receipt_url(self, post_id: str, revision: int, unit_id: str) -> str:
        return self.url(Purpose.RECEIPT, post_id, str(revision), unit_id)

    def post_url(self, post_id: str) -> str:
        return f"{self.public_url}/posts/{post_id}"

    def copy_url(self, digest: str, name: str) -> str:
        """Of the file that is kept here; it is saved under `name`."""
        return self.public_url + copy_path(digest, name)

    def read(self, purpose: Purpose, token: str) -> tuple[str, ...]:
        """The subject of a token.

        Raises InvalidInput for anything that was not made here for this purpose, EndedLink for what
        was, with a key that opens nothing any more.
        """
        keys, raw = self._keys(), token.encode("utf-8", "surrogatepass")
        for key in keys.opening:
            signed = _signed(key, purpose, raw)
            if signed is not None:
                return tuple(orjson.loads(base64_decode(signed)))
        if any(_signed(key, purpose, raw) is not None for key in keys.ended):
            raise EndedLink
        raise InvalidInput("token", "bad.link", "allowed.whole_link")


def copy_path(digest: str, name: str) -> str:
    """Below the public address, of a file that is kept."""
    return f"/attachments/{digest}/{quote(name.replace('/', '_')[-MAX_NAME:], safe='')}"


def view_path(digest: str, name: str) -> str:
    """Of a PDF that is kept, to be read where one is."""
    return f"/attachments/{digest}/view/{quote(name.replace('/', '_')[-MAX_NAME:], safe='')}"


def _signed(key: str, purpose: Purpose, token: bytes) -> bytes | None:
    try:
        return _signer(key, purpose).unsign(token)
    except BadSignature:
        return None  # another key's, or nobody's


@lru_cache(maxsize=64)
def _signer(secret_key: str, purpose: Purpose) -> Signer:
    """One key for each purpose, derived once: a mail has three links."""
    salt = f"loa.{purpose}"
    key = Signer(secret_key, salt=salt, key_derivation="hmac", digest_method=sha256).derive_key()
    return Signer(key, salt=salt, key_derivation="none", digest_method=sha256)

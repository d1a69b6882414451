"""The links that carry a right: signed, each for one purpose, never valid for another.

A token says what it is about and nothing secret. Tokens that unsubscribe or acknowledge never
expire; the same subject always gives the same token, so that a message repeated is the same to the
byte.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

import orjson
from itsdangerous import BadSignature, Signer, base64_decode, base64_encode

from service.errors import InvalidInput


class Purpose(StrEnum):
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    MANAGE = "manage"
    RECEIPT = "receipts"


class Links:
    """Makes and reads signed links below `public_url`.

    >>> links = Links("key", "https://loa.example")
    >>> links.read(Purpose.UNSUBSCRIBE, links.token(Purpose.UNSUBSCRIBE, "s1"))
    ('s1',)
    """

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._signers = {purpose: _signer(secret_key, purpose) for purpose in Purpose}
        self.public_url = public_url.rstrip("/")

    def token(self, purpose: Purpose, *subject: str) -> str:
        return self._signers[purpose].sign(base64_encode(orjson.dumps(subject))).decode()

    def url(self, purpose: Purpose, *subject: str) -> str:
        return f"{self.public_url}/{purpose}/{self.token(purpose, *subject)}"

    def receipt_url(self, post_id: str, revision: int, unit_id: str) -> str:
        return self.url(Purpose.RECEIPT, post_id, str(revision), unit_id)

    def post_url(self, post_id: str) -> str:
        return f"{self.public_url}/posts/{post_id}"

    def read(self, purpose: Purpose, token: str) -> tuple[str, ...]:
        """The subject of a token. Raises InvalidInput for anything that was not made here for this
        purpose."""
        try:
            signed = self._signers[purpose].unsign(token.encode("utf-8", "surrogatepass"))
        except BadSignature as error:
            raise InvalidInput(
                "token", "is not a valid link of this service", "the whole link, as it was sent"
            ) from error
        return tuple(orjson.loads(base64_decode(signed)))


def _signer(secret_key: str, purpose: Purpose) -> Signer:
    """One key for each purpose, derived once: a mail has three links."""
    salt = f"loa.{purpose}"
    key = Signer(secret_key, salt=salt, key_derivation="hmac", digest_method=sha256).derive_key()
    return Signer(key, salt=salt, key_derivation="none", digest_method=sha256)

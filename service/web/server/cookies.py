"""The session's cookie, signed with the present key and read with those that still open: a rotation
signs nobody out.

Refuses to keep anything but what `auth` puts into it; sessions themselves are rows, which end here.
"""

from __future__ import annotations

from hashlib import sha256

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from service.alerts.keys import Keyring


class SignedSessions(SecureCookieSessionInterface):
    """Flask's own sessions, but the keys are asked for at each request."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def get_signing_serializer(self, _app: Flask) -> URLSafeTimedSerializer:
        keys = reversed(self._keyring().opening)  # the last one signs
        return URLSafeTimedSerializer(
            [_derive(key) for key in keys],
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={
                "key_derivation": self.key_derivation,
                "digest_method": self.digest_method,
            },
        )


def _derive(key: str) -> str:
    return sha256(b"loa session:" + key.encode()).hexdigest()

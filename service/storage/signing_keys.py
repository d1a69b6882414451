"""The service's own key that signs for everybody (ed25519), and those before that sign beside it a
while.

Kept sealed in `meta`, as one JSON list, the newest first; made when it is first needed. One that no
known key opens is replaced, for nobody can sign with it.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection

from service.alerts.signing import SecretBox, new_signing_key
from service.storage.meta import get_meta, put_meta
from service.storage.schema import from_micros, to_micros

log = logging.getLogger(__name__)

KEY = "webhook_signing_keys"
OVERLAP = timedelta(days=30)
"""A public key is copied into programs: so long the one before signs too after a rotation."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`public` as it is published; `until`: when it signs no more, None for the newest."""

    sealed: bytes
    public: str
    until: datetime | None


def load_signing_keys(conn: Connection, now: datetime) -> list[SigningKey]:
    """Those that sign now, the newest first; empty where none was made yet."""
    return [key for key in _load(conn) if key.until is None or key.until > now]


def keep_signing_key(conn: Connection, box: SecretBox, now: datetime) -> list[SigningKey]:
    """The same; made anew where there is none, or none that can be opened."""
    known = load_signing_keys(conn, now)
    usable = [key for key in known if box.is_ours(key.sealed)]
    if len(usable) < len(known):
        log.warning("a public signing key cannot be opened any more, and is replaced")
    if not any(key.until is None for key in usable):
        usable = [_made(box), *usable]
    if usable != known:
        _store(conn, usable)
    return usable


def rotate_signing_key(conn: Connection, box: SecretBox, now: datetime) -> None:
    """Makes another; the one before signs beside it for OVERLAP."""
    before = [
        SigningKey(key.sealed, key.public, key.until or now + OVERLAP)
        for key in load_signing_keys(conn, now)
        if box.is_ours(key.sealed)
    ]
    _store(conn, [_made(box), *before])


def reseal_signing_keys(conn: Connection, box: SecretBox) -> tuple[int, int]:
    """Seals them under the present key: how many were sealed anew, and how many none opens."""
    keys = _load(conn)
    stale = [key for key in keys if not box.is_current(key.sealed)]
    ours = [key for key in stale if box.is_ours(key.sealed)]
    if ours:
        _store(
            conn,
            [
                SigningKey(box.encrypt(box.decrypt(key.sealed)), key.public, key.until)
                if key in ours
                else key
                for key in keys
            ],
        )
    return len(ours), len(stale) - len(ours)


def _made(box: SecretBox) -> SigningKey:
    private, public = new_signing_key()
    return SigningKey(box.encrypt(private), public, None)


def _load(conn: Connection) -> list[SigningKey]:
    return [
        SigningKey(
            b64decode(one["sealed"]),
            one["public"],
            None if one["until"] is None else from_micros(one["until"]),
        )
        for one in orjson.loads(get_meta(conn, KEY) or "[]")
    ]


def _store(conn: Connection, keys: list[SigningKey]) -> None:
    rows = [
        {
            "sealed": b64encode(key.sealed).decode(),
            "public": key.public,
            "until": None if key.until is None else to_micros(key.until),
        }
        for key in keys
    ]
    put_meta(conn, KEY, orjson.dumps(rows).decode())

"""The public keys by which anybody verifies what Loa signs (`v1a` of Standard Webhooks), at an
address that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response

from service.storage.signing_keys import keep_signing_key, load_signing_keys
from service.values import rfc3339

if TYPE_CHECKING:
    from service.bootstrap import Loa

PATH = "/.well-known/loa-webhook-key"


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("webhook_key", __name__)

    @blueprint.get(PATH)
    def show() -> Response:
        """The newest first; `until` is when one that was replaced signs no more."""
        now = loa.clock()
        with loa.database.reading() as conn:
            keys = load_signing_keys(conn, now)
        if not keys:
            with loa.database.writing() as conn:
                keys = keep_signing_key(conn, loa.secret_box, now)
        shape = [
            {"key": key.public, "until": None if key.until is None else rfc3339(key.until)}
            for key in keys
        ]
        return Response(
            orjson.dumps({"keys": shape}),
            content_type="application/json",
            headers={"Cache-Control": "public, max-age=300"},
        )

    return blueprint

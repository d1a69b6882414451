"""Whether Loa is alive, able to work, and how it is doing: /healthz, /readyz, /metrics."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response

from service.errors import StorageError
from service.storage.engine import sqlite_path
from service.storage.fence import WORDS, is_fenced
from service.storage.inspect import check_writable
from service.storage.listings import load_listings
from service.web.metrics import Metrics

if TYPE_CHECKING:
    from service.bootstrap import Loa

MIN_FREE_BYTES = 64 << 20
"""Of the disk that holds a SQLite file: room for its write-ahead log and a day of posts with attachments."""

PATIENCE_S = 2.0
"""How long a locked database is waited for: a probe of an orchestrator gives up after some seconds itself."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("health", __name__)
    metrics = Metrics(loa)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"}, 200)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        reasons = reasons_not_ready(loa)
        status = "not ready" if reasons else "ready"
        return _json({"status": status, "reasons": reasons}, 503 if reasons else 200)

    @blueprint.get("/metrics")
    def scrape() -> Response:
        body, content_type = metrics.render()
        return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})

    return blueprint


def reasons_not_ready(loa: Loa, min_free_bytes: int = MIN_FREE_BYTES) -> list[str]:
    """In words, what keeps Loa from working; empty when nothing does."""
    return [*_disk_reasons(loa, min_free_bytes), *_database_reasons(loa)]


def _disk_reasons(loa: Loa, min_free_bytes: int) -> list[str]:
    path = sqlite_path(loa.settings.database.url)
    if path is None or not path.parent.exists():
        return []
    free = shutil.disk_usage(path.parent).free
    return [f"disk: only {free >> 20} MB are free where the database is"] if free < min_free_bytes else []


def _database_reasons(loa: Loa) -> list[str]:
    try:
        check_writable(loa.database, PATIENCE_S)
        with loa.database.reading() as conn:
            listings = load_listings(conn)
            fence = [f"delivery: {WORDS}"] if is_fenced(conn) else []
    except StorageError as error:
        return [f"database: {error.__cause__ or error}"]  # without its path: anybody may ask
    late_after = timedelta(seconds=max(3 * loa.settings.polling.interval_s, 60))
    configured = {(portal.id, listing.url) for portal in loa.settings.portals for listing in portal.listings}
    late = [
        state
        for key, state in listings.items()
        if key in configured and loa.clock() - state.next_poll_at > late_after
    ]
    if not late:
        return fence
    oldest = min(state.next_poll_at for state in late)
    polling = f"polling: {len(late)} listings are overdue, one since {oldest.isoformat()}; is a worker running?"
    return [*fence, polling]


def _json(value: object, status: int) -> Response:
    return Response(
        orjson.dumps(value), status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )

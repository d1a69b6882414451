"""Whether Loa is alive, able to work, and how it is doing: /healthz, /readyz, /metrics."""

from __future__ import annotations

import shutil
import threading
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response

from service.errors import DatabaseVersionError, StorageError
from service.heartbeat import PROCESS, beat_text
from service.services.lost_names import find_lost_names, find_lost_portals
from service.services.mail_state import operator_unread_since, why_no_mail
from service.services.silences import undecided
from service.services.unit_acts import deaf_units
from service.storage.archive_room import list_stops
from service.storage.beats import LATE_S, LateBeat, late_beats
from service.storage.clock_guard import went_back
from service.storage.counts import count_held
from service.storage.deliveries import why_stopped
from service.storage.down_channels import load_down
from service.storage.engine import require_version, sqlite_path
from service.storage.inspect import check_writable
from service.storage.listings import load_listings
from service.storage.losses import count_by_mail
from service.storage.proxy_sightings import WORDS as PROXY_WORDS
from service.storage.proxy_sightings import is_proxy_seen
from service.storage.quarantine import QuarantinedPage, list_quarantined
from service.storage.queue import FENCED_WORDS, is_fenced
from service.web.server.metrics import Metrics
from service.words.say import ENGLISH
from service.words.say import say as say_coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

MIN_FREE_BYTES = 64 << 20
"""Of the disk that holds a SQLite file: room for its write-ahead log and a day of posts with
attachments."""

WARNINGS_KEPT = timedelta(seconds=10)
_NAMED = 5  # units in a warning

PATIENCE_S = 2.0
"""How long a locked database is waited for: a probe of an orchestrator gives up after some seconds
itself."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("health", __name__)
    metrics = Metrics(loa)
    warnings = _Warnings(loa)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"}, 200)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        reasons = reasons_not_ready(loa)
        status = "not ready" if reasons else "ready"
        told = warnings.now()
        return _json(
            {"status": status, "reasons": reasons, "warnings": told}, 503 if reasons else 200
        )

    @blueprint.get("/metrics")
    def scrape() -> Response:
        try:
            body, content_type = metrics.render()
        except StorageError:
            return Response(
                "# the database cannot be used: see /readyz\n", 503, content_type="text/plain"
            )
        return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})

    return blueprint


def reasons_not_ready(loa: Loa, min_free_bytes: int = MIN_FREE_BYTES) -> list[str]:
    """In words, what keeps Loa from working; empty when nothing does."""
    return [*_disk_reasons(loa, min_free_bytes), *_still_reasons(loa), *_database_reasons(loa)]


def _still_reasons(loa: Loa) -> list[str]:
    """What stands still of the processes whose memory is shared with this one."""
    own = f"request {threading.get_ident()}"
    found = []
    for name, pulse in {**loa.beside, "web process": loa.pulse}.items():
        standing = [beat for beat in pulse.standing() if beat.name != own]
        if any(
            beat.name == PROCESS for beat in standing
        ):  # nothing of it moves: what it works on says more
            standing = [beat for beat in pulse.beats() if beat.name == PROCESS or beat.doing]
        found += [f"heartbeat: the {name} stands still: {beat_text(beat)}" for beat in standing]
    return found


def _late(beat: LateBeat) -> str:
    if beat.age_s <= LATE_S:
        return f"heartbeat: worker {beat.worker} stands still: {'; '.join(beat.standing)}"
    return f"heartbeat: worker {beat.worker} has not beaten for {beat.age_s:.0f} s"


def _disk_reasons(loa: Loa, min_free_bytes: int) -> list[str]:
    path = sqlite_path(loa.settings.database.url)
    if path is None or not path.parent.exists():
        return []
    free = shutil.disk_usage(path.parent).free
    return (
        [f"disk: only {free >> 20} MB are free where the database is"]
        if free < min_free_bytes
        else []
    )


def _database_reasons(loa: Loa) -> list[str]:
    try:
        check_writable(loa.database, PATIENCE_S)
        with loa.database.reading() as conn:
            require_version(conn, loa.settings.database.url)
            listings = load_listings(conn)
            told = [f"delivery: {FENCED_WORDS}"] if is_fenced(conn) else []
            told += [_late(beat) for beat in late_beats(conn)]
    except StorageError as error:
        return [f"database: {_unusable(loa, error)}"]
    late_after = timedelta(seconds=max(3 * loa.settings.polling.interval_s, 60))
    configured = {
        (portal.id, listing.url) for portal in loa.settings.portals for listing in portal.listings
    }
    late = [
        state
        for key, state in listings.items()
        if key in configured and loa.clock() - state.next_poll_at > late_after
    ]
    if not late:
        return told
    oldest = min(state.next_poll_at for state in late)
    polling = (
        f"polling: {len(late)} listings are overdue, one since {oldest.isoformat()}; is a worker "
        f"running?"
    )
    return [*told, polling]


def _unusable(loa: Loa, error: StorageError) -> str:
    """Without its path, host or user: anybody may ask."""
    if isinstance(error, DatabaseVersionError):
        return "another Loa has migrated it: this process must be replaced by one of that version"
    if sqlite_path(loa.settings.database.url) is None:
        return "PostgreSQL cannot be reached, or refuses; `loa check` says why"
    if isinstance(error.__cause__, FileNotFoundError):
        return (
            "its file is gone: nothing is polled or sent until it is put back, or a backup is "
            "restored"
        )
    return str(error.__cause__ or error)


class _Warnings:
    """What waits for an operator's word while all works: looked up at most every ten seconds, for
    anybody may ask."""

    def __init__(self, loa: Loa) -> None:
        self._loa = loa
        self._lock = Lock()
        self._looked_at: datetime | None = None
        self._found: list[str] = []

    def now(self) -> list[str]:
        with self._lock:
            now = self._loa.clock()
            if (
                self._looked_at is None
                or not self._looked_at <= now < self._looked_at + WARNINGS_KEPT
            ):
                try:
                    self._found, self._looked_at = _look_for_warnings(self._loa), now
                except StorageError:  # told as the reason for not being ready
                    return []
            return self._found


def _look_for_warnings(loa: Loa) -> list[str]:
    with loa.database.reading() as conn:
        down = load_down(conn)
        stopped, held = why_stopped(conn), sum(count_held(conn).values())
        silent, deaf = undecided(conn), deaf_units(conn, loa)
        asides = list_quarantined(conn, loa.clock())
        lost, unwatched = find_lost_names(conn, loa), find_lost_portals(conn, loa)
        back = went_back(conn, loa.clock())
        full = list_stops(conn)
        unread = operator_unread_since(conn, loa)
        no_mail, by_mail = why_no_mail(conn, loa), count_by_mail(conn)
        is_proxied = not loa.settings.server.trusted_proxies and is_proxy_seen(conn, loa.clock())
    found = [f"delivery: {stopped}"] if stopped else []
    found += [f"delivery: {say_coded(why, ENGLISH)}" for why in down.values()]
    if is_proxied:
        found.append(f"proxy: {PROXY_WORDS}")
    if back is not None:
        by = f"{back.by.total_seconds():.0f} s, at {back.at.isoformat(timespec='seconds')}"
        found.append(
            f"clock: it went back by {by}: what was due is due now; is the time server right?"
        )
    if unread is not None:
        at = unread.isoformat(timespec="seconds")
        found.append(f"mail: what is told to operator.email comes back since {at}: nobody reads it")
    if no_mail is not None and by_mail:
        said = say_coded(no_mail, ENGLISH, loa.settings.service.locale.zone)
        found.append(f"mail: {by_mail} subscriptions by mail wait: {said}")
    if held:
        found.append(f"polling: a flood holds {held} changes back: loa portal release")
    for portal_id, codes in silent.items():
        for code, count in codes.items():
            if code != "flood":
                said = f"portal {portal_id}: {count} posts were told to nobody ({code})"
                found.append(f"polling: {said}: loa post silent")
    if deaf:
        some = ", ".join(unit.name for unit in deaf[:_NAMED])
        more = f" and {len(deaf) - _NAMED} more" if len(deaf) > _NAMED else ""
        found.append(f"units: {len(deaf)} hear by no channel: {some}{more}")
    found += [
        f"filters: {len(one.subscriptions)} subscriptions ask for {one.value!r}, which is not "
        f"configured; {len(one.deaf)} get nothing: loa check"
        for one in lost
    ]
    found += [f"polling: portal {one} was read lately and is not configured" for one in unwatched]
    found += [f"archive: files are not kept: {say_coded(stop.reason, 'en')}" for stop in full]
    return [*found, *(_aside(one) for one in asides)]


def _aside(aside: QuarantinedPage) -> str:
    return (
        f"polling: portal {aside.portal_id}: {aside.url} stopped Loa at "
        f"{aside.at.isoformat(timespec='seconds')} and "
        f"is put aside until {aside.until.isoformat(timespec='seconds')}"
    )


def _json(value: object, status: int) -> Response:
    return Response(
        orjson.dumps(value),
        status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

"""Pages that are put aside: reading one hung or killed a process, so it is not read again at
once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from sqlalchemy import Connection, text

from service.storage.meta import drop_meta, get_meta, put_meta

_PREFIX = "aside:"
_FIRST = timedelta(hours=1)
_FACTOR = 4
_LONGEST = timedelta(days=1)
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class QuarantinedPage:
    """A page of a portal that did harm so many times, lately `at`; read again from `until` on."""

    portal_id: str
    url: str
    times: int
    at: datetime
    until: datetime


def quarantine_page(
    conn: Connection, portal_id: str, url: str, at: datetime, *, is_sure: bool
) -> QuarantinedPage:
    """Remembers that a process hung or died with this page in hand; saying the same again changes
    nothing.

    For an hour, then four, then sixteen, then a day. One that is only suspected is put aside the
    second time.
    """
    known = _load(conn, _key(url))
    if known is not None and known.at >= at and known.at - at < _LONGEST:
        return known
    times = 1 if known is None or not timedelta(0) <= at - known.at < _KEPT else known.times + 1
    steps = times if is_sure else times - 1
    wait = min(_FIRST * _FACTOR ** min(steps - 1, 3), _LONGEST) if steps else timedelta(0)
    aside = QuarantinedPage(portal_id, url, times, at, at + wait)
    put_meta(conn, _key(url), orjson.dumps(asdict(aside)).decode())
    return aside


def quarantined_page(conn: Connection, url: str, now: datetime) -> QuarantinedPage | None:
    """The page, if it may not be read now. A clock that was set back lets it be read."""
    found = _load(conn, _key(url))
    return found if found is not None and _is_aside(found, now) else None


def list_quarantined(conn: Connection, now: datetime) -> list[QuarantinedPage]:
    """What may not be read now, in the order in which it happened."""
    keys = conn.execute(text("SELECT key FROM meta WHERE key LIKE 'aside:%'")).scalars().all()
    found = [
        aside for key in keys if (aside := _load(conn, key)) is not None and _is_aside(aside, now)
    ]
    return sorted(found, key=lambda aside: (aside.at, aside.url))


def forget_asides(conn: Connection, now: datetime) -> None:
    """Forgets those of which nothing was heard for a week."""
    for key in conn.execute(text("SELECT key FROM meta WHERE key LIKE 'aside:%'")).scalars().all():
        aside = _load(conn, key)
        if aside is None or abs(now - aside.at) > _KEPT:
            drop_meta(conn, key)


def _is_aside(aside: QuarantinedPage, now: datetime) -> bool:
    return now < aside.until <= now + _LONGEST


def _key(url: str) -> str:
    return _PREFIX + sha256(url.encode()).hexdigest()


def _load(conn: Connection, key: str) -> QuarantinedPage | None:
    value = get_meta(conn, key)
    if value is None:
        return None
    kept = orjson.loads(value)
    return QuarantinedPage(
        kept["portal_id"],
        kept["url"],
        kept["times"],
        datetime.fromisoformat(kept["at"]),
        datetime.fromisoformat(kept["until"]),
    )

"""The log of who did what: written with the act, searched, and what an act shows of its subject.

No secret stands in it; of an address the first letter and the domain, of an endpoint the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, text

from service.storage.engine import uuid7
from service.storage.schema import from_micros
from service.storage.schema_audit import audit
from service.storage.units import own_name
from service.values import rfc3339

AuditFields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """What an act is about, as it is now: its id, what it is called, what may be shown of it."""

    id: str
    name: str
    shown: AuditFields


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`before`, `after`: what the act changed, of what may be shown; None: nothing."""

    id: str
    at: datetime
    door: str
    who: str
    source: str
    act: str
    kind: str
    subject_id: str
    subject: str
    before: AuditFields | None
    after: AuditFields | None


def write_audit(conn: Connection, **values: Any) -> None:
    """`values`: those of an AuditEntry but for its id."""
    conn.execute(insert(audit).values(id=uuid7(), **values))


def list_audit(
    conn: Connection,
    *,
    q: str = "",
    act: str | None = None,
    door: str | None = None,
    subject_id: str | None = None,
    before: str | None = None,
    limit: int | None = None,
) -> list[AuditEntry]:
    """The last first. `q`: part of who, of the subject's name or id. `before`: the id of the last
    entry of the page before."""
    table = audit.c
    query = select(audit).order_by(table.id.desc())
    if q:
        columns = (table.who, table.subject, table.subject_id, table.source)
        query = query.where(
            or_(*(func.lower(one).contains(q.lower(), autoescape=True) for one in columns))
        )
    for column, wanted in ((table.act, act), (table.door, door), (table.subject_id, subject_id)):
        if wanted:
            query = query.where(column == wanted)
    if before:
        query = query.where(table.id < before)
    rows = conn.execute(query.limit(limit)).mappings()
    return [AuditEntry(**row) for row in rows]


def forget_audit(conn: Connection, before: datetime) -> int:
    """Deletes what is older; returns how much."""
    return conn.execute(delete(audit).where(audit.c.at < before)).rowcount


def find_subject(conn: Connection, kind: str, key: str) -> AuditSubject | None:
    """By its id, a unit by its name too; None where there is none, or nothing to show."""
    query = _QUERIES.get(kind)
    row = None if query is None else conn.execute(text(query), {"key": key}).first()
    return None if row is None else _SHOWN[kind](row)


_QUERIES = {
    "unit": "SELECT id, name, place, contacts, removed_at, merged_into FROM unit"
    " WHERE id = :key OR name = :key",
    "subscription": "SELECT s.id, s.channel, s.target, s.status, s.frequency, s.name, s.unit_id,"
    " s.old_secret_until, s.headers, s.is_cloudevents, f.definition FROM subscription s"
    " JOIN filter f ON f.id = s.filter_id WHERE s.id = :key",
    "post": "SELECT p.id, p.title, p.facts, (SELECT count(*) FROM change c WHERE c.post_id = p.id"
    " AND c.silenced IS NOT NULL) AS silent, (SELECT d.kind || ' ' || coalesce(d.other_id, '')"
    " FROM decision d WHERE d.post_id = p.id OR d.other_id = p.id ORDER BY d.id DESC LIMIT 1)"
    " AS decided FROM post p WHERE p.id = :key",
    "delivery": "SELECT d.id, d.state, s.target FROM delivery d"
    " JOIN subscription s ON s.id = d.subscription_id WHERE d.id = :key OR d.message_id = :key",
    "token": "SELECT id, name, role, unit_id, revoked_at, scopes, ends_at FROM api_token"
    " WHERE id = :key",
}


def _show_unit(row: Row[Any]) -> AuditSubject:
    name = own_name(row.id, row.name)
    contacts = [masked_target(one) for one in orjson.loads(row.contacts)]
    return AuditSubject(
        row.id,
        name,
        {
            "name": name,
            "place": row.place,
            "contacts": contacts,
            "removed": row.removed_at is not None,
            "merged_into": row.merged_into,
        },
    )


def _show_subscription(row: Row[Any]) -> AuditSubject:
    return AuditSubject(
        row.id,
        masked_target(row.target),
        {
            "channel": row.channel,
            "target": masked_target(row.target),
            "status": row.status,
            "frequency": row.frequency,
            "name": row.name,
            "unit": row.unit_id,
            "filters": {k: v for k, v in orjson.loads(row.definition).items() if v},
            "headers": sorted(orjson.loads(row.headers)),
            "cloudevents": bool(row.is_cloudevents),
            "rotated": row.old_secret_until is not None,
        },
    )


def _show_post(row: Row[Any]) -> AuditSubject:
    facts = orjson.loads(row.facts)
    shown = {one: facts.get(one) for one in ("categories", "urgency")}
    shown["tasks"] = [_task_line(one) for one in facts.get("deadlines", ())]
    shown["relations"] = [
        f"{one['link']} {one['post_id'] or one['of']['number']}"
        for one in facts.get("relations", ())
    ]
    more = {"decided": row.decided, "silent": bool(row.silent)}
    return AuditSubject(row.id, row.title, {**shown, **more})


def _task_line(one: Mapping[str, Any]) -> str:
    when = one.get("at") or one["on"] or one.get("recurs")
    return " ".join(filter(None, (when, one.get("owner"), one.get("task"))))


def _show_delivery(row: Row[Any]) -> AuditSubject:
    return AuditSubject(row.id, masked_target(row.target), {"state": row.state})


def _show_token(row: Row[Any]) -> AuditSubject:
    shown = {"role": row.role, "unit": row.unit_id, "revoked": row.revoked_at is not None}
    ends_at = None if row.ends_at is None else rfc3339(from_micros(row.ends_at))
    kept = {"scopes": (row.scopes or "").split(), "ends_at": ends_at}
    return AuditSubject(row.id, row.name, {**shown, **kept})


_SHOWN = {
    "unit": _show_unit,
    "subscription": _show_subscription,
    "post": _show_post,
    "delivery": _show_delivery,
    "token": _show_token,
}


def masked_target(target: str) -> str:
    """`lan@xa.example` is `l…@xa.example`, `https://xa.example/loa?key=1` is `https://xa.example/…`.

    >>> masked("lan@xa.example"), masked("https://xa.example/loa?key=1"), masked_target("x")
    ('l…@xa.example', 'https://xa.example/…', 'x')
    """
    if "://" in target:
        parts = urlsplit(target)
        return f"{parts.scheme}://{parts.hostname or ''}/…"
    local, at, domain = target.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else target

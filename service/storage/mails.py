"""What a mail message carries: its deliveries with their changes, subscriptions and units; or a
letter.

Also lays letters (confirmations, reminders, words to the operator) into the ledger, where nothing
is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    RowMapping,
    Text,
    bindparam,
    func,
    select,
    text,
    type_coerce,
    update,
)

from service.alerts.mail_changes import MAX_COMPARED, AttachedFile, PostState
from service.alerts.post_fields import name_of_file
from service.channels import SMTP, kind_of
from service.posts.filename import say_file_name
from service.storage import schema
from service.storage.engine import uuid7
from service.storage.post_rows import attachments_from_json
from service.storage.queue import add_endpoint, refresh
from service.types import EMAIL, ChangeType, Channel, State

MAIL_ENDPOINTS = tuple(kind_of(EMAIL).places.shared)
"""The endpoints of mail in the order of their urgency: alerts and letters, digests, what nobody
waits for."""


@dataclass(frozen=True, slots=True)
class OwedDelivery:
    """One delivery of a mail, with what is said of it."""

    change_id: str
    change_type: str
    post_id: str
    revision: int
    subscription_id: str
    name: str
    status: str
    reason: str
    unit_id: str | None
    unit_name: str | None
    filters: str = "{}"
    """What the subscription asks for now, as JSON; `reason` is empty when it was another when the
    post came."""
    unit_place: str | None = None


@dataclass(slots=True)
class OutgoingMail:
    """A message as the email channel needs it. `letter`, as JSON, is None for a mail that carries
    deliveries."""

    message_id: str
    group_key: str
    created_at: datetime
    letter: str | None = None
    address: str = ""
    target_key: str = ""
    language: str = "vi"
    owed: list[OwedDelivery] = field(default_factory=list)
    first_message_id: str | None = None
    is_urgent: bool = False
    watched: str | None = None
    """What a digest ends with, coded: what was watched; None: it is no digest."""


_LOAD = text(
    "SELECT m.id AS message_id, m.group_key, m.created_at, m.body, m.is_urgent, d.change_id,"
    " c.type AS change_type, c.post_id,"
    " c.revision, s.id AS subscription_id, s.name, s.status, s.target, s.target_key, s.language, "
    "s.unit_id,"
    " u.name AS unit_name, u.place AS unit_place, cm.reason, f.definition"
    " FROM message m LEFT JOIN delivery d ON d.message_id = m.id LEFT JOIN change c ON c.id = "
    "d.change_id"
    " LEFT JOIN subscription s ON s.id = d.subscription_id LEFT JOIN unit u ON u.id = s.unit_id"
    " LEFT JOIN filter f ON f.id = s.filter_id"
    " LEFT JOIN change_match cm ON cm.change_id = d.change_id AND cm.filter_id = s.filter_id"
    " WHERE m.id IN :ids ORDER BY m.id, c.at DESC, c.id, s.created_at, s.id"
).bindparams(bindparam("ids", expanding=True))


def load_outgoing(conn: Connection, message_ids: Sequence[str]) -> dict[str, OutgoingMail]:
    """What each of these messages carries, by id; a message that is gone is not in it."""
    found: dict[str, OutgoingMail] = {}
    for row in conn.execute(_LOAD, {"ids": list(message_ids)}).mappings():
        mail = found.get(row["message_id"])
        if mail is None:
            mail = found[row["message_id"]] = _outgoing(row)
        if row["change_id"] is not None:
            mail.owed.append(_owed(row))
    for mail in found.values():
        is_about_one = len({owed.post_id for owed in mail.owed}) == 1
        if is_about_one and any(owed.change_type != "post.published" for owed in mail.owed):
            mail.first_message_id = _first_message(conn, mail)
    return found


def _outgoing(row: RowMapping) -> OutgoingMail:
    mail = OutgoingMail(
        row["message_id"],
        row["group_key"],
        schema.from_micros(row["created_at"]),
        row["body"] or None,
        is_urgent=bool(row["is_urgent"]),
    )
    if row["target"] is not None:
        mail.address, mail.target_key, mail.language = (
            row["target"],
            row["target_key"],
            row["language"],
        )
    return mail


def _owed(row: RowMapping) -> OwedDelivery:
    return OwedDelivery(
        row["change_id"],
        row["change_type"],
        row["post_id"],
        row["revision"],
        row["subscription_id"],
        row["name"],
        row["status"],
        row["reason"] or "",
        row["unit_id"],
        row["unit_name"],
        row["definition"] or "{}",
        row["unit_place"],
    )


def _first_message(conn: Connection, mail: OutgoingMail) -> str | None:
    """The first mail to this person about the post that is updated or withdrawn; None when there
    was none."""
    query = text(
        "SELECT m.id FROM change c JOIN delivery d ON d.change_id = c.id JOIN message m ON m.id = "
        "d.message_id"
        " JOIN subscription s ON s.id = d.subscription_id"
        " WHERE c.post_id = :post AND s.channel = 'email' AND s.target_key = :target AND m.state "
        "= 'sent'"
        " ORDER BY m.created_at, m.id LIMIT 1"
    )
    return conn.execute(
        query, {"post": mail.owed[0].post_id, "target": mail.target_key}
    ).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class LoadedChange:
    """`payload` and `what` changed as JSON: what cannot be read is the fault of one mail. `urgent`:
    the urgency by which it goes before all else. `states`: before and after an edit, None for what
    is none."""

    payload: str
    what: str
    urgent: str | None = None
    states: tuple[PostState, PostState] | None = None


def load_changes(conn: Connection, change_ids: Iterable[str]) -> dict[str, LoadedChange]:
    table = schema.change.c
    what = type_coerce(table.what, Text)
    columns = (table.id, table.payload, what.label("what"), table.urgent, table.type)
    rows = conn.execute(
        select(*columns, table.post_id, table.revision).where(table.id.in_(list(change_ids)))
    ).all()
    return {
        row.id: LoadedChange(
            row.payload,
            row.what,
            row.urgent,
            _states(conn, row.post_id, row.revision) if row.type == ChangeType.UPDATED else None,
        )
        for row in rows
    }


def _states(conn: Connection, post_id: str, revision: int) -> tuple[PostState, PostState] | None:
    """Of a revision and the one before; None where either is no more."""
    table = schema.revision.c
    longest = MAX_COMPARED + 1  # enough to see that it is too long
    query = select(
        table.title, func.substr(table.text, 1, longest).label("text"), table.attachments
    ).where(table.post_id == post_id, table.number.in_((revision - 1, revision)))
    found = [
        PostState(
            row.title,
            row.text,
            tuple(
                AttachedFile(link.url, say_file_name(name_of_file(link)), link.sha256)
                for link in attachments_from_json(row.attachments)
            ),
        )
        for row in conn.execute(query.order_by(table.number))
    ]
    return (found[0], found[1]) if len(found) == 2 else None


_WAITING = text(
    "SELECT w.id AS waiting_id, d.message_id FROM delivery d"
    " JOIN subscription s ON s.id = d.subscription_id"
    " JOIN subscription o ON o.channel = 'email' AND o.target_key = s.target_key AND o.id <> s.id"
    " JOIN delivery w ON w.change_id = d.change_id AND w.subscription_id = o.id"
    " WHERE d.message_id IN :ids AND w.message_id IS NULL AND w.state = 'due'"
).bindparams(bindparam("ids", expanding=True))


def has_waiting(conn: Connection, message_ids: Sequence[str]) -> bool:
    """Whether `adopt_waiting` would find something; reads only."""
    return conn.execute(_WAITING, {"ids": list(message_ids)}).first() is not None


def adopt_waiting(conn: Connection, message_ids: Sequence[str]) -> int:
    """Lets an immediate mail carry what the same person's digests would say again (one mail for a
    person).

    Deliveries of the same change to the same address that wait for a digest are joined to the
    message; returns how many.
    """
    pairs = {
        row.waiting_id: row.message_id for row in conn.execute(_WAITING, {"ids": list(message_ids)})
    }
    for waiting_id, message_id in pairs.items():
        conn.execute(
            update(schema.delivery)
            .where(schema.delivery.c.id == waiting_id, schema.delivery.c.message_id.is_(None))
            .values(message_id=message_id)
        )
    return len(pairs)


# --- letters ----------------------------------------------------------------------------------


def queue_message(
    conn: Connection,
    *,
    group_key: str,
    now: datetime,
    body: str | None,
    endpoint_key: str = SMTP,
    channel: Channel = EMAIL,
    is_urgent: bool = False,
) -> str | None:
    """A due message of a channel with shared endpoints, as mail; None when one of this group was
    queued before.

    Keeps the endpoint awake.
    """
    message_id = uuid7()
    values = {
        "id": message_id,
        "channel": channel,
        "endpoint_key": endpoint_key,
        "group_key": group_key,
        "state": State.DUE.value,
        "at": schema.to_micros(now),
        "body": body,
        "urgent": int(is_urgent),
    }
    inserted = conn.execute(
        text(
            "INSERT INTO message (id, channel, endpoint_key, group_key, state, due_at, "
            "created_at, body, is_urgent)"
            " VALUES (:id, :channel, :endpoint_key, :group_key, :state, :at, :at, :body, :urgent)"
            " ON CONFLICT (group_key) DO NOTHING"
        ),
        values,
    )
    if inserted.rowcount == 0:
        return None
    add_endpoint(conn, channel, endpoint_key, endpoint_key)
    refresh(conn, [endpoint_key])
    return message_id


def queue_letter(
    conn: Connection,
    *,
    key: str,
    address: str,
    subject: str,
    paragraphs: Sequence[str],
    now: datetime,
    language: str,
    button: tuple[str, Sequence[str], str] | None = None,
    links: Sequence[tuple[str, str]] = (),
    sections: Sequence[Mapping[str, Any]] = (),
    subscription_id: str | None = None,
    endpoint_key: str = SMTP,
    is_urgent: bool = False,
) -> str | None:
    """Queues a mail that is about no post; None when `key` was used before.

    `subject`, `paragraphs` and labels are coded (`service.words`), and said when the mail is sent.
    `button`: (purpose of the link, its subject, label); the link is made when the mail is sent, so
    that no token is ever stored. `links`: (url, label), without a right of their own. `sections`:
    `paragraphs`, `button` and `links` of each of several things that it is about.
    `subscription_id` gives it the links to manage and to unsubscribe.
    """
    body = {
        "address": address,
        "language": language,
        "subject": subject,
        "paragraphs": list(paragraphs),
        "button": [button[0], list(button[1]), button[2]] if button else None,
        "links": [list(link) for link in links],
        "sections": list(sections),
        "subscription": subscription_id,
    }
    return queue_message(
        conn,
        group_key=f"letter:{key}",
        now=now,
        body=orjson.dumps(body).decode(),
        endpoint_key=endpoint_key,
        is_urgent=is_urgent,
    )

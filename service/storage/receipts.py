"""Acknowledgements, and the board of who is owed, was sent and has acknowledged a post.

Acknowledging twice is once. A unit that was removed is still on the board if it acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, select, text

from service.alerts.receipt_rules import Line, line_of_unit
from service.errors import NotFound
from service.storage import schema
from service.storage.losses import hearing_units
from service.storage.post_rows import deadlines_from_json
from service.storage.schema import from_micros, to_micros
from service.storage.units import own_name
from service.types import Deadline, State
from service.words.collation import name_key


@dataclass(frozen=True, slots=True)
class Receipt:
    """A unit's line for the revision of a post that is the latest."""

    unit_id: str
    unit_name: str
    """Its own, also of one that was removed since: see `is_removed`."""
    contacts: tuple[str, ...]
    state: Line
    revision: int
    owed_at: datetime | None
    """None: nothing was written for it."""
    sent_at: datetime | None
    """None: not accepted by anything yet."""
    acknowledged_at: datetime | None
    """None: not this revision."""
    by: str
    note: str
    via: str
    acknowledged_revision: int | None
    """The newest revision it ever acknowledged; None: none."""
    place_id: str | None = None
    """None: it is no commune's."""
    has_channel: bool = True
    """Whether the unit hears by any channel now (U1)."""
    is_removed: bool = False
    """It is on the board for what it acknowledged, and is owed and reminded of nothing more
    (U2)."""
    merged_into: str | None = None
    """What the unit that it became part of is called; None: it is there, or has no successor."""


def write_acknowledgement(
    conn: Connection,
    *,
    post_id: str,
    revision: int,
    unit_id: str,
    at: datetime,
    by: str,
    note: str,
    via: str,
) -> bool:
    """Writes it once; False when it was acknowledged before. Raises NotFound."""
    known = select(schema.revision.c.number).where(
        schema.revision.c.post_id == post_id, schema.revision.c.number == revision
    )
    latest = select(schema.post.c.revision).where(
        schema.post.c.id == post_id, schema.post.c.revision >= revision
    )
    if revision < 1 or (
        conn.execute(known).first() is None and conn.execute(latest).first() is None
    ):
        raise NotFound("revision", f"{post_id}/{revision}")
    if conn.execute(select(schema.unit.c.id).where(schema.unit.c.id == unit_id)).first() is None:
        raise NotFound("unit", unit_id)
    done = conn.execute(
        text(
            "INSERT INTO receipt(post_id, revision, unit_id, at, by, note, via)"
            " VALUES (:post, :revision, :unit, :at, :by, :note, :via)"
            " ON CONFLICT (post_id, revision, unit_id) DO NOTHING"
        ),
        {
            "post": post_id,
            "revision": revision,
            "unit": unit_id,
            "at": to_micros(at),
            "by": by,
            "note": note,
            "via": via,
        },
    )
    return done.rowcount == 1


def is_owed(conn: Connection, post_id: str, unit_id: str) -> bool:
    """Whether anything of a post was ever owed to a unit, or it has acknowledged it."""
    query = text(
        "SELECT 1 FROM subscription s WHERE s.unit_id = :unit AND (EXISTS (SELECT 1 FROM owed o"
        " WHERE o.post_id = :post AND o.subscription_id = s.id) OR EXISTS (SELECT 1 FROM change c"
        " JOIN delivery d ON d.change_id = c.id AND d.subscription_id = s.id WHERE c.post_id = "
        ":post))"
        " UNION ALL SELECT 1 FROM receipt WHERE post_id = :post AND unit_id = :unit LIMIT 1"
    )
    return conn.execute(query, {"post": post_id, "unit": unit_id}).first() is not None


def count_open(conn: Connection, unit_id: str, categories: Sequence[str], since: datetime) -> int:
    """Posts of these primary categories, told of since then, that a unit has yet to acknowledge."""
    query = text(
        "SELECT count(DISTINCT p.id) FROM subscription s JOIN delivery d ON d.subscription_id = "
        "s.id AND d.created_at >= :since AND d.state <> 'skipped' JOIN change c ON c.id = "
        "d.change_id AND c.type <> 'post.withdrawn' JOIN post p ON p.id = c.post_id"
        " AND p.revision = c.revision AND p.withdrawn_at IS NULL JOIN post_category k"
        " ON k.post_id = p.id AND k.position = 0 AND k.category IN :categories"
        " WHERE s.unit_id = :unit AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.post_id = p.id"
        " AND r.revision = p.revision AND r.unit_id = :unit)"
    ).bindparams(bindparam("categories", expanding=True))
    values = {"unit": unit_id, "since": to_micros(since), "categories": list(categories)}
    return int(conn.execute(query, values).scalar_one())


def count_acknowledged(conn: Connection, post_ids: Sequence[str]) -> dict[str, int]:
    """By post, how many units have acknowledged its latest revision."""
    query = text(
        "SELECT r.post_id, count(*) AS n FROM receipt r JOIN post p ON p.id = r.post_id"
        " AND p.revision = r.revision WHERE r.post_id IN :ids GROUP BY r.post_id"
    ).bindparams(bindparam("ids", expanding=True))
    return {row.post_id: row.n for row in conn.execute(query, {"ids": list(post_ids)})}


def acknowledged_at(conn: Connection, post_id: str, revision: int, unit_id: str) -> datetime | None:
    """When the unit acknowledged this revision; None when it has not."""
    table = schema.receipt.c
    query = select(table.at).where(
        table.post_id == post_id, table.revision == revision, table.unit_id == unit_id
    )
    return conn.execute(query).scalar_one_or_none()


def list_receipts(conn: Connection, post_id: str, *, has_mail: bool = True) -> list[Receipt]:
    """Every unit's line, by name. `has_mail`: whether mail reaches anybody.

    Raises NotFound for a post that is not there.
    """
    revision = conn.execute(
        select(schema.post.c.revision).where(schema.post.c.id == post_id)
    ).scalar_one_or_none()
    if revision is None:
        raise NotFound("post", post_id)
    sent = _deliveries(conn, post_id, revision)
    acks = _acknowledgements(conn, post_id)
    known = load_board_units(conn, has_mail=has_mail)
    return [
        _line(row, revision, sent.get(row["id"], []), acks.get(row["id"], []), known)
        for row in known.rows
        if row["removed_at"] is None or row["id"] in acks
    ]


@dataclass(frozen=True, slots=True)
class BoardUnits:
    """All units, by name, those that were removed too; what each is called, and which of them
    hear."""

    rows: Sequence[RowMapping]
    names: Mapping[str, str]
    hearing: AbstractSet[str]


def load_board_units(conn: Connection, *, has_mail: bool = True) -> BoardUnits:
    """Read once for the lines of many posts. `has_mail`: whether mail reaches anybody."""
    units = list(conn.execute(select(schema.unit).order_by(schema.unit.c.id)).mappings())
    units.sort(key=lambda row: name_key(row["name"]))
    names = {row["id"]: own_name(row["id"], row["name"]) for row in units}
    return BoardUnits(units, names, hearing_units(conn, has_mail=has_mail))


def list_sent_receipts(conn: Connection, post_id: str, known: BoardUnits) -> list[Receipt]:
    """Of `list_receipts`, the lines of units that are there, have a delivery of the latest revision
    and have not acknowledged that. Raises NotFound for a post that is not there."""
    query = select(schema.post.c.revision).where(schema.post.c.id == post_id)
    revision = conn.execute(query).scalar_one_or_none()
    if revision is None:
        raise NotFound("post", post_id)
    sent = _deliveries(conn, post_id, revision)
    acks = _acknowledgements(conn, post_id) if sent else {}
    return [
        _line(row, revision, sent[row["id"]], acks.get(row["id"], []), known)
        for row in known.rows
        if row["id"] in sent
        and row["removed_at"] is None
        and all(ack["revision"] != revision for ack in acks.get(row["id"], ()))
    ]


def _line(
    unit: RowMapping,
    revision: int,
    deliveries: Sequence[RowMapping],
    acks: Sequence[RowMapping],
    known: BoardUnits,
) -> Receipt:
    own = next((ack for ack in acks if ack["revision"] == revision), None)
    sent_at = [
        row["done_at"] for row in deliveries if row["state"] == State.SENT and row["done_at"]
    ]
    return Receipt(
        unit_id=unit["id"],
        unit_name=known.names[unit["id"]],
        contacts=tuple(unit["contacts"]),
        state=line_of_unit(
            [State(row["state"]) for row in deliveries], is_acknowledged=own is not None
        ),
        revision=revision,
        owed_at=from_micros(min(row["created_at"] for row in deliveries)) if deliveries else None,
        sent_at=from_micros(min(sent_at)) if sent_at else None,
        acknowledged_at=from_micros(own["at"]) if own else None,
        by=own["by"] if own else "",
        note=own["note"] if own else "",
        via=own["via"] if own else "",
        acknowledged_revision=max((ack["revision"] for ack in acks), default=None),
        place_id=unit["place"],
        has_channel=unit["id"] in known.hearing,
        is_removed=unit["removed_at"] is not None,
        merged_into=known.names.get(unit["merged_into"]),
    )


_MAY_HAVE_GONE = "d.state = 'skipped' AND d.reason = 'message.restored'"
"""A database that was lost may have sent it, nobody knows when; and whether it was acknowledged
then is lost with it, so it is asked for."""


def _deliveries(conn: Connection, post_id: str, revision: int) -> dict[str, list[RowMapping]]:
    query = text(
        f"SELECT s.unit_id, CASE WHEN {_MAY_HAVE_GONE} THEN 'sent' ELSE d.state END AS state,"
        f" CASE WHEN {_MAY_HAVE_GONE} THEN NULL ELSE d.done_at END AS done_at, d.created_at"
        " FROM change c JOIN delivery d ON d.change_id = c.id"
        " JOIN subscription s ON s.id = d.subscription_id"
        " WHERE c.post_id = :post AND c.revision = :revision AND c.type <> 'post.withdrawn' AND "
        "s.unit_id IS NOT NULL"
    )
    return _by_unit(list(conn.execute(query, {"post": post_id, "revision": revision}).mappings()))


def _acknowledgements(conn: Connection, post_id: str) -> dict[str, list[RowMapping]]:
    query = text(
        "SELECT unit_id, revision, at, by, note, via FROM receipt WHERE post_id = :post ORDER BY "
        "revision"
    )
    return _by_unit(list(conn.execute(query, {"post": post_id}).mappings()))


def _by_unit(rows: Sequence[RowMapping]) -> dict[str, list[RowMapping]]:
    grouped: dict[str, list[RowMapping]] = {}
    for row in rows:
        grouped.setdefault(row["unit_id"], []).append(row)
    return grouped


@dataclass(frozen=True, slots=True)
class OwingPost:
    """A post whose receipts may be owed. `told_at`: when it was last told of; `urgent`: the urgency
    by which its latest revision went before all else, None where it did not."""

    id: str
    title: str
    told_at: datetime
    urgent: str | None
    deadlines: tuple[Deadline, ...]


def posts_owing(
    conn: Connection, categories: Sequence[str], since: datetime, *, is_urgent: bool = False
) -> list[OwingPost]:
    """Posts of these primary categories that were told of since then and still are shown; with
    `is_urgent` those alone that ever were urgent."""
    only = " AND c.urgent IS NOT NULL" if is_urgent else ""
    query = text(
        "SELECT p.id, p.title, p.facts, t.told_at, (SELECT max(u.urgent) FROM change u"
        " WHERE u.post_id = p.id AND u.revision = p.revision AND u.silenced IS NULL) AS urgent"
        " FROM (SELECT c.post_id, max(c.at) AS told_at FROM change c WHERE c.at >= :since"
        f" AND c.silenced IS NULL{only} GROUP BY c.post_id) AS t JOIN post p ON p.id = t.post_id"
        " JOIN post_category k ON k.post_id = p.id AND k.position = 0"
        " WHERE p.withdrawn_at IS NULL AND k.category IN :categories ORDER BY p.id"
    ).bindparams(bindparam("categories", expanding=True))
    rows = conn.execute(query, {"since": to_micros(since), "categories": list(categories)})
    return [
        OwingPost(row.id, row.title, from_micros(row.told_at), row.urgent, _deadlines(row.facts))
        for row in rows
    ]


def _deadlines(facts: str) -> tuple[Deadline, ...]:
    return deadlines_from_json(orjson.loads(facts).get("deadlines", []))


def letters_at(conn: Connection, keys: Sequence[str]) -> dict[str, datetime]:
    """When the letters of these keys were queued; one that was not is not in it."""
    query = text("SELECT group_key, created_at FROM message WHERE group_key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    found: dict[str, datetime] = {}
    for start in range(0, len(keys), 500):
        given = [f"letter:{key}" for key in keys[start : start + 500]]
        for row in conn.execute(query, {"keys": given}):
            found[row.group_key.removeprefix("letter:")] = from_micros(row.created_at)
    return found


def load_reminded(conn: Connection) -> dict[tuple[str, int, str], list[datetime]]:
    """When the contacts of a unit were reminded, in their order, by (post, revision, unit).

    The key of a reminder names what it is about; of one that is about several posts its receipt
    links do.
    """
    query = text(
        "SELECT group_key, created_at, CASE WHEN group_key LIKE 'letter:reminders:%' THEN body "
        "END AS body"
        " FROM message WHERE group_key LIKE 'letter:remind%' OR group_key LIKE 'letter:urgent:%'"
        " OR group_key LIKE 'asked:remind:%'"
        " ORDER BY created_at"
    )
    found: dict[tuple[str, int, str], list[datetime]] = {}
    for row in conn.execute(query):
        about = _about_several(row.body) if row.body else [row.group_key.split(":")[2:5]]
        at = from_micros(row.created_at)
        for post_id, revision, unit_id in about:
            known = found.setdefault((post_id, int(revision), unit_id), [])
            if at not in known:  # several webhooks are one reminder
                known.append(at)
    return found


def _about_several(body: str) -> list[Sequence[str]]:
    return [section["button"][1] for section in orjson.loads(body)["sections"]]

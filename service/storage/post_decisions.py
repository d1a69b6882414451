"""What people decided of posts: kept until it is undone, and read with the post."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from service.errors import NotFound
from service.storage.post_rows import deadlines_from_json, relations_from_json
from service.storage.schema_audit import decision
from service.types import Deadline, Decision, DecisionKind, DocumentLink

_OF_TWO = (DecisionKind.SAME.value, DecisionKind.OTHER.value)


def insert_decision(conn: Connection, made: Decision) -> None:
    values = {"wrong": _to_json(made.wrong), "correct": _to_json(made.right)}
    conn.execute(
        insert(decision).values(
            id=made.id,
            post_id=made.post_id,
            kind=made.kind.value,
            other_id=made.other_id,
            who=made.by,
            at=made.at,
            **values,
        )
    )


def delete_decision(conn: Connection, key: str) -> None:
    conn.execute(delete(decision).where(decision.c.id == key))


def get_decision(conn: Connection, key: str) -> Decision:
    """Raises NotFound."""
    row = conn.execute(select(decision).where(decision.c.id == key)).first()
    if row is None:
        raise NotFound("decision", key)
    return _decision(row)


def decisions_of(conn: Connection, post_id: str) -> list[Decision]:
    """Of its tasks and relations, the first one first."""
    query = select(decision).where(decision.c.post_id == post_id, decision.c.kind.not_in(_OF_TWO))
    return [_decision(row) for row in conn.execute(query.order_by(decision.c.id))]


def decisions_about(conn: Connection, post_id: str) -> list[Decision]:
    """All that were made of a post, and of whether another is of its document; the first first."""
    is_its = or_(
        decision.c.post_id == post_id,
        (decision.c.other_id == post_id) & decision.c.kind.in_(_OF_TWO),
    )
    query = select(decision).where(is_its).order_by(decision.c.id)
    return [_decision(row) for row in conn.execute(query)]


def document_pairs(conn: Connection, post_id: str) -> dict[str, DecisionKind]:
    """The posts of which a person said whether they are of this one's document."""
    return {
        _of_pair(one, post_id): one.kind
        for one in decisions_about(conn, post_id)
        if one.kind.value in _OF_TWO
    }


def _of_pair(made: Decision, post_id: str) -> str:
    return str(made.other_id) if made.post_id == post_id else made.post_id


def posts_related_to(conn: Connection, post_id: str) -> Collection[str]:
    """The posts of which a person said how they stand to this one."""
    query = select(decision.c.post_id).where(
        decision.c.other_id == post_id, decision.c.kind == DecisionKind.RELATION.value
    )
    return list(conn.execute(query).scalars())


def _to_json(value: Deadline | DocumentLink | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def _decision(row: Row[Any]) -> Decision:
    kind = DecisionKind(row.kind)
    return Decision(
        id=row.id,
        post_id=row.post_id,
        kind=kind,
        other_id=row.other_id,
        wrong=_from_json(kind, row.wrong),
        right=_from_json(kind, row.correct),
        by=row.who,
        at=row.at,
    )


def _from_json(kind: DecisionKind, value: Any) -> Deadline | DocumentLink | None:
    if value is None:
        return None
    read = deadlines_from_json if kind is DecisionKind.TASK else relations_from_json
    return read([value])[0]

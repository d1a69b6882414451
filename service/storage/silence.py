"""Changes that nobody was told of: why, and what becomes of them when more is known. Their bytes
were never sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, text, update

from service.storage import schema
from service.storage.schema import from_micros
from service.types import ChangeType

_PUBLISHED = ChangeType.PUBLISHED.value
_ASKED = """EXISTS (SELECT 1 FROM change_match cm JOIN subscription s ON s.filter_id = cm.filter_id
    WHERE cm.change_id = c.id AND s.status NOT IN ('pending', 'removed'))"""
_SILENT = f"""FROM change c JOIN post p ON p.id = c.post_id WHERE c.silenced IS NOT NULL
    AND c.type = 'post.published' AND p.withdrawn_at IS NULL AND {_ASKED}"""
_TAKEN_FOR_TOLD = ("restored", "discarded")
"""Who asked for such a post may stand in `owed`, as if told by the lost database: once it is told
after all, nobody is. For any other reason `owed` says who was told by another change."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A post that was told to nobody although somebody asked. `code`: why; `at`: since when."""

    change_id: str
    post_id: str
    portal_id: str
    title: str
    code: str
    at: datetime
    published_at: datetime


def count_silences(conn: Connection) -> dict[str, dict[str, int]]:
    """By portal and code, how many posts that their portal still shows are silent."""
    query = text(f"SELECT p.portal_id, c.silenced, count(DISTINCT p.id) {_SILENT} GROUP BY 1, 2")
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for portal_id, code, count in conn.execute(query):
        found[portal_id][code] = count
    return dict(found)


def count_listed_silences(conn: Connection) -> dict[tuple[str, str], dict[str, int]]:
    """As `count_silences`, by (portal id, address of the listing): a post counts in each listing
    that shows it."""
    query = text(
        f"""SELECT one.portal_id, l.listing_url, one.silenced, count(*) FROM
        (SELECT DISTINCT p.id, p.portal_id, c.silenced {_SILENT}) one
        JOIN post_listing l ON l.post_id = one.id GROUP BY 1, 2, 3"""
    )
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for portal_id, url, code, count in conn.execute(query):
        found[portal_id, url][code] = count
    return dict(found)


def select_silences(
    conn: Connection,
    *,
    codes: Sequence[str],
    portal_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Silence]:
    """Silent posts, the newest first; `after`: the change's id of the last one seen."""
    query = (
        "SELECT c.id AS change_id, c.post_id, p.portal_id, p.title, c.silenced AS code, c.at,"
        f" p.published_at {_SILENT} AND c.silenced IN :codes"
    )
    values: dict[str, object] = {"codes": list(codes)}
    if portal_id is not None:
        query, values["portal"] = f"{query} AND p.portal_id = :portal", portal_id
    if after is not None:
        query, values["after"] = f"{query} AND c.id < :after", after
    query += " ORDER BY c.id DESC"
    if limit is not None:
        query, values["limit"] = f"{query} LIMIT :limit", limit
    rows = conn.execute(text(query).bindparams(bindparam("codes", expanding=True)), values)
    return [
        Silence(
            row.change_id,
            row.post_id,
            row.portal_id,
            row.title,
            row.code,
            from_micros(row.at),
            from_micros(row.published_at),
        )
        for row in rows
    ]


def silence_of(conn: Connection, post_id: str) -> str | None:
    """Why the publication of a post was told to nobody; None when it was told."""
    change = schema.change
    statement = select(change.c.silenced).where(
        change.c.post_id == post_id, change.c.type == _PUBLISHED
    )
    return conn.execute(statement.order_by(change.c.revision).limit(1)).scalar()


def filters_silenced(conn: Connection, post_id: str, code: str) -> list[str]:
    """The sets of filters that a publication of the post matched, of which nobody was told for this
    reason."""
    query = text(
        "SELECT DISTINCT cm.filter_id FROM change c JOIN change_match cm ON cm.change_id = c.id"
        " WHERE c.post_id = :post AND c.type = :type AND c.silenced = :code"
    )
    return list(conn.execute(query, {"post": post_id, "type": _PUBLISHED, "code": code}).scalars())


def refresh_silenced(conn: Connection, post_id: str, payload: str) -> None:
    """What would be sent of a post, should its silence be lifted, is now this."""
    change = schema.change
    conn.execute(
        update(change)
        .where(
            change.c.post_id == post_id, change.c.type == _PUBLISHED, change.c.silenced.is_not(None)
        )
        .values(payload=payload)
    )


def move_held(conn: Connection, post_id: str, revision: int) -> None:
    """What a flood holds back of a post is now told of this revision: an edit meanwhile is no alert
    of its own."""
    change = schema.change
    conn.execute(
        update(change)
        .where(
            change.c.post_id == post_id, change.c.type == _PUBLISHED, change.c.silenced == "flood"
        )
        .values(revision=revision)
    )


def lift_baseline(conn: Connection, post_id: str, payload: str) -> bool:
    """A post of a baseline is new elsewhere: `continue_fanouts` tells it. False: another reason, or
    it was told."""
    ids = conn.execute(
        text(
            "UPDATE change SET silenced = NULL, fanned_out_at = NULL, fanout_after = NULL, "
            "payload = :payload"
            " WHERE post_id = :post AND type = :type AND silenced = 'baseline' RETURNING id"
        ),
        {"post": post_id, "type": _PUBLISHED, "payload": payload},
    ).scalars()
    lifted = list(ids)
    for change_id in lifted:
        conn.execute(
            text("UPDATE change_match SET is_silent = 0 WHERE change_id = :id"), {"id": change_id}
        )
    return bool(lifted)


def release_flood(conn: Connection, portal_id: str, post_id: str | None = None) -> int:
    """Lets go the alerts of a portal, or of one post, that a flood held back; returns how many
    changes. `continue_fanouts` sends.

    Those of a post that is withdrawn by now stay held: nobody heard of it, nobody has to; it may
    come back.
    """
    only = " AND post_id = :post" if post_id is not None else ""
    held = conn.execute(
        text(
            "UPDATE change SET silenced = NULL, fanned_out_at = NULL WHERE silenced = 'flood'"
            " AND post_id IN (SELECT id FROM post WHERE portal_id = :portal"
            f" AND withdrawn_at IS NULL){only} RETURNING id"
        ),
        {"portal": portal_id, "post": post_id},
    ).scalars()
    ids = list(held)
    loud = text(
        "UPDATE change_match SET is_silent = 0 WHERE change_id IN"
        " (SELECT id FROM change WHERE id IN :ids AND type = 'post.published')"
    ).bindparams(bindparam("ids", expanding=True))
    for start in range(0, len(ids), 500):
        conn.execute(loud, {"ids": ids[start : start + 500]})
    return len(ids)


def discard_silences(
    conn: Connection, codes: Sequence[str], *, portal_id: str | None, post_id: str | None = None
) -> int:
    """Decides that nobody has to be told of what is silent for one of these reasons, of a portal or
    of one post; returns how many posts."""
    where = "portal_id = :portal" if post_id is None else "id = :post"
    ids = conn.execute(
        text(
            "UPDATE change SET silenced = 'discarded' WHERE silenced IN :codes"
            f" AND post_id IN (SELECT id FROM post WHERE {where}) RETURNING post_id"
        ).bindparams(bindparam("codes", expanding=True)),
        {"codes": list(codes), "portal": portal_id, "post": post_id},
    ).scalars()
    return len(set(ids))


def lift(conn: Connection, post_id: str, revision: int, payload: str, at: datetime) -> str | None:
    """The first silent publication of a post is told from now on, as the post is now; its id, None
    where none is silent. Its matches are the caller's to make loud."""
    change = schema.change
    published = (change.c.post_id == post_id, change.c.type == _PUBLISHED)
    silent = select(change.c.id, change.c.silenced).where(
        *published, change.c.silenced.is_not(None)
    )
    first = conn.execute(silent.order_by(change.c.id).limit(1)).first()
    if first is None:
        return None
    change_id = first.id
    others = (*published, change.c.revision == revision, change.c.id != change_id)
    last = conn.execute(select(func.max(change.c.round)).where(*others)).scalar()
    told = {"silenced": None, "fanned_out_at": None, "fanout_after": None, "payload": payload}
    place = {"revision": revision, "round": 0 if last is None else last + 1, "at": at}
    conn.execute(update(change).where(change.c.id == change_id).values(**told, **place))
    if first.silenced in _TAKEN_FOR_TOLD:
        conn.execute(text("DELETE FROM owed WHERE post_id = :post"), {"post": post_id})
    conn.execute(
        text("UPDATE change_match SET is_silent = 0 WHERE change_id = :id"), {"id": change_id}
    )
    return str(change_id)

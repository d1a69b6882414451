"""Old posts go, where an operator wants that, with all that is known of them; what a unit was told
of stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from service.storage.engine import Database
from service.storage.posts import bump
from service.storage.schema import to_micros

NEWEST_KEPT = 500
"""Of each portal, however old: its listings may show them still, and would bring them back as
new."""

FORGOTTEN_POSTS = 50
"""In one transaction."""

_PORTALS = "SELECT DISTINCT portal_id FROM post"
_CUT = (
    "SELECT first_seen_at FROM post WHERE portal_id = :portal ORDER BY first_seen_at DESC, "
    "published_at DESC, id DESC"
    " LIMIT 1 OFFSET :kept"
)
_OLD = """SELECT p.id FROM post p
    WHERE p.portal_id = :portal AND p.first_seen_at < :before AND p.first_seen_at <= :cut
    AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.post_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id
    WHERE c.post_id = p.id)
    ORDER BY p.first_seen_at LIMIT :n"""
_FORGET = (
    "DELETE FROM change_match WHERE change_id IN (SELECT id FROM change WHERE post_id IN :ids)",
    "DELETE FROM decision WHERE other_id IN :ids",
    *(
        f"DELETE FROM {table} WHERE post_id IN :ids"  # constants
        for table in (
            "change", "owed", "attachment_watch", "post_file", "post_alias", "post_listing",
            "post_place",
            "post_category", "post_facet", "post_search", "revision", "decision",
        )
    ),
    "DELETE FROM post WHERE id IN :ids",
)  # fmt: skip


def forget_posts(database: Database, before: datetime) -> int:
    """Forgets some posts that were seen first before an instant; returns how many. Called until
    none is left.

    A post stays that a unit has acknowledged, or of which a delivery stands: those of persons go
    with their messages, those by which a unit was told stay for ever.
    """
    with database.reading() as conn:
        portals = list(conn.execute(text(_PORTALS)).scalars())
    return sum(_forget(database, portal, before) for portal in portals)


def _forget(database: Database, portal: str, before: datetime) -> int:
    statements = [text(one).bindparams(bindparam("ids", expanding=True)) for one in _FORGET]
    with database.writing() as conn:
        ids = _old(conn, portal, before)
        for statement in statements if ids else ():
            conn.execute(statement, {"ids": ids})
        if ids:
            bump(conn, "feeds")
    return len(ids)


def _old(conn: Connection, portal: str, before: datetime) -> list[str]:
    cut = conn.execute(text(_CUT), {"portal": portal, "kept": NEWEST_KEPT}).scalar_one_or_none()
    if cut is None:
        return []
    values = {"portal": portal, "before": to_micros(before), "cut": cut, "n": FORGOTTEN_POSTS}
    return list(conn.execute(text(_OLD), values).scalars())

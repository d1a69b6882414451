"""Posts are found by the kind, urgency, number, issuer and deadlines of their documents: what is
known of those of before is laid down as that of later ones is."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

from service.posts.search_words import fold_words  # as the words of `post_search` are folded
from service.text import LOCAL

revision = "0016"
down_revision = "0015"

_STATEMENTS = (
    """CREATE TABLE post_facet (
        post_id TEXT NOT NULL REFERENCES post (id), name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (post_id, name, value))""",
    "CREATE INDEX ix_post_facet_value ON post_facet (name, value, post_id)",
)
_READ = "SELECT id, facts FROM post WHERE id > :after ORDER BY id LIMIT :n"
_ADD = "INSERT INTO post_facet (post_id, name, value) VALUES (:post_id, :name, :value)"
_AT_ONCE = 1_000


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)
    for rows in _rows(conn):
        conn.execute(text(_ADD), rows)


def _rows(conn: Connection) -> Iterator[list[dict[str, str]]]:
    after = ""
    while posts := conn.execute(text(_READ), {"after": after, "n": _AT_ONCE}).all():
        after = posts[-1].id
        found = [
            {"post_id": row.id, "name": name, "value": value}
            for row in posts
            for name, value in dict.fromkeys(_facets(json.loads(row.facts)))
        ]
        if found:
            yield found


def _facets(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "urgency", facts.get("urgency") or "normal"
    document = facts.get("document") or {}
    if kind := document.get("kind"):
        yield "kind", kind
    for name in ("number", "issuer"):
        if words := fold_words(document.get(name) or ""):
            yield name, f" {' '.join(words)} "
    for deadline in facts.get("deadlines") or ():
        if at := deadline.get("at"):
            yield "deadline", datetime.fromisoformat(at).astimezone(LOCAL).date().isoformat()
        elif day := deadline.get("on"):
            yield "deadline", day

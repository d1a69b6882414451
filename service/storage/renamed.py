"""Categories under new names: what is stored under an old id is brought to the new one, once, when
a worker starts.

Messages that were written before keep the words that they were written with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson
from sqlalchemy import Connection, select, text, update

from service.storage import schema
from service.storage.engine import Database
from service.storage.post_rows import facts_from_json, facts_to_json
from service.storage.post_writes import bump, write_categories

_CHUNK = 50
"""Posts in one transaction: some 20 ms on SQLite."""


def follow_renames(database: Database, renamed: Mapping[str, str]) -> int:
    """`renamed` maps old ids to those of now. Returns how many posts and sets of filters followed;
    may run again."""
    if not renamed:
        return 0
    with database.writing() as conn:
        followed = _filters(conn, renamed)
    after, done = "", -1
    while done != 0:
        with database.writing() as conn:
            after, done = _posts(conn, renamed, after)
        followed += done
    return followed


def _posts(conn: Connection, renamed: Mapping[str, str], after: str) -> tuple[str, int]:
    """The next posts of an old category in the order of their ids: the last one's, and how many."""
    post, category = schema.post, schema.post_category
    old = select(category.c.post_id).where(
        category.c.category.in_(list(renamed)), category.c.post_id > after
    )
    rows = conn.execute(
        select(post.c.id, post.c.facts)
        .where(post.c.id.in_(old))
        .order_by(post.c.id)
        .limit(_CHUNK)
        .with_for_update()
    ).all()
    for row in rows:
        facts = facts_from_json(row.facts)
        categories = tuple(dict.fromkeys(renamed.get(one, one) for one in facts.categories))
        why = tuple(
            replace(reason, category=renamed.get(reason.category, reason.category))
            for reason in facts.why
        )
        values = facts_to_json(replace(facts, categories=categories, why=why))
        conn.execute(update(post).where(post.c.id == row.id).values(facts=values))
        write_categories(conn, row.id, categories)
    if rows:
        bump(conn, "feeds")
    return (rows[-1].id if rows else after), len(rows)


def _filters(conn: Connection, renamed: Mapping[str, str]) -> int:
    """A set of filters keeps its id, by which what it matched before is known."""
    changed = []
    for key, definition in conn.execute(text("SELECT id, definition FROM filter")):
        wanted = orjson.loads(definition)
        names = sorted({renamed.get(one, one) for one in wanted["categories"]})
        if names != sorted(wanted["categories"]):
            told = orjson.dumps(
                wanted | {"categories": names}, option=orjson.OPT_SORT_KEYS
            ).decode()
            changed.append({"key": key, "definition": told})
    if changed:
        conn.execute(text("UPDATE filter SET definition = :definition WHERE id = :key"), changed)
    return len(changed)

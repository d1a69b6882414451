"""Reasons, details and errors become codes with their facts; what a letter says, too.

Each sentence that version 0002 wrote is read back by a table that is frozen; what none of them
wrote is kept, word for word, under the code `other`. Walks each table by its key, so that no row is
looked for by its text.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import orjson
from alembic import op
from sqlalchemy import Connection, text

from service.storage.migrations.sentences_0002 import to_code, to_match

revision = "0003"
down_revision = "0002"

_CHUNK = 2_000
"""Rows that are read and written at a time."""

_COLUMNS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("delivery", ("id",), "reason"),
    ("message", ("id",), "detail"),
    ("attempt", ("message_id", "number"), "detail"),
    ("subscription", ("id",), "status_reason"),
    ("bounce", ("message_id", "kind"), "detail"),
    ("listing", ("portal_id", "url"), "last_error"),
    ("poll", ("id",), "error"),
    ("host", ("name",), "robots_error"),
    ("attachment_watch", ("post_id", "url"), "error"),
)
"""(table, its key, the column that held sentences)"""


_ASKED_AGAIN = """UPDATE subscription SET status_reason = 'bounced.hard_before'
    WHERE channel = 'email' AND status = 'suspended' AND status_reason = 'bounced.hard'"""
"""Version 0002 knew no table of refusals: two of three that it suspended were alive."""


def upgrade() -> None:
    connection = op.get_bind()
    coded = lru_cache(10_000)(to_code)
    for table, keys, column in _COLUMNS:
        _rewrite(connection, table, keys, column, coded, f"COALESCE({column}, '') <> ''")
    connection.execute(text(_ASKED_AGAIN))
    _rewrite(
        connection,
        "change_match",
        ("change_id", "filter_id"),
        "reason",
        lru_cache(10_000)(to_match),
        "1 = 1",
    )
    _rewrite(
        connection,
        "message",
        ("id",),
        "body",
        _letter,
        "group_key LIKE 'letter:%' AND body IS NOT NULL",
    )


def _letter(body: str) -> str:
    """Its words as they stand: they are in the language of whoever gets it already."""
    letter = orjson.loads(body)
    letter["paragraphs"] = [_plain(letter.pop("text"))]
    letter["subject"] = _plain(letter["subject"])
    for part in (letter, *letter.get("sections", ())):
        if "text" in part:
            part["paragraphs"] = [_plain(part.pop("text"))]
        if part.get("button"):
            part["button"][2] = _plain(part["button"][2])
        part["links"] = [[url, _plain(label)] for url, label in part.get("links", ())]
    return orjson.dumps(letter).decode()


def _plain(words: str) -> str:
    return f"letter.plain {orjson.dumps({'words': words}).decode()}"


def _rewrite(
    connection: Connection,
    table: str,
    keys: tuple[str, ...],
    column: str,
    change: Callable[[str], str],
    where: str,
) -> None:
    here = " AND ".join(f"{key} = :{key}" for key in keys)
    write = text(f"UPDATE {table} SET {column} = :value WHERE {here}")
    for rows in _walk(connection, table, keys, column, where):
        changed = [
            {**dict(zip(keys, row, strict=False)), "value": new}
            for row in rows
            if (new := change(row[-1])) != row[-1]
        ]
        if changed:
            connection.execute(write, changed)


def _walk(
    connection: Connection, table: str, keys: tuple[str, ...], column: str, where: str
) -> Iterator[list[tuple[str, ...]]]:
    listed = ", ".join(keys)
    after = f"({listed}) > ({', '.join(f':{key}' for key in keys)})"
    start = f"SELECT {listed}, {column} FROM {table} WHERE {where}"
    end = f" ORDER BY {listed} LIMIT {_CHUNK}"
    rows = [tuple(row) for row in connection.execute(text(start + end))]
    while rows:
        yield rows
        values = dict(zip(keys, rows[-1], strict=False))
        rows = [tuple(row) for row in connection.execute(text(f"{start} AND {after}{end}"), values)]

"""Files of posts move out of the database into a folder, by the service, in small steps: bodies
stay until then.

Which posts a file is of is kept, for what nobody refers to any more may go.
"""

import json
from collections.abc import Iterator

from alembic import op
from sqlalchemy import Connection, text

revision = "0005"
down_revision = "0004"

_STATEMENTS = (
    "ALTER TABLE archive ADD COLUMN absent TEXT",
    "CREATE INDEX ix_archive_at ON archive (archived_at)",
    """CREATE TABLE post_file (
        post_id TEXT NOT NULL REFERENCES post (id), sha256 TEXT NOT NULL, PRIMARY KEY (post_id,
        sha256))""",
    "CREATE INDEX ix_post_file_sha256 ON post_file (sha256)",
    """CREATE TABLE archive_day (
        day TEXT NOT NULL, portal_id TEXT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (day,
        portal_id))""",
    """CREATE TABLE archive_stop (
        reason TEXT NOT NULL, portal_id TEXT NOT NULL, since_at BIGINT NOT NULL, told_at BIGINT,
        PRIMARY KEY (reason, portal_id))""",
    """INSERT INTO post_file (post_id, sha256)
        SELECT DISTINCT post_id, sha256 FROM attachment_watch WHERE sha256 IS NOT NULL""",
)
_ADD = "INSERT INTO post_file (post_id, sha256) VALUES (:post_id, :sha256) ON CONFLICT DO NOTHING"
_AT_ONCE = 1_000


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)
    for rows in _of_revisions(conn):
        conn.execute(text(_ADD), rows)


def _of_revisions(conn: Connection) -> Iterator[list[dict[str, str]]]:
    """A replaced file is shown by an old revision alone."""
    read = text(
        "SELECT post_id, number, attachments FROM revision WHERE (post_id, number) > (:post, "
        ":number)"
        " ORDER BY post_id, number LIMIT :n"
    )
    post, number = "", 0
    while rows := conn.execute(read, {"post": post, "number": number, "n": _AT_ONCE}).all():
        post, number = rows[-1].post_id, rows[-1].number
        found = {
            (row.post_id, link.get("sha256")) for row in rows for link in _links(row.attachments)
        }
        if kept := [
            {"post_id": of, "sha256": digest} for of, digest in sorted(found, key=str) if digest
        ]:
            yield kept


def _links(stored: str) -> list[dict[str, str | None]]:
    links: list[dict[str, str | None]] = json.loads(stored)
    return links

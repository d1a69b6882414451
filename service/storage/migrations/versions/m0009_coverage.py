"""Until when each listing was read without a gap, the gaps, and outages of portals.

Gaps that polls of before found are kept as wide as history can tell: from the read before them that
is remembered, else from the baseline.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

_READ = "('new', 'unchanged', 'held', 'possible_gap', 'yield_dropped', 'layout_changed')"
_STATEMENTS = (
    "ALTER TABLE listing ADD COLUMN covered_to BIGINT",
    "UPDATE listing SET covered_to = last_ok_at",
    """CREATE TABLE gap (
        portal_id TEXT NOT NULL, listing_url TEXT NOT NULL, from_at BIGINT NOT NULL, to_at BIGINT
        NOT NULL, PRIMARY KEY (portal_id, listing_url, from_at))""",
    """CREATE TABLE outage (
        portal_id TEXT NOT NULL, since_at BIGINT NOT NULL, told_at BIGINT, back_at BIGINT,
        back_told_at BIGINT, late INTEGER, PRIMARY KEY (portal_id, since_at))""",
    f"""INSERT INTO gap (portal_id, listing_url, from_at, to_at)
        SELECT found.portal_id, found.listing_url, found.from_at, max(found.to_at) FROM (
            SELECT p.portal_id, p.listing_url, p.started_at AS to_at, COALESCE((
                SELECT max(b.started_at) FROM poll b WHERE b.portal_id = p.portal_id
                AND b.listing_url = p.listing_url AND b.started_at < p.started_at
                AND b.outcome IN {_READ}), l.baseline_at) AS from_at
            FROM poll p JOIN listing l ON l.portal_id = p.portal_id AND l.url = p.listing_url
            WHERE p.outcome = 'possible_gap') found
        WHERE found.from_at < found.to_at
        GROUP BY found.portal_id, found.listing_url, found.from_at""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.get_bind().exec_driver_sql(statement)

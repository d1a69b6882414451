"""Backfills that were asked for: one a portal, the last one."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        """CREATE TABLE backfill (
        portal_id TEXT NOT NULL, since TEXT NOT NULL, asked_at BIGINT NOT NULL,
        asked_by TEXT NOT NULL, started_at BIGINT, lease_until BIGINT, ended_at BIGINT,
        report TEXT, error TEXT, PRIMARY KEY (portal_id))"""
    )

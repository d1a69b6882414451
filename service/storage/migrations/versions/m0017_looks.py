"""Portals are looked at for whoever asks on a page: a worker reads, and what was found is kept."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        """CREATE TABLE portal_look (
        id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, asked_at BIGINT NOT NULL,
        lease_until BIGINT, ended_at BIGINT, report TEXT, error TEXT, PRIMARY KEY (id))"""
    )

"""Subscriptions know what they were before they were removed, so that it can be undone. Null, as
every one removed before: not known, what its owner confirmed is active again."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE subscription ADD COLUMN removed_from TEXT")

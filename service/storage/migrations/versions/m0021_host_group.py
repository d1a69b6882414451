"""What endpoints of one host share is called a host group, in the database too."""

from alembic import op

revision = "0021"
down_revision = "0020"

_STATEMENTS = (
    "ALTER TABLE lane RENAME TO host_group",
    "ALTER TABLE endpoint RENAME COLUMN lane_key TO host_group_key",
    "DROP INDEX ix_lane_urgent",
    "DROP INDEX ix_lane_ready",
    """CREATE INDEX ix_host_group_urgent ON host_group (channel, is_slow, urgent_due_at)
        WHERE urgent_due_at IS NOT NULL""",
    """CREATE INDEX ix_host_group_ready ON host_group (channel, is_slow, next_due_at)
        WHERE next_due_at IS NOT NULL""",
)


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)

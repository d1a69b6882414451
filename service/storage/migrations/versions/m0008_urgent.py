"""Changes, messages and places know what is urgent: what goes before all else that waits. Nothing
that was published before is."""

from alembic import op

revision = "0008"
down_revision = "0005"

_STATEMENTS = (
    "ALTER TABLE change ADD COLUMN urgent TEXT",
    "CREATE INDEX ix_change_urgent ON change (at) WHERE urgent IS NOT NULL",
    "ALTER TABLE message ADD COLUMN is_urgent SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE endpoint ADD COLUMN urgent_due_at BIGINT",
    "ALTER TABLE lane ADD COLUMN urgent_due_at BIGINT",
    """CREATE INDEX ix_message_urgent ON message (endpoint_key, is_urgent, due_at)
        WHERE state = 'due' AND is_urgent = 1""",
    """CREATE INDEX ix_endpoint_urgent ON endpoint (lane_key, urgent_due_at)
        WHERE urgent_due_at IS NOT NULL""",
    """CREATE INDEX ix_lane_urgent ON lane (channel, is_slow, urgent_due_at)
        WHERE urgent_due_at IS NOT NULL""",
)


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)

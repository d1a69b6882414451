"""Subscriptions of WebSub have a topic and a lease."""

from alembic import op

revision = "0018"
down_revision = "0017"

_STATEMENTS = (
    """CREATE TABLE hub_lease (
        subscription_id TEXT NOT NULL PRIMARY KEY REFERENCES subscription (id),
        topic TEXT NOT NULL, until BIGINT)""",
    "CREATE INDEX ix_hub_lease_until ON hub_lease (until)",
)


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)

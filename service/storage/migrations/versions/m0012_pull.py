"""Subscriptions that are asked for have a token of their own, and when it was last used; webhooks
may ask for the headers of CloudEvents. Those of before have none of it."""

from alembic import op

revision = "0012"
down_revision = "0011"

_STATEMENTS = (
    "ALTER TABLE subscription ADD COLUMN token_hash TEXT",
    "ALTER TABLE subscription ADD COLUMN old_token_hash TEXT",
    "ALTER TABLE subscription ADD COLUMN asked_at BIGINT",
    "ALTER TABLE subscription ADD COLUMN is_cloudevents SMALLINT NOT NULL DEFAULT 0",
    "CREATE UNIQUE INDEX ix_subscription_token ON subscription (token_hash)",
    "CREATE UNIQUE INDEX ix_subscription_old_token ON subscription (old_token_hash)",
)


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)

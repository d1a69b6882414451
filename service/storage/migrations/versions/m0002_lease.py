"""Leases get a table of their own, an accepted attempt is kept with its message, and two scans get
an index.

What was in the air is due again, as after a crash: whoever sent it is not running while this does.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_LEASE = """CREATE TABLE lease (
    message_id TEXT NOT NULL,
    endpoint_key TEXT NOT NULL,
    until BIGINT NOT NULL,
    token BIGINT NOT NULL,
    CONSTRAINT pk_lease PRIMARY KEY (message_id)
)"""

_STATEMENTS = (
    "UPDATE message SET state = 'due', attempts = attempts - 1 WHERE state = 'leased'",
    "UPDATE endpoint SET in_flight = 0 WHERE in_flight <> 0",
    "UPDATE lane SET in_flight = 0 WHERE in_flight <> 0",
    "DROP INDEX ix_message_leased",
    "ALTER TABLE message DROP COLUMN lease_until",
    "ALTER TABLE message DROP COLUMN lease_token",
    "ALTER TABLE message ADD COLUMN sent_started_at BIGINT",
    "ALTER TABLE message ADD COLUMN sent_took_ms INTEGER",
    "ALTER TABLE message ADD COLUMN sent_status INTEGER",
    "CREATE INDEX ix_message_held ON message (endpoint_key) WHERE state = 'held'",
    "CREATE INDEX ix_subscription_endpoint ON subscription (endpoint_key)",
)

# room for the one update of each row within its page
_POSTGRESQL = "ALTER TABLE delivery SET (fillfactor = 80)"


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql(_LEASE + (" WITHOUT ROWID" if is_sqlite else ""))
    for statement in (*_STATEMENTS, *(() if is_sqlite else (_POSTGRESQL,))):
        connection.exec_driver_sql(statement)

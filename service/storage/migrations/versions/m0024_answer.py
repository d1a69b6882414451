"""What came back for each attempt at a message."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    bind = op.get_bind()
    rowless = " WITHOUT ROWID" if bind.dialect.name == "sqlite" else ""
    bind.exec_driver_sql(
        "CREATE TABLE answer (message_id TEXT NOT NULL, started_at BIGINT NOT NULL,"
        f" body TEXT NOT NULL, PRIMARY KEY (message_id, started_at)){rowless}"
    )

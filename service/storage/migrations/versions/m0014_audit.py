"""Who did what, at which door, from where: a row for each act."""

from alembic import op

revision = "0014"
down_revision = "0013"

_STATEMENTS = (
    """CREATE TABLE audit (id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, door TEXT NOT NULL,
        who TEXT NOT NULL, source TEXT NOT NULL, act TEXT NOT NULL, kind TEXT NOT NULL,
        subject_id TEXT NOT NULL, subject TEXT NOT NULL, before TEXT, after TEXT)""",
    "CREATE INDEX ix_audit_at ON audit (at)",
    "CREATE INDEX ix_audit_subject_id ON audit (subject_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.get_bind().exec_driver_sql(statement)

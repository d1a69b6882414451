"""What a person decided of a post's tasks and relations, and whether two posts are one document."""

from alembic import op

revision = "0023"
down_revision = "0022"

_STATEMENTS = (
    """CREATE TABLE decision (id TEXT NOT NULL PRIMARY KEY,
        post_id TEXT NOT NULL REFERENCES post (id), kind TEXT NOT NULL,
        other_id TEXT REFERENCES post (id), wrong TEXT, correct TEXT, who TEXT,
        at BIGINT NOT NULL)""",
    "CREATE INDEX ix_decision_post_id ON decision (post_id)",
    "CREATE INDEX ix_decision_other_id ON decision (other_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.get_bind().exec_driver_sql(statement)

"""What people consented to is kept: which text, when, from which page and language."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        """CREATE TABLE consent (
        subscription_id TEXT NOT NULL REFERENCES subscription (id), step TEXT NOT NULL,
        text_version TEXT, page TEXT NOT NULL, language TEXT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (subscription_id, step))"""
    )

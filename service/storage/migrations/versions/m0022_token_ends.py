"""A token may end by itself after a day; those of before end when they are revoked."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE api_token ADD COLUMN ends_at BIGINT")

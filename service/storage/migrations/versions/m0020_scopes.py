"""A token may be narrower than its role; those of before may all that their role may."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE api_token ADD COLUMN scopes TEXT")

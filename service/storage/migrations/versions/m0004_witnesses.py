"""Posts keep which witnesses said their date. Null, as every post stored before: nobody knows any
more."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE post ADD COLUMN dating TEXT")

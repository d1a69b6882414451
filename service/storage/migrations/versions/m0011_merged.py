"""Units know into which one they were merged. Null, as every unit of before: into none."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE unit ADD COLUMN merged_into TEXT")

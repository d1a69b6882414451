"""The first tables: the DDL of each database, as the schema was when this version was made. Never
edited again."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from service.storage.engine import uuid7

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    ddl = Path(__file__).with_suffix(f".{connection.dialect.name}.sql").read_text("utf-8")
    for statement in ddl.split(";\n\n"):
        connection.exec_driver_sql(statement)
    name = {"key": "database_id", "value": uuid7()}  # of the restore fence: every backup has it
    connection.execute(text("INSERT INTO meta(key, value) VALUES (:key, :value)"), name)

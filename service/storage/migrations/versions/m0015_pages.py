"""What is done with the first pages of PDFs: drawn, and read where they are pictures. The files of
before wait for nothing: `loa post read-scans` asks for theirs."""

from alembic import op

revision = "0015"
down_revision = "0014"

_STATEMENTS = (
    """CREATE TABLE file_page (
        sha256 TEXT NOT NULL, asked_at BIGINT NOT NULL, is_scan SMALLINT NOT NULL,
        is_covered SMALLINT DEFAULT '0' NOT NULL, tries INTEGER DEFAULT '0' NOT NULL,
        leased_until BIGINT, done_at BIGINT, reader TEXT, ocr_text TEXT, ocr_second TEXT,
        ocr_confidence FLOAT, error TEXT, PRIMARY KEY (sha256))""",
    "CREATE INDEX ix_file_page_waiting ON file_page (done_at, asked_at)",
)


def upgrade() -> None:
    conn = op.get_bind()
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)

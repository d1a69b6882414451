"""Opening the database: one file of SQLite, or PostgreSQL; the same SQL on both.

Owns connections, transactions and the migration at start. Refuses a database that a newer Loa
wrote.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.errors import DatabaseVersionError, OverdueError, StorageError
from service.storage.file import FileWatch, as_uri, is_empty_file, refuse_to_replace
from service.storage.patience import is_limited, keep_patience

VERSIONS = Path(__file__).parent / "migrations" / "versions"
HEAD = max(path.name[1:5] for path in VERSIONS.glob("m[0-9][0-9][0-9][0-9]_*.py"))
"""The newest revision; compared before alembic is imported, which costs 12 MB."""

BUSY_TIMEOUT_S = 10
"""How long SQLite waits for another process's write; ours take less than 50 ms."""

PAGES_BYTES = 2 << 20
"""Of SQLite's page caches in a whole process; each connection would fill as much, beside the
system's own copy."""

CHECKPOINT_PAGES = 4_000
"""Of SQLite's log, 16 MB: at its own 1,000 every second batch of results would write the whole
database's file."""


MORE_CONNECTIONS = 25
"""Than the five that are kept: with them as many as a web process has threads that read (see
`web.queues`), so that health waits for no search."""


def uuid7() -> str:
    """A UUID version 7 (RFC 9562, 5.7 and 6.2 method 3): milliseconds, 1/4096 of them, random bits;
    sorts by time."""
    millis, nanos = divmod(time.time_ns(), 1_000_000)
    value = (
        (millis << 80)
        | (0x7 << 76)
        | (nanos * 4096 // 1_000_000 << 64)
        | (0b10 << 62)
        | secrets.randbits(62)
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Database:
    """A database that is migrated and ready. `is_sqlite` tells which dialect's hints apply."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._file = sqlite_path(url)
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.url = url

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent snapshot, blocks nobody."""
        with (
            _translated(self.url),
            self.engine.connect().execution_options(loa_read=True) as connection,
            connection.begin(),
            keep_patience(connection),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes.

        On SQLite it takes the write lock first: keep it under 50 ms, never across a network call.
        """
        with _translated(self.url):
            with self.engine.begin() as connection:
                opened_on = None if self._file is None else FileWatch.of(connection)
                yield connection
            if self._file is not None and opened_on is not None:
                opened_on.check(self._file)  # what was committed to a file that is gone is lost

    @contextmanager
    def listening(self) -> Iterator[Connection]:
        """A connection of PostgreSQL outside any transaction, for as long as somebody listens."""
        with _translated(self.url), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def check_file(self, connection: Any) -> None:
        """Raises StorageError where a connection that is kept is one to a file that is gone, or was
        replaced."""
        if self._file is not None:
            FileWatch.of(connection).check(self._file)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.IntegrityError) or type(error.orig).__name__.endswith(
            "Violation"
        ):
            raise
        if is_limited() and _is_cut_short(error):
            raise OverdueError("cannot look through the database: it takes too long") from error
        raise StorageError(
            f"cannot use the database {make_url(url).render_as_string()!r}: {_say(error)}"
        ) from error


def _is_cut_short(error: DBAPIError) -> bool:
    return type(error.orig).__name__ == "QueryCanceled" or str(error.orig) == "interrupted"


def _say(error: DBAPIError) -> str:
    """What the driver says, first line only; a lock in words that tell what to do."""
    said = str(error.orig).strip().partition("\n")[0]
    if isinstance(error.orig, sqlite3.OperationalError) and "locked" in said:
        return (
            f"another process has kept it locked for {BUSY_TIMEOUT_S} s; end that process, or try "
            f"again"
        )
    return said


def sqlite_path(url: str) -> Path | None:
    """The file of a `sqlite:///` URL; None for any other database."""
    parsed = make_url(url)
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database == ":memory:"
    ):
        return None
    return Path(parsed.database)


def open_database(url: str, *, is_migrating: bool = True, may_replace: bool = False) -> Database:
    """Opens, and brings to the newest version unless told not to; then it makes no file either.

    Raises StorageError when it cannot be opened, or when key or restore counter beside a SQLite
    file that is gone or empty say that there was a database (not with `may_replace`);
    DatabaseVersionError when a newer Loa wrote it.
    """
    path = sqlite_path(url)
    if path is not None and is_migrating:
        _make_file(path, may_replace=may_replace)
    try:
        engine = _create_engine(url, is_migrating=is_migrating)
    except (SQLAlchemyError, ImportError) as error:
        raise StorageError(f"cannot open the database {url.split('@')[-1]!r}: {error}") from error
    database = Database(engine, url)
    if is_migrating:
        _migrate(database, None if may_replace else path)
    return database


def _make_file(path: Path, *, may_replace: bool) -> None:
    if not is_empty_file(path):
        return
    if not may_replace:
        refuse_to_replace(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
    except OSError as error:
        raise StorageError(f"cannot create the database {str(path)!r}: {error}") from error


def require_version(connection: Connection, url: str) -> None:
    """Raises DatabaseVersionError where another Loa has migrated the database while this one
    ran."""
    version = current_version(connection)
    if version != HEAD:
        raise DatabaseVersionError(
            f"cannot use the database {make_url(url).render_as_string()!r} any more: it is at "
            f"version {version!r} by "
            f"now, and this Loa knows version {HEAD!r}; start the Loa that brought it there"
        )


def _connect(path: Path, options: dict[str, Any], *, is_migrating: bool) -> sqlite3.Connection:
    FileWatch.look(path)
    if not is_migrating and is_empty_file(path):  # opening it would write to it
        raise StorageError(
            f"cannot use the database {str(path)!r}: it is empty; put back the one that was there"
        )
    connection: sqlite3.Connection = sqlite3.connect(as_uri(path), uri=True, **options)
    return connection


def _create_engine(url: str, *, is_migrating: bool) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=MORE_CONNECTIONS, pool_use_lifo=True
        )
    path = sqlite_path(url)
    options: dict[str, Any] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    if path is None:
        engine = create_engine(url, connect_args=options)
    else:
        engine = create_engine(
            url,
            creator=lambda: _connect(path, options, is_migrating=is_migrating),
            max_overflow=MORE_CONNECTIONS,
            pool_use_lifo=True,  # the connection used last has its pages still
        )
        FileWatch.follow(engine, path)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = (
            None  # SQLAlchemy's own BEGIN below, never the driver's late one
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA soft_heap_limit={PAGES_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        connection.create_function("loa_uuid7", 0, uuid7)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_reading = connection.get_execution_options().get("loa_read")
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def current_version(connection: Connection) -> str | None:
    """The revision this database is at, None when it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _migrate(database: Database, path: Path | None) -> None:
    with database.reading() as connection:
        version = current_version(connection)
    if version == HEAD:
        return
    if version is None and path is not None:
        refuse_to_replace(path)
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "service.storage:migrations")
    config.set_main_option("path_separator", "os")
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(7631)"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseVersionError(
                f"cannot use the database {database.engine.url.render_as_string()!r}: it is at "
                f"version {version!r}, "
                f"which this Loa (version {HEAD!r}) does not know; start the newer Loa, or "
                f"restore a backup"
            ) from error

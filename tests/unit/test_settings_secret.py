"""The secret key: configured, or made once beside the SQLite file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import Settings
from service.settings.models import DatabaseSettings, ServiceSettings
from service.settings.secret import secret_key, stored_key


def settings(url: str, key: str = "") -> Settings:
    return Settings(database=DatabaseSettings(url=url), service=ServiceSettings(secret_key=key))


def test_a_configured_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert secret_key(settings(f"sqlite:///{tmp_path}/loa.db", "c" * 32)) == "c" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    made = secret_key(settings(f"sqlite:///{tmp_path}/var/loa.db"))
    file = tmp_path / "var" / "loa.db.secret"
    assert len(made) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret_key(settings(f"sqlite:///{tmp_path}/var/loa.db")) == made
    assert [path.name for path in file.parent.iterdir()] == ["loa.db.secret"]


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(stored_key, [tmp_path / f"{number}.secret"] * 8))
        assert len(keys) == 1


def test_postgresql_needs_a_configured_key() -> None:
    with pytest.raises(ConfigurationError, match="LOA_SERVICE__SECRET_KEY_FILE"):
        secret_key(settings("postgresql+psycopg://db/loa"))


@pytest.mark.parametrize("left", ["", "\n", "half-a-key"])
def test_a_key_file_that_is_empty_or_cut_is_no_key(tmp_path: Path, left: str) -> None:
    (tmp_path / "x.secret").write_text(left)
    with pytest.raises(ConfigurationError, match="at least 32: restore it"):
        stored_key(tmp_path / "x.secret")

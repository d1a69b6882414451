"""The secret key: configured, or made once beside the SQLite file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import Settings
from service.settings.key_file import REMEMBERED, FormerKey, keys_at, read_keys, rotate_key_file
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


NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
OLD = "o" * 40


@pytest.mark.parametrize(
    "line", ["x" * 40 + " until 2026-12-29", "x" * 40 + " until soon", "short", "", "x" * 39 + "\0"]
)
def test_S8_a_file_with_an_older_key_that_is_none_is_refused_whole(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / "x.secret").write_text(f"{OLD}\n{line}\n{OLD}\n")
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        read_keys(tmp_path / "x.secret")


def test_S8_an_old_key_opens_until_its_instant_and_not_at_it() -> None:
    kept = (
        FormerKey("n" * 40),
        FormerKey.parse(f"{OLD} until 2026-11-29T10:00:00+07:00"),
        FormerKey("f" * 40),
    )
    before = keys_at(kept, NOW - timedelta(seconds=1))
    assert (before.still, before.ended) == ((OLD, "f" * 40), ())
    after = keys_at(kept, NOW)
    assert (after.opening, after.ended) == (("n" * 40, "f" * 40), (OLD,))
    assert FormerKey.parse(str(kept[1])) == kept[1]


def test_S8_rotations_at_once_lose_no_key_and_leave_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "x.secret"
    first = stored_key(file)
    with ThreadPoolExecutor(8) as pool:
        untils = set(pool.map(lambda _: rotate_key_file(file, NOW, timedelta(days=30)), range(8)))
    kept = read_keys(file)
    assert untils == {NOW + timedelta(days=30)}
    assert len({one.text for one in kept}) == 9 and kept[-1].text == first
    assert kept[0].until is None and {one.until for one in kept[1:]} == untils
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x.secret"]


def test_S8_a_key_is_forgotten_long_after_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "x.secret"
    first = stored_key(file)
    rotate_key_file(file, NOW, timedelta(days=1))
    rotate_key_file(file, NOW + REMEMBERED, timedelta(days=1))
    assert first in {one.text for one in read_keys(file)}
    rotate_key_file(file, NOW + REMEMBERED + timedelta(days=1), timedelta(days=1))
    assert first not in {one.text for one in read_keys(file)}

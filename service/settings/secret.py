"""The secret key: as configured, or made once beside the SQLite file. Never printed, never
logged."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from service.errors import ConfigurationError
from service.settings.models import Settings
from service.settings.values import MIN_KEY

FILE_SUFFIX = ".secret"
FENCE_SUFFIX = ".fence"


def secret_key(settings: Settings) -> str:
    """What signs links and encrypts webhook secrets.

    Raises ConfigurationError on PostgreSQL without `service.secret_key`: its machines must share
    one.
    """
    if settings.service.secret_key:
        return settings.service.secret_key
    if not settings.database.url.startswith("sqlite:///"):
        raise ConfigurationError(
            f"service.secret_key is empty; allowed with PostgreSQL: at least {MIN_KEY} random "
            f"characters, the same "
            "on every machine, as `openssl rand -hex 32` makes them, in "
            "LOA_SERVICE__SECRET_KEY_FILE"
        )
    return stored_key(key_file(settings))


def is_key_missing(settings: Settings) -> bool:
    """Whether there is a SQLite database, and no key: none is configured, and none lies beside
    it."""
    if settings.service.secret_key or not settings.database.url.startswith("sqlite:///"):
        return False
    key = key_file(settings)
    return key.with_name(key.name.removesuffix(FILE_SUFFIX)).exists() and not key.exists()


def missing_key(settings: Settings) -> ConfigurationError:
    """The refusal to replace a key silently: what it signed and sealed would be lost."""
    path = str(key_file(settings))
    return ConfigurationError(
        f"the secret key {path!r} is missing, and this database needs it: put it back from the "
        f"backup (FILE.secret);"
        f" if it is lost for ever, make another (openssl rand -hex 32 > {path}), give every "
        f"webhook a new secret"
        " (loa subscription rotate ID), and know that the links in mail that was sent are dead"
    )


def key_file(settings: Settings) -> Path:
    """Where the key of a SQLite database lies; it belongs into every backup."""
    return Path(settings.database.url.removeprefix("sqlite:///").partition("?")[0] + FILE_SUFFIX)


def fence_file(settings: Settings) -> Path:
    """Where the restore counter lies: beside the SQLite file, like the key. It belongs into no
    backup."""
    if settings.database.fence_path:
        return Path(settings.database.fence_path)
    if not settings.database.url.startswith("sqlite:///"):
        return Path("var/loa" + FENCE_SUFFIX).absolute()
    return Path(settings.database.url.removeprefix("sqlite:///").partition("?")[0] + FENCE_SUFFIX)


def stored_key(path: Path) -> str:
    """The key in a file, made if it is not there. Two processes that start at once get the same."""
    try:
        if not path.exists():
            write_key(path, secrets.token_hex(32))
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read or make the secret key {str(path)!r}: {error}"
        ) from error
    if len(key) < MIN_KEY:
        raise ConfigurationError(
            f"the secret key {str(path)!r} has {len(key)} characters; allowed: at least {MIN_KEY}: "
            "restore it from a backup"
        )
    return key


def write_key(path: Path, key: str) -> None:
    """Writes a key whole, mode 0600, then links it to its name: the first to link wins, nobody
    reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: its key is the key
    finally:
        draft.unlink()

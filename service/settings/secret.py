"""The secret key: as configured, or made once beside the SQLite file. Never printed, never
logged."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from service.alerts.keys import Keyring
from service.errors import ConfigurationError
from service.settings.checked_values import MIN_KEY
from service.settings.key_file import FormerKey, KeyFile, keys_at, read_keys
from service.settings.models import Settings
from service.types import Clock

FILE_SUFFIX = ".secret"
FENCE_SUFFIX = ".fence"
FILES_SUFFIX = ".files"


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


def archive_folder(settings: Settings) -> Path:
    """Where the files of posts lie: beside the SQLite file; it belongs into every backup."""
    if settings.archive.folder:
        return Path(settings.archive.folder)
    if not settings.database.url.startswith("sqlite:///"):
        return Path("var/loa" + FILES_SUFFIX).absolute()
    return key_file(settings).with_suffix(FILES_SUFFIX)


def stored_key(path: Path) -> str:
    """The key in a file, made if it is not there. Two processes that start at once get the same."""
    try:
        if not path.exists():
            write_key(path, secrets.token_hex(32))
        return read_keys(path)[0].text
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read or make the secret key {str(path)!r}: {error}"
        ) from error


def keyring(settings: Settings, clock: Clock) -> Keyring:
    """The key that makes, and those that still open: of the file beside SQLite, and of
    `service.old_secret_keys`.

    Raises ConfigurationError as `secret_key` does.
    """
    present = secret_key(settings)
    older = tuple(FormerKey.parse(line) for line in settings.service.old_secret_keys)
    if settings.service.secret_key:
        return lambda: keys_at((FormerKey(present), *older), clock())
    return KeyFile(key_file(settings), older, clock)


def key_text(settings: Settings) -> str:
    """What the key file holds, for a backup: the older keys open what the copy has too."""
    return "\n".join(map(str, read_keys(key_file(settings))))


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

"""The keys as text: `KEY`, then the older ones as `KEY until INSTANT`, a line each; and their
rotation (S8).

The same grammar in the key file of a SQLite database and in `service.old_secret_keys`. Never
printed, never logged.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.alerts.keys import Keys
from service.errors import ConfigurationError
from service.settings.checked_values import MIN_KEY
from service.types import Clock
from service.values import rfc3339

REMEMBERED = timedelta(days=400)
"""How long a key that ended is known yet, so that its links are told from forged ones and its seals
open."""

_UNTIL = " until "

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key and when it ends; `until` None: as long as it stands there."""

    text: str
    until: datetime | None = None

    @staticmethod
    def parse(line: str) -> FormerKey:
        """Raises ValueError for a key that is too short, or an instant without zone."""
        text, _, said = line.strip().partition(_UNTIL)
        if len(text) < MIN_KEY or not text.isprintable():
            raise ValueError(f"has {len(text)} characters; allowed: at least {MIN_KEY}")
        until = datetime.fromisoformat(said) if said else None
        if until is not None and until.tzinfo is None:
            raise ValueError(f"{said!r} names no zone; allowed: an instant as 2026-12-29T00:00:00Z")
        return FormerKey(text, until)

    def __str__(self) -> str:
        return self.text if self.until is None else f"{self.text}{_UNTIL}{rfc3339(self.until)}"


def keys_at(kept: tuple[FormerKey, ...], now: datetime) -> Keys:
    """The first makes; the others open until they end."""
    first, *older = kept
    still = tuple(one.text for one in older if one.until is None or now < one.until)
    ended = tuple(one.text for one in older if one.until is not None and one.until <= now)
    return Keys(first.text, still, ended)


def read_keys(path: Path) -> tuple[FormerKey, ...]:
    """All keys of a file, the present one first. Raises ConfigurationError; OSError where there is
    no such file."""
    lines = path.read_text(encoding="ascii").strip().splitlines() or [""]
    try:
        return tuple(FormerKey.parse(line) for line in lines)
    except ValueError as error:
        raise ConfigurationError(
            f"the secret key {str(path)!r} {error}: restore it from a backup"
        ) from error


class KeyFile:
    """The keys of a file, read anew whenever it changes: what runs follows a rotation without a
    restart."""

    def __init__(self, path: Path, more: tuple[FormerKey, ...], clock: Clock) -> None:
        self._path, self._more, self._clock = path, more, clock
        self._is_warned = False
        self._state = self._look()
        self._kept = read_keys(path)

    def __call__(self) -> Keys:
        try:
            state = self._look()
            if state != self._state:
                self._kept, self._state = read_keys(self._path), state
        except (OSError, UnicodeDecodeError, ConfigurationError) as error:
            if not self._is_warned:
                _log.warning("the keys that were read before go on being used: %s", error)
            self._is_warned = True
        return keys_at((*self._kept, *self._more), self._clock())

    def _look(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


def rotate_key_file(path: Path, now: datetime, keep: timedelta) -> datetime:
    """Puts a new key before those of the file, and returns when the one that was present ends.

    The file is replaced whole, mode 0600; of two at once the second puts its key before the first
    one's.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        until = (now + keep).astimezone(UTC).replace(microsecond=0)
        present, *older = read_keys(path)
        kept = [FormerKey(present.text, until)]
        kept += [one for one in older if one.until is None or now - REMEMBERED < one.until]
        write_private(path, "\n".join(map(str, (FormerKey(secrets.token_hex(32)), *kept))) + "\n")
        os.fsync(folder)
    finally:
        os.close(folder)
    return until


def write_private(path: Path, text: str) -> None:
    """Puts a file in its place whole, mode 0600; what lay there before is there until then."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""A folder of files by the SHA-256 of what is in them: `aa/bb/<sha256>`, each there whole or not at
all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from service.errors import StorageError
from service.storage.engine import uuid7

PIECE_BYTES = 1 << 15
"""Read and handed on at once: what a reader that takes its time costs us."""
BUCKETS = 256
"""First folders, `00` to `ff`: what is looked through at once when the folder is cleaned."""
_DRAFTS = ".new"
_HEX = frozenset("0123456789abcdef")


class DamagedFileError(StorageError):
    """What was to be kept is not what its SHA-256 says."""


class ArchiveFolder:
    """Safe to be used by several processes at once: what is in a file never changes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, digest: str) -> Path:
        return self.root / digest[:2] / digest[2:4] / digest

    def size_of(self, digest: str) -> int | None:
        """In bytes; None where it is not here."""
        try:
            return self.path_of(digest).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def keep(self, digest: str, pieces: Iterable[bytes]) -> None:
        """Writes a file beside its place, and moves it there when it is on the disk.

        Raises DamagedFileError where the pieces are not what `digest` says, OSError where they
        cannot be written.
        """
        drafts = self.root / _DRAFTS
        self._make(drafts)
        draft = drafts / uuid7()
        try:
            found = _write(draft, pieces)
            if found != digest:
                raise DamagedFileError(f"cannot keep the file {digest!r}: its SHA-256 is {found!r}")
            path = self.path_of(digest)
            self._make(path.parent)
            draft.replace(path)
            _sync(path.parent)
        finally:
            draft.unlink(missing_ok=True)

    def pieces(self, digest: str, start: int = 0) -> Iterator[bytes]:
        """What is in a file, each piece read when it is asked for. Raises OSError where it is
        gone."""
        with self.path_of(digest).open("rb") as file:
            file.seek(start)
            while piece := file.read(PIECE_BYTES):
                yield piece

    def cover_of(self, digest: str) -> Path:
        """Where the picture of a file's first page is, if there is one: it can be drawn anew, and
        belongs into no backup."""
        return self.path_of(digest).with_name(f"{digest}.png")

    def keep_cover(self, digest: str, picture: bytes) -> None:
        """Raises OSError where it cannot be written."""
        drafts = self.root / _DRAFTS
        self._make(drafts)
        draft, path = drafts / uuid7(), self.cover_of(digest)
        try:
            _write(draft, (picture,))
            self._make(path.parent)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def remove(self, digest: str) -> None:
        """The file, and what was drawn of it."""
        self.path_of(digest).unlink(missing_ok=True)
        self.cover_of(digest).unlink(missing_ok=True)

    def bucket(self, number: int, before: float) -> list[str]:
        """The files of one of BUCKETS that were written before a time, in seconds since 1970."""
        found = []
        for path in (self.root / f"{number:02x}").glob("*/*"):
            if is_digest(path.name) and _written_at(path) < before:
                found.append(path.name)
        return found

    def walk(self) -> Iterator[Path]:
        """All files, in no order to rely on."""
        for number in range(BUCKETS):
            found = (self.root / f"{number:02x}").glob("*/*")
            yield from (path for path in found if is_digest(path.name))

    def clear_drafts(self, before: float) -> int:
        """Removes what a crash left unfinished before a time, in seconds since 1970; returns how
        many."""
        left = [path for path in (self.root / _DRAFTS).glob("*") if _written_at(path) < before]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def is_writable(self) -> bool:
        """Tried, with a file that is removed at once."""
        draft = self.root / _DRAFTS / uuid7()
        try:
            self._make(draft.parent)
            _write(draft, (b"",))
            draft.unlink()
        except OSError:
            return False
        return True

    def free_bytes(self) -> int:
        """Of the disk that the folder is on, or will be. Raises OSError where that cannot be
        told."""
        there = next(
            one for one in (self.root.absolute(), *self.root.absolute().parents) if one.exists()
        )
        return shutil.disk_usage(there).free

    def _make(self, folder: Path) -> None:
        """With mode 0700 for each that is missing: whoever may read the database may read these."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)
            _sync(one.parent)


def is_digest(name: str) -> bool:
    return len(name) == 64 and set(name) <= _HEX


def copy_file(source: Path, target: Path) -> bool:
    """A further name of the same file, or a copy on another disk; False where it is there already.

    The copy appears whole or not at all. Raises FileNotFoundError where the source is gone.
    """
    if target.exists():
        return False
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            os.link(source, draft)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or one without hard links
            _copy(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _copy(source: Path, draft: Path) -> None:
    with source.open("rb") as file:
        _write(draft, iter(lambda: file.read(PIECE_BYTES), b""))


def _write(path: Path, pieces: Iterable[bytes]) -> str:
    """Writes a new file to the disk; returns the SHA-256 of what was written."""
    digest = sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process was faster
        return float("inf")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

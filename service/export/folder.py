"""The folder that is exported to: files that appear whole or not at all, and nobody else's are
touched.

Owns names, atomic replacement, and the manifest of what an export wrote. Refuses two exports at
once. After a crash at any instant every file is whole, and the next export knows each that this one
wrote.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO

from service.errors import Conflict

MANIFEST = ".loa-export"
"""Names what exports wrote, each with the stamp of what it was made of: nothing else is ever
removed."""

_FORMAT = "loa-export 1"
_LOCK = ".loa-export.lock"
_PARTS = ".loa-export.parts"
"""Where files are written before they get their names; what a crash leaves there is thrown away."""


class Folder:
    """An export's folder, while one export has it. A name stands for a file and for its `.gz`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._present: dict[str, str] = {}
        self._lock: IO[str] | None = None

    def __enter__(self) -> Folder:
        self._path.mkdir(parents=True, exist_ok=True)
        self._lock = (self._path / _LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise Conflict(
                f"cannot export to {str(self._path)!r}: another export is at work there"
            ) from error
        shutil.rmtree(self._path / _PARTS, ignore_errors=True)
        (self._path / _PARTS).mkdir(exist_ok=True)
        self._known = self._read_manifest()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._path / _PARTS, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def announce(self, names: Iterable[str]) -> None:
        """Notes what is going to be there, before any of it is: what a crash leaves is then known
        for Loa's."""
        self._write_manifest({**dict.fromkeys(names, ""), **self._known})

    def holds(self, name: str, stamp: str) -> bool:
        """Whether the file is there, made of what the stamp names; it then stays."""
        is_held = self._known.get(name) == stamp and all(
            file.is_file() for file in self._files(name)
        )
        if is_held:
            self._present[name] = stamp
        return is_held

    def keep(self, name: str) -> None:
        """The file stays as it is, for nothing better is to be had; the next export tries again."""
        self._present[name] = ""

    def write(self, name: str, stamp: str, body: bytes, zipped: bytes) -> bool:
        """Whether anything had to be written: a file that holds these bytes already is not
        touched."""
        self._present[name] = stamp
        plain, gz = self._files(name)
        is_new = self._replace(plain, body)
        return self._replace(gz, zipped) or is_new

    def commit(self) -> int:
        """Removes what was written before and is no more; returns how much that was."""
        gone = self._known.keys() - self._present.keys()
        removed = sum(self._remove(name) for name in sorted(gone))
        self._write_manifest(self._present)
        return removed

    def amend(self) -> None:
        """Notes what was written; what was there before stays."""
        self._write_manifest(self._known | self._present)

    def _files(self, name: str) -> tuple[Path, Path]:
        return self._path / name, self._path / f"{name}.gz"

    def _replace(self, path: Path, body: bytes) -> bool:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if path.read_bytes() == body:
                return False
        path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path / _PARTS / "part"
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
        return True

    def _remove(self, name: str) -> bool:
        """Only below this folder, whatever the manifest says."""
        plain, gz = self._files(name)
        root = self._path.resolve()
        if not plain.resolve().is_relative_to(root):
            return False
        is_there = plain.is_file()
        for file in (plain, gz):
            file.unlink(missing_ok=True)
        for parent in plain.relative_to(self._path).parents:
            with contextlib.suppress(OSError):  # others' files are in it
                (self._path / parent).rmdir()
        return is_there

    def _read_manifest(self) -> dict[str, str]:
        try:
            first, *lines = (self._path / MANIFEST).read_text("utf-8").splitlines()
        except (FileNotFoundError, ValueError):  # none, an empty one, or one that is not text
            return {}
        if first != _FORMAT:
            return {}
        return {name: stamp for stamp, _, name in (line.partition("\t") for line in lines) if name}

    def _write_manifest(self, stamps: dict[str, str]) -> None:
        lines = [_FORMAT, *(f"{stamp}\t{name}" for name, stamp in sorted(stamps.items()))]
        self._replace(self._path / MANIFEST, "\n".join(lines).encode())

"""Writes every feed and page as files, with gzip beside each, for a static server or a CDN.

Owns the folder it is given: names, atomic replacement, removal of what it wrote before and is no more. A file appears
whole or not at all; one that did not change is not touched, so that its date tells.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isal import igzip

from service.errors import ConfigurationError
from service.web.app import create_app
from service.web.feed_store import FeedStore
from service.web.feeds import EXTENSION

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from service.bootstrap import Loa

MANIFEST = ".loa-export"
"""Names what the last export wrote: nothing else is ever removed."""

GZIP_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did. `files` counts names, each with its compressed variant."""

    files: int
    written: int
    removed: int


def export_to(loa: Loa, folder: Path) -> Exported:
    """Brings the folder up to date. Raises ConfigurationError when it cannot be written."""
    app = create_app(loa)
    store: FeedStore = app.extensions[EXTENSION]
    store.rebuild()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_all(folder, store, app.test_client())
    except OSError as error:
        raise ConfigurationError(f"cannot export to {str(folder)!r}: {error.strerror}") from error


def _write_all(folder: Path, store: FeedStore, client: FlaskClient) -> Exported:
    names: set[str] = set()
    written = 0
    for name, body, zipped in _files(store, client):
        names |= {name, f"{name}.gz"}
        written += _replace(folder / name, body) | _replace(folder / f"{name}.gz", zipped)
    removed = _remove_old(folder, names)
    _replace(folder / MANIFEST, "\n".join(sorted(names)).encode())
    return Exported(len(names) // 2, written, removed)


def _files(store: FeedStore, client: FlaskClient) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, bytes, compressed bytes of each file; feeds first, since they are what is waited for."""
    post_ids: dict[str, None] = {}
    for path, answer in store.all_current():
        yield path.lstrip("/"), answer.body(answer.plain), answer.body(answer.gzip)
    for spec in store.specs():
        post_ids.update((post.id, None) for post in store.load(spec).posts)
    pages = {"index.html": "/", "feeds/index.html": "/feeds/", "feeds.opml": "/feeds.opml"}
    pages |= {f"posts/{post_id}/index.html": f"/posts/{post_id}" for post_id in post_ids}
    for name, path in pages.items():
        response = client.get(path)
        if response.status_code == 200:
            yield name, response.data, igzip.compress(response.data, GZIP_LEVEL, mtime=0)


def _replace(path: Path, body: bytes) -> bool:
    """True when the file was written, False when it holds these bytes already."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == body:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".loa-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def _remove_old(folder: Path, names: set[str]) -> int:
    manifest = folder / MANIFEST
    if not manifest.exists():
        return 0
    root = folder.resolve()
    old = [folder / name for name in manifest.read_text().splitlines() if name and name not in names]
    gone = [path for path in old if path.resolve().is_relative_to(root) and path.is_file()]
    for path in gone:
        path.unlink()
    return len(gone)

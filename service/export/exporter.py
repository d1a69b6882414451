"""One export: what there is to write, and what of it has changed.

Feeds are made as the web process makes them, parsed back before they replace a file. Pages are
asked of the application itself, by werkzeug's client, which calls it without a network: only so are
they, with routing, language, error pages and links, the very bytes that Loa would send. What a file
was made of is noted as a stamp beside its name, and nothing is rendered again whose stamp is the
same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from isal import igzip

from service import __version__
from service.errors import ConfigurationError
from service.export.folder import Folder
from service.storage.feeds import StampedWindow, all_stamps
from service.storage.posts import select_post
from service.storage.same_document import companions
from service.web.app import create_app
from service.web.feeds.feed_maker import FeedMaker
from service.web.feeds.feed_query import formats_of, path_of
from service.web.feeds.feed_routes import EXTENSION
from service.web.feeds.feed_store import FeedStore
from service.web.pages.help_text import RECEIVERS, TOPICS

if TYPE_CHECKING:
    from flask import Flask

    from service.bootstrap import Loa
    from service.feeds.model import FeedSpec

log = logging.getLogger(__name__)

GZIP_LEVEL = 3
FRONT = {
    "index.html": "/",
    "feeds/index.html": "/feeds/",
    "feeds.opml": "/feeds.opml",
    "robots.txt": "/robots.txt",
    "sitemap.xml": "/sitemap.xml",
    "favicon.ico": "/favicon.ico",
}
"""Pages that show more than posts, portals that cannot be reached among it: rendered every time."""

HELP = {
    "help/index.html": "/help/",
    **{f"help/{topic}/index.html": f"/help/{topic}" for topic in TOPICS},
    **{f"help/receivers/{file}": f"/help/receivers/{file}" for file in RECEIVERS.values()},
}
"""Pages of the program alone: rendered again when the program or the service's name changes."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export did. `files` counts names, each with its compressed variant; `problems` is
    what could not be exported as it is meant, by name: of that the last good file stays."""

    files: int
    written: int
    removed: int
    problems: dict[str, str]


def export_to(
    loa: Loa, folder: Path, looked_at: Callable[[int], None] = lambda _: None
) -> ExportResult:
    """Brings the folder up to date once, rendering everything anew. `looked_at` is told of so many
    files more. Raises as `Exporter.run` does."""
    return Exporter(loa, folder, looked_at).run(is_thorough=True)


class Exporter:
    """Exports one Loa to one folder, again and again. For one thread at a time."""

    def __init__(
        self, loa: Loa, folder: Path, looked_at: Callable[[int], None] = lambda _: None
    ) -> None:
        self._looked_at = looked_at
        self._problems: dict[str, str] = {}
        self._loa = loa
        self._path = folder
        self._app = create_app(loa)
        self._store: FeedStore = self._app.extensions[EXTENSION]
        self._store.is_telling = False
        self._maker = FeedMaker(loa, log.error, has_hub=loa.settings.websub.in_export)
        self._client = self._app.test_client()
        self._epoch = _epoch(loa, self._app)

    def run(self, *, is_thorough: bool = False) -> ExportResult:
        """Writes what has changed, removes what is no more. Raises ConfigurationError when the
        folder cannot be written, Conflict when another export is at work in it."""
        with _opened(self._path) as folder:
            self._problems = {}
            feeds = {spec.name: (spec, self._maker.window(spec)) for spec in self._store.specs()}
            with self._loa.database.reading() as conn:
                posts = {
                    _page_of(post_id): self._stamp(stamp) for post_id, stamp in all_stamps(conn)
                }
            static = {
                f"static/{file.name}": file for file in Path(str(self._app.static_folder)).iterdir()
            }
            feed_names = [
                path_of(spec, f).lstrip("/") for spec, _ in feeds.values() for f in formats_of(spec)
            ]
            names = [*feed_names, *FRONT, *HELP, *static, *posts]
            folder.announce(names)
            written = sum(
                self._write_feeds(folder, spec, window, is_thorough)
                for spec, window in feeds.values()
            )
            written += self._write_front(folder)
            written += self._write_help(folder, is_thorough)
            written += sum(
                _write(folder, name, "", file.read_bytes()) for name, file in static.items()
            )
            written += self._write_posts(folder, posts, is_thorough)
            return ExportResult(len(names), written, folder.commit(), dict(self._problems))

    def run_front(self) -> ExportResult:
        """Writes only FRONT; what else there is stays."""
        with _opened(self._path) as folder:
            folder.announce(FRONT)
            written = self._write_front(folder)
            folder.amend()
            return ExportResult(len(FRONT), written, 0, dict(self._problems))

    def _stamp(self, *made_of: bytes) -> str:
        return blake2b(b"".join((self._epoch, *made_of)), digest_size=12).hexdigest()

    def _write_feeds(
        self, folder: Folder, spec: FeedSpec, window: StampedWindow, is_thorough: bool
    ) -> int:
        written = 0
        for fmt in formats_of(spec):
            name = path_of(spec, fmt).lstrip("/")
            stamp = self._stamp(window.stamp, repr(spec).encode())
            if folder.holds(name, stamp) and not is_thorough:
                continue
            made = self._maker.make(spec, fmt, window)
            if made is None:
                folder.keep(name)
            else:
                written += folder.write(name, stamp, made.body, made.zipped.body)
            self._looked_at(1)
        self._problems |= self._maker.problems
        return written

    def _write_front(self, folder: Folder) -> int:
        return sum(self._write_page(folder, name, "", path) for name, path in FRONT.items())

    def _write_help(self, folder: Folder, is_thorough: bool) -> int:
        stamp = self._stamp(b"help")
        wanted = {n: p for n, p in HELP.items() if is_thorough or not folder.holds(n, stamp)}
        return sum(self._write_page(folder, name, stamp, path) for name, path in wanted.items())

    def _write_posts(self, folder: Folder, stamps: dict[str, str], is_thorough: bool) -> int:
        """Pages of posts that have changed, and of those that name a changed one as of the same
        document."""
        changed = [
            name for name, stamp in stamps.items() if not folder.holds(name, stamp) or is_thorough
        ]
        wanted = dict.fromkeys(changed)
        if len(changed) < len(stamps):
            wanted |= dict.fromkeys(
                name for page in changed for name in self._companions(page) if name in stamps
            )
        return sum(self._write_page(folder, name, stamps[name], _path_of(name)) for name in wanted)

    def _companions(self, name: str) -> list[str]:
        with self._loa.database.reading() as conn:
            post = select_post(conn, _id_of(name))
            return (
                [_page_of(other.id) for other in companions(conn, post)] if post is not None else []
            )

    def _write_page(self, folder: Folder, name: str, stamp: str, path: str) -> bool:
        response = self._client.get(path)
        self._looked_at(1)
        if response.status_code == 200:
            self._problems.pop(path, None)
            return _write(folder, name, stamp, response.data)
        folder.keep(name)
        self._problems[path] = f"is answered {response.status_code}"
        return False


@contextmanager
def _opened(path: Path) -> Iterator[Folder]:
    try:
        with Folder(path) as folder:
            yield folder
    except OSError as error:
        raise ConfigurationError(
            f"cannot export to {str(path)!r}: {error.strerror or error}"
        ) from error


def _write(folder: Folder, name: str, stamp: str, body: bytes) -> bool:
    return folder.write(name, stamp, body, igzip.compress(body, GZIP_LEVEL, mtime=0))


def _page_of(post_id: str) -> str:
    return f"posts/{post_id}/index.html"


def _id_of(name: str) -> str:
    return name.split("/")[1]


def _path_of(name: str) -> str:
    return f"/posts/{_id_of(name)}"


def _epoch(loa: Loa, app: Flask) -> bytes:
    """Names all that files are made of besides posts: the program, its templates and the service's
    own words."""
    root = Path(app.root_path)
    files = sorted(
        path
        for folder in (root / "templates", root / "help")
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    words = repr(
        (
            __version__,
            loa.settings.service,
            loa.settings.polling.interval_s,
            loa.settings.websub,
            loa.rules.categories,
        )
    )
    hashed = blake2b(words.encode(), digest_size=12)
    for file in files:
        hashed.update(file.read_bytes())
    return hashed.digest()

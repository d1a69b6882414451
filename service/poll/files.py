"""Watches the files of posts: a replaced PDF is an edit, and each is archived while its portal still has it."""

from __future__ import annotations

from dataclasses import replace

from service.errors import FetchError
from service.poll.sources import PageSource
from service.poll.store import Store
from service.settings import PortalConfig
from service.storage.archive import ArchivedFile, WatchedFile, store_file, store_watch, watched_files
from service.storage.engine import Database
from service.storage.posts import get_post
from service.types import AttachmentLink, Clock

MAX_ARCHIVED_BYTES = 20 * 1024 * 1024  # a scanned directive has 1 to 8 MB


class Files:
    def __init__(self, database: Database, source: PageSource, store: Store, clock: Clock) -> None:
        self._database = database
        self._source = source
        self._store = store
        self._clock = clock

    def watch(self, portal: PortalConfig, post_id: str) -> bool:
        """Looks at every file of a post. Whether one was replaced under the same link, which is an edit."""
        with self._database.reading() as conn:
            post, known = get_post(conn, post_id), watched_files(conn, post_id)
        if post.withdrawn_at is not None:
            return False
        links = [self._look(portal, post_id, link, known.get(link.url)) for link in post.attachments]
        if tuple(links) == post.attachments:
            return False
        return self._store.files_seen(post_id, tuple(links), self._clock())

    def _look(
        self, portal: PortalConfig, post_id: str, link: AttachmentLink, known: WatchedFile | None
    ) -> AttachmentLink:
        """The link with what its file is now; as it was where that cannot be told."""
        try:
            if known is not None and known.sha256 is not None and self._is_same(portal, known):
                return replace(link, bytes=known.bytes, sha256=known.sha256)
            page = self._source.download(link.url, portal=portal, cap=MAX_ARCHIVED_BYTES)
        except FetchError as error:
            self._note(post_id, known or WatchedFile(link.url, None, None, None, None), str(error))
            return link
        media_type = page.content_type.partition(";")[0].strip() or link.media_type
        if media_type == "text/html" and link.media_type != "text/html":
            self._note(post_id, known or WatchedFile(link.url, None, None, None, None), "a page came instead")
            return link
        seen = WatchedFile(link.url, page.etag, page.last_modified, len(page.body), page.sha256)
        with self._database.writing() as conn:
            store_file(conn, ArchivedFile(page.sha256, link.media_type or media_type, page.body, self._clock()))
            store_watch(conn, post_id, seen, self._clock())
        return replace(link, bytes=seen.bytes, sha256=seen.sha256)

    def _is_same(self, portal: PortalConfig, known: WatchedFile) -> bool:
        """By validators alone; a host that gives none is asked for the file."""
        state = self._source.head(known.url, portal=portal, etag=known.etag, last_modified=known.last_modified)
        if state.is_unchanged:
            return True
        if state.etag is None and state.last_modified is None:
            return False
        return (state.etag, state.last_modified, state.bytes or known.bytes) == (
            known.etag,
            known.last_modified,
            known.bytes,
        )

    def _note(self, post_id: str, file: WatchedFile, error: str) -> None:
        with self._database.writing() as conn:
            store_watch(conn, post_id, file, self._clock(), error)

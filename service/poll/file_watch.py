"""Looks at the files of posts: a replaced PDF is an edit, and each is archived while its portal
still has it.

What a PDF's first pages say completes what is known of its post. A file that cannot be had costs no
post anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.errors import FetchError
from service.logs import Log
from service.poll.article_reading import ReadArticle
from service.poll.page_in_progress import ReadPdf
from service.poll.page_sources import PageSource
from service.portals.file_kinds import file_kind_of
from service.portals.pdf import PdfText
from service.portals.sandbox import EndedError
from service.services.post_store import PostStore
from service.settings import PortalConfig
from service.storage.archive import ArchivedFile, WatchedFile, watched_files, why_absent
from service.storage.archive_room import POST_FULL, STOPS
from service.storage.archive_store import Archive
from service.storage.engine import Database
from service.storage.posts import get_post
from service.types import AttachmentLink, Clock, Page, Post, Understanding
from service.words import coded

MAX_ARCHIVED_BYTES = 20 * 1024 * 1024
"""A larger file is linked and not archived: a scanned directive has 1 to 8 MB."""
PATIENCE = timedelta(seconds=30)
"""For so long alerts wait for the files of their posts; then they go without."""
_PDF = "application/pdf"
_HEAD = 4096  # of a file, by which its kind is told

log = Log(__name__)

Understand = Callable[[PortalConfig, Post], Understanding]


@dataclass(frozen=True, slots=True)
class _FileLook:
    """A link with what its file is now; `file` None where nothing new was learnt."""

    link: AttachmentLink
    file: WatchedFile | None = None


@dataclass(slots=True)
class _Share:
    """What one post has of the archive, in bytes: kept before, or fetched now."""

    used: int
    is_noted: bool = False


class Files:
    def __init__(
        self,
        database: Database,
        source: PageSource,
        store: PostStore,
        clock: Clock,
        understand: Understand,
        read_pdf: ReadPdf,
        archive: Archive,
    ) -> None:
        self._archive = archive
        self._database = database
        self._source = source
        self._store = store
        self._clock = clock
        self._understand = understand
        self._read_pdf = read_pdf

    def fetch(
        self,
        portal: PortalConfig,
        read: ReadArticle,
        known: tuple[AttachmentLink, ...] = (),
        until: datetime | None = None,
    ) -> tuple[ReadArticle, tuple[WatchedFile, ...]]:
        """The article with its files fetched, but for those that are known: before anybody is told
        of it.

        After `until` no further file is begun.
        """
        until = until or self._clock() + PATIENCE
        old = {link.url for link in known}
        share = _Share(sum(link.bytes or 0 for link in known if link.sha256))
        looks = [
            _FileLook(link)
            if link.url in old or self._clock() > until
            else self._fetch(portal, link, None, share)
            for link in read.article.attachments
        ]
        article = replace(read.article, attachments=tuple(look.link for look in looks))
        return replace(read, article=article), _files(looks)

    def watch(self, portal: PortalConfig, post_id: str, *, but: Collection[str] = ()) -> bool:
        """Looks at every file of a post, `but` those just looked at.

        Whether one was replaced under the same link, which is an edit.
        """
        with self._database.reading() as conn:
            post, known = get_post(conn, post_id), watched_files(conn, post_id)
            absent = why_absent(conn, [file.sha256 for file in known.values() if file.sha256])
        if post.withdrawn_at is not None or not post.attachments:
            return False
        share = _Share(_kept_bytes(known.values(), absent))
        looks = [
            _FileLook(link) if link.url in but else self._look(portal, link, known, absent, share)
            for link in post.attachments
        ]
        links, files = tuple(look.link for look in looks), _files(looks)
        if links == post.attachments and not files:
            return False
        seen = replace(post, attachments=links)
        return self._store.files_seen(seen, self._completed(portal, seen), files, self._clock())

    def _completed(self, portal: PortalConfig, post: Post) -> Understanding:
        """What is known of the post, with what its files say of the document."""
        read = self._understand(portal, post)
        return replace(
            post.understanding,
            document=read.document,
            mentions=read.mentions,
            addressees=read.addressees,
            concerns=read.concerns,
            urgency=read.urgency,
            urgency_why=read.urgency_why,
            scanned=read.scanned,
            deadlines=read.deadlines,
            read_deadlines=None,
            begins_at=read.begins_at,
            venue=read.venue,
        )

    def _look(
        self,
        portal: PortalConfig,
        link: AttachmentLink,
        known: Mapping[str, WatchedFile],
        absent: Mapping[str, str],
        share: _Share,
    ) -> _FileLook:
        file = known.get(link.url)
        if file is None or file.sha256 is None:
            return self._fetch(portal, link, file, share)
        is_wanted = absent.get(file.sha256) in STOPS
        if is_wanted and self._archive.has_room(
            portal.id, file.bytes or 0, share.used, self._clock()
        ):
            return self._fetch(portal, link, file, share)
        try:
            is_same = self._is_same(portal, file)
        except FetchError as error:
            return _FileLook(link, replace(file, error=error.reason))
        if is_same:
            return _FileLook(replace(link, bytes=file.bytes, sha256=file.sha256))
        return self._fetch(portal, link, file, share)

    def _fetch(
        self, portal: PortalConfig, link: AttachmentLink, known: WatchedFile | None, share: _Share
    ) -> _FileLook:
        """Downloads and archives; the link as it was where that fails, or its post has its
        share."""
        known = known or WatchedFile(link.url, None, None, None, None)
        if share.used >= self._archive.limits.post:
            if not share.is_noted:
                share.is_noted = True
                self._archive.note_full(portal.id, self._clock())
            return _FileLook(link, replace(known, error=POST_FULL))
        try:
            page = self._source.download(link.url, portal=portal, cap=MAX_ARCHIVED_BYTES)
        except FetchError as error:
            return _FileLook(link, replace(known, error=error.reason))
        media_type = page.content_type.partition(";")[0].strip() or link.media_type
        if media_type == "text/html" and link.media_type != "text/html":
            return _FileLook(link, replace(known, error=coded("file.is_page")))
        if file_kind_of(page.body[:_HEAD]) is None:
            return _FileLook(link, replace(known, error="file.no_kind"))
        why = self._keep(page, link.media_type or media_type, portal, share)
        seen = WatchedFile(
            link.url, page.etag, page.last_modified, len(page.body), page.sha256, why
        )
        return _FileLook(replace(link, bytes=seen.bytes, sha256=seen.sha256), seen)

    def _keep(self, page: Page, media_type: str, portal: PortalConfig, share: _Share) -> str | None:
        """Why a file is not kept, a code; None where it is. What it says is known either way."""
        pdf = self._text(page) if media_type == _PDF else None
        file = ArchivedFile(
            page.sha256,
            media_type,
            page.body,
            self._clock(),
            None if pdf is None or pdf.is_scan else pdf.text,
            pdf is not None and pdf.is_scan,
        )
        why = self._archive.keep(file, portal.id, share.used)
        share.used += len(page.body)
        return why

    def _text(self, page: Page) -> PdfText | None:
        try:
            return self._read_pdf(page.body)
        except EndedError as error:
            log.warning("a PDF is not read", url=page.url, bytes=len(page.body), error=str(error))
            return None

    def _is_same(self, portal: PortalConfig, known: WatchedFile) -> bool:
        """By validators alone; a host that gives none is asked for the file."""
        state = self._source.head(
            known.url, portal=portal, etag=known.etag, last_modified=known.last_modified
        )
        if state.is_unchanged:
            return True
        if state.etag is None and state.last_modified is None:
            return False
        return (state.etag, state.last_modified, state.bytes or known.bytes) == (
            known.etag,
            known.last_modified,
            known.bytes,
        )


def _kept_bytes(known: Iterable[WatchedFile], absent: Mapping[str, str]) -> int:
    return sum(file.bytes or 0 for file in known if file.sha256 and file.sha256 not in absent)


def _files(looks: list[_FileLook]) -> tuple[WatchedFile, ...]:
    return tuple(look.file for look in looks if look.file is not None)

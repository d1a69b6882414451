"""Reads the article of a post, and makes of it what is stored. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.errors import AnotherArticle, FetchError
from service.instants import Witness
from service.poll.dating import settle_dating, whole_title
from service.poll.decide import is_front_page, is_same_title, next_check_at, says_not_found
from service.poll.guids import guid_key
from service.poll.page_sources import Analysing, PageSource, Reader
from service.posts.diff import fingerprint, is_about, is_another
from service.settings import PortalConfig
from service.storage.posts import Draft
from service.types import (
    Article,
    AttachmentLink,
    ListedPost,
    Outcome,
    Page,
    PortalName,
    Post,
    ScanReading,
    Understanding,
    Validators,
)
from service.words import coded

_UNDERSTOOD_CHARS = (
    100_000  # about 40 printed pages; what a longer text says further on is kept, not interpreted
)
NO_ARTICLE_YET = Validators()

Texts = Callable[[Sequence[str]], str]
"""What the archived files of these digests say."""

Scans = Callable[[Sequence[str]], tuple[ScanReading, ...]]
"""What was read from the pictures of those of them that are scans."""


def hints_of(portal: PortalConfig, listings: Iterable[str]) -> tuple[str, ...]:
    """The categories of a portal's listings of these addresses, in this order."""
    categories = {one.url: one.category for one in portal.listings if one.category}
    return tuple(dict.fromkeys(categories[url] for url in listings if url in categories))


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article and the page it came on; `page` is None where the listing carried the article."""

    article: Article
    page: Page | None
    version: str


class Articles:
    """Fetches, reads and understands the articles of portals."""

    def __init__(
        self,
        source: PageSource,
        reader: Reader,
        understander: Analysing,
        texts: Texts,
        scans: Scans,
    ) -> None:
        self._source = source
        self._reader = reader
        self._understander = understander
        self._texts = texts
        self._scans = scans

    def read(
        self, url: str, portal: PortalConfig, validators: Validators = NO_ARTICLE_YET
    ) -> ReadArticle | None:
        """The article; None when it is unchanged. Raises PortalError; status 404 when the front
        page came instead."""
        page = self._source.get(url, validators, portal=portal)
        if page is None:
            return None
        if is_front_page(url, page.url):
            raise FetchError(coded("read.front_page", url=url), Outcome.HTTP_ERROR, status=404)
        article = self._reader.read_article(page, portal)
        if says_not_found(article):
            raise FetchError(coded("read.says_none", url=url), Outcome.HTTP_ERROR, status=404)
        return ReadArticle(article, page, self.version(portal))

    def read_first(
        self, url: str, portal: PortalConfig, title: str, validators: Validators = NO_ARTICLE_YET
    ) -> ReadArticle | None:
        """The article of a post of which none was read yet, listed under this title. Raises
        AnotherArticle."""
        read = self.read(url, portal, validators)
        if read is not None and not is_about(title, read.article):
            raise AnotherArticle(url, read.article.title)
        return read

    def read_again(
        self,
        post: Post,
        portal: PortalConfig,
        shown: Iterable[str],
        validators: Validators = NO_ARTICLE_YET,
    ) -> ReadArticle | None:
        """The article of a post that was read before, which listings show under the titles `shown`.

        Raises AnotherArticle where what came, with success, is about something else.
        """
        read = self.read(post.url, portal, validators)
        if read is not None and is_another(post, read.article, shown):
            raise AnotherArticle(post.url, read.article.title)
        return read

    def version(self, portal: PortalConfig) -> str:
        return self._reader.reader_version(portal)

    def draft(
        self,
        portal: PortalConfig,
        key: str,
        row: ListedPost,
        read: ReadArticle | None,
        hints: tuple[str, ...],
        now: datetime,
        more: Sequence[Witness] = (),
    ) -> Draft:
        """A post as its listing and, when it could be read, its article show it.

        `more`: what is said of its date besides.
        """
        article = read.article if read is not None else row.teaser
        settled = settle_dating(row, article, now, more)
        title, at = settled.title, settled.dating.at
        text = article.text if article is not None else ""
        attachments = article.attachments if article is not None else ()
        understanding = self._understander.understand(
            title,
            text[:_UNDERSTOOD_CHARS],
            hints=hints,
            attachments=attachments,
            published_at=at,
            attachment_text=self._said_by(attachments),
            portal=portal.id,
            scans=self._seen_in(attachments),
        )
        page = read.page if read is not None else None
        return Draft(
            portal=PortalName(portal.id, portal.name),
            identity_key=key,
            url=row.url,
            title=title,
            html=article.html if article is not None else "",
            text=text,
            understanding=understanding,
            attachments=attachments,
            fingerprint=fingerprint(title, text, understanding.document, attachments),
            published_at=at,
            seen_at=now,
            article_at=now if read is not None else None,
            next_check_at=next_check_at(now, now) if read is not None else now,
            etag=page.etag if page is not None else None,
            last_modified=page.last_modified if page is not None else None,
            sha256=page.sha256 if page is not None else None,
            version=read.version if read is not None else None,
            dating=settled.dating,
            guid_key=guid_key(row),
        )

    def _said_by(self, attachments: Iterable[AttachmentLink]) -> str:
        digests = [link.sha256 for link in attachments if link.sha256]
        return self._texts(digests) if digests else ""

    def _seen_in(self, attachments: Iterable[AttachmentLink]) -> tuple[ScanReading, ...]:
        digests = [link.sha256 for link in attachments if link.sha256]
        return self._scans(digests) if digests else ()

    def understand(self, post: Post, hints: tuple[str, ...]) -> Understanding:
        """What a stored post is about, by these hints."""
        return self._understander.understand(
            post.title,
            post.text[:_UNDERSTOOD_CHARS],
            hints=hints,
            attachments=post.attachments,
            published_at=post.published_at,
            attachment_text=self._said_by(post.attachments),
            portal=post.portal.id,
            scans=self._seen_in(post.attachments),
        )

    def redraft(
        self,
        portal: PortalConfig,
        post: Post,
        read: ReadArticle,
        hints: tuple[str, ...],
        now: datetime,
        row: ListedPost,
    ) -> Draft:
        """A stored post as its article shows it now; what is known of its files is kept. `row`: as
        it is listed."""
        row = replace(row, url=post.url, title=whole_title(post.title, read.article.title))
        article = replace(
            read.article, attachments=_with_known(read.article.attachments, post.attachments)
        )
        drafted = self.draft(portal, "", row, replace(read, article=article), hints, now)
        if post.dating is None and is_same_title(post.title, drafted.title):
            drafted = _under(
                drafted, post.title
            )  # stored without its date by a reader of then: no edit
        return replace(drafted, next_check_at=next_check_at(post.first_seen_at, now))


def _under(draft: Draft, title: str) -> Draft:
    digest = fingerprint(title, draft.text, draft.understanding.document, draft.attachments)
    return replace(draft, title=title, fingerprint=digest)


def _with_known(
    links: tuple[AttachmentLink, ...], known: tuple[AttachmentLink, ...]
) -> tuple[AttachmentLink, ...]:
    by_url = {link.url: link for link in known}
    return tuple(
        replace(link, bytes=by_url[link.url].bytes, sha256=by_url[link.url].sha256)
        if link.url in by_url
        else link
        for link in links
    )

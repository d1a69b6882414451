"""The sample portal's posts and pages, made from the seed page and from nothing else.

The seed is the text of one article page of quangxuong.thanhhoa.gov.vn: the article, and the titles
and dates of 34 posts. Bodies that the seed does not have are not invented: such a page says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files

from service.moments.label import split_trailing_moment
from service.text import LOCAL, clean, fold_plain

DIRECTIVES = "/portal/KenhTin/Chi-dao-dieu-hanh.aspx"
NEWS = "/portal/KenhTin/Tin-tuc-su-kien.aspx"
SECTION_POSTS = 4  # of the seed's 34 titles the first four are of the article's own section
SLUG_CHARACTERS = 48  # where this family of portals cuts a slug
NO_BODY = "Bài mẫu, không có nội dung gốc."
_PDF = re.compile(r"https://quangxuong\.thanhhoa\.gov\.vn(/portal/VanBan/\S{1,300}?\.pdf)")
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class SamplePost:
    """One post of the sample portal. `published_at` is aware, local; `body` is HTML; `section` a
    listing's path."""

    path: str
    title: str
    listed_title: str
    published_at: datetime
    body: str
    section: str


def seed_posts() -> tuple[SamplePost, ...]:
    """The 34 posts of the seed, in its order; the one that the seed shows whole has its whole
    text."""
    article, rows = _split((files("service.demo") / "seed.txt").read_text("utf-8"))
    whole_title, body = _article(article)
    posts = []
    for number, row in enumerate(rows):
        listed_title, moment = split_trailing_moment(row)
        if moment is None:
            raise ValueError(f"cannot read the seed: no date in {row!r}")
        is_whole = whole_title.startswith(listed_title.removesuffix("..."))
        title = whole_title if is_whole else listed_title
        section = DIRECTIVES if number < SECTION_POSTS else NEWS
        posts.append(
            _post(
                title,
                listed_title,
                moment.at.astimezone(LOCAL),
                body if is_whole else _no_body(),
                section,
            )
        )
    return tuple(posts)


def live_post(now: datetime, due_at: datetime | None = None) -> SamplePost:
    """The post that appears while one watches: a directive dated `now` that says it is a test, and
    until when communes are to acknowledge it; None: it does not say."""
    title = (
        f"[Thử nghiệm] Chỉ thị kiểm tra đường truyền thông báo của Loa lúc "
        f"{now.astimezone(LOCAL):%H:%M:%S}"
    )
    body = (
        "<p>Bài thử nghiệm do chương trình Loa tạo ra trên máy này; không phải văn bản của cơ "
        "quan nào.</p>"
    )
    if due_at is not None:
        due = due_at.astimezone(LOCAL)
        body += (
            f"<p>Yêu cầu UBND các xã, phường xác nhận đã nhận trước {due.hour} giờ {due:%M} phút "
            f"ngày {due:%d/%m/%Y}.</p>"
        )
    return _post(title, title, now.astimezone(LOCAL), body, DIRECTIVES)


def listing_page(posts: Sequence[SamplePost], section: str) -> str:
    """A listing in the markup of this family of portals, newest first as the seed orders them."""
    rows = "\n".join(
        f'<li class="TD-channel-main-td channel-news-folder"><a href="{escape(post.path)}">'
        f"{escape(post.listed_title)}</a> "
        f'<label class="pub-time">{post.published_at:%d/%m/%Y | %I:%M %p}</label></li>'
        for post in posts
        if post.section == section
    )
    return _page("Chuyên mục", f'<ul class="TD-channel-main">\n{rows}\n</ul>')


def article_page(post: SamplePost, posts: Sequence[SamplePost]) -> str:
    """An article as the seed shows it: title, day, widget, body, then the other posts with their
    dates glued on."""
    others = "\n".join(
        f"<li><a "
        f'href="{escape(other.path)}">{escape(other.listed_title)}</a>({seed_date(other.published_at)})</li>'
        for other in posts
    )
    return _page(
        post.title,
        f"<h1>{escape(post.title)}</h1>\n"
        f'<div class="TD-article-date">Đăng ngày {post.published_at:%d - %m - %Y}</div>\n'
        '<div class="TD-font-size">100%</div>\n'
        f'<div id="art-content" class="article-content">\n{post.body}\n</div>\n'
        f'<div class="TD-newest"><h3>Tin mới nhất</h3>\n<ul>\n{others}\n</ul></div>',
    )


def seed_date(at: datetime) -> str:
    """`07/02/2024 10:32 SA`, `06/02/2024 4:03 CH`: SA before noon, CH after, the hour of twelve not
    padded.

    >>> seed_date(datetime(2024, 2, 6, 16, 3))
    '06/02/2024 4:03 CH'
    """
    return f"{at:%d/%m/%Y} {at.hour % 12 or 12}:{at:%M} {'SA' if at.hour < 12 else 'CH'}"


def sample_pdf() -> bytes:
    """A one-page PDF that says it stands in for a file which the seed names and does not hold."""
    words = b"BT /F1 14 Tf 60 760 Td (Ban mau cua Loa: khong co noi dung goc.) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> "
        b">>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(words), words),
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R "
        b">>\nstartxref\n%d\n%%%%EOF\n" % (size, table, size, len(body))
    )


def _split(seed: str) -> tuple[list[str], list[str]]:
    """The seed's paragraphs before the lone `<`, and its rows between `Tin mới nhất` and the
    visitor counter."""
    paragraphs = [line for line in (clean(raw) for raw in seed.splitlines()) if line]
    end = paragraphs.index("<")
    start = paragraphs.index("Tin mới nhất") + 1
    return paragraphs[:end], paragraphs[start : paragraphs.index("°")]


def _article(paragraphs: Sequence[str]) -> tuple[str, str]:
    title, _date, _widget, *body = paragraphs
    return title, "\n".join(f"<p>{_PDF.sub(_link, escape(paragraph))}</p>" for paragraph in body)


def _link(match: re.Match[str]) -> str:
    return f'<a href="{match[1]}">{match[0]}</a>'


def _no_body() -> str:
    return f"<p>{NO_BODY}</p>"


def _post(title: str, listed_title: str, at: datetime, body: str, section: str) -> SamplePost:
    slug = _NOT_IN_A_SLUG.sub("-", fold_plain(listed_title))[:SLUG_CHARACTERS].strip("-")
    token = hashlib.sha256(f"{at.isoformat()} {listed_title}".encode()).hexdigest()[:6]
    return SamplePost(
        f"/portal/Pages/{at:%Y-%m-%d}/{slug}-{token}.aspx", title, listed_title, at, body, section
    )


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title></head>\n<body>\n"
        f'<div class="TD-menu"><a href="/portal/">Trang chủ</a> <a href="{DIRECTIVES}">Chỉ đạo '
        f"điều hành</a> "
        f'<a href="{NEWS}">Tin tức - Sự kiện</a></div>\n'
        f"{content}\n<footer>Cổng thông tin mẫu của Loa, dựng từ một trang thật đã "
        f"lưu</footer>\n</body></html>\n"
    )

"""Posts and feeds for tests, with every awkward part where it can be named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from service.feeds.markup import Site
from service.feeds.model import FeedSpec
from service.types import AttachmentLink, PortalName, Post, Understanding

AT = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
SITE = Site(
    "https://loa.example",
    "Bản tin chỉ đạo điều hành",
    labels={"directives": "Chỉ đạo điều hành", "meetings": "Họp, hội nghị", "news": "Tin tức"},
)
ALL = FeedSpec("all", "Tất cả tin", "All posts", "Mọi tin.")
PDF = AttachmentLink(
    "https://portal.example/f/C%C3%B4ng%20v%C4%83n.pdf", "Công văn.pdf", "application/pdf", 1234
)
SECOND_PDF = AttachmentLink("https://portal.example/f/phu-luc.pdf", "Phụ lục", "application/pdf")


def make_post(number: int = 0, title: str = "Chỉ thị số 06/CT-UBND", **changes: Any) -> Post:
    """A post; a higher number is an older one."""
    at = AT - timedelta(hours=number)
    post = Post(
        id=str(uuid5(NAMESPACE_URL, f"test:{number}")),
        revision=1,
        portal=PortalName("quangxuong", "UBND huyện Quảng Xương"),
        url=f"https://portal.example/portal/Pages/2024-1-28/bai-{number}.aspx",
        title=title,
        html="<p>Nội dung <b>đậm</b> &amp; dấu</p>",
        text="Nội dung đậm & dấu",
        understanding=Understanding(
            categories=("directives", "news"), summary="Nội dung đậm & dấu"
        ),
        attachments=(PDF, SECOND_PDF),
        published_at=at,
        updated_at=at,
        first_seen_at=at + timedelta(minutes=5),
    )
    return replace(post, **changes)

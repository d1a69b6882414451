"""A message of each type, as Loa sends it, for who writes a receiver. Pure; always the same bytes.

Made by what makes the real ones, of one post that is told of in Quảng Xương.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from service.alerts.links import Links, Purpose
from service.alerts.message import (
    build_handshake,
    build_payload,
    build_reminder,
    build_test,
    with_receipt_url,
)
from service.types import (
    AttachmentLink,
    ChangeType,
    Deadline,
    Document,
    Place,
    PortalName,
    Post,
    Relation,
    Understanding,
)

CONFIRM = "subscription.confirm"
TEST = "subscription.test"
REMINDER = "receipt.reminder"
EXAMPLE_TYPES = (*(one.value for one in ChangeType), CONFIRM, TEST, REMINDER)

_AT = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
_LINKS = Links("this key signs the links of examples only", "https://loa.example")
_SUBSCRIPTION = "019b2f6e-1f5c-7c31-9c0a-3f7f4c1a2b3d"
_UNIT = "019b2f6e-0a11-7d02-8a44-5b6c7d8e9f00"


@dataclass(frozen=True, slots=True)
class ExampleMessage:
    """`id` is its `webhook-id`."""

    id: str
    body: bytes


def example_message(type_: str) -> ExampleMessage:
    """Of one of EXAMPLE_TYPES; KeyError for another."""
    return ExampleMessage(str(uuid5(NAMESPACE_URL, f"loa:example:{type_}")), _BODIES[type_]())


def _change(change_type: ChangeType) -> bytes:
    is_first = change_type is ChangeType.PUBLISHED
    post = _POST if is_first else replace(_POST, revision=2, title=f"{_POST.title} (sửa đổi)")
    url = _LINKS.receipt_url(post.id, post.revision, _UNIT)
    return with_receipt_url(build_payload(change_type, _AT, post, _LINKS), url)


def _confirm() -> bytes:
    url = _LINKS.url(Purpose.CONFIRM, _SUBSCRIPTION)
    return build_handshake(_AT, _SUBSCRIPTION, "qX3vT0mJc8nB5yH2kR7wL1pZ", url).encode()


def _reminder() -> bytes:
    due = [(datetime(2024, 2, 2, 17, tzinfo=UTC), "báo cáo trước ngày 02/02/2024")]
    receipt = _LINKS.receipt_url(_POST.id, 1, _UNIT)
    post_url = _LINKS.post_url(_POST.id)
    return build_reminder(_AT, _POST.id, 1, _POST.title, due, post_url, receipt).encode()


_POST = Post(
    id=str(uuid5(NAMESPACE_URL, "loa:example")),
    revision=1,
    portal=PortalName("quangxuong", "UBND huyện Quảng Xương"),
    url="https://quangxuong.thanhhoa.gov.vn/portal/pages/2024-01-28/1.aspx",
    title="Chỉ thị về việc tăng cường phòng, chống rét cho người và vật nuôi",
    html="",
    text="",
    understanding=Understanding(
        ("directives",),
        document=Document(
            "chi-thi", "06/CT-UBND", date(2024, 1, 27), "UBND huyện Quảng Xương", Relation.RELAYS
        ),
        places=(Place("quang-ninh-16540", "Quảng Ninh"),),
        addressees=("UBND các xã, thị trấn",),
        deadlines=(Deadline(date(2024, 2, 2), "báo cáo trước ngày 02/02/2024"),),
        summary="Yêu cầu UBND các xã, thị trấn báo cáo trước ngày 02/02/2024.",
    ),
    attachments=(
        AttachmentLink(
            "https://quangxuong.thanhhoa.gov.vn/portal/VanBan/2024-01/06-CT-UBND.pdf",
            "06-CT-UBND.pdf",
            "application/pdf",
        ),
    ),
    published_at=_AT,
    updated_at=_AT,
    first_seen_at=_AT,
)

_BODIES: dict[str, Callable[[], bytes]] = {
    **{one.value: partial(_change, one) for one in ChangeType},
    CONFIRM: _confirm,
    TEST: lambda: build_test(_AT, _SUBSCRIPTION).encode(),
    REMINDER: _reminder,
}

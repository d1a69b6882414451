"""What every program is told of a post is declared once: `service.alerts.post_fields`."""

from __future__ import annotations

from dataclasses import fields, replace

import orjson
import pytest
from pydantic import TypeAdapter

from service.alerts.links import MAX_NAME
from service.alerts.message import build_payload
from service.alerts.post_fields import PayloadShape, PostFields, fields_of, name_of_file
from service.services.post_shapes import PostShape, WholePostShape
from service.types import AttachmentLink, ChangeType
from service.values import plain
from tests.fakes_ledger import LINKS, NOW, a_post

DIGEST = "ab" * 32
KEYS = [
    "id",
    "revision",
    "url",
    "title",
    "summary",
    "portal",
    "categories",
    "places",
    "addressees",
    "urgency",
    "document",
    "mentions",
    "deadlines",
    "relations",
    "also_at",
    "scanned",
    "begins_at",
    "venue",
    "published_at",
    "updated_at",
    "first_seen_at",
    "is_late",
    "attachments",
    "archive_url",
]


def a_file(url: str, name: str = "", sha256: str | None = DIGEST) -> AttachmentLink:
    return AttachmentLink(url, name, "application/pdf", 9, sha256)


def test_the_payload_has_the_declared_keys_in_their_order_and_then_what_was_cut() -> None:
    body = build_payload(ChangeType.PUBLISHED, NOW, a_post(), LINKS)
    assert list(orjson.loads(body)["data"]) == [*KEYS, "cut", "receipt_url"]
    assert [one.name for one in fields(PostFields)] == KEYS


def test_every_payload_fits_its_description_which_takes_nothing_else() -> None:
    post = replace(a_post(), attachments=(a_file("https://h.example/a.pdf"),))
    body = build_payload(ChangeType.UPDATED, NOW, post, LINKS, {DIGEST})
    data = orjson.dumps(orjson.loads(body)["data"])
    described = TypeAdapter(PayloadShape)
    assert described.validate_json(data, strict=True).id == post.id
    with pytest.raises(ValueError, match="Unexpected keyword"):
        described.validate_json(data.replace(b'"venue":', b'"venues":'), strict=True)


def test_an_answer_says_first_what_a_payload_says_and_in_the_same_order() -> None:
    for shape in (PostShape, WholePostShape):
        assert [one.name for one in fields(shape)][: len(KEYS)] == KEYS


@pytest.mark.parametrize(
    ("url", "name", "shown"),
    [
        ("https://h.example/x.pdf", "Công văn số 12.pdf", "Công văn số 12.pdf"),
        ("https://h.example/c%C3%B4ng%20v%C4%83n.pdf", "", "công văn.pdf"),
        ("https://h.example/tep/12.docx/", "https://h.example/tep/12.docx", "12.docx"),
        ("https://h.example/", " \u200b ", "file"),
        ("https:///", "", "file"),
    ],
)
def test_a_file_has_a_name_that_a_clerk_can_read(url: str, name: str, shown: str) -> None:
    assert name_of_file(a_file(url, name)) == shown
    post = replace(a_post(), attachments=(a_file(url, name),))
    assert plain(fields_of(post, LINKS, ()))["attachments"][0]["name"] == shown


def test_a_copy_has_an_address_as_soon_as_it_is_kept_and_never_before() -> None:
    kept, other, unread = (
        a_file("https://h.example/a%2Fb.pdf", "a/b.pdf"),
        a_file("https://h.example/b.pdf", sha256="cd" * 32),
        a_file("https://h.example/c.pdf", sha256=None),
    )
    post = replace(a_post(), attachments=(kept, other, unread))
    said = [one.archive_url for one in fields_of(post, LINKS, {DIGEST}).attachments]
    assert said == [f"{LINKS.public_url}/attachments/{DIGEST}/a_b.pdf", None, None]


def test_S9_an_address_of_a_copy_has_the_end_of_a_long_name_for_that_says_its_kind() -> None:
    url = LINKS.copy_url(DIGEST, "x" * 999 + ".pdf")
    assert url.endswith("x.pdf") and len(url.rpartition("/")[2]) == MAX_NAME

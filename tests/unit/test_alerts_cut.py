"""A post that is too much for one message is cut, and the message says what was left out (S9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.alerts.cut import LISTS, MAX_BYTES, MAX_ITEMS, cut_to_fit
from service.alerts.mail_item import prepare
from service.alerts.message import build_payload, with_receipt_url
from service.feeds.markup import shown_attachments
from service.types import AttachmentLink, ChangeType, Deadline, Mention, Post, Understanding
from tests.fakes_ledger import LINKS, NOW, a_post
from tests.mail_table import HANOI

RECEIPT = "https://loa.example/receipts/" + "x" * 600


def payload_of(post: Post) -> bytes:
    return with_receipt_url(build_payload(ChangeType.PUBLISHED, NOW, post, LINKS), RECEIPT)


def files(count: int, name: str = "tệp", address: int = 30) -> tuple[AttachmentLink, ...]:
    return tuple(
        AttachmentLink(
            f"http://h.example/{'f' * address}/{n}.zip", f"{name} {n}", "application/zip"
        )
        for n in range(count)
    )


def test_S9_a_hundred_files_of_a_post_are_told_and_the_rest_are_counted() -> None:
    said = orjson.loads(payload_of(replace(a_post(), attachments=files(20_000))))["data"]
    assert [one["url"][-6:] for one in said["attachments"]][:1] == ["/0.zip"]
    assert len(said["attachments"]) == MAX_ITEMS
    assert said["cut"] == {"attachments": 20_000 - MAX_ITEMS}


def test_S9_nothing_is_cut_of_an_ordinary_post_and_the_message_says_so() -> None:
    said = orjson.loads(payload_of(replace(a_post(), attachments=files(MAX_ITEMS))))["data"]
    assert (len(said["attachments"]), said["cut"]) == (MAX_ITEMS, {})
    assert list(said)[-1] == "receipt_url"


HUGE = {
    "long addresses": replace(a_post(), attachments=files(100, address=8_000)),
    "a long summary": replace(a_post(), understanding=Understanding(("directives",),
    summary="tóm tắt " * 200_000)),
    "a long title": replace(a_post(), title="tin " * 200_000),
    "many documents named": replace(
        a_post(),
        understanding=Understanding(
            ("directives",),
            mentions=tuple(Mention("chi-thi", f"{n}/CT-{'X' * 5_000}", None,
            None) for n in range(900)),
        ),
    ),
    "many deadlines": replace(
        a_post(),
        understanding=Understanding(
            ("directives",), deadlines=tuple(Deadline(date(2024, 2, 1),
            "trước ngày " * 900) for _ in range(300))
        ),
    ),
    "all at once": replace(
        a_post(),
        title="tin " * 50_000,
        attachments=files(20_000, address=3_000),
        understanding=Understanding(
            ("directives",), summary="tóm tắt " * 90_000,
            deadlines=tuple(Deadline(date(2024, 2, 1), "hạn " * 900) for _ in range(300)),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_S9_a_webhook_has_at_most_256_kb_and_says_what_was_cut(name: str) -> None:
    post = HUGE[name]
    body = payload_of(post)
    assert len(body) <= MAX_BYTES
    said = orjson.loads(body)["data"]
    assert said["cut"] and said["archive_url"].endswith(post.id)
    for field, count in said["cut"].items():
        source = getattr(post, field, None) or getattr(post.understanding, field)
        assert len(said[field]) + count == len(source), field


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 300), st.text(max_size=50), st.integers(1, 9_000))
def test_S9_every_file_is_told_or_counted_and_the_same_post_is_the_same_bytes(
    count: int, name: str, long: int
) -> None:
    post = replace(a_post(), attachments=files(count, name, long))
    body = payload_of(post)
    said = orjson.loads(body)["data"]
    assert len(said["attachments"]) + said["cut"].get("attachments", 0) == count
    assert len(body) <= MAX_BYTES
    assert payload_of(post) == body


def test_S9_a_mail_says_how_many_files_there_are() -> None:
    payload = orjson.loads(payload_of(replace(a_post(), attachments=files(20_000))))
    item = prepare(payload, HANOI)
    assert b"(20/20000)" in item.text and b"(20/20000)" in item.html
    few = orjson.loads(payload_of(replace(a_post(), attachments=files(3))))
    assert b"/3)" not in prepare(few, HANOI).text


def test_S9_what_cannot_be_cut_ends_the_cutting() -> None:
    data = {name: [] for name in LISTS} | {
        "summary": "",
        "title": "",
        "venue": "x" * MAX_BYTES,
        "receipt_url": None,
    }
    assert cut_to_fit(data)["cut"] == {}


def test_S9_a_file_of_two_addresses_that_mean_the_same_is_shown_once_and_what_is_no_web_address_never() -> (
    None
):
    links = [
        AttachmentLink(url, "t", "application/pdf")
        for url in ("http://h.example/a b", "http://h.example/a%20b", "ftp://h.example/x")
    ]
    assert len(shown_attachments(replace(a_post(), attachments=tuple(links)))) == 1

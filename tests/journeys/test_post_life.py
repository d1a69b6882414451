"""L8 to L11 of faults.md through the whole intake, and the life of a post: edited, withdrawn, back
again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import feedparser
import pytest

from service.bootstrap import open_loa
from service.poll.file_watch import MAX_ARCHIVED_BYTES
from service.storage.archive_folder import PIECE_BYTES
from service.storage.posts import revisions
from service.types import Outcome
from tests.fakes_pdf import make_pdf
from tests.fakes_site import (
    DIRECTIVE,
    LIST,
    NEW,
    OLD,
    PDF,
    PUBLISHED,
    UPDATED,
    WITH_FILE,
    WITHDRAWN,
    Item,
    World,
    conditional,
    listing,
    numbered,
    open_world,
    pdf,
    post_of,
)
from tests.hostile import Request, reply


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.show(*OLD)
        opened.poll(0)
        yield opened


# --- the life of a post -----------------------------------------------------------------------


SAID = "<html><h1>Không tìm thấy trang</h1><p>Trang bạn yêu cầu không tồn tại.</p></html>"
GONE = (
    reply(status="404 Not Found"),
    reply(status="410 Gone"),
    reply(status="302 Found", Location="/"),
    reply(SAID),
)


@pytest.mark.parametrize(
    "gone", GONE, ids=["404", "410", "leads to the front page", "says so with 200"]
)
def test_L8_withdrawn_by_two_checks_hours_apart_told_to_those_owed_and_restored(
    world: World, gone: bytes
) -> None:
    world.show(NEW, *OLD)
    world.site.answers["/"] = reply("<html><h1>Trang chủ</h1></html>")
    world.poll()
    article = world.site.answers[NEW.path]
    world.site.answers[NEW.path] = gone
    world.poll(3700)
    assert world.withdrawn() == 0
    world.poll(3600)
    assert world.withdrawn() == 0
    assert world.poll(3 * 3600).withdrawn == 1
    assert world.alerts() == [(NEW.title, PUBLISHED), (NEW.title, WITHDRAWN)]
    assert feed(world, "atom").count("deleted-entry") >= 1
    (item,) = [
        item
        for item in json.loads(feed(world, "json"))["items"]
        if item.get("_loa", {}).get("expired")
    ]
    assert item["id"] == f"urn:uuid:{post_of(world, NEW.title).id}"
    post_id = post_of(world, NEW.title).id
    world.site.answers[NEW.path] = article
    world.poll(3 * 86_400)
    assert (world.withdrawn(), post_of(world, NEW.title).id) == (0, post_id)
    assert world.alerts()[2:] == [(NEW.title, UPDATED)]


FRONT = (
    "<html><title>Trang chủ</title><h1>Cổng thông tin điện tử huyện Quảng Xương</h1><div "
    "class='article-content'>"
    f"<p>Tin mới: {NEW.title}. Thông báo số 8. Chào mừng quý vị đến với cổng thông tin của "
    f"huyện.</p>"
    "<p>Giới thiệu chung, tổ chức bộ máy, văn bản chỉ đạo điều hành, thủ tục hành "
    "chính.</p></div></html>"
)
LOGIN = (
    "<html><h1>Hệ thống quản trị</h1><div class='article-content'>Nhập tên và mật mã của ông/bà "
    "để vào."
    "<form><input name='u'></form></div></html>"
)
ERROR = (
    "<html><h1>Đã có lỗi xảy ra</h1><div class='article-content'>Máy chủ quá tải, mời thử lại "
    "sau.</div></html>"
)
OTHER = numbered(70, day=23)


@pytest.mark.parametrize(
    "answer", [FRONT, LOGIN, ERROR, OTHER.page], ids=["front page", "login", "error", "another"]
)
def test_L8_another_page_under_a_posts_address_with_200_changes_nothing_and_is_counted(
    world: World, answer: str
) -> None:
    world.show(NEW, *OLD)
    world.poll()
    known, article = post_of(world, NEW.title), world.site.answers[NEW.path]
    world.site.answers[NEW.path] = conditional(answer)
    for _ in range(4):
        assert world.poll(3 * 3600).dropped["another_article"] == 1
    assert post_of(world, NEW.title) == known
    assert world.alerts() == [(NEW.title, PUBLISHED)]
    world.site.answers[NEW.path] = article
    assert "another_article" not in world.poll(3 * 3600).dropped
    assert world.alerts() == [(NEW.title, PUBLISHED)]


@pytest.mark.parametrize("answer", [LOGIN, ERROR, OTHER.page], ids=["login", "error", "another"])
def test_L8_a_new_post_whose_article_is_another_page_is_told_by_its_listing_and_read_later(
    world: World, answer: str
) -> None:
    world.show(NEW, *OLD)
    article = world.site.answers[NEW.path]
    world.site.answers[NEW.path] = conditional(answer)
    world.poll()
    assert world.alerts() == [(NEW.title, PUBLISHED)]
    assert post_of(world, NEW.title).text == ""
    world.site.answers[NEW.path] = article
    world.poll(3 * 3600)
    assert post_of(world, NEW.title).text.startswith("Nội dung của bài")
    assert world.alerts() == [(NEW.title, PUBLISHED)]


@pytest.mark.parametrize(
    "edited",
    [
        replace(NEW, title="Hỏa tốc: ứng phó cơn bão mới trên biển Đông",
                body=f"Nội dung của bài: {NEW.title}. Đề nghị các đơn vị liên quan nghiên cứu, " f"thực hiện ngay."),
        replace(NEW, title="Công điện khẩn về bão số 9 (đính chính)",
        body="Viết lại hoàn toàn, không còn chữ cũ."),
    ],
    ids=["another title", "another text"],
)  # fmt: skip
def test_L8_a_true_edit_of_title_or_text_is_an_edit_though_the_listing_does_not_show_it(
    world: World, edited: Item
) -> None:
    world.show(NEW, *OLD)
    world.poll()
    world.site.answers[NEW.path] = conditional(edited.page)
    world.poll(3700)
    assert world.alerts() == [(edited.title, PUBLISHED), (edited.title, UPDATED)]


def test_L8_a_post_that_its_listing_shows_under_the_same_new_title_was_written_anew(
    world: World,
) -> None:
    world.show(NEW, *OLD)
    world.poll()
    edited = replace(
        NEW, title="Hỏa tốc: sơ tán dân ven biển", body="Viết lại hoàn toàn, không còn chữ cũ."
    )
    world.show(edited, *OLD)
    world.poll(3700)
    assert world.alerts() == [(edited.title, PUBLISHED), (edited.title, UPDATED)]


def feed(world: World, fmt: str) -> str:
    return str(world.get(f"/feeds/all.{fmt}").get_data(as_text=True))


def test_L8_gone_from_the_listing_alone_is_not_withdrawn(world: World) -> None:
    world.show(NEW, *OLD)
    world.poll()
    world.show(*OLD)
    for _ in range(8):
        world.poll(6 * 3600)
    assert world.withdrawn() == 0
    assert world.alerts() == [(NEW.title, PUBLISHED)]


def test_L8_a_portal_that_lost_all_its_articles_at_once_withdraws_none(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        many = [numbered(number) for number in range(30, 0, -1)]
        world.show(*many)
        world.poll(0)
        for item in many:
            del world.site.answers[item.path]
        for _ in range(12):
            world.poll(4 * 3600)
        assert world.withdrawn() == 0
        assert world.entries() == world.shown


@pytest.mark.traced
def test_L9_ten_edits_in_an_hour_are_few_alerts_and_white_space_is_none(world: World) -> None:
    world.show(NEW, *OLD)
    world.poll()
    for number in range(10):
        edited = replace(NEW, title=f"{NEW.title} (sửa lần {number})")
        world.show(edited, *OLD)
        world.poll(300)
    assert len(world.alerts()) <= 1 + 3
    world.shown -= {f"{NEW.title} (sửa lần {number})" for number in range(9)} | {NEW.title}
    world.poll(7200)
    assert post_of(world, f"{NEW.title} (sửa lần 9)").revision <= 6
    told = world.alerts()
    spaced = replace(NEW, title=f"{NEW.title}   (sửa lần 9)")
    world.site.answers[spaced.path] = conditional(spaced.page + "<!-- 5 lượt xem -->")
    world.poll(86_400)
    assert world.alerts() == told


def test_L9_a_replaced_file_is_told_with_its_reason_and_both_are_kept(world: World) -> None:
    first, second = make_pdf(*DIRECTIVE), make_pdf(*DIRECTIVE, "Bản thay thế.")
    world.site.answers[PDF] = pdf(first)
    world.show(WITH_FILE, *OLD)
    world.poll()
    world.poll(3700)
    assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
    world.site.answers[PDF] = pdf(second)
    world.poll(6 * 3600)
    assert world.alerts()[1:] == [(WITH_FILE.title, UPDATED)]
    post = post_of(world, WITH_FILE.title)
    with world.loa.database.reading() as conn:
        assert revisions(conn, post.id)[-1].what == ("attachments",)
    for body in (first, second):
        answer = world.get(f"/attachments/{sha256(body).hexdigest()}/ct07.pdf")
        assert answer.data == body
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_beyond_the_cap_is_linked_and_not_kept(world: World) -> None:
    world.site.answers[PDF] = reply(
        b"", Content_Type="application/pdf", length=MAX_ARCHIVED_BYTES + 1
    )
    world.show(WITH_FILE, *OLD)
    world.poll()
    (link,) = post_of(world, WITH_FILE.title).attachments
    assert (link.url, link.sha256) == (world.site.url + PDF, None)
    assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]


def test_a_large_file_is_kept_and_given_back_whole(world: World) -> None:
    body = make_pdf(*DIRECTIVE) + b"%" + bytes(range(256)) * (9 * PIECE_BYTES // 256)
    world.site.answers[PDF] = pdf(body)
    world.show(WITH_FILE, *OLD)
    world.poll()
    digest = sha256(body).hexdigest()
    size, pieces = world.loa.archive.open(digest)
    assert (size, b"".join(pieces)) == (len(body), body)
    assert world.get(f"/attachments/{digest}/ct07.pdf").data == body


# --- what its files say -----------------------------------------------------------------------


def test_what_only_the_pdf_says_is_in_the_first_alert(world: World) -> None:
    world.site.answers[PDF] = pdf(make_pdf(*DIRECTIVE))
    world.show(WITH_FILE, *OLD)
    world.poll()
    (payload,) = [json.loads(body) for body in world.payloads() if WITH_FILE.title in body]
    assert payload["data"]["document"]["number"] == "07/CT-UBND"
    assert [deadline["on"] for deadline in payload["data"]["deadlines"]] == ["2026-11-30"]
    (attachment,) = payload["data"]["attachments"]
    assert attachment["sha256"] == sha256(make_pdf(*DIRECTIVE)).hexdigest()
    for _ in range(4):
        world.poll(7 * 3600)
    assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
    document = post_of(world, WITH_FILE.title).understanding.document
    assert document is not None
    assert document.number == "07/CT-UBND"


@pytest.mark.traced
def test_a_pdf_that_comes_late_completes_its_post_and_tells_nobody_twice(world: World) -> None:
    world.site.answers[PDF] = reply(status="500 Internal Server Error")
    world.show(WITH_FILE, *OLD)
    world.poll()
    assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
    world.site.answers[PDF] = pdf(make_pdf(*DIRECTIVE))
    world.poll(3700)
    post = post_of(world, WITH_FILE.title)
    assert post.understanding.document is not None
    assert (post.understanding.document.number, post.revision) == ("07/CT-UBND", 1)
    edited = replace(WITH_FILE, body="Chi tiết xem tệp đính kèm dưới đây, đã bổ sung nơi nhận.")
    world.site.answers[edited.path] = conditional(edited.page)
    world.poll(6 * 3600)
    with world.loa.database.reading() as conn:
        assert revisions(conn, post.id)[-1].what == ("text",)
    assert world.alerts() == [(WITH_FILE.title, PUBLISHED), (WITH_FILE.title, UPDATED)]


def test_a_scan_is_marked_and_a_damaged_file_costs_nothing(world: World) -> None:
    for body, is_scan in ((make_pdf(), True), (b"%PDF-1.4 broken", False)):
        world.site.answers[PDF] = pdf(body)
        world.show(WITH_FILE, *OLD)
        world.poll(86_400)
        page = world.get(f"/posts/{post_of(world, WITH_FILE.title).id}").get_data(as_text=True)
        assert f"/attachments/{sha256(body).hexdigest()}/" in page
        assert ("bản quét" in page) is is_scan
    assert world.entries() == world.shown


# --- what it holds ----------------------------------------------------------------------------

NASTY = (
    "Thông báo &lt;mới&gt; ]]&gt; &amp;amp;amp; \u200b về \x07 họp",
    "Thông báo 😀 \ud83d về " + "rất dài " * 250,
    "=?UTF-8?Q?=0D=0A?=Bcc: x@y thông báo",
)
EXECUTABLE = ("<script", "onerror", "<iframe", "javascript:", "<svg", "<style")
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><iframe src='//evil'></iframe>"
    "<a href='javascript:alert(1)'>Tải về</a><svg><style><img src=x onerror=alert(1)></style></svg>"
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;<img src=1 "
    "onerror=alert(1)>'>"
    "<p style='background:url(javascript:x)'>Nội dung của thông báo về việc họp giao ban tháng.</p>"
)


def test_L10_and_L11_whatever_a_portal_writes_the_feeds_are_valid_and_nothing_executes(
    world: World,
) -> None:
    nasty = [
        replace(numbered(number, day=23), title=title, body=EVIL)
        for number, title in enumerate(NASTY, 200)
    ]
    nasty.append(replace(numbered(300, day=23), body="Nội dung dài. " * 300_000))
    for item in nasty:
        world.site.answers[item.path] = reply(item.page.encode("utf-8", "surrogatepass"))
    page = listing(*nasty, *OLD)
    world.site.answers[LIST] = reply(page.encode("utf-8", "surrogatepass"))
    assert world.poll().outcome is Outcome.NEW
    assert len(world.alerts()) == len(nasty)
    for fmt in ("rss", "atom"):
        text = feed(world, fmt)
        read = feedparser.parse(text, sanitize_html=False, resolve_relative_uris=False)
        assert not read.bozo, read.get("bozo_exception")
        assert len(read.entries) == len(nasty) + len(OLD)
        for entry in read.entries:
            html = " ".join(one.value for one in entry.content).lower()
            assert not any(
                word in html
                for word in ("<script", "onerror", "<iframe", "javascript:", "<svg", "<style")
            )


# --- politeness and several workers -----------------------------------------------------------


def test_one_patience_for_listings_articles_and_files_of_a_host(tmp_path: Path) -> None:
    waits: list[float] = []
    with open_world(tmp_path, polling="", delay_s=2.0) as world:
        world.loa.fetcher._sleep = waits.append
        world.site.answers[PDF] = pdf(make_pdf(*DIRECTIVE))
        world.show(WITH_FILE, *OLD[:2])
        world.poll(0)
        asked = len(world.site.requests)
        assert asked == 1 + 1 + 3 + 1, world.site.requests  # robots, listing, articles, file
        assert waits == [2.0 * number for number in range(1, asked)]


def test_M3_two_workers_poll_each_listing_once(world: World, tmp_path: Path) -> None:
    import threading

    other = open_loa(tmp_path / "loa.toml", {}, clock=world.clock)
    world.show(NEW, *OLD)

    def slowly(request: Request) -> bytes:
        both.wait(0.3)
        return reply(listing(NEW, *OLD))

    both = threading.Event()
    world.site.answers[LIST] = slowly
    world.clock.advance(600)
    del world.site.requests[:]
    threads = [threading.Thread(target=loa.poller.poll_due) for loa in (world.loa, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.fetcher.close()
    other.close()
    assert world.site.paths().count(LIST) == 1
    assert world.site.paths().count(NEW.path) == 1

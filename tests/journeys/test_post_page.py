"""What a clerk finds on the first page and on the page of a post: each document once, what matters
first, what was changed word by word, and its days for a calendar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from icalendar import Calendar
from selectolax.lexbor import LexborHTMLParser

from service.alerts.links import Purpose
from service.storage.archive import ArchivedFile
from service.storage.post_writes import Draft, add_revision, insert_post, set_facts
from service.storage.posts import get_post
from service.types import (
    Deadline,
    Document,
    DocumentLink,
    Link,
    Mention,
    Place,
    PortalName,
    Post,
    Relation,
    Urgency,
)
from tests.fakes import FakeClock
from tests.fakes_web import PORTAL, PUBLIC_URL, Web, make_web, owe, store_post

DEADLINE = Deadline(
    date(2026, 12, 15), "trước ngày 15/12/2026", owner="communes", task="báo cáo kết quả"
)


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def tree(web: Web, path: str) -> LexborHTMLParser:
    answer = web.client.get(path)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.get_data(as_text=True))


def ask_for(web: Web, post: Post, *deadlines: Deadline) -> None:
    document = Document("cong-van", "1687-CV/TU", date(2024, 1, 26), "Tỉnh ủy", Relation.IS)
    facts = replace(
        post.understanding,
        document=document,
        deadlines=deadlines,
        urgency=Urgency("khan"),
        places=(Place("quang-ninh-16540", "Quảng Ninh"),),
    )
    with web.loa.database.writing() as conn:
        set_facts(conn, replace(post, understanding=facts))


def edit(web: Web, post: Post, title: str, words: str) -> None:
    at = post.first_seen_at + timedelta(days=1)
    with web.loa.database.writing() as conn:
        now = get_post(conn, post.id)
        draft = Draft(
            PORTAL, "key-1", post.url, title, f"<p>{words}</p>", words, now.understanding,
            now.attachments, words, post.published_at, at,
        )  # fmt: skip
        add_revision(conn, now, draft, ["text"])


def test_a_row_says_number_urgency_deadline_place_and_files(web: Web) -> None:
    ask_for(web, store_post(web.loa, 1), DEADLINE, DEADLINE)
    facts = " ".join(tree(web, "/").css_first(".post .facts").text().split())
    for said in ("khẩn", "Công văn 1687-CV/TU".lower(), "Hạn 15/12/2026 (+1)", "Quảng Ninh"):
        assert said.lower() in facts.lower()
    assert "1 tệp" in facts


def test_a_document_on_two_portals_stands_once_on_the_first_page(web: Web) -> None:
    post = store_post(web.loa, 1, title="Chỉ thị trên cổng huyện")
    for n, number in enumerate(("06/CT-UBND", "07/CT-UBND")):
        document = replace(post.understanding.document or Document("", "", None, None,
                           Relation.IS), number=number)  # fmt: skip
        at = post.first_seen_at + timedelta(hours=1)
        draft = Draft(
            PortalName("xa", "UBND xã"), f"x{n}", f"https://xa.example/{n}", f"Ở xã, {number}", "",
            "", replace(post.understanding, document=document), (), f"x{n}", at, at,
        )  # fmt: skip
        with web.loa.database.writing() as conn:
            insert_post(conn, draft)
    titles = [node.text() for node in tree(web, "/").css(".post h3")]
    assert sorted(titles) == ["Ở xã, 06/CT-UBND", "Ở xã, 07/CT-UBND"]


def test_posts_beyond_the_newest_stand_in_their_category_and_none_twice(web: Web) -> None:
    for n in range(20):
        store_post(web.loa, n, category="meetings" if n < 2 else "directives", title=f"Tin {n}.")
    page = tree(web, "/")
    titles = [node.text() for node in page.css(".post h3")]
    assert titles[:8] == [f"Tin {n}." for n in range(19, 11, -1)]
    assert len(titles) == len(set(titles)) == 14
    assert [node.text() for node in page.css(".section-meetings h3")] == ["Tin 1.", "Tin 0."]


def test_the_document_its_tasks_and_its_files_stand_before_its_text(web: Web) -> None:
    post = store_post(web.loa, 1, html="<p>Thân bài</p>")
    ask_for(web, post, DEADLINE)
    page = tree(web, f"/posts/{post.id}").css_first("article").text()
    order = [page.index(one) for one in ("1687-CV/TU", "báo cáo kết quả", "ct06.pdf", "Thân bài")]
    assert order == sorted(order)


def test_what_an_edit_changed_is_shown_by_words_on_the_page_and_on_the_receipt(web: Web) -> None:
    post = store_post(web.loa, 1)
    owe(web, post)
    edit(web, post, "Chỉ thị 1", "toàn <bộ> bản")
    page = tree(web, f"/posts/{post.id}")
    assert page.css_first(".diff del").text() == "văn"
    assert page.css_first(".diff ins").text() == "<bộ> bản"
    url = web.loa.links.url(Purpose.RECEIPT, post.id, "2", web.unit_id)
    receipt = tree(web, url.removeprefix(PUBLIC_URL))
    assert receipt.css_first(".diff ins").text() == "<bộ> bản"
    first = web.loa.links.url(Purpose.RECEIPT, post.id, "1", web.unit_id)
    assert tree(web, first.removeprefix(PUBLIC_URL)).css_first(".diff") is None


def test_a_post_with_a_day_is_put_into_a_calendar_and_one_without_has_none(web: Web) -> None:
    post, other = store_post(web.loa, 1), store_post(web.loa, 2)
    ask_for(web, post, DEADLINE)
    link = f"/posts/{post.id}/calendar.ics"
    assert tree(web, f"/posts/{post.id}").css_first(f'a[href="{link}"]') is not None
    answer = web.client.get(link)
    calendar = Calendar.from_ical(answer.get_data())
    (event,) = calendar.events
    assert event.start == date(2026, 12, 15) and answer.mimetype == "text/calendar"
    assert calendar["source"] == PUBLIC_URL + link
    assert tree(web, f"/posts/{other.id}").css_first('a[href$="calendar.ics"]') is None
    assert web.client.get(f"/posts/{other.id}/calendar.ics").status_code == 404


def test_a_link_that_is_shared_says_what_it_is_and_a_print_where_it_came_from(web: Web) -> None:
    post = store_post(web.loa, 1)
    page = tree(web, f"/posts/{post.id}")
    shared = {
        node.attributes["property"]: node.attributes["content"] for node in page.css("[property]")
    }
    assert shared["og:description"] == "Tóm tắt 1" and shared["og:title"] == "Chỉ thị 1"
    assert shared["article:published_time"] == datetime(2024, 1, 28, 3, 16, tzinfo=UTC).isoformat()
    printed = page.css_first(".onprint").text()
    assert post.url in printed and f"{PUBLIC_URL}/posts/{post.id}" in printed
    assert len(page.css(".onprint svg.qr path")) == 1
    assert str(shared["og:image"]).startswith(f"{PUBLIC_URL}/static/loa-512.png?")


def test_only_a_pdf_that_is_kept_is_read_in_the_browser_and_in_a_sandbox(web: Web) -> None:
    kinds = {"pdf": b"%PDF-1.7 a", "docx": b"PK\x03\x04 a", "page": b"<html>%PDF-1.7"}
    seen = {}
    for kind, body in kinds.items():
        digest = sha256(body).hexdigest()
        file = ArchivedFile(digest, "application/pdf", body, datetime.now(UTC))
        assert web.loa.archive.keep(file, "quangxuong") is None
        answer = web.client.get(f"/attachments/{digest}/view/C%C3%B4ng%20v%C4%83n.pdf")
        seen[kind] = answer.status_code
        if answer.status_code == 200:
            assert answer.data == body and answer.content_type == "application/pdf"
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            name = "inline; filename*=UTF-8''C%C3%B4ng%20v%C4%83n.pdf"
            assert answer.headers["Content-Disposition"] == name
    assert seen == {"pdf": 200, "docx": 404, "page": 404}


def test_robots_are_kept_from_what_is_somebodys_own_and_from_endless_variants(web: Web) -> None:
    answer = web.client.get("/robots.txt")
    lines = answer.get_data(as_text=True).splitlines()
    assert lines[0] == "User-agent: *" and answer.mimetype == "text/plain"
    assert {"Disallow: /manage/", "Disallow: /receipts/", "Disallow: /*?"} <= set(lines)
    assert lines[-1] == f"Sitemap: {PUBLIC_URL}/sitemap.xml"
    icon = web.client.get("/favicon.ico")
    assert icon.status_code == 200 and icon.mimetype == "image/x-icon"
    assert icon.data[:4] == b"\0\0\1\0" and icon.data[4] == 3  # an icon file of three pictures
    assert "max-age=86400" in icon.headers["Cache-Control"]


def structured(web: Web, post: Post) -> dict[str, object] | None:
    found = tree(web, f"/posts/{post.id}").css_first('script[type="application/ld+json"]')
    return None if found is None else json.loads(found.text())


def test_a_page_says_to_programs_which_document_it_is_about(web: Web) -> None:
    law = {
        "@type": "Legislation",
        "legislationIdentifier": "06/CT-UBND",
        "legislationType": "chỉ thị",
        "legislationDate": "2023-06-05",
        "legislationPassedBy": {
            "@type": "GovernmentOrganization",
            "name": "UBND huyện Quảng Xương",
        },
        "legislationJurisdiction": "VN",
    }
    title = "</script><script>alert(1)</script> & “x”"
    post = store_post(web.loa, 1, title=title)
    said = structured(web, post)
    assert said is not None
    assert (said["@type"], said["name"], said["about"]) == ("NewsArticle", title, law)
    relations = tuple(
        DocumentLink(link, Mention(None, f"{n}/QĐ-UBND"), "")
        for n, link in enumerate((Link.REPLACES, Link.CANCELS, Link.AMENDS, Link.REMINDS))
    )
    document = Document(None, "7/QĐ-UBND", None, None, Relation.IS)
    facts = replace(post.understanding, document=document, relations=relations)
    with web.loa.database.writing() as conn:
        set_facts(conn, replace(post, understanding=facts))
    said = structured(web, post)
    assert said is not None
    assert said["@type"] == "Legislation"
    assert said["url"] == f"{PUBLIC_URL}/posts/{post.id}"
    assert [one["legislationIdentifier"] for one in said["legislationRepeals"]] == [  # type: ignore[attr-defined] # JSON
        "0/QĐ-UBND",
        "1/QĐ-UBND",
    ]
    assert len(said["legislationAmends"]) == 1  # type: ignore[arg-type] # JSON
    with web.loa.database.writing() as conn:
        set_facts(conn, replace(post, understanding=replace(facts, document=None)))
    assert structured(web, post) is None

"""What people see: the first page, a post, its languages, its headers, and what happens when
something is wrong."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import update

from service.storage import schema
from service.storage.listings import know_listings
from service.storage.units import list_units, remove_unit
from service.types import Outcome
from service.web import words
from service.web.access_table import Access, access_of
from service.web.server.readiness import reasons_not_ready
from service.words import labels_of
from service.words.labels import LABELS
from tests.fakes import FakeClock
from tests.fakes_web import LISTING, PORTAL, PUBLIC_URL, Web, make_web, store_post
from tests.mail_table import HANOI


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def _text(web: Web, path: str) -> str:
    return web.client.get(path).get_data(as_text=True)


def test_the_first_page_shows_the_newest_of_all_and_each_once(web: Web) -> None:
    store_post(web.loa, 1, title="Chỉ thị về giao thông")
    store_post(web.loa, 2, category="meetings", title="Họp phiên thường kỳ")
    page = _text(web, "/")
    assert page.index("Họp phiên thường kỳ") < page.index("Chỉ thị về giao thông")
    assert page.count("Chỉ thị về giao thông") == 1
    assert "10:16 ngày 28/01/2024" in page


def test_every_page_announces_the_feeds_below_the_public_address(web: Web) -> None:
    post = store_post(web.loa, 1)
    for path in ("/", f"/posts/{post.id}", "/subscribe", "/api/docs", "/no-such-page"):
        page = web.client.get(path, headers={"Host": "evil.example"}).get_data(as_text=True)
        for kind, name in (
            ("rss+xml", "all.rss"),
            ("atom+xml", "all.atom"),
            ("feed+json", "all.json"),
        ):
            assert re.search(
                rf'rel="alternate" '
                rf'type="application/{re.escape(kind)}"[^>]*{PUBLIC_URL}/feeds/{name}',
                page,
            )
        assert "evil.example" not in page


def test_search_finds_without_accents_and_says_when_nothing_matches(web: Web) -> None:
    store_post(web.loa, 1, title="Bảo đảm trật tự an toàn giao thông")
    assert "an toàn <mark>giao thông</mark>" in _text(web, "/?q=giao+thong")
    assert "Không có tin nào phù hợp" in _text(web, "/?q=khongcogi")


def test_older_posts_are_reached_page_by_page_and_none_twice(web: Web) -> None:
    for n in range(35):
        store_post(web.loa, n)
    first = _text(web, "/?category=directives")
    older = re.search(r'href="(/\?category=directives&amp;before=[^"]+)"', first)
    assert older is not None
    second = _text(web, older.group(1).replace("&amp;", "&"))
    seen = [re.findall(r"/posts/([0-9a-f-]{36})", page) for page in (first, second)]
    assert (len(seen[0]), len(seen[1]), len({*seen[0], *seen[1]})) == (30, 5, 35)


def test_a_post_shows_text_attachment_document_history_and_its_original(web: Web) -> None:
    post = store_post(web.loa, 1, html="<p>Nội dung chỉ thị</p>")
    page = _text(web, f"/posts/{post.id}")
    for wanted in (
        "Nội dung chỉ thị",
        "ct06.pdf",
        "06/CT-UBND",
        "05/06/2023",
        post.url,
        "Lịch sử",
        "Chủ nhật",
    ):
        assert wanted in page


def test_a_post_names_the_other_posts_of_its_document_with_their_dates(web: Web) -> None:
    post, other = store_post(web.loa, 1), store_post(web.loa, 2, title="Chỉ thị trên cổng khác")
    page = _text(web, f"/posts/{post.id}")
    section = page[page.index("Tin khác về văn bản này") :]
    assert f'href="/posts/{other.id}">Chỉ thị trên cổng khác' in section
    assert (
        "11:16 ngày 28/01/2024" in section
        and PORTAL.name in section
        and "đưa tin về văn bản" in section
    )
    answer = web.client.get(f"/api/v1/posts/{post.id}", headers=web.unit).get_json()
    assert answer["same_document"] == [
        {
            "id": other.id,
            "title": "Chỉ thị trên cổng khác",
            "portal": {"id": PORTAL.id, "name": PORTAL.name},
            "published_at": "2024-01-28T04:16:00Z",
            "relation": "relays",
            "archive_url": f"{PUBLIC_URL}/posts/{other.id}",
        }
    ]


def test_L11_a_picture_of_an_article_is_a_link_and_nothing_loads_from_elsewhere(web: Web) -> None:
    post = store_post(
        web.loa,
        1,
        html='<p>Ảnh <img src="https://quangxuong.example/a.jpg" alt="Lễ &lt;b&gt; ra quân"></p>',
    )
    response = web.client.get(f"/posts/{post.id}")
    page = response.get_data(as_text=True)
    assert "<img" not in page
    assert 'href="https://quangxuong.example/a.jpg"' in page
    assert "Lễ &lt;b&gt; ra quân" in page
    assert "<script" not in page.replace('<script type="application/ld+json">', "")  # data


@pytest.mark.parametrize(
    "path", ["/", "/no-such-page", "/api/v1/posts", "/admin/sign-in", "/healthz", "/static/loa.css"]
)
def test_every_answer_forbids_scripts_framing_sniffing_and_referrers(web: Web, path: str) -> None:
    with web.client.get(path) as response:
        headers = response.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_holds_inline_script_or_style_or_anything_from_elsewhere(web: Web) -> None:
    post = store_post(web.loa, 1)
    for path in ("/", f"/posts/{post.id}", "/subscribe", "/api/docs", "/admin/sign-in"):
        page = _text(web, path)
        page = re.sub(r'<script type="application/ld\+json">', "", page)  # data, which nothing runs
        page = re.sub(r'<script src="/static/[a-z_.]+\?v=[0-9a-f]+" defer></script>', "", page)
        assert not re.search(r"<script|\sstyle=|\son[a-z]+=|<style", page), path
        assert not re.search(r'(?:src|<link rel="stylesheet" href)="https?:', page), path


def test_vietnamese_is_first_and_english_is_remembered_once_chosen(web: Web) -> None:
    assert "Tin mới nhất" in web.client.get("/", headers={"Accept-Language": "en"}).get_data(
        as_text=True
    )
    assert "The latest posts" in _text(web, "/?lang=en")
    assert "The latest posts" in _text(web, "/")
    assert "Tin mới nhất" in _text(web, "/?lang=vi")


def test_O6_a_failing_portal_is_said_in_plain_words_and_its_posts_stay(
    web: Web, clock: FakeClock
) -> None:
    store_post(web.loa, 1, title="Chỉ thị còn đây")
    with web.loa.database.writing() as conn:
        know_listings(conn, [("quangxuong", LISTING)], clock())
        conn.execute(
            update(schema.listing).values(last_outcome=Outcome.NETWORK, failing_since=clock())
        )
    response = web.client.get("/")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "Chỉ thị còn đây" in page
    assert "không kết nối được tới cổng" in page
    assert "10:00 ngày 23/11/2026" in page


def test_O5_links_come_from_the_public_address_with_its_path(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(
        sqlite_url,
        clock,
        service={"public_url": "https://tinh.example/loa/", "secret_key": "k" * 40},
    )
    store_post(web.loa, 1)
    page = web.client.get("/", headers={"X-Forwarded-Host": "evil.example"}).get_data(as_text=True)
    assert 'href="/loa/feeds/all.rss"' in page
    assert 'href="https://tinh.example/loa/feeds/all.rss"' in page
    assert "evil.example" not in page
    web.loa.close()


@pytest.mark.parametrize(
    "path",
    [
        "/?before=zzz",
        "/?q=%00",
        "/?q=" + "a" * 10_000,
        "/?" + "category=a&" * 50,
        "/?category=" + "x" * 5000,
    ],
)
def test_a_mangled_address_is_answered_and_never_breaks(web: Web, path: str) -> None:
    assert web.client.get(path).status_code in (200, 400)


def test_a_page_that_is_not_there_is_said_in_words(web: Web) -> None:
    for path in ("/posts/nothing", "/nothing"):
        response = web.client.get(path)
        assert response.status_code == 404
        assert "Không tìm thấy" in response.get_data(as_text=True)


def test_every_route_has_an_auth_decision(web: Web) -> None:
    undecided = [
        rule.endpoint for rule in web.app.url_map.iter_rules() if access_of(rule.endpoint) is None
    ]
    assert undecided == []


def test_every_route_of_the_api_needs_a_token_but_its_description(web: Web) -> None:
    public = {
        rule.endpoint
        for rule in web.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and access_of(rule.endpoint) is Access.PUBLIC
    }
    assert public == {"api.openapi", "api.docs"}


def test_every_label_has_vietnamese_and_english() -> None:
    assert all(vi.strip() and en.strip() for vi, en in LABELS.values())
    assert set(Outcome) == set(labels_of("outcome", "vi"))


def test_instants_are_said_as_vietnamese_people_write_them() -> None:
    at = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
    assert words.say_instant(at, HANOI) == "09:16 ngày 28/01/2024"
    assert words.say_instant_fully(at, HANOI) == "09:16 Chủ nhật, ngày 28/01/2024"
    assert words.say_bytes(1_500_000, "vi") == "1,4 MB"
    assert words.say_bytes(1_500_000, "en") == "1.4 MB"


def test_M1_a_database_that_cannot_be_used_is_503_everywhere_and_readiness_says_why(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "loa.db"
    web = make_web(f"sqlite:///{path}", clock)
    assert web.client.get("/readyz").status_code == 200
    web.loa.database.close()
    whole = path.read_bytes()
    for extra in tmp_path.glob("loa.db-*"):
        extra.unlink()
    path.write_bytes(b"this is no database at all" * 1000)
    ready = web.client.get("/readyz")
    assert ready.status_code == 503
    assert "database" in ready.json["reasons"][0]
    assert web.client.get("/").status_code == 503
    figures = web.client.get("/metrics")
    assert (figures.status_code, figures.mimetype) == (503, "text/plain")
    assert web.client.get("/healthz").status_code == 200
    web.loa.database.close()
    for extra in tmp_path.glob("loa.db-*"):
        extra.unlink()
    path.write_bytes(whole)
    assert web.client.get("/readyz").status_code == 200
    web.loa.close()


def test_M1_a_database_that_another_process_keeps_locked_is_not_ready_and_is_ready_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    web = make_web(f"sqlite:///{tmp_path}/loa.db", clock)
    with closing(sqlite3.connect(tmp_path / "loa.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ready = web.client.get("/readyz")
        assert (ready.status_code, ready.json["reasons"]) == (503, ["database: database is locked"])
        assert web.client.get("/").status_code == 200
        other.execute("ROLLBACK")
    assert web.client.get("/readyz").status_code == 200
    web.loa.close()


def test_M1_a_disk_that_is_nearly_full_is_said_before_it_is_full(web: Web) -> None:
    assert reasons_not_ready(web.loa) == []
    (reason,) = reasons_not_ready(web.loa, min_free_bytes=1 << 60)
    assert reason.startswith("disk: only") and "MB are free" in reason


def test_readiness_names_listings_that_nobody_polls(web: Web, clock: FakeClock) -> None:
    with web.loa.database.writing() as conn:
        know_listings(conn, [("quangxuong", LISTING)], clock())
    assert web.client.get("/readyz").status_code == 200
    clock.advance(3600)
    assert "polling" in web.client.get("/readyz").json["reasons"][0]


def test_metrics_count_every_outcome_and_need_their_token_when_one_is_set(
    sqlite_url: str, clock: FakeClock
) -> None:
    web = make_web(sqlite_url, clock, server={"metrics_token": "wort"})
    assert web.client.get("/metrics").status_code == 401
    text = web.client.get("/metrics", headers={"Authorization": "Bearer wort"}).get_data(
        as_text=True
    )
    for outcome in Outcome:
        assert f'loa_listings{{outcome="{outcome}"}}' in text
    assert "loa_posts 0.0" in text
    web.loa.close()


def test_in_english_no_word_of_a_page_is_left_in_vietnamese(web: Web) -> None:
    """What is Vietnamese by nature, as titles and names, says so by `lang` or is taken out here."""
    with web.loa.database.writing() as conn:
        for unit in list_units(conn):
            remove_unit(conn, unit.id, web.loa.clock())
    post = store_post(web.loa, 1, title="Directive")
    page = web.client.get("/admin/sign-in?lang=en").get_data(as_text=True)
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    web.client.post("/admin/sign-in", data={"csrf": csrf, "token": web.operator_token})
    paths = [
        "/",
        "/?q=none",
        f"/posts/{post.id}",
        "/feeds/",
        "/subscribe",
        "/api/docs",
        "/nothing",
        "/admin/sign-in",
    ]
    paths += [
        f"/admin/{name}"
        for name in ("", "posts", f"posts/{post.id}", "units", "subscriptions", "deliveries")
    ]
    for path in [*paths, f"/admin/receipts/{post.id}"]:
        tree = LexborHTMLParser(web.client.get(path).get_data(as_text=True))
        assert tree.css_first("html").attributes["lang"] == "en"
        for node in tree.css("head, [lang=vi]"):
            node.decompose()
        text = tree.body.text(separator=" ")
        for name in (
            web.loa.settings.service.title,
            PORTAL.name,
            "Tiếng Việt",
            "toàn văn",
            "Tóm tắt",
        ):
            text = text.replace(name, "")
        assert (
            re.findall(
                r"\w*[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]\w*", text.lower()
            )
            == []
        ), path


def test_a_form_that_cannot_be_used_says_why_in_the_readers_language(web: Web) -> None:
    for language, wanted in (
        ("vi", "Địa chỉ thư điện tử chưa đúng"),
        ("en", "That is no email address"),
    ):
        response = web.client.post(f"/subscribe?lang={language}", data={"address": "nobody"})
        assert response.status_code == 422
        assert wanted in response.get_data(as_text=True)


def test_before_the_first_post_the_first_page_says_what_it_waits_for(web: Web) -> None:
    page = _text(web, "/")
    assert "Chưa có tin nào." in page and PORTAL.name in page
    store_post(web.loa, 1)
    assert "Chưa có tin nào." not in _text(web, "/")

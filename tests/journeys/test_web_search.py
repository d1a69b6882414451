"""Searches by people and programs: the same filters at every door, from a list to a feed and to a
subscription, and a form that keeps what was typed (U6, U8, S10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.storage.post_writes import set_facts
from service.types import Deadline, Document, Relation, Urgency
from service.web.server.queues import DESK, PAGES, SEARCHES, queue_of
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, store_post

NUMBER = "1687-CV/TU"
ASKED = [
    "kind=cong-van",
    "urgency=khan",
    "number=1687",
    "issuer=tinh+uy",
    "deadline_from=2026-12-15&deadline_to=2026-12-15",
    "day_from=2024-01-28&day_to=2024-01-28&kind=cong-van",
]


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    store_post(made.loa, 1, title="Chỉ thị khác")
    post = store_post(made.loa, 2, title="Về bảo đảm trật tự, an toàn giao thông")
    document = Document("cong-van", NUMBER, date(2024, 1, 26), "Tỉnh ủy Thanh Hóa", Relation.IS)
    deadline = Deadline(date(2026, 12, 15), "trước ngày 15/12/2026")
    facts = replace(
        post.understanding, document=document, urgency=Urgency("khan"), deadlines=(deadline,)
    )
    with made.loa.database.writing() as conn:
        set_facts(conn, replace(post, understanding=facts))
    yield made
    made.loa.close()


def tree(web: Web, path: str) -> LexborHTMLParser:
    return LexborHTMLParser(web.client.get(path).get_data(as_text=True))


def titles(page: LexborHTMLParser) -> list[str]:
    return [node.text() for node in page.css(".post h3")]


@pytest.mark.parametrize("asked", ASKED)
def test_page_api_and_feed_find_the_same_post_by_the_same_filter(web: Web, asked: str) -> None:
    page = tree(web, f"/?{asked}")
    assert titles(page) == ["Về bảo đảm trật tự, an toàn giao thông"]
    assert "1 tin khớp" in page.css_first(".found").text()
    (item,) = web.client.get(f"/api/v1/posts?{asked}", headers=web.unit).get_json()["items"]
    (entry,) = web.client.get(f"/feeds/all.json?{asked}").get_json()["items"]
    assert item["id"] in entry["id"] and item["document"]["number"] == NUMBER


@pytest.mark.parametrize("asked", ASKED)
def test_a_search_leads_to_its_feed_and_to_its_subscription(web: Web, asked: str) -> None:
    page = tree(web, f"/?{asked}&q=giao+thong&category=directives")
    to_form, to_feed = [node.attributes["href"] or "" for node in page.css(".found .button")]
    assert to_feed.startswith("/feeds/all.atom?")
    feed = web.client.get(to_feed).get_data(as_text=True)
    assert feed.count("<entry") == 1 and "an toàn giao thông" in feed
    form = tree(web, to_form).css_first("form[method=post]")
    ticked = [node.attributes["value"] for node in form.css("[checked], [selected]")]
    assert "directives" in ticked
    words = form.css_first("[name=keyword]").attributes["value"] or ""
    assert words.startswith("giao thong")
    for name, value in (("kind", "cong-van"), ("urgency", "khan")):
        assert (value in ticked) is (f"{name}={value}" in asked)
    for name, word in (("number", "1687"), ("issuer", "tinh uy")):
        assert (word in words) is (name in asked)


def test_days_that_a_subscription_cannot_ask_for_are_said(web: Web) -> None:
    assert "Thư không lọc theo ngày" in tree(web, "/?day_from=2024-01-28").text()
    assert "Thư không lọc theo ngày" not in tree(web, "/?kind=cong-van").text()


def test_words_are_marked_in_title_and_text_and_the_order_can_be_chosen(web: Web) -> None:
    page = tree(web, "/?q=toan")
    assert [node.text() for node in page.css("mark")] == ["toàn", "toàn", "toàn"]
    assert page.css_first(".snippet").text() == "toàn văn"
    assert titles(page)[0] == "Về bảo đảm trật tự, an toàn giao thông"
    store_post(web.loa, 9, title="Mới hơn, chữ ở dưới", html="")
    assert titles(tree(web, "/?q=toan&sort=time"))[0] == "Mới hơn, chữ ở dưới"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("deadline_from=mai", "deadline_from"),
        ("day_to=2026-02-30", "day_to"),
        ("day_to=0001-01-01", "day_to"),
        ("day_from=2026-02-02&day_to=2026-02-01", "day_to"),
        ("kind=thu-tinh", "kind"),
        ("urgency=gap", "urgency"),
        ("place=xa+khong+co", "place"),
        ("number=1&number=2", "number"),
    ],
)
def test_U6_what_cannot_be_is_said_at_its_field_and_the_rest_stays(
    web: Web, asked: str, field: str
) -> None:
    answer = web.client.get(f"/?q=bão+số&issuer=Sở+Y+tế&{asked}")
    assert answer.status_code == 400
    page = LexborHTMLParser(answer.get_data(as_text=True))
    assert page.css_first("[role=alert] a").attributes["href"] == f"#{field}"
    wrong = page.css_first(f"#{field}")
    assert wrong.attributes["aria-describedby"] == f"{field}-fault"
    assert page.css_first(f"#{field}-fault").text().strip()
    assert page.css_first("#q").attributes["value"] == "bão số"
    assert page.css_first("#issuer").attributes["value"] == "Sở Y tế"
    for address in (f"/feeds/all.atom?{asked}", f"/api/v1/posts?{asked}"):
        if field == "place" and address.startswith("/api"):
            continue  # a program names places by their ids, and an unknown one has no posts
        told = web.client.get(address, headers={**web.unit, "Accept": "application/json"})
        assert (told.status_code, told.get_json()["field"]) == (400, field)


def test_an_old_name_of_a_place_finds_what_it_is_now(web: Web) -> None:
    places = web.loa.gazetteer.places
    now = next(one for one in places if not one.id.endswith("-cu"))
    page = tree(web, f"/?place={now.id}")
    shown = page.css_first("#place").attributes["value"] or ""
    assert shown == f"{now.name} ({now.id})"
    again = tree(web, f"/?place={shown.replace(' ', '+')}")
    assert again.css_first("#place").attributes["value"] == shown


def test_U6_a_subscription_with_one_wrong_field_comes_back_filled_in(web: Web) -> None:
    sent = {
        "address": "van-thu@xa.example",
        "category": ["directives"],
        "keyword": "bão, lũ",
        "place": "xã Không Có",
        "urgency": ["khan"],
        "kind": ["cong-van"],
        "frequency": "daily",
    }
    answer = web.client.post("/subscribe", data=sent)
    assert answer.status_code == 422
    form = LexborHTMLParser(answer.get_data(as_text=True))
    assert form.css_first("[role=alert] a").attributes["href"] == "#place"
    assert form.css_first("#place").text() == "xã Không Có"
    assert form.css_first("#address").attributes["value"] == "van-thu@xa.example"
    assert form.css_first("#keyword").attributes["value"] == "bão, lũ"
    chosen = {node.attributes["value"] for node in form.css("[checked], [selected]")}
    assert chosen == {"directives", "khan", "cong-van", "daily"}


def test_U8_the_fault_is_said_in_the_language_of_the_page(web: Web) -> None:
    english = tree(web, "/?day_from=x&lang=en").css_first("[role=alert]").text()
    assert "There is a problem" in english and "please give" in english
    assert "xin nhập" in tree(web, "/?day_from=x&lang=vi").css_first("[role=alert]").text()


@pytest.mark.parametrize("path", ["/", "/api/v1/posts", "/feeds/all.atom"])
@pytest.mark.parametrize("query", [*ASKED, "%6bind=cong-van", "q=x"])
def test_S10_every_filter_waits_in_the_queue_of_searches(path: str, query: str) -> None:
    assert queue_of({"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "GET"}) is SEARCHES


def test_S10_plain_lists_wait_for_no_search() -> None:
    for path, query, queue in (("/", "lang=en", PAGES), ("/api/v1/posts", "limit=5", DESK)):
        assert (
            queue_of({"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "GET"}) is queue
        )


def test_the_days_of_a_search_are_those_of_vietnam(web: Web) -> None:
    """A quarter past midnight there is 17:16 of the day before in UTC."""
    store_post(web.loa, 14, title="Đêm 28 theo UTC")
    found = titles(tree(web, "/?day_from=2024-01-29"))
    assert found == []
    store_post(web.loa, 15, title="Rạng sáng ngày 29")
    assert titles(tree(web, "/?day_from=2024-01-29")) == ["Rạng sáng ngày 29"]

"""`/feeds/` for people: found by a name, old ones too, by province in Vietnamese order, with a way
to copy, to a reader and to a calendar."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.words.collation import name_key
from tests.fakes import FakeClock
from tests.fakes_web import PUBLIC_URL, Web, make_web


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Web:
    return make_web(sqlite_url, clock)


def tree(web: Web, path: str) -> LexborHTMLParser:
    answer = web.client.get(path)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def names(page: LexborHTMLParser) -> list[str]:
    return [node.text() for node in page.css("ul.feeds strong")]


def test_every_feed_can_be_copied_opened_in_a_reader_and_put_into_a_calendar(web: Web) -> None:
    page = tree(web, "/feeds/")
    row = next(
        one for one in page.css("ul.feeds li") if one.css_first("strong").text() == "Thời hạn"
    )
    assert row.css_first("code").text() == f"{PUBLIC_URL}/feeds/deadlines.rss"
    links = [node.attributes["href"] for node in row.css("a")]
    address = f"{PUBLIC_URL}/feeds/deadlines"
    assert links == [
        f"feed:{address}.rss", f"{address}.rss", f"{address}.atom", f"{address}.json",
        "webcal://loa.example/feeds/deadlines.ics",
    ]  # fmt: skip
    heads = [node.text(strip=True) for node in page.css("h2")]
    assert heads[:2] == ["Chung", "Theo cổng thông tin"]
    assert heads[2].startswith("Xã, phường:Thanh Hóa(")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Quảng Hợp", ["Xã Quảng Hợp (cũ)", "Xã Quảng Ngọc"]),  # an old name, and what it became
        ("quang hop", ["Xã Quảng Hợp (cũ)", "Xã Quảng Ngọc"]),
        ("thời hạn", ["Thời hạn"]),
        ("deadl", ["Thời hạn"]),
        ("phường Hàng Bạc", []),
        ("<script>", []),
    ],
)
def test_a_feed_is_found_by_how_its_name_begins(web: Web, asked: str, found: list[str]) -> None:
    page = tree(web, f"/feeds/?q={asked}")
    said = names(page)
    assert [one for one in said if one in found or not found] == found
    assert len(said) == len(found) and f"{len(found)} nguồn khớp" in page.css_first("main").text()


def test_places_stand_in_vietnamese_order_without_their_kinds(web: Web) -> None:
    page = tree(web, "/feeds/")
    places = [name.partition(" ")[2] for name in names(page) if name.startswith(("Xã ", "Phường "))]
    assert len(places) > 20 and places == sorted(places, key=name_key)
    assert places.index("Lưu Vệ") < places.index("Quảng Bình")


@pytest.mark.parametrize(("portals", "is_cut"), [(20, False), (21, True)])
def test_of_many_portals_one_feed_each_is_listed_and_a_search_for_the_name_finds_the_rest(
    sqlite_url: str, clock: FakeClock, portals: int, is_cut: bool
) -> None:
    web = make_web(sqlite_url, clock)
    more = tuple(
        web.loa.settings.portals[0].model_copy(update={"id": f"p{n}", "name": f"Huyện số {n}"})
        for n in range(portals)
    )
    web.loa.settings = web.loa.settings.model_copy(update={"portals": more})
    page = tree(web, "/feeds/")
    said = [name for name in names(page) if name.startswith("Huyện số 19")]
    ways = page.css("a[href*='q=Huy']")
    assert (len(said) == 1, len(ways)) == (is_cut, portals if is_cut else 0)
    of_name = [name for name in names(tree(web, "/feeds/?q=Huyện+số+19")) if "19" in name]
    assert len(of_name) == 1 + len(web.loa.rules.categories)

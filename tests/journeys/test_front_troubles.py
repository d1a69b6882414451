"""U7: however many portals are ill, the front page says so in one line, the list behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage.listings import know_listings
from service.storage.schema import to_micros
from tests.fakes_doors import House, opened_house
from tests.fakes_web import store_post

NOTICE = '<div class="notice" role="status">'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path) as opened:
        yield opened


def make_ill(house: House, count: int) -> list[str]:
    """So many portals that cannot be read; their names."""
    loa, now = house.loa, house.loa.clock()
    (known,) = loa.settings.portals
    portals = [
        known.model_copy(update={"id": f"p{n}", "name": f"UBND xã số {n}"}) for n in range(count)
    ]
    loa.settings = loa.settings.model_copy(update={"portals": tuple(portals)})
    pairs = [(one.id, listing.url) for one in portals for listing in one.listings]
    with loa.database.writing() as conn:
        know_listings(conn, pairs, now)
        conn.execute(
            text("UPDATE listing SET last_outcome = 'network', failing_since = :at"),
            {"at": to_micros(now)},
        )
    return [one.name for one in portals]


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_U7_ill_portals_are_one_notice_before_the_news_with_all_of_them_in_it(
    house: House, count: int, language: str
) -> None:
    post, names = store_post(house.loa, 1), make_ill(house, count)
    page = house.client.get(f"/?lang={language}").get_data(as_text=True)
    assert page.count(NOTICE) == 1 and post.title in page
    notice = page.split(NOTICE)[1].split("<h1")[0]
    assert all(name in notice for name in names)
    shown = notice.split("<details>")[0] + notice.split("</details>")[-1]
    assert sum(name in shown for name in names) == (1 if count == 1 else 0)


def test_a_front_page_without_trouble_has_no_notice(house: House) -> None:
    assert NOTICE not in house.client.get("/").get_data(as_text=True)

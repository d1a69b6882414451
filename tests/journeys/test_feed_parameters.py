"""O7: what readers, mailers and trackers add to a feed's address is ignored, and costs no place of
its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.web.feeds.feed_query import PARAMETERS, own_parameters
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, store_post

OTHERS = [
    "_=1795900000", "utm_source=x&utm_medium=mail", "fbclid=x", "zarsrc=30&gidzl=abc", "gclid=1",
    "mc_cid=1&mc_eid=2",
    "cb=0.4711", "ts=1", "nocache", "_ga=1.2.3", "igshid=x", "ref=zalo",
]  # fmt: skip


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    store_post(made.loa, 1)
    yield made
    made.loa.close()


@pytest.mark.parametrize(
    "path", ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/meetings.ics"]
)
def test_O7_a_feed_is_the_same_whatever_others_add_to_its_address(web: Web, path: str) -> None:
    plain = web.client.get(path)
    for added in OTHERS:
        more = web.client.get(f"{path}?{added}")
        assert (more.status_code, more.get_data(), more.headers["ETag"]) == (
            200, plain.get_data(), plain.headers["ETag"],
        ), added  # fmt: skip


def test_O7_an_address_copied_out_of_html_narrows_as_it_was_meant(web: Web) -> None:
    meant = web.client.get("/feeds/all.atom?category=directives&q=x&fbclid=1")
    copied = web.client.get("/feeds/all.atom?category=directives&amp;q=x&amp;utm_source=zalo")
    assert copied.status_code == 200 and copied.get_data() == meant.get_data()
    assert copied.headers["Content-Location"] == meant.headers["Content-Location"]


@pytest.mark.parametrize(
    "mistyped", ["categories=directives", "catgory=meetings", "Category=x", "plac=x", "portals=x"]
)
def test_O7_a_parameter_that_is_mistyped_is_told(web: Web, mistyped: str) -> None:
    answer = web.client.get(f"/feeds/all.atom?{mistyped}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert "category" in answer.get_data(as_text=True)


@given(st.text(max_size=80))
def test_O7_any_query_is_read_and_only_ours_is_left(query: str) -> None:
    try:
        found = own_parameters(query)
    except InvalidInput:
        return
    assert {name for name, _ in found} <= set(PARAMETERS)

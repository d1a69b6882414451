"""Who asked for a place hears what names it, what is addressed to it, and what concerns the unit
that took it in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.alerts.match import matches
from service.bootstrap import open_loa
from service.types import Filters, PortalName, Post
from tests.fakes import FakeClock
from tests.fakes_web import make_web

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
PORTAL = PortalName("quangxuong", "Quảng Xương")
NAMED = ("Công điện về việc phòng chống bão tại xã Quảng Ninh", "")
ADDRESSED = (
    "Công điện số 05/CĐ-UBND về phòng chống bão",
    "Yêu cầu UBND các xã, phường thực hiện nghiêm.",
)


def read(title: str, text: str) -> Post:
    understanding = open_loa(None, {}).understander.understand(title, text, published_at=NOW)
    return Post(
        "p", 1, PORTAL, "https://p.example/a", title, "", text, understanding, (), NOW, NOW, NOW
    )


@pytest.mark.parametrize(
    ("title", "text", "place"),
    [
        (*NAMED, "quang-ninh-16540"),
        (*NAMED, "quang-hai-16540-cu"),
        (*ADDRESSED, "quang-ninh-16540"),
        (*ADDRESSED, "quang-hai-16540-cu"),
    ],
    ids=["named", "named, by the old unit", "addressed", "addressed, by the old unit"],
)
def test_a_place_hears_what_concerns_it(title: str, text: str, place: str) -> None:
    assert matches(Filters(places=(place,)), read(title, text))


def test_a_place_does_not_hear_what_concerns_another() -> None:
    assert (
        matches(Filters(places=("quang-yen-16480",)), read("Hội nghị tại xã Quảng Ninh", ""))
        is None
    )


def test_any_known_place_has_a_feed_though_it_be_in_no_list(tmp_path: Path) -> None:
    web = make_web(f"sqlite:///{tmp_path}/loa.db", FakeClock())
    known = web.loa.gazetteer
    listed = {place.id for place in known.listed}
    unlisted = next(unit for unit in known.units() if unit.place.id not in listed)
    answer = web.client.get(f"/feeds/places/{unlisted.place.id}.atom")
    assert answer.status_code == 200
    assert unlisted.place.name in answer.text
    assert f"places/{unlisted.place.id}." not in web.client.get("/feeds.opml").text
    assert web.client.get("/feeds/places/atlantis-1.atom").status_code == 404

"""Upstream feeds: each date whole or not at all, and the parts of an item that are known (L14,
L19)."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.instants import Source
from service.poll.guids import keyed, match
from service.portals.feed import is_feed, read_feed
from service.portals.feed_bytes import as_utf8, without_captions
from service.text import LOCAL
from service.types import ListedPost, Listing, Page

BASE = "https://xa.example"


def page(body: bytes, media: str = "application/rss+xml; charset=utf-8") -> Page:
    return Page(f"{BASE}/rss.xml", 200, media, body, None, None, sha256(body).hexdigest())


def rss(*items: str, generator: str = "", link: str = f"{BASE}/", encoding: str = "utf-8") -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss '
        f'version="2.0"><channel><title>T</title><link>{link}</link>'
        f"<generator>{generator}</generator>{inside}</channel></rss>"
    )
    return text.encode(encoding)


def item(date: str = "", number: int = 1) -> str:
    return f"<title>Bài {number}</title><link>{BASE}/{number}</link><pubDate>{date}</pubDate>"


def read(*items: str, **how: str) -> Listing:
    return read_feed(page(rss(*items, **how)))


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2026/11/28 08:00:00 +0700", "2026-11-28T01:00:00"),
        ("2026.11.28 08:00", "2026-11-28T01:00:00"),
        ("2026-11-28 01:00:00 UTC", "2026-11-28T01:00:00"),
        ("28/11/2026 01:00 GMT", "2026-11-28T01:00:00"),
        ("28-11-2026 08:00 GMT+7", "2026-11-28T01:00:00"),
        ("2026-11-28T08:00:00+07:00Z", "2026-11-28T01:00:00"),
        ("2026-11-28 08:00:00 +07", "2026-11-28T01:00:00"),
        ("Sat, 28 Nov 2026 8:05:09 PM +0700", "2026-11-28T13:05:09"),
        ("Sat, 28 Nov 2026 8:05:09 AM", "2026-11-28T01:05:09"),
        ("Sat, 28 Nov 2026 12:05:09 AM", "2026-11-27T17:05:09"),
        ("Sat, 28 Nov 26 08:05:09 +0700", "2026-11-28T01:05:09"),
        ("Saturday, 28-Nov-26 08:00:00 GMT", "2026-11-28T08:00:00"),
        ("Sat, 28 Nov 2026 08:00:00 ICT", "2026-11-28T01:00:00"),
        ("Sat, 28 Nov 2026 08:00:00 (ICT)", "2026-11-28T01:00:00"),
        ("Sat, 28 Nov 2026 08:00:00 +0700 (Giờ Đông Dương)", "2026-11-28T01:00:00"),
        ("Sat, 28 Nov 2026 08:00:00 [GMT+7]", "2026-11-28T01:00:00"),
        ("Sat Nov 28 2026 08:00:00 GMT+0700 (Indochina Time)", "2026-11-28T01:00:00"),
        ("Sat Nov 28 20:05:09 +0700 2026", "2026-11-28T13:05:09"),
        ("Sat Nov 28 20:05:09 ICT 2026", "2026-11-28T13:05:09"),
        ("20261128T080000+0700", "2026-11-28T01:00:00"),
        ("20261128T010000Z", "2026-11-28T01:00:00"),
        ("T7, 28 thg 11 2026 08:00:00 +0700", "2026-11-28T01:00:00"),
        ("Thứ Bảy, 28 Tháng Mười Một 2026 08:00:00 +0700", "2026-11-28T01:00:00"),
        ("Thứ bảy, 28/11/2026 - 08:00", "2026-11-28T01:00:00"),
        ("2026-11-28", "2026-11-27T17:00:00"),
        ("2026-11-28T08:00:00.1234567+07:00", "2026-11-28T01:00:00"),
        ("Sat, 28 Nov 2026 08:00:00 EST", "2026-11-28T13:00:00"),
        ("2026-11-xx", None),
        ("03-12-31", None),
        ("28-Nov-26 08:00 +0700", "2026-11-28T01:00:00"),
        ("2026-11", None),
        ("2026", None),
        ("2026-13-28 08:00", None),
        ("Sat, 31 Nov 2026 08:00:00 +0700", None),
        ("Sat, 28 Nov 2026 28:00:00 +0700", None),
        ("Sat, 28 Nov 2026 08:00:00 +2500", None),
        ("hôm nào đó 11/2026", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_L19_a_date_of_a_feed_is_read_whole_or_not_at_all(stamp: str, utc: str | None) -> None:
    (post,) = read(item(stamp)).posts
    found = post.moment and post.moment.at.astimezone(UTC).replace(tzinfo=None)
    assert found == (utc and datetime.fromisoformat(utc))


def test_L19_the_minutes_that_are_a_month_are_unknown() -> None:
    told = [item(f"Fri, 27 Nov 2026 06:11:{n:02} GMT", n) for n in (0, 30)]
    for post in read(*told, generator="NukeViet v4.5").posts:
        assert post.moment is not None
        assert (post.moment.at, post.moment.span is not None) == (
            datetime(2026, 11, 27, 6, tzinfo=UTC),
            True,
        )
    others = read(*told, generator="WordPress").posts  # two of them are chance
    assert [post.moment and post.moment.at.minute for post in others] == [11, 11]
    many = [item(f"Fri, 27 Nov 2026 {n:02}:11:30 GMT", n) for n in range(5)]
    assert all(post.moment and post.moment.at.minute == 0 for post in read(*many).posts)
    mixed = [*told, item("Fri, 27 Nov 2026 06:12:00 GMT", 3)]
    assert [
        post.moment and post.moment.at.minute for post in read(*mixed, generator="NukeViet").posts
    ] == [
        11,
        11,
        12,
    ]


def test_L18_the_day_of_an_edit_stands_beside_that_of_publication() -> None:
    entry = (
        "<feed "
        'xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:a</id><updated>2026-11-28T09:00:00Z</updated>'
        f"<entry><title>Tin</title><id>urn:b</id><link "
        f'href="{BASE}/1"/><published>2026-11-20T02:00:00Z</published>'
        "<updated>2026-11-28T09:00:00+07:00</updated></entry></feed>"
    )
    (post,) = read_feed(page(entry.encode(), "application/atom+xml")).posts
    assert post.moment is not None
    assert post.moment.at.astimezone(LOCAL).day == 20
    assert [(one.source, one.is_update) for one in post.witnesses] == [
        (Source.FEED, False),
        (Source.FEED, True),
    ]


def test_L19_an_item_without_a_title_is_called_by_its_own_words() -> None:
    said = "Mời họp ngày mai. Thành phần: trưởng thôn."
    (post,) = read(f"<link>{BASE}/1</link><description>{said}</description>").posts
    assert post.title == "Mời họp ngày mai."
    file = "<link>/2</link><enclosure url='/tep/ke-hoach.pdf' type='application/pdf' length='9'/>"
    assert read(file).posts[0].title == "ke-hoach.pdf"
    assert [one.reason for one in read(f"<link>{BASE}/3</link>").rejected] == ["no_title"]


def test_L19_an_item_that_is_but_a_file_stands_where_the_file_does_and_no_address_is_made_up() -> (
    None
):
    file = (
        "<title>Quyết định</title><enclosure url='/tep/qd.pdf' type='application/pdf' length='9'/>"
    )
    assert [post.url for post in read(file).posts] == [f"{BASE}/tep/qd.pdf"]
    picture = (
        "<title>Ảnh</title><guid isPermaLink='false'>vb-1</guid><enclosure url='/a.jpg' "
        "type='image/jpeg'/>"
    )
    assert [one.reason for one in read(picture).rejected] == ["no_address"]
    far = "<title>Tin</title><guid isPermaLink='false'>http://khac.example/1</guid>"
    assert [one.reason for one in read(far).rejected] == ["no_address"]
    own = "<title>Tin</title><guid>http://xa.example/1</guid>"
    assert [post.url for post in read(own).posts] == ["http://xa.example/1"]


def test_L19_the_words_of_a_picture_are_not_those_of_the_item() -> None:
    media = (
        "<title>Công điện bão</title><link>/1</link><description>Sơ tán dân.</description>"
        "<m:group xmlns:m='http://search.yahoo.com/mrss/'><m:title>Ảnh</m:title><m:content "
        "url='/a.jpg'>"
        "<m:description type='plain'>Ảnh minh họa</m:description></m:content></m:group>"
    )
    (post,) = read(media).posts
    assert post.teaser is not None
    assert (post.title, post.teaser.text) == ("Công điện bão", "Sơ tán dân.")


def test_L19_relative_links_start_from_the_channel_and_dots_are_folded() -> None:
    posts = read("<title>Một</title><link>vb/1</link>",
    "<title>Hai</title><link>https://xa.example/a/../b</link>",
                 link="https://xa.example/tin/").posts  # fmt: skip
    assert [post.url for post in posts] == ["https://xa.example/tin/vb/1", "https://xa.example/b"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_L19_a_feed_in_two_bytes_a_letter_is_a_feed(encoding: str) -> None:
    body = rss(item("Sat, 28 Nov 2026 08:00:00 +0700"), encoding=encoding)
    assert is_feed(page(body, "text/html"))
    (post,) = read_feed(page(body, "text/xml")).posts
    assert (post.title, post.moment and post.moment.at) == (
        "Bài 1",
        datetime(2026, 11, 28, 1, tzinfo=UTC),
    )


def row(link: str, guid: str | None, title: str = "Tin") -> ListedPost:
    return ListedPost(f"{BASE}{link}", title, None, guid=guid)


def test_L14_items_that_share_a_link_are_told_apart_by_their_guids() -> None:
    rows = keyed(
        [
            row("/van-ban", "vb-1"),
            row("/van-ban", "vb-2"),
            row("/van-ban", "vb-2"),
            row("/3", "vb-3"),
        ]
    )
    assert list(rows) == ["guid:vb-1", "guid:vb-2", "xa.example/3"]


def test_F11_a_guid_that_stays_while_its_link_moves_is_the_same_post() -> None:
    from service.storage.posts import KnownPost

    known = KnownPost("p1", "Tin", datetime(2026, 11, 28, tzinfo=UTC), False, True, {})
    moved = match(keyed([row("/vb/1;jsessionid=B", "vb-1")]), {"guid:vb-1": known})
    assert (list(moved.rows), moved.known, moved.aliases) == (
        ["guid:vb-1"],
        {"guid:vb-1": known},
        {},
    )
    first = match(keyed([row("/vb/1", "vb-1")]), {"xa.example/vb/1": known})
    assert (list(first.rows), first.aliases) == (["xa.example/vb/1"], {"guid:vb-1": "p1"})


_BITS = (
    b"<m:title>", b"</m:title>", b"<m:title/>", b"<m:titles>", b"xmlns:m='", b"<item>", b">",
    b"<m:description", b"a",
    b"http://search.yahoo.com/mrss/'",
)  # fmt: skip


@given(st.lists(st.sampled_from(_BITS), max_size=20).map(b"".join))
def test_L19_no_bytes_break_what_makes_a_feed_ready(body: bytes) -> None:
    assert len(without_captions(as_utf8(body))) <= len(body)

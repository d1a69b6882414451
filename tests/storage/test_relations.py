"""L21: what a post does to the posts whose documents it names, and one document told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
from icalendar import Calendar
from sqlalchemy import Connection, text

from service.feeds.ical import render_calendar
from service.feeds.model import Feed
from service.services.publish import SAME_DOCUMENT
from service.services.silences import list_silences, release_posts
from service.storage.engine import Database
from service.storage.posts import Draft, get_post
from service.storage.relation_links import later_posts
from service.storage.same_document import companions
from service.types import (
    Document,
    DocumentLink,
    Filters,
    Link,
    Mention,
    Place,
    PortalName,
    Post,
    Relation,
    Understanding,
    Urgency,
)
from tests.fakes import ActContext, FakeClock
from tests.fakes_feeds import ALL, SITE
from tests.fakes_ledger import hook
from tests.storage.test_post_store import LIST, make_store
from tests.storage.test_posts import draft

COMMUNE = "UBND xã Quảng Ngọc"
BEGINS = datetime(2026, 12, 1, 1, tzinfo=UTC)


def _draft(
    key: str,
    number: str,
    *,
    kind: str = "cong-van",
    issuer: str | None = COMMUNE,
    day: date | None = date(2026, 11, 20),
    category: str = "directives",
    links: tuple[tuple[Link, str], ...] = (),
    relation: Relation = Relation.IS,
    begins_at: datetime | None = None,
    urgency: Urgency = Urgency.NORMAL,
    host: str = "quangngoc.thanhhoa.gov.vn",
) -> Draft:
    document = Document(kind, number, day, issuer, relation)
    relations = tuple(DocumentLink(link, Mention(None, named), "lời văn") for link, named in links)
    facts = Understanding(
        (category,), document=document, relations=relations, begins_at=begins_at, urgency=urgency,
        places=(Place("a", "A"),), concerns=("a",),
    )  # fmt: skip
    said = " ".join([number, *(named for _, named in links)])
    plain = draft(key, f"Tin {key}", said, number=number)
    return replace(
        plain, understanding=facts, url=f"https://{host}{key}", portal=PortalName(host, host)
    )


def _new(database: Database, one: Draft) -> Post:
    post = make_store(database).new(one, LIST, one.title, None)
    assert post is not None
    return post


def _told(conn: Connection, post: Post) -> list[str]:
    query = text(
        "SELECT s.target FROM delivery d JOIN change c ON c.id = d.change_id JOIN subscription s"
        " ON s.id = d.subscription_id WHERE c.post_id = :post ORDER BY s.target"
    )
    return [str(row[0]).rpartition("/")[2] for row in conn.execute(query, {"post": post.id})]


def _payload(conn: Connection, post: Post) -> dict[str, object]:
    query = text("SELECT payload FROM change WHERE post_id = :post ORDER BY round DESC LIMIT 1")
    return dict(orjson.loads(conn.execute(query, {"post": post.id}).scalar_one())["data"])


def test_L21_who_was_owed_the_old_document_hears_of_the_new_one_marked_so(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        hook(conn, "https://x.example/directives", filters=Filters(categories=("directives",)))
        hook(conn, "https://x.example/meetings", filters=Filters(categories=("meetings",)))
    old = _new(any_database, _draft("/old", "12/UBND-VP"))
    links = ((Link.EXTENDS, "12/UBND-VP"), (Link.MENTIONS, "5/QĐ-UBND"), (Link.AMENDS, "7/UBND-VP"))
    new = _new(any_database, _draft("/new", "15/UBND-VP", category="news", links=links))
    with any_database.reading() as conn:
        assert _told(conn, old) == _told(conn, new) == ["directives"]
        assert _payload(conn, new)["relations"] == [
            {"relation": "extends", "number": "12/UBND-VP", "post_id": old.id},
            {"relation": "mentions", "number": "5/QĐ-UBND", "post_id": None},
            {"relation": "amends", "number": "7/UBND-VP", "post_id": None},
        ]
        (reason,) = conn.execute(
            text("SELECT reason FROM change_match m JOIN change c ON c.id = m.change_id"
                 " WHERE c.post_id = :post"), {"post": new.id},
        ).scalars()  # fmt: skip
        assert "12/UBND-VP" in reason
        (later,) = later_posts(conn, get_post(conn, old.id))
        assert (later.id, later.link) == (new.id, Link.EXTENDS)
        assert later_posts(conn, replace(old, understanding=Understanding(("news",)))) == []


def test_L21_an_old_document_that_comes_later_is_linked_all_the_same(
    any_database: Database,
) -> None:
    links = ((Link.CANCELS, "12/UBND-VP"),)
    new = _new(any_database, _draft("/new", "15/UBND-VP", links=links))
    old = _new(any_database, _draft("/old", "12/UBND-VP"))
    another = _new(any_database, _draft("/other", "12/UBND-VP", issuer="UBND xã Lưu Vệ"))
    with any_database.reading() as conn:
        assert [one.id for one in later_posts(conn, old)] == [new.id]
        assert later_posts(conn, another) == []


def test_L21_what_has_no_number_is_found_by_kind_day_office_and_title(
    any_database: Database,
) -> None:
    title = "Phương án ứng phó thiên tai và tìm kiếm cứu nạn năm 2026"
    day = date(2026, 11, 20)

    def unnumbered(key: str, said: str, *links: DocumentLink) -> Post:
        one = _draft(key, "", kind="phuong-an", day=day)
        document = Document("phuong-an", None, day, COMMUNE, Relation.IS)
        facts = replace(one.understanding, document=document, relations=links)
        return _new(any_database, replace(one, title=said, understanding=facts))

    old = unnumbered("/a", title)
    far = unnumbered("/b", "Phương án ứng phó thiên tai và tìm kiếm cứu nạn cho trẻ em")
    again = unnumbered("/c", "Phương án ứng phó thiên tai, tìm kiếm cứu nạn năm 2026")
    with any_database.reading() as conn:
        assert [one.id for one in companions(conn, again)] == [old.id]
        assert companions(conn, far) == []
    mention = Mention("ke-hoach", None, day, COMMUNE)
    plan = _new(any_database, _draft("/d", "9/KH-UBND", kind="ke-hoach", day=day))
    new = unnumbered("/e", "Về việc khác", DocumentLink(Link.REPLACES, mention, "lời văn"))
    (link,) = new.understanding.relations
    assert link.post_id == plan.id


def test_L21_one_document_on_two_portals_alerts_once_and_the_silence_can_be_lifted(
    any_database: Database, clock: FakeClock
) -> None:
    with any_database.writing() as conn:
        hook(conn, "https://x.example/one", filters=Filters(categories=("directives",)))
    first = _new(any_database, _draft("/a", "12/UBND-VP"))
    again = _new(any_database, _draft("/b", "12/UBND - VP", host="luuve.thanhhoa.gov.vn"))
    other = _new(any_database, _draft("/c", "12/UBND-VP", issuer="UBND xã Lưu Vệ"))
    with any_database.writing() as conn:
        assert _told(conn, first) == _told(conn, other) == ["one"] and _told(conn, again) == []
        (silence,) = list_silences(conn, code=SAME_DOCUMENT)
        assert silence.post_id == again.id and list_silences(conn) == []
        assert _payload(conn, again)["also_at"] == [
            {"portal": "quangngoc.thanhhoa.gov.vn", "url": first.url}
        ]
        ctx = ActContext(any_database, clock)
        assert release_posts(conn, ctx, [again.id]) == 1
        assert list_silences(conn, code=SAME_DOCUMENT) == []


def test_L21_who_was_not_told_of_a_document_hears_of_its_next_post(any_database: Database) -> None:
    with any_database.writing() as conn:
        hook(conn, "https://x.example/one", filters=Filters(categories=("directives",)))
    news = _new(any_database, _draft("/news", "12/UBND-VP", relation=Relation.RELAYS))
    whole = _new(any_database, _draft("/whole", "12/UBND-VP", host="luuve.thanhhoa.gov.vn"))
    with any_database.writing() as conn:
        assert _told(conn, news) == _told(conn, whole) == ["one"]  # the text says more than news
        hook(conn, "https://x.example/two", filters=Filters(portals=("hcc.thanhhoa.gov.vn",)))
    third = _new(any_database, _draft("/third", "12/UBND-VP", host="hcc.thanhhoa.gov.vn"))
    with any_database.writing() as conn:
        assert _told(conn, third) == ["two"]
        assert [one.post_id for one in list_silences(conn, code=SAME_DOCUMENT)] == [third.id]
    urgent = _draft("/urgent", "12/UBND-VP", urgency=Urgency.HOA_TOC)
    assert _new(any_database, urgent)


def _event(post: Post) -> dict[str, str]:
    (event,) = Calendar.from_ical(render_calendar(SITE, Feed(ALL, (post,)))[0]).events
    return {
        "status": str(event["status"]),
        "sequence": str(event["sequence"]),
        "summary": str(event["summary"])[:14],
        "begins": event.DTSTART.isoformat(),
    }


def test_L21_a_meeting_that_is_moved_or_called_off_moves_or_cancels_its_event(
    any_database: Database,
) -> None:
    moved_to = BEGINS + timedelta(days=3)
    invited = _draft("/gm", "7/GM-UBND", kind="giay-moi", category="meetings", begins_at=BEGINS)
    meeting = _new(any_database, invited)
    steps = (
        (Link.MOVES, "/m", moved_to, "CONFIRMED", "1", "Tin /gm", moved_to),
        (Link.MOVES, "/n", None, "TENTATIVE", "2", "[Kiểm tra lại]", BEGINS),
        (Link.CANCELS, "/o", None, "CANCELLED", "3", "[Đã hoãn, hủy]", BEGINS),
    )
    for number, (link, key, at, status, sequence, said, begins) in enumerate(steps):
        _new(any_database, _draft(key, f"{number + 8}/TB-UBND", kind="thong-bao", begins_at=at,
                                  links=((link, "7/GM-UBND"),)))  # fmt: skip
        with any_database.reading() as conn:
            event = _event(get_post(conn, meeting.id))
        assert (event["status"], event["sequence"]) == (status, sequence)
        assert event["summary"] == said and event["begins"] == begins.isoformat()
    store = make_store(any_database)
    assert store.edited(meeting.id, replace(invited, text="khác", fingerprint="a.b.c."))
    with any_database.reading() as conn:
        assert get_post(conn, meeting.id).understanding.rescheduled is not None


def test_L21_what_is_no_meeting_is_not_rescheduled(any_database: Database) -> None:
    plain = _new(any_database, _draft("/kh", "7/KH-UBND", kind="ke-hoach"))
    _new(any_database, _draft("/tb", "9/TB-UBND", links=((Link.POSTPONES, "7/KH-UBND"),)))
    with any_database.reading() as conn:
        assert get_post(conn, plain.id).understanding.rescheduled is None

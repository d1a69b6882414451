"""L13, promise 6: whatever was told to nobody is counted, shown and decided, alike by every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.alerts.message import build_payload
from service.errors import Conflict, InvalidInput, NotFound
from service.services.daily import tell_decisions
from service.services.publish import SAME_DOCUMENT, write_change
from service.services.silences import (
    BASELINE,
    CODES,
    DISCARDED,
    FLOOD,
    RESTORED,
    TO_DECIDE,
    TOO_OLD,
    discard_posts,
    list_silences,
    release_posts,
    undecided,
)
from service.storage.queue import continue_fanouts
from service.storage.silence import count_silences
from service.types import EMAIL, WEBHOOK, ChangeType, Filters, Post, SubscriptionStatus
from service.words import code_of
from tests.fakes_doors import CONFIG, Api, Command, Desk, House, opened_house
from tests.fakes_web import store_post

ACTIVE = SubscriptionStatus.ACTIVE
MAILED = CONFIG + 'email = "truc@huyen.example"\n'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened_house(tmp_path, MAILED) as opened:
        yield opened


def keep_silent(house: House, number: int, code: str) -> Post:
    post, now = store_post(house.loa, number), house.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, house.loa.links)
    with house.loa.database.writing() as conn:
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload, silenced=code
        )
    return post


def told(house: House, post_id: str) -> list[str]:
    """The subscriptions that are owed a post."""
    continue_fanouts(house.loa.database, house.loa.clock())
    return [
        row[0]
        for row in rows(
            house,
            "SELECT d.subscription_id FROM delivery d JOIN change c ON c.id = d.change_id"
            " WHERE c.post_id = :post ORDER BY 1",
            post=post_id,
        )
    ]


def rows(house: House, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with house.loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query), values)]


def by_command(house: House, act: str, post_id: str) -> str:
    return Command(house).run("post", act, post_id)


def by_api(house: House, act: str, post_id: str) -> str:
    answer = house.client.post(f"/api/v1/posts/{post_id}/{act}", json={}, headers=Api(house).head)
    return "done" if answer.status_code < 400 else "refused"


def by_desk(house: House, act: str, post_id: str) -> str:
    return Desk(house).post(f"posts/{post_id}/{act}")


DOORS = (by_command, by_api, by_desk)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("code", CODES)
def test_L13_a_silent_post_is_released_alike_by_every_door_once(
    house: House, door: Callable[[House, str, str], str], code: str
) -> None:
    subject = house.subject(WEBHOOK, ACTIVE)
    post = keep_silent(house, 1, code)
    assert told(house, post.id) == []
    assert door(house, "release", post.id) == "done"
    assert told(house, post.id) == [subject.id]
    assert door(house, "release", post.id) == "refused"
    assert told(house, post.id) == [subject.id]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("code", [code for code in CODES if code != DISCARDED])
def test_L13_a_silent_post_is_discarded_alike_by_every_door_and_may_still_be_released(
    house: House, door: Callable[[House, str, str], str], code: str
) -> None:
    subject = house.subject(EMAIL, ACTIVE)
    post = keep_silent(house, 1, code)
    assert door(house, "discard", post.id) == "done"
    assert told(house, post.id) == []
    with house.loa.database.reading() as conn:
        assert undecided(conn) == {} and count_silences(conn) == {"quangxuong": {DISCARDED: 1}}
    assert door(house, "discard", post.id) == "refused"
    assert door(house, "release", post.id) == "done"
    assert told(house, post.id) == [subject.id]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("act", ["release", "discard"])
def test_what_is_not_silent_or_not_there_is_refused_by_every_door(
    house: House, door: Callable[[House, str, str], str], act: str
) -> None:
    post, now = store_post(house.loa, 1), house.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, house.loa.links)
    with house.loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)
    assert door(house, act, post.id) == "refused"
    assert door(house, act, "nope") == "refused"


def test_released_it_goes_as_it_is_now_to_who_asks_now(house: House) -> None:
    post = keep_silent(house, 1, TOO_OLD)
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE post SET revision = 2, title = 'Tên mới'"))
        conn.execute(
            text(
                "INSERT INTO revision(post_id, number, seen_at, title, html, text, attachments,"
                " fingerprint, what) SELECT post_id, 2, seen_at, 'Tên mới', html, text,"
                " attachments, fingerprint, what FROM revision"
            )
        )
    late = house.subject(WEBHOOK, ACTIVE)
    with house.loa.database.writing() as conn:
        assert release_posts(conn, house.loa, [post.id, post.id]) == 1
    assert told(house, post.id) == [late.id]
    ((payload, revision),) = rows(house, "SELECT payload, revision FROM change")
    assert "Tên mới" in payload and revision == 2


def test_who_was_told_by_another_category_is_not_told_again(house: House) -> None:
    first = house.subject(WEBHOOK, ACTIVE, filters=Filters(categories=("meetings",)))
    post = keep_silent(house, 1, BASELINE)
    house.terminal.run("post", "recategorise", post.id, "meetings", "directives")
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE change_match SET is_silent = 0"))
        conn.execute(text("UPDATE change SET silenced = NULL, fanned_out_at = NULL"))
    assert told(house, post.id) == [first.id]
    with house.loa.database.writing() as conn, pytest.raises(Conflict):
        release_posts(conn, house.loa, [post.id])
    assert told(house, post.id) == [first.id]


def test_what_a_portal_has_withdrawn_is_released_to_nobody(house: House) -> None:
    house.subject(WEBHOOK, ACTIVE)
    post = keep_silent(house, 1, TOO_OLD)
    with house.loa.database.writing() as conn:
        conn.execute(text("UPDATE post SET withdrawn_at = first_seen_at"))
    with house.loa.database.writing() as conn, pytest.raises(Conflict):
        release_posts(conn, house.loa, [post.id])
    with house.loa.database.reading() as conn:
        assert count_silences(conn) == {} and list_silences(conn) == []


def test_what_nobody_asked_for_is_no_silence(house: House) -> None:
    house.subject(WEBHOOK, ACTIVE, filters=Filters(categories=("events",)))
    keep_silent(house, 1, TOO_OLD)
    with house.loa.database.reading() as conn:
        assert count_silences(conn) == {}


def test_L13_every_silence_is_counted_and_shown_wherever_an_operator_looks(house: House) -> None:
    house.subject(WEBHOOK, ACTIVE)
    posts = {code: keep_silent(house, number, code) for number, code in enumerate(CODES)}
    counts = dict.fromkeys(CODES, 1)
    (listed,) = house.terminal.json("portal", "list")["portals"]
    assert listed["silent"] == counts
    assert "1 silent posts" in house.terminal.run("portal", "list").stderr
    head = Api(house).head
    assert house.client.get("/api/v1/portals", headers=head).json["items"][0]["silent"] == counts
    metrics = house.client.get("/metrics").text
    for code in CODES:
        assert f'loa_silent_posts{{code="{code}",portal="quangxuong"}} 1.0' in metrics
        found = house.terminal.json("post", "silent", "--code", code)["posts"]
        assert [one["post_id"] for one in found] == [posts[code].id]
        asked = house.client.get(f"/api/v1/silences?code={code}&portal=quangxuong", headers=head)
        (item,) = asked.json["items"]
        assert item["post"] == posts[code].id and item["reason"] != f"silence.{code}"
        page = Desk(house)
        assert page.post("units", name="") == "refused"  # signs in
        shown = house.client.get(f"/admin/silent/?code={code}").get_data(as_text=True)
        assert posts[code].title in shown
    warnings = house.client.get("/readyz").json["warnings"]
    found = house.terminal.run("check", "--offline").stdout
    for code in TO_DECIDE:
        if code != FLOOD:
            assert any(code in one for one in warnings) and f"--code {code}" in found
    assert not any(BASELINE in one or DISCARDED in one for one in warnings)
    undecided_page = house.client.get("/admin/silent/").get_data(as_text=True)
    assert undecided_page.count("/release") == len(TO_DECIDE) + 1  # and all of the flood
    assert "/admin/silent/" in house.client.get("/admin/").get_data(as_text=True)


def test_L13_what_a_portal_that_was_removed_kept_silent_is_shown_and_decided_all_the_same(
    house: House,
) -> None:
    subject = house.subject(WEBHOOK, ACTIVE)
    flood, old = keep_silent(house, 1, FLOOD), keep_silent(house, 2, TOO_OLD)
    house.subject(EMAIL, ACTIVE)
    (house.loa.settings.portals_dir / "quangxuong.toml").unlink()
    house.loa.reread_portals()
    metrics = house.client.get("/metrics").get_data(as_text=True)
    for code, n in ((FLOOD, 1), (TOO_OLD, 1), (BASELINE, 0)):
        assert f'loa_silent_posts{{code="{code}",portal="quangxuong"}} {n}.0' in metrics
    assert 'loa_held_changes{portal="quangxuong"} 1.0' in metrics
    warned = "\n".join(house.client.get("/readyz").json["warnings"])
    assert "a flood holds 1 changes" in warned and "portal quangxuong: 1 posts" in warned
    found = house.terminal.run("check", "--offline", code=None).output
    assert "loa portal release quangxuong" in found and "--code too_old" in found
    listed = house.terminal.run("portal", "list").stderr
    assert "loa portal release quangxuong" in listed and "--code too_old" in listed
    assert house.terminal.json("portal", "list")["unwatched"] == [
        {"id": "quangxuong", "held": 1, "silent": {FLOOD: 1, TOO_OLD: 1}}
    ]
    assert Desk(house).post("units", name="") == "refused"  # signs in
    for path in ("/admin/", "/admin/silent/"):
        assert "quangxuong" in house.client.get(path).text
    assert Command(house).run("portal", "release", "quangxuong") == "done"
    assert told(house, flood.id)[0] == subject.id
    assert Command(house).run("portal", "discard", "quangxuong") == "done"
    with house.loa.database.reading() as conn:
        assert undecided(conn) == {} and count_silences(conn) == {"quangxuong": {DISCARDED: 1}}
    assert told(house, old.id) == []


def test_silent_posts_are_paged(house: House) -> None:
    house.subject(WEBHOOK, ACTIVE)
    posts = [keep_silent(house, number, TOO_OLD).id for number in range(5)]
    head, cursor, seen = Api(house).head, "", []
    while cursor is not None:
        path = f"/api/v1/silences?limit=2&cursor={cursor}" if cursor else "/api/v1/silences?limit=2"
        page = house.client.get(path, headers=head).json
        seen += [item["post"] for item in page["items"]]
        cursor = page["next"]
    assert seen == posts[::-1]


def test_a_reason_that_there_is_not_is_named(house: House) -> None:
    with house.loa.database.reading() as conn, pytest.raises(InvalidInput, match="too_old"):
        list_silences(conn, code="nope")
    with house.loa.database.writing() as conn, pytest.raises(NotFound):
        discard_posts(conn, house.loa, ["nope"])


@pytest.mark.parametrize("door", ["command", "api", "desk"])
def test_what_a_portal_keeps_for_a_decision_is_discarded_at_once(house: House, door: str) -> None:
    house.subject(WEBHOOK, ACTIVE)
    for number, code in enumerate(CODES):
        keep_silent(house, number, code)
    if door == "command":
        assert Command(house).run("portal", "discard", "quangxuong") == "done"
        assert Command(house).run("portal", "discard", "nope") == "refused"
    elif door == "api":
        answer = house.client.post(
            "/api/v1/portals/quangxuong/discard", json={}, headers=Api(house).head
        )
        assert answer.json == {"discarded": len(TO_DECIDE)}
    else:
        assert Desk(house).post("portals/quangxuong/discard") == "done"
    with house.loa.database.reading() as conn:
        left = count_silences(conn)["quangxuong"]
    assert left == {BASELINE: 1, SAME_DOCUMENT: 1, DISCARDED: len(TO_DECIDE) + 1}


def test_L13_the_operator_is_written_to_once_a_day_and_only_of_something_new(
    tmp_path: Path,
) -> None:
    with opened_house(tmp_path, MAILED) as house:
        loa = house.loa
        real, late = loa.clock(), timedelta(0)
        loa.clock = lambda: real + late
        house.subject(WEBHOOK, ACTIVE)
        assert tell_decisions(loa.database, loa) is False  # nothing is silent
        for number in range(12):
            keep_silent(house, number, TOO_OLD)
        keep_silent(house, 20, RESTORED)
        keep_silent(house, 21, BASELINE)
        sent = []
        for _ in range(10 * 24):  # ten days, looked at every hour
            late += timedelta(hours=1)
            sent.append(tell_decisions(loa.database, loa))
        assert sum(sent) == 1
        ((body,),) = rows(house, "SELECT body FROM message WHERE group_key LIKE 'letter:operator%'")
        assert code_of("letter.daily_subject") and "daily_more" in body and "13" in body
        assert "silence.restored" in body and "silence.baseline" not in body


def test_the_operator_is_not_written_to_where_every_day_is_off(tmp_path: Path) -> None:
    with opened_house(tmp_path, MAILED) as house:
        loa, now = house.loa, house.loa.clock()
        house.subject(WEBHOOK, ACTIVE)
        keep_silent(house, 1, TOO_OLD)
        days = [(now + timedelta(days=n)).date() for n in range(-40, 3)]
        email = loa.settings.email.model_copy(update={"days_off": days})
        loa.settings = loa.settings.model_copy(update={"email": email})
        loa.clock = lambda: now + timedelta(days=1)
        assert tell_decisions(loa.database, loa) is False


@pytest.mark.parametrize(("code", "is_told"), [(RESTORED, True), (TOO_OLD, False)])
def test_who_was_told_long_ago_is_told_again_only_where_the_lost_database_is_taken_to_have_told(
    house: House, code: str, is_told: bool
) -> None:
    subject, post = house.subject(WEBHOOK, ACTIVE), keep_silent(house, 1, code)
    with house.loa.database.writing() as conn:
        conn.execute(
            text("INSERT INTO owed(post_id, subscription_id) VALUES (:post, :subscription)"),
            {"post": post.id, "subscription": subject.id},
        )
        release_posts(conn, house.loa, [post.id])
    assert told(house, post.id) == ([subject.id] if is_told else [])

"""What is counted of open receipts for all posts at once is what their lines say one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.services.publish import write_change
from service.services.todays_work import NAMED, load_directives, load_open_receipts
from service.storage.posts import Draft, insert_post
from service.storage.queue.fanout import fan_out
from service.storage.receipts import write_acknowledgement
from service.storage.subscriptions import (
    NewSubscription,
    add_subscription,
    list_subscriptions,
    set_status,
)
from service.storage.units import add_unit, remove_unit
from service.types import (
    EMAIL,
    ChangeType,
    Deadline,
    Filters,
    Post,
    SubscriptionStatus,
    Understanding,
)
from tests.fakes import FakeClock
from tests.fakes_web import PORTAL, make_loa

PLACES = (None, "14812", "14815", "14818")
OWNERS = ("communes", "other", None, *PLACES[1:])


@pytest.fixture(params=["sqlite", "postgresql"])
def loa(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Loa]:
    made = make_loa(request.getfixturevalue(f"{request.param}_url"), clock)
    yield made
    made.close()


def _tell(loa: Loa, n: int, draw: random.Random) -> Post:
    now = loa.clock()
    dues = tuple(
        Deadline(
            (now + timedelta(days=draw.randint(-1, 9))).date(), "hạn", owner=draw.choice(OWNERS)
        )
        for _ in range(draw.randint(0, 2))
    )
    known = Understanding((draw.choice(("directives", "directives", "news")),), deadlines=dues)
    url = f"https://quangxuong.example/{n}.aspx"
    draft = Draft(PORTAL, f"k{n}", url, f"Tin {n}", "", "x", known, (), f"f{n}", now, now)
    with loa.database.writing() as conn:
        post = insert_post(conn, draft)
        assert post is not None
        payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
        change = write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)
        while not fan_out(conn, change, now):
            pass
    return post


def _live(loa: Loa, clock: FakeClock, draw: random.Random) -> None:
    """Some weeks of units that come, go, and answer or do not."""
    units: list[str] = []
    for n in range(24):
        clock.advance(draw.randint(1, 40) * 3600)
        with loa.database.writing() as conn:
            if n % 3 == 0 or not units:
                name = f"UBND xã {draw.choice('AĂÂDĐEÊ')}{n}"
                unit = add_unit(conn, name=name, at=clock(), place=draw.choice(PLACES))
                units.append(unit.id)
                for side in range(draw.randint(0, 2)):
                    new = NewSubscription(
                        EMAIL, f"a{n}-{side}@xa.example", clock(), language="vi",
                        is_confirmed=True, unit_id=unit.id, filters=Filters(),
                    )  # fmt: skip
                    one = add_subscription(conn, new)
                    if draw.random() < 0.2:
                        set_status(conn, one.id, SubscriptionStatus.PAUSED, at=clock())
        post = _tell(loa, n, draw)
        with loa.database.writing() as conn:
            for unit_id in units:
                if draw.random() < 0.3:
                    write_acknowledgement(
                        conn, post_id=post.id, revision=1, unit_id=unit_id, at=clock(), by="lan",
                        note="", via="page",
                    )  # fmt: skip
            lost = "UPDATE delivery SET state = 'skipped', reason = :reason WHERE id LIKE :end"
            conn.execute(text(lost), {"reason": "message.restored", "end": f"%{n % 10}"})
            conn.execute(text(lost), {"reason": "status.removed", "end": f"%{'abcdef'[n % 6]}"})
            if n == 17:
                remove_unit(conn, units[0], clock())
            if n == 20:
                silent = [one for one in list_subscriptions(conn) if one.unit_id in units[::2]]
                for one in silent:
                    set_status(conn, one.id, SubscriptionStatus.PAUSED, at=clock())


def test_where_no_category_is_acknowledged_nothing_is_open(
    sqlite_url: str, clock: FakeClock
) -> None:
    made = make_loa(sqlite_url, clock, receipts={"categories": []})
    _tell(made, 1, random.Random(1))
    with made.database.reading() as conn:
        assert load_directives(conn, made) == [] and load_open_receipts(conn, made) == []
    made.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_counted_is_what_the_lines_say(loa: Loa, clock: FakeClock, seed: int) -> None:
    _live(loa, clock, random.Random(seed))
    with loa.database.reading() as conn:
        found, lines = load_directives(conn, loa), load_open_receipts(conn, loa)
    by_post = {
        one.post.id: [line for line in lines if line.post.id == one.post.id] for one in found
    }
    assert {line.post.id for line in lines} == set(by_post) and len(found) > 5
    for one in found:
        own, now = by_post[one.post.id], clock()
        assert one.open == len(own)
        assert one.late == sum(line.late_at <= now for line in own)
        assert one.unreachable == sum(not line.has_channel for line in own)
        assert one.late_at == own[0].late_at
        assert one.next_due == own[0].next_due
        assert one.named == tuple(line.line.unit_name for line in own[:NAMED])
    assert [one.late_at for one in found] == sorted(one.late_at for one in found)
    assert any(one.late for one in found) and any(one.unreachable for one in found)
    assert any(one.next_due for one in found)

"""How long the pages of the desk, and those that everybody sees, take over a large house.

    python -m tests.benchmarks.desk_pages [--quick]

200 portals, 3,321 units with a webhook or a mail subscription each, 10,000 posts, of which 30 were
told to all of them: 100,000 deliveries, every third acknowledged. Each page is asked five times in
this process; the figures are the median of the CPU time in milliseconds, and the page's kilobytes.
A page that takes more than 300 ms is marked.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from service.alerts.message import build_payload
from service.alerts.signing import new_secret
from service.bootstrap import Loa
from service.services.publish import write_change
from service.settings import ListingConfig, PortalConfig, Settings
from service.storage.posts import Draft, insert_post
from service.storage.queue.fanout import fan_out
from service.storage.subscriptions import NewSubscription, add_subscription
from service.storage.tokens import create_token
from service.storage.units import add_unit
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Deadline,
    Document,
    Filters,
    PortalName,
    Post,
    Reason,
    Relation,
    Understanding,
)
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.fakes_desk import sign_in
from tests.fakes_web import FIRST_AT, PUBLIC_URL, Web

MOST_MS = 300
ASKED = 5
PAGES = (
    "/", "/feeds/", "/status", "/subscribe", "/?q=ch%E1%BB%89+th%E1%BB%8B", "/posts/{post}",
    "/admin/", "/admin/audit/", "/admin/portals/", "/admin/portals/p1", "/admin/posts",
    "/admin/posts?q=ch%E1%BB%89+th%E1%BB%8B", "/admin/posts/{post}", "/admin/receipts/",
    "/admin/receipts/{post}", "/admin/receipts/{post}/proof", "/admin/units",
    "/admin/units?q=x%C3%A3+9", "/admin/units/{unit}", "/admin/subscriptions",
    "/admin/subscriptions?status=active", "/admin/subscriptions/{subscription}",
    "/admin/deliveries", "/admin/deliveries?state=due", "/admin/deliveries?unit={unit}",
    "/admin/deliveries/{delivery}", "/admin/silent/",
)  # fmt: skip


def portals(count: int) -> tuple[PortalConfig, ...]:
    return tuple(
        PortalConfig(
            id=f"p{n}",
            name=f"UBND huyện số {n}",
            base_url=f"https://p{n}.example",
            kind="td-portal",
            listings=(ListingConfig(url=f"https://p{n}.example/list", category="directives"),),
        )
        for n in range(count)
    )


def open_house(url: str, clock: FakeClock, count: int) -> Loa:
    lay_migrated(url)
    given = {
        "database": {"url": url},
        "service": {"public_url": PUBLIC_URL, "secret_key": "k" * 40},
        "email": {"smtp_url": "smtp://127.0.0.1:9", "from": "Loa <loa@loa.example>"},
        "portals": portals(count),
    }
    return Loa(Settings.model_validate(given), clock)


def add_post(conn: Connection, n: int, portal: PortalConfig) -> Post:
    at = FIRST_AT + timedelta(minutes=n)
    known = Understanding(
        ("directives",),
        (Reason("directives", "noun", "Chỉ thị"),),
        Document("chi-thi", f"{n}/CT-UBND", at.date(), portal.name, Relation.IS),
        summary=f"Tóm tắt nội dung chỉ đạo số {n}. " * 5,
        deadlines=(Deadline((at + timedelta(days=9)).date(), "trước ngày"),),
    )
    url = f"{portal.base_url}/{n}.aspx"
    body = f"<p>Các xã, thị trấn thực hiện nghiêm túc mục {n}.</p>" * 20
    title = f"Chỉ thị số {n}/CT-UBND về việc tăng cường công tác phòng, chống rét"
    draft = Draft(
        PortalName(portal.id, portal.name), f"key-{n}", url, title, body, "toàn văn", known, (),
        f"print-{n}", at, at,
    )  # fmt: skip
    post = insert_post(conn, draft)
    assert post is not None
    return post


def fill(loa: Loa, units: int, posts: int, told: int) -> None:
    database, now = loa.database, loa.clock()
    sealed = loa.secret_box.encrypt(new_secret())
    with database.writing() as conn:
        for n in range(units):
            unit = add_unit(conn, name=f"UBND xã {n}", contacts=(f"vanthu@xa{n}.example",), at=now)
            is_mail = n % 2 == 0
            target = f"vanthu@xa{n}.example" if is_mail else f"https://xa{n}.example/loa"
            new = NewSubscription(
                EMAIL if is_mail else WEBHOOK, target, now, language="vi", is_confirmed=True,
                unit_id=unit.id, secret=None if is_mail else sealed,
                filters=Filters(categories=("directives",)), allow_private_networks=True,
            )  # fmt: skip
            add_subscription(conn, new)
    for begin in range(0, posts, 1000):
        with database.writing() as conn:
            for n in range(begin, min(begin + 1000, posts)):
                one = loa.settings.portals[n % len(loa.settings.portals)]
                post = add_post(conn, n, one)
                if n >= posts - told:
                    payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
                    change = write_change(
                        conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload
                    )
                    while not fan_out(conn, change, now):
                        pass
    with database.writing() as conn:
        conn.execute(text(_ACKNOWLEDGED), {"now": int(now.timestamp() * 1_000_000)})


_ACKNOWLEDGED = """INSERT INTO receipt(post_id, revision, unit_id, at, "by", note, via)
    SELECT c.post_id, c.revision, s.unit_id, :now, 'văn thư', '', 'page' FROM delivery d
    JOIN change c ON c.id = d.change_id JOIN subscription s ON s.id = d.subscription_id
    WHERE s.unit_id IS NOT NULL AND substr(d.id, -1) IN ('0', '4', '8', 'a', 'c')
    ON CONFLICT DO NOTHING"""


def names(loa: Loa) -> dict[str, str]:
    """One of each thing that has a page of its own."""
    with loa.database.reading() as conn:
        newest = conn.execute(text("SELECT post_id FROM change ORDER BY at, id DESC")).scalar()
        unit, subscription, delivery = (
            conn.execute(text(f"SELECT id FROM {table} ORDER BY id")).scalar()
            for table in ("unit", "subscription", "delivery")
        )
    found = {"post": newest, "unit": unit, "subscription": subscription, "delivery": delivery}
    return {name: str(key) for name, key in found.items()}


def measure(web: Web, path: str) -> tuple[float, float]:
    """CPU milliseconds, and kilobytes."""
    spent = []
    for _ in range(ASKED):
        began = time.process_time()
        answer = web.client.get(path)
        spent.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status)
    return statistics.median(spent), len(answer.data) / 1000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="a twentieth of everything")
    size = 20 if asked.parse_args().quick else 1
    with tempfile.TemporaryDirectory() as folder:
        clock = FakeClock(FIRST_AT + timedelta(days=8))
        url = f"sqlite:///{Path(folder) / 'loa.db'}"
        loa = open_house(url, clock, 200 // size)
        fill(loa, 3_321 // size, 10_000 // size, 30)
        with loa.database.writing() as conn:
            token, _ = create_token(conn, name="huyện", unit_id=None, at=clock())
        app = create_app(loa)
        bearer = {"Authorization": f"Bearer {token}"}
        web = Web(loa, app, app.test_client(), bearer, bearer, "", "", token)
        sign_in(web)
        known = names(loa)
        for page in PAGES:
            took, kilobytes = measure(web, page.format(**known))
            print(f"{took:8.0f} ms {kilobytes:8.1f} kB  {page}{'  SLOW' * (took > MOST_MS)}")
        loa.close()


if __name__ == "__main__":
    main()

"""A whole Loa before a portal on loopback that does what a test says: the real fetcher polls, HTTP
reads."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy import text
from werkzeug.test import TestResponse

from service.alerts.signing import new_secret
from service.bootstrap import Loa, open_loa
from service.poll.report import ListingReport
from service.round import poll_due
from service.storage.listings import ListingState, load_listings
from service.storage.posts import newest_posts
from service.storage.queue import continue_fanouts
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import WEBHOOK, Post
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.hostile import Answer, HostilePortal, Request, reply

LIST = "/portal/KenhTin/Chi-dao-dieu-hanh.aspx"

_CONFIG = """\
portals_dir = "portals"

[service]
public_url = "https://loa.example"

[operator]
email = "truc-ban@huyen.example"

[database]
url = "sqlite:///{folder}/loa.db"

[polling]
timeout_s = 2
min_delay_per_host_s = {delay_s}
jitter = 0
{polling}

[webhooks]
allow_private_networks = true

[email]
smtp_url = "smtp://127.0.0.1:9"
"""


@dataclass(frozen=True)
class Item:
    """A post as the portal shows it. `day` is its date folder, `date` what the listing prints."""

    slug: str
    title: str
    day: str = "2026-11-22"
    date: str = "22/11/2026 | 08:30"
    body: str = ""
    files: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/portal/Pages/{self.day}/{self.slug}.aspx"

    @property
    def row(self) -> str:
        return (
            '<li class="TD-channel-main-td channel-news-folder">'
            f'<a href="{self.path}">{self.title}</a><label '
            f'class="pub-time">{self.date}</label></li>'
        )

    @property
    def page(self) -> str:
        links = "".join(f'<p><a href="{path}">Tệp đính kèm</a></p>' for path in self.files)
        body = (
            self.body
            or f"Nội dung của bài: {self.title}. Đề nghị các đơn vị liên quan nghiên cứu, thực "
            f"hiện."
        )
        return (
            f"<html><head><title>{self.title}</title></head><body><h1>{self.title}</h1>"
            f'<div class="article-content"><p>{body}</p>{links}</div></body></html>'
        )


def numbered(number: int, *, day: int = 22, hour: int = 8) -> Item:
    slug = f"bai-so-{number}-{sha256(str(number).encode()).hexdigest()[:6]}"
    return Item(slug, f"Thông báo số {number} về việc phòng, chống mưa lũ", f"2026-11-{day:02d}",
                f"{day:02d}/11/2026 | {hour:02d}:{number % 60:02d}")  # fmt: skip


OLD = tuple(numbered(number, day=20) for number in range(8, 0, -1))
NEW = Item(
    "cong-dien-khan-ve-bao-so-9-y7g5d4",
    "Công điện khẩn về bão số 9",
    "2026-11-23",
    "23/11/2026 | 09:00",
)


def conditional(body: str, content_type: str = "text/html; charset=utf-8") -> Answer:
    """Answers as a decent server does: an ETag, and 304 to whoever knows it."""
    etag = f'"{sha256(body.encode()).hexdigest()[:12]}"'

    def answer(request: Request) -> bytes:
        if request.headers.get("if-none-match") == etag:
            return reply(status="304 Not Modified", ETag=etag)
        return reply("" if request.method == "HEAD" else body, ETag=etag, Content_Type=content_type,
                     length=len(body.encode()))  # fmt: skip

    return answer


def listing(*items: Item, more: str = "") -> str:
    return (
        f"<html><head><title>Chỉ "
        f"đạo</title></head><body><ul>{''.join(i.row for i in items)}</ul>{more}</body></html>"
    )


@dataclass
class World:
    """One portal, one Loa, one subscription that wants everything."""

    loa: Loa
    site: HostilePortal
    clock: FakeClock
    shown: set[str] = field(default_factory=set)

    def show(self, *items: Item, path: str = LIST, more: str = "") -> None:
        """The listing shows these, each with its article."""
        self.site.answers[path] = conditional(listing(*items, more=more))
        for item in items:
            self.site.answers[item.path] = conditional(item.page)
            self.shown.add(item.title)

    def poll(self, wait_s: float = 600) -> ListingReport:
        """The next poll of the first listing, with what the worker does after it."""
        return self.poll_all(wait_s)[0]

    def poll_all(self, wait_s: float = 600) -> tuple[ListingReport, ...]:
        self.clock.advance(wait_s)
        report = self.loa.poller.poll(is_forced=True)
        poll_due(self.loa)
        continue_fanouts(self.loa.database, self.clock())
        return report.listings

    @property
    def state(self) -> ListingState:
        with self.loa.database.reading() as conn:
            return next(iter(load_listings(conn).values()))

    def alerts(self) -> list[tuple[str, str]]:
        """(title, type) of everything that the subscription is owed, in order."""
        return self._rows(
            "SELECT p.title, c.type FROM delivery d JOIN change c ON c.id = d.change_id"
            " JOIN post p ON p.id = c.post_id ORDER BY d.id"
        )

    def told(self) -> list[str]:
        """The subjects of the letters to the operator."""
        rows = self._rows(
            "SELECT body, group_key FROM message WHERE group_key LIKE 'letter:operator:%' ORDER "
            "BY id"
        )
        return [row[1].split(":")[-2] for row in rows]

    def letters(self) -> list[str]:
        rows = self._rows(
            "SELECT body, id FROM message WHERE group_key LIKE 'letter:operator:%' ORDER BY id"
        )
        return [row[0] for row in rows]

    def entries(self) -> set[str]:
        """The titles in the feed of everything, as a reader gets it."""
        answer = self.get("/feeds/all.json")
        assert answer.status_code == 200, answer.status
        return {item["title"] for item in answer.get_json()["items"] if item.get("title")}

    def get(self, path: str) -> TestResponse:
        """What a reader gets at this path."""
        return create_app(self.loa).test_client().get(path)

    def payloads(self) -> list[str]:
        """The bodies of the changes that were told."""
        return [
            row[0]
            for row in self._rows(
                "SELECT payload, id FROM change WHERE silenced IS NULL ORDER BY id"
            )
        ]

    def withdrawn(self) -> int:
        return len(self._rows("SELECT id, title FROM post WHERE withdrawn_at IS NOT NULL"))

    def _rows(self, query: str) -> list[tuple[str, str]]:
        with self.loa.database.reading() as conn:
            return [(row[0], row[1]) for row in conn.execute(text(query))]


@contextmanager
def open_world(
    folder: Path,
    *paths: str,
    polling: str = "",
    portal: str = "",
    delay_s: float = 0,
    context: ssl.SSLContext | None = None,
) -> Iterator[World]:
    """`polling` and `portal` are lines for the configuration and for the portal's file."""
    clock = FakeClock()
    with HostilePortal(context=context) as site:
        (folder / "portals").mkdir(exist_ok=True)
        listings = "".join(
            f'\n[[listings]]\nurl = "{path}"\ncategory = "directives"\n'
            for path in paths or (LIST,)
        )
        head = f'id = "huyen"\nname = "UBND huyện"\nbase_url = "{site.url}"\n'
        (folder / "portals" / "huyen.toml").write_text(
            head + (portal or 'kind = "td-portal"\n') + listings, "utf-8"
        )
        (folder / "loa.toml").write_text(
            _CONFIG.format(folder=folder.as_posix(), polling=polling, delay_s=delay_s), "utf-8"
        )
        lay_migrated(f"sqlite:///{folder.as_posix()}/loa.db")
        loa = open_loa(folder / "loa.toml", {}, clock=clock)
        subscription = NewSubscription(
            channel=WEBHOOK,
            target="http://127.0.0.1:9999/hook",
            created_at=clock(),
            language="vi",
            is_confirmed=True,
            secret=loa.secret_box.encrypt(new_secret()),
            allow_private_networks=True,
        )
        with loa.database.writing() as conn:
            add_subscription(conn, subscription)
        try:
            yield World(loa, site, clock)
        finally:
            loa.fetcher.close()
            loa.close()


PUBLISHED, UPDATED, WITHDRAWN = "post.published", "post.updated", "post.withdrawn"
DIRECTIVE = (
    "ỦY BAN NHÂN DÂN HUYỆN QUẢNG XƯƠNG",
    "CHỈ THỊ số 07/CT-UBND ngày 23/11/2026 của UBND huyện Quảng Xương",
    "Về việc phòng, chống rét cho cây trồng, vật nuôi.",
    "Báo cáo kết quả trước ngày 30/11/2026.",
)
PDF = "/portal/VanBan/2026-11/a78e75d1702156ddct07.pdf"
WITH_FILE = Item("chi-thi-ve-phong-chong-ret-p4q8r2", "Chỉ thị về việc phòng, chống rét",
"2026-11-23",
                 "23/11/2026 | 09:30", "Chi tiết xem tệp đính kèm.", (PDF,))  # fmt: skip


def post_of(world: World, title: str) -> Post:
    with world.loa.database.reading() as conn:
        return next(post for post in newest_posts(conn) if post.title == title)


def pdf(body: bytes) -> bytes:
    return reply(body, Content_Type="application/pdf", ETag=f'"{sha256(body).hexdigest()[:8]}"')
